"""One bout of running in motion: a push-off, the planned steps, a landing.

The centre of mass follows the ground force; the sensor moves against it as the runner's pelvis does
(:mod:`devices.simulator.pelvis`), with the impact on top. All of it is closed form in time, so that
what the sensor feels is exactly the second derivative of where it is.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.course import Course
from devices.simulator.jets import Jet, smooth_step
from devices.simulator.lobes import ContactBasis, Pulse, contact_basis
from devices.simulator.pelvis import PelvicWaves
from devices.simulator.person import Person
from devices.simulator.phases import Pose, SmoothSeries, bridge, polynomial
from devices.simulator.runner import StepPlan, plan_steps
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

#: Durations of the push-off before the first contact, and of the landing.
PUSH_OFF_S: Final = 0.6
LANDING_S: Final = 0.5

_LEAN_WANDER_DEG: Final = 0.25  # amplitude of each of three slow waves
_ROLL_WANDER_DEG: Final = 0.12
_SIDEWAYS_M: Final = 0.005  # from step to step, standard deviation
_RADIAN: Final = float(np.pi / 180.0)


class RunningBout:
    """Running between two breaks.

    Parameters
    ----------
    person : Person
    course : Course
    start_s, end_s : float
        When the push-off begins, and after which no other step begins, s in the session.
    number : int
        Of the bout in the session.

    Attributes
    ----------
    plan : StepPlan
    start_s, end_s : float
        From standing to standing.
    run_start_s, run_end_s : float
        The first onset of force, and where the last step ends.
    length_m : float
        From where the push-off begins to where the runner stands again.
    """

    def __init__(
        self, person: Person, course: Course, start_s: float, end_s: float, number: int
    ) -> None:
        self._person, self._course = person, course
        self.start_s = start_s
        self.plan: StepPlan = plan_steps(person, course, start_s + PUSH_OFF_S, end_s, number)
        self.run_start_s = float(self.plan.onset_s[0])
        self.run_end_s = float(self.plan.onset_s[-1])
        self.end_s = self.run_end_s + LANDING_S
        self._series = SmoothSeries(self.plan.onset_s, self._by_step(number))
        self._waves = PelvicWaves(person.pelvis, course.speed.lowest, course.speed.highest)
        self._leaning = ((course.lean, 1.0), (course.fatigue("lean"), person.fatigue_lean_deg))
        self._lead = 0.0 if self.plan.is_left[0] else np.pi
        rest = np.zeros(3)
        fall = np.array([0.0, 0.0, -STANDARD_GRAVITY_M_S2])
        first, last = self.plan.velocity_m_s[0], self.plan.velocity_m_s[-1]
        begin, finish = self.plan.position_m[0].copy(), self.plan.position_m[-1].copy()
        self._lead_m = first[0] * PUSH_OFF_S / 2.0
        begin[0] += self._lead_m
        finish[0] += self._lead_m
        stop = np.array([finish[0] + last[0] * LANDING_S / 2.0, 0.0, 0.0])
        self.length_m = float(stop[0])
        self._push_off = bridge((rest, rest, rest), (begin, first, fall), PUSH_OFF_S)
        self._landing = bridge((finish, last, fall), (stop, rest, rest), LANDING_S)

    def at(self, time_s: Array) -> tuple[Pose, Array]:
        """Pose of the sensor, forward from where the bout begins, and the ground force, BW.

        Parameters
        ----------
        time_s : ndarray, shape (N,)
            Within the bout.
        """
        path, force = self._centre_of_mass(time_s)
        phase, sideways, roll, lean, size = self._series.at(time_s).transpose(1, 0, 2)
        stride = Jet(np.pi * phase[0] + self._lead, np.pi * phase[1], np.pi * phase[2])
        pelvis = self._waves.at(stride, self._course.speed.jet(time_s))
        # in longer steps the pelvis goes further, at the same acceleration
        pelvis[:, :3] = _enveloped(Jet(*size), pelvis[:, :3])
        pelvis[:, 1] += sideways
        pelvis[:, 3] += roll
        pelvis[:, 4] += lean
        for track, degrees in self._leaning:
            if track.lowest == track.highest:
                pelvis[0, 4] += degrees * track.lowest * _RADIAN
            else:
                pelvis[:, 4] += np.array(track.jet(time_s)) * (degrees * _RADIAN)
        pelvis = _enveloped(self.envelope(time_s), pelvis)
        path += pelvis[:, :3]
        return Pose(path, pelvis[:, 3:]), force

    def envelope(self, time_s: Array) -> Jet:
        """How much of a running posture there is: 0 in standing, 1 in running."""
        rise = smooth_step(time_s, self.start_s, self.run_start_s + 1.0)
        return rise.plus(smooth_step(time_s, self.run_end_s - 0.8, self.end_s).scaled(-1.0))

    def force_bw(self, time_s: Array) -> Array:
        """The ground force alone."""
        return self._centre_of_mass(time_s)[1]

    def _by_step(self, number: int) -> Array:
        """What is known at each onset: the phase, sideways (m), roll and lean (rad), size."""
        person, onset = self._person, self.plan.onset_s
        random = np.random.default_rng([self._course.scenario.seed, 14, number])
        sideways = _SIDEWAYS_M * np.clip(random.standard_normal(len(onset)), -3.0, 3.0)
        slow = np.cos(
            2.0 * np.pi * person.wander_hz[:, :, None] * onset - person.wander_lag[:, :, None]
        )
        lean, roll = slow.sum(axis=1)
        return np.array(
            [
                np.arange(float(len(onset))),
                sideways,
                (person.roll_deg + _ROLL_WANDER_DEG * roll) * _RADIAN,
                _LEAN_WANDER_DEG * lean * _RADIAN,
                self.plan.stretch**2,
            ]
        )

    def _centre_of_mass(self, time_s: Array) -> tuple[Array, Array]:
        """Its path with the impact in it, and the force without, body weights."""
        pushes = time_s < self.run_start_s
        lands = time_s >= self.run_end_s
        runs = ~(pushes | lands)
        if runs.all():
            return self._running(time_s)
        path = np.zeros((3, 3, len(time_s)))
        path[:, :, pushes] = polynomial(self._push_off, time_s[pushes] - self.start_s)
        path[:, :, lands] = polynomial(self._landing, time_s[lands] - self.run_end_s)
        force = 1.0 + path[2, 2] / STANDARD_GRAVITY_M_S2
        if runs.any():
            path[:, :, runs], force[runs] = self._running(time_s[runs])
        return path, force

    def _running(self, time_s: Array) -> tuple[Array, Array]:
        plan, g = self.plan, STANDARD_GRAVITY_M_S2
        k = np.searchsorted(plan.onset_s, time_s, "right") - 1
        tau = time_s - plan.onset_s[k]
        basis = contact_basis(tau, plan.force.duration_s[k])
        vertical = plan.force[k].pulse(tau, basis)
        forward = basis.lobe.times(plan.forward_lobe[k]).plus(
            basis.skew.times(plan.forward_skew[k])
        )
        path = np.zeros((3, 3, len(time_s)))
        (ahead, _, height), (speed, _, upward) = plan.position_m.T[:, k], plan.velocity_m_s.T[:, k]
        path[0, 0] = ahead + self._lead_m + speed * tau + forward.second
        path[1, 0] = speed + forward.first
        path[2, 0] = forward.value
        path[0, 2] = height + upward * tau + g * (vertical.second - 0.5 * tau**2)
        path[1, 2] = upward + g * (vertical.first - tau)
        path[2, 2] = g * (vertical.value - 1.0)
        self._add_impacts(path, k, tau, basis)
        return path, vertical.value

    def _add_impacts(
        self, path: Array, k: NDArray[np.intp], tau: Array, basis: ContactBasis
    ) -> None:
        plan = self.plan
        stance = tau < plan.force.duration_s[k]
        for number in np.unique(plan.impact[k]):
            here = np.flatnonzero(stance & (plan.impact[k] == number))
            step, impact = k[here], plan.impacts[number]
            shapes = ContactBasis(*(Pulse(*(part[here] for part in pulse)) for pulse in basis))
            for axis, shape, recoil, ratio in (
                (0, impact.forward, plan.forward_recoil, impact.forward_ratio),
                (2, impact.upward, plan.upward_recoil, 1.0),
            ):
                pulse = shape.pulse(tau[here], shapes, (recoil[0][step], recoil[1][step]))
                strike = ratio * plan.strike_m_s2[step]
                path[0, axis, here] += strike * pulse.second
                path[1, axis, here] += strike * pulse.first
                path[2, axis, here] += strike * pulse.value


def _enveloped(envelope: Jet, orders: Array) -> Array:
    """The product, by Leibniz's rule, of an envelope and rows with two derivatives."""
    value, rate, bend = envelope
    if (value == 1.0).all():  # nothing of it changes then
        return orders
    return np.stack(
        [
            value * orders[0],
            rate * orders[0] + value * orders[1],
            bend * orders[0] + 2.0 * rate * orders[1] + value * orders[2],
        ]
    )
