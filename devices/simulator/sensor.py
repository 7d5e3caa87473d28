"""What the sensor makes of the true motion: how it is mounted, and its errors.

Noise densities, zero offsets and scale are those of consumer parts: Bosch BMI270 160 µg/√Hz and
7 m°/s/√Hz, TDK ICM-42688 70 and 2.8, ST LSM6DSO 70 and 3.8 (data sheets).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.jets import Jet
from devices.simulator.scenario import Scenario, axes_matrix
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

Array = NDArray[np.float64]

#: Noise density, µg/√Hz and m°/s/√Hz.
_NOISE_DENSITY: Final = {"bmi270": (160.0, 7.0), "icm42688": (70.0, 2.8), "lsm6dso": (70.0, 3.8)}
_ZERO_G_MG: Final = 20.0
_ZERO_RATE_DEG_S: Final = 1.0
_SCALE: Final = (0.005, 0.01)
_MISALIGNMENT_DEG: Final = 1.0


class SensorModel:
    """One sensor, its errors drawn from the scenario's seed.

    The class ``ideal`` measures the true motion on the mounted axes, without any error or limit.

    Parameters
    ----------
    scenario : Scenario

    Attributes
    ----------
    mounting : ndarray, shape (3, 3)
        Rotation from body axes (forward, left, up) to the sensor's own.
    acceleration_bias_m_s2, angular_velocity_bias_rad_s : ndarray, shape (3,)
    acceleration_gain, angular_velocity_gain : ndarray, shape (3, 3)
        Scale errors and the misalignment that both share.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        placed = _rotation_rpy(scenario.mount_roll, scenario.mount_pitch, scenario.mount_yaw)
        self.mounting = axes_matrix(scenario.axes).T @ placed.T
        self.is_ideal = scenario.device == "ideal"
        part = np.random.default_rng([scenario.seed, 20])
        g = STANDARD_GRAVITY_M_S2
        real = 0.0 if self.is_ideal else 1.0
        self.acceleration_bias_m_s2 = real * part.uniform(-1, 1, 3) * _ZERO_G_MG * 1e-3 * g
        self.angular_velocity_bias_rad_s = (
            real * part.uniform(-1, 1, 3) * np.radians(_ZERO_RATE_DEG_S)
        )
        axis = part.standard_normal(3)
        turn = real * axis / np.linalg.norm(axis) * np.radians(_MISALIGNMENT_DEG)
        misalignment = _rotation_vector(turn)
        scale = real * part.choice([-1.0, 1.0], (2, 3)) * part.uniform(*_SCALE, (2, 3))
        self.acceleration_gain = (1.0 + scale[0])[:, None] * misalignment
        self.angular_velocity_gain = (1.0 + scale[1])[:, None] * misalignment
        density = _NOISE_DENSITY.get(scenario.device, (0.0, 0.0))
        bandwidth = np.sqrt(scenario.rate / 2.0)
        self.acceleration_noise_m_s2 = density[0] * 1e-6 * g * bandwidth
        self.angular_velocity_noise_rad_s = float(np.radians(density[1] * 1e-3)) * bandwidth

    def measure(
        self,
        specific_force_m_s2: Array,
        angular_velocity_rad_s: Array,
        block: int,
        creep_deg: Jet | None = None,
    ) -> tuple[Array, Array, NDArray[np.uint8]]:
        """Turn true motion in body axes into a block of readings.

        Parameters
        ----------
        specific_force_m_s2, angular_velocity_rad_s : ndarray, shape (N, 3)
            In body axes.
        block : int
            Number of the block; it selects the noise, so a block is the same whenever it is made.
        creep_deg : Jet, optional
            How far the sensor has turned on its strap, about a horizontal axis of its own choice.

        Returns
        -------
        acceleration_m_s2, angular_velocity_rad_s : ndarray, shape (N, 3)
            In sensor axes.
        quality : ndarray of uint8, shape (N,)
            ``CLIPPED`` where a channel is at the end of its range.
        """
        if creep_deg is not None and creep_deg.value.any():
            specific_force_m_s2, angular_velocity_rad_s = self._crept(
                specific_force_m_s2, angular_velocity_rad_s, creep_deg
            )
        acceleration = specific_force_m_s2 @ self.mounting.T
        rate = angular_velocity_rad_s @ self.mounting.T
        quality = np.zeros(len(acceleration), np.uint8)
        if self.is_ideal:
            return acceleration, rate, quality
        noise = np.random.default_rng([self.scenario.seed, 21, block])
        draws = noise.standard_normal((2, len(acceleration), 3))
        acceleration = (
            acceleration @ self.acceleration_gain.T
            + self.acceleration_bias_m_s2
            + self.acceleration_noise_m_s2 * draws[0]
        )
        rate = (
            rate @ self.angular_velocity_gain.T
            + self.angular_velocity_bias_rad_s
            + self.angular_velocity_noise_rad_s * draws[1]
        )
        most = self.scenario.acceleration_range_g * STANDARD_GRAVITY_M_S2
        fastest = float(np.radians(self.scenario.gyro_range_deg_s))
        clipped = (np.abs(acceleration) >= most).any(axis=1) | (np.abs(rate) >= fastest).any(axis=1)
        quality[clipped] = Quality.CLIPPED
        return np.clip(acceleration, -most, most), np.clip(rate, -fastest, fastest), quality

    def _crept(self, force: Array, rate: Array, creep_deg: Jet) -> tuple[Array, Array]:
        """Both in axes that have turned with the strap, and the turning itself in the rate."""
        towards = np.random.default_rng([self.scenario.seed, 22]).uniform(0.0, 2.0 * np.pi)
        axis = np.array([np.cos(towards), np.sin(towards), 0.0])
        angle = np.radians(creep_deg.value)
        turning = np.radians(creep_deg.rate)[:, None] * axis
        return turned_about(force, axis, angle), turned_about(rate, axis, angle) + turning


def turned_about(vectors: Array, axis: Array, angle_rad: Array) -> Array:
    """Vectors as axes see them that have turned by an angle each, about an axis of length 1.

    Parameters
    ----------
    vectors : ndarray, shape (N, 3)
    axis : ndarray, shape (3,)
    angle_rad : ndarray, shape (N,)

    Returns
    -------
    ndarray, shape (N, 3)

    Examples
    --------
    >>> up = np.array([[0.0, 0.0, 1.0]])
    >>> turned_about(up, np.array([1.0, 0.0, 0.0]), np.array([np.pi / 2])).round(6)
    array([[0., 1., 0.]])
    """
    # the axes turn one way, vectors in them the other: Rodrigues' formula
    angle = angle_rad[:, None]
    along = np.outer(vectors @ axis, axis)
    turned: Array = (
        along + np.cos(angle) * (vectors - along) - np.sin(angle) * np.cross(axis, vectors)
    )
    return turned


def _rotation_rpy(roll_deg: float, pitch_deg: float, yaw_deg: float) -> Array:
    """From the mounted axes to the body's: Rz(yaw)·Ry(pitch)·Rx(roll)."""
    sr, sp, sy = np.sin(np.radians([roll_deg, pitch_deg, yaw_deg]))
    cr, cp, cy = np.cos(np.radians([roll_deg, pitch_deg, yaw_deg]))
    turned: Array = (
        np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
        @ np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
        @ np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
    )
    return turned


def _rotation_vector(turn_rad: Array) -> Array:
    """Rodrigues' formula."""
    angle = float(np.linalg.norm(turn_rad))
    if angle == 0.0:
        return np.eye(3)
    x, y, z = turn_rad / angle
    cross = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    turned: Array = np.eye(3) + np.sin(angle) * cross + (1.0 - np.cos(angle)) * cross @ cross
    return turned
