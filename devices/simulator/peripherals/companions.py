"""Simulated devices beside the motion sensor: treadmill, foot pod and heart rate strap."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import exp
from random import Random
from typing import ClassVar, Final

from devices.simulator.companions import CompanionFault
from devices.simulator.course import Course
from devices.simulator.peripheral import Host
from devices.simulator.running import PUSH_OFF_S
from devices.simulator.scenario import Scenario
from devices.streams import foot_pod, heart_rate, treadmill
from devices.streams.foot_pod import FootPodReading
from devices.streams.heart_rate import HeartRateReading
from devices.timing.program_clock import ProgramClock

_WALK_M_S: Final = 1.3
_EVERY_S: Final = 1.0  # between two notifications
_MILES_A_KM: Final = 1.0 / 1.609344
_BATTERY: Final = "00002a19-0000-1000-8000-00805f9b34fb"
_BATTERY_SERVICE: Final = "0000180f-0000-1000-8000-00805f9b34fb"
_REST_BPM, _BPM_A_M_S = 62.0, 30.0
_HEART_S: Final = 40.0  # how fast the heart follows


class _Going:
    """How fast the runner of a scenario goes, and up which slope, by the time of the session."""

    def __init__(self, scenario: Scenario) -> None:
        walk_s = scenario.standing_s
        self._course = Course(scenario, walk_s + scenario.walk_s + PUSH_OFF_S)
        self._walk_s = walk_s
        self._run_s = self._course.run_start_s
        self._end_s = self._run_s + 60.0 * scenario.minutes

    def speed_m_s(self, time_s: float) -> float:
        """Of the runner, or of the belt under him."""
        if time_s < self._walk_s or time_s >= self._end_s:
            return 0.0
        if time_s < self._run_s - PUSH_OFF_S:
            return _WALK_M_S
        for kind, start_s, end_s in self._course.breaks:
            if start_s <= time_s < end_s:
                return _WALK_M_S if kind == "walk" else 0.0
        return self._course.speed.at(time_s)

    def slope_deg(self, time_s: float) -> float:
        """Positive uphill."""
        return self._course.slope.at(time_s)


class CompanionPeripheral(ABC):
    """Reports once a second while it is connected.

    Parameters
    ----------
    scenario : Scenario
        Whose runner it watches.
    clock : ProgramClock
        True time; the session begins when it is made.
    faults : sequence of CompanionFault
        What goes wrong. How the link is lost is the radio's affair.
    """

    name: ClassVar[str]
    service: ClassVar[str]
    characteristic: ClassVar[str]

    def __init__(
        self, scenario: Scenario, clock: ProgramClock, faults: tuple[CompanionFault, ...] = ()
    ) -> None:
        self._clock, self._faults = clock, faults
        self._start_ns = clock.monotonic_ns()
        self._going = _Going(scenario)
        self._random = Random(f"{scenario.seed}/{self.name}")
        self._told_s = 0.0
        self._covered_m = 0.0

    @property
    def advertised_services(self) -> tuple[str, ...]:
        """Its own service."""
        return (self.service,)

    @property
    def services(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """Its one characteristic, and a battery."""
        return {
            self.service: {self.characteristic: frozenset({"notify"})},
            _BATTERY_SERVICE: {_BATTERY: frozenset({"read"})},
        }

    async def serve(self, host: Host) -> None:
        """Report until cancelled."""
        await self._report(host)  # it takes no commands

    async def _report(self, host: Host) -> None:
        while True:
            await self._clock.sleep(_EVERY_S)
            now_s = (self._clock.monotonic_ns() - self._start_ns) * 1e-9
            self._go_on_to(now_s)
            kinds = {fault.kind for fault in self._faults if fault.holds_at(now_s)}
            for payload in self.payloads(now_s, kinds):
                sent = payload[:-1] if "rubbish" in kinds else payload
                await host.send(self.characteristic, sent)

    def _go_on_to(self, now_s: float) -> None:
        """Count the way, also of the time without a connection."""
        while self._told_s < now_s:
            step_s = min(0.1, now_s - self._told_s)
            self.pass_by(self._told_s, step_s)
            self._told_s += step_s

    def pass_by(self, time_s: float, step_s: float) -> None:
        """A moment passes."""
        self._covered_m += self._going.speed_m_s(time_s) * step_s

    @abstractmethod
    def payloads(self, now_s: float, faults: set[str]) -> list[bytes]:
        """The notifications of one report."""


class TreadmillPeripheral(CompanionPeripheral):
    """A treadmill that needs two notifications for a report."""

    name = "Belt 5000"
    service = treadmill.SERVICE_UUID
    characteristic = treadmill.DATA_UUID

    def payloads(self, now_s: float, faults: set[str]) -> list[bytes]:
        """Distance, slope and time first, then the speed."""
        speed_m_s = self._going.speed_m_s(now_s)
        slope = treadmill.percent_of(self._going.slope_deg(now_s))
        if "stands" in faults:
            speed_m_s = 0.0
        if "miles" in faults:
            speed_m_s *= _MILES_A_KM
        if "wild" in faults:
            speed_m_s = 150.0
        first = {
            "distance_m": float(int(self._covered_m)),
            "slope_percent": slope,
            "ramp_deg": self._going.slope_deg(now_s),
            "elapsed_s": float(int(now_s)),
        }
        return [
            treadmill.encode_record(first, more=True),
            treadmill.encode_record({"speed_m_s": speed_m_s}),
        ]


class FootPodPeripheral(CompanionPeripheral):
    """A foot pod whose speed is 2 % too high, and smoothed over some seconds."""

    name = "Pod S1"
    service = foot_pod.SERVICE_UUID
    characteristic = foot_pod.DATA_UUID
    _smooth_m_s = 0.0

    def pass_by(self, time_s: float, step_s: float) -> None:
        """Follow the runner."""
        super().pass_by(time_s, 1.02 * step_s)
        now_m_s = 1.02 * self._going.speed_m_s(time_s)
        self._smooth_m_s += (now_m_s - self._smooth_m_s) * (1.0 - exp(-step_s / 2.0))

    def payloads(self, now_s: float, faults: set[str]) -> list[bytes]:
        """All in one notification."""
        speed_m_s = max(0.0, self._smooth_m_s * self._random.gauss(1.0, 0.005))
        if "stands" in faults:
            speed_m_s = 0.0
        if "wild" in faults:
            speed_m_s = 60.0
        runs = self._going.speed_m_s(now_s) > 1.5 * _WALK_M_S
        reading = FootPodReading(
            speed_m_s, 166.0 if runs else 110.0, runs, distance_m=self._covered_m
        )
        return [foot_pod.encode_measurement(reading)]


class HeartRatePeripheral(CompanionPeripheral):
    """A strap on a heart that follows the effort within a minute."""

    name = "Strap HR"
    service = heart_rate.SERVICE_UUID
    characteristic = heart_rate.DATA_UUID
    _bpm = _REST_BPM

    def pass_by(self, time_s: float, step_s: float) -> None:
        """Follow the effort."""
        effort = self._going.speed_m_s(time_s) * (1.0 + 0.05 * self._going.slope_deg(time_s))
        wanted = _REST_BPM + _BPM_A_M_S * max(0.0, effort)
        self._bpm += (wanted - self._bpm) * (1.0 - exp(-step_s / _HEART_S))

    def payloads(self, now_s: float, faults: set[str]) -> list[bytes]:
        """The rate, and the beats of the last second."""
        del now_s
        if "off" in faults:
            return [heart_rate.encode_measurement(HeartRateReading(0.0, on_skin=False))]
        bpm = 999.0 if "wild" in faults else self._bpm + self._random.gauss(0.0, 0.7)
        beats = (60.0 / bpm,) * round(bpm / 60.0)
        return [heart_rate.encode_measurement(HeartRateReading(round(bpm), True, beats))]


COMPANION_PERIPHERALS: Final[dict[str, type[CompanionPeripheral]]] = {
    "treadmill": TreadmillPeripheral,
    "foot_pod": FootPodPeripheral,
    "heart_rate": HeartRatePeripheral,
}
