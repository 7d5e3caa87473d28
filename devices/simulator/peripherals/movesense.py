"""A simulated Movesense: greets, takes subscriptions, and sends six-axis motion data."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols.movesense import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    COMMAND_UUID,
    DATA_UUID,
    GYRO_RANGE_SURPLUS,
    RATES_HZ,
    SERVICE_UUID,
    Code,
    Hello,
    Operation,
    decode_command,
    encode_hello,
    encode_imu6,
    encode_result,
    imu6_path,
)
from devices.simulator.device import MotionRun
from devices.simulator.measured import MeasuredBlock, MeasuredStream
from devices.simulator.peripheral import Host
from devices.timing.program_clock import ProgramClock
from imu.errors import ParameterError, ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2

_OK, _BAD_REQUEST, _NOT_FOUND, _NO_ROOM = 200, 400, 404, 507
_COUNTS: Final = 32768
_STALE_US: Final = 100_000  # what was measured longer ago than this at the start is not sent
_MEASURED: Final = 50  # samples looked at, at most, to find the present


class MovesensePeripheral:
    """Speaks the agreed part of the GATT SensorData Protocol over a measured run.

    Like the real sensor it starts to send when it is subscribed to, and splits messages that one
    notification cannot hold. Unlike it, it offers the run's rate and those that divide it, and
    refuses the others as not found (404).

    Parameters
    ----------
    run : MotionRun
        What it measures; its rate is one of 52, 104, 208, 416, 833 Hz.
    clock : ProgramClock
        True time.
    link : str, default "ble"
        It has no other.
    serial : str
        Serial number, part of the name.
    acceleration_range_g : int, optional
        Full scale of 2, 4, 8 or 16 g to saturate at, in steps as the sensor chip has; by default
        values are those of the run.
    angular_velocity_range_deg_s : int, optional
        Full scale of 245, 500, 1000 or 2000 °/s, likewise.
    introduces_itself : bool, default True
        Whether its firmware tells serial number and version when greeted; older ones do not.

    Raises
    ------
    ParameterError
        When the link, the run's rate or a range is not one that a Movesense has.
    """

    def __init__(
        self,
        run: MotionRun,
        clock: ProgramClock,
        *,
        link: str = "ble",
        serial: str = "000000000001",
        acceleration_range_g: int | None = None,
        angular_velocity_range_deg_s: int | None = None,
        introduces_itself: bool = True,
    ) -> None:
        if link != "ble":
            raise ParameterError("link", link, "'ble': a Movesense has no other")
        if run.scenario.rate not in RATES_HZ:
            raise ParameterError(
                "rate", run.scenario.rate, "52, 104, 208, 416 or 833 Hz, as a Movesense has"
            )
        if acceleration_range_g not in {None, *ACCELERATION_RANGES_G}:
            raise ParameterError("acceleration_range_g", acceleration_range_g, "2, 4, 8 or 16 g")
        if angular_velocity_range_deg_s not in {None, *ANGULAR_VELOCITY_RANGES_DEG_S}:
            raise ParameterError(
                "angular_velocity_range_deg_s",
                angular_velocity_range_deg_s,
                "245, 500, 1000 or 2000 °/s",
            )
        self._stream = MeasuredStream(run, clock, sends_nan=True)
        self._serial, self._introduces_itself = serial, introduces_itself
        self._acceleration_end = (acceleration_range_g or 0) * STANDARD_GRAVITY_M_S2
        self._gyro_end = (angular_velocity_range_deg_s or 0) * GYRO_RANGE_SURPLUS
        self._reference = 0  # of the subscription; 0 when there is none
        self._every = 1  # of so many samples one is sent
        self._changed = asyncio.Event()

    @property
    def name(self) -> str:
        """As advertised."""
        return f"Movesense {self._serial}"

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """The sensor data service."""
        return (SERVICE_UUID,)

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Commands are written, everything else is notified."""
        return {
            SERVICE_UUID: {COMMAND_UUID: frozenset({"write"}), DATA_UUID: frozenset({"notify"})}
        }

    async def serve(self, host: Host) -> None:
        """Answer commands and send motion data until cancelled; the subscription ends with it."""
        self._reference = 0
        async with asyncio.TaskGroup() as both:
            both.create_task(self._answer_commands(host))
            both.create_task(self._send_motion(host))

    async def _answer_commands(self, host: Host) -> None:
        while True:
            channel, payload = await host.receive()
            if channel == COMMAND_UUID:
                await self._answer(host, payload)

    async def _answer(self, host: Host, payload: bytes) -> None:
        try:
            operation, reference, path = decode_command(payload)
        except ProtocolError:
            return
        if operation == Operation.HELLO:
            hello = bytes((Code.RESULT, reference)) + b"Hello"
            if self._introduces_itself:
                hello = encode_hello(reference, Hello(self._serial, "Movesense", "1.0"))
            await host.send(DATA_UUID, hello)
        elif operation == Operation.SUBSCRIBE:
            status = self._status(host, reference, path)
            await host.send(DATA_UUID, encode_result(reference, status))
            if status == _OK:
                self._reference = reference
                self._changed.set()
        elif operation == Operation.UNSUBSCRIBE:
            found = reference == self._reference != 0
            if found:
                self._reference = 0
            await host.send(DATA_UUID, encode_result(reference, _OK if found else _NOT_FOUND))
        else:
            await host.send(DATA_UUID, encode_result(reference, _BAD_REQUEST))

    def _status(self, host: Host, reference: int, path: str) -> int:
        """Whether a subscription is possible."""
        rate_hz = round(self._stream.rate_hz)
        if reference == 0:
            return _BAD_REQUEST
        offers = [offer for offer in RATES_HZ if rate_hz % offer == 0]
        wanted_hz = next((hz for hz in offers if "/" + path.strip("/") == imu6_path(hz)), 0)
        if not wanted_hz:
            return _NOT_FOUND
        self._every = rate_hz // wanted_hz
        message_bytes = 4 + 24 * samples_per_message(wanted_hz)
        fits = message_bytes <= 2 * (host.notification_bytes_max - 2)
        return _OK if fits and self._reference in {0, reference} else _NO_ROOM

    async def _send_motion(self, host: Host) -> None:
        while True:
            n = self._every * samples_per_message(round(self._stream.rate_hz) // self._every)
            while not self._reference:
                self._changed.clear()
                await self._changed.wait()
                n = self._every * samples_per_message(round(self._stream.rate_hz) // self._every)
                await self._forget_the_past(n)
            block = await self._stream.take(n)
            if block is None:
                await asyncio.Event().wait()  # the run is over, the connection stays
            elif self._reference and len(block.samples) == n:
                for part in self._encoded(block, host.notification_bytes_max):
                    await host.send(DATA_UUID, part)

    async def _forget_the_past(self, n: int) -> None:
        """Pass over what the stream has held back: the real sensor starts to measure now."""
        for _ in range(_MEASURED):
            block = await self._stream.take(n)
            if block is None:
                return
            taken_us = block.device_us + len(block.samples) / self._stream.rate_hz * 1e6
            if self._stream.device_us() - taken_us < _STALE_US:
                return

    def _encoded(self, block: MeasuredBlock, notification_bytes_max: int) -> list[bytes]:
        samples = block.samples[:: self._every]
        gyro = samples.angular_velocity_rad_s
        deg_s = np.zeros((len(samples), 3)) if gyro is None else np.degrees(gyro)
        return encode_imu6(
            self._reference,
            round(block.device_us / 1000),
            _as_measured(samples.acceleration_m_s2, self._acceleration_end),
            _as_measured(deg_s, self._gyro_end),
            notification_bytes_max=notification_bytes_max,
        )


def samples_per_message(rate_hz: int) -> int:
    """Samples in a message of motion data: 13 messages a second, but no more than 16 samples.

    Four at 52 Hz and eight at 104 Hz are known; the others are assumed.

    Examples
    --------
    >>> [samples_per_message(rate) for rate in RATES_HZ]
    [1, 2, 4, 8, 16, 16, 16, 16]
    """
    return max(1, min(16, rate_hz // 13))


def _as_measured(values: NDArray[np.float64], end: float) -> NDArray[np.float64]:
    """Values as a chip of 16 bits gives them; 0 is a chip without limits."""
    if not end:
        return values
    counts = np.clip(np.rint(values * (_COUNTS / end)), -_COUNTS, _COUNTS - 1)
    measured: NDArray[np.float64] = counts * (end / _COUNTS)
    return measured
