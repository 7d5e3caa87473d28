"""The page of a cohort: each metric's distribution, outlying sessions, and how far it repeats."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.bench.cohort.reliability import FEWEST_GROUPS, Reliability, outlying, reliability
from pipelines.files.provenance import Provenance
from pipelines.quantities import MEANS, Quantity, quantity_named
from pipelines.views.report.page import write_page
from pipelines.views.report.svg import drawn
from pipelines.views.templates import rendered

_TOLD: Final = 20
_BINS: Final = 30
_FIGURES: Final = ("mean", "first_half", "second_half")


@dataclass(slots=True)
class CohortFigures:
    """What the page is made of, taken from the rows as they pass: some hundred bytes a session."""

    names: list[str] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)
    failed: list[tuple[str, str]] = field(default_factory=list)
    values: list[NDArray[np.float64]] = field(default_factory=list)

    def take(self, row: dict[str, Any]) -> None:
        """Take note of a row."""
        if row.get("status") == "failed":
            self.failed.append((row["session"], row["reason"]))
            return
        self.names.append(row["session"])
        self.subjects.append(row["subject"])
        cells = (row.get(f"{name}_{one}") for name in MEANS for one in _FIGURES)
        self.values.append(np.array([np.nan if cell is None else cell for cell in cells]))


@dataclass(frozen=True, slots=True)
class _Metric:
    """A metric as the page shows it."""

    quantity: Quantity
    count: int
    mean: float
    sd: float
    low: float
    high: float
    repeats: Reliability | None
    outliers: list[tuple[str, float]]
    picture: str


def write_cohort_page(path: Path, figures: CohortFigures, made: Provenance) -> None:
    """Write the page (.html), whole or not at all; the same figures give the same bytes.

    Raises
    ------
    BackstrideError
        When matplotlib or jinja2 is not installed.
    RecordingError
        When the file cannot be written.
    """
    table = np.array(figures.values).reshape(len(figures.names), len(MEANS), len(_FIGURES))
    sessions_of = Counter(filter(None, figures.subjects))
    between_sessions = sum(count > 1 for count in sessions_of.values()) >= FEWEST_GROUPS
    metrics = [
        _metric(name, table[:, number], figures, between_sessions=between_sessions)
        for number, name in enumerate(MEANS)
    ]
    page = rendered(
        "pipelines.views.report",
        "cohort.html.j2",
        sessions=len(figures.names),
        people=len(sessions_of),
        failed=figures.failed[:_TOLD],
        more_failed=max(0, len(figures.failed) - _TOLD),
        metrics=[metric for metric in metrics if metric.count],
        between_sessions=between_sessions,
        made=made.entries(),
    )
    write_page(path, page + "\n")


def _metric(
    name: str, values: NDArray[np.float64], figures: CohortFigures, *, between_sessions: bool
) -> _Metric:
    means = values[:, 0]
    measured = means[np.isfinite(means)]
    quantity = quantity_named(name)
    if not measured.size:
        return _Metric(quantity, 0, np.nan, np.nan, np.nan, np.nan, None, [], "")
    if between_sessions:
        repeats = reliability(means, figures.subjects)
    else:
        repeats = reliability(values[:, 1:].ravel(), np.repeat(figures.names, 2).tolist())
    low, high = np.percentile(measured, [5.0, 95.0]).tolist()
    return _Metric(
        quantity,
        measured.size,
        float(measured.mean()),
        float(measured.std(ddof=1)) if measured.size > 1 else np.nan,
        low,
        high,
        repeats,
        [(figures.names[index], float(means[index])) for index in outlying(means)[:_TOLD]],
        _histogram(measured, quantity),
    )


def _histogram(values: NDArray[np.float64], quantity: Quantity) -> str:
    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        axes.hist(values, bins=min(_BINS, max(5, round(np.sqrt(values.size)))), color="#34608c")
        axes.set_xlabel(", ".join(filter(None, (quantity.name, quantity.unit))), fontsize=8)
        axes.set_ylabel("sessions", fontsize=8)
        axes.tick_params(labelsize=7)

    text = drawn((4.0, 1.8), draw, layout="constrained").decode()
    return text[text.index("<svg") :]
