"""The plan of a run: everything besides the log that decides what the companion tells.

It is made from the journal before the run and goes into the recording's header, so that nothing
hidden influences a session.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Final

from imu.errors import ParameterError
from imu.ranges import Checked, Within, check_ranges
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.intervals import RunWalkPlan
from pipelines.coaching.training.return_to_run import STAGES
from pipelines.coaching.training.single_session import LongestSession, TodaySoFar
from pipelines.coaching.training.traffic_light import CHANGE_FROM, STOP_FROM
from pipelines.coaching.training.warm_up import WarmUpParams
from pipelines.coaching.training.weekly import WeekSoFar
from pipelines.units import Units

if TYPE_CHECKING:
    from imu.drift.baseline import Baseline

#: What may stop coaching before the run.
_STOPS: Final = (
    "",
    "red_flags.stop",
    "red_flags.urgent",
    "red_flags.emergency",
    "red_flags.still_stopped",
)


@dataclass(frozen=True, slots=True)
class UsualIntensity(Checked):
    """What is usual for one runner.

    Attributes
    ----------
    peak_10hz_bw : float
        Mean of the indicator of this name, above 1 and at most 10.
    cadence_spm : float
        Steps a minute, 100 to 240.

    Examples
    --------
    >>> round(UsualIntensity(2.56, 165.5).relative(2.32, 158.0), 2)
    0.81
    """

    peak_10hz_bw: Annotated[float, Within(1.0, 10.0, above=True)]
    cadence_spm: Annotated[float, Within(100.0, 240.0, said="a cadence from 100 to 240")]

    def relative(self, peak_10hz_bw: float, cadence_spm: float) -> float:
        """Intensity of a step or a block: force above body weight, times steps a minute.

        On the simulated runner it follows the ratio of the speeds within 0.04 between 2.0 and
        3.3 m/s for a usual 3.0 m/s, and within 0.12 up to 5 m/s. It says nothing about two runners.
        """
        usual = (self.peak_10hz_bw - 1.0) * self.cadence_spm
        return max(0.0, (peak_10hz_bw - 1.0) * cadence_spm / usual)


@dataclass(frozen=True, slots=True)
class HeldBack(Checked):
    """Why no training is suggested until the runner has rated the pain, or answered.

    Attributes
    ----------
    level : int
        The latest rating, 0 to 10; below 4 where it is not the reason.
    ago : str
        How long before the run that was, in words.
    unanswered : bool
        Whether the questions about red flags are due.
    ratings_lost : bool
        Whether ratings may be missing since the journal was damaged, and none has followed.
    """

    level: Annotated[int, Within(0, 10)] = 0
    ago: str = ""
    unanswered: bool = False
    ratings_lost: bool = False

    @property
    def asks_too(self) -> bool:
        """Whether questions are due beside the pain that is the reason."""
        return self.unanswered and self.level >= CHANGE_FROM

    def cue(self, time_s: float = 0.0) -> Cue:
        """The reason that weighs most, in a sentence."""
        if self.level >= CHANGE_FROM:
            kind = "pain.held" if self.level >= STOP_FROM else "pain.held_easy"
            return Cue(kind, {"level": self.level, "ago": self.ago}, time_s)
        return Cue("pain.unanswered" if self.unanswered else "pain.ratings_lost", {}, time_s)


@dataclass(frozen=True, slots=True)
class CompanionPlan:
    """Parameters of :class:`~pipelines.coaching.companion.Companion`.

    Attributes
    ----------
    stopped : str
        Name of the text that stopped coaching before the run (red flags); empty: coaching is on.
    because : str
        The answer that did, in words.
    eased : bool
        Whether red flags keep training from being suggested.
    held : HeldBack, optional
        Pain, or questions without an answer, that do.
    units : {"metric", "imperial"}
        Of the sentences.
    usual : UsualIntensity, optional
        None: warm-up, ceiling and metronome have nothing to go by and are silent.
    longest : LongestSession, optional
        Of the last 30 days; None: not known whether there was any, and nothing is told of it.
    today : TodaySoFar
        What was run on this day before.
    week : WeekSoFar, optional
        Distance of the week and its ceiling; None without a ceiling.
    highest_heart_rate_bpm : float, optional
        The runner's own, for the reading of a strap; None where nobody has said it.
    intervals : RunWalkPlan, optional
        Run and walk in turn.
    walk_bends : bool
        Run the straights, walk the bends.
    return_stage : int, optional
        Index of :data:`pipelines.coaching.training.return_to_run.STAGES`; None without such a plan.
    rest_day : int, optional
        Which day of rest this would be, from 1.
    rest_days : int
        Days without running that the return begins with, 0 to 60.
    warm_up : WarmUpParams
        Limits of warm-up and cool-down.

    Raises
    ------
    ParameterError
        When a value is out of range.

    Examples
    --------
    >>> CompanionPlan(return_stage=3)
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: return_stage is 3: give a whole number from 0 to 2.
    """

    stopped: str = ""
    because: str = ""
    eased: bool = False
    held: HeldBack | None = None
    units: Units = "metric"
    usual: UsualIntensity | None = None
    longest: LongestSession | None = None
    today: TodaySoFar = field(default_factory=TodaySoFar)
    week: WeekSoFar | None = None
    highest_heart_rate_bpm: Annotated[float, Within(100.0, 240.0)] | None = None
    intervals: RunWalkPlan | None = None
    walk_bends: bool = False
    return_stage: Annotated[int, Within(0, len(STAGES) - 1)] | None = None
    rest_day: int | None = None
    rest_days: Annotated[int, Within(0, 60, "days")] = 7
    warm_up: WarmUpParams = field(default_factory=WarmUpParams)

    def __post_init__(self) -> None:
        check_ranges(self)
        if self.stopped not in _STOPS:
            raise ParameterError("stopped", self.stopped, "one of " + ", ".join(_STOPS[1:]))
        if self.rest_day is not None and self.rest_day not in range(1, self.rest_days + 1):
            raise ParameterError("rest_day", self.rest_day, "a day of the rest, from 1")


def plan_with_baseline(plan: CompanionPlan, baseline: Baseline) -> CompanionPlan:
    """The plan of a run that starts from a baseline of earlier runs."""
    return replace(plan, usual=usual_of(baseline) or plan.usual)


def usual_of(baseline: Baseline | None) -> UsualIntensity | None:
    """What a baseline of earlier easy runs says is usual."""
    if baseline is None:
        return None
    peak, cadence = baseline.of("peak_10hz_bw"), baseline.of("cadence_spm")
    if peak is None or cadence is None:
        return None
    return sensible(peak.mean, cadence.mean)


def sensible(peak_10hz_bw: float, cadence_spm: float) -> UsualIntensity | None:
    """None where the figures are not those of running, which then are better not used."""
    try:
        return UsualIntensity(peak_10hz_bw, cadence_spm)
    except ParameterError:
        return None
