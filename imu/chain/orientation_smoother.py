"""Inclination of a finished recording: what came after a sample helps to level it.

For replay and research, never part of the streaming chain. The gyroscope's bias is estimated
forwards and backwards and the two are weighed by their covariances; the specific force is
low-passed in the nearly inertial frame without phase, so that a drift is not seen too late.

Source: the offline variant in Laidig & Seel, VQF, Information Fusion 91 (2023),
doi:10.1016/j.inffus.2022.10.014.

Deviations: the two bias estimates are combined by their full covariances, every 50 ms; the ends are
mirrored instead of begun with a mean.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.chain.filters import butterworth_low_pass, zero_phase_low_pass
from imu.chain.orientation import (
    InclinationParams,
    inclination_coefficients,
    incline,
    level,
    new_inclination_state,
    rotate,
    strapdown_step,
)
from imu.compiled import kernel, kernel_with_arrays
from imu.errors import InputError

#: Time constants by which the ends are mirrored.
_MIRRORED = 3.0


@kernel
def _track_bias(
    coefficients: NDArray[np.void],
    state: NDArray[np.void],
    acceleration: NDArray[np.float64],
    angular_velocity: NDArray[np.float64],
    bias: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> None:
    """Run the filter and note its bias and covariance after every bias interval."""
    c, s = coefficients[0], state[0]
    every = c.bias_samples
    for i in range(acceleration.shape[0]):
        a, w = acceleration[i], angular_velocity[i]
        incline(c, s, a[0], a[1], a[2], w[0], w[1], w[2], True)
        if (i + 1) % every == 0:
            k = (i + 1) // every - 1
            for m in range(3):
                bias[k, m] = s.bias[m]
                for n in range(3):
                    covariance[k, m, n] = s.covariance[m, n]


@kernel_with_arrays
def _strapdown(
    acceleration: NDArray[np.float64],
    angular_velocity: NDArray[np.float64],
    bias: NDArray[np.float64],
    every: int,
    interval_s: float,
    advance_s: float,
    strapdown: NDArray[np.float64],
    force: NDArray[np.float64],
) -> None:
    """Integrate the angular velocity less its bias; rotate the specific force with it.

    The orientations kept are turned on by the sensor's delay.
    """
    q, advanced = np.array([1.0, 0.0, 0.0, 0.0]), np.empty(4)
    last = bias.shape[0] - 1
    for i in range(acceleration.shape[0]):
        b, w, a = bias[min(i // every, last)], angular_velocity[i], acceleration[i]
        strapdown_step(q, w[0] - b[0], w[1] - b[1], w[2] - b[2], interval_s)
        for k in range(4):
            advanced[k] = q[k]
        if advance_s != 0.0:
            strapdown_step(advanced, w[0] - b[0], w[1] - b[1], w[2] - b[2], advance_s)
        for k in range(4):
            strapdown[i, k] = advanced[k]
        force[i, 0], force[i, 1], force[i, 2] = rotate(q, a[0], a[1], a[2])


@kernel_with_arrays
def _level_all(up: NDArray[np.float64], q: NDArray[np.float64]) -> None:
    """Level each orientation, sensor → inertial, by the up direction of its moment."""
    earth = np.array([1.0, 0.0, 0.0, 0.0])
    for i in range(up.shape[0]):
        level(earth, up[i, 0], up[i, 1], up[i, 2])
        p0, p1, p2, p3 = earth[0], earth[1], earth[2], earth[3]
        q0, q1, q2, q3 = q[i, 0], q[i, 1], q[i, 2], q[i, 3]
        q[i, 0] = p0 * q0 - p1 * q1 - p2 * q2 - p3 * q3
        q[i, 1] = p0 * q1 + p1 * q0 + p2 * q3 - p3 * q2
        q[i, 2] = p0 * q2 - p1 * q3 + p2 * q0 + p3 * q1
        q[i, 3] = p0 * q3 + p1 * q2 - p2 * q1 + p3 * q0


class SmoothedInclination:
    """Orientation of a sensor up to heading, from the whole recording.

    Its results differ from those of :class:`imu.chain.orientation.InclinationFilter`, which live
    use and the steps rest on.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz, 20 to 5000.
    params : InclinationParams, optional
        Time constants and bias model, as for the streaming filter.

    Raises
    ------
    ParameterError
        When the rate or a parameter is outside its range.

    Examples
    --------
    >>> still = [[0.0, 0.0, 9.81]] * 300, [[0.0, 0.0, 0.0]] * 300
    >>> SmoothedInclination(100.0).smooth(*still)[-1].round(9).tolist()
    [1.0, 0.0, 0.0, 0.0]
    """

    def __init__(self, rate_hz: float, params: InclinationParams | None = None) -> None:
        self._rate_hz = float(rate_hz)
        self._params = params or InclinationParams()
        self._coefficients = inclination_coefficients(self._rate_hz, self._params)

    @property
    def params(self) -> InclinationParams:
        """The parameters, frozen."""
        return self._params

    def smooth(
        self, acceleration_m_s2: ArrayLike, angular_velocity_rad_s: ArrayLike
    ) -> NDArray[np.float64]:
        """Orientation at every sample of a recording.

        Parameters
        ----------
        acceleration_m_s2 : array_like, shape (N, 3)
            Specific force, sensor frame, m/s², finite, without gaps.
        angular_velocity_rad_s : array_like, shape (N, 3)
            Angular velocity, rad/s.

        Returns
        -------
        ndarray, shape (N, 4)
            Unit quaternions wxyz, sensor → earth (z up); the heading is arbitrary but continuous.

        Raises
        ------
        InputError
            When shapes disagree or a value is not finite.
        """
        acceleration = np.ascontiguousarray(acceleration_m_s2, np.float64)
        turning = np.ascontiguousarray(angular_velocity_rad_s, np.float64)
        if acceleration.ndim != 2 or acceleration.shape[1] != 3:
            raise InputError(f"acceleration has shape {acceleration.shape}: give (N, 3).")
        if turning.shape != acceleration.shape:
            raise InputError(
                f"acceleration has shape {acceleration.shape} and angular velocity "
                f"{turning.shape}: give (N, 3) for both."
            )
        bad = np.flatnonzero(~np.isfinite(acceleration + turning).all(axis=1))
        if bad.size:
            raise InputError(f"sample {bad[0]} is not finite: send it through Intake first.")
        n = len(acceleration)
        if n == 0:
            return np.empty((0, 4))
        every = int(self._coefficients["bias_samples"][0])
        strapdown, force = np.empty((n, 4)), np.empty((n, 3))
        bias = self._bias(acceleration, turning, every)
        interval_s = float(self._coefficients["interval_s"][0])
        advance_s = float(self._coefficients["advance_s"][0])
        _strapdown(acceleration, turning, bias, every, interval_s, advance_s, strapdown, force)
        _level_all(self._up(force), strapdown)
        return strapdown

    def _bias(
        self, acceleration: NDArray[np.float64], turning: NDArray[np.float64], every: int
    ) -> NDArray[np.float64]:
        """The bias in each interval of 50 ms, from both directions; at least one."""
        count = len(acceleration) // every
        if count < 2:
            return np.zeros((1, 3))
        ahead, ahead_covariance = self._tracked(acceleration[: count * every], turning, count)
        # backwards the interval before a sample is turned through by minus the sample after it
        back_acceleration = acceleration[: count * every][::-1]
        back_turning = -np.roll(turning[: count * every], -1, axis=0)[::-1]
        back_turning[0] = -turning[count * every - 1]
        back, back_covariance = self._tracked(back_acceleration, back_turning, count)
        # the estimate at an interval's end from before, at the same moment from behind
        behind = np.empty_like(back)
        behind_covariance = np.empty_like(back_covariance)
        behind[:-1], behind[-1] = -back[-2::-1], ahead[-1]
        behind_covariance[:-1] = back_covariance[-2::-1]
        behind_covariance[-1] = ahead_covariance[-1]
        total = np.linalg.inv(ahead_covariance + behind_covariance)
        difference = (behind - ahead)[:, :, None]
        weighed: NDArray[np.float64] = ahead + (ahead_covariance @ total @ difference)[:, :, 0]
        return weighed

    def _tracked(
        self, acceleration: NDArray[np.float64], turning: NDArray[np.float64], count: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        bias, covariance = np.empty((count, 3)), np.empty((count, 3, 3))
        state = new_inclination_state(self._coefficients)
        _track_bias(
            self._coefficients,
            state,
            np.ascontiguousarray(acceleration),
            np.ascontiguousarray(turning[: len(acceleration)]),
            bias,
            covariance,
        )
        return bias, covariance

    def _up(self, force: NDArray[np.float64]) -> NDArray[np.float64]:
        """The specific force in the inertial frame, low-passed without phase."""
        tau = self._params.acceleration_time_constant_s
        low_pass = butterworth_low_pass(np.sqrt(2.0) / (2.0 * np.pi * tau), self._rate_hz)
        mirrored = min(len(force) - 1, round(_MIRRORED * tau * self._rate_hz))
        up = np.empty_like(force)
        for axis in range(3):
            padded = np.pad(force[:, axis], mirrored, mode="reflect")
            zero_phase_low_pass(low_pass, padded, len(padded))
            up[:, axis] = padded[mirrored : mirrored + len(force)]
        return up
