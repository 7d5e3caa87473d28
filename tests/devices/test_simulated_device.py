"""The simulated sensor against the receiver: what goes in comes out, and every fault is counted."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from devices.protocols.backstride import DataFlag, decode_data, decode_info
from devices.receiver import Receiver
from devices.records import LinkEvent, Packet
from devices.sequence import Losses
from devices.simulator.device import SimulatedDevice
from devices.simulator.faults.messages import LOSS_RUN_MESSAGES
from devices.simulator.faults.samples import FaultyRun
from devices.simulator.generate import measured_run
from devices.simulator.scenario import Scenario
from imu.errors import ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples

Log = list[Packet | LinkEvent]


@dataclass
class Bench:
    """A sensor swung by a machine: cheap, smooth, and different in every sample."""

    scenario: Scenario
    has_gyro: bool = True
    without_value: tuple[int, ...] = ()
    taken: int = 0
    blocks: list[Samples] = field(default_factory=list)

    @property
    def duration_s(self) -> float:
        return self.scenario.minutes * 60

    @property
    def n_samples(self) -> int:
        return round(self.duration_s * self.scenario.rate)

    def read(self, n: int) -> Samples:
        index = np.arange(self.taken, min(self.taken + n, self.n_samples))
        self.taken += len(index)
        time_s = index / self.scenario.rate
        phase = np.outer(time_s, [7.0, 11.0, 13.0, 17.0, 19.0, 23.0])
        acceleration = np.sin(phase[:, :3]) * 20 + [0, 0, STANDARD_GRAVITY_M_S2]
        acceleration[np.isin(index, self.without_value), 1] = np.nan
        gyro = np.cos(phase[:, 3:]) * 10 if self.has_gyro else None
        self.blocks.append(Samples(time_s, acceleration, gyro))
        return self.blocks[-1]

    @property
    def measured(self) -> Samples:
        return Samples.concatenate([block for block in self.blocks if len(block)])


def sent(bench: Bench) -> tuple[SimulatedDevice, Log]:
    device = SimulatedDevice(FaultyRun(bench))
    return device, list(device.records())


def received(device: SimulatedDevice, log: Log) -> tuple[Samples, Losses]:
    receiver = Receiver(device.info)
    blocks = [block for record in log if (block := receiver.push(record)) is not None]
    return Samples.concatenate(blocks), receiver.losses


@pytest.mark.parametrize("rate", [50.0, 104.0, 200.0, 1600.0])
def test_without_faults_every_sample_arrives_as_measured(rate: float) -> None:
    bench = Bench(Scenario(minutes=0.5, rate=rate))
    device, log = sent(bench)
    samples, losses = received(device, log)
    assert losses == Losses(received=bench.n_samples)
    np.testing.assert_allclose(samples.time_s, bench.measured.time_s, atol=2e-6)
    count = device.info.acceleration_range_m_s2 / 32768
    np.testing.assert_allclose(
        samples.acceleration_m_s2, bench.measured.acceleration_m_s2, atol=0.5001 * count
    )
    count = device.info.angular_velocity_range_rad_s / 32768
    assert samples.angular_velocity_rad_s is not None
    assert bench.measured.angular_velocity_rad_s is not None
    np.testing.assert_allclose(
        samples.angular_velocity_rad_s, bench.measured.angular_velocity_rad_s, atol=0.5001 * count
    )
    assert not samples.quality.any()


def test_packets_span_fifty_milliseconds_and_arrive_when_complete() -> None:
    _, log = sent(Bench(Scenario(minutes=0.1)))
    packets = [record for record in log if isinstance(record, Packet) and record.channel == "data"]
    assert [len(decode_data(packet.payload).counts) for packet in packets] == [10] * 120
    assert [packet.arrival_ns for packet in packets] == [50_000_000 * (k + 1) for k in range(120)]


def test_a_session_is_connected_describes_itself_and_ends() -> None:
    device, log = sent(Bench(Scenario(minutes=0.1, rate=1600)))
    first, info, last = log[0], log[1], log[-1]
    assert isinstance(first, LinkEvent)
    assert isinstance(info, Packet)
    assert isinstance(last, LinkEvent)
    assert (first.kind, info.channel, last.kind) == ("connected", "info", "ended")
    assert decode_info(info.payload).samples_max == 31
    assert device.info.protocol == "backstride"


def test_the_same_scenario_sends_the_same_bytes() -> None:
    scenario = Scenario.from_query(
        "minutes=2&loss=3&corrupt=2&disconnect=1&jitter_ms=30&nan=0.5&saturate=0.5"
    )
    _, log = sent(Bench(scenario))
    assert sent(Bench(scenario))[1] == log
    assert sent(Bench(replace(scenario, time_scale=20)))[1] == log
    assert sent(Bench(replace(scenario, seed=2)))[1] != log


FAULTS = {
    "loss": Scenario.from_query("loss=5"),
    "heavy loss": Scenario.from_query("loss=90"),
    "corrupt": Scenario.from_query("corrupt=5"),
    "nan": Scenario.from_query("nan=2"),
    "disconnect": Scenario.from_query("minutes=4&disconnect=3"),
    "disconnect at times": Scenario.from_query("disconnect=20s,22s,100s"),
    "jitter": Scenario.from_query("jitter_ms=200"),
    "fast clock": Scenario.from_query("minutes=4&clock_ppm=50000&loss=5&disconnect=1"),
    "slow clock": Scenario.from_query("minutes=4&clock_ppm=-50000&loss=5&disconnect=1"),
    "all": Scenario.from_query(
        "minutes=4&loss=4&corrupt=3&nan=1&saturate=1&disconnect=2&jitter_ms=60&clock_ppm=-200"
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_receiver_counts_exactly_what_was_injected(fault: str, seed: int) -> None:
    device, log = sent(Bench(replace(FAULTS[fault], minutes=2, seed=seed)))
    samples, losses = received(device, log)
    injected = device.injected
    assert losses == Losses(
        received=injected.delivered,
        lost=injected.lost,
        malformed_packets=injected.damaged_packets,
    )
    assert injected.lost > 0 or fault == "jitter"
    assert len(samples) == injected.delivered
    assert np.all(np.diff(samples.time_s) > 0)


def test_loss_has_the_stated_share_in_runs_of_one_to_ten_packets() -> None:
    device, log = sent(Bench(Scenario.from_query("minutes=30&loss=2")))
    samples, losses = received(device, log)
    assert losses.lost_fraction == pytest.approx(0.02, abs=0.006)
    runs = np.rint(np.diff(samples.time_s) * 20).astype(int)
    runs = runs[runs > 0]
    shortest, longest = LOSS_RUN_MESSAGES
    assert set(range(shortest, longest + 1)) <= set(runs)
    assert np.mean(runs > longest) < 0.05  # two runs, one right after the other
    after_gap = [
        record
        for record in log
        if isinstance(record, Packet)
        and record.channel == "data"
        and record.payload[1] & DataFlag.GAP_BEFORE
    ]
    assert len(after_gap) == len(runs)
    assert device.injected.overflowed == losses.lost


def test_an_outage_lasts_seconds_and_nothing_comes_in_it() -> None:
    _, log = sent(Bench(Scenario.from_query("minutes=2&disconnect=30s,80s")))
    events = [record for record in log if isinstance(record, LinkEvent)]
    assert [event.kind for event in events] == [
        "connected", "lost", "resumed", "lost", "resumed", "ended",
    ]  # fmt: skip
    for lost, resumed in (events[1:3], events[3:5]):
        away_s = (resumed.arrival_ns - lost.arrival_ns) * 1e-9
        assert away_s == 5.0
        assert log.index(resumed) == log.index(lost) + 1


def test_damaged_packets_are_never_taken_for_good_ones() -> None:
    device, log = sent(Bench(Scenario.from_query("minutes=4&corrupt=100")))
    packets = [record for record in log if isinstance(record, Packet) and record.channel == "data"]
    assert device.injected.damaged_packets == len(packets) == 4800
    for packet in packets:
        with pytest.raises(ProtocolError):
            decode_data(packet.payload)


def test_arrivals_are_late_by_at_most_the_jitter_and_stay_in_order() -> None:
    _, steady = sent(Bench(Scenario(minutes=4)))
    _, jittery = sent(Bench(Scenario.from_query("minutes=4&jitter_ms=120")))
    due_ns = np.array([record.arrival_ns for record in steady])
    arrival_ns = np.array([record.arrival_ns for record in jittery])
    assert np.all(np.diff(arrival_ns) >= 0)
    late_ms = (arrival_ns - due_ns) * 1e-6
    assert late_ms.min() >= 0
    assert 100 < late_ms.max() <= 120


def test_the_devices_clock_runs_as_much_off_as_stated() -> None:
    device, log = sent(Bench(Scenario.from_query("minutes=4&clock_ppm=250")))
    samples, _ = received(device, log)
    assert samples.time_s[-1] / (240 - 1 / 200) - 1 == pytest.approx(250e-6, rel=1e-3)


def test_saturated_samples_are_marked_as_clipped() -> None:
    device, log = sent(Bench(Scenario.from_query("minutes=4&saturate=2")))
    samples, _ = received(device, log)
    clipped = np.flatnonzero(samples.quality & Quality.CLIPPED)
    assert len(clipped) == pytest.approx(0.02 * len(samples), rel=0.2)
    at_end = np.abs(samples.acceleration_m_s2[clipped]).max(axis=1)
    np.testing.assert_allclose(at_end, device.info.acceleration_range_m_s2, rtol=1e-4)


def test_samples_without_a_value_are_lost_and_their_neighbours_are_not() -> None:
    holes = (0, 1, 57, 58, 59, 199, 200, 640, 1199)
    bench = Bench(Scenario(minutes=0.1), without_value=holes)
    device, log = sent(bench)
    samples, losses = received(device, log)
    kept = np.setdiff1d(np.arange(bench.n_samples), holes)
    np.testing.assert_allclose(samples.time_s, (kept - 2) / 200, atol=2e-6)
    # those at either end of the session are beyond what a receiver can know of
    assert losses == Losses(received=len(kept), lost=len(holes) - 3)
    assert device.injected.missing == losses.lost


def test_a_sensor_without_gyroscope_sends_acceleration_alone() -> None:
    bench = Bench(Scenario(minutes=0.1), has_gyro=False)
    device, log = sent(bench)
    samples, losses = received(device, log)
    assert not samples.without_unmeasured().has_gyro
    assert losses.received == bench.n_samples


def test_nothing_measured_is_a_session_without_packets() -> None:
    _, log = sent(Bench(Scenario(minutes=0.1), taken=10_000))
    assert [type(record) for record in log] == [LinkEvent, Packet, LinkEvent]


@pytest.mark.parametrize("fault", ["saturate=20@3+4", "nan=10", "stuck_axis=1@4", "bias_g=0.5@2+3"])
@pytest.mark.parametrize("n", [1, 7, 300])
def test_how_a_faulty_run_is_read_makes_no_difference(fault: str, n: int) -> None:
    def read(n: int) -> Samples:
        run = measured_run(Scenario.from_query(f"minutes=0.1&rate=50&standing_s=1&{fault}"))
        blocks = []
        while len(block := run.read(n)):
            blocks.append(block)
        return Samples.concatenate(blocks)

    whole, cut = read(100_000), read(n)
    assert len(whole) == len(cut) > 300
    np.testing.assert_array_equal(whole.acceleration_m_s2, cut.acceleration_m_s2)
    np.testing.assert_array_equal(whole.quality, cut.quality)
