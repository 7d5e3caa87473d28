"""The drift detector over a run once more, told the same as during it: baselines and changes.

A run has one stretch for each baseline: a sensor that is moved, or a neutral that is marked anew,
ends one, and what is usual after that has to be learned again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from devices.records import Mark
from imu.drift.baseline import Baseline
from imu.drift.changes import SENSOR_POSITION
from imu.drift.detector import Change, DriftDetector, DriftParams
from imu.steps import Steps
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.session.carried import Carried
from pipelines.session.pace_marks import PACE_KINDS, PaceMarks
from pipelines.session.session_marks import Pauses
from pipelines.views.report.measures import WATCHED, Measure
from pipelines.views.report.recording import DetectorMark, Recording, Restart

__all__ = ["Band", "Judgement", "Stretch", "judge"]

_CHUNK: Final = 20


@dataclass(frozen=True, slots=True)
class Band:
    """The usual range: baseline ± gate, in the shown column's unit."""

    baseline: float
    low: float
    high: float
    gate: float  # in the indicator's change unit
    change_unit: str


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of the run with one baseline, or without any.

    Attributes
    ----------
    begin_s, end_s : float
        Session time; from −∞ for the first, to ∞ for the last.
    reason : Restart or None
        Why it began; None for the first.
    learned_s : float or None
        When its baseline was learned; None where it was there at once, or never.
    baseline : Baseline or None
        As it was at the end of the stretch.
    bands : dict of Band
        By column, of what is watched.
    """

    begin_s: float
    end_s: float
    reason: Restart | None
    learned_s: float | None
    baseline: Baseline | None
    bands: dict[str, Band]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What the detector made of a run.

    Attributes
    ----------
    params : DriftParams
        Its parameters.
    changes : tuple of Change
        All of them, told or not.
    stretches : tuple of Stretch
        At least one, in order.
    given, carried : bool
        Whether the last baseline is one of earlier runs; one of the session before, gone on from.
    continued : bool
        Whether the detector began with what the session before had taught.
    status : str
        Its state at the end, in words.
    """

    params: DriftParams
    changes: tuple[Change, ...]
    stretches: tuple[Stretch, ...]
    given: bool
    carried: bool
    continued: bool
    status: str

    def band(self, column: str, time_s: float = math.inf) -> Band | None:
        """The usual range of a column at a session time; at the end otherwise."""
        for stretch in reversed(self.stretches):
            if time_s >= stretch.begin_s:
                return stretch.bands.get(column)
        return None

    def restart_after(self, time_s: float) -> float:
        """Session time at which the baseline then was given up; ∞ when it lasted."""
        return min((s.begin_s for s in self.stretches if s.begin_s > time_s), default=math.inf)


def judge(recording: Recording) -> Judgement:
    """Run the detector over the steps of a recording, with its marks at the same steps."""
    params = AlertSettings.from_json(recording.parameters_json or "{}").drift
    given = Baseline.from_json(recording.baseline_json) if recording.baseline_json else None
    detector = DriftDetector(params, given)
    carried = False
    if recording.carried_json:
        detector.state = Carried.from_json(recording.carried_json).drift
        carried = detector.baseline is not None
    pauses, pace = _said(recording)
    changes: list[Change] = []
    stretches: list[Stretch] = []
    begin_s, reason, learned_s = -math.inf, None, None
    baseline, bands = detector.baseline, _bands(detector)

    def end(at_s: float) -> Stretch:
        return Stretch(begin_s, at_s, reason, learned_s, baseline, bands)

    for part, mark in _parts(recording.steps, recording.detector_marks):
        judged = pauses.outside(part)
        for start in range(0, len(judged), _CHUNK):
            chunk = judged[start : start + _CHUNK]
            had = detector.baseline is not None
            new = detector.push(chunk, pace.at(chunk))
            changes += new
            slipped = next((c.time_s for c in new if c.indicator == SENSOR_POSITION), None)
            if slipped is not None:
                stretches.append(end(slipped))
                begin_s, reason, learned_s, carried = slipped, "slipped", None, False
            elif not had and detector.baseline is not None:
                learned_s = float(chunk.initial_contact_s[-1])
            baseline, bands = detector.baseline, _bands(detector)
        if mark is None:
            continue
        if mark.reason is None:
            detector.mark("surface")
            continue
        detector.mark("reseat")
        stretches.append(end(mark.time_s))
        begin_s, reason, learned_s, carried = mark.time_s, mark.reason, None, False
        baseline, bands = detector.baseline, _bands(detector)
    detector.flush()
    return Judgement(
        params,
        tuple(changes),
        (*stretches, end(math.inf)),
        bool(detector.state["segment"]["given"][0]),
        carried,
        bool(recording.carried_json) and not stretches,
        detector.status,
    )


def _said(recording: Recording) -> tuple[Pauses, PaceMarks]:
    """What was not to be judged, and the speed and slope that were stated."""
    pauses, pace = Pauses(), PaceMarks()
    for mark in recording.marks:
        if mark.kind == "pause":
            pauses.begin(max(mark.holds_from_s, 0.0))
        elif mark.kind == "resume":
            pauses.end(max(mark.holds_from_s, 0.0))
        elif mark.kind in PACE_KINDS:
            pace.take(Mark(0, mark.kind, mark.value), mark.holds_from_s)
    return pauses, pace


def _parts(
    steps: Steps, marks: Sequence[DetectorMark]
) -> Iterator[tuple[Steps, DetectorMark | None]]:
    """The steps up to each mark, and the mark."""
    begin = 0
    for mark in marks:
        stop = int(np.searchsorted(steps.initial_contact_s, mark.last_contact_s, side="right"))
        yield steps[begin:stop], mark
        begin = max(begin, stop)
    yield steps[begin:], None


def _bands(detector: DriftDetector) -> dict[str, Band]:
    if detector.baseline is None:
        return {}
    bands = {measure.column: _band(measure, detector) for measure in WATCHED}
    return {column: band for column, band in bands.items() if band is not None}


def _band(measure: Measure, detector: DriftDetector) -> Band | None:
    indicator = measure.indicator
    assert indicator is not None
    reading = detector.current(indicator.name)
    if not (math.isfinite(reading.baseline) and math.isfinite(reading.gate)):
        return None
    half = reading.baseline * reading.gate / 100.0 if indicator.relative else reading.gate
    return Band(
        reading.baseline,
        reading.baseline - half,
        reading.baseline + half,
        reading.gate,
        indicator.change_unit,
    )
