"""Conversation with a Movesense sensor whose firmware speaks the GATT SensorData Protocol."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, Final

from devices.drivers.clock_news import ClockNews
from devices.drivers.delivery import DeliveryMeter, too_slow
from devices.drivers.driver import FOR_EVER_S, Advertisement, Driver, Wanted
from devices.links import Link
from devices.protocols.movesense import (
    ACCELERATION_RANGE_MAX_M_S2,
    ANGULAR_VELOCITY_RANGE_MAX_RAD_S,
    COMMAND_UUID,
    DATA_CHANNEL,
    DATA_UUID,
    HELLO_REFERENCE,
    IMU_REFERENCE,
    RATES_HZ,
    SAMPLE_BYTES,
    SERVICE_UUID,
    TIME_MODULUS_US,
    Code,
    Hello,
    MovesenseDecoder,
    Operation,
    decode_hello,
    decode_status,
    encode_command,
    imu6_path,
)
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from imu.errors import DeviceError, DeviceLost

_COMMAND_CHANNEL: Final = "command"
_NAME: Final = "Movesense"
_NOT_OFFERED: Final = (400, 404, 501)  # there is no such path: another rate may do
_NO_ROOM: Final = 507
#: What to do about a refusal, by its status; 429 stays until the sensor starts anew.
_CURE: Final = "install firmware with the GATT sensor data service, close other apps that use it"
_CURES: Final = {
    429: "take its battery out for a moment",
    _NO_ROOM: "its messages are too long for this connection, or its memory is taken; end other "
    "connections to it, switch Bluetooth off and on, or use an adapter that agrees to an MTU of 55 "
    "or more",
}
_LEAST_SHARE: Final = 0.9  # of the samples, that must arrive
_COUNT_S: Final = 10.0  # for what arrives, at most
_WATCHED_S: Final = 5.0  # of which half of the samples must arrive later on
_SETTLE_S: Final = 0.3  # after the stream was ended
_LEAST_HZ: Final = 52  # slower, steps cannot be told


class MovesenseDriver(Driver):
    """Subscribes to ``/Meas/IMU6`` at the wanted rate, or the nearest that firmware and link have.

    Where the link is slower than the data, messages lose their halves or their neighbours, and
    little can be made of the rest: the next lower rate is taken then, and told.

    The stock firmware for phones does not speak this protocol; one that holds the sample
    application ``gatt_sensordata_app`` does. The full scale is the firmware's: it can neither be
    set nor read, so the agreed range is the widest there is, and the decoder finds the real end.
    """

    protocol = "movesense"
    links = ("ble",)
    name_tells = True
    sold_as = "Movesense HR+, HR2, MD or Flash"
    characteristics: ClassVar[Mapping[str, str]] = {
        _COMMAND_CHANNEL: COMMAND_UUID,
        DATA_CHANNEL: DATA_UUID,
    }

    @classmethod
    def recognises(cls, advertisement: Advertisement) -> bool:
        """By the service, or the name ``Movesense`` and a serial number."""
        return SERVICE_UUID in advertisement.service_uuids or (
            advertisement.name.startswith(f"{_NAME} ")
        )

    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        """Greet, then subscribe to acceleration and angular velocity.

        Raises
        ------
        DeviceError
            When the sensor does not answer, or refuses every rate.
        """
        await link.subscribe(DATA_CHANNEL)
        hello = await _greet(link)
        # what a link bore before it was lost it may bear again, and no more is asked of it
        known_hz = math.inf if wanted.known is None else wanted.known.rate_hz
        rate_hz = await _subscribe(link, rates_by_nearness(min(wanted.rate_hz, known_hz)))
        rate_hz = await self._as_fast_as_the_link(link, rate_hz, known_hz)
        self._rate_hz, self.borne_hz = float(rate_hz), None
        name = link.name
        return DeviceInfo(
            name=name,
            protocol=self.protocol,
            rate_hz=float(rate_hz),
            acceleration_range_m_s2=ACCELERATION_RANGE_MAX_M_S2,
            angular_velocity_range_rad_s=ANGULAR_VELOCITY_RANGE_MAX_RAD_S,
            serial=hello.serial or name.removeprefix(_NAME).strip(),
            firmware=hello.firmware,
        )

    async def close(self, link: Link) -> None:
        """Unsubscribe; the sensor then sleeps."""
        await link.write(_COMMAND_CHANNEL, encode_command(Operation.UNSUBSCRIBE, IMU_REFERENCE))

    async def accompany(self, link: Link) -> str:
        """See that samples come, and not packets alone.

        Returns when none has come for a while, or half of those of some seconds.
        """
        decoder, clock = MovesenseDecoder(self._rate_hz), ClockNews(self._rate_hz, TIME_MODULUS_US)
        latest_ns = since_ns = link.now_ns()
        count, least = 0, 0.5 * self._rate_hz * _WATCHED_S

        def starved(packet: Packet) -> str | None:
            nonlocal latest_ns, since_ns, count
            for reading in decoder.push(packet):
                if isinstance(reading, Reading):
                    latest_ns = packet.arrival_ns
                    clock.take(reading, packet.arrival_ns)
                    count += len(reading.acceleration_m_s2)
            if news := clock.news():
                link.tell(news)
            poor = packet.arrival_ns - latest_ns > self.silence_s * 1e9
            if packet.arrival_ns - since_ns >= _WATCHED_S * 1e9:
                poor = poor or count < least
                since_ns, count = packet.arrival_ns, 0
            return f"{too_slow(self._rate_hz)}, or damages what it carries" if poor else None

        return await link.ask(DATA_CHANNEL, b"", starved, timeout_s=FOR_EVER_S)

    async def _as_fast_as_the_link(self, link: Link, rate_hz: int, known_hz: float) -> int:
        """Step down until what is measured arrives; returns the rate, Hz.

        Raises
        ------
        DeviceError
            When the link is too slow for every rate that is of use.
        """
        while True:
            meter = DeliveryMeter(MovesenseDecoder(float(rate_hz)), rate_hz, DATA_CHANNEL)
            try:
                share = await link.ask(DATA_CHANNEL, b"", meter.share, timeout_s=_COUNT_S)
            except DeviceLost:
                raise
            except DeviceError:
                if not meter.bytes_per_s:
                    return rate_hz  # nothing at all comes: that is noticed elsewhere
                share = 0.0
            if share >= _LEAST_SHARE:
                return rate_hz
            if share > 0.0:
                self.borne_hz = float(rate_hz)
            lower = tuple(offer for offer in RATES_HZ[::-1] if _LEAST_HZ <= offer < rate_hz)
            slow = too_slow(rate_hz)
            if meter.bytes_per_s >= _LEAST_SHARE * SAMPLE_BYTES * rate_hz:  # all of it came
                slow = f"what comes at {rate_hz} Hz cannot be put together"
            if not lower:
                if rate_hz < known_hz:  # once: the next try begins here
                    link.tell(f"{slow}, the lowest rate that is of use, and is tried again")
                raise DeviceError(
                    f"{slow}, the lowest rate that is of use: bring the sensor nearer, end other "
                    "Bluetooth connections, and switch the sensor off and on.",
                    source=link.name,
                )
            await _unsubscribe(link)
            rate_hz = await _subscribe(link, lower, f"{slow}, and it ")
            command = encode_command(Operation.SUBSCRIBE, IMU_REFERENCE, imu6_path(rate_hz))
            link.log_request(command)
            link.tell(f"{slow}, so the sensor measures at {rate_hz} Hz")

    @staticmethod
    def decoder(info: DeviceInfo) -> MovesenseDecoder:
        """The decoder for the subscribed rate."""
        return MovesenseDecoder(info.rate_hz)


def rates_by_nearness(rate_hz: float) -> tuple[int, ...]:
    """Rates on offer in the order in which to try them, Hz.

    First the lowest that is not below the wanted one, then by ratio to it.

    Examples
    --------
    >>> rates_by_nearness(200.0)
    (208, 104, 416, 52, 833, 26, 1666, 13)
    """
    by_ratio = sorted(RATES_HZ, key=lambda offer: max(offer / rate_hz, rate_hz / offer))
    first = next((offer for offer in RATES_HZ if offer >= rate_hz), RATES_HZ[-1])
    return (first, *(offer for offer in by_ratio if offer != first))


async def _greet(link: Link) -> Hello:
    """What the sensor says of itself; nothing where its firmware does not answer."""

    def answer(packet: Packet) -> Hello | None:
        head, content = packet.payload[:2], packet.payload[2:]
        if packet.channel == DATA_CHANNEL and head == bytes((Code.RESULT, HELLO_REFERENCE)):
            return decode_hello(content)
        return None

    command = encode_command(Operation.HELLO, HELLO_REFERENCE)
    try:
        return await link.ask(_COMMAND_CHANNEL, command, answer, timeout_s=1.0, tries=2)
    except DeviceLost:
        raise
    except DeviceError:
        return Hello()


def _answer(packet: Packet, *codes: Code) -> int | None:
    """Status in what a sensor says of the subscription, 200 for data: some firmware just begins."""
    if packet.channel != DATA_CHANNEL or packet.payload[1:2] != bytes((IMU_REFERENCE,)):
        return None
    if packet.payload[0] == Code.RESULT:
        status = decode_status(packet.payload[2:])
        return status if 100 <= status < 600 else None  # one that was damaged is asked for again
    return 200 if packet.payload[0] in codes else None


async def _unsubscribe(link: Link) -> None:
    """End the stream, and let what was still on its way arrive."""
    command = encode_command(Operation.UNSUBSCRIBE, IMU_REFERENCE)
    with suppress(DeviceError):  # a lost link shows at the next command
        await link.ask(_COMMAND_CHANNEL, command, _answer, timeout_s=2.0, tries=2)
    await link.sleep(_SETTLE_S)


async def _subscribe(link: Link, rates_hz: tuple[int, ...], because: str = "") -> int:
    """Start the stream at the first rate that is not refused; returns it, Hz.

    Parameters
    ----------
    link : Link
    rates_hz : tuple of int
        In the order in which to try them.
    because : str
        Why another rate is wanted, to begin the sentence of a refusal with.
    """

    def answer(packet: Packet) -> int | None:
        return _answer(packet, Code.DATA)

    status, left, no_room = 0, list(rates_hz), False
    while left:
        rate_hz = left.pop(0)
        command = encode_command(Operation.SUBSCRIBE, IMU_REFERENCE, imu6_path(rate_hz))
        status = await link.ask(_COMMAND_CHANNEL, command, answer, timeout_s=2.0, tries=3)
        if 200 <= status < 300:
            if no_room and not because:
                what = f"messages of {rates_hz[0]} Hz are too long for the link"
                link.tell(f"{what}, so the sensor measures at {rate_hz} Hz")
            return rate_hz
        no_room = no_room or status == _NO_ROOM
        if status == _NO_ROOM:  # of a lower rate a message holds fewer samples
            left = [offer for offer in left if _LEAST_HZ <= offer < rate_hz]
        elif status not in _NOT_OFFERED:
            break
    raise DeviceError(
        f"{because}refuses to send acceleration and angular velocity "
        f"{'' if not because else 'at a lower rate '}(status {status}): "
        f"{_CURES.get(status, _CURE)}, and try again.",
        source=link.name,
    )
