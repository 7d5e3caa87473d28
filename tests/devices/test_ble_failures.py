"""What bleak and the systems below it say, and what a user is told of it."""

from __future__ import annotations

import asyncio

import pytest
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDBusError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)

from devices.addresses import SensorAddress
from devices.ble_failures import in_words, reason_of, translated
from devices.drivers.driver import Conversation
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.simulator.link_params import LinkParams
from devices.simulator.virtual_clock import VirtualClock
from devices.timing.program_clock import SystemClock, within
from imu.errors import DeviceError, DeviceLost, ParameterError
from tests.devices.sessions import Bench, one_sentence, run, scenario, session

#: As people have reported them: the error, words of the cure, whether trying again helps.
REPORTED: list[tuple[Exception, str, bool]] = [
    (BleakDBusError("org.bluez.Error.Failed", ["le-connection-abort-by-local"]), "nearer", True),
    (
        BleakDBusError("org.bluez.Error.InProgress", ["Operation already in progress"]),
        "end other",
        True,
    ),
    (
        BleakDBusError("org.bluez.Error.NotReady", ["Resource Not Ready"]),
        "switch Bluetooth on",
        False,
    ),
    (
        BleakDBusError("org.bluez.Error.AuthenticationFailed", ["Authentication Failed"]),
        "pair=yes",
        False,
    ),
    (
        BleakDBusError("org.freedesktop.DBus.Error.UnknownObject", ["Method does not exist"]),
        "nearer",
        True,
    ),
    (
        BleakDBusError("org.freedesktop.DBus.Error.NoReply", ["Did not receive a reply"]),
        "nearer",
        True,
    ),
    (BleakDBusError("org.freedesktop.DBus.Error.ServiceUnknown", ["x"]), "bluetoothd", False),
    (BleakGATTProtocolError(0x05), "pair=yes", False),
    (BleakGATTProtocolError(0x0F), "pair=yes", False),
    (BleakGATTProtocolError(0x12), "remove it", False),
    (BleakGATTProtocolError(0x01), "remove it", True),
    (BleakGATTProtocolError(0x11), "end other", False),
    (BleakGATTProtocolError(0x03), "GATT Protocol Error Write Not Permitted (3)”", True),
    (BleakError("Could not get GATT services: Unreachable"), "nearer", True),
    (BleakError("Could not get GATT services: Protocol Error 0x05"), "pair=yes", False),
    (BleakError("Could not start notify on 0042: Access Denied"), "end other", False),
    (OSError("[WinError -2147020577] The device is not ready for use"), "nearer", True),
    (OSError("[WinError -2147023673] The operation was canceled by the user"), "nearer", True),
    (OSError("[WinError -2147483629] The object has been closed"), "end other", True),
    (BleakError("Encryption is insufficient."), "pair=yes", False),
    (
        BleakError("Error Domain=CBErrorDomain Code=14 Peer removed pairing information"),
        "remove it",
        False,
    ),
    (BleakError("The specified device has disconnected from us."), "nearer", True),
    (ValueError("Characteristic notifications already started"), "end other", True),
    (AttributeError("'NoneType' object has no attribute 'services'"), "nearer", True),
    (BleakDeviceNotFoundError("AA"), "wake it", True),
    (BleakDBusError("org.bluez.Error.NotPermitted", ["Notify acquired"]), "end other", True),
    (BleakDBusError("org.bluez.Error.NotPermitted", ["Read not permitted"]), "remove the", True),
    (
        BleakDBusError("org.freedesktop.DBus.Error.AccessDenied", ["Rejected send message"]),
        "allow this program",
        False,
    ),
    (
        BleakDBusError("org.bluez.Error.Failed", ["le-connection-concurrent-connection-limit"]),
        "end other",
        False,
    ),
    (BleakError("BLE is not authorized - check macOS privacy settings"), "allow this", False),
    (BleakDBusError("org.bluez.Error.NotPermitted", ["Not paired"]), "pair=yes", False),
    (
        BleakDBusError("org.bluez.Error.NotAuthorized", ["Operation Not Authorized"]),
        "pair=yes",
        False,
    ),
    (BleakError("Failed to start scanner. Is Bluetooth turned on?"), "switch Bluetooth", False),
    (BleakError("Could not pair with device: 19: FAILED"), "pair=yes", False),
    (BleakCharacteristicNotFoundError("1234"), "protocol", False),
    (TimeoutError(), "nearer", True),
    (EOFError(), "nearer", True),
    (BleakError("something quite new"), "“something quite new”", True),
    (FileNotFoundError(2, "No such file or directory"), "switch Bluetooth on", False),
]


@pytest.mark.parametrize(("error", "cure", "passes"), REPORTED, ids=lambda x: str(x)[:40])
def test_each_trouble_gets_its_own_cure(error: Exception, cure: str, passes: bool) -> None:
    told = translated(error, "Clip")
    assert cure in one_sentence(told)
    assert told.may_pass is passes
    assert ":" not in reason_of(told)


def test_only_a_radio_that_is_off_is_to_be_switched_on() -> None:
    switched = [
        str(e) for e, cure, _ in REPORTED if "switch Bluetooth on" in str(translated(e, "x"))
    ]
    # a radio that is not ready, one that may not be on, and two without the system's service
    assert len(switched) == 4
    denied = BleakBluetoothNotAvailableError("no", BleakBluetoothNotAvailableReason.DENIED_BY_USER)
    assert "privacy settings" in str(translated(denied, "x"))


def test_pairing_and_the_adapter_are_part_of_the_address() -> None:
    address = SensorAddress.from_url("ble:?name=H10&pair=yes&adapter=hci1")
    assert (address.pair, address.adapter) == (True, "hci1")
    with pytest.raises(ParameterError, match="yes or no"):
        SensorAddress.from_url("ble:?pair=perhaps")
    with pytest.raises(ParameterError, match="pair"):
        SensorAddress.from_url("serial:COM3?pair=yes")


def test_of_two_with_one_name_the_louder_is_taken() -> None:
    from devices.ble import BleConnector

    async def choose() -> str:
        clock = VirtualClock()
        bench = Bench(clock)
        bench.sensor(scenario("backstride", seed=1), LinkParams(signal_dbm=-88))
        bench.sensor(scenario("backstride", seed=2), LinkParams(signal_dbm=-45))
        connector: Connector = BleConnector(name="backstride", radio=bench.radio)
        course = await session(connector, clock, seconds=4.0)
        return course.info.serial or course.info.name

    async def only(seed: int) -> str:
        clock = VirtualClock()
        course = await session(
            Bench(clock).sensor(scenario("backstride", seed=seed)), clock, seconds=4.0
        )
        return course.info.serial or course.info.name

    assert run(choose()) == run(only(2))


def test_what_is_known_to_pass_is_tried_three_times_at_first() -> None:
    class Moody:
        """Fails so often before it connects."""

        def __init__(self, inner: Connector, failures: int) -> None:
            self.inner, self.left, self.tries = inner, failures, 0

        place = "ble:moody"

        @property
        def driver(self) -> type[Conversation] | None:
            return self.inner.driver

        async def connect(self, inbox: Inbox) -> OpenLink:
            self.tries += 1
            if self.left > 0:
                self.left -= 1
                raise DeviceError("is moody: wait.", source="moody", may_pass=True)
            return await self.inner.connect(inbox)

        async def end(self) -> None:
            await self.inner.end()

    async def attempt(failures: int) -> list[str]:
        clock = VirtualClock()
        moody = Moody(Bench(clock).sensor(scenario("backstride")), failures)
        return (await session(moody, clock, seconds=8.0)).kinds

    assert run(attempt(2)) == ["connected", "ended"]
    with pytest.raises(DeviceError, match="moody"):
        run(attempt(3))


def test_a_request_that_the_backend_cancelled_by_itself_is_a_link_that_is_lost() -> None:
    async def cancelled() -> None:
        raise asyncio.CancelledError

    async def ask(wait: bool) -> None:
        with in_words("the sensor"):
            await within(SystemClock(), 5.0, asyncio.sleep(5.0) if wait else cancelled())

    async def end() -> None:
        asked = asyncio.create_task(ask(wait=True))
        await asyncio.sleep(0)
        asked.cancel()
        await asked

    with pytest.raises(DeviceLost, match="the system broke the link off"):
        asyncio.run(ask(wait=False))
    with pytest.raises(asyncio.CancelledError):  # by who wants it to end
        asyncio.run(end())
