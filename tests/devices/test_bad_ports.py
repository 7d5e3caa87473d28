"""Serial ports in trouble: one sentence that says what to do, and no sample of rubbish."""

from __future__ import annotations

import errno
import os
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import serial

from devices.drivers.registry import driver_named
from devices.inbox import Inbox
from devices.port_holder import holder_of
from devices.protocols.witmotion import RATE_REGISTER
from devices.records import LinkEvent, Packet
from devices.sensor_source import SensorSource
from devices.serial_port import SerialConnector, SerialLink, SerialPort
from devices.simulator.generate import SimulatedRun
from devices.simulator.peripheral import Host
from devices.simulator.peripherals.witmotion import WitMotionPeripheral
from devices.simulator.port import PortParams, PseudoTerminal, TcpPort
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import make_peripheral
from devices.timing.program_clock import ScaledClock, SystemClock
from imu.errors import DeviceError, DeviceLost, DeviceNotFound
from tests.devices.sessions import (
    Course,
    one_sentence,
    run,
    scenario,
    session,
)

if sys.platform != "win32":
    import tty


def opened(place: str, protocol: str = "backstride", baud: int | None = None) -> DeviceError:
    """How a session over this port fails; the program's waits are ten times as short."""

    async def attempt() -> DeviceError:
        clock = ScaledClock(SystemClock(), 10.0)
        connector = SerialConnector(place, driver_named(protocol), baud)
        with pytest.raises(DeviceError) as caught:
            await session(connector, clock, seconds=5.0)
        return caught.value

    return run(attempt())


def test_a_port_that_is_missing_or_is_none_is_said(tmp_path: Path) -> None:
    missing = opened(str(tmp_path / "ttyACM7"))
    assert isinstance(missing, DeviceNotFound)
    assert "there is no such port" in one_sentence(missing)
    file = tmp_path / "notes.txt"
    file.write_text("no port")
    assert str(file) in one_sentence(opened(str(file)))
    if sys.platform != "win32":
        assert f"{file}: is no serial port" in one_sentence(opened(str(file)))
        assert f"{tmp_path}: is no serial port" in one_sentence(opened(str(tmp_path)))
    one_sentence(opened("socket://127.0.0.1:1"))
    one_sentence(opened("socket://nobody"))
    one_sentence(opened("carrier-pigeon://roof"))


@pytest.mark.parametrize(
    ("number", "words"),
    [(errno.EACCES, "no permission"), (errno.EPERM, "no permission"), (errno.EBUSY, "in use")],
)
def test_a_port_that_may_not_be_opened_is_said(
    number: int, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(port: Any) -> None:
        raise serial.SerialException(number, f"could not open port {port.port}")

    monkeypatch.setattr(serial.Serial, "open", refuse)
    assert words in one_sentence(opened("/dev/ttyACM0"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("could not open port 'COM3': PermissionError(13, 'Access is denied.', None, 5)", "permis"),
        ("could not open port 'COM9': FileNotFoundError(2, 'The system cannot find…')", "no such"),
        ("could not open port 'COM4': OSError(22, 'The semaphore timeout period…')", "cannot be"),
    ],
)
def test_what_windows_says_is_understood(
    text: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_port: Any) -> None:
        raise serial.SerialException(text)

    monkeypatch.setattr(serial.Serial, "open", refuse)
    assert words in one_sentence(opened("COM3"))


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
@pytest.mark.parametrize("protocol", ["backstride", "shimmer3", "witmotion"])
def test_the_wrong_speed_is_one_sentence_and_no_sample(protocol: str) -> None:
    async def listen() -> DeviceError:
        clock = ScaledClock(SystemClock(), 10.0)
        each = scenario(protocol, link="serial", seconds=60.0)
        sensor = make_peripheral(each, clock)
        async with PseudoTerminal(sensor, PortParams(baud_rate=230_400)) as port:
            connector = SerialConnector(port.address, driver_named(protocol), 57_600)
            with pytest.raises(DeviceError) as caught:
                await session(connector, clock, seconds=5.0)
        return caught.value

    assert "?baud=" in one_sentence(run(listen()))


@pytest.mark.parametrize("held_s", [12.0, 60.0])
def test_a_port_that_modemmanager_looks_at_is_waited_for(
    held_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = VirtualClock()
    monkeypatch.setattr("devices.serial_port.holder_of", lambda _: "ModemManager")

    async def open_port(path: str, _baud_rate: int) -> Any:
        if clock.monotonic_ns() < held_s * 1e9:
            raise DeviceError("is in use.", source=path, may_pass=True)
        return None

    monkeypatch.setattr("devices.serial_port.open_port", open_port)
    inbox = Inbox(clock)
    connector = SerialConnector("/dev/ttyACM0", driver_named("backstride"), 115_200)
    if held_s < 30.0:
        run(connector._opened(inbox, 115_200))
        assert "ModemManager has the port" in inbox.doing
    else:
        with pytest.raises(DeviceError, match=r"in use by ModemManager.*stop that"):
            run(connector._opened(inbox, 115_200))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells who has a port")
def test_the_program_that_has_a_port_is_named(tmp_path: Path) -> None:
    port = tmp_path / "ttyACM0"
    with port.open("w"):
        assert holder_of(str(port)) == Path("/proc/self/comm").read_text().strip()
    assert holder_of(str(port)) in {"", "ModemManager"}


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
def test_a_port_that_another_program_has_is_in_use() -> None:
    async def share() -> DeviceError:
        clock = ScaledClock(SystemClock(), 10.0)
        sensor = make_peripheral(scenario("backstride", link="serial"), clock)
        async with PseudoTerminal(sensor) as port:
            with (
                serial.Serial(port.address, 115_200, exclusive=True),
                pytest.raises(DeviceError) as caught,
            ):
                await session(
                    SerialConnector(port.address, driver_named("backstride"), 115_200),
                    clock,
                    seconds=5.0,
                )
        return caught.value

    assert "is in use" in one_sentence(run(share()))


def test_a_port_that_is_unplugged_ends_the_session_in_one_sentence() -> None:
    async def pull() -> Course:
        clock = ScaledClock(SystemClock(), 10.0)
        sensor = make_peripheral(scenario("backstride", link="serial", seconds=60.0), clock)
        async with TcpPort(sensor, PortParams(unplug_after_s=1.0)) as port:
            connector = SerialConnector(port.address, driver_named("backstride"), 230_400)
            return await session(connector, clock, seconds=60.0, give_up_s=3.0)

    course = run(pull())
    assert isinstance(course.error, DeviceLost)
    one_sentence(course.error)
    assert len(course.samples) > 200


class _Ports:
    """The ports of a computer: which there are, and which of them opens."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *ports: SerialPort) -> None:
        self.there = list(ports)
        self.opened: list[str] = []
        monkeypatch.setattr("devices.serial_port.serial_ports", lambda: list(self.there))
        monkeypatch.setattr("devices.serial_port._open", self._open)

    def _open(self, path: str, baud_rate: int) -> Any:
        if path not in [port.path for port in self.there]:
            raise DeviceNotFound("there is no such port: plug the sensor in.", source=path)
        self.opened.append(path)
        return serial.serial_for_url("loop://", baudrate=baud_rate, timeout=0.01)


async def _opens(connector: SerialConnector) -> str:
    link = await connector.connect(Inbox(SystemClock()))
    await link.close()
    return link.name


@pytest.mark.parametrize("serial_number", ["A1", ""])
def test_a_port_that_comes_back_under_another_number_is_found(
    serial_number: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usb = "239a:8029"
    ports = _Ports(monkeypatch, SerialPort("/dev/ttyACM0", usb_id=usb, serial_number=serial_number))
    connector = SerialConnector("/dev/ttyACM0", driver_named("backstride"), 115_200)
    assert run(_opens(connector)) == "/dev/ttyACM0"
    ports.there = [
        SerialPort("/dev/ttyUSB0", usb_id="0403:6001"),
        SerialPort("/dev/ttyACM1", usb_id=usb, serial_number=serial_number),
    ]
    assert run(_opens(connector)) == "/dev/ttyACM1"
    assert connector.place == "serial:/dev/ttyACM1"


def test_a_port_that_is_another_device_now_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    usb, path = "239a:8029", "/dev/ttyACM0"
    ports = _Ports(monkeypatch, SerialPort(path, usb_id=usb, serial_number="A1"))
    connector = SerialConnector(path, driver_named("backstride"), 115_200)
    run(_opens(connector))
    ports.there = [SerialPort(path, usb_id=usb, serial_number="A2")]
    with pytest.raises(DeviceNotFound, match="another device is at this port now"):
        run(_opens(connector))
    ports.there.append(SerialPort("/dev/ttyACM1", usb_id=usb, serial_number="A1"))
    assert run(_opens(connector)) == "/dev/ttyACM1"
    assert ports.opened == [path, "/dev/ttyACM1"]


def test_of_two_that_are_alike_none_is_taken_for_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    usb = "239a:8029"
    ports = _Ports(monkeypatch, SerialPort("/dev/ttyACM0", usb_id=usb))
    connector = SerialConnector("/dev/ttyACM0", driver_named("backstride"), 115_200)
    run(_opens(connector))
    ports.there = [SerialPort(f"/dev/ttyACM{k}", usb_id=usb) for k in (1, 2)]
    with pytest.raises(DeviceNotFound, match="no such port"):
        run(_opens(connector))


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
@pytest.mark.parametrize(
    ("baud", "driver", "seconds", "told"),
    [
        (None, None, 20.0, ["it is listened to at 230400, ", "nothing comes, so it is asked"]),
        (115_200, "backstride", 7.0, ["nothing has come from it so far: check the cable"]),
    ],
)
def test_a_port_that_says_nothing_is_told_while_it_is_tried_and_given_up_soon(
    baud: int | None, driver: str | None, seconds: float, told: list[str]
) -> None:
    said: list[str] = []

    async def listen() -> tuple[DeviceError, float]:
        clock = ScaledClock(SystemClock(), 20.0)
        connector = SerialConnector(
            os.ttyname(port), driver_named(driver) if driver else None, baud
        )
        with pytest.raises(DeviceError) as caught:
            async with SensorSource(connector, clock=clock, tell=said.append):
                pass
        return caught.value, clock.monotonic_ns() * 1e-9

    other_end, port = os.openpty()
    try:
        tty.setraw(port)
        error, passed_s = run(listen())
    finally:
        os.close(other_end)
        os.close(port)
    assert "check the cable" in one_sentence(error)
    for words, expected in zip(said, told, strict=True):
        assert expected in words
    assert passed_s < 2.0 * seconds  # a busy computer is late


class _OnlyAsked(WitMotionPeripheral):
    """One that was set to send when it is asked alone, until it is set to a rate."""

    async def _send(self, host: Host) -> None:
        delivered = self.registers[RATE_REGISTER]
        while self.registers[RATE_REGISTER] == delivered:
            await self._stream.clock.sleep(0.05)
        await super()._send(host)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
def test_a_witmotion_that_sends_only_when_it_is_asked_is_recognised() -> None:
    clock = ScaledClock(SystemClock(), 10.0)
    sensor = _OnlyAsked(SimulatedRun(scenario("witmotion")), clock, link="serial")

    async def listen() -> None:
        async with PseudoTerminal(sensor) as port:
            connector = SerialConnector(port.address, driver_named("witmotion"))
            link = await connector.connect(Inbox(clock))
            await link.close()

    run(listen())


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
def test_a_sensor_that_is_silent_until_it_is_asked_is_recognised() -> None:
    clock = ScaledClock(SystemClock(), 10.0)
    sensor = make_peripheral(scenario("shimmer3", link="serial", seconds=60.0), clock)

    async def listen() -> str:
        async with (
            PseudoTerminal(sensor) as port,
            SensorSource(SerialConnector(port.address), clock=clock) as source,
        ):
            return source.info.protocol

    assert run(listen()) == "shimmer3"


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo terminals")
@pytest.mark.parametrize("call", ["read", "write", "reset_input_buffer"])
def test_whatever_a_port_raises_its_link_is_lost_and_comes_back(
    call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As termios does, whose error is no OSError, when a cable is pulled."""
    import termios

    usual, left = getattr(serial.Serial, call), [0]

    def failing(port: Any, *arguments: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise termios.error(5, "Input/output error")
        return usual(port, *arguments)

    monkeypatch.setattr(serial.Serial, call, failing)
    clock = ScaledClock(SystemClock(), 10.0)
    sensor = make_peripheral(scenario("backstride", link="serial"), clock)

    async def course() -> list[str]:
        kinds: list[str] = []
        async with PseudoTerminal(sensor) as port:
            connector = SerialConnector(port.address, driver_named("backstride"), 115_200)
            async with SensorSource(connector, clock=clock) as source:
                left[0] = 1
                link = source._link
                assert isinstance(link, SerialLink)
                await link.change_baud_rate(115_200)
                with suppress(DeviceError):
                    await link.write("bytes", b"")
                async for record in source:
                    kinds += [record.kind] if isinstance(record, LinkEvent) else []
                    # a change of speed that fails is no loss: the reader sees whether it is one
                    if "resumed" in kinds or (kinds and call == "reset_input_buffer"):
                        break
        return kinds

    whole = ["connected", "lost", "resumed"]
    assert run(course()) == (whole[:1] if call == "reset_input_buffer" else whole)


class _Waiting:
    """A port in which bytes wait until they are read, or dropped."""

    def __init__(self) -> None:
        self.baudrate, self.waiting = 9600, b""
        self.read_on = threading.Event()

    @property
    def in_waiting(self) -> int:
        return len(self.waiting)

    def read(self, count: int) -> bytes:
        if not self.read_on.wait(0.01):
            return b""
        taken, self.waiting = self.waiting[:count], self.waiting[count:]
        return taken

    def reset_input_buffer(self) -> None:
        self.waiting = b""

    def close(self) -> None: ...


def test_what_waited_at_another_speed_is_dropped() -> None:
    """It makes no sense, and is not part of the session that begins with the new speed."""

    async def heard() -> list[bytes]:
        port: Any = _Waiting()
        link = SerialLink(Inbox(SystemClock()), port, "/dev/ttyACM0")
        port.waiting, inbox = b"of the speed before", Inbox(SystemClock())
        link.begin(inbox, 115_200)
        assert link.baud_rate == 115_200
        port.waiting += b"now"
        port.read_on.set()
        first = await inbox.get()
        await link.close()
        return [each.payload for each in (first, *inbox.waiting()) if isinstance(each, Packet)]

    assert b"".join(run(heard())) == b"now"


def test_finding_out_what_a_sensor_speaks_opens_its_port_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ports = _Ports(monkeypatch, SerialPort("/dev/ttyACM0"))

    async def listen() -> None:
        with pytest.raises(DeviceError, match="nothing known is heard"):
            await SerialConnector("/dev/ttyACM0").connect(Inbox(ScaledClock(SystemClock(), 200.0)))

    run(listen())
    assert ports.opened == ["/dev/ttyACM0"]
