"""Placing samples and counting losses for every kind of stream, against simulated truth."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from devices.protocols.witmotion import WitMotionDecoder
from devices.readings import ClockAnchor, Reading
from devices.records import Packet
from devices.sequence import Losses
from devices.simulator.connection_events import (
    ConnectionEvents,
    ConnectionParams,
    PacketArrival,
    observed,
)
from devices.timing.arrival_timeline import ArrivalTimeline
from devices.timing.host_time import HostTime
from devices.timing.numbered_timeline import NumberedTimeline
from devices.timing.stamp_filter import StampFilter
from devices.timing.stamped_timeline import StampedTimeline
from devices.timing.timeline import Timeline
from devices.timing.timelines import timeline_for
from tests.examples import few

MS_MODULUS_US = 1000 << 32
TICK_MODULUS_US = 512_000_000
_MEASURED = itertools.count()


def reading(
    n: int, *, sequence: int | None = None, time_us: int | None = None, stamped: int = 0
) -> Reading:
    """Samples that no two readings share, as a sensor measures them."""
    return Reading(np.full((n, 3), float(next(_MEASURED))), None, sequence, time_us, stamped)


@dataclass
class Followed:
    """What a timeline made of a stream, beside the true times, s since the first sample."""

    timeline: Timeline
    placed_s: list[NDArray[np.float64]] = field(default_factory=list)
    true_s: list[NDArray[np.float64]] = field(default_factory=list)

    def place(self, item: Reading, arrival_ns: int, true_s: NDArray[np.float64]) -> None:
        placed = self.timeline.place(item, arrival_ns)
        if placed is None:
            return
        assert len(placed.time_s) == len(true_s) - placed.stale
        self.placed_s.append(placed.time_s)
        self.true_s.append(true_s[placed.stale :])

    @property
    def time_s(self) -> NDArray[np.float64]:
        return np.concatenate(self.placed_s)

    def error_s(self, after_s: float = 0.0) -> NDArray[np.float64]:
        true_s = np.concatenate(self.true_s)
        return (self.time_s - true_s)[true_s >= after_s]


def test_the_reading_tells_the_kind_of_stream() -> None:
    assert isinstance(timeline_for(reading(1, sequence=3, time_us=5), 100.0), NumberedTimeline)
    assert isinstance(timeline_for(reading(1, time_us=5), 100.0, MS_MODULUS_US), StampedTimeline)
    assert isinstance(timeline_for(reading(1), 100.0, None), ArrivalTimeline)


# ---- numbered


def numbered(first: int, n: int = 10) -> Reading:
    return reading(n, sequence=(7 + first) % 65536, time_us=(2**32 - 10**6 + first * 5000) % 2**32)


def test_numbered_samples_keep_their_time_over_wraps_and_gaps() -> None:
    followed = Followed(NumberedTimeline(200.0))
    for first in range(0, 150_000, 10):
        if not 500 <= first < 730:
            true_s = np.arange(first, first + 10) / 200.0
            followed.place(numbered(first), (first + 10) * 5_000_000, true_s)
    assert np.abs(followed.error_s()).max() < 2e-6
    assert followed.timeline.losses == Losses(received=149_770, lost=230)


@pytest.mark.parametrize("fast", [0.97, 1.03])
def test_a_clock_that_is_off_all_the_time_never_shows_a_restart(fast: float) -> None:
    timeline = NumberedTimeline(200.0)
    for first in range(0, 80_000, 20):  # it runs 12 s ahead
        timeline.place(numbered(first, 20), round((first + 20) * 5_000_000 / fast))
    assert timeline.losses == Losses(received=80_000)


def test_numbered_duplicates_late_and_overlapping_packets() -> None:
    timeline = NumberedTimeline(200.0)
    assert timeline.place(numbered(0), 0) is not None
    assert timeline.place(numbered(0), 1) is None
    assert timeline.place(numbered(20), 2) is not None
    assert timeline.place(numbered(10), 3) is None
    overlapping = timeline.place(numbered(25), 4)
    assert overlapping is not None
    assert (overlapping.stale, len(overlapping.time_s)) == (5, 5)
    assert overlapping.time_s[0] == pytest.approx(0.15)
    assert timeline.losses == Losses(received=25, reordered=10, duplicated=15)


@pytest.mark.parametrize("interval_ms", [50.0, 30.0])
def test_numbered_stream_with_pings_knows_host_time(interval_ms: float) -> None:
    """32-bit stamps that wrap, 64-bit replies, the truth at the last sample."""
    timeline = NumberedTimeline(200.0)
    uptime_s, ppm = 2**32 * 1e-6 - 200.0, 35.0
    seen = observed(
        ConnectionParams(interval_ms),
        packet_ms=50.0,
        duration_s=600.0,
        clock_ppm=ppm,
        seed=3,
        ping_s=1.0,
        uptime_s=uptime_s,
    )
    k, last_s, last_us, first_us = 0, 0.0, 0, None
    for item in seen:
        if isinstance(item, ClockAnchor):
            timeline.anchor(item)
            continue
        first_us = item.device_us - 45_000 if first_us is None else first_us
        stamp_us = (item.device_us - 45_000) % 2**32
        placed = timeline.place(
            reading(10, sequence=10 * k % 65536, time_us=stamp_us), item.arrival_ns
        )
        assert placed is not None
        k, last_s, last_us = k + 1, float(placed.time_s[-1]), item.device_us
    truth_s = 5000.0 + (last_us * 1e-6 - uptime_s) / (1 + ppm * 1e-6)
    assert abs(timeline.host.host_ns(last_s * 1e6) * 1e-9 - truth_s) < 3e-3
    assert timeline.host.estimate.basis == "ping floor"
    assert timeline.host.estimate.skew_ppm == pytest.approx(ppm, abs=5.0)


def test_a_restart_of_the_device_begins_host_time_anew() -> None:
    timeline = NumberedTimeline(200.0)
    for k in range(200):
        timeline.place(reading(10, sequence=10 * k, time_us=9_000_000 + k * 50_000), k * 50_000_000)
    last_s = 0.0
    for k in range(200):  # 4 s later
        placed = timeline.place(
            reading(10, sequence=10 * k, time_us=k * 50_000), 14_000_000_000 + k * 50_000_000
        )
        assert placed is not None
        assert placed.time_s[0] > last_s
        last_s = float(placed.time_s[-1])
    assert timeline.losses.restarts == 1
    assert abs(timeline.host.host_ns(last_s * 1e6) - 23_950_000_000) < 10_000_000


@pytest.mark.parametrize("make", [NumberedTimeline, StampedTimeline])
@pytest.mark.parametrize("off_s", [-15, 0, 15, 2000])
def test_a_reply_from_another_clock_is_ignored(make: type[Timeline], off_s: int) -> None:
    """One that was set since; a second later the reply of the right one is taken."""
    timeline = make(200.0)  # type: ignore[call-arg]
    timeline.anchor(ClockAnchor(5, 0))  # before the first sample
    for k in range(600):
        at_us = 100_000_000 + k * 50_000
        timeline.place(reading(10, sequence=10 * k, time_us=at_us), k * 50_000_000)
        asked_us = at_us + 1_000_000
        came_ns = k * 50_000_000 + 10**9 + (1 + k % 4) * 10**7  # the way takes its time
        timeline.anchor(ClockAnchor(asked_us + off_s * 10**6, came_ns))
    assert (timeline.host.estimate.basis == "ping floor") == (off_s == 0)


# ---- stamped


@dataclass(frozen=True)
class Sensor:
    """A sensor that stamps its messages."""

    rate_hz: float
    n: int
    resolution_us: float = 1.0
    modulus_us: int = 2**32
    stamped: int = 0
    start_us: float = 77_123_456.0
    true_rate: float = 1.0  # times the nominal one

    @property
    def period_us(self) -> float:
        return 1e6 / (self.rate_hz * self.true_rate)

    def reading(self, first: int) -> Reading:
        exact_us = self.start_us + (first + self.stamped) * self.period_us
        stamp_us = int(exact_us // self.resolution_us * self.resolution_us)
        return reading(self.n, time_us=stamp_us % self.modulus_us, stamped=self.stamped)

    def arrival_ns(self, first: int) -> int:
        return round((first + self.n) * self.period_us * 1e3) + 9_000_000_000

    def true_s(self, first: int) -> NDArray[np.float64]:
        return np.arange(first, first + self.n, dtype=np.float64) * (self.period_us * 1e-6)

    def followed(self, firsts: Iterable[int]) -> Followed:
        result = Followed(StampedTimeline(self.rate_hz, self.modulus_us))
        for first in firsts:
            result.place(self.reading(first), self.arrival_ns(first), self.true_s(first))
        return result


TICK_US = 1e6 / 32768
SENSORS = {
    "movesense 52": Sensor(52.0, 4, 1000, MS_MODULUS_US),
    "movesense 104": Sensor(104.0, 8, 1000, MS_MODULUS_US),
    "movesense 208": Sensor(208.0, 8, 1000, MS_MODULUS_US),
    "movesense 416": Sensor(416.0, 8, 1000, MS_MODULUS_US),
    "movesense 833": Sensor(833.0, 8, 1000, MS_MODULUS_US),
    "movesense 1666": Sensor(1666.0, 8, 1000, MS_MODULUS_US),
    "polar 52": Sensor(52.0, 36, 1, 1 << 60, stamped=35),
    "polar 416": Sensor(416.0, 57, 1, 1 << 60, stamped=56),
    "shimmer": Sensor(204.8, 1, TICK_US, TICK_MODULUS_US),
    "shimmer 512": Sensor(512.0, 1, TICK_US, TICK_MODULUS_US),
}


def off(sensor: Sensor, true_rate: float) -> Sensor:
    values = {name: getattr(sensor, name) for name in sensor.__dataclass_fields__}
    return Sensor(**{**values, "true_rate": true_rate})


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS.keys())
@pytest.mark.parametrize("true_rate", [1.0, 0.97])
def test_stamped_samples_lie_where_they_were_taken(sensor: Sensor, true_rate: float) -> None:
    sensor = off(sensor, true_rate)
    stop = round(40 * sensor.rate_hz)
    followed = sensor.followed(range(0, stop - sensor.n, sensor.n))
    received = sum(len(block) for block in followed.placed_s)
    assert followed.timeline.losses == Losses(received=received)
    steps = np.diff(followed.time_s)
    assert np.all(steps > 0)
    error_s = followed.error_s(after_s=10.0)
    assert np.ptp(error_s) < max(0.5e-3, 1e-3 * sensor.resolution_us / 1000)
    first_s = sensor.stamped * abs(sensor.period_us - 1e6 / sensor.rate_hz) * 1e-6
    assert np.abs(error_s).max() < 1.2e-3 + first_s  # of the first sample, before the first stamp
    late = steps[-len(steps) // 2 :] * 1e6 / sensor.period_us
    assert np.abs(late - 1.0).max() < 0.15  # 0.1 ms at 1666 Hz, with stamps of 1 ms
    assert late.std() < 0.03


@pytest.mark.parametrize("sensor", SENSORS.values(), ids=SENSORS.keys())
@pytest.mark.parametrize("true_rate", [1.0, 1.02])
def test_lost_messages_of_stamped_samples_are_counted_exactly(
    sensor: Sensor, true_rate: float
) -> None:
    sensor, random = off(sensor, true_rate), Random(4)
    messages = round(60 * sensor.rate_hz / sensor.n)
    gone = {k for k in range(messages // 6, messages - 1) if random.random() < 0.02}
    gone |= set(range(messages // 2, messages // 2 + round(8 * sensor.rate_hz / sensor.n)))
    kept = [k * sensor.n for k in range(messages) if k not in gone]
    followed = sensor.followed(kept)
    assert followed.timeline.losses == Losses(
        received=len(kept) * sensor.n, lost=len(gone) * sensor.n
    )
    assert np.ptp(followed.error_s(after_s=20.0)) < 1.5e-3


def test_a_silence_beyond_the_wrap_is_counted_by_arrival() -> None:
    sensor = SENSORS["shimmer"]
    silence = round(1800 * 204.8)
    followed = sensor.followed([*range(8000), *range(8000 + silence, 12_000 + silence)])
    assert followed.timeline.losses == Losses(received=12_000, lost=silence)
    assert np.abs(followed.error_s(after_s=20.0)).max() < 1e-3


def test_repeated_and_late_messages_of_stamped_samples() -> None:
    sensor = SENSORS["movesense 104"]
    order = [*range(0, 808, 8), 792, 784, 816, 808, 824, 824, 832]
    followed = sensor.followed(order)
    assert followed.timeline.losses == Losses(received=832, duplicated=24, reordered=8)
    assert np.all(np.diff(followed.time_s) > 0)


@settings(max_examples=few(15), deadline=None)
@given(
    st.sampled_from(sorted(SENSORS)),
    st.floats(0.985, 1.015),
    st.lists(st.sampled_from([0, 1, 1, 1, 2]), min_size=5, max_size=60),
)
def test_counts_of_stamped_samples_equal_a_plain_count(
    name: str, true_rate: float, copies: list[int]
) -> None:
    sensor = off(SENSORS[name], true_rate)
    learned = min(600, round(12 * sensor.rate_hz / sensor.n))
    firsts = [k * sensor.n for k in range(learned)]
    came = {*firsts}
    for k, number in enumerate(copies, start=learned):
        firsts += [k * sensor.n] * number
        came |= {k * sensor.n} if number else set()
    followed = sensor.followed(firsts)
    newest = max(firsts)
    assert followed.timeline.losses == Losses(
        received=len(came) * sensor.n,
        lost=newest + sensor.n - len(came) * sensor.n,
        duplicated=(len(firsts) - len(came)) * sensor.n,
    )
    assert np.all(np.diff(followed.time_s) > 0)


def test_a_stamped_device_that_starts_again_goes_on_by_arrival() -> None:
    sensor = SENSORS["movesense 104"]
    timeline = StampedTimeline(104.0, MS_MODULUS_US)
    for first in range(0, 8000, 8):
        timeline.place(sensor.reading(first), sensor.arrival_ns(first))
    again = Sensor(104.0, 8, 1000, MS_MODULUS_US, start_us=3_000_000.0)
    away_ns = sensor.arrival_ns(8000) + 5_000_000_000
    placed_s = []
    for first in range(0, 4000, 8):
        placed = timeline.place(again.reading(first), away_ns + again.arrival_ns(first) - 9 * 10**9)
        assert placed is not None
        placed_s.append(placed.time_s)
    time_s = np.concatenate(placed_s)
    assert time_s[0] == pytest.approx(8000 / 104 + 5.0, abs=0.1)
    assert time_s[-1] - time_s[0] == pytest.approx(3999 / 104, abs=2e-3)
    assert timeline.losses == Losses(received=12_000, restarts=1)


def resumed_at(sensor: Sensor, moved_s: float, away_s: float) -> Losses:
    """The link was away; then stamps are off by ``moved_s``."""
    timeline = StampedTimeline(sensor.rate_hz, sensor.modulus_us)
    settled = round(20 * sensor.rate_hz / sensor.n) * sensor.n
    later = settled + round(away_s * sensor.rate_hz / sensor.n) * sensor.n
    for first in range(0, settled, sensor.n):
        timeline.place(sensor.reading(first), sensor.arrival_ns(first))
    timeline.link_resumed(sensor.arrival_ns(later) - 50_000_000)
    for first in range(later, later + settled, sensor.n):
        item = sensor.reading(first)
        assert item.time_us is not None
        moved_us = (item.time_us + round(moved_s * 1e6)) % sensor.modulus_us
        timeline.place(item._replace(time_us=moved_us), sensor.arrival_ns(first))
    return timeline.losses


@pytest.mark.parametrize("name", ["movesense 104", "movesense 833", "polar 52", "shimmer"])
@pytest.mark.parametrize("moved_s", [-6.0, -1.9, 1.9, 6.0])
def test_a_clock_that_began_anew_while_the_link_was_away_is_a_restart(
    name: str, moved_s: float
) -> None:
    losses = resumed_at(SENSORS[name], moved_s, away_s=5.0)
    assert losses.restarts == 1
    assert losses.lost == losses.duplicated == 0


@pytest.mark.parametrize("name", ["movesense 104", "movesense 833", "polar 52", "shimmer"])
@pytest.mark.parametrize("away_s", [1.0, 5.0, 120.0])
def test_a_clock_that_went_on_while_the_link_was_away_counts_the_loss(
    name: str, away_s: float
) -> None:
    sensor = off(SENSORS[name], 0.99)
    losses = resumed_at(sensor, 0.0, away_s)
    assert losses.restarts == 0
    assert losses.lost == round(away_s * sensor.rate_hz / sensor.n) * sensor.n


@pytest.mark.parametrize(
    ("name", "back_s"),
    [
        (name, back_s)
        for name, sensor in sorted(SENSORS.items())
        for back_s in (0.05, 0.3, 0.8, 1.7)
        if back_s * sensor.rate_hz >= 6
    ],
)
def test_a_clock_that_goes_back_while_the_link_lasts_is_a_restart(name: str, back_s: float) -> None:
    sensor = SENSORS[name]
    timeline = StampedTimeline(sensor.rate_hz, sensor.modulus_us)
    settled = round(12 * sensor.rate_hz / sensor.n) * sensor.n
    blocks: list[NDArray[np.float64]] = []
    true_s: list[NDArray[np.float64]] = []
    for first in range(0, 2 * settled, sensor.n):
        item = sensor.reading(first)
        assert item.time_us is not None
        if first >= settled:
            item = item._replace(time_us=(item.time_us - round(back_s * 1e6)) % sensor.modulus_us)
        placed = timeline.place(item, sensor.arrival_ns(first))
        if placed is not None:
            blocks.append(placed.time_s)
            true_s.append(sensor.true_s(first))
            assert placed.stale == 0
    losses, times_s = timeline.losses, np.concatenate(blocks)
    assert losses.restarts == 1
    assert losses.lost == 0
    assert losses.duplicated <= max(sensor.n, 0.4 * sensor.rate_hz)
    assert np.sum(np.diff(times_s) > 1.6 / sensor.rate_hz) == 1
    assert np.ptp(times_s - np.concatenate(true_s)) < 0.2


def test_a_clock_that_the_device_sets_does_not_move_the_samples() -> None:
    sensor = SENSORS["polar 52"]
    timeline = StampedTimeline(52.0, 1 << 60)
    blocks = []
    for k in range(20):
        item = sensor.reading(36 * k)
        assert item.time_us is not None
        if k >= 10:
            item = item._replace(time_us=item.time_us + 10**15, time_step=k == 10)
        placed = timeline.place(item, sensor.arrival_ns(36 * k))
        assert placed is not None
        blocks.append(placed.time_s)
    np.testing.assert_allclose(np.diff(np.concatenate(blocks)), 1 / 52, rtol=1e-3)
    assert timeline.losses == Losses(received=720)


@settings(max_examples=few(25), deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2**32), st.integers(0, 10**10)), max_size=60))
def test_whatever_the_stamps_time_strictly_increases(log: list[tuple[int, int]]) -> None:
    for timeline in (StampedTimeline(200.0), NumberedTimeline(200.0)):
        last_s, arrival_ns = -1.0, 0
        for stamp_us, passed_ns in log:
            arrival_ns += passed_ns
            item = reading(5, sequence=stamp_us % 977, time_us=stamp_us)
            placed = timeline.place(item, arrival_ns)
            if placed is not None:
                assert placed.time_s[0] > last_s
                assert np.all(np.diff(placed.time_s) > 0)
                last_s = float(placed.time_s[-1])


# ---- only arrivals


def arrivals_only(
    *,
    rate_hz: float = 200.0,
    n: int = 1,
    interval_ms: float = 30.0,
    clock_ppm: float = 35.0,
    seconds: float = 70.0,
    lost_s: Iterable[tuple[float, float]] = (),
    away_s: tuple[float, float] | None = None,
    seed: int = 1,
) -> tuple[Followed, int]:
    """A stream without number or stamp over a radio; also how many samples were really lost."""
    params = ConnectionParams(interval_ms, packets_per_event=24, retransmission=0.01)
    link = ConnectionEvents(params, seed)
    followed, lost = Followed(ArrivalTimeline(rate_hz)), 0
    true_rate_hz = rate_hz * (1 + clock_ppm * 1e-6)
    resumed = False
    for first in range(0, round(seconds * rate_hz) - n, n):
        true_s = np.arange(first, first + n) / true_rate_hz
        arrival_ns = round(link.uplink_s(50.0 + true_s[-1] + 3e-4) * 1e9)
        if away_s is not None and away_s[0] <= true_s[0] < away_s[1]:
            resumed, lost = True, lost + n
            continue
        if any(begin <= true_s[0] < end for begin, end in lost_s):
            lost += n
            continue
        if resumed:
            followed.timeline.link_resumed(arrival_ns)
            resumed = False
        followed.place(reading(n), arrival_ns, true_s)
    return followed, lost


@pytest.mark.parametrize("interval_ms", [7.5, 15.0, 30.0, 50.0])
@pytest.mark.parametrize(("rate_hz", "n"), [(200.0, 1), (100.0, 1), (208.0, 8), (50.0, 8)])
@pytest.mark.parametrize("clock_ppm", [35.0, -15_000.0])
def test_bursts_make_no_gaps_and_do_not_move_the_samples(
    interval_ms: float, rate_hz: float, n: int, clock_ppm: float
) -> None:
    followed, _ = arrivals_only(
        rate_hz=rate_hz, n=n, interval_ms=interval_ms, clock_ppm=clock_ppm, seconds=35.0
    )
    assert followed.timeline.losses.lost == 0
    steps = np.diff(followed.time_s)
    assert np.all(steps > 0)
    late = steps[len(steps) // 4 :] * rate_hz * (1 + clock_ppm * 1e-6)
    assert np.abs(late - 1.0).max() < 0.021
    assert np.ptp(followed.error_s(after_s=20.0)) < 0.02


@pytest.mark.parametrize("interval_ms", [7.5, 30.0, 50.0])
@pytest.mark.parametrize(("rate_hz", "n"), [(200.0, 1), (208.0, 8), (50.0, 8)])
def test_a_loss_is_seen_as_a_deficit(interval_ms: float, rate_hz: float, n: int) -> None:
    # one reading alone is told from a clock that is not yet known when it is short
    short_s, look_s = max(0.2, 2.5 * n / rate_hz), max(0.3, 4 * n / rate_hz)
    followed, lost = arrivals_only(
        rate_hz=rate_hz, n=n, interval_ms=interval_ms, lost_s=[(40.0, 41.3), (60.0, 60.0 + short_s)]
    )
    assert followed.timeline.losses.lost == pytest.approx(lost, abs=6)
    error_s = followed.error_s()
    true_s = np.concatenate(followed.true_s)
    wrong = np.abs(error_s - np.median(error_s[true_s > 65.0])) > 0.05
    # for two looks after each loss
    assert np.sum(wrong & (true_s > 20.0)) < 4.0 * look_s * rate_hz
    assert not np.any(wrong & (true_s > 60.9 + 2.0 * look_s))


def test_a_reconnection_counts_at_once_what_was_missed() -> None:
    followed, lost = arrivals_only(away_s=(40.0, 47.5))
    assert followed.timeline.losses.lost == pytest.approx(lost, abs=8)
    error_s = followed.error_s()
    true_s = np.concatenate(followed.true_s)
    assert np.abs(error_s[true_s > 47.5] - np.median(error_s[true_s < 40.0])).max() < 0.05


def test_what_the_decoder_knows_to_be_missing_counts_at_once() -> None:
    timeline, times_s = ArrivalTimeline(100.0), list[float]()
    gone = {3000, 3001, 4000, *range(5000, 5040)}
    missing = 0
    for k in range(6000):
        if k in gone:
            missing += 1
            continue
        placed = timeline.place(reading(1)._replace(missing_before=missing), k * 10_000_000)
        assert placed is not None
        times_s.append(float(placed.time_s[0]))
        missing = 0
    assert timeline.losses == Losses(received=6000 - len(gone), lost=len(gone))
    true_s = np.array([k for k in range(6000) if k not in gone]) / 100.0
    np.testing.assert_allclose(times_s, true_s, atol=1e-3)


def test_samples_left_out_show_at_once_as_a_gap() -> None:
    timeline = ArrivalTimeline(100.0)
    for k in range(3000):
        timeline.place(reading(1), k * 10_000_000)
    placed = timeline.place(reading(1)._replace(time_step=True), 3400 * 10_000_000)
    assert placed is not None
    assert placed.time_s[0] == pytest.approx(34.0, abs=0.03)
    assert timeline.losses.lost == pytest.approx(400, abs=3)


def test_what_a_link_holds_back_for_a_second_is_not_lost() -> None:
    """The link stands still, then everything comes in a burst."""
    timeline, last_s = ArrivalTimeline(200.0), -1.0
    for k in range(12_000):
        due_ns = k * 5_000_000
        if 30 * 10**9 <= due_ns < 31 * 10**9:
            due_ns = 31 * 10**9 + (due_ns - 30 * 10**9) // 8  # at eight times the rate
        elif 31 * 10**9 <= due_ns < 31_150_000_000:
            due_ns = max(due_ns, 31_130_000_000)
        placed = timeline.place(reading(1), due_ns)
        assert placed is not None
        assert placed.time_s[0] > last_s
        last_s = float(placed.time_s[0])
    assert timeline.losses == Losses(received=12_000)
    assert last_s == pytest.approx(11_999 / 200, abs=0.01)


def test_a_wrong_rate_is_found_out() -> None:
    """The sensor was set to 100 Hz and sends 125."""
    timeline = ArrivalTimeline(100.0)
    last_s = 0.0
    for k in range(125 * 60):
        placed = timeline.place(reading(1), k * 8_000_000 + k * 7919 % 20 * 1_000_000)
        assert placed is not None
        last_s = float(placed.time_s[0])
    assert last_s == pytest.approx(60.0, abs=1.5)
    assert timeline.period_s == pytest.approx(0.008, rel=1e-3)


def test_another_rate_from_now_on() -> None:
    for timeline in (ArrivalTimeline(100.0), StampedTimeline(100.0), NumberedTimeline(100.0)):
        blocks, k = [], 0
        for rate_hz, count in ((100, 3000), (200, 6000)):
            timeline.set_rate(rate_hz)
            for _ in range(count):
                at_us = k * 10_000 if k <= 3000 else 30_000_000 + (k - 3000) * 5000
                item = reading(1, sequence=k % 65536, time_us=at_us)
                placed = timeline.place(item, at_us * 1000)
                assert placed is not None
                blocks.append(placed.time_s)
                k += 1
        time_s = np.concatenate(blocks)
        assert np.all(np.diff(time_s) > 0)
        assert time_s[-1] == pytest.approx(59.995, abs=0.05)
        assert timeline.losses.lost == 0


def test_a_radio_that_delivers_once_a_period_loses_nothing_of_a_slow_clock() -> None:
    timeline = ArrivalTimeline(100.0)
    for k in range(6000):
        event = math.ceil(1.001 * k)  # now and then there is none to be delivered
        timeline.place(reading(1)._replace(by_radio=True), 10_000_000 * event)
    assert timeline.losses.lost == 0
    frame = bytes.fromhex("5561") + bytes(range(18))
    for channel, is_radio in (("data", True), ("bytes", False)):
        decoded = WitMotionDecoder().push(Packet(0, channel, 8 * frame))
        assert [each.by_radio for each in decoded if isinstance(each, Reading)] == [is_radio]


def test_a_reconnection_at_another_rate_counts_what_was_missed() -> None:
    timeline = ArrivalTimeline(100.0)
    for k in range(2000):
        timeline.place(reading(1), k * 10_000_000)
    timeline.set_rate(200.0)
    timeline.link_resumed(30 * 10**9)
    last_s = 0.0
    for k in range(4000):
        placed = timeline.place(reading(1), 30 * 10**9 + k * 5_000_000)
        assert placed is not None
        last_s = float(placed.time_s[0])
    assert last_s == pytest.approx(49.995, abs=0.02)
    assert timeline.losses.received == 6000
    assert timeline.losses.lost == pytest.approx(2000, abs=4)


@settings(max_examples=few(20), deadline=None)
@given(st.lists(st.tuples(st.integers(1, 12), st.integers(0, 3 * 10**9)), max_size=80))
def test_whatever_the_arrivals_time_strictly_increases(log: list[tuple[int, int]]) -> None:
    timeline, arrival_ns, last_s, received = ArrivalTimeline(200.0), 0, -1.0, 0
    for n, passed_ns in log:
        arrival_ns += passed_ns
        placed = timeline.place(reading(n), arrival_ns)
        assert placed is not None
        assert placed.time_s[0] > last_s
        assert np.all(np.diff(placed.time_s) > 0)
        last_s, received = float(placed.time_s[-1]), received + n
    assert timeline.losses.received == received
    assert timeline.losses.lost >= 0


def test_time_never_runs_away_from_arrival() -> None:
    """A quarter of an hour with gaps, stalls and a rate that wanders by 0.2 %."""
    timeline, random, at_s = ArrivalTimeline(100.0), Random(5), 0.0
    ahead_s = []
    for k in range(90_000):
        at_s += 0.01 * (1.0 + 2e-3 * k / 90_000)
        if random.random() < 1e-4:
            at_s += random.random()
        arrival_s = at_s + random.random() * 0.03
        placed = timeline.place(reading(1), round(arrival_s * 1e9))
        assert placed is not None
        ahead_s.append(float(placed.time_s[0]) - arrival_s)
    assert max(ahead_s) < 0.1
    assert np.quantile(ahead_s, 0.01) > -0.5


def test_the_host_time_of_a_stream_without_stamps_is_its_arrival_floor() -> None:
    followed, _ = arrivals_only(interval_ms=30.0)
    host: HostTime = followed.timeline.host
    error_s = host.host_ns(float(followed.time_s[-1]) * 1e6) * 1e-9 - 50.0
    error_s -= float(followed.true_s[-1][-1])
    assert abs(error_s) < 0.012
    assert abs(error_s) <= host.estimate.offset_uncertainty_ms * 1e-3


def test_the_radio_delivers_in_order_and_never_early() -> None:
    seen = list(
        observed(ConnectionParams(30.0), packet_ms=50.0, duration_s=60.0, clock_ppm=0.0, seed=1)
    )
    arrivals = [item.arrival_ns for item in seen]
    assert sorted(arrivals) == arrivals
    delays_ms = [
        item.arrival_ns * 1e-6 - 4900_000.0 - item.device_us * 1e-3
        for item in seen
        if isinstance(item, PacketArrival)
    ]
    assert min(delays_ms) >= 3.0
    assert 10.0 < float(np.median(delays_ms)) < 30.0


@pytest.mark.parametrize("lost", [0, 20, 40])
def test_what_comes_late_is_in_doubt_until_the_loss_is_believed(lost: int) -> None:
    """Without number or stamp a loss is believed after 0.3 s: until then samples are misplaced."""
    timeline = ArrivalTimeline(200.0)
    doubtful, arrival_ns = [], 0
    for k in range(300):
        samples = 8 * k + (lost if k >= 200 else 0)
        wait_ms = 70 if k % 20 == 19 and not lost else k * 7 % 10  # one alone is no loss
        arrival_ns = max(arrival_ns, round((samples * 5.0 + wait_ms) * 1e6))
        placed = timeline.place(reading(8), arrival_ns)
        assert placed is not None
        doubtful += [k] if placed.doubtful else []
        if timeline.losses.lost:
            break
    assert timeline.losses.lost == pytest.approx(lost, abs=2)
    assert doubtful[:1] == ([202] if lost else [])  # three arrivals, to be no chance
    assert doubtful == list(range(202, 202 + len(doubtful)))
    assert len(doubtful) >= (6 if lost else 0)


def steadily_losing(every: int, *, n: int = 8, seconds: int = 120) -> tuple[ArrivalTimeline, int]:
    """Of messages of ``n`` samples, at 100 Hz, one in so many is lost from the beginning."""
    timeline, lost = ArrivalTimeline(100.0), 0
    random = Random(1)
    for k in range(seconds * 100 // n):
        if k % every == every - 1:
            lost += n
            continue
        late_s = random.expovariate(200.0)
        timeline.place(reading(n), round(((k + 1) * n * 0.01 + 0.03 + late_s) * 1e9))
    return timeline, lost


@pytest.mark.parametrize("every", [10, 20])
def test_a_steady_loss_from_the_beginning_does_not_pass_for_a_lower_rate(every: int) -> None:
    timeline, lost = steadily_losing(every)
    assert 0.5 * lost < timeline.losses.lost < 1.1 * lost


def sent_twice(share: float, *, delay_s: float, proves: bool = False) -> tuple[Followed, list[int]]:
    """Samples at 100 Hz of which some come twice; also where times are in doubt.

    On a wire a sample is believed when something follows: its duplicate proves it at once, and is
    itself proved by the next sample.
    """
    random = Random(3)
    followed, doubtful = Followed(ArrivalTimeline(100.0)), list[int]()
    for k in range(6000):
        at_s = 50.0 + 0.01 * k + random.uniform(0.0, delay_s)
        twice = random.random() < share
        proved_s = 0.01 * (proves and not twice)
        item = reading(1)
        repeats = [(item, at_s + proved_s)]
        repeats += [(item._replace(repeated=1), at_s + 0.01 * proves)] if twice else []
        for one, arrival_s in repeats:
            placed = followed.timeline.place(one, round(arrival_s * 1e9))
            if placed is not None:
                followed.placed_s.append(placed.time_s)
                followed.true_s.append(np.array([0.01 * k]))
                doubtful += [k] if placed.doubtful else []
    return followed, doubtful


@pytest.mark.parametrize("proves", [False, True])
@pytest.mark.parametrize("share", [0.02, 0.2])
def test_what_comes_twice_too_soon_to_be_measured_is_no_sample(share: float, proves: bool) -> None:
    followed, doubtful = sent_twice(share, delay_s=0.001, proves=proves)
    losses = followed.timeline.losses
    assert (losses.received, losses.lost) == (6000, 0)
    assert losses.duplicated == pytest.approx(6000 * share, rel=0.2)
    assert np.abs(followed.error_s(1.0)).max() < 3e-3
    assert not doubtful


def test_duplicates_that_a_delay_hides_are_in_doubt() -> None:
    _, doubtful = sent_twice(0.05, delay_s=0.03)
    assert len(doubtful) > 5000


@pytest.mark.parametrize("n", [1, 2])
def test_a_sensor_that_measures_less_often_than_it_sends_keeps_all_its_samples(n: int) -> None:
    timeline, random = ArrivalTimeline(100.0), Random(4)
    for k in range(0, 6000, n):
        arrival_s = 50.0 + 0.01 * (k + n) + min(random.expovariate(200.0), 0.03)
        item = Reading(np.full((n, 3), float(k // 2)), None, None, None, repeated=(k + n) % 2 == 0)
        placed = timeline.place(item, round(arrival_s * 1e9))
        assert placed is not None or k < 20  # before it is known how they come
        assert placed is None or not placed.doubtful
    assert timeline.losses.received > 5990


@pytest.mark.parametrize("fast", [1.005, 1.03])
@pytest.mark.parametrize("still_s", [0.0, 20.0])
def test_a_sensor_that_repeats_itself_on_a_fast_clock_is_followed(
    fast: float, still_s: float
) -> None:
    timeline, random = ArrivalTimeline(200.0), Random(5)
    off_s = []
    for k in range(8000):
        at_s = k / (200.0 * fast)
        value = 0.0 if at_s < still_s else float(k if still_s else k // 2)
        item = Reading(np.full((1, 3), value), None, None, None, repeated=int(value == 0.0))
        arrival_s = math.ceil((at_s + random.expovariate(500.0)) / 0.03) * 0.03
        placed = timeline.place(item, round(arrival_s * 1e9))
        assert placed is not None or k < 100  # before it is known that it does
        if placed is not None and at_s > 30.0:
            assert not placed.doubtful
            off_s.append(float(placed.time_s[0]) - at_s)
    assert max(off_s) - min(off_s) < 3e-3


def test_a_stamp_after_a_long_silence_early_on_counts_as_it_is() -> None:
    """The true rate is not known yet: how many samples that was cannot be said, when can."""
    sensor = off(SENSORS["movesense 104"], 0.97)
    after = round(300 * sensor.rate_hz) // sensor.n * sensor.n
    early = range(0, 2 * sensor.n, sensor.n)
    followed = sensor.followed([*early, *range(after, after + 100 * sensor.n, sensor.n)])
    assert np.abs(followed.error_s()[2 * sensor.n :]).max() < 3e-3


def test_another_rate_after_an_absence_goes_on_at_that_rate() -> None:
    timeline, steps = ArrivalTimeline(100.0), []
    for k in range(2000):
        timeline.place(reading(1), k * 10_000_000 + 30_000_000)
    timeline.set_rate(50.0)
    for k in range(1500):
        placed = timeline.place(reading(1), 40 * 10**9 + k * 20_000_000 + 80_000_000)
        assert placed is not None
        steps.append(float(placed.time_s[0]))
    assert steps[0] == pytest.approx(40.0, abs=0.1)
    np.testing.assert_allclose(np.diff(steps)[50:], 0.02, rtol=3e-3)


def test_half_a_sample_and_the_resolution_of_the_stamps_are_no_loss() -> None:
    line, period_us = StampFilter(104.0), 1e6 / 104.0
    line.begin(0, 0.0)
    for index in range(8, 80_000, 8):
        line.learn(round(index * period_us // 1000 * 1000), index)
    due_us = line.expected_us(80_000) + 0.5 * line.period_us
    assert line.missing(round(due_us + 900.0), 80_000, 8) == 0
    assert line.missing(round(due_us + 1100.0), 80_000, 8) == 1


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_a_loss_on_a_link_that_delays_is_counted_by_the_least_delayed(seed: int) -> None:
    timeline, random, latest_s = ArrivalTimeline(100.0), Random(seed), 0.0
    for k in range(0, 12_000, 8):
        late_s = 0.03 + random.expovariate(50.0)
        latest_s = max(latest_s, (k + 7) * 0.01 + late_s)
        if not 6000 <= k < 6024:
            timeline.place(reading(8), round(latest_s * 1e9))
    assert timeline.losses.lost in {24, 25}
