"""The simulated sensor: a run's samples as a real device would send them, faults included.

Faults are modelled where they arise. The sensor saturates, or has no value to give: sixteen bits
have no NaN, so such a sample is left out and the index counts on. The device's queue overflows and
runs of packets are lost, for Bluetooth LE itself is reliable. Damaged packets are cut, grown or
have a damaged header, so that a receiver can tell; damage to values alone is left to links with a
checksum of their own. The link may be away for seconds, and arrivals are delayed, in order.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from math import radians
from types import TracebackType
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
    encode_data,
    encode_info,
    mask_of,
    quantised,
    samples_per_packet,
)
from devices.records import DeviceInfo, LinkEvent, Packet, Record
from devices.simulator.scenario import Scenario
from devices.timing.program_clock import ProgramClock, SystemClock
from imu.errors import DeviceError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

__all__ = [
    "LOSS_RUN_PACKETS",
    "OUTAGE_S",
    "InjectedFaults",
    "MotionRun",
    "SimulatedDevice",
    "SimulatedSource",
]

#: An overflow of the device's queue loses this many packets in a row, fewest and most; the next
#: overflow may follow at once.
LOSS_RUN_PACKETS: Final = (1, 10)
#: A lost link comes back after this long, s, shortest and longest.
OUTAGE_S: Final = (3.0, 8.0)

_LATENCY_NS: Final = 5_000_000  # from the last sample of a packet to the host, at best
_CHUNK_PACKETS: Final = 20  # packets made at once
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
    saturated: int = 0  # forced to the end of the range, of all samples taken
    damaged_packets: int = 0

    @property
    def lost(self) -> int:
        """Samples that a receiver can find to be missing."""
        return self.overflowed + self.disconnected + self.damaged + self.missing


class _Cut(NamedTuple):
    """Consecutive samples that fill one packet."""

    first_index: int
    missing_before: int  # samples without a value since the previous packet
    first_s: float
    last_s: float
    counts: NDArray[np.int16]


class SimulatedDevice:
    """A sensor that measures a simulated run and sends it as the project's own wire format.

    The same scenario gives the same records, arrival stamps included: the simulated host's clock
    starts at 0 with the session, and it is the clock that a host would show at real speed.

    Parameters
    ----------
    run : MotionRun
        Read once, from where it stands to its end.
    """

    def __init__(self, run: MotionRun) -> None:
        scenario = run.scenario
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
        scenario, injected = self.run.scenario, self.injected
        random = np.random.default_rng((scenario.seed, 1))
        # a device that has been on, and counting, for a while before the session
        uptime_us = int(random.integers(TIME_MODULUS_US))
        sequence_start = int(random.integers(SEQUENCE_MODULUS))
        microseconds_per_s = 1e6 + scenario.clock_ppm
        overflow = _Overflow(scenario.loss / 100, random)
        outages = _outages_ns(scenario, self.run.duration_s, random)
        away_until_ns = 0
        gap_before = False
        pending = InjectedFaults()

        yield LinkEvent(0, "connected", self.info.name)
        yield Packet(0, "info", encode_info(_info_message(scenario)))
        arrival_ns = 0
        for cut in self._cuts():
            n = len(cut.counts)
            ready_ns = round(cut.last_s * 1e9) + _LATENCY_NS
            while outages and outages[0][0] <= ready_ns:
                lost_ns, resumed_ns = outages.pop(0)
                arrival_ns = max(arrival_ns, lost_ns)
                away_until_ns = resumed_ns
                yield LinkEvent(arrival_ns, "lost", "the simulated link was interrupted")
            pending.missing += cut.missing_before
            gap_before |= cut.missing_before > 0
            if ready_ns < away_until_ns:
                pending.disconnected += n
                gap_before = True
                continue
            if away_until_ns:
                arrival_ns = max(arrival_ns, away_until_ns)
                away_until_ns = 0
                yield LinkEvent(arrival_ns, "resumed")
            if overflow.takes_next():
                pending.overflowed += n
                gap_before = True
                continue
            if scenario.jitter_ms:
                ready_ns += round(random.uniform(0.0, scenario.jitter_ms * 1e6))
            arrival_ns = max(arrival_ns, ready_ns)
            payload = encode_data(
                DataPacket(
                    Layout.IMU6 if cut.counts.shape[1] == 6 else Layout.ACCELERATION,
                    _flags(cut.counts, gap_before=gap_before),
                    (sequence_start + cut.first_index) % SEQUENCE_MODULUS,
                    (uptime_us + round(cut.first_s * microseconds_per_s)) % TIME_MODULUS_US,
                    cut.counts,
                )
            )
            gap_before = False
            if scenario.corrupt and random.random() * 100 < scenario.corrupt:
                pending.damaged += n
                injected.damaged_packets += 1
                yield Packet(arrival_ns, "data", _damaged(payload, random))
                continue
            if injected.delivered:  # nobody can count what is lost before the first packet
                injected.overflowed += pending.overflowed
                injected.disconnected += pending.disconnected
                injected.damaged += pending.damaged
                injected.missing += pending.missing
            pending = InjectedFaults()
            injected.delivered += n
            yield Packet(arrival_ns, "data", payload)
        end_ns = max(arrival_ns, round(self.run.duration_s * 1e9) + _LATENCY_NS)
        yield LinkEvent(end_ns, "ended", "the simulated session is over")

    def _cuts(self) -> Iterator[_Cut]:
        """Cut the run into packets, anew after every sample that has no value."""
        scenario = self.run.scenario
        random = np.random.default_rng((scenario.seed, 2))
        n = samples_per_packet(scenario.rate)
        time_s, counts = np.zeros(0), np.zeros((0, 0), np.int16)
        start = missing = 0  # index of the first sample at hand; missing since the last packet
        over = False
        while not over:
            block = self.run.read(n * _CHUNK_PACKETS)
            over = len(block) == 0
            rest = len(time_s)  # too few to fill a packet, from the chunk before
            valid = np.ones(rest, np.bool_)
            if not over:
                new_counts, new_valid = self._measured(block, random)
                counts = np.concatenate([counts, new_counts]) if rest else new_counts
                valid = np.concatenate([valid, new_valid])
                time_s = np.concatenate([time_s, block.time_s])
            size = len(counts)
            holes = [*np.flatnonzero(~valid).tolist(), size]
            first = 0
            for hole in holes:
                open_end = hole == size and not over
                while first < hole and not (open_end and hole - first < n):
                    stop = min(first + n, hole)
                    yield _Cut(
                        start + first,
                        missing,
                        float(time_s[first]),
                        float(time_s[stop - 1]),
                        counts[first:stop],
                    )
                    first, missing = stop, 0
                if hole < size:
                    first, missing = hole + 1, missing + 1
            time_s, counts = time_s[first:], counts[first:]
            start += first

    def _measured(
        self, block: Samples, random: np.random.Generator
    ) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Counts of a block, and which of its samples have a value."""
        scenario, size = self.run.scenario, len(block)
        gyro = block.angular_velocity_rad_s
        acceleration = block.acceleration_m_s2
        valid = np.all(np.isfinite(acceleration), axis=1)
        if gyro is not None:
            valid = valid & np.all(np.isfinite(gyro), axis=1)
        counts = np.empty((size, CHANNELS[Layout.ACCELERATION if gyro is None else Layout.IMU6]))
        counts[:, :3] = acceleration / self.info.acceleration_range_m_s2
        if gyro is not None:
            counts[:, 3:] = gyro / self.info.angular_velocity_range_rad_s
        if scenario.nan:
            valid = valid & (random.random(size) * 100 >= scenario.nan)
        if scenario.saturate:
            struck = np.flatnonzero((random.random(size) * 100 < scenario.saturate) & valid)
            axis = random.integers(0, 3, size)[struck]
            counts[struck, axis] = np.where(counts[struck, axis] < 0, -2.0, 2.0)
            self.injected.saturated += len(struck)
        counts[~valid] = 0.0
        return quantised(counts, 1.0), valid


class SimulatedSource:
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

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[Record]:
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


class _Overflow:
    """Which packets the device's queue loses: runs, at a given share of all packets."""

    def __init__(self, share: float, random: np.random.Generator) -> None:
        mean_run = sum(LOSS_RUN_PACKETS) / 2
        self._start_probability = share / (share + mean_run * (1 - share)) if share else 0.0
        self._random = random
        self._left = 0

    def takes_next(self) -> bool:
        """Whether the next packet is lost."""
        if self._left:
            self._left -= 1
            return True
        if not self._start_probability or self._random.random() >= self._start_probability:
            return False
        self._left = int(self._random.integers(LOSS_RUN_PACKETS[0] - 1, LOSS_RUN_PACKETS[1]))
        return True


def _outages_ns(
    scenario: Scenario, duration_s: float, random: np.random.Generator
) -> list[tuple[int, int]]:
    """When the link goes and comes back, ns, in order and apart."""
    outages: list[tuple[int, int]] = []
    for start_s in sorted(scenario.disconnect_times_s(duration_s)):
        stop_s = start_s + random.uniform(*OUTAGE_S)
        start_ns, stop_ns = round(start_s * 1e9), round(stop_s * 1e9)
        if outages and start_ns <= outages[-1][1]:
            outages[-1] = (outages[-1][0], max(stop_ns, outages[-1][1]))
        else:
            outages.append((start_ns, stop_ns))
    return outages


def _flags(counts: NDArray[np.int16], *, gap_before: bool) -> int:
    return clipping_flags(counts) | (int(DataFlag.GAP_BEFORE) if gap_before else 0)


def _damaged(payload: bytes, random: np.random.Generator) -> bytes:
    """Bytes that are no valid packet any more: cut, grown, or with another first byte."""
    kind = random.integers(3)
    if kind == 0:
        return payload[: int(random.integers(len(payload)))]
    if kind == 1:
        return payload + random.bytes(int(random.integers(1, 9)))
    other_count = payload[0] & 0xE0 | (payload[0] + int(random.integers(1, 32))) & 0x1F
    return bytes([other_count]) + payload[1:]


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
