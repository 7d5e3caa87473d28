"""The runner: when each step of a session falls and what its forces are.

Mean contact time, step rate and peak force follow the speed. Around them each step varies: an
AR(1) part from step to step, a slow wander over minutes, a constant difference between left and
right, and fatigue where the scenario asks for it. The impulse of a step is its duration times body
weight as long as nothing changes slowly, so the vertical velocity at contact stays where it is.

Sides. In left stance the pelvis drops on the right, the swing side. The centre of mass sways out to
the left and back, but the back of the pelvis, where the sensor is, turns towards the foot on the
ground and moves the other way (both runners of the Fukuchi et al. 2017 marker recordings at hand,
doi:10.7717/peerj.3298): the lateral motion is the sensor's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.force import (
    TwoMassForce,
    contact_crossings,
    impact_impulse_bw_s,
    solve_two_mass_force,
)
from devices.simulator.lobes import SKEW_MOMENT
from devices.simulator.scenario import Scenario
from devices.simulator.transient import SacralTransient
from imu.samples import STANDARD_GRAVITY_M_S2

__all__ = ["FATIGUE_END_S", "FATIGUE_START_S", "RunnerModel", "StepPlan", "gait_at_speed"]

Array = NDArray[np.float64]

#: Fatigue sets in between these times of running.
FATIGUE_START_S: Final = 480.0
FATIGUE_END_S: Final = 720.0
#: The speed rises and falls over this time at the ends of a run.
RAMP_S: Final = 2.0

# speed m/s, contact time s, steps per s, peak BW. 3.8 to 5.4 m/s are means of runners on a force
# treadmill (Alcantara et al. 2021, doi:10.7717/peerj.11199), which is why the rate is uneven there.
_GAIT: Final = np.array(
    [
        [2.0, 0.300, 2.53, 1.97],
        [2.5, 0.265, 2.68, 2.10],
        [3.33, 0.216, 2.85, 2.40],
        [3.8, 0.202, 3.07, 2.84],
        [4.1, 0.196, 3.05, 3.00],
        [4.9, 0.175, 3.30, 2.94],
        [5.4, 0.168, 3.26, 3.14],
        [6.5, 0.152, 3.50, 3.20],
    ]
)
# slope deg, transient g below 20 Hz, frequency Hz, damping ratio, shock g. The amplitudes are
# fitted, on this force, to the shocks; the transients measured are 2.9, 2.5, 1.4 and 0.5 g.
_TRANSIENT: Final = np.array(
    [
        [-10.0, 3.43, 15.0, 0.25, 4.9],
        [-5.0, 2.53, 17.0, 0.28, 3.9],
        [0.0, 1.84, 16.5, 0.33, 3.1],
        [5.0, 0.90, 9.5, 0.33, 2.2],
    ]
)
#: Sacral shock relative to asphalt; concrete against track and grass after Ferro-Sánchez 2023.
_SURFACE_SHOCK: Final = {
    "concrete": 1.02,
    "asphalt": 1.0,
    "track": 0.965,
    "treadmill": 0.97,
    "trail": 0.975,
    "grass": 0.985,
}
_FORWARD_SPIKE_G: Final = -1.7  # at level, below 20 Hz; elsewhere as the transient
_IMPACT_DURATION_S: Final = 0.060
_SWAY_VELOCITY_M_S: Final = 0.07
_CONTACT_FOLLOWS_STEP_TIME: Final = 0.9
_FIRST_FORCE_DURATION: Final = 1.09  # of the contact time between the crossings, refined
_ONSET_HEIGHT_M: Final = -0.02  # of the centre of mass, against standing
_ONSET_HEIGHT_SD_M: Final = 0.001
_WANDER_TIME_S: Final = 90.0


def gait_at_speed(speed_m_s: float) -> tuple[float, float, float]:
    """Mean contact time (s), step rate (1/s) and peak vertical force (BW) at a running speed.

    Interpolated between published means; constant below 2.0 and above 6.5 m/s.

    Examples
    --------
    >>> gait_at_speed(3.8)
    (0.202, 3.07, 2.84)
    """
    contact, rate, peak = (float(np.interp(speed_m_s, _GAIT[:, 0], _GAIT[:, i])) for i in (1, 2, 3))
    return contact, rate, peak


@dataclass(frozen=True, slots=True, eq=False)
class StepPlan:
    """N running steps: onset of the force, state of the centre of mass there, and forces.

    Onsets and states have N + 1 entries, the last being where the run ends; forces have N. Lengths
    in m relative to quiet standing, velocities in m/s, accelerations in m/s².
    """

    onset_s: Array
    is_left: NDArray[np.bool_]
    position_m: Array  # (N + 1, 3)
    velocity_m_s: Array  # (N + 1, 3)
    force: TwoMassForce
    forward_lobe: Array
    forward_skew: Array
    lateral_lobe: Array
    lateral_skew: Array
    transient_g: Array
    contact_crossing_s: Array
    toe_off_crossing_s: Array

    def __len__(self) -> int:
        return len(self.transient_g)


class RunnerModel:
    """Plans the steps of a scenario's run.

    Parameters
    ----------
    scenario : Scenario
    start_s : float
        Time of the first contact in the session, s.
    """

    def __init__(self, scenario: Scenario, start_s: float) -> None:
        self.scenario = scenario
        self.start_s = start_s
        self.end_s = start_s + 60.0 * scenario.minutes
        person = np.random.default_rng([scenario.seed, 0])
        self.first_is_left = bool(person.random() < 0.5)
        self.fatigue_lean_deg = person.uniform(4.0, 6.0) * self._tires("lean")
        self.roll_deg = person.uniform(-1.5, 1.5)
        # left minus right over the mean
        self.step_time_asymmetry = person.uniform(-0.02, 0.02)
        self.peak_asymmetry = person.uniform(-0.05, 0.05)
        self.shock_asymmetry = person.uniform(-0.10, 0.10)
        self._step_time_cv = person.uniform(0.020, 0.030)
        self._peak_cv = person.uniform(0.020, 0.030)
        self._shock_cv = person.uniform(0.07, 0.09)
        self._persistence = person.uniform(0.2, 0.5)
        self._wander_sd = person.uniform(0.01, 0.02)
        slope = _TRANSIENT[:, 0]
        amplitude, frequency, damping, shock = (
            float(np.interp(scenario.slope, slope, _TRANSIENT[:, i])) for i in (1, 2, 3, 4)
        )
        self.transient = SacralTransient(frequency, damping)
        #: Forward, the sensor recoils at once, as the recordings of Alcantara et al. 2022 show.
        self.forward_transient = SacralTransient(frequency, damping, own_recoil=0.8)
        #: Forward amplitude for an upward one of 1.
        self.forward_ratio = (
            _FORWARD_SPIKE_G
            / float(_TRANSIENT[2, 1])
            * self.transient.low_passed_peak(20.0)
            / self.forward_transient.low_passed_peak(20.0)
        )
        self._transient_g = amplitude / self.transient.low_passed_peak(20.0)
        #: Change of the transient that changes the whole shock by one.
        self._transient_leverage = shock / amplitude
        self.plan = self._plan()

    def _tires(self, what: str) -> float:
        return float(self.scenario.fatigue in (what, "all"))

    def _fatigue(self, running_s: float) -> float:
        s = (running_s - FATIGUE_START_S) / (FATIGUE_END_S - FATIGUE_START_S)
        s = min(max(s, 0.0), 1.0)
        return s * s * (3.0 - 2.0 * s)

    def _ramp(self, time_s: float) -> float:
        s = min(time_s - self.start_s, self.end_s - time_s) / RAMP_S
        s = min(max(s, 0.0), 1.0)
        return s * s * (3.0 - 2.0 * s)

    def _autoregressive(self, stream: int, count: int, persistence: float) -> Array:
        """Unit variance AR(1), the same from its start whatever the count."""
        draws = np.random.default_rng([self.scenario.seed, stream]).standard_normal(count)
        innovation = float(np.sqrt(1.0 - persistence**2))
        values, last = np.empty(count), 0.0
        for k, draw in enumerate(draws.tolist()):
            last = persistence * last + innovation * draw if k else draw
            values[k] = last
        return values

    def _plan(self) -> StepPlan:
        scenario = self.scenario
        room = int((self.end_s - self.start_s) * 4.5) + 16
        wander = float(np.exp(-0.35 / _WANDER_TIME_S))
        slow = [self._wander_sd * self._autoregressive(i, room, wander) for i in (1, 2, 3)]
        fast = [self._autoregressive(i, room, self._persistence) for i in (4, 5, 6)]
        contact_noise = np.random.default_rng([scenario.seed, 7]).standard_normal(room)
        height_noise = np.random.default_rng([scenario.seed, 8]).standard_normal(room)
        # short-term spread is held within three deviations: beyond, no smooth force fits
        fast = [np.clip(series, -3.0, 3.0) for series in fast]
        contact_noise, height_noise = np.clip([contact_noise, height_noise], -3.0, 3.0)

        # one pass in time: ramp and fatigue depend on when the step falls
        onsets, forward, nominal, step_times, peaks, amplitudes = [self.start_s], [], [], [], [], []
        k, leverage = 0, self._transient_leverage
        while True:
            now = onsets[-1]
            fatigue = self._fatigue(now - self.start_s)
            speed = scenario.speed * self._ramp(now)
            contact, rate, peak = gait_at_speed(speed)
            slow_step_time = (1.0 + 0.5 * slow[0][k]) / (
                rate * (1.0 - 0.06 * fatigue * self._tires("cadence"))
            )
            stretch = slow_step_time * rate
            nominal.append((slow_step_time, contact * stretch))
            forward.append(speed)
            if now >= self.end_s:
                break
            side = 0.5 if (k % 2 == 0) == self.first_is_left else -0.5
            step_time = slow_step_time * (
                1.0 + self._step_time_cv * fast[0][k] + side * self.step_time_asymmetry
            )
            step_times.append(step_time)
            onsets.append(now + step_time)
            relative_time = step_time / slow_step_time - 1.0
            peaks.append(
                peak
                # a longer step of the same flight has a lower peak by itself
                * (1.0 + slow[1][k] + side * self.peak_asymmetry - 0.3 * relative_time)
                * (1.0 + self._peak_cv * fast[1][k])
            )
            shock = (
                slow[2][k]
                + side * self.shock_asymmetry
                + self._shock_cv * fast[2][k]
                + _SURFACE_SHOCK[scenario.surface]
                - 1.0
                + 0.25 * fatigue * self._tires("shock")
            )
            amplitudes.append(self._transient_g * max(1.0 + leverage * shock, 0.0))
            k += 1
        count = k
        onset = np.array(onsets)
        step_time = np.array(step_times)
        slow_time, slow_contact = np.array(nominal).T
        is_left = (np.arange(count + 1) % 2 == 0) == self.first_is_left
        contact_time = slow_contact[:-1] * (1.0 + 0.01 * contact_noise[:count]) + (
            _CONTACT_FOLLOWS_STEP_TIME * (step_time - slow_time[:-1])
        )

        g = STANDARD_GRAVITY_M_S2
        limb_velocity = (0.9 + 0.2 * np.array(forward)) * (
            1.0 - 0.05 * np.clip(scenario.slope, -10.0, 10.0)
        )
        impact_duration = np.full(count + 1, _IMPACT_DURATION_S)
        impact = impact_impulse_bw_s(limb_velocity, impact_duration)
        # the velocity at contact that an average step of this moment gives back
        height = _ONSET_HEIGHT_M + _ONSET_HEIGHT_SD_M * height_noise[: count + 1]
        longer = _FIRST_FORCE_DURATION
        for _ in range(2):  # how much longer the force lasts than the contact depends on its shape
            duration = longer * slow_contact
            centroid = (slow_time - impact) * duration + impact * impact_duration
            up = g * (centroid / slow_time - slow_time) / 2.0
            force = solve_two_mass_force(
                step_time,
                contact_time,
                np.array(peaks),
                step_time + np.diff(up) / g,
                (np.diff(height) - up[:-1] * step_time) / g + step_time**2 / 2.0,
                impact[:-1],
                impact_duration[:-1],
            )
            longer = float(np.median(force.duration_s / contact_time))
        rise, fall = contact_crossings(force)
        stance = force.duration_s

        braking = g * (0.03 + 0.06 * np.array(forward))
        mean_speed = np.zeros(count + 1) if scenario.surface == "treadmill" else np.array(forward)
        ahead = mean_speed + braking * duration**2 * SKEW_MOMENT / slow_time
        forward_lobe, forward_skew = np.diff(ahead) / stance, -braking[:-1]
        travel = (
            ahead[:-1] * step_time
            + forward_lobe * stance * (step_time - stance / 2.0)
            + forward_skew * stance**2 * SKEW_MOMENT
        )

        sign = np.where(is_left, 1.0, -1.0)
        leftward = -sign * _SWAY_VELOCITY_M_S
        sway = leftward * (slow_time - duration) / 2.0
        lateral_lobe = np.diff(leftward) / stance
        lateral_skew = (
            np.diff(sway)
            - leftward[:-1] * step_time
            - lateral_lobe * stance * (step_time - stance / 2.0)
        ) / (stance**2 * SKEW_MOMENT)

        return StepPlan(
            onset_s=onset,
            is_left=is_left,
            position_m=np.stack([np.concatenate([[0.0], np.cumsum(travel)]), sway, height], axis=1),
            velocity_m_s=np.stack([ahead, leftward, up], axis=1),
            force=force,
            forward_lobe=forward_lobe,
            forward_skew=forward_skew,
            lateral_lobe=lateral_lobe,
            lateral_skew=lateral_skew,
            transient_g=np.array(amplitudes),
            contact_crossing_s=onset[:-1] + rise,
            toe_off_crossing_s=onset[:-1] + fall,
        )
