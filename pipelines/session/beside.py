"""What devices beside the sensor say of a run: speed, slope, distance and heart rate, as facts.

A device is believed as long as it makes sense. What no runner runs and no heart beats is passed
over; a belt that stands under a runner, or whose speed and distance do not fit each other, is told
once, and whoever knows it next is believed in its place. When nothing comes for a while, what it
said holds no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from devices.records import LinkEvent, StreamRecord
from devices.streams.foot_pod import FootPodReading
from devices.streams.heart_rate import HeartRateReading
from devices.streams.registry import STREAMS, StreamDecoder
from devices.streams.treadmill import TreadmillReading, degrees_of
from pipelines.session import facts
from pipelines.session.belt_units import BeltUnits
from pipelines.session.facts import Doubt, Fact, Gait, HeartSource, Source
from pipelines.session.pace import Pace
from pipelines.session.progress import SessionProgress
from pipelines.units import FASTEST_M_S, STEEPEST_PERCENT

#: What a device said holds so long after its last reading, s.
_HOLDS_S: Final = 8.0
#: A belt, or a pod, that stands for so long under a runner is not believed, s.
_STANDS_S: Final = 8.0
_STANDING_M_S: Final = 0.5
_HEART_BPM: Final = (25.0, 240.0)
#: So many readings that make no sense, one after the other, are told.
_SENSELESS: Final = 3
#: How often a distance that a device counts becomes a fact, s.
_DISTANCE_EVERY_S: Final = 10.0
#: A count that grows by more than a sprint, and this, has begun anew, m.
_LEAP_M: Final = 20.0


@dataclass(slots=True)
class _Device:
    """What is known of one device."""

    name: str
    decoder: StreamDecoder
    latest_ns: int | None = None  # of a reading that makes sense, while it holds
    senseless: int = 0  # readings in a row
    stands_from_ns: int | None = None  # while the runner runs
    doubts: set[Doubt] = field(default_factory=set)
    count_m: float | None = None
    counted_ns: int = 0


class Arrival(NamedTuple):
    """When something came: by the computer's clock, and in the session's time.

    ``from_s`` is from when on a pace holds that is told then: −∞ before the first sample.
    """

    now_ns: int
    time_s: float
    from_s: float


class Beside:
    """Folds the records of all devices beside the sensor into facts.

    Parameters
    ----------
    pace : Pace
        Is told speeds and slopes.
    progress : SessionProgress
        Is told distances.
    """

    def __init__(self, pace: Pace, progress: SessionProgress) -> None:
        self._pace, self._progress = pace, progress
        self._devices: dict[str, _Device] = {}
        self._units = BeltUnits()
        self._heart: dict[HeartSource, float] = {}
        self._distance_told_ns: int | None = None
        self.heart_rate_bpm: float | None = None
        self.links: dict[str, str] = {}  # state of each device's link

    @property
    def any(self) -> bool:
        """Whether there is a device beside the sensor."""
        return bool(self._devices)

    def take(
        self, record: StreamRecord, now: Arrival, *, arrived_s: float, gait: Gait
    ) -> list[Fact]:
        """Take a record; returns the facts that it makes.

        Parameters
        ----------
        record : StreamRecord
            Of a device that this version knows, or another.
        now : Arrival
            When it came.
        arrived_s : float
            By the computer's clock, s since the session's first arrival.
        gait : str
            What the runner does.
        """
        stream = STREAMS.get(record.stream)
        if stream is None:
            return []
        device = self._devices.setdefault(record.stream, _Device(record.stream, stream.decoder()))
        if isinstance(record.record, LinkEvent):
            return self._take_link(device, record.record, now, arrived_s)
        before = device.decoder.malformed_packets
        reading = device.decoder.push(record.record)
        match reading:
            case None if device.decoder.malformed_packets == before:
                return []  # half a reading
            case TreadmillReading():
                found = self._take_belt(device, reading, now, gait)
                return found + self._take_heart("treadmill", reading.heart_rate_bpm, now)
            case FootPodReading():
                return self._take_pod(device, reading, now, gait)
            case HeartRateReading():
                return self._take_strap(device, reading, now)
        return _senseless(device, "unreadable", now)

    def pass_time(self, now: Arrival) -> list[Fact]:
        """What was said too long ago holds no more."""
        found: list[Fact] = []
        for device in self._devices.values():
            if device.latest_ns is not None and now.now_ns - device.latest_ns > _HOLDS_S * 1e9:
                found += self._forget(device, now)
        return found

    # ------------------------------------------------------------------------------- the links

    def _take_link(
        self, device: _Device, event: LinkEvent, now: Arrival, arrived_s: float
    ) -> list[Fact]:
        self.links[device.name] = event.kind
        device.decoder.reset()
        device.stands_from_ns = None
        gone = event.kind in {"lost", "ended"}
        return [
            facts.StreamChanged(now.time_s, arrived_s, device.name, event.kind, event.detail),
            *(self._forget(device, now) if gone else ()),
        ]

    def _forget(self, device: _Device, now: Arrival) -> list[Fact]:
        """What a device said holds no more; what it has counted stays counted."""
        device.latest_ns = None
        device.senseless = 0
        if device.name == "heart_rate":
            return self._take_heart("strap", None, now)
        if device.name != "treadmill":
            return self._take_pace("pod", None, None, now)
        self._units.reset()
        return self._take_pace("treadmill", None, None, now) + self._take_heart(
            "treadmill", None, now
        )

    # ------------------------------------------------------------------------ speed and slope

    def _take_belt(
        self, device: _Device, reading: TreadmillReading, now: Arrival, gait: Gait
    ) -> list[Fact]:
        speed_m_s, slope = reading.speed_m_s, reading.slope_percent
        wild = slope is not None and abs(slope) > STEEPEST_PERCENT
        if speed_m_s is None or speed_m_s > FASTEST_M_S or wild:
            return _senseless(device, "impossible", now)
        found = _sensible(device, now) + _watch_standing(device, speed_m_s, now, gait)
        if "stands" in device.doubts:
            self._units.reset()
        else:
            factor = self._units.push(now.now_ns, speed_m_s, reading.distance_m)
            found += _doubt(device, "units", now, doubted=factor is not None, factor=factor)
        believed = not {"stands", "units"} & device.doubts
        slope_deg = None if slope is None else degrees_of(slope)
        found += self._take_pace("treadmill", speed_m_s if believed else None, slope_deg, now)
        return found + self._count(device, "treadmill", reading.distance_m, now, counts=believed)

    def _take_pod(
        self, device: _Device, reading: FootPodReading, now: Arrival, gait: Gait
    ) -> list[Fact]:
        speed_m_s = reading.speed_m_s
        if speed_m_s > FASTEST_M_S:
            return _senseless(device, "impossible", now)
        found = _sensible(device, now) + _watch_standing(device, speed_m_s, now, gait)
        believed = "stands" not in device.doubts
        found += self._take_pace("pod", speed_m_s if believed else None, None, now)
        counts = believed and self._pace.speed_source == "pod"
        return found + self._count(device, "pod", reading.distance_m, now, counts=counts)

    def _take_pace(
        self, source: Source, speed_m_s: float | None, slope_deg: float | None, now: Arrival
    ) -> list[Fact]:
        changed = self._pace.take_speed(speed_m_s, now.from_s, source)
        changed |= self._pace.take_slope(slope_deg, now.from_s, source)
        return [self._pace.fact(now.time_s)] if changed else []

    def _count(
        self, device: _Device, source: Source, count_m: float | None, now: Arrival, *, counts: bool
    ) -> list[Fact]:
        """The distance that a device counts, from its first count on; it may begin anew."""
        if count_m is None:
            return []
        covered_m = None if device.count_m is None else count_m - device.count_m
        if covered_m is not None:
            passed_s = (now.now_ns - device.counted_ns) * 1e-9
            if not 0.0 <= covered_m <= FASTEST_M_S * passed_s + _LEAP_M:
                covered_m = None
        device.count_m, device.counted_ns = count_m, now.now_ns
        self._progress.take_counted(source, covered_m, now.time_s, counts=counts)
        told_ns = self._distance_told_ns
        late = told_ns is None or now.now_ns - told_ns >= _DISTANCE_EVERY_S * 1e9
        if not counts or not late or covered_m is None or self._progress.distance_m is None:
            return []
        self._distance_told_ns = now.now_ns
        return [facts.DistanceKnown(now.time_s, self._progress.distance_m, source)]

    # -------------------------------------------------------------------------------- the heart

    def _take_strap(self, device: _Device, reading: HeartRateReading, now: Arrival) -> list[Fact]:
        bpm = reading.heart_rate_bpm
        if reading.on_skin is False or bpm == 0.0:
            return _senseless(device, "no beat", now) if device.latest_ns is None else []
        if not _beats(bpm):
            return _senseless(device, "impossible", now)
        return _sensible(device, now) + self._take_heart("strap", bpm, now)

    def _take_heart(self, source: HeartSource, bpm: float | None, now: Arrival) -> list[Fact]:
        if bpm is not None and _beats(bpm):
            self._heart[source] = bpm
        else:
            self._heart.pop(source, None)
        best: HeartSource = "strap" if "strap" in self._heart else "treadmill"
        rate_bpm = self._heart.get(best)
        if rate_bpm == self.heart_rate_bpm:
            return []
        self.heart_rate_bpm = rate_bpm
        return [facts.HeartRateKnown(now.time_s, rate_bpm, best)]


def _beats(bpm: float) -> bool:
    """Whether a heart beats so."""
    return _HEART_BPM[0] <= bpm <= _HEART_BPM[1]


def _senseless(device: _Device, reason: Doubt, now: Arrival) -> list[Fact]:
    device.senseless += 1
    if device.senseless < _SENSELESS:
        return []
    return _doubt(device, reason, now, doubted=True)


def _sensible(device: _Device, now: Arrival) -> list[Fact]:
    device.latest_ns, device.senseless = now.now_ns, 0
    reasons: tuple[Doubt, ...] = ("impossible", "no beat", "unreadable")
    return [fact for reason in reasons for fact in _doubt(device, reason, now, doubted=False)]


def _watch_standing(device: _Device, speed_m_s: float, now: Arrival, gait: Gait) -> list[Fact]:
    """Doubt what stands for long while the runner runs, until it moves."""
    if speed_m_s >= _STANDING_M_S:
        device.stands_from_ns = None
        return _doubt(device, "stands", now, doubted=False)
    if gait != "run":
        device.stands_from_ns = None
        return []
    if device.stands_from_ns is None:
        device.stands_from_ns = now.now_ns
    if now.now_ns - device.stands_from_ns < _STANDS_S * 1e9:
        return []
    return _doubt(device, "stands", now, doubted=True)


def _doubt(
    device: _Device, reason: Doubt, now: Arrival, *, doubted: bool, factor: float | None = None
) -> list[Fact]:
    """Doubt a device for a reason, or believe it again; told where that is new."""
    if doubted == (reason in device.doubts):
        return []
    if not doubted:
        device.doubts.remove(reason)
        return [facts.StreamBelieved(now.time_s, device.name, reason)]
    device.doubts.add(reason)
    return [facts.StreamDoubted(now.time_s, device.name, reason, factor)]
