"""Drift: which of the runner's load indicators have left the runner's own baseline.

Trusted steps are gathered in blocks; the first blocks after warming up make the baseline (or one is
given), and an indicator has changed when its smoothed blocks stay beyond a gate. This says what
changed and by how much; whether the runner is told, and how, is decided elsewhere.

The gate is the larger of a floor and a multiple of the runner's own slow wander. Five minutes show
less wander than an hour holds, and a baseline learned while form is already changing shows more, so
the gate never exceeds a stated number of floors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from imu.baseline import Baseline, IndicatorBaseline
from imu.errors import ParameterError
from imu.indicators import INDICATORS, Indicator, indicator_named
from imu.samples import Quality
from imu.steps import STEP_ROW, Steps

__all__ = [
    "DRIFT_STATE",
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

Direction = Literal["up", "down"]
#: ``raised`` when an indicator has changed, ``cleared`` when it is back near the baseline.
Severity = Literal["raised", "cleared"]


_COUNT: Final = len(INDICATORS)
_MOST_BLOCK_STEPS: Final = 100
_MOST_BASELINE_BLOCKS: Final = 400
_MEASURABLE_SHARE: Final = 0.75  # of the baseline's blocks that need a value
_TRIM: Final = 0.2
_NEVER: Final = -math.inf

_FIELDS: Final = STEP_ROW.names or ()
_CONTACT: Final = _FIELDS.index("initial_contact_s")
_STEP_TIME: Final = _FIELDS.index("step_time_s")
_SIDE: Final = _FIELDS.index("side")
_QUALITY: Final = _FIELDS.index("quality")
_COLUMNS: Final = tuple(_FIELDS.index(indicator.column) for indicator in INDICATORS)

_DISTRUST: Final = ~int(Quality.NO_GYRO)  # the lean of an accelerometer is steady enough
_FLAG_WORDS: Final = {
    Quality.GAP: "lost samples",
    Quality.CLIPPED: "a sensor at the end of its range",
    Quality.SETTLING: "a lean that is still settling",
    Quality.SLIP: "a sensor that moved on the body",
    Quality.BEND: "running a bend",
    Quality.EDGE: "the edges of the recording",
}


@dataclass(frozen=True, slots=True)
class DriftParams:
    """Parameters of :class:`DriftDetector`.

    Attributes
    ----------
    skip_s : float
        Running time that is left out as warming up, s, 0 to 3600.
    block_steps : int
        Trusted steps in a block, 4 to 100.
    baseline_blocks : int
        Blocks that make the baseline, 4 to 400; 40 of 20 steps are about 5 min.
    smoothing : float
        Share of the newest block in the moving average, above 0 to 1.
    wander_multiple : float
        Gate in standard deviations of the runner's slow wander, 0 to 20.
    gate_limit : float
        Largest gate in floors, 1 to 10: the cap on what wander can do.
    dwell_blocks : int
        Blocks in a row beyond the gate before a change is reported, 1 to 100.
    clear_share : float
        Share of the gate below which a change is over, 0 to 1.
    cool_off_s : float
        Running time after a change is over in which the same indicator is not reported, s, 0 to
        3600.
    peak_floor_percent, shock_floor_percent, oscillation_floor_percent, cadence_floor_percent, \
lumbar_floor_percent : float
        Smallest gates, % of the baseline, 0.1 to 100.
    lean_floor_deg : float
        Smallest gate of the lean, degrees, 0.1 to 45.

    Raises
    ------
    ParameterError
        When a value is outside its range.

    Examples
    --------
    >>> DriftParams(smoothing=2.0)
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: smoothing is 2.0: give a number above 0, at most 1.
    """

    skip_s: float = 150.0
    block_steps: int = 20
    baseline_blocks: int = 40
    smoothing: float = 0.3
    wander_multiple: float = 4.0
    gate_limit: float = 2.0
    dwell_blocks: int = 8
    clear_share: float = 0.5
    cool_off_s: float = 300.0
    peak_floor_percent: float = 6.0
    shock_floor_percent: float = 10.0
    lean_floor_deg: float = 2.0
    oscillation_floor_percent: float = 8.0
    cadence_floor_percent: float = 3.0
    lumbar_floor_percent: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            low, high = _RANGES[field.name]
            value = getattr(self, field.name)
            whole = isinstance(field.default, int)
            fits = (
                isinstance(value, int if whole else int | float)
                and not isinstance(value, bool)
                and low <= value <= high
            )
            if field.name == "smoothing":
                if not fits or value == 0.0:
                    raise ParameterError(field.name, value, "a number above 0, at most 1")
            elif not fits:
                kind = "a whole number" if whole else "a number"
                raise ParameterError(field.name, value, f"{kind} from {low:g} to {high:g}")


_RANGES: Final[dict[str, tuple[float, float]]] = {
    "skip_s": (0.0, 3600.0),
    "block_steps": (4, _MOST_BLOCK_STEPS),
    "baseline_blocks": (4, _MOST_BASELINE_BLOCKS),
    "smoothing": (0.0, 1.0),
    "wander_multiple": (0.0, 20.0),
    "gate_limit": (1.0, 10.0),
    "dwell_blocks": (1, 100),
    "clear_share": (0.0, 1.0),
    "cool_off_s": (0.0, 3600.0),
    "peak_floor_percent": (0.1, 100.0),
    "shock_floor_percent": (0.1, 100.0),
    "lean_floor_deg": (0.1, 45.0),
    "oscillation_floor_percent": (0.1, 100.0),
    "cadence_floor_percent": (0.1, 100.0),
    "lumbar_floor_percent": (0.1, 100.0),
}


def robust_mean(values: Sequence[float], sides: Sequence[int]) -> float:
    """Mean of a block that a few odd steps do not move.

    The mean of each side without its lowest and highest fifth, then the mean of both sides, so that
    neither a left/right difference nor an uneven share of the sides shows. It varies less than a
    median does. Without three values on both sides, the same over all values.

    Parameters
    ----------
    values : sequence of float, length N
        One per step, NaN where not measurable.
    sides : sequence of int, length N
        Even for one side, odd for the other.

    Returns
    -------
    float
        NaN when fewer than half of the steps have a value.

    Examples
    --------
    >>> robust_mean([1.0, 3.0, 1.0, 3.0, 1.0, 3.0, 90.0], [0, 1, 0, 1, 0, 1, 0])
    13.125
    >>> robust_mean([1.0, 3.0] * 5 + [90.0], [0, 1] * 5 + [0])
    2.0
    """
    even, odd = (
        sorted(
            value
            for value, side in zip(values, sides, strict=True)
            if side & 1 == foot and math.isfinite(value)
        )
        for foot in (0, 1)
    )
    if 2 * (len(even) + len(odd)) < len(values) or not (even or odd):
        return math.nan
    if min(len(even), len(odd)) < 3:
        return _trimmed_mean(sorted(even + odd))
    return 0.5 * (_trimmed_mean(even) + _trimmed_mean(odd))


def _trimmed_mean(ordered: Sequence[float]) -> float:
    cut = int(_TRIM * len(ordered))
    kept = ordered[cut : len(ordered) - cut]
    return math.fsum(kept) / len(kept)


def smooth(previous: float, value: float, smoothing: float) -> float:
    """The next value of an exponentially weighted moving average; NaN is "nothing before".

    Examples
    --------
    >>> smooth(float("nan"), 4.0, 0.25), smooth(4.0, 8.0, 0.25)
    (4.0, 5.0)
    """
    return previous + smoothing * (value - previous) if math.isfinite(previous) else value


def slow_wander_sd(blocks: Sequence[float], mean: float, smoothing: float) -> float:
    """Standard deviation of smoothed blocks about their mean: what the gate has to stay above.

    Smoothing as in the detector leaves the wander over minutes and the part of the step-to-step
    spread that gets through.

    Parameters
    ----------
    blocks : sequence of float, length N ≥ 2
        Block values in order, all finite.
    mean : float
        Their mean.
    smoothing : float
        Share of the newest block.

    Examples
    --------
    >>> slow_wander_sd([1.0, 3.0, 1.0, 3.0, 1.0], 2.0, 1.0)
    1.118033988749895
    """
    squares, average = 0.0, math.nan
    for value in blocks:
        average = smooth(average, value, smoothing)
        squares += (average - mean) ** 2
    return math.sqrt(squares / (len(blocks) - 1))


@dataclass(frozen=True, slots=True)
class Change:
    """An indicator that has left the baseline, or come back to it.

    Attributes
    ----------
    time_s : float
        End of the step that completed the block, s.
    indicator : str
        Its name in :data:`INDICATORS`.
    direction : {"up", "down"}
        Away from the baseline; of a cleared change, where it had gone.
    value, baseline : float
        Smoothed value and baseline in the indicator's unit.
    change, gate : float
        Value minus baseline, and the size it had to exceed, in the indicator's ``change_unit``.
    severity : {"raised", "cleared"}
        Whether it changed or came back.
    """

    time_s: float
    indicator: str
    direction: Direction
    value: float
    baseline: float
    change: float
    gate: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of one indicator now, for display; NaN where it is not known.

    Attributes
    ----------
    indicator : str
        Its name.
    value : float
        Latest block, in the indicator's unit.
    baseline : float
        In the same unit.
    change, gate : float
        Smoothed value minus baseline, and the gate, in the indicator's ``change_unit``.
    changed : {"up", "down"} or None
        Whether, and where to, a reported change is going on.
    """

    indicator: str
    value: float
    baseline: float
    change: float
    gate: float
    changed: Direction | None


#: State of :class:`DriftDetector`; arrays over indicators are in the order of :data:`INDICATORS`.
#: Eight bytes everywhere, so that no padding makes equal states differ.
DRIFT_STATE: Final = np.dtype(
    [
        ("running_s", np.float64),
        ("ended", np.int64),
        # since warming up
        ("steps", np.int64),
        ("flagged_steps", np.int64),
        ("flagged_by", np.int64, 8),  # steps by quality bit
        ("flagged_in_row", np.int64),
        ("blocks", np.int64),
        # the block being gathered
        ("gathered", np.int64),
        ("values", np.float64, (_MOST_BLOCK_STEPS, _COUNT)),
        ("sides", np.int64, _MOST_BLOCK_STEPS),
        # the baseline, and the blocks it is learned from
        ("learned", np.int64),
        ("learning", np.float64, (_MOST_BASELINE_BLOCKS, _COUNT)),
        ("baseline_blocks", np.int64),  # 0 without a baseline
        ("mean", np.float64, _COUNT),
        ("wander_sd", np.float64, _COUNT),
        # the indicators
        ("latest", np.float64, _COUNT),
        ("smoothed", np.float64, _COUNT),
        ("beyond", np.int64, _COUNT),  # blocks in a row beyond the gate, negative below
        ("raised", np.int64, _COUNT),  # 1 up, -1 down, 0 not changed
        ("quiet_until_s", np.float64, _COUNT),  # running time
    ]
)


class DriftDetector:
    """Watches the load indicators of a run for changes from the runner's own baseline.

    Steps with any quality flag but ``no_gyro`` are left out, as are those of the first
    ``skip_s`` of running, with a given baseline too: the first minutes are unlike the rest. Blocks
    and running time go on over pauses. An indicator without a value in three quarters of the
    baseline's blocks is not watched. Results do not depend on how the steps are cut into pushes.

    Parameters
    ----------
    params : DriftParams, optional
        Parameters.
    baseline : Baseline, optional
        The runner's baseline; learned from the run otherwise.

    Notes
    -----
    In simulated stationary hours, 500 for each amplitude of a slow wander with a time constant of
    90 s, an indicator reported a change in at most 0.6 % of the hours when the wander was 1.5 % (of
    cadence 0.75 %, of lean 0.3°), and in up to 9 % when it was 2 %. A step of +10 % in peak force
    was reported after 71 s (median of 100). Simulation is no evidence about people.

    Examples
    --------
    >>> detector = DriftDetector()
    >>> detector.status
    'warming up: 0:00 of 2:30'
    """

    def __init__(self, params: DriftParams | None = None, baseline: Baseline | None = None) -> None:
        self._params = params or DriftParams()
        self._given = baseline
        self._floors = [getattr(self._params, indicator.floor) for indicator in INDICATORS]
        self._gates = [math.nan] * _COUNT
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
        self._state[:] = value
        self._find_gates()

    @property
    def baseline(self) -> Baseline | None:
        """The baseline given or learned; None before there is one."""
        s = self._s
        if s["baseline_blocks"] == 0:
            return None
        return Baseline(
            tuple(
                IndicatorBaseline(indicator.name, mean, wander_sd)
                for indicator, mean, wander_sd in zip(
                    INDICATORS, s["mean"].tolist(), s["wander_sd"].tolist(), strict=True
                )
                if math.isfinite(mean)
            ),
            int(s["baseline_blocks"]),
        )

    @property
    def status(self) -> str:
        """What is going on, in plain words."""
        s, p = self._s, self._params
        running_s = float(s["running_s"])
        if s["baseline_blocks"] == 0 and s["ended"]:
            if running_s == 0.0:
                return "no baseline yet, because no running step was seen"
            reason = self._distrust() or (
                f"the run ended after {_clock(running_s)}; it takes {_clock(p.skip_s)} of warming "
                f"up and {p.baseline_blocks} blocks of {p.block_steps} steps"
            )
            return f"no baseline yet, because {reason}"
        if running_s < p.skip_s:
            return f"warming up: {_clock(running_s)} of {_clock(p.skip_s)}"
        distrust = self._distrust()
        if s["baseline_blocks"] == 0:
            if distrust:
                return f"no baseline yet, because {distrust}"
            if s["learned"] >= p.baseline_blocks - 1 and s["blocks"] >= p.baseline_blocks:
                return "no baseline yet, because no indicator could be measured often enough"
            return f"learning your baseline: {int(s['learned'])} of {p.baseline_blocks} blocks"
        changed = [i.words for i, way in zip(INDICATORS, s["raised"], strict=True) if way]
        if changed:
            names = ", ".join(changed[:-1]) + " and " * (len(changed) > 1) + changed[-1]
            return f"{names} changed"
        if s["flagged_in_row"] >= p.block_steps:
            return f"not watching, because {distrust}"
        return "watching"

    def current(self, indicator: str) -> Reading:
        """What is known of one indicator now.

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
        way = int(s["raised"][i])
        return Reading(
            item.name,
            value,
            baseline,
            _change(item, float(s["smoothed"][i]), mean),
            self._gates[i],
            _direction(way) if way else None,
        )

    def push(self, steps: Steps) -> list[Change]:
        """Take the next steps; returns the changes that they complete, in order."""
        changes: list[Change] = []
        if not len(steps):
            return changes
        s, p = self._s, self._params
        s["ended"] = 0
        running_s, gathered = float(s["running_s"]), int(s["gathered"])
        values, sides = s["values"], s["sides"]
        for row in steps.rows.tolist():
            before_s, step_time_s = running_s, row[_STEP_TIME]
            if math.isfinite(step_time_s):
                running_s += step_time_s
            if before_s < p.skip_s:
                continue
            s["steps"] += 1
            flags = row[_QUALITY] & _DISTRUST
            if flags:
                self._count_flagged(flags)
                continue
            s["flagged_in_row"] = 0
            values[gathered] = [row[column] for column in _COLUMNS]
            sides[gathered] = row[_SIDE]
            gathered += 1
            if gathered == p.block_steps:
                gathered = 0
                s["running_s"] = running_s
                changes += self._take_block(row[_CONTACT] + step_time_s)
        s["running_s"], s["gathered"] = running_s, gathered
        return changes

    def flush(self) -> list[Change]:
        """The run ends: the block being gathered is given up, everything learned stays.

        Returns
        -------
        list of Change
            Always empty, since part of a block varies too much to judge by.
        """
        self._s["gathered"] = 0
        self._s["ended"] = 1
        return []

    def reset(self) -> None:
        """Forget everything but the baseline that was given."""
        self._state[:] = np.zeros(1, DRIFT_STATE)
        s = self._s
        s["quiet_until_s"] = _NEVER
        for name in ("mean", "wander_sd", "latest", "smoothed"):
            s[name] = math.nan
        if self._given is not None:
            for i, indicator in enumerate(INDICATORS):
                item = self._given.of(indicator.name)
                if item is not None:
                    s["mean"][i], s["wander_sd"][i] = item.mean, item.wander_sd
            s["baseline_blocks"] = self._given.blocks
        self._find_gates()

    def _count_flagged(self, flags: int) -> None:
        s = self._s
        s["flagged_steps"] += 1
        s["flagged_in_row"] += 1
        for bit in range(8):
            s["flagged_by"][bit] += flags >> bit & 1

    def _take_block(self, time_s: float) -> list[Change]:
        s, p = self._s, self._params
        s["blocks"] += 1
        table = s["values"][: p.block_steps].T.tolist()
        sides = s["sides"][: p.block_steps].tolist()
        block = [robust_mean(column, sides) for column in table]
        s["latest"] = block
        smoothed = s["smoothed"].tolist()
        for i, value in enumerate(block):
            if math.isfinite(value):
                smoothed[i] = smooth(smoothed[i], value, p.smoothing)
        s["smoothed"] = smoothed
        if s["baseline_blocks"] == 0:
            self._learn(block)
            return []
        judged = [
            self._judge(i, time_s, smoothed[i])
            for i, value in enumerate(block)
            if math.isfinite(value) and math.isfinite(self._gates[i])
        ]
        return [change for change in judged if change is not None]

    def _learn(self, block: list[float]) -> None:
        s, p = self._s, self._params
        learned = int(s["learned"])
        s["learning"][learned] = block
        s["learned"] = learned + 1
        if learned + 1 < p.baseline_blocks:
            return
        for i, indicator in enumerate(INDICATORS):
            values = [v for v in s["learning"][: p.baseline_blocks, i].tolist() if math.isfinite(v)]
            if len(values) < max(_MEASURABLE_SHARE * p.baseline_blocks, 2):
                continue
            mean = _trimmed_mean(sorted(values))
            if not indicator.relative or mean > 0.0:
                s["mean"][i] = mean
                s["wander_sd"][i] = slow_wander_sd(values, mean, p.smoothing)
                s["baseline_blocks"] = p.baseline_blocks
        if s["baseline_blocks"] == 0:  # nothing measurable: wait, with the newest blocks
            s["learning"][:learned] = s["learning"][1 : learned + 1].copy()
            s["learned"] = learned
        self._find_gates()

    def _find_gates(self) -> None:
        p = self._params
        for i, indicator in enumerate(INDICATORS):
            mean, wander = float(self._s["mean"][i]), float(self._s["wander_sd"][i])
            if indicator.relative:
                wander *= 100.0 / mean
            gate = min(
                max(self._floors[i], p.wander_multiple * wander), p.gate_limit * self._floors[i]
            )
            self._gates[i] = gate if math.isfinite(mean) else math.nan

    def _judge(self, i: int, time_s: float, smoothed: float) -> Change | None:
        """Compare one smoothed indicator with its gate; a change when it begins or ends."""
        s, p, indicator, gate = self._s, self._params, INDICATORS[i], self._gates[i]
        mean, running_s = float(s["mean"][i]), float(s["running_s"])
        change = _change(indicator, smoothed, mean)
        raised, beyond = int(s["raised"][i]), int(s["beyond"][i])
        severity: Severity
        if raised:
            if change * raised >= p.clear_share * gate:
                return None
            way, severity = raised, "cleared"
            s["raised"][i], s["beyond"][i] = 0, 0
            s["quiet_until_s"][i] = running_s + p.cool_off_s
        else:
            way = (change > gate) - (change < -gate)
            beyond = beyond + way if way * beyond > 0 else way
            s["beyond"][i] = beyond
            if abs(beyond) < p.dwell_blocks or running_s < s["quiet_until_s"][i]:
                return None
            severity = "raised"
            s["raised"][i] = way
        value, baseline = _reported(indicator, smoothed, mean)
        return Change(
            time_s, indicator.name, _direction(way), value, baseline, change, gate, severity
        )

    def _distrust(self) -> str:
        """Why steps are left out, when too many are; empty otherwise."""
        s, p = self._s, self._params
        steps, flagged = int(s["steps"]), int(s["flagged_steps"])
        often = steps >= 2 * p.block_steps and 2 * flagged > steps
        if not often and s["flagged_in_row"] < p.block_steps:
            return ""
        counts = {flag: int(s["flagged_by"][flag.bit_length() - 1]) for flag in _FLAG_WORDS}
        most = _FLAG_WORDS[max(counts, key=lambda flag: counts[flag])]
        return f"{flagged} of {steps} steps are not trusted, most for {most}"


def _direction(way: int) -> Direction:
    return "up" if way > 0 else "down"


def _change(indicator: Indicator, value: float, mean: float) -> float:
    return 100.0 * (value / mean - 1.0) if indicator.relative else value - mean


def _reported(indicator: Indicator, value: float, mean: float) -> tuple[float, float]:
    """Value and baseline as they are told."""
    if not indicator.percent_of_baseline:
        return value, mean
    return 100.0 * value / mean, 100.0 if math.isfinite(mean) else math.nan


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
