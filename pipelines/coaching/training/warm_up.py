"""Warm-up and cool-down: found from the intensity, with one polite cue each.

A warm-up is 5–10 easy minutes, at no more than 80 % of the usual intensity (health articles 001,
002, 003); a cool-down is a last three minutes at no more than 80 % of the session's own, with at
least one of them walking, and no abrupt stop (health article 001).

Intensity is relative to the runner's usual (:class:`pipelines.coaching.plan.UsualIntensity`);
:data:`WALKING_INTENSITY` stands for walking, 0 for standing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue

#: What walking counts as: about 1.3 m/s of a usual 3 m/s.
WALKING_INTENSITY: Final = 0.4


@dataclass(frozen=True, slots=True)
class WarmUpParams(Checked):
    """Limits of the rules.

    Attributes
    ----------
    easy_intensity : float
        Most that still is easy, relative to usual (warm-up) or to the session (cool-down).
    warm_up_s : float
        Easy moving time that makes a warm-up, s: the 5 of the articles' 5–10 minutes.
    patience_s : float
        Harder running in a row before the cue, s.
    cool_down_s, walk_s : float
        Window at the end, s, and the walking in it, s.
    shortest_run_s : float
        Running that calls for a cool-down, s.
    still_s : float
        Standing in a row that counts as an abrupt stop, s.
    """

    easy_intensity: Annotated[float, Within(0.3, 1.0)] = 0.8
    warm_up_s: Annotated[float, Within(60.0, 1800.0, "s")] = 300.0
    patience_s: float = 30.0
    cool_down_s: Annotated[float, Within(60.0, 1800.0, "s")] = 180.0
    walk_s: float = 60.0
    shortest_run_s: float = 600.0
    still_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Moment:
    """A stretch of a session, usually one second; stretches follow one another.

    Attributes
    ----------
    time_s : float
        Its end, session time, s.
    duration_s : float
        Its length, s.
    gait : {"still", "walk", "run"}
        What the runner does.
    intensity : float
        Relative to usual: of running; walking and standing are filled in.
    distance_m : float
        Covered in it, m, 0 where unknown.
    """

    time_s: float
    duration_s: float
    gait: Literal["still", "walk", "run"]
    intensity: float = 1.0
    distance_m: float = 0.0

    @property
    def effort(self) -> float:
        """Relative intensity of whatever is done."""
        if self.gait == "run":
            return self.intensity
        return WALKING_INTENSITY if self.gait == "walk" else 0.0


@dataclass(frozen=True, slots=True)
class WarmUpState:
    """Where the session stands; the first state is ``WarmUpState()``.

    Attributes
    ----------
    easy_s : float
        Easy moving time so far, s, up to the warm-up's end.
    hard_before_s, hard_before_m : float
        Harder running before the warm-up was done, s and m.
    done : bool
        Whether the warm-up is complete.
    asked : bool
        Whether the cue to ease off has been given: once a session.
    hard_streak_s, still_streak_s : float
        Harder running, and standing, in a row, s.
    running_s : float
        Running in this session, s.
    walked_last_s : float
        Walking since the latest running, s.
    asked_to_walk : bool
        Whether the cue to walk has been given: once a session.
    """

    easy_s: float = 0.0
    hard_before_s: float = 0.0
    hard_before_m: float = 0.0
    done: bool = False
    asked: bool = False
    hard_streak_s: float = 0.0
    still_streak_s: float = 0.0
    running_s: float = 0.0
    walked_last_s: float = 0.0
    asked_to_walk: bool = False


@dataclass(frozen=True, slots=True)
class CoolDown:
    """How a session ended.

    Attributes
    ----------
    done : bool
        Whether both conditions hold.
    relative_intensity : float
        Of the last minutes, relative to the session before them.
    walk_s : float
        Walking in them, s.
    easy_s : float
        Time at the end without running above the easy limit, s.
    """

    done: bool
    relative_intensity: float
    walk_s: float
    easy_s: float

    @property
    def cue(self) -> Cue:
        """What to tell after the session."""
        return Cue("cool_down.done" if self.done else "cool_down.short")


def advance_warm_up(
    state: WarmUpState, moment: Moment, params: WarmUpParams | None = None
) -> tuple[WarmUpState, Cue | None]:
    """Take the next stretch; returns the new state and what to tell now, if anything.

    Running harder than easy for :attr:`WarmUpParams.patience_s` before the warm-up is done draws
    one cue a session; so does standing still after a run without a walk.
    """
    limits = params or WarmUpParams()
    hard = moment.gait == "run" and moment.intensity > limits.easy_intensity
    state = _count(state, moment, hard=hard)
    if not state.done:
        if hard:
            state = replace(
                state,
                hard_before_s=state.hard_before_s + moment.duration_s,
                hard_before_m=state.hard_before_m + moment.distance_m,
            )
            if not state.asked and state.hard_streak_s >= limits.patience_s:
                minutes = math.ceil((limits.warm_up_s - state.easy_s) / 60.0)
                return replace(state, asked=True), Cue(
                    "warm_up.ease", {"minutes": minutes}, moment.time_s
                )
        elif moment.gait != "still":
            state = replace(state, easy_s=state.easy_s + moment.duration_s)
            if state.easy_s >= limits.warm_up_s:
                return replace(state, done=True), Cue(
                    "warm_up.done", {"minutes": state.easy_s / 60.0}, moment.time_s
                )
    if (
        not state.asked_to_walk
        and state.running_s >= limits.shortest_run_s
        and state.still_streak_s >= limits.still_s
        and state.walked_last_s < limits.walk_s
    ):
        return replace(state, asked_to_walk=True), Cue("cool_down.walk", {}, moment.time_s)
    return state, None


def cool_down_of(moments: list[Moment], params: WarmUpParams | None = None) -> CoolDown | None:
    """How a finished session ended; None when it was too short to need a cool-down.

    Standing still at the very end is left out: the cool-down is what came before it.
    """
    limits = params or WarmUpParams()
    moving = list(moments)
    while moving and moving[-1].gait == "still":
        moving.pop()
    if sum(item.duration_s for item in moving if item.gait == "run") < limits.shortest_run_s:
        return None
    end_s = moving[-1].time_s
    last = [item for item in moving if item.time_s > end_s - limits.cool_down_s]
    before = moving[: len(moving) - len(last)]
    running = [item for item in before if item.gait == "run"]
    if not running:
        return None
    ratio = _mean_effort(last) / max(_mean_effort(running), 1e-9)
    walk_s = math.fsum(item.duration_s for item in last if item.gait == "walk")
    easy_s = 0.0
    limit = limits.easy_intensity * _mean_effort(running)
    for item in reversed(moving):
        if item.effort > limit:
            break
        easy_s += item.duration_s
    done = ratio <= limits.easy_intensity and walk_s >= limits.walk_s
    return CoolDown(done, ratio, walk_s, easy_s)


def _count(state: WarmUpState, moment: Moment, *, hard: bool) -> WarmUpState:
    running = moment.gait == "run"
    walked_s = state.walked_last_s + (moment.duration_s if moment.gait == "walk" else 0.0)
    return replace(
        state,
        hard_streak_s=state.hard_streak_s + moment.duration_s if hard else 0.0,
        still_streak_s=state.still_streak_s + moment.duration_s if moment.gait == "still" else 0.0,
        running_s=state.running_s + (moment.duration_s if running else 0.0),
        walked_last_s=0.0 if running else walked_s,
    )


def _mean_effort(moments: list[Moment]) -> float:
    total_s = sum(item.duration_s for item in moments)
    return sum(item.effort * item.duration_s for item in moments) / max(total_s, 1e-9)
