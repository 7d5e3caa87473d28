"""The page and the data file of an accuracy run: ``ACCURACY.md`` and ``accuracy.json``."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.accuracy.statistics import Interval
from benchmarks.accuracy.tables import (
    LEFT_OUT,
    NOT_LEARNED,
    SEEN,
    SELF_CONSISTENCY,
    SIMULATED,
    Missing,
    Row,
    Score,
    Section,
)

#: Packages whose version can change a figure.
_PACKAGES = ("backstride", "numpy", "scipy", "numba", "vqf", "imufusion", "ahrs")

_HEADINGS = (
    "condition", "people", "runners", "n", "bias", "SD", "SD within trials", "RMSE", "its 95 %",
    "95 % limits", "published", "goal", "reached",
)  # fmt: skip
_SCORE_HEADINGS = ("condition", "people", "runners", "found", "its 95 %", "goal", "reached")


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


def interval(found: Interval) -> str:
    """A 95 % interval over runners, as text."""
    if not math.isfinite(found.low):
        return "–"
    return f"{number(found.low)} to {number(found.high)}"


def yes_or_no(goal_met: bool | None) -> str:
    """Whether a goal is reached, as text; empty where none is set."""
    return "" if goal_met is None else "yes" if goal_met else "**no**"


Judged = TypeVar("Judged", Row, Score)


def by_metric(rows: Sequence[Judged]) -> dict[tuple[str, str], list[Judged]]:
    """Rows or scores of one metric and unit together, in the order they came."""
    tables: dict[tuple[str, str], list[Judged]] = {}
    for row in rows:
        tables.setdefault((row.metric, row.unit), []).append(row)
    return tables


def goals(sections: Sequence[Section]) -> list[Row | Score]:
    """The rows and scores that have a goal: none of people on whom anything was chosen."""
    wanted: list[Row | Score] = []
    for section in sections:
        rows: list[Row | Score] = [*section.rows, *section.scores]
        wanted += [row for row in rows if row.goal and (row.people or section.people) != SEEN]
    return wanted


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


def _lines(headings: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    return [
        "| " + " | ".join(headings) + " |",
        "|---" * len(headings) + "|",
        *("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in cells),
    ]


def _row_table(rows: Sequence[Row], people: str) -> list[str]:
    return _lines(
        _HEADINGS,
        [
            (
                row.condition, row.people or people, str(row.runners or "–"), str(row.n),
                number(row.bias), number(row.sd), number(row.within_sd), number(row.rmse),
                interval(row.rmse_95), limits(row), row.reference, row.goal,
                yes_or_no(row.goal_met),
            )
            for row in rows
        ],
    )  # fmt: skip


def _score_table(scores: Sequence[Score], people: str) -> list[str]:
    return _lines(
        _SCORE_HEADINGS,
        [
            (
                score.condition, score.people or people, str(score.runners),
                number(score.found.value), interval(score.found), score.goal,
                yes_or_no(score.goal_met),
            )
            for score in scores
        ],
    )  # fmt: skip


def _heading(metric: str, unit: str) -> str:
    return f"### {metric[:1].upper()}{metric[1:]}" + (f" ({unit})" if unit else "")


def _bullets(lines: Sequence[str]) -> list[str]:
    return [f"* {line}" for line in lines]


def _found(row: Row | Score) -> str:
    if isinstance(row, Score):
        said, spread, unit = row.found.value, row.found, row.unit
        text = number(said)
    elif not row.n:
        return "nothing to score"
    else:
        spread, unit = row.rmse_95, row.unit
        text = f"bias {number(row.bias)}, SD {number(row.sd)}, RMSE {number(row.rmse)}"
    width = f" ({interval(spread)})" if math.isfinite(spread.low) else ""
    return f"{text}{width} {unit}"


def _goal_lines(sections: Sequence[Section]) -> list[str]:
    wanted = goals(sections)
    if not wanted:
        return []
    people = {id(row): s.people for s in sections for row in (*s.rows, *s.scores)}
    return [
        f"## Goals: {sum(row.goal_met is True for row in wanted)} of {len(wanted)} reached",
        "",
        *_lines(
            ("metric", "condition", "people", "found", "goal", "reached"),
            [
                (
                    row.metric, row.condition, row.people or people[id(row)], _found(row), row.goal,
                    yes_or_no(row.goal_met) or "not scored",
                )
                for row in wanted
            ],
        ),
        "",
    ]  # fmt: skip


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
        "bias ± 1.96 SD unless a table says otherwise; “its 95 %” is the interval of the figure "
        "before it that other people of the kind would give (bootstrap over runners). “Published” "
        "is what others state, on their own data.",
        "",
        f"“People” tells what those judged are to what was learned or chosen: “{LEFT_OUT}” were "
        f"judged by weights learned from the others alone, “{SEEN}” are those on whom something "
        "was learned or chosen, which is no evidence about anybody else and never counts as a "
        f"goal; with “{NOT_LEARNED}” no part of the figure was learned from people, and "
        f"“{SIMULATED}” are no people. “{SELF_CONSISTENCY}” says nothing of truth: of the lumbar "
        "index, and of dose and equivalent kilometres that follow from it, simulator and estimate "
        "share the formula.",
        "",
        "Made with " + ", ".join(f"{name} {text}" for name, text in versions().items()) + ".",
        "",
        *_goal_lines(sections),
    ]
    for section in sections:
        lines += [f"## {section.title}", "", section.about, ""]
        for (metric, unit), rows in by_metric(section.rows).items():
            table = _row_table(rows, section.people)
            lines += [_heading(metric, unit), "", *table, ""]
        for (metric, unit), scores in by_metric(section.scores).items():
            table = _score_table(scores, section.people)
            lines += [_heading(metric, unit), "", *table, ""]
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


def _interval_json(found: Interval) -> list[float | None]:
    return [_known(found.low), _known(found.high)]


def _score_json(score: Score, people: str) -> dict[str, Any]:
    return {
        "metric": score.metric,
        "condition": score.condition,
        "people": score.people or people,
        "unit": score.unit,
        "runners": score.runners,
        "found": _known(score.found.value),
        "found_95": _interval_json(score.found),
        "goal": score.goal,
        "goal_met": None if score.goal_met is None else bool(score.goal_met),
    }


def _row_json(row: Row, people: str) -> dict[str, Any]:
    return {
        "metric": row.metric,
        "condition": row.condition,
        "people": row.people or people,
        "unit": row.unit,
        "runners": row.runners,
        "n": row.n,
        "bias": _known(row.bias),
        "sd": _known(row.sd),
        "within_sd": _known(row.within_sd),
        "rmse": _known(row.rmse),
        "rmse_95": _interval_json(row.rmse_95),
        "lower_95": _known(row.lower_95),
        "upper_95": _known(row.upper_95),
        "reference": row.reference,
        "goal": row.goal,
        "goal_met": None if row.goal_met is None else bool(row.goal_met),
    }


def to_json(sections: Sequence[Section], data: Path) -> str:
    """The same tables as data; what is not known is null. Ends with a line end."""
    document = {
        "versions": versions(),
        "sections": [
            {
                "title": section.title,
                "about": section.about,
                "rows": [_row_json(row, section.people) for row in section.rows],
                "scores": [_score_json(score, section.people) for score in section.scores],
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
