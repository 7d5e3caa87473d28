"""A simulated sensor that lies on a table with its z axis up: for noise, drift and links."""

from __future__ import annotations

from math import ceil

import numpy as np

from devices.simulator.scenario import Scenario
from devices.simulator.sensor import SensorModel
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

_BLOCK = 2048  # samples made at once, whatever is asked for


class RestingRun:
    """A :class:`~devices.simulator.device.MotionRun` for ``motion=rest``.

    Parameters
    ----------
    scenario : Scenario
        Lasts ``minutes``; the runner's values are not used.

    Attributes
    ----------
    scenario : Scenario
    sensor : SensorModel
        Its errors.
    duration_s : float
        Of the whole session.

    Examples
    --------
    >>> RestingRun(Scenario(motion="rest", device="ideal")).read(1).acceleration_m_s2.tolist()
    [[0.0, 0.0, 9.80665]]
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.sensor = SensorModel(scenario)
        self.n_samples = ceil(60.0 * scenario.minutes * scenario.rate)
        self.duration_s = self.n_samples / scenario.rate
        self._next = 0
        self._block_index = -1
        self._block = self._made(0)

    def read(self, n: int) -> Samples:
        """The next ``n`` samples in sensor axes, fewer at the end, none when it is over."""
        end = min(self._next + max(n, 0), self.n_samples)
        blocks: list[Samples] = []
        while self._next < end or not blocks:
            block, start = self._made(self._next // _BLOCK), self._next % _BLOCK
            count = min(_BLOCK - start, end - self._next)
            blocks.append(block[start : start + count])
            self._next += count
        return blocks[0] if len(blocks) == 1 else Samples.concatenate(blocks)

    def _made(self, index: int) -> Samples:
        if index != self._block_index:
            up = np.tile([0.0, 0.0, STANDARD_GRAVITY_M_S2], (_BLOCK, 1))
            # the model takes it in body axes
            readings = self.sensor.measure(up @ self.sensor.mounting, np.zeros((_BLOCK, 3)), index)
            time_s = np.arange(index * _BLOCK, (index + 1) * _BLOCK) / self.scenario.rate
            self._block, self._block_index = Samples(time_s, *readings), index
        return self._block
