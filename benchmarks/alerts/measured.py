"""The measured model: people, and how their indicators wander in an hour, from public runs.

Written down and frozen before the detector was changed for it. It shares no table with ``imu/`` and
none with :mod:`benchmarks.alerts.model`, whose guesses stay as a column of their own.

**Measured** (159 outdoor runs of at least 35 minutes at one speed, 14 people, 102 hours, figures of
watches, straps and waistband pods, a person's own slope on speed and grade taken out):

* Slow part: an Ornstein-Uhlenbeck process with a time constant of 2 to 2.5 min and, on top, a drift
  of either sign. Its spread and the drift's reproduce the differences of one-minute means that were
  measured 20 min apart (RMS 1.6, 3.4 and 1.9 %): cadence 1.1 % and 2 %/h, oscillation 2.3 % and
  5 %/h, contact 1.3 % and 2.4 %/h, what comes along with the cadence included. Between people the
  spread is log-normal, so that fourteen of them span what was seen (cadence 0.5–1.75 %, oscillation
  1.2–3.6 %, contact 0.65–3.1 %).
* Couplings, percent a percent: oscillation on cadence −1.8, contact on cadence −0.7 to −0.9,
  oscillation on speed +0.2 to +0.5.
* On a treadmill contact and peak settle over 11 to 17 min, the shock in less than one
  (preprint 202601.2214).
* By speed, from force plates: contact falls from 265 to 216 ms between 2.5 and 3.33 m/s, the peak
  rises from 2.1 to 2.4 body weights, cadence by a seventh from 3 to 5 m/s.
* By slope, one runner: shock 3.1 g on the level, 3.9 g at −5°, its power 0.139 g², 0.249 down and
  0.071 up.

**Assumed**, since nobody has measured them over an hour: shock, shock power, peak, lean, pelvic
ranges, regularity and the left/right difference keep the spreads of the older model at its 1.5 %,
with a time constant of 2 to 2.5 min and a drift of 2 to 5 %/h (0.7°/h for the lean). Heavy tails
are assumed everywhere: the increments of the slow part are those of Student's t with four degrees
of freedom, step noise has one step in fifty at four times its size. Personal factors of all
couplings are 1 ± 0.35. From day to day levels differ by 1 to 3 %, the lean by 0.8°.

An hour is made step by step, so that the detector and the coach meet it as they ship; what the
runner does in it (speed, slope, surface, stops, bends) is :mod:`benchmarks.alerts.scenarios`'s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.samples import Quality
from imu.steps import STEP_ROW, Steps

Array = NDArray[np.float64]

_STEP_S: Final = 0.35  # about; the course is laid out on it and stretched by the cadence
_TAIL_DEGREES: Final = 4.0
_USUAL_SPEED_M_S: Final = 3.0

#: Spread of the slow part, %, and the log-normal spread of that between people; drift, %/h. Of
#: oscillation and contact that part which does not come with the cadence: the whole is as measured.
MEASURED: Final = {
    "cadence": (1.00, 0.35, 2.0),
    "vertical_oscillation_mm": (0.85, 0.40, 2.0),
    "contact_time_ms": (0.75, 0.45, 1.2),
}
ASSUMED: Final = {
    "peak_10hz_bw": (1.5, 0.35, 3.0),
    "impact_shock_g": (2.5, 0.35, 4.0),
    "shock_power_g2": (5.0, 0.35, 5.0),
    "step_regularity": (0.75, 0.35, 2.0),
    "pelvic_tilt_range_deg": (3.0, 0.35, 4.0),
    "pelvic_obliquity_range_deg": (3.0, 0.35, 4.0),
    "pelvic_rotation_range_deg": (3.0, 0.35, 4.0),
}
LEAN_DEG: Final = (0.7, 0.35, 0.7)
_DIFFERENCE_POINTS: Final = (2.5, 0.35, 2.0)

#: Step to step: coefficient of variation, lowest and highest.
STEP_NOISE: Final = {
    "peak_10hz_bw": (0.02, 0.04),
    "impact_shock_g": (0.07, 0.10),
    "shock_power_g2": (0.17, 0.25),
    "vertical_oscillation_mm": (0.05, 0.08),
    "contact_time_ms": (0.03, 0.04),
    "step_regularity": (0.02, 0.04),
    "pelvic_tilt_range_deg": (0.08, 0.12),
    "pelvic_obliquity_range_deg": (0.08, 0.12),
    "pelvic_rotation_range_deg": (0.08, 0.12),
}
#: Percent a percent of cadence, before the personal factor.
ON_CADENCE: Final = {"vertical_oscillation_mm": -1.8, "contact_time_ms": -0.8}
#: Percent a percent of speed.
ON_SPEED: Final = {
    "contact_time_ms": -0.71,
    "peak_10hz_bw": 0.46,
    "vertical_oscillation_mm": 0.35,
    "cadence": 0.25,
    "impact_shock_g": 0.60,
    "shock_power_g2": 1.30,
    "pelvic_tilt_range_deg": 0.25,
    "pelvic_obliquity_range_deg": 0.25,
    "pelvic_rotation_range_deg": 0.25,
}
LEAN_ON_SPEED_DEG: Final = 0.8  # a metre a second
#: A degree, uphill and downhill: share of the value, or degrees.
ON_SLOPE: Final = {
    "impact_shock_g": (-0.05, -0.052),
    "shock_power_g2": (-0.10, -0.16),
    "peak_10hz_bw": (-0.012, 0.006),
    "vertical_oscillation_mm": (-0.03, -0.01),
    "contact_time_ms": (0.008, 0.004),
    "cadence": (-0.003, -0.002),
}
LEAN_ON_SLOPE_DEG: Final = (0.7, 0.35)
#: From day to day: share of the value, and degrees.
DAY_SHARE: Final = {"cadence": 0.01, "shock_power_g2": 0.03, "impact_shock_g": 0.02}
USUAL_DAY_SHARE: Final = 0.012
DAY_LEAN_DEG: Final = 0.8


@dataclass(frozen=True, slots=True)
class Person:
    """One person of the model.

    Attributes
    ----------
    seed : int
        Which.
    level : dict of str to float
        Usual values at 3 m/s on the level, by column; ``cadence`` in steps a minute.
    slow : dict of str to float
        Spread of the slow part, % (degrees for ``lean``, points for ``difference``).
    factor : dict of str to float
        Personal factor of what speed, slope and cadence do to a column.
    speed_m_s : float
        Usual speed.
    """

    seed: int
    level: dict[str, float]
    slow: dict[str, float]
    factor: dict[str, float]
    speed_m_s: float


@dataclass(frozen=True, slots=True)
class Course:
    """What a runner does and meets in a run, one value a second of running time.

    Attributes
    ----------
    speed : ndarray, shape (N,)
        Over the runner's usual one.
    slope_deg : ndarray, shape (N,)
        Positive uphill.
    yaw_rate_deg_s : ndarray, shape (N,)
        Turn of the course.
    shock : ndarray, shape (N,)
        Factor of the shock: surfaces, trail.
    roughness : ndarray, shape (N,)
        Factor of the noise from step to step.
    cadence : ndarray, shape (N,)
        Factor of the cadence that the runner chooses otherwise: music.
    lean_deg : ndarray, shape (N,)
        By which the strap turns: what the sensor reads and the runner does not do.
    stop_s : ndarray, shape (N,)
        Length of a stop before this second, s, mostly 0.
    surface : tuple of (int, str)
        Second and name of each surface that the runner marks.
    stated : bool
        Whether speed and slope are known, by a treadmill's radio or stated.
    """

    speed: Array
    slope_deg: Array
    yaw_rate_deg_s: Array
    shock: Array
    roughness: Array
    cadence: Array
    lean_deg: Array
    stop_s: Array
    surface: tuple[tuple[int, str], ...] = ()
    stated: bool = False


@dataclass(frozen=True, slots=True)
class MeasuredRun:
    """One run of a person.

    Attributes
    ----------
    steps : Steps
        Its steps.
    speed_m_s, slope_deg : ndarray, shape (steps,)
        True ones at each step.
    surface : tuple of (int, str)
        Step and name of each marked surface.
    stated : bool
        Whether speed and slope are known to the judge.
    """

    steps: Steps
    speed_m_s: Array
    slope_deg: Array
    surface: tuple[tuple[int, str], ...]
    stated: bool


def person(seed: int) -> Person:
    """Draw a person; the same seed gives the same."""
    rng = np.random.default_rng([seed, 41])
    spreads = {**MEASURED, **ASSUMED, "lean": LEAN_DEG, "difference": _DIFFERENCE_POINTS}
    slow = {
        name: middle * math.exp(between * float(rng.standard_normal()))
        for name, (middle, between, _) in spreads.items()
    }
    level = {
        "cadence": float(rng.normal(168.0, 8.0)),
        "peak_10hz_bw": float(rng.normal(2.4, 0.15)),
        "impact_shock_g": max(float(rng.normal(3.1, 0.5)), 1.8),
        "shock_power_g2": 0.139 * max(float(rng.normal(1.0, 0.25)), 0.4),
        "vertical_oscillation_mm": float(rng.normal(92.0, 11.0)),
        "contact_time_ms": float(rng.normal(240.0, 16.0)),
        "step_regularity": min(float(rng.normal(0.90, 0.03)), 0.97),
        "pelvic_tilt_range_deg": max(float(rng.normal(6.0, 1.0)), 3.0),
        "pelvic_obliquity_range_deg": max(float(rng.normal(8.5, 1.4)), 4.0),
        "pelvic_rotation_range_deg": max(float(rng.normal(12.0, 2.0)), 6.0),
        "lean": float(rng.normal(6.0, 3.0)),
    }
    factor = {
        name: max(float(rng.normal(1.0, 0.35)), 0.0) for name in (*MEASURED, *ASSUMED, "lean")
    }
    return Person(seed, level, slow, factor, float(rng.uniform(2.6, 3.4)))


def run_of(someone: Person, course: Course, day: int = 0) -> MeasuredRun:
    """One run of a person on one day; the same arguments give the same bits."""
    rng = np.random.default_rng([someone.seed, 41, day])
    today = _today(someone, rng)
    step_s = 60.0 / today["cadence"]
    n = int(len(course.speed) / step_s)
    second = np.minimum((step_s * np.arange(n)).astype(np.int64), len(course.speed) - 1)
    at = {
        name: getattr(course, name)[second]
        for name in (
            "speed", "slope_deg", "yaw_rate_deg_s", "shock", "roughness", "cadence", "lean_deg"
        )
    }  # fmt: skip
    making = _Making(someone, rng, today, step_s, at)
    rows = np.zeros(n, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = np.nan
    own = 0.01 * making.slow("cadence", MEASURED["cadence"][2])
    cadence = (
        (1.0 + own)
        * at["cadence"]
        * making.relative_speed ** (ON_SPEED["cadence"] * someone.factor["cadence"])
        * (1.0 + _by_slope("cadence", at["slope_deg"], someone.factor["cadence"]))
    )
    _lay_loads(rows, making, own)
    _lay_posture(rows, making)
    rows["lumbar_compression_bw"] = (
        rows["peak_10hz_bw"] * (0.55 + 0.05 * np.abs(rows["sacral_lean_deg"]))
    ) * (1.0 + 0.03 * _noise(rng, n))
    rows["step_time_s"] = step_s / cadence * (1.0 + rng.uniform(0.02, 0.03) * _noise(rng, n))
    _number(rows, rng, course, second)
    surface = tuple(
        (int(np.searchsorted(second, second_of)), name) for second_of, name in course.surface
    )
    speed = at["speed"] * someone.speed_m_s
    return MeasuredRun(Steps(rows), speed, at["slope_deg"], surface, course.stated)


class _Making:
    """What the parts of one run share; ``at`` is the course at each step."""

    def __init__(
        self,
        someone: Person,
        rng: np.random.Generator,
        today: dict[str, float],
        step_s: float,
        at: dict[str, Array],
    ) -> None:
        self.someone, self.rng, self.today, self.step_s, self.at = someone, rng, today, step_s, at
        self.n = len(at["speed"])
        self.hours = step_s * np.arange(self.n) / 3600.0
        self.relative_speed = at["speed"] * someone.speed_m_s / _USUAL_SPEED_M_S
        self.offset = np.where(np.arange(self.n) % 2, 0.5, -0.5)

    def slow(self, name: str, drift: float) -> Array:
        """Slow wander and drift of one column, % or its unit."""
        wander = self.someone.slow[name] * _wander(self.rng, self.n, self.step_s)
        return wander + drift * self.rng.standard_normal() * self.hours


def _lay_loads(rows: NDArray[np.void], making: _Making, own_cadence: Array) -> None:
    """Everything but cadence and posture."""
    rng, at, offset, someone = making.rng, making.at, making.offset, making.someone
    settle = np.exp(-3600.0 * making.hours / (rng.uniform(11.0, 17.0) * 60.0 / 3.0))
    settle_shock = np.exp(-3600.0 * making.hours / 20.0)
    for name, (_, _, drift) in {**MEASURED, **ASSUMED}.items():
        if name == "cadence":
            continue
        factor = someone.factor[name]
        value = 1.0 + 0.01 * making.slow(name, drift)
        value *= making.relative_speed ** (ON_SPEED.get(name, 0.0) * factor)
        value *= (own_cadence + at["cadence"]) ** (ON_CADENCE.get(name, 0.0) * factor)
        value *= 1.0 + _by_slope(name, at["slope_deg"], factor)
        value *= 1.0 + rng.normal(0.0, 0.02) * (
            settle_shock if name in {"impact_shock_g", "shock_power_g2"} else settle
        )
        if name == "impact_shock_g":
            value *= at["shock"]
            value *= 1.0 + offset * 0.01 * (
                rng.uniform(-10.0, 10.0) + making.slow("difference", _DIFFERENCE_POINTS[2])
            )
        elif name == "shock_power_g2":
            value *= at["shock"] ** 2
        elif name in {"peak_10hz_bw", "contact_time_ms"}:
            value *= 1.0 + offset * rng.uniform(-0.03, 0.03)
        value *= 1.0 + rng.uniform(*STEP_NOISE[name]) * at["roughness"] * _noise(rng, making.n)
        rows[name] = making.today[name] * np.maximum(value, 0.05)
    rows["step_regularity"] = np.minimum(rows["step_regularity"] / at["roughness"] ** 0.1, 1.0)


def _lay_posture(rows: NDArray[np.void], making: _Making) -> None:
    """Lean, roll and the turn of the pelvis."""
    rng, at, n, someone = making.rng, making.at, making.n, making.someone
    lean = making.today["lean"] + making.slow("lean", LEAN_DEG[2]) + at["lean_deg"]
    lean += LEAN_ON_SPEED_DEG * someone.factor["lean"] * (at["speed"] - 1.0) * someone.speed_m_s
    up, down = LEAN_ON_SLOPE_DEG
    slope = at["slope_deg"]
    lean += someone.factor["lean"] * slope * np.where(slope > 0.0, up, down)
    changed = np.diff(at["speed"], prepend=at["speed"][:1]) * someone.speed_m_s
    # an accelerating runner's up is not the earth's
    lean -= _trailing(changed, int(5.0 / making.step_s))
    rows["sacral_lean_deg"] = lean + rng.uniform(0.6, 1.0) * at["roughness"] * _noise(rng, n)
    rows["sacral_roll_deg"] = (
        rng.normal(0.0, 1.0)
        + 0.35 * _wander(rng, n, making.step_s)
        - 2.0 * np.clip(at["yaw_rate_deg_s"] / 5.0, -1.0, 1.0)
        + 0.8 * _noise(rng, n)
        + 1.5 * making.offset
    )
    rows["yaw_rate_deg_s"] = (
        at["yaw_rate_deg_s"]
        + 2.0 * np.diff(rng.standard_normal(n + 1)) / making.step_s
        + 20.0 * making.offset
    )


def _today(someone: Person, rng: np.random.Generator) -> dict[str, float]:
    """The person's levels of one day."""
    today = {
        name: value * (1.0 + DAY_SHARE.get(name, USUAL_DAY_SHARE) * float(rng.standard_normal()))
        for name, value in someone.level.items()
        if name != "lean"
    }
    today["lean"] = someone.level["lean"] + DAY_LEAN_DEG * float(rng.standard_normal())
    return today


def _by_slope(name: str, slope_deg: Array, factor: float) -> Array:
    up, down = ON_SLOPE.get(name, (0.0, 0.0))
    return factor * slope_deg * np.where(slope_deg > 0.0, up, down)


def _wander(rng: np.random.Generator, n: int, step_s: float) -> Array:
    """Unit Ornstein-Uhlenbeck process, heavy-tailed."""
    from scipy.signal import lfilter

    r = math.exp(-step_s / (60.0 * rng.uniform(2.0, 2.5)))
    scale = math.sqrt((1.0 - r * r) * (_TAIL_DEGREES - 2.0) / _TAIL_DEGREES)
    draws = scale * rng.standard_t(_TAIL_DEGREES, n)
    draws[0] = rng.standard_normal()
    values: Array = lfilter([1.0], [1.0, -r], draws)
    return values


def _noise(rng: np.random.Generator, n: int) -> Array:
    """Unit AR(1) noise from step to step, one in fifty four times as large."""
    from scipy.signal import lfilter

    r = rng.uniform(0.2, 0.5)
    values: Array = lfilter([1.0], [1.0, -r], rng.standard_normal(n) * math.sqrt(1.0 - r * r))
    return np.where(rng.random(n) < 0.02, 4.0 * values, values)


def _trailing(values: Array, count: int) -> Array:
    """Sum of the last ``count`` values at each place."""
    total = np.concatenate([np.zeros(1), np.cumsum(values)])
    index = np.arange(1, len(values) + 1)
    result: Array = total[index] - total[np.maximum(index - count, 0)]
    return result


def _number(
    rows: NDArray[np.void], rng: np.random.Generator, course: Course, second: NDArray[np.int64]
) -> None:
    """Times, sides, cadence and lost steps."""
    n = len(rows)
    step_s = rows["step_time_s"]
    pause = np.zeros(n)
    for at in np.flatnonzero(course.stop_s):
        pause[min(int(np.searchsorted(second, at)), n - 1)] += course.stop_s[at]
    begins = 10.0 + np.cumsum(step_s + pause) - step_s
    rows["step"] = np.arange(1, n + 1)
    rows["initial_contact_s"] = begins
    rows["toe_off_s"] = begins + 0.001 * rows["contact_time_ms"]
    rows["flight_time_ms"] = np.maximum(1000.0 * step_s - rows["contact_time_ms"], 0.0)
    total = np.concatenate([np.zeros(1), np.cumsum(step_s)])
    index = np.arange(1, n + 1)
    before = np.maximum(index - 28, 0)
    rows["cadence_spm"] = 60.0 * (index - before) / (total[index] - total[before])
    side = 2 + np.arange(n) % 2
    side[:20] -= 2
    for at in np.flatnonzero(pause):
        side[at : at + 20] %= 2
    rows["side"] = side
    start = 0
    while (start := start + int(rng.exponential(550.0)) + 1) < n:
        length = int(rng.integers(1, 11))
        rows["quality"][start : start + length] = int(Quality.GAP)
        start += length
