"""Stretches in which a change says nothing about form: bends, speed changes, surfaces, slips.

Looked at in halves of blocks: ten steps, even in number, so that the swings of both legs cancel.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.params import DriftParams

if TYPE_CHECKING:
    from imu.compiled import Record

Array = NDArray[np.float64]

#: Columns of the steps that are looked at.
GROUP_COLUMNS: Final = (
    "yaw_rate_deg_s",
    "contact_time_ms",
    "step_time_s",
    "sacral_lean_deg",
    "sacral_roll_deg",
)
_YAW, _CONTACT, _STEP_TIME, _LEAN, _ROLL = range(5)

#: Why a stretch is left out; the place is the code.
REASONS: Final = ("", "a bend", "a change of speed", "a new surface", "a sensor that moved")
_NOTHING, _BEND, _SPEED, _SURFACE, _AFTER_A_SLIP = range(5)
#: The group in which the sensor is seen to have moved.
SLIPPED: Final = len(REASONS)
_AFTER_A_SLIP_S: Final = 10.0
_TRIM: Final = 0.2
#: Groups on each side of the one in which a sensor may have moved: more than a hand at the belt
#: touches, and enough that steps' own spread is no jump.
_SETTLED: Final = 3
_LOOKED_BACK: Final = 2 * _SETTLED
#: Those of one side sit alike when no two of them are farther apart than this share of the jump.
_ALIKE: Final = 0.4
_STRAIGHT: Final = 0.25  # sideways part of a jump below which a lean may be behind it

INTERRUPTION_STATE: Final = np.dtype(
    [
        ("groups", np.float64, (_LOOKED_BACK, len(GROUP_COLUMNS))),  # means of the groups before
        ("until_s", np.float64),  # running time
        ("reason", np.int64),
        ("jump_deg", np.float64),  # of the last slip
    ]
)


def forget_groups(s: Record) -> None:
    """Compare what follows with nothing before it."""
    s["groups"] = math.nan


def interruption(s: Record, group: Array, running_s: float, p: DriftParams) -> int:
    """Whether a group of steps is left out, as a place in :data:`REASONS`.

    Parameters
    ----------
    s : record of INTERRUPTION_STATE
        The past; updated.
    group : ndarray, shape (N, 5)
        The group's :data:`GROUP_COLUMNS`.
    running_s : float
        Running time at the end of the group, s.
    p : DriftParams
        Parameters.

    Returns
    -------
    int
        0 when the group is used; :data:`SLIPPED` when the sensor has moved on the body: in this and
        the last two groups it sits otherwise than in the three before them but one, in which it may
        have moved, and alike on either side. A hand at the belt for some seconds is no slip, nor is
        a lean that settles.
    """
    now = _means(group)
    if abs(now[_YAW]) > p.bend_rate_deg_s:
        s["reason"] = _BEND
        return _BEND
    # of the straights: a sensor that moves in a bend is seen after it
    groups = np.concatenate([s["groups"], [now]])
    s["groups"] = groups[1:]
    # first, since one group's gait varies enough to pass for another speed, a slip's three do not
    jump = _jump(groups[-_SETTLED:], groups[:_SETTLED], p)
    if jump:
        s["jump_deg"] = jump
        s["until_s"] = max(float(s["until_s"]), running_s + _AFTER_A_SLIP_S)
        s["reason"] = _AFTER_A_SLIP
        forget_groups(s)
        return SLIPPED
    if _gait_change(now, groups[-2], p):
        s["until_s"] = max(float(s["until_s"]), running_s + p.speed_change_s)
        s["reason"] = _SPEED
        return _SPEED
    if running_s < s["until_s"]:
        return int(s["reason"])
    s["reason"] = _NOTHING
    return _NOTHING


def new_surface(s: Record, running_s: float, p: DriftParams) -> None:
    """Leave out what follows a change of surface."""
    s["until_s"] = max(float(s["until_s"]), running_s + p.surface_change_s)
    s["reason"] = _SURFACE


def _jump(here: Array, there: Array, p: DriftParams) -> float:
    """How far the sensor sits from where it sat, degrees; 0 where that may be the runner."""
    now, then = here.mean(axis=0), there.mean(axis=0)
    forward, sideways = now[_LEAN] - then[_LEAN], now[_ROLL] - then[_ROLL]
    jump = math.hypot(forward, sideways)
    straight = abs(sideways) < _STRAIGHT * abs(forward)
    if not jump > (p.slip_lean_deg if straight else p.slip_deg) or _gait_change(now, then, p):
        return 0.0
    return jump if max(_widest(here), _widest(there)) < _ALIKE * jump else 0.0


def _widest(groups: Array) -> float:
    """How far apart the groups sit at most, degrees."""
    apart = (groups[:, None] - groups[None])[:, :, [_LEAN, _ROLL]]
    return float(np.hypot(apart[..., 0], apart[..., 1]).max())


def _gait_change(now: Array, then: Array, p: DriftParams) -> bool:
    contact = abs(now[_CONTACT] / then[_CONTACT] - 1.0) if then[_CONTACT] else math.nan
    cadence = abs(then[_STEP_TIME] / now[_STEP_TIME] - 1.0) if now[_STEP_TIME] else math.nan
    return bool(
        100.0 * contact > p.contact_jump_percent or 100.0 * cadence > p.cadence_jump_percent
    )


def _means(group: Array) -> Array:
    """Means of the columns without their lowest and highest fifth; NaN where half are missing."""
    ordered = np.sort(group, axis=0)  # NaN last
    count = np.isfinite(group).sum(axis=0)
    cut = (_TRIM * count).astype(np.int64)
    place = np.arange(len(group))[:, None]
    kept = (place >= cut) & (place < count - cut)
    total = np.where(kept, ordered, 0.0).sum(axis=0)
    means: Array = np.where(
        2 * count >= len(group), total / np.maximum(kept.sum(axis=0), 1), math.nan
    )
    return means
