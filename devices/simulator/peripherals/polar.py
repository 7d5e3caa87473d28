"""A simulated Polar sensor: a Verity Sense with both measurements, or an H10."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.protocols.polar import (
    COMPRESSED,
    CONTROL_UUID,
    DATA_UUID,
    SERVICE_UUID,
    Frame,
    Measurement,
    Operation,
    Reply,
    Setting,
    Settings,
    Status,
    compress,
    decode_request,
    encode_frame,
    encode_reply_parts,
)
from devices.simulator.device import MotionRun
from devices.simulator.measured import MeasuredBlock, MeasuredStream
from devices.simulator.peripheral import Host
from devices.timing.program_clock import ProgramClock
from imu.errors import ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2

_CHUNK: Final = 8  # samples looked at together
_FRAME_BYTES_MAX: Final = 232
_FRAME_SAMPLES_MAX: Final = 72  # what a Verity Sense at rest was seen to send
_HEADER_BYTES: Final = 10
#: A sensor whose clock was never set begins about here, ns since 2000.
_EPOCH_NS: Final = 536_000_000_000_000_000
_ROOMY: Final = 64  # bytes: a chunk fits into a frame
_STOPPED: Final = 0x01  # the message that says so
_STALE_US: Final = 100_000  # what was measured longer ago than this at the start is not sent
_LOOKS: Final = 100
_COUNTS: Final = 32768


class Model(NamedTuple):
    """What a kind of sensor offers; empty tuples for what it does not have."""

    name: str
    acceleration_rates_hz: tuple[int, ...]
    acceleration_ranges_g: tuple[int, ...]
    gyro_ranges_deg_s: tuple[int, ...] = ()
    sdk_rates_hz: tuple[int, ...] = ()
    sdk_acceleration_ranges_g: tuple[int, ...] = ()
    sdk_gyro_ranges_deg_s: tuple[int, ...] = ()


#: By the name under which they are sold.
MODELS: Final = {
    "Verity Sense": Model(
        "Polar Sense",
        (52,),
        (8,),
        (2000,),
        (26, 52, 104, 208, 416),
        (2, 4, 8, 16),
        (250, 500, 1000, 2000),
    ),
    "H10": Model("Polar H10", (25, 50, 100, 200), (2, 4, 8)),
}


class _Started(NamedTuple):
    range: float
    factor: float


class PolarPeripheral:
    """Speaks Polar Measurement Data over a measured run.

    Like the real sensors it fills each frame until no more fits, so that frames are the longer the
    less it is moved; a Verity Sense compresses, and has rates other than 52 Hz in its SDK mode
    alone. Unlike them it can only measure at the run's rate: the SDK mode and the H10 offer that
    one rate, and a Verity Sense outside its SDK mode offers 52 Hz but refuses it for other runs.

    Parameters
    ----------
    run : MotionRun
        What it measures.
    clock : ProgramClock
        True time.
    link : str, default "ble"
        It has no other.
    model : str, optional
        One of :data:`MODELS`; by default the one that has the run's rate.
    serial : str
        The end of its name.
    stops_after_s : float
        Stops measuring of its own accord so long after it was connected, once; 0 for never.

    Raises
    ------
    ParameterError
        When the link or the run's rate is not one that such a sensor has.
    """

    def __init__(
        self,
        run: MotionRun,
        clock: ProgramClock,
        *,
        link: str = "ble",
        model: str = "",
        serial: str = "00000001",
        stops_after_s: float = 0.0,
    ) -> None:
        if link != "ble":
            raise ParameterError("link", link, "'ble': a Polar sensor has no other")
        rate_hz = run.scenario.rate
        fitting = [
            name
            for name, offer in MODELS.items()
            if rate_hz in (*offer.acceleration_rates_hz, *offer.sdk_rates_hz)
            and model in {"", name}
        ]
        if not fitting:
            raise ParameterError(
                "rate",
                rate_hz,
                "52, 104, 208 or 416 Hz for a Verity Sense, 50, 100 or 200 Hz for an H10",
            )
        self._model = MODELS[fitting[0]]
        self._serial, self._stops_after_s = serial, stops_after_s
        self._rate_hz = round(rate_hz)
        self._stream = MeasuredStream(run, clock)
        self._is_in_sdk_mode = False
        self._started: dict[int, _Started] = {}
        self._changed = asyncio.Event()

    @property
    def name(self) -> str:
        """As advertised."""
        return f"{self._model.name} {self._serial}"

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """Heart rate, as in reality: not the measurement service."""
        return ("0000180d-0000-1000-8000-00805f9b34fb",)

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """The measurement service."""
        return {
            SERVICE_UUID: {
                CONTROL_UUID: frozenset({"read", "write", "indicate"}),
                DATA_UUID: frozenset({"notify"}),
            }
        }

    async def serve(self, host: Host) -> None:
        """Answer requests and send frames until cancelled; measurements end with the link."""
        self._started.clear()
        self._is_in_sdk_mode = False
        features = 1 << Measurement.ACCELERATION
        if self._model.gyro_ranges_deg_s:
            features |= 1 << Measurement.ANGULAR_VELOCITY | 1 << Measurement.SDK_MODE
        host.set_value(CONTROL_UUID, b"\x0f" + features.to_bytes(2, "little"))
        async with asyncio.TaskGroup() as both:
            both.create_task(self._answer_requests(host))
            both.create_task(self._send_frames(host))
            if self._stops_after_s:
                both.create_task(self._stop_by_itself(host))

    async def _stop_by_itself(self, host: Host) -> None:
        """Stop measuring once, and say so."""
        await self._stream.clock.sleep(self._stops_after_s)
        self._stops_after_s = 0.0
        stopped = bytes((_STOPPED, *self._started))
        self._started.clear()
        await host.send(CONTROL_UUID, stopped)

    async def _answer_requests(self, host: Host) -> None:
        while True:
            channel, payload = await host.receive()
            if channel != CONTROL_UUID:
                continue
            try:
                operation, measurement, settings = decode_request(payload)
            except ProtocolError:
                continue
            status, agreed = self._handled(operation, measurement, settings)
            reply = Reply(operation, measurement, status, agreed)
            for part in encode_reply_parts(reply, host.notification_bytes_max):
                await host.send(CONTROL_UUID, part)

    def _handled(
        self, operation: int, measurement: int, settings: Settings
    ) -> tuple[Status, Settings]:
        """Do what a request wants; returns what to reply."""
        if operation not in set(Operation):
            return Status.INVALID_OPERATION, {}
        if measurement == Measurement.SDK_MODE and self._model.sdk_rates_hz:
            wanted = operation == Operation.START
            if operation == Operation.GET_SETTINGS:
                return Status.NOT_SUPPORTED, {}
            if self._started:
                return Status.INVALID_STATE, {}
            if wanted == self._is_in_sdk_mode:
                return Status.ALREADY_IN_STATE, {}
            self._is_in_sdk_mode = wanted
            return Status.SUCCESS, {}
        offer = self._offer(measurement)
        if not offer:
            return Status.NOT_SUPPORTED, {}
        if operation == Operation.GET_SETTINGS:
            return Status.SUCCESS, offer
        if operation == Operation.STOP:
            found = self._started.pop(measurement, None)
            return (Status.SUCCESS if found else Status.INVALID_STATE), {}
        return self._start(measurement, settings, offer)

    def _start(
        self, measurement: int, settings: Settings, offer: Settings
    ) -> tuple[Status, Settings]:
        if measurement in self._started:
            return Status.ALREADY_IN_STATE, {}
        rate = settings.get(Setting.RATE_HZ, (0,))[0]
        if rate not in offer[Setting.RATE_HZ] or rate != self._rate_hz:
            return Status.INVALID_RATE, {}
        range_ = settings.get(Setting.RANGE, (0,))[0]
        if range_ not in offer[Setting.RANGE]:
            return Status.INVALID_RANGE, {}
        is_gyro = measurement == Measurement.ANGULAR_VELOCITY
        factor = float(np.float32(range_ / _COUNTS)) if is_gyro else 1.0
        self._started[measurement] = _Started(range_, factor)
        self._changed.set()
        return Status.SUCCESS, {Setting.FACTOR: (factor,)} if is_gyro else {}

    def _offer(self, measurement: int) -> Settings:
        """Settings on offer in the present mode; empty when it cannot measure that."""
        model, sdk = self._model, self._is_in_sdk_mode
        if measurement == Measurement.ACCELERATION:
            ranges = model.sdk_acceleration_ranges_g if sdk else model.acceleration_ranges_g
        elif measurement == Measurement.ANGULAR_VELOCITY:
            ranges = model.sdk_gyro_ranges_deg_s if sdk else model.gyro_ranges_deg_s
        else:
            ranges = ()
        if not ranges:
            return {}
        rate_is_fixed = model.sdk_rates_hz and not sdk
        offer: dict[int, tuple[float, ...]] = {
            Setting.RATE_HZ: model.acceleration_rates_hz if rate_is_fixed else (self._rate_hz,),
            Setting.RESOLUTION_BITS: (16,),
            Setting.RANGE: ranges,
        }
        if model.sdk_rates_hz:
            offer[Setting.CHANNELS] = (3,)
        return offer

    async def _send_frames(self, host: Host) -> None:
        frames: dict[int, _FrameInTheMaking] = {}
        expected = 0
        while True:
            if not self._started:
                frames.clear()
                self._changed.clear()
                await self._changed.wait()
                await self._forget_the_past()
            room = min(host.notification_bytes_max, _FRAME_BYTES_MAX)
            block = await self._stream.take(_CHUNK if room >= _ROOMY else 1)
            for gone in set(frames) - set(self._started):
                del frames[gone]
            if block is None or block.first_index != expected:
                for frame in frames.values():
                    await host.send(DATA_UUID, frame.finished())
                frames.clear()
            if block is None:
                await asyncio.Event().wait()  # the run is over, the connection stays
                return
            expected = block.first_index + len(block.samples)
            last_ns = _EPOCH_NS + block.device_us * 1000
            last_ns += round((len(block.samples) - 1) / self._rate_hz * 1e9)
            for measurement, started in tuple(self._started.items()):
                values = _numbers(block, measurement, started)
                filling = frames.get(measurement)
                if filling is None or not filling.take(values, last_ns, room):
                    if filling is not None:
                        await host.send(DATA_UUID, filling.finished())
                    is_compressed = bool(self._model.sdk_rates_hz)
                    frames[measurement] = _FrameInTheMaking(
                        measurement, values, last_ns, is_compressed=is_compressed
                    )

    async def _forget_the_past(self) -> None:
        """Pass over what the stream has held back: the real sensor starts to measure now."""
        for _ in range(_LOOKS):
            block = await self._stream.take(_CHUNK)
            if block is None:
                return
            taken_us = block.device_us + len(block.samples) / self._stream.rate_hz * 1e6
            if self._stream.device_us() - taken_us < _STALE_US:
                return


class _FrameInTheMaking:
    """A frame that takes samples until it is full."""

    def __init__(
        self, measurement: int, values: NDArray[np.int64], last_ns: int, *, is_compressed: bool
    ) -> None:
        self._measurement, self._is_compressed = measurement, is_compressed
        self._values, self._last_ns = values, last_ns

    def take(self, values: NDArray[np.int64], last_ns: int, room: int) -> bool:
        """Add samples, if they fit."""
        more = np.concatenate((self._values, values))
        if len(more) > _FRAME_SAMPLES_MAX or _HEADER_BYTES + len(self._content(more)) > room:
            return False
        self._values, self._last_ns = more, last_ns
        return True

    def finished(self) -> bytes:
        """The frame as it is sent."""
        is_gyro = self._measurement == Measurement.ANGULAR_VELOCITY
        kind = (0 if is_gyro else 1) | (COMPRESSED if self._is_compressed else 0)
        content = self._content(self._values)
        return encode_frame(Frame(self._measurement, self._last_ns, kind, content))

    def _content(self, values: NDArray[np.int64]) -> bytes:
        return compress(values) if self._is_compressed else values.astype("<i2").tobytes()


def _numbers(block: MeasuredBlock, measurement: int, started: _Started) -> NDArray[np.int64]:
    """A block as the integers that are sent: mg, or counts of the factor in °/s."""
    samples = block.samples
    if measurement == Measurement.ACCELERATION:
        values = samples.acceleration_m_s2 * (1000 / STANDARD_GRAVITY_M_S2)
        end = min(1000 * started.range, _COUNTS - 1)
    else:
        gyro = samples.angular_velocity_rad_s
        deg_s = np.zeros((len(samples), 3)) if gyro is None else np.degrees(gyro)
        values, end = deg_s / started.factor, _COUNTS - 1
    return np.clip(np.rint(values), -end, end).astype(np.int64)
