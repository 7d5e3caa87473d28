"""Two minutes of a link: good ones pass, bad ones are told by what they do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import numpy as np
import pytest

from devices.records import DeviceInfo, LinkEvent, Packet
from devices.simulator.link_params import LinkParams
from imu.errors import DeviceError
from imu.samples import Samples
from pipelines.bench.conform import stream_items
from pipelines.bench.item import Item
from pipelines.bench.linktest import clock_step_ms, link_items, recorded, run_linktest
from pipelines.bench.recording import Recording
from pipelines.bench.unit import Unit, unit_at
from tests.pipelines.bench.liars import liar
from tests.pipelines.command_line import backstride, quiet


def found(unit: Unit) -> Mapping[str, Item]:
    items = asyncio.run(run_linktest(unit.open("rest", 130.0), quiet))
    return {item.name: item for item in items}


def test_a_good_link_passes_in_every_item() -> None:
    items = found(unit_at("sim:?protocol=movesense"))
    assert {item.verdict for item in items.values()} == {"pass", "measured"}
    assert set(items) >= {"loss", "worst_window", "repeats", "jitter", "rate", "clock_step"}


def test_loss_within_one_half_minute_is_worst_there() -> None:
    items = found(liar(params=LinkParams(blackouts_s=((50.0, 52.5),), supervision_timeout_s=4.0)))
    assert items["loss"].verdict == "pass"
    assert items["worst_window"].verdict == "warn"
    worst, whole = items["worst_window"].value, items["loss"].value
    assert worst is not None
    assert whole is not None
    assert 0.4 < whole < 1.0
    assert 3.5 * whole < worst < 4.5 * whole  # all of it in a quarter of the time


def test_repeated_samples_are_counted() -> None:
    def stuck(samples: Samples) -> Samples:
        hold = np.arange(len(samples)) // 2 * 2
        rate = samples.angular_velocity_rad_s
        assert rate is not None
        return Samples(samples.time_s, samples.acceleration_m_s2[hold], rate[hold])

    item = found(liar(stuck))["repeats"]
    assert item.verdict == "fail"
    assert item.value is not None
    assert 40 < item.value < 55


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("movesense&rate=208&loss=5", "loss"),
        ("movesense&rate=208&duplicate=5", "duplicates"),
        ("movesense&rate=208&corrupt=5", "format"),
        ("shimmer3&loss=5", "loss"),
        ("shimmer3&corrupt=5", "format"),
    ],
)
def test_what_lacks_a_lost_part_or_comes_twice_is_no_fault_of_format(fault: str, told: str) -> None:
    source = unit_at(f"sim:?protocol={fault}").open("rest", 13.0)
    recording = asyncio.run(recorded(source, 10.0, quiet))
    links = {item.name: item for item in link_items(recording)}
    assert links[told].verdict != "pass"
    (form,) = (item for item in stream_items(recording) if item.name == "format")
    assert (form.verdict == "pass") is (links["format"].verdict == "pass") is (told != "format")


def test_what_was_held_back_at_first_is_no_rate() -> None:
    source = unit_at("sim:?protocol=shimmer3").open("rest", 15.0)
    items = {item.name: item for item in asyncio.run(run_linktest(source, quiet, seconds=12.0))}
    assert items["rate"].value == pytest.approx(0.0, abs=0.5)


def test_a_link_that_stalls_shows_as_delay() -> None:
    items = found(liar(params=LinkParams(jitter_ms=400.0)))
    assert items["jitter"].verdict == "warn"
    assert items["loss"].verdict == "pass"


def test_a_coarse_clock_of_the_computer_is_seen() -> None:
    class Coarse:
        now = 0

        def monotonic_ns(self) -> int:
            self.now += 1_000_000
            return self.now // 15_600_000 * 15_600_000

        async def sleep(self, seconds: float) -> None: ...

    assert abs(clock_step_ms(Coarse()) - 15.6) < 0.01


def test_a_sensor_without_samples_is_told() -> None:
    with pytest.raises(DeviceError, match="sent no samples"):
        # by then it is set up, and has not sent anything yet
        found(liar(params=LinkParams(silences_s=((0.4, 1e6),))))


def test_nothing_recorded_has_no_values() -> None:
    recording = Recording(DeviceInfo("a", "backstride", 200.0, 156.9, 34.9))
    recording.push(LinkEvent(0, "connected"))
    recording.push(Packet(0, "data", b"noise"))
    assert (recording.passed_s, recording.repeated_percent(), len(recording.samples)) == (0, 0, 0)
    assert recording.worst_window_percent(30.0) == 100.0


def test_command_says_pass_or_fail() -> None:
    good = backstride("linktest", "sim:?protocol=backstride")
    assert good.exit_code == 0, good.err
    assert good.out.count("PASS") == 8
    bad = backstride("linktest", "sim:?protocol=backstride&loss=30&duplicate=5&corrupt=20")
    assert bad.exit_code == 1
    for item in ("loss", "format"):
        assert f"FAIL  {item}" in bad.out
    assert "WARN  duplicates" in bad.out
