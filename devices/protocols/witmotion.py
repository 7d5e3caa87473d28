"""WitMotion's 0x55 protocol over Bluetooth LE, USB and wired serial: bytes to values and back.

All fields are little-endian; a value stands for ``counts / 32768`` of its full scale, 16 g, 2000
degrees/s or 180 degrees. Three layouts carry motion::

    A, 20 bytes   55 61 | ax ay az gx gy gz roll pitch yaw
    B, 28 bytes   as A  | YY MM DD hh mm ss msL msH
    wired, 11     55 5t | four values or eight bytes | low 8 bits of the sum of the first ten bytes
                  t: 0 wall time, 1 acceleration, 2 angular velocity, 3 angles, 4 magnetic field

Sources, read and not tried on a sensor: the maker's WT901BLECL data sheet (v20-0707), its "WIT
Standard Communication Protocol" page, and for the battery a table of its Bluetooth 5.0 page that is
remembered and *unverified*.

What the format cannot do
-------------------------
* No layout has a sequence number or device time: frames that never came show only as a rate that is
  too low. Layout B's wall time is not used: it may jump, and what moment it is is not documented.
* A and B have no checksum. On a serial line, a loss of bytes inside a frame is seen at the next
  header; a loss of exactly a whole number of frames' length mixes two samples and is not seen, nor
  is a value changed in place. A Bluetooth LE notification comes whole or not at all.
* The wired checksum sees every change of one byte, and misses one in 256 of the others. A sample
  comes in two frames; when exactly those in between are lost, two samples are mixed.
"""

from __future__ import annotations

import struct
from enum import Enum, IntEnum
from math import radians
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from devices.links import BYTES_CHANNEL, REQUEST_CHANNEL
from devices.readings import Battery, Decoded, Reading
from devices.records import Packet
from imu.errors import ProtocolError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

#: Channel of the notifications; frames may be cut and joined in them at will.
DATA_CHANNEL: Final = "data"

#: Ends of the range, for every family of the maker.
ACCELERATION_RANGE_G: Final = 16.0
ANGULAR_VELOCITY_RANGE_DEG_S: Final = 2000.0

#: Opens the settings for ten seconds; without :data:`SAVE` they last until the power goes.
UNLOCK: Final = bytes.fromhex("ffaa6988b5")
SAVE: Final = bytes.fromhex("ffaa000000")
CONTENT_REGISTER: Final = 0x02  # which wired frames are sent, one bit a type
RATE_REGISTER: Final = 0x03
BAUD_REGISTER: Final = 0x04
BANDWIDTH_REGISTER: Final = 0x1F
BATTERY_REGISTER: Final = 0x64  # in hundredths of a volt

#: Headers in a row at one spacing, and no rival, before anything is believed.
FRAMES_TO_LOCK: Final = 6

_HEADER: Final = 0x55
_MOTION: Final = 0x61
_REGISTERS: Final = 0x71
_READ: Final = bytes.fromhex("ffaa27")
_ANSWER: Final = struct.Struct("<BBH8h")
_WIRED_TYPES: Final = 0x50  # high half of the type byte
_WIRED_ANSWER: Final = b"\x55\x5f"
_WIRED_ACCELERATION: Final = 0x51
_WIRED_ANGULAR_VELOCITY: Final = 0x52
#: This many headers of another phase or layout in the same stretch make the choice doubtful.
_RIVAL_HEADERS: Final = 3
#: A notification of fewer frames may be equal to the one before by chance.
_LEAST_DUPLICATE: Final = 2
#: Counts of the gyroscope, 1 °/s, beyond which no two samples are equal by chance.
_MOVES: Final = 16
#: Longest stretch that is kept while no layout fits, bytes.
_SEARCHED_BYTES: Final = 4096

_COUNTS: Final = np.dtype("<i2")
_LARGEST_COUNT: Final = 32767
_ACCELERATION_SCALE: Final = ACCELERATION_RANGE_G * STANDARD_GRAVITY_M_S2 / 32768
_ANGULAR_VELOCITY_SCALE: Final = radians(ANGULAR_VELOCITY_RANGE_DEG_S) / 32768
_CLIPPED: Final = np.uint8(Quality.CLIPPED)

#: Volts and per cent of the maker's table, remembered and unverified, with lines in between.
_BATTERY_V: Final = (3.40, 3.50, 3.68, 3.70, 3.73, 3.77, 3.79, 3.82, 3.87, 3.93, 3.96)
_BATTERY_ABSENT: Final = 250  # centivolts: no lithium cell is this low
_BATTERY_PERCENT: Final = (0.0, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 75.0, 100.0)

Bytes = NDArray[np.uint8]
Counts = NDArray[np.int16]


class Layout(Enum):
    """How motion is framed; the value is the length of a frame in bytes."""

    A = 20
    B = 28
    WIRED = 11


class WiredContent(IntEnum):
    """Bits of :data:`CONTENT_REGISTER` and, added to 0x50, types of wired frames, by number."""

    TIME = 0
    ACCELERATION = 1
    ANGULAR_VELOCITY = 2
    ANGLES = 3
    MAGNETIC_FIELD = 4


class Registers(NamedTuple):
    """Answer to a register read: the first register's number and eight values, int16."""

    first: int
    values: tuple[int, ...]


def write_register(register: int, value: int) -> bytes:
    """Command that sets a register; raises ProtocolError beyond its 8 and its value's 16 bits."""
    if not (0 <= register <= 0xFF and 0 <= value <= 0xFFFF):
        raise ProtocolError(
            f"register {register} or value {value} does not fit: give 8 and 16 bits."
        )
    return bytes((0xFF, 0xAA, register, value & 0xFF, value >> 8))


def read_register(register: int) -> bytes:
    """The command that asks for eight registers from this one on: ``FF AA 27 register 00``."""
    return write_register(0x27, register)


def decode_registers(frame: bytes) -> Registers:
    """Read the answer to a register read; raises ProtocolError when it is not one."""
    if len(frame) != _ANSWER.size or frame[0] != _HEADER or frame[1] != _REGISTERS:
        raise ProtocolError(
            f"a register answer has {len(frame)} bytes that start with {frame[:2].hex(' ')!r}: "
            f"it must have {_ANSWER.size} that start with '55 71'.",
            payload=frame,
        )
    _, _, first, *values = _ANSWER.unpack(frame)
    return Registers(first, tuple(values))


def encode_registers(answer: Registers) -> bytes:
    """Write the answer to a register read; raises ProtocolError for values that do not fit."""
    try:
        return _ANSWER.pack(_HEADER, _REGISTERS, answer.first, *answer.values)
    except struct.error:
        raise ProtocolError(f"{answer} is no answer: give 8 values of 16 bits.") from None


def encode_frames(counts: ArrayLike, wall_time: ArrayLike | None = None) -> bytes:
    """Write frames of layout A, or of layout B when a wall time is given.

    ``counts`` are int16 of shape (n, 9): ax ay az gx gy gz roll pitch yaw, or ProtocolError is
    raised; ``wall_time`` has shape (n, 7): year after 2000, month, day, hour, minute, second, ms.
    """
    values = np.asarray(counts, _COUNTS)
    n = len(values)
    if values.shape != (n, 9):
        raise ProtocolError(f"counts have shape {values.shape}: give (n, 9).")
    layout = Layout.A if wall_time is None else Layout.B
    frames = np.zeros((n, layout.value), np.uint8)
    frames[:, 0], frames[:, 1] = _HEADER, _MOTION
    frames[:, 2:20] = np.ascontiguousarray(values).view(np.uint8)
    if wall_time is not None:
        moments = np.asarray(wall_time, np.int64).reshape(n, 7)
        frames[:, 20:26] = moments[:, :6]
        frames[:, 26], frames[:, 27] = moments[:, 6] & 0xFF, moments[:, 6] >> 8
    return frames.tobytes()


def encode_wired(content: int, values: ArrayLike) -> bytes:
    """Write wired frames of one :class:`WiredContent`; values are int16 of shape (n, 4).

    Raises ProtocolError when the shape is another or the type has more than four bits.
    """
    numbers = np.asarray(values, _COUNTS)
    n = len(numbers)
    if numbers.shape != (n, 4) or not 0 <= content <= 15:
        raise ProtocolError(
            f"type {content} with values of shape {numbers.shape}: give a type below 16 and (n, 4)."
        )
    frames = np.empty((n, Layout.WIRED.value), np.uint8)
    frames[:, 0], frames[:, 1] = _HEADER, _WIRED_TYPES | content
    frames[:, 2:10] = np.ascontiguousarray(numbers).view(np.uint8)
    frames[:, 10] = frames[:, :10].sum(axis=1, dtype=np.uint8)
    return frames.tobytes()


class RegisterAnswer:
    """Waits for the answer to the read of one register, however it is cut into packets.

    Sensors with frames of 20 or 28 bytes answer with the register's number, wired ones with the
    values alone (``55 5F``, four of them).

    Parameters
    ----------
    register : int
        That was asked for.
    """

    def __init__(self, register: int) -> None:
        self._head = bytes((_HEADER, _REGISTERS, register & 0xFF, register >> 8))
        self._heard = b""

    def value(self, packet: Packet) -> int | None:
        """The register's value, 0 to 65535, once this packet brings it."""
        if packet.channel not in {DATA_CHANNEL, BYTES_CHANNEL}:
            return None
        heard = self._heard + packet.payload
        self._heard = heard[-_ANSWER.size :]
        at = heard.find(self._head)
        if 0 <= at <= len(heard) - _ANSWER.size:
            self._heard = b""  # an answer is told once
            return decode_registers(heard[at : at + _ANSWER.size]).values[0] & 0xFFFF
        size = Layout.WIRED.value
        at = heard.find(_WIRED_ANSWER)
        while 0 <= at <= len(heard) - size:
            frame = heard[at : at + size]
            if sum(frame[:-1]) & 0xFF == frame[-1]:
                self._heard = b""
                return int.from_bytes(frame[2:4], "little")
            at = heard.find(_WIRED_ANSWER, at + 1)
        return None


def battery_percent(centivolts: int) -> float:
    """Charge, %, by the resting voltage of its lithium cell; see the module for the table."""
    return round(float(np.interp(centivolts / 100, _BATTERY_V, _BATTERY_PERCENT)), 1)


class WitMotionDecoder:
    """Finds the frames in what arrives, whatever the layout, and turns them into readings.

    The layout is decided, and the frames are found, by headers at a constant spacing:
    :data:`FRAMES_TO_LOCK` in a row at 20, 28 or 11 bytes (there with right checksums), while no
    other phase and no other spacing has three in the same stretch. What came meanwhile is kept and
    decoded once this is settled. The first wrong header ends it, and the search begins anew.

    A payload with ``55 61`` at the same place in frame after frame, as when a sensor lies still at
    an angle of 136.88 degrees, looks like frames of another phase. Nothing is decoded until that
    ends; it is taken for frames only if, besides, most of the true headers meanwhile are destroyed.

    A frame is believed when the next header is in its place as well; on a serial line each sample
    therefore comes one sample late. One that lies whole in one notification needs no such proof.

    Half a frame is given up when the next notification begins with a header; as many frames are
    missing then as make it as long as the latest whole one. What was skipped is told with the next
    reading, in samples as far as its length says (``missing_before``).

    A notification of several frames that is the one before to the last bit, in motion, was handed
    on twice on its way, and is dropped (``repeated`` of the next reading).

    ``55 71`` answers between frames are understood; :data:`BATTERY_REGISTER` is the battery.

    Between a logged :data:`UNLOCK` and a logged register read the sensor is being set up, at rates
    that change: no samples are given. The next reading says so (``time_step``).
    """

    def __init__(self) -> None:
        self._layout: Layout | None = None
        self._rest = b""
        self._malformed = 0
        self._begun = self._set_up = False  # frames were found; samples are at no settled rate
        self._interrupted = False  # by a set-up, since the latest sample
        self._acceleration: Counts | None = None  # wired: waits for its angular velocity
        self._notified = self._skipped = 0  # bytes since a header began one; since the last sample
        self._usual = 0  # frames in the latest notification that came whole
        self._wired_sample = 2 * Layout.WIRED.value  # bytes from one acceleration to the next
        self._latest: Counts | None = None  # the newest sample
        self._notification = b""  # the newest
        self._twice = 0  # samples that were dropped as duplicates since the latest reading
        self._by_radio = False

    @property
    def time_modulus_us(self) -> int | None:
        """None: the protocol carries no time of sampling."""
        return None

    @property
    def malformed_packets(self) -> int:
        """Frames that were dropped, as far as their number can be told."""
        return self._malformed

    @property
    def layout(self) -> Layout | None:
        """The layout in use; None while it is sought."""
        return self._layout

    def reset(self) -> None:
        """Forget half a frame and where frames start."""
        self._layout, self._rest, self._acceleration = None, b"", None
        self._begun, self._skipped = False, 0

    def push(self, packet: Packet) -> list[Decoded]:
        """Take a notification of channel "data", a chunk of channel "bytes", or a request."""
        if packet.channel == REQUEST_CHANNEL:
            if packet.payload == UNLOCK:
                self._set_up = self._interrupted = True
            elif packet.payload.startswith(_READ):
                self._set_up = False
        if packet.channel not in {DATA_CHANNEL, BYTES_CHANNEL}:
            return []
        if packet.channel == DATA_CHANNEL:
            if self._came_before(packet.payload):
                return []
            self._give_up_half(packet.payload)
        self._by_radio = packet.channel == DATA_CHANNEL
        starts_here = self._by_radio and not self._rest
        data = self._rest + packet.payload if self._rest else packet.payload
        decoded: list[Decoded] = []
        while True:
            if self._layout is None:
                data = self._seek(data)
                if self._layout is None:
                    break
            if self._layout is Layout.WIRED:
                data = self._take_wired(data, decoded)
            else:
                data = self._take_motion(data, self._layout.value, starts_here, decoded)
            if self._layout is not None:
                break
        self._rest = data
        if self._set_up:
            return [d for d in decoded if not isinstance(d, Reading)]
        for k, item in enumerate(decoded if self._interrupted else ()):
            if isinstance(item, Reading):
                decoded[k], self._interrupted = item._replace(time_step=True), False
                break
        return decoded

    def _came_before(self, payload: bytes) -> bool:
        """Whether this notification is a duplicate: a sensor in motion measures nothing twice."""
        before, self._notification = self._notification, payload
        if payload != before or self._layout not in {Layout.A, Layout.B}:
            return False
        frames, rest = divmod(len(payload), self._layout.value)
        if frames < _LEAST_DUPLICATE or rest or payload[0] != _HEADER or payload[1] != _MOTION:
            return False
        if not any(payload[8:14]):  # it lies still
            return False
        self._twice += frames
        return True

    def _give_up_half(self, payload: bytes) -> None:
        """Drop the unfinished end of earlier notifications, if this one begins with a frame."""
        before, self._notified = self._notified, self._notified + len(payload)
        if payload[:1] != b"\x55" or payload[1:2] not in {b"\x61", b"\x71"}:
            return
        end = self._rest[-min(before, len(self._rest)) :]
        self._notified = len(payload)
        sizes = [Layout.A.value, Layout.B.value] if self._layout is None else [self._layout.value]
        if end and Layout.WIRED.value not in sizes and not any(_is_whole(end, k) for k in sizes):
            self._rest = self._rest[: -len(end)]
            self._malformed += 1
            given, begun = (before - len(end)) // sizes[0], len(end) // sizes[0] + 1
            if end[1:2] != b"\x71":  # an answer has no samples
                self._skipped += sizes[0] * max(begun, self._usual - given)

    def _seek(self, data: bytes) -> bytes:
        """Find layout and phase; returns the data from the first frame on."""
        found = _frames_in(np.frombuffer(data, np.uint8))
        if found is not None:
            start, self._layout = found
            self._skipped += start + self._layout.value * (start > 0) if self._begun else 0
            if self._begun or start >= self._layout.value:  # else it joined within a frame
                self._malformed += -(-start // self._layout.value)
            self._begun = True
            # the first header after rubbish may be rubbish too
            return data[start + self._layout.value if start else 0 :]
        if len(data) > _SEARCHED_BYTES:
            given_up = len(data) - _SEARCHED_BYTES // 2
            self._malformed += -(-given_up // Layout.A.value)
            self._skipped += given_up
            return data[given_up:]
        return data

    def _lose(self, skipped: int) -> None:
        self._skipped += skipped + (0 if self._acceleration is None else Layout.WIRED.value)
        self._layout, self._acceleration = None, None
        self._malformed += 1

    def _give(self, counts: Counts, sample_bytes: int, decoded: list[Decoded]) -> None:
        missing, self._skipped = int(self._skipped / sample_bytes + 0.5), 0
        repeated, self._twice = self._repeated_in(counts) + self._twice, 0
        reading = _reading(counts, missing, repeated)
        decoded.append(reading._replace(by_radio=True) if self._by_radio else reading)

    def _repeated_in(self, counts: Counts) -> int:
        """Samples that are those before them to the last bit, while the sensor moves.

        A sensor that sends faster than it measures repeats itself. One that lies still, or nearly,
        may do so by chance: one sample in a thousand.
        """
        rows = counts if self._latest is None else np.concatenate((self._latest, counts))
        self._latest = counts[-1:].copy()
        return int(
            (
                (rows[1:] == rows[:-1]).all(axis=1)
                & (np.abs(rows[1:, 3:].astype(np.int64)) > _MOVES).any(axis=1)
            ).sum()
        )

    def _read_motion(self, raw: Bytes, at: int, n: int, size: int, decoded: list[Decoded]) -> None:
        if n > 0:
            motion = raw[at : at + n * size].reshape(n, size)[:, 2:14]
            self._give(np.ascontiguousarray(motion).view(_COUNTS), size, decoded)

    def _take_motion(
        self, data: bytes, size: int, starts_here: bool, decoded: list[Decoded]
    ) -> bytes:
        """Decode what can be believed of layouts A and B; returns the rest."""
        raw = np.frombuffer(data, np.uint8)
        end, at = len(data), 0
        while end - at >= 2:
            seen = (end - at - 2) // size + 1  # headers in view
            last = at + (seen - 1) * size
            right = raw[at : last + 1 : size] == _HEADER
            right &= raw[at + 1 : last + 2 : size] == _MOTION
            good = seen if right.all() else int(np.argmin(right))
            if good == seen:
                whole = starts_here and end == last + size
                self._usual = seen if whole else self._usual
                believed = seen if whole else seen - 1
                self._read_motion(raw, at, believed, size, decoded)
                return data[at + believed * size :]
            stop = at + good * size
            if not (data[stop] == _HEADER and data[stop + 1] == _REGISTERS):
                self._read_motion(raw, at, good - 1, size, decoded)
                self._lose(2 if good else 0)
                return data[stop - size + 2 if good else at :]
            self._read_motion(raw, at, good, size, decoded)
            at = stop + _ANSWER.size
            if at + 2 > end and not (starts_here and at == end):
                return data[stop:]
            if at < end and not (data[at] == _HEADER and data[at + 1] in {_MOTION, _REGISTERS}):
                self._lose(2)
                return data[stop + 2 :]
            answer = decode_registers(data[stop:at])
            if answer.first == BATTERY_REGISTER and answer.values[0] > _BATTERY_ABSENT:
                decoded.append(Battery(battery_percent(answer.values[0])))
        return data[at:]

    def _take_wired(self, data: bytes, decoded: list[Decoded]) -> bytes:
        """Decode what can be believed of wired frames; returns the rest."""
        size = Layout.WIRED.value
        raw = np.frombuffer(data, np.uint8)
        n = (len(data) - 2) // size  # whole frames whose successor's header is in view
        if n > 0 and data.startswith(_WIRED_ANSWER, n * size):
            n -= 1  # an answer is no sample: one that it proves would come sooner than all others
        if n <= 0:
            return data
        frames = raw[: n * size].reshape(n, size)
        end = n * size + 2
        named = (raw[:end:size] == _HEADER) & (raw[1:end:size] & 0xF0 == _WIRED_TYPES)
        right = frames[:, :10].sum(axis=1, dtype=np.uint8) == frames[:, 10]
        right &= named[:-1] & named[1:]
        good = n if right.all() else int(np.argmin(right))
        self._read_wired(frames[:good], decoded)
        if good == n:
            return data[n * size :]
        self._lose(1)
        return data[good * size + 1 :]

    def _read_wired(self, frames: Bytes, decoded: list[Decoded]) -> None:
        """Pair accelerations with the angular velocities that follow them."""
        kinds = frames[:, 1]
        motion = frames[(kinds == _WIRED_ACCELERATION) | (kinds == _WIRED_ANGULAR_VELOCITY)]
        if not len(motion):
            return
        values = np.ascontiguousarray(motion[:, 2:8]).view(_COUNTS)
        is_acceleration = motion[:, 1] == _WIRED_ACCELERATION
        if self._acceleration is not None:
            values = np.concatenate((self._acceleration, values))
            is_acceleration = np.concatenate(([True], is_acceleration))
        self._acceleration = values[-1:] if is_acceleration[-1] else None
        first = np.flatnonzero(is_acceleration[:-1] & ~is_acceleration[1:])
        alone = len(values) - 2 * len(first) - (self._acceleration is not None)
        self._malformed += alone
        every = np.diff(np.flatnonzero(kinds == _WIRED_ACCELERATION))
        if len(every):
            self._wired_sample = int(every.min()) * Layout.WIRED.value
        counts = np.concatenate((values[first], values[first + 1]), axis=1)
        lone_bytes, at = self._wired_sample // 2 + 1, 0  # a frame without its other half
        gaps = np.flatnonzero(np.diff(first) != 2) + 1
        starts = first[[0, *gaps]].tolist() if len(first) else []
        for start, part in zip(starts, np.split(counts, gaps), strict=False):
            self._skipped += (start - at) * lone_bytes
            self._give(part, self._wired_sample, decoded)
            at = start + 2 * len(part)
        self._skipped += (len(values) - (self._acceleration is not None) - at) * lone_bytes


def _frames_in(raw: Bytes) -> tuple[int, Layout] | None:
    """Where frames start, and which: the earliest stretch that nothing rivals."""
    if len(raw) < FRAMES_TO_LOCK * Layout.WIRED.value:
        return None
    motion = (raw[:-1] == _HEADER) & (raw[1:] == _MOTION)
    places = {Layout.A: motion, Layout.B: motion, Layout.WIRED: _wired_frames(raw)}
    best: tuple[int, Layout] | None = None
    for layout, headers in places.items():
        for start in np.flatnonzero(_rows(headers, layout.value)).tolist():
            if best is not None and start >= best[0]:
                break
            if not _is_rivalled(places, layout, start):
                best = (start, layout)
                break
    if best is None:
        return None
    start, layout = best
    while start >= layout.value and places[layout][start - layout.value]:  # those with a rival
        start -= layout.value
    return start, layout


def _wired_frames(raw: Bytes) -> NDArray[np.bool_]:
    """Where whole wired frames with a right checksum start."""
    size = Layout.WIRED.value
    n = len(raw) - size + 1
    sums = np.concatenate(([0], np.cumsum(raw, dtype=np.int64)))
    right: NDArray[np.bool_] = (sums[size - 1 : -1] - sums[:n]) & 0xFF == raw[size - 1 :]
    right &= (raw[:n] == _HEADER) & (raw[1 : n + 1] & 0xF0 == _WIRED_TYPES)
    return right


def _rows(headers: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Where enough headers in a row at this spacing start."""
    n = len(headers) - (FRAMES_TO_LOCK - 1) * size
    if n <= 0:
        return np.zeros(0, np.bool_)
    rows = headers[:n].copy()
    for i in range(1, FRAMES_TO_LOCK):
        rows &= headers[i * size : i * size + n]
    return rows


def _is_rivalled(places: dict[Layout, NDArray[np.bool_]], layout: Layout, start: int) -> bool:
    """Whether another phase or layout has several headers in the same stretch."""
    stop = start + FRAMES_TO_LOCK * layout.value
    for rival, headers in places.items():
        at = np.flatnonzero(headers[start:stop])
        if (rival is Layout.WIRED) == (layout is Layout.WIRED):
            at = at[at % layout.value != 0]
        if len(at) and np.bincount(at % rival.value).max() >= _RIVAL_HEADERS:
            return True
    return False


def _is_whole(data: bytes, size: int) -> bool:
    """Whether frames of this size, and answers, fill the data to its end."""
    at = 0
    while at < len(data):
        at += _ANSWER.size if data[at + 1 : at + 2] == b"\x71" else size
    return at == len(data)


def _reading(counts: Counts, missing_before: int, repeated: int) -> Reading:
    """SI units; counts has shape (n, 6)."""
    values, quality = counts.astype(np.float64), None
    if counts.max() >= _LARGEST_COUNT or counts.min() <= -_LARGEST_COUNT:
        at_end = (counts >= _LARGEST_COUNT) | (counts <= -_LARGEST_COUNT)
        quality = np.where(at_end.any(axis=1), _CLIPPED, np.uint8(0))
    values[:, :3] *= _ACCELERATION_SCALE
    values[:, 3:] *= _ANGULAR_VELOCITY_SCALE
    angular_velocity = values[:, 3:]
    return Reading(
        values[:, :3], angular_velocity, None, None, 0, quality, False, missing_before, repeated
    )
