"""Stretches of a file that were written a second time, with their times counted on.

A sensor of several axes never measures some rows exactly again. What goes on being the same is no
copy but a motion out of a program, or a sensor that froze.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.time_mends import Mend, MendKind

Times = NDArray[np.float64]
Rows = NDArray[np.int64]
Values = NDArray[np.float64]

#: Rows of the shortest stretch, and how far it lies from the first one at most, s.
_LEAST_ROWS: Final = 5
_NEAR_S: Final = 10.0
#: How often a row of it stands in the file at most, and how many times its distance a stretch is
#: long where it still is a copy.
_SELDOM: Final = 3
_MOST_COPIES: Final = 2
#: Share of the rows from which on it is no fault but a program that repeats itself.
_MOST: Final = 0.6
_MOST_DISTANCES: Final = 64
#: Where a file goes on behind a copy as it would have before it, in usual steps from row to row.
_GOES_ON: Final = 2.0
_AROUND: Final = 32
#: What rows before and behind a copy are apart from those around the first one, in such steps.
_ALONE: Final = 0.5
#: A packet that came twice in the place of another is found, and flagged, by the chain.
_PACKET_ROWS: Final = 63
#: Odd multipliers, so that sums of bits tell rows apart.
_MULTIPLIERS: Final = np.array(
    [0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93,
     0xA0761D6478BD642F, 0xE7037ED1A0B428DB], np.uint64,
)  # fmt: skip


def without_repeated(
    time: Times, rows: Rows, values: Values, mends: list[Mend]
) -> tuple[Times, Rows]:
    """Leave out stretches that were written a second time.

    Where the file goes on behind a copy as it would have without it, its times were counted on, and
    those that follow are brought back; else it stands in the place of what was lost, which is a
    gap, but for single packets.

    Parameters
    ----------
    time : ndarray, shape (N,)
        Increasing stamps, s.
    rows : ndarray of int, shape (N,)
        Their places in the file.
    values : ndarray, shape (M, K)
        What all its rows hold.
    mends : list of Mend
        Takes what was done.
    """
    if len(time) < 2 * _LEAST_ROWS:
        return time, rows
    held = values[rows]
    copies = _copies(held, time)
    length = copies[:, 1] - copies[:, 0]
    if not len(copies) or length.sum() > _MOST * len(time):
        return time, rows
    counted_on = _goes_on_behind(held, copies)
    if not counted_on:
        copies = copies[(length != copies[:, 2]) | (length > _PACKET_ROWS)]
    stays = np.ones(len(time), np.bool_)
    back = np.zeros(len(time))
    for first, end, _ in copies:
        stays[first:end] = False
        if counted_on and end < len(time):
            back[end] = time[end] - time[first]
    if len(copies):
        kind: MendKind = "written again" if counted_on else "in place"
        mends.append(Mend(kind, int(np.count_nonzero(~stays))))
    return (time - np.cumsum(back))[stays], rows[stays]


def _copies(held: Values, time: Times) -> Rows:
    """First row, end and distance of each copy, in order and apart from each other."""
    digest = held.view(np.uint64) @ np.resize(_MULTIPLIERS, held.shape[1])
    digest ^= digest >> np.uint64(29)
    ordered = np.sort(digest)
    if np.count_nonzero(ordered[1:] == ordered[:-1]) < _LEAST_ROWS:
        return np.zeros((0, 3), np.int64)
    order = np.argsort(digest, kind="stable")
    begins = np.flatnonzero(np.concatenate([[True], np.diff(digest[order]) != 0]))
    count = np.diff(np.append(begins, len(order)))
    seldom = np.repeat((count > 1) & (count <= _SELDOM), count)
    again = seldom.copy()
    again[begins] = False  # the first of its like
    later = order[again]
    distance = np.zeros(len(held), np.int64)
    distance[later] = later - order[np.flatnonzero(again) - 1]
    interval = float(np.median(np.diff(time)))
    near = (distance >= _LEAST_ROWS) & (distance * interval <= _NEAR_S)
    lengths, votes = np.unique(distance[near], return_counts=True)
    likely = lengths[votes >= _LEAST_ROWS][np.argsort(-votes[votes >= _LEAST_ROWS])]
    taken = np.zeros(len(held), np.bool_)
    found: list[tuple[int, int, int]] = []
    for lag in likely[:_MOST_DISTANCES].tolist():
        alike = (held[lag:] == held[:-lag]).all(axis=1)
        edges = np.flatnonzero(np.diff(np.concatenate([[False], alike, [False]])))
        for a, b in edges.reshape(-1, 2) + lag:
            known = np.count_nonzero(distance[a:b] == lag) >= _LEAST_ROWS
            # a motion that nearly repeats itself, and is rounded, is nearly the same before, too
            edges_apart = [
                _steps_apart(held, k, k - lag) for k in (a - 1, b) if lag <= k < len(held)
            ]
            alone = not edges_apart or not max(edges_apart) < _ALONE
            if known and alone and b - a <= _MOST_COPIES * lag and not taken[a:b].any():
                taken[a:b] = True
                found.append((int(a), int(b), lag))
    joined: list[tuple[int, int, int]] = []
    for one in sorted(found):
        if joined and joined[-1][1] == one[0]:  # one behind the other
            joined[-1] = (joined[-1][0], one[1], joined[-1][2])
        else:
            joined.append(one)
    return np.array(joined, np.int64).reshape(-1, 3)


def _goes_on_behind(held: Values, copies: Rows) -> bool:
    """Whether rows behind copies go on from those before them, where a body moves and it tells."""
    jumps = [
        _steps_apart(held, first - 1, end)
        for first, end, _ in copies
        if end < len(held) and 2 * first > end
        and _steps_apart(held, first - 1, 2 * first - 1 - end) > _GOES_ON
    ]  # fmt: skip
    return bool(jumps) and bool(np.median(jumps) < _GOES_ON)


def _steps_apart(held: Values, row: int, other: int) -> float:
    """How far a row is from another, in usual steps from one to the next there; NaN at rest."""
    around = np.abs(np.diff(held[max(0, row - _AROUND) : row + 1], axis=0))
    usual = around.mean(axis=0) if len(around) else np.zeros(held.shape[1])
    moves = usual > 0.0
    apart = np.abs(held[other] - held[row])[moves] / usual[moves]
    return float(apart.mean()) if len(apart) else np.nan
