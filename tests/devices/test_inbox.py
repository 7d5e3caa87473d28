"""The inbox: order, stamps, counted overflow, and answers found while packets pass by."""

from __future__ import annotations

import asyncio

import pytest

from devices.drivers.backstride import BackstrideDriver
from devices.inbox import Inbox
from devices.protocols.backstride_frames import FrameType, encode_message
from devices.records import LinkEvent, Packet
from devices.simulator.virtual_clock import VirtualClock
from imu.errors import DeviceError, DeviceLost


def test_records_come_out_in_the_order_of_their_arrival() -> None:
    async def run() -> None:
        inbox = Inbox(VirtualClock())
        inbox.put("data", b"a", 5)
        inbox.put_event(LinkEvent(6, "lost", "away"))
        inbox.put("data", b"b", 7)
        assert [await inbox.get() for _ in range(3)] == [
            Packet(5, "data", b"a"),
            LinkEvent(6, "lost", "away"),
            Packet(7, "data", b"b"),
        ]

    asyncio.run(run())


def test_a_slow_reader_costs_counted_packets_and_no_event() -> None:
    async def run() -> None:
        inbox = Inbox(VirtualClock(), capacity=3)
        for k in range(8):
            inbox.put("data", bytes([k]), k)
        inbox.put_event(LinkEvent(8, "lost"))
        assert inbox.overflowed_packets == 5
        records = [await inbox.get() for _ in range(5)]
        assert [r.payload for r in records if isinstance(r, Packet)] == [b"\0", b"\1", b"\2"]
        gap = records[3]
        assert isinstance(gap, LinkEvent)
        assert gap.kind == "gap"
        assert gap.detail.startswith("5 packets were dropped")
        assert records[4] == LinkEvent(8, "lost")
        for k in range(5):
            inbox.put("data", bytes([k]), 9 + k)
        assert [await inbox.get() for _ in range(3)] == [
            Packet(9 + k, "data", bytes([k])) for k in range(3)
        ]
        inbox.put_event(LinkEvent(14, "resumed"))
        gap = await inbox.get()
        assert isinstance(gap, LinkEvent) and gap.detail.startswith("2 packets were dropped")

    asyncio.run(run())


def test_each_stretch_of_dropped_packets_is_told_with_its_own_number() -> None:
    async def run() -> None:
        inbox = Inbox(VirtualClock(), capacity=2)
        told = []
        for dropped in (3, 0, 1):
            for k in range(2 + dropped):
                inbox.put("data", b"", k)
            await inbox.get()
            await inbox.get()
            inbox.put("data", b"", 9)
            while inbox.waiting():
                record = await inbox.get()
                told += [record.detail.split()[0]] if isinstance(record, LinkEvent) else []
        assert told == ["3", "1"]
        assert inbox.overflowed_packets == 4

    asyncio.run(run())


def test_a_cancelled_wait_loses_no_record() -> None:
    async def run() -> None:
        inbox = Inbox(VirtualClock())
        waiting = asyncio.ensure_future(inbox.get())
        await asyncio.sleep(0)
        inbox.put("data", b"x", 1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await inbox.get() == Packet(1, "data", b"x")

    asyncio.run(run())


def test_an_end_comes_after_what_has_arrived() -> None:
    async def run() -> None:
        inbox = Inbox(VirtualClock())
        inbox.put("data", b"x", 1)
        inbox.end(DeviceLost("gone."))
        assert await inbox.get() == Packet(1, "data", b"x")
        with pytest.raises(DeviceLost, match="gone"):
            await inbox.get()

    asyncio.run(run())


def test_an_answer_is_found_and_still_recorded() -> None:
    async def run() -> None:
        inbox = Inbox(VirtualClock())
        with inbox.watch(lambda p: p.payload[1:] if p.payload[:1] == b"?" else None) as answered:
            inbox.put("data", b"no", 1)
            inbox.put("control", b"?yes", 2)
            assert await answered == b"yes"
        assert await inbox.get() == Packet(1, "data", b"no")
        assert await inbox.get() == Packet(2, "control", b"?yes")

    asyncio.run(run())


def test_a_refusal_and_a_lost_link_end_the_wait() -> None:
    def refuse(packet: Packet) -> str | None:
        raise DeviceError("refused.", source="sensor")

    def ignore(packet: Packet) -> str | None:
        return None

    async def run() -> None:
        inbox = Inbox(VirtualClock())
        with inbox.watch(refuse) as answered:
            inbox.put("data", b"", 1)
            with pytest.raises(DeviceError, match="refused"):
                await answered
        with inbox.watch(ignore) as answered:
            inbox.lose("out of reach")
            with pytest.raises(DeviceLost, match="out of reach"):
                await answered

    asyncio.run(run())


def test_silence_is_measured_by_what_holds_samples() -> None:
    async def run() -> None:
        inbox = Inbox(VirtualClock(start_ns=10))
        inbox.holds_samples = BackstrideDriver().holds_samples
        inbox.put("control", b"pong", 50)
        assert inbox.latest_sample_ns == 10
        inbox.put("data", b"", 20)
        inbox.put("data", bytes(8), 30)  # no sample in it
        assert inbox.latest_sample_ns == 10
        sample = bytes([1]) + bytes(7 + 12)
        inbox.put("data", sample, 60)
        assert inbox.latest_sample_ns == 60
        # on a serial line all comes in the same bytes, in pieces
        data = encode_message(FrameType.DATA, sample)
        inbox.put("bytes", encode_message(FrameType.STATUS, b"pong") + data[:3], 70)
        assert inbox.latest_sample_ns == 60
        inbox.put("bytes", data[3:], 80)
        assert inbox.latest_sample_ns == 80

    asyncio.run(run())
