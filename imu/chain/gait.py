"""Still, walking, running on the ground or off it, and the coarse contacts, from levelled force.

A contact is the rise of the vertical specific force through body weight after a fall well below it.
Whether the step that a contact closes is one of a run is judged from four features, averaged over
the last four steps, by a logistic regression that real people trained
(:mod:`benchmarks.gait_model`):

* how long the step took, and how far the vertical force swings at the step's frequency. Neither
  parts brisk walkers from slow joggers, nor do both;
* the harmonic structure. The second harmonic of the fore-aft force keeps one phase to the first and
  to the vertical force while one leg catches the body from the other, and another while a single
  leg springs. As the product of the two harmonics, turned by the vertical phase, it depends neither
  on where forward is nor on its sign. It counts for less the more the vertical force swings, and
  for nothing from 1.45 g on, which nobody walks with.

What no runner does is no run: a step slower than 125 steps/min, a swing of under 20 mm and half a g
(vibration), a step that lasts otherwise than the one before, a body that is hardly thrown aside (in
hops on both feet 0.02 to 0.04 of what it is thrown up; the least of 20 joggers is 0.16). A run is
believed after twelve such steps in a row, longer than a flight of stairs that is taken running; its
steps are then told all the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.chain.filters import butterworth_low_pass
from imu.checked_arrays import vector_block
from imu.compiled import Record, kernel, small_kernel
from imu.errors import ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2
from imu.stage import Stage

#: Names of the classes in the order of their codes.
GAIT_NAMES: Final = ("still", "walk", "grounded run", "run")

_STILL, _WALK, _GROUNDED_RUN, _RUN = range(4)

#: What a step is judged by, in the order of the weights.
GAIT_FEATURES: Final = ("step_time", "swing", "second_harmonic")

#: Weights of the features and the constant; see :mod:`benchmarks.gait_model`.
RUN_WEIGHTS: Final = (-46.61, 3.626, -12.358, 0.544)

# step time and swing are logarithms of their ratio to these
_STEP_TIME_S: Final = 0.42
_SWING_G: Final = 0.55
#: Added to the swing, g, and to the fore-aft force at step frequency: noise is no ratio.
_NOISE_G: Final = 0.05
_LARGEST_RATIO: Final = 1.5
_MEASURED_ACROSS: Final = 0.01  # a smaller share is no pelvis: one axis alone, or a formula
#: Steps whose mean is judged.
STEPS_AVERAGED: Final = 4
_MEASURES: Final = 12  # of a step
_MOST_STILL_G: Final = 2.0  # a sensor that reads more for a second reads no gravity
#: Below this a step alone ends a run, whatever those before it were.
_CLEARLY_WALKING: Final = -5.0
#: A fall of this share of the falls before arms the next contact, so that a dent does not.
_FALL_SHARE: Final = 0.4
_FALL_SMOOTHING: Final = 0.3
#: Who runs without flight does so until the least force is below this share of the limit.
_STAYS_GROUNDED: Final = 0.85
_HELD: Final = 1024  # samples of the longest step at the highest rate


@dataclass(frozen=True, slots=True)
class GaitParams:
    """Parameters of :class:`GaitClassifier`; a value outside its range is a ParameterError.

    Attributes
    ----------
    cutoff_hz : float
        Low-pass of the vertical specific force in which contacts are sought, Hz.
    fall_g : float
        How far below body weight it has to fall before a contact, g.
    shortest_step_s, longest_step_s : float
        Two contacts are never closer; without another for the longest time the run has ended, s.
    slowest_step_s : float
        Longest step that is still running, s.
    least_swing_m : float
        Least vertical swing, peak to peak at the step's frequency, that is no vibration, m; a
        sprinter's quick steps swing less.
    least_swing_g : float
        Least swing of the vertical force at the step's frequency that is none either, g.
    least_across : float
        Least horizontal force, as a share of the vertical one at the step's frequency, of one who
        goes from foot to foot.
    most_irregular : float
        Largest relative change of duration from one step to the next.
    grounded_g : float
        Least vertical force of a step from which on the foot is said not to leave the ground, g.
    steps_to_decide : int
        Consecutive running steps before a run is believed.
    steps_to_resume : int
        The same within ``resume_s`` after a run that was believed, s.
    steps_at_end : int
        Running steps up to the end of the samples, or a gap in them, that are believed a run.
    still_g : float
        Largest standard deviation over one second that still is standing, g.
    weights : tuple of 4 floats
        Of the features of a step, and a constant, as :data:`RUN_WEIGHTS`.
    """

    cutoff_hz: float = 6.0
    fall_g: float = 0.25
    shortest_step_s: float = 0.17
    longest_step_s: float = 0.6
    slowest_step_s: float = 0.48
    least_swing_m: float = 0.02
    least_swing_g: float = 0.5
    least_across: float = 0.045
    most_irregular: float = 0.3
    grounded_g: float = 0.35
    steps_to_decide: int = 12
    steps_to_resume: int = 2
    resume_s: float = 3.0
    steps_at_end: int = 6
    still_g: float = 0.03
    weights: tuple[float, ...] = RUN_WEIGHTS

    def __post_init__(self) -> None:
        for name, low, high in (
            ("cutoff_hz", 1.0, 20.0),
            ("fall_g", 0.0, 1.0),
            ("shortest_step_s", 0.1, 0.5),
            ("longest_step_s", self.shortest_step_s, 0.63),
            ("slowest_step_s", self.shortest_step_s, self.longest_step_s),
            ("least_swing_m", 0.0, 1.0),
            ("least_swing_g", 0.0, 10.0),
            ("least_across", 0.0, 1.0),
            ("most_irregular", 0.0, 10.0),
            ("grounded_g", -10.0, 1.0),
            ("steps_to_decide", 1, 16),
            ("steps_to_resume", 1, 16),
            ("resume_s", 0.0, 60.0),
            ("steps_at_end", 1, 16),
            ("still_g", 0.0, 1.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ParameterError(name, value, f"a value from {low:g} to {high:g}")
        if len(self.weights) != len(RUN_WEIGHTS) or not np.isfinite(self.weights).all():
            raise ParameterError("weights", self.weights, f"{len(RUN_WEIGHTS)} numbers")


GAIT_COEFFICIENTS: Final = np.dtype(
    [
        ("low_pass", np.float64, 5),
        ("delay_samples", np.int64),
        ("interval_s", np.float64),
        ("fall_g", np.float64),
        ("shortest_samples", np.int64),
        ("longest_samples", np.int64),
        ("slowest_step_s", np.float64),
        ("least_swing_m", np.float64),
        ("least_swing_g", np.float64),
        ("least_across", np.float64),
        ("most_irregular", np.float64),
        ("grounded_g", np.float64),
        ("steps_to_decide", np.int64),
        ("steps_to_resume", np.int64),
        ("resume_samples", np.int64),
        ("steps_at_end", np.int64),
        ("second_samples", np.int64),
        ("still_variance", np.float64),
        ("weights", np.float64, len(RUN_WEIGHTS)),
    ],
    align=True,
)

GAIT_STATE: Final = np.dtype(
    [
        ("samples", np.int64),
        ("delay", np.float64, 2),
        ("previous", np.float64),
        ("armed", np.uint8),  # has fallen since the last contact
        ("lowest", np.float64),  # since the last contact, g
        ("fall", np.float64),  # of the steps before, smoothed, g; 0 before the first
        ("last_contact", np.int64),  # sample index, -1 before the first
        ("step_s", np.float64),  # of the step before, 0 before the first
        # of the last steps: step time and swing, first and second harmonic of both horizontal
        # axes, turned by the vertical phase, least force, square of the horizontal first harmonic
        ("measures", np.float64, (STEPS_AVERAGED, _MEASURES)),
        ("mean", np.float64, _MEASURES),  # of those that the last step was judged with
        ("streak", np.int64),  # steps in a row that are of a run
        ("resuming", np.int64),  # samples within which a run is taken up again
        ("running", np.uint8),  # a run is believed
        ("grounded", np.uint8),
        ("still_count", np.int64),
        ("still_sum", np.float64),
        ("still_squares", np.float64),
        ("still", np.uint8),
        ("gait", np.uint8),
        ("force", np.float64, (_HELD, 3)),  # of the last samples, horizontal and vertical
    ],
    align=True,
)


def gait_coefficients(rate_hz: float, params: GaitParams) -> NDArray[np.void]:
    """Everything the kernel needs of the parameters, for one rate."""
    if not params.longest_step_s * rate_hz <= _HELD - 1:
        raise ParameterError("rate_hz", rate_hz, "a sample rate up to 1600 Hz")
    c = np.zeros(1, GAIT_COEFFICIENTS)
    r = c[0]
    r["low_pass"] = butterworth_low_pass(params.cutoff_hz, rate_hz)
    # group delay of the second-order Butterworth at low frequency: √2/ω
    r["delay_samples"] = round(math.sqrt(2.0) / (2.0 * math.pi * params.cutoff_hz) * rate_hz)
    r["interval_s"] = 1.0 / rate_hz
    for name in (
        "fall_g",
        "slowest_step_s",
        "least_swing_m",
        "least_swing_g",
        "least_across",
        "most_irregular",
        "grounded_g",
        "steps_to_decide",
        "steps_to_resume",
        "steps_at_end",
    ):
        r[name] = getattr(params, name)
    r["shortest_samples"] = round(params.shortest_step_s * rate_hz)
    r["longest_samples"] = round(params.longest_step_s * rate_hz)
    r["resume_samples"] = round(params.resume_s * rate_hz)
    r["second_samples"] = round(rate_hz)
    r["still_variance"] = params.still_g**2
    r["weights"] = params.weights
    return c


def new_gait_state() -> NDArray[np.void]:
    """The state before the first sample."""
    state = np.zeros(1, GAIT_STATE)
    state["last_contact"] = -1
    state["previous"] = 1.0
    return state


@kernel
def _measure_step(c: Record, s: Record, count: int, out: NDArray[np.float64]) -> float:
    """Measure the last ``count`` samples, one step; returns its swing, g."""
    x1, x2, y1, y2, z1 = 0j, 0j, 0j, 0j, 0j
    turn = complex(math.cos(2.0 * math.pi / count), -math.sin(2.0 * math.pi / count))
    phase = complex(1.0, 0.0)
    for i in range(s.samples - count, s.samples):
        f = s.force[i % _HELD]
        twice = phase * phase
        x1 += f[0] * phase
        y1 += f[1] * phase
        z1 += f[2] * phase
        x2 += f[0] * twice
        y2 += f[1] * twice
        phase *= turn
    scale = 2.0 / count
    level = abs(z1) + 1e-12
    back = z1.conjugate() / level
    x1, y1 = scale * x1 * back, scale * y1 * back
    x2, y2 = scale * x2 * back * back, scale * y2 * back * back
    swing = scale * level
    out[0] = math.log(count * c.interval_s / _STEP_TIME_S)
    out[1] = math.log((swing + _NOISE_G) / _SWING_G)
    out[2], out[3], out[4], out[5] = x1.real, x1.imag, y1.real, y1.imag
    out[6], out[7], out[8], out[9] = x2.real, x2.imag, y2.real, y2.imag
    out[10] = s.lowest
    out[11] = _square(x1) + _square(y1)
    return swing


@kernel
def features_of_steps(measures: NDArray[np.float64]) -> tuple[float, float, float]:
    """What is judged, :data:`GAIT_FEATURES`, of the mean of the measures of some steps.

    The mean first: a sway with the strides is in the horizontal force of single steps, with one
    sign on the left and the other on the right foot, and cancels.
    """
    m = measures
    x1, y1 = complex(m[2], m[3]), complex(m[4], m[5])
    x2, y2 = complex(m[6], m[7]), complex(m[8], m[9])
    size = _square(x1) + _square(y1) + _NOISE_G**2
    ratio = (x2 * x1.conjugate() + y2 * y1.conjugate()).real / size
    share = min(max(1.0 - m[1], 0.0), 1.0)
    return m[0], m[1], share * min(max(ratio, -_LARGEST_RATIO), _LARGEST_RATIO)


@kernel
def _square(x: complex) -> float:
    """Of the length."""
    return x.real * x.real + x.imag * x.imag


@kernel
def _score(w: NDArray[np.float64], measures: NDArray[np.float64]) -> float:
    """Logarithm of the odds that steps with these mean measures are of a run."""
    step_time, swing, second_harmonic = features_of_steps(measures)
    return w[0] * step_time + w[1] * swing + w[2] * second_harmonic + w[3]


@kernel
def _is_running_step(c: Record, s: Record, count: int) -> bool:
    """Whether the last ``count`` samples are a step of a run, with the steps before it."""
    here = s.measures[s.streak % STEPS_AVERAGED]
    swing = _measure_step(c, s, count, here)
    step_s = count * c.interval_s
    before_s = s.step_s
    s.step_s = step_s
    if step_s > c.slowest_step_s:
        return False
    rate = 2.0 * math.pi / step_s
    swing_m = 2.0 * swing * STANDARD_GRAVITY_M_S2 / rate**2
    if swing_m < c.least_swing_m and swing < c.least_swing_g:
        return False
    if s.streak > 0 and abs(math.log(step_s / before_s)) > c.most_irregular:
        return False
    steps = min(s.streak + 1, STEPS_AVERAGED)
    mean = s.mean
    for j in range(_MEASURES):
        mean[j] = 0.0
    for k in range(s.streak + 1 - steps, s.streak + 1):
        for j in range(_MEASURES):
            mean[j] += s.measures[k % STEPS_AVERAGED, j] / steps
    least = c.grounded_g * (_STAYS_GROUNDED if s.grounded == 1 else 1.0)
    s.grounded = 1 if mean[10] > least else 0
    thrown = math.exp(mean[1]) * _SWING_G - _NOISE_G
    hops = (_MEASURED_ACROSS * thrown) ** 2 < mean[11] < (c.least_across * thrown) ** 2
    if hops and steps == STEPS_AVERAGED:  # a step alone may be thrown little
        return False
    return _score(c.weights, mean) > 0.0 and _score(c.weights, here) > _CLEARLY_WALKING


@kernel
def _take_contact(c: Record, s: Record, since: int) -> int:
    """Judge the step that this contact closes; returns the event."""
    fall = 1.0 - s.lowest
    s.fall = fall if s.fall == 0.0 else s.fall + _FALL_SMOOTHING * (fall - s.fall)
    if s.last_contact >= 0 and _is_running_step(c, s, since):
        s.streak += 1
        needed = c.steps_to_resume if s.resuming > 0 else c.steps_to_decide
        if s.streak >= needed:
            s.running = 1
        return 1
    s.streak = 0
    s.running = 0
    return 2


@small_kernel
def gait_sample(c: Record, s: Record, x_g: float, y_g: float, vertical_g: float) -> int:
    """Take one sample of the levelled specific force, g; where x points does not matter.

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
    f = s.force[n % _HELD]
    f[0], f[1], f[2] = x_g, y_g, vertical_g
    s.samples = n + 1

    s.still_count += 1
    s.still_sum += vertical_g
    s.still_squares += vertical_g * vertical_g
    if s.still_count == c.second_samples:
        mean = s.still_sum / s.still_count
        quiet = s.still_squares / s.still_count - mean * mean < c.still_variance
        s.still = 1 if quiet and mean < _MOST_STILL_G else 0
        s.still_count, s.still_sum, s.still_squares = 0, 0.0, 0.0

    event = 0
    s.lowest = min(s.lowest, y)
    if y < 1.0 - max(c.fall_g, _FALL_SHARE * s.fall):
        s.armed = 1
    since = n - s.last_contact
    rises = s.armed == 1 and s.previous < 1.0 <= y
    if s.last_contact < 0:
        # one who sets off from standing has not fallen before the first step
        rises = rises or (s.still == 1 and y >= 1.0 + c.fall_g)
    elif since < c.shortest_samples:
        rises = False
    if rises:
        event = _take_contact(c, s, since)
        s.last_contact = n
        s.armed = 0
        s.lowest = y
    elif s.last_contact >= 0 and since > c.longest_samples:
        s.last_contact = -1
        s.streak = 0
        s.running = 0
        s.fall = 0.0
        event = 3
    s.previous = y
    if s.running == 1:
        s.gait = _GROUNDED_RUN if s.grounded == 1 else _RUN
        s.resuming = c.resume_samples
    else:
        s.gait = _STILL if s.still == 1 else _WALK
        s.resuming = max(0, s.resuming - 1)
    return event


@kernel
def _gait_push(
    coefficients: NDArray[np.void],
    state: NDArray[np.void],
    force_g: NDArray[np.float64],
    out: NDArray[np.uint8],
) -> None:
    for i in range(force_g.shape[0]):
        gait_sample(coefficients[0], state[0], force_g[i, 0], force_g[i, 1], force_g[i, 2])
        out[i] = state[0].gait


def believe_open_run(coefficients: NDArray[np.void], state: NDArray[np.void]) -> bool:
    """Whether the steps at the end of the samples are a run, which nothing has ended yet."""
    c, s = coefficients[0], state[0]
    needed = c["steps_to_resume"] if s["resuming"] > 0 else c["steps_at_end"]
    return bool(s["running"] == 1 or s["streak"] >= needed)


class GaitClassifier(Stage[GaitParams]):
    """Still, walk, grounded run or run at each sample of the levelled specific force.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz.
    params : GaitParams, optional
        Levels and times.

    Examples
    --------
    >>> gait = GaitClassifier(100.0).push(np.tile([0.0, 0.0, 1.0], (300, 1)))
    >>> GAIT_NAMES[gait[-1]]
    'still'
    """

    def __init__(self, rate_hz: float, params: GaitParams | None = None) -> None:
        super().__init__(params or GaitParams(), new_gait_state)
        self._coefficients = gait_coefficients(rate_hz, self._params)

    def push(self, force_g: ArrayLike) -> NDArray[np.uint8]:
        """Classify the next samples.

        Parameters
        ----------
        force_g : array_like, shape (N, 3)
            Specific force, g, two horizontal axes and up.

        Returns
        -------
        ndarray of uint8, shape (N,)
            Codes that index :data:`GAIT_NAMES`.
        """
        block = vector_block(force_g, "force_g")
        out = np.empty(len(block), np.uint8)
        _gait_push(self._coefficients, self._state, block, out)
        return out

    def flush(self) -> NDArray[np.uint8]:
        """Nothing is held back: an empty array."""
        return np.empty(0, np.uint8)
