"""Losses of samples that carry neither number nor stamp: all that come later seem to come late."""

from __future__ import annotations

from math import inf
from typing import Final, NamedTuple

# The least delay is looked at over this long, ns; after a silence, over this long.
_LOOK_NS: Final = 300_000_000
_LOOK_AFTER_SILENCE_NS: Final = 120_000_000
_SILENCE_NS: Final = 150_000_000
# Readings that come as seldom as that are apart for their own length: silence is this much more.
_SILENCE_SHARE: Final = 1.5
# A look needs so many arrivals that are this far apart, ns: connection events, not their packets.
_EVENTS: Final = 4
_EVENT_NS: Final = 3_000_000
# Least loss that is believed: so many samples, so much time, and so much of a reading.
_LEAST_SAMPLES: Final = 3
_LEAST_LOSS_US: Final = 15_000.0
_LEAST_SHARE: Final = 0.75
# Two looks agree within this share of the least loss.
_AGREEMENT: Final = 0.5
# More samples came than were measured meanwhile: what was held back is still coming.
_BURST_SHARE: Final = 1.15
# So many connection events in a row that are late make a loss likely, before it is believed.
_LATE_EVENTS: Final = 3


class _Look(NamedTuple):
    """What came during a short period."""

    begun_ns: int
    delay_us: float = inf  # least, over the floor
    events: int = 0
    samples: int = 0


class DeficitWatch:
    """Says how many samples are missing, from the delays of those that come.

    Delays are over the floor of all arrivals, as if nothing were missing. A loss is believed when
    the least delays of two successive looks of 0.3 s, after a silence 0.12 s, agree on it, and no
    more came meanwhile than was measured: packets that were held back arrive in a burst, and their
    delays fall.

    Examples
    --------
    >>> watch = DeficitWatch(arrival_ns=0)
    >>> sum(
    ...     watch.missing(200_000.0 if k > 400 else 0.0, 1, 5000.0, k * 5_000_000 + 200_000_000)
    ...     for k in range(600)
    ... )
    40
    """

    def __init__(self, arrival_ns: int) -> None:
        self._arrival_ns = arrival_ns
        self._late_events = 0  # in a row
        self._look_ns = _LOOK_NS
        self._look = _Look(arrival_ns)
        self._look_before: _Look | None = None

    @property
    def is_late(self) -> bool:
        """Whether a loss is likely of which nothing is believed yet."""
        return self._late_events >= _LATE_EVENTS

    def missing(
        self,
        delay_us: float,
        n: int,
        period_us: float,
        arrival_ns: int,
        uncertainty_us: float = 0.0,
    ) -> int:
        """Samples that are missing before this reading, believed from now on.

        Parameters
        ----------
        delay_us : float
            How much later than the floor it came, µs; negative when too early.
        n : int
            Its samples.
        period_us : float
            Sample period, µs.
        arrival_ns : int
            The host's clock at arrival, ns.
        uncertainty_us : float
            How well the floor is known, µs: so much is added to the least loss that is seen.

        Returns
        -------
        int
            Negative when it came so early that fewer can be missing than believed before.
        """
        least_us = uncertainty_us + max(
            _LEAST_SAMPLES * period_us, _LEAST_LOSS_US, _LEAST_SHARE * n * period_us
        )
        apart_ns = arrival_ns - self._arrival_ns
        self._arrival_ns = arrival_ns
        if apart_ns > max(_SILENCE_NS, _SILENCE_SHARE * n * period_us * 1e3):
            self._begin(arrival_ns, _LOOK_AFTER_SILENCE_NS)
        if delay_us < least_us:
            self._late_events = 0
        elif apart_ns > _EVENT_NS:
            self._late_events += 1
        begun_ns, lowest_us, events, samples = self._look
        events += apart_ns > _EVENT_NS
        self._look = look = _Look(begun_ns, min(lowest_us, delay_us), events, samples + n)
        if delay_us < -least_us:
            return round(delay_us / period_us)
        if arrival_ns - begun_ns < self._look_ns or look.events < _EVENTS:
            return 0
        before, self._look_before, self._look = self._look_before, look, _Look(arrival_ns)
        if before is None:
            return 0
        measured = (arrival_ns - before.begun_ns) * 1e-3 / period_us
        if (
            min(before.delay_us, look.delay_us) < least_us
            or abs(look.delay_us - before.delay_us) > _AGREEMENT * least_us
            or before.samples + look.samples > _BURST_SHARE * measured + n
        ):
            self._look_ns = _LOOK_NS
            return 0
        self._begin(arrival_ns)
        return round(min(before.delay_us, look.delay_us) / period_us)

    def _begin(self, arrival_ns: int, look_ns: int = _LOOK_NS) -> None:
        self._look_ns, self._look, self._look_before = look_ns, _Look(arrival_ns), None
