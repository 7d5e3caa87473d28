"""Reads what a report is made of: a session, a sample table, earlier runs, the journal."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet
from imu.errors import InputError, RecordingError
from imu.runner import Runner
from imu.steps import Steps
from pipelines.quantities import quantities_in
from pipelines.views.report.recording import LinkLoss, Losses, PreviousRun, Recording, SessionMark

if TYPE_CHECKING:
    from imu.drift.baseline import Baseline
    from pipelines.files.session_reader import Session
    from pipelines.runner.journal.database import Journal
    from pipelines.session.facts import SensorClock
    from pipelines.session.marks import Mark, SessionRecord

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


def _nothing() -> None:
    pass


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """What the user may state about a recording; None or empty leaves it to the recording.

    Attributes
    ----------
    axes, mass_kg, height_m, rate_hz, baseline
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
    baseline: Baseline | None = None
    fresh: bool = False
    prepare: Callable[[], None] = _nothing

    def __post_init__(self) -> None:
        Runner(self.mass_kg, self.height_m)


def read_recording(path: Path, options: ReadingOptions, report: Progress) -> Recording:
    """Read a session (``.mcap``) or a sample table (anything else).

    The facts of a whole session are taken as they were written; they are found again when none were
    written, or by another version, when the file is cut short, or when ``options`` state something.

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
        return _recording(read_session(path), options, report)


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


def _recording(session: Session, options: ReadingOptions, report: Progress) -> Recording:
    from pipelines.replay import fold_session, header_as_stated, sensor_of
    from pipelines.session.result import result_of
    from pipelines.session.summary import wear_notes
    from pipelines.views.report.detector_marks import detector_marks
    from pipelines.written_facts import facts_are_of_use

    header = header_as_stated(
        session.header,
        axes=options.axes,
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        baseline=options.baseline,
    )
    info = sensor_of(session)
    recompute = options.fresh or not facts_are_of_use(session, header)
    facts = session.facts
    if recompute:
        options.prepare()
        facts = fold_session(session, header, report).facts
    result = result_of(header, facts)
    notes = [session.note] if session.note else []
    losses = result.losses
    counts = {name: getattr(losses, name) for name in ("filled", "quarantined", "chain_restarts")}
    notes += wear_notes(result)
    start_ns = _first_arrival_ns(session.records)
    return Recording(
        name=session.path.name,
        utc_start_ns=header.utc_start_ns,
        duration_s=result.duration_s,
        rate_hz=info.rate_hz,
        steps=result.steps,
        source=header.source,
        device=info.name,
        firmware=info.firmware,
        protocol=info.protocol,
        software=header.software,
        has_gyro=info.angular_velocity_range_rad_s > 0.0,
        axes=header.axes or info.axes,
        mass_kg=header.mass_kg,
        height_m=header.height_m,
        alerts=tuple(alert.record() for alert in result.alerts),
        baseline=header.baseline,
        settings=header.settings,
        carried=header.carried,
        detector_marks=detector_marks(
            facts, header.carried.surface if header.carried is not None else ""
        ),
        marks=_marks(session.records, start_ns),
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
        clock=_clock(result.clock),
        notes=tuple(notes),
    )


def _first_arrival_ns(records: Iterable[SessionRecord]) -> int:
    return next((record.arrival_ns for record in records if isinstance(record, Packet)), 0)


def _marks(records: Iterable[SessionRecord], start_ns: int) -> tuple[SessionMark, ...]:
    """All but what other programs told the runner; with the latest sample before each mark."""
    from pipelines.session.marks import Coaching, LoggedMark, Told

    receiver = Receiver(next(record for record in records if isinstance(record, DeviceInfo)))
    found: list[SessionMark] = []
    sample_s = -math.inf
    for record in records:
        if not isinstance(record, LoggedMark):
            samples = receiver.push(record)
            if samples is not None and len(samples):
                sample_s = float(samples.time_s[-1])
        elif not isinstance(record.mark, Told | Coaching):
            kind, value = _words(record.mark)
            time_s = max(record.arrival_ns - start_ns, 0) / 1e9
            found.append(SessionMark(time_s, kind, value, sample_s, record.mark))
    return tuple(found)


def _words(mark: Mark) -> tuple[str, str]:
    """What a mark is called, and what it says, as people read it."""
    from pipelines.session import marks
    from pipelines.units import distance_words, slope_words

    match mark:
        case marks.Surface() | marks.Shoe():
            return str(mark.__struct_config__.tag), mark.name
        case marks.Speed(speed_m_s=float() as speed_m_s):
            return "speed", f"{round(3.6 * speed_m_s, 2):g} km/h"
        case marks.Slope(slope_deg=float() as slope_deg):
            return "slope", slope_words(slope_deg)
        case marks.Distance():
            return "distance", distance_words(mark.distance_m)
        case marks.Pain():
            return "pain", " ".join(filter(None, (str(mark.level), mark.moment, mark.place)))
        case marks.Speed() | marks.Slope():
            return str(mark.__struct_config__.tag), "unknown"
        case marks.RedFlags():
            said = [*mark.answers, *(["cleared"] if mark.cleared else [])]
            return "red_flags", ", ".join(said) or "none"
        case marks.Unknown():
            return mark.name, mark.value
    return str(mark.__struct_config__.tag), ""


def _link_losses(records: Iterable[SessionRecord], start_ns: int) -> tuple[LinkLoss, ...]:
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


def _clock(estimate: SensorClock | None) -> tuple[tuple[str, str], ...]:
    """How the sensor's clock ran, as far as the recording tells."""
    if estimate is None:
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
        baseline=options.baseline,
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
        baseline=options.baseline,
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
