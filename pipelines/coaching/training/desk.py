"""Desk mode: ten minutes without a change of position draw a nudge (health article 001)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue


@dataclass(frozen=True, slots=True)
class DeskParams(Checked):
    """Parameters of the rule.

    Attributes
    ----------
    static_s : float
        Time without a change that draws a nudge, 60 to 7200 s; nudges come no more often.
    movement_s : float
        Moving within the last minute that counts as a change, 1 to 60 s: fidgeting does not.
    posture_deg : float
        Change of the pelvis's inclination that counts as one, 5 to 90 degrees: sitting down and
        standing up tilt it.
    """

    static_s: Annotated[float, Within(60.0, 7200.0, "s")] = 600.0
    movement_s: Annotated[float, Within(1.0, 60.0, "s")] = 10.0
    posture_deg: Annotated[float, Within(5.0, 90.0, "degrees")] = 15.0


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
    params: DeskParams | None = None,
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
    """
    limits = params or DeskParams()
    if state.last_s is None or not 0.0 <= time_s - state.last_s <= 60.0:
        return DeskState(since_s=time_s, posture_deg=inclination_deg, last_s=time_s), None
    step_s = time_s - state.last_s
    moved_s = max(0.0, state.movement_s * (1.0 - step_s / 60.0))
    if gait != "still":
        moved_s += step_s
    tilted = (
        inclination_deg is not None
        and state.posture_deg is not None
        and abs(inclination_deg - state.posture_deg) >= limits.posture_deg
    )
    posture = state.posture_deg if state.posture_deg is not None else inclination_deg
    state = replace(state, movement_s=moved_s, posture_deg=posture, last_s=time_s)
    if moved_s >= limits.movement_s or tilted:
        return replace(state, since_s=time_s, nudged_s=None, posture_deg=inclination_deg), None
    since_s = time_s if state.since_s is None else state.since_s
    from_s = since_s if state.nudged_s is None else state.nudged_s
    if time_s - from_s <= limits.static_s:
        return state, None
    minutes = (time_s - since_s) / 60.0
    return replace(state, nudged_s=time_s), Cue("desk.nudge", {"minutes": minutes}, time_s)
