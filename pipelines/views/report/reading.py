"""Reads what a report is made of: a session, a sample table, earlier runs, the journal."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imu.errors import InputError, RecordingError
from imu.runner import Runner
from imu.steps import Steps
from pipelines.quantities import quantities_in
from pipelines.views.report.recording import LinkLoss, Losses, PreviousRun, Recording, SessionMark

if TYPE_CHECKING:
    from devices.receiver import Receiver
    from devices.records import Record
    from imu.samples import Samples
    from pipelines.files.session_reader import Session
    from pipelines.runner.journal.database import Journal

__all__ = [
    "ReadingOptions",
    "previous_run",
    "previous_run_of",
    "previous_runs_of_journal",
    "read_recording",
]

Progress = Callable[[float, float], None]

_COLUMNS: Final = tuple(one.column for one in quantities_in("compared"))
#: Most runs of the journal that are compared with.
_MOST_RUNS: Final = 20
_REPORT_EVERY: Final = 256


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the user may state about a recording; None or empty leaves it to the recording.

    Attributes
    ----------
    axes, mass_kg, height_m, rate_hz, baseline_json
        As in :class:`pipelines.replay.ReplayOptions`.
    fresh : bool
        Compute steps and alerts again even where they were written.
    prepare : callable
        Called before anything is computed again: compiled code may have to be made ready.
    """

    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    rate_hz: float | None = None
    baseline_json: str = ""
    fresh: bool = False
    prepare: Callable[[], None] = _nothing

    def __post_init__(self) -> None:
        Runner(self.mass_kg, self.height_m)


def read_recording(path: Path, options: ReadingOptions, report: Progress) -> Recording:
    """Read a session (``.mcap``) or a sample table (anything else).

    Steps and alerts of a whole session are taken as they were written; they are computed again when
    none were written, when the file is cut short, or when ``options`` state something.

    Raises
    ------
    BackstrideError
        When the file cannot be read or an option does not fit it.
    """
    if path.suffix.lower() != ".mcap":
        return _read_table(path, options, report)
    from imu.errors import ParameterError
    from pipelines.files.session_reader import read_session

    if options.rate_hz is not None:
        raise ParameterError("--rate", options.rate_hz, "nothing: a session states its own rate")
    with _without_collecting():
        session = read_session(path)
        stated = options.axes or options.baseline_json or options.mass_kg or options.height_m
        none = not len(session.steps)
        recompute = bool(options.fresh or stated or session.cut_short or none)
        if recompute:
            options.prepare()
        return _recording(session, options, report, recompute=recompute)


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Collect no garbage meanwhile: the log is long and holds no cycles to look for."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _recording(
    session: Session, options: ReadingOptions, report: Progress, *, recompute: bool
) -> Recording:
    from devices.receiver import Receiver
    from devices.records import DeviceInfo, Mark
    from pipelines.replay import header_as_stated, run_again
    from pipelines.views.report.detector_marks import detector_marks

    header = header_as_stated(
        session.header,
        axes=options.axes,
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        baseline_json=options.baseline_json,
    )
    info = next((record for record in session.records if isinstance(record, DeviceInfo)), None)
    if info is None:
        raise RecordingError(
            "the session ends before the sensor had introduced itself: there is nothing to report.",
            path=str(session.path),
        )
    steps, alerts = session.steps, tuple(session.alerts)
    notes = [session.note] if session.note else []
    counts: dict[str, int] = {}
    if recompute:
        from pipelines.session.summary import AXES_NOT_FOUND

        ran = run_again(session, header, report)
        steps, alerts = ran.steps, tuple(alert.record() for alert in ran.alerts)
        receiver, duration_s = ran.analysis.receiver, ran.duration_s
        analyzer = ran.analysis.chain.analyzer
        names = ("filled", "quarantined", "chain_restarts")
        counts = dict(zip(names, analyzer.lost_samples, strict=True))
        if len(steps) and analyzer.mounting is None:
            notes.append(AXES_NOT_FOUND)
    mark_times_s: list[float] = []
    if not recompute or _any_mark(session.records):
        passed = Receiver(info)  # what was lost on the way, and when it was marked, is not written
        span = _Span()
        for number, record in enumerate(session.records):
            if isinstance(record, Mark):
                mark_times_s.append(span.last_s)
            span.add(passed.push(record))
            if number % _REPORT_EVERY == 0:
                report(number, len(session.records))
        if not recompute:
            receiver, duration_s = passed, span.duration_s
    losses = receiver.losses
    start_ns = _first_arrival_ns(session.records)
    return Recording(
        name=session.path.name,
        utc_start_ns=header.utc_start_ns,
        duration_s=duration_s,
        rate_hz=info.rate_hz,
        steps=steps,
        source=header.source,
        device=info.name,
        firmware=info.firmware,
        protocol=info.protocol,
        software=header.software,
        has_gyro=info.angular_velocity_range_rad_s > 0.0,
        axes=header.axes or info.axes,
        mass_kg=header.mass_kg,
        height_m=header.height_m,
        alerts=alerts,
        baseline_json=header.baseline_json,
        parameters_json=header.parameters_json,
        carried_json=header.carried_json,
        detector_marks=detector_marks(session, header, info, options.prepare),
        marks=_marks(session.records, start_ns, mark_times_s),
        link_losses=_link_losses(session.records, start_ns),
        losses=Losses(
            losses.received,
            losses.lost + losses.reordered,
            losses.malformed_packets,
            losses.restarts,
            **counts,
        ),
        recomputed=recompute,
        cut_short=session.cut_short,
        clock=_clock(receiver),
        notes=tuple(notes),
    )


class _Span:
    """First and last sample."""

    def __init__(self) -> None:
        self._first_s = math.nan
        self.last_s = -math.inf

    def add(self, samples: Samples | None) -> None:
        if samples is not None and len(samples):
            if math.isnan(self._first_s):
                self._first_s = float(samples.time_s[0])
            self.last_s = float(samples.time_s[-1])

    @property
    def duration_s(self) -> float:
        return 0.0 if math.isnan(self._first_s) else self.last_s - self._first_s


def _any_mark(records: Iterable[Record]) -> bool:
    from devices.records import Mark

    return any(isinstance(record, Mark) for record in records)


def _first_arrival_ns(records: Iterable[Record]) -> int:
    from devices.records import Packet

    return next((record.arrival_ns for record in records if isinstance(record, Packet)), 0)


def _marks(
    records: Iterable[Record], start_ns: int, sample_times_s: Sequence[float]
) -> tuple[SessionMark, ...]:
    """All but what other programs told the runner; with the latest sample before each mark."""
    from devices.records import Mark
    from pipelines.coaching.coach import COACHING_MARK, TOLD_MARK

    marks = [record for record in records if isinstance(record, Mark)]
    return tuple(
        SessionMark(max(mark.arrival_ns - start_ns, 0) / 1e9, mark.kind, mark.value, sample_s)
        for mark, sample_s in zip(marks, sample_times_s, strict=True)
        if mark.kind not in {COACHING_MARK, TOLD_MARK}
    )


def _link_losses(records: Iterable[Record], start_ns: int) -> tuple[LinkLoss, ...]:
    from devices.records import LinkEvent

    found: list[LinkLoss] = []
    lost_s: float | None = None
    for record in records:
        if not isinstance(record, LinkEvent):
            continue
        at_s = max(record.arrival_ns - start_ns, 0) / 1e9
        if record.kind == "lost" and lost_s is None:
            lost_s = at_s
        elif record.kind == "resumed" and lost_s is not None:
            found.append(LinkLoss(lost_s, at_s))
            lost_s = None
    if lost_s is not None:
        found.append(LinkLoss(lost_s, None))
    return tuple(found)


def _clock(receiver: Receiver) -> tuple[tuple[str, str], ...]:
    """How the sensor's clock ran, as far as the recording tells."""
    host = receiver.host_time
    if host is None:
        return ()
    estimate = host.estimate
    if estimate.basis == "too little":
        return ()
    skew = f"{round(estimate.skew_ppm):+d}" if round(estimate.skew_ppm) else "0"
    return (
        (
            "Sensor's clock against the computer's",
            f"{skew.replace('-', '−')} ± {1.96 * estimate.skew_sd_ppm:.0f} parts per million",
        ),
        ("Time of day of a sample", f"within {max(estimate.offset_uncertainty_ms, 0.1):.1f} ms"),
    )


def _read_table(path: Path, options: ReadingOptions, report: Progress) -> Recording:
    from pipelines.replay import ReplayOptions, replay

    options.prepare()
    stated = ReplayOptions(
        axes=options.axes,
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        rate_hz=options.rate_hz,
        baseline_json=options.baseline_json,
    )
    result = replay(path, stated, report)
    summary = result.summary
    unknown = int(np.count_nonzero(_no_gyro(result.steps)))
    return Recording(
        name=path.name,
        utc_start_ns=None,
        duration_s=summary.duration_s,
        rate_hz=summary.rate_hz,
        steps=result.steps,
        source=path.name,
        has_gyro=not unknown,
        axes=options.axes if options.axes != "auto" else "",
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        alerts=tuple(alert.record() for alert in result.alerts),
        baseline_json=options.baseline_json,
        losses=Losses(
            round(summary.duration_s * summary.rate_hz),
            summary.samples_lost_in_transit,
            filled=summary.samples_filled,
            quarantined=summary.samples_quarantined,
            chain_restarts=summary.restarts,
        ),
        recomputed=True,
        notes=tuple(summary.notes),
    )


def _no_gyro(steps: Steps) -> Any:
    from imu.samples import Quality

    return steps.quality_bits & np.uint8(Quality.NO_GYRO)


def previous_run_of(recording: Recording) -> PreviousRun:
    """A recording as an earlier run: means of its trusted steps."""
    from imu.step.trusted_steps import trusted_steps

    trusted = trusted_steps(recording.steps)
    steps = trusted if len(trusted) else recording.steps
    means: dict[str, float] = {}
    for column in _COLUMNS:
        values = steps.rows[column]
        values = values[np.isfinite(values)]
        if values.size:
            means[column] = float(values.mean())
    tags = {mark.kind: mark.value for mark in recording.marks}
    return PreviousRun(
        recording.name,
        recording.utc_start_ns,
        means,
        surface=tags.get("surface", ""),
        shoe=tags.get("shoe", ""),
    )


def previous_run(path: Path, options: ReadingOptions, report: Progress) -> PreviousRun:
    """An earlier run from its session, its sample table, or the summary of its replay (``.json``).

    Raises
    ------
    BackstrideError
        When the file cannot be read or is none of these.
    """
    if path.suffix.lower() == ".json":
        return _previous_of_summary(path)
    return previous_run_of(read_recording(path, options, report))


def _previous_of_summary(path: Path) -> PreviousRun:
    from pipelines.files.system_error import explain

    problem = InputError(
        "this is no summary of a run: give a session, or what 'replay --summary' wrote.",
        place=str(path),
    )
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordingError(f"{explain(error)}.", path=str(path)) from None
    except ValueError:
        raise problem from None
    means: dict[str, float] = {}
    try:
        blocks = summary["blocks"]
        for column in _COLUMNS:
            values = [float(value) for value in blocks[column]["mean"] if value is not None]
            if values:
                means[column] = math.fsum(values) / len(values)
    except (KeyError, TypeError, ValueError):
        raise problem from None
    return PreviousRun(path.stem, None, means)


def previous_runs_of_journal(journal: Journal, before_ns: int | None) -> list[PreviousRun]:
    """The latest runs of the journal, oldest first, at most twenty.

    Parameters
    ----------
    journal : Journal
        Open.
    before_ns : int, optional
        Only runs that began before this, ns since 1970.
    """
    from pipelines.runner.journal.entries import Session, Shoe

    limit = 2**63 - 1 if before_ns is None else before_ns
    sessions = journal.entries(Session, "utc_start_ns < ?", (limit,), newest=_MOST_RUNS)
    shoes = {shoe.identifier: shoe.name for shoe in journal.entries(Shoe)}
    return [
        PreviousRun(
            f"{session.day:%Y-%m-%d}",
            session.utc_start_ns,
            {name: session.means[name] for name in _COLUMNS if name in session.means},
            surface=session.surface,
            shoe=shoes.get(session.shoe_id, ""),
        )
        for session in sessions
        if session.means
    ]
