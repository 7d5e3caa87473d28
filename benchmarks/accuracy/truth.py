"""What a recording says was true of each step, beside what the chain told of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.accuracy.statistics import TrialPairs
from benchmarks.recordings import ForceTrial, force_contacts
from benchmarks.virtual_sensor import MarkerTrial
from imu.samples import STANDARD_GRAVITY_M_S2
from imu.steps import Steps
from imu.waveforms import Waveforms

Array = NDArray[np.float64]

#: Farther apart than this, an estimated and a true contact are not the same contact.
SAME_CONTACT_S: Final = 0.1
CADENCE_WINDOW_S: Final = 10.0

#: The plain peak below 10 Hz that alerts watch, against the true peak force.
WATCHED_PEAK: Final = "10 Hz peak"
#: Metrics that a force plate is the truth of, with their units.
FORCE_METRICS: Final = {
    "contact time": "ms",
    "initial contact": "ms",
    "toe-off": "ms",
    "flight time": "ms",
    "peak vertical force": "BW",
    "step time": "ms",
    "cadence": "spm",
}
#: Metrics that the markers are the truth of.
MOTION_METRICS: Final = {
    "vertical oscillation": "mm",
    "mediolateral oscillation": "mm",
    "sacral lean": "°",
    "sacral roll": "°",
    "pelvic tilt range": "°",
    "pelvic obliquity range": "°",
    "pelvic rotation range": "°",
    "side wrong, named steps": "%",
}


@dataclass(frozen=True, slots=True, eq=False)
class TrialTruth:
    """The steps of one trial as the force tells them, closed by a next contact.

    ``left`` is 1 for a step on the left foot, 0 for the right, NaN without markers.
    """

    runner: str
    begin_s: Array
    toe_off_s: Array
    end_s: Array
    peak_bw: Array
    left: Array
    force_start_s: float

    def __len__(self) -> int:
        return len(self.begin_s)


def true_steps(trial: ForceTrial | MarkerTrial, runner: str) -> TrialTruth:
    """The steps that the force shows, on the sensor's clock, where the sensor runs as recorded."""
    assert trial.force_bw is not None
    start_s = trial.force_start_s if isinstance(trial, MarkerTrial) else 0.0
    contacts, toe_offs = force_contacts(trial.force_bw, trial.force_rate_hz)
    begin, end, off = contacts[:-1], contacts[1:], toe_offs[: max(len(contacts) - 1, 0)]
    time = np.arange(len(trial.force_bw)) / trial.force_rate_hz
    peak = np.array(
        [
            trial.force_bw[slice(*np.searchsorted(time, (a, b)))].max()
            for a, b in zip(begin, off, strict=True)
        ]
    )  # fmt: skip
    begin, end, off = begin + start_s, end + start_s, off + start_s
    seen = trial.samples.time_s
    first_s = max(seen[0], trial.running_s if isinstance(trial, MarkerTrial) else seen[0])
    # a step's first contact is found from what lies before it
    whole = (begin >= first_s + SAME_CONTACT_S) & (end <= seen[-1] - SAME_CONTACT_S)
    left = np.full(len(begin), np.nan)
    if isinstance(trial, MarkerTrial):
        right_mm, left_mm = trial.heel_height_mm[
            np.minimum(np.searchsorted(seen, 0.5 * (begin + off)), len(seen) - 1)
        ].T
        left = (left_mm < right_mm).astype(np.float64)
    return TrialTruth(
        runner, begin[whole], off[whole], end[whole], peak[whole], left[whole], start_s
    )


def match_times(
    estimate_s: ArrayLike, truth_s: ArrayLike, tolerance_s: float = SAME_CONTACT_S
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Pair each estimated time with the true one that is nearest to it and it to that.

    Parameters
    ----------
    estimate_s, truth_s : array_like, shape (N,), (M,)
        Times in order, s.
    tolerance_s : float
        Largest distance of a pair, s.

    Returns
    -------
    tuple of ndarray
        Indices of the estimates and of the truths they belong to, in order.

    Examples
    --------
    >>> found, true = match_times([0.01, 0.5, 1.02], [0.0, 1.0, 2.0])
    >>> found.tolist(), true.tolist()
    ([0, 2], [0, 1])
    """
    estimate, truth = np.asarray(estimate_s, np.float64), np.asarray(truth_s, np.float64)
    if not estimate.size or not truth.size:
        nothing = np.empty(0, np.intp)
        return nothing, nothing
    apart = np.abs(estimate[:, None] - truth)
    to_truth, to_estimate = apart.argmin(axis=1), apart.argmin(axis=0)
    found = np.arange(estimate.size)
    kept = (to_estimate[to_truth] == found) & (apart[found, to_truth] <= tolerance_s)
    return found[kept], to_truth[kept]


def force_pairs(truth: TrialTruth, steps: Steps) -> dict[str, TrialPairs]:
    """Told and true of the steps that match, by :data:`FORCE_METRICS` and the watched peak.

    A step missed is no pair.
    """
    found, true = match_times(steps.initial_contact_s, truth.begin_s)
    begin, off, end = truth.begin_s[true], truth.toe_off_s[true], truth.end_s[true]
    values = {
        "contact time": (steps.contact_time_ms[found], 1e3 * (off - begin)),
        "initial contact": (1e3 * steps.initial_contact_s[found], 1e3 * begin),
        "toe-off": (1e3 * steps.toe_off_s[found], 1e3 * off),
        "flight time": (steps.flight_time_ms[found], 1e3 * (end - off)),
        "peak vertical force": (steps.peak_force_bw[found], truth.peak_bw[true]),
        "step time": (1e3 * steps.step_time_s[found], 1e3 * (end - begin)),
        WATCHED_PEAK: (steps.rows["peak_10hz_bw"][found], truth.peak_bw[true]),
    }
    left = truth.left[true]
    pairs = {name: TrialPairs(truth.runner, a, b, left) for name, (a, b) in values.items()}
    if found.size:
        told_s, true_s = steps.step_time_s[found].mean(), (end - begin).mean()
        pairs["cadence"] = TrialPairs(
            truth.runner, np.array([60.0 / told_s]), np.array([60.0 / true_s])
        )
    return pairs


def braking_pairs(truth: TrialTruth, steps: Steps, forward_bw: Array, rate_hz: float) -> TrialPairs:
    """Forward speed lost in each step against that which the belt took from the body, m/s.

    ``forward_bw`` is the belt's forward force in body weights on the truth's clock.
    """
    found, true = match_times(steps.initial_contact_s, truth.begin_s)
    time = truth.force_start_s + np.arange(len(forward_bw)) / rate_hz
    lost = [
        STANDARD_GRAVITY_M_S2 * np.maximum(-forward_bw[slice(*window)], 0.0).sum() / rate_hz
        for window in np.searchsorted(
            time, np.stack([truth.begin_s[true], truth.toe_off_s[true]], axis=1)
        )
    ]
    return TrialPairs(truth.runner, steps.braking_m_s[found], np.array(lost))


def waveform_pairs(trial: ForceTrial | MarkerTrial, runner: str, told: Waveforms) -> TrialPairs:
    """Vertical force sample by sample where both are known, flight included, body weights."""
    assert trial.force_bw is not None
    start_s = trial.force_start_s if isinstance(trial, MarkerTrial) else 0.0
    time = start_s + np.arange(len(trial.force_bw)) / trial.force_rate_hz
    first_s = max(time[0], trial.running_s if isinstance(trial, MarkerTrial) else time[0])
    within = (told.time_s >= first_s) & (told.time_s <= time[-1])
    measured = np.interp(told.time_s[within], time, trial.force_bw)
    return TrialPairs(runner, told.vertical_force_bw[within], measured)


def motion_pairs(trial: MarkerTrial, steps: Steps) -> dict[str, TrialPairs]:
    """Told and true of every step that runs as recorded, by :data:`MOTION_METRICS`."""
    time, begin = trial.samples.time_s, steps.initial_contact_s
    end = begin + steps.step_time_s
    scored = (begin >= trial.running_s) & (end <= time[-1])
    windows = [
        slice(*np.searchsorted(time, (a, b)))
        for a, b in zip(begin[scored], end[scored], strict=True)
    ]

    def mean(values: Array) -> float:
        return float(values.mean())

    def extent(values: Array) -> float:
        return float(np.ptp(values))

    told_and_true: dict[str, tuple[str, Array, Callable[[Array], float]]] = {
        "vertical oscillation": ("vertical_oscillation_mm", trial.height_mm, extent),
        "sacral lean": ("sacral_lean_deg", trial.lean_deg, mean),
        "sacral roll": ("sacral_roll_deg", trial.roll_deg, mean),
        "pelvic tilt range": ("pelvic_tilt_range_deg", trial.lean_deg, extent),
        "pelvic obliquity range": ("pelvic_obliquity_range_deg", trial.roll_deg, extent),
        "pelvic rotation range": ("pelvic_rotation_range_deg", trial.yaw_deg, extent),
    }
    pairs = {
        name: TrialPairs(
            trial.subject,
            getattr(steps, column)[scored],
            np.array([reduce(values[window]) for window in windows]),
        )
        for name, (column, values, reduce) in told_and_true.items()
    }
    sideways = steps.mediolateral_oscillation_mm[scored]
    pairs["mediolateral oscillation"] = TrialPairs(
        trial.subject, sideways, _true_sideways_mm(trial, steps)[scored]
    )
    wrong = _wrong_side(trial, steps)[scored]
    pairs["side wrong, named steps"] = TrialPairs(trial.subject, 100.0 * wrong, 0.0 * wrong)
    return pairs


def _true_sideways_mm(trial: MarkerTrial, steps: Steps) -> Array:
    """Sideways peak to peak over the stride that ends with each step, drift over it taken out."""
    time, begin = trial.samples.time_s, steps.initial_contact_s
    end = begin + steps.step_time_s
    result = np.full(len(steps), np.nan)
    for k in range(1, len(steps)):
        window = slice(*np.searchsorted(time, (begin[k - 1], end[k])))
        path = 1000.0 * trial.position_m[window, 1]
        if begin[k - 1] >= trial.running_s and len(path) > 1:
            result[k] = np.ptp(path - np.linspace(0.0, path[-1] - path[0], len(path)))
    return result


def _wrong_side(trial: MarkerTrial, steps: Steps) -> Array:
    """1 where a step is named after the other foot, 0 where right, NaN where not named."""
    time = trial.samples.time_s
    middle = np.searchsorted(time, 0.5 * (steps.initial_contact_s + steps.toe_off_s))
    right, left = trial.heel_height_mm[np.minimum(middle, len(time) - 1)].T
    true = np.where(left < right, "L", "R")
    named = np.isin(steps.side, ("L", "R"))
    return np.where(named, (steps.side != true).astype(np.float64), np.nan)


def counts(truth: TrialTruth, steps: Steps) -> dict[str, TrialPairs]:
    """Shares in percent: true steps that were missed, told steps that are none or are flagged."""
    found, true = match_times(steps.initial_contact_s, truth.begin_s)
    missed = np.ones(len(truth))
    missed[true] = 0.0
    inside = np.zeros(len(steps), np.bool_)
    if len(truth):
        begin = steps.initial_contact_s
        inside = (begin > truth.begin_s[0] - SAME_CONTACT_S) & (
            begin < truth.begin_s[-1] + SAME_CONTACT_S
        )
    extra = np.ones(len(steps))
    extra[found] = 0.0
    flagged = np.array([bool(set(words.split(";")) - {"", "no_gyro"}) for words in steps.quality])
    shares = {
        "steps missed": missed,
        "steps that are none": extra[inside],
        "steps flagged": flagged.astype(np.float64)[inside],
    }
    return {
        name: TrialPairs(truth.runner, 100.0 * share, np.zeros(len(share)))
        for name, share in shares.items()
    }
