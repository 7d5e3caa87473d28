"""Packets whose samples were written newest first, as a sensor's queue may be read."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

_LONGEST_PACKET: Final = 64
#: Rows that are looked at, and how many packets they must hold.
_LOOKED_AT: Final = 1 << 15
_FEWEST_PACKETS: Final = 16
#: How much larger the steps between packets are than those within, before and after turning.
_TORN: Final = 1.8
_WHOLE: Final = 1.25
#: Packet lengths whose steps are this near to the largest ones; the shortest of them is meant.
_NEARLY: Final = 0.9
#: Least share of the steps at each place of a packet whose readings are all there.
_KNOWN: Final = 0.5


def newest_first(values: NDArray[np.float64]) -> tuple[int, int]:
    """How many rows a packet has whose rows stand in reverse, and where the second one begins.

    A body moves smoothly: from packet to packet the numbers jump, and do so no longer when each
    packet is turned round.

    Parameters
    ----------
    values : ndarray, shape (N, K)
        What was measured, in the order of the file.

    Returns
    -------
    length : int
        Rows of a packet, 2 to 64; 0 where packets stand in order, or there are none.
    start : int
        Rows before the first whole packet.

    Examples
    --------
    >>> wave = np.sin(np.arange(1000) / 15.0)[:, None]
    >>> newest_first(wave), newest_first(wave.reshape(-1, 10)[:, ::-1].reshape(-1, 1))
    ((0, 0), (10, 0))
    """
    begin = max(0, (len(values) - _LOOKED_AT) // 2)
    looked = values[begin : begin + _LOOKED_AT]
    spread = np.nanstd(looked, axis=0) if np.isfinite(looked).any() else np.zeros(looked.shape[1])
    looked = looked[:, spread > 0.0] / spread[spread > 0.0]
    if not looked.shape[1]:
        return 0, 0
    steps = _steps(looked)
    ratios = np.zeros(_LONGEST_PACKET + 1)
    for length in range(2, _LONGEST_PACKET + 1):
        if len(steps) >= _FEWEST_PACKETS * length:
            ratios[length] = _joint_ratio(steps, length)[0]
    if ratios.max() < _TORN:
        return 0, 0
    length = int(np.flatnonzero(ratios >= _NEARLY * ratios.max())[0])
    start = (_joint_ratio(steps, length)[1] + 1) % length
    whole = looked[start : start + (len(looked) - start) // length * length]
    turned = whole.reshape(-1, length, looked.shape[1])[:, ::-1].reshape(whole.shape)
    within = np.ones(len(turned) - 1, np.bool_)
    within[length - 1 :: length] = False
    again = _steps(turned)
    if not np.nanmean(again[~within]) < _WHOLE * np.nanmean(again[within]):
        return 0, 0
    return length, (begin + start) % length


def oldest_first(count: int, length: int, start: int) -> NDArray[np.int64]:
    """The rows of a file with each packet turned round, those cut at its ends, too.

    Examples
    --------
    >>> oldest_first(8, 3, 1).tolist()
    [0, 3, 2, 1, 6, 5, 4, 7]
    """
    row = np.arange(count)
    packet = (row - start) // length
    first = np.maximum(packet * length + start, 0)
    last = np.minimum((packet + 1) * length + start, count) - 1
    return np.asarray(first + last - row, np.int64)


def _steps(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far each row is from the one before; NaN where a reading of either is missing."""
    return np.asarray(np.abs(np.diff(values, axis=0)).sum(axis=1))


def _joint_ratio(steps: NDArray[np.float64], length: int) -> tuple[float, int]:
    """How much larger the steps are at one place of a packet than at all others, and the place."""
    packets = steps[: len(steps) // length * length].reshape(-1, length)
    known = np.isfinite(packets)
    # a place of which little is known tells nothing
    means = np.where(known, packets, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    if (known.mean(axis=0) < _KNOWN).any():
        return 0.0, 0
    place = int(means.argmax())
    others = float(np.delete(means, place).max())
    return (float(means[place]) / others if others > 0.0 else 0.0), place
