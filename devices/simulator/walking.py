"""Breaks from running: walking and stairs, standing still, and a look at the telephone.

Walking has double support: the force on both feet together never comes near zero. Vertically the
pelvis moves twice a stride with a second harmonic from each landing, forward it brakes as it
rises; amplitudes follow the cadence. Cadence 100 to 130 steps/min, vertical specific force 0.5 to
1.5 g, as lower-back sensors show it (Mobilise-D example recordings; SisFall, Sucerquia et al. 2017,
doi:10.3390/s17010198).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.jets import Jet, cosine, smooth_step
from devices.simulator.phases import Pose, step_phase
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

_RAMP_S: Final = 1.0
_CADENCE_SPM: Final = (102.0, 126.0)
_STAIRS_CADENCE: Final = 0.88  # of the runner's own on level ground
_STEP_M: Final = 0.0064  # of length for each step a minute
_STAIRS_SPEED: Final = 0.45
# amplitude in g at 115 steps/min, lag in steps after contact, harmonic of the step
_VERTICAL: Final = ((0.27, 0.14, 1), (0.12, 0.06, 2), (0.05, 0.03, 3))
_FORWARD: Final = ((0.15, 0.62, 1), (0.07, 0.55, 2))
_SWAY_M: Final = 0.018
# peak-to-peak degrees, and where in the cycle the positive peak is, in steps after a left contact
_TILT: Final = (3.0, 0.6)
_OBLIQUITY: Final = (6.0, 0.4)
_ROTATION: Final = (8.0, 0.95)
_STAIRS_LEAN_DEG: Final = 7.0
# jolts of the sensor by the hand: displacement m, Hz, width of the envelope s
_JOLT: Final = (0.004, 6.0, 0.12)
_TURN_S: Final = 1.2


class Walk:
    """Walking between two times.

    Parameters
    ----------
    seed : int
        Of the runner.
    number : int
        Of the walk in the session.
    start_s, end_s : float
        Standing at both.
    is_stairs : bool
        Slower, stronger and more bent.
    moves : bool
        Whether the runner gets on; not on a treadmill.

    Attributes
    ----------
    length_m : float
        How far it gets.
    """

    def __init__(
        self,
        seed: int,
        number: int,
        start_s: float,
        end_s: float,
        *,
        is_stairs: bool = False,
        moves: bool = True,
    ) -> None:
        self.start_s, self.end_s = start_s, end_s
        person = np.random.default_rng([seed, 12])
        cadence = person.uniform(*_CADENCE_SPM) * (_STAIRS_CADENCE if is_stairs else 1.0)
        self._strength = person.uniform(0.75, 1.1) * (cadence / 115.0) ** 2
        self._strength *= 1.35 if is_stairs else 1.0
        self._lag = float(person.uniform(-0.04, 0.04))
        self._rate_hz = float(cadence) / 60.0
        self._lean_deg = _STAIRS_LEAN_DEG if is_stairs else 0.0
        count = int((end_s - start_s) * self._rate_hz) + 4
        noise = np.random.default_rng([seed, 10, number]).standard_normal(count)
        times = (1.0 + 0.02 * np.clip(noise, -3.0, 3.0)) / self._rate_hz
        self._phase = step_phase(start_s + np.concatenate([[0.0], np.cumsum(times)]))
        self._ramp_s = min(_RAMP_S, (end_s - start_s) / 3.0)
        speed = _STEP_M * cadence * self._rate_hz * (_STAIRS_SPEED if is_stairs else 1.0)
        self._speed_m_s = float(speed) * moves
        self.length_m = self._speed_m_s * (end_s - start_s - self._ramp_s)

    def at(self, time_s: Array) -> Pose:
        """Pose at times of the walk, forward from where it starts."""
        start, end, ramp = self.start_s, self.end_s, self._ramp_s
        envelope = smooth_step(time_s, start, start + ramp).plus(
            smooth_step(time_s, end - ramp, end).scaled(-1.0)
        )
        phase = Jet(*self._phase.at(time_s)[:, 0])
        vertical = envelope.times(self._waves(phase, _VERTICAL))
        lateral = envelope.times(cosine(phase.scaled(np.pi), 0.45 * np.pi).scaled(_SWAY_M))
        elapsed = time_s - start
        # the integral of the envelope: a rise, a plateau and a fall
        travelled = ramp * _smooth_step_integral(elapsed / ramp) - ramp * _smooth_step_integral(
            (elapsed - (end - start) + ramp) / ramp
        )
        speed = self._speed_m_s
        forward = Jet(speed * travelled, speed * envelope.value, speed * envelope.rate).plus(
            envelope.times(self._waves(phase, _FORWARD))
        )
        tilt = cosine(phase.scaled(2.0 * np.pi), 2.0 * np.pi * _TILT[1]).scaled(_TILT[0] / 2.0)
        lean = Jet(tilt.value + self._lean_deg, tilt.rate, tilt.acceleration)
        roll, yaw = (
            cosine(phase.scaled(np.pi), np.pi * lag).scaled(degrees / 2.0)
            for degrees, lag in (_OBLIQUITY, _ROTATION)
        )
        radian = float(np.pi / 180.0)
        angles = [envelope.times(angle).scaled(radian) for angle in (roll, lean, yaw)]
        return Pose.of([forward, lateral, vertical], angles)

    def _waves(self, phase: Jet, waves: tuple[tuple[float, float, int], ...]) -> Jet:
        """Displacement, m, whose acceleration has the amplitudes given."""
        zero = np.zeros_like(phase.value)
        total = Jet(zero, zero, zero)
        for amplitude_g, lag, harmonic in waves:
            w = 2.0 * np.pi * harmonic
            metres = -amplitude_g * STANDARD_GRAVITY_M_S2 / (w * self._rate_hz) ** 2
            wave = cosine(phase.scaled(w), w * (lag + self._lag))
            total = total.plus(wave.scaled(metres * self._strength))
        return total


@dataclass(frozen=True)
class PhoneCheck:
    """Standing with a look at the telephone: the body turns away and back, hands jolt the sensor.

    Parameters
    ----------
    seed, number : int
        Of the runner, and of the check in the session.
    start_s, end_s : float
    """

    seed: int
    number: int
    start_s: float
    end_s: float

    def at(self, time_s: Array) -> Pose:
        """Pose at times of the check."""
        random = np.random.default_rng([self.seed, 13, self.number])
        turn_s = min(_TURN_S, (self.end_s - self.start_s) / 3.0)
        away = smooth_step(time_s, self.start_s, self.start_s + turn_s).plus(
            smooth_step(time_s, self.end_s - turn_s, self.end_s).scaled(-1.0)
        )
        degrees = random.uniform((-4.0, 3.0, 30.0), (4.0, 10.0, 90.0))
        degrees[2] *= random.choice((-1.0, 1.0))
        angles = [away.scaled(float(np.radians(each))) for each in degrees]
        metres, hz, width_s = _JOLT
        zero = np.zeros_like(time_s)
        path = [Jet(zero, zero, zero) for _ in range(3)]
        room = (self.start_s + 4.0 * width_s, self.end_s - 4.0 * width_s)
        for middle_s in random.uniform(min(room), max(room), 3):
            direction = random.standard_normal(3)
            jolt = _jolt(time_s - middle_s, hz, width_s)
            for axis in range(3):
                path[axis] = path[axis].plus(jolt.scaled(metres * float(direction[axis])))
        # nothing of a jolt is left at the ends, where the check joins standing
        return Pose.of([away.times(each) for each in path], angles)


def _jolt(time_s: Array, hz: float, width_s: float) -> Jet:
    """A sine in a Gaussian envelope."""
    w = 2.0 * np.pi * hz
    near = np.abs(time_s) < 6.0 * width_s
    t = np.where(near, time_s, 0.0)
    bell = np.where(near, np.exp(-0.5 * (t / width_s) ** 2), 0.0)
    slope = -t / width_s**2
    envelope = Jet(bell, bell * slope, bell * (slope**2 - 1.0 / width_s**2))
    one = np.ones_like(t)
    return envelope.times(cosine(Jet(w * t, w * one, 0.0 * one), np.pi / 2.0))


def _smooth_step_integral(s: Array) -> Array:
    """Integral of the quintic step over its unit width."""
    inside = np.clip(s, 0.0, 1.0)
    rising = inside**4 * (2.5 - 3.0 * inside + inside**2)
    return rising + np.maximum(s - 1.0, 0.0)
