"""From the log to samples: values, time, losses, restarts, and replay of the same log."""

from __future__ import annotations

from dataclasses import replace
from math import inf, nan, radians

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from numpy.typing import NDArray

from devices.protocols.backstride import DataFlag, DataPacket, Layout, encode_data
from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet, Record
from devices.sequence import Losses
from devices.simulator.generate import SimulatedRun
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.errors import DeviceError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from imu.steps import concatenate

INFO = DeviceInfo(
    name="bench",
    protocol="backstride",
    rate_hz=200.0,
    acceleration_range_m_s2=16 * STANDARD_GRAVITY_M_S2,
    angular_velocity_range_rad_s=radians(2000),
)
UPTIME_US = 40_000_000


def packet(
    first: int,
    n: int = 10,
    *,
    sequence_start: int = 0,
    uptime_us: int = UPTIME_US,
    away_ns: int = 0,
    flags: int = 0,
    value: int | None = None,
    layout: Layout = Layout.IMU6,
) -> Packet:
    """Samples ``first``, ``first + 1``, … of an ideal 200 Hz stream; each count tells its index."""
    channels = 6 if layout is Layout.IMU6 else 3
    counts = np.empty((n, channels), np.int16)
    counts[:] = (np.arange(first, first + n) % 30_000)[:, None] if value is None else value
    data = DataPacket(
        layout,
        flags,
        (sequence_start + first) % 2**16,
        (uptime_us + first * 5000) % 2**32,
        counts,
    )
    return Packet((first + n) * 5_000_000 + away_ns, "data", encode_data(data))


def replayed(records: list[Record]) -> tuple[list[Samples], Losses]:
    receiver = Receiver(INFO)
    blocks = [block for record in records if (block := receiver.push(record)) is not None]
    return blocks, receiver.losses


def indices(blocks: list[Samples]) -> list[int]:
    """Which samples these are, by their values."""
    acceleration = np.concatenate([block.acceleration_m_s2 for block in blocks])
    counts = np.rint(acceleration[:, 0] / INFO.acceleration_range_m_s2 * 32768)
    return [int(count) for count in counts]


def counts_of(scenario: Scenario) -> NDArray[np.int16]:
    """What the sensor of a run counts."""
    run = SimulatedRun(scenario)
    samples = run.read(run.n_samples)
    assert samples.angular_velocity_rad_s is not None
    ranges = INFO.acceleration_range_m_s2, INFO.angular_velocity_range_rad_s
    values = samples.acceleration_m_s2 / ranges[0], samples.angular_velocity_rad_s / ranges[1]
    return np.rint(32768 * np.concatenate(values, axis=1)).astype(np.int16)


def test_counts_become_si_units() -> None:
    (block,), _ = replayed([packet(0, 1, value=2048)])
    np.testing.assert_array_equal(block.acceleration_m_s2, np.full((1, 3), STANDARD_GRAVITY_M_S2))
    assert block.angular_velocity_rad_s is not None
    np.testing.assert_allclose(block.angular_velocity_rad_s, radians(125), rtol=1e-15)
    assert block.time_s.tolist() == [0.0]
    assert block.quality.tolist() == [0]


def test_time_is_the_devices_from_the_first_sample() -> None:
    blocks, losses = replayed([packet(first) for first in range(0, 1000, 10)])
    time_s = np.concatenate([block.time_s for block in blocks])
    np.testing.assert_allclose(time_s, np.arange(1000) / 200, atol=1e-9)
    assert losses == Losses(received=1000)


def test_lost_samples_are_a_jump_in_time() -> None:
    blocks, losses = replayed([packet(0), packet(10), packet(50)])
    assert indices(blocks) == [*range(20), *range(50, 60)]
    assert blocks[2].time_s[0] == pytest.approx(0.25)
    assert losses == Losses(received=30, lost=30)


def test_duplicates_and_late_packets_are_dropped_and_counted() -> None:
    blocks, losses = replayed([packet(k) for k in (0, 20, 10, 20, 30, 30)])
    assert indices(blocks) == [*range(10), *range(20, 40)]
    assert losses == Losses(received=30, reordered=10, duplicated=20)


def test_the_new_part_of_an_overlapping_packet_comes_at_its_time() -> None:
    blocks, _ = replayed([packet(0), packet(5)])
    assert indices(blocks) == list(range(15))
    time_s = np.concatenate([block.time_s for block in blocks])
    np.testing.assert_allclose(np.diff(time_s), 0.005, atol=1e-6)


def test_index_and_time_wrap_unseen() -> None:
    """Two hours: the index wraps 21 times, the 32-bit time once or twice."""
    records: list[Record] = [
        packet(first, uptime_us=2**32 - 30_000_000, sequence_start=65_000)
        for first in range(0, 7200 * 200, 200)
    ]
    blocks, losses = replayed(records)
    time_s = np.concatenate([block.time_s for block in blocks])
    expected = (np.arange(0, 7200 * 200, 200)[:, None] + np.arange(10)).ravel() / 200
    np.testing.assert_allclose(time_s, expected, atol=1e-6)
    assert losses == Losses(received=72_000, lost=7199 * 190)


def test_a_silence_beyond_both_wraps_is_counted_right() -> None:
    away = 3 * 3600 * 200
    blocks, losses = replayed([packet(0), packet(10), packet(away)])
    assert blocks[-1].time_s[0] == pytest.approx(3 * 3600)
    assert losses == Losses(received=30, lost=away - 20)


@pytest.mark.parametrize("up_s", [1.0, 1.9])
def test_a_restart_soon_after_the_start_does_not_pass_for_duplicates(up_s: float) -> None:
    before: list[Record] = [packet(k, uptime_us=0) for k in range(0, round(200 * up_s), 10)]
    away_ns = round(up_s * 1e9)
    after: list[Record] = [packet(k, uptime_us=0, away_ns=away_ns) for k in range(0, 1000, 10)]
    blocks, losses = replayed(before + after)
    assert losses.restarts == 1
    assert losses.duplicated <= 70
    assert blocks[-1].time_s[-1] == pytest.approx(up_s + 5.0, abs=0.01)


@pytest.mark.parametrize("minutes_up", [0.5, 10, 40, 65])
def test_a_restart_goes_on_after_the_time_it_was_away(minutes_up: float) -> None:
    """Whatever the device's uptime was, half of the 32-bit range or more included."""
    uptime_us = round(minutes_up * 60e6)
    before: list[Record] = [packet(first, uptime_us=uptime_us) for first in range(0, 4000, 10)]
    after: list[Record] = [
        packet(first, uptime_us=400_000, away_ns=23 * 10**9) for first in range(0, 1000, 10)
    ]
    blocks, losses = replayed(before + after)
    assert losses == Losses(received=5000, restarts=1)
    assert blocks[400].time_s[0] == pytest.approx(23.0, abs=0.01)
    time_s = np.concatenate([block.time_s for block in blocks])
    assert np.all(np.diff(time_s) > 0)
    np.testing.assert_allclose(np.diff(time_s[4000:]), 0.005, atol=1e-6)


def test_after_a_restart_without_silence_no_trusted_step_has_a_wrong_roll() -> None:
    """Number and clock leap, and the runner is in another phase of the stride at once."""
    counts = counts_of(Scenario(minutes=1, seed=5, rate=200.0))
    receiver, analyzer, parts = Receiver(INFO), StepAnalyzer(200.0, axes="+x+y+z"), []
    for first in [*range(0, 3600, 10), *range(7100, 12_000, 10)]:
        data = DataPacket(Layout.IMU6, 0, first % 2**16, first * 5000, counts[first : first + 10])
        arrival_ns = (first if first < 3600 else first - 3500) * 5_000_000
        block = receiver.push(Packet(arrival_ns, "data", encode_data(data)))
        assert block is not None
        parts.append(analyzer.push(block))
    assert receiver.losses.restarts == 1
    steps = concatenate(parts)
    trusted = steps.rows[steps.quality_bits == 0]
    strides_deg = 0.5 * (trusted["sacral_roll_deg"][1:] + trusted["sacral_roll_deg"][:-1])
    assert len(strides_deg) > 60
    assert np.ptp(strides_deg[10:]) < 2.0


def test_a_link_that_hangs_and_then_delivers_everything_is_no_restart() -> None:
    delayed: list[Record] = [
        structs.replace(packet(first), arrival_ns=max((first + 10) * 5_000_000, 300 * 10**9))
        for first in range(0, 70_000, 10)
    ]
    blocks, losses = replayed(delayed)
    assert losses == Losses(received=70_000)
    assert blocks[-1].time_s[-1] == pytest.approx(69_999 / 200)


def test_a_hung_link_that_delivers_the_oldest_and_drops_the_rest_is_a_gap() -> None:
    steady: list[Record] = [packet(first) for first in range(0, 1000, 10)]
    queued: list[Record] = [
        structs.replace(packet(first), arrival_ns=300 * 10**9) for first in range(1000, 2000, 10)
    ]
    after: list[Record] = [packet(first) for first in range(60_000, 61_000, 10)]
    blocks, losses = replayed(steady + queued + after)
    assert losses == Losses(received=3000, lost=58_000)
    assert blocks[200].time_s[0] == pytest.approx(300.0)


@pytest.mark.parametrize("clock_error", [-0.05, 0.05])
def test_a_long_silence_of_a_device_with_a_poor_clock_is_a_gap(clock_error: float) -> None:
    records: list[Record] = []
    for first in (0, 10, 20, 400_000, 400_010):
        stamp_us = round(first * 5000 * (1 + clock_error))
        data = DataPacket(0, 0, first % 2**16, stamp_us % 2**32, np.zeros((10, 6), np.int16))
        records.append(Packet(first * 5_000_000, "data", encode_data(data)))
    _, losses = replayed(records)
    assert losses == Losses(received=50, lost=400_000 - 30)


def test_samples_at_the_end_of_the_range_are_clipped() -> None:
    counts = np.zeros((4, 6), np.int16)
    counts[1, 2], counts[2, 4] = 32767, -32768
    data = encode_data(DataPacket(0, 0, 0, 0, counts))
    (block,), _ = replayed([Packet(0, "data", data)])
    clipped = int(Quality.CLIPPED)
    assert block.quality.tolist() == [0, clipped, clipped, 0]


@pytest.mark.parametrize("flag", [DataFlag.ACCELERATION_CLIPPED, DataFlag.ANGULAR_VELOCITY_CLIPPED])
def test_clipping_that_only_the_device_saw_marks_the_packet(flag: DataFlag) -> None:
    blocks, _ = replayed([packet(0), packet(10, flags=int(flag)), packet(20)])
    assert [int(block.quality.max()) for block in blocks] == [0, Quality.CLIPPED, 0]
    assert int(blocks[1].quality.min()) == Quality.CLIPPED


def test_a_sensor_without_gyroscope_has_no_angular_velocity() -> None:
    receiver = Receiver(replace(INFO, angular_velocity_range_rad_s=0.0))
    block = receiver.push(packet(0, layout=Layout.ACCELERATION))
    assert block is not None
    assert not block.has_gyro
    assert len(block) == 10


def test_messages_without_angular_velocity_lack_it_for_as_long_as_they_last() -> None:
    alone = [packet(k, layout=Layout.ACCELERATION) for k in range(1000, 1200, 10)]
    blocks, _ = replayed([packet(0), *alone, packet(1200)])
    assert [block.has_gyro for block in blocks] == [True] * 22
    rates = [block.angular_velocity_rad_s for block in blocks[1:-1]]
    assert all(rate is not None and np.isnan(rate).all() for rate in rates)


def test_a_gyroscope_that_speaks_a_message_later_costs_the_run_nothing() -> None:
    counts = counts_of(Scenario(minutes=0.5, standing_s=4.0, rate=200.0))
    found = []
    for late in (0, 1):
        receiver, analyzer, parts = Receiver(INFO), StepAnalyzer(200.0, axes="+x+y+z"), []
        for number, first in enumerate(range(0, len(counts), 10)):
            form = (Layout.IMU6, 6) if number >= late else (Layout.ACCELERATION, 3)
            part = counts[first : first + 10, : form[1]]
            data = DataPacket(form[0], 0, first, first * 5000, part)
            block = receiver.push(Packet(first * 5_000_000, "data", encode_data(data)))
            assert block is not None
            parts.append(analyzer.push(block))
        found.append(concatenate(parts).rows)
    assert len(found[0]) == len(found[1]) > 60
    np.testing.assert_array_equal(found[1]["quality"], found[0]["quality"])
    lean_deg = [rows["sacral_lean_deg"] for rows in found]
    np.testing.assert_allclose(lean_deg[1], lean_deg[0], atol=0.1)


def test_angular_velocity_alone_gives_no_samples_and_is_counted() -> None:
    blocks, losses = replayed([packet(0, layout=Layout.ANGULAR_VELOCITY)])
    assert not blocks
    assert losses == Losses(malformed_packets=1)


def test_malformed_packets_are_dropped_and_their_samples_are_lost() -> None:
    damaged = structs.replace(packet(10), payload=packet(10).payload[:-3])
    blocks, losses = replayed([packet(0), damaged, packet(20)])
    assert indices(blocks) == [*range(10), *range(20, 30)]
    assert losses == Losses(received=20, lost=10, malformed_packets=1)


def test_other_records_hold_no_samples() -> None:
    receiver = Receiver(INFO)
    records: list[Record] = [
        INFO,
        LinkEvent(0, "connected"),
        Packet(0, "something else", b"\x10"),
    ]
    assert [receiver.push(record) for record in records] == [None] * 3
    assert receiver.losses == Losses()


def test_a_new_description_of_the_sensor_holds_from_then_on() -> None:
    receiver = Receiver(INFO)
    assert receiver.push(packet(0, value=2048)) is not None
    half = replace(INFO, acceleration_range_m_s2=INFO.acceleration_range_m_s2 / 2)
    assert receiver.push(half) is None
    block = receiver.push(packet(10, value=2048))
    assert block is not None
    assert block.acceleration_m_s2[0, 0] == pytest.approx(STANDARD_GRAVITY_M_S2 / 2)
    assert receiver.info == half
    # what was counted before is not forgotten
    receiver.push(structs.replace(packet(20), payload=packet(20).payload[:-3]))
    receiver.push(INFO)
    assert receiver.losses.malformed_packets == 1


def test_what_was_malformed_before_a_new_description_still_counts() -> None:
    receiver, damaged = Receiver(INFO), Packet(0, "data", b"\xff")
    for name in ("bench", "bench", "hip", "back"):
        receiver.push(replace(INFO, name=name))
        receiver.push(damaged)
    assert receiver.losses.malformed_packets == 4


def test_a_protocol_nobody_decodes_is_named() -> None:
    with pytest.raises(DeviceError, match="semaphore"):
        Receiver(replace(INFO, protocol="semaphore"))


@pytest.mark.parametrize("rate_hz", [0.0, -1.0, nan, inf])
def test_a_rate_that_is_none_is_refused(rate_hz: float) -> None:
    with pytest.raises(ParameterError):
        Receiver(replace(INFO, rate_hz=rate_hz))


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Any order, any repetition, any damage, any restart."""
    records: list[Record] = []
    arrival_ns = 0
    for _ in range(draw(st.integers(1, 40))):
        arrival_ns += draw(st.integers(0, 10**11))
        good = packet(
            10 * draw(st.integers(0, 100)),
            uptime_us=draw(st.sampled_from([0, 2**32 - 10**6, 10**9])),
        )
        payload = draw(st.sampled_from([good.payload, good.payload[:-1], b"", b"\xff" * 20]))
        records.append(Packet(arrival_ns, "data", payload))
    return records


@given(logs())
def test_replay_of_any_log_is_bit_identical_and_time_never_goes_back(log: list[Record]) -> None:
    first, first_losses = replayed(log)
    second, second_losses = replayed(log)
    assert first_losses == second_losses
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        assert a.time_s.tobytes() == b.time_s.tobytes()
        assert a.acceleration_m_s2.tobytes() == b.acceleration_m_s2.tobytes()
        assert a.quality.tobytes() == b.quality.tobytes()
    if first:
        assert np.all(np.diff(np.concatenate([block.time_s for block in first])) > 0)
    assert first_losses.received == sum(len(block) for block in first)
