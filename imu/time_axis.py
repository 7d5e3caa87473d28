"""Time as it is: stamps as people's files have them, made the times at which samples were taken.

A file's stamps are equal in batches, are those of arrival, jitter, go back by a row, begin anew or
wrap. :func:`mend_time` makes of them increasing times and says, once for each kind, what it did.
Stamps of even sampling, with gaps or without, come back as they are, bit for bit.

A sensor samples evenly. Row number times interval is therefore its clock, but for a slow drift; how
far the stamps stand from it tells arrival and jitter from sampling, and a gap from both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.checked_arrays import number_block
from imu.errors import InputError, ParameterError
from imu.packet_order import newest_first, oldest_first
from imu.repeated_rows import without_repeated
from imu.row_order import Rows, Times, ordered
from imu.sampling_rate import rate_to_mhz, sampling_rate_hz, whole_intervals
from imu.time_mends import Mend

#: No clock is further from its zero, s: 3000 years, and microseconds can be told yet.
_FURTHEST_S: Final = 1e11
#: No samples are closer to each other on the mean, s.
_CLOSEST_S: Final = 1e-9
#: Share of rows that go back from which on it is jitter, and of which so many intervals are.
_JITTERS: Final = 0.01
#: Share of equal stamps from which on equal rows are a batch that stood still, and no copies.
_BATCHES: Final = 0.05
#: Distance from even sampling that the chain takes as it is, intervals; more of it than this share
#: of the rows may have is mended.
_EVEN: Final = 0.25
_FEW: Final = 0.002
#: Intervals by which a level must have moved for samples to be missing where stamps are uneven.
_MISSING: Final = 0.7
#: Numbers that are looked at together.
_AT_ONCE: Final = 1 << 20
#: How many batches before and behind are compared to tell whether samples are missing, and by how
#: many the least late of them must have moved. Where the link stood for as many, those that waited
#: come late, and none is missing. Rows of a batch are mostly stamped at once, those of jitter not.
_OF_BATCHES: Final = (6.0, 0.7)
_OF_JITTER: Final = (2.0, 1.5)
_BATCHED: Final = 0.5
_DRIFT_S: Final = 10.0  # over which the sensor's clock is taken to be even
#: Largest distance from even sampling that jitter may have, intervals; beyond it the sampling
#: itself is uneven, and the stamps are believed.
_MOST_JITTER: Final = 3.0
_ARRIVED: Final = 0.25  # share of short steps from which on it is arrival, and no jitter
_LONGEST_BATCH_S: Final = 1.5
#: Steps, intervals, of which nearly all are where each row has a stamp of its own.
_LEAST_STEP, _LONGEST_STEP = 0.2, 4.0
#: How far steps of uneven sampling are from whole intervals; how many are added up, how many sums
#: are needed, and which part of what independent ones come to they reach at least.
_STRAY: Final = 0.06
_SUMMED: Final = 64
_FEWEST_SUMS: Final = 16
_ADDED: Final = 0.65
#: Least share, %, of losses and of rows of another rate that is told.
_MUCH: Final = 3.0
_OTHER_RATE: Final = 0.03
_RATE_ROWS: Final = 256
_RATE_TOLERANCE: Final = 0.02


@dataclass(frozen=True, slots=True, eq=False)
class TimeAxis:
    """Times at which samples were taken.

    Attributes
    ----------
    time_s : ndarray, shape (M,)
        Strictly increasing, s.
    rows : ndarray of int, shape (M,)
        Which row of the input each is: take every other column in this order.
    rate_hz : float
        Sampling rate, Hz; NaN for fewer than two rows.
    mends : tuple of Mend
        What was mended, one of a kind; empty where nothing was.
    irregular : bool
        Whether the sampling itself is uneven, so that values are to be interpolated at ``rate_hz``.
    """

    time_s: Times
    rows: Rows
    rate_hz: float
    mends: tuple[Mend, ...]
    irregular: bool = False


def mend_time(
    time_s: ArrayLike,
    values: NDArray[np.float64] | None = None,
    *,
    rate_hz: float | None = None,
    all_of_it: bool = True,
) -> TimeAxis:
    """Make times of sampling of a file's stamps.

    Parameters
    ----------
    time_s : array_like, shape (N,)
        Stamps in the order of the rows, s; beyond 3000 years from zero they are no times.
    values : ndarray, shape (N, K), optional
        What the rows hold; rows that stand twice are told by it. NaN equals NaN.
    rate_hz : float, optional
        The rate that somebody stated, Hz. The stamps go before it; it decides where they tell none.
    all_of_it : bool
        Whether ``values`` are all that was measured; laps are not counted on beside another stream.

    Returns
    -------
    TimeAxis
        Even stamps, with gaps or without, unchanged.

    Raises
    ------
    InputError
        When no row has a time, or the times tell no rate and none was stated.

    Examples
    --------
    >>> axis = mend_time([0.0, 0.0, 0.02, 0.02, 0.04, 0.04])
    >>> axis.time_s.round(3).tolist(), [mend.kind for mend in axis.mends]
    ([-0.005, 0.005, 0.015, 0.025, 0.035, 0.045], ['equal stamps'])
    """
    stamps = number_block(time_s, "time_s")
    rows: Rows = np.flatnonzero(np.abs(stamps) < _FURTHEST_S).astype(np.int64)
    if not len(rows):
        raise InputError("no row has a time: give the time of the samples, or their rate.")
    mends: list[Mend] = []
    order: Rows = np.arange(len(stamps))
    if values is not None:
        length, start = newest_first(values)
        if length:
            order = oldest_first(len(stamps), length, start)
            values = values[order]
            mends.append(Mend("newest first", length))
    if len(rows) < len(stamps):
        mends.append(Mend("no time", len(stamps) - len(rows)))
    time, rows = ordered(stamps[rows], rows, values, mends, all_of_it=all_of_it)
    if values is not None:
        time, rows = without_repeated(time, rows, values, mends)
    measured = sampling_rate_hz(time)
    if not measured > 0.0:
        if rate_hz is None:
            raise InputError("the times do not tell a rate: give the sampling rate.")
        measured = rate_hz
    irregular = _irregular_rate_hz(time)
    if irregular:
        measured = irregular
        mends.append(Mend("irregular", len(time), measured))
    else:
        _tell_missing(time, measured, mends)
        time, measured = _even(time, measured, mends)
    if not (0.0 < measured < np.inf and (np.diff(time) > 0.0).all()):
        raise InputError("the times make no sense: give the sampling rate, and leave them out.")
    if rate_hz is not None and abs(measured / rate_hz - 1.0) > _RATE_TOLERANCE:
        mends.append(Mend("stated rate", 1, measured))
    return TimeAxis(time, order[rows], measured, tuple(mends), irregular=irregular > 0.0)


def unwrap_counter(ticks: ArrayLike, period: float) -> NDArray[np.float64]:
    """Count on where a counter wrapped, so that it goes from its end to its beginning.

    Parameters
    ----------
    ticks : array_like, shape (N,)
        What the counter read; a step back of more than half the period is a wrap.
    period : float
        Ticks after which it reads the same again, such as 2**32.

    Returns
    -------
    ndarray, shape (N,)
        In the same unit, exact up to 2⁵³.

    Examples
    --------
    >>> unwrap_counter([65534, 65535, 0, 1], 65536).tolist()
    [65534.0, 65535.0, 65536.0, 65537.0]
    """
    read = number_block(ticks, "ticks")
    if not period > 0.0:
        raise ParameterError("period", period, "a positive number of ticks")
    back = np.diff(read, prepend=read[:1])
    turns: NDArray[np.int64] = np.cumsum(back < -0.5 * period) - np.cumsum(back > 0.5 * period)
    return read + period * turns


def _irregular_rate_hz(time: Times) -> float:
    """The mean rate of what was sampled at uneven times, such as a busy telephone's; else 0.

    Stamps that jitter about even sampling come back to it: what they stray by over many steps is no
    more than over one. Where the sampling itself is uneven it adds up. Steps of whole intervals, as
    rows that are missing leave, stray by nothing.
    """
    steps = np.diff(time)
    interval = float(np.median(steps)) if len(steps) else 0.0
    if len(steps) < _FEWEST_SUMS * _SUMMED or not interval > 0.0:
        return 0.0
    steps = steps / interval
    usual = (steps >= _LEAST_STEP) & (steps <= _LONGEST_STEP)
    if np.mean(usual) < 1.0 - _BATCHES or np.mean(np.abs(steps - 1.0) > 2.0 * _STRAY) < _BATCHES:
        return 0.0
    usual_steps = steps[usual]
    blocks = usual_steps[: len(usual_steps) // _SUMMED * _SUMMED].reshape(-1, _SUMMED)
    # what large jitter rounds away adds up, too, but not the steps themselves
    for stray in (blocks - np.round(blocks), blocks):
        typical = float(np.median(stray.std(axis=1)))
        # neighbours, since a rate may drift
        added = float(np.median(np.abs(np.diff(stray.sum(axis=1)))))
        if typical < _STRAY or added < _ADDED * np.sqrt(_SUMMED) * typical:
            return 0.0
    return rate_to_mhz(interval * float(usual_steps.mean()))


def _tell_missing(time: Times, rate_hz: float, mends: list[Mend]) -> None:
    """Tell of rows that are missing one here and there, and of stretches of another rate."""
    steps = np.diff(time) * rate_hz
    n = len(steps) // _RATE_ROWS * _RATE_ROWS
    if not n or 100.0 * np.mean(np.abs(steps - 1.0) > 0.5 * _OTHER_RATE) < _MUCH:
        return
    blocks = steps[:n].reshape(-1, _RATE_ROWS)
    own = np.maximum(np.median(blocks, axis=1, keepdims=True), _CLOSEST_S)
    count, near = whole_intervals(blocks / own)
    if np.mean(near) < 1.0 - _BATCHES:
        return  # stamps that tell too little
    counts = np.maximum(np.where(near, count, 0.0).sum(axis=1), 1.0)
    typical = np.where(near, blocks, 0.0).sum(axis=1) / counts
    other = np.abs(typical / np.median(typical) - 1.0) > _OTHER_RATE
    if (share := 100.0 * float(np.mean(other))) > _MUCH:
        mends.append(Mend("rate changes", round(share), float(rate_hz / np.median(typical[other]))))
        return
    count, near = whole_intervals(steps)
    if 100.0 * np.mean(near & (count > 1.0)) > _MUCH:
        missing = float(np.sum(count[near] - 1.0))
        mends.append(Mend("missing", round(100.0 * missing / (missing + len(time))), rate_hz))


def _even(time: Times, rate_hz: float, mends: list[Mend]) -> tuple[Times, float]:
    """Spread what is stamped by batch or arrival, and smooth what jitters; and the rate then."""
    n = len(time)
    if n < 2:
        return time, rate_hz
    steps = np.diff(time) * rate_hz
    equal = int(np.count_nonzero(steps == 0.0))
    uneven = np.abs(steps - np.round(steps)) > _EVEN
    uneven |= steps < 0.5
    if (steps > 0.0).all() and np.count_nonzero(uneven) <= max(1, int(_FEW * n)):
        return time, rate_hz
    short = float(np.mean(steps < 0.5))
    batch = _batch_intervals(steps) if short > _BATCHES else 0.0
    spread = _on_the_sensors_clock(time, rate_hz, batch, short)
    limit = max(_MOST_JITTER, 1.5 * batch)
    far = np.abs(spread - time) * rate_hz
    # samples are never taken backwards: that is jitter, however large
    believed = np.mean(far > limit) > 0.02 and np.mean(steps < 0.0) <= _JITTERS
    if batch > _LONGEST_BATCH_S * rate_hz or believed:
        # the sampling itself is uneven: only what shares a time is parted
        spread = _parted(np.maximum.accumulate(time), rate_hz)
        if equal:
            mends.append(Mend("equal stamps", equal, rate_hz))
        return spread, rate_hz
    rate_hz = rate_to_mhz(float(np.median(np.diff(spread))))
    if equal > 0.5 * short * n:
        mends.append(Mend("equal stamps", equal, rate_hz))
    elif short > _ARRIVED:
        mends.append(Mend("arrival", n, rate_hz))
    else:
        mends.append(Mend("jitter", int(np.count_nonzero(far > _EVEN)), rate_hz))
    return spread, rate_hz


def _batch_intervals(steps: NDArray[np.float64]) -> float:
    """How many intervals most batches span: from the first row of one to that of the next."""
    first = np.flatnonzero(np.concatenate([[True], steps > 1.0]))
    sizes = np.diff(first)
    return float(np.percentile(sizes, 95)) if len(sizes) else float(len(steps))


def _on_the_sensors_clock(time: Times, rate_hz: float, batch: float, short: float) -> Times:
    """Even times through the stamps, anew after each stretch of missing samples."""
    n = len(time)
    number = np.arange(n)
    late = time * rate_hz - number  # intervals
    around, moved_by = _OF_BATCHES if short >= _BATCHED else _OF_JITTER
    reach = max(8, int(np.ceil(around * batch)))
    needed = max(_MISSING, moved_by * batch)
    places = np.flatnonzero(np.diff(time) * rate_hz > 1.0 + _MISSING) + 1
    whole = (places >= reach) & (places <= n - reach)
    moved = np.zeros(len(places), np.bool_)
    if whole.any():
        moved[whole] = _has_moved(late, places[whole], reach, needed, batched=batch > 0.0)
    starts = [0]
    for place, so in zip(places.tolist(), moved.tolist(), strict=True):
        if place - starts[-1] < reach or place > n - reach:  # from the last start to the end alone
            before, after = late[max(starts[-1], place - reach) : place], late[place:][:reach]
            late_now = _is_later(before[None], after[None], needed, batched=batch > 0.0)[0]
        else:
            late_now = so
        if late_now:
            starts.append(place)
    spread = np.empty(n)
    for a, b in zip(starts, [*starts[1:], n], strict=True):
        spread[a:b] = (number[a:b] + _level(late[a:b], rate_hz)) / rate_hz
    for a in starts[1:]:  # a segment never begins before the one before has ended
        least = spread[a - 1] + 1.0 / rate_hz
        if spread[a] < least:
            spread[a:] += least - spread[a]
    return spread


def _has_moved(
    late: NDArray[np.float64], places: Rows, reach: int, needed: float, *, batched: bool
) -> NDArray[np.bool_]:
    """Where the level of so many rows behind is later than that of as many before."""
    windows = np.lib.stride_tricks.sliding_window_view(late, reach)
    moved = [
        _is_later(windows[some - reach], windows[some], needed, batched=batched)
        for some in np.array_split(places, 1 + len(places) * reach // _AT_ONCE)
    ]
    return np.concatenate(moved)


def _is_later(
    before: NDArray[np.float64], after: NDArray[np.float64], needed: float, *, batched: bool
) -> NDArray[np.bool_]:
    """Whether a level has moved for good; in batches also by what came least late."""
    moved: NDArray[np.bool_] = np.median(after, axis=1) - np.median(before, axis=1) > needed
    if batched:
        moved &= after.min(axis=1) - before.min(axis=1) > needed
    return moved


def _level(late: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """How late stamps are on the mean, as a line from stretch to stretch of ten seconds."""
    n = len(late)
    block = max(64, round(_DRIFT_S * rate_hz))
    number = np.arange(n, dtype=np.float64)
    if n < 2 * block:
        centre = 0.5 * (n - 1)
        slope = 0.0
        if n >= 64:
            away = number - centre
            slope = float(away @ (late - late.mean()) / (away @ away))
        slope = min(max(slope, -0.02), 0.02)
        return late.mean() + slope * (number - centre)
    count = n // block
    edges = np.linspace(0, n, count + 1).astype(np.int64)
    means = np.add.reduceat(late, edges[:-1]) / np.diff(edges)
    centres = 0.5 * (edges[:-1] + edges[1:] - 1)
    level = np.interp(number, centres, means)
    first = (means[1] - means[0]) / (centres[1] - centres[0])
    last = (means[-1] - means[-2]) / (centres[-1] - centres[-2])
    head, tail = number < centres[0], number > centres[-1]
    level[head] = means[0] + first * (number[head] - centres[0])
    level[tail] = means[-1] + last * (number[tail] - centres[-1])
    return level


def _parted(time: Times, rate_hz: float) -> Times:
    """Rows that share a time, an even part of the way to the next one each."""
    first = np.flatnonzero(np.diff(time, prepend=-np.inf) > 0.0)
    sizes = np.diff(np.append(first, len(time)))
    last = time[first[-1]] + sizes[-1] / rate_hz
    steps = np.minimum(np.diff(np.append(time[first], last)) / sizes, 1.0 / rate_hz)
    place = np.arange(len(time)) - np.repeat(first, sizes)
    return np.repeat(time[first], sizes) + place * np.repeat(steps, sizes)
