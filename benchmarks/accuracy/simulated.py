"""Every metric against simulated truth: speeds and slopes at which no runner was recorded.

Every case is another runner, another sensor and another run. The seconds in which the speed changes
are scored apart from steady running. A simulated runner is no evidence about people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.tables import SELF_CONSISTENCY, SIMULATED, Row, Section, row_of_errors
from devices.simulator.generate import SimulatedRun
from devices.simulator.runner import RAMP_S
from devices.simulator.scenario import Scenario
from devices.simulator.sensor import SensorModel
from imu.analyzer import StepAnalyzer
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.steps import Steps, concatenate

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
#: Farther apart, an estimated and a true contact are not the same.
_SAME_CONTACT_S: Final = 0.1
#: After the ramp of speed, until the inclination has forgotten it.
AFTER_RAMP_S: Final = 8.0
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
_RUNNERS_EACH: Final = 3
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


def found_steps(samples: Samples, scenario: Scenario) -> Steps:
    """The chain over a simulated session, axes found by itself."""
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
    found, true = found_steps(samples, run.scenario), run.truth()
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
    after = ~ramp & (begin < start + RAMP_S + AFTER_RAMP_S)
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
    """Speed by slope by loss, several runners each; mounting, rate and sensor go round."""
    speeds, slopes, runners = (
        ((2.5, 3.5), (-5.0, 0.0), 1) if quick else (_SPEEDS_M_S, _SLOPES_DEG, _RUNNERS_EACH)
    )
    levels = product(range(runners), speeds, slopes, _LOSSES_PERCENT)
    cases = []
    for number, (_, speed, slope, loss) in enumerate(levels):
        device, bias = _SENSORS[number % len(_SENSORS)]
        cases.append(
            Case(
                speed,
                slope,
                _MOUNTS_DEG[number // 2 % len(_MOUNTS_DEG)],
                _RATES_HZ[number // 3 % len(_RATES_HZ)],
                device,
                bias,
                loss,
                seed=number + 1,
            )
        )
    return cases


def sections(data: Path, *, quick: bool) -> list[Section]:  # noqa: ARG001
    """Errors by phase, speed and slope, and the lumbar index; ``data`` is not needed."""
    scored = [(case, errors_of_case(case)) for case in _grid(quick=quick)]
    return [
        _overall(scored, quick=quick),
        *(_by_factor(scored, name, title, label) for name, title, label in _FACTORS),
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


def _overall(scored: Scored, *, quick: bool) -> Section:
    rows: list[Row] = []
    for metric in _UNITS:
        for phase, words in _PHASES.items():
            row = _pooled(scored, metric, words, lambda _: True, phase)
            rows.append(_with_goal(row) if phase == STEADY else row)
    rows += _lumbar_rows(quick=quick)
    return Section(
        "Simulated truth",
        f"{len(scored)} runs of half a minute, each another runner: all combinations of speed, "
        "slope and loss, with mounting, rate and sensor going round; axes found by the chain. The "
        "truth is the simulator's own. Contact and force say how far simulator and chain agree.",
        rows,
        cannot_see=(
            "A simulated runner is as regular as the model behind it: skin motion, turns, uneven "
            "ground and stumbles are not in it.",
        ),
        people=SIMULATED,
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
        people=SIMULATED,
    )


def _at_level(name: str, level: object) -> Callable[[Case], bool]:
    return lambda case: getattr(case, name) == level


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
            found, true = found_steps(run.read(run.n_samples), run.scenario), run.truth()
            i, j = match_steps(found, true)
            parts.append(found.lumbar_index[i] - true.lumbar_index[j])
            means.append(0.5 * (found.lumbar_index[i] + true.lumbar_index[j]))
        what = "steady running" if fatigue == "none" else "lean rising by 4 to 6° with fatigue"
        row = row_of_errors(
            "lumbar index",
            what,
            "% of baseline",
            np.concatenate(parts),
            trials=parts,
            means=np.concatenate(means),
        )
        rows.append(replace(row, people=SELF_CONSISTENCY))
    return rows
