"""What a scenario says of the devices beside its sensor: which there are, and what goes wrong.

The keys ``treadmill``, ``foot_pod`` and ``heart_rate`` take ``1`` for a device without faults, or
faults with commas between several, seconds counting from when the sensor is switched on::

    treadmill=1                        speed, slope and distance of the belt, once a second
    heart_rate=lost@60+30              out of reach for 30 s
    treadmill=absent                   never heard
    treadmill=stands@20+40             says that the belt stands
    treadmill=miles                    sends miles an hour in the field for km/h
    foot_pod=wild@20+10                says what no runner runs; of a strap: what no heart beats
    heart_rate=off@20+10               the strap does not touch the skin
    treadmill=rubbish@20+10            records that end early
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from imu.errors import ParameterError

#: The faults of each device.
COMPANIONS: Final[dict[str, tuple[str, ...]]] = {
    "treadmill": ("lost", "absent", "rubbish", "wild", "stands", "miles"),
    "foot_pod": ("lost", "absent", "rubbish", "wild", "stands"),
    "heart_rate": ("lost", "absent", "rubbish", "wild", "off"),
}
_ALWAYS: Final = ("absent", "miles")
_FAULT: Final = re.compile(r"([a-z]+)(?:@(\d+(?:\.\d+)?)s?\+(\d+(?:\.\d+)?)s?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class CompanionFault:
    """Something that is wrong with a device from one time to another, s."""

    kind: str
    start_s: float = 0.0
    end_s: float = math.inf

    def holds_at(self, time_s: float) -> bool:
        """Whether it is so now."""
        return self.start_s <= time_s < self.end_s


def parse_companion(name: str, text: str) -> tuple[CompanionFault, ...] | None:
    """The faults of a device; None where there is no such device.

    Raises
    ------
    ParameterError
        When the text says no such thing.

    Examples
    --------
    >>> parse_companion("heart_rate", "lost@60+30")
    (CompanionFault(kind='lost', start_s=60.0, end_s=90.0),)
    >>> parse_companion("treadmill", "1"), parse_companion("treadmill", "0")
    ((), None)
    """
    if text in {"", "0"}:
        return None
    if text == "1":
        return ()
    faults = []
    for part in text.split(","):
        found = _FAULT.fullmatch(part.strip())
        known = found is not None and found[1] in COMPANIONS[name]
        if found is None or not known or (found[2] is None) != (found[1] in _ALWAYS):
            one_of = ", ".join(
                kind if kind in _ALWAYS else f"{kind}@60+30" for kind in COMPANIONS[name]
            )
            raise ParameterError(name, text, f"0, 1, or what goes wrong with it: {one_of}")
        if found[2] is None:
            faults.append(CompanionFault(found[1]))
        else:
            start_s, lasts_s = float(found[2]), float(found[3])
            faults.append(CompanionFault(found[1], start_s, start_s + lasts_s))
    return tuple(faults)
