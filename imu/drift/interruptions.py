"""Stretches in which a change says nothing about form: bends, speed changes, surfaces, slips.

Looked at in halves of blocks: ten steps, even in number, so that the swings of both legs cancel.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel
from imu.drift.params import DriftParams
from imu.drift.state import GROUP_COLUMNS, GROUPS_LOOKED_BACK, REASONS

Array = NDArray[np.float64]

_YAW, _CONTACT, _STEP_TIME, _LEAN, _ROLL = range(5)

_NOTHING, _BEND, _SPEED, _SURFACE, _AFTER_A_SLIP = range(5)
#: The group in which the sensor is seen to have moved.
SLIPPED: Final = len(REASONS)
_AFTER_A_SLIP_S: Final = 10.0
_TRIM: Final = 0.2
#: Groups on each side of the one in which a sensor may have moved: more than a hand at the belt
#: touches, and enough that steps' own spread is no jump.
_SETTLED: Final = GROUPS_LOOKED_BACK // 2
_LOOKED_BACK: Final = GROUPS_LOOKED_BACK
#: Those of one side sit alike when no two of them are farther apart than this share of the jump.
_ALIKE: Final = 0.4
_STRAIGHT: Final = 0.25  # sideways part of a jump below which a lean may be behind it


def interruption(past: NDArray[np.void], now: Array, running_s: float, p: DriftParams) -> int:
    """Whether a group of steps is left out, as a place in :data:`REASONS`.

    Parameters
    ----------
    past : ndarray, shape (1,)
        Updated.
    now : ndarray, shape (5,)
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
    groups = np.empty((_LOOKED_BACK + 1, len(GROUP_COLUMNS)))
    return _interruption(
        past, now, running_s, p.bend_rate_deg_s, (p.contact_jump_percent, p.cadence_jump_percent),
        p.speed_change_s, (p.slip_deg, p.slip_lean_deg), groups,
    )  # fmt: skip


@kernel
def _interruption(
    past: NDArray[np.void],
    now: Array,
    running_s: float,
    bend_rate_deg_s: float,
    gait_jumps_percent: tuple[float, float],
    speed_change_s: float,
    slips_deg: tuple[float, float],
    groups: Array,
) -> int:
    """:func:`interruption`, compiled; ``groups``, shape (7, 5), is room for those looked at."""
    s = past[0]
    if abs(now[_YAW]) > bend_rate_deg_s:
        s.reason = _BEND
        return _BEND
    # of the straights: a sensor that moves in a bend is seen after it
    for j in range(len(now)):
        for k in range(_LOOKED_BACK):
            groups[k, j] = s.groups[k, j]
        groups[_LOOKED_BACK, j] = now[j]
        for k in range(_LOOKED_BACK):
            s.groups[k, j] = groups[k + 1, j]
    # first, since one group's gait varies enough to pass for another speed, a slip's three do not
    jump = _jump(groups, slips_deg, gait_jumps_percent)
    if jump > 0.0:
        s.jump_deg = jump
        s.until_s = max(s.until_s, running_s + _AFTER_A_SLIP_S)
        s.reason = _AFTER_A_SLIP
        s.groups[:, :] = math.nan
        return SLIPPED
    last = groups[_LOOKED_BACK - 1]
    if _gait_change(
        (now[_CONTACT], now[_STEP_TIME]), (last[_CONTACT], last[_STEP_TIME]), gait_jumps_percent
    ):
        s.until_s = max(s.until_s, running_s + speed_change_s)
        s.reason = _SPEED
        return _SPEED
    if running_s < s.until_s:
        return int(s.reason)
    s.reason = _NOTHING
    return _NOTHING


def new_surface(s: Record, running_s: float, p: DriftParams) -> None:
    """Leave out what follows a change of surface."""
    s["until_s"] = max(float(s["until_s"]), running_s + p.surface_change_s)
    s["reason"] = _SURFACE


@kernel
def _jump(
    groups: Array, slips_deg: tuple[float, float], gait_jumps_percent: tuple[float, float]
) -> float:
    """How far the sensor sits from where it sat, degrees; 0 where that may be the runner."""
    here, there = len(groups) - _SETTLED, 0
    lean, was_lean = _middle(groups, here, _LEAN), _middle(groups, there, _LEAN)
    forward = lean - was_lean
    sideways = _middle(groups, here, _ROLL) - _middle(groups, there, _ROLL)
    jump = math.hypot(forward, sideways)
    straight = abs(sideways) < _STRAIGHT * abs(forward)
    if not jump > slips_deg[1 if straight else 0]:
        return 0.0
    now = (_middle(groups, here, _CONTACT), _middle(groups, here, _STEP_TIME))
    then = (_middle(groups, there, _CONTACT), _middle(groups, there, _STEP_TIME))
    if _gait_change(now, then, gait_jumps_percent):
        return 0.0
    return jump if max(_widest(groups, here), _widest(groups, there)) < _ALIKE * jump else 0.0


@kernel
def _middle(groups: Array, first: int, column: int) -> float:
    """Mean of a column over the groups of one side."""
    total = 0.0
    for k in range(first, first + _SETTLED):
        total += groups[k, column]
    return total / _SETTLED


@kernel
def _widest(groups: Array, first: int) -> float:
    """How far apart the groups of one side sit at most, degrees."""
    widest = 0.0
    for a in range(first + 1, first + _SETTLED):
        for b in range(first, a):
            lean, roll = groups[a, _LEAN] - groups[b, _LEAN], groups[a, _ROLL] - groups[b, _ROLL]
            widest = max(widest, math.hypot(lean, roll))
    return widest


@kernel
def _gait_change(
    now: tuple[float, float], then: tuple[float, float], jumps_percent: tuple[float, float]
) -> bool:
    """Whether contact or cadence differ by more than those; contact and step time of each."""
    contact = abs(now[0] / then[0] - 1.0) if then[0] != 0.0 else math.nan
    cadence = abs(then[1] / now[1] - 1.0) if now[1] != 0.0 else math.nan
    return 100.0 * contact > jumps_percent[0] or 100.0 * cadence > jumps_percent[1]


def group_means(steps: Array, size: int) -> Array:
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
    means: Array = np.where(2 * count[:, 0] >= size, total / of, math.nan)
    return means
