"""Run the straights, walk the bends: a bend is found from the turning of the pelvis.

On a track's bend of 36.5 m radius the heading turns by 4.7 °/s at 3 m/s and by 2.2 °/s at a walk;
within a stride the pelvis turns far more, to and fro, so the rate is averaged twice over some
seconds, which leaves less than 0.5 °/s of it.
The plan itself is that of health article 000.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

from pipelines.coaching.training.cues import Cue

#: Time constant of each of the two averages of the turning rate, s.
_AVERAGE_S: Final = 2.0
#: Averaged rate above which a bend begins and below which it ends, °/s: the lower one stays below a
#: walker's rate on a track and above a gyroscope's usual offset.
_ENTER_DEG_S: Final = 2.5
_LEAVE_DEG_S: Final = 1.2


@dataclass(frozen=True, slots=True)
class BendState:
    """Turning rate averaged once and twice, °/s, and whether this is a bend; at first zeros."""

    once_deg_s: float = 0.0
    rate_deg_s: float = 0.0
    in_bend: bool = False


def advance_bend(
    state: BendState,
    time_s: float,
    duration_s: float,
    turn_deg: float,
    gait: Literal["still", "walk", "run"],
) -> tuple[BendState, Cue | None]:
    """Take the next stretch; returns the new state and what to say.

    Parameters
    ----------
    state : BendState
        The state before.
    time_s, duration_s : float
        End and length of the stretch, s: a sample, a step, or at most a second.
    turn_deg : float
        How far the heading turned in it: angular velocity about the vertical, bias removed,
        integrated over the stretch, degrees, either sign.
    gait : {"still", "walk", "run"}
        What the runner does: only a runner is asked to walk, only a walker to jog.
    """
    share = duration_s / (_AVERAGE_S + duration_s)
    once = state.once_deg_s + share * (turn_deg / duration_s - state.once_deg_s)
    rate = state.rate_deg_s + share * (once - state.rate_deg_s)
    level = _LEAVE_DEG_S if state.in_bend else _ENTER_DEG_S
    in_bend = abs(rate) > level
    changed = in_bend != state.in_bend
    state = replace(state, once_deg_s=once, rate_deg_s=rate, in_bend=in_bend)
    if changed and in_bend and gait == "run":
        return state, Cue("bends.walk", {}, time_s)
    if changed and not in_bend and gait == "walk":
        return state, Cue("bends.jog", {}, time_s)
    return state, None
