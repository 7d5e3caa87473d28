"""What a sensor's user is promised, checked against the real BlueZ; runs inside the guest.

``guest_checks.py ROOT``: the folder that BlueZ is unpacked in. Exit code 0 when all passed.
"""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
import time
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from devices.ble import BleConnector
from devices.receiver import Receiver
from devices.records import LinkEvent
from devices.scan import scan_bluetooth
from devices.sensor_source import SensorSource
from devices.sequence import Losses
from devices.sources import open_source
from imu.errors import DeviceError, DeviceNotFound
from imu.samples import Samples
from tests.bluez.bluez_world import BluezWorld

_STREAM_S: Final = 10.0
#: Nothing takes longer than this, by the guest's clock.
_CHECK_S: Final = 120.0


@dataclass
class Session:
    """What one session brought so far."""

    source: SensorSource
    receiver: Receiver
    blocks: list[Samples] = field(default_factory=list)
    events: list[LinkEvent] = field(default_factory=list)

    async def follow(self, until: Callable[[], bool]) -> None:
        """Take records until this holds."""
        async for record in self.source:
            block = self.receiver.push(record)
            if block is not None:
                self.blocks.append(block)
            if isinstance(record, LinkEvent):
                self.events.append(record)
            if until():
                return

    async def stream(self, seconds: float) -> None:
        """Take records for this long from the next block on."""
        blocks = len(self.blocks)
        await self.follow(lambda: len(self.blocks) > blocks)
        end_s = time.monotonic() + seconds
        await self.follow(lambda: time.monotonic() >= end_s)

    def heard(self, kind: str) -> int:
        """How many such events there were."""
        return sum(event.kind == kind for event in self.events)

    def samples(self) -> Samples:
        """All that came."""
        return Samples.concatenate(self.blocks)


async def no_message_bus(_: BluezWorld) -> str:
    """Without a message bus the user is told in a sentence."""
    return await _sentence(scan_bluetooth(2.0))


async def no_bluetooth_service(world: BluezWorld) -> str:
    """Without BlueZ's daemon likewise."""
    await world.start_bus()
    return await _sentence(scan_bluetooth(2.0))


async def adapter_off(world: BluezWorld) -> str:
    """With the adapter off likewise, and the command line's exit code is 1."""
    await world.start_bluetooth()
    await world.bluetoothctl("power", "off")
    sentence = await _sentence(scan_bluetooth(2.0))
    code, _, complaint = await _backstride("scan", "--seconds", "2")
    assert (code, complaint) == (1, f"backstride: {sentence}\n"), (code, complaint)
    await world.bluetoothctl("power", "on")
    return sentence


async def scan_lists_all(world: BluezWorld) -> str:
    """``backstride scan`` lists all sensors, each with its protocol."""
    code, listed, complaint = await _backstride("scan", "--seconds", "6")
    assert code == 0, complaint
    lines = [line.split() for line in listed.splitlines() if line.startswith("ble:")]
    recognised = {line[0]: line[1] for line in lines}
    assert recognised == {
        f"ble:{address}": "backstride" if name == "backstride" else "movesense"
        for name, address in world.addresses.items()
    }, listed
    return "; ".join(" ".join(line) for line in lines)


async def backstride_streams(world: BluezWorld) -> str:
    """A Backstride, recognised by itself, streams without loss."""
    del world
    return await _streams(BleConnector(name="backstride"), "backstride")


async def movesense_streams(world: BluezWorld) -> str:
    """A Movesense, given by its address, streams without loss."""
    return await _streams(BleConnector(world.addresses["movesense"]), "movesense")


async def pairing_demanded(world: BluezWorld) -> str:
    """A sensor that demands pairing is told of in a sentence, and streams once paired.

    Where nobody answers BlueZ for the user, it waits in vain, and does not say for what.
    """
    address = world.addresses["guarded"]
    sentence = await _sentence(SensorSource(BleConnector(address)).__aenter__())
    assert "pairing" in sentence, sentence
    await world.start_agent()
    streamed = await _streams(BleConnector(address, pair=True), "movesense")
    return f"{sentence} Then {streamed}"


async def links_end_as_they_are_made(world: BluezWorld) -> str:
    """A link that ends twice as it is made is had at the third try."""
    return await _streams(BleConnector(world.addresses["shy"]), "movesense")


async def handles_moved(world: BluezWorld) -> str:
    """A sensor comes back with a new firmware, whose handles are others."""
    source = SensorSource(BleConnector(world.addresses["movesense"]))
    async with source:
        session = Session(source, Receiver(source.info))
        await session.stream(3.0)
        before = len(session.samples())
        world.renew("movesense")
        began_s = time.monotonic()
        await session.follow(lambda: session.heard("resumed") > 0)
        back_s = time.monotonic() - began_s
        await session.stream(5.0)
    came = len(session.samples()) - before
    assert came > 2.0 * source.info.rate_hz, (came, session.events)
    return f"back after {back_s:.1f} s, {came} samples since"


async def lost_and_resumed(world: BluezWorld) -> str:
    """A link that is lost comes back by itself, and every lost sample is counted."""
    source = open_source(f"ble:{world.addresses['backstride']}")
    assert isinstance(source, SensorSource)
    async with source:
        session = Session(source, Receiver(source.info))
        await session.stream(3.0)
        world.lose("backstride")
        began_s = time.monotonic()
        await session.follow(lambda: session.heard("resumed") == 1)
        back_s = time.monotonic() - began_s
        await session.stream(3.0)
    assert [event.kind for event in session.events] == ["connected", "lost", "resumed"]
    losses = session.receiver.losses
    assert losses == Losses(received=len(session.samples()), lost=losses.lost), losses
    steps = np.rint(np.diff(session.samples().time_s) * source.info.rate_hz)
    gaps = steps[steps > 1] - 1
    assert gaps.sum() == losses.lost > 0, (gaps, losses)
    return f"back after {back_s:.1f} s, {losses.lost} samples lost and counted"


async def service_restarted(world: BluezWorld) -> str:
    """A session outlives a restart of BlueZ's daemon."""
    source = SensorSource(BleConnector(world.addresses["movesense"]))
    async with source:
        session = Session(source, Receiver(source.info))
        await session.stream(2.0)
        await world.stop("bluetooth")
        began_s = time.monotonic()
        await session.follow(lambda: session.heard("lost") > 0)
        noticed_s = time.monotonic() - began_s
        await world.start_bluetooth()
        await session.follow(lambda: session.heard("resumed") > 0)
        back_s = time.monotonic() - began_s
        await session.stream(2.0)
    assert noticed_s < 3.0, noticed_s
    assert np.all(np.diff(session.samples().time_s) > 0)
    return f"noticed after {noticed_s:.1f} s, back after {back_s:.1f} s"


async def absent_sensor(_: BluezWorld) -> str:
    """A sensor that is not there is told in a sentence."""
    source = SensorSource(BleConnector("C0:DE:00:00:00:99"))
    return await _sentence(source.__aenter__(), DeviceNotFound)


_CHECKS: Final = (
    no_message_bus,
    no_bluetooth_service,
    adapter_off,
    scan_lists_all,
    backstride_streams,
    movesense_streams,
    lost_and_resumed,
    links_end_as_they_are_made,
    pairing_demanded,
    handles_moved,
    service_restarted,
    absent_sensor,
)


async def _streams(connector: BleConnector, protocol: str) -> str:
    source = SensorSource(connector)
    async with source:
        info = source.info
        session = Session(source, Receiver(info))
        await session.stream(_STREAM_S)
    samples, losses = session.samples(), session.receiver.losses
    assert info.protocol == protocol
    assert losses == Losses(received=len(samples)), losses
    assert len(samples) >= 0.97 * _STREAM_S * info.rate_hz, len(samples)
    assert np.all(np.rint(np.diff(samples.time_s) * info.rate_hz) == 1)
    gravity = float(np.linalg.norm(samples.acceleration_m_s2.mean(axis=0)))
    assert 8.0 < gravity < 12.0, gravity
    return (
        f"{len(samples)} samples at {info.rate_hz:g} Hz, none lost, in {len(session.blocks)} blocks"
    )


async def _sentence(attempt: Awaitable[object], expected: type[DeviceError] = DeviceError) -> str:
    """What the user is told about an attempt that cannot succeed."""
    try:
        result = await attempt
    except expected as error:
        sentence = str(error)
        assert "\n" not in sentence, sentence
        assert sentence.endswith("."), sentence
        return sentence
    raise AssertionError(f"no {expected.__name__} was raised, but {result!r} returned")


async def _backstride(*words: str) -> tuple[int | None, str, str]:
    """The command line, as the user runs it: exit code, output, complaints."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", "from pipelines.cli import main; main()", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await program.communicate()
    return program.returncode, out.decode(), err.decode()


async def _run(root: Path) -> int:
    logging.basicConfig(level=logging.ERROR, stream=sys.stdout)
    failed = 0
    async with BluezWorld(root) as world:
        for check in _CHECKS:
            began_s = time.monotonic()
            name = check.__name__.replace("_", " ")
            try:
                result = await asyncio.wait_for(check(world), _CHECK_S)
            except Exception:
                failed += 1
                print(traceback.format_exc(limit=-3))  # noqa: T201
                print(world.log())  # noqa: T201
                print(f"FAILED {name} ({time.monotonic() - began_s:.1f} s)")  # noqa: T201
            else:
                print(f"ok {name} ({time.monotonic() - began_s:.1f} s): {result}")  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_run(Path(sys.argv[1]))))
