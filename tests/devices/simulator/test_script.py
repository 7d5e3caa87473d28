"""A script changes a run as it says, smoothly, and the truth tells what was true."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.generate import SimulatedRun
from devices.simulator.motion import BodyMotion
from devices.simulator.scenario import Scenario
from devices.simulator.script import Script
from devices.simulator.truth import StepCircumstances
from imu.errors import ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import Steps

QUERY = (
    "speed=2.8,4.0@60,3.2@2m&slope=0,6@85&surface=asphalt,grass@150&lean=5,11@190"
    "&stop=30+12&walk=70+15&phone=130+12&stairs=165+15&bend=36.5@100+20&minutes=4&standing_s=2"
)


@cache
def session() -> tuple[SimulatedRun, Samples, Steps, StepCircumstances]:
    run = SimulatedRun(Scenario.from_query(QUERY + "&device=ideal&seed=5"))
    samples = run.read(run.n_samples)
    return run, samples, run.truth(), run.circumstances()


def during(start_s: float, end_s: float) -> tuple[slice, slice]:
    """Samples and steps between two times of the run."""
    run, samples, steps, _ = session()
    window = np.array([start_s, end_s]) + run.motion.course.run_start_s
    return (
        slice(*np.searchsorted(samples.time_s, window)),
        slice(*np.searchsorted(steps.initial_contact_s, window)),
    )


def test_each_step_was_run_at_the_speed_slope_and_surface_of_its_time() -> None:
    _, _, steps, true = session()
    assert len(true.speed_m_s) == len(true.slope_deg) == len(true.surface) == len(steps)
    for start_s, end_s, speed, slope, surface in (
        (10, 27, 2.8, 0, "asphalt"), (64.5, 67, 4.0, 0, "asphalt"), (100, 118, 4.0, 6, "asphalt"),
        (145, 149, 3.2, 6, "asphalt"), (151, 162, 3.2, 6, "grass"), (200, 230, 3.2, 6, "grass"),
    ):  # fmt: skip
        part = during(start_s, end_s)[1]
        np.testing.assert_allclose(true.speed_m_s[part], speed)
        np.testing.assert_allclose(true.slope_deg[part], slope)
        assert set(true.surface[part]) == {surface}
    assert steps.contact_time_ms[during(100, 118)[1]].mean() < 0.9 * (
        steps.contact_time_ms[during(10, 27)[1]].mean()
    )
    risen = steps.sacral_lean_deg[during(205, 235)[1]].mean()
    assert risen - steps.sacral_lean_deg[during(10, 27)[1]].mean() == pytest.approx(6.0, abs=1.0)


@pytest.mark.parametrize(
    ("start_s", "end_s"), [(30.0, 42.0), (70.0, 85.0), (130.0, 142.0), (165.0, 180.0)]
)
def test_no_step_is_run_in_a_break(start_s: float, end_s: float) -> None:
    _, _, steps, _ = session()
    within = steps[during(start_s + 0.5, end_s + 0.5)[1]]
    assert len(within) == 0
    assert len(steps[during(start_s - 4.0, start_s)[1]]) >= 8
    assert len(steps[during(end_s + 1.0, end_s + 5.0)[1]]) >= 8
    # a step is closed by the landing, never by the first step after the break
    assert (steps.step_time_s < 0.6).all()


def test_standing_is_still_walking_swings_and_a_telephone_jolts() -> None:
    _, samples, _, _ = session()
    assert samples.angular_velocity_rad_s is not None
    felt = np.linalg.norm(samples.acceleration_m_s2, axis=1) / STANDARD_GRAVITY_M_S2
    turned = np.degrees(np.linalg.norm(samples.angular_velocity_rad_s, axis=1))
    stop, walk, phone = (during(a, b)[0] for a, b in ((32, 41), (73, 83), (132, 142)))
    np.testing.assert_allclose(felt[stop], 1.0, atol=0.01)
    assert 0.4 < felt[walk].min() < 0.85
    assert 1.15 < felt[walk].max() < 1.7
    assert np.abs(felt[phone] - 1.0).max() > 0.1
    assert turned[phone].max() > 20.0


def test_in_a_bend_the_sensor_turns_with_the_path() -> None:
    _, samples, _, _ = session()
    assert samples.angular_velocity_rad_s is not None
    turning = np.degrees(samples.angular_velocity_rad_s[during(102, 118)[0], 2].mean())
    assert turning == pytest.approx(np.degrees(4.0 / 36.5), abs=0.7)
    straight = np.degrees(samples.angular_velocity_rad_s[during(200, 216)[0], 2].mean())
    assert abs(straight) < 1.0


def test_nothing_jumps_where_something_changes() -> None:
    body = BodyMotion(Scenario.from_query(QUERY))
    rate_hz = 2000.0
    for middle_s in (30.0, 42.0, 60.0, 70.0, 85.0, 120.0, 130.0, 142.0, 165.0, 180.0, 190.0):
        start_s = body.course.run_start_s + middle_s - 1.0
        truth = body.at(start_s + np.arange(int(4.0 * rate_hz)) / rate_hz)
        gains = np.diff(truth.velocity_m_s, axis=0) - 0.5 / rate_hz * (
            truth.acceleration_m_s2[1:] + truth.acceleration_m_s2[:-1]
        )
        assert np.abs(gains).max() < 2e-3
        moved = np.diff(truth.position_m, axis=0) - 0.5 / rate_hz * (
            truth.velocity_m_s[1:] + truth.velocity_m_s[:-1]
        )
        assert np.abs(moved).max() < 1e-5
        assert np.abs(np.diff(truth.acceleration_m_s2, axis=0)).max() < 5.0


def test_a_strap_creeps_by_as_much_as_was_said() -> None:
    still = SimulatedRun(Scenario(minutes=0.5, device="ideal", standing_s=1))
    query = "minutes=0.5&device=ideal&standing_s=1&creep=3@2+20"
    crept = SimulatedRun(Scenario.from_query(query))
    one, other = still.read(still.n_samples), crept.read(crept.n_samples)
    assert one.angular_velocity_rad_s is not None
    assert other.angular_velocity_rad_s is not None
    up, crept_up = one.acceleration_m_s2[-200:].mean(0), other.acceleration_m_s2[-200:].mean(0)
    cosine = up @ crept_up / np.linalg.norm(up) / np.linalg.norm(crept_up)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(3.0, abs=0.05)
    before = slice(0, 500)
    np.testing.assert_allclose(
        one.acceleration_m_s2[before], other.acceleration_m_s2[before], atol=1e-9
    )
    assert still.truth().rows.tobytes() == crept.truth().rows.tobytes()  # of the body


def test_a_run_without_a_script_is_the_run_up_to_where_the_script_begins() -> None:
    plain, changed = (
        SimulatedRun(Scenario.from_query(f"minutes=1&seed=3&stop=40+10{more}"))
        for more in ("", "&slope=0,2@45&surface=asphalt,trail@45")
    )
    one, other = plain.read(6000), changed.read(6000)
    np.testing.assert_array_equal(one.acceleration_m_s2, other.acceleration_m_s2)


def test_a_file_says_the_same_as_an_address(tmp_path: Path) -> None:
    file = tmp_path / "hills.toml"
    file.write_text('speed = "3.0,3.6@60"\nstop = ["10+5", "30+5/20"]\nminutes = 2\n', "utf-8")
    written = Scenario.from_query(f"script={file}&seed=9")
    assert written == Scenario.from_query("speed=3.0,3.6@60&stop=10+5,30+5/20&minutes=2&seed=9")
    assert [start for _, start, _ in written.script.breaks(120.0)] == [10.0, 30.0, 50.0, 70.0, 90.0]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("speed=3@x", ("speed", "'3@x'", "5m")),
        ("speed=3.0,3.6", ("speed", "'3.6'", "VALUE@TIME")),
        ("speed=3.0,12@30", ("speed", "12.0@30", "1.8 to 9 m/s")),
        ("stop=30", ("stop", "'30'", "TIME+DURATION")),
        ("stop=30+2", ("stop", "'30+2'", "3 s or more")),
        ("stop=30+10,35+10", ("stop", "'35+10'", "after 40 s")),
        ("walk=1790+20", ("walk", "'1790+20'", "1800 s")),
        ("slope=0,4@100,5@100", ("slope", "5.0@100", "each time")),
        ("surface=asphalt,sand@60", ("surface", "sand@60", "grass")),
        ("surface=treadmill,grass@60", ("surface", "grass@60", "whole run")),
        ("bend=3@20+5", ("bend", "'3@20+5'", "radius")),
        ("creep=2@600", ("creep", "'2@600'", "VALUE@TIME+DURATION")),
        ("stop=5m+1m/30", ("stop", "'5m+1m/30'", "period")),
        ("speed=3,4@5000", ("speed", "4.0@5000", "1800 s")),
        ("script=nowhere.toml", ("script", "'nowhere.toml'", "TOML file")),
    ],
)
def test_a_mistake_is_one_sentence_with_key_and_place(query: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ParameterError) as caught:
        Scenario.from_query(query)
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert "\n" not in message


def test_a_mistake_in_a_file_names_the_file(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    for text, words in (
        ('stop = "30"', ("stop", "run.toml", "TIME+DURATION")),
        ("speed = true", ("speed", "run.toml")),
        ("speed = ", ("run.toml", "TOML")),
    ):
        file.write_text(text, "utf-8")
        with pytest.raises(ParameterError) as caught:
            Scenario.from_query(f"script={file}")
        assert all(word in str(caught.value) for word in words), str(caught.value)


@given(
    st.sampled_from(["speed", "slope", "surface", "fatigue", "stop", "phone", "bend", "creep"]),
    st.text("0123456789.,@+/smh-x", max_size=20),
)
def test_any_text_is_a_script_or_a_parameter_error(key: str, text: str) -> None:
    try:
        assert isinstance(Scenario.from_query(f"{key}={text}").script, Script)
    except ParameterError as error:
        assert str(error)
