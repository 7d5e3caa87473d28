"""The page and the data file of an accuracy run: ``ACCURACY.md`` and ``accuracy.json``."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks.accuracy.tables import Missing, Row, Section

__all__ = [
    "by_metric",
    "goals",
    "limits",
    "number",
    "to_json",
    "to_markdown",
    "versions",
    "yes_or_no",
]

#: Packages whose version can change a figure.
_PACKAGES = ("backstride", "numpy", "scipy", "numba", "vqf", "imufusion", "ahrs")

_HEADINGS = (
    "condition", "n", "bias", "SD", "SD within trials", "RMSE", "95 % limits", "published", "goal",
    "reached",
)  # fmt: skip


def number(value: float) -> str:
    """Three significant digits where they say something; a dash for NaN.

    Examples
    --------
    >>> number(0.3528), number(-14.26), number(1234.5), number(float("nan"))
    ('0.353', '-14.3', '1234', '–')
    """
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    digits = 3 if size < 1.0 else 2 if size < 10.0 else 1 if size < 100.0 else 0
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("-") and float(text) == 0.0 else text


def limits(row: Row) -> str:
    """The 95 % limits of a row, as text."""
    if not math.isfinite(row.lower_95):
        return "–"
    return f"{number(row.lower_95)} to {number(row.upper_95)}"


def yes_or_no(goal_met: bool | None) -> str:
    """Whether a goal is reached, as text; empty where none is set."""
    return "" if goal_met is None else "yes" if goal_met else "**no**"


def by_metric(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Rows of one metric and unit together, in the order they came."""
    tables: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        tables.setdefault((row.metric, row.unit), []).append(row)
    return tables


def goals(sections: Sequence[Section]) -> list[Row]:
    """The rows that have a goal."""
    return [row for section in sections for row in section.rows if row.goal]


def versions() -> dict[str, str]:
    """Of Python and of the packages that can change a figure; those not installed are left out."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _place(missing: Missing, data: Path) -> str:
    """The path inside the data folder: where that folder lies is the reader's own business."""
    try:
        return Path(missing.path).relative_to(data).as_posix()
    except ValueError:
        return Path(missing.path).name


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [
        "| " + " | ".join(_HEADINGS) + " |",
        "|---" + "|--:" * 5 + "|---|---|---|---|",
    ]
    for row in rows:
        cells = (
            _cell(row.condition), str(row.n), number(row.bias), number(row.sd),
            number(row.within_sd), number(row.rmse), limits(row), _cell(row.reference),
            _cell(row.goal), yes_or_no(row.goal_met),
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def _bullets(lines: Sequence[str]) -> list[str]:
    return [f"* {line}" for line in lines]


def _goal_lines(sections: Sequence[Section]) -> list[str]:
    wanted = goals(sections)
    if not wanted:
        return []
    lines = [
        f"## Goals: {sum(row.goal_met is True for row in wanted)} of {len(wanted)} reached",
        "",
        "| metric | condition | found | goal | reached |",
        "|---|---|---|---|---|",
    ]
    for row in wanted:
        found = (
            f"bias {number(row.bias)}, SD {number(row.sd)}, RMSE {number(row.rmse)} {row.unit}"
            if row.n
            else "nothing to score"
        )
        reached = yes_or_no(row.goal_met) or "not scored"
        cells = (_cell(row.metric), _cell(row.condition), found, _cell(row.goal), reached)
        lines.append("| " + " | ".join(cells) + " |")
    return [*lines, ""]


def to_markdown(
    sections: Sequence[Section],
    data: Path,
    *,
    figures: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The page: goals, one table a metric, figures, what is missing, and what cannot be seen.

    Parameters
    ----------
    sections : sequence of Section
        In the order they are to stand.
    data : Path
        The data folder; paths of missing parts are printed relative to it.
    figures : mapping, optional
        Paths of the figures relative to the page, by section title.

    Returns
    -------
    str
        Markdown, ending with a line end. The same input gives the same text.
    """
    of_section = figures or {}
    lines = [
        "# Accuracy",
        "",
        "Written by `python -m benchmarks.accuracy`; run it again rather than edit it. Errors are "
        "estimate minus truth. SD within trials leaves out each trial's own bias; 95 % limits are "
        "bias ± 1.96 SD unless a table says otherwise. “Published” is what others state, on their "
        "own data.",
        "",
        "**Contact, flight and force of a person whom the code has not seen stand in “People "
        "nobody had looked at”**; what other tables tell of them comes from two people on whom the "
        "constants were chosen, or from a simulator that shares their assumption.",
        "",
        "Made with " + ", ".join(f"{name} {text}" for name, text in versions().items()) + ".",
        "",
        *_goal_lines(sections),
    ]
    for section in sections:
        lines += [f"## {section.title}", "", section.about, ""]
        for (metric, unit), rows in by_metric(section.rows).items():
            lines += [f"### {metric[:1].upper()}{metric[1:]} ({unit})", "", *_table(rows), ""]
        if section.notes:
            lines += [*_bullets(section.notes), ""]
        if section.missing:
            lines += ["Not scored, because it is missing:", ""]
            lines += [f"* {part.what}: `{_place(part, data)}`" for part in section.missing]
            lines += [""]
        pictures = of_section.get(section.title, ())
        if pictures:
            lines += [*(f"![{section.title}: {Path(p).stem}]({p})" for p in pictures), ""]
    unseen = [line for section in sections for line in section.cannot_see]
    if unseen:
        # several subjects may share a limit: say it once
        lines += ["## What this cannot see", "", *_bullets(list(dict.fromkeys(unseen))), ""]
    return "\n".join(lines)


def _known(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "metric": row.metric,
        "condition": row.condition,
        "unit": row.unit,
        "n": row.n,
        "bias": _known(row.bias),
        "sd": _known(row.sd),
        "within_sd": _known(row.within_sd),
        "rmse": _known(row.rmse),
        "lower_95": _known(row.lower_95),
        "upper_95": _known(row.upper_95),
        "reference": row.reference,
        "goal": row.goal,
        "goal_met": row.goal_met,
    }


def to_json(sections: Sequence[Section], data: Path) -> str:
    """The same tables as data; what is not known is null. Ends with a line end."""
    document = {
        "versions": versions(),
        "sections": [
            {
                "title": section.title,
                "about": section.about,
                "rows": [_row_json(row) for row in section.rows],
                "notes": list(section.notes),
                "missing": [
                    {"what": part.what, "path": _place(part, data)} for part in section.missing
                ],
                "cannot_see": list(section.cannot_see),
            }
            for section in sections
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
