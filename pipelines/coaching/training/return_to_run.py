"""Return to running: rest for about a week, then treadmill, track, usual route.

Stages are those of health article 000; each is left upwards after two sessions in a row without
pain and downwards on pain. About a week off and easing back: health articles 003 and 004; not too
much rest: 001 and 004. The percentages are this program's rule of thumb.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.pain import RunPain
from pipelines.coaching.training.pain_moments import HOUR_NS

_GENTLE_AFTER_H: Final = 48.0


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of the plan.

    Attributes
    ----------
    name : str
        "treadmill", "track" or "usual".
    intensity_ceiling : float
        Most, relative to the runner's usual intensity.
    """

    name: str
    intensity_ceiling: float


#: In order.
STAGES: Final = (Stage("treadmill", 0.8), Stage("track", 0.8), Stage("usual", 0.9))

_SESSIONS_TO_ADVANCE: Final = 2


@dataclass(frozen=True, slots=True)
class ReturnState:
    """Where the plan stands; the first state is ``ReturnState()``.

    Attributes
    ----------
    stage : int
        Index of :data:`STAGES`; ``len(STAGES)`` when the return is complete.
    pain_free : int
        Sessions without pain in a row in this stage.
    """

    stage: int = 0
    pain_free: int = 0

    @property
    def finished(self) -> bool:
        """Whether the runner is back to usual."""
        return self.stage == len(STAGES)


def after_session(state: ReturnState, run: RunPain) -> tuple[ReturnState, Cue]:
    """Take a session with its ratings; returns the new state and what to tell.

    Pain goes back a stage at once (from the first: it starts anew); a session counts as free of
    pain only when that is known the day after; until then the state stays.
    """
    if run.pain_free is None:
        return state, Cue("return.waiting")
    if not run.pain_free:
        told = "return.went_back" if state.stage else "return.began_anew"
        return ReturnState(max(0, state.stage - 1)), Cue(told)
    if state.finished:
        return state, Cue("return.finished")
    state = replace(state, pain_free=state.pain_free + 1)
    if state.pain_free < _SESSIONS_TO_ADVANCE:
        return state, stage_cue(state)
    state = ReturnState(state.stage + 1)
    return state, Cue("return.finished" if state.finished else "return.advanced")


def state_of(runs: Iterable[RunPain]) -> ReturnState:
    """The state after all sessions since the plan began, the oldest first.

    Once the return is complete the plan is over, and later pain is a matter of the pain rules.

    Examples
    --------
    >>> state_of([RunPain(0, 0, 0), RunPain(0, 0, 0), RunPain(0, 2)])
    ReturnState(stage=0, pain_free=0)
    """
    return course_of(runs)[0]


def course_of(runs: Iterable[RunPain]) -> tuple[ReturnState, Cue | None]:
    """The same, and what the last session did to it; None before the first."""
    state, told = ReturnState(), None
    for run in runs:
        if state.finished:
            break
        state, told = after_session(state, run)
    return state, told


def runs_to_finish(runs: Sequence[RunPain]) -> int:
    """How many sessions it took until the return was complete; all where it is not."""
    counts = range(len(runs))
    return next((n for n in counts if state_of(runs[:n]).finished), len(runs))


def stage_cue(state: ReturnState) -> Cue:
    """What the stage asks for."""
    if state.finished:
        return Cue("return.finished")
    stage = STAGES[state.stage]
    return Cue(f"return.{stage.name}", {"percent": 100.0 * stage.intensity_ceiling})


def ceiling_cue(stage: int, intensity: float, time_s: float) -> Cue | None:
    """Ask to ease off where a block's intensity is above the stage's ceiling."""
    ceiling = STAGES[stage].intensity_ceiling
    return (
        Cue("return.ceiling", {"percent": 100.0 * ceiling}, time_s) if intensity > ceiling else None
    )


def surface_cue(stage: int, surface: str) -> Cue | None:
    """Say that a run is not on what the stage is for, nor an earlier one; None where nobody said.

    Examples
    --------
    >>> surface_cue(0, "asphalt").message[:58], surface_cue(1, "treadmill"), surface_cue(2, "trail")
    ('Stage 1 of 3 is for the treadmill, and this run is on asph', None, None)
    """
    place = STAGES[stage].name
    done = {one.name for one in STAGES[: stage + 1]}
    if not surface or surface in done or place == "usual":
        return None
    return Cue("return.other_surface", {"stage": stage + 1, "place": place, "surface": surface})


def rest_cues(since_ns: int, now_ns: int, *, rest_days: int = 7, active_ns: int = 0) -> list[Cue]:
    """What to tell while resting; empty when the rest is over.

    Parameters
    ----------
    since_ns, now_ns : int
        Begin of the rest, and now, ns since 1970.
    rest_days : int
        Days without running.
    active_ns : int
        Latest exercise noted, ns since 1970: within the last 48 hours it stands for gentle
        activity, and the nudge is spared.
    """
    hours = (now_ns - since_ns) / HOUR_NS
    if not 0.0 <= hours < 24.0 * rest_days:
        return []
    cues = [Cue("return.rest", {"day": hours // 24.0 + 1.0, "days": rest_days})]
    inactive_h = (now_ns - max(since_ns, active_ns)) / HOUR_NS
    if inactive_h >= _GENTLE_AFTER_H:
        cues.append(Cue("return.gentle"))
    return cues
