"""Requests to a sensor of the project's own profile, and its replies, over either kind of link."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Final

from devices.links import BYTES_CHANNEL, Link
from devices.protocols.backstride import Feature, InfoMessage, decode_info
from devices.protocols.backstride_control import (
    Operation,
    Reply,
    ReplyStatus,
    Request,
    SelfTestFailure,
    check_status,
    decode_reply,
    encode_request,
    encode_utc,
)
from devices.protocols.backstride_frames import (
    BULK_CHANNEL,
    CONTROL_CHANNEL,
    INFO_CHANNEL,
    FrameType,
    MessageReader,
    encode_message,
)
from devices.records import Packet
from imu.errors import DeviceError, DeviceLost, ProtocolError

#: Longest wait where the sensor writes to its flash or tests itself, s.
FLASH_S: Final = 20.0
#: Channel of the serial number, Bluetooth LE only.
SERIAL_NUMBER_CHANNEL: Final = "serial_number"

_ANSWER_S: Final = 2.0  # longest wait for another reply, and how often to ask
_TRIES: Final = 3

_transactions = count(1)  # a late reply to an earlier request must not pass for this one's


async def ask(
    link: Link,
    operation: Operation,
    parameters: bytes = b"",
    *,
    timeout_s: float = _ANSWER_S,
    tries: int = _TRIES,
    accepted: tuple[ReplyStatus, ...] = (),
    look: Callable[[str, bytes], None] | None = None,
    logged: bool = False,
) -> Reply:
    """Send a request and wait for its reply.

    Parameters
    ----------
    link : Link
    operation, parameters
        What is asked for.
    timeout_s : float
        Longest wait for the reply, s, a try.
    tries : int
        How often to ask; 1 for what must not be done twice.
    accepted : tuple of ReplyStatus
        What besides OK is no refusal.
    look : callable, optional
        Sees channel and payload of what else comes meanwhile.
    logged : bool
        Whether the request goes into the session's log.

    Raises
    ------
    DeviceError
        When the sensor says no, or nothing.
    """
    request = Request(operation, next(_transactions) & 0xFF, parameters)
    payload = encode_request(request)
    messages = MessageReader()

    def answer(packet: Packet) -> Reply | None:
        for channel, content in messages.push(packet):
            if channel == CONTROL_CHANNEL:
                try:
                    reply = decode_reply(content)
                except ProtocolError:
                    continue
                if reply[:2] == request[:2]:
                    return reply
            elif look is not None:
                look(channel, content)
        return None

    if logged:
        link.log_request(payload)
    channel = CONTROL_CHANNEL
    if link.kind == "serial":
        channel, payload = BYTES_CHANNEL, encode_message(FrameType.REQUEST, payload)
    reply = await link.ask(channel, payload, answer, timeout_s=timeout_s, tries=tries)
    if reply.status not in accepted:
        check_status(reply, link.name)
    return reply


async def read_info(link: Link) -> InfoMessage:
    """Make a sensor's acquaintance: what it is, on a link that is ready for requests from now on.

    Raises
    ------
    DeviceError
        When it does not answer, or speaks another version of the protocol.
    """
    if link.kind != "serial":
        info = decode_info(await link.read(INFO_CHANNEL))
        await link.subscribe(CONTROL_CHANNEL)
        if info.features & Feature.LOG:
            await link.subscribe(BULK_CHANNEL)
        return info
    messages = MessageReader()
    heard: dict[str, bytes] = {}

    def answer(packet: Packet) -> bytes | None:
        for channel, payload in messages.push(packet):
            if channel == CONTROL_CHANNEL and payload[1:2] == bytes([Operation.GET_CONFIG]):
                heard[CONTROL_CHANNEL] = payload
            elif channel == INFO_CHANNEL:
                heard[INFO_CHANNEL] = payload
        return heard[INFO_CHANNEL] if len(heard) == 2 else None

    request = Request(Operation.GET_CONFIG, next(_transactions) & 0xFF)
    frame = encode_message(FrameType.REQUEST, encode_request(request))
    # the zero in front ends whatever the sensor has heard of before
    payload = await link.ask(
        BYTES_CHANNEL, b"\0" + frame, answer, timeout_s=_ANSWER_S, tries=_TRIES
    )
    return decode_info(payload)


async def identify(link: Link, seconds: int = 5) -> None:
    """Let the sensor blink, 1 to 255 s."""
    await ask(link, Operation.IDENTIFY, bytes([max(1, min(255, seconds))]))


async def set_utc(link: Link, utc_us: int) -> None:
    """Tell the sensor the date, µs since 1970, for the logs that it makes on its own."""
    await ask(link, Operation.SET_UTC, encode_utc(utc_us))


async def self_test(link: Link) -> SelfTestFailure:
    """Let the sensor test itself; what failed, 0 is nothing."""
    reply = await ask(link, Operation.SELF_TEST, timeout_s=FLASH_S, tries=1)
    if len(reply.parameters) != 1:
        raise ProtocolError(
            "the result of the self-test does not have one byte: update the firmware.",
            payload=reply.parameters,
            source=link.name,
        )
    return SelfTestFailure(reply.parameters[0])


async def read_serial_number(link: Link) -> str:
    """Serial number of the device information service; empty where there is none."""
    if link.kind == "serial":
        return ""
    try:
        raw = await link.read(SERIAL_NUMBER_CHANNEL)
    except DeviceLost:
        raise
    except DeviceError:
        return ""
    return raw.decode("utf-8", "replace").strip("\0 ")
