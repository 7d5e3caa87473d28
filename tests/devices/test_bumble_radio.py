"""The radio by bumble: bleak's client and scanner over virtual controllers.

In the time of the event loop, which bumble keeps; one slow test asks for real time.
"""

from __future__ import annotations

import asyncio
import builtins
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, TypeVar

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import BleakDeviceNotFoundError, BleakError, BleakGATTProtocolError

from devices.ble import BleConnector, Radio
from devices.drivers.driver import Wanted
from devices.receiver import Receiver
from devices.records import LinkEvent
from devices.sensor_source import SensorSource
from devices.simulator.bumble_backend import bumble_backend
from devices.simulator.bumble_radio import BumbleRadio, BumbleSensor
from devices.simulator.generate import SimulatedRun
from devices.simulator.peripherals.movesense import MovesensePeripheral
from devices.simulator.scenario import Scenario
from imu.errors import DeviceError, ParameterError
from tests.devices.counting_peripheral import (
    CONTROL,
    COUNT,
    ECHO,
    SERVICE,
    VALUE,
    CountingPeripheral,
    number_of,
)
from tests.virtual_loop import LoopClock, run_in_virtual_time

pytest.importorskip("bumble")

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a hang is a failure."""
    return run_in_virtual_time(work, longest_s=60.0)


@asynccontextmanager
async def one_sensor(
    rate_hz: float = 50.0, payload_bytes: int = 20, **properties: Any
) -> AsyncIterator[tuple[BumbleRadio, BumbleSensor, BLEDevice]]:
    sensor = CountingPeripheral(LoopClock(), rate_hz=rate_hz, payload_bytes=payload_bytes)
    async with BumbleRadio() as radio:
        placed = await radio.place(sensor, **properties)
        yield radio, placed, BLEDevice(placed.address, "Counter 1", None)


def client_of(radio: BumbleRadio, device: BLEDevice, **options: Any) -> BleakClient:
    return BleakClient(device, backend=bumble_backend(radio).client, **options)


def now_s() -> float:
    return asyncio.get_running_loop().time()


async def until(condition: Callable[[], object], seconds: float = 5.0) -> None:
    end_s = now_s() + seconds
    while not condition() and now_s() < end_s:
        await asyncio.sleep(0.01)
    assert condition()


def test_a_scan_tells_name_and_services_once_each() -> None:
    async def scan() -> None:
        async with one_sensor() as (radio, placed, _):
            scanner = bumble_backend(radio).scanner
            found = await BleakScanner.find_device_by_name("Counter 1", 5, backend=scanner)
            assert found is not None
            assert found.address == placed.address
            heard = await BleakScanner.discover(0.2, return_adv=True, backend=scanner)
            _, advertisement = heard[placed.address]
            assert advertisement.local_name == "Counter 1"
            assert advertisement.service_uuids == [SERVICE]
            other = await BleakScanner.discover(0.2, service_uuids=[ECHO], backend=scanner)
            assert other == []

    run(scan())


def test_services_values_writes_and_indications() -> None:
    async def talk() -> list[bytes]:
        echoes = list[bytes]()
        async with (
            one_sensor(notification_bytes_max=100) as (radio, _, device),
            client_of(radio, device) as client,
        ):
            assert client.mtu_size == 103
            service = client.services.get_service(SERVICE)
            assert service is not None
            properties = {c.uuid: set(c.properties) for c in service.characteristics}
            assert properties == {COUNT: {"notify"}, ECHO: {"indicate"}} | {
                CONTROL: {"read", "write", "write-without-response"}
            }
            assert service.characteristics[0].max_write_without_response_size == 100
            assert await client.read_gatt_char(CONTROL) == VALUE
            await client.start_notify(ECHO, lambda _, data: echoes.append(bytes(data)))
            await client.write_gatt_char(CONTROL, b"one", response=True)
            await client.write_gatt_char(CONTROL, b"two", response=False)
            await until(lambda: len(echoes) == 2)
            await client.write_gatt_char(CONTROL, bytes(300), response=True)  # a long write
            await until(lambda: len(echoes) == 3)
            await client.stop_notify(ECHO)
            await client.write_gatt_char(CONTROL, b"three", response=True)
            await asyncio.sleep(0.05)
        return echoes

    assert run(talk()) == [b"one", b"two", bytes(100)]  # an indication is cut as well


async def a_thousand_a_second(seconds: float) -> list[bytes]:
    """What is heard in this time of a sensor that sends so often."""
    payloads = list[bytes]()
    async with (
        one_sensor(rate_hz=1000, payload_bytes=244) as (radio, _, device),
        client_of(radio, device) as client,
    ):
        await client.start_notify(COUNT, lambda _, data: payloads.append(bytes(data)))
        await asyncio.sleep(seconds)
        await client.stop_notify(COUNT)
    assert {len(payload) for payload in payloads} == {244}
    numbers = [number_of(payload) for payload in payloads]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return payloads


def test_a_thousand_notifications_a_second_arrive_whole_and_in_order() -> None:
    assert len(run(a_thousand_a_second(3.0))) >= 2_990


@pytest.mark.slow
def test_a_thousand_notifications_a_second_arrive_in_real_time_too() -> None:
    begin_cpu_s = time.process_time()
    payloads = asyncio.run(a_thousand_a_second(3.0))
    assert len(payloads) >= 2_970
    assert time.process_time() - begin_cpu_s < 3.0


def test_packets_wait_for_the_connection_event() -> None:
    async def count() -> list[float]:
        arrivals = list[float]()
        async with (
            one_sensor(rate_hz=400, connection_interval_ms=50) as (radio, _, device),
            client_of(radio, device) as client,
        ):
            await client.start_notify(COUNT, lambda *_: arrivals.append(now_s()))
            await asyncio.sleep(0.6)
        return arrivals

    arrivals = run(count())
    bursts = 1 + sum(b - a > 0.025 for a, b in pairwise(arrivals))
    assert 8 <= bursts <= 14
    assert len(arrivals) > 100  # many packets in each


def test_a_notification_longer_than_the_mtu_is_cut() -> None:
    async def count() -> set[int]:
        lengths = set[int]()
        async with (
            one_sensor(payload_bytes=64, notification_bytes_max=20) as (radio, _, device),
            client_of(radio, device) as client,
        ):
            await client.start_notify(COUNT, lambda _, data: lengths.add(len(data)))
            await until(lambda: lengths)
        return lengths

    assert run(count()) == {20}


def test_a_refusal_reaches_the_program_with_its_code() -> None:
    async def ask() -> None:
        async with (
            one_sensor(att_errors={CONTROL: 0x05}) as (radio, _, device),
            client_of(radio, device) as client,
        ):
            with pytest.raises(BleakGATTProtocolError) as refused:
                await client.read_gatt_char(CONTROL)
            assert refused.value.code == 0x05
            with pytest.raises(BleakGATTProtocolError) as no_read:
                await client.read_gatt_char(COUNT)
            assert no_read.value.code == 0x02
            with pytest.raises(BleakError, match="does not support notifications"):
                await client.start_notify(CONTROL, lambda *_: None)

    run(ask())


def test_an_absent_sensor_is_an_error_in_time_and_the_host_goes_on() -> None:
    async def ask() -> float:
        async with one_sensor() as (radio, _, device):
            gone = BLEDevice("C0:00:00:00:00:99", None, None)
            before_s = now_s()
            with pytest.raises(TimeoutError):
                await client_of(radio, gone, timeout=0.2).connect()
            with pytest.raises(BleakDeviceNotFoundError):
                await BleakClient(
                    "C0:00:00:00:00:99", backend=bumble_backend(radio).client, timeout=0.2
                ).connect()
            passed_s = now_s() - before_s
            async with client_of(radio, device) as client:
                assert client.is_connected
            return passed_s

    assert run(ask()) == pytest.approx(0.4, abs=0.1)


def test_a_cancelled_attempt_leaves_the_host_free() -> None:
    async def ask() -> None:
        async with one_sensor() as (radio, _, device):
            gone = BLEDevice("C0:00:00:00:00:99", None, None)
            for delay_s in (0.0, 0.001, 0.1):
                attempt = asyncio.ensure_future(client_of(radio, gone).connect())
                await asyncio.sleep(delay_s)
                attempt.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await attempt
            async with client_of(radio, device) as client:
                assert client.is_connected

    run(ask())


def test_a_lost_link_is_told_and_a_new_client_goes_on() -> None:
    async def lose() -> tuple[list[int], list[BleakClient]]:
        numbers, ends = list[int](), list[BleakClient]()

        def count(_: object, data: bytearray) -> None:
            numbers.append(number_of(bytes(data)))

        async with one_sensor(rate_hz=200) as (radio, placed, device):
            client = client_of(radio, device, disconnected_callback=ends.append)
            await client.connect()
            await client.start_notify(COUNT, count)
            await until(lambda: len(numbers) > 20)
            placed.lose()
            await until(lambda: not client.is_connected)
            assert ends == [client]
            with pytest.raises(BleakError):
                _ = client.services
            with pytest.raises(BleakError, match="Not connected"):
                await client.start_notify(COUNT, count)
            last = numbers[-1]
            again = client_of(radio, device, disconnected_callback=ends.append)
            await again.connect()
            await again.start_notify(COUNT, count)
            await until(lambda: numbers[-1] > last)
            await again.disconnect()
            return numbers, ends

    numbers, ends = run(lose())
    assert numbers == sorted(set(numbers))
    assert len(ends) == 2  # the loss, and our own disconnect


def test_a_link_lost_during_a_request_is_an_error_and_no_cancellation() -> None:
    async def lose() -> None:
        async with (
            one_sensor(connection_interval_ms=500) as (radio, placed, device),
        ):
            client = client_of(radio, device)
            placed.link.intervals_s[placed.address] = 0  # discovery need not take its time
            await client.connect()
            placed.link.intervals_s[placed.address] = 0.5
            asking = asyncio.ensure_future(client.read_gatt_char(CONTROL))
            await asyncio.sleep(0.02)
            placed.lose()
            with pytest.raises(BleakError, match="disconnected"):
                await asking

    run(lose())


def into(numbers: list[int]) -> Callable[[object, bytearray], None]:
    return lambda _, data: numbers.append(number_of(bytes(data)))


def test_two_sensors_at_once_do_not_mix() -> None:
    async def count() -> dict[str, list[int]]:
        numbers: dict[str, list[int]] = {}
        async with one_sensor() as (radio, first, _):
            second = await radio.place(CountingPeripheral(LoopClock(), rate_hz=80.0))
            clients = [
                client_of(radio, BLEDevice(sensor.address, None, None))
                for sensor in (first, second)
            ]
            await asyncio.gather(*(client.connect() for client in clients))
            for client in clients:
                await client.start_notify(COUNT, into(numbers.setdefault(client.address, [])))
            await asyncio.sleep(0.6)
            for client in clients:
                await client.disconnect()
        return numbers

    one, other = run(count()).values()
    assert one == list(range(one[0], one[0] + len(one)))
    assert other == list(range(other[0], other[0] + len(other)))
    assert len(other) > 1.2 * len(one) > 20


def test_properties_outside_their_range_are_refused() -> None:
    async def place() -> None:
        async with one_sensor() as (radio, placed, _):
            with pytest.raises(ParameterError):
                await radio.place(placed.peripheral, address=placed.address)
            with pytest.raises(ParameterError):
                await radio.place(placed.peripheral, notification_bytes_max=10)

    run(place())


@asynccontextmanager
async def a_movesense(
    *, pair: bool = False, **properties: Any
) -> AsyncIterator[tuple[BumbleSensor, SensorSource]]:
    """One on bumble's radio, and a source that is not open yet."""
    clock = LoopClock()
    run_of_it = SimulatedRun(Scenario(rate=104.0, minutes=1.0, standing_s=2))
    async with BumbleRadio() as radio:
        placed = await radio.place(MovesensePeripheral(run_of_it, clock), **properties)
        backend = bumble_backend(radio)
        on_it = Radio(backend.client, backend.scanner)
        connector = BleConnector(placed.address, radio=on_it, pair=pair)
        yield placed, SensorSource(connector, wanted=Wanted(104.0), clock=clock)


async def followed(source: SensorSource, seconds: float) -> tuple[list[str], int]:
    """What happened to the link in this time, and how many samples came."""
    kinds, receiver = list[str](), Receiver(source.info)
    end_s = now_s() + seconds
    async for record in source:
        receiver.push(record)
        kinds += [record.kind] if isinstance(record, LinkEvent) else []
        if now_s() > end_s:
            break
    return kinds, receiver.losses.received


def test_a_sensor_that_demands_pairing_says_so_and_streams_once_paired() -> None:
    async def stream() -> tuple[list[str], int]:
        async with a_movesense(demands_pairing=True) as (_, source):
            with pytest.raises(DeviceError, match=r"asks for pairing: .* or add 'pair=yes'"):
                await source.__aenter__()
        async with a_movesense(demands_pairing=True, pair=True) as (_, source), source:
            return await followed(source, 5.0)

    kinds, received = run(stream())
    assert kinds == ["connected"]
    assert received > 4 * 104


def test_links_that_end_as_they_are_made_are_tried_again_three_times_in_all() -> None:
    async def stream(drops: int) -> tuple[list[str], int]:
        async with a_movesense(drops=drops) as (placed, source), source:
            assert placed.drops == 0
            return await followed(source, 5.0)

    kinds, received = run(stream(2))
    assert kinds == ["connected"]
    assert received > 4 * 104
    with pytest.raises(DeviceError, match="cannot be connected"):
        run(stream(3))


def test_a_firmware_whose_handles_have_moved_is_found_again() -> None:
    async def stream() -> tuple[list[str], int, bool]:
        async with a_movesense() as (placed, source), source:
            before = {uuid: each.handle for uuid, each in placed.characteristics.items()}
            first, received = await followed(source, 3.0)
            placed.renew_firmware()
            later, received_later = await followed(source, 6.0)
            moved = all(
                before[uuid] != each.handle for uuid, each in placed.characteristics.items()
            )
            return first + later, received + received_later, moved

    kinds, received, moved = run(stream())
    assert moved
    assert kinds == ["connected", "lost", "resumed"]
    assert received > 7 * 104


def test_without_bumble_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real_import = builtins.__import__

    def no_bumble(name: str, *rest: Any, **options: Any) -> Any:
        if name.split(".", maxsplit=1)[0] == "bumble":
            raise ModuleNotFoundError(name=name)
        return real_import(name, *rest, **options)

    async def enter() -> None:
        async with BumbleRadio():
            pass

    monkeypatch.setattr(builtins, "__import__", no_bumble)
    with pytest.raises(DeviceError, match="install the extra 'sim'"):
        asyncio.run(enter())
