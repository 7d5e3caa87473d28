"""Speed of reading sensors; run with ``pytest benchmarks --benchmark-only --benchmark-enable``.

Add ``-n 0``, since benchmarks disturb one another. ``times_real_time`` relates the samples read a
second to 1600 Hz. Nothing here asserts a speed: ``python -m benchmarks.devices`` prints all figures
of one run beside their goals.
"""

from __future__ import annotations

import asyncio

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from benchmarks.device_figures import hand_over
from benchmarks.device_streams import FULL_RATE_HZ, STREAMS, decode_all, receive_all
from devices.inbox import Inbox
from devices.timing.program_clock import SystemClock

_PACKETS = 1000


def _note(benchmark: BenchmarkFixture, samples: int, packets: int) -> None:
    if benchmark.stats is not None:  # None where benchmarks are switched off
        median_s = benchmark.stats["median"]
        benchmark.extra_info["times_real_time"] = samples / median_s / FULL_RATE_HZ
        benchmark.extra_info["us_per_packet"] = median_s / packets * 1e6


@pytest.mark.parametrize("name", STREAMS)
def test_decode(benchmark: BenchmarkFixture, name: str) -> None:
    """Packets to values in SI units."""
    stream = STREAMS[name]()
    samples = benchmark(decode_all, stream)
    assert samples > 3000
    _note(benchmark, samples, len(stream.packets))


@pytest.mark.parametrize("name", STREAMS)
def test_receive(benchmark: BenchmarkFixture, name: str) -> None:
    """Packets to samples: decoded, losses counted, placed in time."""
    stream = STREAMS[name]()
    samples = benchmark(receive_all, stream)
    assert samples > 3000
    _note(benchmark, samples, len(stream.packets))


def test_put_into_the_inbox(benchmark: BenchmarkFixture) -> None:
    """What a link does with each notification, and the consumer with each record."""

    def put_and_get() -> int:
        async def both() -> int:
            inbox = Inbox(SystemClock())
            for k in range(_PACKETS):
                inbox.put("data", b"", k)
            return len([await inbox.get() for _ in range(_PACKETS)])

        return asyncio.run(both())

    assert benchmark(put_and_get) == _PACKETS
    if benchmark.stats is not None:
        benchmark.extra_info["us_per_packet"] = benchmark.stats["median"] / _PACKETS * 1e6


def test_notification_to_queue(benchmark: BenchmarkFixture) -> None:
    """From the delivery by the radio to the record in the queue, through bleak."""
    handing = benchmark(lambda: asyncio.run(hand_over(0.3)))
    assert handing.notifications > 20
    benchmark.extra_info["median_us"] = handing.median_us
    benchmark.extra_info["p99_us"] = handing.p99_us
