"""Host time over a simulated radio: what is learned, how well, and what it says of itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from devices.readings import ClockAnchor
from devices.simulator.connection_events import ConnectionParams, PacketArrival, observed
from devices.timing.host_time import LEAST_DELAY_MS, ClockEstimate, HostTime

UPTIME_S, START_S = 100.0, 5000.0
RADIO = ConnectionParams(retransmission=0.05, jitter_ms=1.0)
#: Packet spacing and connection interval, ms: the first two are in step.
LINKS = [(50.0, 50.0), (60.0, 30.0), (50.0, 7.5), (50.0, 15.0), (50.0, 30.0), (47.0, 50.0)]


def true_host_ns(device_us: float, clock_ppm: float) -> float:
    return (START_S + (device_us * 1e-6 - UPTIME_S) / (1 + clock_ppm * 1e-6)) * 1e9


def learn(host: HostTime, seen: Iterator[PacketArrival | ClockAnchor]) -> int:
    """Give all to the model; returns device time of the last sample, µs."""
    device_us = 0
    for item in seen:
        if isinstance(item, ClockAnchor):
            host.anchor(item)
        else:
            host.observe(item.device_us, item.arrival_ns)
            device_us = item.device_us
    return device_us


def after(
    link: tuple[float, float],
    *,
    minutes: float = 10.0,
    ping_s: float | None = 1.0,
    clock_ppm: float = 35.0,
    seed: int = 1,
    radio: ConnectionParams = RADIO,
) -> tuple[ClockEstimate, float]:
    """The estimate, and the error of the host time of the latest sample, ms."""
    host = HostTime()
    params = replace(radio, interval_ms=link[1])
    seen = observed(
        params,
        packet_ms=link[0],
        duration_s=60.0 * minutes,
        clock_ppm=clock_ppm,
        seed=seed,
        ping_s=ping_s,
        uptime_s=UPTIME_S,
        start_s=START_S,
    )
    device_us = learn(host, seen)
    error_ms = (host.host_ns(device_us) - true_host_ns(device_us, clock_ppm)) * 1e-6
    return host.estimate, error_ms


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("clock_ppm", [35.0, -35.0])
def test_ten_minutes_with_pings_give_3_ms_and_5_ppm(
    link: tuple[float, float], clock_ppm: float
) -> None:
    estimate, error_ms = after(link, clock_ppm=clock_ppm)
    assert estimate.basis == "ping floor"
    assert abs(error_ms) <= 3.0
    assert abs(error_ms) <= estimate.offset_uncertainty_ms <= 8.0
    assert abs(estimate.skew_ppm - clock_ppm) <= min(5.0, 3 * estimate.skew_sd_ppm)
    assert estimate.skew_sd_ppm < 2.5


@pytest.mark.parametrize("least_ms", [0.1, 3.5])
def test_the_least_delay_biases_by_no_more_than_stated(least_ms: float) -> None:
    """A quickest message of 0.3 to 4.3 ms: the bias is within what cannot be known."""
    radio = replace(RADIO, least_delay_ms=least_ms)
    estimate, error_ms = after((50.0, 50.0), radio=radio)
    assert abs(error_ms) <= LEAST_DELAY_MS + 1.0
    assert abs(error_ms) <= estimate.offset_uncertainty_ms


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("seed", [1, 2])
def test_without_pings_the_stated_uncertainty_covers_the_error(
    link: tuple[float, float], seed: int
) -> None:
    estimate, error_ms = after(link, ping_s=None, seed=seed)
    spare_ms = 1.5  # of the quickest packet's delay over what is assumed, in this radio
    assert abs(error_ms) <= estimate.offset_uncertainty_ms + spare_ms
    assert abs(estimate.skew_ppm - 35.0) <= 2.5 * estimate.skew_sd_ppm


@pytest.mark.parametrize("minutes", [0.5, 2.0])
@pytest.mark.parametrize("clock_ppm", [300.0, -400.0])
def test_what_clocks_usually_are_is_not_told_as_if_it_was_seen(
    minutes: float, clock_ppm: float
) -> None:
    estimate, _ = after((50.0, 30.0), ping_s=None, minutes=minutes, clock_ppm=clock_ppm)
    assert abs(estimate.skew_ppm - clock_ppm) <= 2.5 * estimate.skew_sd_ppm


def test_delays_that_grow_in_a_queue_are_not_told_as_a_slow_clock() -> None:
    host = HostTime()
    for k in range(600):
        host.observe(k * 50_000, k * 52_500_000 + k * 7_000_001 % 15_000_000)
    estimate = host.estimate
    assert estimate.skew_ppm == pytest.approx(-47_600, rel=0.02)
    assert abs(estimate.skew_ppm) <= 2.5 * estimate.skew_sd_ppm


def test_after_a_restart_what_was_seen_before_counts_and_what_was_assumed_does_not() -> None:
    host = HostTime()
    for first_us in (0, 60_000_000):
        if first_us:
            host.restart()
            assert abs(host.host_ns(50_000_000) - 50_000_000_000) < 60_000_000
        for k in range(600):
            device_us = first_us + k * 50_000
            host.observe(device_us, round(device_us * 999.7) + k * 7_000_001 % 30_000_000)
    estimate = host.estimate
    assert abs(estimate.skew_ppm - 300.0) <= 2.5 * estimate.skew_sd_ppm


def test_packets_in_step_with_the_events_say_so() -> None:
    """Central and device alike to 1 ppm: the wait never changes and cannot be seen."""
    estimate, error_ms = after((50.0, 50.0), ping_s=None, clock_ppm=1.0, seed=2)
    assert estimate.basis == "arrival floor without beat"
    assert estimate.offset_uncertainty_ms >= 50.0
    assert abs(error_ms) <= estimate.offset_uncertainty_ms


def test_a_beat_over_the_interval_is_enough_without_pings() -> None:
    estimate, error_ms = after((47.0, 50.0), ping_s=None)
    assert estimate.basis == "arrival floor"
    assert abs(error_ms) <= 4.0
    assert abs(estimate.skew_ppm - 35.0) <= 5.0
    assert estimate.offset_uncertainty_ms < 6.0


def test_a_device_that_speaks_at_random_moments_needs_no_request() -> None:
    host = HostTime()
    seen = observed(
        replace(RADIO, interval_ms=50.0), packet_ms=50.0, duration_s=600.0, clock_ppm=35.0, seed=5
    )
    device_us = learn(host, seen)
    # moments between the packets, each waiting anything up to one interval
    spoken = HostTime()
    for k in range(600):
        wait_ns = 3_000_000 + k * 31_000_003 % 50_000_000
        at_us = round(UPTIME_S * 1e6) + k * 1_000_000
        spoken.anchor(ClockAnchor(at_us, round(true_host_ns(at_us, 35.0)) + wait_ns))
        spoken.observe(at_us + 1000, round(true_host_ns(at_us + 1000, 35.0)) + 40_000_000)
    assert spoken.estimate.basis == "ping floor"
    assert spoken.estimate.skew_ppm == pytest.approx(35.0, abs=2.0)
    error_ms = (spoken.host_ns(device_us) - true_host_ns(device_us, 35.0)) * 1e-6
    assert abs(error_ms) <= spoken.estimate.offset_uncertainty_ms <= 4.0


def test_too_little_is_called_so() -> None:
    host = HostTime()
    host.observe(1_000_000, 5_000_000_000)
    assert host.estimate.basis == "too little"
    assert host.estimate.skew_ppm == pytest.approx(0.0)
    assert abs(host.host_ns(1_500_000) - 5_500_000_000) < 10_000_000


def test_the_uncertainty_shrinks() -> None:
    said = [after((50.0, 30.0), minutes=minutes)[0] for minutes in (0.5, 2.0, 10.0)]
    skews = [estimate.skew_sd_ppm for estimate in said]
    offsets = [estimate.offset_uncertainty_ms for estimate in said]
    assert sorted(skews, reverse=True) == skews
    assert sorted(offsets, reverse=True) == offsets


def test_a_clock_far_off_is_learned_too() -> None:
    estimate, error_ms = after((47.0, 30.0), clock_ppm=20_000.0, minutes=3.0)
    assert estimate.skew_ppm == pytest.approx(20_000.0, abs=20.0)
    assert abs(error_ms) <= 5.0


def test_a_restart_begins_anew_and_keeps_the_past() -> None:
    host = HostTime()
    params = replace(RADIO, interval_ms=30.0)

    def run(uptime_s: float, start_s: float, seed: int) -> int:
        return learn(
            host,
            observed(
                params,
                packet_ms=47.0,
                duration_s=300.0,
                clock_ppm=35.0,
                seed=seed,
                uptime_s=uptime_s,
                start_s=start_s,
            ),
        )

    first_us = run(UPTIME_S, START_S, 1)
    before_ns = host.host_ns(first_us)
    host.restart()
    # elapsed time goes on, 20 ms wrong, 3 s after the last sample
    second_us = run(UPTIME_S + 303.0, START_S + 303.02, 2)
    assert abs(host.host_ns(first_us) - before_ns) < 1_000_000
    assert abs(host.host_ns(first_us) - true_host_ns(first_us, 35.0)) < 6e6
    truth_ns = (START_S + 303.02 + (second_us * 1e-6 - UPTIME_S - 303.0) / (1 + 35e-6)) * 1e9
    assert abs(host.host_ns(second_us) - truth_ns) < 6e6
    assert host.estimate.skew_ppm == pytest.approx(35.0, abs=6.0)


def test_the_skew_is_remembered_over_a_restart() -> None:
    host = HostTime()
    params = replace(RADIO, interval_ms=30.0)
    seen = observed(params, packet_ms=47.0, duration_s=600.0, clock_ppm=80.0, seed=1)
    last_us = learn(host, seen)
    last_ns = host.host_ns(last_us)
    host.restart()
    # and places samples by it, before anything is heard and while little is
    assert host.host_ns(last_us + 10**8) - last_ns == pytest.approx(100e9 / (1 + 80e-6), abs=1e6)
    for k in range(50):  # 2.5 s
        host.observe(last_us + 10**6 + k * 50_000, 6_000_000_000_000 + k * 50_000_000)
    assert host.estimate.skew_ppm == pytest.approx(80.0, abs=10.0)
    passed_ns = host.host_ns(last_us + 102 * 10**6) - host.host_ns(last_us + 2 * 10**6)
    assert passed_ns == pytest.approx(100e9 / (1 + 80e-6), abs=1e6)


def test_hours_with_a_clock_that_warms_up() -> None:
    """5 ppm change over three hours: the latest and the oldest times are both right."""
    host, truth = HostTime(), []
    host_s = 0.0
    for k in range(3 * 3600 * 10):
        device_s = k * 0.1
        skew = 1e-5 + 5e-6 * min(1.0, device_s / 5400.0)
        host_s += 0.1 / (1.0 + skew)
        wait_s = 0.002 + (k * 7919 % 1009) / 1009 * 0.03
        host.observe(device_s * 1e6, round((host_s + wait_s) * 1e9))
        if k % 1000 == 0:
            truth.append((device_s, host_s))
    for device_s, true_s in truth:
        assert abs(host.host_ns(device_s * 1e6) * 1e-9 - true_s) < 4e-3
    times_ns = [host.host_ns(device_s * 1e6) for device_s, _ in truth]
    assert sorted(times_ns) == times_ns


def test_asking_does_not_change_the_answer() -> None:
    params = replace(RADIO, interval_ms=30.0)
    quiet, asked = HostTime(), HostTime()
    for item in observed(params, packet_ms=50.0, duration_s=60.0, clock_ppm=9.0, seed=4, ping_s=1):
        for host in (quiet, asked):
            if isinstance(item, ClockAnchor):
                host.anchor(item)
            else:
                host.observe(item.device_us, item.arrival_ns)
        asked.host_ns(item.device_us)
        _ = asked.estimate
    assert quiet.estimate == asked.estimate
    assert quiet.host_ns(1.5e8) == asked.host_ns(1.5e8)
