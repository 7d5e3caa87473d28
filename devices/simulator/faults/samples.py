"""Faults of what the chip measures, put into the samples before any of them is encoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.device import MotionRun
from devices.simulator.faults.plan import Fault
from devices.simulator.faults.shifting import later
from devices.simulator.scenario import Scenario, axes_matrix
from devices.simulator.sensor import turned_about
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples

Array = NDArray[np.float64]

#: Change of the zero offsets with temperature, mg/K and degrees/s/K: Bosch BMI270's data sheet
#: gives 0.25 and 0.02.
_OFFSET_DRIFT: Final = (0.25, 0.02)
#: Samples that are made at once, so that what is read at a time makes no difference.
_AHEAD: Final = 256
_SLIP_S: Final = 0.3  # a sensor needs this long to turn on its clip
#: In this order: what moves the chip, what its parts do, what its converter does.
_ORDER: Final = (
    "clip_slip_deg", "temperature_c", "bias_g", "gyro_bias_deg_s", "stuck_axis", "gyro_frozen",
    "gyro_dead", "saturate", "nan",
)  # fmt: skip


def has_sample_faults(scenario: Scenario) -> bool:
    """Whether any of the scenario's faults acts on samples."""
    return any(fault.kind in _ORDER for fault in scenario.faults)


class FaultyRun:
    """A measured run whose samples have the faults of its scenario.

    A sample without a value has NaN in all its channels. How a run is read makes no difference.

    Parameters
    ----------
    run : MotionRun
        Read from its start.
    """

    def __init__(self, run: MotionRun) -> None:
        self._run, self.scenario = run, run.scenario
        self.duration_s = run.duration_s
        self.position = 0
        scenario = run.scenario
        faults = [fault for fault in scenario.faults if fault.kind in _ORDER]
        faults.sort(key=lambda fault: _ORDER.index(fault.kind))
        self._faults = tuple(_Acting(fault, scenario, k) for k, fault in enumerate(faults))
        self._ahead = Samples(np.zeros(0), np.zeros((0, 3)))
        self._end_m_s2 = scenario.acceleration_range_g * STANDARD_GRAVITY_M_S2
        self._end_rad_s = float(np.radians(scenario.gyro_range_deg_s))

    def read(self, n: int) -> Samples:
        """The next ``n`` samples, fewer at the end, none when it is over."""
        block = self._made(n) if self._faults else self._run.read(n)
        self.position += len(block)
        return block

    def _made(self, n: int) -> Samples:
        while len(self._ahead) < n:
            more = self._with_faults(self._run.read(_AHEAD))
            if not len(self._ahead):
                self._ahead = more
            elif len(more):
                self._ahead = Samples.concatenate([self._ahead, more])
            if not len(more):
                break
        made, self._ahead = self._ahead[:n], self._ahead[n:]
        return made

    def _with_faults(self, block: Samples) -> Samples:
        if not len(block):
            return block
        gyro = block.angular_velocity_rad_s
        values = np.full((len(block), 6), 0.0)
        values[:, :3] = block.acceleration_m_s2
        if gyro is not None:
            values[:, 3:] = gyro
        for fault in self._faults:
            fault.act(block.time_s, values)
        if self.scenario.device != "ideal":
            np.clip(values[:, :3], -self._end_m_s2, self._end_m_s2, out=values[:, :3])
            np.clip(values[:, 3:], -self._end_rad_s, self._end_rad_s, out=values[:, 3:])
        at_end = (np.abs(values[:, :3]) >= self._end_m_s2).any(axis=1)
        quality = block.quality | np.where(at_end, np.uint8(Quality.CLIPPED), np.uint8(0))
        turning = None if gyro is None else values[:, 3:]
        return Samples(block.time_s, values[:, :3], turning, quality)

    def after_restart(self, passed_s: float) -> FaultyRun:
        """The same run, for a sensor that was switched on again after so many seconds.

        What is measured in between is passed over; what its clock has to suffer counts from then.
        """
        behind = round(passed_s * self.scenario.rate) - self.position
        if behind > 0:
            self.read(behind)
        self.scenario = replace(self.scenario, faults=later(self.scenario.faults, passed_s))
        return self


class _Acting:
    """A fault with what it remembers from block to block."""

    def __init__(self, fault: Fault, scenario: Scenario, number: int) -> None:
        self._fault, self._scenario = fault, scenario
        self._random = np.random.default_rng((scenario.seed, 40, number))
        self._held: Array | None = None
        towards = self._random.uniform(0.0, 2.0 * np.pi)
        body = np.array([np.cos(towards), np.sin(towards), 0.0])
        self._level_axis: Array = axes_matrix(scenario.axes).T @ body
        self._signs = self._random.choice([-1.0, 1.0], 6)

    def act(self, time_s: Array, values: Array) -> None:
        """Change the values of a block, acceleration and angular velocity, in place."""
        _ACTS[self._fault.kind](self, time_s, values)

    def _on(self, time_s: Array) -> NDArray[np.bool_]:
        on: NDArray[np.bool_] = (time_s >= self._fault.onset_s) & (time_s < self._fault.end_s)
        return on

    def _struck(self, time_s: Array) -> NDArray[np.intp]:
        """The samples that chance hits; each sample costs one draw, whatever is read at once."""
        draws = self._random.random(len(time_s)) * 100 < self._fault.amount
        return np.flatnonzero(draws & self._on(time_s))

    def _hold(self, time_s: Array, values: Array, axes: slice) -> None:
        on = np.flatnonzero(self._on(time_s))
        if not len(on):
            return
        if self._held is None:
            self._held = values[on[0], axes].copy()
        values[on, axes] = self._held

    def slip(self, time_s: Array, values: Array) -> None:
        """Turn about a level axis, and stay so; the turning itself is measured too."""
        size_rad, onset_s = float(np.radians(self._fault.amount)), self._fault.onset_s
        angle = size_rad * np.clip((time_s - onset_s) / _SLIP_S, 0.0, 1.0)
        for part in (slice(0, 3), slice(3, 6)):
            values[:, part] = turned_about(values[:, part], self._level_axis, angle)
        turning = (time_s >= onset_s) & (time_s < onset_s + _SLIP_S)
        values[turning, 3:] += size_rad / _SLIP_S * self._level_axis

    def warm(self, time_s: Array, values: Array) -> None:
        """Drift while the temperature changes, and stay there."""
        fault = self._fault
        lasts_s = min(fault.end_s - fault.onset_s, self._scenario.minutes * 60.0)
        change = fault.amount * np.clip((time_s - fault.onset_s) / max(lasts_s, 1e-9), 0.0, 1.0)
        drift = np.repeat(
            [_OFFSET_DRIFT[0] * 1e-3 * STANDARD_GRAVITY_M_S2, np.radians(_OFFSET_DRIFT[1])], 3
        )
        values += np.outer(change, self._signs * drift)

    def bias(self, time_s: Array, values: Array) -> None:
        """Acceleration off by a step."""
        values[self._on(time_s), :3] += self._fault.amount * STANDARD_GRAVITY_M_S2

    def gyro_bias(self, time_s: Array, values: Array) -> None:
        """Angular velocity off by a step."""
        values[self._on(time_s), 3:] += np.radians(self._fault.amount)

    def stick(self, time_s: Array, values: Array) -> None:
        """One axis keeps its value."""
        axis = int(self._fault.amount)
        self._hold(time_s, values, slice(axis, axis + 1))

    def freeze(self, time_s: Array, values: Array) -> None:
        """The gyroscope keeps its values."""
        self._hold(time_s, values, slice(3, 6))

    def die(self, time_s: Array, values: Array) -> None:
        """The gyroscope gives nothing."""
        values[self._on(time_s), 3:] = 0.0

    def saturate(self, time_s: Array, values: Array) -> None:
        """Some samples are at the end of the range, on one axis of acceleration."""
        axes = self._random.integers(0, 3, len(time_s))
        struck = self._struck(time_s)
        end_m_s2 = self._scenario.acceleration_range_g * STANDARD_GRAVITY_M_S2
        struck_values = values[struck, axes[struck]]
        values[struck, axes[struck]] = np.where(struck_values < 0, -end_m_s2, end_m_s2)

    def leave_out(self, time_s: Array, values: Array) -> None:
        """Some samples have no value."""
        values[self._struck(time_s)] = np.nan


_ACTS: Final[dict[str, Callable[[_Acting, Array, Array], None]]] = {
    "clip_slip_deg": _Acting.slip,
    "temperature_c": _Acting.warm,
    "bias_g": _Acting.bias,
    "gyro_bias_deg_s": _Acting.gyro_bias,
    "stuck_axis": _Acting.stick,
    "gyro_frozen": _Acting.freeze,
    "gyro_dead": _Acting.die,
    "saturate": _Acting.saturate,
    "nan": _Acting.leave_out,
}
