"""All figures of sensors and links in one run; run with ``python -m benchmarks.devices``."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial

from benchmarks import clock
from benchmarks.device_figures import hand_over, ten_at_once, through_bumble
from benchmarks.device_streams import FULL_RATE_HZ, STREAMS, decode_all, receive_all
from imu.compile_ahead import warm_up

_REPEATS = 5
_MINUTES = 10.0

Row = tuple[str, str, str, bool | None]  # what, measured, goal, whether it is reached


def _best_s(work: Callable[[], object]) -> float:
    """The shortest of several times, s of one core: other programs do not count."""
    times = []
    for _ in range(_REPEATS):
        begin_s = time.process_time()
        work()
        times.append(time.process_time() - begin_s)
    return min(times)


def _decoding() -> Iterator[Row]:
    for name, make in STREAMS.items():
        stream = make()
        n = decode_all(stream)
        decode_s = _best_s(partial(decode_all, stream))
        receive_s = _best_s(partial(receive_all, stream))
        times = n / decode_s / FULL_RATE_HZ
        yield f"decode: {name}", f"{times:7.0f} × real time", "≥ 200", times >= 200
        each_us = receive_s / len(stream.packets) * 1e6
        times = n / receive_s / FULL_RATE_HZ
        yield (
            "  and place in time",
            f"{times:7.0f} × real time, {each_us:.1f} µs a packet",
            "",
            None,
        )


def _links() -> Iterator[Row]:
    handing = asyncio.run(hand_over())
    yield (
        "notification to queue",
        f"{handing.median_us:7.1f} µs median, {handing.p99_us:.1f} µs p99",
        "median ≤ 50 µs",
        handing.median_us <= 50,
    )
    bumble = asyncio.run(through_bumble())
    yield (
        "1000 notifications/s through bumble",
        f"{bumble.per_s:7.0f}/s, {bumble.lost} lost, {bumble.cpu_share:.0%} of a core",
        "none lost",
        bumble.lost == 0 and bumble.per_s >= 990,
    )


def _clocks() -> Iterator[Row]:
    for ping_s, words, goals in ((1.0, "pings", True), (None, "no pings", False)):
        done = [
            clock.outcome(packet_ms, interval_ms, _MINUTES, ping_s, seed)
            for packet_ms, interval_ms in clock.CASES
            for seed in clock.SEEDS
        ]
        offset_ms = max(abs(one.offset_error_ms) for one in done)
        skew_ppm = max(abs(one.skew_error_ppm) for one in done)
        yield (
            f"clock offset after 10 min, {words}",
            f"{offset_ms:7.2f} ms, the worst of {len(done)}",
            "≤ 3 ms" if goals else "",
            offset_ms <= 3 if goals else None,
        )
        yield (
            f"clock skew after 10 min, {words}",
            f"{skew_ppm:7.2f} ppm, the worst of {len(done)}",
            "≤ 5 ppm" if goals else "",
            skew_ppm <= 5 if goals else None,
        )


def _many() -> Iterator[Row]:
    many = asyncio.run(ten_at_once())
    yield (
        f"{many.sensors} sensors at once, 20 s",
        f"{sum(many.lost.values()):7d} of {many.samples} samples lost, {many.steps} steps",
        "none lost",
        not many.lost,
    )
    # a simulated Shimmer3 remembers 0.25 s, the others 1 s
    yield "  longest stall of the event loop", f"{many.stall_ms:7.0f} ms", "", None
    for sensor, lost in many.lost.items():
        yield f"  {sensor}", f"{lost:7d} samples lost", "", None
    yield (
        "  share of a core",
        f"{many.reading_share:7.1%} packets to steps, {many.cpu_share:.0%} with the simulation",
        "",
        None,
    )


def main() -> None:
    """Print the table."""
    warm_up()
    for part in (_decoding, _links, _clocks, _many):
        for what, measured, goal, reached in part():
            mark = "" if reached is None else "reached" if reached else "MISSED"
            print(f"{what:40}  {measured:48}  {goal:14}  {mark}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
