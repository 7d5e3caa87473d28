"""Links that are slower than their data, cut it, damage it, or know the sensor as it was before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from bleak.backends.service import BleakGATTServiceCollection

from devices.ble import BleConnector, Radio
from devices.drivers.driver import Wanted
from devices.inbox import Inbox
from devices.open_link import OpenLink
from devices.protocols.movesense import ANGULAR_VELOCITY_RANGES_DEG_S
from devices.protocols.polar import (
    Measurement,
    Operation,
    Reply,
    ReplyParts,
    Setting,
    Settings,
    Status,
    encode_reply_parts,
)
from devices.receiver import Receiver
from devices.records import DeviceInfo, LinkEvent
from devices.sensor_source import SensorSource
from devices.sequence import Losses
from devices.simulator.air import Air
from devices.simulator.generate import SimulatedRun
from devices.simulator.link_params import LinkParams
from devices.simulator.loopback import loopback_backend
from devices.simulator.measured import MeasuredBlock, MeasuredStream
from devices.simulator.peripheral import Host, Peripheral
from devices.simulator.peripherals.backstride import BackstridePeripheral
from devices.simulator.peripherals.movesense import MovesensePeripheral
from devices.simulator.peripherals.polar import PolarPeripheral
from devices.simulator.scenario import Scenario
from devices.simulator.virtual_clock import VirtualClock
from devices.sources import open_source
from imu.errors import DeviceError, ProtocolError

SLOW = LinkParams(
    connection_interval_ms=60.0, packets_per_event=1, queue_packets=3, notification_bytes_max=244
)


class _Answering(OpenLink):
    """Answers each request after the next of some delays; None, and it is lost."""

    def __init__(self, inbox: Inbox, delays_s: list[float | None]) -> None:
        super().__init__(inbox, "clip", "")
        self._delays_s = delays_s

    async def read(self, channel: str) -> bytes:
        raise NotImplementedError

    async def write(self, channel: str, payload: bytes, *, response: bool = True) -> None:
        del response

        async def answer(delay_s: float) -> None:
            await self.inbox.clock.sleep(delay_s)
            self.inbox.put(channel, payload, self.now_ns())

        if (delay_s := self._delays_s.pop(0)) is not None:
            await asyncio.wait([asyncio.ensure_future(answer(delay_s))], timeout=0)

    async def subscribe(self, channel: str) -> None:
        raise NotImplementedError

    async def close(self) -> None:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("delays_s", "patience_s"),
    [([0.1, None, 0.1, 0.1], 0.15), ([1.8, 1.8, 0.1], 2.7), ([3.0, None, 3.0, None, 3.0], 4.5)],
)
def test_a_request_that_was_lost_makes_no_slow_link(
    delays_s: list[float | None], patience_s: float
) -> None:
    async def asked() -> float:
        link = _Answering(Inbox(VirtualClock()), [*delays_s])
        while link._delays_s:
            await link.ask("data", b"A", lambda packet: packet.payload == b"A" or None, tries=3)
        return link.patience_s

    assert asyncio.run(asked()) == pytest.approx(patience_s, abs=0.01)


class Ran(NamedTuple):
    """What became of a session."""

    info: DeviceInfo
    events: list[LinkEvent]
    losses: Losses
    infos: list[DeviceInfo]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def ran(
    make: Callable[[SimulatedRun, VirtualClock], Peripheral],
    params: LinkParams,
    rate_hz: float,
    *,
    seconds: float = 30.0,
    later: LinkParams | None = None,
    client: Callable[[Any], Any] | None = None,
    seed: int = 3,
) -> Ran:
    """A session of a sensor on a link; ``later``: the link from its next connection on."""

    async def run() -> Ran:
        clock = VirtualClock()
        air = Air(clock, seed=seed)
        scenario = Scenario(rate=rate_hz, minutes=seconds / 60, standing_s=2)
        address = air.place(make(SimulatedRun(scenario), clock), params)
        backend = loopback_backend(air)
        kind = backend.client if client is None else client(backend.client)
        connector = BleConnector(address, radio=Radio(kind, backend.scanner))
        source = SensorSource(connector, wanted=Wanted(rate_hz), clock=clock, ends_after_s=seconds)
        events, infos = [], []
        async with source:
            if later is not None:
                air.change(address, later)
                air.drop(address)
            receiver = Receiver(source.info)
            first = source.info
            async for record in source:
                receiver.push(record)
                events += [record] if isinstance(record, LinkEvent) else []
                infos += [record] if isinstance(record, DeviceInfo) else []
        return Ran(first, events, receiver.losses, infos)

    return asyncio.run(run())


def test_a_movesense_on_a_slow_link_steps_down_and_says_so() -> None:
    session = ran(MovesensePeripheral, SLOW, 208.0)
    assert session.info.rate_hz == 104.0
    told = [event.detail for event in session.events if event.kind == "gap"]
    assert told == ["the link is too slow for 208 Hz, so the sensor measures at 104 Hz"]
    assert session.losses.received > 104 * 20
    assert session.losses.lost == 0


def told_of(url: str) -> list[str]:
    async def run() -> list[str]:
        async with open_source(f"{url}&time_scale=0") as source:
            return [r.detail async for r in source if isinstance(r, LinkEvent) and r.kind == "gap"]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("sensor", "rate_hz"),
    [("protocol=backstride&mtu=23&interval_ms=100", 200), ("protocol=polar&mtu=23", 416)],
)
def test_a_sensor_that_goes_on_measuring_says_that_its_link_is_too_slow(
    sensor: str, rate_hz: int
) -> None:
    said = told_of(f"sim:?{sensor}&rate={rate_hz}&minutes=0.4")
    assert len(said) == 1
    assert said[0].startswith(f"the link is too slow for {rate_hz} Hz, or damages what it carries")


@pytest.mark.parametrize("interval_ms", [3000, 4000])
@pytest.mark.parametrize("protocol", ["backstride", "polar"])
def test_a_link_that_pauses_for_longer_than_its_sensor_may_be_silent_is_slow_and_not_lost(
    protocol: str, interval_ms: int
) -> None:
    kinds, said = [], []

    async def run() -> None:
        url = f"sim:?protocol={protocol}&interval_ms={interval_ms}&minutes=1.5&time_scale=0"
        async with open_source(url) as source:
            async for record in source:
                if isinstance(record, LinkEvent):
                    kinds.append(record.kind)
                    said.append(record.detail)

    asyncio.run(run())
    assert kinds[:2] == ["connected", "gap"]
    assert not any(each.startswith("the sensor sent no samples") for each in said)
    assert said[1].startswith("the link is too slow for 200 Hz")


def test_a_movesense_whose_link_pauses_for_long_is_told_to_be_too_slow_at_every_rate() -> None:
    with pytest.raises(DeviceError, match="the link is too slow for 52 Hz, the lowest rate"):
        told_of("sim:?protocol=movesense&interval_ms=3000&minutes=1")


def test_the_simulated_sensor_steps_down_to_a_rate_of_its_profile() -> None:
    (said,) = told_of("sim:?protocol=backstride&rate=1000&mtu=23&minutes=0.7")
    assert said.endswith("of 100 samples 40 arrive; so the sensor measures at 200 Hz from now on")


def at_half_the_rate(run: SimulatedRun, clock: VirtualClock) -> MeasuredStream:
    slower = replace(run.scenario, rate=run.scenario.rate / 2)
    return MeasuredStream(SimulatedRun(slower), clock)


class PolarOfTwoRates(PolarPeripheral):
    """A sensor that measures at its rate or at half of it."""

    def __init__(self, run: SimulatedRun, clock: VirtualClock) -> None:
        super().__init__(run, clock)
        self._slower = at_half_the_rate(run, clock)

    def _offer(self, measurement: int) -> Settings:
        slower_hz = round(self._slower.rate_hz)
        rates = (slower_hz, 2 * slower_hz)
        return {**super()._offer(measurement), Setting.RATE_HZ: rates}

    def _start(
        self, measurement: int, settings: Settings, offer: Settings
    ) -> tuple[Status, Settings]:
        if settings[Setting.RATE_HZ][0] == self._slower.rate_hz:
            self._stream, self._rate_hz = self._slower, round(self._slower.rate_hz)
        return super()._start(measurement, settings, offer)


@pytest.mark.parametrize(
    ("sensor", "rate_hz", "interval_ms", "most_bytes"),
    [(BackstridePeripheral, 200.0, 40.0, 68), (PolarOfTwoRates, 208.0, 60.0, 100)],
)
def test_a_sensor_steps_down_to_what_its_link_bears_and_the_session_goes_on(
    sensor: Callable[[SimulatedRun, VirtualClock], Peripheral],
    rate_hz: float,
    interval_ms: float,
    most_bytes: int,
) -> None:
    params = replace(SLOW, connection_interval_ms=interval_ms, notification_bytes_max=most_bytes)
    session = ran(sensor, params, rate_hz, seconds=60.0)
    (lower,) = session.infos
    assert lower.rate_hz == rate_hz / 2
    (told,) = [event.detail for event in session.events if event.kind == "gap"]
    assert told.startswith(f"the link is too slow for {rate_hz:g} Hz, or damages what it carries")
    assert told.endswith(f"so the sensor measures at {lower.rate_hz:g} Hz from now on")
    assert session.kinds.count("lost") == session.kinds.count("resumed") == 1
    # what was agreed anew is not known before the sensor has answered: that is heard all the same
    assert session.losses.malformed_packets == 0
    assert session.losses.received > 55 * lower.rate_hz


@pytest.mark.parametrize("protocol", ["backstride", "polar"])
def test_a_link_that_loses_some_or_was_away_is_not_too_slow(protocol: str) -> None:
    assert not told_of(f"sim:?protocol={protocol}&minutes=0.4&loss=10,70@25+8&blackout=8+6")


class OnlyOneRate(MovesensePeripheral):
    """A sensor that refuses every rate but its highest."""

    def _status(self, host: Host, reference: int, path: str) -> int:
        return super()._status(host, reference, path) if path.endswith("208") else 503


def test_where_a_lower_rate_is_refused_the_slow_link_is_named_too() -> None:
    says = r"the link is too slow for 208 Hz, and it refuses .* at a lower rate \(status 503\): "
    with pytest.raises(DeviceError, match=says):
        ran(OnlyOneRate, SLOW, 208.0)


def test_messages_too_long_for_the_link_are_sent_at_a_lower_rate_or_refused_with_a_cure() -> None:
    short = LinkParams(notification_bytes_max=102)
    session = ran(MovesensePeripheral, short, 208.0, seconds=8.0)
    assert session.info.rate_hz == 104.0
    told = [event.detail for event in session.events if event.kind == "gap"]
    assert told == [
        "messages of 208 Hz are too long for the link, so the sensor measures at 104 Hz"
    ]
    says = r"\(status 507\): its messages are too long for this connection, or .* an MTU of 55 or"
    with pytest.raises(DeviceError, match=says):
        ran(MovesensePeripheral, LinkParams(notification_bytes_max=20), 208.0)


class StandingClock(MovesensePeripheral):
    """A sensor whose messages all say the same time."""

    def _encoded(self, block: MeasuredBlock, notification_bytes_max: int) -> list[bytes]:
        return super()._encoded(block._replace(device_us=12_345_000), notification_bytes_max)


def test_messages_that_come_and_make_no_sense_are_no_slow_link() -> None:
    says = "what comes at 52 Hz cannot be put together, the lowest rate .* switch the sensor off"
    with pytest.raises(DeviceError, match=says):
        ran(StandingClock, LinkParams(), 208.0)


def test_a_link_too_slow_for_anything_is_one_sentence() -> None:
    params = LinkParams(connection_interval_ms=400.0, packets_per_event=1, queue_packets=3)
    with pytest.raises(DeviceError, match=r"the link is too slow for 52 Hz, the lowest rate"):
        ran(MovesensePeripheral, params, 208.0)


def test_packets_without_samples_are_silence() -> None:
    """A link that gets slow in mid-session: it is begun anew, at a rate that it carries."""
    good = LinkParams(connection_interval_ms=30.0, notification_bytes_max=244)
    session = ran(MovesensePeripheral, good, 208.0, later=SLOW, seconds=60.0)
    assert session.info.rate_hz == 208.0
    assert session.infos[-1].rate_hz == 104.0
    assert session.losses.received > 104 * 25


def test_a_link_that_gets_too_slow_for_anything_is_said_once_and_tried_at_the_lowest_rate() -> None:
    good = LinkParams(connection_interval_ms=30.0, notification_bytes_max=244)
    bad = LinkParams(connection_interval_ms=1000.0, notification_bytes_max=244)
    session = ran(MovesensePeripheral, good, 208.0, later=bad, seconds=120.0)
    told = [event.detail for event in session.events if event.kind == "gap"]
    assert told == [
        "the link is too slow for 208 Hz, so the sensor measures at 104 Hz",
        "the link is too slow for 104 Hz, so the sensor measures at 52 Hz",
        "the link is too slow for 52 Hz, the lowest rate that is of use, and is tried again",
    ]
    assert session.kinds.count("resumed") > 4


def test_settings_of_a_polar_come_in_parts_where_the_mtu_is_23() -> None:
    params = LinkParams(connection_interval_ms=15.0, notification_bytes_max=20)
    session = ran(PolarPeripheral, params, 52.0)
    assert session.info.rate_hz == 52.0
    assert session.info.angular_velocity_range_rad_s > 0
    assert session.losses.received > 52 * 20


@pytest.mark.parametrize("room", [20, 23, 30, 244])
def test_a_reply_is_put_together_from_its_parts(room: int) -> None:
    settings: dict[int, tuple[float, ...]] = {
        Setting.RATE_HZ: (26, 52, 104, 208, 416),
        Setting.RESOLUTION_BITS: (16,),
        Setting.RANGE: (250, 500, 1000, 2000),
    }
    reply = Reply(Operation.GET_SETTINGS, Measurement.ANGULAR_VELOCITY, Status.SUCCESS, settings)
    parts = encode_reply_parts(reply, room)
    assert all(len(part) <= room for part in parts)
    together = ReplyParts()
    assert [together.push(part) for part in parts] == [*[None] * (len(parts) - 1), reply]
    with pytest.raises(ProtocolError, match="goes on no reply"):
        ReplyParts().push(b"\x00\x01\x02")


def test_a_polar_that_says_it_has_stopped_is_started_again_at_once() -> None:
    def stops(run: SimulatedRun, clock: VirtualClock) -> PolarPeripheral:
        return PolarPeripheral(run, clock, stops_after_s=12.0)

    session = ran(stops, LinkParams(connection_interval_ms=30.0), 52.0)
    assert session.kinds == ["connected", "lost", "resumed", "ended"]
    lost, resumed = session.events[1:3]
    assert lost.detail == "the sensor says that it has stopped measuring"
    assert resumed.arrival_ns - lost.arrival_ns < 2e9
    assert session.losses.received > 52 * 24


class DamagesFirst:
    """A sensor whose first messages are cut, every other one of the first eight."""

    def __init__(self, sensor: Peripheral) -> None:
        self._sensor, self._sent = sensor, 0
        self.name, self.services = sensor.name, sensor.services
        self.advertised_services = sensor.advertised_services
        self.damaged = 0

    async def serve(self, host: Host) -> None:
        self._host = host
        self.is_subscribed, self.receive = host.is_subscribed, host.receive
        self.set_value, self.notification_bytes_max = host.set_value, host.notification_bytes_max
        await self._sensor.serve(self)

    async def send(self, channel: str, payload: bytes) -> None:
        cut = self._sent < 8 and self._sent % 2 == 0
        self._sent += 1
        self.damaged += cut
        await self._host.send(channel, payload[:3] if cut else payload)


@pytest.mark.parametrize(
    ("kind", "rate_hz"), [(MovesensePeripheral, 104.0), (PolarPeripheral, 52.0)]
)
def test_what_is_damaged_during_set_up_is_asked_again(kind: Any, rate_hz: float) -> None:
    good = LinkParams(connection_interval_ms=15.0, notification_bytes_max=244)
    made: list[DamagesFirst] = []

    def make(run: SimulatedRun, clock: VirtualClock) -> DamagesFirst:
        made.append(DamagesFirst(kind(run, clock)))
        return made[-1]

    session = ran(make, good, rate_hz)
    assert made[0].damaged == 4
    assert session.kinds == ["connected", "ended"]
    assert session.info.rate_hz == rate_hz
    assert session.losses.received > rate_hz * 12


def test_a_gyroscope_of_125_degrees_a_second_is_known_to_end_there() -> None:
    assert ANGULAR_VELOCITY_RANGES_DEG_S[0] == 125


def test_a_table_of_an_older_firmware_is_thrown_away_once() -> None:
    """The system remembers the sensor without its data, and is told to forget it."""
    forgotten: list[str] = []

    def remembering(client: Any) -> Any:
        async def connect(self: Any, *args: Any, **options: Any) -> None:
            await client.connect(self, *args, **options)
            if not forgotten:
                self.services = BleakGATTServiceCollection()

        async def unpair(self: Any) -> None:
            forgotten.append(self.address)

        return type("Remembering", (client,), {"connect": connect, "unpair": unpair})

    good = LinkParams(notification_bytes_max=244)
    session = ran(MovesensePeripheral, good, 104.0, client=remembering, seconds=12.0)
    assert len(forgotten) == 1
    assert session.losses.received > 104 * 6
