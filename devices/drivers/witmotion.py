"""The conversation with WitMotion sensors: WT901BLE, WT9011DCL, BWT901 and their wired siblings.

Such a sensor streams by itself and answers no command but register reads, so what it does can only
be measured. Its rate codes mean different rates in different families (0x0A is 200 Hz by the manual
of the Bluetooth sensors and 125 Hz in the wired ones). The driver therefore sets a code, counts
what arrives, and tries the other one when that is not what was wanted.

Settings are never saved in the sensor: they are gone when it is switched off. Nothing here was
tried on a real sensor.
"""

from __future__ import annotations

from math import radians
from typing import ClassVar, Final

from devices.drivers.driver import Advertisement, Driver, Wanted
from devices.links import BYTES_CHANNEL, Link
from devices.protocols.witmotion import (
    ACCELERATION_RANGE_G,
    ANGULAR_VELOCITY_RANGE_DEG_S,
    BATTERY_REGISTER,
    CONTENT_REGISTER,
    DATA_CHANNEL,
    RATE_REGISTER,
    UNLOCK,
    Layout,
    WiredContent,
    WitMotionDecoder,
    read_register,
    write_register,
)
from devices.readings import Reading
from devices.records import DeviceInfo, Packet
from imu.errors import DeviceError, DeviceLost
from imu.samples import STANDARD_GRAVITY_M_S2

__all__ = ["RateMeter", "WitMotionDriver"]

_COMMAND_CHANNEL: Final = "command"
#: Tells the decoder, in the log, that samples are at a settled rate.
_ALL_IS_SET: Final = read_register(BATTERY_REGISTER)
_SERVICE: Final = "0000ffe5-0000-1000-8000-00805f9a34fb"  # not on the Bluetooth base address
_NAMES: Final = ("WT901", "WT9011", "BWT901")

#: Rates that can be asked for, and codes that may mean them.
_CODES: Final[dict[float, tuple[int, ...]]] = {
    10.0: (0x06,),
    20.0: (0x07,),
    50.0: (0x08,),
    100.0: (0x09,),
    200.0: (0x0A, 0x0B),
}
#: Rates that a code may stand for; a measured rate this near to one, as a share, is taken for it.
_NOMINAL_HZ: Final = (*_CODES, 125.0)
_NEAR: Final = 0.03
#: How long is counted, and after how long a rate that is far off is given up, s.
_COUNT_S: Final = 2.0
_GLANCE_S: Final = 0.6
_FAR: Final = 0.3
#: For the first frames, and for those still on their way after a command, s.
_FIRST_FRAMES_S: Final = 1.5
_SETTLE_S: Final = 0.3
_BATTERY_EVERY_S: Final = 60.0
#: A sensor that has lost its settings: its rate is off by this share, twice in a row the same.
_OFF: Final = 0.2
_SAME: Final = 0.25


class RateMeter:
    """Counts samples as they arrive until their rate is known.

    A rate is known after two seconds, or sooner when it is far from what is hoped for.

    Parameters
    ----------
    hoped_hz : float
        The rate that was asked for.
    """

    def __init__(self, hoped_hz: float) -> None:
        self._hoped_hz = hoped_hz
        self._decoder = WitMotionDecoder()
        self._start_ns: int | None = None
        self._count = 0

    @property
    def layout(self) -> Layout | None:
        """Layout of the frames, once known."""
        return self._decoder.layout

    def rate_hz(self, packet: Packet) -> float | None:
        """The rate, Hz, once this packet makes it known."""
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
        far = abs(rate_hz / self._hoped_hz - 1.0) > _FAR
        return rate_hz if far or passed_s >= _COUNT_S else None

    def begin(self) -> None:
        """Count anew from the next sample on."""
        self._start_ns, self._count = None, 0


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
        self._meter.begin()
        before_hz, self._before_hz = self._before_hz, rate_hz
        off = min(abs(rate_hz / self._agreed_hz - 1.0), abs(before_hz / self._agreed_hz - 1.0))
        same = abs(rate_hz - before_hz) <= _SAME * max(rate_hz, before_hz)
        return rate_hz if off > _OFF and same else None


class WitMotionDriver(Driver):
    """Sets the rate, measures it, and asks for the battery now and then.

    :attr:`DeviceInfo.rate_hz <devices.records.DeviceInfo>` is the nominal rate within 3 % of which
    was measured, and otherwise the measured rate in whole Hz.
    """

    protocol: ClassVar[str] = "witmotion"
    links: ClassVar[tuple[str, ...]] = ("ble", "serial")
    sold_as: ClassVar[str] = "WitMotion WT901BLE, WT9011DCL, BWT901 or JY901"
    characteristics: ClassVar[dict[str, str]] = {
        DATA_CHANNEL: "0000ffe4-0000-1000-8000-00805f9a34fb",
        _COMMAND_CHANNEL: "0000ffe9-0000-1000-8000-00805f9a34fb",
    }
    baud_rates: ClassVar[tuple[int, ...]] = (115200, 9600, 230400, 921600)

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
        """Set the rate and measure it; takes three to nine seconds.

        Raises
        ------
        DeviceError
            When nothing comes that can be read.
        """
        await _command(link, UNLOCK)
        if link.kind == "ble":
            await link.subscribe(DATA_CHANNEL)
        self._hoped_hz = min(_CODES, key=lambda rate_hz: abs(rate_hz - wanted.rate_hz))
        self._rate_hz = rate_hz = await _configured(link, self._hoped_hz)
        if rate_hz <= 0.0:
            raise DeviceError(
                "sends no motion that can be read: charge it, check that it is a WitMotion motion "
                "sensor, and on a serial line that '?baud=' is right.",
                source=link.name,
            )
        await _command(link, _ALL_IS_SET)
        return DeviceInfo(
            link.name,
            self.protocol,
            _named_rate_hz(rate_hz),
            ACCELERATION_RANGE_G * STANDARD_GRAVITY_M_S2,
            radians(ANGULAR_VELOCITY_RANGE_DEG_S),
        )

    async def close(self, link: Link) -> None:
        """Nothing to do: such a sensor streams until it is switched off."""

    async def accompany(self, link: Link) -> None:
        """Ask for the battery every minute, and set up anew a sensor that lost its settings.

        After a dip of its power it sends at another rate, and nothing else tells. A new set-up that
        changes nothing is not tried again before the next minute.
        """
        while True:
            minute_ns = link.now_ns() + round(_BATTERY_EVERY_S * 1e9)
            if await self._lost_its_settings(link):
                await _command(link, UNLOCK)
                rate_hz = await _configured(link, self._hoped_hz)
                await _command(link, _ALL_IS_SET)
                if abs(rate_hz / self._rate_hz - 1.0) <= _OFF:
                    continue
            await link.sleep(max(0.0, (minute_ns - link.now_ns()) * 1e-9))
            await _write(link, read_register(BATTERY_REGISTER))

    async def _lost_its_settings(self, link: Link) -> bool:
        """Watch the rate for a minute; returns at once when it has changed."""
        watch = _RateWatch(self._rate_hz)
        channel = DATA_CHANNEL if link.kind == "ble" else BYTES_CHANNEL
        try:
            await link.ask(channel, b"", watch.wrong_rate_hz, timeout_s=_BATTERY_EVERY_S)
        except DeviceLost:
            raise
        except DeviceError:  # nothing in a minute
            return False
        return True

    @staticmethod
    def decoder(info: DeviceInfo) -> WitMotionDecoder:  # noqa: ARG004
        """It finds out by itself how frames are laid out."""
        return WitMotionDecoder()


async def _configured(link: Link, hoped_hz: float) -> float:
    """Have it send motion at this rate, where it does not yet; returns the rate measured."""
    rate_hz, layout = await _measured(link, hoped_hz)
    if link.kind != "ble" and layout is not Layout.A and layout is not Layout.B:
        content = 1 << WiredContent.ACCELERATION | 1 << WiredContent.ANGULAR_VELOCITY
        await _command(link, UNLOCK)
        await _command(link, write_register(CONTENT_REGISTER, content))
        rate_hz = 0.0  # a slow line may have held it up until now
    if not _is_near(rate_hz, hoped_hz):
        rate_hz = await _set_rate(link, hoped_hz)
    return rate_hz


async def _set_rate(link: Link, hoped_hz: float) -> float:
    """Try the codes of a rate; returns the rate that came nearest, which is then set."""
    codes = _CODES[hoped_hz] if link.kind == "ble" else _CODES[hoped_hz][::-1]
    measured: dict[int, float] = {}
    for code in codes:
        measured[code] = await _rate_after(link, code, hoped_hz)
        if _is_near(measured[code], hoped_hz):
            return measured[code]
    best = max(codes, key=lambda code: measured[code])
    return measured[best] if best == codes[-1] else await _rate_after(link, best, measured[best])


async def _rate_after(link: Link, code: int, hoped_hz: float) -> float:
    await _command(link, UNLOCK)
    await _command(link, write_register(RATE_REGISTER, code))
    await link.sleep(_SETTLE_S)
    rate_hz, _ = await _measured(link, hoped_hz or 1.0)
    return rate_hz


async def _measured(link: Link, hoped_hz: float) -> tuple[float, Layout | None]:
    """Rate of what arrives, 0 when nothing can be read, and its layout."""
    meter = RateMeter(hoped_hz)
    try:
        rate_hz = await link.ask(
            DATA_CHANNEL if link.kind == "ble" else BYTES_CHANNEL,
            b"",
            meter.rate_hz,
            timeout_s=_COUNT_S + _FIRST_FRAMES_S,
        )
    except DeviceLost:
        raise
    except DeviceError:
        rate_hz = 0.0
    return rate_hz, meter.layout


async def _command(link: Link, command: bytes) -> None:
    """Send a command, and note it: the decoder gives no samples while settings change."""
    link.log_request(command)
    await _write(link, command)


async def _write(link: Link, command: bytes) -> None:
    channel = _COMMAND_CHANNEL if link.kind == "ble" else BYTES_CHANNEL
    await link.write(channel, command, response=False)


def _is_near(rate_hz: float, nominal_hz: float) -> bool:
    return abs(rate_hz - nominal_hz) <= _NEAR * nominal_hz


def _named_rate_hz(rate_hz: float) -> float:
    nearest_hz = min(_NOMINAL_HZ, key=lambda nominal_hz: abs(nominal_hz - rate_hz))
    return nearest_hz if _is_near(rate_hz, nearest_hz) else max(1.0, float(round(rate_hz)))
