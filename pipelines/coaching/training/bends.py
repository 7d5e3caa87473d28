"""Run the straights, walk the bends: a bend is found from the turning of the pelvis.

On a track's bend of 36.5 m radius the heading turns by 4.7 °/s at 3 m/s and by 2.2 °/s at a walk;
within a stride the pelvis turns far more, to and fro, so the rate is averaged twice over some
seconds, which leaves less than 0.5 °/s of it.
The plan itself is that of health article 000; that the direction is changed after some bends to one
side is this program's rule of thumb, since a track loads both legs alike only when it is run both
ways round.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.samples import Samples
from pipelines.coaching.training.cues import Cue

#: Time constant of each of the two averages of the turning rate, s.
_AVERAGE_S: Final = 2.0
#: Averaged rate above which a bend begins and below which it ends, °/s: the lower one stays below a
#: walker's rate on a track and above a gyroscope's usual offset.
_ENTER_DEG_S: Final = 2.5
_LEAVE_DEG_S: Final = 1.2
#: Bends to one side in a row after which to turn round: four laps.
_ONE_SIDED: Final = 8


@dataclass(frozen=True, slots=True)
class BendState:
    """Turning rate averaged once and twice, °/s, and whether this is a bend; at first zeros.

    ``left`` and ``right`` count the bends, ``one_sided`` those to the latest side in a row,
    positive to the left; it begins anew once it was told.
    """

    once_deg_s: float = 0.0
    rate_deg_s: float = 0.0
    in_bend: bool = False
    left: int = 0
    right: int = 0
    one_sided: int = 0

    def without_rate(self) -> BendState:
        """The same after time that nobody saw: what was counted stays."""
        return BendState(left=self.left, right=self.right, one_sided=self.one_sided)


def heading_turn_deg(
    samples: Samples, mounting: NDArray[np.float64] | None, rate_hz: float
) -> float | None:
    """Turn about the body's vertical axis, degrees, positive to the left.

    The axis stays within some degrees of the earth's vertical while running, which costs less than
    2 % of the turn. A gyroscope's usual offset stays below what the rule calls a bend.

    Parameters
    ----------
    samples : Samples
        In the sensor's frame.
    mounting : ndarray, shape (3, 3), optional
        Rotation sensor → body, as :attr:`imu.analyzer.StepAnalyzer.mounting` has it.
    rate_hz : float
        Sample rate.

    Returns
    -------
    float or None
        None without a gyroscope or while the axes are not known. Samples that are not finite count
        as no turn.

    Examples
    --------
    >>> from imu.samples import Samples
    >>> turning = [[0.0, 0.0, 0.1]] * 200
    >>> block = Samples(np.arange(200) / 200.0, [[0.0, 0.0, 9.81]] * 200, turning)
    >>> round(heading_turn_deg(block, np.eye(3), 200.0), 2)
    5.73
    """
    rates = samples.angular_velocity_rad_s
    if rates is None or mounting is None:
        return None
    about_up = rates @ mounting[2]
    total = float(about_up.sum())
    if not math.isfinite(total):
        total = float(about_up[np.isfinite(about_up)].sum())
    return math.degrees(total) / rate_hz


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
    if changed and in_bend:
        state = _counted(state, left=rate > 0.0)
    if changed and in_bend and gait == "run":
        return state, Cue("bends.walk", {}, time_s)
    if changed and not in_bend and abs(state.one_sided) >= _ONE_SIDED:
        side = "left" if state.one_sided > 0 else "right"
        number = abs(state.one_sided)
        return replace(state, one_sided=0), Cue(
            "bends.turn_round", {"bends": number, "side": side}, time_s
        )
    if changed and not in_bend and gait == "walk":
        return state, Cue("bends.jog", {}, time_s)
    return state, None


def _counted(state: BendState, *, left: bool) -> BendState:
    """One bend more."""
    same_side = (state.one_sided > 0) == left
    sign = 1 if left else -1
    return replace(
        state,
        left=state.left + left,
        right=state.right + (not left),
        one_sided=state.one_sided + sign if same_side else sign,
    )


def bends_cue(left: int, right: int) -> Cue | None:
    """What to tell after the run of bends that all went to one side; None of few, or of both.

    Examples
    --------
    >>> bends_cue(12, 0).message[:42], bends_cue(8, 6), bends_cue(2, 0)
    ('All 12 bends went to the left: next time r', None, None)
    """
    bends, side = max(left, right), "left" if left > right else "right"
    if min(left, right) or bends < _ONE_SIDED:
        return None
    return Cue("bends.one_sided", {"bends": bends, "side": side})
