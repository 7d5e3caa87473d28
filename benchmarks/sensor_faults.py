"""Faults of a sensor: is each told, are its steps flagged, and is a wrong step trusted.

``python -m benchmarks.sensor_faults`` makes ``benchmarks/SENSOR_FAULTS.md`` anew. Each fault is put
into one simulated run, which stands beside it without; a step of the faulted run is wrong when a
figure of it that is trusted differs from that of the same step without the fault by more than the
accuracy page's bound, or when there is no such step.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.analyzer import StepAnalyzer
from imu.chain.orientation import InclinationFilter
from imu.errors import InputError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from imu.step.trusted_steps import trusted_steps
from imu.steps import Steps, concatenate

Array = NDArray[np.float64]

#: The goals of ``benchmarks/ACCURACY.md``; ranges of the pelvis have none.
BOUNDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "initial_contact_s": 0.006,
        "contact_time_ms": 10.5,
        "flight_time_ms": 12.0,
        "cadence_spm": 0.3,
        "peak_force_bw": 0.13,
        "vertical_oscillation_mm": 3.0,
        "sacral_lean_deg": 0.5,
        "sacral_roll_deg": 0.5,
    }
)
#: Farther apart two contacts are not those of one step, s.
_SAME_STEP_S: Final = 0.06
_PAGE: Final = Path(__file__).with_name("SENSOR_FAULTS.md")
_RATE_HZ: Final = 200.0
_AXES: Final = "+x+y+z"
_RUNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "stood first": "speed=3.2&minutes=0.8&seed=11&rate=200&standing_s=5&lean=6",
        "stood first, and runs a bend": (
            "speed=3.3&minutes=0.8&seed=7&rate=200&standing_s=5&lean=4&bend=36.5@12+14"
        ),
        "runs from the first sample": "speed=3.8&minutes=0.6&seed=5&rate=200&standing_s=0&lean=9",
    }
)


@dataclass(frozen=True)
class Fault:
    """What is wrong: with the readings, the stated axes, or the stated rate."""

    name: str
    spoil: Callable[[Samples], Samples] = lambda samples: samples
    axes: str = _AXES
    rate: float = 1.0  # of the true one
    beside_none: bool = False  # what is right is what a sensor without a gyroscope gives
    later_s: float = 0.0  # by which its clock is set forward in mid-run
    holes: bool = False  # samples are missing: cadence, over ten seconds, is of other strides
    counted_on: bool = False  # and its times do not show it


@dataclass(frozen=True)
class Outcome:
    """What came of it."""

    steps: int
    told: tuple[str, ...]
    flagged: int  # for whatever reason but a missing gyroscope
    trusted: int
    lean: int  # of these, with a lean that is trusted
    wrong: int  # of the trusted


def _gyro(change: Callable[[Array], Array]) -> Callable[[Samples], Samples]:
    def spoil(samples: Samples) -> Samples:
        turning = samples.angular_velocity_rad_s
        assert turning is not None
        return Samples(samples.time_s, samples.acceleration_m_s2, change(turning.copy()))

    return spoil


def _force(change: Callable[[Array], Array]) -> Callable[[Samples], Samples]:
    def spoil(samples: Samples) -> Samples:
        force = change(samples.acceleration_m_s2.copy())
        return Samples(samples.time_s, force, samples.angular_velocity_rad_s)

    return spoil


def _both(change: Callable[[Array], Array]) -> Callable[[Samples], Samples]:
    return lambda samples: _gyro(change)(_force(change)(samples))


def _set(rows: slice, value: float) -> Callable[[Array], Array]:
    def change(values: Array) -> Array:
        values[rows] = value
        return values

    return change


def _freeze(rows: slice) -> Callable[[Array], Array]:
    def change(values: Array) -> Array:
        values[rows] = values[rows.start]
        return values

    return change


def _freeze_axis(rows: slice, axis: int) -> Callable[[Array], Array]:
    def change(values: Array) -> Array:
        values[rows, axis] = values[rows.start, axis]
        return values

    return change


def _zeros(every_s: float, lasts_s: float) -> Callable[[Array], Array]:
    """What a logger writes for packets that it lost, in mid-run."""

    def change(values: Array) -> Array:
        numbers = np.arange(_HOLES.start, _HOLES.stop)
        inside = (numbers - _HOLES.start) / _RATE_HZ % every_s < lasts_s
        values[numbers[inside]] = 0.0
        return values

    return change


def _struck(share: float, values: Array, random: np.random.Generator) -> NDArray[np.int64]:
    return np.flatnonzero((random.random(len(values)) < share) & (np.arange(len(values)) > 1000))


def _random(share: float) -> Callable[[Array], Array]:
    """Samples that were damaged on their way."""

    def change(values: Array) -> Array:
        random = np.random.default_rng(9)
        struck = _struck(share, values, random)
        most = 16.0 * STANDARD_GRAVITY_M_S2
        values[struck] = random.uniform(-most, most, (len(struck), 3))
        return values

    return change


def _more(share: float, by: float, axis: int) -> Callable[[Array], Array]:
    """A bit of some samples was turned."""

    def change(values: Array) -> Array:
        values[_struck(share, values, np.random.default_rng(10)), axis] += by
        return values

    return change


def _every_other(samples: Samples) -> Samples:
    return samples[::2]


def _other_rate(share: float) -> Callable[[Samples], Samples]:
    """So many of its samples a second from mid-run on, at the times they were taken."""

    def spoil(samples: Samples) -> Samples:
        time_s, turning = samples.time_s, samples.angular_velocity_rad_s
        assert turning is not None
        later_s = np.arange(time_s[_LATER.start], time_s[-1], 1.0 / (share * _RATE_HZ))
        taken_s = np.concatenate([time_s[: _LATER.start], later_s])
        readings = np.hstack([samples.acceleration_m_s2, turning])
        taken = np.stack([np.interp(taken_s, time_s, reading) for reading in readings.T], axis=1)
        return Samples(taken_s, taken[:, :3], taken[:, 3:])

    return spoil


def _without(lost: NDArray[np.bool_], samples: Samples) -> Samples:
    kept, turning = np.flatnonzero(~lost), samples.angular_velocity_rad_s
    assert turning is not None
    return Samples(samples.time_s[kept], samples.acceleration_m_s2[kept], turning[kept])


def _holes(every_s: float, lasts_s: float) -> Callable[[Samples], Samples]:
    """So long a hole in every so many seconds, in mid-run."""

    def spoil(samples: Samples) -> Samples:
        time_s = samples.time_s
        inside = (time_s >= time_s[_HOLES.start]) & (time_s < time_s[_HOLES.stop])
        return _without(inside & ((time_s - time_s[_HOLES.start]) % every_s < lasts_s), samples)

    return spoil


def _packets(samples: Samples) -> NDArray[np.int64]:
    """Number of the packet that each sample comes in."""
    return np.arange(len(samples)) // _PACKET


def _struck_packets(share: float, samples: Samples) -> NDArray[np.bool_]:
    """By packet: which ones something happens to, in mid-run."""
    numbers = np.arange(_packets(samples)[-1] + 1)
    struck = np.random.default_rng(7).random(len(numbers)) < share
    return struck & (numbers * _PACKET >= _HOLES.start) & (numbers * _PACKET < _HOLES.stop)


def _packets_lost(share: float) -> Callable[[Samples], Samples]:
    """What comes late by packets with number or time: those before which it came are kept."""
    return lambda samples: _without(_struck_packets(share, samples)[_packets(samples)], samples)


def _packets_moved(offset: int, share: float) -> Callable[[Samples], Samples]:
    """A packet's readings stand where those ``offset`` packets before belong, and nobody knows."""

    def spoil(samples: Samples) -> Samples:
        numbers = np.arange(_packets(samples)[-1] + 1)
        struck = np.flatnonzero(_struck_packets(share, samples))
        for k in struck[struck + 1 < len(numbers) - 1]:
            if offset:
                numbers[[k, k + offset]] = numbers[[k + offset, k]]
            else:
                numbers[k + 1] = numbers[k]
        rows = (numbers[:, None] * _PACKET + np.arange(_PACKET)).ravel()[: len(samples)]
        rows = np.minimum(rows, len(samples) - 1)
        turning = samples.angular_velocity_rad_s
        assert turning is not None
        return Samples(samples.time_s, samples.acceleration_m_s2[rows], turning[rows])

    return spoil


def _clock_set(by_s: float) -> Callable[[Samples], Samples]:
    def spoil(samples: Samples) -> Samples:
        time_s = samples.time_s.copy()
        time_s[_LATER] += by_s
        return Samples(time_s, samples.acceleration_m_s2, samples.angular_velocity_rad_s)

    return spoil


def _clipped(most: float) -> Callable[[Array], Array]:
    return lambda values: np.clip(values, -most, most)


def _at_end(samples: Samples) -> Samples:
    """One sample in ten at ±16 g on an axis, as the sensor says."""
    random, force = np.random.default_rng(8), samples.acceleration_m_s2.copy()
    struck = np.flatnonzero(random.random(len(samples)) < 0.1)
    struck = struck[(struck >= _AWHILE.start) & (struck < _AWHILE.stop + 200)]
    axis = random.integers(0, 3, len(struck))
    force[struck, axis] = np.copysign(16.0 * STANDARD_GRAVITY_M_S2, force[struck, axis])
    quality = samples.quality.copy()
    quality[struck] |= np.uint8(Quality.CLIPPED)
    return Samples(samples.time_s, force, samples.angular_velocity_rad_s, quality)


def _levelled(samples: Samples) -> Samples:
    """The acceleration in axes of the ground, as some programs write it; the gyroscope as it is."""
    from scipy.spatial.transform import Rotation

    rate_hz = (len(samples) - 1) / (samples.time_s[-1] - samples.time_s[0])
    turning = samples.angular_velocity_rad_s
    assert turning is not None
    wxyz = InclinationFilter(rate_hz).push(samples.acceleration_m_s2, turning)
    to_ground = Rotation.from_quat(wxyz, scalar_first=True)
    return Samples(samples.time_s, to_ground.apply(samples.acceleration_m_s2), turning)


def _came_off(samples: Samples) -> Samples:
    """It lies on its side from the middle on, and is clipped on again the other way up."""
    force, turning = samples.acceleration_m_s2.copy(), samples.angular_velocity_rad_s
    assert turning is not None
    turning = turning.copy()
    n = len(samples)
    force[n // 2 : n // 2 + 1600] = np.array([0.0, STANDARD_GRAVITY_M_S2, 0.0])
    force[n // 2 : n // 2 + 1600] += np.random.default_rng(1).normal(0.0, 0.02, (1600, 3))
    turning[n // 2 : n // 2 + 1600] = np.random.default_rng(2).normal(0.0, 0.002, (1600, 3))
    over = np.array([1.0, -1.0, -1.0])
    force[n // 2 + 1600 :] *= over
    turning[n // 2 + 1600 :] *= over
    return Samples(samples.time_s, force, turning)


#: Stretches in mid-run, and samples of a packet: 75 ms.
_LATER: Final = slice(4000, None)
_AWHILE: Final = slice(4000, 4400)
_HOLES: Final = slice(3000, 5500)
_PACKET: Final = 15

FAULTS: Final = (
    Fault("gyroscope: sign of x", _gyro(lambda w: w * [-1.0, 1.0, 1.0])),
    Fault("gyroscope: sign of y", _gyro(lambda w: w * [1.0, -1.0, 1.0])),
    Fault("gyroscope: sign of z", _gyro(lambda w: w * [1.0, 1.0, -1.0])),
    Fault("gyroscope: left-handed, all signs", _gyro(lambda w: -w)),
    Fault("gyroscope: x and y exchanged", _gyro(lambda w: w[:, [1, 0, 2]])),
    Fault("gyroscope: y and z exchanged", _gyro(lambda w: w[:, [0, 2, 1]])),
    Fault("gyroscope: x and z exchanged", _gyro(lambda w: w[:, [2, 1, 0]])),
    Fault("gyroscope: rad/s given as °/s", _gyro(np.radians)),
    Fault("gyroscope: °/s given as rad/s", _gyro(np.degrees)),
    Fault("gyroscope: zeros", _gyro(lambda w: 0.0 * w), beside_none=True),
    Fault("gyroscope: zeros from mid-run on", _gyro(_set(_LATER, 0.0))),
    Fault("gyroscope: frozen from mid-run on", _gyro(_freeze(_LATER))),
    Fault("accelerometer: frozen for 2 s", _force(_freeze(_AWHILE))),
    Fault("all readings frozen for 2 s", _both(_freeze(_AWHILE))),
    Fault("accelerometer: one reading of 1e7", _force(_set(slice(4000, 4001), 1e7))),
    Fault("accelerometer: in g", _force(lambda a: a / STANDARD_GRAVITY_M_S2)),
    Fault(
        "accelerometer: gravity taken out",
        _force(lambda a: a - np.array([0.0, 0.0, STANDARD_GRAVITY_M_S2])),
    ),
    Fault("accelerometer: twice the scale", _force(lambda a: 2.0 * a)),
    Fault("axes stated upside down", axes="+x-y-z"),
    Fault("axes stated back to front", axes="-x-y+z"),
    Fault("axes stated a quarter turned", axes="+y-x+z"),
    Fault("rate stated 4 % too low", rate=0.96),
    Fault("every other sample, the rate as before", _every_other),
    Fault("half the samples from mid-run on, times counted on", _other_rate(0.5), counted_on=True),
    Fault(
        "0.67 of the samples from mid-run on, times counted on", _other_rate(0.67), counted_on=True
    ),
    Fault(
        "1.5 of the samples from mid-run on, times counted on", _other_rate(1.5), counted_on=True
    ),
    Fault("twice the samples from mid-run on, times counted on", _other_rate(2.0), counted_on=True),
    Fault("came off, clipped on upside down", _came_off),
    Fault("gyroscope: twice the scale", _gyro(lambda w: 2.0 * w)),
    Fault("gyroscope: half the scale", _gyro(lambda w: 0.5 * w)),
    Fault("accelerometer: levelled to the ground", _levelled),
    Fault("accelerometer: y stands still from mid-run on", _force(_freeze_axis(_LATER, 1))),
    Fault("gyroscope: x stands still from mid-run on", _gyro(_freeze_axis(_LATER, 0))),
    Fault("gyroscope: y is dead", _gyro(lambda w: w * [1.0, 0.0, 1.0])),
    Fault("accelerometer: ±2 g", _force(_clipped(2.0 * STANDARD_GRAVITY_M_S2))),
    Fault("accelerometer: 0.8 of the scale", _force(lambda a: 0.8 * a)),
    Fault("accelerometer: 1.25 of the scale", _force(lambda a: 1.25 * a)),
    Fault("accelerometer: 0.9 of the scale", _force(lambda a: 0.9 * a)),
    Fault("accelerometer: 1.1 of the scale", _force(lambda a: 1.1 * a)),
    Fault(
        "accelerometer: ends at 1.5 g upwards",
        _force(lambda a: np.minimum(a, 1.5 * STANDARD_GRAVITY_M_S2)),
    ),
)

#: What is missing, at its end, or out of order: flags say it, and nobody is told a cure.
HOLES: Final = (
    Fault("20 ms lost in every second", _holes(1.0, 0.02), holes=True),
    Fault("90 ms lost in every 0.6 s", _holes(0.6, 0.09), holes=True),
    Fault("0.6 s lost in every 3 s", _holes(3.0, 0.6), holes=True),
    Fault("2 s lost in every 6 s", _holes(6.0, 2.0), holes=True),
    Fault("packets of 75 ms lost, or too late, 20 %", _packets_lost(0.2), holes=True),
    Fault(
        "0.1 s lost in every 6 s, times counted on", _holes(6.0, 0.1), holes=True, counted_on=True
    ),
    Fault(
        "50 ms lost in every 4 s, times counted on", _holes(4.0, 0.05), holes=True, counted_on=True
    ),
    Fault("clock set 0.3 s forward", _clock_set(0.3), later_s=0.3, holes=True),
    Fault("clock set 5 s forward", _clock_set(5.0), later_s=5.0, holes=True),
    Fault("accelerometer: ±16 g", _force(_clipped(16.0 * STANDARD_GRAVITY_M_S2))),
    Fault("accelerometer: ±8 g", _force(_clipped(8.0 * STANDARD_GRAVITY_M_S2))),
    Fault("accelerometer: ±4 g", _force(_clipped(4.0 * STANDARD_GRAVITY_M_S2))),
    Fault("accelerometer: ±3 g", _force(_clipped(3.0 * STANDARD_GRAVITY_M_S2))),
    Fault("accelerometer: one sample in ten at ±16 g, for 3 s", _at_end, holes=True),
    Fault("gyroscope: ±1000 °/s", _gyro(_clipped(np.radians(1000.0)))),
    Fault("gyroscope: ±500 °/s", _gyro(_clipped(np.radians(500.0)))),
    Fault("gyroscope: ±125 °/s", _gyro(_clipped(np.radians(125.0)))),
    Fault("gyroscope: ±90 °/s", _gyro(_clipped(np.radians(90.0)))),
    Fault("gyroscope: 20 °/s more about y", _gyro(lambda w: w + np.radians([0.0, 20.0, 0.0]))),
    Fault("gyroscope: frozen for 0.3 s", _gyro(_freeze(slice(4000, 4060)))),
    Fault("zeros for 50 ms in every 2 s", _both(_zeros(2.0, 0.05)), holes=True),
    Fault("zeros for 0.5 s in every 6 s", _both(_zeros(6.0, 0.5)), holes=True),
    Fault("accelerometer: zeros for 50 ms in every 2 s", _force(_zeros(2.0, 0.05)), holes=True),
    Fault("gyroscope: zeros for 0.1 s in every 2 s", _gyro(_zeros(2.0, 0.1)), holes=True),
    Fault(
        "accelerometer: one sample in 200 at random within ±16 g", _force(_random(5e-3)), holes=True
    ),
    Fault(
        "accelerometer: one sample in 200 with 8 g more on x",
        _force(_more(5e-3, 8.0 * STANDARD_GRAVITY_M_S2, 0)),
        holes=True,
    ),
    Fault(
        "gyroscope: one sample in 200 with 15 rad/s more on y",
        _gyro(_more(5e-3, 15.0, 1)),
        holes=True,
    ),
    Fault("packets exchanged, without number and time, 5 %", _packets_moved(1, 0.05)),
    Fault("packets doubled, without number and time, 5 %", _packets_moved(0, 0.05)),
)


def _counted_on(samples: Samples) -> Samples:
    """As a logger without a clock writes what has come: nothing shows what is missing."""
    count = len(samples)
    time_s = samples.time_s[0] + np.arange(count) / _RATE_HZ
    return Samples(time_s, samples.acceleration_m_s2, samples.angular_velocity_rad_s)


def _steps_of(samples: Samples, fault: Fault, rate_hz: float) -> tuple[Steps, tuple[str, ...]]:
    analyzer = StepAnalyzer(fault.rate * rate_hz, axes=fault.axes)
    steps = concatenate([analyzer.push(samples), analyzer.flush()])
    return steps, tuple(analyzer.troubles)


def _wrong(trusted: Steps, true: Steps, fault: Fault) -> int:
    """Trusted steps that have a figure beyond its bound, or no step beside them."""
    wrong = 0
    bounds = {n: bound for n, bound in BOUNDS.items() if not (fault.holes and n == "cadence_spm")}
    for row in trusted.rows:
        apart = np.abs(true.initial_contact_s - row["initial_contact_s"])
        nearest = int(np.argmin(apart)) if len(apart) else 0
        if not len(apart) or apart[nearest] > _SAME_STEP_S:
            wrong += 1
            continue
        beside = true.rows[nearest]
        # NaN differs from nothing: it is told to be not measured
        wrong += any(abs(row[name] - beside[name]) > bound for name, bound in bounds.items())
    return wrong


def outcome_of(fault: Fault, samples: Samples, true: Steps, rate_hz: float) -> Outcome:
    """What comes of a fault, beside the steps of the same run without it."""
    try:
        spoilt = fault.spoil(samples)
        given = _counted_on(spoilt) if fault.counted_on else spoilt
        steps, told = _steps_of(given, fault, rate_hz)
    except InputError as refusal:
        return Outcome(0, (f"refused: {refusal}",), 0, 0, 0, 0)
    trusted = trusted_steps(steps)
    begins_s = trusted.rows["initial_contact_s"]
    if fault.counted_on:
        begins_s[:] = np.interp(begins_s, given.time_s, spoilt.time_s)
    begins_s[begins_s > samples.time_s[_LATER.start]] -= fault.later_s
    flagged = int(np.count_nonzero(steps.quality_bits & np.uint16(~Quality.NO_GYRO & 0xFFFF)))
    lean = int(np.count_nonzero(np.isfinite(trusted.sacral_lean_deg)))
    return Outcome(len(steps), told, flagged, len(trusted), lean, _wrong(trusted, true, fault))


def outcomes(query: str, faults: tuple[Fault, ...] = FAULTS + HOLES) -> list[tuple[str, Outcome]]:
    """The run without a fault, then with each."""
    scenario = Scenario.from_query(query)
    samples, _ = simulate(scenario)
    clean = Fault("none")
    true, _ = _steps_of(samples, clean, scenario.rate)
    alone = Samples(samples.time_s, samples.acceleration_m_s2)
    without, _ = _steps_of(alone, clean, scenario.rate)
    return [
        (fault.name, outcome_of(fault, samples, right, scenario.rate))
        for fault in (clean, *faults)
        for right in (without if fault.beside_none else true,)
    ]


def page() -> str:
    """The page, as Markdown."""
    lines = [
        "# Faults of a sensor",
        "",
        "Written by `python -m benchmarks.sensor_faults`; run it again rather than edit it. A step",
        "is wrong when a trusted figure of it is off from that of the unfaulted run by more than",
        "the accuracy page's bound: "
        + ", ".join(f"{name} {bound:g}" for name, bound in BOUNDS.items())
        + ".",
        "Ranges of the pelvis have no bound there, and are not judged; nor is cadence, which is",
        "that of ten seconds, where samples are missing. Lean and roll that are off after a bend",
        "count too, where the unfaulted run is as little right. Zeros of a gyroscope are none, so",
        "that the run without one stands beside them. Packets that stand in each other's place,",
        "without number or time, are samples like any, and end the list.",
        "An accelerometer that is off by a tenth shows at rest alone, beyond 0.905 to 1.095 g and",
        "with what that sensor is off by itself: one who never stood is told nothing. Where times",
        "were counted, the step within which the rate changes may be trusted.",
        "A gyroscope of another scale shows by how far it turns for what the sensor is thrown",
        "aside, and where the runner stood before by up, which is another then. Of 18 runners at",
        "three speeds (virtual sensors that stood before) and 39 recordings of 20 who jogged with",
        "one at the waist, all in sight when limits were set, none is told anything: twice the",
        "scale is told in 54 of 54 and 36 of 39, half the scale in 38 and 23, a levelled force in",
        "50 and 39, after some 30 steps. Simulated posture hardly changes from stride to stride:",
        "there a levelled force is told in 12 of 80.",
        "A motion model that tips 123 or 179° before the vertical force does what no person did",
        "(−136 to 56°), and just what a gyroscope with the sign of y turned does. It is told, and",
        "rightly, unless it stood before, and both sensors show how it tips forward from there.",
    ]
    for title, query in _RUNS.items():
        lines += [
            "",
            f"## A runner who {title}: `{query}`",
            "",
            "| fault | told | steps | flagged | trusted | with lean | of these wrong |",
            "|---|---|---|---|---|---|---|",
        ]
        for name, found in outcomes(query):
            told = ", ".join(found.told) or "–"
            lines.append(
                f"| {name} | {told} | {found.steps} | {found.flagged} | {found.trusted} |"
                f" {found.lean} | {found.wrong} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the page, and print it."""
    text = page()
    _PAGE.write_text(text, "utf-8")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
