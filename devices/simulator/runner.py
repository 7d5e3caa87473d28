"""The running steps of one bout: when each falls and what its forces are.

Mean contact time, step time and peak force are the runner's own and follow the speed. Around them
each step varies: an AR(1) part from step to step, a slow wander over minutes, a constant difference
between left and right, and fatigue where the scenario asks for it. The impulse of a step is its
duration times body weight as long as nothing changes slowly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator.course import Course
from devices.simulator.force import (
    RunningForce,
    TwoMassForce,
    braking_m_s2,
    contact_crossings,
    limb_velocity_m_s,
    running_force,
)
from devices.simulator.impact import SURFACE_SHOCK, RunnersImpacts, SacralImpact
from devices.simulator.lobes import SKEW_MOMENT
from devices.simulator.person import Person
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

#: The speed rises and falls over this time at the ends of a bout.
RAMP_S: Final = 2.0

# a longer step is a longer contact by this much of it: the mean of 18 people
_CONTACT_FOLLOWS_STEP_TIME: Final = 0.35
_MOST_DUTY: Final = 0.86
_ONSET_HEIGHT_M: Final = -0.02  # of the centre of mass, against standing
_ONSET_HEIGHT_SD_M: Final = 0.001
_WANDER_TIME_S: Final = 90.0
_ODD_DUTY: Final = 0.055  # a step's share of contact, against that of the runner's average
_ODD_STEP_TIME: Final = 0.045
_ODD_PEAK: Final = 0.045
_MOST_SKEW: Final = 0.95
_REPAIRS: Final = 4
_MOST_SD: Final = 2.2  # of what varies from step to step: beyond, no smooth force fits
_MOST_STEPS_S: Final = 5.5


@dataclass(frozen=True, slots=True, eq=False)
class StepPlan:
    """N running steps: onset of the force, state of the centre of mass there, and forces.

    Onsets and states have N + 1 entries, the last being where the bout ends; the others have N.
    Lengths in m relative to quiet standing, velocities in m/s, accelerations in m/s². ``impact`` is
    the place of a step's impact in ``impacts``, ``strike_m_s2`` how much stronger than the average
    at level it is; ``upward_recoil`` and ``forward_recoil`` take back what one of 1 leaves behind.
    """

    onset_s: Array
    is_left: NDArray[np.bool_]
    speed_m_s: Array
    slope_deg: Array
    stretch: Array  # (N + 1,) of the average step time, by wander and fatigue
    position_m: Array  # (N + 1, 3)
    velocity_m_s: Array  # (N + 1, 3)
    force: TwoMassForce
    forward_lobe: Array
    forward_skew: Array
    impacts: tuple[SacralImpact, ...]
    impact: NDArray[np.intp]
    strike_m_s2: Array
    upward_recoil: tuple[Array, Array]
    forward_recoil: tuple[Array, Array]
    contact_crossing_s: Array
    toe_off_crossing_s: Array

    def __len__(self) -> int:
        return len(self.strike_m_s2)


class _Steps(NamedTuple):
    """What the pass in time lays down, in lists: N + 1 of the first six, N of the rest."""

    onset_s: list[float]
    speed_m_s: list[float]
    slope_deg: list[float]
    average_step_s: list[float]
    average_contact_s: list[float]
    stretch: list[float]
    step_time_s: list[float]
    peak_bw: list[float]
    average_peak_bw: list[float]
    strike_g: list[float]
    impact: list[SacralImpact]


def plan_steps(
    person: Person, course: Course, start_s: float, end_s: float, bout: int = 0
) -> StepPlan:
    """The steps of one bout of running.

    Parameters
    ----------
    person : Person
    course : Course
    start_s, end_s : float
        Time of the first contact, and after which no other step begins, s in the session.
    bout : int
        Number of the bout in the session; each has its own variation.
    """
    left_first = person.starts_left == (bout % 2 == 0)
    laid = _lay_steps(person, course, start_s, end_s, bout, left_first)
    count = len(laid.step_time_s)
    onset, step_time = np.array(laid.onset_s), np.array(laid.step_time_s)
    speed, slope = np.array(laid.speed_m_s), np.array(laid.slope_deg)
    average_step = np.array(laid.average_step_s)
    random = np.random.default_rng([course.scenario.seed, 8, bout])
    height = random.standard_normal(count + 1).clip(-_MOST_SD, _MOST_SD)
    height = _ONSET_HEIGHT_M + _ONSET_HEIGHT_SD_M * height
    planned = _forces(person, course.scenario.seed, bout, laid, height)
    force, stance = planned.force, planned.force.duration_s
    rise, fall = contact_crossings(force)

    braking = braking_m_s2(speed)
    mean_speed = 0.0 * speed if course.is_treadmill else speed
    ahead = mean_speed + braking * planned.duration_s**2 * SKEW_MOMENT / average_step
    forward_lobe, forward_skew = np.diff(ahead) / stance, -braking[:-1]
    travel = (
        ahead[:-1] * step_time
        + forward_lobe * stance * (step_time - stance / 2.0)
        + forward_skew * stance**2 * SKEW_MOMENT
    )
    level = np.zeros(count + 1)
    impacts = tuple(dict.fromkeys(laid.impact))
    numbers = {each: number for number, each in enumerate(impacts)}
    impact = np.array([numbers[each] for each in laid.impact], np.intp)
    recoils = np.zeros((2, 2, count))
    for number, each in enumerate(impacts):
        chosen = impact == number
        recoils[0][:, chosen] = each.upward.recoil(stance[chosen])
        recoils[1][:, chosen] = each.forward.recoil(stance[chosen])
    return StepPlan(
        onset_s=onset,
        is_left=(np.arange(count) % 2 == 0) == left_first,
        speed_m_s=speed[:-1],
        slope_deg=slope[:-1],
        stretch=np.array(laid.stretch),
        position_m=np.stack([np.concatenate([[0.0], np.cumsum(travel)]), level, height], axis=1),
        velocity_m_s=np.stack([ahead, level, planned.upward_m_s], axis=1),
        force=force,
        forward_lobe=forward_lobe,
        forward_skew=forward_skew,
        impacts=impacts,
        impact=impact,
        strike_m_s2=STANDARD_GRAVITY_M_S2 * np.array(laid.strike_g),
        upward_recoil=(recoils[0][0], recoils[0][1]),
        forward_recoil=(recoils[1][0], recoils[1][1]),
        contact_crossing_s=onset[:-1] + rise,
        toe_off_crossing_s=onset[:-1] + fall,
    )


def _forces(
    person: Person, seed: int, bout: int, laid: _Steps, onset_height_m: Array
) -> RunningForce:
    """Forces with the contact times and peaks of the plan, as far as the ground only pushes."""
    step_time = np.array(laid.step_time_s)
    average_step, average_contact = np.array(laid.average_step_s), np.array(laid.average_contact_s)
    random = np.random.default_rng([seed, 7, bout])
    varied = random.standard_normal(len(step_time)).clip(-_MOST_SD, _MOST_SD)
    contact_time, peak_bw = _possible(
        step_time,
        average_contact[:-1] * (1.0 + person.contact_time_cv * varied)
        + _CONTACT_FOLLOWS_STEP_TIME * (step_time - average_step[:-1]),
        np.array(laid.peak_bw),
        average_contact[:-1] / average_step[:-1],
        np.array(laid.average_peak_bw),
    )
    limb_velocity = limb_velocity_m_s(np.array(laid.speed_m_s), np.array(laid.slope_deg))
    for _ in range(_REPAIRS):
        planned = running_force(
            step_time,
            contact_time,
            peak_bw,
            average_step,
            average_contact,
            limb_velocity,
            onset_height_m,
        )
        skew = planned.force.skew
        # a short step is only possible with a short contact: beyond this the ground would pull
        if (np.abs(skew) <= _MOST_SKEW).all():
            break
        changed = np.where(np.abs(skew) > _MOST_SKEW, 1.0 - 0.06 * np.sign(skew), 1.0)
        contact_time = np.minimum(changed * contact_time, _MOST_DUTY * step_time)
    return planned


def _possible(
    step_time_s: Array, contact_time_s: Array, peak_bw: Array, duty: Array, average_peak_bw: Array
) -> tuple[Array, Array]:
    """Contact times and peaks, held where a smooth force can have them together.

    ``duty`` (contact over step time) and ``average_peak_bw`` are the runner's average.
    """
    usual = duty * step_time_s
    contact = np.clip(contact_time_s, (1.0 - _ODD_DUTY) * usual, (1.0 + _ODD_DUTY) * usual)
    contact = np.minimum(contact, _MOST_DUTY * step_time_s)
    # the mean force in contact follows from the two; a peak is high or low against that
    usual_peak = average_peak_bw * usual / contact
    return contact, np.clip(peak_bw, (1.0 - _ODD_PEAK) * usual_peak, (1.0 + _ODD_PEAK) * usual_peak)


def _lay_steps(
    person: Person, course: Course, start_s: float, end_s: float, bout: int, left_first: bool
) -> _Steps:
    """One pass in time: ramp, script and fatigue depend on when a step falls."""
    slow, fast = _variation(person, course.scenario.seed, start_s, end_s, bout)
    impacts = RunnersImpacts(
        person, 0.5 * (course.speed.lowest + course.speed.highest), course.speed.highest
    )
    laid = _Steps([start_s], [], [], [], [], [], [], [], [], [], [])
    k = 0
    while True:
        now = laid.onset_s[-1]
        speed = course.speed.at(now) * _ramp(now, start_s, end_s)
        slope = course.slope.at(now)
        gait = person.gait(speed)
        average = (1.0 + 0.5 * slow[0][k]) * gait.step_time_s
        average /= 1.0 - 0.06 * course.fatigue("cadence").at(now)
        laid.speed_m_s.append(speed)
        laid.slope_deg.append(slope)
        laid.average_step_s.append(average)
        laid.stretch.append(average / gait.step_time_s)
        laid.average_contact_s.append(gait.contact_time_s * laid.stretch[-1])
        if now >= end_s:
            return laid
        side = 0.5 if (k % 2 == 0) == left_first else -0.5
        relative = person.step_time_cv * fast[0][k] + side * person.step_time_asymmetry
        relative = min(max(relative, -_ODD_STEP_TIME), _ODD_STEP_TIME)
        laid.step_time_s.append(average * (1.0 + relative))
        laid.onset_s.append(now + laid.step_time_s[-1])
        laid.average_peak_bw.append(gait.peak_bw)
        laid.peak_bw.append(
            gait.peak_bw
            # a longer step of the same flight has a lower peak by itself
            * (1.0 + slow[1][k] + side * person.peak_asymmetry - 0.3 * relative)
            * (1.0 + person.peak_cv * fast[1][k])
        )
        shock = (
            slow[2][k]
            + side * person.shock_asymmetry
            + person.shock_cv * fast[2][k]
            + SURFACE_SHOCK[course.surface(now)]
            + 0.25 * course.fatigue("shock").at(now)
        )
        laid.impact.append(impacts.on_slope(slope))
        laid.strike_g.append(impacts.amplitude_g(slope, speed, shock))
        k += 1


def _variation(
    person: Person, seed: int, start_s: float, end_s: float, bout: int
) -> tuple[list[list[float]], list[list[float]]]:
    """Slow wander and fast spread of step time, peak and shock."""
    room = int((end_s - start_s) * _MOST_STEPS_S) + 16
    wander = float(np.exp(-0.35 / _WANDER_TIME_S))
    slow = [
        [person.wander_sd * value for value in _autoregressive([seed, i, bout], room, wander)]
        for i in (1, 2, 3)
    ]
    fast = [
        [
            min(max(value, -_MOST_SD), _MOST_SD)
            for value in _autoregressive([seed, i, bout], room, person.persistence)
        ]
        for i in (4, 5, 6)
    ]
    return slow, fast


def _ramp(time_s: float, start_s: float, end_s: float) -> float:
    s = min(max(min(time_s - start_s, end_s - time_s) / RAMP_S, 0.0), 1.0)
    return s * s * (3.0 - 2.0 * s)


def _autoregressive(seeds: list[int], count: int, persistence: float) -> list[float]:
    """Unit variance AR(1), the same from its start whatever the count."""
    draws = np.random.default_rng(seeds).standard_normal(count).tolist()
    innovation = float(np.sqrt(1.0 - persistence**2))
    values, last = [draws[0]], float(draws[0])
    for draw in draws[1:]:
        last = persistence * last + innovation * draw
        values.append(last)
    return values
