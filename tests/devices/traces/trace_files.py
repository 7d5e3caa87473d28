"""Writes traces as telephones, BlueZ and Wireshark write them, of what a simulated sensor sent."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from uuid import UUID

from devices.drivers.registry import driver_named
from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent, Packet
from devices.sources import open_source
from imu.samples import Samples

_NOTIFICATION, _READ_BY_TYPE, _FOUND = 0x1B, 0x08, 0x09


class Session(NamedTuple):
    """What came of a sensor, and what a session made of it."""

    info: DeviceInfo
    packets: list[Packet]
    samples: Samples
    gaps: list[LinkEvent]


def session(url: str) -> Session:
    """Run a source to its end."""

    async def run() -> Session:
        async with open_source(url) as source:
            receiver, packets, blocks = Receiver(source.info), [], []
            gaps = []
            async for record in source:
                if isinstance(record, Packet):
                    packets.append(record)
                elif isinstance(record, LinkEvent) and record.kind == "gap":
                    gaps.append(record)
                block = receiver.push(record)
                if block is not None:
                    blocks.append(block)
            return Session(source.info, packets, Samples.concatenate(blocks), gaps)

    return asyncio.run(run())


class Acl(NamedTuple):
    """Data between computer and controller."""

    time_us: int
    came: bool
    payload: bytes


def acl_of(
    packets: Iterable[Packet], protocol: str, *, discovered: bool = True, part_bytes: int = 27
) -> list[Acl]:
    """Packets of a Bluetooth session as ATT messages, cut into parts as controllers do."""
    uuids = driver_named(protocol).characteristics
    handles = {name: 0x10 + 3 * k for k, name in enumerate(uuids)}
    messages: list[tuple[int, bool, bytes]] = []
    if discovered:
        for name, uuid in uuids.items():
            handle = handles[name]
            value = struct.pack("<HBH", handle - 1, 0x10, handle) + UUID(uuid).bytes[::-1]
            messages.append((0, False, bytes((_READ_BY_TYPE, 1, 0, 255, 255, 0x03, 0x28))))
            messages.append((0, True, bytes((_FOUND, 21)) + value))
    for packet in packets:
        if packet.channel in handles:
            head = struct.pack("<BH", _NOTIFICATION, handles[packet.channel])
            messages.append((packet.arrival_ns // 1000, True, head + packet.payload))
        elif packet.channel == "request":
            head = struct.pack("<BH", 0x52, 0x90)
            messages.append((packet.arrival_ns // 1000, False, head + packet.payload))
    found = []
    for time_us, came, message in messages:
        whole = struct.pack("<HH", len(message), 4) + message
        for at in range(0, len(whole), part_bytes):
            part = whole[at : at + part_bytes]
            head = struct.pack("<HH", 0x40 | (2 if at == 0 else 1) << 12, len(part))
            found.append(Acl(time_us, came, head + part))
    return found


def btsnoop(acl: Iterable[Acl], link: int = 1002) -> bytes:
    """A btsnoop file; 1001 is bare HCI, 1002 H4, 2001 BlueZ's monitor."""
    parts = [struct.pack(">8sII", b"btsnoop\0", 1, link)]
    for time_us, came, payload in acl:
        flags = (5 if came else 4) if link == 2001 else int(came)
        data = b"\x02" + payload if link == 1002 else payload
        stamp_us = 63_000_000_000_000_000 + time_us
        parts.append(struct.pack(">IIIIq", len(data), len(data), flags, 0, stamp_us) + data)
    return b"".join(parts)


def pcapng(acl: Iterable[Acl], link: int = 201, order: str = "<") -> bytes:
    """A pcapng file with times in ns; 187 is H4, 201 H4 with directions, 254 BlueZ's monitor."""
    resolution = struct.pack(f"{order}HHBxxxHH", 9, 1, 9, 0, 0)
    parts = [
        _block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1)),
        _block(order, 1, struct.pack(f"{order}HHI", link, 0, 0) + resolution),
    ]
    for time_us, came, payload in acl:
        head = {
            187: b"\x02",
            201: struct.pack(">IB", int(came), 2),
            254: struct.pack(">HH", 0, 5 if came else 4),
        }.get(link, b"")
        data, ticks = head + payload, (1_790_000_000_000_000 + time_us) * 1000
        body = struct.pack(f"{order}5I", 0, ticks >> 32, ticks & 0xFFFFFFFF, len(data), len(data))
        parts.append(_block(order, 6, body + data + bytes(-len(data) % 4)))
    return b"".join(parts)


def _block(order: str, kind: int, body: bytes) -> bytes:
    size = struct.pack(f"{order}I", len(body) + 12)
    return struct.pack(f"{order}I", kind) + size + body + size


def damaged(content: bytes, seeds: Iterable[int]) -> Iterator[bytes]:
    """A file with some bytes changed, and cut somewhere."""
    from random import Random

    for seed in seeds:
        random, changed = Random(seed), bytearray(content)
        for _ in range(random.randrange(1, 30)):
            changed[random.randrange(len(changed))] = random.randrange(256)
        yield bytes(changed[: random.randrange(len(changed))])
