"""A simulated WitMotion sensor: Bluetooth LE frames of 20 or 28 bytes, or wired frames of 11."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from devices.protocols.backstride import quantised
from devices.protocols.witmotion import (
    ACCELERATION_RANGE_G,
    ANGULAR_VELOCITY_RANGE_DEG_S,
    BANDWIDTH_REGISTER,
    BATTERY_REGISTER,
    BAUD_REGISTER,
    CONTENT_REGISTER,
    RATE_REGISTER,
    UNLOCK,
    Layout,
    Registers,
    WiredContent,
    encode_frames,
    encode_registers,
    encode_wired,
)
from devices.simulator.device import MotionRun
from devices.simulator.measured import MeasuredBlock, MeasuredStream
from devices.simulator.peripheral import BYTES_CHANNEL, Host
from devices.timing.program_clock import ProgramClock
from imu.samples import STANDARD_GRAVITY_M_S2

_SERVICE: Final = "0000ffe5-0000-1000-8000-00805f9a34fb"
_NOTIFY: Final = "0000ffe4-0000-1000-8000-00805f9a34fb"
_WRITE: Final = "0000ffe9-0000-1000-8000-00805f9a34fb"

#: Rate codes, Hz, of the Bluetooth family and of the wired one.
_RATES_HZ: Final = {
    "ble": {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0A: 200.0},
    "serial": {0x06: 10.0, 0x07: 20.0, 0x08: 50.0, 0x09: 100.0, 0x0A: 125.0, 0x0B: 200.0},
}
_FIRST_RATE_HZ: Final = 10.0  # as delivered
_UNLOCKED_S: Final = 10.0
_FRAMES: Final = 8  # in a notification, as real ones send them
_FRAMES_S: Final = 0.005  # on a line, at higher rates a write holds several frames
_BATTERY_CENTIVOLTS: Final = ((0, 340), (5, 350), (10, 368), (70, 391), (100, 420))  # by percent
_ROOM_CENTIDEGREES: Final = 2500
_COMMAND_BYTES: Final = 5
_RATE_CODE: Final = 0x06  # as delivered
_BANDWIDTH_CODE: Final = 4  # 20 Hz, as some are delivered
_BAUD_RATES: Final = {2: 9600, 4: 38_400, 6: 115_200, 7: 230_400, 9: 921_600}
_BITS_PER_BYTE: Final = 10
_DEFAULT_CONTENT: Final = 0b11110  # acceleration, angular velocity, angles, magnetic field

Counts = NDArray[np.int16]


class WitMotionPeripheral:
    """Streams from the moment it is connected, at 10 Hz until it is told otherwise.

    It sends every first, second, … of the samples that its run has, so of the sensor's rates it
    obeys those that divide the run's; a run whose rate 10 Hz does not divide is sent whole from the
    start. Settings need the unlock command, and stay over connections.

    Parameters
    ----------
    run : MotionRun
        What it measures.
    clock : ProgramClock
        True time.
    link : {"ble", "serial"}
    layout : Layout, optional
        Of its frames; A over Bluetooth LE and wired frames over serial by default.
    baud_rate : int
        Speed of its serial line, bits per second; 0 for one that holds up nothing.
    answers : bool
        Whether it answers when a register is read: wired ones with a frame of four values.
    stubborn : set of int
        Registers that it does not let be changed.
    name : str
        As advertised.
    """

    def __init__(
        self,
        run: MotionRun,
        clock: ProgramClock,
        *,
        link: str = "ble",
        layout: Layout | None = None,
        baud_rate: int = 0,
        answers: bool = True,
        stubborn: frozenset[int] = frozenset(),
        name: str = "WT901BLE67",
    ) -> None:
        self.name, self.baud_rate = name, baud_rate
        self._says, self._stubborn = answers, stubborn
        self.registers = {RATE_REGISTER: _RATE_CODE, BANDWIDTH_REGISTER: _BANDWIDTH_CODE}
        self.battery_percent = 70
        self._link = link
        self._layout = layout or (Layout.A if link == "ble" else Layout.WIRED)
        self._stream = MeasuredStream(run, clock)
        self._every = 1  # of so many samples one is sent
        self._set_rate(_FIRST_RATE_HZ)
        self._content = _DEFAULT_CONTENT
        self._unlocked_until_us = -1
        self._answers: list[bytes] = []

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """Its one service, over Bluetooth LE."""
        return (_SERVICE,) if self._link == "ble" else ()

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Service to characteristic to properties; empty on a serial line."""
        if self._link != "ble":
            return {}
        return {
            _SERVICE: {
                _NOTIFY: frozenset({"notify"}),
                _WRITE: frozenset({"write", "write-without-response"}),
            }
        }

    @property
    def rate_hz(self) -> float:
        """Frames it sends a second."""
        return self._stream.rate_hz / self._every

    async def serve(self, host: Host) -> None:
        """Send frames and take commands until cancelled."""
        async with asyncio.TaskGroup() as both:
            both.create_task(self._send(host))
            while True:
                _, written = await host.receive()
                for at in range(0, len(written) - _COMMAND_BYTES + 1, _COMMAND_BYTES):
                    self._obey(written[at : at + _COMMAND_BYTES])

    async def _send(self, host: Host) -> None:
        channel = _NOTIFY if self._link == "ble" else BYTES_CHANNEL
        room = 1 << 16 if self._link != "ble" else host.notification_bytes_max
        most = max(1, room // self._layout.value)
        while True:
            every = self._every
            wanted = _FRAMES if self._link == "ble" else ceil(_FRAMES_S * self.rate_hz)
            n = max(1, min(most, wanted))
            block = await self._stream.take(n * every, whole=True)
            if block is None:
                return
            await self._put(host, channel, self._framed(block, every))
            while self._answers:
                await self._put(host, channel, self._answers.pop(0))

    async def _put(self, host: Host, channel: str, payload: bytes) -> None:
        await host.send(channel, payload)
        if self.baud_rate:
            await self._stream.clock.sleep(len(payload) * _BITS_PER_BYTE / self.baud_rate)

    def _framed(self, block: MeasuredBlock, every: int) -> bytes:
        """The block as frames, one of ``every`` samples."""
        motion = _counts(block, every)
        if self._layout is Layout.A:
            return encode_frames(motion)
        first_ms, step_ms = block.device_us / 1e3, every * 1e3 / self._stream.rate_hz
        wall_time = _wall_time(first_ms + step_ms * np.arange(len(motion)))
        if self._layout is Layout.B:
            return encode_frames(motion, wall_time)
        fourth = np.full((len(motion), 1), _ROOM_CENTIDEGREES, np.int16)
        values = {
            WiredContent.TIME: _time_values(wall_time),
            WiredContent.ACCELERATION: np.hstack((motion[:, :3], fourth)),
            WiredContent.ANGULAR_VELOCITY: np.hstack((motion[:, 3:6], fourth)),
            WiredContent.ANGLES: np.hstack((motion[:, 6:], fourth)),
            WiredContent.MAGNETIC_FIELD: np.hstack((np.zeros_like(motion[:, :3]), fourth)),
        }
        frames = [
            np.frombuffer(encode_wired(content, values[content]), np.uint8).reshape(-1, 11)
            for content in WiredContent
            if self._content >> content & 1
        ]
        return np.stack(frames, axis=1).tobytes() if frames else b""

    def _obey(self, command: bytes) -> None:
        if command == UNLOCK:
            self._unlocked_until_us = self._stream.device_us() + round(_UNLOCKED_S * 1e6)
            return
        if not command.startswith(b"\xff\xaa"):
            return
        register, value = command[2], int.from_bytes(command[3:], "little")
        if register == 0x27:
            self._answer(value)
        elif self._stream.device_us() <= self._unlocked_until_us and register not in self._stubborn:
            self.registers[register] = value
            if register == RATE_REGISTER:
                self._set_rate(_RATES_HZ[self._link].get(value, 0.0))
            elif register == CONTENT_REGISTER:
                self._content = value
            elif register == BAUD_REGISTER and self.baud_rate:
                self.baud_rate = _BAUD_RATES.get(value, self.baud_rate)

    def _answer(self, register: int) -> None:
        """Say what a register holds."""
        if not self._says:
            return
        first = self.registers.get(register, 0)
        if register == BATTERY_REGISTER:
            percent, centivolts = np.transpose(_BATTERY_CENTIVOLTS)
            first = round(float(np.interp(self.battery_percent, percent, centivolts)))
        if self._layout is Layout.WIRED:
            self._answers.append(encode_wired(0xF, np.array([[first, 0, 0, 0]], np.int16)))
        else:
            self._answers.append(encode_registers(Registers(register, (first, *(0,) * 7))))

    def _set_rate(self, rate_hz: float) -> None:
        """Obey as far as the run's own rate allows; other rates change nothing."""
        every = round(self._stream.rate_hz / rate_hz) if rate_hz else 0
        if every and every * rate_hz == self._stream.rate_hz:
            self._every = every


def _counts(block: MeasuredBlock, every: int) -> Counts:
    """Acceleration, angular velocity, and roll, pitch and yaw from the gravity of the moment."""
    acceleration = block.samples.acceleration_m_s2[::every]
    angular_velocity = block.samples.angular_velocity_rad_s
    turning = np.zeros_like(acceleration) if angular_velocity is None else angular_velocity[::every]
    x, y, z = acceleration.T
    angles = np.degrees(
        np.column_stack((np.arctan2(y, z), np.arctan2(-x, np.hypot(y, z)), np.zeros_like(x)))
    )
    return np.hstack(
        (
            quantised(acceleration / STANDARD_GRAVITY_M_S2, ACCELERATION_RANGE_G),
            quantised(np.degrees(turning), ANGULAR_VELOCITY_RANGE_DEG_S),
            quantised(angles, 180.0),
        )
    )


def _wall_time(passed_ms: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Year after 2000, month, day, hour, minute, second, millisecond, counted from January 2025."""
    ms = np.rint(passed_ms).astype(np.int64)
    day, ms = np.divmod(ms, 86_400_000)
    hour, ms = np.divmod(ms, 3_600_000)
    minute, ms = np.divmod(ms, 60_000)
    second, ms = np.divmod(ms, 1000)
    one = np.ones_like(ms)
    return np.column_stack((25 * one, one, 1 + day % 31, hour, minute, second, ms))


def _time_values(wall_time: NDArray[np.int64]) -> Counts:
    """The eight bytes of a wired time frame, as four values a row."""
    ms = wall_time[:, 6:]
    eight = np.hstack((wall_time[:, :6], ms & 0xFF, ms >> 8)).astype(np.uint8)
    return np.ascontiguousarray(eight).view(np.dtype("<i2"))
