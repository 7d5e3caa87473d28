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
from imu.drift.indicators import INDICATORS, RELATIVE, Indicator, indicator_named
from imu.drift.interruptions import GROUP_COLUMNS, SLIPPED, interruption, new_surface
from imu.drift.pace import effect_of_pace
from imu.drift.params import DriftParams
from imu.drift.state import DRIFT_STATE, fresh_state
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
_CUSUM_ROOM: Final = 2.0  # limits that the cumulative sum may reach
_LEAST_SPREAD: Final = 1.0 / 6.0  # of a floor, for blocks that hardly differ
# the lean of an accelerometer is steady enough; bends and slips are judged here, in groups of steps
_DISTRUST: Final = 0xFF & ~int(Quality.NO_GYRO | Quality.BEND | Quality.SLIP)

#: What :func:`~imu.drift.baseline_learning.learn` gives, in its order.
_LEARNED: Final = ("mean", "wander_sd", "block_sd", "usual_pace", "smoothed")

Array = NDArray[np.float64]


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
        self._floors = np.array([gate.floor for gate in p.gates])
        self._limits = self._floors * [gate.limit for gate in p.gates]
        self._least = np.array([gate.least for gate in p.gates])
        self._dwell = np.array([gate.dwell_blocks for gate in p.gates])
        self._gates = self._spread = self._wander = np.full(_COUNT, math.nan)
        self._state = fresh_state()
        self._session: Any = self._state[0]["session"]  # views
        self._segment: Any = self._state[0]["segment"]
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
        segment = self._segment
        if segment["baseline_blocks"] == 0:
            return None
        return as_baseline(
            segment, segment["mean"], segment["wander_sd"], int(segment["baseline_blocks"])
        )

    @property
    def run_baseline(self) -> Baseline | None:
        """What was usual in this run so far, for later ones (:func:`warm_start`).

        Mean and wander of the blocks in which an indicator was not changed; with few of those, of
        the baseline that was learned, and nothing of one that was given. What hangs on the sensor's
        position is left out when the sensor has moved.
        """
        segment = self._segment
        if segment["baseline_blocks"] == 0:
            return None
        moved = bool(self._session["slips"])
        return calm_baseline(segment, self._params.baseline_blocks, moved=moved)

    @property
    def status(self) -> str:
        """What is going on, in plain words."""
        return drift_status(self._state[0], self._params)

    @property
    def changed(self) -> list[str]:
        """Names of the indicators of which a reported change is going on."""
        ways = zip(INDICATORS, self._segment["raised"].tolist(), strict=True)
        return [indicator.name for indicator, way in ways if way]

    def current(self, indicator: str) -> Reading:
        """What is known of one indicator now.

        Raises
        ------
        ParameterError
            When there is no indicator of that name.
        """
        item = indicator_named(indicator)
        i = INDICATORS.index(item)
        segment = self._segment
        mean = float(segment["mean"][i])
        value, baseline = _reported(item, float(segment["latest"][i]), mean)
        smoothed = float(segment["smoothed"][i] - segment["effect"][i])
        change = 100.0 * (smoothed / mean - 1.0) if item.relative else smoothed - mean
        way = int(segment["raised"][i])
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
        """
        changes: list[Change] = []
        if not len(steps):
            return changes
        session, segment = self._session, self._segment
        p, rows = self._params, steps.rows
        session["ended"] = 0
        times = rows["step_time_s"]
        running_s = np.cumsum(
            np.concatenate([session["running_s"][None], np.where(np.isfinite(times), times, 0.0)])
        )
        session["running_s"] = running_s[-1]
        late = running_s[:-1] >= p.skip_s
        flags = np.where(late, rows["quality"] & _DISTRUST, 0)
        trusted = np.flatnonzero(late & (flags == 0))
        session["steps"] += np.count_nonzero(late)
        if flags.any():
            session["flagged_steps"] += np.count_nonzero(flags)
            session["flagged_by"] += ((flags[:, None] >> np.arange(8)) & 1).sum(axis=0)
        if len(trusted):
            session["flagged_in_row"] = np.count_nonzero(flags[trusted[-1] :])
        else:
            session["flagged_in_row"] += np.count_nonzero(flags)
            return changes
        ends_s = rows["initial_contact_s"] + times
        table, sides = watched(steps), rows["side"]
        group = np.stack([rows[name] for name in GROUP_COLUMNS], axis=1)
        pace = np.full((len(rows), 2), math.nan)
        if covariates is not None:
            pace[:, 0], pace[:, 1] = covariates.speed_m_s, covariates.slope_deg
        half, done = p.block_steps // 2, 0
        while done < len(trusted):
            gathered, of_block = int(segment["gathered"]), int(segment["half"]) * half
            take = trusted[done : done + half - gathered]
            place = slice(of_block + gathered, of_block + gathered + len(take))
            segment["values"][place] = table[take]
            segment["sides"][place] = sides[take]
            segment["pace"][place] = pace[take]
            segment["group"][gathered : gathered + len(take)] = group[take]
            done += len(take)
            segment["gathered"] = gathered + len(take)
            if gathered + len(take) == half:
                segment["gathered"] = 0
                last = take[-1]
                changes += self._take_group(float(ends_s[last]), float(running_s[last + 1]))
        return changes

    def mark(self, kind: str, value: str = "") -> None:
        """Take what the runner says: a new ``surface``, or ``reseat`` when the sensor was moved.

        Other kinds change nothing here.
        """
        del value
        if kind == "surface":
            session = self._session
            new_surface(session["interruption"], float(session["running_s"]), self._params)
        elif kind == "reseat":
            self._learn_anew()

    def flush(self) -> list[Change]:
        """The run ends: the block being gathered is given up, everything learned stays.

        Returns
        -------
        list of Change
            Always empty, since part of a block varies too much to judge by.
        """
        self._segment["gathered"] = self._segment["half"] = 0
        self._session["ended"] = 1
        return []

    def reset(self) -> None:
        """Forget everything but the baseline that was given."""
        self._state[:] = fresh_state()
        if self._given is not None:
            take_given(self._segment, self._given)
        self._find_gates()

    def _take_group(self, time_s: float, running_s: float) -> list[Change]:
        """Half a block is complete: use it, or leave it out."""
        p = self._params
        session, segment = self._session, self._segment
        half = p.block_steps // 2
        why = interruption(session["interruption"], segment["group"][:half], running_s, p)
        if why == SLIPPED:
            jump = float(session["interruption"]["jump_deg"])
            session["slips"] += 1
            gone = self._withdrawn(time_s)
            self._learn_anew()
            moved = Change(time_s, SENSOR_POSITION, "up", jump, 0.0, jump, p.slip_deg, "raised")
            return [*gone, moved]
        if why:
            return []
        segment["half"] += 1
        if segment["half"] < 2:
            return []
        segment["half"] = 0
        return self._take_block(time_s, running_s)

    def _take_block(self, time_s: float, running_s: float) -> list[Change]:
        p = self._params
        session, segment = self._session, self._segment
        session["blocks"] += 1
        n = p.block_steps
        block = block_values(segment["values"][:n], segment["sides"][:n])
        pace = segment["pace"][:n].mean(axis=0)
        if segment["baseline_blocks"] == 0:
            segment["latest"] = block
            self._learn(block, pace)
            return []
        block = at_baseline_pace(block, segment["mean"], pace, segment["usual_pace"], p)
        segment["latest"] = block
        before = segment["smoothed"]
        known = np.isfinite(block)
        first = np.where(np.isfinite(before), before + p.smoothing * (block - before), block)
        segment["smoothed"] = np.where(known, first, before)
        unit = np.where(RELATIVE, segment["mean"], 1.0)
        deviation = (segment["smoothed"] - segment["mean"]) / unit
        stated = np.isfinite(pace - segment["usual_pace"])
        shares = effect_of_pace(deviation, self._wander, stated, p.outlier_penalty)
        effect = p.pace_adjustment * unit * shares
        segment["effect"] = effect = np.where(np.isfinite(effect), effect, 0.0)
        standardised = (block - effect - segment["mean"]) / self._spread
        segment["cusum_up"], segment["cusum_down"] = next_cusum(
            segment["cusum_up"],
            segment["cusum_down"],
            standardised,
            p.cusum_slack,
            _CUSUM_ROOM * max(p.cusum_limit, 1.0),
        )
        judged = known & np.isfinite(self._gates)
        changes = self._judge(time_s, running_s, judged)
        if segment["refined"] < p.refined_blocks:
            calm = judged & (segment["raised"] == 0)
            refine(
                segment,
                block - effect,
                calm & self._near(p.refined_share),
                calm & self._near(p.clear_share),
            )
            self._find_gates()
        return changes

    def _near(self, share: float) -> NDArray[np.bool_]:
        """Where the smoothed value is nearer to the baseline than this share of the gate."""
        segment = self._segment
        unit = np.where(RELATIVE, 0.01 * segment["mean"], 1.0)
        away = np.abs(segment["smoothed"] - segment["effect"] - segment["mean"])
        near: NDArray[np.bool_] = away < share * self._gates * unit
        return near

    def _learn(self, block: Array, pace: Array) -> None:
        p = self._params
        segment = self._segment
        n = int(segment["learned"])
        segment["learning"][n], segment["learning_pace"][n] = block, pace
        segment["learned"] = n + 1
        if n + 1 < p.baseline_blocks:
            return
        found = learn(segment["learning"][: n + 1], segment["learning_pace"][: n + 1], p)
        if found is None:  # nothing measurable: wait, with the newest blocks
            for name in ("learning", "learning_pace"):
                segment[name][:n] = segment[name][1 : n + 1].copy()
            segment["learned"] = n
            return
        for name, value in zip(_LEARNED, found, strict=True):
            segment[name] = value
        for name in ("baseline_blocks", "wander_blocks", "refined", "weight"):
            segment[name] = p.baseline_blocks
        segment["first_mean"] = segment["mean"]
        segment["level_sd"] = segment["effect"] = 0.0
        self._find_gates()

    def _learn_anew(self) -> None:
        """Forget the baseline, and with it what has changed from it."""
        self._state["segment"] = fresh_state()["segment"]
        self._find_gates()

    def _find_gates(self) -> None:
        p = self._params
        segment = self._segment
        unit = np.where(RELATIVE, 0.01 * segment["mean"], 1.0)  # of a gate in that of the value
        blocks = max(int(segment["wander_blocks"]), 1)
        short = math.sqrt(1.0 + p.short_wander_blocks / blocks)
        seen, level = segment["wander_sd"] / unit, level_sd_now(segment) / unit
        wander = np.hypot(short * seen, level)
        wider = min(unsteadiness(seen, self._floors, blocks), p.unsteadiness_limit)
        # what is not known of the day may widen them beyond that
        limits = np.hypot(wider * self._limits, p.wander_multiple * level)
        gates = np.clip(p.wander_multiple * wander, self._floors, limits)
        # as a share, or in degrees
        self._wander = np.maximum(wander, 0.25 * self._floors) * np.where(RELATIVE, 0.01, 1.0)
        self._gates = p.family_factor * gates
        self._spread = np.maximum(segment["block_sd"], _LEAST_SPREAD * self._floors * unit)

    def _judge(self, time_s: float, running_s: float, judged: NDArray[np.bool_]) -> list[Change]:
        """Compare the smoothed indicators with their gates; a change when one begins or ends."""
        p, gates = self._params, self._gates
        session, segment = self._session, self._segment
        smoothed = segment["smoothed"] - segment["effect"]
        mean, raised = segment["mean"], segment["raised"]
        deviation = smoothed - mean
        change = np.where(RELATIVE, 100.0 * deviation / mean, deviation)
        quiet = judged & (raised == 0)
        way = np.where(quiet, (change > gates).astype(np.int64) - (change < -gates), 0)
        beyond = segment["beyond"]
        beyond = np.where(quiet, np.where(way * beyond > 0, beyond + way, way), beyond)
        segment["beyond"] = beyond
        evidence = np.where(way > 0, segment["cusum_up"], segment["cusum_down"]) >= p.cusum_limit
        begins = (
            (way != 0)
            & (np.abs(beyond) >= self._dwell)
            & evidence
            & (running_s >= session["quiet_until_s"])
            & (np.abs(smoothed) >= self._least)
        )
        ends = judged & (raised != 0) & (change * raised < p.clear_share * gates)
        calm = quiet & ~begins
        segment["calm"] += calm
        usual = np.where(calm, smoothed - segment["first_mean"], 0.0)
        segment["calm_sum"] += usual
        segment["calm_squares"] += usual**2
        changes = []
        for i in np.flatnonzero(begins | ends).tolist():
            severity: Severity = "raised" if begins[i] else "cleared"
            sign = int(way[i] if begins[i] else raised[i])
            changes.append(self._change(i, time_s, sign, float(change[i]), severity))
            segment["raised"][i] = sign if begins[i] else 0
            if ends[i]:
                segment["beyond"][i], segment["cusum_up"][i], segment["cusum_down"][i] = 0, 0.0, 0.0
                session["quiet_until_s"][i] = running_s + p.cool_off_s
        return changes

    def _withdrawn(self, time_s: float) -> list[Change]:
        segment = self._segment
        return [
            self._change(i, time_s, int(segment["raised"][i]), math.nan, "withdrawn")
            for i in np.flatnonzero(segment["raised"]).tolist()
        ]

    def _change(self, i: int, time_s: float, way: int, change: float, severity: Severity) -> Change:
        indicator, segment = INDICATORS[i], self._segment
        smoothed = float(segment["smoothed"][i] - segment["effect"][i])
        value, baseline = _reported(indicator, smoothed, float(segment["mean"][i]))
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
