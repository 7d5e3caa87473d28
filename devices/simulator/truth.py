"""The steps table that is true of a simulated run, measured on the exact motion.

Contact and toe-off are the 0.1 body weight crossings of the force. Everything that a filter enters
is taken from the true vertical specific force, sampled at 500 Hz whatever the sensor's rate, low-
passed without phase (second-order Butterworth forward and backward).
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator.force import CONTACT_THRESHOLD_BW, TwoMassForce
from devices.simulator.impact import SHOCK_WINDOW_S
from devices.simulator.low_pass import low_pass
from devices.simulator.motion import BodyMotion
from devices.simulator.running import RunningBout
from imu.samples import STANDARD_GRAVITY_M_S2
from imu.steps import SIDE_CODES, STEP_ROW, Steps

Array = NDArray[np.float64]

#: Times of running between which the lumbar index has its baseline.
BASELINE_START_S: Final = 150.0
BASELINE_END_S: Final = 450.0

_RATE_HZ: Final = 500.0
_BATCH_STEPS: Final = 128
_PEAK_POINTS: Final = 161
_MARGIN_S: Final = 0.75  # beyond the batch, for the filters
_CADENCE_WINDOW_S: Final = 10.0


def lumbar_compression_bw(
    vertical_g: float, forward_g: float, lean_deg: float, height_m: float
) -> float:
    """Modelled lumbar compression, body weights; only its ratio to a baseline has meaning.

    The trunk above the joint, 54 % of the body with its centre 16 % of the height above it, is held
    by the back muscles (lever 58 mm) or, where the moment is backward, the belly's (90 mm).

    Parameters
    ----------
    vertical_g, forward_g : float
        Vertical specific force and forward acceleration, g.
    lean_deg : float
        Forward lean from the standing neutral.
    height_m : float

    Examples
    --------
    >>> [round(lumbar_compression_bw(2.4, 0.0, lean, 1.75), 2) for lean in (0, 4, 8, 12, 20)]
    [1.3, 1.79, 2.28, 2.76, 3.68]
    """
    share, lever = 0.54, 0.16 * height_m
    sine, cosine = np.sin(np.radians(lean_deg)), np.cos(np.radians(lean_deg))
    axial = share * (vertical_g * cosine + forward_g * sine)
    moment = share * lever * (vertical_g * sine - forward_g * cosine)
    muscle = moment / 0.058 if moment > 0 else -moment / 0.09
    return float(axial + 1.15 * muscle)


class StepCircumstances(NamedTuple):
    """What a step was run on, each of shape (N,): not in the steps table.

    Parameters
    ----------
    speed_m_s, slope_deg
        At the step's onset.
    surface
        One of :data:`devices.simulator.scenario.SURFACES`.
    """

    speed_m_s: Array
    slope_deg: Array
    surface: NDArray[np.str_]


class TrueSteps:
    """Rows of the running steps of a motion, measured as they are asked for."""

    def __init__(self, motion: BodyMotion) -> None:
        self._motion = motion
        bouts = motion.bouts
        ends = [np.append(b.plan.contact_crossing_s, _landing_contact(b)) for b in bouts]
        self._contact_s = np.concatenate([contact[:-1] for contact in ends])
        self._closing_s = np.concatenate([contact[1:] for contact in ends])
        self._toe_off_s = np.concatenate([b.plan.toe_off_crossing_s for b in bouts])
        self._bout = np.repeat(np.arange(len(bouts)), [len(b.plan) for b in bouts])
        self._first_of_bout = np.searchsorted(self._bout, np.arange(len(bouts)))
        self._rows = np.zeros(len(self._contact_s), STEP_ROW)
        self._lay_times()
        self._measured = 0
        self._baseline_bw = float("nan")

    def __len__(self) -> int:
        return len(self._rows)

    def until(self, time_s: float) -> Steps:
        """The steps whose next contact is not after the time given."""
        count = self.count_until(time_s)
        while self._measured < count:
            self._measure_batch()
        return Steps(self._rows[:count].copy())

    def circumstances(self, time_s: float) -> StepCircumstances:
        """Of the same steps as :meth:`until`."""
        plans = [bout.plan for bout in self._motion.bouts]
        onset = np.concatenate([plan.onset_s[:-1] for plan in plans])
        count = self.count_until(time_s)
        return StepCircumstances(
            np.concatenate([plan.speed_m_s for plan in plans])[:count],
            np.concatenate([plan.slope_deg for plan in plans])[:count],
            np.array([self._motion.course.surface(t) for t in onset[:count].tolist()], np.str_),
        )

    def count_until(self, time_s: float) -> int:
        """How many these are, without measuring them."""
        return int(np.searchsorted(self._closing_s, time_s, "right"))

    def _lay_times(self) -> None:
        """What follows from the planned steps alone."""
        rows, plans = self._rows, [bout.plan for bout in self._motion.bouts]
        rows["step"] = np.arange(1, len(rows) + 1)
        rows["initial_contact_s"] = self._contact_s
        rows["toe_off_s"] = self._toe_off_s
        left, right = SIDE_CODES.index("L"), SIDE_CODES.index("R")
        rows["side"] = np.where(np.concatenate([plan.is_left for plan in plans]), left, right)
        rows["step_time_s"] = self._closing_s - self._contact_s
        rows["contact_time_ms"] = 1e3 * (self._toe_off_s - self._contact_s)
        rows["flight_time_ms"] = 1e3 * (self._closing_s - self._toe_off_s)

    def _measure_batch(self) -> None:
        first = self._measured
        bout = int(self._bout[first])
        last = min(first + _BATCH_STEPS, int(np.searchsorted(self._bout, bout, "right")))
        start = self._contact_s[first] - _MARGIN_S
        end = self._closing_s[last - 1] + _MARGIN_S
        time = start + np.arange(int((end - start) * _RATE_HZ) + 1) / _RATE_HZ
        pose, _ = self._motion.pose(time)
        forward, vertical = (
            pose.path[2, axis] / STANDARD_GRAVITY_M_S2 + at_rest
            for axis, at_rest in ((0, 0.0), (2, 1.0))
        )
        rows = self._rows[first:last]
        begun = int(self._first_of_bout[bout])
        force = self._motion.bouts[bout].plan.force
        rows["peak_force_bw"] = _peaks_bw(force[first - begun : last - begun])
        contacts = np.append(self._contact_s[first:last], self._closing_s[last - 1])
        edges = np.searchsorted(time, contacts)
        struck = np.searchsorted(time, contacts[:-1] + SHOCK_WINDOW_S, "right")
        below_20hz = low_pass(vertical, _RATE_HZ, 20.0)
        below_10hz = low_pass(np.stack([forward, vertical], axis=1), _RATE_HZ, 10.0)
        rows["impact_shock_g"] = [
            below_20hz[i:j].max() for i, j in zip(edges[:-1], struck, strict=True)
        ]
        rows["vertical_oscillation_mm"] = 1e3 * _ranges(pose.path[0, 2], edges)
        # of the stride that ends with the step: none with the first of a bout
        before = int(np.searchsorted(time, self._contact_s[first - 1])) if first else 0
        begins = np.concatenate([[before], edges[:-2]])
        opens = np.append(True, self._bout[1:] != self._bout[:-1])[first:last]
        rows["mediolateral_oscillation_mm"] = [
            np.nan if new else 1e3 * np.ptp(pose.path[0, 1, i:j])
            for new, i, j in zip(opens, begins, edges[1:], strict=True)
        ]
        braking = np.maximum(-below_10hz[:, 0] * STANDARD_GRAVITY_M_S2, 0.0)
        rows["braking_m_s"] = np.add.reduceat(braking[: edges[-1]], edges[:-1]) / _RATE_HZ
        roll, lean, yaw = np.degrees(pose.angles[0])
        count = np.diff(edges)
        rows["sacral_lean_deg"] = np.add.reduceat(lean[: edges[-1]], edges[:-1]) / count
        rows["sacral_roll_deg"] = np.add.reduceat(roll[: edges[-1]], edges[:-1]) / count
        rows["pelvic_tilt_range_deg"] = _ranges(lean, edges)
        rows["pelvic_obliquity_range_deg"] = _ranges(roll, edges)
        rows["pelvic_rotation_range_deg"] = _ranges(yaw, edges)
        for step in range(first, last):
            i, j = edges[step - first], edges[step - first + 1]
            self._measure(step, below_10hz[i + int(below_10hz[i:j, 1].argmax())])
        self._measured = last

    def _measure(self, step: int, at_peak: Array) -> None:
        row = self._rows[step]
        oldest = max(
            int(self._first_of_bout[self._bout[step]]),
            int(np.searchsorted(self._contact_s, self._closing_s[step] - _CADENCE_WINDOW_S)),
        )
        row["cadence_spm"] = _cadence_spm(self._rows["step_time_s"][oldest : step + 1])
        row["peak_10hz_bw"] = at_peak[1]
        row["lumbar_compression_bw"] = lumbar_compression_bw(
            float(at_peak[1]),
            float(at_peak[0]),
            float(row["sacral_lean_deg"]),
            self._motion.scenario.height,
        )
        row["lumbar_index"] = self._lumbar_index(step)

    def _lumbar_index(self, step: int) -> float:
        """Percent of the mean compression of the baseline's minutes; NaN until they are over."""
        start_s = self._contact_s[0]
        if self._contact_s[step] < start_s + BASELINE_END_S:
            return float("nan")
        if np.isnan(self._baseline_bw):
            used = slice(
                *np.searchsorted(
                    self._contact_s, (start_s + BASELINE_START_S, start_s + BASELINE_END_S)
                )
            )
            self._baseline_bw = float(self._rows["lumbar_compression_bw"][used].mean())
        return float(100.0 * self._rows["lumbar_compression_bw"][step] / self._baseline_bw)


def _peaks_bw(force: TwoMassForce) -> Array:
    """Largest force of each step: of a grid, and of the parabola through it and its neighbours."""
    phase = np.linspace(0.0, 1.0, _PEAK_POINTS)[:, None]
    grid = force.force_bw(phase * force.duration_s)
    highest = np.clip(grid.argmax(axis=0), 1, _PEAK_POINTS - 2)
    before, at, after = (np.take_along_axis(grid, (highest + i)[None], 0)[0] for i in (-1, 0, 1))
    peaks: Array = at + (after - before) ** 2 / (8.0 * (2.0 * at - before - after))
    return peaks


def _ranges(values: Array, edges: NDArray[np.intp]) -> Array:
    """Peak to peak between consecutive edges."""
    within, starts = values[: edges[-1]], edges[:-1]
    ranges: Array = np.maximum.reduceat(within, starts) - np.minimum.reduceat(within, starts)
    return ranges


def _cadence_spm(step_times_s: Array) -> float:
    """Steps a minute: 120 over the middle mean of the stride times, as the steps table says it."""
    if len(step_times_s) < 2:
        return float(60.0 / step_times_s[0])
    strides = np.sort(step_times_s[1:] + step_times_s[:-1])
    cut = len(strides) // 4
    return float(120.0 / strides[cut : len(strides) - cut].mean())


def _landing_contact(bout: RunningBout) -> float:
    """When the landing after the last step reaches 0.1 body weight: that step's closing contact."""
    below, above = bout.run_end_s, bout.run_end_s + 0.1
    for _ in range(52):
        middle = 0.5 * (below + above)
        if bout.force_bw(np.array([middle]))[0] >= CONTACT_THRESHOLD_BW:
            above = middle
        else:
            below = middle
    return 0.5 * (below + above)
