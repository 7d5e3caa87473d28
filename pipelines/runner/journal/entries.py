"""What the journal holds: one frozen record a kind, checked when it is made.

Times are UTC in nanoseconds since 1970, with the offset of the runner's clock, so that a day is the
runner's own day. ``identifier`` is the journal's number, None before the entry has been added.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from typing import ClassVar, Final, Literal, get_args

from imu.errors import ParameterError
from pipelines.units import UNITS, Units

__all__ = [
    "DistanceSource",
    "Entry",
    "Exercise",
    "ExerciseKind",
    "Pain",
    "PainMoment",
    "Questionnaire",
    "RunBaseline",
    "Session",
    "Settings",
    "Shoe",
    "local_day",
    "moment",
    "utc_ns_of",
]

#: How a distance is known: the sensor itself cannot measure one.
DistanceSource = Literal["", "user", "treadmill", "speed", "mark"]
PainMoment = Literal["before", "during", "after", "24h", "48h", "other"]
ExerciseKind = Literal["strength", "stretch", "core", "cross"]

_LONGEST_TEXT: Final = 500
_LONGEST_BASELINE: Final = 50_000
_DAY_NS: Final = 86_400 * 10**9
#: From 1980 to 2200: outside of it a clock is wrong.
_FIRST_NS: Final = 315_532_800 * 10**9
_LAST_NS: Final = 7_258_118_400 * 10**9


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
    distance_source : {"", "user", "treadmill", "speed", "mark"}
        How the distance is known: stated, read off the treadmill, from a stated speed times the
        running time, from marks; empty exactly when there is none.
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
    identifier : int, optional
        The journal's number.
    """

    TABLE: ClassVar[str] = "sessions"

    utc_start_ns: int
    duration_s: float
    utc_offset_minutes: int = 0
    running_s: float | None = None
    steps: int = 0
    distance_m: float | None = None
    distance_source: DistanceSource = ""
    dose_easy_km_m2: float | None = None
    dose_easy_km_m4: float | None = None
    dose_easy_km_m6: float | None = None
    surface: str = ""
    shoe_id: int | None = None
    source_file: str = ""
    means: Mapping[str, float] = field(default_factory=dict)
    warm_up_s: float | None = None
    cool_down_s: float | None = None
    before_warm_up_m: float | None = None
    note: str = ""
    identifier: int | None = None

    def __post_init__(self) -> None:
        _check_time(self.utc_start_ns, self.utc_offset_minutes)
        _check_range("duration_s", self.duration_s, 0.0, 172_800.0, "a time up to two days, in s")
        if self.duration_s == 0.0:
            raise ParameterError("duration_s", self.duration_s, "a time above 0 s")
        _check_range("steps", self.steps, 0, 10_000_000, "a number of steps from 0")
        _check_choice("distance_source", self.distance_source, get_args(DistanceSource))
        if (self.distance_m is None) != (self.distance_source == ""):
            raise ParameterError(
                "distance_source", self.distance_source, "how the distance is known, with it"
            )
        for name in ("distance_m", "before_warm_up_m"):
            _check_optional(name, getattr(self, name), 500_000.0, "at most 500 km, in m")
        for name in ("dose_easy_km_m2", "dose_easy_km_m4", "dose_easy_km_m6"):
            _check_optional(name, getattr(self, name), 1e6, "a dose from 0, in easy km")
        for name in ("running_s", "warm_up_s", "cool_down_s"):
            _check_optional(name, getattr(self, name), 172_800.0, "a time up to two days, in s")
        for name in ("surface", "source_file", "note"):
            _check_text(name, getattr(self, name), 4096 if name == "source_file" else _LONGEST_TEXT)
        for name, value in self.means.items():
            if not math.isfinite(value):
                raise ParameterError(f"means[{name!r}]", value, "a finite number")

    @property
    def day(self) -> date:
        """The runner's own day on which the session began."""
        return local_day(self.utc_start_ns, self.utc_offset_minutes)


@dataclass(frozen=True, slots=True)
class RunBaseline:
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
        Kind of sensor (:func:`~pipelines.runner.journal.run_baseline.sensor_kind`).
    identifier : int, optional
        The journal's number.
    """

    TABLE: ClassVar[str] = "run_baselines"

    session_id: int
    baseline: str
    surface: str = ""
    sensor: str = ""
    identifier: int | None = None

    def __post_init__(self) -> None:
        _check_text("baseline", self.baseline, _LONGEST_BASELINE)
        for name in ("surface", "sensor"):
            _check_text(name, getattr(self, name), _LONGEST_TEXT)


@dataclass(frozen=True, slots=True)
class Pain:
    """Pain as the runner rates it.

    Attributes
    ----------
    utc_ns : int
        When it was noted, ns since 1970.
    level : int
        0 (none) to 10 (the worst one can think of).
    when : {"before", "during", "after", "24h", "48h", "other"}
        In relation to a session.
    session_id : int, optional
        The session; None for "other".
    place, quality, activity : str
        Where, how it feels, and what it came with.
    utc_offset_minutes, identifier
        As in :class:`Session`.
    """

    TABLE: ClassVar[str] = "pains"

    utc_ns: int
    level: int
    when: PainMoment = "other"
    session_id: int | None = None
    place: str = ""
    quality: str = ""
    activity: str = ""
    utc_offset_minutes: int = 0
    identifier: int | None = None

    def __post_init__(self) -> None:
        _check_time(self.utc_ns, self.utc_offset_minutes)
        if isinstance(self.level, bool) or self.level not in range(11):
            raise ParameterError("level", self.level, "a whole number from 0 to 10")
        _check_choice("when", self.when, get_args(PainMoment))
        if self.when != "other" and self.session_id is None:
            raise ParameterError("session_id", self.session_id, f"the session for {self.when!r}")
        for name in ("place", "quality", "activity"):
            _check_text(name, getattr(self, name), _LONGEST_TEXT)

    @property
    def day(self) -> date:
        """The runner's own day."""
        return local_day(self.utc_ns, self.utc_offset_minutes)


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

    name: str
    bought: date | None = None
    start_km: float = 0.0
    retired: date | None = None
    identifier: int | None = None

    def __post_init__(self) -> None:
        _check_text("name", self.name, 100)
        if not self.name.strip():
            raise ParameterError("name", self.name, "a name for the shoe")
        _check_range("start_km", self.start_km, 0.0, 50_000.0, "a distance from 0 km")
        if self.bought and self.retired and self.retired < self.bought:
            raise ParameterError("retired", str(self.retired), "a day after it was bought")


@dataclass(frozen=True, slots=True)
class Exercise:
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

    utc_ns: int
    kind: ExerciseKind
    minutes: float
    note: str = ""
    utc_offset_minutes: int = 0
    identifier: int | None = None

    def __post_init__(self) -> None:
        _check_time(self.utc_ns, self.utc_offset_minutes)
        _check_choice("kind", self.kind, get_args(ExerciseKind))
        _check_range("minutes", self.minutes, 1e-9, 1440.0, "a number of minutes up to 1440")
        _check_text("note", self.note, _LONGEST_TEXT)

    @property
    def day(self) -> date:
        """The runner's own day."""
        return local_day(self.utc_ns, self.utc_offset_minutes)


@dataclass(frozen=True, slots=True)
class Questionnaire:
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

    utc_ns: int
    answers: Mapping[str, bool]
    cleared: bool = False
    utc_offset_minutes: int = 0
    identifier: int | None = None

    def __post_init__(self) -> None:
        _check_time(self.utc_ns, self.utc_offset_minutes)
        if not self.answers or not all(isinstance(a, bool) for a in self.answers.values()):
            raise ParameterError("answers", dict(self.answers), "yes or no to each question")

    @property
    def day(self) -> date:
        """The runner's own day."""
        return local_day(self.utc_ns, self.utc_offset_minutes)


@dataclass(frozen=True, slots=True)
class Settings:
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
    """

    height_m: float | None = None
    mass_kg: float | None = None
    units: Units = "metric"
    weekly_ceiling_m: float | None = None
    strength_days: int = 2
    stretches_per_day: int = 2
    return_since_ns: int | None = None
    rest_days: int = 7

    def __post_init__(self) -> None:
        if self.height_m is not None:
            _check_range("height_m", self.height_m, 1.0, 2.5, "a height from 1.0 to 2.5 m")
        if self.mass_kg is not None:
            _check_range("mass_kg", self.mass_kg, 20.0, 250.0, "a mass from 20 to 250 kg")
        _check_choice("units", self.units, UNITS)
        if self.weekly_ceiling_m is not None:
            _check_range(
                "weekly_ceiling_m", self.weekly_ceiling_m, 1.0, 1e6, "a distance up to 1000 km"
            )
        _check_range("strength_days", self.strength_days, 1, 4, "a number of days from 1 to 4")
        _check_range("stretches_per_day", self.stretches_per_day, 0, 6, "a number from 0 to 6")
        _check_range("rest_days", self.rest_days, 0, 60, "a number of days from 0 to 60")
        if self.return_since_ns is not None:
            _check_time(self.return_since_ns, 0)


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


def _check_time(utc_ns: int, utc_offset_minutes: int) -> None:
    if not _FIRST_NS <= utc_ns <= _LAST_NS:
        raise ParameterError("the time", f"{utc_ns} ns since 1970", "a time from 1980 to 2200")
    _check_range("utc_offset_minutes", utc_offset_minutes, -1440, 1440, "minutes within a day")


def _check_range(name: str, value: float, low: float, high: float, accepted: str) -> None:
    if not low <= value <= high:  # refuses NaN too
        raise ParameterError(name, value, accepted)


def _check_optional(name: str, value: float | None, high: float, accepted: str) -> None:
    if value is not None:
        _check_range(name, value, 0.0, high, accepted)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ParameterError(name, value, "one of " + ", ".join(filter(None, choices)))


def _check_text(name: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise ParameterError(name, f"{value[:20]}…", f"at most {longest} characters")
    if value.isprintable():
        return
    # control characters and halves of characters; joiners inside an emoji are welcome
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in value):
        raise ParameterError(name, value[:40], "one line of printable text")
