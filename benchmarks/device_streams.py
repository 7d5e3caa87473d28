"""What sensors of each protocol send, as packets, to measure how fast they are read.

Packets are as large as at the highest sample rates; how often they come is the reader's business.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from math import radians
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.ble import BleConnector, Radio
from devices.drivers.driver import Wanted
from devices.drivers.registry import driver_named
from devices.links import BYTES_CHANNEL
from devices.open_link import Connector
from devices.protocols.backstride import quantised
from devices.protocols.witmotion import (
    ACCELERATION_RANGE_G,
    ANGULAR_VELOCITY_RANGE_DEG_S,
    DATA_CHANNEL,
    WiredContent,
    encode_frames,
    encode_wired,
)
from devices.readings import Reading
from devices.receiver import Receiver
from devices.records import DeviceInfo, Packet
from devices.sensor_source import SensorSource
from devices.simulator.air import Air
from devices.simulator.cable import Cable
from devices.simulator.generate import simulate
from devices.simulator.loopback import loopback_backend
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import make_peripheral
from imu.samples import STANDARD_GRAVITY_M_S2

#: The rate that speeds are related to, Hz.
FULL_RATE_HZ: Final = 1600.0
_SECONDS: Final = 12.0
_MOMENT: Final = (25, 1, 1, 12, 0, 0, 0)  # year to millisecond


@dataclass(frozen=True)
class Stream:
    """One session's packets, and the sensor they came from."""

    info: DeviceInfo
    packets: list[Packet]


@cache
def _session(protocol: str, link: str, rate_hz: float) -> Stream:
    """A whole session of a simulated sensor, its set-up included."""
    scenario = Scenario(
        protocol=protocol, link=link, rate=rate_hz, minutes=_SECONDS / 60, standing_s=0.0
    )

    async def listen() -> Stream:
        clock = VirtualClock()
        peripheral = make_peripheral(scenario, clock)
        connector: Connector = Cable(peripheral, driver_named(protocol))
        if link == "ble":
            air = Air(clock)
            backend = loopback_backend(air)
            radio = Radio(backend.client, backend.scanner)
            connector = BleConnector(air.place(peripheral), radio=radio)
        wanted = Wanted(rate_hz)
        async with SensorSource(
            connector, wanted=wanted, clock=clock, ends_after_s=_SECONDS + 4.0
        ) as source:
            records = [record async for record in source]
        return Stream(source.info, [record for record in records if isinstance(record, Packet)])

    return asyncio.run(listen())


@cache
def _witmotion_counts() -> NDArray[np.int16]:
    """Nine values of each sample."""
    samples, _ = simulate(Scenario(rate=FULL_RATE_HZ, minutes=_SECONDS / 60, standing_s=0.0))
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    acceleration = quantised(
        samples.acceleration_m_s2 / STANDARD_GRAVITY_M_S2, ACCELERATION_RANGE_G
    )
    turning = quantised(np.degrees(gyro), ANGULAR_VELOCITY_RANGE_DEG_S)
    return np.hstack((acceleration, turning, acceleration))


def _witmotion(channel: str, n: int, encode: Callable[[NDArray[np.int16]], bytes]) -> Stream:
    counts = _witmotion_counts()
    info = DeviceInfo(
        "WT901",
        "witmotion",
        FULL_RATE_HZ,
        ACCELERATION_RANGE_G * STANDARD_GRAVITY_M_S2,
        radians(ANGULAR_VELOCITY_RANGE_DEG_S),
    )
    return Stream(
        info,
        [
            Packet(round((k + n) * 1e9 / FULL_RATE_HZ), channel, encode(counts[k : k + n]))
            for k in range(0, len(counts), n)
        ],
    )


def _with_wall_time(counts: NDArray[np.int16]) -> bytes:
    return encode_frames(counts, np.tile(_MOMENT, (len(counts), 1)))


def _wired(counts: NDArray[np.int16]) -> bytes:
    fourth = np.full((len(counts), 1), 2500, np.int16)
    frames = [
        np.frombuffer(encode_wired(content, np.hstack((part, fourth))), np.uint8).reshape(-1, 11)
        for content, part in (
            (WiredContent.ACCELERATION, counts[:, :3]),
            (WiredContent.ANGULAR_VELOCITY, counts[:, 3:6]),
        )
    ]
    return np.stack(frames, axis=1).tobytes()


#: By name: what makes it. Notifications hold up to 244 bytes, chunks of a port about 20 ms.
STREAMS: Final[dict[str, Callable[[], Stream]]] = {
    "Backstride, Bluetooth LE": lambda: _session("backstride", "ble", 1000.0),
    "Backstride, serial": lambda: _session("backstride", "serial", 1000.0),
    "Movesense": lambda: _session("movesense", "ble", 833.0),
    "WitMotion, 20-byte frames": lambda: _witmotion(DATA_CHANNEL, 12, encode_frames),
    "WitMotion, 28-byte frames": lambda: _witmotion(DATA_CHANNEL, 8, _with_wall_time),
    "WitMotion, wired": lambda: _witmotion(BYTES_CHANNEL, 32, _wired),
    "Polar, both measurements": lambda: _session("polar", "ble", 416.0),
    "Shimmer3": lambda: _session("shimmer3", "serial", 1600.0),
}


def decode_all(stream: Stream) -> int:
    """Read every packet with a new decoder; returns how many samples there were."""
    decoder = driver_named(stream.info.protocol).decoder(stream.info)
    push = decoder.push
    return sum(
        len(item.acceleration_m_s2)
        for packet in stream.packets
        for item in push(packet)
        if isinstance(item, Reading)
    )


def receive_all(stream: Stream) -> int:
    """Take every packet with a new receiver, to samples placed in time; returns how many."""
    receiver = Receiver(replace(stream.info))
    return sum(len(block) for each in stream.packets if (block := receiver.push(each)) is not None)
