"""The companion of a run: the training rules, told seldom, beside the analysis.

Red flags come before anything else: while they stop coaching, their one sentence is all that is
said. While pain is high, or questions about it have no answer, no training is suggested.
Alerts of the coach go first; what else there is to tell shares their budget, save for the
instructions of a run/walk plan. The companion is a part of the fold: its cues follow from the log
and the header alone, so replay finds the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple, Protocol, cast

import msgspec

from imu.steps import NO_STEPS, Steps
from pipelines.coaching.budget import CueBudget, is_told_at_once
from pipelines.coaching.intensity import RunningIntensity
from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.bends import BendState, advance_bend
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.effort import Effort, effort_of
from pipelines.coaching.training.intervals import Phase, RunWalkPlan, interval_cues, phase_at
from pipelines.coaching.training.red_flags import RedFlagState, reason_words
from pipelines.coaching.training.return_to_run import ReturnState, ceiling_cue, stage_cue
from pipelines.coaching.training.single_session import advance_session
from pipelines.coaching.training.traffic_light import Judged
from pipelines.coaching.training.warm_up import (
    CoolDown,
    Moment,
    WarmUpState,
    advance_warm_up,
    cool_down_of,
)
from pipelines.coaching.training.weekly import advance_week

Gait = Literal["still", "walk", "run"]

_NOTHING: Final[tuple[Cue, ...]] = ()
#: The rules look once a second.
_TICK_S: Final = 1.0
#: A longer silence is a lost link: what the runner did in it is not known.
_LONGEST_TICK_S: Final = 5.0
#: Running above a stage's ceiling in a row before it is told, and the time until it is told again.
_CEILING_PATIENCE_S: Final = 20.0
_CEILING_AGAIN_S: Final = 300.0
#: Running in a row, while the plan says to walk, before it is told, once an interval.
_WALK_PATIENCE_S: Final = 15.0
#: Pain that was to be changed by something is asked for again after this time, s.
_PAIN_AGAIN_S: Final = 300.0
#: After a longer break the body is cold again, s (this program's choice).
_STILL_WARM_S: Final = 900.0
#: How long a cue that has to wait is worth telling, s; most important first.
_WORTH_S: Final = {"ceiling": 5.0, "warm_up": 60.0, "cool_down": 60.0, "opening": 600.0}


class Ending(NamedTuple):
    """What the companion knows of a session at its end; told in ``facts.Ended``."""

    warm_up_s: float | None = None
    before_warm_up_m: float | None = None
    cool_down: CoolDown | None = None
    bends: tuple[int, int] | None = None


class RunSoFar(msgspec.Struct, frozen=True):
    """What a companion knows of a run that stops, for the session that goes on with it.

    Attributes
    ----------
    warm_up : WarmUpState
        How far the warm-up is.
    plan_s : float
        Time in the run/walk plan, s.
    told : tuple of str
        Limits of the single session that were told.
    held, unanswered : bool
        Whether pain, or questions without an answer, keep training from being suggested.
    """

    warm_up: WarmUpState = WarmUpState()
    plan_s: float = 0.0
    told: tuple[str, ...] = ()
    held: bool = False
    unanswered: bool = False


class Covered(Protocol):
    """How far a session is."""

    @property
    def distance_m(self) -> float | None:
        """Covered so far, m; None while nothing is known of it."""
        ...

    @property
    def dose_easy_km(self) -> float | None:
        """Equivalent easy kilometres so far; None while not known."""
        ...


class Companion:
    """Takes a run as it goes on and gives cues.

    Parameters
    ----------
    plan : CompanionPlan
        Everything that influences it besides the log.
    budget : CueBudget
        How often the runner is told anything; shared with the coach.
    covered : Covered
        Distance and dose so far; to be told of steps before :meth:`advance`.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> begun = SimpleNamespace(distance_m=None, dose_easy_km=None)
    >>> companion = Companion(CompanionPlan(stopped="red_flags.urgent"), CueBudget(), begun)
    >>> [cue.text_id for cue in companion.advance(0.0, "still")]
    ['red_flags.urgent']
    >>> companion.advance(60.0, "run")
    ()
    """

    def __init__(self, plan: CompanionPlan, budget: CueBudget, covered: Covered) -> None:
        self._plan, self._budget, self._covered = plan, budget, covered
        self._intensity = RunningIntensity(plan.usual)
        self._flags = red_flags_before(plan)
        self._flags_told = False
        self._held = plan.held is not None
        self._unanswered = plan.held is not None and plan.held.unanswered
        self._ask_pain_s = math.inf
        self._paused = False
        self._asked = False
        self._moments: list[Moment] = []
        self._last_s: float | None = None
        self._next_s = -math.inf
        self._moved = False
        self._gait: Gait = "still"
        self._plan_s = 0.0
        self._still_running_s = 0.0
        self._week_told: frozenset[str] = frozenset()
        self._turn_deg: float | None = None
        self._bend = BendState()
        self._warm_up = WarmUpState()
        self._session_told: frozenset[str] = frozenset()
        self._told_distance_m = 0.0
        self._over_s = 0.0
        self._ceiling_told_s = -math.inf
        self._waiting: dict[str, tuple[Cue, float]] = {}

    @property
    def plan(self) -> CompanionPlan:
        """The plan, frozen."""
        return self._plan

    @property
    def stopped(self) -> bool:
        """Whether red flags have stopped coaching."""
        return self._flags.stopped

    @property
    def suggests(self) -> bool:
        """Whether training is suggested: no red flag, and no pain that speaks against it."""
        return not (self._flags.stopped or self._flags.eased or self._held or self._unanswered)

    @property
    def warm_up(self) -> WarmUpState:
        """How far the warm-up is."""
        return self._warm_up

    @property
    def phase(self) -> Phase | None:
        """Where the run/walk plan stands; None without one, and while nothing is suggested."""
        if self._plan.intervals is None or not self.suggests:
            return None
        return phase_at(self._plan.intervals, self._plan_s)

    @property
    def so_far(self) -> RunSoFar:
        """What a session that goes on from this one begins with."""
        return RunSoFar(
            self._warm_up,
            self._plan_s,
            tuple(sorted(self._session_told)),
            self._held,
            self._unanswered,
        )

    def go_on_from(self, before: RunSoFar, gap_s: float) -> None:
        """Begin in the middle of a run that an earlier session began, that long after its end."""
        self._session_told = frozenset(before.told)
        self._plan_s, self._moved = before.plan_s, before.plan_s > 0.0
        self._held = self._held or before.held
        self._unanswered = self._unanswered or before.unanswered
        if gap_s <= _STILL_WARM_S:
            # what was run too hard then is told of that session
            self._warm_up = replace(before.warm_up, hard_before_s=0.0, hard_before_m=0.0)

    def effort(self, heart_rate_bpm: float | None = None) -> Effort | None:
        """How hard it is now; None where nothing tells it, as while nobody runs."""
        known = self._plan.usual is not None and self._gait == "run"
        return effort_of(
            self._intensity.value if known else None,
            heart_rate_bpm,
            self._plan.highest_heart_rate_bpm,
        )

    def pause(self, *, paused: bool) -> None:
        """Say nothing for a while, or again."""
        self._paused = paused

    def answer(self, flags: RedFlagState) -> None:
        """The questions about red flags were answered; told at the next :meth:`advance`."""
        self._flags, self._asked, self._unanswered = flags, True, False
        self._flags_told = self._flags_told and flags.stopped

    def feel(self, time_s: float, judged: Judged, *, asks: bool) -> None:
        """Pain was rated, which is told elsewhere: what is suggested depends on the latest."""
        self._held = judged.light != "go"
        self._unanswered = self._unanswered or asks
        again = judged.light == "change" and judged.moment != "after"
        self._ask_pain_s = time_s + _PAIN_AGAIN_S if again else math.inf
        if not self.suggests:
            self._waiting.clear()

    def advance(
        self, time_s: float, gait: str, steps: Steps = NO_STEPS, *, turn_deg: float | None = None
    ) -> Sequence[Cue]:
        """Go on to a time; returns what to tell now, the weightiest first.

        Called with every record of the log. Between two seconds, and with nothing new, it costs
        less than a microsecond.

        Parameters
        ----------
        time_s : float
            Session time of the latest sample, s; time that goes back counts as no time.
        gait : {"still", "walk", "run"}
            Now, as :attr:`imu.analyzer.StepAnalyzer.activity` has it.
        steps : Steps
            Finished since the call before.
        turn_deg : float, optional
            How far the heading turned since the call before, degrees; only where the plan walks
            the bends (:func:`pipelines.coaching.training.bends.heading_turn_deg`).
        """
        if turn_deg is not None:
            self._turn_deg = turn_deg + (self._turn_deg or 0.0)
        if time_s < self._next_s and not self._asked and not len(steps):
            return _NOTHING
        self._asked = False
        if len(steps):
            self._intensity.take_steps(steps)
        cues = self._tick(time_s, cast(Gait, gait)) if time_s >= self._next_s else []
        if self._flags.stopped or self._flags.eased:
            return self._stop(time_s)
        return cues or _NOTHING

    def ending(self) -> Ending:
        """What is known at the end of the session."""
        known = self._plan.usual is not None
        with_distance = known and self._covered.distance_m is not None
        return Ending(
            self._warm_up.easy_s if known else None,
            self._warm_up.hard_before_m if with_distance else None,
            cool_down_of(self._moments, self._plan.warm_up),
            (self._bend.left, self._bend.right) if self._plan.walk_bends else None,
        )

    def _stop(self, time_s: float) -> Sequence[Cue]:
        self._waiting.clear()
        if self._flags_told or self._flags.cue is None:
            return _NOTHING
        self._flags_told = True
        return [replace(self._flags.cue, time_s=time_s)]

    # ---------------------------------------------------------------------------------- time

    def _tick(self, time_s: float, gait: Gait) -> list[Cue]:
        self._next_s = time_s + _TICK_S
        self._gait = gait
        last_s, self._last_s = self._last_s, time_s
        if last_s is None:
            return self._start(time_s)
        duration_s = time_s - last_s
        turn_deg, self._turn_deg = self._turn_deg, None
        if self._paused or not duration_s > 0.0:
            return []
        if duration_s > _LONGEST_TICK_S:
            self._bend = self._bend.without_rate()
            self._over_s = self._still_running_s = 0.0
        else:
            self._take_moment(time_s, duration_s, gait)
            self._take_ceiling(time_s, duration_s, gait)
        cues = self._take_limits(time_s)
        cues += self._interval_cue(time_s, duration_s, gait)
        if self._plan.walk_bends and turn_deg is not None and duration_s <= _LONGEST_TICK_S:
            self._bend, bend = advance_bend(self._bend, time_s, duration_s, turn_deg, gait)
            cues += [] if bend is None else [bend]
        if not self.suggests:
            return self._ask_pain(time_s)
        return cues + self._weightiest(time_s)

    def _start(self, time_s: float) -> list[Cue]:
        plan = self._plan
        if not self.suggests:
            return [] if plan.held is None else [plan.held.cue(time_s)]
        if plan.rest_day is not None:
            numbers = {"day": float(plan.rest_day), "days": float(plan.rest_days)}
            self._wait("opening", Cue("return.rest", numbers, time_s))
        elif plan.return_stage is not None:
            cue = stage_cue(ReturnState(plan.return_stage))
            self._wait("opening", replace(cue, time_s=time_s))
        cues = self._take_limits(time_s)
        if plan.intervals is not None:
            cues += self._phase_now(plan.intervals)
        return [replace(cue, time_s=time_s) for cue in cues] + self._weightiest(time_s)

    def _ask_pain(self, time_s: float) -> list[Cue]:
        if time_s < self._ask_pain_s:
            return []
        self._ask_pain_s = math.inf
        return [Cue("pain.again", {}, time_s)]

    # --------------------------------------------------------------------------------- rules

    def _take_moment(self, time_s: float, duration_s: float, gait: Gait) -> None:
        """Warm-up and cool-down."""
        intensity = self._intensity.value
        if gait == "run" and intensity is None:
            return  # the first steps are not finished yet
        now_m = self._covered.distance_m or 0.0
        covered_m, self._told_distance_m = now_m - self._told_distance_m, now_m
        moment = Moment(
            time_s, duration_s, gait, 1.0 if intensity is None else intensity, max(0.0, covered_m)
        )
        self._moments.append(moment)
        self._warm_up, cue = advance_warm_up(self._warm_up, moment, self._plan.warm_up)
        # what is not true any more is not told: eased off, or walking already
        if self._warm_up.hard_streak_s == 0.0:
            self._forget("warm_up.ease")
        if gait != "still":
            self._forget("cool_down.walk")
        if cue is not None and cue.text_id == "cool_down.walk":
            self._wait("cool_down", cue)
        elif cue is not None and self._warm_up_is_told(cue):
            self._wait("warm_up", cue)

    def _warm_up_is_told(self, cue: Cue) -> bool:
        """One cue a session, and only where usual is known; a run/walk plan has its own walk."""
        if self._plan.usual is None or self._plan.intervals is not None:
            return False
        return cue.text_id == "warm_up.ease" or not self._warm_up.asked

    def _take_ceiling(self, time_s: float, duration_s: float, gait: Gait) -> None:
        stage, intensity = self._plan.return_stage, self._intensity.value
        if stage is None or self._plan.usual is None or intensity is None or gait != "run":
            self._over_s = 0.0
            return
        cue = ceiling_cue(stage, intensity, time_s)
        self._over_s = 0.0 if cue is None else self._over_s + duration_s
        again = time_s - self._ceiling_told_s >= _CEILING_AGAIN_S
        if cue is not None and self._over_s >= _CEILING_PATIENCE_S and again:
            self._wait("ceiling", cue)

    def _take_limits(self, time_s: float) -> list[Cue]:
        """The longest session and the week's ceiling, told when they are reached."""
        plan, covered = self._plan, self._covered
        cues: list[Cue] = []
        if plan.longest is not None:
            self._session_told, cues = advance_session(
                self._session_told,
                plan.longest,
                time_s,
                distance_m=covered.distance_m,
                dose_easy_km=covered.dose_easy_km,
                units=plan.units,
                today=plan.today,
            )
        if plan.week is not None:
            self._week_told, reached = advance_week(
                self._week_told, plan.week, time_s, covered.distance_m, plan.units
            )
            cues += [] if reached is None else [reached]
        at_once = [cue for cue in cues if is_told_at_once(cue)] if self.suggests else []
        for cue in cues:
            if not is_told_at_once(cue):
                self._wait("opening", cue)
        if at_once:
            self._budget.cue_told(time_s)
        return at_once

    def _interval_cue(self, time_s: float, duration_s: float, gait: Gait) -> list[Cue]:
        plan = self._plan.intervals
        if plan is None or not (self._moved or gait != "still"):
            return []
        self._moved = True  # the plan begins with the first movement
        before_s, self._plan_s = self._plan_s, self._plan_s + duration_s
        phase = phase_at(plan, before_s)
        if phase.remaining_s > duration_s:
            return self._walk_cue(time_s, duration_s, phase, gait)
        self._still_running_s = 0.0
        # after a lost link only what holds now
        return [replace(cue, time_s=time_s) for cue in interval_cues(plan, before_s, self._plan_s)][
            -1:
        ]

    def _phase_now(self, plan: RunWalkPlan) -> list[Cue]:
        """What to do as the session begins, for as long as is left of it."""
        now = interval_cues(plan, -1.0, self._plan_s)[-1:]
        if self._plan_s > 0.0:
            left_s = phase_at(plan, self._plan_s).remaining_s
            now = [replace(cue, numbers=dict.fromkeys(cue.numbers, left_s)) for cue in now]
        return now

    def _walk_cue(self, time_s: float, duration_s: float, phase: Phase, gait: Gait) -> list[Cue]:
        """Say once an interval that it is for walking; who walks through a jog is left alone."""
        if phase.kind not in {"walk", "warm_up"} or gait != "run":
            self._still_running_s = min(self._still_running_s, 0.0)
            return []
        before_s, self._still_running_s = self._still_running_s, self._still_running_s + duration_s
        if not before_s < _WALK_PATIENCE_S <= self._still_running_s:
            return []
        self._still_running_s = -math.inf
        return [Cue("intervals.still_running", {}, time_s)]

    # --------------------------------------------------------------------------------- telling

    def _wait(self, family: str, cue: Cue) -> None:
        if not self.suggests:
            return
        self._waiting[family] = (cue, cue.time_s + _WORTH_S[family])

    def _forget(self, text_id: str) -> None:
        for family, (cue, _) in list(self._waiting.items()):
            if cue.text_id == text_id:
                del self._waiting[family]

    def _weightiest(self, time_s: float) -> list[Cue]:
        """The most important cue that waits, when the budget has room for it."""
        if not self._waiting or self._flags.stopped:
            return []
        for family in _WORTH_S:
            if family in self._waiting and time_s > self._waiting[family][1]:
                del self._waiting[family]
        if not self._waiting or not self._budget.is_free(time_s):
            return []
        family = next(name for name in _WORTH_S if name in self._waiting)
        cue, _ = self._waiting.pop(family)
        self._budget.cue_told(time_s)
        if family == "ceiling":
            self._ceiling_told_s = time_s
        return [replace(cue, time_s=time_s)]


def red_flags_before(plan: CompanionPlan | None) -> RedFlagState:
    """What the questions about red flags had come to before the run."""
    if plan is None:
        return RedFlagState()
    if plan.eased:
        return RedFlagState(cue=Cue("red_flags.leg"), eased=True)
    if not plan.stopped:
        return RedFlagState()
    return RedFlagState(True, Cue(plan.stopped, {"reason": plan.because or reason_words(())}))
