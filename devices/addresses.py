"""Addresses of real sensors: ``ble:ADDRESS?key=value`` and ``serial:PORT?key=value``."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import unquote

from devices.drivers.driver import Wanted
from devices.drivers.registry import PROTOCOLS, driver_named
from imu.errors import ParameterError

#: Lowest and highest value of each number, and its unit.
_RANGES: Final[dict[str, tuple[float, float, str]]] = {
    "baud": (300, 12_000_000, "bits per second"),
    "rate": (10.0, 1666.0, "Hz"),
    "acceleration_range_g": (2.0, 64.0, "g"),
    "gyro_range_deg_s": (125.0, 4000.0, "degrees/s"),
}
_TEXTS: Final = ("protocol", "axes", "name", "adapter", "pair")
_ONLY: Final = {"name": "ble", "adapter": "ble", "pair": "ble", "baud": "serial"}
_YES_NO: Final = {"yes": True, "no": False}


@dataclass(frozen=True, slots=True)
class SensorAddress:
    """Where a sensor is, and how it is wanted.

    Parameters
    ----------
    link : {"ble", "serial"}
        Kind of link.
    place : str
        Bluetooth address or port; empty for the first sensor that fits (``ble`` only).
    name : str
        Part of the advertised name; empty for any.
    protocol : str
        What it speaks; empty when it is to be recognised.
    axes : str
        Signed sensor axes that point forward, left and up; empty when not stated.
    adapter : str
        Which of several Bluetooth adapters, as Linux calls it (``hci1``); empty for the usual one.
    pair : bool
        Pair with the sensor (``ble`` only).
    baud : int, optional
        Speed of a serial line, bits per second.
    wanted : Wanted
        Rate and ranges.

    Raises
    ------
    ParameterError
        When a value is outside its range.

    Examples
    --------
    >>> SensorAddress.from_url("serial:/dev/ttyACM0?protocol=witmotion&baud=115200").baud
    115200
    >>> SensorAddress.from_url("ble:AA:BB:CC:DD:EE:FF?rate=208").wanted.rate_hz
    208.0
    """

    link: Literal["ble", "serial"]
    place: str = ""
    name: str = ""
    protocol: str = ""
    axes: str = ""
    adapter: str = ""
    pair: bool = False
    baud: int | None = None
    wanted: Wanted = field(default_factory=Wanted)

    def __post_init__(self) -> None:
        if self.protocol:
            known = [name for name in PROTOCOLS if self.link in driver_named(name).links]
            if self.protocol not in known:
                accepted = f"one of {', '.join(known)} for {self.link}:"
                raise ParameterError("protocol", self.protocol, accepted)
        if self.axes:
            from imu.mounting import mounting_from_axes

            mounting_from_axes(self.axes)
        if self.link == "serial" and not self.place:
            raise ParameterError(
                "source", "serial:", "a port, such as serial:/dev/ttyACM0 or serial:COM3"
            )

    @classmethod
    def from_url(cls, url: str) -> SensorAddress:
        """Read ``ble:…`` or ``serial:…``.

        Raises
        ------
        ParameterError
            When a key or a value is not valid; names the key, the value and the range.
        """
        kind, _, rest = url.partition(":")
        place, _, query = rest.partition("?")
        link: Literal["ble", "serial"] = "ble" if kind.strip().lower() == "ble" else "serial"
        texts: dict[str, str] = {}
        numbers: dict[str, float] = {}
        for pair in query.split("&"):
            if not pair:
                continue
            key, _, text = pair.partition("=")
            # no plus for space: axes have signs
            key, text = unquote(key).strip(), unquote(text).strip()
            known = [k for k in (*_TEXTS, *_RANGES) if _ONLY.get(k, link) == link]
            if key not in known:
                raise ParameterError("key", key, f"one of the keys {', '.join(known)} for {link}:")
            if key in texts or key in numbers:
                raise ParameterError(key, text, "each key once")
            if key in _RANGES:
                numbers[key] = _number(key, text)
            else:
                texts[key] = text.lower() if key == "protocol" else text
        wanted = Wanted(
            numbers.get("rate", Wanted.rate_hz),
            numbers.get("acceleration_range_g", Wanted.acceleration_range_g),
            numbers.get("gyro_range_deg_s", Wanted.angular_velocity_range_deg_s),
        )
        baud = numbers.get("baud")
        pair = texts.pop("pair", "no").lower()
        if pair not in _YES_NO:
            raise ParameterError("pair", pair, "yes or no")
        return cls(
            link,
            unquote(place).strip(),
            baud=None if baud is None else int(baud),
            wanted=wanted,
            pair=_YES_NO[pair],
            **texts,
        )


def _number(key: str, text: str) -> float:
    low, high, unit = _RANGES[key]
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not low <= value <= high:
        raise ParameterError(key, text, f"a number from {low:g} to {high:g} {unit}")
    return value
