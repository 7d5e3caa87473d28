"""Conversation with Polar sensors: Verity Sense (both measurements) and H10 (acceleration)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import radians
from typing import ClassVar, Final

from devices.drivers.clock_news import ClockNews
from devices.drivers.delivery import DeliveryWatch
from devices.drivers.driver import FOR_EVER_S, Advertisement, Driver, Wanted
from devices.links import Link
from devices.protocols.polar import (
    CONTROL_CHANNEL,
    CONTROL_UUID,
    DATA_CHANNEL,
    DATA_UUID,
    SERVICE_UUID,
    STATUS_WORDS,
    TIME_MODULUS_US,
    Measurement,
    Operation,
    PolarDecoder,
    Reply,
    ReplyParts,
    Setting,
    Settings,
    Status,
    encode_request,
    stopped_by_itself,
)
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from imu.errors import DeviceError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2

_NAMES: Final = ("Polar Sense", "Polar Verity Sense", "Polar H10")
#: Statuses above it are none of the maker's.
_STATUS_MAX: Final = 0x20
#: Rates that any model has, Hz.
_RATES_HZ: Final = frozenset((25, 26, 50, 52, 100, 104, 200, 208, 416))
_ABSENT: Final = (Status.INVALID_OPERATION, Status.INVALID_MEASUREMENT, Status.NOT_SUPPORTED)
_IN_WORDS: Final = {
    Measurement.ACCELERATION: "acceleration",
    Measurement.ANGULAR_VELOCITY: "angular velocity",
    Measurement.SDK_MODE: "the SDK mode",
}


class PolarDriver(Driver):
    """Starts acceleration, and angular velocity at the same rate where the sensor has it.

    A Verity Sense offers 52 Hz and 8 g by itself, up to 416 Hz and 16 g in its SDK mode (firmware
    1.1.5 or later), which is switched on when more than that is wanted, and off at the end. Its
    maker does not promise that everything gets through at 416 Hz. An H10 offers up to 200 Hz and
    8 g.
    """

    protocol = "polar"
    links = ("ble",)
    name_tells = True
    sold_as = "Polar Verity Sense or H10"
    #: A still Verity Sense packs up to 2.5 s of samples into one frame.
    silence_s: ClassVar[float] = 6.0
    characteristics: ClassVar[Mapping[str, str]] = {
        CONTROL_CHANNEL: CONTROL_UUID,
        DATA_CHANNEL: DATA_UUID,
    }

    def __init__(self) -> None:
        self._is_in_sdk_mode = False
        self._delivery: DeliveryWatch | None = None  # while it streams
        self._decoder: PolarDecoder | None = None  # what arrives is counted by it
        self._clock: ClockNews | None = None

    @classmethod
    def recognises(cls, advertisement: Advertisement) -> bool:
        """By the measurement service, or the names of the two models."""
        return SERVICE_UUID in advertisement.service_uuids or advertisement.name.startswith(_NAMES)

    def holds_samples(self, packet: Packet) -> bool:
        """Whether a packet is a sign that the sensor measures; it is asked of each, in order."""
        for reading in () if self._decoder is None else self._decoder.push(packet):
            if not isinstance(reading, Reading):
                continue
            if self._delivery is not None:
                self._delivery.take(len(reading.acceleration_m_s2), packet.arrival_ns)
            if self._clock is not None:
                self._clock.take(reading, packet.arrival_ns)
        return super().holds_samples(packet)

    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        """Ask what is on offer, and start the nearest.

        Raises
        ------
        DeviceError
            When the sensor does not answer, or refuses.
        """
        await link.subscribe(CONTROL_CHANNEL)
        await link.subscribe(DATA_CHANNEL)
        acceleration, gyro = await _offers(link)
        asked_hz, wanted = wanted.rate_hz, replace(wanted, rate_hz=wanted.borne_hz)
        if gyro and _exceeds(wanted, acceleration):
            self._is_in_sdk_mode = await _switch_to_sdk_mode(link)
            acceleration, gyro = await _offers(link)
        rates = set(acceleration[Setting.RATE_HZ])
        shared = rates.intersection(gyro[Setting.RATE_HZ]) if gyro else set()
        offers = tuple(shared or rates)
        rate_hz = not_below(wanted.rate_hz, offers)
        range_g = not_below(wanted.acceleration_range_g, acceleration[Setting.RANGE])
        range_deg_s = 0.0
        if shared:
            range_deg_s = not_below(wanted.angular_velocity_range_deg_s, gyro[Setting.RANGE])
        # once: what is no better at a lower rate is no better at the next
        lower_hz = offers if rate_hz >= not_below(asked_hz, offers) else ()
        self._delivery = DeliveryWatch(rate_hz, lower_hz)
        range_m_s2, range_rad_s = range_g * STANDARD_GRAVITY_M_S2, radians(range_deg_s)
        self._decoder = PolarDecoder(float(rate_hz), range_m_s2, range_rad_s)
        self._clock = ClockNews(rate_hz, TIME_MODULUS_US)
        await _start(link, Measurement.ACCELERATION, acceleration, rate_hz, range_g)
        if shared:
            await _start(link, Measurement.ANGULAR_VELOCITY, gyro, rate_hz, range_deg_s)
        return DeviceInfo(
            name=link.name,
            protocol=self.protocol,
            rate_hz=float(rate_hz),
            acceleration_range_m_s2=range_m_s2,
            angular_velocity_range_rad_s=range_rad_s,
            serial=link.name.rpartition(" ")[2] if link.name.startswith(_NAMES) else "",
        )

    async def close(self, link: Link) -> None:
        """Stop measuring, and leave the SDK mode."""
        for measurement in (Measurement.ANGULAR_VELOCITY, Measurement.ACCELERATION):
            await link.write(CONTROL_CHANNEL, encode_request(Operation.STOP, measurement))
        if self._is_in_sdk_mode:
            request = encode_request(Operation.STOP, Measurement.SDK_MODE)
            await link.write(CONTROL_CHANNEL, request)

    async def accompany(self, link: Link) -> str:
        """Hear when the sensor stops by itself: worn off, low on charge, or told so by another.

        Where the link is too slow for the rate, that is told, and a lower one begun with.
        """

        def stopped(packet: Packet) -> str | None:
            if self._clock is not None and (news := self._clock.news()):
                link.tell(news)
            if self._delivery is not None and (news := self._delivery.news()):
                link.tell(news)
                self.borne_hz = self._delivery.borne_hz
            if self.borne_hz is not None:
                return "the link is too slow"
            if packet.channel != CONTROL_CHANNEL or not stopped_by_itself(packet.payload):
                return None
            return "the sensor says that it has stopped measuring"

        return await link.ask(CONTROL_CHANNEL, b"", stopped, timeout_s=FOR_EVER_S)

    @staticmethod
    def decoder(info: DeviceInfo) -> PolarDecoder:
        """The decoder for the agreed rate and ranges; factors come with the packets."""
        return PolarDecoder(
            info.rate_hz, info.acceleration_range_m_s2, info.angular_velocity_range_rad_s
        )


def not_below(wanted: float, offers: tuple[float, ...]) -> float:
    """The lowest offer that is not below what is wanted, else the highest.

    Examples
    --------
    >>> not_below(200, (26, 52, 104, 208, 416)), not_below(16, (2, 4, 8))
    (208, 8)
    """
    return min((offer for offer in offers if offer >= wanted), default=max(offers))


async def _request(
    link: Link, operation: Operation, measurement: Measurement, settings: Settings | None = None
) -> Reply:
    """Send a request; returns the reply to it, whatever its status."""
    parts = ReplyParts()

    def answer(packet: Packet) -> Reply | None:
        if packet.channel != CONTROL_CHANNEL:
            return None
        try:
            reply = parts.push(packet.payload)
        except ProtocolError:
            return None  # the sensor tells something of its own accord, or it was damaged
        if reply is None or reply[:2] != (operation, measurement) or not _makes_sense(reply):
            return None
        return reply

    payload = encode_request(operation, measurement, settings)
    return await link.ask(CONTROL_CHANNEL, payload, answer, timeout_s=2.0, tries=3)


def _makes_sense(reply: Reply) -> bool:
    """Whether a reply holds what such sensors have; one that was damaged is asked for again."""
    if reply.status > _STATUS_MAX:
        return False
    rates = reply.settings.get(Setting.RATE_HZ, ())
    if reply.operation != Operation.GET_SETTINGS or reply.status != Status.SUCCESS:
        return True
    return bool(rates) and set(rates) <= _RATES_HZ and bool(reply.settings.get(Setting.RANGE))


async def _offers(link: Link) -> tuple[Settings, Settings]:
    """Settings on offer for acceleration, and for angular velocity: empty without."""
    offers: list[Settings] = []
    for measurement in (Measurement.ACCELERATION, Measurement.ANGULAR_VELOCITY):
        reply = await _request(link, Operation.GET_SETTINGS, measurement)
        if reply.status in _ABSENT and measurement == Measurement.ANGULAR_VELOCITY:
            offers.append({})
            continue
        _check(link, reply, "tell its settings of")
        for setting in (Setting.RATE_HZ, Setting.RANGE):
            if not reply.settings.get(setting):
                raise DeviceError(
                    f"offers no {setting.name.lower()} for {_IN_WORDS[measurement]}: "
                    "update its firmware with Polar's app.",
                    source=link.name,
                )
        offers.append(reply.settings)
    return offers[0], offers[1]


def _exceeds(wanted: Wanted, offer: Settings) -> bool:
    """Whether more is wanted than an offer has."""
    return (
        max(offer[Setting.RATE_HZ]) < wanted.rate_hz
        or max(offer[Setting.RANGE]) < wanted.acceleration_range_g
    )


async def _switch_to_sdk_mode(link: Link) -> bool:
    """Ask for the mode that offers more; returns whether the sensor is in it."""
    reply = await _request(link, Operation.START, Measurement.SDK_MODE)
    if reply.status == Status.INVALID_STATE:  # still measuring, since an earlier connection
        for measurement in (Measurement.ACCELERATION, Measurement.ANGULAR_VELOCITY):
            await _request(link, Operation.STOP, measurement)
        reply = await _request(link, Operation.START, Measurement.SDK_MODE)
    if reply.status in _ABSENT:
        return False  # older firmware: what it has by itself will do
    if reply.status != Status.ALREADY_IN_STATE:
        _check(link, reply, "switch on")
    return True


async def _start(
    link: Link, measurement: Measurement, offer: Settings, rate_hz: float, range_: float
) -> None:
    """Start a measurement; the reply, with the factor, goes into the log by itself."""
    settings: dict[int, tuple[float, ...]] = {Setting.RATE_HZ: (rate_hz,)}
    if Setting.RESOLUTION_BITS in offer:
        settings[Setting.RESOLUTION_BITS] = (max(offer[Setting.RESOLUTION_BITS]),)
    settings[Setting.RANGE] = (range_,)
    if Setting.CHANNELS in offer:
        settings[Setting.CHANNELS] = (max(offer[Setting.CHANNELS]),)
    reply = await _request(link, Operation.START, measurement, settings)
    if reply.status == Status.ALREADY_IN_STATE:  # with settings that nobody knows
        await _request(link, Operation.STOP, measurement)
        reply = await _request(link, Operation.START, measurement, settings)
    _check(link, reply, f"start, at {rate_hz:g} Hz,")


def _check(link: Link, reply: Reply, action: str) -> None:
    if reply.status != Status.SUCCESS:
        why = STATUS_WORDS.get(reply.status, f"gives status {reply.status}")
        what = _IN_WORDS[Measurement(reply.measurement)]
        raise DeviceError(
            f"does not {action} {what}: it {why}; "
            "close other apps that use it, update its firmware, and try again.",
            source=link.name,
        )
