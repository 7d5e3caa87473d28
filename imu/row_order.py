"""Rows in the order in which they were measured, by what their stamps say."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.laps import laps_counted_on
from imu.time_mends import Mend, MendKind

Times = NDArray[np.float64]
Rows = NDArray[np.int64]

#: Periods of counters that wrap: 32, 24 and 16 bits of ns, µs, ms and 1/32768 s, where they last
#: longer than a second.
_PERIODS_S: Final = tuple(
    bits / unit
    for bits in (2**32, 2**24, 2**16)
    for unit in (1e9, 1e6, 1e3, 32768.0)
    if bits / unit > 1.0
)
#: What of a clock's time may stand alone: the part of a second, the second of a minute.
_PARTS_S: Final = (1.0, 60.0)
_DAY_S: Final = 86_400.0
#: What a clock of the day is turned back by: the hour of autumn, a half of the day that is not
#: written, a date that stays.
_TURNS_BACK_S: Final = (3600.0, 43_200.0, _DAY_S)
#: No samples are closer to each other on the mean, s.
_CLOSEST_S: Final = 1e-9
#: Rows that came late are looked for so far back, s.
_LATE_S: Final = 2.0
#: Longest stretch of stamps that are damaged together.
_LONE_ROWS: Final = 32
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


def ordered(
    time: Times,
    rows: Rows,
    values: NDArray[np.float64] | None,
    mends: list[Mend],
    *,
    all_of_it: bool = True,
) -> tuple[Times, Rows]:
    """Times that hardly go back, and the rows that they are of.

    Parameters
    ----------
    time : ndarray, shape (N,)
        Stamps in the order of the file, s.
    rows : ndarray of int, shape (N,)
        Their places in it.
    values : ndarray, shape (M, K), or None
        What all rows hold; rows that stand twice are told by it.
    mends : list of Mend
        Takes what was done.
    all_of_it : bool
        Whether no other stream has such times, which would have to be counted on alike.
    """
    time, rows = _turned_round(time, rows, mends)
    time, rows = _without_lone(time, rows, mends)
    if values is not None:
        time, rows = _without_repeats(time, rows, values, mends)
    time = _counted_on(time, mends)
    time, rows = _in_order(time, rows, values, mends)
    if values is not None:
        time, rows = _without_copies(time, rows, values, mends)
        if all_of_it:
            time = laps_counted_on(time, rows, values, mends)
    return _forwards(time, rows, mends)


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
    """Leave out stretches of a few stamps behind which time goes on where it was before."""
    steps = np.diff(time)
    starts = np.flatnonzero(np.abs(steps) > _LATE_S) + 1
    if not (steps < -_LATE_S).any() or len(starts) > 2 * _JITTERS * len(time):
        return time, rows
    stays = np.ones(len(time), np.bool_)
    for place, start in enumerate(starts):
        if not stays[start]:
            continue
        goes_on = starts[place + 1 :]
        goes_on = goes_on[goes_on <= start + _LONE_ROWS]
        late = time[goes_on] - time[start - 1]
        goes_on = goes_on[(late >= 0.0) & (late <= _LATE_S)]
        stays[start : goes_on[0] if len(goes_on) else start] = False
    if stays.all():
        return time, rows
    before = np.maximum.accumulate(np.where(stays, np.arange(len(time)), 0))
    away = np.abs(time - time[before])
    mends.append(Mend("lone time", int(np.count_nonzero(~stays)), float(away.max())))
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
    steps = np.diff(time)
    back = np.flatnonzero(steps < 0.0) + 1
    if not len(back):
        return time
    forward = steps[steps > 0.0]
    interval = float(np.median(forward)) if len(forward) else 0.0
    stamps, steps = time[back], steps[back - 1]
    for period in _PARTS_S:  # each step back is from the end of such a part to its beginning
        within = time.min() >= 0.0 and time.max() < period
        # recordings of a minute are each whole
        whole = period > 1.0 and time[0] + period - time[-1] <= 20.0 * interval
        # one step back may be that to another recording, unless it goes on to the sample
        sure = len(back) > 1 or (
            time[0] > _LATE_S and abs(steps[0] + period - interval) <= _UNEVEN_NEAR * interval
        )
        if within and not whole and sure and (steps + period <= 20.0 * interval).all():
            mends.append(Mend("wrapped", len(back), period))
            return time + period * np.searchsorted(back, np.arange(len(time)), side="right")
    added = np.zeros(len(time))
    lasted = time[back - 1] - time[np.append(0, back[:-1])]  # since it began, or went back before
    kinds: list[MendKind] = ["wrapped", "turned back"]
    for kind, periods in zip(kinds, (_PERIODS_S, _TURNS_BACK_S), strict=True):
        last, count = 0.0, 0
        for period in periods:
            if kind == "wrapped":  # from its end to its beginning
                so = (stamps % period <= max(40.0 * interval, 0.1)) & (
                    lasted <= period + 20.0 * interval
                )
                so &= (steps + period >= 0.0) & (steps + period <= max(20.0 * interval, 0.05))
            else:  # a recording that begins anew, at zero, is another one
                so = (np.abs(stamps) > _LATE_S) | (period == _DAY_S)  # which ends at midnight
                so &= np.abs(steps + period - interval) <= _JITTER_BACK * interval
            so &= added[back] == 0.0
            if so.any():
                added[back[so]] = last = period
                count += int(np.count_nonzero(so))
        if count:
            mends.append(Mend(kind, count, last))
    return time + np.cumsum(added) if added.any() else time


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
