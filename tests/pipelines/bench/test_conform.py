"""Conformance of a unit: an honest one passes within seconds, a lying one fails the right item."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import get_args
from xml.etree import ElementTree

import numpy as np
import pytest

from devices.simulator.link_params import LinkParams
from devices.simulator.peripherals.backstride import BackstridePeripheral
from imu.samples import Samples
from pipelines.bench.at_rest import allan_deviation, noise_items
from pipelines.bench.conform import Conformance, Extent, conform
from pipelines.bench.conversation import conversation_items
from pipelines.bench.turning import reads_zero, turn_item
from pipelines.bench.unit import Unit, unit_at
from tests.pipelines.bench.liars import liar, mixed
from tests.pipelines.command_line import backstride, one_sentence, quiet


class Silent:
    """Notes what the person at the bench was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def lay(self, face: str) -> None:
        self.asked.append(face)

    def rest(self, seconds: float) -> None:
        self.asked.append(f"rest {seconds:g}")

    def turn(self, seconds: float) -> None:
        self.asked.append(f"turn {seconds:g}")


def found(unit: Unit, extent: Extent = "usual") -> Conformance:
    return asyncio.run(conform(unit, extent, Silent(), quiet))


def failures(done: Conformance) -> set[str]:
    return {item.name for item in done.items if item.verdict == "fail"}


@pytest.fixture(scope="module")
def honest() -> Conformance:
    return found(liar())


def test_an_honest_unit_passes_and_no_item_is_without_source(honest: Conformance) -> None:
    assert honest.passed
    assert failures(honest) == set()
    limited = [item for item in honest.items if item.limit is not None]
    assert len(limited) >= 14
    assert all(item.limit is not None and len(item.limit.source) > 10 for item in limited)
    assert all(item.limit is None for item in honest.items if item.verdict == "measured")


def test_what_is_measured_is_what_the_simulated_sensor_has(honest: Conformance) -> None:
    from devices.simulator.scenario import Scenario
    from devices.simulator.sensor import SensorModel

    true = SensorModel(Scenario())
    gains = np.linalg.norm(true.acceleration_gain, axis=0) - 1.0
    value = honest["scale"].value
    assert value is not None
    assert abs(value / 100 - gains[np.argmax(np.abs(gains))]) < 0.002
    turns = np.linalg.norm(true.angular_velocity_gain, axis=0) - 1.0
    value = honest["gyro_scale"].value
    assert value is not None
    assert abs(value / 100 - turns[np.argmax(np.abs(turns))]) < 0.006
    value = honest["acceleration_noise"].value
    assert value is not None
    assert 140 < value < 180  # 160 µg/√Hz
    value = honest["gyro_noise"].value
    assert value is not None
    assert 6 < value < 8.5  # 7 m°/s/√Hz, and steps of 61 m°/s
    assert honest["battery"].value == 87


def test_a_simulated_unit_takes_seconds() -> None:
    begun_s = process_time()
    assert found(unit_at("sim:?protocol=backstride")).passed
    assert process_time() - begun_s < 20


@pytest.mark.parametrize("protocol", ["movesense", "polar", "shimmer3"])
def test_other_protocols_skip_by_name_what_they_cannot_do(protocol: str) -> None:
    rate = "&rate=208" if protocol == "polar" else ""
    done = found(unit_at(f"sim:?protocol={protocol}{rate}"), "quick")
    assert failures(done) == set()
    skipped = {item.name: item.detail for item in done.items if item.verdict == "skipped"}
    assert "Backstride profile" in skipped["configuration"]
    assert "pings" in skipped["ping"]
    assert done["rate"].verdict == "pass"


def test_a_unit_comes_back_at_the_rate_that_was_asked_for() -> None:
    """Of 200 Hz, which nobody asked for, a sensor of 50 sends too few."""
    items = asyncio.run(conversation_items(unit_at("sim:?protocol=witmotion&rate=50")))
    assert items[-1].verdict == "pass", items[-1]
    assert unit_at("serial:/dev/ttyUSB0?protocol=witmotion&rate=50").wanted.rate_hz == 50.0


MIRRORED = ((-1, 0, 0), (0, 1, 0), (0, 0, 1))
SWAPPED = ((0, 1, 0), (0, 0, 1), (1, 0, 0))


def wrong_settings(sensor: BackstridePeripheral) -> None:
    def configured(_host: object, wanted: object) -> bytes:
        from devices.protocols.backstride_control import Configuration, encode_configuration

        assert isinstance(wanted, Configuration)
        return encode_configuration(replace(wanted, samples_per_packet=10))

    vars(sensor)["_configure"] = configured


LIES: dict[str, tuple[Callable[[], Unit], set[str], str, Callable[[float], bool]]] = {
    "a wrong scale": (
        lambda: liar(mixed(np.diag([1.3, 1, 1]))),
        {"scale"},
        "scale",
        lambda value: abs(value - 30) < 1.5,
    ),
    "a range of half": (
        lambda: liar(mixed(0.5 * np.eye(3))),
        {"scale"},
        "range",
        lambda value: abs(value - 32) < 0.6,
    ),
    "a mirrored accelerometer": (
        lambda: liar(mixed(MIRRORED)),
        {"handedness", "axes"},
        "handedness",
        lambda value: abs(value + 1) < 0.02,
    ),
    "swapped axes": (
        lambda: liar(mixed(SWAPPED, SWAPPED)),
        {"axes", "gyro_axes"},
        "axes",
        lambda value: value == 3,
    ),
    "a mirrored gyroscope": (
        lambda: liar(mixed(gyro=MIRRORED)),
        {"gyro_handedness", "gyro_axes"},
        "gyro_handedness",
        lambda value: abs(value + 1) < 0.05,
    ),
    "a gyroscope of twice its range": (
        lambda: liar(mixed(gyro=2.0 * np.eye(3))),
        {"gyro_scale"},
        "gyro_scale",
        lambda value: abs(value - 100) < 3,
    ),
    "a wrong rate": (
        lambda: liar(speed=0.9),
        {"rate"},
        "rate",
        lambda value: abs(value + 10) < 0.2,
    ),
    "a fast clock": (
        lambda: liar(query="clock_ppm=900"),
        {"skew"},
        "skew",
        lambda value: abs(value - 900) < 60,
    ),
    "a queue that overflows": (
        lambda: liar(query="loss=20"),
        {"loss"},
        "loss",
        lambda value: 14 < value < 26,
    ),
    "messages that come twice": (
        lambda: liar(query="duplicate=5"),
        {"sequence"},
        "sequence",
        lambda value: value > 20,
    ),
    "settings that read back otherwise": (
        lambda: liar(tamper=wrong_settings),
        {"configuration"},
        "configuration",
        lambda value: value == 60,
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_unit_that_lies_fails_the_right_item_with_what_was_measured(lie: str) -> None:
    unit, wrong, name, is_right = LIES[lie]
    done = found(unit())
    assert failures(done) == wrong, [item for item in done.items if item.verdict == "fail"]
    value = done[name].value
    assert value is not None
    assert is_right(value), done[name]


@pytest.mark.parametrize("query", ["gyro_dead=0", "gyro_frozen=0", "gyro_dead=20s"])
def test_a_gyroscope_that_is_broken_fails_in_any_extent(query: str) -> None:
    for extent in get_args(Extent)[:2]:
        done = found(unit_at(f"sim:?{query}"), extent)
        assert done["stuck"].verdict == "fail"
        assert done["stuck"].value == 3


@pytest.mark.parametrize(
    ("query", "name", "verdict", "value"),
    [
        ("stuck_axis=1", "stuck", "fail", 1),
        ("stuck_axis=4@25+4", "stuck", "fail", 1),
        ("bias_g=0.3", "gravity", "fail", 1.365),
        ("bias_g=0.1", "gravity", "warn", 1.110),
        ("gyro_bias_deg_s=15", "gyro_bias", "fail", 15.92),
        ("gyro_bias_deg_s=4", "gyro_bias", "warn", 4.92),
        ("saturate=20", "range_end", "fail", 20.3),
    ],
)
def test_a_sensor_that_is_broken_fails_at_rest_with_what_was_measured(
    query: str, name: str, verdict: str, value: float
) -> None:
    done = found(unit_at(f"sim:?{query}"), "quick")
    told = {item.name for item in done.items if item.verdict in {"fail", "warn"}}
    assert told == {name}
    assert done[name].verdict == verdict
    assert done[name].value == pytest.approx(value, rel=0.02)


def test_a_stuck_axis_fails_by_its_scale_too_and_a_dead_gyroscope_while_it_is_turned() -> None:
    assert " 0.02" in found(unit_at("sim:?stuck_axis=1"))["scale"].detail
    words = "x y z of the gyroscope read nothing"
    assert words in found(unit_at("sim:?gyro_dead=0"))["gyro_axes"].detail
    assert found(unit_at("sim:?gyro_bias_deg_s=15"))["gyro_bias"].verdict == "fail"


def test_zeros_at_rest_of_a_gyroscope_with_a_dead_band_fail_where_they_stay_in_a_turn() -> None:
    done = found(unit_at("sim:?protocol=witmotion&gyro_dead=0"), "quick")
    assert (done["stuck"].verdict, done["gyro_turn"].verdict) == ("warn", "fail")
    assert done["gyro_turn"].value == 3


def test_a_turn_tells_a_live_gyroscope_and_whether_there_was_one() -> None:
    at_s = np.arange(400) / 200
    acceleration = 9.81 * np.stack([np.sin(at_s), 0 * at_s, np.cos(at_s)], axis=1)
    rate = np.stack([0 * at_s, 1 + 0 * at_s, 0 * at_s], axis=1)
    assert reads_zero(Samples(at_s, acceleration, rate))
    assert turn_item(Samples(at_s, acceleration, rate + 0.2)).verdict == "pass"
    one = turn_item(Samples(at_s, acceleration, rate))
    assert one.verdict == "skipped"
    assert "x z read nothing, and may not have been turned about" in one.detail
    still = turn_item(Samples(at_s, acceleration * [0, 0, 1] + [0, 0, 99], rate))
    assert "turned by 0° only" in still.detail


def test_a_stuck_axis_of_acceleration_is_no_dead_band() -> None:
    stuck = found(unit_at("sim:?protocol=witmotion&stuck_axis=0"), "quick")["stuck"]
    assert (stuck.verdict, stuck.value) == ("fail", 1)


def late_gyro(samples: int) -> Callable[[Samples], Samples]:
    kept: list[np.ndarray[tuple[int, int], np.dtype[np.float64]]] = [np.zeros((samples, 3))]

    def lie(block: Samples) -> Samples:
        rate = block.angular_velocity_rad_s
        assert rate is not None
        line = np.concatenate([kept[0], rate])
        kept[0] = line[len(rate) :]
        return Samples(block.time_s, block.acceleration_m_s2, line[: len(rate)])

    return lie


@pytest.mark.parametrize(("samples", "verdict"), [(2, "pass"), (6, "warn"), (10, "fail")])
def test_a_gyroscope_that_comes_late_is_measured_and_judged(samples: int, verdict: str) -> None:
    done = found(liar(late_gyro(samples)))
    value = done["gyro_delay"].value
    assert value is not None
    assert abs(value - 5.0 * samples) < 3.0
    assert done["gyro_delay"].verdict == verdict


def test_a_filter_shows_in_the_noise() -> None:
    from scipy.signal import butter, lfilter

    noise = np.random.default_rng(3).standard_normal((6000, 6)) * 0.01
    low = lfilter(*butter(2, 30.0, fs=200.0), noise, axis=0)
    items = {item.name: item for item in noise_items(low, 200.0)}
    value, delay_ms = items["gyro_filter"].value, items["gyro_group_delay"].value
    assert value is not None
    assert delay_ms is not None
    assert 25 < value < 36
    assert abs(delay_ms - 1e3 * 2**0.5 / (2 * np.pi * 30)) < 1.5


def test_a_dead_band_shows_at_rest() -> None:
    values = np.random.default_rng(3).standard_normal((2000, 6)) * 0.01
    values[:, 3:][np.abs(values[:, 3:]) < 0.02] = 0.0
    items = {item.name: item for item in noise_items(values, 200.0)}
    value = items["dead_band"].value
    assert value is not None
    assert 90 < value < 99
    assert "1.15 °/s" in items["dead_band"].detail


def test_allan_deviation_of_white_noise_falls_with_the_root_of_time() -> None:
    tau_s, deviation = allan_deviation(np.random.default_rng(1).standard_normal((90_000, 3)), 100.0)
    expected = 1 / np.sqrt(tau_s * 100.0)
    np.testing.assert_allclose(deviation.mean(axis=1)[:16], expected[:16], rtol=0.05)


@pytest.mark.slow
def test_half_an_hour_at_rest_tells_the_random_walk() -> None:
    done = found(unit_at("sim:?protocol=backstride"), "long")
    value = done["gyro_allan_1s"].value
    assert value is not None
    assert abs(value - 7.2e-3 / 2**0.5) < 1e-3  # density over √2, °/s


def test_a_unit_that_is_not_there_fails_discovery_alone() -> None:
    done = found(liar(params=LinkParams(absent_after_s=0.0)))
    assert failures(done) == {"discovery"}
    assert {item.verdict for item in done.items[1:]} == {"skipped"}


def test_the_person_is_asked_for_each_face_in_turn() -> None:
    guide = Silent()
    asyncio.run(conform(liar(), "usual", guide, quiet))
    assert guide.asked == ["+z", "+x", "+y", "-z", "-x", "-y"]


def test_command_writes_both_reports_and_passes(tmp_path: Path) -> None:
    reports = tmp_path / "a.json", tmp_path / "a.xml"
    ended = backstride(
        "conform",
        "sim:?protocol=backstride",
        "--quick",
        "--json",
        reports[0],
        "--junit",
        reports[1],
    )
    assert ended.exit_code == 0, ended.err
    assert ended.out.splitlines()[-1].startswith("passed")
    content = json.loads(reports[0].read_text("utf-8"))
    assert content["passed"] is True
    rate = next(item for item in content["items"] if item["name"] == "rate")
    assert rate["limit"]["source"] in ended.out
    suite = ElementTree.parse(reports[1]).getroot()
    assert suite.get("failures") == "0"
    assert len(suite) == len(content["items"])


@pytest.mark.slow
def test_a_unit_on_a_port_is_measured_in_real_time() -> None:
    from devices.simulator.port import TcpPort
    from devices.simulator.scenario import Scenario
    from devices.simulator.virtual_sensor import make_peripheral
    from devices.timing.program_clock import SystemClock
    from tests.pipelines.command_line import command, environment

    scenario = Scenario(protocol="backstride", link="serial", motion="rest", minutes=10.0)

    async def measured_on_a_port() -> tuple[int | None, str, str]:
        async with TcpPort(make_peripheral(scenario, SystemClock())) as port:
            process = await asyncio.create_subprocess_exec(
                *command("conform", f"serial:{port.address}?protocol=backstride", "--quick"),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=environment(),
            )
            out, err = await process.communicate()
            return process.returncode, out.decode(), err.decode()

    code, out, err = asyncio.run(measured_on_a_port())
    assert "leave the unit alone on the table for 30 s" in err
    for name in ("log", "reconnect", "rate", "sequence"):
        assert f"PASS  {name}" in out, out
    assert code == 0, out


def test_the_unit_is_left_as_it_was_found() -> None:
    sensors: list[BackstridePeripheral] = []
    assert found(liar(tamper=sensors.append), "quick").passed
    talked_to = sensors[0]
    assert talked_to.configuration.acceleration_range_g == 16
    assert talked_to.flash.logs == []


def test_command_fails_with_what_was_measured_and_exit_1(tmp_path: Path) -> None:
    report = tmp_path / "a.xml"
    ended = backstride("conform", "sim:?loss=30", "--quick", "--junit", report)
    assert ended.exit_code == 1
    assert ended.out.splitlines()[-1].startswith("failed: loss")
    suite = ElementTree.parse(report).getroot()
    (failure,) = suite.iter("failure")
    assert "samples lost" in str(failure.get("message"))


@pytest.mark.parametrize(
    "words", [("conform", "sim:?sped=3"), ("conform", "where:x"), ("linktest", "sim:?rate=fast")]
)
def test_a_mistake_is_a_sentence_and_exit_2(words: tuple[str, ...]) -> None:
    ended = backstride(*words)
    assert ended.exit_code == 2
    assert one_sentence(ended)
    assert backstride("conform", "sim:", "--quick", "--long").exit_code == 2


def test_a_report_that_could_not_be_written_is_refused_before_the_unit_is_asked(
    tmp_path: Path,
) -> None:
    for place, words in ((tmp_path, "this is a folder"), (tmp_path / "no" / "c.xml", "not exist")):
        ended = backstride("conform", "sim:?", "--quick", "--junit", place)
        assert ended.exit_code == 1
        assert words in one_sentence(ended)
        assert ended.out == ""
