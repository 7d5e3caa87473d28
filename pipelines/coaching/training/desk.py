"""Desk mode: ten minutes without a change of position draw a nudge (health article 001)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from pipelines.coaching.training.cues import Cue

#: Time without a change that draws a nudge, s, where the user wants no other.
STATIC_S: Final = 600.0
#: Moving within the last minute that counts as a change, s: fidgeting does not.
_MOVEMENT_S: Final = 10.0
#: Change of the pelvis's inclination that counts as one: sitting down and standing up tilt it.
_POSTURE_DEG: Final = 15.0


@dataclass(frozen=True, slots=True)
class DeskState:
    """Where it stands; the first state is ``DeskState()``.

    Attributes
    ----------
    since_s : float, optional
        When the position last changed.
    nudged_s : float, optional
        When the last nudge was given.
    movement_s : float
        Moving, fading over a minute, s.
    posture_deg : float, optional
        Inclination while static.
    last_s : float, optional
        Time of the latest call.
    """

    since_s: float | None = None
    nudged_s: float | None = None
    movement_s: float = 0.0
    posture_deg: float | None = None
    last_s: float | None = None


def advance_desk(
    state: DeskState,
    time_s: float,
    gait: Literal["still", "walk", "run"],
    inclination_deg: float | None = None,
    static_s: float = STATIC_S,
) -> tuple[DeskState, Cue | None]:
    """Go on to a time; returns the new state and a nudge where one is due.

    Parameters
    ----------
    state : DeskState
        The state before.
    time_s : float
        The time, s; time that goes back, or a silence of more than a minute, starts anew.
    gait : {"still", "walk", "run"}
        Since the call before; anything but "still" is movement.
    inclination_deg : float, optional
        Forward inclination of the pelvis, degrees, where measured.
    static_s : float
        Time without a change that draws a nudge, s; nudges come no more often.
    """
    if state.last_s is None or not 0.0 <= time_s - state.last_s <= 60.0:
        return DeskState(since_s=time_s, posture_deg=inclination_deg, last_s=time_s), None
    step_s = time_s - state.last_s
    moved_s = max(0.0, state.movement_s * (1.0 - step_s / 60.0))
    if gait != "still":
        moved_s += step_s
    tilted = (
        inclination_deg is not None
        and state.posture_deg is not None
        and abs(inclination_deg - state.posture_deg) >= _POSTURE_DEG
    )
    posture = state.posture_deg if state.posture_deg is not None else inclination_deg
    state = replace(state, movement_s=moved_s, posture_deg=posture, last_s=time_s)
    if moved_s >= _MOVEMENT_S or tilted:
        return replace(state, since_s=time_s, nudged_s=None, posture_deg=inclination_deg), None
    since_s = time_s if state.since_s is None else state.since_s
    from_s = since_s if state.nudged_s is None else state.nudged_s
    if time_s - from_s <= static_s:
        return state, None
    minutes = (time_s - since_s) / 60.0
    return replace(state, nudged_s=time_s), Cue("desk.nudge", {"minutes": minutes}, time_s)
