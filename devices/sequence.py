"""Loss accounting: which samples of a numbered stream came, and which were lost.

A packet carries the index of its first sample modulo 65536 and its device time. Time tells how
often the index has wrapped while nothing was heard; where the two disagree, or both go far back,
the device has started again.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.timing.device_clock import unwrapped

#: The sample index wraps here: after 65 s at 1 kHz, 328 s at 200 Hz.
INDEX_MODULUS: Final = 1 << 16
#: A packet that is further behind than this is no late one: the device has started again.
REORDER_WINDOW_S: Final = 2.0

# Index and time agree within this share (the sensor's own rate against the nominal) and count.
_AGREEMENT_SHARE: Final = 0.06
_AGREEMENT_SAMPLES: Final = 8


class Arrival(Enum):
    """What a packet is to the stream."""

    NEXT = "next"  # the first packet, or the one that was expected
    AFTER_GAP = "after gap"  # samples before it are missing
    BEHIND = "behind"  # nothing in it is new in time: a duplicate or a late packet
    RESTART = "restart"  # the device has started again
    TIME_STEP = "time step"  # the device has set its clock; samples count on


class Losses(NamedTuple):
    """Counts since the start of a stream, in samples unless the name says otherwise.

    Every sample that was ever sent between the first and the last packet received is counted in
    ``received``, ``lost`` or ``reordered``, except those around a restart, which nobody can count.

    Parameters
    ----------
    received, lost : int
        Those that came, and those that never did.
    reordered, duplicated : int
        Those that came after later ones, too late to be used, and those that came again.
    restarts : int
        Of the device.
    malformed_packets : int
        Packets that do not follow the wire format, dropped.

    Examples
    --------
    >>> Losses(received=995, lost=4, reordered=1).lost_fraction
    0.005
    """

    received: int = 0
    lost: int = 0  # never came
    reordered: int = 0  # came after later ones: too late to be used
    duplicated: int = 0  # came again
    restarts: int = 0  # of the device
    malformed_packets: int = 0  # bytes that do not follow the wire format, dropped

    @property
    def lost_fraction(self) -> float:
        """Share of the samples sent that is missing from the result, 0 to 1."""
        missing = self.lost + self.reordered
        return missing / (self.received + missing) if missing else 0.0


#: The counts before anything came.
NO_LOSSES: Final = Losses()


class SequenceState(NamedTuple):
    """Everything the accounting remembers between packets; indices are unwrapped."""

    first_index: int  # of the latest packet
    time_us: int  # its device time
    next_index: int  # expected next
    missing: tuple[tuple[int, int], ...]  # lately lost, as [start, stop)
    losses: Losses


class Verdict(NamedTuple):
    """What to do with one packet."""

    arrival: Arrival
    first_index: int  # unwrapped
    stale: int  # samples at its start that are not new
    lost: int  # samples missing before it
    late: int = 0  # of the stale ones, those that were counted as lost until now


def account(
    state: SequenceState | None,
    sequence: int,
    n: int,
    time_us: int,
    rate_hz: float,
    *,
    latest_us: int | None = None,
    time_step: bool = False,
    restart: bool = False,
) -> tuple[SequenceState, Verdict]:
    """Judge one packet against what came before.

    Parameters
    ----------
    state : SequenceState or None
        As returned for the previous packet, None before the first.
    sequence : int
        Index of the packet's first sample, modulo 65536.
    n : int
        Samples in the packet.
    time_us : int
        Device time of the first sample, µs, unwrapped.
    rate_hz : float
        Nominal sample rate, Hz; the true one may differ by 6 %.
    latest_us : int, optional
        Device time that cannot have been reached yet; a packet beyond it shows a restart.
    time_step : bool, default False
        Whether the device says that it has set its clock: then the index alone counts.
    restart : bool, default False
        Whether it is known that the device has started again.

    Returns
    -------
    tuple of SequenceState and Verdict
        The state for the next packet, and what this one is.

    Examples
    --------
    >>> state, _ = account(None, 65530, 10, 0, 200.0)
    >>> state, verdict = account(state, 14, 10, 100_000, 200.0)  # 65540 to 65549 did not come
    >>> verdict.arrival.value, verdict.first_index, verdict.lost
    ('after gap', 65550, 10)
    """
    if state is None:
        first = SequenceState(sequence, time_us, sequence + n, (), Losses(received=n))
        return first, Verdict(Arrival.NEXT, sequence, 0, 0)
    index_before, time_before_us, next_index, missing, losses = state
    if restart:
        return _restarted(losses, sequence, n, time_us)
    advance = (time_us - time_before_us) * rate_hz * 1e-6
    expected = index_before + round(advance)
    index = unwrapped(sequence, INDEX_MODULUS, expected)
    window = round(REORDER_WINDOW_S * rate_hz)
    share = 0.0 if time_step else _AGREEMENT_SHARE * abs(advance)
    agree = abs(index - expected) <= _AGREEMENT_SAMPLES + share
    possible = latest_us is None or time_us <= latest_us
    arrival = Arrival.NEXT
    if not (agree and possible):
        if time_step:
            index = next_index + (sequence - next_index) % INDEX_MODULUS
        if not time_step or index - next_index >= INDEX_MODULUS // 2:
            return _restarted(losses, sequence, n, time_us)
        arrival = Arrival.TIME_STEP
    gap = index - next_index
    if gap < -window:
        return _restarted(losses, sequence, n, time_us)
    if gap < 0:
        return _behind(state, index, n, time_us)
    if gap > 0:
        if arrival is Arrival.NEXT:
            arrival = Arrival.AFTER_GAP
        missing = (*missing, (next_index, index))
    missing = _still_waited_for(missing, index - window)
    counts = Losses(losses.received + n, losses.lost + gap, *losses[2:])
    return (
        SequenceState(index, time_us, index + n, missing, counts),
        Verdict(arrival, index, 0, gap),
    )


def follow_in_line(
    state: SequenceState,
    sequence: NDArray[np.int64],
    n: int,
    passed_us: NDArray[np.int64],
    rate_hz: float | NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Whether :func:`account` would find each of these packets of ``n`` samples to be the next.

    Parameters
    ----------
    state : SequenceState
        Before the first of them.
    sequence : ndarray of int64, shape (k,)
        Index of each one's first sample, modulo 65536.
    n : int
        Samples in each.
    passed_us : ndarray of int64, shape (k,)
        From the device time of the packet before to its own, µs.
    rate_hz : float, or ndarray of float64, shape (k,)
        Nominal sample rate, Hz.
    """
    index = state.next_index + n * np.arange(len(sequence))
    advance = passed_us * rate_hz * 1e-6
    before = index - n
    before[:1] = state.first_index
    off = np.abs(index - (before + np.rint(advance)))
    agree: NDArray[np.bool_] = off <= _AGREEMENT_SAMPLES + _AGREEMENT_SHARE * np.abs(advance)
    same: NDArray[np.bool_] = (index - sequence) % INDEX_MODULUS == 0
    inside: NDArray[np.bool_] = off < INDEX_MODULUS // 2
    return agree & inside & same


def went_on(
    state: SequenceState, n: int, count: int, time_us: int, rate_hz: float
) -> SequenceState:
    """The state after ``count`` packets of ``n`` samples that followed in line.

    The last of them has this device time, µs.
    """
    index = state.next_index + n * (count - 1)
    missing = _still_waited_for(state.missing, index - round(REORDER_WINDOW_S * rate_hz))
    losses = state.losses._replace(received=state.losses.received + n * count)
    return SequenceState(index, time_us, index + n, missing, losses)


def _still_waited_for(
    missing: tuple[tuple[int, int], ...], since: int
) -> tuple[tuple[int, int], ...]:
    """Leave out gaps so far back that nothing can fill them any more."""
    if missing and missing[0][1] < since:
        return tuple(span for span in missing if span[1] >= since)
    return missing


def _restarted(
    losses: Losses, sequence: int, n: int, time_us: int
) -> tuple[SequenceState, Verdict]:
    counts = losses._replace(received=losses.received + n, restarts=losses.restarts + 1)
    return (
        SequenceState(sequence, time_us, sequence + n, (), counts),
        Verdict(Arrival.RESTART, sequence, 0, 0),
    )


def _behind(
    state: SequenceState, index: int, n: int, time_us: int
) -> tuple[SequenceState, Verdict]:
    """Split a packet from the past into late, repeated and (where it reaches further) new."""
    stop = min(index + n, state.next_index)
    late, left = 0, []
    for start_missing, stop_missing in state.missing:
        low, high = max(index, start_missing), min(stop, stop_missing)
        if low >= high:
            left.append((start_missing, stop_missing))
            continue
        late += high - low
        left += [s for s in ((start_missing, low), (high, stop_missing)) if s[0] < s[1]]
    stale = stop - index
    counts = state.losses._replace(
        received=state.losses.received + n - stale,
        lost=state.losses.lost - late,
        reordered=state.losses.reordered + late,
        duplicated=state.losses.duplicated + stale - late,
    )
    if stale == n:
        return (
            state._replace(missing=tuple(left), losses=counts),
            Verdict(Arrival.BEHIND, index, stale, 0, late),
        )
    return (
        SequenceState(index, time_us, index + n, tuple(left), counts),
        Verdict(Arrival.NEXT, index, stale, 0, late),
    )
