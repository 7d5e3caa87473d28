"""The virtual serial port: what pyserial reads from it, in real time, in another thread."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, TypeVar

import pytest
import serial

from devices.simulator.peripheral import BYTES_CHANNEL, Host
from devices.simulator.port import PortParams, PseudoTerminal, TcpPort, VirtualPort
from devices.timing.program_clock import SystemClock
from imu.errors import DeviceError, ParameterError
from tests.devices.counting_peripheral import CountingPeripheral, number_of

T = TypeVar("T")

BYTES = 8  # a count's length on the line

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
KINDS: list[Any] = [TcpPort, pytest.param(PseudoTerminal, marks=posix)]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a hang is a failure."""
    return asyncio.run(asyncio.wait_for(work, 20))


def counter(rate_hz: float, *, count_max: int = 1 << 31) -> CountingPeripheral:
    return CountingPeripheral(
        SystemClock(),
        rate_hz=rate_hz,
        payload_bytes=BYTES,
        memory=1 << 30,
        count_max=count_max,
        serial=True,
    )


class OnceAsked(CountingPeripheral):
    """Counts to a number, as fast as the line goes, once the program has said something."""

    def __init__(self, count: int) -> None:
        super().__init__(
            SystemClock(),
            rate_hz=1e6,
            payload_bytes=BYTES,
            memory=1 << 30,
            count_max=count,
            serial=True,
        )

    async def serve(self, host: Host) -> None:
        await host.receive()
        await super().serve(host)


async def ask_and_read(address: str) -> bytes:
    """All that comes until it is quiet, without pyserial, which opens and closes slowly."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(b"?")
    heard = bytearray()
    with contextlib.suppress(TimeoutError):
        while chunk := await asyncio.wait_for(reader.read(4096), 0.1):
            heard += chunk
    writer.close()
    return bytes(heard)


def read_for(port: serial.SerialBase, seconds: float) -> bytes:
    """Everything that comes in this time."""
    heard, end_s = bytearray(), time.monotonic() + seconds
    while (left_s := end_s - time.monotonic()) > 0:
        port.timeout = min(left_s, 0.05)
        heard += port.read(256)
    return bytes(heard)


def numbers_in(heard: bytes) -> list[int]:
    return [number_of(heard[at : at + 4]) for at in range(0, len(heard) - BYTES + 1, BYTES)]


async def listen(port: VirtualPort, seconds: float, *, baud_rate: int = 115_200) -> bytes:
    """Open the port in a thread as a program does, and read."""

    def read() -> bytes:
        with serial.serial_for_url(port.address, baudrate=baud_rate) as line:
            return read_for(line, seconds)

    return await asyncio.to_thread(read)


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_reads_every_byte_in_order(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> bytes:
        async with kind(counter(4000, count_max=1500)) as port:
            return await listen(port, 0.6)

    numbers = numbers_in(run(count()))
    # a program that opens a terminal discards what has come so far
    assert numbers == list(range(numbers[0], 1500))
    assert len(numbers) > 1000


@pytest.mark.parametrize("kind", KINDS)
def test_the_sensor_hears_what_the_program_writes(kind: Callable[..., VirtualPort]) -> None:
    def ask(address: str) -> bytes:
        with serial.serial_for_url(address, timeout=5) as line:
            line.write(b"hello")
            return bytes(line.read(5))

    async def talk() -> bytes:
        async with kind(counter(1, count_max=0)) as port:
            return await asyncio.to_thread(ask, port.address)

    assert run(talk()) == b"hello"


@pytest.mark.parametrize("kind", KINDS)
def test_pulling_the_cable_is_an_error_for_whoever_reads(kind: Callable[..., VirtualPort]) -> None:
    async def pull() -> float:
        sensor = counter(200)
        async with kind(sensor, PortParams(unplug_after_s=0.4)) as port:
            before = time.monotonic()
            with pytest.raises(serial.SerialException):
                await listen(port, 10)
            await asyncio.sleep(0)
            assert not sensor.serving
            port.unplug()  # nothing more happens
            with pytest.raises(serial.SerialException):
                await listen(port, 1)
            return time.monotonic() - before

    assert 0.3 < run(pull()) < 3


@pytest.mark.parametrize("kind", KINDS)
def test_the_port_can_be_opened_again(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> list[bytes]:
        async with kind(counter(1000)) as port:
            return [await listen(port, 0.2) for _ in range(2)]

    for heard in run(count()):
        assert len(heard) > 500


@pytest.mark.parametrize("kind", KINDS)
def test_a_uart_sends_no_faster_than_its_speed(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> int:
        params = PortParams(baud_rate=9600)
        async with kind(counter(100_000), params) as port:
            return len(await listen(port, 0.5, baud_rate=9600))

    assert 300 < run(count()) <= 520  # 960 bytes/s


@pytest.mark.parametrize("kind", KINDS)
def test_a_uart_does_not_wait_for_a_host_that_is_away(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> tuple[int, list[int]]:
        sensor = counter(5000)
        async with kind(sensor, PortParams(baud_rate=921_600)) as port:
            await asyncio.sleep(1.5)  # 60 000 bytes that nobody reads
            lost = port.overflowed_bytes
            return lost, numbers_in(await listen(port, 0.2, baud_rate=921_600))

    lost, numbers = run(count())
    assert lost > 10_000
    assert max(numbers) >= 3000, "what comes now is new"


@posix
def test_the_wrong_speed_gives_garbage_and_the_right_one_does_not() -> None:
    async def count(host_baud_rate: int) -> list[int]:
        async with PseudoTerminal(counter(500), PortParams(baud_rate=115_200)) as port:
            return numbers_in(await listen(port, 0.4, baud_rate=host_baud_rate))

    right, wrong = run(count(115_200)), run(count(9600))
    assert right == list(range(right[0], right[0] + len(right)))
    assert len(wrong) > 50
    assert max(wrong) > 1 << 20


def test_faults_come_as_often_as_asked_and_the_same_by_seed() -> None:
    async def count(params: PortParams) -> bytes:
        async with TcpPort(OnceAsked(1000), params) as port:
            return await ask_and_read(port.address)

    changed = numbers_in(run(count(PortParams(corrupt_percent=20, seed=3))))
    assert len(changed) == 1000
    # half of the damaged bytes are in the padding
    assert 50 < sum(number != k for k, number in enumerate(changed)) < 150
    lost = run(count(PortParams(lose_percent=20)))
    assert 8000 - 600 < len(lost) < 8000 - 300
    noisy = run(count(PortParams(garbage_percent=20)))
    assert 8000 + 2400 < len(noisy) < 8000 + 4200
    assert run(count(PortParams(garbage_percent=20))) == noisy
    assert run(count(PortParams(garbage_percent=20, seed=1))) != noisy


def test_noise_can_be_put_between_two_messages() -> None:
    async def count() -> bytes:
        async with TcpPort(OnceAsked(0)) as port:
            reading = asyncio.ensure_future(listen(port, 0.4))
            await asyncio.sleep(0.2)  # what comes while a program opens the port is discarded
            await port.inject(b"\x00\xff noise")
            return await reading

    assert run(count()) == b"\x00\xff noise"


def test_a_second_program_finds_the_port_in_use() -> None:
    def second(address: str) -> bytes:
        with serial.serial_for_url(address, timeout=1) as line:
            return bytes(line.read(1))

    async def both() -> int:
        async with TcpPort(counter(200)) as port:
            first = asyncio.ensure_future(listen(port, 0.6))
            await asyncio.sleep(0.2)
            with pytest.raises(serial.SerialException):
                await asyncio.to_thread(second, port.address)
            return len(await first)

    assert run(both()) > 500


def test_a_sensor_that_crashes_takes_the_port_with_it() -> None:
    class Crashing(CountingPeripheral):
        async def serve(self, host: Host) -> None:
            host.set_value(BYTES_CHANNEL, b"")
            await asyncio.sleep(0.1)
            raise ZeroDivisionError

    async def crash() -> list[dict[str, Any]]:
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        async with TcpPort(Crashing(SystemClock(), serial=True)) as port:
            with pytest.raises(serial.SerialException):
                await listen(port, 5)
        return told

    (told,) = run(crash())
    assert isinstance(told["exception"], ZeroDivisionError)


@pytest.mark.parametrize(
    "make",
    [
        partial(PortParams, baud_rate=100),
        partial(PortParams, corrupt_percent=-1),
        partial(PortParams, unplug_after_s=0),
    ],
)
def test_properties_outside_their_range_are_refused(make: Callable[[], PortParams]) -> None:
    with pytest.raises(ParameterError):
        make()


def test_without_pseudo_terminals_the_error_says_what_to_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def plug() -> None:
        monkeypatch.setattr(sys, "platform", "win32")
        async with PseudoTerminal(counter(1)):
            pass

    with pytest.raises(DeviceError, match="TCP port"):
        run(plug())
