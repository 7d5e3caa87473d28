"""Still, walking or running, and the coarse contacts of a run, from the vertical specific force.

Running leaves the ground: below 6 Hz the vertical specific force falls under 0.6 g in flight and
rises over 1.4 g in stance, which walking at any usual speed does not. A contact is the rise through
1 g after such a fall. Only their timing is used further: the fine events come from the closed step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.chain.filters import butterworth_low_pass
from imu.checked_arrays import number_block
from imu.compiled import Record, kernel
from imu.errors import ParameterError
from imu.stage import Stage

__all__ = [
    "GAIT_COEFFICIENTS",
    "GAIT_NAMES",
    "GAIT_STATE",
    "GaitClassifier",
    "GaitParams",
    "gait_coefficients",
    "gait_sample",
    "new_gait_state",
]

#: Names of the classes in the order of their codes.
GAIT_NAMES: Final = ("still", "walk", "run")

_STILL, _WALK, _RUN = 0, 1, 2


@dataclass(frozen=True, slots=True)
class GaitParams:
    """Parameters of :class:`GaitClassifier`; a value outside its range is a ParameterError.

    Attributes
    ----------
    cutoff_hz : float
        Low-pass of the vertical specific force, Hz.
    flight_g, stance_g : float
        Levels that flight has to reach from above and stance from below, g.
    shortest_step_s, longest_step_s : float
        Range of a step's duration, s.
    steps_to_decide : int
        Consecutive steps before running is believed.
    still_g : float
        Largest standard deviation over one second that still is standing, g.
    """

    cutoff_hz: float = 6.0
    flight_g: float = 0.6
    stance_g: float = 1.4
    shortest_step_s: float = 0.22
    longest_step_s: float = 0.6
    steps_to_decide: int = 4
    still_g: float = 0.03

    def __post_init__(self) -> None:
        for name, low, high in (
            ("cutoff_hz", 1.0, 20.0),
            ("flight_g", 0.0, 1.0),
            ("stance_g", 1.0, 5.0),
            ("shortest_step_s", 0.1, 0.5),
            ("longest_step_s", self.shortest_step_s, 0.9),
            ("steps_to_decide", 1, 32),
            ("still_g", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ParameterError(name, value, f"a value from {low:g} to {high:g}")


GAIT_COEFFICIENTS: Final = np.dtype(
    [
        ("low_pass", np.float64, 5),
        ("delay_samples", np.int64),
        ("flight_g", np.float64),
        ("stance_g", np.float64),
        ("shortest_samples", np.int64),
        ("longest_samples", np.int64),
        ("steps_to_decide", np.int64),
        ("second_samples", np.int64),
        ("still_variance", np.float64),
    ],
    align=True,
)

GAIT_STATE: Final = np.dtype(
    [
        ("samples", np.int64),
        ("delay", np.float64, 2),
        ("previous", np.float64),
        ("armed", np.uint8),  # has been in flight since the last stance
        ("peak", np.float64),  # since the last contact
        ("last_contact", np.int64),  # sample index, -1 before the first
        ("streak", np.int64),  # steps in a row that look like running
        ("still_count", np.int64),
        ("still_sum", np.float64),
        ("still_squares", np.float64),
        ("still", np.uint8),
        ("gait", np.uint8),
    ],
    align=True,
)


def gait_coefficients(rate_hz: float, params: GaitParams) -> NDArray[np.void]:
    """Everything the kernel needs of the parameters, for one rate."""
    c = np.zeros(1, GAIT_COEFFICIENTS)
    r = c[0]
    r["low_pass"] = butterworth_low_pass(params.cutoff_hz, rate_hz)
    # group delay of the second-order Butterworth at low frequency: √2/ω
    r["delay_samples"] = round(math.sqrt(2.0) / (2.0 * math.pi * params.cutoff_hz) * rate_hz)
    r["flight_g"], r["stance_g"] = params.flight_g, params.stance_g
    r["shortest_samples"] = round(params.shortest_step_s * rate_hz)
    r["longest_samples"] = round(params.longest_step_s * rate_hz)
    r["steps_to_decide"] = params.steps_to_decide
    r["second_samples"] = round(rate_hz)
    r["still_variance"] = params.still_g**2
    return c


def new_gait_state() -> NDArray[np.void]:
    """The state before the first sample."""
    state = np.zeros(1, GAIT_STATE)
    state["last_contact"] = -1
    state["previous"] = 1.0
    return state


@kernel
def gait_sample(c: Record, s: Record, vertical_g: float) -> int:
    """Take one sample of the vertical specific force, g.

    Returns
    -------
    int
        0 nothing; 1 a contact that closes a running step; 2 a contact that closes none (the first
        of a run, or after an interruption); 3 the run ended without a contact. The contact lies
        ``delay_samples`` before this sample.
    """
    low = c.low_pass
    if s.samples == 0:
        s.delay[0] = vertical_g * (1.0 - low[0])
        s.delay[1] = vertical_g * (low[2] - low[4])
    y = low[0] * vertical_g + s.delay[0]
    s.delay[0] = low[1] * vertical_g - low[3] * y + s.delay[1]
    s.delay[1] = low[2] * vertical_g - low[4] * y
    n = s.samples
    s.samples = n + 1

    s.still_count += 1
    s.still_sum += vertical_g
    s.still_squares += vertical_g * vertical_g
    if s.still_count == c.second_samples:
        mean = s.still_sum / s.still_count
        s.still = 1 if s.still_squares / s.still_count - mean * mean < c.still_variance else 0
        s.still_count, s.still_sum, s.still_squares = 0, 0.0, 0.0

    event = 0
    if y < c.flight_g:
        s.armed = 1
    s.peak = max(s.peak, y)
    since = n - s.last_contact
    if (
        s.armed == 1
        and s.previous < 1.0 <= y
        and (s.last_contact < 0 or since >= c.shortest_samples)
    ):
        closes = s.last_contact >= 0 and since <= c.longest_samples and s.peak >= c.stance_g
        s.streak = s.streak + 1 if closes else 0
        event = 1 if closes else 2
        s.last_contact = n
        s.armed = 0
        s.peak = y
    elif s.last_contact >= 0 and since > c.longest_samples:
        s.last_contact = -1
        s.streak = 0
        event = 3
    s.previous = y
    if s.streak >= c.steps_to_decide:
        s.gait = _RUN
    else:
        s.gait = _STILL if s.still == 1 else _WALK
    return event


@kernel
def _gait_push(
    coefficients: NDArray[np.void],
    state: NDArray[np.void],
    vertical_g: NDArray[np.float64],
    out: NDArray[np.uint8],
) -> None:
    for i in range(vertical_g.shape[0]):
        gait_sample(coefficients[0], state[0], vertical_g[i])
        out[i] = state[0].gait


class GaitClassifier(Stage[GaitParams]):
    """Still, walk or run at each sample of the vertical specific force.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz.
    params : GaitParams, optional
        Levels and times.

    Examples
    --------
    >>> gait = GaitClassifier(100.0).push(np.ones(300))
    >>> GAIT_NAMES[gait[-1]]
    'still'
    """

    def __init__(self, rate_hz: float, params: GaitParams | None = None) -> None:
        super().__init__(params or GaitParams(), new_gait_state)
        self._coefficients = gait_coefficients(rate_hz, self._params)

    def push(self, vertical_g: ArrayLike) -> NDArray[np.uint8]:
        """Classify the next samples, g, shape (N,); codes index :data:`GAIT_NAMES`."""
        block = number_block(vertical_g, "vertical_g")
        out = np.empty(block.shape, np.uint8)
        _gait_push(self._coefficients, self._state, block, out)
        return out

    def flush(self) -> NDArray[np.uint8]:
        """Nothing is held back: an empty array."""
        return np.empty(0, np.uint8)
