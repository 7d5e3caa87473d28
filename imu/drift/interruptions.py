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
Groups = list[list[float]]

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


def interruption(s: Record, now: list[float], running_s: float, p: DriftParams) -> int:
    """Whether a group of steps is left out, as a place in :data:`REASONS`.

    Parameters
    ----------
    s : record of INTERRUPTION_STATE
        The past; updated.
    now : list of float
        One of :func:`group_means`.
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
    if abs(now[_YAW]) > p.bend_rate_deg_s:
        s["reason"] = _BEND
        return _BEND
    # of the straights: a sensor that moves in a bend is seen after it
    groups = [*s["groups"].tolist(), now]
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


def _jump(here: Groups, there: Groups, p: DriftParams) -> float:
    """How far the sensor sits from where it sat, degrees; 0 where that may be the runner."""
    now, then = _middle(here), _middle(there)
    forward, sideways = now[_LEAN] - then[_LEAN], now[_ROLL] - then[_ROLL]
    jump = math.hypot(forward, sideways)
    straight = abs(sideways) < _STRAIGHT * abs(forward)
    if not jump > (p.slip_lean_deg if straight else p.slip_deg) or _gait_change(now, then, p):
        return 0.0
    return jump if max(_widest(here), _widest(there)) < _ALIKE * jump else 0.0


def _middle(groups: Groups) -> list[float]:
    """Means of some groups' means."""
    return [sum(column) / len(groups) for column in zip(*groups, strict=True)]


def _widest(groups: Groups) -> float:
    """How far apart the groups sit at most, degrees."""
    return max(math.hypot(a[_LEAN] - b[_LEAN], a[_ROLL] - b[_ROLL]) for a in groups for b in groups)


def _gait_change(now: list[float], then: list[float], p: DriftParams) -> bool:
    contact = abs(now[_CONTACT] / then[_CONTACT] - 1.0) if then[_CONTACT] else math.nan
    cadence = abs(then[_STEP_TIME] / now[_STEP_TIME] - 1.0) if now[_STEP_TIME] else math.nan
    return 100.0 * contact > p.contact_jump_percent or 100.0 * cadence > p.cadence_jump_percent


def group_means(steps: Array, size: int) -> Groups:
    """Means of steps that follow one another in groups, one for each that is whole.

    Without the lowest and highest fifth of each column; NaN where half of a group is missing.

    Parameters
    ----------
    steps : ndarray, shape (N, 5)
        Their :data:`GROUP_COLUMNS`.
    size : int
        Steps a group.
    """
    whole = len(steps) // size
    ordered = np.sort(steps[: whole * size].reshape(whole, size, steps.shape[1]), axis=1)
    count = np.isfinite(ordered).sum(axis=1, keepdims=True)  # NaN last
    cut = (_TRIM * count).astype(np.int64)
    place = np.arange(size)[:, None]
    kept = (place >= cut) & (place < count - cut)
    total = np.where(kept, ordered, 0.0).sum(axis=1)
    of = np.maximum(kept.sum(axis=1), 1)
    means: Groups = np.where(2 * count[:, 0] >= size, total / of, math.nan).tolist()
    return means
