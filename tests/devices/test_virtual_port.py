"""The virtual serial port: what pyserial reads from it, in real time, in another thread."""

from __future__ import annotations

import asyncio
import sys
import threading
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
from tests.patience import HANG_S

T = TypeVar("T")

BYTES = 8  # a count's length on the line

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo terminals")
KINDS: list[Any] = [TcpPort, pytest.param(PseudoTerminal, marks=posix)]


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a hang is a failure."""
    return asyncio.run(asyncio.wait_for(work, HANG_S))


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


async def ask_and_read(address: str, sensor: OnceAsked) -> bytes:
    """All that comes, without pyserial, which opens and closes slowly."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
    writer.write(b"?")
    heard, quiet = bytearray(), 0
    while quiet < 2:  # it has sent all, and nothing more has come
        try:
            heard += await asyncio.wait_for(reader.read(4096), 0.05)
        except TimeoutError:
            quiet += sensor.has_counted
    writer.close()
    return bytes(heard)


def read_until(port: serial.SerialBase, enough: Callable[[bytes], bool]) -> bytes:
    """Read until what has come is enough; a sensor that falls silent before is a failure."""
    heard, end_s = bytearray(), time.monotonic() + HANG_S
    port.timeout = 0.05
    while not enough(bytes(heard)):
        heard += port.read(256)
        assert time.monotonic() < end_s, bytes(heard)
    return bytes(heard)


def ends_with(number: int) -> Callable[[bytes], bool]:
    """Whether a count is the last that has come."""
    return lambda heard: numbers_in(heard[-BYTES:]) == [number] and len(heard) % BYTES == 0


def numbers_in(heard: bytes) -> list[int]:
    return [number_of(heard[at : at + 4]) for at in range(0, len(heard) - BYTES + 1, BYTES)]


async def listen(
    port: VirtualPort,
    enough: int | Callable[[bytes], bool],
    *,
    baud_rate: int = 115_200,
    say: bytes = b"",
) -> bytes:
    """Open the port in a thread as a program does; read so many bytes, or until that is true."""

    def read() -> bytes:
        with serial.serial_for_url(port.address, baudrate=baud_rate) as line:
            line.write(say)
            done = enough if callable(enough) else lambda heard: len(heard) >= enough
            return read_until(line, done)

    return await asyncio.to_thread(read)


@pytest.mark.parametrize("kind", KINDS)
def test_a_program_reads_every_byte_in_order(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> bytes:
        async with kind(counter(4000, count_max=1500)) as port:
            return await listen(port, ends_with(1499))

    numbers = numbers_in(run(count()))
    # a program that opens a terminal discards what has come so far
    assert numbers == list(range(numbers[0], 1500))


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
                await listen(port, 1 << 30)
            await asyncio.sleep(0)
            assert not sensor.serving
            port.unplug()  # nothing more happens
            with pytest.raises(serial.SerialException):
                await listen(port, 1)
            return time.monotonic() - before

    assert run(pull()) > 0.3


@pytest.mark.parametrize("kind", KINDS)
def test_the_port_can_be_opened_again(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> list[bytes]:
        async with kind(counter(1000)) as port:
            return [await listen(port, 500) for _ in range(2)]

    for heard in run(count()):
        assert len(heard) >= 500


@pytest.mark.parametrize("kind", KINDS)
def test_a_uart_sends_no_faster_than_its_speed(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> tuple[int, float]:
        params = PortParams(baud_rate=9600)
        async with kind(counter(100_000), params) as port:
            before_s = time.monotonic()
            heard = await listen(port, 300, baud_rate=9600)
            return len(heard), time.monotonic() - before_s

    heard, passed_s = run(count())
    assert 300 <= heard <= 960 * passed_s + 40  # 960 bytes/s


@pytest.mark.parametrize("kind", KINDS)
def test_a_uart_does_not_wait_for_a_host_that_is_away(kind: Callable[..., VirtualPort]) -> None:
    async def count() -> list[int]:
        async with kind(counter(5000), PortParams(baud_rate=921_600)) as port:
            while port.overflowed_bytes < 10_000:  # that nobody reads
                await asyncio.sleep(0.05)
            return numbers_in(await listen(port, 8000, baud_rate=921_600))

    assert 10_000 / BYTES < run(count())[-1] < 1 << 20, "what comes now is new"


@posix
def test_the_wrong_speed_gives_garbage_and_the_right_one_does_not() -> None:
    async def count(host_baud_rate: int) -> list[int]:
        async with PseudoTerminal(counter(500), PortParams(baud_rate=115_200)) as port:
            return numbers_in(await listen(port, 800, baud_rate=host_baud_rate))

    right, wrong = run(count(115_200)), run(count(9600))
    assert right == list(range(right[0], right[0] + len(right)))
    assert max(wrong) > 1 << 20


def test_noise_can_be_put_between_two_messages() -> None:
    async def count() -> bytes:
        sensor = OnceAsked(0)
        async with TcpPort(sensor) as port:
            reading = asyncio.ensure_future(listen(port, 8, say=b"?"))
            while not sensor.serving:  # what comes while a program opens the port is discarded
                await asyncio.sleep(0.01)
            await port.inject(b"\x00\xff noise")
            return await reading

    assert run(count()) == b"\x00\xff noise"


def test_a_second_program_finds_the_port_in_use() -> None:
    def second(address: str) -> bytes:
        with serial.serial_for_url(address, timeout=1) as line:
            return bytes(line.read(1))

    async def both() -> int:
        async with TcpPort(counter(200)) as port:
            opened, refused = threading.Event(), threading.Event()

            def go_on(heard: bytes) -> bool:
                if heard:
                    opened.set()
                return refused.is_set() and len(heard) > 500

            first = asyncio.ensure_future(listen(port, go_on))
            await asyncio.to_thread(opened.wait, HANG_S)
            with pytest.raises(serial.SerialException):
                await asyncio.to_thread(second, port.address)
            refused.set()
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
                await listen(port, 1)
        return told

    (told,) = run(crash())
    assert isinstance(told["exception"], ZeroDivisionError)


@pytest.mark.parametrize(
    "make",
    [
        partial(PortParams, baud_rate=100),
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
