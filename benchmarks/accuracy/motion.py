"""Motion of the pelvis against optical markers, through virtual sacral sensors.

Each recorded trial is measured by many sensors: ideal and consumer ones, well and badly mounted, at
several places on the pelvis and several rates. Truth comes from the markers over the same steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.tables import Missing, Row, Section, row_of_errors
from benchmarks.recordings import MarkerTrial
from benchmarks.virtual_sensor import PelvisMotion, pelvis_motions, virtual_sensor
from imu.analyzer import StepAnalyzer
from imu.steps import Steps, concatenate

__all__ = ["Placement", "errors_of", "measure", "sections"]

Array = NDArray[np.float64]
Errors = dict[str, tuple[Array, Array]]  # by metric: estimate minus truth, and their mean

_STANDING_S: Final = 6.0
_CADENCE_WINDOW_S: Final = 10.0

#: Metric, unit, published reference.
_METRICS: Final = (
    ("vertical oscillation", "mm", ""),
    ("cadence", "spm", "goal error < 0.5 spm in practice"),
    ("side wrong, named steps", "%", "about 18 % of single steps"),
    ("sacral lean", "°", "0.3° Kalman at the sacrum (2025)"),
    ("sacral roll", "°", ""),
    ("pelvic tilt range", "°", ""),
    ("pelvic obliquity range", "°", ""),
    ("pelvic rotation range", "°", ""),
)
_ANGLES: Final = (
    ("lean_deg", "sacral_lean_deg", "sacral lean", "pelvic_tilt_range_deg", "pelvic tilt range"),
    (
        "roll_deg",
        "sacral_roll_deg",
        "sacral roll",
        "pelvic_obliquity_range_deg",
        "pelvic obliquity range",
    ),
)

_STRAIGHT: Final = (0.0, 0.0, 0.0)
#: Roll, pitch and yaw of the sensor on the body, degrees.
_MOUNTS: Final = (
    _STRAIGHT,
    (0.0, 15.0, 0.0),
    (10.0, 0.0, 0.0),
    (0.0, 0.0, 10.0),
    (10.0, 15.0, 10.0),
    (-10.0, -15.0, -10.0),
)
#: Forward, left and up from the PSIS midpoint, m.
_PLACES: Final = (
    (0.0, 0.0, 0.0),
    (0.0, 0.04, 0.0),
    (0.0, 0.0, 0.06),
    (-0.02, -0.03, -0.03),
)
_RATES_HZ: Final = (100.0, 200.0, 400.0)
_CONSUMER: Final = ("bmi270", "icm42688", "lsm6dso")


@dataclass(frozen=True)
class Placement:
    """One sensor on one pelvis, and how the chain is told about it."""

    device: str = "ideal"
    seed: int = 1
    mount_deg: tuple[float, float, float] = _STRAIGHT
    place_m: tuple[float, float, float] = _PLACES[0]
    rate_hz: float = 200.0
    axes: str = "auto"
    standing_s: float = _STANDING_S

    @property
    def clean(self) -> bool:
        """Whether the sensor has no error."""
        return self.device == "ideal"


@dataclass(frozen=True)
class _Condition:
    """Which trials and placements a row pools; None takes all."""

    title: str
    trial: str | None = None
    clean: bool | None = None
    auto: bool | None = True
    stood: bool | None = True
    turned: bool | None = None
    rate_hz: float | None = None
    mount_deg: tuple[float, float, float] | None = None
    place_m: tuple[float, float, float] | None = None
    has_goal: bool = False

    def holds(self, trial: str, p: Placement) -> bool:
        """Whether this trial with this placement belongs to it."""
        of_the_cell = (
            (self.trial, trial),
            (self.clean, p.clean),
            (self.auto, p.axes == "auto"),
            (self.stood, p.standing_s > 0.0),
            (self.turned, p.mount_deg[2] != 0.0),
            (self.rate_hz, p.rate_hz),
            (self.mount_deg, p.mount_deg),
            (self.place_m, p.place_m),
        )
        return all(wanted is None or wanted == value for wanted, value in of_the_cell)


def measure(trial: MarkerTrial, axes: str) -> Steps:
    """The steps of a virtual sensor; stated axes are corrected from standing where it stood."""
    neutral = trial.standing_up if axes != "auto" else None
    analyzer = StepAnalyzer(trial.rate_hz, axes=axes, neutral_up=neutral)
    return concatenate([analyzer.push(trial.samples), analyzer.flush()])


def errors_of(trial: MarkerTrial, steps: Steps) -> Errors:
    """Estimate minus truth of every metric, over the steps that run as recorded."""
    time, begin = trial.samples.time_s, steps.initial_contact_s
    end = begin + steps.step_time_s
    scored = (begin >= trial.running_s) & (end <= time[-1])
    windows = [
        slice(*np.searchsorted(time, (a, b)))
        for a, b in zip(begin[scored], end[scored], strict=True)
    ]

    def over_steps(values: Array, reduce: Callable[[Array], float]) -> Array:
        return np.array([reduce(values[window]) for window in windows])

    pairs: dict[str, tuple[Array, Array]] = {
        "vertical oscillation": (
            steps.vertical_oscillation_mm[scored],
            over_steps(trial.height_mm, np.ptp),
        ),
        "cadence": (steps.cadence_spm[scored], _true_cadence(trial, steps)[scored]),
    }
    for truth, angle, name, span, span_name in _ANGLES:
        values = getattr(trial, truth)
        pairs[name] = getattr(steps, angle)[scored], over_steps(values, np.mean)
        pairs[span_name] = getattr(steps, span)[scored], over_steps(values, np.ptp)
    pairs["pelvic rotation range"] = (
        steps.pelvic_rotation_range_deg[scored],
        over_steps(trial.yaw_deg, np.ptp),
    )
    errors = {name: (found - true, 0.5 * (found + true)) for name, (found, true) in pairs.items()}
    wrong = _wrong_side(trial, steps)[scored]
    errors["side wrong, named steps"] = (100.0 * wrong, np.zeros_like(wrong))
    return errors


def _crossing_times(trial: MarkerTrial) -> Array:
    """When one heel rises above the other: once a step."""
    apart = trial.heel_height_mm[:, 0] - trial.heel_height_mm[:, 1]
    change = np.flatnonzero(apart[:-1] * apart[1:] < 0.0)
    part = apart[change] / (apart[change] - apart[change + 1])
    time = trial.samples.time_s
    return np.asarray(time[change] + part * (time[change + 1] - time[change]))


def _true_cadence(trial: MarkerTrial, steps: Steps) -> Array:
    """Steps per minute of the heels over the same whole strides of the last 10 s.

    NaN before there are 10 s. Each step is known by its crossing of the heels, the last before
    its mid-stance.
    """
    crossings = _crossing_times(trial)
    middle = 0.5 * (steps.initial_contact_s + steps.toe_off_s)
    index = np.searchsorted(crossings, middle) - 1
    end = steps.initial_contact_s + steps.step_time_s
    result = np.full(len(steps), np.nan)
    for k in range(len(steps) - 1):
        first = int(np.searchsorted(steps.initial_contact_s, end[k] - _CADENCE_WINDOW_S))
        count = k + 1 - first
        count -= count % 2
        first = k + 1 - count
        if end[k] - _CADENCE_WINDOW_S < steps.initial_contact_s[0] or index[first] < 0:
            continue
        if index[k + 1] - index[first] == count:  # no step missed or invented
            time = crossings[index[k + 1]] - crossings[index[first]]
            result[k] = 60.0 * count / time
    return result


def _wrong_side(trial: MarkerTrial, steps: Steps) -> Array:
    """1 where a step is named after the other foot, 0 where right, NaN where not named."""
    wrong = np.full(len(steps), np.nan)
    for k in range(len(steps)):
        if steps.side[k] in "LR":
            middle = 0.5 * (steps.initial_contact_s[k] + steps.toe_off_s[k])
            right, left = trial.heel_height_mm[np.searchsorted(trial.samples.time_s, middle)]
            wrong[k] = float(steps.side[k] != ("L" if left < right else "R"))
    return wrong


def _placements(*, quick: bool) -> list[Placement]:
    devices = [("ideal", 1), ("bmi270", 1)]
    mounts: Sequence[tuple[float, float, float]] = (_MOUNTS[0], _MOUNTS[4])
    rates: Sequence[float] = (200.0,)
    if not quick:
        devices = [("ideal", 1), *product(_CONSUMER, (1, 2, 3))]
        mounts, rates = _MOUNTS, _RATES_HZ
    placements = [
        Placement(device, seed, mount, _PLACES[0], rate, axes)
        for (device, seed), mount, rate, axes in product(devices, mounts, rates, ("auto", "+x+y+z"))
    ]
    for (device, seed), place in product(devices, _PLACES[1:]):
        placements.append(Placement(device, seed, place_m=place))
    # the clip-on that is switched on during the run
    placements += [Placement(d, s, axes="+x+y+z", standing_s=0.0) for d, s in devices]
    return placements


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Every metric of pelvic motion on ``treadmill_mocap/``."""
    about = (
        "30 s of treadmill running with optical pelvis markers (Fukuchi 2017), measured by virtual "
        "sacral sensors: position and orientation are splines through the markers, so the truth is "
        "that of the samples. Where the sensor stood before the run, 6 s of standing in an assumed "
        "neutral (the run's mean less 5° lean and 1° roll) are put before it, and lean and roll "
        "are counted from there. Consumer sensors have noise, ±20 mg and ±1 °/s of bias, scale "
        "errors and misalignment."
    )
    motions = pelvis_motions(data)
    folder = data / "treadmill_mocap"
    if not motions:
        missing = [Missing("treadmill running with pelvis markers", str(folder))]
        return [Section("Pelvic motion", about, [], missing)]
    cells = [
        (motion.name, placement, _errors_of_placement(motion, placement))
        for motion, placement in product(motions, _placements(quick=quick))
    ]
    conditions = _conditions(motions, [placement for _, placement, _ in cells])
    rows = [
        _row(metric, unit, reference, condition, cells)
        for metric, unit, reference in _METRICS
        for condition in conditions
    ]
    return [
        Section(
            "Pelvic motion",
            about,
            rows,
            cannot_see=(
                "Pelvis markers move on the skin like a sensor does; that motion counts as truth.",
                "How the runners of these trials stood was not recorded: the neutral is assumed, so"
                " an error of standing itself (another posture than usual) is not in the figures.",
                "Two runners on a treadmill: no bends, no hills, no change of speed.",
            ),
        )
    ]


def _errors_of_placement(motion: PelvisMotion, placement: Placement) -> Errors:
    trial = virtual_sensor(
        motion,
        rate_hz=placement.rate_hz,
        mount_deg=placement.mount_deg,
        offset_m=placement.place_m,
        device=placement.device,
        seed=placement.seed,
        standing_s=placement.standing_s,
    )
    return errors_of(trial, measure(trial, placement.axes))


def _conditions(
    motions: Sequence[PelvisMotion], placements: Iterable[Placement]
) -> list[_Condition]:
    conditions = []
    for clean, kind in ((True, "clean"), (False, "consumer")):
        conditions.append(
            _Condition(f"{kind}, auto axes, all mounts, places, rates", clean=clean, has_goal=True)
        )
        conditions += [
            _Condition(
                f"{kind}, auto axes: {motion.name}, {motion.speed_m_s:g} m/s",
                trial=motion.name,
                clean=clean,
                has_goal=True,
            )
            for motion in motions
        ]
        stated = f"{kind}, axes stated, tilt corrected from standing"
        conditions += [
            _Condition(stated, clean=clean, auto=False, turned=False, has_goal=True),
            _Condition(f"{stated}, 10° turned", clean=clean, auto=False, turned=True),
            _Condition(
                f"{kind}, axes stated, switched on in the run",
                clean=clean,
                auto=False,
                stood=False,
            ),
        ]
    seen = list(placements)
    conditions += [
        _Condition(f"all sensors, auto axes, {rate:g} Hz", rate_hz=rate)
        for rate in sorted({p.rate_hz for p in seen})
    ]
    for mount in sorted({p.mount_deg for p in seen}):
        roll, pitch, yaw = mount
        title = f"all sensors, auto axes, rolled {roll:+g}°, pitched {pitch:+g}°, turned {yaw:+g}°"
        conditions.append(_Condition(title, mount_deg=mount))
    for place in sorted({p.place_m for p in seen}):
        x, y, z = (round(100.0 * metres) for metres in place)
        title = f"all sensors, auto axes, {x:+d} cm forward, {y:+d} cm left, {z:+d} cm up"
        conditions.append(_Condition(title, place_m=place))
    return conditions


def _row(
    metric: str,
    unit: str,
    reference: str,
    condition: _Condition,
    cells: Iterable[tuple[str, Placement, Errors]],
) -> Row:
    chosen = [errors[metric] for trial, p, errors in cells if condition.holds(trial, p)]
    errors = [error for error, _ in chosen] or [np.empty(0)]
    means = [mean for _, mean in chosen] or [np.empty(0)]
    row = row_of_errors(
        metric,
        condition.title,
        unit,
        np.concatenate(errors),
        trials=errors,
        means=np.concatenate(means),
        reference=reference,
    )
    goal, met = _goal(metric, clean=condition.clean is True)
    if not condition.has_goal or met is None or not row.n:
        return row
    return replace(row, goal=goal, goal_met=met(row))


def _goal(metric: str, *, clean: bool) -> tuple[str, Callable[[Row], bool] | None]:
    if metric == "vertical oscillation":
        return "bias ≤ 1.5, SD ≤ 3 mm", lambda row: abs(row.bias) <= 1.5 and row.sd <= 3.0
    if metric == "cadence":
        return "RMSE ≤ 0.3 spm", lambda row: row.rmse <= 0.3
    if metric == "side wrong, named steps":
        return "≤ 2 %", lambda row: row.bias <= 2.0
    if metric == "sacral lean":
        limit = 0.3 if clean else 0.5
        return f"RMSE ≤ {limit:g}°", lambda row: row.rmse <= limit
    return "", None
