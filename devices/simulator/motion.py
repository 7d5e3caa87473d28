"""Motion of the sensor through a whole session: one smooth trajectory and orientation.

Standing, walking (where asked for), a push-off, the running steps, a landing and standing again.
Position, velocity, acceleration, orientation and its derivatives are closed-form functions of time,
so a gyroscope integrated gives back the orientation, and acceleration the displacement.

The orientation is R = Rz(rotation)·Rx(roll)·Ry(lean), from body axes (x forward, y left, z up) to
the earth, so that lean = atan2(−R₂₀, R₂₂) is positive forward and roll = asin(R₂₁) positive to the
right. In left stance the pelvis drops on the right, hence rolls to the *left side up*: positive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.jets import Jet, cosine, smooth_step
from devices.simulator.lobes import contact_basis
from devices.simulator.runner import FATIGUE_END_S, FATIGUE_START_S, RunnerModel
from devices.simulator.scenario import Scenario
from imu.samples import STANDARD_GRAVITY_M_S2

__all__ = ["LEVER_ARM_M", "BodyMotion", "Motion"]

Array = NDArray[np.float64]

#: The sensor sits this far behind the centre of mass.
LEVER_ARM_M: Final = 0.1
#: Durations of the push-off before the first contact, the landing, and the standing at the end.
PUSH_OFF_S: Final = 0.6
LANDING_S: Final = 0.5
FINAL_STANDING_S: Final = 3.0

# peak-to-peak degrees, and where in the cycle the positive peak is, in steps after a (left) contact
_RUN_TILT = (6.0, 0.85)  # most forward in flight
_RUN_OBLIQUITY = (8.5, 0.35)  # left side up in left mid-stance
_RUN_ROTATION = (12.0, 0.85)  # right side forward, turned left, before right contact
_WALK_TILT = (3.0, 0.6)
_WALK_OBLIQUITY = (6.0, 0.4)
_WALK_ROTATION = (8.0, 0.95)
_WALK_RATE_HZ: Final = 1.8
_WALK_SPEED_M_S: Final = 1.3
_WALK_RAMP_S: Final = 1.0
# amplitude in g, lag in steps after contact, harmonic of the step
_WALK_BOUNCE: Final = ((0.26, 0.14, 1), (0.12, 0.06, 2))
_WALK_SWAY_M: Final = 0.018
_SWAY_DEG: Final = ((0.15, 0.23), (0.15, 0.31))  # standing: amplitude, Hz, of lean and roll
_LEAN_WANDER_DEG: Final = 0.25  # amplitude of each of three slow waves
_ROLL_WANDER_DEG: Final = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The truth at N times, before any sensor error.

    Parameters
    ----------
    time_s : ndarray, shape (N,)
    position_m, velocity_m_s, acceleration_m_s2 : ndarray, shape (N, 3)
        Of the sensor in the earth frame (x along the run, y left, z up), z from standing height; a
        slope's steady climb is left out.
    rotation : ndarray, shape (N, 3, 3)
        From body axes to the earth.
    angular_velocity_rad_s, specific_force_m_s2 : ndarray, shape (N, 3)
        In body axes, at the sensor.
    vertical_force_bw : ndarray, shape (N,)
        Ground reaction force on the centre of mass, body weights.
    lean_deg, roll_deg, yaw_deg : ndarray, shape (N,)
        Forward, to the right, to the left.
    """

    time_s: Array
    position_m: Array
    velocity_m_s: Array
    acceleration_m_s2: Array
    rotation: Array
    angular_velocity_rad_s: Array
    specific_force_m_s2: Array
    vertical_force_bw: Array
    lean_deg: Array
    roll_deg: Array
    yaw_deg: Array


class BodyMotion:
    """The trajectory of one scenario; :meth:`at` evaluates it at any time of the session."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.walk_start_s = scenario.standing_s
        self.push_off_s = self.walk_start_s + scenario.walk_s
        self.runner = RunnerModel(scenario, self.push_off_s + PUSH_OFF_S)
        self.plan = self.runner.plan
        self.run_start_s = float(self.plan.onset_s[0])
        self.run_end_s = float(self.plan.onset_s[-1])
        self.duration_s = self.run_end_s + LANDING_S + FINAL_STANDING_S
        self._phase_bend = _natural_spline_bend(self.plan.onset_s)
        self._walk_onset_s = self._plan_walk()
        self._walk_bend = _natural_spline_bend(self._walk_onset_s)
        waves = np.random.default_rng([scenario.seed, 9])
        self._wander_hz = 1.0 / waves.uniform(60.0, 600.0, (2, 3))
        self._wander_lag = waves.uniform(0.0, 2.0 * np.pi, (2, 3))
        rest = np.zeros(3)
        fall = np.array([0.0, 0.0, -STANDARD_GRAVITY_M_S2])
        first, last = self.plan.velocity_m_s[0], self.plan.velocity_m_s[-1]
        start, end = self.plan.position_m[0].copy(), self.plan.position_m[-1].copy()
        away = np.array([first[0] * PUSH_OFF_S / 2.0, 0.0, 0.0])
        self._start_m = np.array([start[0], 0.0, 0.0]) - away
        self._stop_m = np.array([end[0] + last[0] * LANDING_S / 2.0, 0.0, 0.0])
        self._push_off = _bridge((self._start_m, rest, rest), (start, first, fall), PUSH_OFF_S)
        self._landing = _bridge((end, last, fall), (self._stop_m, rest, rest), LANDING_S)

    def _plan_walk(self) -> Array:
        count = int(self.scenario.walk_s * _WALK_RATE_HZ) + 4
        noise = np.random.default_rng([self.scenario.seed, 10]).standard_normal(count)
        times = (1.0 + 0.02 * np.clip(noise, -3.0, 3.0)) / _WALK_RATE_HZ
        return self.walk_start_s + np.concatenate([[0.0], np.cumsum(times)])

    def at(self, time_s: Array) -> Motion:
        """Evaluate the motion.

        Parameters
        ----------
        time_s : ndarray, shape (N,)
            Times in the session, s, in any order.
        """
        position, velocity, acceleration, force = self._centre_of_mass(time_s)
        lean, roll, yaw = self._angles(time_s)
        sin_lean, cos_lean = np.sin(lean.value), np.cos(lean.value)
        sin_roll, cos_roll = np.sin(roll.value), np.cos(roll.value)
        rotation = _rotation(lean.value, roll.value, yaw.value)
        # yaw rate seen from the rolled frame, then all of it from the leaned one
        side, up = sin_roll * yaw.rate, cos_roll * yaw.rate
        side_rate = cos_roll * roll.rate * yaw.rate + sin_roll * yaw.acceleration
        up_rate = -sin_roll * roll.rate * yaw.rate + cos_roll * yaw.acceleration
        rate = np.stack(
            [
                cos_lean * roll.rate - sin_lean * up,
                lean.rate + side,
                sin_lean * roll.rate + cos_lean * up,
            ],
            axis=1,
        )
        angular_acceleration_y = lean.acceleration + side_rate
        angular_acceleration_z = (
            sin_lean * roll.acceleration + cos_lean * up_rate + lean.rate * rate[:, 0]
        )
        # the lever points backwards: ω × r and ω̇ × r + ω × (ω × r) written out
        lever_velocity = LEVER_ARM_M * np.stack(
            [np.zeros_like(time_s), -rate[:, 2], rate[:, 1]], axis=1
        )
        lever_acceleration = LEVER_ARM_M * np.stack(
            [
                rate[:, 1] ** 2 + rate[:, 2] ** 2,
                -angular_acceleration_z - rate[:, 0] * rate[:, 1],
                angular_acceleration_y - rate[:, 0] * rate[:, 2],
            ],
            axis=1,
        )
        acceleration = acceleration + _turn(rotation, lever_acceleration)
        upright = acceleration.copy()
        upright[:, 2] += STANDARD_GRAVITY_M_S2
        return Motion(
            time_s=time_s,
            position_m=position - LEVER_ARM_M * rotation[:, :, 0],
            velocity_m_s=velocity + _turn(rotation, lever_velocity),
            acceleration_m_s2=acceleration,
            rotation=rotation,
            angular_velocity_rad_s=rate,
            specific_force_m_s2=_turn(rotation.transpose(0, 2, 1), upright),
            vertical_force_bw=force,
            lean_deg=np.degrees(lean.value),
            roll_deg=np.degrees(roll.value),
            yaw_deg=np.degrees(yaw.value),
        )

    def _centre_of_mass(self, time_s: Array) -> tuple[Array, Array, Array, Array]:
        """Position, velocity, acceleration with the transient in them, and the force without."""
        n = len(time_s)
        state = (np.zeros((n, 3)), np.zeros((n, 3)), np.zeros((n, 3)))
        force = np.ones(n)
        state[0][:] = self._start_m

        walks = (time_s >= self.walk_start_s) & (time_s < self.push_off_s)
        pushes = (time_s >= self.push_off_s) & (time_s < self.run_start_s)
        runs = (time_s >= self.run_start_s) & (time_s < self.run_end_s)
        lands = (time_s >= self.run_end_s) & (time_s < self.run_end_s + LANDING_S)
        state[0][time_s >= self.run_end_s + LANDING_S] = self._stop_m
        if walks.any():
            for total, part in zip(state, self._walking(time_s[walks]), strict=True):
                total[walks] = part
        # without walking the run starts where the session did; with it, where the walk ended
        before = time_s < self.push_off_s
        if self.scenario.walk_s:
            state[0][before, 0] -= self._walk_length()
        if pushes.any():
            since = time_s[pushes] - self.push_off_s
            for total, part in zip(state, _polynomial(self._push_off, since), strict=True):
                total[pushes] = part
        if lands.any():
            since = time_s[lands] - self.run_end_s
            for total, part in zip(state, _polynomial(self._landing, since), strict=True):
                total[lands] = part
        force[:] = 1.0 + state[2][:, 2] / STANDARD_GRAVITY_M_S2
        if runs.any():
            parts, force[runs] = self._running(time_s[runs])
            for total, part in zip(state, parts, strict=True):
                total[runs] = part
        return (*state, force)

    def _running(self, time_s: Array) -> tuple[tuple[Array, Array, Array], Array]:
        plan, g = self.plan, STANDARD_GRAVITY_M_S2
        k = np.searchsorted(plan.onset_s, time_s, "right") - 1
        tau = time_s - plan.onset_s[k]
        stance = plan.force.duration_s[k]
        basis = contact_basis(tau, stance)
        vertical = plan.force[k].pulse(tau, basis)
        forward = basis.lobe.times(plan.forward_lobe[k]).plus(
            basis.skew.times(plan.forward_skew[k])
        )
        lateral = basis.lobe.times(plan.lateral_lobe[k]).plus(
            basis.skew.times(plan.lateral_skew[k])
        )
        runner, strike = self.runner, plan.transient_g[k] * g
        shock = runner.transient.pulse(tau, stance, basis).times(strike)
        forward = forward.plus(
            runner.forward_transient.pulse(tau, stance, basis).times(strike * runner.forward_ratio)
        )
        acceleration = np.stack([forward.value, lateral.value, g * (vertical.value - 1.0)], axis=1)
        gained = np.stack([forward.first, lateral.first, g * (vertical.first - tau)], axis=1)
        moved = np.stack(
            [forward.second, lateral.second, g * (vertical.second - 0.5 * tau**2)], axis=1
        )
        moved += plan.position_m[k] + plan.velocity_m_s[k] * tau[:, None]
        gained += plan.velocity_m_s[k]
        acceleration[:, 2] += shock.value
        gained[:, 2] += shock.first
        moved[:, 2] += shock.second
        return (moved, gained, acceleration), vertical.value

    def _walking(self, time_s: Array) -> tuple[Array, Array, Array]:
        envelope = self._walk_envelope(time_s)
        phase = _phase(self._walk_onset_s, self._walk_bend, time_s)
        zero = np.zeros_like(time_s)
        bounce = Jet(zero, zero, zero)
        for amplitude_g, lag, harmonic in _WALK_BOUNCE:
            w = 2.0 * np.pi * harmonic
            metres = -amplitude_g * STANDARD_GRAVITY_M_S2 / (w * _WALK_RATE_HZ) ** 2
            bounce = bounce.plus(cosine(phase.scaled(w), w * lag).scaled(metres))
        sway = cosine(phase.scaled(np.pi), 0.45 * np.pi).scaled(_WALK_SWAY_M)
        vertical, lateral = envelope.times(bounce), envelope.times(sway)
        speed = 0.0 if self.scenario.surface == "treadmill" else _WALK_SPEED_M_S
        ramp = self._walk_ramp_s()
        length = self.scenario.walk_s
        elapsed = time_s - self.walk_start_s
        # the integral of the envelope: a rise, a plateau and a fall
        travelled = ramp * _smooth_step_integral(elapsed / ramp) - ramp * _smooth_step_integral(
            (elapsed - length + ramp) / ramp
        )
        forward = Jet(speed * travelled, speed * envelope.value, speed * envelope.rate)
        path = tuple(
            np.stack([forward[order], lateral[order], vertical[order]], axis=1)
            for order in range(3)
        )
        return path[0] + self._start_m, path[1], path[2]

    def _walk_length(self) -> float:
        speed = 0.0 if self.scenario.surface == "treadmill" else _WALK_SPEED_M_S
        return speed * (self.scenario.walk_s - self._walk_ramp_s())

    def _walk_ramp_s(self) -> float:
        return min(_WALK_RAMP_S, self.scenario.walk_s / 3.0)

    def _walk_envelope(self, time_s: Array) -> Jet:
        ramp = self._walk_ramp_s()
        start, end = self.walk_start_s, self.push_off_s
        rise = smooth_step(time_s, start, start + ramp)
        return rise.plus(smooth_step(time_s, end - ramp, end).scaled(-1.0))

    def _angles(self, time_s: Array) -> tuple[Jet, Jet, Jet]:
        """Lean, roll and yaw, radians."""
        scenario, runner = self.scenario, self.runner
        one = np.ones_like(time_s)
        clock = Jet(time_s, one, 0.0 * one)
        running = smooth_step(time_s, self.push_off_s, self.run_start_s + 1.0).plus(
            smooth_step(time_s, self.run_end_s - 0.8, self.run_end_s + LANDING_S).scaled(-1.0)
        )
        phase = _phase(self.plan.onset_s, self._phase_bend, time_s)
        lead = 0.0 if runner.first_is_left else 1.0
        tilt, obliquity, rotation = _pelvic_cycle(
            phase, lead, _RUN_TILT, _RUN_OBLIQUITY, _RUN_ROTATION
        )
        lean, roll = tilt, obliquity
        for angle, (hz, lag, amplitude) in (
            (0, (self._wander_hz[0], self._wander_lag[0], _LEAN_WANDER_DEG)),
            (1, (self._wander_hz[1], self._wander_lag[1], _ROLL_WANDER_DEG)),
        ):
            for frequency, offset in zip(hz.tolist(), lag.tolist(), strict=True):
                wave = cosine(clock.scaled(2.0 * np.pi * frequency), offset).scaled(amplitude)
                lean, roll = (lean.plus(wave), roll) if angle == 0 else (lean, roll.plus(wave))
        lean = lean.plus(Jet(scenario.lean * one, 0.0 * one, 0.0 * one))
        roll = roll.plus(Jet(runner.roll_deg * one, 0.0 * one, 0.0 * one))
        if runner.fatigue_lean_deg:
            tired = smooth_step(
                time_s, self.run_start_s + FATIGUE_START_S, self.run_start_s + FATIGUE_END_S
            )
            lean = lean.plus(tired.scaled(runner.fatigue_lean_deg))
        lean, roll, yaw = running.times(lean), running.times(roll), running.times(rotation)
        if scenario.walk_s:
            walking = self._walk_envelope(time_s)
            step = _phase(self._walk_onset_s, self._walk_bend, time_s)
            tilt, obliquity, rotation = _pelvic_cycle(
                step, 0.0, _WALK_TILT, _WALK_OBLIQUITY, _WALK_ROTATION
            )
            lean = lean.plus(walking.times(tilt))
            roll = roll.plus(walking.times(obliquity))
            yaw = yaw.plus(walking.times(rotation))
        (lean_deg, lean_hz), (roll_deg, roll_hz) = _SWAY_DEG
        lean = lean.plus(cosine(clock.scaled(2.0 * np.pi * lean_hz)).scaled(lean_deg))
        roll = roll.plus(cosine(clock.scaled(2.0 * np.pi * roll_hz)).scaled(roll_deg))
        radian = float(np.pi / 180.0)
        return lean.scaled(radian), roll.scaled(radian), yaw.scaled(radian)


def _pelvic_cycle(
    phase: Jet,
    lead: float,
    tilt: tuple[float, float],
    obliquity: tuple[float, float],
    rotation: tuple[float, float],
) -> tuple[Jet, Jet, Jet]:
    """Tilt once a step, obliquity and rotation once a stride; ``lead`` is 1 when right is first."""
    return (
        cosine(phase.scaled(2.0 * np.pi), 2.0 * np.pi * tilt[1]).scaled(tilt[0] / 2.0),
        cosine(phase.scaled(np.pi), np.pi * (obliquity[1] + lead)).scaled(obliquity[0] / 2.0),
        cosine(phase.scaled(np.pi), np.pi * (rotation[1] + lead)).scaled(rotation[0] / 2.0),
    )


def _natural_spline_bend(onset_s: Array) -> Array:
    """Second derivative, at the onsets, of the natural cubic spline that counts them."""
    h = np.diff(onset_s)
    slope = 1.0 / h
    n = len(onset_s)
    bend = [0.0] * n
    # tridiagonal elimination, forward and back
    upper, right = [0.0] * n, [0.0] * n
    widths, slopes = h.tolist(), slope.tolist()
    for i in range(1, n - 1):
        pivot = 2.0 * (widths[i - 1] + widths[i]) - widths[i - 1] * upper[i - 1]
        upper[i] = widths[i] / pivot
        right[i] = (6.0 * (slopes[i] - slopes[i - 1]) - widths[i - 1] * right[i - 1]) / pivot
    for i in range(n - 2, 0, -1):
        bend[i] = right[i] - upper[i] * bend[i + 1]
    return np.array(bend)


def _phase(onset_s: Array, bend: Array, time_s: Array) -> Jet:
    """Steps since the first onset, a smooth function of time; straight beyond both ends."""
    k = np.clip(np.searchsorted(onset_s, time_s, "right") - 1, 0, len(onset_s) - 2)
    h = onset_s[k + 1] - onset_s[k]
    t = time_s - onset_s[k]
    inside = np.clip(t, 0.0, h)
    third = (bend[k + 1] - bend[k]) / h
    slope = 1.0 / h - h * (2.0 * bend[k] + bend[k + 1]) / 6.0
    value = k + inside * (slope + inside * (bend[k] / 2.0 + inside * third / 6.0))
    rate = slope + inside * (bend[k] + inside * third / 2.0)
    straight = t != inside
    return Jet(
        value + rate * (t - inside),
        rate,
        np.where(straight, 0.0, bend[k] + inside * third),
    )


def _smooth_step_integral(s: Array) -> Array:
    """Integral of the quintic step over its unit width."""
    inside = np.clip(s, 0.0, 1.0)
    rising = inside**4 * (2.5 - 3.0 * inside + inside**2)
    return rising + np.maximum(s - 1.0, 0.0)


State = tuple[Array, Array, Array]


def _bridge(start: State, end: State, duration_s: float) -> Array:
    """Coefficients, shape (8, 3), of the polynomial in time that joins two states without jerk."""
    rows = []
    for time in (0.0, duration_s):
        for order in range(4):
            row = np.zeros(8)
            for power in range(order, 8):
                factor = float(np.prod(np.arange(power, power - order, -1)))
                row[power] = factor * time ** (power - order)
            rows.append(row)
    still = np.zeros(3)
    return np.linalg.solve(np.array(rows), np.array([*start, still, *end, still]))


def _polynomial(coefficients: Array, time_s: Array) -> State:
    """Value and two derivatives, each shape (N, 3)."""
    powers = np.arange(8)
    terms = time_s[:, None] ** powers
    first = coefficients[1:] * powers[1:, None]
    second = first[1:] * powers[1:-1, None]
    return terms @ coefficients, terms[:, :-1] @ first, terms[:, :-2] @ second


def _rotation(lean: Array, roll: Array, yaw: Array) -> Array:
    sl, cl, sr, cr, sy, cy = (f(a) for a in (lean, roll, yaw) for f in (np.sin, np.cos))
    return np.stack(
        [
            np.stack([cy * cl - sy * sr * sl, -sy * cr, cy * sl + sy * sr * cl], axis=-1),
            np.stack([sy * cl + cy * sr * sl, cy * cr, sy * sl - cy * sr * cl], axis=-1),
            np.stack([-cr * sl, sr, cr * cl], axis=-1),
        ],
        axis=-2,
    )


def _turn(rotation: Array, vectors: Array) -> Array:
    turned: Array = np.einsum("nij,nj->ni", rotation, vectors)
    return turned
