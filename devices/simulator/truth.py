"""The steps table that is true of a simulated run, measured on the exact motion.

Contact and toe-off are the 0.1 body weight crossings of the force. Everything that a filter enters
is taken from the true vertical specific force, sampled at 1000 Hz whatever the sensor's rate, low-
passed without phase (second-order Butterworth forward and backward).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.low_pass import low_pass
from devices.simulator.motion import BodyMotion, Motion
from imu.samples import STANDARD_GRAVITY_M_S2
from imu.steps import SIDE_CODES, STEP_ROW, Steps

__all__ = ["BASELINE_END_S", "BASELINE_START_S", "TrueSteps", "lumbar_compression_bw"]

Array = NDArray[np.float64]

#: Times of running between which the lumbar index has its baseline.
BASELINE_START_S: Final = 150.0
BASELINE_END_S: Final = 450.0

_RATE_HZ: Final = 1000.0
_BATCH_STEPS: Final = 64
_MARGIN_S: Final = 0.75  # beyond the batch, for the filters
_SHOCK_WINDOW_S: Final = 0.080
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


class TrueSteps:
    """Rows of the running steps of a motion, measured as they are asked for."""

    def __init__(self, motion: BodyMotion) -> None:
        self._motion = motion
        plan = motion.plan
        self._landing_contact_s = _first_crossing(motion)
        self.contact_s = np.append(plan.contact_crossing_s, self._landing_contact_s)
        self._rows = np.zeros(len(plan), STEP_ROW)
        self._measured = 0
        self._baseline_bw = float("nan")

    def __len__(self) -> int:
        return len(self._rows)

    def until(self, time_s: float) -> Steps:
        """The steps whose next contact is not after the time given."""
        count = int(np.searchsorted(self.contact_s[1:], time_s, "right"))
        while self._measured < count:
            self._measure_batch()
        return Steps(self._rows[:count].copy())

    def _measure_batch(self) -> None:
        plan, motion = self._motion.plan, self._motion
        first = self._measured
        last = min(first + _BATCH_STEPS, len(plan))
        start = self.contact_s[first] - _MARGIN_S
        end = self.contact_s[last] + _MARGIN_S
        time = start + np.arange(int((end - start) * _RATE_HZ) + 1) / _RATE_HZ
        truth = motion.at(time)
        felt = truth.acceleration_m_s2 / STANDARD_GRAVITY_M_S2 + np.array([0.0, 0.0, 1.0])
        below_20hz = low_pass(felt[:, 2], _RATE_HZ, 20.0)
        below_10hz = low_pass(felt, _RATE_HZ, 10.0)
        for step in range(first, last):
            self._measure(step, truth, below_20hz, below_10hz)
        self._measured = last

    def _measure(self, step: int, truth: Motion, below_20hz: Array, below_10hz: Array) -> None:
        plan, row = self._motion.plan, self._rows[step]
        contact, closing = float(self.contact_s[step]), float(self.contact_s[step + 1])
        toe_off = float(plan.toe_off_crossing_s[step])
        i, j = (int(n) for n in np.searchsorted(truth.time_s, (contact, closing)))
        whole = slice(i, j)
        struck = slice(i, int(np.searchsorted(truth.time_s, contact + _SHOCK_WINDOW_S, "right")))
        row["step"] = step + 1
        row["initial_contact_s"] = contact
        row["toe_off_s"] = toe_off
        row["side"] = SIDE_CODES.index("L" if plan.is_left[step] else "R")
        row["step_time_s"] = closing - contact
        row["contact_time_ms"] = 1e3 * (toe_off - contact)
        row["flight_time_ms"] = 1e3 * (closing - toe_off)
        oldest = int(np.searchsorted(self.contact_s[: step + 1], closing - _CADENCE_WINDOW_S))
        times = np.diff(self.contact_s[oldest : step + 2])
        row["cadence_spm"] = _cadence_spm(times)
        row["peak_force_bw"] = self._peak_force(step)
        row["impact_shock_g"] = below_20hz[struck].max()
        row["vertical_oscillation_mm"] = 1e3 * np.ptp(truth.position_m[whole, 2])
        row["mediolateral_oscillation_mm"] = np.nan  # of a stride, which this step is half of
        forward = below_10hz[whole, 0] * STANDARD_GRAVITY_M_S2
        row["braking_m_s"] = np.maximum(-forward, 0.0).sum() / _RATE_HZ
        row["sacral_lean_deg"] = truth.lean_deg[whole].mean()
        row["sacral_roll_deg"] = truth.roll_deg[whole].mean()
        row["pelvic_tilt_range_deg"] = np.ptp(truth.lean_deg[whole])
        row["pelvic_obliquity_range_deg"] = np.ptp(truth.roll_deg[whole])
        row["pelvic_rotation_range_deg"] = np.ptp(truth.yaw_deg[whole])
        peak = i + int(below_10hz[whole, 2].argmax())
        row["peak_10hz_bw"] = below_10hz[peak, 2]
        row["lumbar_compression_bw"] = lumbar_compression_bw(
            float(below_10hz[peak, 2]),
            float(below_10hz[peak, 0]),
            float(row["sacral_lean_deg"]),
            self._motion.scenario.height,
        )
        row["lumbar_index"] = self._lumbar_index(step)

    def _peak_force(self, step: int) -> float:
        force = self._motion.plan.force[slice(step, step + 1)]
        time = np.linspace(0.0, float(force.duration_s[0]), 801)
        return float(force.force_bw(time).max())

    def _lumbar_index(self, step: int) -> float:
        """Percent of the mean compression of the baseline's minutes; NaN until they are over."""
        running_s = self.contact_s[: step + 1] - self.contact_s[0]
        if running_s[-1] < BASELINE_END_S:
            return float("nan")
        if np.isnan(self._baseline_bw):
            used = (running_s >= BASELINE_START_S) & (running_s < BASELINE_END_S)
            self._baseline_bw = float(self._rows["lumbar_compression_bw"][: step + 1][used].mean())
        return float(100.0 * self._rows["lumbar_compression_bw"][step] / self._baseline_bw)


def _cadence_spm(step_times_s: Array) -> float:
    """Steps a minute: 120 over the middle mean of the stride times, as the steps table says it."""
    if len(step_times_s) < 2:
        return float(60.0 / step_times_s[0])
    strides = np.sort(step_times_s[1:] + step_times_s[:-1])
    cut = len(strides) // 4
    return float(120.0 / strides[cut : len(strides) - cut].mean())


def _first_crossing(motion: BodyMotion) -> float:
    """When the landing after the last step reaches 0.1 body weight: that step's closing contact."""
    below, above = motion.run_end_s, motion.run_end_s + 0.1
    for _ in range(52):
        middle = 0.5 * (below + above)
        if motion.at(np.array([middle])).vertical_force_bw[0] >= 0.1:
            above = middle
        else:
            below = middle
    return 0.5 * (below + above)
