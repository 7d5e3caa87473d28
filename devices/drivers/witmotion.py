"""The conversation with WitMotion sensors: WT901BLE, WT9011DCL, BWT901 and their wired siblings.

Such a sensor streams by itself, and its rate codes mean different rates in different families (0x0A
is 200 Hz by the manual of the Bluetooth sensors and 125 Hz in the wired ones). The driver sets a
code, reads it back where the sensor answers, and counts what arrives. What arrives is never taken
for the rate: a sensor has one of its nominal rates, and what is less than that was lost on the way.

Settings are never saved in the sensor: they are gone when it is switched off. Nothing here was
tried on a real sensor.
"""

from __future__ import annotations

import asyncio
from math import radians
from typing import ClassVar, Final, NamedTuple

from devices.drivers.driver import Advertisement, Driver, Wanted
from devices.links import BYTES_CHANNEL, Link
from devices.protocols.witmotion import (
    ACCELERATION_RANGE_G,
    ANGULAR_VELOCITY_RANGE_DEG_S,
    BANDWIDTH_REGISTER,
    BATTERY_REGISTER,
    BAUD_REGISTER,
    CONTENT_REGISTER,
    DATA_CHANNEL,
    RATE_REGISTER,
    UNLOCK,
    Layout,
    RegisterAnswer,
    WiredContent,
    WitMotionDecoder,
    read_register,
    write_register,
)
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from imu.errors import DeviceError, DeviceLost
from imu.samples import STANDARD_GRAVITY_M_S2

_COMMAND_CHANNEL: Final = "command"
#: Tells the decoder, in the log, that samples are at a settled rate.
_ALL_IS_SET: Final = read_register(BATTERY_REGISTER)
_SERVICE: Final = "0000ffe5-0000-1000-8000-00805f9a34fb"  # not on the Bluetooth base address
_NAMES: Final = ("WT901", "WT9011", "BWT901")

#: Rates that can be asked for, Hz, and codes that may mean them.
_CODES: Final[dict[float, tuple[int, ...]]] = {
    10.0: (0x06,),
    20.0: (0x07,),
    50.0: (0x08,),
    100.0: (0x09,),
    200.0: (0x0A, 0x0B),
}
#: What a code may mean, Hz, in one family or another.
_MEANINGS: Final[dict[int, tuple[float, ...]]] = {
    0x06: (10.0,),
    0x07: (20.0,),
    0x08: (50.0,),
    0x09: (100.0,),
    0x0A: (200.0, 125.0),
    0x0B: (200.0,),
}
#: What arrives is a nominal rate this near to it, as a share.
_NEAR: Final = 0.03
#: Less than this share of the samples must not get lost from the beginning.
_LEAST_SHARE: Final = 0.9
#: More than this share of the samples are not those of one sensor alone, however they bunch.
_MOST_SHARE: Final = 1.25
#: Damaged frames in a count, from which on it is they that make it low.
_MANY_DAMAGED: Final = 20
#: Widest filter below half the rate, Hz, and its code: wider ones fold what they let through.
_BANDWIDTHS: Final[dict[float, tuple[float, int]]] = {
    200.0: (98.0, 2),
    125.0: (42.0, 3),
    100.0: (42.0, 3),
    50.0: (20.0, 4),
    20.0: (10.0, 5),
    10.0: (5.0, 6),
}
_BANDWIDTH_HZ: Final = (256.0, 188.0, 98.0, 42.0, 20.0, 10.0, 5.0)  # by code
#: A filter below this, Hz, hides the impacts of running.
_LEAST_BANDWIDTH_HZ: Final = 40.0
#: Speeds of the line as delivered and as wanted, bits per second, and the code of the latter
#: (``REG.h`` of the maker's WitStandardProtocol_JY901, 2022: 2 is 9600, 6 is 115200, 7 is 230400).
_DELIVERED_BAUD: Final = 9600
_BAUD: Final = 115_200
_BAUD_CODE: Final = 6
#: How long is counted, and again where less came than there should, s; and after how long a rate
#: that is far too low is given up.
_COUNT_S: Final = 2.0
_COUNT_AGAIN_S: Final = 6.0
_GLANCE_S: Final = 0.7  # eight frames of one notification are 0.8 s at 10 Hz
_FAR: Final = 0.5
#: For the first frames, for those still on their way after a command, and for an answer, s.
_FIRST_FRAMES_S: Final = 1.7
_SETTLE_S: Final = 0.3
_ANSWER_S: Final = 1.0
_BATTERY_EVERY_S: Final = 60.0
#: A sensor that has lost its settings: its rate is off by this share, twice in a row the same.
_OFF: Final = 0.2
_SAME: Final = 0.25


class RateMeter:
    """Counts samples as they arrive until it is known how many come a second.

    That is after two seconds, or sooner when they are far fewer than is hoped for.

    Parameters
    ----------
    hoped_hz : float
        The rate that was asked for.
    seconds : float
        How long to count.
    """

    def __init__(self, hoped_hz: float, seconds: float = _COUNT_S) -> None:
        self._hoped_hz, self._seconds = hoped_hz, seconds
        self._decoder = WitMotionDecoder()
        self._start_ns: int | None = None
        self._count = 0

    @property
    def layout(self) -> Layout | None:
        """Layout of the frames, once known."""
        return self._decoder.layout

    @property
    def damaged(self) -> int:
        """Frames that came and could not be read."""
        return self._decoder.malformed_packets

    def rate_hz(self, packet: Packet) -> float | None:
        """Samples a second, once this packet makes it known."""
        count = sum(
            len(reading.acceleration_m_s2)
            for reading in self._decoder.push(packet)
            if isinstance(reading, Reading)
        )
        if self._start_ns is None:
            # what came before the frames were found has no arrival of its own
            self._start_ns = packet.arrival_ns if count else None
            return None
        self._count += count
        passed_s = (packet.arrival_ns - self._start_ns) * 1e-9
        if not count or passed_s < _GLANCE_S:
            return None
        rate_hz = self._count / passed_s
        far = rate_hz < _FAR * self._hoped_hz and self._seconds <= _COUNT_S
        return rate_hz if far or passed_s >= self._seconds else None

    def begin(self, arrival_ns: int) -> None:
        """Count anew what comes after samples that came then."""
        self._start_ns, self._count = arrival_ns, 0


class _RateWatch:
    """Says when the rate is no longer what was agreed.

    A link that stalls or catches up is not the same twice in a row; a sensor without its settings
    is.
    """

    def __init__(self, agreed_hz: float) -> None:
        self._agreed_hz, self._meter = agreed_hz, RateMeter(agreed_hz)
        self._before_hz = agreed_hz

    def wrong_rate_hz(self, packet: Packet) -> float | None:
        """The rate, Hz, once this packet shows that it has changed for good."""
        rate_hz = self._meter.rate_hz(packet)
        if rate_hz is None:
            return None
        self._meter.begin(packet.arrival_ns)
        before_hz, self._before_hz = self._before_hz, rate_hz
        off = min(abs(rate_hz / self._agreed_hz - 1.0), abs(before_hz / self._agreed_hz - 1.0))
        same = abs(rate_hz - before_hz) <= _SAME * max(rate_hz, before_hz)
        return rate_hz if off > _OFF and same else None


class _Setting(NamedTuple):
    """What a sensor was set to: its nominal rate, and how many samples a second arrive.

    ``damaged`` frames came besides, within the same count.
    """

    rate_hz: float
    arriving_hz: float
    layout: Layout | None = None
    damaged: int = 0

    @property
    def share(self) -> float:
        """Of the samples, that arrives."""
        return self.arriving_hz / self.rate_hz


class WitMotionDriver(Driver):
    """Sets rate and filter, checks that they hold, and asks for the battery now and then.

    :attr:`DeviceInfo.rate_hz <devices.records.DeviceInfo>` is a nominal rate of the sensor. Over a
    reconnection it stays, whatever arrives at that moment.
    """

    protocol: ClassVar[str] = "witmotion"
    links: ClassVar[tuple[str, ...]] = ("ble", "serial")
    sold_as: ClassVar[str] = "WitMotion WT901BLE, WT9011DCL, BWT901 or JY901"
    characteristics: ClassVar[dict[str, str]] = {
        DATA_CHANNEL: "0000ffe4-0000-1000-8000-00805f9a34fb",
        _COMMAND_CHANNEL: "0000ffe9-0000-1000-8000-00805f9a34fb",
    }
    baud_rates: ClassVar[tuple[int, ...]] = (_BAUD, _DELIVERED_BAUD, 230400, 921600)
    sends_unasked: ClassVar[bool] = True
    wakes: ClassVar[bytes] = UNLOCK + write_register(RATE_REGISTER, 0x08)  # 50 Hz in each family
    gyro_has_dead_band: ClassVar[bool] = True

    @classmethod
    def recognises(cls, advertisement: Advertisement) -> bool:
        """By its service, or by its name where the service is not advertised."""
        named = advertisement.name.upper().startswith(_NAMES)
        return named or _SERVICE in advertisement.service_uuids

    @classmethod
    def recognises_bytes(cls, heard: bytes) -> bool:
        """By six frames in a row; at 10 frames a second that takes 0.7 s of listening."""
        decoder = WitMotionDecoder()
        decoder.push(Packet(0, BYTES_CHANNEL, heard))
        return decoder.layout is not None

    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        """Set the rate and the filter; takes three to fifteen seconds.

        Raises
        ------
        DeviceError
            When nothing comes that can be read, less than nine tenths of the samples do, or the
            sensor keeps a filter that hides the impacts.
        """
        await _command(link, UNLOCK)
        if link.kind == "ble":
            await link.subscribe(DATA_CHANNEL)
        await _speed_up(link)
        self._hoped_hz = min(_CODES, key=lambda rate_hz: abs(rate_hz - wanted.rate_hz))
        setting = await _configured(link, self._hoped_hz)
        if setting is None:
            raise DeviceError(
                "sends no motion that can be read: bring it nearer, charge it, check that it is a "
                "WitMotion motion sensor, and on a serial line that '?baud=' is right.",
                source=link.name,
            )
        known = wanted.known
        self._rate_hz = setting.rate_hz if known is None else known.rate_hz
        if known is None:
            _refuse_too_few(link, setting)
            _refuse_too_many(link, setting)
        await _set_bandwidth(link, self._rate_hz)
        await _command(link, _ALL_IS_SET)
        return DeviceInfo(
            link.name,
            self.protocol,
            self._rate_hz,
            ACCELERATION_RANGE_G * STANDARD_GRAVITY_M_S2,
            radians(ANGULAR_VELOCITY_RANGE_DEG_S),
        )

    async def close(self, link: Link) -> None:
        """Nothing to do: such a sensor streams until it is switched off."""

    async def accompany(self, link: Link) -> str:
        """Ask for the battery every minute, and set up anew a sensor that lost its settings.

        After a dip of its power it sends at another rate. One that says that its rate is as it was
        set sends on a poor link, where a new set-up would only lose more.
        """
        while True:
            minute_ns = link.now_ns() + round(_BATTERY_EVERY_S * 1e9)
            while (left_s := (minute_ns - link.now_ns()) * 1e-9) > 0.0:
                if await self._lost_its_settings(link, left_s):
                    await _command(link, UNLOCK)
                    await _configured(link, self._hoped_hz, lost=True)
                    await _set_bandwidth(link, self._rate_hz)
                    await _command(link, _ALL_IS_SET)
            await _write(link, read_register(BATTERY_REGISTER))

    async def _lost_its_settings(self, link: Link, seconds: float) -> bool:
        """Watch the rate for so long; returns at once when it has changed."""
        watch = _RateWatch(self._rate_hz)
        try:
            await link.ask(_channel(link), b"", watch.wrong_rate_hz, timeout_s=seconds)
        except DeviceLost:
            raise
        except DeviceError:  # nothing in that time
            return False
        code = await _read_back(link, RATE_REGISTER)
        return code is None or self._rate_hz not in _MEANINGS.get(code, ())

    @staticmethod
    def decoder(info: DeviceInfo) -> WitMotionDecoder:
        """It finds out by itself how frames are laid out."""
        del info
        return WitMotionDecoder()


async def _configured(link: Link, hoped_hz: float, *, lost: bool = False) -> _Setting | None:
    """Have it send motion at this rate, where it does not yet; None when nothing can be read.

    Where it is known to have ``lost`` its settings, nothing is asked but how a line is laid out.
    """
    is_wired = link.kind != "ble"
    now = await _measured(link, hoped_hz) if is_wired or not lost else None
    if now is not None and is_wired and now.layout not in {Layout.A, Layout.B}:
        content = 1 << WiredContent.ACCELERATION | 1 << WiredContent.ANGULAR_VELOCITY
        await _command(link, UNLOCK)
        await _command(link, write_register(CONTENT_REGISTER, content))
    elif now is not None and abs(now.share - 1.0) <= _NEAR:
        return now
    codes = _CODES[hoped_hz] if link.kind == "ble" else _CODES[hoped_hz][::-1]
    found: dict[int, _Setting] = {}
    for code in codes:
        found[code] = setting = await _set_rate(link, code, hoped_hz)
        if setting.rate_hz != hoped_hz:
            continue
        lower_hz = max((rate for rate in _MEANINGS[code] if rate < hoped_hz), default=0.0)
        if setting.share >= _LEAST_SHARE or setting.arriving_hz > (1.0 + _NEAR) * lower_hz:
            return setting  # that it has the rate is sure, whatever gets lost of it
    best = max(codes, key=lambda code: min(found[code].arriving_hz, hoped_hz))
    if best != codes[-1]:
        found[best] = await _set_rate(link, best, hoped_hz)
    return found[best] if found[best].arriving_hz > 0.0 else None


async def _set_rate(link: Link, code: int, hoped_hz: float) -> _Setting:
    """Set a code, and find out what it means to this sensor."""
    setting = await _found_when_set(link, code, hoped_hz)
    if setting.rate_hz in _MEANINGS[code]:
        return setting
    # it does not know the code, or has started anew meanwhile
    return await _found_when_set(link, code, hoped_hz)


async def _found_when_set(link: Link, code: int, hoped_hz: float) -> _Setting:
    await _command(link, UNLOCK)
    await _command(link, write_register(RATE_REGISTER, code))
    await link.sleep(_SETTLE_S)
    return await _found(link, code, hoped_hz)


async def _found(link: Link, code: int, hoped_hz: float, seconds: float = _COUNT_S) -> _Setting:
    """What a sensor that was set to a code sends, and what of that arrives."""
    measured = await _measured(link, hoped_hz, seconds)
    kept = await _read_back(link, RATE_REGISTER)  # after the count: it may have started anew
    found = measured._replace(rate_hz=_meant_hz(code, kept, measured.arriving_hz))
    odd = found.share > 0.0 and not 1.0 - _NEAR <= found.share <= _MOST_SHARE
    if odd and found.rate_hz in _MEANINGS[code] and seconds < _COUNT_AGAIN_S:
        # the link may just have held its breath, and two seconds are a matter of luck
        await link.sleep(_COUNT_S)
        return await _found(link, code, hoped_hz, _COUNT_AGAIN_S)
    return found


def _meant_hz(code: int, kept: int | None, arriving_hz: float) -> float:
    """The nominal rate of a sensor that was set to a code, said to keep one, and sends so much.

    Examples
    --------
    >>> _meant_hz(0x09, 0x09, 53.0), _meant_hz(0x0A, None, 124.0), _meant_hz(0x0A, 0x0A, 216.0)
    (100.0, 125.0, 200.0)
    >>> _meant_hz(0x09, 0x06, 10.0), _meant_hz(0x09, None, 10.1), _meant_hz(0x09, None, 70.0)
    (10.0, 10.0, 100.0)
    """
    if kept is not None and kept in _MEANINGS:
        meanings = _MEANINGS[kept]
    else:  # it does not say, and may have ignored the command
        meanings = (*_MEANINGS[code], *(rate for rate in _CODES if rate < max(_MEANINGS[code])))
    near = [rate for rate in meanings if abs(arriving_hz / rate - 1.0) <= _NEAR]
    return near[0] if near else meanings[0]


def _refuse_too_many(link: Link, setting: _Setting) -> None:
    if setting.share > _MOST_SHARE:
        cure = "switch Bluetooth off and on"
        if link.kind != "ble":
            cure = "let no second sensor send on the same line"
        raise DeviceError(
            f"{setting.arriving_hz:.0f} samples a second arrive, and it is set to "
            f"{setting.rate_hz:g}; {cure}.",
            source=link.name,
        )


def _refuse_too_few(link: Link, setting: _Setting) -> None:
    if setting.share >= _LEAST_SHARE:
        return
    if setting.damaged >= _MANY_DAMAGED:
        cure = "bring it nearer, end other Bluetooth connections"
        if link.kind != "ble":
            cure = "check the cable and '?baud=', and let nothing else send on the same line"
        raise DeviceError(
            f"what arrives is damaged: of {setting.rate_hz:g} samples a second "
            f"{setting.arriving_hz:.0f} can be read; {cure}.",
            source=link.name,
        )
    why, hint = "messages get lost", "bring it nearer, end other Bluetooth connections"
    if 0 < link.baud_rate < _BAUD:
        why = f"a line of {link.baud_rate} baud is too slow for {setting.rate_hz:g} Hz"
        hint = f"set it to {_BAUD} baud in its maker's program and give '?baud={_BAUD}'"
    elif link.kind != "ble":
        hint = "check the cable, and let nothing else send on the same line"
    lower = [rate for rate in _CODES if rate <= setting.arriving_hz]
    fewer = f", or ask for fewer with '?rate={max(lower):g}'" if lower else ""
    raise DeviceError(
        f"{why}: of {setting.rate_hz:g} samples a second {setting.arriving_hz:.0f} arrive, and "
        f"figures from them would be wrong; {hint}{fewer}.",
        source=link.name,
    )


async def _set_bandwidth(link: Link, rate_hz: float) -> None:
    """Set the filter, and read it back.

    Raises
    ------
    DeviceError
        When the sensor says that it keeps one that hides the impacts.
    """
    wanted_hz, code = _BANDWIDTHS[rate_hz]
    kept: int | None = None
    for _ in range(2):
        await _command(link, UNLOCK)
        await _command(link, write_register(BANDWIDTH_REGISTER, code))
        kept = await _read_back(link, BANDWIDTH_REGISTER)
        if kept is None or kept == code:
            return  # some do not answer
    assert kept is not None
    if kept >= len(_BANDWIDTH_HZ):
        return  # wired ones do not say which register they answer: this is another's, and late
    kept_hz = _BANDWIDTH_HZ[kept]
    if kept_hz < min(_LEAST_BANDWIDTH_HZ, wanted_hz):
        raise DeviceError(
            f"keeps a filter of {kept_hz:g} Hz, which hides the impacts of running: set its "
            f"bandwidth to {wanted_hz:g} Hz in its maker's program.",
            source=link.name,
        )


async def _speed_up(link: Link) -> None:
    """Have a slow serial line go at 115200 baud: 9600, as delivered, carry 43 samples a second.

    After a reconnection the sensor may be at either speed.
    """
    first = link.baud_rate
    if not first or first > _BAUD:
        return
    for baud_rate in dict.fromkeys((first, _BAUD, _DELIVERED_BAUD)):
        if baud_rate != link.baud_rate:
            await link.change_baud_rate(baud_rate)
        if (await _measured(link, 1.0, _GLANCE_S)).layout is not None:
            break
    else:
        await link.change_baud_rate(first)
        return
    slow = link.baud_rate
    if slow >= _BAUD:
        return
    await _command(link, UNLOCK)
    await _command(link, write_register(BAUD_REGISTER, _BAUD_CODE))
    await link.sleep(_SETTLE_S)
    await link.change_baud_rate(_BAUD)
    if (await _measured(link, 1.0, _GLANCE_S)).layout is None:
        await link.change_baud_rate(slow)  # it does not know the command


async def _measured(link: Link, hoped_hz: float, seconds: float = _COUNT_S) -> _Setting:
    """What arrives a second, 0 when nothing can be read, and its layout."""
    meter = RateMeter(hoped_hz, seconds)
    try:
        arriving_hz = await link.ask(
            _channel(link), b"", meter.rate_hz, timeout_s=seconds + _FIRST_FRAMES_S
        )
    except DeviceLost:
        raise
    except DeviceError:
        arriving_hz = 0.0
    return _Setting(hoped_hz, arriving_hz, meter.layout, meter.damaged)


async def _read_back(link: Link, register: int) -> int | None:
    """What a register holds; None where the sensor does not answer.

    Not noted in the log, where the read of a register ends a set-up.
    """
    for _ in range(2):
        answer = RegisterAnswer(register)
        answered = asyncio.ensure_future(
            link.ask(_channel(link), b"", answer.value, timeout_s=_ANSWER_S)
        )
        await asyncio.sleep(0)  # it listens before it is asked
        try:
            await _write(link, read_register(register))
            return await answered
        except DeviceLost:
            raise
        except DeviceError:  # silence
            continue
        finally:
            answered.cancel()
    return None


async def _command(link: Link, command: bytes) -> None:
    """Send a command, and note it: the decoder gives no samples while settings change."""
    link.log_request(command)
    await _write(link, command)


async def _write(link: Link, command: bytes) -> None:
    channel = _COMMAND_CHANNEL if link.kind == "ble" else BYTES_CHANNEL
    await link.write(channel, command, response=False)


def _channel(link: Link) -> str:
    """Where samples come."""
    return DATA_CHANNEL if link.kind == "ble" else BYTES_CHANNEL
