"""Drift: which of the runner's load indicators have left the runner's own baseline.

Trusted steps are gathered in blocks; the first blocks after warming up make the baseline (or one
is given), and an indicator has changed when its smoothed blocks stay beyond a gate and a cumulative
sum of its blocks agrees. This says what changed and by how much; whether the runner is told, and
how, is decided elsewhere.

The gate is the larger of a floor and a multiple of the runner's own slow wander. Five minutes show
less wander than an hour holds, and a baseline learned while form is already changing shows more, so
the gate never exceeds a stated number of floors; that number grows where most indicators wander.
A baseline from earlier runs is where a run starts: its blocks move it to the level of the day, the
sooner, the more the runner's days differ.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.baseline import Baseline
from imu.drift.baseline_in_use import (
    as_baseline,
    calm_baseline,
    level_sd_now,
    refine,
    take_given,
)
from imu.drift.baseline_learning import at_baseline_pace, learn, unsteadiness
from imu.drift.blocks import block_values, robust_mean, slow_wander_sd, smooth, watched
from imu.drift.changes import SENSOR_POSITION, Change, Direction, Reading, Severity
from imu.drift.covariates import Covariates
from imu.drift.cusum import next_cusum
from imu.drift.indicators import INDICATORS, Indicator, indicator_named
from imu.drift.interruptions import (
    GROUP_COLUMNS,
    SLIPPED,
    forget_groups,
    interruption,
    new_surface,
)
from imu.drift.pace import effect_of_pace
from imu.drift.params import DriftParams
from imu.drift.state import DRIFT_STATE
from imu.drift.status import drift_status
from imu.errors import ParameterError
from imu.samples import Quality
from imu.steps import Steps

__all__ = [
    "DRIFT_STATE",
    "SENSOR_POSITION",
    "Change",
    "Direction",
    "DriftDetector",
    "DriftParams",
    "Reading",
    "Severity",
    "robust_mean",
    "slow_wander_sd",
    "smooth",
]

_COUNT: Final = len(INDICATORS)
_NEVER: Final = -math.inf
_CUSUM_ROOM: Final = 2.0  # limits that the cumulative sum may reach
_LEAST_SPREAD: Final = 1.0 / 6.0  # of a floor, for blocks that hardly differ
# the lean of an accelerometer is steady enough; bends and slips are judged here, in groups of steps
_DISTRUST: Final = 0xFF & ~int(Quality.NO_GYRO | Quality.BEND | Quality.SLIP)
_RELATIVE: Final = np.array([indicator.relative for indicator in INDICATORS])

Array = NDArray[np.float64]


_UNKNOWN: Final = (
    "mean",
    "first_mean",
    "wander_sd",
    "level_sd",
    "block_sd",
    "usual_pace",
    "latest",
    "smoothed",
)


class DriftDetector:
    """Watches the load indicators of a run for changes from the runner's own baseline.

    Steps with any quality flag but ``no_gyro``, ``bend`` and ``slip`` are left out, as are those of
    the first ``skip_s`` of running, with a given baseline too: the first minutes are unlike the
    rest. So are bends, what follows a change of speed or of surface, and what follows a sensor that
    moved; after that the baseline is learned anew. Blocks and running time go on over pauses. An
    indicator without a value in three quarters of the baseline's blocks is not watched. Results do
    not depend on how the steps are cut into pushes.

    Parameters
    ----------
    params : DriftParams, optional
        Parameters.
    baseline : Baseline, optional
        The runner's baseline; learned from the run otherwise.

    Notes
    -----
    How often it reports a change that is none, and how soon one that is, stands in
    ``benchmarks/ALERTS.md``. Simulation is no evidence about people.

    Examples
    --------
    >>> detector = DriftDetector()
    >>> detector.status
    'warming up: 0:00 of 2:30'
    """

    def __init__(self, params: DriftParams | None = None, baseline: Baseline | None = None) -> None:
        self._params = p = params or DriftParams()
        self._given = baseline
        self._floors = np.array([getattr(p, indicator.floor) for indicator in INDICATORS])
        self._limits = self._floors * [getattr(p, indicator.limit) for indicator in INDICATORS]
        self._least = np.array(
            [getattr(p, item.least_size) if item.least_size else 0.0 for item in INDICATORS]
        )
        self._dwell = np.array([getattr(p, indicator.dwell) for indicator in INDICATORS])
        self._gates = self._spread = self._wander = np.full(_COUNT, math.nan)
        self._state = np.zeros(1, DRIFT_STATE)
        self._s: Any = self._state[0]
        self.reset()

    @property
    def params(self) -> DriftParams:
        """The parameters, frozen."""
        return self._params

    @property
    def state(self) -> NDArray[np.void]:
        """A copy of the state; assign one to a detector of the same parameters to go on."""
        return self._state.copy()

    @state.setter
    def state(self, value: NDArray[np.void]) -> None:
        if value.dtype != self._state.dtype or value.shape != self._state.shape:
            raise ParameterError("state", value.dtype, "a state of the same kind of stage")
        self._state[:] = value
        self._find_gates()

    @property
    def baseline(self) -> Baseline | None:
        """The baseline given or learned; None before there is one."""
        s = self._s
        if s["baseline_blocks"] == 0:
            return None
        return as_baseline(s, s["mean"], s["wander_sd"], int(s["baseline_blocks"]))

    @property
    def run_baseline(self) -> Baseline | None:
        """What was usual in this run so far, for later ones (:func:`warm_start`).

        Mean and wander of the blocks in which an indicator was not changed; with few of those, of
        the baseline that was learned, and nothing of one that was given. What hangs on the sensor's
        position is left out when the sensor has moved.
        """
        s = self._s
        if s["baseline_blocks"] == 0:
            return None
        return calm_baseline(s, self._params.baseline_blocks)

    @property
    def status(self) -> str:
        """What is going on, in plain words."""
        return drift_status(self._s, self._params)

    @property
    def changed(self) -> list[str]:
        """Names of the indicators of which a reported change is going on."""
        ways = zip(INDICATORS, self._s["raised"].tolist(), strict=True)
        return [indicator.name for indicator, way in ways if way]

    def current(self, indicator: str) -> Reading:
        """What is known of one indicator now.

        Parameters
        ----------
        indicator : str
            Its name, such as ``"sacral_lean_deg"``.

        Returns
        -------
        Reading
            Its smoothed value, baseline, change and gate; NaN before there is one.

        Raises
        ------
        ParameterError
            When there is no indicator of that name.
        """
        item = indicator_named(indicator)
        i = INDICATORS.index(item)
        s = self._s
        mean = float(s["mean"][i])
        value, baseline = _reported(item, float(s["latest"][i]), mean)
        smoothed = float(s["smoothed"][i] - s["effect"][i])
        change = 100.0 * (smoothed / mean - 1.0) if item.relative else smoothed - mean
        way = int(s["raised"][i])
        return Reading(
            item.name,
            value,
            baseline,
            change,
            float(self._gates[i]),
            _direction(way) if way else None,
        )

    def push(self, steps: Steps, covariates: Covariates | None = None) -> list[Change]:
        """Take the next steps; returns the changes that they complete, in order.

        Parameters
        ----------
        steps : Steps
            In order of time.
        covariates : Covariates, optional
            Speed and slope at each of them, where known.

        Returns
        -------
        list of Change
            Of blocks of ``block_steps`` trusted steps; most pushes complete none.
        """
        changes: list[Change] = []
        if not len(steps):
            return changes
        s, p, rows = self._s, self._params, steps.rows
        s["ended"] = 0
        times = rows["step_time_s"]
        running_s = np.cumsum(
            np.concatenate([s["running_s"][None], np.where(np.isfinite(times), times, 0.0)])
        )
        s["running_s"] = running_s[-1]
        late = running_s[:-1] >= p.skip_s
        flags = np.where(late, rows["quality"] & _DISTRUST, 0)
        trusted = np.flatnonzero(late & (flags == 0))
        s["steps"] += np.count_nonzero(late)
        if flags.any():
            s["flagged_steps"] += np.count_nonzero(flags)
            s["flagged_by"] += ((flags[:, None] >> np.arange(8)) & 1).sum(axis=0)
        if len(trusted):
            s["flagged_in_row"] = np.count_nonzero(flags[trusted[-1] :])
        else:
            s["flagged_in_row"] += np.count_nonzero(flags)
            return changes
        ends_s = rows["initial_contact_s"] + times
        table, sides = watched(steps), rows["side"]
        group = np.stack([rows[name] for name in GROUP_COLUMNS], axis=1)
        pace = np.full((len(rows), 2), math.nan)
        if covariates is not None:
            pace[:, 0], pace[:, 1] = covariates.speed_m_s, covariates.slope_deg
        half, done = p.block_steps // 2, 0
        while done < len(trusted):
            gathered, of_block = int(s["gathered"]), int(s["half"]) * half
            take = trusted[done : done + half - gathered]
            place = slice(of_block + gathered, of_block + gathered + len(take))
            s["values"][place] = table[take]
            s["sides"][place] = sides[take]
            s["pace"][place] = pace[take]
            s["group"][gathered : gathered + len(take)] = group[take]
            done += len(take)
            s["gathered"] = gathered + len(take)
            if gathered + len(take) == half:
                s["gathered"] = 0
                last = take[-1]
                changes += self._take_group(float(ends_s[last]), float(running_s[last + 1]))
        return changes

    def mark(self, kind: str, value: str = "") -> None:
        """Take what the runner says: a new ``surface``, or ``reseat`` when the sensor was moved.

        Other kinds change nothing here.

        Parameters
        ----------
        kind : str
            What it is about.
        value : str
            The surface; nothing for the others.
        """
        del value
        if kind == "surface":
            new_surface(self._s["interruption"], float(self._s["running_s"]), self._params)
        elif kind == "reseat":
            self._learn_anew()

    def flush(self) -> list[Change]:
        """The run ends: the block being gathered is given up, everything learned stays.

        Returns
        -------
        list of Change
            Always empty, since part of a block varies too much to judge by.
        """
        self._s["gathered"] = self._s["half"] = 0
        self._s["ended"] = 1
        return []

    def reset(self) -> None:
        """Forget everything but the baseline that was given."""
        self._state[:] = np.zeros(1, DRIFT_STATE)
        s = self._s
        s["quiet_until_s"] = _NEVER
        forget_groups(s["interruption"])
        for name in _UNKNOWN:
            s[name] = math.nan
        if self._given is not None:
            take_given(s, self._given)
        self._find_gates()

    def _take_group(self, time_s: float, running_s: float) -> list[Change]:
        """Half a block is complete: use it, or leave it out."""
        s, p = self._s, self._params
        half = p.block_steps // 2
        why = interruption(s["interruption"], s["group"][:half], running_s, p)
        if why == SLIPPED:
            jump = float(s["interruption"]["jump_deg"])
            s["slips"] += 1
            gone = self._withdrawn(time_s)
            self._learn_anew()
            moved = Change(time_s, SENSOR_POSITION, "up", jump, 0.0, jump, p.slip_deg, "raised")
            return [*gone, moved]
        if why:
            return []
        s["half"] += 1
        if s["half"] < 2:
            return []
        s["half"] = 0
        return self._take_block(time_s, running_s)

    def _take_block(self, time_s: float, running_s: float) -> list[Change]:
        s, p = self._s, self._params
        s["blocks"] += 1
        n = p.block_steps
        block = block_values(s["values"][:n], s["sides"][:n])
        pace = s["pace"][:n].mean(axis=0)
        if s["baseline_blocks"] == 0:
            s["latest"] = block
            self._learn(block, pace)
            return []
        block = at_baseline_pace(block, s["mean"], pace, s["usual_pace"], p)
        s["latest"] = block
        before = s["smoothed"]
        known = np.isfinite(block)
        first = np.where(np.isfinite(before), before + p.smoothing * (block - before), block)
        s["smoothed"] = np.where(known, first, before)
        unit = np.where(_RELATIVE, s["mean"], 1.0)
        deviation = (s["smoothed"] - s["mean"]) / unit
        stated = np.isfinite(pace - s["usual_pace"])
        shares = effect_of_pace(deviation, self._wander, stated, p.outlier_penalty)
        effect = p.pace_adjustment * unit * shares
        s["effect"] = effect = np.where(np.isfinite(effect), effect, 0.0)
        standardised = (block - effect - s["mean"]) / self._spread
        s["cusum_up"], s["cusum_down"] = next_cusum(
            s["cusum_up"],
            s["cusum_down"],
            standardised,
            p.cusum_slack,
            _CUSUM_ROOM * max(p.cusum_limit, 1.0),
        )
        judged = known & np.isfinite(self._gates)
        changes = self._judge(time_s, running_s, judged)
        if s["refined"] < p.refined_blocks:
            calm = judged & (s["raised"] == 0)
            refine(
                s,
                block - effect,
                calm & self._near(p.refined_share),
                calm & self._near(p.clear_share),
            )
            self._find_gates()
        return changes

    def _near(self, share: float) -> NDArray[np.bool_]:
        """Where the smoothed value is nearer to the baseline than this share of the gate."""
        s = self._s
        unit = np.where(_RELATIVE, 0.01 * s["mean"], 1.0)
        away = np.abs(s["smoothed"] - s["effect"] - s["mean"])
        near: NDArray[np.bool_] = away < share * self._gates * unit
        return near

    def _learn(self, block: Array, pace: Array) -> None:
        s, p = self._s, self._params
        n = int(s["learned"])
        s["learning"][n], s["learning_pace"][n] = block, pace
        s["learned"] = n + 1
        if n + 1 < p.baseline_blocks:
            return
        found = learn(s["learning"][: n + 1], s["learning_pace"][: n + 1], p)
        if found is None:  # nothing measurable: wait, with the newest blocks
            for name in ("learning", "learning_pace"):
                s[name][:n] = s[name][1 : n + 1].copy()
            s["learned"] = n
            return
        s["mean"], s["wander_sd"], s["block_sd"], s["usual_pace"], s["smoothed"] = found
        for name in ("baseline_blocks", "wander_blocks", "refined", "weight"):
            s[name] = p.baseline_blocks
        s["first_mean"] = s["mean"]
        s["level_sd"] = s["effect"] = 0.0
        self._find_gates()

    def _learn_anew(self) -> None:
        """Forget the baseline, and with it what has changed from it."""
        s = self._s
        for name in _UNKNOWN:
            s[name] = math.nan
        for name in (
            "cusum_up",
            "cusum_down",
            "beyond",
            "raised",
            "learned",
            "baseline_blocks",
            "given",
            "wander_blocks",
            "refined",
            "weight",
            "gathered",
            "half",
            "calm",
            "calm_sum",
            "calm_squares",
        ):
            s[name] = 0
        self._find_gates()

    def _find_gates(self) -> None:
        p, s = self._params, self._s
        unit = np.where(_RELATIVE, 0.01 * s["mean"], 1.0)  # of a gate in that of the value
        blocks = max(int(s["wander_blocks"]), 1)
        short = math.sqrt(1.0 + p.short_wander_blocks / blocks)
        seen, level = s["wander_sd"] / unit, level_sd_now(s) / unit
        wander = np.hypot(short * seen, level)
        wider = min(unsteadiness(seen, self._floors, blocks), p.unsteadiness_limit)
        # what is not known of the day may widen them beyond that
        limits = np.hypot(wider * self._limits, p.wander_multiple * level)
        gates = np.clip(p.wander_multiple * wander, self._floors, limits)
        # as a share, or in degrees
        self._wander = np.maximum(wander, 0.25 * self._floors) * np.where(_RELATIVE, 0.01, 1.0)
        self._gates = p.family_factor * gates
        self._spread = np.maximum(s["block_sd"], _LEAST_SPREAD * self._floors * unit)

    def _judge(self, time_s: float, running_s: float, judged: NDArray[np.bool_]) -> list[Change]:
        """Compare the smoothed indicators with their gates; a change when one begins or ends."""
        s, p, gates = self._s, self._params, self._gates
        smoothed, mean, raised = s["smoothed"] - s["effect"], s["mean"], s["raised"]
        deviation = smoothed - mean
        change = np.where(_RELATIVE, 100.0 * deviation / mean, deviation)
        quiet = judged & (raised == 0)
        way = np.where(quiet, (change > gates).astype(np.int64) - (change < -gates), 0)
        beyond = s["beyond"]
        beyond = np.where(quiet, np.where(way * beyond > 0, beyond + way, way), beyond)
        s["beyond"] = beyond
        evidence = np.where(way > 0, s["cusum_up"], s["cusum_down"]) >= p.cusum_limit
        begins = (
            (way != 0)
            & (np.abs(beyond) >= self._dwell)
            & evidence
            & (running_s >= s["quiet_until_s"])
            & (np.abs(smoothed) >= self._least)
        )
        ends = judged & (raised != 0) & (change * raised < p.clear_share * gates)
        calm = quiet & ~begins
        s["calm"] += calm
        usual = np.where(calm, smoothed - s["first_mean"], 0.0)
        s["calm_sum"] += usual
        s["calm_squares"] += usual**2
        changes = []
        for i in np.flatnonzero(begins | ends).tolist():
            severity: Severity = "raised" if begins[i] else "cleared"
            sign = int(way[i] if begins[i] else raised[i])
            changes.append(self._change(i, time_s, sign, float(change[i]), severity))
            s["raised"][i] = sign if begins[i] else 0
            if ends[i]:
                s["beyond"][i], s["cusum_up"][i], s["cusum_down"][i] = 0, 0.0, 0.0
                s["quiet_until_s"][i] = running_s + p.cool_off_s
        return changes

    def _withdrawn(self, time_s: float) -> list[Change]:
        s = self._s
        return [
            self._change(i, time_s, int(s["raised"][i]), math.nan, "withdrawn")
            for i in np.flatnonzero(s["raised"]).tolist()
        ]

    def _change(self, i: int, time_s: float, way: int, change: float, severity: Severity) -> Change:
        indicator, s = INDICATORS[i], self._s
        value, baseline = _reported(
            indicator, float(s["smoothed"][i] - s["effect"][i]), float(s["mean"][i])
        )
        return Change(
            time_s,
            indicator.name,
            _direction(way),
            value,
            baseline,
            change,
            float(self._gates[i]),
            severity,
        )


def _direction(way: int) -> Direction:
    return "up" if way > 0 else "down"


def _reported(indicator: Indicator, value: float, mean: float) -> tuple[float, float]:
    """Value and baseline as they are told."""
    if not indicator.percent_of_baseline:
        return value, mean
    return 100.0 * value / mean, 100.0 if math.isfinite(mean) else math.nan
