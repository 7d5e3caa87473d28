"""The vertical force: what is prescribed is met, and it is a force that feet can make."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from devices.simulator.force import contact_crossings
from devices.simulator.lobes import contact_basis
from devices.simulator.runner import RunnerModel, gait_at_speed
from devices.simulator.scenario import Scenario

SPEEDS = (2.0, 2.5, 3.0, 3.33, 3.8, 4.1, 4.9, 5.4, 6.5)


def sampled(model: RunnerModel, step: int, rate_hz: float = 20000.0) -> NDArray[np.float64]:
    """Force of one step on a dense grid over its step time, from its definition."""
    plan = model.plan
    time = np.arange(0.0, plan.onset_s[step + 1] - plan.onset_s[step], 1.0 / rate_hz)
    return plan.force[np.full(len(time), step)].force_bw(time)


@pytest.mark.parametrize("speed", SPEEDS)
def test_contact_time_step_rate_and_peak_follow_the_speed(speed: float) -> None:
    contact, rate, peak = [], [], []
    for seed in range(6):
        plan = RunnerModel(Scenario(speed=speed, seed=seed, minutes=3), 8.6).plan
        steady = slice(10, -10)
        contact.append((plan.toe_off_crossing_s - plan.contact_crossing_s)[steady].mean())
        rate.append(1.0 / np.diff(plan.onset_s)[steady].mean())
        phase = np.linspace(0.0, 1.0, 201)[:, None]
        peak.append(plan.force.force_bw(phase * plan.force.duration_s).max(axis=0)[steady].mean())
    expected = gait_at_speed(speed)
    assert np.mean(contact) == pytest.approx(expected[0], rel=0.02)
    assert np.mean(rate) == pytest.approx(expected[1], rel=0.02)
    assert np.mean(peak) == pytest.approx(expected[2], rel=0.03)


def test_the_impulse_of_a_step_is_its_duration_times_body_weight() -> None:
    model = RunnerModel(Scenario(minutes=3), 8.6)
    for step in range(15, len(model.plan) - 15, 7):
        force = sampled(model, step)
        assert force.mean() == pytest.approx(1.0, abs=0.005)


@pytest.mark.parametrize("slope", [-15.0, -5.0, 0.0, 10.0])
@pytest.mark.parametrize("speed", [2.0, 3.3, 4.9, 6.5])
def test_the_ground_never_pulls_and_every_step_has_a_flight(speed: float, slope: float) -> None:
    for seed in range(2):
        scenario = Scenario(speed=speed, slope=slope, seed=seed, minutes=13, fatigue="all")
        plan = RunnerModel(scenario, 8.6).plan
        phase = np.linspace(0.0, 1.0, 201)[:, None]
        assert plan.force.force_bw(phase * plan.force.duration_s).min() >= -1e-12
        assert (np.diff(plan.onset_s) > plan.force.duration_s).all()
        assert (plan.force.impact_duration_s < plan.force.duration_s).all()


def test_crossings_are_where_a_dense_waveform_crosses_a_tenth_of_body_weight() -> None:
    model = RunnerModel(Scenario(speed=3.3, minutes=1), 8.6)
    plan, rate_hz = model.plan, 1e5
    for step in range(5, len(plan), 31):
        above = np.flatnonzero(sampled(model, step, rate_hz) >= 0.1) / rate_hz
        assert plan.contact_crossing_s[step] - plan.onset_s[step] == pytest.approx(
            above[0], abs=1.5e-5
        )
        assert plan.toe_off_crossing_s[step] - plan.onset_s[step] == pytest.approx(
            above[-1], abs=1.5e-5
        )


def test_crossings_are_exact() -> None:
    plan = RunnerModel(Scenario(minutes=1), 8.6).plan
    for crossing in contact_crossings(plan.force):
        np.testing.assert_allclose(plan.force.force_bw(crossing), 0.1, atol=1e-10)


def test_the_waveform_has_an_impact_and_is_no_half_sine() -> None:
    model = RunnerModel(Scenario(speed=4.1, minutes=1), 8.6)
    force = sampled(model, 40)
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
    model = RunnerModel(Scenario(slope=slope, minutes=0.2), 8.6)
    time = np.linspace(0.0, 0.3, 30001)
    stance = np.full_like(time, 0.24)
    for shape in (model.transient, model.forward_transient):
        pulse = shape.pulse(time, stance, contact_basis(time, stance))
        assert pulse.value.max() > 0.8  # taking its impulse back costs the peak little
        np.testing.assert_allclose(pulse.first[time > 0.24], 0.0, atol=1e-12)
        np.testing.assert_allclose(pulse.second[time > 0.24], 0.0, atol=1e-12)
        assert np.trapezoid(pulse.value, time) == pytest.approx(0.0, abs=1e-5)
