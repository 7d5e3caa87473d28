"""A simulated Shimmer3 behind a Bluetooth serial port."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import ceil
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols.shimmer3 import (
    ACCELERATION_CHANNELS,
    ACKNOWLEDGED,
    GYRO_CHANNELS,
    REFUSED,
    TICKS_PER_S,
    Inquiry,
    encode_inquiry,
    encode_packets,
)
from devices.protocols.shimmer3_calibration import (
    ACCELERATION_SCALE,
    GYRO_SCALE,
    Calibration,
    Calibrations,
    encode_calibrations,
)
from devices.simulator.device import MotionRun
from devices.simulator.measured import MeasuredStream
from devices.simulator.peripheral import BYTES_CHANNEL, Host
from devices.timing.program_clock import ProgramClock
from imu.errors import ParameterError

#: Of a later board at ±16 g and ±2000 degrees/s, as a calibration by hand might give them.
CALIBRATIONS: Final = Calibrations(
    Calibration((-120, 60, 200), (207, 210, 208), (-100, 1, 0, -1, 100, 0, 0, 1, -100)),
    Calibration((12, -30, 5), (1640, 1652, 1631), (0, -100, 1, -100, 0, 0, 1, 0, -100)),
)
#: A later board's first revision.
_BOARD: Final = (31, 6, 0)
_HARDWARE: Final = 3
_FIRMWARE: Final = bytes((3, 0, 0, 0, 16, 9))  # LogAndStream 0.16.9
_STATUS: Final = bytes((ACKNOWLEDGED, 0x8A, 0x71, 0x12))
_PACKET_S: Final = 0.02  # a burst over the air holds about this much
_MEMORY_S: Final = 0.25
_ACCELERATION_STEP: Final = 4  # 14 bits, left-justified
#: Arguments of the commands that set something, by their first byte.
_ARGUMENTS: Final = {0x05: 2, 0x08: 3, 0x09: 1, 0x40: 1, 0x43: 1, 0x46: 1, 0x49: 1, 0x4C: 1}
_QUESTION_ARGUMENTS: Final = {0x66: 2}


class Shimmer3Peripheral:
    """Answers questions, takes settings, and streams when told to.

    It measures at its run's rate and in the ranges of its calibration, whatever rate or range is
    set: the inquiry's answer says what is true. The timer of a real one counts 1/32768 s, so that
    only rates such as 128, 204.8 or 256 Hz are exact; here the run's own rate is kept, and the
    period in the inquiry's answer is the nearest.

    Parameters
    ----------
    run : MotionRun
        What it measures.
    clock : ProgramClock
        True time.
    link : {"serial"}
    calibrations : Calibrations, optional
        Of its sensors, at ±16 g and ±2000 degrees/s; None within it where it holds none, which then
        are as in :data:`CALIBRATIONS`.
    board : tuple of int
        Number, revision and special revision of its board.
    name : str
        As the computer knows it.

    Raises
    ------
    ParameterError
        For another link.
    """

    def __init__(
        self,
        run: MotionRun,
        clock: ProgramClock,
        *,
        link: str = "serial",
        calibrations: Calibrations = CALIBRATIONS,
        board: tuple[int, int, int] = _BOARD,
        name: str = "Shimmer3-67AB",
    ) -> None:
        if link != "serial":
            raise ParameterError("link", link, "serial for shimmer3")
        self.name = name
        self._calibrations, self._board = calibrations, board
        self._stream = MeasuredStream(run, clock, memory_s=_MEMORY_S)
        self._setup = bytearray(4)
        self._channels: tuple[int, ...] = ()
        self._streams = asyncio.Event()
        self._received = b""

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """None: it has no Bluetooth LE."""
        return ()

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """None: it has no Bluetooth LE."""
        return {}

    @property
    def inquiry(self) -> Inquiry:
        """What it says of itself."""
        ticks = round(TICKS_PER_S / self._stream.rate_hz)
        return Inquiry(ticks, bytes(self._setup), self._channels)

    async def serve(self, host: Host) -> None:
        """Answer and stream until cancelled."""
        self._received = b""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._send(host))
            while True:
                _, written = await host.receive()
                self._received += written
                while (reply := self._next_reply()) is not None:
                    await host.send(BYTES_CHANNEL, reply)

    async def _send(self, host: Host) -> None:
        while True:
            await self._streams.wait()
            block = await self._stream.take(max(1, ceil(_PACKET_S * self._stream.rate_hz)))
            if block is None:
                return
            if not self._streams.is_set():
                continue
            samples = block.samples
            gyro = samples.angular_velocity_rad_s
            turning = np.zeros_like(samples.acceleration_m_s2) if gyro is None else gyro
            passed_us = np.arange(len(samples)) * (1e6 / self._stream.rate_hz)
            ticks = np.rint((block.device_us + passed_us) * (TICKS_PER_S / 1e6)).astype(np.int64)
            own = [
                mine or usual for mine, usual in zip(self._calibrations, CALIBRATIONS, strict=True)
            ]
            acceleration, angular_velocity = own
            assert acceleration is not None
            assert angular_velocity is not None
            raw = acceleration.raw(samples.acceleration_m_s2, ACCELERATION_SCALE)
            packets = encode_packets(
                self.inquiry,
                ticks,
                _whole(raw, _ACCELERATION_STEP),
                _whole(angular_velocity.raw(turning, GYRO_SCALE), 1),
            )
            await host.send(BYTES_CHANNEL, packets)

    def _next_reply(self) -> bytes | None:
        """Take one whole command from what was received; None when there is none."""
        if not self._received:
            return None
        command = self._received[0]
        size = 1 + _ARGUMENTS.get(command, 0) + _QUESTION_ARGUMENTS.get(command, 0)
        if len(self._received) < size:
            return None
        arguments, self._received = self._received[1:size], self._received[size:]
        if command in _ARGUMENTS:
            self._set(command, arguments)
            return bytes((ACKNOWLEDGED,))
        if command == 0x07:
            self._streams.set()
            return bytes((ACKNOWLEDGED,))
        if command == 0x20:
            self._streams.clear()
            return bytes((ACKNOWLEDGED,))
        answers = {
            0x01: lambda: encode_inquiry(self.inquiry),
            0x2C: lambda: encode_calibrations(self._calibrations),
            0x2E: lambda: b"\x2f" + _FIRMWARE,
            0x3F: lambda: bytes((0x25, _HARDWARE)),
            0x66: lambda: bytes((0x65, 3, *self._board)),
            0x72: lambda: _STATUS[1:],
        }
        if command not in answers:
            return bytes((REFUSED,))
        return bytes((ACKNOWLEDGED,)) + answers[command]()

    def _set(self, command: int, arguments: bytes) -> None:
        if command == 0x08:
            self._channels = (
                *(ACCELERATION_CHANNELS if arguments[1] & 0x10 else ()),
                *(GYRO_CHANNELS if arguments[0] & 0x40 else ()),
            )
        elif command == 0x09:
            self._setup[0] = self._setup[0] & ~0x0C | (arguments[0] & 3) << 2
        elif command == 0x40:
            self._setup[0] = self._setup[0] & 0x0F | (arguments[0] & 15) << 4
        elif command in {0x43, 0x46}:
            bit = 2 if command == 0x43 else 1
            self._setup[0] = self._setup[0] & ~bit | (bit if arguments[0] else 0)
        elif command == 0x49:
            self._setup[2] = self._setup[2] & ~3 | arguments[0] & 3
        elif command == 0x4C:
            self._setup[1] = arguments[0]


def _whole(raw: NDArray[np.float64], step: int) -> NDArray[np.int16]:
    """Rounded to the chip's steps and cut off at the ends of 16 bits."""
    largest = 32768 - step
    whole: NDArray[np.int16] = np.clip(np.rint(raw / step) * step, -32768, largest).astype(np.int16)
    return whole
