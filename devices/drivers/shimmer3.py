"""The conversation with a Shimmer3 over its Bluetooth serial port.

Read from the maker's published firmware; nothing here was tried on a sensor. Two generations of
boards have different wide-range accelerometers, whose range and rate codes differ: the board's
revision tells which one it is. Later boards whose accelerometer holds no calibration but the first
generation's are refused, since their values would be wrong by a factor; so are the few boards that
use another accelerometer in its place.

The settings made here stay in the device until someone changes them.
"""

from __future__ import annotations

from math import radians
from typing import ClassVar, Final, NamedTuple

import numpy as np

from devices.drivers.clock_news import ClockNews
from devices.drivers.driver import FOR_EVER_S, Advertisement, Driver, Wanted
from devices.links import BYTES_CHANNEL, Link
from devices.protocols.shimmer3 import (
    ACCELERATION_CHANNELS,
    ACCELERATION_RANGES_G,
    ACKNOWLEDGED,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    GYRO_CHANNELS,
    LATER_ACCELERATION_RANGES_G,
    REFUSED,
    TICKS_PER_S,
    TIME_MODULUS_US,
    Shimmer3Decoder,
    answer_to,
    decode_inquiry,
)
from devices.protocols.shimmer3_calibration import decode_calibrations, nominal_calibrations
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from imu.errors import DeviceError, DeviceLost
from imu.samples import STANDARD_GRAVITY_M_S2

_STOP: Final = b"\x20"
_START: Final = b"\x07"
_HARDWARE: Final = 3
_SENSORS: Final = bytes((0x08, 0x40, 0x10, 0x00))  # gyroscope and wide-range accelerometer
_RATES_HZ: Final = (1.0, 2048.0)
_GYRO_SAMPLING_HZ: Final = 8000.0
#: Rates of the accelerometers at high resolution, Hz, and their codes.
_SAMPLING_HZ: Final = {100.0: 5, 200.0: 6, 400.0: 7, 1344.0: 9}
_LATER_SAMPLING_HZ: Final = {100.0: 4, 200.0: 5, 400.0: 6, 800.0: 7, 1600.0: 8}
#: Boards and the revision from which they are of the later generation.
_LATER_FROM: Final = {31: 6, 36: 3, 38: 3, 47: 3, 48: 3, 49: 3}
_LATER_SPECIAL: Final = 171
#: Boards on which another chip stands in for the accelerometer.
_SUBSTITUTED: Final = frozenset(
    {(31, 9, 1), (36, 3, 1), (38, 3, 1), (44, 2, 1), (47, 5, 1), (48, 4, 1), (48, 4, 2), (49, 3, 1)}
)
_QUIET_S: Final = 0.3
_QUIET_TRIES: Final = 8
_TRIES: Final = 3
_ANOTHER_RATE: Final = (
    "what comes is damaged, or measured at another rate than was set: the sensor is set up anew"
)
#: For :meth:`Shimmer3Driver.recognises_bytes`: packets in a row, and their possible lengths.
_HEARD_PACKETS: Final = 6
_HEARD_LENGTHS: Final = range(10, 80)


class Board(NamedTuple):
    """Which expansion board the sensor has; zeros where it does not say."""

    number: int
    revision: int
    special: int

    @property
    def is_later(self) -> bool:
        """Whether its accelerometer is the LSM303AHTR; unknown boards are the oldest."""
        first = _LATER_FROM.get(self.number)
        return self.special == _LATER_SPECIAL or (first is not None and self.revision >= first)


class Shimmer3Driver(Driver):
    """Sets rate, ranges and sensors, reads the calibration, and starts the stream.

    The decoder learns channels and calibration from the answers in the log.
    """

    protocol: ClassVar[str] = "shimmer3"
    links: ClassVar[tuple[str, ...]] = ("serial",)
    sold_as: ClassVar[str] = "Shimmer3 (paired as a Bluetooth serial port)"
    baud_rates: ClassVar[tuple[int, ...]] = (115200,)

    @classmethod
    def recognises(cls, advertisement: Advertisement) -> bool:
        """By name; but it has no Bluetooth LE."""
        return advertisement.name.startswith("Shimmer3-")

    @classmethod
    def recognises_bytes(cls, heard: bytes) -> bool:
        """Whether it streams: packets at a constant spacing with times at a constant spacing.

        A Shimmer3 that nobody has asked for anything says nothing.
        """
        raw = np.frombuffer(heard[:4096], np.uint8).astype(np.int64)
        if len(raw) < 4:
            return False
        times = raw[1:-2] | raw[2:-1] << 8 | raw[3:] << 16
        starts = raw[:-3] == 0
        for length in _HEARD_LENGTHS:
            n = len(times) - (_HEARD_PACKETS - 1) * length
            if n <= 0:
                break
            row = [times[k * length : k * length + n] for k in range(_HEARD_PACKETS)]
            steps = np.diff(np.stack(row), axis=0) % (1 << 24)
            even = (np.ptp(steps, axis=0) <= 4) & (steps[0] >= 8) & (steps[0] <= TICKS_PER_S)
            for k in range(_HEARD_PACKETS):
                even &= starts[k * length : k * length + n]
            if even.any():
                return True
        return False

    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        """Stop it if it streams, identify it, set it up, and start it.

        Raises
        ------
        DeviceError
            When it does not answer, refuses, or has an accelerometer that cannot be trusted.
        """
        await _silence(link)
        hardware = (await _answer(link, b"\x3f"))[1]
        if hardware != _HARDWARE:
            raise DeviceError(
                f"is a Shimmer of hardware {hardware}, and only Shimmer3 (3) is known: "
                "use another sensor.",
                source=link.name,
            )
        firmware = await _answer(link, b"\x2e")
        board = Board(*(await _answer(link, b"\x66\x03\x00"))[2:5])
        if board in _SUBSTITUTED:
            raise DeviceError(
                f"has board {board.number}-{board.revision}-{board.special}, whose accelerometer "
                "is not known: use another sensor.",
                source=link.name,
            )
        rate_hz = min(max(wanted.rate_hz, _RATES_HZ[0]), _RATES_HZ[1])
        ranges = LATER_ACCELERATION_RANGES_G if board.is_later else ACCELERATION_RANGES_G
        acceleration_g = _covering(ranges, wanted.acceleration_range_g)
        gyro_deg_s = _covering(ANGULAR_VELOCITY_RANGES_DEG_S, wanted.angular_velocity_range_deg_s)
        await _set_up(link, board, rate_hz, acceleration_g, gyro_deg_s)
        calibrations = decode_calibrations(await _answer(link, b"\x2c"))
        defaults = {nominal_calibrations(code, 0).acceleration for code in range(4)}
        if board.is_later and calibrations.acceleration in {None, *defaults}:
            raise DeviceError(
                f"holds no calibration of its accelerometer at ±{acceleration_g:g} g: calibrate it "
                "with its maker's program.",
                source=link.name,
            )
        inquiry = decode_inquiry(await _answer(link, b"\x01"))
        if None in {inquiry.offset(ACCELERATION_CHANNELS), inquiry.offset(GYRO_CHANNELS)}:
            raise DeviceError(
                "does not measure what it was asked to: update its firmware (LogAndStream).",
                source=link.name,
            )
        self._is_first = wanted.known is None
        self._decoder = Shimmer3Decoder()
        self._decoder.inquiry, self._decoder.calibrations = inquiry, calibrations
        await _command(link, _START)
        major = int.from_bytes(firmware[3:5], "little")
        return DeviceInfo(
            link.name,
            self.protocol,
            inquiry.rate_hz,
            acceleration_g * STANDARD_GRAVITY_M_S2,
            radians(ANGULAR_VELOCITY_RANGES_DEG_S[inquiry.setup[2] & 3]),
            serial=f"board {board.number}-{board.revision}-{board.special}",
            firmware=f"{major}.{firmware[5]}.{firmware[6]}",
        )

    async def accompany(self, link: Link) -> str:
        """Tell where its clock becomes another, and set it up anew where its rate does.

        Packets that are not a period apart are none that can be told from each other.
        """
        decoder, inquiry = self._decoder, self._decoder.inquiry
        assert inquiry is not None
        clock, latest_ns = ClockNews(inquiry.rate_hz, TIME_MODULUS_US), link.now_ns()

        def look(packet: Packet) -> str | None:
            nonlocal latest_ns
            for reading in decoder.push(packet):
                if isinstance(reading, Reading):
                    latest_ns = packet.arrival_ns
                    clock.take(reading, packet.arrival_ns)
            if news := clock.news():
                link.tell(news)
            if packet.arrival_ns - latest_ns <= self.silence_s * 1e9:
                return None
            if self._is_first:
                link.tell(_ANOTHER_RATE)
            return _ANOTHER_RATE

        return await link.ask(BYTES_CHANNEL, b"", look, timeout_s=FOR_EVER_S)

    async def close(self, link: Link) -> None:
        """Stop streaming."""
        await link.write(BYTES_CHANNEL, _STOP)

    @staticmethod
    def decoder(info: DeviceInfo) -> Shimmer3Decoder:
        """It learns the rest from the answers in the log."""
        return Shimmer3Decoder(info.acceleration_range_m_s2)


async def _set_up(
    link: Link, board: Board, rate_hz: float, acceleration_g: float, gyro_deg_s: float
) -> None:
    ranges = LATER_ACCELERATION_RANGES_G if board.is_later else ACCELERATION_RANGES_G
    sampling = _LATER_SAMPLING_HZ if board.is_later else _SAMPLING_HZ
    enough = [hz for hz in sampling if hz >= rate_hz] or [max(sampling)]
    divider = min(max(int(_GYRO_SAMPLING_HZ / rate_hz) - 1, 0), 255)
    ticks = round(TICKS_PER_S / rate_hz)
    for command in (
        _SENSORS,
        b"\x05" + ticks.to_bytes(2, "little"),
        bytes((0x09, ranges.index(acceleration_g))),
        b"\x43\x00",  # no low power
        b"\x46\x01",  # high resolution
        bytes((0x40, sampling[min(enough)])),
        bytes((0x49, ANGULAR_VELOCITY_RANGES_DEG_S.index(gyro_deg_s))),
        bytes((0x4C, divider)),
    ):
        await _command(link, command)


async def _silence(link: Link) -> None:
    """Stop it, and wait until nothing comes any more."""
    for _ in range(_QUIET_TRIES):
        await link.write(BYTES_CHANNEL, _STOP)
        await link.sleep(_QUIET_S)
        try:
            await link.ask(BYTES_CHANNEL, b"", lambda _: True, timeout_s=_QUIET_S)
        except DeviceLost:
            raise
        except DeviceError:
            return
    raise DeviceError(
        "does not stop sending: switch it off and on, and check that it is a Shimmer3.",
        source=link.name,
    )


async def _command(link: Link, command: bytes) -> None:
    """Send a command and wait until it is done."""

    def done(packet: Packet) -> bool | None:
        if ACKNOWLEDGED in packet.payload:
            return True
        _raise_if_refused(link, command, packet.payload)
        return None

    await link.ask(BYTES_CHANNEL, command, done, tries=_TRIES)


async def _answer(link: Link, question: bytes) -> bytes:
    """Ask, and wait for the whole answer; what was damaged on its way is asked for again."""
    heard = bytearray()

    def whole(packet: Packet) -> bytes | None:
        heard.extend(packet.payload)
        answer = answer_to(question[0], bytes(heard))
        if answer is None and ACKNOWLEDGED not in heard:
            _raise_if_refused(link, question, packet.payload)
        return answer

    link.log_request(question)
    return await link.ask(BYTES_CHANNEL, question, whole, tries=_TRIES)


def _raise_if_refused(link: Link, command: bytes, payload: bytes) -> None:
    if payload[:1] == bytes((REFUSED,)):
        raise DeviceError(
            f"refuses the command 0x{command[0]:02x}: update its firmware (LogAndStream).",
            source=link.name,
        )


def _covering(ranges: tuple[float, ...], wanted: float) -> float:
    """The smallest range that is not below, or the largest."""
    return min((end for end in ranges if end >= wanted), default=max(ranges))
