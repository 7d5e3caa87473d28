"""A Bluetooth link or a cable in trouble: one sentence, or a counted gap; never a hang."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import inf
from typing import Any, Self

import numpy as np
import pytest
from bleak.backends.adapter import BaseBleakAdapter
from bleak.backends.device import BLEDevice
from bleak.exc import BleakError

from devices.ble import BleConnector, Radio
from devices.drivers.driver import Conversation, Wanted
from devices.drivers.movesense import MovesenseDriver
from devices.drivers.registry import driver_named
from devices.inbox import Inbox
from devices.open_link import Connector, OpenLink
from devices.records import LinkEvent
from devices.scan import scan_bluetooth
from devices.sensor_source import SensorSource
from devices.simulator.air import Adapter, Air
from devices.simulator.cable import Cable
from devices.simulator.generate import SimulatedRun
from devices.simulator.link_params import LinkParams
from devices.simulator.loopback import loopback_backend
from devices.simulator.peripherals.movesense import MovesensePeripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.simulator.virtual_sensor import make_peripheral
from imu.errors import BackstrideError, DeviceError, DeviceLost, DeviceNotFound
from tests.devices.counting_peripheral import CountingPeripheral
from tests.devices.sessions import (
    KINDS,
    Bench,
    Course,
    assert_timed,
    linked,
    measured,
    one_sentence,
    places_in,
    run,
    scenario,
    session,
    wanted_of,
)


def failing(
    make: Callable[[Bench], Connector], *, seconds: float = 5.0
) -> tuple[DeviceError, float]:
    """How a session fails that cannot begin, and after how long, s."""

    async def attempt() -> tuple[DeviceError, float]:
        clock = VirtualClock()
        bench = Bench(clock)
        with pytest.raises(DeviceError) as caught:
            await session(make(bench), clock, seconds=seconds)
        return caught.value, clock.monotonic_ns() * 1e-9

    return run(attempt())


# Bluetooth itself


@pytest.mark.parametrize(
    ("adapter", "words"),
    [
        (Adapter.OFF, "switch Bluetooth on"),
        (Adapter.DENIED, "privacy settings"),
        (Adapter.MISSING, "plug in an adapter"),
    ],
)
def test_an_adapter_that_cannot_be_used_is_said_at_once(adapter: Adapter, words: str) -> None:
    def place(bench: Bench) -> Connector:
        connector = bench.sensor(scenario("backstride"))
        bench.air.turn(adapter)
        return connector

    error, passed_s = failing(place)
    assert words in one_sentence(error)
    assert passed_s < 1.0

    async def scan() -> None:
        bench = Bench(VirtualClock())
        bench.air.turn(adapter)
        await scan_bluetooth(radio=bench.radio, clock=bench.clock)

    with pytest.raises(DeviceError, match=words):
        run(scan())


def test_an_adapter_switched_off_and_on_is_a_gap() -> None:
    each = scenario("backstride", seconds=20.0)

    async def switch() -> Course:
        clock = VirtualClock()
        bench = Bench(clock)
        connector = bench.sensor(each)

        async def hand() -> None:
            await clock.sleep(8.0)
            bench.air.turn(Adapter.OFF)
            await clock.sleep(4.0)
            bench.air.turn(Adapter.ON)

        return (await asyncio.gather(session(connector, clock, seconds=20.0), hand()))[0]

    course = run(switch())
    assert course.kinds == ["connected", "lost", "resumed", "ended"]
    assert course.times_s("lost") == [pytest.approx(8.0, abs=0.3)]
    place = places_in(measured(each), course.samples, "backstride")
    assert_timed(course.samples, place, 200.0, 1e-4)
    assert course.lost == np.sum(np.diff(place) - 1) > 4 * 200


# the sensor that was meant


def test_a_sensor_that_is_not_there_is_not_found() -> None:
    error, passed_s = failing(lambda bench: BleConnector("C0:DE:00:00:77:77", radio=bench.radio))
    assert isinstance(error, DeviceNotFound)
    assert "C0:DE:00:00:77:77" in one_sentence(error)
    assert "is not heard within 10 s" in str(error)
    assert passed_s < 11.0


def test_a_sensor_that_the_system_still_holds_is_taken_back() -> None:
    each = scenario("backstride", seconds=24.0)

    async def take_back() -> Course:
        clock = VirtualClock()
        bench = Bench(clock)
        # as if a killed program's link were open: it does not advertise, and the system knows it
        held = bench.sensor(each, LinkParams(blackouts_s=((0.0, 12.0),)))

        class Adapter(BaseBleakAdapter):
            @classmethod
            async def get(cls, **_: Any) -> Self:
                return cls()

            async def get_connected_devices(self, service_uuids: Any) -> list[BLEDevice]:
                assert service_uuids
                return [BLEDevice("C0:DE:00:00:00:01", "Backstride 0001", None)]

        assert held.place == "ble:C0:DE:00:00:00:01"
        radio = Radio(bench.radio.client, bench.radio.scanner, Adapter)
        connector = BleConnector(name="0001", driver=driver_named("backstride"), radio=radio)
        return await session(connector, clock, seconds=22.0)

    course = run(take_back())
    assert course.kinds == ["connected", "ended"]
    places_in(measured(each), course.samples, "backstride")


def test_a_sensor_of_an_unknown_kind_needs_its_protocol() -> None:
    def place(bench: Bench) -> Connector:
        address = bench.air.place(CountingPeripheral(bench.clock))
        return BleConnector(address, radio=bench.radio)

    assert "?protocol=" in one_sentence(failing(place)[0])


@pytest.mark.parametrize("protocol", ["backstride", "movesense", "polar", "witmotion"])
def test_the_wrong_protocol_is_told(protocol: str) -> None:
    def place(bench: Bench) -> Connector:
        address = bench.air.place(CountingPeripheral(bench.clock))
        return BleConnector(address, driver=driver_named(protocol), radio=bench.radio)

    assert "speaks another protocol" in one_sentence(failing(place)[0])


def test_a_busy_sensor_is_said_and_let_go() -> None:
    error, passed_s = failing(
        lambda bench: bench.sensor(scenario("backstride"), LinkParams(busy_until_s=inf))
    )
    assert isinstance(error, DeviceNotFound)
    assert "end other programs and phones" in one_sentence(error)
    assert passed_s < 15.0


@pytest.mark.parametrize("protocol", ["backstride", "movesense", "polar", "witmotion"])
def test_a_sensor_that_refuses_its_characteristics_is_an_error(protocol: str) -> None:
    uuids = driver_named(protocol).characteristics.values()
    refusing = LinkParams(att_errors=tuple((uuid, 0x05) for uuid in uuids))
    error, _ = failing(lambda bench: bench.sensor(scenario(protocol), refusing))
    one_sentence(error)


def test_of_two_sensors_the_one_that_was_meant_is_taken_and_kept() -> None:
    far, near = scenario("backstride", seed=5, seconds=20.0), scenario("polar", seed=6)

    async def choose(connector_of: Callable[[Bench], Connector]) -> Course:
        clock = VirtualClock()
        bench = Bench(clock)
        blackout = LinkParams(signal_dbm=-90, blackouts_s=((8.0, 11.0),), supervision_timeout_s=1.0)
        bench.sensor(far, blackout)
        bench.sensor(near, LinkParams(signal_dbm=-40))
        return await session(connector_of(bench), clock, seconds=20.0)

    for course in (
        run(choose(lambda bench: BleConnector(name="BACKstride", radio=bench.radio))),
        run(choose(lambda bench: BleConnector("c0:de:00:00:00:01", radio=bench.radio))),
        run(choose(lambda b: BleConnector(driver=driver_named("backstride"), radio=b.radio))),
    ):
        assert course.kinds == ["connected", "lost", "resumed", "ended"]
        places_in(measured(far), course.samples, "backstride")


# links that end


@pytest.mark.parametrize(("protocol", "limit_s"), [("polar", 6.5), ("backstride", 3.0)])
@pytest.mark.parametrize("kind", ["ble", "serial"])
def test_silence_without_disconnecting_is_noticed(protocol: str, limit_s: float, kind: str) -> None:
    protocol = "shimmer3" if kind == "serial" and protocol == "polar" else protocol
    limit_s = limit_s if protocol == "polar" else 3.0
    each = scenario(protocol, link=kind, seconds=25.0)

    async def fall_silent() -> Course:
        clock = VirtualClock()
        bench = Bench(clock)
        if kind == "ble":
            connector = bench.sensor(each, LinkParams(silences_s=((8.0, 16.0),)))
        else:
            connector = bench.sensor(
                each,
                meddle=lambda _, sent: [] if 8e9 < clock.monotonic_ns() < 16e9 else [sent],
            )
        return await session(connector, clock, seconds=24.0, wanted=wanted_of(each))

    course = run(fall_silent())
    assert course.kinds[:2] == ["connected", "lost"]
    assert course.kinds[-2:] == ["resumed", "ended"]
    data = driver_named(protocol).sample_channels
    heard_s = max(p.arrival_ns for p in course.packets if p.channel in data and p.arrival_ns < 9e9)
    assert course.times_s("lost")[0] - heard_s * 1e-9 <= limit_s
    assert "sent no samples" in course.events[1].detail
    place = places_in(measured(each), course.samples, protocol)
    assert course.lost == pytest.approx(np.sum(np.diff(place) - 1), abs=2)
    assert course.lost > 4 * each.rate
    assert place[-1] > 16.0 * each.rate


def test_a_sensor_that_comes_back_after_a_minute_goes_on() -> None:
    course = linked("backstride", LinkParams(blackouts_s=((8.0, 68.0),)), seconds=84.0, run_s=84.0)
    assert course.kinds == ["connected", "lost", "resumed", "ended"]
    place = places_in(measured(scenario("backstride", seconds=84.0)), course.samples, "backstride")
    assert course.lost == np.sum(np.diff(place) - 1) > 59 * 200
    assert_timed(course.samples, place, 200.0, 1e-4)


def test_a_sensor_that_does_not_come_back_ends_the_session_with_everything_kept() -> None:
    each = scenario("backstride")

    async def leave() -> tuple[Course, float]:
        clock = VirtualClock()
        connector = Bench(clock).sensor(each, LinkParams(absent_after_s=8.0))
        course = await session(connector, clock, seconds=500.0, give_up_s=60.0)
        return course, clock.monotonic_ns() * 1e-9

    course, ended_s = run(leave())
    assert isinstance(course.error, DeviceLost)
    assert "did not come back within 60 s (is not heard" in one_sentence(course.error)
    assert "everything until then is kept" in str(course.error)
    lost_s = course.times_s("lost")[0]
    assert 60.0 <= ended_s - lost_s <= 80.0
    place = places_in(measured(each), course.samples, "backstride")
    assert place[-1] >= 7.5 * 200


class _RaisesAtReturns:
    """A connector whose backend raises something of its own the first times it is to come back."""

    def __init__(self, inner: Connector, error: BaseException, times: int) -> None:
        self._inner, self._error, self._left = inner, error, times
        self._connected = False

    @property
    def place(self) -> str:
        return self._inner.place

    @property
    def driver(self) -> type[Conversation] | None:
        return self._inner.driver

    async def connect(self, inbox: Inbox) -> OpenLink:
        if self._connected and self._left > 0:
            self._left -= 1
            raise self._error
        self._connected = True
        return await self._inner.connect(inbox)

    async def end(self) -> None:
        await self._inner.end()


@pytest.mark.parametrize(
    "error", [ValueError("Characteristic notifications already started"), AttributeError("x")]
)
def test_whatever_a_backend_raises_at_a_return_is_tried_again(error: Exception) -> None:
    each = scenario("backstride", seconds=40.0)

    async def away() -> Course:
        clock = VirtualClock()
        inner = Bench(clock).sensor(each, LinkParams(drops_s=(8.0,)))
        return await session(_RaisesAtReturns(inner, error, 3), clock, seconds=30.0)

    course = run(away())
    assert course.error is None
    assert course.kinds == ["connected", "lost", "resumed", "ended"]


def test_a_backend_that_never_recovers_ends_the_session_with_its_reason() -> None:
    each = scenario("backstride", seconds=40.0)

    async def away() -> Course:
        clock = VirtualClock()
        inner = Bench(clock).sensor(each, LinkParams(drops_s=(8.0,)))
        broken = _RaisesAtReturns(inner, AttributeError("no such thing"), 10_000)
        return await session(broken, clock, seconds=500.0, give_up_s=60.0)

    course = run(away())
    assert isinstance(course.error, DeviceLost)
    assert "AttributeError: no such thing" in one_sentence(course.error)


def test_a_watch_that_somebody_else_cancelled_ends_the_session_and_is_told() -> None:
    each = scenario("backstride", seconds=40.0)

    async def away() -> Course:
        clock = VirtualClock()
        inner = Bench(clock).sensor(each, LinkParams(drops_s=(8.0,)))
        broken = _RaisesAtReturns(inner, asyncio.CancelledError(), 1)
        return await session(broken, clock, seconds=500.0, give_up_s=60.0)

    course = run(away())
    assert "everything until then is kept: please report it" in one_sentence(course.error)


def test_a_fault_in_keeping_watch_ends_the_session_and_is_told() -> None:
    each = scenario("backstride", seconds=40.0)

    class Faulty(SensorSource):
        async def _until_lost(self) -> str:
            await self._clock.sleep(5.0)
            raise RuntimeError("out of step")

    async def watched() -> BackstrideError | None:
        clock = VirtualClock()
        source = Faulty(Bench(clock).sensor(each), clock=clock, ends_after_s=30.0)
        async with source:
            try:
                async for _ in source:
                    pass
            except BackstrideError as error:
                return error
        return None

    assert "RuntimeError: out of step" in one_sentence(run(watched()))


@pytest.mark.parametrize("protocol", ["backstride", "movesense", "polar", "witmotion"])
def test_a_link_lost_at_any_moment_of_the_set_up_is_tried_again_or_told(protocol: str) -> None:
    each = scenario(protocol)

    async def drop_at(moment_s: float) -> DeviceError | None:
        clock = VirtualClock()
        bench = Bench(clock)
        connector = bench.sensor(each, LinkParams(drops_s=(moment_s,)))
        try:
            course = await session(connector, clock, seconds=12.0, wanted=wanted_of(each))
        except DeviceError as error:
            # the sensor is free for the next attempt
            again = await session(connector, clock, seconds=8.0, wanted=wanted_of(each))
            assert again.kinds == ["connected", "ended"]
            return error
        assert course.kinds[-1] == "ended"
        places_in(measured(each), course.samples, protocol)
        return None

    for error in filter(None, [run(drop_at(0.122 + 0.05 * k)) for k in range(6)]):
        one_sentence(error)


@pytest.mark.parametrize(("protocol", "kind"), KINDS)
def test_an_attempt_cancelled_at_any_moment_leaves_the_sensor_free(
    protocol: str, kind: str
) -> None:
    each = scenario(protocol, link=kind, seconds=30.0)

    async def cancel_at(moments_s: tuple[float, ...]) -> Course:
        clock = VirtualClock()
        connector = Bench(clock).sensor(each)
        for moment_s in moments_s:
            attempt = asyncio.create_task(session(connector, clock, seconds=30.0))
            await clock.sleep(moment_s)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
        return await session(connector, clock, seconds=7.0, wanted=wanted_of(each))

    course = run(cancel_at((0.01, 0.12, 0.3, 0.7, 1.6)))
    assert course.kinds == ["connected", "ended"]
    places_in(measured(each), course.samples, protocol)


def test_a_cable_pulled_and_put_back_is_a_gap() -> None:
    each = scenario("backstride", link="serial", seconds=18.0)

    async def pull() -> Course:
        clock = VirtualClock()
        connector = Bench(clock).sensor(each)
        assert isinstance(connector, Cable)

        async def hand() -> None:
            await clock.sleep(6.0)
            connector.unplug()
            await clock.sleep(3.0)
            connector.plug()

        return (await asyncio.gather(session(connector, clock, seconds=18.0), hand()))[0]

    course = run(pull())
    assert course.kinds == ["connected", "lost", "resumed", "ended"]
    place = places_in(measured(each), course.samples, "backstride")
    assert course.lost == np.sum(np.diff(place) - 1) > 2.5 * 200
    assert_timed(course.samples, place, 200.0, 1e-4)


def test_closing_during_the_set_up_of_a_return_is_said_in_the_log() -> None:
    async def close() -> list[LinkEvent]:
        clock = VirtualClock()
        away = LinkParams(drops_s=(8.0,))
        connector = Bench(clock).sensor(scenario("witmotion", seconds=30.0, rate=200.0), away)
        events: list[LinkEvent] = []
        async with SensorSource(connector, clock=clock) as source:
            async for record in source:
                events += [record] if isinstance(record, LinkEvent) else []
                if events[-1].kind == "resumed":
                    break
            await clock.sleep(0.5)  # in the midst of measuring its rate
        return events + [record async for record in source if isinstance(record, LinkEvent)]

    events = run(close())
    assert [event.kind for event in events] == ["connected", "lost", "resumed", "lost", "ended"]
    assert events[3].detail == "closed"


def test_a_source_can_be_closed_while_it_is_away() -> None:
    async def close() -> float:
        clock = VirtualClock()
        connector = Bench(clock).sensor(scenario("backstride"), LinkParams(absent_after_s=4.0))
        async with SensorSource(connector, clock=clock) as source:
            async for record in source:
                if getattr(record, "kind", "") == "lost":
                    break
            await clock.sleep(1.0)
            begin_ns = clock.monotonic_ns()
        return (clock.monotonic_ns() - begin_ns) * 1e-9

    assert run(close()) < 6.0


@pytest.mark.parametrize(
    ("protocol", "returns", "told"),
    [
        ("backstride", True, "another sensor of the name Backstride 0001 is heard (serial number "),
        ("backstride", False, "another sensor of the name Backstride 0001 is heard (serial number"),
        ("witmotion", False, "a sensor of the name WT901BLE67 is heard under another address, and"),
    ],
)
def test_another_sensor_of_one_name_is_never_taken_for_the_one_that_was_lost(
    protocol: str, told: str, *, returns: bool
) -> None:
    async def attempt() -> list[tuple[str, str]]:
        clock = VirtualClock()
        air = Air(clock, seed=3)
        backend = loopback_backend(air)
        mine = Scenario(protocol=protocol, seed=1, minutes=0.6)
        other = Scenario(protocol=protocol, seed=2)
        here = "4A:00:00:00:00:01"
        air.place(make_peripheral(mine, clock), LinkParams(), address=here)
        driver = driver_named(protocol)
        connector = BleConnector("", "", driver, Radio(backend.client, backend.scanner))
        source = SensorSource(connector, clock=clock, ends_after_s=35.0)
        events, moved, back = list[tuple[str, str]](), False, False
        async with source:
            async for record in source:
                if isinstance(record, LinkEvent):
                    events.append((record.kind, record.detail))
                if not moved and clock.monotonic_ns() > 10e9:
                    moved = True
                    air.place(make_peripheral(other, clock), address="4B:00:00:00:00:02")
                    air.readdress(here, "5C:00:00:00:00:04")
                    air.change("5C:00:00:00:00:04", LinkParams(absent_after_s=0.0))
                if moved and returns and not back and events[-1][0] == "gap":
                    back = True
                    air.change("5C:00:00:00:00:04", LinkParams())
        return events

    events = run(attempt())
    kinds = [kind for kind, _ in events]
    assert kinds == ["connected", "lost", "gap", *["resumed"] * returns, "ended"]
    assert events[2][1].startswith(told)


@pytest.mark.parametrize("failing", [1, 3])
def test_a_serial_number_that_is_not_read_at_once_shuts_nobody_out(failing: int) -> None:
    """The first reading fails, or that at the return, which is the third: each set-up reads one."""

    async def attempt() -> list[str]:
        clock = VirtualClock()
        air = Air(clock, seed=3)
        backend = loopback_backend(air)
        readings = 0

        class Failing(backend.client):  # type: ignore[misc,name-defined]
            async def read_gatt_char(self, characteristic: Any, **others: Any) -> bytearray:
                nonlocal readings
                readings += "2a25" in str(getattr(characteristic, "uuid", characteristic))
                if readings == failing:
                    readings += 1
                    raise BleakError("ATT error: 0x0e (Unlikely Error)")
                return bytearray(await super().read_gatt_char(characteristic, **others))

        here = "4A:00:00:00:00:01"
        air.place(
            make_peripheral(Scenario(protocol="backstride", minutes=0.6), clock),
            LinkParams(),
            address=here,
        )
        connector = BleConnector(
            "", "", driver_named("backstride"), Radio(Failing, backend.scanner)
        )
        source = SensorSource(connector, clock=clock, ends_after_s=25.0)
        events, moved = list[str](), False
        async with source:
            async for record in source:
                events += [record.kind] if isinstance(record, LinkEvent) else []
                if not moved and clock.monotonic_ns() > 10e9:
                    moved = True
                    air.readdress(here, "5C:00:00:00:00:04")
        return events

    assert run(attempt()) == ["connected", "lost", "resumed", "ended"]


@pytest.mark.parametrize("by", ["name", "protocol"])
def test_a_sensor_whose_private_address_changes_is_found_again_and_no_other(by: str) -> None:
    """By its name; others, which are heard sooner, are of another, or have an address for good."""

    async def attempt() -> tuple[list[LinkEvent], str, str]:
        clock = VirtualClock()
        air = Air(clock, seed=3)

        def movesense(serial: str) -> MovesensePeripheral:
            run = SimulatedRun(Scenario(rate=104.0, minutes=0.5, standing_s=2))
            return MovesensePeripheral(run, clock, serial=serial)

        air.place(movesense("1111"), address="4A:00:00:00:00:01")
        backend = loopback_backend(air)
        name, driver = ("Movesense 1111", None) if by == "name" else ("", MovesenseDriver)
        connector = BleConnector("", name, driver, Radio(backend.client, backend.scanner))
        source = SensorSource(connector, wanted=Wanted(104.0), clock=clock, ends_after_s=25.0)
        events, moved = list[LinkEvent](), False
        async with source:
            air.place(movesense("2222"), address="4B:00:00:00:00:02")
            air.place(movesense("1111"), address="C0:00:00:00:00:03")
            async for record in source:
                events += [record] if isinstance(record, LinkEvent) else []
                if not moved and clock.monotonic_ns() > 8e9:
                    moved = True
                    air.readdress("4A:00:00:00:00:01", "5C:00:00:00:00:04")
                    seldom = LinkParams(advertising_interval_ms=2500.0)
                    air.change("5C:00:00:00:00:04", seldom)
            known = connector._known
        assert known is not None
        return events, known.name, known.address

    events, name, address = run(attempt())
    assert [event.kind for event in events] == ["connected", "lost", "resumed", "ended"]
    assert (name, address) == ("Movesense 1111", "5C:00:00:00:00:04")
