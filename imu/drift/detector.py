"""Drift: which of the runner's load indicators have left the runner's own baseline.

Trusted steps are gathered in blocks. What each indicator is usually made of, the day's level and
its drift, what pace does to it, the runner's own wander, is followed from block to block
(:mod:`imu.drift.tracking`), from the runner's earlier runs where there are some, else from what is
known of people. An indicator has changed when its smoothed deviation is beyond a gate, and either a
step of its level by twice the smallest gate explains the blocks much better than wander does, or it
has lasted for minutes beyond what wander makes of them. This says what changed and by how much;
whether the runner is told, and how, is decided elsewhere.

The gate is the larger of a floor and a multiple of the spread that a deviation has while nothing
changes. That holds what is not known yet: in a first run, before contact and force have settled,
or at a pace never run before, gates are wide.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.drift.baseline import Baseline
from imu.drift.baseline_in_use import baseline_now, run_baseline, take_given
from imu.drift.blocks import block_values, gather, watched
from imu.drift.changes import SENSOR_POSITION, Change, Direction, Reading, Severity
from imu.drift.covariates import Covariates
from imu.drift.gates import has_baseline, look
from imu.drift.indicators import INDICATORS, RELATIVE, indicator_named
from imu.drift.interruptions import (
    SLIPPED,
    group_means,
    interruption,
    new_surface,
)
from imu.drift.pace import CADENCE
from imu.drift.params import DriftParams
from imu.drift.state import DRIFT_STATE, GROUP_COLUMNS, fresh_state
from imu.drift.status import DriftStatus, drift_status, status_words
from imu.drift.tracking import follow, values_of, wander_variance
from imu.errors import ParameterError
from imu.step.trusted_steps import DISTRUST
from imu.steps import STEP_ROW, Steps

__all__ = [
    "DRIFT_STATE",
    "SENSOR_POSITION",
    "Change",
    "Direction",
    "DriftDetector",
    "DriftParams",
    "InUse",
    "Reading",
    "Severity",
]

_COUNT: Final = len(INDICATORS)
#: Size of the step that is looked for, in floors: it explains the blocks better than none does from
#: a step of one floor on.
_SOUGHT: Final = 2.0

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class InUse:
    """What indicators are compared with at one moment.

    Attributes
    ----------
    baseline : Baseline or None
        None while it is being learned.
    ranges : tuple of (str, float, float)
        Indicator, its baseline in its unit, and its gate in its ``change_unit``.
    """

    baseline: Baseline | None
    ranges: tuple[tuple[str, float, float], ...] = ()


class DriftDetector:
    """Watches the load indicators of a run for changes from the runner's own baseline.

    Steps with any quality flag but ``no_gyro``, ``bend``, ``slip``, ``tilt`` and ``loose`` are left
    out, as are those of the first ``skip_s`` of running, with a given baseline too: the first
    minutes are unlike the rest. So are bends, what follows a change of speed or of surface, and
    what follows a sensor that moved; after that the baseline is learned anew. Of a loose clip's
    steps oscillation and shock are left out, of those with a doubtful tilt lean and lumbar load.
    Blocks and running time go on over pauses. An indicator is watched once it had a value in as
    many blocks as make a baseline. Results do not depend on how the steps are cut into pushes.

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
    'warming up: 0:00 of 1:00'
    """

    def __init__(self, params: DriftParams | None = None, baseline: Baseline | None = None) -> None:
        self._params = p = params or DriftParams()
        self._given = baseline
        widely = p.family_factor
        self._floors = widely * np.array([gate.floor for gate in p.gates])
        self._multiples = widely * np.array([gate.multiple for gate in p.gates])
        self._evidence = widely * np.array([gate.evidence for gate in p.gates])
        self._lasting = widely * np.array([gate.lasting for gate in p.gates])
        self._least = np.array([gate.least for gate in p.gates])
        self._dwell = np.array([gate.dwell_blocks for gate in p.gates])
        self._sought = _SOUGHT * self._floors
        self._state = fresh_state()
        # views; compiled code takes an array of one at a fraction of what a record costs
        self._session: Any = self._state[0]["session"]
        self._segment: Any = self._state[0]["segment"]
        self._segments = self._state["segment"]
        self._past = self._state["session"]["interruption"]
        self._given_up: InUse | None = None
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

    @property
    def baseline(self) -> Baseline | None:
        """The baseline given or learned, as it stands now; None before there is one."""
        if not self.has_baseline:
            return None
        segment = self._segment
        learned = min(int(segment["seen"].max()), self._params.baseline_blocks)
        return baseline_now(segment, max(int(segment["given_blocks"]), learned))

    @property
    def has_baseline(self) -> bool:
        """Whether there is a baseline; quicker than to ask for it."""
        return has_baseline(self._segments, self._params.baseline_blocks)

    @property
    def steps_to_next(self) -> int:
        """Trusted steps until it next looks at what it has: with fewer a push finds no change."""
        return self._params.block_steps // 2 - int(self._segment["gathered"])

    @property
    def running_s(self) -> float:
        """Running time so far, s."""
        return float(self._session["running_s"])

    @property
    def given_up(self) -> InUse | None:
        """What was in use when the latest :meth:`push` or :meth:`mark` gave it up.

        None when the latest of them gave up nothing.
        """
        return self._given_up

    @property
    def in_use(self) -> InUse:
        """The baseline and the gates about it, as they are now."""
        return InUse(
            self.baseline,
            tuple(
                (item.indicator, item.baseline, item.gate)
                for item in self.readings
                if math.isfinite(item.baseline) and math.isfinite(item.gate)
            ),
        )

    @property
    def run_baseline(self) -> Baseline | None:
        """What was usual in this run so far, for later ones (:func:`warm_start`).

        Of the indicators that had values enough for a fifth of a baseline, so that short runs make
        one together; what hangs on the sensor's position is left out when the sensor has moved.
        """
        moved = bool(self._session["slips"])
        return run_baseline(self._segment, self._params.baseline_blocks, moved=moved)

    @property
    def status(self) -> str:
        """What is going on, in plain words."""
        return status_words(self.standing, self._params)

    @property
    def standing(self) -> DriftStatus:
        """What is going on, as a code and its figures."""
        return drift_status(self._state[0], self._params)

    @property
    def changed(self) -> list[str]:
        """Names of the indicators of which a reported change is going on."""
        ways = zip(INDICATORS, self._segment["raised"].tolist(), strict=True)
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
        return self.readings[INDICATORS.index(indicator_named(indicator))]

    @property
    def readings(self) -> list[Reading]:
        """What is known of each indicator now, in their order."""
        _, gates, _ = self._look()
        raised = self._segment["raised"].tolist()
        readings = []
        for i, indicator in enumerate(INDICATORS):
            value, baseline, change = self._compared(i)
            if math.isnan(gates[i]):
                baseline = change = math.nan
            way = _direction(raised[i]) if raised[i] else None
            readings.append(Reading(indicator.name, value, baseline, change, float(gates[i]), way))
        return readings

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
        return self.push_packets(steps, (len(steps),), covariates)[1]

    def push_packets(
        self, steps: Steps, ends: Sequence[int], covariates: Covariates | None = None
    ) -> tuple[int, list[Change]]:
        """Take the next steps, up to the end of the packet that completes something.

        Parameters
        ----------
        steps : Steps
            In order of time.
        ends : sequence of int
            How many steps there are up to the end of each packet, the last with all.
        covariates : Covariates, optional
            Speed and slope at each of them, where known.

        Returns
        -------
        int
            How many steps were taken: all, or those up to one of the ends, in whose packet changes
            or a baseline were found. The others are to be pushed again.
        list of Change
            That were found.
        """
        self._given_up = None
        if not len(steps):
            return 0, []
        session, rows = self._session, steps.rows
        times = rows["step_time_s"]
        running_s = np.cumsum(
            np.concatenate([session["running_s"][None], np.where(np.isfinite(times), times, 0.0)])
        )
        late = running_s[:-1] >= self._params.skip_s
        flags = np.where(late, rows["quality"] & DISTRUST, 0)
        trusted = np.flatnonzero(late & (flags == 0))
        taken, changes = len(rows), list[Change]()
        if len(trusted):
            taken, changes = self._gather(steps, trusted, running_s, ends, covariates)
        session["ended"] = 0
        session["running_s"] = running_s[taken]
        self._count(late[:taken], flags[:taken])
        return taken, changes

    def _gather(
        self,
        steps: Steps,
        trusted: NDArray[np.intp],
        running_s: Array,
        ends: Sequence[int],
        covariates: Covariates | None,
    ) -> tuple[int, list[Change]]:
        """Gather trusted steps in halves of blocks, as :meth:`push_packets` does."""
        segment, rows, half = self._segment, steps.rows, self._params.block_steps // 2
        ends_s = rows["initial_contact_s"] + rows["step_time_s"]
        # a copy is one kind of array, whoever made the steps
        table, sides = watched(steps), rows["side"].astype(np.int64)
        group = np.stack([rows[name] for name in GROUP_COLUMNS], axis=1)
        pace = np.full((len(rows), 2), math.nan)
        if covariates is not None:
            pace[:, 0], pace[:, 1] = covariates.speed_m_s, covariates.slope_deg
        had, gathered = self.has_baseline, int(segment["gathered"])
        of_groups = np.concatenate([segment["group"][:gathered], group[trusted]])
        means = iter(group_means(of_groups, half))
        taken, changes, done = len(rows), list[Change](), 0
        while done < len(trusted):
            take = trusted[done : done + half - int(segment["gathered"])]
            gather(self._segments, take, half, table, sides, pace, group)
            done += len(take)
            if segment["gathered"] < half:
                break
            segment["gathered"] = 0
            last = int(take[-1])
            changes += self._take_group(
                float(ends_s[last]), float(running_s[last + 1]), next(means)
            )
            if taken == len(rows) and (changes or self.has_baseline != had):
                taken = ends[bisect_right(ends, last)]
                trusted = trusted[: np.searchsorted(trusted, taken)]
        return taken, changes

    def _count(self, late: NDArray[np.bool_], flags: NDArray[np.integer[Any]]) -> None:
        """Count steps, of which some are beyond the first minutes, some flagged."""
        session = self._session
        session["steps"] += np.count_nonzero(late)
        if flags.any():
            session["flagged_steps"] += np.count_nonzero(flags)
            session["flagged_by"] += ((flags[:, None] >> np.arange(8)) & 1).sum(axis=0)
        trusted = np.flatnonzero(late & (flags == 0))
        if len(trusted):
            session["flagged_in_row"] = np.count_nonzero(flags[trusted[-1] :])
        else:
            session["flagged_in_row"] += np.count_nonzero(flags)

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
        self._given_up = None
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

    def _take_group(self, time_s: float, running_s: float, means: Array) -> list[Change]:
        """Half a block is complete, with these means: use it, or leave it out."""
        p = self._params
        session, segment = self._session, self._segment
        why = interruption(self._past, means, running_s, p)
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
        judged, _, _ = self._look()
        known = follow(self._segments, block, pace, running_s, judged, self._sought, p)
        judged, gates, stirred = self._look()
        # as nearly always, there is nothing to judge
        return self._judge(time_s, running_s, known & judged, gates) if stirred else []

    def _look(self) -> tuple[NDArray[np.bool_], Array, bool]:
        """Which indicators are judged, their gates, and whether any is or was beyond its own."""
        p, judged, gates = self._params, np.empty(_COUNT, np.bool_), np.empty(_COUNT)
        stirred = look(
            self._segments, p.baseline_blocks, p.settling_blocks, self._floors, self._multiples,
            judged, gates,
        )  # fmt: skip
        return judged, gates, stirred

    def _learn_anew(self) -> None:
        """Forget the baseline, and with it what has changed from it."""
        segment = self._segment
        if segment["given"].any() or segment["blocks"]:
            self._given_up = self.in_use
        self._state["segment"] = fresh_state()["segment"]

    def _judge(
        self, time_s: float, running_s: float, judged: NDArray[np.bool_], gates: Array
    ) -> list[Change]:
        """Compare the smoothed indicators with their gates; a change when one begins or ends."""
        p = self._params
        session, segment = self._session, self._segment
        smoothed, raised = segment["smoothed"], segment["raised"]
        change = np.where(RELATIVE, 100.0 * np.expm1(0.01 * smoothed), smoothed)
        quiet = judged & (raised == 0)
        way = np.where(quiet, (change > gates).astype(np.int64) - (change < -gates), 0)
        stepped = (way * segment["step"] > 0.0) & (segment["evidence"] >= self._evidence)
        lasting = way * segment["lasting_multiple"] >= self._lasting
        way = np.where(stepped | lasting, way, 0)
        beyond = segment["beyond"]
        beyond = np.where(quiet, np.where(way * beyond > 0, beyond + way, way), beyond)
        segment["beyond"] = beyond
        size = np.abs(values_of(segment, segment["level"] + smoothed))
        begins = (
            (way != 0)
            & (np.abs(beyond) >= self._dwell)
            & (running_s >= session["quiet_until_s"])
            & (size >= self._least)
        )
        ends = judged & (raised != 0) & (change * raised < p.clear_share * gates)
        changes = []
        for i in np.flatnonzero(begins | ends).tolist():
            severity: Severity = "raised" if begins[i] else "cleared"
            sign = int(way[i] if begins[i] else raised[i])
            changes.append(self._change(i, time_s, sign, severity))
            segment["raised"][i] = sign if begins[i] else 0
            if i == CADENCE:  # what waited was of the change
                segment["waiting"] = 0.0
            if ends[i]:
                segment["beyond"][i] = 0
                segment["score"][i] = segment["information"][i] = 0.0
                segment["signature"][i] = 0.0
                segment["lasting"][i] = segment["smoothed"][i]
                session["quiet_until_s"][i] = running_s + p.cool_off_s
        return changes

    def _withdrawn(self, time_s: float) -> list[Change]:
        segment = self._segment
        return [
            replace(
                self._change(i, time_s, int(segment["raised"][i]), "withdrawn"), change=math.nan
            )
            for i in np.flatnonzero(segment["raised"]).tolist()
        ]

    def _compared(self, i: int) -> tuple[float, float, float]:
        """Smoothed value and baseline as they are told, and the change between them."""
        indicator, segment = INDICATORS[i], self._segment
        level, smoothed = float(segment["level"][i]), float(segment["smoothed"][i])
        level = level if math.isfinite(level) else 0.0  # before the first block
        reference = float(segment["reference"][i])
        if indicator.relative:
            baseline = reference * math.exp(0.01 * level)
            value = baseline * math.exp(0.01 * smoothed)
        else:
            baseline = reference + level
            value = baseline + smoothed
        change = 100.0 * (value / baseline - 1.0) if indicator.relative else value - baseline
        if indicator.percent_of_baseline:
            value, baseline = (
                100.0 * value / baseline,
                100.0 if math.isfinite(baseline) else baseline,
            )
        return value, baseline, change

    def _change(self, i: int, time_s: float, way: int, severity: Severity) -> Change:
        value, baseline, change = self._compared(i)
        gate = float(self._look()[1][i])
        name = INDICATORS[i].name
        return Change(time_s, name, _direction(way), value, baseline, change, gate, severity)


def compile_detector() -> None:
    """Compile it, or load it from the cache; only for :func:`~imu.compile_ahead.warm_up`."""
    params = DriftParams(skip_s=0.0, block_steps=4)
    DriftDetector(params).push(Steps(np.zeros(params.block_steps, STEP_ROW)))
    wander_variance(fresh_state()["segment"][0])  # asked for once there is a baseline


def _direction(way: int) -> Direction:
    return "up" if way > 0 else "down"
