"""The simulated sensor without a link: a run's samples as its own firmware would pack them.

Faults are those of :mod:`devices.simulator.faults`, without radio or cable. Sixteen bits have no
NaN, so a sample without a value is left out and the index counts on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf, radians
from typing import Final, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from devices.protocols.backstride import (
    ACCELERATION_RANGES_G,
    ANGULAR_VELOCITY_RANGES_DEG_S,
    CHANNELS,
    RATES_HZ,
    SEQUENCE_MODULUS,
    TIME_MODULUS_US,
    DataFlag,
    DataPacket,
    Feature,
    InfoMessage,
    Layout,
    clipping_flags,
    data_form,
    data_table,
    encode_data,
    encode_info,
    mask_of,
    quantised,
    samples_per_packet,
)
from devices.records import DeviceInfo, LinkEvent, Packet, Record
from devices.simulator.faults.kinds import require_possible
from devices.simulator.faults.messages import Message, MessageFaults
from devices.simulator.faults.plan import Fault
from devices.simulator.faults.sensor_clock import SensorClock
from devices.simulator.scenario import Scenario
from devices.source import Source
from devices.timing.program_clock import ProgramClock, SystemClock
from imu.errors import DeviceError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

_LATENCY_NS: Final = 5_000_000  # from the last sample of a packet to the host, at best
_CHUNK_PACKETS: Final = 100  # packets made at once
_RECORDS_PER_BREATH: Final = 32  # records handed on before the event loop gets its turn


class MotionRun(Protocol):
    """What the device measures: :class:`devices.simulator.generate.SimulatedRun`, or a test's."""

    @property
    def scenario(self) -> Scenario:
        """All parameters of the session."""
        ...

    @property
    def duration_s(self) -> float:
        """Length of the session, s."""
        ...

    def read(self, n: int) -> Samples:
        """The next ``n`` samples, fewer at the end, none when it is over."""
        ...


@dataclass(slots=True)
class InjectedFaults:
    """What the device did to its stream between the first and the last good packet, in samples."""

    delivered: int = 0
    overflowed: int = 0  # lost in the device's queue
    disconnected: int = 0  # taken while the link was away
    damaged: int = 0  # in packets that arrived malformed
    missing: int = 0  # without a value
    damaged_packets: int = 0

    @property
    def lost(self) -> int:
        """Samples that a receiver can find to be missing."""
        return self.overflowed + self.disconnected + self.damaged + self.missing


_GAP_BEFORE: Final = int(DataFlag.GAP_BEFORE)


class _Cut(NamedTuple):
    """Consecutive samples that fill one packet, or several that are alike."""

    first_index: int
    missing_before: int  # samples without a value since the previous packet
    time_s: NDArray[np.float64]
    counts: NDArray[np.int16]
    clips: bool  # whether any may be at the end of the range


class SimulatedDevice:
    """A sensor that measures a simulated run and sends it as the project's own wire format.

    The same scenario gives the same records, arrival stamps included: the simulated host's clock
    starts at 0 with the session, and it is the clock that a host would show at real speed.

    Parameters
    ----------
    run : MotionRun
        Read once, from where it stands to its end.

    Raises
    ------
    ParameterError
        When the scenario has a fault that only a link can have.
    """

    def __init__(self, run: MotionRun) -> None:
        scenario = run.scenario
        for fault in scenario.faults:
            require_possible(fault.kind, "", "")
        if scenario.pair == "yes":
            raise ParameterError(
                "pair", scenario.pair, "protocol=… with it: without there is no link"
            )
        self.run = run
        self.injected = InjectedFaults()
        self.info = DeviceInfo(
            name="Simulated sensor",
            protocol="backstride",
            rate_hz=scenario.rate,
            acceleration_range_m_s2=scenario.acceleration_range_g * STANDARD_GRAVITY_M_S2,
            angular_velocity_range_rad_s=radians(scenario.gyro_range_deg_s),
            axes=scenario.axes,
            serial=f"sim-{scenario.seed}",
            firmware="1.0",
        )

    def records(self) -> Iterator[Packet | LinkEvent]:
        """The session's log: connected, what the device is, its packets, ended."""
        scenario = self.run.scenario
        random = np.random.default_rng((scenario.seed, 1))
        # a device that has been on, and counting, for a while before the session
        uptime_us = int(random.integers(TIME_MODULUS_US))
        sequence_start = int(random.integers(SEQUENCE_MODULUS))
        self._pending = InjectedFaults()

        yield LinkEvent(0, "connected", self.info.name)
        yield Packet(0, "info", encode_info(_info_message(scenario)))
        send = self._disturbed if scenario.faults else self._undisturbed
        yield from send(sequence_start, uptime_us)

    def _undisturbed(self, sequence_start: int, uptime_us: int) -> Iterator[Packet | LinkEvent]:
        """What is sent without faults, packets that are alike made together."""
        n = samples_per_packet(self.run.scenario.rate)
        injected = self.injected
        for cut in self._cuts(n * _CHUNK_PACKETS):
            count, channels = cut.counts.shape
            size = min(n, count)
            packets = cut.counts.reshape(-1, size, channels)
            layout = Layout.IMU6 if channels == 6 else Layout.ACCELERATION
            rows = np.empty(len(packets), data_table(size, layout))
            rows["form"] = data_form(size, layout)
            rows["flags"] = [clipping_flags(each) for each in packets] if cut.clips else 0
            rows["flags"][0] |= _GAP_BEFORE if cut.missing_before else 0
            first = sequence_start + cut.first_index + size * np.arange(len(packets))
            rows["sequence"] = first % SEQUENCE_MODULUS
            stamps_us = np.rint(cut.time_s[::size] * 1e6).astype(np.int64)
            rows["time_us"] = (uptime_us + stamps_us) % TIME_MODULUS_US
            rows["counts"] = packets
            ready_s = cut.time_s[size - 1 :: size] + _LATENCY_NS * 1e-9
            arrivals_ns = np.rint(ready_s * 1e9).astype(np.int64).tolist()
            data, length = rows.tobytes(), rows.itemsize
            if injected.delivered:
                injected.missing += cut.missing_before
            for start, arrival_ns in zip(range(0, len(data), length), arrivals_ns, strict=True):
                injected.delivered += size
                yield Packet(arrival_ns, "data", data[start : start + length])
        yield self._ended(_Link(self.run.scenario))

    def _disturbed(self, sequence_start: int, uptime_us: int) -> Iterator[Packet | LinkEvent]:
        """What is sent with the scenario's faults, one packet after another."""
        scenario = self.run.scenario
        clock, link = SensorClock(scenario.faults), _Link(scenario)
        faults = MessageFaults(scenario.faults, scenario.seed, changes_bytes=False)
        gap_before = False
        for cut in self._cuts(samples_per_packet(scenario.rate)):
            n = len(cut.counts)
            ready_s = float(cut.time_s[-1]) + _LATENCY_NS * 1e-9
            yield from link.events_until(ready_s)
            self._pending.missing += cut.missing_before
            gap_before |= cut.missing_before > 0
            if link.is_away:
                self._pending.disconnected += n
                gap_before = True
                continue
            if faults.is_lost(ready_s):
                self._pending.overflowed += n
                gap_before = True
                continue
            stamp_s = clock.stamp_s(clock.oscillated_s(float(cut.time_s[0])))
            clipping = clipping_flags(cut.counts) if cut.clips else 0
            payload = encode_data(
                DataPacket(
                    Layout.IMU6 if cut.counts.shape[1] == 6 else Layout.ACCELERATION,
                    clipping | (_GAP_BEFORE if gap_before else 0),
                    (sequence_start + cut.first_index) % SEQUENCE_MODULUS,
                    (uptime_us + round(stamp_s * 1e6)) % TIME_MODULUS_US,
                    cut.counts,
                )
            )
            gap_before = False
            arrival_ns = link.arrival_ns(ready_s + faults.delay_s(ready_s))
            for message in faults.sent(ready_s, Message(payload, n)):
                self._count(message)
                yield Packet(arrival_ns, "data", message.payload)
        yield from link.events_until(self._end_s)
        yield self._ended(link)

    @property
    def _end_s(self) -> float:
        return self.run.duration_s + _LATENCY_NS * 1e-9

    def _ended(self, link: _Link) -> LinkEvent:
        return LinkEvent(link.arrival_ns(self._end_s), "ended", "the simulated session is over")

    def _count(self, message: Message) -> None:
        """Account for a message that went out; what is lost before the first good one is not."""
        injected, pending = self.injected, self._pending
        if message.is_damaged:
            pending.damaged += message.samples
            injected.damaged_packets += 1
            return
        if injected.delivered:
            injected.overflowed += pending.overflowed
            injected.disconnected += pending.disconnected
            injected.damaged += pending.damaged
            injected.missing += pending.missing
        self._pending = InjectedFaults()
        injected.delivered += message.samples

    def _cuts(self, most: int) -> Iterator[_Cut]:
        """Cut the run into full packets, anew after every sample that has no value.

        Up to ``most`` samples of several are taken together; what fills none is one by itself.
        """
        n = samples_per_packet(self.run.scenario.rate)
        time_s, counts = np.zeros(0), np.zeros((0, 0), np.int16)
        start = missing = 0  # index of the first sample at hand; missing since the last packet
        over = False
        while not over:
            block = self.run.read(n * _CHUNK_PACKETS)
            over = len(block) == 0
            rest = len(time_s)  # too few to fill a packet, from the chunk before
            valid = np.ones(rest, np.bool_)
            if not over:
                new_counts, new_valid = self._measured(block)
                counts = np.concatenate([counts, new_counts]) if rest else new_counts
                valid = np.concatenate([valid, new_valid])
                time_s = np.concatenate([time_s, block.time_s])
            whole = len(counts)
            clips = whole > 0 and clipping_flags(counts) != 0
            holes = [*np.flatnonzero(~valid).tolist(), whole]
            first = 0
            for hole in holes:
                open_end = hole == whole and not over
                while first < hole and not (open_end and hole - first < n):
                    size = min(most, hole - first)
                    stop = first + (size - size % n if size > n else size)
                    cut = slice(first, stop)
                    yield _Cut(start + first, missing, time_s[cut], counts[cut], clips)
                    first, missing = stop, 0
                if hole < whole:
                    first, missing = hole + 1, missing + 1
            time_s, counts = time_s[first:], counts[first:]
            start += first

    def _measured(self, block: Samples) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Counts of a block, and which of its samples have a value."""
        size = len(block)
        gyro = block.angular_velocity_rad_s
        acceleration = block.acceleration_m_s2
        valid = np.all(np.isfinite(acceleration), axis=1)
        if gyro is not None:
            valid = valid & np.all(np.isfinite(gyro), axis=1)
        counts = np.empty((size, CHANNELS[Layout.ACCELERATION if gyro is None else Layout.IMU6]))
        counts[:, :3] = acceleration / self.info.acceleration_range_m_s2
        if gyro is not None:
            counts[:, 3:] = gyro / self.info.angular_velocity_range_rad_s
        counts[~valid] = 0.0
        return quantised(counts, 1.0), valid


class SimulatedSource(Source):
    """A :class:`~devices.sources.Source` that hands on a simulated device's records in their time.

    Records are due at fixed instants from the start, so that lateness never adds up; what is late
    is handed on at once. The scenario's ``time_scale`` says how much faster than real time this
    goes, 0 as fast as it goes.

    Parameters
    ----------
    run : MotionRun
        What the device measures.
    clock : ProgramClock, optional
        The computer's clock by default.
    """

    def __init__(self, run: MotionRun, *, clock: ProgramClock | None = None) -> None:
        self.device = SimulatedDevice(run)
        self._clock: ProgramClock = SystemClock() if clock is None else clock
        self._time_scale = run.scenario.time_scale
        self._records: Iterator[Packet | LinkEvent] | None = None
        self._pending: Packet | LinkEvent | None = None
        self._start_ns = 0
        self._latest_ns = 0
        self._since_breath = 0
        self._closed = False

    @property
    def info(self) -> DeviceInfo:
        """What is known of the sensor."""
        return self.device.info

    def now_ns(self) -> int:
        """The simulated host's time, ns: on the line of the records' ``arrival_ns``."""
        if not self._time_scale or self._records is None:
            return self._latest_ns
        passed_ns = self._clock.monotonic_ns() - self._start_ns
        return max(self._latest_ns, round(passed_ns * self._time_scale))

    async def close(self) -> None:
        """End the session; iteration stops after the record that is being waited for."""
        self._closed = True

    async def __aenter__(self) -> Self:
        if self._records is not None:
            raise DeviceError(
                "a simulated session runs once: open the source again.", source=self.info.name
            )
        self._start_ns = self._clock.monotonic_ns()
        self._records = self.device.records()
        return self

    async def __anext__(self) -> Record:
        if self._records is None:
            raise DeviceError(
                "the source is not open: enter it with 'async with' first.", source=self.info.name
            )
        if self._closed:
            raise StopAsyncIteration
        if self._pending is None:  # else an earlier wait for it was cancelled
            self._pending = next(self._records, None)
        if self._pending is None:
            raise StopAsyncIteration
        record = self._pending
        await self._wait_until(record.arrival_ns)
        if self._closed:
            raise StopAsyncIteration
        self._pending = None
        self._latest_ns = record.arrival_ns
        return record

    async def _wait_until(self, due_ns: int) -> None:
        if self._time_scale:
            deadline_ns = self._start_ns + due_ns / self._time_scale
            wait_ns = deadline_ns - self._clock.monotonic_ns()
            if wait_ns > 0:
                self._since_breath = 0
                await self._clock.sleep(wait_ns * 1e-9)
                return
        self._since_breath += 1
        if self._since_breath >= _RECORDS_PER_BREATH:
            self._since_breath = 0
            await asyncio.sleep(0)


class _Link:
    """When the link is away, and when what is sent arrives: in order."""

    def __init__(self, scenario: Scenario) -> None:
        faults = scenario.faults
        self._away = sorted(
            (f for f in faults if f.kind in {"disconnect", "blackout"}), key=lambda f: f.onset_s
        )
        self._jitter: list[Fault] = [f for f in faults if f.kind == "jitter_ms"]
        self._random = np.random.default_rng((scenario.seed, 4))
        self._latest_ns = 0
        self._resumes_s = -inf  # while it is away

    @property
    def is_away(self) -> bool:
        """Whether nothing gets through, after the latest events."""
        return self._resumes_s > -inf

    def events_until(self, time_s: float) -> Iterator[LinkEvent]:
        """What happens to the link until then."""
        while True:
            if self._resumes_s > -inf:
                while self._away and self._away[0].onset_s <= self._resumes_s:
                    self._resumes_s = max(self._resumes_s, self._away.pop(0).end_s)
                if self._resumes_s > time_s:
                    return
                resumes_s, self._resumes_s = self._resumes_s, -inf
                yield LinkEvent(self.arrival_ns(resumes_s), "resumed")
            if not self._away or self._away[0].onset_s > time_s:
                return
            lost = self._away.pop(0)
            self._resumes_s = lost.end_s
            why = "the simulated link was interrupted"
            yield LinkEvent(self.arrival_ns(lost.onset_s), "lost", why)

    def arrival_ns(self, sent_s: float) -> int:
        """When the computer has what is sent then, ns; never before what was sent earlier."""
        late_ns = sum(
            self._random.uniform(0.0, fault.amount * 1e6)
            for fault in self._jitter
            if fault.is_on(sent_s)
        )
        self._latest_ns = max(self._latest_ns, round(sent_s * 1e9 + late_ns))
        return self._latest_ns


def _info_message(scenario: Scenario) -> InfoMessage:
    return InfoMessage(
        firmware=1,
        features=int(Feature.ACCELERATION | Feature.ANGULAR_VELOCITY),
        rates_mask=mask_of(RATES_HZ, RATES_HZ),
        acceleration_ranges_mask=mask_of(ACCELERATION_RANGES_G, ACCELERATION_RANGES_G),
        angular_velocity_ranges_mask=mask_of(
            ANGULAR_VELOCITY_RANGES_DEG_S, ANGULAR_VELOCITY_RANGES_DEG_S
        ),
        samples_max=samples_per_packet(scenario.rate),
    )
