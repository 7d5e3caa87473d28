"""Speed and slope where they are known: on a treadmill, or stated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Covariates:
    """Speed and slope of each of some steps, NaN where not known.

    Attributes
    ----------
    speed_m_s, slope_deg : ndarray, shape (N,)
        Running speed, and slope of the ground, positive uphill.
    """

    speed_m_s: Array
    slope_deg: Array
