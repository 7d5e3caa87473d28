"""A run as an entry of the journal: from its recording, replayed, or as the runner types it."""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from imu.errors import InputError, ParameterError
from pipelines.coaching.training.pain_moments import RunTime, shared_time
from pipelines.files.summary_file import read_summary
from pipelines.runner.filing import began_by_no_clock, finished_run
from pipelines.runner.journal.entries import DistanceSource, Session, local_day, moment
from pipelines.runner.journal.queries import (
    run_time,
    runs_meanwhile,
    session_at,
    session_of_steps,
)
from pipelines.runner.journal.runs import FinishedRun, stated_of, typed_run
from pipelines.runner.journal.session_entry import (
    distance_from_speed,
    entry_from_summary,
    local_offset_minutes,
)
from pipelines.runner.journal.shoe_names import retired_shoe, shoe_of_day
from pipelines.runner.journal.stated import UNRECORDED_M, Distance, Stated, distance_run
from pipelines.session.result import SessionResult
from pipelines.units import parse_speed

if TYPE_CHECKING:
    from pipelines.folding import Progress
    from pipelines.runner.journal.database import Journal
    from pipelines.session.header import SessionHeader
    from pipelines.session.result import SessionResult

#: Share of the longer of two runs that is in both, from which on they are one.
_SAME_RUN: Final = 0.5
_LONGEST_MIN: Final = 2880.0
_A_MINUTE_NS: Final = 60 * 10**9


@dataclass(frozen=True, slots=True)
class AddOptions:
    """What the user states about a recording; empty leaves it to the recording's marks.

    Attributes
    ----------
    distance, treadmill : str
        Distance with its unit: stated, or read off the treadmill.
    speed : str
        The treadmill's speed with its unit.
    surface, shoe, note : str
        Tags, and the runner's own words.
    baseline : Path, optional
        Baseline of earlier easy runs.
    start_ns : int, optional
        Start, ns since 1970, where the recording does not say it.
    again : bool
        Compute a run anew that is in the journal already.
    minutes : float, optional
        How long a run took that has no file.

    Raises
    ------
    ParameterError
        When more than one way to tell the distance is used.
    """

    distance: str = ""
    treadmill: str = ""
    speed: str = ""
    surface: str = ""
    shoe: str = ""
    baseline: Path | None = None
    start_ns: int | None = None
    note: str = ""
    again: bool = False
    minutes: float | None = None

    def __post_init__(self) -> None:
        given = [name for name in ("distance", "treadmill", "speed") if getattr(self, name)]
        if len(given) > 1:
            raise ParameterError(
                f"--{given[1]}", getattr(self, given[1]), f"it or --{given[0]}, not both"
            )


@dataclass(frozen=True, slots=True)
class RecordedRun:
    """A recording as entries of the journal.

    Attributes
    ----------
    run : FinishedRun
        As at the end of a live run. A baseline comes never of the simulated runner, who is nobody's
        history, nor of a summary or another maker's recording, which do not tell who ran nor on
        what.
    number : int, optional
        Of the same run in the journal, computed or typed in; None where it is new.
    dose_lacks : str
        What has to be there for a dose and is not, besides a distance; empty where nothing lacks.
    notes : tuple of str
        What another maker's recording was taken for, what was mended in it, or where a session
        was cut short.
    """

    run: FinishedRun
    number: int | None = None
    dose_lacks: str = ""
    notes: tuple[str, ...] = ()


def recorded_run(
    path: Path | None,
    options: AddOptions,
    journal: Journal,
    report: Progress = lambda _done, _total: None,
) -> RecordedRun:
    """The entries of a recording of any format, or of a summary that a replay wrote; or of none.

    ``report`` is told how far the replay is.

    Raises
    ------
    BackstrideError
        When the file cannot be read, or something that is stated makes no sense.
    """
    if path is None:
        return _typed(options, journal)
    if options.minutes is not None:
        raise ParameterError("--minutes", options.minutes, "it without a file, which tells it")
    if path.suffix.lower() == ".json":
        return _from_summary(path, options, journal)
    if path.suffix.lower() == ".mcap":
        return _from_session(path, options, journal, report)
    return _from_table(path, options, journal, report)


def _from_session(
    path: Path, options: AddOptions, journal: Journal, report: Progress
) -> RecordedRun:
    from pipelines.files.baseline_file import load_baseline
    from pipelines.files.session_reader import open_session
    from pipelines.folding import fold_file
    from pipelines.replay_options import ReplayOptions, header_as_stated

    with open_session(path) as file:
        header = begun_at(file.header, options.start_ns)
        _refuse_known(session_at(journal, header.utc_start_ns), path, options)
        began = local_day(header.utc_start_ns, header.utc_offset_minutes or 0)
        _known_shoe(journal, options.shoe, began)
        settings = journal.settings()
        stated = ReplayOptions(
            mass_kg=settings.mass_kg if header.mass_kg is None else None,
            height_m=settings.height_m if header.height_m is None else None,
            baseline=load_baseline(options.baseline) if options.baseline else None,
        )
        result = fold_file(file, header_as_stated(header, stated), report).result
        note = file.session([]).note
    there = None
    if options.start_ns is not None:  # no clock told it, so that it may be there with another start
        there = session_of_steps(journal, len(result.steps), result.running_s)
        _refuse_known(there, path, options)
    run = _as_recorded(result, path, options, journal, there)
    return dataclasses.replace(run, notes=(note,) if note else ())


def begun_at(header: SessionHeader, start_ns: int | None) -> SessionHeader:
    """The header with the start that is stated, where no clock has told it.

    Raises
    ------
    ParameterError
        When neither or both of them tell it.
    """
    knew = not began_by_no_clock(header.utc_start_ns)
    if start_ns is None:
        if knew:
            return header
        raise ParameterError(
            "--at", "", "the start of the run, which the computer's clock did not know"
        )
    if knew:
        began = moment(header.utc_start_ns, header.utc_offset_minutes or 0)
        raise ParameterError(
            "--at",
            f"{moment(start_ns, header.utc_offset_minutes or 0):%Y-%m-%d %H:%M}",
            f"the file alone, which says that it began on {began:%Y-%m-%d %H:%M}",
        )
    offset = local_offset_minutes(start_ns)
    return replace(header, utc_start_ns=start_ns, utc_offset_minutes=offset)


def _from_table(path: Path, options: AddOptions, journal: Journal, report: Progress) -> RecordedRun:
    from pipelines.files.baseline_file import load_baseline
    from pipelines.replay_options import ReplayOptions
    from pipelines.runner.user_directory import data_directory
    from pipelines.table_folding import fold_table

    settings = journal.settings()
    stated = ReplayOptions(
        mass_kg=settings.mass_kg,
        height_m=settings.height_m,
        baseline=load_baseline(options.baseline) if options.baseline else None,
        memory=data_directory(),
    )
    ran = fold_table(path, stated, report)
    result = SessionResult(ran.header, ran.facts)
    there = session_of_steps(journal, len(result.steps), result.running_s)
    _refuse_known(there, path, options)
    # a start that was corrected stays
    told_ns = ran.header.utc_start_ns if there is None else there.utc_start_ns
    start_ns, note = start_of_table(told_ns, options.start_ns)
    if there is None:
        there = session_at(journal, start_ns)
        _refuse_known(there, path, options)
    else:
        note = ()
    _known_shoe(journal, options.shoe, local_day(start_ns, local_offset_minutes(start_ns)))
    recorded = _as_recorded(result.begun(start_ns), path, options, journal, there)
    # whose sensor it was, and how it sat, compares with no other run
    run = dataclasses.replace(recorded.run, baseline=None)
    return dataclasses.replace(recorded, run=run, notes=(*ran.notes, *note))


def start_of_table(told_ns: int, stated_ns: int | None) -> tuple[int, tuple[str, ...]]:
    """When a run began, ns since 1970; what the runner says goes before, since tables know no zone.

    Within a minute it is the same, and the file knows it better.

    Raises
    ------
    ParameterError
        When neither tells it.
    """
    if not (told_ns or stated_ns):
        raise ParameterError("--at", "", "the start of the run, which this file does not say")
    if stated_ns is None or abs(told_ns - stated_ns) < _A_MINUTE_NS:
        return told_ns, ()
    if not told_ns:
        return stated_ns, ()
    told = moment(told_ns, local_offset_minutes(told_ns))
    return stated_ns, (
        f"the file says that it began on {told:%Y-%m-%d %H:%M}; what you stated is kept.",
    )


def _as_recorded(
    result: SessionResult,
    path: Path,
    options: AddOptions,
    journal: Journal,
    there: Session | None,
) -> RecordedRun:
    """What a recording comes to, with what the user says of it now or has said of it.

    ``there``, the run that it is in the journal already, where its start does not tell.
    """
    header = result.header
    if options.speed:
        stated: Distance | None = distance_from_speed(
            parse_speed(options.speed, "--speed"), result.steps
        )
    else:
        stated = _stated_distance(options, result.duration_s)
    there = there or session_at(journal, header.utc_start_ns)
    number = None if there is None else there.identifier
    if number is None and not header.simulated:
        number = _typed_number(journal, header.utc_start_ns, result.duration_s)
    said = Stated(stated, options.surface, options.shoe, options.note)
    if number is not None:
        said = said.over(stated_of(journal, number))
    lacks = _dose_lacks(
        header.height_m is not None, header.baseline is not None, header.index_of_earlier_runs
    )
    run = finished_run(result, said, path)
    return RecordedRun(run, number, dose_lacks=lacks)


def _typed(options: AddOptions, journal: Journal) -> RecordedRun:
    if options.start_ns is None:
        raise ParameterError("--at", "", "the start of the run, or its file")
    if options.minutes is None:
        raise ParameterError("--minutes", "", "how many minutes the run took, or its file")
    if options.baseline is not None or options.again:
        name = "--again" if options.again else "--baseline"
        raise ParameterError(name, "given without a file", "the recording too")
    offset = local_offset_minutes(options.start_ns)
    if not 0.0 < options.minutes <= _LONGEST_MIN:
        raise ParameterError("--minutes", options.minutes, "the minutes that it took, up to 2880")
    duration_s = 60.0 * options.minutes
    if options.start_ns + duration_s * 1e9 > time.time_ns():
        raise ParameterError("--minutes", options.minutes, "the minutes of a run that is over")
    said = stated_in(options, journal, running_s=duration_s)
    run = typed_run(options.start_ns, duration_s, said, utc_offset_minutes=offset)
    return RecordedRun(run)


def stated_in(
    options: AddOptions,
    journal: Journal,
    *,
    number: int | None = None,
    running_s: float | None = None,
) -> Stated:
    """What the options say of a run that is not replayed.

    Parameters
    ----------
    options : AddOptions
        As given.
    journal : Journal
        Open.
    number : int, optional
        Of the run, where the journal has it.
    running_s : float, optional
        How long it took where it has not; a speed is the distance over it.

    Raises
    ------
    ParameterError
        When there is no such run, or a shoe is not in the journal.
    """
    start_ns = options.start_ns or 0
    typed = options.minutes is not None
    if number is not None:
        session = journal.entry(Session, number)
        start_ns = session.utc_start_ns
        running_s = session.running_s or session.duration_s
        typed = not session.source_file
    _known_shoe(journal, options.shoe, local_day(start_ns, local_offset_minutes(start_ns)))
    distance = _stated_distance(options, running_s, 0.0 if typed else UNRECORDED_M)
    if options.speed and running_s:
        distance = Distance(parse_speed(options.speed, "--speed") * running_s, "speed")
    return Stated(distance, options.surface, options.shoe, options.note)


def _typed_number(journal: Journal, start_ns: int, duration_s: float) -> int | None:
    """The number of a run without a recording that was typed in for the same time; None without.

    A time that was typed is roughly so: most of the longer of the two has to be in both.
    """
    run = RunTime(0, start_ns, start_ns + round(duration_s * 1e9))
    typed = [one for one in runs_meanwhile(journal, run) if not one.source_file and not one.steps]
    alike = {shared_time(run, run_time(one)): one.identifier for one in typed}
    most = max(alike, default=0.0)
    return alike[most] if most >= _SAME_RUN else None


def _refuse_known(there: Session | None, path: Path, options: AddOptions) -> None:
    """Refuse a run that is there and is not to be computed again."""
    if there is None or options.again:
        return
    began, cure = "", "compute it anew from its recording"
    if options.start_ns is not None and abs(options.start_ns - there.utc_start_ns) >= _A_MINUTE_NS:
        begun = moment(there.utc_start_ns, there.utc_offset_minutes)
        began, cure = f", from {begun:%Y-%m-%d %H:%M}", "let it begin as you state"
    raise InputError(
        f"this run is in the journal already, as run {there.identifier}{began}; to {cure}, add "
        "--again: what you stated and noted stays.",
        place=str(path),
    )


def _dose_lacks(height: bool, baseline: bool, index: bool) -> str:
    wanted = [] if height else ["your height (backstride journal settings --height '1.75 m')"]
    if not baseline:
        wanted.append("a --baseline of earlier easy runs")
    elif not index:
        wanted.append("a --baseline of easy runs for which your height was known")
    return " and ".join(wanted)


def _from_summary(path: Path, options: AddOptions, journal: Journal) -> RecordedRun:
    if options.start_ns is None:
        raise ParameterError("--at", "", "the start of the run, which a summary does not hold")
    if options.baseline is not None:
        raise ParameterError(
            "--baseline", str(options.baseline), "it with a recording: a summary has no steps"
        )
    if (same := session_at(journal, options.start_ns)) is not None:
        raise InputError(
            f"this run is in the journal already, as run {same.identifier}; to add it anew, first: "
            f"backstride journal delete {same.identifier}.",
            place=str(path),
        )
    summary = read_summary(path)
    said = stated_in(options, journal, running_s=summary.running_s)
    session = entry_from_summary(summary, options.start_ns, said)
    run = FinishedRun(session, said.shoe, utc_start_ns=options.start_ns, stated=said)
    return RecordedRun(run, dose_lacks="the recording: a summary has no steps")


def _stated_distance(
    options: AddOptions, taken_s: float | None, unrecorded_m: float = UNRECORDED_M
) -> Distance | None:
    """The distance as stated; one that nobody runs in that time is a slip."""
    ways: tuple[tuple[str, DistanceSource], ...] = (
        (options.distance, "user"),
        (options.treadmill, "treadmill"),
    )
    for words, source in ways:
        if words:
            name = "--distance" if source == "user" else "--treadmill"
            return Distance(distance_run(words, name, taken_s, unrecorded_m), source)
    return None


def _known_shoe(journal: Journal, name: str, day: date) -> None:
    """Refuse a shoe that was retired before the day of a run.

    One that is new is added with the run, as after a live one.
    """
    retired = retired_shoe(journal, name)
    if retired is not None and shoe_of_day(journal, name, day) is None:
        raise ParameterError(
            "--shoe",
            name,
            "a shoe in use then, or bring this one back, which is retired since "
            f'{retired.retired}, with: backstride journal shoe "{name}" --back',
        )
