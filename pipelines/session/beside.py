"""What devices beside the sensor say of a run: speed, slope, distance and heart rate, as facts.

A device is believed as long as it makes sense. What no runner runs and no heart beats is passed
over; a belt that stands under a runner, or whose speed and distance do not fit each other, is told
once, and whoever knows it next is believed in its place. When nothing comes for a while, what it
said holds no more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from devices.records import LinkEvent, StreamRecord
from devices.streams.foot_pod import FootPodReading
from devices.streams.heart_rate import HeartRateReading
from devices.streams.registry import STREAMS, StreamDecoder
from devices.streams.treadmill import TreadmillReading, degrees_of
from pipelines.session import facts
from pipelines.session.belt_units import BeltUnits
from pipelines.session.facts import Doubt, Fact, Gait, HeartSource, Source
from pipelines.session.pace_sources import PaceSources
from pipelines.session.progress import SessionProgress

#: What a device said holds so long after its last reading, s.
_HOLDS_S: Final = 8.0
#: A belt, or a pod, that stands for so long under a runner is not believed, s.
_STANDS_S: Final = 8.0
_STANDING_M_S: Final = 0.5
_FASTEST_M_S: Final = 12.0
_STEEPEST_PERCENT: Final = 40.0
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

    decoder: StreamDecoder
    latest_ns: int | None = None  # of a reading that makes sense, while it holds
    senseless: int = 0  # readings in a row
    stands_from_ns: int | None = None  # while the runner runs
    doubts: set[Doubt] = field(default_factory=set)
    count_m: float | None = None
    counted_ns: int = 0


class Beside:
    """Folds the records of all devices beside the sensor into facts.

    Parameters
    ----------
    sources : PaceSources
        Is told speeds and slopes.
    progress : SessionProgress
        Is told distances.
    """

    def __init__(self, sources: PaceSources, progress: SessionProgress) -> None:
        self._sources, self._progress = sources, progress
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
        self, record: StreamRecord, *, time_s: float, from_s: float, arrived_s: float, gait: Gait
    ) -> list[Fact]:
        """Take a record; returns the facts that it makes.

        Parameters
        ----------
        record : StreamRecord
            Of a device that this version knows, or another.
        time_s, from_s : float
            The session's time, s, and from when on a pace holds: −∞ before the first sample.
        arrived_s : float
            By the computer's clock, s since the session's first arrival.
        gait : str
            What the runner does.
        """
        stream = STREAMS.get(record.stream)
        if stream is None:
            return []
        device = self._devices.setdefault(record.stream, _Device(stream.decoder()))
        if isinstance(record.record, LinkEvent):
            return self._take_link(record.stream, device, record.record, time_s, from_s, arrived_s)
        before = device.decoder.malformed_packets
        reading = device.decoder.push(record.record)
        if reading is None:
            if device.decoder.malformed_packets == before:
                return []  # half a reading
            return self._senseless(record.stream, device, "unreadable", time_s)
        now_ns = record.arrival_ns
        match reading:
            case TreadmillReading():
                found = self._take_belt(device, reading, now_ns, time_s, from_s, gait)
                if "heart_rate" not in self.links or "strap" not in self._heart:
                    found += self._take_heart("treadmill", reading.heart_rate_bpm, time_s)
            case FootPodReading():
                found = self._take_pod(device, reading, now_ns, time_s, from_s, gait)
            case HeartRateReading():
                found = self._take_strap(device, reading, now_ns, time_s)
        return found

    def pass_time(self, now_ns: int, *, time_s: float, from_s: float) -> list[Fact]:
        """What was said too long ago holds no more."""
        found: list[Fact] = []
        for name, device in self._devices.items():
            if device.latest_ns is not None and now_ns - device.latest_ns > _HOLDS_S * 1e9:
                found += self._forget(name, device, time_s, from_s)
        return found

    # ------------------------------------------------------------------------------- the links

    def _take_link(
        self,
        name: str,
        device: _Device,
        event: LinkEvent,
        time_s: float,
        from_s: float,
        arrived_s: float,
    ) -> list[Fact]:
        self.links[name] = event.kind
        found: list[Fact] = [facts.StreamChanged(time_s, arrived_s, name, event.kind, event.detail)]
        device.decoder.reset()
        device.stands_from_ns = None
        if event.kind in {"lost", "ended"}:
            found += self._forget(name, device, time_s, from_s)
        return found

    def _forget(self, name: str, device: _Device, time_s: float, from_s: float) -> list[Fact]:
        """What a device said holds no more; what it has counted stays counted."""
        device.latest_ns = None
        device.senseless = 0
        if name == "heart_rate":
            return self._take_heart("strap", None, time_s)
        source: Source = "treadmill" if name == "treadmill" else "pod"
        found = self._take_pace(source, None, None, time_s, from_s)
        if source == "treadmill":
            self._units.reset()
            found += self._take_heart("treadmill", None, time_s)
        return found

    # ------------------------------------------------------------------------ speed and slope

    def _take_belt(
        self,
        device: _Device,
        reading: TreadmillReading,
        now_ns: int,
        time_s: float,
        from_s: float,
        gait: Gait,
    ) -> list[Fact]:
        speed_m_s, slope = reading.speed_m_s, reading.slope_percent
        wild = speed_m_s is None or speed_m_s > _FASTEST_M_S
        if wild or (slope is not None and abs(slope) > _STEEPEST_PERCENT):
            return self._senseless("treadmill", device, "impossible", time_s)
        found = self._sensible("treadmill", device, now_ns, time_s)
        assert speed_m_s is not None
        found += self._watch_standing("treadmill", device, speed_m_s, now_ns, time_s, gait)
        if "stands" in device.doubts:
            self._units.reset()
        else:
            factor = self._units.push(now_ns, speed_m_s, reading.distance_m)
            found += self._doubt("treadmill", device, "units", time_s, factor)
        slope_deg = None if slope is None else degrees_of(slope)
        known = None if {"stands", "units"} & device.doubts else speed_m_s
        found += self._take_pace("treadmill", known, slope_deg, time_s, from_s)
        counts = not {"stands", "units"} & device.doubts
        found += self._count(device, "treadmill", reading.distance_m, now_ns, time_s, counts)
        return found

    def _take_pod(
        self,
        device: _Device,
        reading: FootPodReading,
        now_ns: int,
        time_s: float,
        from_s: float,
        gait: Gait,
    ) -> list[Fact]:
        if reading.speed_m_s > _FASTEST_M_S:
            return self._senseless("foot_pod", device, "impossible", time_s)
        found = self._sensible("foot_pod", device, now_ns, time_s)
        found += self._watch_standing("foot_pod", device, reading.speed_m_s, now_ns, time_s, gait)
        believed = "stands" not in device.doubts
        found += self._take_pace(
            "pod", reading.speed_m_s if believed else None, None, time_s, from_s
        )
        counts = believed and self._sources.speed_source == "pod"
        found += self._count(device, "pod", reading.distance_m, now_ns, time_s, counts)
        return found

    def _take_pace(
        self,
        source: Source,
        speed_m_s: float | None,
        slope_deg: float | None,
        time_s: float,
        from_s: float,
    ) -> list[Fact]:
        changed = self._sources.take_speed(source, speed_m_s, from_s)
        changed |= self._sources.take_slope(source, slope_deg, from_s)
        self._progress.speed_source = self._sources.speed_source
        return [self._sources.fact(time_s)] if changed else []

    def _count(
        self,
        device: _Device,
        source: Source,
        count_m: float | None,
        now_ns: int,
        time_s: float,
        counts: bool,
    ) -> list[Fact]:
        """The distance that a device counts, from its first count on; it may begin anew."""
        if count_m is None:
            return []
        covered_m = None if device.count_m is None else count_m - device.count_m
        if covered_m is not None:
            passed_s = (now_ns - device.counted_ns) * 1e-9
            if not 0.0 <= covered_m <= _FASTEST_M_S * passed_s + _LEAP_M:
                covered_m = None
        device.count_m, device.counted_ns = count_m, now_ns
        self._progress.take_counted(source, covered_m, time_s, counts=counts)
        told_ns = self._distance_told_ns
        late = told_ns is None or now_ns - told_ns >= _DISTANCE_EVERY_S * 1e9
        if not counts or not late or covered_m is None or self._progress.distance_m is None:
            return []
        self._distance_told_ns = now_ns
        return [facts.DistanceKnown(time_s, self._progress.distance_m, source)]

    # -------------------------------------------------------------------------------- the heart

    def _take_strap(
        self, device: _Device, reading: HeartRateReading, now_ns: int, time_s: float
    ) -> list[Fact]:
        bpm = reading.heart_rate_bpm
        if reading.on_skin is False or bpm == 0.0:
            if device.latest_ns is None:
                return self._senseless("heart_rate", device, "no beat", time_s)
            return []
        if not _HEART_BPM[0] <= bpm <= _HEART_BPM[1]:
            return self._senseless("heart_rate", device, "impossible", time_s)
        found = self._sensible("heart_rate", device, now_ns, time_s)
        return found + self._take_heart("strap", bpm, time_s)

    def _take_heart(self, source: HeartSource, bpm: float | None, time_s: float) -> list[Fact]:
        if bpm is not None and not _HEART_BPM[0] <= bpm <= _HEART_BPM[1]:
            bpm = None
        if bpm is None:
            self._heart.pop(source, None)
        else:
            self._heart[source] = bpm
        best: HeartSource = "strap" if "strap" in self._heart else "treadmill"
        rate_bpm = self._heart.get(best)
        if rate_bpm == self.heart_rate_bpm:
            return []
        self.heart_rate_bpm = rate_bpm
        return [facts.HeartRateKnown(time_s, rate_bpm, best)]

    # ------------------------------------------------------------------------------- the doubts

    def _senseless(self, name: str, device: _Device, reason: Doubt, time_s: float) -> list[Fact]:
        device.senseless += 1
        if device.senseless < _SENSELESS or reason in device.doubts:
            return []
        device.doubts.add(reason)
        return [facts.StreamDoubted(time_s, name, reason)]

    def _sensible(self, name: str, device: _Device, now_ns: int, time_s: float) -> list[Fact]:
        device.latest_ns, device.senseless = now_ns, 0
        over: set[Doubt] = device.doubts & {"impossible", "unreadable", "no beat"}
        device.doubts -= over
        return [facts.StreamBelieved(time_s, name, reason) for reason in sorted(over)]

    def _watch_standing(
        self,
        name: str,
        device: _Device,
        speed_m_s: float,
        now_ns: int,
        time_s: float,
        gait: Gait,
    ) -> list[Fact]:
        if speed_m_s >= _STANDING_M_S:
            device.stands_from_ns = None
            if "stands" not in device.doubts:
                return []
            device.doubts.remove("stands")
            return [facts.StreamBelieved(time_s, name, "stands")]
        if gait != "run":
            device.stands_from_ns = None
            return []
        if device.stands_from_ns is None:
            device.stands_from_ns = now_ns
        if now_ns - device.stands_from_ns < _STANDS_S * 1e9 or "stands" in device.doubts:
            return []
        device.doubts.add("stands")
        return [facts.StreamDoubted(time_s, name, "stands")]

    def _doubt(
        self, name: str, device: _Device, reason: Doubt, time_s: float, factor: float | None
    ) -> list[Fact]:
        """Doubt a device while there is a factor, believe it when there is none."""
        if (factor is not None) == (reason in device.doubts):
            return []
        if factor is None:
            device.doubts.remove(reason)
            return [facts.StreamBelieved(time_s, name, reason)]
        device.doubts.add(reason)
        return [facts.StreamDoubted(time_s, name, reason, factor)]
