"""Calibration of Shimmer3's accelerometer and gyroscope, as the device keeps and sends it.

With bias b, sensitivity K and alignment R, ``value = R⁻¹ K⁻¹ (raw − b)`` in m/s² and degrees/s
(Ferraris, Grimaldi & Parvis 1995, Sensors and Materials 7:311). The device sends 21 bytes a sensor,
big-endian: b and K as three i16 each, R × 100 as nine i8; K of the gyroscope is × 100. A block of
FF or 00 stands for none.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache
from math import radians
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.errors import ProtocolError

#: What one count is, times the sensitivity that is sent: m/s² and rad/s.
ACCELERATION_SCALE: Final = 1.0
GYRO_SCALE: Final = radians(100.0)
#: First byte of the answer with all calibrations, and bytes that follow.
ALL_CALIBRATIONS_CODE: Final = 0x2D
ALL_CALIBRATIONS_BYTES: Final = 84

_BLOCK: Final = struct.Struct(">6h9b")

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """How raw values become physical ones: bias, sensitivity a unit, and alignment.

    Whole numbers as sent: three of ``bias`` and of ``sensitivity``, counts per m/s² or hundred
    times those per degree/s, and nine of ``alignment``, in hundredths, row by row.
    """

    bias: tuple[int, ...]
    sensitivity: tuple[int, ...]
    alignment: tuple[int, ...]

    @property
    def is_usable(self) -> bool:
        """Whether it can be inverted: sensitivities above 0, an alignment near to a rotation.

        A mirrored one counts too: the vendor's own for the later wide-range accelerometer
        (LSM303AHTR) is (0 −1 0; 1 0 0; 0 0 −1), since that chip's axes are left-handed.
        """
        alignment = np.array(self.alignment, np.float64).reshape(3, 3) / 100
        return min(self.sensitivity) > 0 and 0.5 < abs(float(np.linalg.det(alignment))) < 2.0

    def matrix(self, scale: float) -> Array:
        """Shape (3, 3): raw values without their bias, times this, are physical ones."""
        return _matrix(self, scale)

    def raw(self, values: ArrayLike, scale: float) -> Array:
        """Raw values, not yet rounded, that stand for physical ones; shape (n, 3)."""
        unbiased: Array = np.asarray(values, np.float64) @ _inverse(self, scale)
        return unbiased + np.array(self.bias, np.float64)


class Calibrations(NamedTuple):
    """Of the sensors used here; None where the device holds none."""

    acceleration: Calibration | None
    gyro: Calibration | None


def nominal_calibrations(acceleration_code: int, gyro_code: int) -> Calibrations:
    """Of the first generation's chips, LSM303DLHC and MPU9150, by the codes of their ranges.

    Examples
    --------
    >>> nominal_calibrations(3, 3)[0].sensitivity
    (135, 135, 135)
    """
    acceleration = (1631, 815, 408, 135)[acceleration_code]
    gyro = (13100, 6550, 3280, 1640)[gyro_code]
    return Calibrations(
        Calibration((0, 0, 0), (acceleration,) * 3, (-100, 0, 0, 0, 100, 0, 0, 0, -100)),
        Calibration((0, 0, 0), (gyro,) * 3, (0, -100, 0, -100, 0, 0, 0, 0, -100)),
    )


def decode_calibrations(answer: bytes) -> Calibrations:
    """Read the answer that holds all calibrations; blocks of FF or 00 hold none.

    Raises
    ------
    ProtocolError
        When its length or first byte is another, or a calibration cannot be inverted.
    """
    if len(answer) != 1 + ALL_CALIBRATIONS_BYTES or answer[0] != ALL_CALIBRATIONS_CODE:
        raise ProtocolError("these are no calibrations.", payload=answer)
    blocks = [answer[at : at + _BLOCK.size] for at in range(1, len(answer), _BLOCK.size)]
    return Calibrations(_calibration(blocks[3]), _calibration(blocks[1]))


def encode_calibrations(calibrations: Calibrations) -> bytes:
    """Write all calibrations; those of sensors that are not used here are left unset."""
    unset = b"\xff" * _BLOCK.size
    acceleration, gyro = (
        unset if one is None else _BLOCK.pack(*one.bias, *one.sensitivity, *one.alignment)
        for one in calibrations
    )
    return bytes((ALL_CALIBRATIONS_CODE,)) + unset + gyro + unset + acceleration


def _calibration(block: bytes) -> Calibration | None:
    if set(block) <= {0x00} or set(block) <= {0xFF}:
        return None
    numbers = _BLOCK.unpack(block)
    calibration = Calibration(numbers[:3], numbers[3:6], numbers[6:])
    if not calibration.is_usable:
        raise ProtocolError(
            f"a calibration has sensitivities {calibration.sensitivity} and alignment "
            f"{calibration.alignment}: calibrate the sensor anew.",
            payload=block,
        )
    return calibration


@lru_cache(maxsize=64)
def _matrix(calibration: Calibration, scale: float) -> Array:
    alignment = np.array(calibration.alignment, np.float64).reshape(3, 3) / 100
    matrix = np.ascontiguousarray((np.linalg.inv(alignment) / calibration.sensitivity).T) * scale
    matrix.flags.writeable = False
    return matrix


@lru_cache(maxsize=64)
def _inverse(calibration: Calibration, scale: float) -> Array:
    inverse: Array = np.asarray(np.linalg.inv(_matrix(calibration, scale)), np.float64)
    inverse.flags.writeable = False
    return inverse
