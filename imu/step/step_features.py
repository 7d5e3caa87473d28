"""What the step model sees of a step: the levelled specific force around its rise.

Vertical and fore-aft specific force below 10 Hz without phase, read at fixed phases of the step
time from the upward crossing of body weight on, so that a rate changes nothing. The next step's
rise is within, since it decides when that step's foot touched.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import kernel

#: Phases of the step that are read, from its rise through body weight.
PHASES: Final = 35
FIRST_PHASE: Final = -0.4
LAST_PHASE: Final = 1.3
_PHASE_STEP: Final = (LAST_PHASE - FIRST_PHASE) / (PHASES - 1)

# places in the vector
STEP_TIME: Final = 0
SPEED: Final = 1
VERTICAL: Final = 2
FORWARD: Final = VERTICAL + PHASES
#: Length of the vector.
FEATURES: Final = FORWARD + PHASES


@kernel
def fill_step_features(
    vertical_g: NDArray[np.float64],
    forward_g: NDArray[np.float64],
    n: int,
    weight_g: float,
    rise: float,
    step_samples: float,
    step_time_s: float,
    speed_m_s: float,
    out: NDArray[np.float64],
) -> None:
    """Fill the vector of one step.

    Parameters
    ----------
    vertical_g, forward_g : ndarray
        Levelled specific force below 10 Hz, g; beyond the ends the last value is taken.
    n : int
        Number of values, at least 2.
    weight_g : float
        What the sensor reads for body weight, g.
    rise : float
        Sample at which the vertical one rises through body weight.
    step_samples, step_time_s : float
        From there to the next rise.
    speed_m_s : float
        Running speed, m/s; 0 where it is not known.
    out : ndarray, shape (FEATURES,)
        Step time (s), speed (m/s), then both axes at each phase, g (1 is body weight).
    """
    out[STEP_TIME], out[SPEED] = step_time_s, speed_m_s
    for k in range(PHASES):
        place = rise + (FIRST_PHASE + _PHASE_STEP * k) * step_samples
        place = min(max(place, 0.0), n - 1.0)
        i = min(int(math.floor(place)), n - 2)
        share = place - i
        out[VERTICAL + k] = vertical_g[i] + share * (vertical_g[i + 1] - vertical_g[i])
        out[VERTICAL + k] += 1.0 - weight_g
        out[FORWARD + k] = forward_g[i] + share * (forward_g[i + 1] - forward_g[i])


#: Numbers that tell a sensor that rings on its strap from one that sits tight.
TELLTALES: Final = 5


@kernel
def _mean_square_change(values: NDArray[np.float64], third: bool) -> float:
    """Of neighbours, or of third differences, which hardly anything but ringing has."""
    total = 0.0
    n = values.shape[0]
    for k in range(3, n):
        change = values[k] - values[k - 1]
        if third:
            change -= 2.0 * (values[k - 1] - values[k - 2]) - (values[k - 2] - values[k - 3])
        total += change * change
    return total / (n - 3)


@kernel
def fill_telltales(features: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """How rough both axes are beside how much they move, as logarithms, and the step time.

    Parameters
    ----------
    features : ndarray, shape (FEATURES,)
        Of one step.
    out : ndarray, shape (TELLTALES,)
        Receives them.
    """
    vertical, forward = features[VERTICAL : VERTICAL + PHASES], features[FORWARD:]
    least = 1e-9
    out[0] = math.log(_mean_square_change(vertical, True) + least)
    out[1] = math.log(_mean_square_change(forward, True) + least)
    out[2] = math.log(_mean_square_change(vertical, False) + least)
    out[3] = math.log(_mean_square_change(forward, False) + least)
    out[4] = features[STEP_TIME]
