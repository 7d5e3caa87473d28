"""How well host time is known over a radio; run with ``python -m benchmarks.clock``.

Ten minutes over a simulated Bluetooth LE connection, several devices and radios a case; in the
first two cases the packets are in step with the connection events. Each line gives the worst error
of host time at the last sample and of the skew, beside what was claimed. Claims of host time hold
where an error is within its stated uncertainty, of the skew within two standard errors.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from devices.readings import ClockAnchor
from devices.simulator.connection_events import ConnectionParams, PacketArrival, observed
from devices.timing.host_time import ClockEstimate, HostTime

#: Packet spacing and connection interval, ms.
CASES = ((50.0, 50.0), (60.0, 30.0), (50.0, 7.5), (50.0, 15.0), (50.0, 30.0), (47.0, 50.0))
MINUTES = (1.0, 10.0)
SEEDS = range(8)
UPTIME_S, START_S = 100.0, 5000.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """One device after its run."""

    estimate: ClockEstimate
    offset_error_ms: float
    skew_error_ppm: float
    microseconds: float  # of work per message


def _observations(
    packet_ms: float, interval_ms: float, minutes: float, ping_s: float | None, seed: int
) -> tuple[float, Iterator[PacketArrival | ClockAnchor]]:
    """A device of some skew on a good or a bad radio."""
    clock_ppm = (35.0, -35.0, 3.0, 80.0)[seed % 4]
    bad = seed % 2
    params = ConnectionParams(
        interval_ms,
        central_ppm=(0.0, 10.0, -15.0)[seed % 3],
        retransmission=0.1 if bad else 0.02,
        jitter_ms=2.0 if bad else 0.5,
        least_delay_ms=0.3 + 0.4 * (seed % 4),
    )
    return clock_ppm, observed(
        params,
        packet_ms=packet_ms,
        duration_s=60.0 * minutes,
        clock_ppm=clock_ppm,
        seed=seed,
        ping_s=ping_s,
        uptime_s=UPTIME_S,
        start_s=START_S,
    )


def outcome(
    packet_ms: float, interval_ms: float, minutes: float, ping_s: float | None, seed: int
) -> Outcome:
    """What the host's clock makes of one simulated device, and how far off that is."""
    clock_ppm, seen = _observations(packet_ms, interval_ms, minutes, ping_s, seed)
    messages = list(seen)
    host, device_us = HostTime(), 0
    begin = time.perf_counter()
    for message in messages:
        if isinstance(message, ClockAnchor):
            host.anchor(message)
        else:
            host.observe(message.device_us, message.arrival_ns)
            device_us = message.device_us
    took = time.perf_counter() - begin
    truth_s = START_S + (device_us * 1e-6 - UPTIME_S) / (1.0 + clock_ppm * 1e-6)
    estimate = host.estimate
    return Outcome(
        estimate,
        (host.host_ns(device_us) * 1e-9 - truth_s) * 1e3,
        estimate.skew_ppm - clock_ppm,
        took / len(messages) * 1e6,
    )


def main() -> None:
    """Print the table."""
    print(
        "packets/interval  minutes  pings  host time, ms    skew, ppm         claims hold   µs/msg"
    )
    print("                                  worst  claimed   worst  2 x sd    time   skew")
    for ping_s in (1.0, None):
        for packet_ms, interval_ms in CASES:
            for minutes in MINUTES:
                done = [outcome(packet_ms, interval_ms, minutes, ping_s, k) for k in SEEDS]
                offset_ms = max(abs(one.offset_error_ms) for one in done)
                claimed_ms = max(one.estimate.offset_uncertainty_ms for one in done)
                skew_ppm = max(abs(one.skew_error_ppm) for one in done)
                two_sd_ppm = max(2.0 * one.estimate.skew_sd_ppm for one in done)
                time_held = sum(
                    abs(one.offset_error_ms) <= one.estimate.offset_uncertainty_ms for one in done
                )
                skew_held = sum(
                    abs(one.skew_error_ppm) <= 2.0 * one.estimate.skew_sd_ppm for one in done
                )
                work_us = sum(one.microseconds for one in done) / len(done)
                print(
                    f"{packet_ms:5.0f} / {interval_ms:4.1f} ms  {minutes:7.0f}"
                    f"  {'no ' if ping_s is None else '1 Hz':>5}"
                    f"  {offset_ms:5.2f}  {claimed_ms:7.2f}  {skew_ppm:6.2f}  {two_sd_ppm:6.2f}"
                    f"    {time_held}/{len(done)}    {skew_held}/{len(done)}   {work_us:6.2f}"
                )


if __name__ == "__main__":
    main()
