"""A session as an entry of the journal: a projection of what its facts come to."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from imu.steps import STEP_COLUMNS
from pipelines.files.summary_file import WrittenSummary
from pipelines.quantities import MEANS
from pipelines.runner.journal.entries import DistanceSource, RunBaseline, Session, offset_minutes
from pipelines.runner.journal.stated import Distance, Stated
from pipelines.session.pace import Pace
from pipelines.session.progress import SessionProgress

if TYPE_CHECKING:
    from imu.steps import Steps
    from pipelines.session.result import SessionResult

#: A distance that leaves out more of the running is that of a part.
_MOST_UNCOUNTED: Final = 0.25
#: Means that a summary has of blocks of twenty steps.
_MEANS: Final = tuple(name for name in MEANS if name in STEP_COLUMNS)
#: Distances that a device counted, by what a session calls it.
_MEASURED: Final[Mapping[str, DistanceSource]] = {"treadmill": "treadmill", "pod": "pod"}


def local_offset_minutes(utc_ns: int) -> int:
    """Offset of this machine's clock at a moment, minutes."""
    return offset_minutes(datetime.fromtimestamp(utc_ns / 1e9, tz=UTC).astimezone())


def distance_from_speed(speed_m_s: float, steps: Steps) -> Distance:
    """A steady speed, as a treadmill shows it, over the time spent running."""
    pace = Pace()
    pace.take_speed(speed_m_s, -math.inf)
    progress = SessionProgress(pace)
    progress.take_steps(steps)
    return Distance(progress.distance_m, "speed") if progress.distance_m else Distance()


def entry_of(result: SessionResult, stated: Stated, recording: str = "") -> Session:
    """The entry of a session; its shoe, which has a number in the journal, is left open.

    Parameters
    ----------
    result : SessionResult
        What the session came to.
    stated : Stated
        What the user says of it, which goes before what was marked.
    recording : str
        Its file, empty without one.
    """
    steps, header = result.steps, result.header
    distance = Distance() if "distance" in stated.taken_back else stated.distance
    if distance is None:
        # of a part it would be taken for that of the run
        part = result.uncounted_s > _MOST_UNCOUNTED * result.running_s
        known = result.distance_m is not None and not part
        source = _MEASURED.get(result.distance_source, "mark")
        distance = Distance(result.distance_m, source) if known else Distance()
    last_s = float(steps.initial_contact_s[-1]) if len(steps) else 0.0
    offset = header.utc_offset_minutes
    m2, m4, m6 = result.doses_easy_km(distance.distance_m)
    return Session(
        utc_start_ns=header.utc_start_ns,
        duration_s=max(result.duration_s, last_s, 0.001),
        utc_offset_minutes=local_offset_minutes(header.utc_start_ns) if offset is None else offset,
        running_s=result.running_s,
        steps=len(steps),
        distance_m=distance.distance_m,
        distance_source=distance.source,
        dose_easy_km_m2=m2,
        dose_easy_km_m4=m4,
        dose_easy_km_m6=m6,
        surface=stated.word("surface", result.surface),
        source_file=recording,
        means=result.means,
        warm_up_s=result.warm_up_s,
        cool_down_s=None if result.cool_down is None else result.cool_down.easy_s,
        before_warm_up_m=result.before_warm_up_m,
        note=stated.note,
        effort=stated.effort,
        simulated=header.simulated,
    )


def baseline_entry(result: SessionResult, surface: str | None = None) -> RunBaseline | None:
    """What later runs may start from, beside a session that has no number yet.

    Lean, and the loads that are computed from it, depend on how the sensor sits that day. A
    standing neutral takes this out, so that levels of different days can be compared; a run without
    one leaves no baseline. Other indicators hardly depend on it, but a start that lacks the lean
    would leave the lean unwatched for a whole run. Calibration takes out a sensor's offset, as the
    neutral does, and a scale error of 1 %, which is a third of the smallest gate: it need not be
    the same.

    Parameters
    ----------
    result : SessionResult
        What the session came to.
    surface : str, optional
        As the user states it for the whole run; None leaves it to the marks.

    Returns
    -------
    RunBaseline or None
        None where there is nothing to keep, or no surface that nearly all of the run was on.
    """
    on = result.surface_of_most if surface is None else surface
    if result.run_baseline is None or on is None:
        return None
    content = json.dumps(json.loads(result.run_baseline.to_json()), separators=(",", ":"))
    return RunBaseline(0, content, on, result.sensor_kind)


def entry_from_summary(summary: WrittenSummary, utc_start_ns: int, stated: Stated) -> Session:
    """A session from the summary that a replay wrote.

    A summary has blocks of twenty steps and no single ones: the means are those of its blocks, and
    there is no dose.
    """
    known, means = stated.distance or Distance(), summary.means
    return Session(
        utc_start_ns=utc_start_ns,
        duration_s=summary.duration_s,
        utc_offset_minutes=local_offset_minutes(utc_start_ns),
        running_s=summary.running_s,
        steps=summary.steps,
        distance_m=known.distance_m,
        distance_source=known.source,
        surface=stated.surface,
        source_file=summary.source,
        means={name: round(means[name], 6) for name in _MEANS if name in means},
        note=stated.note,
        effort=stated.effort,
    )
