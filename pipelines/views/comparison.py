"""Two accounts of a run in words, and as Bland–Altman plots."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from pipelines.files.column_units import unit_of
from pipelines.files.replacing import replacing
from pipelines.views.app_libraries import require
from pipelines.views.report.svg import drawn

if TYPE_CHECKING:
    from pipelines.bench.compare.alignment import Agreement, Comparison

_ACROSS: Final = 4


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Tell how many steps both have, and how far each column agrees."""
    both = len(comparison.first)
    yield (
        f"{both} steps in both, {comparison.only_first} only in the first, "
        f"{comparison.only_second} only in the second"
    )
    if comparison.identical:
        yield "they are the same to the last bit"
        return
    yield f"{'second − first':<28}{'steps':>7}{'first':>11}{'mean':>11}{'95 % of differences':>25}"
    contact = [] if comparison.contact_ms is None else [comparison.contact_ms]
    for one in contact:
        yield _line(one, "")
    for one in comparison.agreements:
        yield _line(one, f"{one.mean_first:.5g}")


def _line(one: Agreement, level: str) -> str:
    limits = f"{one.low:+.4g} to {one.high:+.4g}"
    return f"{one.column:<28}{one.count:>7}{level:>11}{one.bias:>+11.4g}{limits:>25}"


def write_bland_altman(path: str | os.PathLike[str], comparison: Comparison) -> None:
    """Draw the differences of each column over the means, with bias and limits (.svg).

    Raises
    ------
    BackstrideError
        When matplotlib is not installed.
    RecordingError
        When the file cannot be written.
    """
    require("the plot", "matplotlib")
    shown = comparison.agreements
    rows = max(1, math.ceil(len(shown) / _ACROSS))

    def draw(figure: Any) -> None:
        for number, one in enumerate(shown, 1):
            _draw(figure.add_subplot(rows, _ACROSS, number), one, comparison)

    picture = drawn((3.0 * _ACROSS, 2.4 * rows), draw, layout="constrained")
    with replacing(path) as file:
        file.write(picture)


def _draw(axes: Any, one: Agreement, comparison: Comparison) -> None:
    first, second = (steps.rows[one.column] for steps in (comparison.first, comparison.second))
    axes.plot((first + second) / 2.0, second - first, ".", markersize=2, color="#34608c")
    for value, style in ((one.bias, "-"), (one.low, "--"), (one.high, "--")):
        axes.axhline(value, linestyle=style, linewidth=0.8, color="#444444")
    unit = unit_of(one.column)
    axes.set_title(one.column, fontsize=8)
    axes.set_xlabel(f"mean of both{f', {unit}' if unit else ''}", fontsize=7)
    axes.set_ylabel("second − first", fontsize=7)
    axes.tick_params(labelsize=6)
