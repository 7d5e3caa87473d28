"""Sensors that speak the project's own wire format, over Bluetooth LE or a serial line."""

from __future__ import annotations

import time
from dataclasses import replace
from math import radians
from random import Random
from typing import ClassVar, Final

from devices.drivers.backstride_requests import (
    SERIAL_NUMBER_CHANNEL,
    ask,
    read_info,
    read_serial_number,
    set_utc,
)
from devices.drivers.backstride_storage import read_calibration
from devices.drivers.delivery import DeliveryWatch
from devices.drivers.driver import Advertisement, Driver, Wanted
from devices.links import Link
from devices.protocols.backstride import (
    CHANNELS,
    SAMPLES_MAX,
    DataPacket,
    Feature,
    InfoMessage,
    Layout,
    decode_data,
    samples_per_packet,
)
from devices.protocols.backstride_control import (
    Configuration,
    Operation,
    decode_configuration,
    decode_ping_times,
    encode_configuration,
)
from devices.protocols.backstride_decoder import BackstrideDecoder
from devices.protocols.backstride_frames import (
    BULK_CHANNEL,
    CONTROL_CHANNEL,
    DATA_CHANNEL,
    INFO_CHANNEL,
    STATUS_CHANNEL,
    FrameType,
    MessageReader,
)
from devices.protocols.cobs import Deframer
from devices.records import DeviceInfo, Packet
from devices.timing.clock_watch import ClockWatch
from devices.timing.device_clock import STAMP_MODULUS_US
from imu.calibration import Calibration, three, three_rows
from imu.errors import DeviceError, DeviceLost, ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2

#: The profile's service on Bluetooth LE.
SERVICE_UUID: Final = "45c00001-a7a3-41bb-ae9b-b4b2f3b37bc1"

_SERIAL_NUMBER_UUID: Final = "00002a25-0000-1000-8000-00805f9b34fb"
_DATA_HEADER_BYTES: Final = 8
_FAREWELL_S: Final = 1.0
#: What is told, the first time and again, where numbers, times and arrivals do not go together.
_OFF: Final = (
    "the times of its samples are off by a factor of {speed:.2g}, so it is set up anew; steps do "
    "not count while that lasts",
    "the times of its samples are still off by a factor of {speed:.2g}: restart it, and update its "
    "firmware; steps do not count until then",
)
_PING_PAUSE_S: Final = (0.5, 1.5)  # random, or pings would lock to the connection interval


class BackstrideDriver(Driver):
    """The conversation with a sensor of the project's own profile."""

    protocol: ClassVar[str] = "backstride"
    links: ClassVar[tuple[str, ...]] = ("ble", "serial")
    sold_as: ClassVar[str] = "Backstride profile"
    characteristics: ClassVar[dict[str, str]] = {
        INFO_CHANNEL: "45c00002-a7a3-41bb-ae9b-b4b2f3b37bc1",
        CONTROL_CHANNEL: "45c00003-a7a3-41bb-ae9b-b4b2f3b37bc1",
        DATA_CHANNEL: "45c00004-a7a3-41bb-ae9b-b4b2f3b37bc1",
        STATUS_CHANNEL: "45c00005-a7a3-41bb-ae9b-b4b2f3b37bc1",
        BULK_CHANNEL: "45c00006-a7a3-41bb-ae9b-b4b2f3b37bc1",
        SERIAL_NUMBER_CHANNEL: _SERIAL_NUMBER_UUID,
    }
    baud_rates: ClassVar[tuple[int, ...]] = (230400, 921600, 460800, 115200)

    def __init__(self) -> None:
        self._features = 0
        self._heard = MessageReader()
        self._configuration = Configuration()
        self._clock_watch: ClockWatch | None = None  # while it streams
        self._delivery: DeliveryWatch | None = None  # likewise
        self._lower_hz: tuple[int, ...] = ()

    @classmethod
    def recognises(cls, advertisement: Advertisement) -> bool:
        """Whether the profile's service is advertised."""
        return SERVICE_UUID in advertisement.service_uuids

    @classmethod
    def recognises_bytes(cls, heard: bytes) -> bool:
        """Whether there is a whole frame; a sensor sends its status every second."""
        kinds = {int(kind) for kind in FrameType}
        return any(content[0] in kinds for content in Deframer().push(heard))

    def holds_samples(self, packet: Packet) -> bool:
        """Whether it has data in it: on a serial line, pings and status come in the same bytes."""
        found = False
        for channel, content in self._heard.push(packet):
            data = _with_samples(content) if channel == DATA_CHANNEL else None
            found |= data is not None
            if data is not None and self._clock_watch is not None:
                self._clock_watch.take(data.sequence, data.time_us, packet.arrival_ns)
            if data is not None and self._delivery is not None:
                self._delivery.take(len(data.counts), packet.arrival_ns)
        return found

    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        """Identify, configure the nearest that is on offer, and start streaming."""
        info = await read_info(link)
        for channel in (DATA_CHANNEL, STATUS_CHANNEL):
            await link.subscribe(channel)
        self._features = info.features
        if info.features & Feature.UTC:
            await set_utc(link, time.time_ns() // 1000)
        serial_number = await read_serial_number(link)
        calibration = await _kept(link) if info.features & Feature.CALIBRATION else None
        lower = replace(wanted, rate_hz=wanted.borne_hz)
        nearest = _nearest(info, lower, link)
        if nearest.rate_hz == _nearest(info, wanted, link).rate_hz:
            # once: what is no better at a lower rate is no better at the next
            self._lower_hz = info.rates_hz
        configuration = await self._start(link, nearest)
        return DeviceInfo(
            name=link.name,
            protocol=self.protocol,
            rate_hz=configuration.rate_hz,
            acceleration_range_m_s2=configuration.acceleration_range_g * STANDARD_GRAVITY_M_S2,
            angular_velocity_range_rad_s=radians(configuration.angular_velocity_range_deg_s),
            serial=serial_number,
            firmware=f"{info.firmware >> 8}.{info.firmware & 0xFF}",
            calibration=calibration,
        )

    async def close(self, link: Link) -> None:
        """Stop streaming."""
        await ask(link, Operation.STOP, timeout_s=_FAREWELL_S, tries=1)

    async def accompany(self, link: Link) -> str:
        """Ping about once a second, and start the stream anew where the sensor has restarted.

        Likewise, once, where its clock or its rate is another from one moment to the next. Where
        the link is too slow for the rate, that is told, and a lower one begun with. Pings go out at
        random times: where samples are sent in step with the connection interval, their
        arrivals tell the time of the central alone.
        """
        random = Random(link.now_ns())
        latest_us, anew = 0, 0
        while True:
            await link.sleep(random.uniform(*_PING_PAUSE_S))
            try:
                watch = self._clock_watch
                if watch is not None and watch.speed != 1.0 and anew < len(_OFF):
                    link.tell(_OFF[anew].format(speed=watch.speed))
                    anew += 1
                    if anew < len(_OFF):
                        await self._start(link, self._configuration)
                if self._delivery is not None and (news := self._delivery.news()):
                    link.tell(news)
                    self.borne_hz = self._delivery.borne_hz
                    if self.borne_hz is not None:
                        return "the link is too slow"
                if not self._features & Feature.PING:
                    continue
                reply = await ask(link, Operation.PING, tries=1, logged=True)
                sent_us = decode_ping_times(reply.parameters).sent_us
                if sent_us < latest_us:
                    await self._start(link, self._configuration)
                latest_us = sent_us
            except DeviceLost:
                raise
            except DeviceError:
                continue  # one that got lost; silence is noticed by the link's keeper

    @staticmethod
    def decoder(info: DeviceInfo) -> BackstrideDecoder:
        """The decoder for what this sensor sends."""
        return BackstrideDecoder(info)

    async def _start(self, link: Link, configuration: Configuration) -> Configuration:
        await ask(link, Operation.STOP)  # it may still stream for an earlier connection
        parameters = encode_configuration(configuration)
        reply = await ask(link, Operation.SET_CONFIG, parameters)
        agreed = decode_configuration(reply.parameters)
        if not (agreed.rate_hz > 0 and agreed.acceleration_range_g > 0):
            raise DeviceError(
                f"the sensor wants to measure at {agreed.rate_hz:g} Hz to "
                f"{agreed.acceleration_range_g} g: switch it off and on again.",
                source=link.name,
            )
        self._clock_watch = ClockWatch(agreed.rate_hz, STAMP_MODULUS_US)
        if self._delivery is None:  # it is told once a connection
            self._delivery = DeliveryWatch(agreed.rate_hz, self._lower_hz)
        await ask(link, Operation.START)
        self._configuration = configuration
        return agreed


def _with_samples(content: bytes) -> DataPacket | None:
    try:
        data = decode_data(content)
    except ProtocolError:
        return None
    return None if data.layout == Layout.ANGULAR_VELOCITY else data


async def _kept(link: Link) -> Calibration | None:
    """The calibration that the sensor keeps; one that is damaged, or of no sensor, is none."""
    try:
        kept = await read_calibration(link)
        if kept is None:
            return None
        return Calibration(
            three(kept.acceleration_bias_m_s2),
            three_rows(kept.acceleration_matrix),
            three(kept.angular_velocity_bias_rad_s),
            angular_velocity_matrix=three_rows(kept.angular_velocity_matrix),
        )
    except (ProtocolError, ParameterError):
        return None


def _nearest(info: InfoMessage, wanted: Wanted, link: Link) -> Configuration:
    """The configuration on offer that is nearest to what is wanted."""
    rates, accelerations = info.rates_hz, info.acceleration_ranges_g
    if not rates or not accelerations or not info.samples_max:
        raise DeviceError(
            "the sensor offers no sample rate or range that this program knows: update the older "
            "of the two.",
            source=link.name,
        )
    gyro_ranges = info.angular_velocity_ranges_deg_s
    layout = Layout.IMU6 if gyro_ranges else Layout.ACCELERATION
    room = (link.notification_bytes_max - _DATA_HEADER_BYTES) // (2 * CHANNELS[layout])
    if room < 1:
        raise DeviceError(
            f"a notification of {link.notification_bytes_max} bytes holds no sample: use another "
            "Bluetooth adapter.",
            source=link.name,
        )
    rate = min(rates, key=lambda each: (abs(each - wanted.rate_hz), -each))
    gyro_range = _range_from(gyro_ranges, wanted.angular_velocity_range_deg_s) if gyro_ranges else 0
    return Configuration(
        rate_hz=float(rate),
        acceleration_range_g=_range_from(accelerations, wanted.acceleration_range_g),
        angular_velocity_range_deg_s=gyro_range,
        samples_per_packet=samples_per_packet(rate, min(info.samples_max, SAMPLES_MAX, room)),
        streams=1 << layout,
    )


def _range_from(offered: tuple[int, ...], wanted: float) -> int:
    """The smallest that is not below what is wanted, else the largest."""
    return min((each for each in offered if each >= wanted), default=max(offered))
