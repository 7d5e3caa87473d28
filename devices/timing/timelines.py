"""The timeline of a stream, by what its protocol tells of when samples were taken.

* ``numbered_timeline.py``: samples are counted and stamped (the project's own profile);
* ``stamped_timeline.py``: stamped only (Movesense, Polar, Shimmer);
* ``arrival_timeline.py``: neither (WitMotion): only the arrival is known.

All give seconds since the first sample by the *device's* clock, count losses, and learn host time.
"""

from __future__ import annotations

from devices.readings import Reading
from devices.timing.arrival_timeline import ArrivalTimeline
from devices.timing.device_clock import STAMP_MODULUS_US
from devices.timing.numbered_timeline import NumberedTimeline
from devices.timing.stamped_timeline import StampedTimeline
from devices.timing.timeline import Timeline


def timeline_for(
    reading: Reading, rate_hz: float, time_modulus_us: int | None = STAMP_MODULUS_US
) -> Timeline:
    """The timeline for a stream whose first reading this is.

    Parameters
    ----------
    reading : Reading
        Tells whether samples are counted and stamped.
    rate_hz : float
        Nominal sample rate, Hz.
    time_modulus_us : int or None
        Where device time wraps, µs (:attr:`devices.readings.Decoder.time_modulus_us`).
    """
    if reading.time_us is None:
        return ArrivalTimeline(rate_hz)
    modulus_us = STAMP_MODULUS_US if time_modulus_us is None else time_modulus_us
    if reading.sequence is None:
        return StampedTimeline(rate_hz, modulus_us)
    return NumberedTimeline(rate_hz, modulus_us)
