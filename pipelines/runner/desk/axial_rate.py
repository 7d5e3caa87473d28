"""The rate at which a worn sensor turns about the vertical, from its gyroscope."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.samples import Samples

#: Values a second, whatever the sensor's rate: a tenth of a second holds back noise and bumps, and
#: a twist of the body takes longer.
AXIAL_RATE_HZ: Final = 10.0

_NONE: Final[NDArray[np.float64]] = np.zeros(0)
_NONE.flags.writeable = False


class AxialRate:
    """Turning rate about the vertical, as means over tenths of a second.

    The gyroscope tells it along a direction alone that is known to be up; the sensor's zero-rate
    error, about 1 °/s, stays in it.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz.
    up : ndarray of float64, shape (3,), optional
        What is up in the sensor's axes, of any length; None until :meth:`set_up`.

    Examples
    --------
    >>> stream = AxialRate(50.0, np.array([0.0, 0.0, 1.0]))
    >>> times, still = np.arange(10) / 50.0, np.zeros((10, 3))
    >>> turning = np.tile([0.3, 0.0, np.radians(-90.0)], (10, 1))
    >>> stream.push(Samples(times, still, turning)).round(6).tolist()
    [-90.0, -90.0]
    """

    def __init__(self, rate_hz: float, up: NDArray[np.float64] | None = None) -> None:
        self._each = max(1, round(rate_hz / AXIAL_RATE_HZ))
        self._hole_s = max(0.5, 2.0 / rate_hz)
        self._up: NDArray[np.float64] | None = None
        self._begun = _NONE  # of a tenth that has not ended
        self._last_s = -np.inf
        if up is not None:
            self.set_up(up)

    def set_up(self, up: NDArray[np.float64]) -> None:
        """Take what is up in the sensor's axes from now on; a direction without length is none."""
        length = float(np.linalg.norm(up))
        if 0.0 < length < np.inf:
            self._up = up / length

    def push(self, samples: Samples) -> NDArray[np.float64]:
        """Take the next samples.

        Returns
        -------
        ndarray of float64, shape (K,)
            Turning rate to the left about the vertical, °/s, of each tenth of a second that ended.
            Values that are not finite are left out; after half a second without any it begins anew.
        """
        gyro = samples.angular_velocity_rad_s
        if gyro is None or self._up is None or not len(samples):
            return _NONE
        if not 0.0 <= float(samples.time_s[0]) - self._last_s <= self._hole_s:
            self._begun = _NONE
        self._last_s = float(samples.time_s[-1])
        with np.errstate(invalid="ignore"):
            rates = np.degrees(gyro @ self._up)
        rates = np.concatenate((self._begun, rates[np.isfinite(rates)]))
        ended = len(rates) // self._each
        self._begun = rates[ended * self._each :]
        means: NDArray[np.float64] = (
            rates[: ended * self._each].reshape(ended, self._each).mean(axis=1)
        )
        return means
