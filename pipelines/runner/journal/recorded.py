"""A recording on disk as an entry of the journal: reads, replays, and asks the marks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from imu.errors import InputError, ParameterError, RecordingError
from pipelines.files.system_error import explain
from pipelines.runner.journal.entries import DistanceSource, RunBaseline, Session, Shoe
from pipelines.runner.journal.run_baseline import run_baseline_entry, surface_of_most
from pipelines.runner.journal.session_entry import (
    Distance,
    distance_from_marks,
    distance_from_speed,
    entry_from_steps,
    entry_from_summary,
    running_stretches,
    tags_from_marks,
)
from pipelines.runner.journal.shoe_names import retired_shoe
from pipelines.units import parse_distance, parse_speed

if TYPE_CHECKING:
    from imu.steps import Steps
    from pipelines.files.session_reader import Session as RecordedSession
    from pipelines.runner.journal.database import Journal

__all__ = ["AddOptions", "RecordedRun", "local_offset_minutes", "recorded_run", "session_of"]


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
    session : Session
        Without a number.
    baseline : RunBaseline, optional
        What was usual in it, where that can serve later runs: never of the simulated runner, who is
        nobody's history, nor of a summary, which does not tell who ran nor on what.
    simulated : bool
        Whether the runner was.
    dose_lacks : str
        What has to be there for a dose and is not, besides a distance; empty where nothing lacks.
    """

    session: Session
    baseline: RunBaseline | None = None
    simulated: bool = False
    dose_lacks: str = ""


def session_of(path: Path, options: AddOptions, journal: Journal) -> Session:
    """:func:`recorded_run` without its baseline."""
    return recorded_run(path, options, journal).session


def recorded_run(path: Path, options: AddOptions, journal: Journal) -> RecordedRun:
    """The entries of a recording: a session file, or a summary that a replay wrote.

    Raises
    ------
    BackstrideError
        When the file cannot be read, or something that is stated makes no sense.
    """
    stated = _stated_distance(options)
    if path.suffix.lower() == ".json":
        entry = _from_summary(path, options, stated, journal)
        return RecordedRun(entry, dose_lacks="the session (.mcap): a summary has no steps")
    if path.suffix.lower() != ".mcap":
        raise InputError(
            "this is neither a session (.mcap) nor a summary (.json): give one of them.",
            place=str(path),
        )
    return _from_recording(path, options, stated, journal)


def local_offset_minutes(utc_ns: int) -> int:
    """Offset of this machine's clock at a moment, minutes."""
    offset = datetime.fromtimestamp(utc_ns / 1e9, tz=UTC).astimezone().utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60.0)


def _from_recording(
    path: Path, options: AddOptions, stated: Distance | None, journal: Journal
) -> RecordedRun:
    from imu.drift.baseline import Baseline
    from pipelines.files.session_reader import read_session
    from pipelines.replay import ReplayOptions, load_baseline, replay
    from pipelines.views.progress import progress

    recorded = read_session(path)
    _refuse_known(journal, recorded.header.utc_start_ns, path)
    tags = tags_from_marks(recorded.records)
    shoe_id = _shoe_id(journal, options.shoe or tags.shoe)
    settings = journal.settings()
    baseline = load_baseline(str(options.baseline)) if options.baseline else ""
    replay_options = ReplayOptions(
        mass_kg=settings.mass_kg if recorded.header.mass_kg is None else None,
        height_m=settings.height_m if recorded.header.height_m is None else None,
        baseline_json=baseline,
    )
    with progress(f"replaying {path.name}") as report:
        result = replay(path, replay_options, report)
    distance = stated or _distance(options, recorded, result.steps)
    start_ns = recorded.header.utc_start_ns
    used = baseline or recorded.header.baseline_json
    given = Baseline.from_json(used) if used else None
    has_index = given is not None and given.of("lumbar_index") is not None
    session = entry_from_steps(
        result.steps,
        utc_start_ns=start_ns,
        duration_s=max(result.summary.duration_s, 0.001),
        distance=distance,
        index_of_earlier_runs=has_index,
        utc_offset_minutes=local_offset_minutes(start_ns),
        surface=options.surface or tags.surface,
        shoe_id=shoe_id,
        source_file=str(path),
        note=options.note,
    )
    height_m = recorded.header.height_m or settings.height_m
    lacks = _dose_lacks(height_m is not None, given is not None, has_index)
    if recorded.header.source.startswith("sim:"):
        return RecordedRun(session, simulated=True, dose_lacks=lacks)
    surface = options.surface or surface_of_most(result.steps, _surfaces(recorded))
    kept = run_baseline_entry(result.baseline, surface, result.sensor)
    return RecordedRun(session, kept, dose_lacks=lacks)


def _refuse_known(journal: Journal, start_ns: int, path: Path) -> None:
    """Say it before the replay, which takes a while; the journal itself refuses a second one."""
    same = journal.entries(Session, "utc_start_ns = ?", (start_ns,))
    if same:
        number = same[0].identifier
        raise InputError(
            f"this run is in the journal already, as run {number}; to add it anew, first: "
            f"backstride journal delete {number}.",
            place=str(path),
        )


def _dose_lacks(height: bool, baseline: bool, index: bool) -> str:
    wanted = [] if height else ["your height (backstride journal settings --height '1.75 m')"]
    if not baseline:
        wanted.append("a --baseline of earlier easy runs")
    elif not index:
        wanted.append("a --baseline of easy runs for which your height was known")
    return " and ".join(wanted)


def _surfaces(recorded: RecordedSession) -> list[tuple[float, str]]:
    """Session time, s, and name of each surface that was marked."""
    from devices.records import DeviceInfo, Mark

    timed = [item for item in recorded.records if not isinstance(item, DeviceInfo)]
    return [
        ((item.arrival_ns - timed[0].arrival_ns) / 1e9, item.value)
        for item in timed
        if isinstance(item, Mark) and item.kind == "surface"
    ]


def _distance(options: AddOptions, recorded: RecordedSession, steps: Steps) -> Distance:
    from devices.records import DeviceInfo, Mark

    stretches = running_stretches(steps)
    if options.speed:
        speed = parse_speed(options.speed, "--speed")
        return distance_from_speed(speed, sum(end - begin for begin, end in stretches))
    timed = [item for item in recorded.records if not isinstance(item, DeviceInfo)]
    if not timed:
        return Distance()
    marks = [item for item in timed if isinstance(item, Mark)]
    return distance_from_marks(marks, timed[0].arrival_ns, timed[-1].arrival_ns, stretches)


def _from_summary(
    path: Path, options: AddOptions, stated: Distance | None, journal: Journal
) -> Session:
    try:
        content: Any = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RecordingError(f"{explain(error)}.", path=str(path)) from None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise InputError("this is no summary: give what 'replay --summary' wrote.", place=str(path))
    if options.start_ns is None:
        raise ParameterError("--at", "", "the start of the run, which a summary does not hold")
    if options.baseline is not None:
        raise ParameterError(
            "--baseline", str(options.baseline), "it with a session file: a summary has no steps"
        )
    _refuse_known(journal, options.start_ns, path)
    shoe_id = _shoe_id(journal, options.shoe)
    entry = entry_from_summary(
        content,
        utc_start_ns=options.start_ns,
        distance=stated,
        utc_offset_minutes=local_offset_minutes(options.start_ns),
        surface=options.surface,
        shoe_id=shoe_id,
        note=options.note,
    )
    if not options.speed:
        return entry
    from dataclasses import replace

    speed = parse_speed(options.speed, "--speed")
    distance = distance_from_speed(speed, entry.running_s or 0.0)
    return replace(entry, distance_m=distance.distance_m, distance_source=distance.source)


def _stated_distance(options: AddOptions) -> Distance | None:
    ways: tuple[tuple[str, DistanceSource], ...] = (
        (options.distance, "user"),
        (options.treadmill, "treadmill"),
    )
    for words, source in ways:
        if words:
            name = "--distance" if source == "user" else "--treadmill"
            return Distance(parse_distance(words, name), source)
    return None


def _shoe_id(journal: Journal, name: str) -> int | None:
    if not name:
        return None
    shoes = journal.entries(Shoe, "retired IS NULL")
    for shoe in shoes:
        if shoe.name == name:
            return shoe.identifier
    known = ", ".join(shoe.name for shoe in shoes) or "none yet"
    if (retired := retired_shoe(journal, name)) is not None:
        raise ParameterError(
            "--shoe",
            name,
            f"a shoe in use ({known}), or bring this one back, which is retired since "
            f'{retired.retired}, with: backstride journal shoe "{name}" --back',
        )
    raise ParameterError(
        "--shoe", name, f"a shoe in use ({known}), or add it with 'backstride journal shoe NAME'"
    )
