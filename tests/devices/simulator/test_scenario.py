"""A simulated session's address: every key, and one sentence for every mistake."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.simulator.faults.kinds import FAULT_KINDS
from devices.simulator.faults.plan import Fault
from devices.simulator.scenario import Scenario, axes_matrix
from devices.simulator.script import Change, Happening, Script
from devices.sources import open_source
from imu.errors import ParameterError


def test_an_empty_query_gives_the_defaults() -> None:
    assert Scenario.from_query("") == Scenario.from_query("?") == Scenario()


def every_kind_of_fault() -> tuple[Fault, ...]:
    return tuple(
        Fault(kind, 90.5, 6.0, about.high if about.has_size else None)
        for kind, about in FAULT_KINDS.items()
    )


def test_every_key_can_be_written_in_an_address() -> None:
    changed = Scenario(
        speed=3.3, minutes=2, rate=100, seed=7, mass=61, height=1.66, lean=3, slope=-5,
        surface="grass", fatigue="lean", device="lsm6dso", axes="-z+y+x", mount_pitch=15,
        mount_roll=-4, mount_yaw=9, acceleration_range_g=8, gyro_range_deg_s=1000, standing_s=3,
        walk_s=20, time_scale=0, baseline="runner.json", protocol="backstride",
        link="serial", pair="yes", logged_runs=2, motion="six_faces", faults=every_kind_of_fault(),
        treadmill="stands@20+40", foot_pod="1", heart_rate="absent",
        script=Script((Change("speed", 3.6, 30.0),), (Happening("stop", 60.0, 5.0),)),
    )  # fmt: skip
    assert all(getattr(changed, f.name) != getattr(Scenario(), f.name) for f in fields(Scenario))
    pairs = {f.name: getattr(changed, f.name) for f in fields(Scenario)}
    pairs["speed"], pairs["stop"] = "3.3,3.6@30", "60+5"
    del pairs["script"], pairs["faults"]
    for kind, about in FAULT_KINDS.items():
        pairs[kind] = f"{about.high}@90.5+6" if about.has_size else "90.5s+6"
    assert Scenario.from_query("&".join(f"{k}={v}" for k, v in pairs.items())) == changed


def test_a_plus_sign_in_axes_is_not_a_blank() -> None:
    assert Scenario.from_query("axes=+y-x+z").axes == "+y-x+z"
    assert Scenario.from_query("axes=%2By-x%2Bz").axes == "+y-x+z"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("sped=3", ("key is 'sped'", "speed, minutes")),
        ("speed=19", ("speed", "19.0", "from 1.8 to 9 m/s")),
        ("speed=fast", ("speed", "'fast'", "from 1.8 to 9 m/s")),
        ("speed=nan", ("speed", "nan", "from 1.8 to 9 m/s")),
        ("speed", ("speed is missing", "from 1.8 to 9 m/s")),
        ("rate=20", ("rate", "20.0", "from 50 to 1600 Hz")),
        ("seed=1.5", ("seed", "'1.5'", "whole number")),
        ("seed=-1", ("seed", "-1", "whole number")),
        ("surface=sand", ("surface", "'sand'", "grass")),
        ("fatigue=arms", ("fatigue", "'arms'", "cadence")),
        ("device=mpu6050", ("device", "'mpu6050'", "bmi270")),
        ("axes=+x+y-z", ("axes", "'+x+y-z'", "right-handed")),
        ("axes=xyz", ("axes", "'xyz'", "right-handed")),
        ("axes=+x+x+z", ("axes", "'+x+x+z'", "right-handed")),
        ("disconnect=soon", ("disconnect", "'soon'", "times in seconds")),
        ("disconnect=-1", ("disconnect", "-1", "times in seconds")),
        ("loss=101", ("loss", "101", "percent of messages")),
        ("loss=5@60+", ("loss", "'5@60+'", "times in seconds")),
        ("faults=nowhere.toml", ("plan", "nowhere.toml", "can be read")),
        ("mtu=23", ("mtu", "protocol=… with it")),
        ("protocol=shimmer3&mtu=23", ("mtu", "serial", "a serial line has none")),
        ("protocol=witmotion&clock_jump_s=5@9", ("clock_jump_s", "its frames carry no time")),
        ("speed=3&speed=4", ("speed", "'4'", "once")),
    ],
)
def test_a_mistake_names_the_key_the_value_and_what_is_accepted(
    query: str, words: tuple[str, ...]
) -> None:
    with pytest.raises(ParameterError) as caught:
        open_source(f"sim:?{query}")
    message = str(caught.value)
    assert all(word in message for word in words), message
    assert caught.value.exit_code == 2
    assert "\n" not in message


def test_ranges_hold_without_an_address_too() -> None:
    with pytest.raises(ParameterError, match=r"minutes is 0: give a number from 0\.1 to 600"):
        Scenario(minutes=0)
    with pytest.raises(ParameterError, match="mass"):
        replace(Scenario(), mass=float("inf"))


@given(st.text(max_size=40))
def test_any_text_is_a_scenario_or_a_parameter_error(text: str) -> None:
    try:
        assert isinstance(Scenario.from_query(text), Scenario)
    except ParameterError as error:
        assert str(error)


def test_link_losses_by_count_are_spread_and_by_time_are_kept() -> None:
    spread = Scenario.from_query("disconnect=3&minutes=1.5&standing_s=10").faults
    assert [fault.onset_s for fault in spread] == [25.0, 50.0, 75.0]
    assert [fault.onset_s for fault in Scenario.from_query("disconnect=12s").faults] == [12.0]


def test_axes_turn_sensor_readings_into_forward_left_up() -> None:
    # a sensor whose x points up and whose z points backward
    resting = np.array([9.81, 0.0, 0.0])
    np.testing.assert_array_equal(axes_matrix("-z+y+x") @ resting, [0.0, 0.0, 9.81])
