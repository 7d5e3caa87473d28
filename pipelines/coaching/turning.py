"""How far the heading turned in a block of samples: what a bend is found from."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from imu.samples import Samples


def heading_turn_deg(
    samples: Samples, mounting: NDArray[np.float64] | None, rate_hz: float
) -> float | None:
    """Turn about the body's vertical axis, degrees, positive to the left.

    The axis stays within some degrees of the earth's vertical while running, which costs less than
    2 % of the turn. A gyroscope's usual offset stays below what the rule calls a bend.

    Parameters
    ----------
    samples : Samples
        In the sensor's frame.
    mounting : ndarray, shape (3, 3), optional
        Rotation sensor → body, as :attr:`imu.analyzer.StepAnalyzer.mounting` has it.
    rate_hz : float
        Sample rate.

    Returns
    -------
    float or None
        None without a gyroscope or while the axes are not known. Samples that are not finite count
        as no turn.

    Examples
    --------
    >>> from imu.samples import Samples
    >>> turning = [[0.0, 0.0, 0.1]] * 200
    >>> block = Samples(np.arange(200) / 200.0, [[0.0, 0.0, 9.81]] * 200, turning)
    >>> round(heading_turn_deg(block, np.eye(3), 200.0), 2)
    5.73
    """
    rates = samples.angular_velocity_rad_s
    if rates is None or mounting is None:
        return None
    about_up = rates @ mounting[2]
    total = float(about_up.sum())
    if not math.isfinite(total):
        total = float(about_up[np.isfinite(about_up)].sum())
    return math.degrees(total) / rate_hz
