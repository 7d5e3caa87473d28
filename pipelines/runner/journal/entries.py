"""What the journal holds: one frozen record a kind, checked when it is made.

Times are UTC in nanoseconds since 1970, with the offset of the runner's clock, so that a day is the
runner's own day. ``identifier`` is the journal's number, None before the entry has been added.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Annotated, ClassVar, Final, Literal

from imu.errors import ParameterError
from imu.ranges import Checked, Longest, Within, check_ranges
from pipelines.units import Units

#: How a distance is known: the sensor itself cannot measure one.
DistanceSource = Literal["", "user", "treadmill", "pod", "speed", "mark"]
#: In relation to a run; empty: as the time tells; ``other``: to none.
PainMoment = Literal["", "before", "during", "after", "24h", "48h", "other"]
ExerciseKind = Literal["strength", "stretch", "core", "cross"]

_DAY_NS: Final = 86_400 * 10**9
#: From 1980 to 2200: outside of it a clock is wrong.
_FIRST_NS: Final = 315_532_800 * 10**9
_LAST_NS: Final = 7_258_118_400 * 10**9
#: Who rests for longer than this runs another run, s.
ONE_RUN_S: Final = 2 * 3600.0

UtcNs = Annotated[int, Within(_FIRST_NS, _LAST_NS, said="a time from 1980 to 2200, ns since 1970")]
OffsetMinutes = Annotated[int, Within(-1440, 1440, "minutes")]
Words = Annotated[str, Longest(500)]
Seconds = Annotated[float, Within(0.0, 172_800.0, said="a time up to two days, in s")]
Metres = Annotated[float, Within(0.0, 500_000.0, said="at most 500 km, in m")]
EasyKm = Annotated[float, Within(0.0, 1e6, said="a dose from 0, in easy km")]


class _Noted(Checked):
    """What was noted at a moment."""

    __slots__ = ()
    utc_ns: int
    utc_offset_minutes: int

    @property
    def day(self) -> date:
        """The runner's own day."""
        return local_day(self.utc_ns, self.utc_offset_minutes)


@dataclass(frozen=True, slots=True)
class Session:
    """One run.

    Attributes
    ----------
    utc_start_ns : int
        Start, ns since 1970.
    duration_s : float
        Of the recording, s, above 0, at most two days.
    utc_offset_minutes : int
        Of the runner's clock, -1440 to 1440.
    running_s : float, optional
        Time spent in running steps, s.
    steps : int
        Running steps.
    distance_m : float, optional
        As the user, the treadmill or a mark told it, m, at most 500 km.
    distance_source : {"", "user", "treadmill", "pod", "speed", "mark"}
        How the distance is known: stated, of the treadmill, of a foot pod, from a stated speed
        times the running time, from marks; empty exactly when there is none.
    dose_easy_km_m2, dose_easy_km_m4, dose_easy_km_m6 : float, optional
        Lumbar dose for the exponents 2, 4 (the default) and 6, as equivalent easy kilometres.
    surface : str
        Tag.
    shoe_id : int, optional
        Which :class:`Shoe`.
    source_file : str
        The recording.
    means : mapping of str to float
        Session means of the indicators, by column of the steps table.
    warm_up_s, cool_down_s : float, optional
        Easy time at the beginning and at the end, s.
    before_warm_up_m : float, optional
        Distance run harder than easy before the warm-up was done, m.
    note : str
        The runner's own words.
    effort : int, optional
        How hard the runner says that it was, 0 (rest) to 10.
    simulated : bool
        Whether nobody ran it; told wherever it stands, and counted nowhere.
    identifier : int, optional
        The journal's number.
    """

    TABLE: ClassVar[str] = "sessions"

    utc_start_ns: UtcNs
    duration_s: Annotated[
        float, Within(0.0, 172_800.0, above=True, said="a time above 0 s, up to two days")
    ]
    utc_offset_minutes: OffsetMinutes = 0
    running_s: Seconds | None = None
    steps: Annotated[int, Within(0, 10_000_000)] = 0
    distance_m: Metres | None = None
    distance_source: DistanceSource = ""
    dose_easy_km_m2: EasyKm | None = None
    dose_easy_km_m4: EasyKm | None = None
    dose_easy_km_m6: EasyKm | None = None
    surface: Words = ""
    shoe_id: int | None = None
    source_file: Annotated[str, Longest(4096)] = ""
    means: Mapping[str, float] = field(default_factory=dict)
    warm_up_s: Seconds | None = None
    cool_down_s: Seconds | None = None
    before_warm_up_m: Metres | None = None
    note: Words = ""
    effort: Annotated[int, Within(0, 10)] | None = None
    simulated: bool = False
    identifier: int | None = None

    def __post_init__(self) -> None:
        check_ranges(self)
        if (self.distance_m is None) != (self.distance_source == ""):
            raise ParameterError(
                "distance_source", self.distance_source, "how the distance is known, with it"
            )
        for name, value in self.means.items():
            if not math.isfinite(value):
                raise ParameterError(f"means[{name!r}]", value, "a finite number")

    @property
    def utc_end_ns(self) -> int:
        """End, ns since 1970."""
        return self.utc_start_ns + round(self.duration_s * 1e9)

    @property
    def day(self) -> date:
        """The runner's own day on which the session began."""
        return local_day(self.utc_start_ns, self.utc_offset_minutes)


@dataclass(frozen=True, slots=True)
class RunBaseline(Checked):
    """What was usual in one run, for later runs of the same kind to start from.

    Attributes
    ----------
    session_id : int
        The session; 0 before that has its number.
    baseline : str
        JSON of :class:`~imu.drift.baseline.Baseline`, on one line.
    surface : str
        What nearly all of it was run on, in the runner's own word; the shoe is the session's.
    sensor : str
        Kind of sensor (:func:`~pipelines.session.comparable.sensor_kind`).
    identifier : int, optional
        The journal's number.
    """

    TABLE: ClassVar[str] = "run_baselines"

    session_id: int
    baseline: Annotated[str, Longest(50_000)]
    surface: Words = ""
    sensor: Words = ""
    identifier: int | None = None


@dataclass(frozen=True, slots=True)
class Pain(_Noted):
    """Pain as the runner rates it.

    Attributes
    ----------
    utc_ns : int
        When it was noted, ns since 1970.
    level : int
        0 (none) to 10 (the worst one can think of).
    when : {"", "before", "during", "after", "24h", "48h", "other"}
        In relation to a session; empty leaves it to the time.
    session_id : int, optional
        The session; None leaves it to the time, and for "other".
    place, quality, activity : str
        Where, how it feels, and what it came with.
    utc_offset_minutes, identifier
        As in :class:`Session`.
    """

    TABLE: ClassVar[str] = "pains"

    utc_ns: UtcNs
    level: Annotated[int, Within(0, 10)]
    when: PainMoment = ""
    session_id: int | None = None
    place: Words = ""
    quality: Words = ""
    activity: Words = ""
    utc_offset_minutes: OffsetMinutes = 0
    identifier: int | None = None


@dataclass(frozen=True, slots=True)
class Shoe:
    """A pair of running shoes.

    Attributes
    ----------
    name : str
        Not empty; two shoes in use have different names.
    bought : date, optional
        When.
    start_km : float
        Distance it had when it came into the journal, km.
    retired : date, optional
        When it was given up; it draws no warnings any more.
    identifier : int, optional
        The journal's number.
    """

    TABLE: ClassVar[str] = "shoes"

    name: Annotated[str, Longest(100, filled=True)]
    bought: date | None = None
    start_km: Annotated[float, Within(0.0, 50_000.0, "km")] = 0.0
    retired: date | None = None
    identifier: int | None = None

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.bought and self.retired and self.retired < self.bought:
            raise ParameterError("retired", str(self.retired), "a day after it was bought")


@dataclass(frozen=True, slots=True)
class Exercise(_Noted):
    """Strength, stretching, core work or cross-training.

    Attributes
    ----------
    utc_ns : int
        When it was done, ns since 1970.
    kind : {"strength", "stretch", "core", "cross"}
        What.
    minutes : float
        How long, above 0, at most 1440.
    note : str
        What exactly, such as "hamstrings".
    utc_offset_minutes, identifier
        As in :class:`Session`.
    """

    TABLE: ClassVar[str] = "exercises"

    utc_ns: UtcNs
    kind: ExerciseKind
    minutes: Annotated[float, Within(0.0, 1440.0, above=True)]
    note: Words = ""
    utc_offset_minutes: OffsetMinutes = 0
    identifier: int | None = None


@dataclass(frozen=True, slots=True)
class Questionnaire(_Noted):
    """Answers to the red-flag questions.

    Attributes
    ----------
    utc_ns : int
        When, ns since 1970.
    answers : mapping of str to bool
        Yes or no by name of the question.
    cleared : bool
        Whether a professional has said that running may go on.
    utc_offset_minutes, identifier
        As in :class:`Session`.
    """

    TABLE: ClassVar[str] = "questionnaires"

    utc_ns: UtcNs
    answers: Mapping[str, bool]
    cleared: bool = False
    utc_offset_minutes: OffsetMinutes = 0
    identifier: int | None = None

    def __post_init__(self) -> None:
        check_ranges(self)
        if not self.answers or not all(isinstance(a, bool) for a in self.answers.values()):
            raise ParameterError("answers", dict(self.answers), "yes or no to each question")


@dataclass(frozen=True, slots=True)
class Settings(Checked):
    """What the runner has set; None leaves a default.

    Attributes
    ----------
    height_m, mass_kg : float, optional
        Body data, 1.0 to 2.5 m and 20 to 250 kg.
    units : {"metric", "imperial"}
        For everything shown.
    weekly_ceiling_m : float, optional
        Own weekly ceiling, m; None: two miles more than the week before.
    strength_days : int
        Strength days wanted a week, 1 to 4.
    stretches_per_day : int
        Hamstring stretches wanted a day, 0 to 6.
    return_since_ns : int, optional
        Since when a return-to-run plan is followed; None without one.
    rest_days : int
        Days without running that begin it, 0 to 60.
    highest_heart_rate_bpm : int, optional
        The runner's own, 100 to 240 beats a minute; no zone of the heart without it.
    ratings_lost_ns : int, optional
        When the journal was begun anew because it was damaged: ratings of pain may be missing.
    """

    height_m: Annotated[float, Within(1.0, 2.5, "m")] | None = None
    mass_kg: Annotated[float, Within(20.0, 250.0, "kg")] | None = None
    units: Units = "metric"
    weekly_ceiling_m: Annotated[float, Within(1.0, 1e6, said="up to 1000 km, in m")] | None = None
    strength_days: Annotated[int, Within(1, 4)] = 2
    stretches_per_day: Annotated[int, Within(0, 6)] = 2
    return_since_ns: UtcNs | None = None
    rest_days: Annotated[int, Within(0, 60)] = 7
    highest_heart_rate_bpm: Annotated[int, Within(100, 240)] | None = None
    ratings_lost_ns: UtcNs | None = None


#: What is added one by one and keeps its number.
Entry = Session | RunBaseline | Pain | Shoe | Exercise | Questionnaire


def moment(utc_ns: int, utc_offset_minutes: int = 0) -> datetime:
    """The time on the runner's clock.

    Examples
    --------
    >>> moment(0, 60).isoformat()
    '1970-01-01T01:00:00+01:00'
    """
    zone = timezone(timedelta(minutes=utc_offset_minutes))
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc_ns // 1000)).astimezone(
        zone
    )


def offset_minutes(when: datetime) -> int:
    """Offset of the zone of a time, minutes.

    Examples
    --------
    >>> offset_minutes(moment(0, 60))
    60
    """
    offset = when.utcoffset()
    return 0 if offset is None else round(offset.total_seconds() / 60.0)


def local_day(utc_ns: int, utc_offset_minutes: int = 0) -> date:
    """The runner's own day.

    Examples
    --------
    >>> local_day(23 * 3600 * 10**9), local_day(23 * 3600 * 10**9, 120)
    (datetime.date(1970, 1, 1), datetime.date(1970, 1, 2))
    """
    days = (utc_ns + utc_offset_minutes * 60 * 10**9) // _DAY_NS
    return date(1970, 1, 1) + timedelta(days=days)


def utc_ns_of(when: datetime) -> int:
    """Nanoseconds since 1970 of a time with its zone, exact to the microsecond.

    Examples
    --------
    >>> utc_ns_of(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC))
    1000000000

    Raises
    ------
    ParameterError
        When the time has no zone.
    """
    if when.tzinfo is None:
        raise ParameterError("when", when.isoformat(), "a time with its zone")
    return (when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 1000
