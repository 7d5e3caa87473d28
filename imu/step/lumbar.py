"""Lumbar compression of a step, from the vertical specific force and the lean.

A static hand-over model: the mass above the lumbar spine is carried by the spine, its moment by the
back or the abdominal muscles. The absolute figure is uncertain by about 21 %; only the ratio to the
same runner's baseline is shown, and in it the body mass cancels.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel

_UPPER_BODY_MASS_RATIO: Final = 0.54
_CENTRE_OF_MASS_HEIGHT_RATIO: Final = 0.16
_EXTENSOR_ARM_M: Final = 0.058
_FLEXOR_ARM_M: Final = 0.09
_MUSCLE_LINE: Final = 1.15


@kernel
def lumbar_compression_bw(
    vertical_g: float, forward_g: float, lean_rad: float, height_m: float
) -> float:
    """Compression in body weights for one instant.

    Parameters
    ----------
    vertical_g, forward_g : float
        Vertical specific force and forward acceleration, g.
    lean_rad : float
        Forward lean at the sacrum, rad.
    height_m : float
        Stature, m.
    """
    arm = _CENTRE_OF_MASS_HEIGHT_RATIO * height_m
    cosine, sine = math.cos(lean_rad), math.sin(lean_rad)
    axial = _UPPER_BODY_MASS_RATIO * (vertical_g * cosine + forward_g * sine)
    moment = _UPPER_BODY_MASS_RATIO * arm * (vertical_g * sine - forward_g * cosine)
    muscle = moment / _EXTENSOR_ARM_M if moment > 0.0 else -moment / _FLEXOR_ARM_M
    return axial + _MUSCLE_LINE * muscle


@kernel
def peak_lumbar_compression(
    vertical_g: NDArray[np.float64],
    forward_g: NDArray[np.float64],
    first: int,
    last: int,
    lean_rad: float,
    height_m: float,
) -> float:
    """Compression at the step's 10 Hz force peak, body weights; ``last`` is excluded."""
    peak = first
    for i in range(first, last):
        if vertical_g[i] > vertical_g[peak]:
            peak = i
    return lumbar_compression_bw(vertical_g[peak], forward_g[peak], lean_rad, height_m)
