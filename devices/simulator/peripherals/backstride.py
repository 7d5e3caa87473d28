"""A simulated sensor of the project's own profile, over Bluetooth LE or a serial line."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, Literal
from zlib import crc32

from devices.drivers.backstride import SERVICE_UUID, BackstrideDriver
from devices.protocols.backstride import (
    CHANNELS,
    SAMPLES_MAX,
    SEQUENCE_MODULUS,
    DataFlag,
    Layout,
    SensorState,
    StatusMessage,
    encode_info,
    encode_status,
    samples_per_packet,
)
from devices.protocols.backstride_control import (
    EXCHANGES,
    Calibration,
    Configuration,
    ConfigurationFlag,
    Operation,
    PingTimes,
    Reply,
    ReplyStatus,
    Request,
    decode_configuration,
    decode_request,
    decode_utc,
    encode_configuration,
    encode_ping_times,
    encode_reply,
)
from devices.protocols.backstride_frames import (
    BULK_CHANNEL,
    CONTROL_CHANNEL,
    DATA_CHANNEL,
    INFO_CHANNEL,
    STATUS_CHANNEL,
    FrameType,
    encode_message,
)
from devices.protocols.backstride_log import (
    BULK_HEADER_BYTES,
    BulkMessage,
    encode_bulk,
)
from devices.protocols.cobs import Deframer
from devices.simulator.device import MotionRun
from devices.simulator.measured import MeasuredStream
from devices.simulator.peripheral import BYTES_CHANNEL, Host
from devices.simulator.peripherals.backstride_flash import Flash, FlashLog, Refusal, data_message
from devices.simulator.peripherals.backstride_identity import (
    BATTERY_LEVEL_UUID,
    FIRMWARE,
    FIRMWARE_REVISION_UUID,
    SERIAL_NUMBER_UUID,
    SERVICES,
    info_of,
)
from devices.timing.program_clock import ProgramClock
from imu.errors import ProtocolError

_UUIDS: Final = BackstrideDriver.characteristics
_FRAMES: Final = {
    INFO_CHANNEL: FrameType.INFO,
    CONTROL_CHANNEL: FrameType.REPLY,
    DATA_CHANNEL: FrameType.DATA,
    STATUS_CHANNEL: FrameType.STATUS,
    BULK_CHANNEL: FrameType.BULK,
}

_STATUS_PERIOD_S: Final = 1.0
_REPLY_HEADER_BYTES: Final = 4
_DATA_HEADER_BYTES: Final = 8
_SERIAL_BULK_BYTES: Final = 512  # in one frame
_TEMPERATURE_C: Final = 31.5


class BackstridePeripheral:
    """Speaks the whole profile: streaming, pings, status, calibration, logs in flash.

    It offers the run's own rate, those of the profile that leave samples of it out, and ranges up
    to the run's. A log begun with LOG_START grows while
    a host is connected; what is measured between connections is in it as far as the sensor's memory
    reaches.

    Parameters
    ----------
    run : MotionRun
        What it measures; the rate is one of the profile's.
    clock : ProgramClock
        True time.
    link : {"ble", "serial"}
    name, serial_number : str
        As advertised, and of the device information service.
    memory_s : float, default 1.0
        How much it holds back for a slow link, s.
    started_us : int, default 0
        Device time of the first sample, µs.
    battery_percent : int, default 87
        0 to 100.
    logs : iterable of FlashLog
        Runs that it has logged before.

    Attributes
    ----------
    flash : Flash
        Logs and stored calibration.
    identified_s : int
        How long it was asked to blink, in all, s.
    dropped_samples : int
        Lost in its own queue, since it was switched on.

    Raises
    ------
    ParameterError
        When the run's rate is none of the profile's.
    """

    def __init__(
        self,
        run: MotionRun,
        clock: ProgramClock,
        *,
        link: Literal["ble", "serial"] | str = "ble",
        name: str = "Backstride 0001",
        serial_number: str = "BS-0001",
        memory_s: float = 1.0,
        started_us: int = 0,
        battery_percent: int = 87,
        logs: Iterable[FlashLog] = (),
    ) -> None:
        scenario = run.scenario
        self.battery_percent = battery_percent
        self.flash = Flash(logs)
        self.identified_s = 0
        self.dropped_samples = 0
        self._name, self._serial_number = name, serial_number
        self._is_serial = link == "serial"
        self._clock = clock
        self._stream = MeasuredStream(run, clock, memory_s=memory_s, started_us=started_us)
        self._started_us = started_us
        offer = info_of(scenario)
        self._info = encode_info(offer)
        self._rates_hz = offer.rates_hz
        self._ranges_g = offer.acceleration_ranges_g
        self._ranges_deg_s = offer.angular_velocity_ranges_deg_s
        self._first_index = 0  # measured index and device time since the latest restart
        self._first_us = 0
        self._utc_less_device_us: int | None = None
        self._go = asyncio.Event()
        self._reading: tuple[asyncio.Task[None], int] | None = None  # a LOG_READ, its transaction
        self._background: asyncio.TaskGroup | None = None
        self._switch_on()

    @property
    def name(self) -> str:
        """As advertised."""
        return self._name

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """The profile's service; none on a serial line."""
        return () if self._is_serial else (SERVICE_UUID,)

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """The profile, device information and battery; none on a serial line."""
        return {} if self._is_serial else SERVICES

    @property
    def streaming(self) -> bool:
        """Whether it has been started."""
        return self._streaming

    @property
    def configuration(self) -> Configuration:
        """What is in force."""
        return self._configuration

    def restart(self) -> None:
        """Start anew, as after a brown-out: clock and sample index from 0, idle."""
        self._first_index = self._newest_index() + 1
        self._first_us = self._stream.device_us()
        self._utc_less_device_us = None
        self.dropped_samples = 0
        self._switch_on()

    async def serve(self, host: Host) -> None:
        """Serve one connection until cancelled; Bluetooth streaming and downloads end with it."""
        if not self._is_serial:
            self._streaming = False
        self._reading = None
        self._go = asyncio.Event()
        self._show(host)
        async with asyncio.TaskGroup() as background:
            self._background = background
            background.create_task(self._measure(host))
            background.create_task(self._tell_status(host))
            background.create_task(self._take_requests(host))

    def _switch_on(self) -> None:
        self._streaming = False
        self.flash.forget_what_is_open()
        self._started_at_us = 0
        self._introduced = False  # on a serial line, since it was switched on
        self._packet_samples = samples_per_packet(self._stream.rate_hz, SAMPLES_MAX)
        self._configuration = Configuration(
            rate_hz=float(self._stream.rate_hz),
            acceleration_range_g=self._ranges_g[-1],
            angular_velocity_range_deg_s=self._ranges_deg_s[-1],
        )

    def _now_us(self) -> int:
        return self._stream.device_us() - self._first_us

    def _every(self) -> int:
        """Of so many measured samples one is sent."""
        return round(self._stream.rate_hz / self._configuration.rate_hz)

    def _newest_index(self) -> int:
        """Of the sample measured last, since the stream was made."""
        passed_us = self._stream.device_us() - self._started_us
        return int(passed_us * self._stream.rate_hz / 1e6)

    def _status(self) -> StatusMessage:
        index = self._newest_index()
        time_us = self._started_us + round(index / self._stream.rate_hz * 1e6)
        return StatusMessage(
            state=SensorState.STREAMING * self._streaming
            | SensorState.LOGGING * (self.flash.open_log is not None),
            sequence=(index - self._first_index) // self._every() % SEQUENCE_MODULUS,
            time_us=max(0, time_us - self._first_us),
            dropped_samples=self.dropped_samples % SEQUENCE_MODULUS,
            battery_mv=3300 + 9 * self.battery_percent,
            temperature_c=_TEMPERATURE_C,
            battery_percent=self.battery_percent,
        )

    def _show(self, host: Host) -> None:
        """What can be read over Bluetooth LE."""
        if self._is_serial:
            return
        host.set_value(_UUIDS[INFO_CHANNEL], self._info)
        host.set_value(_UUIDS[STATUS_CHANNEL], encode_status(self._status()))
        host.set_value(SERIAL_NUMBER_UUID, self._serial_number.encode())
        host.set_value(FIRMWARE_REVISION_UUID, FIRMWARE.encode())
        host.set_value(BATTERY_LEVEL_UUID, bytes([self.battery_percent]))

    async def _send(self, host: Host, channel: str, payload: bytes) -> None:
        if self._is_serial:
            await host.send(BYTES_CHANNEL, encode_message(_FRAMES[channel], payload))
        else:
            await host.send(_UUIDS[channel], payload)

    async def _measure(self, host: Host) -> None:
        """Stream and log, while either is wanted."""
        expected: int | None = None
        gap_before = False
        while True:
            if not self._streaming and self.flash.open_log is None:
                expected = None
                self._go.clear()
                await self._go.wait()
            every = self._every()
            block = await self._stream.take(self._packet_samples * every)
            if block is None:
                await asyncio.Event().wait()  # the run is over, the connection stays
                return
            active = self._streaming or self.flash.open_log is not None
            if not active or block.device_us < self._started_at_us:
                expected = None  # measured before anyone asked
                continue
            # those of a block that are sent: places are counted by their whole rate
            left_out = (self._first_index - block.first_index) % every
            samples = block.samples[left_out::every]
            n = len(samples)
            index = (block.first_index + left_out - self._first_index) // every
            if not n:
                continue
            if expected is not None and index != expected:
                self.dropped_samples += index - expected
                gap_before = True
            expected = index + n
            left_out_us = round(left_out / self._stream.rate_hz * 1e6)
            payload = data_message(
                samples,
                index,
                block.device_us + left_out_us - self._first_us,
                self._configuration,
                flags=DataFlag.GAP_BEFORE if gap_before else 0,
                calibration=self._applied(),
            )
            gap_before = False
            if self.flash.open_log is not None:
                self.flash.open_log.append(payload, n)
            if not self._streaming:
                continue
            await self._send(host, DATA_CHANNEL, payload)

    def _applied(self) -> Calibration | None:
        wanted = self._configuration.flags & ConfigurationFlag.CALIBRATED
        return self.flash.calibration if wanted else None

    async def _tell_status(self, host: Host) -> None:
        while True:
            if self._is_serial and not self._introduced:
                self._introduced = True
                await self._send(host, INFO_CHANNEL, self._info)
            self._show(host)
            await self._send(host, STATUS_CHANNEL, encode_status(self._status()))
            await self._clock.sleep(_STATUS_PERIOD_S)

    async def _take_requests(self, host: Host) -> None:
        deframer = Deframer()
        while True:
            channel, payload = await host.receive()
            if channel == _UUIDS[CONTROL_CHANNEL]:
                await self._answer(host, payload)
            elif channel == BYTES_CHANNEL:
                for content in deframer.push(payload):
                    if content[0] == FrameType.REQUEST:
                        await self._answer(host, content[1:])

    async def _answer(self, host: Host, payload: bytes) -> None:
        received_us = self._now_us()
        try:
            request = decode_request(payload)
        except ProtocolError:
            return
        operation = request.operation
        try:
            expected = EXCHANGES[Operation(operation)].request_bytes
        except ValueError:
            await self._reply(host, request, ReplyStatus.UNKNOWN_OPERATION)
            return
        if expected is not None and len(request.parameters) != expected:
            await self._reply(host, request, ReplyStatus.BAD_LENGTH)
            return
        if operation == Operation.GET_CONFIG and self._is_serial:
            await self._send(host, INFO_CHANNEL, self._info)
        if operation == Operation.ABORT:
            await self._abort(host)
        try:
            if operation == Operation.LOG_READ:
                self._begin_reading(host, request)
                return
            parameters = self._done(host, request, received_us)
        except Refusal as refusal:
            await self._reply(host, request, refusal.status)
            return
        await self._reply(host, request, ReplyStatus.OK, parameters)
        if operation == Operation.REBOOT:
            self.restart()

    async def _reply(
        self, host: Host, request: Request, status: ReplyStatus, parameters: bytes = b""
    ) -> None:
        reply = Reply(request.operation, request.transaction, status, parameters)
        await self._send(host, CONTROL_CHANNEL, encode_reply(reply))

    def _done(self, host: Host, request: Request, received_us: int) -> bytes:
        """Do what is asked; parameters of the reply."""
        parameters = request.parameters
        room = min(host.notification_bytes_max, _SERIAL_BULK_BYTES) - _REPLY_HEADER_BYTES
        match request.operation:
            case Operation.GET_CONFIG:
                return encode_configuration(self._configuration)
            case Operation.SET_CONFIG:
                return self._configure(host, decode_configuration(parameters))
            case Operation.START:
                if not self._streaming:
                    self._streaming = True
                    self._begin_measuring()
            case Operation.STOP:
                self._streaming = False
            case Operation.PING:
                return encode_ping_times(PingTimes(received_us, self._now_us()))
            case Operation.SET_UTC:
                self._utc_less_device_us = decode_utc(parameters) - self._now_us()
            case Operation.GET_CAL:
                return self.flash.calibration_part(parameters[0], parameters[1], room)
            case Operation.SET_CAL:
                self.flash.draft_calibration(parameters)
            case Operation.SAVE:
                self.flash.save_calibration()
            case Operation.LOG_START:
                return self._begin_log()
            case Operation.LOG_STOP:
                self.flash.end_log()
            case Operation.LOG_LIST:
                return self.flash.listed(int.from_bytes(parameters, "little"), room)
            case Operation.LOG_ERASE:
                self.flash.erase(int.from_bytes(parameters, "little"))
            case Operation.IDENTIFY:
                self.identified_s += parameters[0]
            case Operation.SELF_TEST:
                return b"\0"
        return b""

    def _configure(self, host: Host, wanted: Configuration) -> bytes:
        if self._streaming or self.flash.open_log is not None:
            raise Refusal(ReplyStatus.WRONG_STATE)
        offered = (
            wanted.rate_hz in self._rates_hz
            and wanted.acceleration_range_g in self._ranges_g
            and wanted.angular_velocity_range_deg_s in (0, *self._ranges_deg_s)
            and wanted.streams in (1 << Layout.IMU6, 1 << Layout.ACCELERATION)
            and wanted.samples_per_packet <= SAMPLES_MAX
        )
        if not offered:
            raise Refusal(ReplyStatus.BAD_VALUE)
        if wanted.streams == 1 << Layout.ACCELERATION:
            wanted = replace(wanted, angular_velocity_range_deg_s=0)
        layout = Layout.IMU6 if wanted.angular_velocity_range_deg_s else Layout.ACCELERATION
        room = (host.notification_bytes_max - _DATA_HEADER_BYTES) // (2 * CHANNELS[layout])
        most = max(1, min(SAMPLES_MAX, room))
        n = min(wanted.samples_per_packet, most) or samples_per_packet(wanted.rate_hz, most)
        self._packet_samples = n
        self._configuration = replace(wanted, samples_per_packet=n)
        return encode_configuration(self._configuration)

    def _begin_measuring(self) -> None:
        if not self._go.is_set():
            self._started_at_us = self._stream.device_us()
            self._go.set()

    def _begin_log(self) -> bytes:
        offset = self._utc_less_device_us
        utc_s = 0 if offset is None else (offset + self._now_us()) // 1_000_000
        log = self.flash.begin_log(self._configuration, utc_s)
        self._begin_measuring()
        return log.log_id.to_bytes(2, "little")

    def _begin_reading(self, host: Host, request: Request) -> None:
        part = self.flash.part(request.parameters)
        if self._background is None or self._is_reading():
            raise Refusal(ReplyStatus.BUSY)
        work = self._background.create_task(self._read(host, request, part))
        self._reading = (work, request.transaction)

    def _is_reading(self) -> bool:
        return self._reading is not None and not self._reading[0].done()

    async def _read(self, host: Host, request: Request, part: BulkMessage) -> None:
        log_id, offset, content = part
        step = max(1, min(host.notification_bytes_max, _SERIAL_BULK_BYTES) - BULK_HEADER_BYTES)
        for at in range(0, len(content), step):
            message = BulkMessage(log_id, offset + at, content[at : at + step])
            await self._send(host, BULK_CHANNEL, encode_bulk(message))
        checksum = crc32(content).to_bytes(4, "little")
        await self._reply(host, request, ReplyStatus.OK, checksum)

    async def _abort(self, host: Host) -> None:
        if self._reading is None or self._reading[0].done():
            return
        work, transaction = self._reading
        work.cancel()
        ended = Request(Operation.LOG_READ, transaction)
        await self._reply(host, ended, ReplyStatus.WRONG_STATE)
