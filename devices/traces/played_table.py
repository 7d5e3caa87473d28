"""A recording in a table, played as a simulated sensor of our own profile that measures it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    RATES_HZ,
)
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_sensor import VirtualSensorSource
from devices.timing.program_clock import ProgramClock
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

#: A rate so near one of the profile's is that one: the sensor's clock, not another rate.
_SAME_RATE: Final = 2e-4
#: Samples further apart than so many intervals have lost some between them.
_GAP: Final = 1.5
#: What a sensor can tell before it clips, as a part of its range.
_ROOM: Final = 0.98
_SHORTEST_PIECE: Final = 4
#: Nothing is measured while a computer sets the sensor up, so that nothing of it is missed.
_SET_UP_S: Final = 2.0


class PlayedRun:
    """A :class:`~devices.simulator.device.MotionRun` of what was recorded.

    Parameters
    ----------
    scenario : Scenario
        With the rate of the samples.
    samples : Samples
        Equally spaced; NaN where nothing was measured.

    Attributes
    ----------
    scenario : Scenario
    duration_s : float
        Of all samples, and of the time before them.
    """

    def __init__(self, scenario: Scenario, samples: Samples) -> None:
        self.scenario, self._samples = scenario, samples
        self._next = -round(_SET_UP_S * scenario.rate)
        self.duration_s = (len(samples) - self._next) / scenario.rate

    def read(self, n: int) -> Samples:
        """The next ``n`` samples, fewer at the end, none when it is over."""
        if self._next < 0:
            count = min(max(n, 0), -self._next)
            self._next += count
            nothing = np.full((count, 3), np.nan)
            return Samples(np.zeros(count), nothing, nothing)
        block = self._samples[self._next : self._next + max(n, 0)]
        self._next += len(block)
        return block


def played_table(
    samples: Samples,
    rate_hz: float,
    scenario: Scenario,
    *,
    axes: str = "",
    clock: ProgramClock | None = None,
) -> VirtualSensorSource:
    """A source of a recording, over a simulated radio.

    Of another rate than those of the profile it is interpolated to the next higher one; what was
    lost is lost again, and a missing gyroscope reads zeros, as such sensors do.

    Parameters
    ----------
    samples : Samples
        SI units, sensor frame.
    rate_hz : float
        Their rate, Hz.
    scenario : Scenario
        ``time_scale`` and ranges; a range that the samples pass is made wider.
    axes : str
        Which signed sensor axes point forward, left and up; empty where nobody says it.
    clock : ProgramClock, optional
        The computer's by default.
    """
    offered = next((r for r in RATES_HZ if r >= rate_hz * (1 - _SAME_RATE)), RATES_HZ[-1])
    even = on_grid(samples, rate_hz, float(offered))
    force_g = np.abs(even.acceleration_m_s2) / STANDARD_GRAVITY_M_S2
    turning = even.angular_velocity_rad_s
    fastest = 0.0 if turning is None else float(np.degrees(np.nanmax(np.abs(turning), initial=0.0)))
    largest = float(np.nanmax(force_g, initial=0.0))
    scenario = replace(
        scenario,
        protocol="backstride",
        device="ideal",
        rate=float(offered),
        acceleration_range_g=_range(ACCELERATION_RANGES_G, largest, scenario.acceleration_range_g),
        gyro_range_deg_s=_range(ANGULAR_VELOCITY_RANGES_DEG_S, fastest, scenario.gyro_range_deg_s),
    )
    run = PlayedRun(scenario, even)
    return VirtualSensorSource(scenario, clock=clock, run=run, stated_axes=axes)


def on_grid(samples: Samples, rate_hz: float, grid_hz: float) -> Samples:
    """The samples at equal steps of a rate; NaN where some were lost.

    Parameters
    ----------
    samples : Samples
        As recorded, at ``rate_hz`` but where some are missing.
    rate_hz, grid_hz : float
        What they have, and what is wanted, Hz.

    Examples
    --------
    >>> lost = Samples([0.0, 0.01, 0.04, 0.05], [[0.0, 0.0, 9.0]] * 4)
    >>> on_grid(lost, 100.0, 100.0).acceleration_m_s2[:, 2].tolist()
    [9.0, 9.0, nan, nan, 9.0, 9.0]
    """
    time = samples.time_s - (samples.time_s[0] if len(samples) else 0.0)
    turning = samples.angular_velocity_rad_s
    values = samples.acceleration_m_s2
    values = np.hstack([values, np.zeros_like(values) if turning is None else turning])
    whole = np.isfinite(values).all(axis=1)
    time, values = time[whole], values[whole]
    up_to_half = 0.5 if _is_same(rate_hz, grid_hz) else 1e-6
    count = int(time[-1] * grid_hz + up_to_half) + 1 if len(time) else 0
    even = np.full((count, 6), np.nan)
    cuts = np.flatnonzero(np.diff(time) > _GAP / rate_hz) + 1
    for piece in np.split(np.arange(len(time)), cuts):
        if len(piece):
            _place(even, time[piece], values[piece], rate_hz, grid_hz)
    grid_s = np.arange(count) / grid_hz
    return Samples(grid_s, even[:, :3], None if turning is None else even[:, 3:])


def _place(
    even: NDArray[np.float64],
    time_s: NDArray[np.float64],
    values: NDArray[np.float64],
    rate_hz: float,
    grid_hz: float,
) -> None:
    """Put a piece without gaps where it belongs."""
    if _is_same(rate_hz, grid_hz) or len(time_s) < _SHORTEST_PIECE:
        first = int(round(time_s[0] * grid_hz))
        stop = min(first + len(values), len(even))
        even[first:stop] = values[: stop - first]
        return
    from scipy.interpolate import CubicSpline

    first = int(np.ceil(time_s[0] * grid_hz - 1e-6))
    stop = min(int(np.floor(time_s[-1] * grid_hz + 1e-6)) + 1, len(even))
    even[first:stop] = CubicSpline(time_s, values)(np.arange(first, stop) / grid_hz)


def _is_same(rate_hz: float, grid_hz: float) -> bool:
    return abs(rate_hz / grid_hz - 1.0) <= _SAME_RATE


def _range(offered: tuple[int, ...], largest: float, stated: float) -> float:
    """The stated range, or the next one that holds what was measured."""
    fitting = (each for each in offered if each >= stated and largest <= _ROOM * each)
    return float(next(fitting, offered[-1]))
