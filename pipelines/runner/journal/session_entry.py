"""A recorded session as an entry of the journal: means, dose, distance and how it is known."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from imu.errors import InputError, ParameterError
from pipelines.runner.journal.entries import DistanceSource, Session
from pipelines.units import parse_distance

if TYPE_CHECKING:
    from devices.records import Mark, Record
    from imu.steps import Steps

__all__ = [
    "Distance",
    "Tags",
    "distance_from_marks",
    "distance_from_speed",
    "dose_easy_km",
    "entry_from_steps",
    "entry_from_summary",
    "one_line",
    "running_stretches",
    "tags_from_marks",
]

#: Less of a run than this with a lumbar index gives no dose.
_LEAST_SHARE: Final = 0.5
_LONGEST_PAUSE_S: Final = 2.0
#: Session means that are kept, beside those of the steps table.
_MEANS: Final = (
    "contact_time_ms",
    "flight_time_ms",
    "cadence_spm",
    "peak_force_bw",
    "impact_shock_g",
    "vertical_oscillation_mm",
    "braking_m_s",
    "sacral_lean_deg",
    "sacral_roll_deg",
    "pelvic_tilt_range_deg",
    "pelvic_obliquity_range_deg",
    "pelvic_rotation_range_deg",
    "lumbar_index",
)
_EXPONENTS: Final = (2.0, 4.0, 6.0)
_LONGEST_WORDS: Final = 100


@dataclass(frozen=True, slots=True)
class Distance:
    """A distance, m, and how it is known."""

    distance_m: float | None = None
    source: DistanceSource = ""


@dataclass(frozen=True, slots=True)
class Tags:
    """What the user said about a session: surface and shoe, by name, empty where not said."""

    surface: str = ""
    shoe: str = ""


def dose_easy_km(
    lumbar_index: Iterable[float], distance_m: float | None, exponent: float
) -> float | None:
    """Dose as equivalent easy kilometres: the distance, weighted by the lumbar index.

    A step counts ``(index / 100)^m`` of an easy one, with the index of its block of twenty: single
    steps scatter by 9 % (simulated runner), which the fourth power would turn into some 5 % of dose
    that nobody ran. Blocks without an index count as the mean of the others.

    Parameters
    ----------
    lumbar_index : iterable of float
        Percent of the baseline of earlier easy runs, one a block, NaN where not known.
    distance_m : float, optional
        Of the session, m.
    exponent : float
        m: 4 by default, 2 and 6 as its uncertainty.

    Returns
    -------
    float or None
        None without a distance, or where fewer than half of the blocks have an index.

    Examples
    --------
    >>> dose_easy_km([100.0] * 10, 5000.0, 4.0)
    5.0
    >>> round(dose_easy_km([110.0] * 10, 5000.0, 4.0), 2)
    7.32
    """
    if distance_m is None:
        return None
    values = list(lumbar_index)
    known = [value for value in values if math.isfinite(value)]
    if not known or len(known) < _LEAST_SHARE * len(values):
        return None
    weight = math.fsum((value / 100.0) ** exponent for value in known) / len(known)
    return distance_m / 1000.0 * weight


def distance_from_speed(speed_m_s: float, running_s: float) -> Distance:
    """A steady speed, as a treadmill shows it, over the time spent running.

    Examples
    --------
    >>> distance_from_speed(2.5, 600.0)
    Distance(distance_m=1500.0, source='speed')
    """
    return Distance(speed_m_s * running_s, "speed") if running_s > 0.0 else Distance()


def distance_from_marks(
    marks: Sequence[Mark], start_ns: int, end_ns: int, running: Sequence[tuple[float, float]]
) -> Distance:
    """What the marks of a session say: a ``distance`` (the last one counts), or ``speed`` changes.

    Parameters
    ----------
    marks : sequence of Mark
        Of the session's log; ``kind`` "distance" with a value such as "5 km", or "speed" with
        "10 km/h". "0 km/h" is a belt that stands; nothing is counted where it is "unknown".
    start_ns, end_ns : int
        Of the session, on the clock of the marks.
    running : sequence of (float, float)
        Beginning and end of each stretch of running, session time, s: a speed counts only there.

    Raises
    ------
    ParameterError
        When the value of such a mark has no known unit.
    """
    from pipelines.session.pace_marks import marked_speed_m_s

    stated = [mark for mark in marks if mark.kind == "distance"]
    if stated:
        return Distance(parse_distance(stated[-1].value, "the mark 'distance'"), "mark")
    speeds = sorted((m for m in marks if m.kind == "speed"), key=lambda mark: mark.arrival_ns)
    if not speeds:
        return Distance()
    total_m = 0.0
    for mark, following in zip(speeds, [*speeds[1:], None], strict=True):
        begin_s = (mark.arrival_ns - start_ns) / 1e9
        end_s = ((end_ns if following is None else following.arrival_ns) - start_ns) / 1e9
        seconds = sum(max(0.0, min(end_s, b) - max(begin_s, a)) for a, b in running)
        speed_m_s = marked_speed_m_s(mark.value, "the mark 'speed'")
        if speed_m_s > 0.0:  # a belt that moves, at a speed that is known
            total_m += speed_m_s * seconds
    return Distance(total_m, "mark") if total_m > 0.0 else Distance()


def running_stretches(steps: Steps) -> list[tuple[float, float]]:
    """Beginning and end of each stretch of running, session time, s; a pause is over 2 s long."""
    stretches: list[tuple[float, float]] = []
    ends = steps.initial_contact_s + steps.step_time_s
    for begin, end in zip(steps.initial_contact_s, ends, strict=True):
        if not math.isfinite(end):
            continue
        if stretches and begin - stretches[-1][1] <= _LONGEST_PAUSE_S:
            stretches[-1] = (stretches[-1][0], float(end))
        else:
            stretches.append((float(begin), float(end)))
    return stretches


def tags_from_marks(records: Iterable[Record]) -> Tags:
    """Surface and shoe as marked; the last ones, since a mark corrects an earlier one."""
    from devices.records import Mark

    surface = shoe = ""
    for record in records:
        if isinstance(record, Mark) and record.kind == "surface":
            surface = record.value
        elif isinstance(record, Mark) and record.kind == "shoe":
            shoe = record.value
    return Tags(surface, shoe)


def one_line(words: str) -> str:
    r"""A mark's words as the journal keeps them: one printable line of at most 100 characters.

    Examples
    --------
    >>> one_line(" old\ntrack ")
    'oldtrack'
    """
    return "".join(x for x in words if x.isprintable()).strip()[:_LONGEST_WORDS]


def entry_from_steps(
    steps: Steps,
    *,
    utc_start_ns: int,
    duration_s: float,
    distance: Distance | None = None,
    index_of_earlier_runs: bool = False,
    utc_offset_minutes: int = 0,
    surface: str = "",
    shoe_id: int | None = None,
    source_file: str = "",
    note: str = "",
    warm_up_s: float | None = None,
    cool_down_s: float | None = None,
    before_warm_up_m: float | None = None,
) -> Session:
    r"""A session from its steps.

    Parameters
    ----------
    steps : Steps
        All of the session; means leave out steps that are not trusted where there are others.
    utc_start_ns, duration_s, utc_offset_minutes, surface, shoe_id, source_file, note, warm_up_s, \
cool_down_s, before_warm_up_m
        As in :class:`~pipelines.runner.journal.entries.Session`.
    distance : Distance, optional
        As the user, the treadmill or a mark told it.
    index_of_earlier_runs : bool
        Whether the lumbar index refers to a baseline of earlier easy runs. One that was learned in
        this run tells nothing across days, and gives no dose.
    """
    import numpy as np

    from imu.step.block_means import block_means
    from imu.step.trusted_steps import trusted_steps
    from imu.steps import Steps as StepsTable

    known = distance or Distance()
    trusted = trusted_steps(steps).rows
    rows = trusted if len(trusted) else steps.rows
    means: dict[str, float] = {}
    for name in (*_MEANS, "peak_10hz_bw"):
        values = rows[name]
        values = values[np.isfinite(values)]
        if values.size:
            means[name] = round(float(values.mean()), 6)
    times = steps.step_time_s[np.isfinite(steps.step_time_s)]
    index: list[float] = []
    if index_of_earlier_runs:
        index = [float(x) for x in block_means(StepsTable(rows)).mean["lumbar_index"]]
    m2, m4, m6 = (dose_easy_km(index, known.distance_m, m) for m in _EXPONENTS)
    return Session(
        utc_start_ns=utc_start_ns,
        duration_s=duration_s,
        utc_offset_minutes=utc_offset_minutes,
        running_s=float(times.sum()),
        steps=len(steps),
        distance_m=known.distance_m,
        distance_source=known.source,
        dose_easy_km_m2=m2,
        dose_easy_km_m4=m4,
        dose_easy_km_m6=m6,
        surface=surface,
        shoe_id=shoe_id,
        source_file=source_file,
        means=means,
        warm_up_s=warm_up_s,
        cool_down_s=cool_down_s,
        before_warm_up_m=before_warm_up_m,
        note=note,
    )


def entry_from_summary(
    summary: Mapping[str, Any],
    *,
    utc_start_ns: int,
    distance: Distance | None = None,
    utc_offset_minutes: int = 0,
    surface: str = "",
    shoe_id: int | None = None,
    note: str = "",
) -> Session:
    """A session from the summary that a replay wrote as JSON.

    A summary has blocks of twenty steps and no single ones: the means are those of its blocks, the
    running time comes from the median cadence, and there is no dose.

    Raises
    ------
    InputError
        When this is no summary.
    """
    known = distance or Distance()
    try:
        source = str(summary["source"])
        duration_s, steps = float(summary["duration_s"]), int(summary["steps"])
        cadence = summary["median"]["cadence_spm"]
        blocks = summary["blocks"]
        means: dict[str, float] = {}
        for name in _MEANS:
            values = [float(value) for value in blocks[name]["mean"] if value is not None]
            if values:
                means[name] = round(math.fsum(values) / len(values), 6)
    except (KeyError, TypeError, ValueError):
        raise InputError(
            "this is no summary: give a session, or what 'replay --summary' wrote."
        ) from None
    if not duration_s > 0.0:
        raise ParameterError("duration_s of the summary", duration_s, "a session with a duration")
    return Session(
        utc_start_ns=utc_start_ns,
        duration_s=duration_s,
        utc_offset_minutes=utc_offset_minutes,
        running_s=60.0 * steps / float(cadence) if cadence else 0.0,
        steps=steps,
        distance_m=known.distance_m,
        distance_source=known.source,
        surface=surface,
        shoe_id=shoe_id,
        source_file=source,
        means=means,
        note=note,
    )
