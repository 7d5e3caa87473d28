"""The disturbance model: how indicators move in a run in which nothing is wrong, step by step.

Written down before any parameter of the detector was tuned against it, and not changed since. It is
simulation: good for ranking rules and for finding their limits, no evidence about people. Where
nobody has measured, the figure is a guess and says so; the amplitude of the slow wander, the guess
that matters most, is the axis of every curve.

**Runner.** One draw a run: cadence 170 ± 8 a minute, speed 2.6 to 3.4 m/s, contact 240 ± 12 ms,
10 Hz peak 2.4 ± 0.15 g, shock 3.1 ± 0.5 g, shock power 0.14 g² ± 20 %, lean 6 ± 3°, oscillation
90 ± 10 mm, pelvic ranges 6, 8.5 and 12° ± 15 %, regularity 0.90 ± 0.03.

**Step to step.** Coefficients of variation drawn a run: step time 2–3 %, contact 3–4 %, peak 2–4 %,
shock 7–10 %, shock power 17–25 %, oscillation 5–8 %, pelvic ranges 8–12 %, regularity 2–4 %, lean
0.6–1.0°. Each is AR(1) with a coefficient of 0.2 to 0.5. One step in a hundred is odd: five times
its noise.

**Slow wander.** An Ornstein-Uhlenbeck process for each indicator, amplitude (SD) in units of the
peak's: peak 1, shock 5/3, shock power 10/3, oscillation 4/3, cadence 1/2, contact 1, pelvic ranges
2, regularity 1/2, left/right difference of the shock 5/3 points, lean 7/15° a percent. At 1.5 %
that is 1.5 %, 2.5 % and 0.7°, the assumption behind the published expectations. Time constants are
drawn log-uniform from 60 to 240 s, a guess. A cadence that wanders takes oscillation (−2 % a
percent), contact (−0.5) and peak (−0.4) along. The first two minutes are up to 3 % off and settle
with 60 s.

**Sides.** Left and right differ by 0–10 % in shock and shock power, 0–5 % in peak, 0–3 % in
contact. The first 20 steps after a stop have no settled side.

**Lumbar compression** of a step follows from its peak and lean: peak / 2.4 · (1.30 + 0.1225 ·
lean / °), with 3 % noise of its own.

**Disturbances** (a switch), none of which is a change of form:

* Bends. Three runs in ten are on a 400 m track: half of the time at speed / 36.5 m, where lean is
  off by ±1°, roll by 2°, shock by 3 %, the left/right difference by 8 points. Others turn 12 street
  corners an hour, 90° in 3 s.
* Hills in six runs of ten: six an hour, slope 0 ± 2° and at most 4°, lasting 50 s (median;
  log-normal, σ 0.6). A degree uphill: peak −1 %, shock −4 % (downhill +5 %), shock power twice
  that, lean +0.6°, oscillation −2 %, contact +1 %, cadence −0.4 %, pelvic ranges +3 %.
* Speed changes: four an hour of 0 ± 0.25 m/s, lasting 90 s (median; σ 0.7). One m/s more: peak
  +7 %, shock +20 %, shock power +45 %, contact −22 %, cadence +4 %, oscillation −3 %, lean +1°,
  pelvic ranges +8 %, each times a personal factor of 1 ± 0.3. For 5 s the lean is off by as many
  degrees as the speed changes in m/s, the other way.
* Surface changes: two an hour, among three surfaces with shock 0, −3.6 and −5.6 % (shock power
  twice that, peak a fifth). The runner marks every second one.
* Stops: two an hour, 20 to 60 s.
* Loss: one step in a hundred is flagged, in runs of 1 to 10 steps.
* Slips of the sensor: 0.2 an hour of 5–15° in any direction, within 2 s, for good; and 0.1 an hour
  of 2–5°, which nobody can tell from a lean.

**Days** (added later, for baselines from earlier runs; nothing above depends on it): a runner's
levels differ from day to day by 1 % (SD) in peak, contact, cadence and regularity, 2 % in shock,
4 % in shock power, 1.5 % in oscillation, 3 % in pelvic ranges and 0.7° in lean.

**Imposed changes**, in a run with or without disturbances, from a moment between 30 and 31 min on
(in one table, added later, 11 and 12 min) and for good: peak +10 %; shock +15 % (shock power
+30 %); lean by 1.5 times the gate the runner has at that moment; cadence −5 % (contact +2.5 %,
oscillation +10 %, peak +2 %); lean +4° as a ramp over 20 min. A change is missed when it is not
reported within 10 min, the ramp when not by its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.samples import Quality
from imu.steps import STEP_ROW, Steps

Array = NDArray[np.float64]
ChangeKind = Literal["peak", "shock", "lean", "cadence", "ramp"]

#: The imposed changes and the indicator each is seen in.
CHANGES: Final[dict[ChangeKind, str]] = {
    "peak": "peak_10hz_bw",
    "shock": "impact_shock_g",
    "lean": "sacral_lean_deg",
    "cadence": "cadence_spm",
    "ramp": "sacral_lean_deg",
}

_PELVIC: Final = (
    "pelvic_tilt_range_deg",
    "pelvic_obliquity_range_deg",
    "pelvic_rotation_range_deg",
)
#: Coefficient of variation from step to step, lowest and highest, and the wander in peak wanders.
_SPREAD: Final[dict[str, tuple[float, float, float]]] = {
    "peak_10hz_bw": (0.02, 0.04, 1.0),
    "impact_shock_g": (0.07, 0.10, 5.0 / 3.0),
    "shock_power_g2": (0.17, 0.25, 10.0 / 3.0),
    "vertical_oscillation_mm": (0.05, 0.08, 4.0 / 3.0),
    "contact_time_ms": (0.03, 0.04, 1.0),
    "step_regularity": (0.02, 0.04, 0.5),
    **dict.fromkeys(_PELVIC, (0.08, 0.12, 2.0)),
}
_SIDE_DIFFERENCE: Final = {
    "peak_10hz_bw": 0.05,
    "impact_shock_g": 0.10,
    "shock_power_g2": 0.10,
    "contact_time_ms": 0.03,
}
_LEAN_WANDER_DEG: Final = 7.0 / 15.0  # a percent of peak wander
_WITH_CADENCE: Final = {
    "vertical_oscillation_mm": -2.0,
    "contact_time_ms": -0.5,
    "peak_10hz_bw": -0.4,
}
_UPHILL: Final = {  # a degree, uphill and downhill
    "peak_10hz_bw": (-0.01, -0.01),
    "impact_shock_g": (-0.04, -0.05),
    "shock_power_g2": (-0.08, -0.10),
    "vertical_oscillation_mm": (-0.02, -0.02),
    "contact_time_ms": (0.01, 0.01),
    **dict.fromkeys(_PELVIC, (0.03, 0.03)),
}
_FASTER: Final = {  # one m/s
    "peak_10hz_bw": 0.07,
    "impact_shock_g": 0.20,
    "shock_power_g2": 0.45,
    "contact_time_ms": -0.22,
    "vertical_oscillation_mm": -0.03,
    **dict.fromkeys(_PELVIC, 0.08),
}
_DAY: Final = {  # SD from day to day, as a share
    "peak_10hz_bw": 0.01,
    "impact_shock_g": 0.02,
    "shock_power_g2": 0.04,
    "vertical_oscillation_mm": 0.015,
    "contact_time_ms": 0.01,
    "step_regularity": 0.01,
    **dict.fromkeys(_PELVIC, 0.03),
}
_SURFACES: Final = (0.0, -0.036, -0.056)
_TRACK_RADIUS_M: Final = 36.5
_UNSETTLED_STEPS: Final = 20


@dataclass(frozen=True, slots=True)
class Conditions:
    """What the hours of a row of the table have in common.

    Attributes
    ----------
    wander_percent : float
        SD of the peak's slow wander, %.
    time_constant_s : float or None
        Of the slow wander, s; drawn from 60 to 240 otherwise.
    disturbances : bool
        Whether bends, hills and the like happen.
    minutes : float
        Running time.
    onset_minute : float
        Within the minute from this one on a change may be imposed.
    """

    wander_percent: float = 1.5
    time_constant_s: float | None = None
    disturbances: bool = False
    minutes: float = 60.0
    onset_minute: float = 30.0


@dataclass(frozen=True, slots=True)
class Marked:
    """A surface that the runner says: before which step of the hour."""

    index: int
    value: str


@dataclass(frozen=True, slots=True)
class Hour:
    """One simulated run.

    Attributes
    ----------
    steps : Steps
        Its steps.
    marks : tuple of Marked
        In order.
    slips : tuple of int
        Steps from which the sensor sits differently.
    onset : int
        Step at which a change begins, when one is imposed.
    """

    steps: Steps
    marks: tuple[Marked, ...]
    slips: tuple[int, ...]
    onset: int


@dataclass(slots=True)
class _Course:
    """A run while it is made: what is shown at each step, and what happens on the way."""

    rng: np.random.Generator
    conditions: Conditions
    step_s: float
    speed: float
    n: int
    time_s: Array
    offset: Array  # half of the difference between the feet
    change: dict[str, Array]  # of each column, as a share
    cadence: Array
    lean: Array
    roll: Array
    yaw_rate: Array
    quality: NDArray[np.uint8]
    pause_s: Array
    bout: NDArray[np.int64]
    marks: list[Marked]
    slips: list[int]

    def moments(self, an_hour: float) -> NDArray[np.int64]:
        """Steps at which something happens."""
        count = self.rng.poisson(an_hour * self.conditions.minutes / 60.0)
        return np.sort(self.rng.integers(0, self.n, count))

    def lasting(self, median_s: float, sigma: float) -> int:
        """Steps that something lasts."""
        return int(median_s * self.rng.lognormal(0.0, sigma) / self.step_s)


def simulate_hour(seed: int, conditions: Conditions, day: int = 0) -> Hour:
    """One run of the model; the same arguments give the same bits.

    Days from 1 on are other runs of the same runner, who differs a little from day to day.
    """
    rng = np.random.default_rng([seed, 20250])
    step_s = 60.0 / rng.normal(170.0, 8.0)
    level = _runner(rng)
    speed = rng.uniform(2.6, 3.4)
    if day:
        rng = np.random.default_rng([seed, 20250, day])
        for name, sd in _DAY.items():
            level[name] *= 1.0 + sd * rng.standard_normal()
        level["sacral_lean_deg"] += 0.7 * rng.standard_normal()
        step_s *= 1.0 + 0.01 * rng.standard_normal()
    course, step_noise = _undisturbed(rng, conditions, step_s, speed, level["sacral_lean_deg"])
    if conditions.disturbances:
        _add_bends(course)
        _add_hills(course)
        _add_speed(course)
        _add_surfaces(course)
        _add_stops(course)
        _add_loss(course)
        _add_slips(course)
    rows = _rows(course, level, step_noise)
    onset_s = 60.0 * conditions.onset_minute + rng.uniform(0.0, 60.0)
    onset = int(np.searchsorted(course.time_s, onset_s))
    return Hour(Steps(rows), tuple(course.marks), tuple(sorted(course.slips)), onset)


def _noise(rng: np.random.Generator, n: int) -> Array:
    """Unit AR(1) noise with odd steps."""
    from scipy.signal import lfilter

    r = rng.uniform(0.2, 0.5)
    draws = rng.standard_normal(n) * math.sqrt(1.0 - r * r)
    draws[0] = rng.standard_normal()
    values: Array = lfilter([1.0], [1.0, -r], draws)
    odd = rng.random(n) < 0.01
    return np.where(odd, 5.0 * values, values)


def _wander(rng: np.random.Generator, n: int, step_s: float, tau_s: float | None) -> Array:
    """Unit Ornstein-Uhlenbeck process."""
    from scipy.signal import lfilter

    tau = tau_s or math.exp(rng.uniform(math.log(60.0), math.log(240.0)))
    r = math.exp(-step_s / tau)
    draws = rng.standard_normal(n) * math.sqrt(1.0 - r * r)
    draws[0] = rng.standard_normal()
    values: Array = lfilter([1.0], [1.0, -r], draws)
    return values


def _undisturbed(
    rng: np.random.Generator, conditions: Conditions, step_s: float, speed: float, lean_deg: float
) -> tuple[_Course, Array]:
    """A run in which nothing happens, and the noise of its step times, as a share."""
    n = int(conditions.minutes * 60.0 / step_s)
    time_s = step_s * np.arange(n, dtype=np.float64)

    def noise() -> Array:
        return _noise(rng, n)

    def wander() -> Array:
        return _wander(rng, n, step_s, conditions.time_constant_s)

    amplitude = 0.01 * conditions.wander_percent
    settling = np.exp(-time_s / 60.0)
    offset = np.where(np.arange(n) % 2, 0.5, -0.5)
    cadence = 0.5 * amplitude * wander() + rng.uniform(-0.03, 0.03) * settling
    change: dict[str, Array] = {}
    for name, (low, high, share) in _SPREAD.items():
        slow = share * amplitude * wander() + rng.uniform(-0.03, 0.03) * settling
        if name in _WITH_CADENCE:
            slow = slow + _WITH_CADENCE[name] * cadence
        if name in _SIDE_DIFFERENCE:
            slow = slow + offset * rng.uniform(-1.0, 1.0) * _SIDE_DIFFERENCE[name]
        change[name] = slow + rng.uniform(low, high) * noise()
    change["impact_shock_g"] += offset * 5.0 / 3.0 * amplitude * wander()
    lean = lean_deg + _LEAN_WANDER_DEG * conditions.wander_percent * wander()
    lean += rng.uniform(-1.0, 1.0) * settling + rng.uniform(0.6, 1.0) * noise()
    roll = rng.normal(0.0, 1.0) + 0.5 * _LEAN_WANDER_DEG * conditions.wander_percent * wander()
    roll += 0.8 * noise() + 1.5 * offset
    time_cv = rng.uniform(0.02, 0.03)
    step_noise = time_cv * noise()
    yaw_rate = 2.0 * np.diff(rng.standard_normal(n + 1)) / step_s + 20.0 * offset
    quality, pause_s, bout = np.zeros(n, np.uint8), np.zeros(n), np.zeros(n, np.int64)
    course = _Course(
        rng, conditions, step_s, speed, n, time_s, offset, change, cadence, lean, roll, yaw_rate,
        quality, pause_s, bout, [], [],
    )  # fmt: skip
    return course, step_noise


def _add_bends(run: _Course) -> None:
    rng = run.rng
    if rng.random() < 0.3:
        place = (run.speed * run.time_s) % 200.0
        bending = place > 200.0 - math.pi * _TRACK_RADIUS_M
        run.yaw_rate += bending * math.degrees(run.speed / _TRACK_RADIUS_M)
        run.lean += bending * rng.uniform(-1.0, 1.0)
        run.roll -= 2.0 * bending
        run.change["impact_shock_g"] += bending * (rng.uniform(-0.03, 0.03) + 0.08 * run.offset)
    else:
        turn = int(3.0 / run.step_s)
        for at in run.moments(12.0):
            run.yaw_rate[at : at + turn] += rng.choice([-1.0, 1.0]) * 90.0 / (turn * run.step_s)


def _add_hills(run: _Course) -> None:
    rng, slope = run.rng, np.zeros(run.n)
    if rng.random() < 0.6:
        for at in run.moments(6.0):
            slope[at : at + run.lasting(50.0, 0.6)] = np.clip(rng.normal(0.0, 2.0), -4.0, 4.0)
    for name, (up, down) in _UPHILL.items():
        run.change[name] += slope * np.where(slope > 0.0, up, down)
    run.lean += 0.6 * slope
    run.cadence = run.cadence - 0.004 * slope


def _add_speed(run: _Course) -> None:
    rng, extra = run.rng, np.zeros(run.n)
    for at in run.moments(4.0):
        faster = rng.normal(0.0, 0.25)
        extra[at : at + run.lasting(90.0, 0.7)] = faster
    for at in np.flatnonzero(np.diff(extra)) + 1:
        run.lean[at : at + int(5.0 / run.step_s)] -= extra[at] - extra[at - 1]
    for name, effect in _FASTER.items():
        run.change[name] += extra * effect * rng.normal(1.0, 0.3)
    run.cadence = run.cadence + 0.04 * extra
    run.lean += extra * rng.normal(1.0, 0.3)


def _add_surfaces(run: _Course) -> None:
    rng, ground = run.rng, np.zeros(run.n)
    for at in run.moments(2.0):
        kind = int(rng.integers(3))
        ground[at:] = _SURFACES[kind]
        if rng.random() < 0.5:
            run.marks.append(Marked(int(at), ("concrete", "synthetic", "grass")[kind]))
    run.change["impact_shock_g"] += ground
    run.change["shock_power_g2"] += 2.0 * ground
    run.change["peak_10hz_bw"] += 0.2 * ground


def _add_stops(run: _Course) -> None:
    for at in run.moments(2.0):
        run.pause_s[at] += run.rng.uniform(20.0, 60.0)
        run.bout[at:] += 1


def _add_loss(run: _Course) -> None:
    start = 0
    while True:
        start += int(run.rng.exponential(550.0)) + 1
        if start >= run.n:
            break
        length = int(run.rng.integers(1, 11))
        run.quality[start : start + length] = int(Quality.GAP)
        start += length


def _add_slips(run: _Course) -> None:
    for rate, low, high in ((0.2, 5.0, 15.0), (0.1, 2.0, 5.0)):
        for at in run.moments(rate):
            size, way = run.rng.uniform(low, high), run.rng.uniform(0.0, 2.0 * math.pi)
            course = np.clip((run.time_s - run.time_s[at]) / 2.0, 0.0, 1.0)
            run.lean += size * math.cos(way) * course
            run.roll += size * math.sin(way) * course
            run.slips.append(int(at))


def _rows(run: _Course, level: dict[str, float], step_noise: Array) -> NDArray[np.void]:
    """The steps table of the run."""
    rows = np.zeros(run.n, STEP_ROW)
    rows["step"] = np.arange(1, run.n + 1)
    rows["side"] = _sides(run.rng, run.bout, np.arange(run.n) % 2)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = np.nan
    for name, relative in run.change.items():
        rows[name] = level[name] * np.maximum(1.0 + relative, 0.05)
    rows["step_regularity"] = np.minimum(rows["step_regularity"], 1.0)
    rows["sacral_lean_deg"], rows["sacral_roll_deg"] = run.lean, run.roll
    rows["yaw_rate_deg_s"] = run.yaw_rate
    rows["lumbar_compression_bw"] = _lumbar(rows) * (1.0 + 0.03 * _noise(run.rng, run.n))
    rows["quality"] = run.quality
    rows["step_time_s"] = run.step_s * (1.0 - run.cadence + step_noise)
    _set_times(rows, 10.0, run.pause_s)
    return rows


def impose(hour: Hour, kind: ChangeKind, size: float) -> Hour:
    """The same run with a change from the onset on.

    Parameters
    ----------
    hour : Hour
        Not altered.
    kind : str
        One of :data:`CHANGES`.
    size : float
        Relative (0.10, 0.15, −0.05), or degrees for lean and ramp.
    """
    rows = hour.steps.rows.copy()
    late = rows[hour.onset :]
    starts = rows["initial_contact_s"].copy()
    pause_s = np.zeros(len(rows))
    pause_s[1:] = np.maximum(np.diff(starts) - rows["step_time_s"][:-1], 0.0)
    pause_s[pause_s < 1e-6] = 0.0
    loaded = _lumbar(rows)
    if kind == "peak":
        late["peak_10hz_bw"] *= 1.0 + size
    elif kind == "shock":
        late["impact_shock_g"] *= 1.0 + size
        late["shock_power_g2"] *= 1.0 + 2.0 * size
    elif kind == "lean":
        late["sacral_lean_deg"] += size
    elif kind == "ramp":
        late["sacral_lean_deg"] += size * ramp_share(late)
    else:
        late["step_time_s"] /= 1.0 + size
        late["contact_time_ms"] *= 1.0 - 0.5 * size
        late["vertical_oscillation_mm"] *= 1.0 - 2.0 * size
        late["peak_10hz_bw"] *= 1.0 - 0.4 * size
        _set_times(rows, float(starts[0]), pause_s)
    rows["lumbar_compression_bw"] *= _lumbar(rows) / loaded
    return Hour(Steps(rows), hour.marks, hour.slips, hour.onset)


def ramp_share(late: NDArray[np.void], minutes: float = 20.0) -> Array:
    """How much of a ramp has come at each of the steps from its beginning on, 0 to 1."""
    since_s: Array = late["initial_contact_s"] - late["initial_contact_s"][0]
    return np.clip(since_s / (60.0 * minutes), 0.0, 1.0)


def _runner(rng: np.random.Generator) -> dict[str, float]:
    tilt, obliquity, rotation = np.array([6.0, 8.5, 12.0]) * rng.normal(1.0, 0.15, 3)
    return {
        "peak_10hz_bw": rng.normal(2.4, 0.15),
        "impact_shock_g": max(rng.normal(3.1, 0.5), 1.8),
        "shock_power_g2": 0.14 * max(rng.normal(1.0, 0.2), 0.4),
        "sacral_lean_deg": rng.normal(6.0, 3.0),
        "vertical_oscillation_mm": rng.normal(90.0, 10.0),
        "contact_time_ms": rng.normal(240.0, 12.0),
        "step_regularity": min(rng.normal(0.90, 0.03), 0.97),
        "pelvic_tilt_range_deg": max(tilt, 3.0),
        "pelvic_obliquity_range_deg": max(obliquity, 4.0),
        "pelvic_rotation_range_deg": max(rotation, 6.0),
    }


def _lumbar(rows: NDArray[np.void]) -> Array:
    carried: Array = 1.30 + 0.1225 * np.abs(rows["sacral_lean_deg"])
    return rows["peak_10hz_bw"] / 2.4 * carried


def _sides(
    rng: np.random.Generator, bout: NDArray[np.int64], odd: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Codes of :data:`imu.steps.SIDE_CODES`: none settled in the first steps of a bout."""
    first = np.flatnonzero(np.diff(bout, prepend=-1))
    unsettled = np.zeros(len(bout), bool)
    for at in first:
        unsettled[at : at + _UNSETTLED_STEPS] = True
    flipped = rng.integers(0, 2, len(first))[np.cumsum(np.diff(bout, prepend=-1) > 0) - 1]
    return np.where(unsettled, (odd + flipped) % 2, 2 + odd)


def _set_times(rows: NDArray[np.void], start_s: float, pause_s: Array) -> None:
    """Contacts, toe-offs, flights and cadence from step times and pauses."""
    step_s = rows["step_time_s"]
    begins = start_s + np.cumsum(step_s + pause_s) - step_s
    rows["initial_contact_s"] = begins
    rows["toe_off_s"] = begins + 0.001 * rows["contact_time_ms"]
    rows["flight_time_ms"] = np.maximum(1000.0 * step_s - rows["contact_time_ms"], 0.0)
    # ten seconds: 28 steps
    total = np.concatenate([np.zeros(1), np.cumsum(step_s)])
    index = np.arange(1, len(step_s) + 1)
    before = np.maximum(index - 28, 0)
    rows["cadence_spm"] = 60.0 * (index - before) / (total[index] - total[before])
