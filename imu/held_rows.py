"""Rows that a receiver wrote once more where a packet was lost."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.samples import STANDARD_GRAVITY_M_S2

#: A body that moves changes its force by so much within so long, before and after.
_MOVES_M_S2: Final = 3.0
_BESIDE_S: Final = 0.25
#: Share of readings that come again from which on they are those of a slower sensor.
_SLOWER: Final = 0.3
#: A coarse sensor repeats itself by chance, and for longer at the top of a wave: where some of its
#: readings come twice a row is held from so long on, and where this share does, none is.
_BELIEVED_S: Final = 0.05
_COARSE: Final = 0.05
#: Without a gyroscope the same is measured for so long, falling.
_FORCE_ALONE_S: Final = 0.04
_FALLING_M_S2: Final = 5.0
#: What reads gravity for longer lies still, and is no held row.
_LIES_S: Final = 0.3
_LIES_M_S2: Final = 1.0


def held_rows(values: NDArray[np.float64], rate_hz: float, *, gyroscope: bool) -> NDArray[np.bool_]:
    """Which rows repeat the one before them although the body moved.

    Parameters
    ----------
    values : ndarray, shape (N, K)
        Specific force in its first three columns, m/s², and what else was measured with it.
    rate_hz : float
        Sampling rate, Hz.
    gyroscope : bool
        Whether angular velocity is among them.

    Examples
    --------
    >>> moving = np.random.default_rng(0).normal(0.0, 5.0, (200, 6))
    >>> moving[100:110] = moving[99]
    >>> np.flatnonzero(held_rows(moving, 100.0, gyroscope=True))
    array([100, 101, 102, 103, 104, 105, 106, 107, 108, 109])
    """
    held = np.zeros(len(values), np.bool_)
    if len(values) < 3:
        return held
    equal = (values[1:] == values[:-1]).all(axis=1) & values[1:].any(axis=1)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], equal, [False]]).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2] + 1  # of the first row of a run, behind its last
    if not len(begins):
        return held
    repeats = ends - begins - 1
    distinct = len(values) - int(repeats.sum())
    if len(begins) > _SLOWER * distinct:
        return held  # the values of a slower sensor
    once = np.count_nonzero(repeats == 1) / distinct
    if once > _COARSE:
        return held
    least = 2 if once == 0.0 else max(2, round(_BELIEVED_S * rate_hz))
    if not gyroscope:
        least = max(least, round(_FORCE_ALONE_S * rate_hz))
    for begin, end in zip(begins[repeats >= least], ends[repeats >= least], strict=True):
        force = values[begin, :3]
        size = float(np.sqrt(force @ force))
        lies = abs(size - STANDARD_GRAVITY_M_S2) < _LIES_M_S2 and end - begin > _LIES_S * rate_hz
        falls = not gyroscope and size < _FALLING_M_S2
        if not lies and not falls and _moves(values, begin, end, rate_hz):
            held[begin + 1 : end] = True
    return held


def _moves(values: NDArray[np.float64], begin: int, end: int, rate_hz: float) -> bool:
    """Whether the force changes before the row that is held, and after it where there are more."""
    reach = max(2, round(_BESIDE_S * rate_hz))
    beside = [values[max(0, begin - reach) : begin + 1, :3]]
    if end < len(values):
        beside.append(values[end : end + reach, :3])
    return all(
        2 * len(part) > reach and float(np.ptp(part, axis=0).max()) > _MOVES_M_S2 for part in beside
    )
