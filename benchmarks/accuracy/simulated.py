"""Every metric against simulated truth, over what a session can be like.

The simulated force belongs to another family of waveforms than the estimators assume. Every case is
another runner, another sensor and another run; a level of one factor is scored over all levels of
the others. The seconds in which the speed changes are scored apart from steady running.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import product
from multiprocessing import get_context
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.tables import Row, Section, row_of_errors
from devices.simulator.generate import SimulatedRun
from devices.simulator.low_pass import low_pass
from devices.simulator.motion import BodyMotion
from devices.simulator.runner import RAMP_S
from devices.simulator.scenario import Scenario
from devices.simulator.sensor import SensorModel
from imu.analyzer import StepAnalyzer
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import Steps, concatenate

__all__ = ["Case", "errors_of_case", "injected_pulse_errors", "match_steps", "sections"]

Array = NDArray[np.float64]
Errors = dict[str, tuple[Array, Array]]  # by metric: estimate minus truth, and their mean

#: Metric, unit, column of the steps table, factor.
_COLUMNS: Final = (
    ("initial contact", "ms", "initial_contact_s", 1e3),
    ("toe-off", "ms", "toe_off_s", 1e3),
    ("step time", "ms", "step_time_s", 1e3),
    ("contact time", "ms", "contact_time_ms", 1.0),
    ("flight time", "ms", "flight_time_ms", 1.0),
    ("cadence", "spm", "cadence_spm", 1.0),
    ("peak vertical force", "BW", "peak_force_bw", 1.0),
    ("impact shock", "g", "impact_shock_g", 1.0),
    ("vertical oscillation", "mm", "vertical_oscillation_mm", 1.0),
    ("braking", "m/s", "braking_m_s", 1.0),
    ("sacral lean", "°", "sacral_lean_deg", 1.0),
    ("sacral roll", "°", "sacral_roll_deg", 1.0),
    ("pelvic tilt range", "°", "pelvic_tilt_range_deg", 1.0),
    ("pelvic obliquity range", "°", "pelvic_obliquity_range_deg", 1.0),
    ("pelvic rotation range", "°", "pelvic_rotation_range_deg", 1.0),
)
_SIDE: Final = "side wrong, named steps"
_MISSED: Final = "steps missed"
_UNITS: Final = {metric: unit for metric, unit, _, _ in _COLUMNS} | {_SIDE: "%", _MISSED: "%"}
#: The metrics of the speed by slope surface.
_SURFACE: Final = (
    "contact time",
    "peak vertical force",
    "impact shock",
    "vertical oscillation",
    "sacral lean",
)

#: Farther apart, an estimated and a true contact are not the same.
_SAME_CONTACT_S: Final = 0.1
#: After the ramp of speed, until the inclination has forgotten it.
_AFTER_RAMP_S: Final = 8.0
STEADY, RAMP, AFTER_RAMP, WITH_GAP = "steady", "ramp", "after the ramp", "with a gap"
_PHASES: Final = {
    STEADY: "steady running",
    RAMP: "speed changing (first and last 2 s)",
    AFTER_RAMP: "8 s after the speed rose",
    WITH_GAP: "steady, steps flagged gap",
}

_STRAIGHT: Final = (0.0, 0.0, 0.0)
_SPEEDS_M_S: Final = (2.5, 3.0, 3.5, 4.5, 5.5)
_SLOPES_DEG: Final = (-10.0, -5.0, 0.0, 5.0)
_MOUNTS_DEG: Final = (_STRAIGHT, (10.0, 15.0, 10.0), (-10.0, -15.0, -10.0))
_RATES_HZ: Final = (100.0, 200.0, 400.0)
#: Noise class, and bias: none, drawn within the data sheet, or every axis at its limit.
_SENSORS: Final = (
    ("ideal", "none"),
    ("icm42688", "drawn"),
    ("bmi270", "none"),
    ("bmi270", "drawn"),
    ("bmi270", "limit"),
)
_LOSSES_PERCENT: Final = (0.0, 2.0)
_ZERO_G_LIMIT_M_S2: Final = 0.020 * STANDARD_GRAVITY_M_S2
_ZERO_RATE_LIMIT_RAD_S: Final = float(np.radians(1.0))
_PACKET_SAMPLES: Final = 8
_LOST_IN_A_ROW: Final = 2.0


@dataclass(frozen=True)
class Case:
    """One simulated session and the sensor that measured it."""

    speed: float = 3.0
    slope: float = 0.0
    mount_deg: tuple[float, float, float] = _STRAIGHT
    rate_hz: float = 200.0
    device: str = "bmi270"
    bias: str = "drawn"
    loss_percent: float = 0.0
    seed: int = 1
    minutes: float = 0.5

    def scenario(self) -> Scenario:
        """The session as the simulator takes it."""
        roll, pitch, yaw = self.mount_deg
        return Scenario(
            speed=self.speed,
            slope=self.slope,
            mount_roll=roll,
            mount_pitch=pitch,
            mount_yaw=yaw,
            rate=self.rate_hz,
            device=self.device,
            seed=self.seed,
            minutes=self.minutes,
        )


def match_steps(found: Steps, true: Steps) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Indices of the steps of both tables that begin together, within 0.1 s."""
    if not len(found) or not len(true):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    apart = np.abs(found.initial_contact_s[:, None] - true.initial_contact_s)
    nearest = np.argmin(apart, axis=1)
    mutual = np.argmin(apart, axis=0)[nearest] == np.arange(len(found))
    close = apart[np.arange(len(found)), nearest] < _SAME_CONTACT_S
    chosen = np.flatnonzero(mutual & close)
    return chosen, nearest[chosen]


def _analyze(samples: Samples, scenario: Scenario) -> Steps:
    analyzer = StepAnalyzer(scenario.rate, Runner(scenario.mass, scenario.height), axes="auto")
    return concatenate([analyzer.push(samples), analyzer.flush()])


def _lose_packets(samples: Samples, percent: float, seed: int) -> Samples:
    """Leave out packets, in runs of two on average."""
    if percent == 0.0:
        return samples
    draws = np.random.default_rng([seed, 30]).random(len(samples) // _PACKET_SAMPLES + 1)
    stay = 1.0 - 1.0 / _LOST_IN_A_ROW
    begin = percent / 100.0 / (1.0 - percent / 100.0) * (1.0 - stay)
    lost = np.zeros(len(draws), np.bool_)
    for k in range(1, len(draws)):
        lost[k] = draws[k] < (stay if lost[k - 1] else begin)
    kept = ~np.repeat(lost, _PACKET_SAMPLES)[: len(samples)]
    rate = samples.angular_velocity_rad_s
    return Samples(
        samples.time_s[kept],
        samples.acceleration_m_s2[kept],
        None if rate is None else rate[kept],
        samples.quality[kept],
    )


def _set_bias(sensor: SensorModel, bias: str, seed: int) -> None:
    if bias == "drawn":
        return
    signs = np.random.default_rng([seed, 31]).choice([-1.0, 1.0], (2, 3))
    most = 0.0 if bias == "none" else 1.0
    sensor.acceleration_bias_m_s2 = most * signs[0] * _ZERO_G_LIMIT_M_S2
    sensor.angular_velocity_bias_rad_s = most * signs[1] * _ZERO_RATE_LIMIT_RAD_S


def errors_of_case(case: Case) -> dict[str, Errors]:
    """Errors of every metric by phase of the run (:data:`STEADY` and the others)."""
    run = SimulatedRun(case.scenario())
    _set_bias(run.sensor, case.bias, case.seed)
    samples = _lose_packets(run.read(run.n_samples), case.loss_percent, case.seed)
    found, true = _analyze(samples, run.scenario), run.truth()
    i, j = match_steps(found, true)
    differences: Errors = {}
    for metric, _, column, factor in _COLUMNS:
        estimate, truth = getattr(found, column)[i] * factor, getattr(true, column)[j] * factor
        differences[metric] = estimate - truth, 0.5 * (estimate + truth)
    named = np.isin(found.side[i], ("L", "R"))
    wrong = np.full(len(i), np.nan)
    wrong[named] = 100.0 * (found.side[i] != true.side[j])[named]
    differences[_SIDE] = wrong, np.zeros(len(wrong))

    begin = true.initial_contact_s
    start, end = run.motion.bouts[0].run_start_s, run.motion.bouts[-1].run_end_s
    ramp = (begin < start + RAMP_S) | (begin + true.step_time_s > end - RAMP_S)
    after = ~ramp & (begin < start + RAMP_S + _AFTER_RAMP_S)
    gap = np.array(["gap" in words for words in found.quality], np.bool_)[i]
    of_phase = {
        RAMP: ramp[j],
        AFTER_RAMP: after[j] & ~gap,
        STEADY: ~(ramp | after)[j] & ~gap,
        WITH_GAP: ~(ramp | after)[j] & gap,
    }
    phases: dict[str, Errors] = {}
    for phase, chosen in of_phase.items():
        phases[phase] = {
            metric: (error[chosen], mean[chosen]) for metric, (error, mean) in differences.items()
        }
    missed = np.ones(len(true), np.bool_)
    missed[j] = False
    for phase, chosen in ((RAMP, ramp), (AFTER_RAMP, after), (STEADY, ~(ramp | after))):
        share = np.where(missed[chosen], 100.0, 0.0)
        phases[phase][_MISSED] = (share, np.zeros(len(share)))
    return phases


def _grid(*, quick: bool) -> list[Case]:
    """All combinations, each with a seed of its own: another runner, another sensor."""
    speeds, slopes, mounts, rates, sensors = (
        ((2.5, 3.5), (-5.0, 0.0), _MOUNTS_DEG[:2], (200.0,), _SENSORS[::3])
        if quick
        else (_SPEEDS_M_S, _SLOPES_DEG, _MOUNTS_DEG, _RATES_HZ, _SENSORS)
    )
    levels = product(speeds, slopes, mounts, rates, sensors, _LOSSES_PERCENT)
    return [
        Case(speed, slope, mount, rate, device, bias, loss, seed=number + 1)
        for number, (speed, slope, mount, rate, (device, bias), loss) in enumerate(levels)
    ]


def sections(data: Path, *, quick: bool) -> list[Section]:  # noqa: ARG001
    """Error surfaces, shock repeatability and injected pulses; ``data`` is not needed."""
    cases = _grid(quick=quick)
    if quick:
        results = [errors_of_case(case) for case in cases]
    else:
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            results = list(pool.map(errors_of_case, cases, chunksize=16))
    scored = list(zip(cases, results, strict=True))
    return [
        _overall(scored),
        *(_by_factor(scored, name, title, label) for name, title, label in _FACTORS),
        _speed_by_slope(scored),
        _shock_section(quick=quick),
    ]


Scored = Sequence[tuple[Case, dict[str, Errors]]]


def _pooled(
    scored: Scored, metric: str, condition: str, wanted: Callable[[Case], bool], phase: str = STEADY
) -> Row:
    nothing = np.empty(0), np.empty(0)
    chosen = [result[phase].get(metric, nothing) for case, result in scored if wanted(case)]
    errors = [error for error, _ in chosen] or [np.empty(0)]
    means = [mean for _, mean in chosen] or [np.empty(0)]
    return row_of_errors(
        metric,
        condition,
        _UNITS[metric],
        np.concatenate(errors),
        trials=errors,
        means=np.concatenate(means),
    )


def _overall(scored: Scored) -> Section:
    rows: list[Row] = []
    for metric in _UNITS:
        for phase, words in _PHASES.items():
            row = _pooled(scored, metric, words, lambda _: True, phase)
            rows.append(_with_goal(row) if phase == STEADY else row)
    rows += _lumbar_rows(quick=len(scored) < 100)
    return Section(
        "Simulated truth",
        f"{len(scored)} runs of half a minute, each another runner: all combinations of speed, "
        "slope, mounting, rate, sensor, bias and loss; axes found by the chain. The truth is the "
        "simulator's own, with a force waveform of another family than the estimators assume.",
        rows,
        cannot_see=(
            "A simulated runner is as regular as the model behind it: skin motion, turns, uneven "
            "ground and stumbles are not in it.",
        ),
    )


def _with_goal(row: Row) -> Row:
    goals: dict[str, tuple[str, bool]] = {
        "cadence": ("RMSE ≤ 0.3 spm", row.rmse <= 0.3),
        "vertical oscillation": (
            "bias ≤ 1.5, SD ≤ 3 mm",
            abs(row.bias) <= 1.5 and row.sd <= 3.0,
        ),
        "sacral lean": ("RMSE ≤ 0.5°", row.rmse <= 0.5),
        _SIDE: ("≤ 2 %", row.bias <= 2.0),
    }
    if row.metric not in goals or not row.n:
        return row
    goal, met = goals[row.metric]
    return replace(row, goal=goal, goal_met=met)


_FACTORS: Final = (
    ("speed", "speed", lambda value: f"{value:g} m/s"),
    ("slope", "slope", lambda value: f"{value:+g}°"),
    (
        "mount_deg",
        "mounting",
        lambda v: f"rolled {v[0]:+g}°, pitched {v[1]:+g}°, turned {v[2]:+g}°",
    ),
    ("rate_hz", "rate", lambda value: f"{value:g} Hz"),
    ("device", "noise", str),
    ("bias", "bias", lambda value: f"bias {value}"),
    ("loss_percent", "loss", lambda value: f"{value:g} % of packets lost"),
)


def _by_factor(scored: Scored, name: str, title: str, label: Callable[[object], str]) -> Section:
    levels = list(dict.fromkeys(getattr(case, name) for case, _ in scored))
    rows = [
        _pooled(scored, metric, label(level), _at_level(name, level))
        for metric in _UNITS
        for level in levels
    ]
    return Section(
        f"Simulated truth, by {title}",
        "Steady running, over all levels of the other factors.",
        rows,
    )


def _at_level(name: str, level: object) -> Callable[[Case], bool]:
    return lambda case: getattr(case, name) == level


def _speed_by_slope(scored: Scored) -> Section:
    pairs = list(dict.fromkeys((case.speed, case.slope) for case, _ in scored))
    rows = [
        _pooled(scored, metric, f"{speed:g} m/s, {slope:+g}°", _at_speed_and_slope(speed, slope))
        for metric in _SURFACE
        for speed, slope in pairs
    ]
    return Section(
        "Simulated truth, by speed and slope", "Steady running, over all other factors.", rows
    )


def _at_speed_and_slope(speed: float, slope: float) -> Callable[[Case], bool]:
    return lambda case: (case.speed, case.slope) == (speed, slope)


# ---- the lumbar index, which needs a baseline of minutes


def _lumbar_rows(*, quick: bool) -> list[Row]:
    cases = [
        Case(speed=speed, seed=900 + k, minutes=9.0)
        for k, speed in enumerate((3.0,) if quick else (2.5, 3.0, 3.5, 4.5))
    ]
    rows = []
    for fatigue in ("none", "lean"):
        parts, means = [], []
        for case in cases:
            minutes = 9.0 if fatigue == "none" else 13.0
            run = SimulatedRun(replace(case.scenario(), fatigue=fatigue, minutes=minutes))
            found, true = _analyze(run.read(run.n_samples), run.scenario), run.truth()
            i, j = match_steps(found, true)
            parts.append(found.lumbar_index[i] - true.lumbar_index[j])
            means.append(0.5 * (found.lumbar_index[i] + true.lumbar_index[j]))
        what = "steady running" if fatigue == "none" else "lean rising by 4 to 6° with fatigue"
        rows.append(
            row_of_errors(
                "lumbar index",
                what,
                "% of baseline",
                np.concatenate(parts),
                trials=parts,
                means=np.concatenate(means),
            )
        )
    return rows


# ---- impact shock: what can be shown of it


_TILTED: Final = (10.0, 15.0, 10.0)
_TILTED_BACK: Final = (-10.0, -15.0, -10.0)
_HERE: Final = (0.0, 0.0, 0.0)
#: How the second sensor of a body sits: device, seed, mounting, and from the first one, m.
_SECOND_SENSORS: Final = (
    ("same place and mounting, another unit", "bmi270", 71, _STRAIGHT, _HERE),
    ("same place, mounted 15° off, another unit", "bmi270", 72, _TILTED, _HERE),
    ("3 cm to the left, another make", "lsm6dso", 73, _STRAIGHT, (0.0, 0.03, 0.0)),
    ("4 cm higher, 15° off, another make", "icm42688", 74, _TILTED_BACK, (0.0, 0.0, 0.04)),
)
_AGREEMENT: Final = (
    ("impact shock", "g", "impact_shock_g"),
    ("peak vertical force", "BW", "peak_force_bw"),
    ("contact time", "ms", "contact_time_ms"),
    ("sacral lean", "°", "sacral_lean_deg"),
)
_PULSE_WIDTHS_MS: Final = (10.0, 20.0, 40.0)
_PULSE_SIZES_G: Final = (0.5, 1.0, 2.0, 4.0)
_PULSE_DELAY_S: Final = 0.020
_DEFINITION_RATE_HZ: Final = 1000.0
_SHOCK_CUTOFF_HZ: Final = 20.0
_SHOCK_WINDOW_S: Final = 0.080


def _shock_section(*, quick: bool) -> Section:
    rows = [*_agreement_rows(quick=quick)]
    rates = (200.0,) if quick else _RATES_HZ
    for rate, width in product(rates, _PULSE_WIDTHS_MS):
        parts, means = [], []
        for size in _PULSE_SIZES_G:
            error, mean = injected_pulse_errors(size, width, rate)
            parts.append(error)
            means.append(mean)
        rows.append(
            row_of_errors(
                "impact shock",
                f"injected half-sine of {width:g} ms, 0.5 to 4 g, {rate:g} Hz",
                "g",
                np.concatenate(parts),
                trials=parts,
                means=np.concatenate(means),
            )
        )
    return Section(
        "Impact shock",
        "No public recording has a truth for it. Shown instead: what two sensors on one simulated "
        "body disagree by, step by step, and what the chain reads where a pulse of known size was "
        "added to the vertical specific force at contact, against the definition (the largest "
        "value below 20 Hz within 80 ms of contact).",
        rows,
        cannot_see=("Whether shock at the sacrum tells anything of the load on the spine.",),
    )


def _agreement_rows(*, quick: bool) -> list[Row]:
    scenarios = [
        Scenario(speed=speed, slope=slope, minutes=1.0, seed=70)
        for speed, slope in (((3.0, 0.0),) if quick else product((2.5, 3.5, 4.5), (-5.0, 0.0)))
    ]
    rows = []
    for title, device, seed, mount, place in _SECOND_SENSORS:
        parts: dict[str, list[Array]] = {metric: [] for metric, _, _ in _AGREEMENT}
        for scenario in scenarios:
            run = SimulatedRun(scenario)
            first = _analyze(run.read(run.n_samples), scenario)
            roll, pitch, yaw = mount
            other = replace(
                scenario,
                device=device,
                seed=seed,
                mount_roll=roll,
                mount_pitch=pitch,
                mount_yaw=yaw,
            )
            second = _analyze(_readings(run.motion, other, place), other)
            i, j = match_steps(second, first)
            settled = (
                first.initial_contact_s[j]
                > run.motion.bouts[0].run_start_s + RAMP_S + _AFTER_RAMP_S
            )
            for metric, _, column in _AGREEMENT:
                apart = getattr(second, column)[i] - getattr(first, column)[j]
                parts[metric].append(apart[settled])
        rows += [
            row_of_errors(
                metric, f"two sensors, {title}", unit, np.concatenate(parts[metric]),
                trials=parts[metric],
            )
            for metric, unit, _ in _AGREEMENT
        ]  # fmt: skip
    return rows


def _readings(motion: BodyMotion, scenario: Scenario, place_m: Sequence[float]) -> Samples:
    """What another sensor measures of the same motion, at another place of the rigid pelvis."""
    time = np.arange(int(motion.duration_s * scenario.rate)) / scenario.rate
    here = motion.at(time)
    step = 1e-4
    turning = (
        motion.at(time + step).angular_velocity_rad_s
        - motion.at(time - step).angular_velocity_rad_s
    ) / (2.0 * step)
    rate, lever = here.angular_velocity_rad_s, np.asarray(place_m)
    force = here.specific_force_m_s2 + np.cross(turning, lever)
    force += np.cross(rate, np.cross(rate, lever))
    return Samples(time, *SensorModel(scenario).measure(force, rate, 0))


def injected_pulse_errors(size_g: float, width_ms: float, rate_hz: float) -> tuple[Array, Array]:
    """Shock read less shock by definition, where every contact carries a known pulse, g.

    Parameters
    ----------
    size_g, width_ms : float
        Height and width of the half-sine added to the vertical specific force 20 ms after contact.
    rate_hz : float
        Rate of the (error-free) sensor.

    Returns
    -------
    error, mean : ndarray
        By step of steady running.
    """
    scenario = Scenario(speed=3.0, minutes=0.5, seed=80, device="ideal", rate=rate_hz)
    run = SimulatedRun(scenario)
    samples = run.read(run.n_samples)
    true = run.truth()
    contacts = true.initial_contact_s

    def pulses(time_s: Array) -> Array:
        since = time_s - contacts[np.maximum(np.searchsorted(contacts, time_s) - 1, 0)]
        phase = (since - _PULSE_DELAY_S) / (width_ms / 1000.0)
        inside = (phase > 0.0) & (phase < 1.0)
        return np.where(inside, size_g * np.sin(np.pi * np.clip(phase, 0.0, 1.0)), 0.0)

    upward = run.motion.at(samples.time_s).rotation[:, 2, :]
    added = upward * pulses(samples.time_s)[:, None] * STANDARD_GRAVITY_M_S2
    struck = Samples(
        samples.time_s, samples.acceleration_m_s2 + added, samples.angular_velocity_rad_s
    )
    found = _analyze(struck, scenario)
    fine_s = np.arange(int(run.motion.duration_s * _DEFINITION_RATE_HZ)) / _DEFINITION_RATE_HZ
    felt = run.motion.at(fine_s).acceleration_m_s2[:, 2] / STANDARD_GRAVITY_M_S2 + 1.0
    below = low_pass(felt + pulses(fine_s), _DEFINITION_RATE_HZ, _SHOCK_CUTOFF_HZ)
    i, j = match_steps(found, true)
    steady = (contacts[j] > run.motion.bouts[0].run_start_s + RAMP_S) & (
        contacts[j] < run.motion.bouts[-1].run_end_s - RAMP_S
    )
    i, j = i[steady], j[steady]
    expected = np.array([_largest(below, contact) for contact in contacts[j]])
    read = found.impact_shock_g[i]
    return read - expected, 0.5 * (read + expected)


def _largest(below_20hz: Array, contact_s: float) -> float:
    first = int(np.ceil(contact_s * _DEFINITION_RATE_HZ))
    last = first + int(_SHOCK_WINDOW_S * _DEFINITION_RATE_HZ)
    return float(below_20hz[first : last + 1].max())
