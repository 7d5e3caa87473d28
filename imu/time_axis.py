"""Time as it is: stamps as people's files have them, made the times at which samples were taken.

A file's stamps are equal in batches, are those of arrival, jitter, go back by a row, begin anew or
wrap. :func:`mend_time` makes of them increasing times and says, once for each kind, what it did.
Stamps of even sampling, with gaps or without, come back as they are, bit for bit.

A sensor samples evenly. Row number times interval is therefore its clock, but for a slow drift; how
far the stamps stand from it tells arrival and jitter from sampling, and a gap from both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.checked_arrays import number_block
from imu.errors import InputError, ParameterError
from imu.packet_order import newest_first, oldest_first
from imu.samples import HIGHEST_RATE_HZ, Samples

Times = NDArray[np.float64]
Rows = NDArray[np.int64]

#: What can be mended: packets whose rows stand newest first, rows without a time or with one far
#: from those around, rows that stand twice, that are out of order or in reverse, a counter that
#: wrapped, a clock that was turned back by its hours or set, equal stamps, stamps of arrival,
#: jitter, a stated rate that the stamps contradict, a stream that is slower than the other, and a
#: rate beyond what is needed. Rows that are missing, and a rate that changes, are told alone.
MendKind = Literal[
    "newest first",
    "no time",
    "lone time",
    "double",
    "out of order",
    "reversed",
    "wrapped",
    "turned back",
    "set back",
    "set forward",
    "equal stamps",
    "arrival",
    "jitter",
    "missing",
    "rate changes",
    "stated rate",
    "slower stream",
    "decimated",
]

_SENTENCES: Final[dict[MendKind, str]] = {
    "newest first": "the rows of each packet of {count} stood newest first and have been turned "
    "round.",
    "no time": "{count} rows without a time were left out.",
    "lone time": "{count} rows whose time is up to {duration} from those around were left out.",
    "double": "{count} rows stood twice; the copies were left out.",
    "out of order": "{count} rows were out of order and have been sorted by time.",
    "reversed": "{count} rows stood in reverse order and have been turned round.",
    "wrapped": "the clock wrapped around {count} times, at {number:g} s, and was counted on.",
    "turned back": "the clock was turned back {count} times, by {duration}, and was counted on.",
    "set back": "the clock was set back {count} times, by {duration} at most: what follows "
    "is a new segment, one second later.",
    "set forward": "the clock was set forward {count} times, by {duration} at most: what "
    "follows is a new segment, one second later.",
    "equal stamps": "{count} rows shared a time with the row before; they were spread evenly, at "
    "{number:.6g} Hz.",
    "arrival": "the times of {count} rows are those at which packets arrived; they were spread "
    "evenly, at {number:.6g} Hz.",
    "jitter": "the times of {count} rows jitter by more than a quarter of the interval; they were "
    "smoothed, at {number:.6g} Hz.",
    "missing": "{count} % of the rows are missing by the times of the others, which were measured "
    "at {number:.6g} Hz: record without losses.",
    "rate changes": "the times of {count} % of the rows are those of {number:.6g} Hz, the others' "
    "of another rate: cut the recording where it changes, and read each part alone.",
    "stated rate": "the times tell {number:.6g} Hz, which was used, and not the rate that was "
    "stated.",
    "slower stream": "{count} values of the slower stream were interpolated, from {number:.6g} Hz.",
    "decimated": "every {count} samples were averaged into one, {number:.6g} Hz: more is not "
    "needed.",
}

#: Periods of counters that wrap: 32, 24 and 16 bits of ns, µs, ms and 1/32768 s, where they last
#: longer than a second.
_PERIODS_S: Final = tuple(
    bits / unit
    for bits in (2**32, 2**24, 2**16)
    for unit in (1e9, 1e6, 1e3, 32768.0)
    if bits / unit > 1.0
)
_DAY_S: Final = 86_400.0
#: What a clock of the day is turned back by: the hour of autumn, a half of the day that is not
#: written, a date that stays.
_TURNS_BACK_S: Final = (3600.0, 43_200.0, _DAY_S)
#: No clock is further from its zero, s: 3000 years, and microseconds can be told yet.
_FURTHEST_S: Final = 1e11
#: No samples are closer to each other on the mean, s.
_CLOSEST_S: Final = 1e-9
_FURTHEST_COUNT: Final = 1e15  # intervals
#: Rows that came late are looked for so far back, s.
_LATE_S: Final = 2.0
#: Share of rows that go back from which on they may be in no order at all.
_NO_ORDER: Final = 0.2
#: Share of rows that go back from which on it is jitter, and of which so many intervals are.
_JITTERS: Final = 0.01
_JITTER_BACK: Final = 3.0
_NOISY: Final = 6.0  # times the usual deviation of a step
_UNEVEN_NEAR: Final = 0.1  # share of the steps around
#: Rows before and after a step back whose level tells whether the clock was set.
_LEVEL_ROWS: Final = 32
_NEW_SEGMENT_S: Final = 1.0
#: No sensor pauses for longer within a recording; its clock was set then, s.
_LONGEST_GAP_S: Final = _DAY_S
#: Share of equal stamps from which on equal rows are a batch that stood still, and no copies.
_BATCHES: Final = 0.05
#: Distance from even sampling that the chain takes as it is, intervals; more of it than this share
#: of the rows may have is mended.
_EVEN: Final = 0.25
_FEW: Final = 0.002
#: Intervals by which a level must have moved for samples to be missing where stamps are uneven.
_MISSING: Final = 0.7
#: Least share of the time that even steps have where they are those of sampling.
_LEAST_SHARE: Final = 0.3
_DRIFT_S: Final = 10.0  # over which the sensor's clock is taken to be even
#: Largest distance from even sampling that jitter may have, intervals; beyond it the sampling
#: itself is uneven, and the stamps are believed.
_MOST_JITTER: Final = 3.0
_ARRIVED: Final = 0.25  # share of short steps from which on it is arrival, and no jitter
_LONGEST_BATCH_S: Final = 1.5
#: Intervals by which rows that are missing put the others off an even rate, and that a single loss
#: has at most; the least share, %, of losses, and of rows of another rate, that is told.
_LOST: Final = 8.0
_MUCH: Final = 3.0
_OTHER_RATE: Final = 0.03
_RATE_ROWS: Final = 256
_RATE_TOLERANCE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Mend:
    """One thing that was mended, and how much of it.

    Attributes
    ----------
    kind : str
        What, one of :data:`MendKind`.
    count : int
        How many rows or times; for ``missing`` and ``rate changes`` their share, %.
    number : float
        The rate, Hz, or for ``wrapped`` the period and for ``set back`` the jump, s.

    Examples
    --------
    >>> Mend("double", 3).sentence
    '3 rows stood twice; the copies were left out.'
    """

    kind: MendKind
    count: int
    number: float = 0.0

    @property
    def sentence(self) -> str:
        """What is told, once."""
        text = _SENTENCES[self.kind].format(
            count=self.count, number=self.number, duration=_duration(self.number)
        )
        if self.count == 1:
            for many, one in (("1 rows were", "1 row was"), ("1 rows", "1 row")):
                text = text.replace(many, one)
            text = text.replace("1 times", "once").replace("the copies were", "the copy was")
            text = text.replace("1 row whose time is up to", "1 row whose time is")
            text = text.replace("from those around were", "from those around was")
            text = text.replace("times of 1 row are", "time of 1 row is")
            text = text.replace("a time were", "a time was")
            text = text.replace("; they were", "; it was").replace("have been", "has been")
        return text


def _duration(seconds: float) -> str:
    """As people say it.

    Examples
    --------
    >>> _duration(12.0), _duration(3600.0), _duration(43_200.0), _duration(3e8)
    ('12 s', '1 h', '12 h', '3472 days')
    """
    if not seconds >= 120.0:
        return f"{seconds:.3g} s"
    if seconds < 3599.0:
        return f"{seconds / 60.0:.3g} min"
    return f"{seconds / 3600.0:.3g} h" if seconds < 2 * _DAY_S else f"{seconds / _DAY_S:.0f} days"


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
    """

    time_s: Times
    rows: Rows
    rate_hz: float
    mends: tuple[Mend, ...]


def mend_time(
    time_s: ArrayLike, values: NDArray[np.float64] | None = None, *, rate_hz: float | None = None
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
    time, rows = _turned_round(stamps[rows], rows, mends)
    time, rows = _without_lone(time, rows, mends)
    if values is not None:
        time, rows = _without_repeats(time, rows, values, mends)
    time = _counted_on(time, mends)
    time, rows = _in_order(time, rows, values, mends)
    if values is not None:
        time, rows = _without_copies(time, rows, values, mends)
    time, rows = _forwards(time, rows, mends)
    measured = sampling_rate_hz(time)
    if not measured > 0.0:
        if rate_hz is None:
            raise InputError("the times do not tell a rate: give the sampling rate.")
        measured = rate_hz
    _tell_missing(time, measured, mends)
    time, measured = _even(time, measured, mends)
    if not (0.0 < measured < np.inf and (np.diff(time) > 0.0).all()):
        raise InputError("the times make no sense: give the sampling rate, and leave them out.")
    if rate_hz is not None and abs(measured / rate_hz - 1.0) > _RATE_TOLERANCE:
        mends.append(Mend("stated rate", 1, measured))
    return TimeAxis(time, order[rows], measured, tuple(mends))


def sampling_rate_hz(time_s: Times) -> float:
    """Rate of samples whose times do not go back: equal stamps, arrival and gaps do not count.

    The median over all stretches of some seconds, which count samples and do not look at the time
    from one to the next; to 1 mHz. NaN where the times tell none.

    Examples
    --------
    >>> sampling_rate_hz(np.repeat(np.arange(100) * 0.03, 3))
    100.0
    """
    n = len(time_s)
    if n < 2 or time_s[-1] - time_s[0] < _CLOSEST_S * n:
        return float("nan")
    steps = np.diff(time_s)
    interval = float(np.median(steps))
    if interval > 0.0 and np.mean(steps <= 0.0) <= _FEW:
        regular = np.abs(steps - interval) <= _EVEN * interval
        # a rate that changes: even from one step to the next, and no batches
        alike = np.mean(np.abs(np.diff(steps)) <= _EVEN * interval) if n > 2 else 1.0
        long = np.sum(steps[regular]) > _LEAST_SHARE * np.sum(steps[steps < _LATE_S])
        if long and (np.mean(regular) > 1.0 - _BATCHES or alike > 1.0 - _BATCHES):
            return _rate_hz(float(np.sum(steps[regular]) / np.count_nonzero(regular)))
    # from the first row of a batch to the first row of another
    first = np.flatnonzero(np.diff(time_s, prepend=-np.inf) > 2.0 * interval)
    if len(first) < 2:  # no batches: jitter
        first = np.arange(n)
    lag = max(1, len(first) // 10) if len(first) > 8 else len(first) - 1
    spans = time_s[first[lag:]] - time_s[first[:-lag]]
    counts = first[lag:] - first[:-lag]
    if alone := _rate_beside_losses(time_s, steps, interval):
        return alone
    return _refined(time_s, float(np.median(spans / counts)), int(np.median(np.diff(first))))


def _rate_beside_losses(time_s: Times, steps: Times, interval: float) -> float:
    """The rate of rows of which many are missing, one here and there; 0 where it is not so.

    All steps are whole intervals then, as those of a coarse clock, but the others stray from an
    even rate as those of a clock never do.
    """
    if not interval > 0.0:
        return 0.0
    count, whole = _whole_intervals(steps / interval)
    most_of_it = np.sum(steps[whole]) > 0.5 * np.sum(steps[steps < _LATE_S])
    if np.mean(whole) <= 1.0 - _BATCHES or not most_of_it:
        return 0.0
    late = time_s / interval - np.linspace(0.0, (time_s[-1] - time_s[0]) / interval, len(time_s))
    if np.ptp(late) < _LOST:
        return 0.0
    single = steps[whole & (count == 1.0)]
    return _rate_hz(float(single.mean()))


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


def join_rows(
    time_s: Times, acceleration: NDArray[np.float64], angular_velocity: NDArray[np.float64]
) -> tuple[Rows, NDArray[np.float64], tuple[Mend, ...]]:
    """Fill one table's gyroscope where it has a value in every second, third … row alone.

    Also where the sensors take turns and no row has both. Rows without acceleration are left out.

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
    if np.count_nonzero(turns) < 2 or share > 0.75:
        return everything, angular_velocity, ()
    alternate = bool(np.mean(has) < 0.75)
    rows = np.flatnonzero(has).astype(np.int64) if alternate else everything
    filled, both = join_streams(time_s[rows], time_s[turns], angular_velocity[turns])
    rows, filled = rows[both], filled[both]
    count = int(np.count_nonzero(~turns[rows]))
    slower = sampling_rate_hz(time_s[turns])
    return rows, filled, (Mend("slower stream", count, slower),)


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


# ------------------------------------------------------------------------------ order


def _turned_round(time: Times, rows: Rows, mends: list[Mend]) -> tuple[Times, Rows]:
    """Rows from the last to the first, and rows in no order whose sorted times are even."""
    forward, back = np.count_nonzero(np.diff(time) > 0.0), np.count_nonzero(np.diff(time) < 0.0)
    if back > 0.98 * (forward + back) and back > 2:
        mends.append(Mend("reversed", len(time)))
        return time[::-1].copy(), rows[::-1].copy()
    if back > _NO_ORDER * len(time):
        order = np.argsort(time, kind="stable")
        steps = np.diff(time[order])
        interval = float(np.median(steps))
        if interval > 0.0 and np.mean(np.abs(steps - interval) < _EVEN * interval) > 1.0 - _BATCHES:
            mends.append(Mend("out of order", len(time)))
            return time[order], rows[order]
    return time, rows


def _without_lone(time: Times, rows: Rows, mends: list[Mend]) -> tuple[Times, Rows]:
    """Leave out stamps that are far from those around: in time that goes on, none is."""
    back = np.flatnonzero(np.diff(time) < -_LATE_S)
    if not len(back) or len(back) > _JITTERS * len(time) or len(time) < 5:
        return time, rows
    near = np.unique(back[:, None] + np.arange(-1, 3))
    near = near[(near >= 0) & (near < len(time))]
    around = np.clip(near[:, None] + np.arange(-2, 3), 0, len(time) - 1)
    away = np.abs(time[near] - np.median(time[around], axis=1))
    lone = near[away > _LATE_S]
    if not len(lone):
        return time, rows
    mends.append(Mend("lone time", len(lone), float(away.max())))
    stays = np.ones(len(time), np.bool_)
    stays[lone] = False
    return time[stays], rows[stays]


def _without_repeats(
    time: Times, rows: Rows, values: NDArray[np.float64], mends: list[Mend]
) -> tuple[Times, Rows]:
    """Leave out stretches that were written a second time after a step back."""
    back = np.flatnonzero(np.diff(time) < 0.0) + 1
    if not len(back) or len(back) > _JITTERS * len(time):
        return time, rows
    order = np.argsort(time, kind="stable")
    equal = np.diff(time[order]) == 0.0
    first, second = order[:-1][equal], order[1:][equal]
    # the rows of a batch share their time, too, but have no step back between them
    segment = np.searchsorted(back, np.arange(len(time)), side="right")
    apart = segment[first] != segment[second]
    first, second = first[apart], second[apart]
    copies = second[_alike(values[rows[first]], values[rows[second]])]
    if not len(copies):
        return time, rows
    stays = np.ones(len(time), np.bool_)
    stays[copies] = False
    mends.append(Mend("double", len(copies)))
    return time[stays], rows[stays]


def _counted_on(time: Times, mends: list[Mend]) -> Times:
    """Add the period where a counter wrapped, or a clock of the day was turned back."""
    back = np.flatnonzero(np.diff(time) < 0.0) + 1
    if not len(back):
        return time
    forward = np.diff(time)
    interval = float(np.median(forward[forward > 0.0])) if (forward > 0.0).any() else 0.0
    counted = time.copy()
    found: dict[MendKind, list[float]] = {"wrapped": [], "turned back": []}
    for i in back:
        step = counted[i] - counted[i - 1]
        kind, period = _period_of(time[i], step, interval)
        if period:
            counted[i:] += period
            found[kind].append(period)
    mends += [Mend(kind, len(all_s), all_s[-1]) for kind, all_s in found.items() if all_s]
    return counted


def _period_of(stamp: float, step: float, interval: float) -> tuple[MendKind, float]:
    """What is to be added after a step back; 0 where the clock was set."""
    for period in _PERIODS_S:
        # from its end to its beginning
        begins = abs(stamp % period) <= max(40.0 * interval, 0.1)
        if begins and 0.0 <= step + period <= max(20.0 * interval, 0.05):
            return "wrapped", period
    for period in _TURNS_BACK_S:
        # a recording that begins anew, at zero, is another one
        if abs(stamp) > _LATE_S and abs(step + period - interval) <= _JITTER_BACK * interval:
            return "turned back", period
    return "wrapped", 0.0


def _in_order(
    time: Times, rows: Rows, values: NDArray[np.float64] | None, mends: list[Mend]
) -> tuple[Times, Rows]:
    """Sort rows that came late by a little, where they fit between those around them."""
    back = np.flatnonzero(np.diff(time) < 0.0) + 1
    if not len(back) or len(back) > _JITTERS * len(time):
        return time, rows  # so many are jitter
    time, rows, moved, sorted_to = time.copy(), rows.copy(), 0, 0
    for i in back.tolist():
        if i < sorted_to:
            continue
        # the rows that are later than this one, and those that are earlier than the latest
        a = i - 1
        while a > sorted_to and time[a - 1] > time[i] and time[i - 1] - time[a - 1] < _LATE_S:
            a -= 1
        highest = time[a:i].max()
        b = i + 1
        while b < len(time) and time[b] < highest and time[b] - time[i] < _LATE_S:
            b += 1
        order = a + np.argsort(time[a:b], kind="stable")
        around = time[order]
        fits = (a == 0 or time[a - 1] <= around[0]) and (b == len(time) or around[-1] <= time[b])
        copies = np.zeros(len(order) - 1, np.bool_)
        if values is not None:
            copies = _alike(values[rows[order[:-1]]], values[rows[order[1:]]])
        if fits and _stands_apart(time, around, copies, a, b):
            moved += min(i - a, b - i)
            time[a:b], rows[a:b] = around, rows[order]
            sorted_to = b
    if moved:
        mends.append(Mend("out of order", moved))
    return time, rows


def _stands_apart(time: Times, around: Times, copies: NDArray[np.bool_], a: int, b: int) -> bool:
    """Whether sorted rows are about as far apart as those before and after them, or copies."""
    near = np.diff(time[max(a - 64, 0) : a])
    near = np.concatenate([near, np.diff(time[b : b + 64])])
    near = near[near > 0.0]
    if not len(near):
        return len(around) <= 3
    interval = float(np.median(near))
    if np.mean(np.abs(near - interval) > _EVEN * interval) > _UNEVEN_NEAR:
        return False  # jitter, in the right order
    steps = np.diff(around)
    alone = ~(copies & (steps <= 0.0))
    return bool(np.all(steps[alone] >= 0.5 * interval))


def _alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which rows hold the same; NaN equals NaN."""
    same: NDArray[np.bool_] = ((one == other) | (np.isnan(one) & np.isnan(other))).all(axis=1)
    return same


def _without_copies(
    time: Times, rows: Rows, values: NDArray[np.float64], mends: list[Mend]
) -> tuple[Times, Rows]:
    """Leave out rows that say the same at the same time as the one before."""
    equal: NDArray[np.bool_] = np.diff(time, prepend=np.nan) == 0.0
    if not equal.any():
        return time, rows
    held = values[rows]
    copy = equal.copy()
    copy[1:] &= _alike(held[1:], held[:-1])
    batched = np.count_nonzero(equal & ~copy) > _BATCHES * len(time)
    if batched or not copy.any():
        return time, rows
    before = sum(mend.count for mend in mends if mend.kind == "double")
    mends[:] = [mend for mend in mends if mend.kind != "double"]
    mends.append(Mend("double", before + int(np.count_nonzero(copy))))
    return time[~copy], rows[~copy]


def _forwards(time: Times, rows: Rows, mends: list[Mend]) -> tuple[Times, Rows]:
    """Begin a new segment, a second later, where the clock was set."""
    back = np.diff(time, prepend=time[:1])
    ahead = back[back > 0.0]
    interval = float(np.median(ahead)) if len(ahead) else 0.0
    noise = float(np.median(np.abs(back - np.median(back))))
    set_back = back < -max(_JITTER_BACK * interval, _NOISY * noise)
    if set_back.any():
        set_back[set_back] = _has_moved(time, np.flatnonzero(set_back))
    set_forward = back > _LONGEST_GAP_S
    if set_back.any():
        furthest = float(-back[set_back].min())
        mends.append(Mend("set back", int(np.count_nonzero(set_back)), furthest))
    if set_forward.any():
        mends.append(Mend("set forward", int(np.count_nonzero(set_forward)), float(back.max())))
    if not (set_back.any() or set_forward.any()):
        return time, rows
    return time + np.cumsum(np.where(set_back | set_forward, _NEW_SEGMENT_S - back, 0.0)), rows


def _has_moved(time: Times, places: Rows) -> NDArray[np.bool_]:
    """Whether stamps stay behind after a step back, as those of a clock that was set do.

    Those that jitter are at their old level again.
    """
    reach = max(1, min(max(16, len(time) // 100), len(time) - 1))
    interval = max(float(np.median(np.diff(time[::reach]))) / reach, _CLOSEST_S)
    moved = np.zeros(len(places), np.bool_)
    for k, place in enumerate(places):
        begin = max(0, place - _LEVEL_ROWS)
        late = time[begin : place + _LEVEL_ROWS] / interval
        late = late - np.arange(len(late))
        before, after = late[: place - begin], late[place - begin :]
        levels = np.median(before), np.median(after)
        noise = np.median(np.abs(np.concatenate([before - levels[0], after - levels[1]])))
        moved[k] = levels[1] - levels[0] < -max(_JITTER_BACK, 3.0 * noise)
    return moved


def _tell_missing(time: Times, rate_hz: float, mends: list[Mend]) -> None:
    """Tell of rows that are missing one here and there, and of stretches of another rate."""
    steps = np.diff(time) * rate_hz
    n = len(steps) // _RATE_ROWS * _RATE_ROWS
    if not n or 100.0 * np.mean(np.abs(steps - 1.0) > 0.5 * _OTHER_RATE) < _MUCH:
        return
    blocks = steps[:n].reshape(-1, _RATE_ROWS)
    own = np.maximum(np.median(blocks, axis=1, keepdims=True), _CLOSEST_S)
    count, near = _whole_intervals(blocks / own)
    if np.mean(near) < 1.0 - _BATCHES:
        return  # stamps that tell too little
    counts = np.maximum(np.where(near, count, 0.0).sum(axis=1), 1.0)
    typical = np.where(near, blocks, 0.0).sum(axis=1) / counts
    other = np.abs(typical / np.median(typical) - 1.0) > _OTHER_RATE
    if (share := 100.0 * float(np.mean(other))) > _MUCH:
        mends.append(Mend("rate changes", round(share), float(rate_hz / np.median(typical[other]))))
        return
    count, near = _whole_intervals(steps)
    if 100.0 * np.mean(near & (count > 1.0)) > _MUCH:
        missing = float(np.sum(count[near] - 1.0))
        mends.append(Mend("missing", round(100.0 * missing / (missing + len(time))), rate_hz))


def _whole_intervals(steps: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """How many intervals steps are, and which of them are near to so many, and no long gap."""
    count = np.round(steps)
    return count, (count >= 1.0) & (count <= _LOST) & (np.abs(steps - count) <= _EVEN)


# ---------------------------------------------------------------------------- evenness


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
    spread = _on_the_sensors_clock(time, rate_hz, batch)
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
    rate_hz = _rate_hz(float(np.median(np.diff(spread))))
    if equal:
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


def _on_the_sensors_clock(time: Times, rate_hz: float, batch: float) -> Times:
    """Even times through the stamps, anew after each stretch of missing samples."""
    n = len(time)
    number = np.arange(n)
    late = time * rate_hz - number  # intervals
    reach = max(8, int(np.ceil(2.0 * batch)))
    needed = max(_MISSING, 1.5 * batch)
    # a level that has moved for good: what came least late before and after
    places = np.flatnonzero(np.diff(time) * rate_hz > 1.0 + _MISSING) + 1
    starts = [0]
    for i in places:
        before, after = late[max(starts[-1], i - reach) : i], late[i : i + reach]
        moved = np.median(after) - np.median(before)
        if moved > needed and (batch == 0.0 or after.min() - before.min() > needed):
            starts.append(int(i))
    spread = np.empty(n)
    for a, b in zip(starts, [*starts[1:], n], strict=True):
        spread[a:b] = (number[a:b] + _level(late[a:b], rate_hz)) / rate_hz
    for a in starts[1:]:  # a segment never begins before the one before has ended
        least = spread[a - 1] + 1.0 / rate_hz
        if spread[a] < least:
            spread[a:] += least - spread[a]
    return spread


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


def _rate_hz(interval_s: float) -> float:
    """To 1 mHz; NaN where the interval is none."""
    return round(1.0 / interval_s, 3) if interval_s >= _CLOSEST_S else float("nan")


def _refined(time_s: Times, interval_s: float, batch: int) -> float:
    """The rate by a line through what lies between gaps, which counts every stamp.

    Within a batch stamps tell nothing: a level is that of several.
    """
    if interval_s < _CLOSEST_S or np.abs(time_s).max() > _FURTHEST_COUNT * interval_s:
        return float("nan")  # no clock has counted so far
    n = len(time_s)
    late = time_s / interval_s - np.arange(n)
    block = max(16, n // 16, 4 * batch)
    middles = [float(np.median(late[i : i + block])) for i in range(0, n - block + 1, block)]
    slope = float(np.median(np.diff(middles))) / block if len(middles) > 2 else 0.0
    return _rate_hz(interval_s * (1.0 + slope))


def _parted(time: Times, rate_hz: float) -> Times:
    """Rows that share a time, an even part of the way to the next one each."""
    first = np.flatnonzero(np.diff(time, prepend=-np.inf) > 0.0)
    sizes = np.diff(np.append(first, len(time)))
    last = time[first[-1]] + sizes[-1] / rate_hz
    steps = np.minimum(np.diff(np.append(time[first], last)) / sizes, 1.0 / rate_hz)
    place = np.arange(len(time)) - np.repeat(first, sizes)
    return np.repeat(time[first], sizes) + place * np.repeat(steps, sizes)
