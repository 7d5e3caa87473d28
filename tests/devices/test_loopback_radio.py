"""The radio in memory: bleak's own client and scanner, with a link's properties and faults."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from math import inf
from typing import Any, TypeVar

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakBluetoothNotAvailableReason,
    BleakCharacteristicNotFoundError,
    BleakDeviceNotFoundError,
    BleakError,
    BleakGATTProtocolError,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulator.air import Adapter, Air
from devices.simulator.link_params import LinkParams, Spell
from devices.simulator.loopback import loopback_backend
from devices.simulator.peripheral import Host
from devices.simulator.virtual_clock import VirtualClock
from devices.timing.program_clock import ProgramClock, SystemClock
from imu.errors import ParameterError
from tests.devices.counting_peripheral import (
    CONTROL,
    COUNT,
    ECHO,
    SERVICE,
    VALUE,
    CountingPeripheral,
    number_of,
)
from tests.examples import few
from tests.patience import HANG_S

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it; a hang is a failure, by real time."""
    return asyncio.run(asyncio.wait_for(work, HANG_S))


class Bench:
    """One sensor in the air, and what a program needs to reach it."""

    def __init__(
        self,
        params: LinkParams | None = None,
        *,
        rate_hz: float = 20.0,
        memory: int = 20,
        payload_bytes: int = 20,
        clock: ProgramClock | None = None,
        seed: int = 1,
    ) -> None:
        self.clock = clock or VirtualClock()
        self.air = Air(self.clock, seed=seed)
        self.sensor = CountingPeripheral(
            self.clock, rate_hz=rate_hz, memory=memory, payload_bytes=payload_bytes
        )
        self.address = self.air.place(self.sensor, params)
        self.backend = loopback_backend(self.air)
        self.arrivals: list[tuple[int, bytes]] = []
        self.ends_s: list[float] = []

    @property
    def now_s(self) -> float:
        return self.clock.monotonic_ns() * 1e-9

    @property
    def numbers(self) -> list[int]:
        return [number_of(payload) for _, payload in self.arrivals]

    def client(self, address: str = "", **options: Any) -> BleakClient:
        device = BLEDevice(address or self.address, None, None)
        return BleakClient(
            device,
            lambda _: self.ends_s.append(self.now_s),
            backend=self.backend.client,
            **options,
        )

    async def subscribe(self, client: BleakClient) -> None:
        await client.start_notify(
            COUNT,
            lambda _, data: self.arrivals.append((self.clock.monotonic_ns(), bytes(data))),
        )

    @asynccontextmanager
    async def counting(self) -> AsyncIterator[BleakClient]:
        async with self.client() as client:
            await self.subscribe(client)
            yield client


def test_a_scan_tells_name_services_address_and_signal() -> None:
    async def scan() -> list[tuple[BLEDevice, AdvertisementData]]:
        bench, heard = (
            Bench(LinkParams(signal_dbm=-48)),
            list[tuple[BLEDevice, AdvertisementData]](),
        )
        async with BleakScanner(lambda d, a: heard.append((d, a)), backend=bench.backend.scanner):
            await bench.clock.sleep(1.0)
        count = len(heard)
        await bench.clock.sleep(1.0)
        assert len(heard) == count, "a stopped scan hears nothing"
        return heard

    heard = run(scan())
    assert 8 <= len(heard) <= 10  # every 100 to 110 ms
    for device, advertisement in heard:
        assert device.address == "C0:DE:00:00:00:01"
        assert (device.name, advertisement.local_name) == ("Counter 1", "Counter 1")
        assert advertisement.service_uuids == [SERVICE]
        assert abs(advertisement.rssi + 48) <= 3


def test_the_ways_of_bleak_to_find_a_device() -> None:
    async def find() -> None:
        bench = Bench()
        scanner = bench.backend.scanner
        found = await BleakScanner.find_device_by_name("Counter 1", backend=scanner)
        assert found is not None
        assert found.address == bench.address
        lower = bench.address.lower()
        assert await BleakScanner.find_device_by_address(lower, backend=scanner) is not None
        assert await BleakScanner.find_device_by_name("no", 0.05, backend=scanner) is None
        services = await BleakScanner.discover(0.05, service_uuids=[SERVICE], backend=scanner)
        assert [device.address for device in services] == [bench.address]
        others = await BleakScanner.discover(0.05, service_uuids=[ECHO], backend=scanner)
        assert others == []

    run(find())


def test_a_sensor_that_comes_later_is_heard_and_a_connected_one_is_not() -> None:
    async def scan() -> tuple[set[str], set[str]]:
        bench, heard = Bench(), set[str]()
        async with bench.client():
            async with BleakScanner(
                lambda device, _: heard.add(device.address), backend=bench.backend.scanner
            ):
                await bench.clock.sleep(1.0)
                alone = set(heard)
                bench.air.place(CountingPeripheral(bench.clock), address="AA:BB:CC:DD:EE:FF")
                await bench.clock.sleep(1.0)
            return alone, heard

    assert run(scan()) == (set(), {"AA:BB:CC:DD:EE:FF"})


def test_services_values_and_writes() -> None:
    async def talk() -> list[bytes]:
        bench, echoes = Bench(LinkParams(notification_bytes_max=100)), list[bytes]()
        async with bench.client() as client:
            assert client.is_connected
            assert client.name == "Counter 1"
            assert client.mtu_size == 103
            (service,) = client.services
            assert service.uuid == SERVICE
            properties = {c.uuid: set(c.properties) for c in service.characteristics}
            assert properties == {COUNT: {"notify"}, ECHO: {"indicate"}} | {
                CONTROL: {"read", "write", "write-without-response"}
            }
            assert service.characteristics[0].max_write_without_response_size == 100
            assert await client.read_gatt_char(CONTROL) == VALUE
            await client.start_notify(ECHO, lambda _, data: echoes.append(bytes(data)))
            await client.write_gatt_char(CONTROL, b"one", response=True)
            await client.write_gatt_char(CONTROL, bytearray(b"two"), response=False)
            await bench.clock.sleep(0.2)
            await client.stop_notify(ECHO)
            await client.write_gatt_char(CONTROL, b"three", response=True)
            await bench.clock.sleep(0.2)
        return echoes

    assert run(talk()) == [b"one", b"two"]


def test_what_a_characteristic_cannot_do_is_refused() -> None:
    async def ask() -> None:
        bench = Bench()
        async with bench.counting() as client:
            with pytest.raises(BleakGATTProtocolError) as read:
                await client.read_gatt_char(COUNT)
            assert read.value.code == 0x02
            with pytest.raises(BleakGATTProtocolError) as write:
                await client.write_gatt_char(COUNT, b"x", response=True)
            assert write.value.code == 0x03
            with pytest.raises(BleakGATTProtocolError) as long:
                await client.write_gatt_char(CONTROL, bytes(513), response=True)
            assert long.value.code == 0x0D
            with pytest.raises(BleakError, match="too long"):
                await client.write_gatt_char(CONTROL, bytes(245), response=False)
            with pytest.raises(BleakError, match="does not support notifications"):
                await client.start_notify(CONTROL, lambda *_: None)
            with pytest.raises(BleakError, match="already started"):
                await bench.subscribe(client)
            with pytest.raises(BleakCharacteristicNotFoundError):
                await client.read_gatt_char(SERVICE)
            counting = client.services.get_characteristic(COUNT)
            assert counting is not None
            (descriptor,) = counting.descriptors
            assert await client.read_gatt_descriptor(descriptor) == b"\x01\x00"
            with pytest.raises(ValueError, match="CCCD"):
                await client.write_gatt_descriptor(descriptor, b"\x00\x00")

    run(ask())


@pytest.mark.parametrize("interval_ms", [0, 15, 50])
def test_ten_minutes_pass_in_seconds_and_nothing_is_lost(interval_ms: float) -> None:
    async def count() -> Bench:
        bench = Bench(LinkParams(connection_interval_ms=interval_ms), rate_hz=20.0)
        async with bench.counting():
            await bench.clock.sleep(600.0)
        return bench

    before = time.monotonic()
    bench = run(count())
    assert time.monotonic() - before < HANG_S
    assert 11_990 <= len(bench.numbers) <= 12_001
    first = bench.numbers[0]
    assert bench.numbers == list(range(first, first + len(bench.numbers)))


def test_it_runs_by_the_computers_clock_too() -> None:
    async def count() -> Bench:
        bench = Bench(LinkParams(connection_interval_ms=7.5), rate_hz=200.0, clock=SystemClock())
        async with bench.counting():
            await bench.clock.sleep(0.5)
        return bench

    bench = run(count())
    assert len(bench.numbers) > 50
    assert bench.numbers == list(range(bench.numbers[0], bench.numbers[-1] + 1))


def test_packets_arrive_at_connection_events_a_few_at_a_time() -> None:
    async def count() -> Bench:
        bench = Bench(LinkParams(connection_interval_ms=30, packets_per_event=2), rate_hz=50.0)
        async with bench.counting():
            await bench.clock.sleep(10.0)
        return bench

    stamps = [stamp for stamp, _ in run(count()).arrivals]
    offsets = {(stamp - stamps[0]) % 30_000_000 for stamp in stamps}
    assert offsets == {0}
    assert max(stamps.count(stamp) for stamp in set(stamps)) == 2


def test_a_link_too_slow_overflows_the_sensors_memory_and_not_the_air() -> None:
    async def count() -> Bench:
        params = LinkParams(connection_interval_ms=100, packets_per_event=1)
        bench = Bench(params, rate_hz=50.0, memory=10)
        async with bench.counting():
            await bench.clock.sleep(60.0)
        return bench

    bench = run(count())
    assert 595 <= len(bench.numbers) <= 600  # one at each event
    assert bench.numbers == sorted(set(bench.numbers))
    gaps = bench.numbers[-1] - bench.numbers[0] + 1 - len(bench.numbers)
    assert gaps > 2000
    assert gaps <= bench.sensor.skipped


@settings(max_examples=few(12))
@given(
    interval_ms=st.sampled_from([0.0, 7.5, 30.0, 48.75]),
    packets=st.integers(3, 8),
    latency_ms=st.floats(0, 200),
    jitter_ms=st.floats(0, 200),
    retransmit_percent=st.floats(0, 50),
    blackout_s=st.floats(0.01, 3.9),
    seed=st.integers(0, 1000),
)
def test_whatever_the_link_is_like_counts_arrive_once_and_in_order(
    interval_ms: float,
    packets: int,
    latency_ms: float,
    jitter_ms: float,
    retransmit_percent: float,
    blackout_s: float,
    seed: int,
) -> None:
    async def count() -> Bench:
        params = LinkParams(
            connection_interval_ms=interval_ms,
            packets_per_event=packets,
            latency_ms=latency_ms,
            jitter_ms=jitter_ms,
            retransmit_percent=retransmit_percent,
            blackouts_s=((10.0, 10.0 + blackout_s),),
        )
        bench = Bench(params, rate_hz=20.0, memory=100, seed=seed)
        async with bench.counting() as client:
            await bench.clock.sleep(20.0)
            assert client.is_connected
        return bench

    bench = run(count())
    assert bench.numbers == list(range(bench.numbers[0], bench.numbers[0] + len(bench.numbers)))
    assert len(bench.numbers) > 300  # of 400: connecting takes its events, lost ones too
    latest = max(stamp for stamp, _ in bench.arrivals if stamp < 10e9)
    assert any(stamp >= (10 + blackout_s) * 1e9 for stamp, _ in bench.arrivals)
    # what was under way when the blackout began may still take its time to the program
    assert latest <= 10e9 or latency_ms + jitter_ms > 0


def test_a_notification_longer_than_the_link_takes_is_cut() -> None:
    async def count() -> Bench:
        bench = Bench(LinkParams(notification_bytes_max=20), payload_bytes=64)
        async with bench.counting() as client:
            assert client.mtu_size == 23
            await bench.clock.sleep(1.0)
        return bench

    assert {len(payload) for _, payload in run(count()).arrivals} == {20}


def test_a_long_blackout_ends_the_link_at_the_supervision_timeout() -> None:
    async def lose() -> Bench:
        bench = Bench(LinkParams(blackouts_s=((5.0, 60.0),), supervision_timeout_s=2.0))
        async with bench.counting() as client:
            await bench.clock.sleep(5.5)  # in the blackout
            with pytest.raises(BleakError, match="disconnected"):
                await client.read_gatt_char(CONTROL)
            assert bench.now_s == pytest.approx(7.0)
            assert bench.ends_s == [pytest.approx(7.0)]
            assert not client.is_connected
            assert not bench.sensor.serving
            with pytest.raises(BleakError):
                _ = client.services
            with pytest.raises(BleakError, match="Not connected"):
                await bench.subscribe(client)
        again = bench.client(timeout=60.0)
        await again.connect()  # waits until the sensor is in reach
        assert 60.0 < bench.now_s < 62.0
        last = bench.numbers[-1]
        await bench.subscribe(again)
        await bench.clock.sleep(2.0)
        assert bench.numbers[bench.numbers.index(last) + 1] > last + 1000, "a gap, and on"
        await again.disconnect()
        return bench

    bench = run(lose())
    assert len(bench.ends_s) == 2  # the drop, and our own disconnect
    assert bench.sensor.served == 2


def test_the_sensor_may_close_the_link_and_be_there_again() -> None:
    async def lose() -> list[float]:
        bench = Bench(LinkParams(drops_s=(3.0, 9.0)))
        for _ in range(2):
            async with bench.counting():
                await bench.clock.sleep(6.0)
        return bench.ends_s

    assert run(lose())[:1] == [pytest.approx(3.0)]
    assert run(lose())[1] == pytest.approx(9.0)


def test_a_silent_sensor_stays_connected_and_goes_on() -> None:
    async def count() -> Bench:
        bench = Bench(LinkParams(silences_s=((5.0, 15.0),)), memory=10)
        async with bench.counting() as client:
            await bench.clock.sleep(10.0)
            assert client.is_connected
            await bench.clock.sleep(10.0)
        return bench

    stamps = [stamp * 1e-9 for stamp, _ in run(count()).arrivals]
    assert not [stamp for stamp in stamps if 5.1 < stamp < 15.0]
    assert [stamp for stamp in stamps if stamp >= 15.0]


def test_a_request_that_is_never_answered_ends_the_link_after_thirty_seconds() -> None:
    async def ask() -> float:
        bench = Bench(LinkParams(silences_s=((2.0, inf),)))
        async with bench.client() as client:
            await bench.clock.sleep(3.0)
            asked_s = bench.now_s
            with pytest.raises(BleakError, match="did not answer"):
                await client.read_gatt_char(CONTROL)
            assert not client.is_connected
            return bench.now_s - asked_s

    assert run(ask()) == pytest.approx(30.0)


def test_an_att_error_reaches_the_program_with_its_code() -> None:
    async def ask() -> None:
        errors = ((CONTROL, 0x05), (COUNT, 0x80))
        bench = Bench(LinkParams(att_errors=errors))
        async with bench.client() as client:
            for request in (
                client.read_gatt_char(CONTROL),
                client.write_gatt_char(CONTROL, b"x", response=True),
            ):
                with pytest.raises(BleakGATTProtocolError) as refused:
                    await request
                assert refused.value.code == 0x05
            with pytest.raises(BleakGATTProtocolError) as subscription:
                await bench.subscribe(client)
            assert subscription.value.code == 0x80
            await client.write_gatt_char(CONTROL, b"x", response=False)  # tells nothing

    run(ask())


def test_a_slow_answer_takes_its_time_and_a_drop_meanwhile_is_an_error() -> None:
    async def ask() -> None:
        bench = Bench(LinkParams(read_delay_ms=500, drops_s=(5.0,)))
        async with bench.client() as client:
            before_s = bench.now_s
            assert await client.read_gatt_char(CONTROL) == VALUE
            assert 0.5 <= bench.now_s - before_s < 0.6
            await bench.clock.sleep(4.8 - bench.now_s)
            with pytest.raises(BleakError, match="closed the link"):
                await client.read_gatt_char(CONTROL)
            assert bench.now_s == pytest.approx(5.0)

    run(ask())


def test_a_busy_sensor_refuses_until_it_is_free() -> None:
    async def ask() -> None:
        bench = Bench(LinkParams(busy_until_s=10.0))
        with pytest.raises(BleakError, match="refused"):
            await bench.client().connect()
        await bench.clock.sleep(10.0)
        async with bench.client() as client:
            assert client.is_connected

    run(ask())


def test_a_sensor_that_is_gone_is_not_found() -> None:
    async def ask() -> None:
        bench = Bench(LinkParams(absent_after_s=5.0))
        async with bench.client() as client:
            await bench.clock.sleep(8.0)
            assert client.is_connected, "nobody has noticed yet"
            await bench.clock.sleep(1.5)
            assert not client.is_connected
        before_s = bench.now_s
        with pytest.raises(TimeoutError):
            await bench.client(timeout=7.0).connect()
        assert bench.now_s - before_s == pytest.approx(7.0, abs=0.2)
        by_address = BleakClient(bench.address, backend=bench.backend.client)
        with pytest.raises(BleakDeviceNotFoundError):
            await by_address.connect()
        with pytest.raises(BleakDeviceNotFoundError):
            await BleakClient("11:22:33:44:55:66", backend=bench.backend.client).connect()

    run(ask())


@pytest.mark.parametrize(
    ("adapter", "reason"),
    [
        (Adapter.OFF, BleakBluetoothNotAvailableReason.POWERED_OFF),
        (Adapter.DENIED, BleakBluetoothNotAvailableReason.DENIED_BY_USER),
        (Adapter.MISSING, BleakBluetoothNotAvailableReason.NO_BLUETOOTH),
    ],
)
def test_an_adapter_that_cannot_be_used(
    adapter: Adapter, reason: BleakBluetoothNotAvailableReason
) -> None:
    async def ask() -> None:
        bench = Bench()
        async with bench.counting() as client:
            bench.air.turn(adapter)
            assert not client.is_connected
            assert len(bench.ends_s) == 1
            with pytest.raises(BleakBluetoothNotAvailableError) as scan:
                await BleakScanner(backend=bench.backend.scanner).start()
            with pytest.raises(BleakBluetoothNotAvailableError) as connect:
                await bench.client().connect()
            assert scan.value.reason == connect.value.reason == reason
        bench.air.turn(Adapter.ON)
        async with bench.client() as client:
            assert client.is_connected

    run(ask())


def test_a_connection_given_up_leaves_the_sensor_free() -> None:
    async def ask() -> None:
        bench = Bench()
        attempt = asyncio.ensure_future(bench.client().connect())
        await asyncio.sleep(0)
        attempt.cancel()
        with pytest.raises(asyncio.CancelledError):
            await attempt
        async with bench.client() as client:
            assert client.is_connected
            with pytest.raises(BleakError, match="already connected"):
                await client.connect()
            with pytest.raises(TimeoutError):  # it does not advertise while connected
                await bench.client(timeout=5.0).connect()
        async with bench.client() as client:
            assert client.is_connected

    run(ask())


def test_ten_sensors_at_once_do_not_mix() -> None:
    async def count() -> dict[str, list[int]]:
        bench, numbers = Bench(), dict[str, list[int]]()
        others = [
            bench.air.place(CountingPeripheral(bench.clock, rate_hz=5.0 + k), LinkParams())
            for k in range(9)
        ]

        def into(address: str) -> Callable[[object, bytearray], None]:
            return lambda _, data: numbers.setdefault(address, []).append(number_of(bytes(data)))

        clients = [bench.client(address) for address in (bench.address, *others)]
        await asyncio.gather(*(client.connect() for client in clients))
        for client in clients:
            await client.start_notify(COUNT, into(client.address))
        await bench.clock.sleep(20.0)
        await asyncio.gather(*(client.disconnect() for client in clients))
        return numbers

    numbers = run(count())
    assert len(numbers) == 10
    for counts in numbers.values():
        assert counts == list(range(counts[0], counts[0] + len(counts)))
    assert len({len(counts) for counts in numbers.values()}) == 10


def test_a_failing_callback_is_told_and_stops_nothing() -> None:
    async def count() -> tuple[int, int]:
        bench, told, called = Bench(), list[dict[str, Any]](), list[int]()

        def fails(_: object, data: bytearray) -> None:
            called.append(len(data))
            raise RuntimeError

        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        async with bench.client() as client:
            await client.start_notify(COUNT, fails)
            await bench.clock.sleep(5.0)
            assert client.is_connected
        return len(called), len(told)

    called, told = run(count())
    assert called == told > 90


def test_a_sensor_whose_firmware_crashes_ends_the_link_and_can_be_reached_again() -> None:
    class Crashing(CountingPeripheral):
        async def serve(self, host: Host) -> None:
            if not self.served:
                self.served += 1
                await self._clock.sleep(2.0)
                raise ZeroDivisionError
            await super().serve(host)

    async def ask() -> list[dict[str, Any]]:
        bench, told = Bench(), list[dict[str, Any]]()
        asyncio.get_running_loop().set_exception_handler(lambda _, what: told.append(what))
        address = bench.air.place(Crashing(bench.clock))
        async with bench.client(address) as client:
            await bench.clock.sleep(3.0)
            assert not client.is_connected
        async with bench.client(address) as client:
            await bench.subscribe(client)
            await bench.clock.sleep(3.0)
        assert bench.numbers
        return told

    (told,) = run(ask())
    assert isinstance(told["exception"], ZeroDivisionError)


def test_disconnecting_twice_or_without_a_connection_is_harmless() -> None:
    async def ask() -> list[float]:
        bench = Bench()
        client = bench.client()
        await client.disconnect()
        await client.connect()
        await client.disconnect()
        await client.disconnect()
        return bench.ends_s

    assert len(run(ask())) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("connection_interval_ms", 5.0),
        ("packets_per_event", 0),
        ("notification_bytes_max", 19),
        ("retransmit_percent", 96.0),
        ("spells", (Spell(0.0, 1.0, "jitter_ms", -1.0),)),
        ("blackouts_s", ((3.0, 2.0),)),
        ("drops_s", (-1.0,)),
        ("att_errors", ((CONTROL, 0),)),
    ],
)
def test_properties_outside_their_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ParameterError) as refused:
        LinkParams(**{name: value})
    assert refused.value.name == (name if name != "spells" else "jitter_ms")


def test_two_sensors_cannot_have_one_address() -> None:
    bench = Bench()
    with pytest.raises(ParameterError):
        bench.air.place(CountingPeripheral(bench.clock), address=bench.address)
