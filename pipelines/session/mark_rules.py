"""What a mark does to a session: neutral, a moved sensor, pauses, pace, surface, pain, red flags.

Marks are part of the log, and time is that of the latest sample before them, so a replay does the
same at the same place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from msgspec.structs import asdict

from imu.analyzer import StepAnalyzer
from imu.drift.detector import DriftDetector
from imu.errors import ParameterError
from pipelines.coaching.budget import CueBudget
from pipelines.coaching.coach import Coach
from pipelines.coaching.companion import Companion, red_flags_before
from pipelines.coaching.training.red_flags import RedFlagState, judge_marked
from pipelines.coaching.training.traffic_light import Moment, Rated, asks_questions, judge_pain
from pipelines.session import facts, marks
from pipelines.session.facts import Fact, NeutralTrouble
from pipelines.session.felt_pain import Felt, moment_of
from pipelines.session.lean import LeanReference
from pipelines.session.marks import Mark, one_line
from pipelines.session.pace import Pace
from pipelines.session.pauses import Pauses
from pipelines.session.progress import SessionProgress
from pipelines.session.standing import LatestSamples


@dataclass(slots=True)
class MarkRules:
    """Carries out the marks of one session, on the parts of its fold.

    Attributes
    ----------
    surface : str
        Marked last; empty where none was.
    surface_before : str
        The surface of an earlier session that this one goes on from: no new one when it is said
        again.
    felt : Felt
        Pain around this run up to now.
    """

    _analyzer: StepAnalyzer
    _drift: DriftDetector
    _coach: Coach
    _companion: Companion | None
    _budget: CueBudget
    _lean: LeanReference
    _latest: LatestSamples
    _pace: Pace
    _pauses: Pauses
    _progress: SessionProgress
    surface: str = ""
    surface_before: str = ""
    _flags: RedFlagState = field(init=False)
    felt: Felt = field(default_factory=Felt)

    def __post_init__(self) -> None:
        self._flags = red_flags_before(None if self._companion is None else self._companion.plan)

    def take(self, mark: Mark) -> list[Fact]:
        """Carry out a mark; returns the facts that it makes."""
        now_s = self._latest.now_s
        match mark:
            case marks.Surface():
                self._take_surface(mark.name)
                return [facts.SurfaceKnown(now_s, mark.name)]
            case marks.Shoe():
                return [facts.ShoeKnown(now_s, mark.name)]
            case marks.Speed():
                return self._take_pace(self._pace.take_speed, mark.speed_m_s)
            case marks.Slope():
                return self._take_pace(self._pace.take_slope, mark.slope_deg)
            case marks.Distance():
                self._progress.take_distance(mark.distance_m, now_s)
                return [facts.DistanceKnown(now_s, mark.distance_m, "stated")]
            case marks.Pain():
                reported = facts.PainReported(now_s, **asdict(mark))
                return [reported, self._judge_pain(mark)]
            case marks.Neutral():
                return self._take_neutral()
            case marks.Reseat():
                return self._reseat()
            case marks.Pause():
                return self._pause(paused=True)
            case marks.Resume():
                return self._pause(paused=False)
            case marks.RedFlags():
                return self._take_flags(mark)
            case marks.Told():  # the coach is silent for a while after it
                self._budget.cue_told(now_s)
            case marks.Coaching():
                self._flags = RedFlagState(mark.stopped)
                self._coach.advises = not mark.stopped and self._suggests
            case marks.Unknown():
                return self._take_unknown(mark)
        return []

    def _judge_pain(self, mark: marks.Pain) -> Fact:
        """The traffic light; the companion and the coach suggest nothing while pain is high."""
        now_s = self._latest.now_s
        moment: Moment = mark.moment or self._moment()
        warned = self._flags.stopped or self._flags.eased
        felt = self.felt
        judged = judge_pain(mark.level, felt.ratings, moment, stopped=felt.stopped, warned=warned)
        stops = moment == "during" and judged.light == "stop" and not warned
        asks = not felt.asked and asks_questions(mark.level, mark.place, mark.feeling, mark.beside)
        self.felt = Felt(
            (*felt.ratings, Rated(mark.level, moment)), felt.asked or asks, felt.stopped or stops
        )
        if self._companion is not None:
            self._companion.feel(now_s, judged, asks=asks)
        self._coach.advises = judged.light == "go" and self._suggests
        holds = not self._coach.advises
        return facts.PainJudged(now_s, asks=asks, holds=holds, **judged._asdict())

    @property
    def _suggests(self) -> bool:
        """Whether training is suggested, as far as the companion knows."""
        if self._companion is None:
            return not (self._flags.stopped or self._flags.eased)
        return self._companion.suggests

    def _moment(self) -> Moment:
        """By the time of the mark, as :func:`~pipelines.session.felt_pain.moment_of` has it."""
        return moment_of(self._latest.now_s, *self._progress.ran)

    def _take_surface(self, name: str) -> None:
        if name != one_line(self.surface_before):
            self._drift.mark("surface")
        self.surface, self.surface_before = name, ""

    def _take_pace(
        self, take: Callable[[float | None, float], bool], value: float | None
    ) -> list[Fact]:
        """A speed or a slope, which counts from the start where no sample has come."""
        latest = self._latest
        take(value, latest.now_s if latest.any else -math.inf)
        return [self._pace.fact(latest.now_s)]

    def _take_unknown(self, mark: marks.Unknown) -> list[Fact]:
        """What was known of a pace holds no more when its mark cannot be read."""
        found: list[Fact] = [facts.MarkUnreadable(self._latest.now_s, mark.name, mark.value)]
        if mark.name == "speed":
            found += self._take_pace(self._pace.take_speed, None)
        elif mark.name == "slope":
            found += self._take_pace(self._pace.take_slope, None)
        return found

    def _pause(self, *, paused: bool) -> list[Fact]:
        now_s = self._latest.now_s
        if self._companion is not None:
            self._companion.pause(paused=paused)
        if paused:
            self._pauses.begin(now_s)
            return [facts.Paused(now_s)]
        self._pauses.end(now_s)
        return [facts.Resumed(now_s)]

    def _take_flags(self, mark: marks.RedFlags) -> list[Fact]:
        """While a red flag stands, changes are told without anything to try."""
        self._flags = judge_marked(self._flags, mark.answers, cleared=mark.cleared)
        if self._companion is not None:
            self._companion.answer(self._flags)
        self._coach.advises = self._suggests
        return [
            facts.FlagsAnswered(
                self._latest.now_s,
                mark.answers,
                mark.cleared,
                self._flags.stopped,
                self._flags.eased,
            )
        ]

    def _reseat(self) -> list[Fact]:
        searching = self._analyzer.mounting is None
        self._analyzer.reseat()
        self._lean.reseat()
        searching = searching or self._analyzer.mounting is None
        moved = facts.SensorMoved(self._latest.now_s, searching)
        return [moved, *self._learn_anew("moved")]

    def _take_neutral(self) -> list[Fact]:
        now_s = self._latest.now_s
        force = self._latest.standing()
        if isinstance(force, np.ndarray) and self._analyzer.gait != "still":
            force = "moving"
        if isinstance(force, np.ndarray):
            try:
                self._analyzer.take_neutral(force)
            except ParameterError:
                force = "turned away"
            else:
                self._lean.take_neutral()
                return [facts.NeutralTaken(now_s), *self._learn_anew("neutral")]
        trouble: NeutralTrouble = force
        return [facts.NeutralRefused(now_s, trouble)]

    def _learn_anew(self, reason: facts.GivenUp) -> list[Fact]:
        """What this run has taught is gone; before the first step that is nothing.

        A baseline of earlier runs then stays: it is a standing neutral that makes it comparable.
        """
        if not self._drift.running_s > 0.0:
            return []
        self._drift.mark("reseat")
        was = self._drift.given_up
        if was is None:
            return []
        return [facts.BaselineGivenUp.of(self._latest.now_s, reason, was)]
