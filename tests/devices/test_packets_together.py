"""Packets that a log holds together are taken together, and give what one after the other does."""

from __future__ import annotations

import asyncio
from random import Random

import numpy as np
import pytest

from devices.receiver import Receiver
from devices.records import DeviceInfo, Packet, Record
from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from imu.samples import Samples

#: What goes wrong with the sensors of these logs: all that is not the next packet in line.
LOGS = {
    "own profile": "protocol=backstride&rate=200&loss=2&duplicate=2&jitter_ms=40&disconnect=1",
    "own profile, restarts": "protocol=backstride&rate=100&reset=12s&clock_ppm=90",
    "own packets": "rate=200&loss=1&corrupt=2",
    "Movesense": "protocol=movesense&rate=208&loss=1&disconnect=1",
    "Movesense, slow": "protocol=movesense&rate=52&reset=12s",
    "Polar": "protocol=polar&rate=200&loss=1",
    "WitMotion": "protocol=witmotion&rate=200&loss=1",
    "own profile, clipped": "protocol=backstride&rate=200&acceleration_range_g=2",
}


@pytest.fixture(scope="module", params=LOGS)
def log(request: pytest.FixtureRequest) -> list[Record]:
    url = f"sim:?minutes=0.4&standing_s=2&seed=5&time_scale=0&{LOGS[request.param]}"

    async def records() -> list[Record]:
        async with open_source(url, clock=VirtualClock()) as source:
            return [source.info, *[record async for record in source]]

    return asyncio.run(records())


def receiver_of(log: list[Record]) -> Receiver:
    info = log[0]
    assert isinstance(info, DeviceInfo)
    return Receiver(info)


def test_together_as_one_after_the_other(log: list[Record]) -> None:
    """Samples, ends of packets, losses and clock are the same to the bit, however it is cut."""
    one, many = receiver_of(log), receiver_of(log)
    random = Random(1)
    expected: list[Samples] = []
    found: list[Samples] = []
    ends: list[int] = []
    place = 0
    while place < len(log):
        packets: list[Packet] = []
        for record in log[place : place + random.choice([1, 3, 40, 500])]:
            if not isinstance(record, Packet):
                break
            packets.append(record)
        before = len(ends)
        if (both := many.push_packets(packets)) is not None:
            block, stops = both
            assert stops[-1] == len(block)
            found.append(block)
            ends += np.diff(stops, prepend=0).tolist()
        alone = [samples for packet in packets if (samples := one.push(packet)) is not None]
        assert [len(samples) for samples in alone] == ends[before:]
        expected += alone
        assert many.losses == one.losses
        place += len(packets)
        if not packets:
            assert one.push(log[place]) is many.push(log[place]) is None
            place += 1
    together, alone_all = Samples.concatenate(found), Samples.concatenate(expected)
    assert together.time_s.tobytes() == alone_all.time_s.tobytes()
    assert together.acceleration_m_s2.tobytes() == alone_all.acceleration_m_s2.tobytes()
    assert together.quality.tobytes() == alone_all.quality.tobytes()
    gyro, gyro_alone = together.angular_velocity_rad_s, alone_all.angular_velocity_rad_s
    assert (gyro is None) == (gyro_alone is None)
    assert gyro is None or gyro_alone is None or gyro.tobytes() == gyro_alone.tobytes()
    host, host_alone = many.host_time, one.host_time
    assert host is not None
    assert host_alone is not None
    assert host.estimate == host_alone.estimate
    assert many.battery_percent == one.battery_percent
