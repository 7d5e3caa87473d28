"""What bleak and the systems below it raise, as sentences: what, and what to do about it.

Each row of the table holds words that a system uses (Linux: BlueZ over D-Bus; Windows: WinRT;
macOS: CoreBluetooth), the sentence for the user, and whether the same is known to pass when tried
again. The words were gathered from the public trouble reports of bleak; none was seen here on a
radio.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final, NamedTuple

from devices.timing.program_clock import is_cancelled
from imu.errors import DeviceError, DeviceLost, DeviceNotFound

_SWITCH_ON: Final = "switch Bluetooth on, or plug in an adapter, and try again"
_PAIR: Final = (
    "asks for pairing: pair it in the system's Bluetooth settings, or add 'pair=yes' to its address"
)
_FORGET: Final = (
    "is remembered as it was before: remove it in the system's Bluetooth settings and try again"
)
_NO_ANSWER: Final = (
    "does not answer in time: bring it nearer; one that asks for pairing is paired in the system's "
    "Bluetooth settings."
)
_BROKEN_OFF: Final = "the system broke the link off: bring the sensor nearer."
_NEARER: Final = "bring the sensor nearer, charge it, and try again"
_OTHERS: Final = "end other programs and phones that are connected to it, and try again"


class _Row(NamedTuple):
    words: str  # a regular expression, in any case
    sentence: str
    passes: bool = False


_PERMIT: Final = "the system does not permit it: allow this program to use Bluetooth"

_TABLE: Final = (
    # held by another program, or by a link of before that the system has not let go of
    _Row(r"(notify|write) acquired", _OTHERS, True),
    # security: GATT codes by name first, then each system's words
    _Row(r"insufficient (authentication|encryption|authorization)", _PAIR),
    _Row(r"(authentication|encryption|authorization) is insufficient", _PAIR),
    _Row(r"protocol error 0x0*[58f]\b|authenticationrequired|0x80650005|0x8065000f", _PAIR),
    _Row(r"authenticationfailed|authenticationrejected|authenticationcanceled", _PAIR),
    _Row(r"not paired|could not pair|pairing (was )?(cancell?ed|rejected|refused)", _PAIR),
    _Row(r"bluez\.error\.notauthorized", _PAIR),  # by the sensor; the message bus denies access
    _Row(r"peer removed pairing information|code=14\b|pinorkeymissing", _FORGET),
    # a table of characteristics of an older firmware
    _Row(r"database out of sync", _FORGET),
    # or it was asked before it was ready
    _Row(r"invalid handle|attribute not found", _FORGET, True),
    # before their kind: what the message bus refuses, and too many links
    _Row(r"dbus\.error\.accessdenied", _PERMIT),
    _Row(r"insufficient resource|limitexceeded|connection.limit|code=11\b", _OTHERS),
    # known to pass
    _Row(r"le-connection-abort-by-local|software caused connection abort", _NEARER, True),
    _Row(r"br-connection-|org\.bluez\.error\.failed|connectionattemptfailed", _NEARER, True),
    _Row(r"inprogress|operation already in progress|already in progress", _OTHERS, True),
    _Row(r"unknownobject|does not exist|doesn't exist|unknown to the system", _NEARER, True),
    _Row(r"unreachable|failed to discover services|services discovery", _NEARER, True),
    _Row(r"noreply|did not receive a reply|timed out|timeout|unlikely error", _NEARER, True),
    _Row(r"disconnected from us|connection has timed out unexpectedly|code=[67]\b", _NEARER, True),
    _Row(r"already started|object has been closed|ro_e_closed|0x80000013", _OTHERS, True),
    _Row(r"not ready for use|-2147020577|0x8007048f|device is not ready", _NEARER, True),
    _Row(r"canceled by the user|-2147023673|0x800704c7|operationaborted", _NEARER, True),
    _Row(r"access ?denied|-2147024891|0x80070005", _OTHERS),
    # the radio itself
    _Row(r"notready|resource not ready|powered ?off|turned off|turned on\?|no powered", _SWITCH_ON),
    _Row(r"no bluetooth adapter|adapter.*not found|no such adapter|0x800710df", _SWITCH_ON),
    _Row(r"not ?authorized|unauthorized", _PERMIT),
    _Row(r"sta thread|single.?threaded|coinitialize", (
        "another library has set up this program's thread for windows: run backstride by itself"
    )),
)  # fmt: skip


class in_words:  # noqa: N801
    """Turns what is raised within it into one sentence of ours.

    Parameters
    ----------
    source : str
        The sensor, or what the user gave, for the sentence.
    """

    def __init__(self, source: str) -> None:
        self._source = source

    def __enter__(self) -> None: ...

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, asyncio.CancelledError) and not is_cancelled():
            # a backend has cancelled a request of its own, as a link went
            error = DeviceLost(_BROKEN_OFF, source=self._source, may_pass=True)
            raise error from None
        if error is None or isinstance(error, DeviceError) or not isinstance(error, Exception):
            return
        raise translated(error, self._source) from None


def reason_of(error: DeviceError) -> str:
    """What happened, without where and without what to do about it."""
    return str(error).removeprefix(f"{error.source}: ").split(":")[0].rstrip(".")


def translated(error: Exception, source: str) -> DeviceError:
    """The sentence for whatever bleak or the system raised.

    Parameters
    ----------
    error : Exception
        As it came.
    source : str
        The sensor, or what the user gave.

    Returns
    -------
    DeviceError
        ``may_pass`` says whether trying again is known to help.

    Examples
    --------
    >>> from bleak.exc import BleakError
    >>> print(translated(BleakError("Insufficient Authentication"), "Polar H10"))
    Polar H10: asks for pairing: pair it in the system's Bluetooth settings, or add 'pair=yes' to \
its address.
    """
    from bleak.exc import (
        BleakBluetoothNotAvailableError,
        BleakCharacteristicNotFoundError,
        BleakDeviceNotFoundError,
        BleakError,
    )

    if isinstance(error, BleakBluetoothNotAvailableError):
        return _not_available(error, source)
    if isinstance(error, BleakDeviceNotFoundError):
        return DeviceNotFound(
            "is not known to the system any more: wake it and try again.",
            source=source,
            may_pass=True,
        )
    if isinstance(error, BleakCharacteristicNotFoundError):
        return DeviceError(
            f"does not have the characteristic {error.char_specifier}: it speaks another protocol "
            "or another version of it (give the right one with '?protocol=…'), or the system "
            "remembers an older firmware of it (remove it in the system's Bluetooth settings).",
            source=source,
        )
    if isinstance(error, TimeoutError):
        return DeviceError(_NO_ANSWER, source=source, may_pass=True)
    text = str(error).strip().rstrip(".") or type(error).__name__
    if "ServiceUnknown" in text:  # Linux with a message bus, without bluetoothd
        return DeviceError(
            f"the system's Bluetooth service does not run: start it (bluetoothd), {_SWITCH_ON}.",
            source=source,
        )
    if "not connected" in text.lower() or text.lower() == "disconnected":
        words = "the link was lost: bring the sensor nearer."
        return DeviceLost(words, source=source, may_pass=True)
    for row in _TABLE:
        if re.search(row.words, text, re.IGNORECASE):
            return DeviceError(_sentence(text, row), source=source, may_pass=row.passes)
    if isinstance(error, OSError):
        # Linux without a message bus, or without its Bluetooth service
        return DeviceError(
            f"the system's Bluetooth service does not answer ({(error.strerror or 'error').lower()}"
            f"): {_SWITCH_ON}.",
            source=source,
        )
    if isinstance(error, BleakError | EOFError):
        return DeviceError(
            f"Bluetooth says “{_short(text)}”: {_NEARER}; where it stays, remove the sensor in the "
            "system's Bluetooth settings.",
            source=source,
            may_pass=True,
        )
    # what no backend should raise, and some do
    return DeviceError(
        f"Bluetooth failed ({type(error).__name__}, {_short(text)}): {_NEARER}.",
        source=source,
        may_pass=True,
    )


def _sentence(text: str, row: _Row) -> str:
    what, colon, cure = row.sentence.partition(": ")
    if colon:  # it says what happened itself
        return f"{what}: {cure}."
    return f"Bluetooth says “{_short(text)}”: {row.sentence}."


def _short(text: str) -> str:
    """One printable line of a system's words, without colons, which end the reason."""
    text = re.sub(r"^\((\d+), '(.*)'\)$", r"\2 (\1)", text)  # an error of code and words
    line = "".join(x for x in text.splitlines()[0] if x.isprintable()).replace(":", "")
    return line if len(line) <= 80 else f"{line[:79]}…"


def _not_available(error: Any, source: str) -> DeviceError:
    from bleak.exc import BleakBluetoothNotAvailableReason as Reason

    if error.reason in {Reason.DENIED_BY_USER, Reason.DENIED_BY_SYSTEM, Reason.DENIED_BY_UNKNOWN}:
        return DeviceError(
            "this program may not use Bluetooth: allow it in the system's privacy settings.",
            source=source,
        )
    return DeviceError(f"is not available: {_SWITCH_ON}.", source=source)
