"""Replay: a recorded session or a sample table through the chain, once more."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from msgspec.structs import replace

from devices.records import DeviceInfo
from imu.analyzer import AnalyzerParams
from imu.drift.baseline import Baseline
from imu.errors import InputError, ParameterError, RecordingError
from imu.mounting import mounting_from_axes
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import Steps
from imu.waveforms import Waveforms
from pipelines.clock_words import clock_words
from pipelines.coaching.alert import Alert
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.session.engine import SessionFold
from pipelines.session.facts import Ended, Fact
from pipelines.session.header import SessionHeader
from pipelines.session.result import SessionResult, result_of
from pipelines.session.summary import Summary, summarise
from pipelines.session.time_range import TimeRange
from pipelines.words.summary_words import run_notes

if TYPE_CHECKING:
    from pipelines.files.sample_table import SampleTable
    from pipelines.files.session_reader import Session, SessionFile
    from pipelines.session.marks import SessionRecord

Progress = Callable[[float, float], None]

#: What is said of a session that went on from an earlier one, where something is stated anew.
ON_ITS_OWN: Final = (
    "this session went on from an earlier one; with what you state now it is looked at on its own."
)
#: Samples a block of a table, where the user states none.
_BLOCK = 4096
#: Records of a session that are taken together; more of them gain nothing and fill the memory.
_TOGETHER: Final = 512


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """What the user may state about a recording; None or empty leaves it to the recording.

    Parameters
    ----------
    axes : str
        Signed sensor axes that point forward, left and up, such as ``"+x+y+z"``, or ``"auto"``.
    mass_kg, height_m : float, optional
        Of the runner, kg from 20 to 250 and m from 1.0 to 2.5.
    rate_hz : float, optional
        Sample rate of a recording without times, Hz, 24.5 to 4000.
    columns, units : str
        What the columns of a table are, and their units, as :func:`pipelines.read` takes them.
    beside : Path, optional
        A second file of the same recording, with the other sensor.
    memory : Path, optional
        Where what was said of columns is kept for the next file of that shape.
    block : int, optional
        Samples a block, from 1; the result does not depend on it.
    baseline : Baseline, optional
        Of earlier runs.
    waveforms : bool
        Whether waveforms are kept, too.
    settings : AlertSettings, optional
        How changes are found and told.
    params : AnalyzerParams, optional
        Of the stages of the chain; the ranges of the sensor are those that the recording says.
    within : TimeRange
        Of which stretch steps, waveforms, alerts and summary are told; the chain runs from the
        first sample to the last all the same.

    Raises
    ------
    ParameterError
        When ``block``, ``mass_kg`` or ``height_m`` is outside its range.

    Examples
    --------
    >>> ReplayOptions(height_m=1.75).axes
    ''
    """

    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    rate_hz: float | None = None
    columns: str = ""
    units: str = ""
    beside: Path | None = None
    memory: Path | None = None
    block: int | None = None
    baseline: Baseline | None = None
    waveforms: bool = False
    settings: AlertSettings | None = None
    params: AnalyzerParams | None = None
    within: TimeRange = field(default_factory=TimeRange)

    def __post_init__(self) -> None:
        if self.block is not None and self.block < 1:
            raise ParameterError("--block", self.block, "a number of samples from 1 up")
        Runner(self.mass_kg, self.height_m)


@dataclass(frozen=True, slots=True)
class Replayed:
    """Everything a replay gives.

    Parameters
    ----------
    result : SessionResult
        What the session comes to.
    waveforms : Waveforms
        Of its steps; empty unless asked for.
    summary : Summary
        Medians, losses, and what should be known about the result.

    Examples
    --------
    >>> import tempfile
    >>> from pipelines.files.simulation import write_simulation
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "run.csv"
    ...     _ = write_simulation(path, "minutes=0.2", lambda done, total: None)
    ...     replayed = replay(path, ReplayOptions(), lambda done, total: None)
    >>> len(replayed.steps) > 25, replayed.alerts
    (True, ())
    """

    result: SessionResult
    waveforms: Waveforms
    summary: Summary

    @property
    def steps(self) -> Steps:
        """All steps."""
        return self.result.steps

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """What the runner was told of changes."""
        return self.result.alerts


def load_baseline(path: str) -> Baseline:
    """Read a baseline: a file of its own, or the summary of an earlier replay.

    Raises
    ------
    RecordingError
        When the file cannot be read.
    InputError
        When it holds no baseline.
    """
    from pipelines.files.loading import read_bounded
    from pipelines.system_error import explain

    try:
        content = read_bounded(Path(path)).decode()
    except OSError as error:
        raise RecordingError(f"the baseline cannot be read: {explain(error)}.", path=path) from None
    except UnicodeDecodeError:
        raise InputError("this is no baseline: give a summary of a replay.", place=path) from None
    try:
        parsed = json.loads(content)
    except (ValueError, RecursionError):
        raise InputError("this is no baseline: give a summary of a replay.", place=path) from None
    if isinstance(parsed, dict) and "steps" in parsed and "baseline" in parsed:
        if parsed["baseline"] is None:
            raise InputError(
                "that session was too short for a baseline: use a longer one.", place=path
            )
        content = json.dumps(parsed["baseline"])
    try:
        return Baseline.from_json(content)
    except InputError as error:
        raise InputError(str(error), place=path) from None


class Watch(Protocol):
    """Watches a fold; it may take its time."""

    def __call__(self, fold: SessionFold, found: list[Fact], time_s: float) -> None:
        """What was found up to a moment of the session, s."""
        ...


def replay(
    path: Path, options: ReplayOptions, report: Progress, watch: Watch | None = None
) -> Replayed:
    """Run a session file (``.mcap``) or a recording of any other format through the chain.

    Parameters
    ----------
    path : Path
        The recording.
    options : ReplayOptions
        What is stated besides.
    report : callable
        Told what is done and how much there is, in the same unit.
    watch : callable, optional
        Given the fold and what it has found, as it goes on.

    Returns
    -------
    Replayed
        Steps and alerts to the byte as live gave them.

    Raises
    ------
    BackstrideError
        When the file cannot be read or an option does not fit it.

    Examples
    --------
    >>> replay(Path("nowhere.mcap"), ReplayOptions(), lambda done, total: None)
    Traceback (most recent call last):
    ...
    imu.errors.RecordingError: nowhere.mcap: there is no such file: check the path.
    """
    if path.suffix.lower() == ".mcap":
        return _replay_session(path, options, report, watch)
    return _replay_table(path, options, report, watch)


def _replay_session(
    path: Path, options: ReplayOptions, report: Progress, watch: Watch | None
) -> Replayed:
    from pipelines.files.session_reader import open_session
    from pipelines.written_facts import facts_note

    _refuse_rate(options)
    with open_session(path) as file:
        header = header_as_stated(file.header, options)
        ran = fold_log(
            _pieces_of_file(file, report),
            header,
            path,
            waveforms=options.waveforms,
            params=options.params,
            watch=watch,
        )
        session = file.session([])
    notes = [session.note] if session.note else []
    if session.header.carried is not None and header.carried is None:
        notes.append(ON_ITS_OWN)
    notes += filter(None, [facts_note(session, header, ran.facts, ran.before_end)])
    return _told(ran, path, options.within, notes, cut_short=session.cut_short)


def _told(
    ran: Folded, path: Path, within: TimeRange, notes: Sequence[str], *, cut_short: bool = False
) -> Replayed:
    """What a fold comes to, or a stretch of it."""
    waveforms, rate_hz = ran.fold.take_waveforms(), ran.info.rate_hz
    result, duration_s = ran.result, None
    if within.limits:
        _check_inside(within, ran.facts)
        found = within.facts_within(ran.facts)
        result = result_of(ran.header, found, begin_s=max(within.begin_s, 0.0))
        waveforms = within.waveforms_within(waveforms)
        notes = [*notes, within.words]
    elif not ran.info.protocol:
        # samples of a table are told with the interval of the last
        duration_s = result.duration_s + 1.0 / rate_hz
    summary = summarise(
        result,
        str(path),
        rate_hz=rate_hz,
        duration_s=duration_s,
        cut_short=cut_short,
        notes=[*notes, *run_notes(result)],
    )
    return Replayed(result, waveforms, summary)


def _check_inside(within: TimeRange, found: Sequence[Fact]) -> None:
    end = found[-1]
    assert isinstance(end, Ended)  # a finished fold's last fact
    begin_s = end.time_s - end.duration_s
    if within.begin_s >= end.time_s:
        last = f"a time before {clock_words(end.time_s)}, where the recording ends"
        raise ParameterError("--from", clock_words(within.begin_s), last)
    if within.end_s <= begin_s:
        first = f"a time after {clock_words(begin_s)}, where the recording begins"
        raise ParameterError("--to", clock_words(within.end_s), first)


def session_as_stated(path: Path, options: ReplayOptions) -> tuple[Session, SessionHeader]:
    """A session of a file, and its header with what the user states now.

    Raises
    ------
    ParameterError
        When a sample rate is stated.
    RecordingError
        When the file cannot be read.
    """
    from pipelines.files.session_reader import read_session

    _refuse_rate(options)
    session = read_session(path)
    return session, header_as_stated(session.header, options)


def _refuse_rate(options: ReplayOptions) -> None:
    if options.rate_hz is not None:
        raise ParameterError("--rate", options.rate_hz, "nothing: a session states its own rate")


def header_as_stated(header: SessionHeader, options: ReplayOptions) -> SessionHeader:
    """A session's header with what the user states now in place of what it holds.

    What an earlier session has taught fits nothing that is stated otherwise: then it goes.
    """
    stated = replace(
        header,
        axes=options.axes or header.axes,
        mass_kg=header.mass_kg if options.mass_kg is None else options.mass_kg,
        height_m=header.height_m if options.height_m is None else options.height_m,
        baseline=options.baseline or header.baseline,
        baseline_origin="given" if options.baseline else header.baseline_origin,
        settings=options.settings or header.settings,
    )
    return stated if stated == header else replace(stated, carried=None)


@dataclass(frozen=True, slots=True)
class Folded:
    """A session's log, or a table of samples, folded once more.

    Attributes
    ----------
    header : SessionHeader
        That it was folded with.
    info : DeviceInfo
        The sensor.
    fold : SessionFold
        Finished.
    facts : list of Fact
        All of them.
    before_end : int
        How many of them came before the log had ended.
    notes : tuple of str
        What should be known of a table that was read for it.
    """

    header: SessionHeader
    info: DeviceInfo
    fold: SessionFold
    facts: list[Fact]
    before_end: int
    notes: tuple[str, ...] = ()

    @property
    def result(self) -> SessionResult:
        """What they come to."""
        return result_of(self.header, self.facts)


def sensor_of(session: Session, wanted: str = "replay") -> DeviceInfo:
    """The sensor of a session.

    Parameters
    ----------
    session : Session
        As its file has it.
    wanted : str
        What cannot be done without one, for the message.

    Raises
    ------
    RecordingError
        When it never introduced itself.
    """
    info = _introduced(session.records)
    if info is None:
        raise _without_sensor(session.path, wanted)
    return info


def _introduced(records: Iterable[SessionRecord]) -> DeviceInfo | None:
    return next((record for record in records if isinstance(record, DeviceInfo)), None)


def _without_sensor(path: Path, wanted: str) -> RecordingError:
    return RecordingError(
        f"the session ends before the sensor had introduced itself: there is nothing to {wanted}.",
        path=str(path),
    )


def fold_session(
    session: Session,
    header: SessionHeader,
    report: Progress,
    *,
    waveforms: bool = False,
    params: AnalyzerParams | None = None,
) -> Folded:
    """Fold a session's log once more, marks and all.

    Raises
    ------
    RecordingError
        When the sensor never introduced itself.
    """
    log = _pieces_of(session.records, report)
    return fold_log(log, header, session.path, waveforms=waveforms, params=params)


def _pieces_of(
    records: Sequence[SessionRecord], report: Progress
) -> Iterator[Sequence[SessionRecord]]:
    for start in range(0, len(records), _TOGETHER):
        report(start, len(records))
        yield records[start : start + _TOGETHER]


def _pieces_of_file(file: SessionFile, report: Progress) -> Iterator[Sequence[SessionRecord]]:
    for piece in file.pieces(_TOGETHER):
        report(file.share, 1.0)
        yield piece


def fold_log(
    log: Iterable[Sequence[SessionRecord]],
    header: SessionHeader,
    path: Path,
    *,
    waveforms: bool = False,
    params: AnalyzerParams | None = None,
    watch: Watch | None = None,
) -> Folded:
    """Fold a log that comes in pieces, of which none is kept.

    Parameters
    ----------
    log : iterable of sequence of SessionRecord
        In order.
    header : SessionHeader
        To fold it with.
    path : Path
        Where it is from, for the message.
    waveforms, params, watch
        As for :func:`replay`.

    Raises
    ------
    RecordingError
        When the sensor never introduced itself.
    """
    if watch is not None:
        log = ((record,) for piece in log for record in piece)
    begun: tuple[SessionFold, DeviceInfo] | None = None
    found: list[Fact] = []
    waiting: list[SessionRecord] = []
    for piece in log:
        waiting += piece
        if begun is None:
            info = _introduced(piece)
            if info is None:
                continue
            begun = SessionFold(header, info, waveforms=waveforms, params=params), info
        fold, _ = begun
        new = fold.push_all(waiting)
        waiting.clear()
        found += new
        if watch is not None:
            watch(fold, new, fold.elapsed_s)
    if begun is None:
        raise _without_sensor(path, "replay")
    fold, info = begun
    return Folded(header, info, fold, found + fold.finish(), len(found))


def _replay_table(
    path: Path, options: ReplayOptions, report: Progress, watch: Watch | None
) -> Replayed:
    ran = fold_table(path, options, report, watch)
    return _told(ran, path, options.within, ran.notes)


def fold_table(
    path: Path, options: ReplayOptions, report: Progress, watch: Watch | None = None
) -> Folded:
    """Fold a table of samples, which has neither packets nor marks.

    Raises
    ------
    BackstrideError
        When the table cannot be read or an option does not fit it.
    """
    from pipelines.files.reading.front_door import read
    from pipelines.files.reading.stated_rate import rate_doubt

    # reading is about half of the work
    table = read(
        path,
        beside=options.beside,
        columns=options.columns,
        units=options.units,
        rate_hz=options.rate_hz,
        memory=options.memory,
        progress=lambda done, total: report(0.5 * done, total),
    )
    header = SessionHeader(
        table.utc_start_ns,
        str(path),
        axes=options.axes or _stated_axes(table, path),
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        baseline=options.baseline,
        settings=options.settings or AlertSettings(),
    )
    acc_range = _range(table, "acc_range_g", STANDARD_GRAVITY_M_S2, path)
    gyr_range = _range(table, "gyr_range_deg_s", math.radians(1.0), path)
    info = DeviceInfo("", "", table.rate_hz, acc_range, gyr_range)
    fold = SessionFold(header, info, waveforms=options.waveforms, params=options.params)
    found: list[Fact] = []
    size = options.block or (_BLOCK if watch is None else _shown_block(table.rate_hz))
    for done, block in _blocks(table.samples, size):
        new = fold.push_samples(block)
        found += new
        if watch is not None:
            watch(fold, new, float(block.time_s[-1]))
        report(0.5 + 0.5 * done / len(table.samples), 1.0)
    facts, notes = found + fold.finish(), list(table.notes)
    if options.rate_hz is not None and table.counted:
        cadence_spm = result_of(header, facts).steps.cadence_spm
        doubt = rate_doubt(table.samples, cadence_spm, options.rate_hz)
        notes += [f"{path}: {doubt}"] if doubt else []
    return Folded(header, info, fold, facts, len(found), tuple(notes))


def _shown_block(rate_hz: float) -> int:
    """A tenth of a second: somebody watches."""
    return max(1, round(0.1 * rate_hz))


def _stated_axes(table: SampleTable, path: Path) -> str:
    """The axes of the preamble, or auto."""
    if table.axes in {"", "auto"}:
        return "auto"
    try:
        mounting_from_axes(table.axes)
    except ParameterError as error:
        raise InputError(f"the preamble's {error}", place=str(path)) from None
    return table.axes


def _range(table: SampleTable, key: str, unit: float, path: Path) -> float:
    """The sensor's range from the preamble, SI; 0 when it does not say."""
    text = table.preamble.get(key)
    if text is None:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise InputError(
            f"the preamble's {key} is {text!r}: give the sensor's range as a positive number.",
            place=str(path),
        )
    return value * unit


def _blocks(samples: Samples, size: int) -> Iterator[tuple[int, Samples]]:
    for start in range(0, len(samples), size):
        yield start, samples[start : start + size]
