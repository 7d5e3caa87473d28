"""Figures of an accuracy run: error distributions and Bland–Altman plots, as small SVG files.

The same errors give the same bytes: no date, no random identifiers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.report import by_metric
from benchmarks.accuracy.tables import Row, Section

#: More dots than this say no more and make a large file.
_MOST_POINTS = 2000
_MOST_CONDITIONS = 24
#: More dots than this are smaller as one picture inside the file.
_MOST_DRAWN = 300
_SETTINGS: Any = {
    "svg.hashsalt": "backstride",
    "svg.fonttype": "none",  # text stays text: small, and searchable
    "font.size": 8.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def can_draw() -> bool:
    """Whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


def file_name(title: str, metric: str, kind: str) -> str:
    """Name of a figure.

    Examples
    --------
    >>> file_name("Contact & force", "peak force", "limits")
    'contact-force-peak-force-limits.svg'
    """
    return re.sub(r"[^a-z0-9]+", "-", f"{title} {metric} {kind}".lower()).strip("-") + ".svg"


def thin(count: int) -> NDArray[np.int64]:
    """Indices of at most 2000 elements, spread evenly from the first to the last.

    Examples
    --------
    >>> len(thin(10)), len(thin(123_456)), int(thin(123_456)[-1])
    (10, 2000, 123455)
    """
    if count <= _MOST_POINTS:
        return np.arange(count, dtype=np.int64)
    return np.linspace(0, count - 1, _MOST_POINTS).round().astype(np.int64)


def is_breakdown(section: Section, sections: Sequence[Section]) -> bool:
    """Whether a section, "A, by b", shows parts of another, "A": its tables do without figures.

    Examples
    --------
    >>> whole, part = Section("Force", "", ()), Section("Force, by speed", "", ())
    >>> is_breakdown(part, [whole, part]), is_breakdown(part, [part])
    (True, False)
    """
    whole, by, _ = section.title.partition(", by ")
    return bool(by) and any(other.title == whole for other in sections)


def draw(section: Section, folder: Path) -> list[Path]:
    """Draw every metric of a section that kept its errors; returns the files written.

    Raises
    ------
    ModuleNotFoundError
        Without matplotlib: ask :func:`can_draw` first.
    """
    import matplotlib as mpl

    written = []
    with mpl.rc_context(_SETTINGS):
        for (metric, unit), rows in by_metric(section.rows).items():
            shown = [row for row in rows if row.errors is not None and _varies(row.errors)]
            if shown:
                path = folder / file_name(section.title, metric, "errors")
                _distributions(metric, unit, shown[:_MOST_CONDITIONS], path)
                written.append(path)
            paired = [row for row in shown if row.means is not None]
            if paired:
                path = folder / file_name(section.title, metric, "bland-altman")
                # the widest condition holds the others
                _bland_altman(metric, unit, max(paired, key=lambda row: row.n), path)
                written.append(path)
    return written


def _varies(errors: NDArray[np.float64]) -> bool:
    """Whether there is a distribution to draw."""
    return errors.size > 2 and float(np.ptp(errors)) > 0.0


def _distributions(metric: str, unit: str, rows: Sequence[Row], path: Path) -> None:
    """Quartiles and 95 % of each condition, one below the other."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 0.8 + 0.25 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for k, row in enumerate(rows):
        assert row.errors is not None
        low, first, middle, third, high = np.percentile(row.errors, (2.5, 25, 50, 75, 97.5))
        axes.plot((low, high), (k, k), color="0.5", linewidth=1.0, solid_capstyle="butt")
        axes.plot((first, third), (k, k), color="C0", linewidth=6.0, solid_capstyle="butt")
        axes.plot(middle, k, marker="|", color="white", markersize=6.0)
    axes.axvline(0.0, color="0.8", linewidth=0.8, zorder=0)
    axes.set_yticks(range(len(rows)), [row.condition for row in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(f"{metric}: error, {unit} (median, quartiles, 95 %)")
    _save(figure, path)


def _bland_altman(metric: str, unit: str, row: Row, path: Path) -> None:
    """Error against the mean of estimate and truth, with bias and 95 % limits."""
    from matplotlib.figure import Figure

    assert row.errors is not None
    assert row.means is not None
    figure = Figure(figsize=(5.0, 3.2), layout="constrained")
    axes = figure.subplots()
    keep = thin(min(len(row.errors), len(row.means)))
    axes.plot(
        row.means[keep],
        row.errors[keep],
        ".",
        markersize=3.5,
        alpha=0.5,
        markeredgewidth=0.0,
        rasterized=keep.size > _MOST_DRAWN,
    )
    for level, style in ((row.bias, "-"), (row.lower_95, "--"), (row.upper_95, "--")):
        if math.isfinite(level):
            axes.axhline(level, color="C1", linewidth=0.9, linestyle=style)
    axes.set_title(row.condition)
    axes.set_xlabel(f"{metric}: mean of estimate and truth, {unit}")
    axes.set_ylabel(f"estimate − truth, {unit}")
    _save(figure, path)


def _save(figure: object, path: Path) -> None:
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", dpi=160, metadata={"Date": None, "Creator": None})
