"""The vertical force: what is prescribed is met, and it is a force that feet can make."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.simulator.course import Course
from devices.simulator.force import contact_crossings
from devices.simulator.impact import SacralImpact
from devices.simulator.lobes import contact_basis, lobe_pulse
from devices.simulator.pelvis import average_gait
from devices.simulator.person import Person
from devices.simulator.runner import StepPlan, plan_steps
from devices.simulator.scenario import Scenario

SPEEDS = (1.8, 2.5, 3.33, 4.1, 5.4, 6.5, 9.0)


def plan_of(scenario: Scenario) -> StepPlan:
    start_s = 8.6
    end_s = start_s + 60.0 * scenario.minutes
    return plan_steps(Person(scenario.seed), Course(scenario, start_s), start_s, end_s)


def sampled(plan: StepPlan, step: int, rate_hz: float = 20000.0) -> NDArray[np.float64]:
    """Force of one step on a dense grid over its step time, from its definition."""
    time = np.arange(0.0, plan.onset_s[step + 1] - plan.onset_s[step], 1.0 / rate_hz)
    return plan.force[np.full(len(time), step)].force_bw(time)


@pytest.mark.parametrize("speed", SPEEDS)
def test_contact_time_step_time_and_peak_are_the_runners_own(speed: float) -> None:
    for seed in range(4):
        plan = plan_of(Scenario(speed=speed, seed=seed, minutes=1))
        steady = slice(10, -10)
        contact = (plan.toe_off_crossing_s - plan.contact_crossing_s)[steady].mean()
        phase = np.linspace(0.0, 1.0, 201)[:, None]
        peak = plan.force.force_bw(phase * plan.force.duration_s).max(axis=0)[steady].mean()
        expected = Person(seed).gait(speed)
        assert contact == pytest.approx(expected.contact_time_s, rel=0.04)
        assert np.diff(plan.onset_s)[steady].mean() == pytest.approx(expected.step_time_s, rel=0.03)
        assert peak == pytest.approx(expected.peak_bw, rel=0.08)


@pytest.mark.parametrize("speed", SPEEDS)
def test_a_crowd_runs_like_the_average_runner(speed: float) -> None:
    gaits = np.array([Person(seed).gait(speed) for seed in range(60)])
    np.testing.assert_allclose(gaits.mean(axis=0), average_gait(speed), rtol=0.03)
    assert (gaits.std(axis=0) / gaits.mean(axis=0) > 0.03).all()
    assert (gaits[:, 1] < 0.87 * gaits[:, 0]).all()


def test_the_impulse_of_a_step_is_its_duration_times_body_weight() -> None:
    plan = plan_of(Scenario(minutes=3))
    for step in range(15, len(plan) - 15, 7):
        force = sampled(plan, step)
        assert force.mean() == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize(
    ("speed", "slope"),
    [*product([1.8, 9.0], [-15.0, 10.0]), (3.3, -5.0), (3.3, 0.0), (6.5, -5.0), (6.5, 10.0)],
)
def test_the_ground_never_pulls_and_every_step_has_a_flight(speed: float, slope: float) -> None:
    seed = round(speed + abs(slope))  # another person each
    plan = plan_of(Scenario(speed=speed, slope=slope, seed=seed, minutes=13, fatigue="all"))
    phase = np.linspace(0.0, 1.0, 201)[:, None]
    assert plan.force.force_bw(phase * plan.force.duration_s).min() >= -1e-12
    assert (np.diff(plan.onset_s) > plan.force.duration_s).all()
    assert (plan.force.impact_duration_s < plan.force.duration_s).all()


def test_crossings_are_where_a_dense_waveform_crosses_a_tenth_of_body_weight() -> None:
    plan, rate_hz = plan_of(Scenario(speed=3.3, minutes=1)), 1e5
    for step in range(5, len(plan), 31):
        above = np.flatnonzero(sampled(plan, step, rate_hz) >= 0.1) / rate_hz
        assert plan.contact_crossing_s[step] - plan.onset_s[step] == pytest.approx(
            above[0], abs=1.5e-5
        )
        assert plan.toe_off_crossing_s[step] - plan.onset_s[step] == pytest.approx(
            above[-1], abs=1.5e-5
        )


def test_crossings_are_exact() -> None:
    plan = plan_of(Scenario(minutes=1))
    for crossing in contact_crossings(plan.force):
        np.testing.assert_allclose(plan.force.force_bw(crossing), 0.1, atol=1e-10)


def test_the_waveform_has_an_impact_and_is_no_half_sine() -> None:
    force = sampled(plan_of(Scenario(speed=4.1, minutes=1)), 40)
    contact = force[force >= 0.1]
    sine = np.sin(np.pi * np.arange(len(contact)) / len(contact)) * contact.max()
    assert np.abs(contact - sine).max() > 0.3
    rising = contact[: len(contact) // 4]  # the impact is a shoulder: the slope has a dip
    slope = np.gradient(rising)
    assert slope[len(slope) // 2 :].min() < 0.35 * slope.max()


def test_pulse_integrals_are_the_integrals_of_the_pulses() -> None:
    time = np.linspace(-0.01, 0.4, 40001)
    basis = contact_basis(time, np.full_like(time, 0.25))
    dt = time[1] - time[0]
    for pulse in basis:
        first = np.cumsum(pulse.value) * dt
        second = np.cumsum(pulse.first) * dt
        np.testing.assert_allclose(pulse.first, first, atol=3e-5)
        np.testing.assert_allclose(pulse.second, second, atol=3e-5)


@pytest.mark.parametrize("slope", [-10.0, 0.0, 8.0])
def test_the_transient_leaves_neither_velocity_nor_displacement(slope: float) -> None:
    impact = SacralImpact(slope)
    time = np.linspace(0.0, 0.24, 24001)
    stance = np.full_like(time, 0.24)
    for shape in (impact.upward, impact.forward):
        pulse = shape.pulse(time, contact_basis(time, stance), shape.recoil(stance))
        assert pulse.value.max() > 0.8  # taking its impulse back costs the peak little
        assert pulse.first[-1] == pytest.approx(0.0, abs=1e-12)
        assert pulse.second[-1] == pytest.approx(0.0, abs=1e-12)
        assert np.trapezoid(pulse.value, time) == pytest.approx(0.0, abs=1e-5)


def test_a_lobe_alone_is_the_lobe_of_a_contact() -> None:
    time = np.linspace(-0.01, 0.4, 401)
    duration = np.full_like(time, 0.25)
    for one, other in zip(
        lobe_pulse(time, duration), contact_basis(time, duration).lobe, strict=True
    ):
        np.testing.assert_allclose(one, other * (time >= 0.0), atol=1e-12)
