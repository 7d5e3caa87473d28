"""Streams of different rates on one time axis."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.samples import HIGHEST_RATE_HZ, Samples
from imu.sampling_rate import sampling_rate_hz
from imu.time_mends import Mend

Times = NDArray[np.float64]
Rows = NDArray[np.int64]

#: Share of the rows from which on a sensor has a value in about all of them.
_NEARLY_ALL: Final = 0.75
#: Rows whose distance from even ones is looked at together, how far they may be at most, and the
#: least share of the others between them.
_BLOCK: Final = 64
_MOST_AWAY: Final = 1.5
_LEAST_MISSING: Final = 0.25


def join_streams(
    time_s: Times, other_time_s: Times, other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], slice]:
    """Bring a stream onto the times of another, by linear interpolation.

    Parameters
    ----------
    time_s : ndarray, shape (N,)
        Increasing times that stay, s.
    other_time_s : ndarray, shape (M,)
        Increasing times of the other stream on the same clock, M ≥ 2.
    other : ndarray, shape (M, K)
        Its values.

    Returns
    -------
    ndarray, shape (N, K)
        NaN before the first and after the last of the other stream, and within its gaps.
    slice
        Of ``time_s``: where both have samples.

    Examples
    --------
    >>> values, both = join_streams(np.arange(4.0), np.array([0.0, 2.0]), np.array([[0.0], [4.0]]))
    >>> values[both].ravel().tolist()
    [0.0, 2.0, 4.0]
    """
    place = np.searchsorted(other_time_s, time_s, side="right")
    inside = (time_s >= other_time_s[0]) & (time_s <= other_time_s[-1])
    k = np.clip(place, 1, len(other_time_s) - 1)
    before, after = other_time_s[k - 1], other_time_s[k]
    share = ((time_s - before) / (after - before))[:, None]
    joined = other[k - 1] + share * (other[k] - other[k - 1])
    gap = after - before > 2.5 * float(np.median(np.diff(other_time_s)))
    on_a_sample = (time_s == before) | (time_s == after)
    joined[~inside | (gap & ~on_a_sample)] = np.nan
    both = np.flatnonzero(inside)
    return joined, slice(int(both[0]), int(both[-1]) + 1) if len(both) else slice(0, 0)


def resample(
    time_s: Times, values: NDArray[np.float64], rate_hz: float
) -> tuple[Times, NDArray[np.float64]]:
    """Values at even times, by linear interpolation between those that were measured.

    Parameters
    ----------
    time_s : ndarray, shape (N,)
        Increasing times, s, N ≥ 2.
    values : ndarray, shape (N, K)
        What was measured then.
    rate_hz : float
        The rate that is wanted, Hz.

    Returns
    -------
    time_s : ndarray, shape (M,)
        Even, without those of longer gaps.
    values : ndarray, shape (M, K)
        NaN where no sample is near enough.

    Examples
    --------
    >>> times, held = resample(np.array([0.0, 0.6, 2.0]), np.array([[0.0], [0.6], [2.0]]), 1.0)
    >>> times.tolist(), held.ravel().tolist()
    ([0.0, 1.0, 2.0], [0.0, 1.0, 2.0])
    """
    even = time_s[0] + np.arange(int((time_s[-1] - time_s[0]) * rate_hz) + 1) / rate_hz
    held, both = join_streams(even, time_s, values)
    even, held = even[both], held[both]
    kept = ~np.isnan(held).all(axis=1)
    return even[kept], held[kept]


def join_rows(
    time_s: Times, acceleration: NDArray[np.float64], angular_velocity: NDArray[np.float64]
) -> tuple[Rows, NDArray[np.float64], tuple[Mend, ...]]:
    """Join the sensors of one table where one has a value in every second, third … row alone.

    Also where they take turns and no row has both. Rows without acceleration are left out.

    Parameters
    ----------
    time_s : ndarray, shape (N,)
        Increasing times, s.
    acceleration, angular_velocity : ndarray, shape (N, 3)
        NaN where a row has none.

    Returns
    -------
    rows : ndarray of int, shape (M,)
        The rows that stay.
    angular_velocity : ndarray, shape (M, 3)
        Of those rows.
    mends : tuple of Mend
        What was done; empty, with all rows as they are, where neither is slower.
    """
    has = np.asarray(np.isfinite(acceleration).all(axis=1))
    turns = np.asarray(np.isfinite(angular_velocity).all(axis=1))
    everything = np.arange(len(time_s), dtype=np.int64)
    share = float(np.mean(turns[has])) if has.any() else 1.0
    if np.count_nonzero(turns) < 2 or np.count_nonzero(has) < 2:
        return everything, angular_velocity, ()
    if share > _NEARLY_ALL:
        rows = _in_step(np.flatnonzero(has))
        if not len(rows):
            return everything, angular_velocity, ()
        left_out = Mend("faster stream", len(has) - len(rows), sampling_rate_hz(time_s[rows]))
        return rows, angular_velocity[rows], (left_out,)
    alternate = bool(np.mean(has) < _NEARLY_ALL)
    rows = np.flatnonzero(has).astype(np.int64) if alternate else everything
    filled, both = join_streams(time_s[rows], time_s[turns], angular_velocity[turns])
    rows, filled = rows[both], filled[both]
    count = int(np.count_nonzero(~turns[rows]))
    slower = sampling_rate_hz(time_s[turns])
    return rows, filled, (Mend("slower stream", count, slower),)


def _in_step(rows: Rows) -> Rows:
    """Those of rows that stand evenly in a table, such as every second; empty where they do not."""
    every = round(float(np.median(np.diff(rows))))
    in_step = rows[rows % every == np.bincount(rows % every).argmax()]
    if every > 1 and len(in_step) > _NEARLY_ALL * len(rows):
        return in_step
    blocks = rows[: len(rows) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if not len(blocks) or np.ptp(rows) < (1.0 + _LEAST_MISSING) * len(rows):
        return rows[:0]
    number = np.arange(_BLOCK)
    even = blocks[:, :1] + (blocks[:, -1:] - blocks[:, :1]) * number / (_BLOCK - 1)
    away = np.abs(blocks - even).max(axis=1)
    return rows if np.median(away) < _MOST_AWAY else rows[:0]


def decimate(samples: Samples, rate_hz: float) -> tuple[Samples, float, tuple[Mend, ...]]:
    """Average groups of samples where the rate is beyond what the chain takes.

    Parameters
    ----------
    samples : Samples
        Of the rate.
    rate_hz : float
        Theirs, Hz.

    Returns
    -------
    samples : Samples
        The same up to 1600 Hz; else the means of groups, none of them over a gap.
    rate_hz : float
        Theirs, Hz.
    mends : tuple of Mend
        What was done.
    """
    if rate_hz <= HIGHEST_RATE_HZ:
        return samples, rate_hz, ()
    size = int(np.ceil(rate_hz / HIGHEST_RATE_HZ))
    n = len(samples) - len(samples) % size
    time = samples.time_s[:n].reshape(-1, size)
    whole = time[:, -1] - time[:, 0] < (size - 0.5) / rate_hz
    means = [
        None if values is None else values[:n].reshape(-1, size, 3)[whole].mean(axis=1)
        for values in (samples.acceleration_m_s2, samples.angular_velocity_rad_s)
    ]
    flags = np.bitwise_or.reduce(samples.quality[:n].reshape(-1, size)[whole], axis=1)
    acceleration = means[0]
    assert acceleration is not None  # samples always have one
    fewer = Samples(time[whole].mean(axis=1), acceleration, means[1], flags)
    return fewer, rate_hz / size, (Mend("decimated", size, rate_hz / size),)
