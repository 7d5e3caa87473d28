"""Learning what tells a loose clip from a tight one, and how well on people left out.

``python -m benchmarks.step_model.loose`` prints the table and the weights that
``imu/step/ringing.py`` holds. Learned on the 18 treadmill runners, whose markers hold nothing above
25 Hz, and on the joggers of ``waist_daily/``, whose real sensors feel impacts; each with and
without a damped oscillator between body and sensor, and both low-passed too, as sensors and
laboratories do. Those on the treadmill run quicker and harder as well, since nobody of them ran
faster than 4.5 m/s, or down a slope.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.signal import butter, sosfilt, sosfilt_zi, sosfiltfilt

from benchmarks.recordings import WAIST_AXES, waist_trials
from benchmarks.step_model.wear import rung
from benchmarks.virtual_sensor import runner_trials
from imu.mounting import mounting_from_axes
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.step.ringing import LOOSE_FEATURES, LOOSE_WORK, fill_loose_features
from imu.steps import Steps
from imu.whole_recording import analyze

Array = NDArray[np.float64]

#: An oscillation that is off by more counts as spoilt, mm.
MOST_ERROR_MM: Final = 4.0
#: Of the oscillator, Hz, and its damping ratios.
RINGING_HZ: Final = (8.0, 10.0, 12.0, 15.0)
DAMPING: Final = (0.03, 0.08, 0.15)
#: Of the low-passes, Hz: second order, in the sensor, or forwards and backwards, in a laboratory.
LOW_PASS_HZ: Final = (8.0, 10.0, 12.0, 15.0, 20.0)
#: Share of the time that a quicker runner takes for the same motion, and how much harder.
QUICKER: Final = (0.65, 0.95)
HARDER: Final = (0.9, 1.5)
_QUICKER_COPIES: Final = 2
#: What a low-passed copy counts: most recordings are none.
_LOW_PASSED_WEIGHT: Final = 0.25
_SEED: Final = 12
_EVERY: Final = 4  # of the steps: neighbours are alike
#: Strong: neighbouring frequencies are alike, and a simulated runner differs in them from people.
_RIDGE: Final = 400.0
_ITERATIONS: Final = 25
_LEAST_STEPS: Final = 24
_SMOOTHING: Final = 0.05


@dataclass(frozen=True)
class Copy:
    """A trial with or without an oscillator: features and error of each of N steps."""

    person: str
    name: str
    ringing: tuple[float, float] | None  # own frequency, Hz, and damping ratio
    low_passed: bool
    features: Array  # (N, LOOSE_FEATURES)
    error_mm: Array  # (N,) of the oscillation, by the oscillator; NaN where it cannot be told


def copies() -> Iterator[Copy]:
    """Every copy that is learned from or judged; none without the recordings."""
    random = np.random.default_rng(_SEED)
    for trial in runner_trials(200.0):
        for rate_hz in (200.0, 100.0):
            given = _at_rate(trial.samples, rate_hz)
            yield from _copies(trial.subject, trial.name, given, rate_hz, "+x+y+z", random)
        for _ in range(_QUICKER_COPIES):
            share, gain = float(random.uniform(*QUICKER)), float(random.uniform(*HARDER))
            given = _at_rate(_quicker(trial.samples, share, gain), 200.0)
            yield from _copies(trial.subject, trial.name, given, 200.0, "+x+y+z", random)
    for waist in waist_trials():
        if waist.activity in ("D03", "D04"):
            for given in waist.samples:
                yield from _copies(
                    waist.person, waist.name, given, waist.rate_hz, WAIST_AXES, random
                )


def _at_rate(samples: Samples, rate_hz: float) -> Samples:
    assert samples.angular_velocity_rad_s is not None
    time = np.arange(samples.time_s[0], samples.time_s[-1], 1.0 / rate_hz)
    return Samples(
        time,
        CubicSpline(samples.time_s, samples.acceleration_m_s2)(time),
        CubicSpline(samples.time_s, samples.angular_velocity_rad_s)(time),
    )


def _copies(
    person: str,
    name: str,
    samples: Samples,
    rate_hz: float,
    axes: str,
    random: np.random.Generator,
) -> Iterator[Copy]:
    tight = analyze(samples, axes=axes, rate_hz=rate_hz)
    if len(tight) < _LEAST_STEPS:
        return
    for ringing, low_passed, given in _worn(samples, rate_hz, random):
        steps = tight if given is samples else analyze(given, axes=axes, rate_hz=rate_hz)
        if len(steps) >= _LEAST_STEPS:
            features = _features(given, steps, rate_hz, axes)
            error_mm = np.zeros(len(steps)) if ringing is None else _error_mm(steps, tight)
            yield Copy(person, name, ringing, low_passed, features, error_mm)


def _worn(
    samples: Samples, rate_hz: float, random: np.random.Generator
) -> Iterator[tuple[tuple[float, float] | None, bool, Samples]]:
    """Tight and on two springs; whether it is low-passed."""
    yield None, False, samples
    yield None, True, _low_passed(samples, rate_hz, random)
    for low_passed, frequency_hz in enumerate(random.choice(RINGING_HZ, 2, replace=False)):
        damping = float(random.choice(DAMPING))
        force = samples.acceleration_m_s2.copy()
        for axis in range(3):
            force[:, axis] = rung(force[:, axis], rate_hz, float(frequency_hz), damping)
        loose = Samples(samples.time_s, force, samples.angular_velocity_rad_s)
        given = _low_passed(loose, rate_hz, random) if low_passed else loose
        yield (float(frequency_hz), damping), bool(low_passed), given


def _quicker(samples: Samples, share: float, gain: float) -> Samples:
    """A motion so much larger in a share of its time; the sensor's axes are the body's."""
    gravity = np.array([0.0, 0.0, STANDARD_GRAVITY_M_S2])
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    force = gravity + gain * (samples.acceleration_m_s2 - gravity) / share**2
    return Samples(share * samples.time_s, force, gyro / share)


def _low_passed(samples: Samples, rate_hz: float, random: np.random.Generator) -> Samples:
    """The same from a sensor, or a laboratory, that smooths."""
    filters = butter(2, float(random.choice(LOW_PASS_HZ)), output="sos", fs=rate_hz)
    smooth = sosfiltfilt if random.random() < 0.5 else _sosfilt_settled
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    return Samples(
        samples.time_s,
        smooth(filters, samples.acceleration_m_s2, axis=0),
        smooth(filters, gyro, axis=0),
    )


def _sosfilt_settled(filters: Array, values: Array, axis: int) -> Array:
    """Forwards, from the settled state of the first values."""
    begin = sosfilt_zi(filters)[:, :, None] * values[0]
    return np.asarray(sosfilt(filters, values, axis=axis, zi=begin)[0])


def _features(samples: Samples, steps: Steps, rate_hz: float, axes: str) -> Array:
    force = samples.acceleration_m_s2 @ mounting_from_axes(axes).T / STANDARD_GRAVITY_M_S2
    work, found = np.zeros(1, LOOSE_WORK)[0], np.empty((len(steps), LOOSE_FEATURES))
    for i, row in enumerate(steps.rows):
        begin_s, step_s = float(row["initial_contact_s"]), float(row["step_time_s"])
        a, b = np.searchsorted(samples.time_s, [begin_s - 0.25, begin_s + step_s + 0.18])
        ahead, aside, up = np.ascontiguousarray(force[a:b].T)
        fill_loose_features(up, ahead, aside, int(b - a), 1.0 / rate_hz, step_s, work, found[i])
    return found


def _error_mm(steps: Steps, tight: Steps) -> Array:
    """By how much the oscillation differs from that of the same step without the oscillator."""
    at = np.searchsorted(tight.initial_contact_s, steps.initial_contact_s - 0.1)
    at = np.minimum(at, len(tight) - 1)
    same = np.abs(tight.initial_contact_s[at] - steps.initial_contact_s) < 0.1
    error = steps.vertical_oscillation_mm - tight.vertical_oscillation_mm[at]
    return np.where(same, error, np.nan)


def learn(seen: list[Copy]) -> Array:
    """Constant and weights by logistic regression, shape (1 + LOOSE_FEATURES,).

    Steps of a ringing sensor whose oscillation is right are neither: they are left out.
    """
    features, spoilt, counts = [], [], []
    for one in seen:
        bad = np.abs(one.error_mm) > MOST_ERROR_MM
        kept = bad if one.ringing else np.ones(len(bad), np.bool_)
        features.append(one.features[kept][::_EVERY])
        spoilt.append(np.full(len(features[-1]), 1.0 if one.ringing else 0.0))
        count = _LOW_PASSED_WEIGHT if one.low_passed else 1.0
        counts.append(np.full(len(features[-1]), count))
    x, y, weight = np.concatenate(features), np.concatenate(spoilt), np.concatenate(counts)
    share = np.average(y, weights=weight)
    weight *= np.where(y > 0.0, 0.5 / share, 0.5 / (1.0 - share))
    mean, sd = x.mean(axis=0), x.std(axis=0)
    z = np.column_stack([np.ones(len(x)), (x - mean) / sd])
    beta = np.zeros(z.shape[1])
    for _ in range(_ITERATIONS):
        chance = 1.0 / (1.0 + np.exp(-z @ beta))
        bend = (z * (weight * chance * (1.0 - chance))[:, None]).T @ z
        bend += _RIDGE * np.eye(len(beta))
        beta += np.linalg.solve(bend, z.T @ (weight * (y - chance)) - _RIDGE * beta)
    weights = beta[1:] / sd
    return np.concatenate([[beta[0] - weights @ mean], weights])


def smoothed(one: Copy, weights: Array) -> Array:
    """The score at each step, averaged as in the chain."""
    scores = weights[0] + one.features @ weights[1:]
    mean, found = 0.0, np.empty(len(scores))
    for i, score in enumerate(scores):
        mean += max(1.0 / (i + 1), _SMOOTHING) * (score - mean)
        found[i] = mean
    return found


def main() -> None:
    """Print the table, one person left out at a time, and the weights of all."""
    seen = list(copies())
    people = sorted({one.person for one in seen})
    without = {p: learn([one for one in seen if one.person != p]) for p in people}
    scores = [smoothed(one, without[one.person]) for one in seen]
    for threshold in (0.0, 0.25, 1.0):
        print(f"threshold {threshold:g}")
        for group in ("treadmill", "waist"):
            chosen = [
                (one, score)
                for one, score in zip(seen, scores, strict=True)
                if one.person.startswith("S") == (group == "waist")
            ]
            for low_passed in (False, True):
                tight = [
                    (one, score)
                    for one, score in chosen
                    if one.ringing is None and one.low_passed == low_passed
                ]
                flagged = np.concatenate([score > threshold for _, score in tight]).mean()
                told = sorted({one.name for one, score in tight if (score[19:] > threshold).any()})
                kind = "tight, low-passed" if low_passed else "tight"
                print(f"  {group}: {kind} {100 * flagged:.2f} % of steps flagged; told {told}")
            for frequency_hz in RINGING_HZ:
                row = []
                for damping in DAMPING:
                    found = [
                        score[np.abs(one.error_mm) > MOST_ERROR_MM] > threshold
                        for one, score in chosen
                        if one.ringing == (frequency_hz, damping) and not one.low_passed
                    ]
                    row.append(100.0 * np.concatenate(found).mean() if found else np.nan)
                print(f"    {frequency_hz:4.0f} Hz flagged of the spoilt, %: {np.round(row, 1)}")
    print(np.array2string(learn(seen), precision=3, separator=", ", suppress_small=True))


if __name__ == "__main__":
    main()
