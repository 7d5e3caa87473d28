"""Whether a sensor that comes back under another address is the one that was lost.

An address made for privacy changes; the name may be that of any sensor of its kind. What tells them
apart is the serial number of the device information service, or a name that has it within.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from devices.timing.program_clock import ProgramClock, within

if TYPE_CHECKING:
    from bleak import BleakClient

_SERIAL_NUMBER_UUID: Final = "00002a25-0000-1000-8000-00805f9b34fb"
_ANSWER_S: Final = 5.0


def is_private(address: str) -> bool:
    """Whether a Bluetooth address is a resolvable private one; macOS gives identifiers instead.

    Examples
    --------
    >>> is_private("5A:00:00:00:00:01"), is_private("C0:00:00:00:00:01")
    (True, False)
    """
    first = address.split(":", maxsplit=1)[0]
    return len(first) == 2 and int(first, 16) >> 6 == 0b01


async def read_serial_number(client: BleakClient, clock: ProgramClock) -> str | None:
    """Of the device information service of a connected sensor.

    Empty where it tells none, None where it could not be read: that says nothing of the sensor.
    """
    try:
        if client.services.get_characteristic(_SERIAL_NUMBER_UUID) is None:
            return ""
        answer = await within(clock, _ANSWER_S, client.read_gatt_char(_SERIAL_NUMBER_UUID))
    except Exception:  # whatever a backend raises
        return None
    return bytes(answer).decode(errors="replace").strip("\0 ")


def why_another(name: str, serial: str | None, before: str | None, *, name_tells: bool) -> str:
    """Why a sensor of that name under another address is not taken; empty where it is.

    Parameters
    ----------
    name : str
        As both advertise.
    serial, before : str or None
        Its serial number, and that of the one that was lost; empty where they tell none, None where
        it could not be read, which keeps nobody out.
    name_tells : bool
        Whether no two such sensors have one name.

    Examples
    --------
    >>> why_another("Clip", "A7", "A9", name_tells=False)
    'another sensor of the name Clip is heard (serial number A7): it is not taken for A9'
    >>> why_another("Clip", "A7", "A7", name_tells=False)
    ''
    >>> why_another("Clip", "A7", None, name_tells=False)
    ''
    """
    if serial is None or before is None:
        return ""
    if serial and before:
        if serial == before:
            return ""
        return (
            f"another sensor of the name {name} is heard (serial number {serial}): it is not "
            f"taken for {before}"
        )
    if name_tells:
        return ""
    return (
        f"a sensor of the name {name} is heard under another address, and tells no serial number: "
        "it may be another, and is not taken; stop and start again with the address that 'scan' "
        "shows"
    )
