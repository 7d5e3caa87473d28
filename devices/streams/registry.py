"""The devices that may run beside the motion sensor: how they are recognised, asked and decoded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from devices.drivers.driver import Advertisement, Conversation, Wanted
from devices.links import Link
from devices.records import DeviceInfo, Packet
from devices.streams import foot_pod, heart_rate, treadmill
from devices.streams.foot_pod import FootPodDecoder, FootPodReading
from devices.streams.heart_rate import HeartRateDecoder, HeartRateReading
from devices.streams.treadmill import TreadmillDecoder, TreadmillReading
from imu.errors import ParameterError

StreamReading = TreadmillReading | FootPodReading | HeartRateReading


class StreamDecoder(Protocol):
    """Turns one device's packets, in order, into readings: a function of the log."""

    @property
    def malformed_packets(self) -> int:
        """Packets that do not follow the wire format."""
        ...

    def push(self, packet: Packet) -> StreamReading | None:
        """Take the next packet; returns the reading that it completes."""
        ...

    def reset(self) -> None:
        """Forget half a reading: the link has begun anew."""
        ...


class _OneCharacteristic(Conversation):
    """A device of the Bluetooth SIG that says all it has to say on one characteristic."""

    links = ("ble",)
    name_tells = True  # few tell more than it, and none of them is what steps are made of
    #: They report once a second or so, a strap off the skin now and then nothing.
    silence_s = 15.0
    service: ClassVar[str]

    @classmethod
    def recognises(cls, advertisement: Advertisement) -> bool:
        """By its service."""
        return cls.service in advertisement.service_uuids

    async def open(self, link: Link, wanted: Wanted) -> DeviceInfo:
        """Ask for its notifications; there is nothing to configure, and nothing is ever written."""
        del wanted
        await link.subscribe("data")
        return DeviceInfo(link.name, self.protocol, 1.0, 0.0, 0.0)

    async def close(self, link: Link) -> None:
        """It stops by itself."""


class TreadmillConversation(_OneCharacteristic):
    """Treadmills with the Fitness Machine Service."""

    protocol = "treadmill"
    sold_as = "Treadmill (FTMS)"
    service = treadmill.SERVICE_UUID
    characteristics: ClassVar[Mapping[str, str]] = {treadmill.DATA_CHANNEL: treadmill.DATA_UUID}


class FootPodConversation(_OneCharacteristic):
    """Foot pods with the Running Speed and Cadence Service."""

    protocol = "foot_pod"
    sold_as = "Foot pod (RSC)"
    service = foot_pod.SERVICE_UUID
    characteristics: ClassVar[Mapping[str, str]] = {foot_pod.DATA_CHANNEL: foot_pod.DATA_UUID}


class HeartRateConversation(_OneCharacteristic):
    """Straps, and watches, with the Heart Rate Service."""

    protocol = "heart_rate"
    sold_as = "Heart rate strap"
    service = heart_rate.SERVICE_UUID
    characteristics: ClassVar[Mapping[str, str]] = {heart_rate.DATA_CHANNEL: heart_rate.DATA_UUID}


@dataclass(frozen=True, slots=True)
class Stream:
    """One kind of device beside the sensor.

    Attributes
    ----------
    name : str
        As in the log, and in options.
    words : str
        For people, with its article.
    conversation : type of Conversation
    decoder : type of StreamDecoder
    """

    name: str
    words: str
    conversation: type[Conversation]
    decoder: type[StreamDecoder]


#: By name, in the order in which they are asked what the speed is.
STREAMS: Final = {
    stream.name: stream
    for stream in (
        Stream("treadmill", "the treadmill", TreadmillConversation, TreadmillDecoder),
        Stream("foot_pod", "the foot pod", FootPodConversation, FootPodDecoder),
        Stream("heart_rate", "the heart rate strap", HeartRateConversation, HeartRateDecoder),
    )
}


def stream_named(name: str) -> Stream:
    """A kind of device by its name.

    Raises
    ------
    ParameterError
        When there is none of that name.
    """
    if name not in STREAMS:
        raise ParameterError("stream", name, "one of " + ", ".join(STREAMS))
    return STREAMS[name]


def stream_for(advertisement: Advertisement) -> Stream | None:
    """The kind of device that advertises so; None when it is none of these."""
    for stream in STREAMS.values():
        if stream.conversation.recognises(advertisement):
            return stream
    return None
