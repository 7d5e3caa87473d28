"""A simulated sensor that is calibrated: laid on each of its faces, clipped on, and stood with."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator.jets import smooth_step
from devices.simulator.scenario import Scenario
from devices.simulator.sensor import SensorModel
from imu.errors import ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

Array = NDArray[np.float64]

#: The axes that point up, one after the other.
ORDER: Final = ("+z", "+x", "+y", "-z", "-x", "-y")

_LYING_S: Final = 5.0  # on each face
_CONNECTING_S: Final = 5.0  # longer on the first, for drivers that take their time
_TURNING_S: Final = 2.5  # from one to the next, by hand
_CLIPPING_S: Final = 6.0  # onto the waistband
_ASKEW: Final = 0.04  # nobody lays it down exactly: sine of the tilt, standard deviation
_LIFT_M: Final = 0.15
_HAND_M_S2: Final = (0.6, 5.0)  # shaking of the hand: amplitude, Hz
_CLIPPING_M_S2: Final = (3.0, 2.0)
_SWAY_DEG: Final = (0.15, 0.23)  # of the standing runner: amplitude, Hz
_BLOCK: Final = 2048  # samples whose noise is drawn at once


class _Stretch(NamedTuple):
    """The sensor turns about one of its axes while the hand moves it up and down."""

    seconds: float
    up: Array  # where it begins, in the sensor's axes
    axis: Array  # unit vector, in the sensor's axes
    angle_rad: float
    shaking: tuple[float, float]  # m/s², Hz
    sways: bool = False  # about the axis, instead of turning


class SixFacesRun:
    """A :class:`~devices.simulator.device.MotionRun` for ``motion=six_faces``.

    The sensor lies 5 s on each face (10 s on the first), a few degrees askew, is turned by hand in
    between, then clipped on as the scenario mounts it, and worn standing for ``standing_s``.
    Samples have the errors of the scenario's :class:`~devices.simulator.sensor.SensorModel`.

    Parameters
    ----------
    scenario : Scenario
        ``minutes`` and the runner's values are not used.
    faces : sequence of str
        The axes that point up, one after the other.

    Attributes
    ----------
    scenario : Scenario
    sensor : SensorModel
        Mounting and errors.
    duration_s : float
        Of the whole session.

    Examples
    --------
    >>> run = SixFacesRun(Scenario(motion="six_faces", device="ideal"))
    >>> run.duration_s, round(float(run.read(200).acceleration_m_s2[-1, 2]), 1)
    (61.5, 9.8)
    """

    def __init__(self, scenario: Scenario, faces: Sequence[str] = ORDER) -> None:
        if not faces or any(face not in ORDER for face in faces):
            raise ParameterError("faces", tuple(faces), f"one or more of {', '.join(ORDER)}")
        self.scenario = scenario
        self.sensor = SensorModel(scenario)
        self._stretches = _plan(scenario, self.sensor.mounting, faces)
        total_s = sum(stretch.seconds for stretch in self._stretches)
        self.n_samples = math.ceil(total_s * scenario.rate)
        self.duration_s = self.n_samples / scenario.rate
        self._next = 0
        self._samples: Samples | None = None

    def read(self, n: int) -> Samples:
        """The next ``n`` samples in sensor axes, fewer at the end, none when it is over."""
        if self._samples is None:
            self._samples = self._measured()
        start = self._next
        self._next = min(start + max(n, 0), self.n_samples)
        return self._samples[start : self._next]

    def _measured(self) -> Samples:
        time = np.arange(self.n_samples) / self.scenario.rate
        force, rate = np.zeros((2, self.n_samples, 3))
        start_s = 0.0
        for stretch in self._stretches:
            part = (time >= start_s) & (time < start_s + stretch.seconds)
            force[part], rate[part] = _motion(stretch, time[part] - start_s)
            start_s += stretch.seconds
        # the model takes them in body axes
        force, rate = force @ self.sensor.mounting, rate @ self.sensor.mounting
        blocks = []
        for index, start in enumerate(range(0, self.n_samples, _BLOCK)):
            rows = slice(start, start + _BLOCK)
            blocks.append(Samples(time[rows], *self.sensor.measure(force[rows], rate[rows], index)))
        return Samples.concatenate(blocks)


def _plan(scenario: Scenario, mounting: Array, faces: Sequence[str]) -> list[_Stretch]:
    random = np.random.default_rng([scenario.seed, 30])
    nowhere, calm = np.array([1.0, 0.0, 0.0]), (0.0, 1.0)
    stretches: list[_Stretch] = []
    ups = [_unit(_axis(face) + _ASKEW * random.standard_normal(3)) for face in faces]
    for number, up in enumerate(ups):
        if number:
            turn = _turn_between(ups[number - 1], up)
            stretches.append(_Stretch(_TURNING_S, ups[number - 1], *turn, _HAND_M_S2))
        seconds = _LYING_S if number else _CONNECTING_S + _LYING_S
        stretches.append(_Stretch(seconds, up, nowhere, 0.0, calm))
    worn = mounting[:, 2]
    clipping = _turn_between(ups[-1], worn)
    stretches.append(_Stretch(_CLIPPING_S, ups[-1], *clipping, _CLIPPING_M_S2))
    stretches.append(_Stretch(scenario.standing_s, worn, mounting[:, 1], 0.0, calm, sways=True))
    return stretches


def _motion(stretch: _Stretch, time_s: Array) -> tuple[Array, Array]:
    """Specific force, m/s², and angular velocity, rad/s, in the sensor's axes."""
    if stretch.sways:
        amplitude, frequency = math.radians(_SWAY_DEG[0]), 2.0 * math.pi * _SWAY_DEG[1]
        angle = amplitude * np.sin(frequency * time_s)
        rate = amplitude * frequency * np.cos(frequency * time_s)
    else:
        turn = smooth_step(time_s, 0.0, stretch.seconds).scaled(stretch.angle_rad)
        angle, rate = turn.value, turn.rate
    axis, up = stretch.axis, stretch.up
    # the sensor turns one way, so up turns the other way in its axes: Rodrigues' formula
    ups = (
        np.outer(np.cos(angle), up)
        - np.outer(np.sin(angle), np.cross(axis, up))
        + np.outer(1.0 - np.cos(angle), axis * (axis @ up))
    )
    share = time_s / stretch.seconds
    upward = np.zeros(len(time_s))
    if stretch.shaking[0]:
        # second derivative of 64·u³·(1 − u)³, which begins and ends at rest
        bump = 384.0 * share - 2304.0 * share**2 + 3840.0 * share**3 - 1920.0 * share**4
        shaken = np.sin(math.pi * share) * np.sin(2.0 * math.pi * stretch.shaking[1] * time_s)
        upward = _LIFT_M * bump / stretch.seconds**2 + stretch.shaking[0] * shaken
    return (STANDARD_GRAVITY_M_S2 + upward)[:, None] * ups, np.outer(rate, axis)


def _turn_between(before: Array, after: Array) -> tuple[Array, float]:
    """Axis and angle by which the sensor turns so that up goes from one of its axes to another."""
    axis = np.cross(after, before)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:  # the same or opposite: about anything that is square to it
        axis = np.cross(before, np.eye(3)[int(np.argmin(np.abs(before)))])
    return _unit(axis), math.atan2(sine, float(before @ after))


def _axis(face: str) -> Array:
    vector = np.zeros(3)
    vector["xyz".index(face[1])] = 1.0 if face[0] == "+" else -1.0
    return vector


def _unit(vector: Array) -> Array:
    return np.asarray(vector / np.linalg.norm(vector), np.float64)
