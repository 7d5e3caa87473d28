"""Inclination against optical truth, beside the published filters on the same trials.

The error is the angle between the true and the estimated up direction, 2·acos √(w² + z²) of the
error rotation, so that heading has no part in it. Every filter runs with its own default or
recommended parameters; none sees the truth. Peers that are not installed are named and left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.tables import NOT_LEARNED, Missing, Row, Section, row_of_errors
from benchmarks.recordings import OrientationTrial, orientation_trials
from imu.chain.orientation import InclinationFilter
from imu.chain.orientation_smoother import SmoothedInclination
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]
#: From acceleration, angular velocity and rate to quaternions wxyz, sensor → earth.
Estimator = Callable[[Array, Array, float], Array]

OURS = "backstride"
_SMOOTHED = "backstride smoothed"
_METRIC = "inclination error"
_WITHOUT_LAG = "inclination error without the filter's time lag"
_BY_TRIAL = "inclination error, trial by trial"
#: First step of the search for a filter's time lag.
_LAG_STEP_S = 4e-3
#: Which peer sets the goal: with the past alone, and with the whole recording.
_RIVALS = {OURS: "vqf online", _SMOOTHED: "vqf offline"}
_REFERENCE = (
    "VQF 0.72° online, 0.53° offline, Madgwick 2.0–3.1°, Mahony 3.1–4.1° (BROAD, 30 trials)"
)
#: The 95 % limits of an angle that cannot be negative.
_PERCENTILES = (2.5, 97.5)
_LIMITS = (
    "Every filter comes closest to the truth 1 to 3 ms later, whatever its method: the recorded "
    "samples describe the motion before their stamps (against the optical angular velocity the "
    "gyroscope is 1.2 sample periods late in each of the trials, the accelerometer 0.7 to 1.0). "
    "Means over a step, which the lean of a runner is, do not depend on it.",
    "With the samples as they are stamped, backstride is ahead of VQF because it reckons half a "
    "sample period differently, and for no other reason: each advanced by its own best time, the "
    "two are equal, with the past alone and with the whole recording.",
    "Tried without a clear gain: a coning correction, other time constants (1 to 10 s), a drift "
    "state in the earth frame (5 %), a gyroscope calibrated on the truth (1 %). What is left in "
    "fast motion is the time in which a low-pass follows a drift; the smoothed variant, which sees "
    "the future, is free of that.",
)
#: How near is equal.
_EQUAL_SHARE = 1.01
#: Errors kept for the figures, per row.
_KEPT = 4000


def _backstride(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    return InclinationFilter(rate_hz).push(acceleration, angular_velocity)


def _smoothed(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    return SmoothedInclination(rate_hz).smooth(acceleration, angular_velocity)


def _vqf_online(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from vqf import VQF

    result: Array = VQF(1.0 / rate_hz).updateBatch(angular_velocity, acceleration)["quat6D"]
    return result


def _vqf_offline(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from vqf import offlineVQF

    result: Array = offlineVQF(angular_velocity, acceleration, None, 1.0 / rate_hz)["quat6D"]
    return result


def _fusion(
    acceleration: Array, angular_velocity: Array, rate_hz: float, gain: float, rejection_deg: float
) -> Array:
    import imufusion

    settings = imufusion.AhrsSettings()
    settings.sample_rate = rate_hz
    settings.gain = gain
    settings.gyroscope_range = 2000.0
    settings.acceleration_rejection = rejection_deg
    settings.rejection_timeout = 5.0
    ahrs = imufusion.Ahrs()
    ahrs.set_settings(settings)
    bias_settings = imufusion.BiasSettings()
    bias_settings.sample_rate = rate_hz
    bias = imufusion.Bias()
    bias.set_settings(bias_settings)
    turning = np.degrees(angular_velocity)
    force = acceleration / STANDARD_GRAVITY_M_S2
    out = np.empty((len(force), 4))
    for i in range(len(force)):
        ahrs.update_no_magnetometer(bias.update(turning[i]), force[i])
        out[i] = ahrs.get_quaternion()
    return out


def _imufusion(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    # the settings of the package's own advanced example
    return _fusion(acceleration, angular_velocity, rate_hz, 0.5, 10.0)


def _imufusion_slow(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    # the best of those tried on these trials
    return _fusion(acceleration, angular_velocity, rate_hz, 0.1, 0.0)


def _madgwick(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from ahrs.filters import Madgwick

    result: Array = Madgwick(gyr=angular_velocity, acc=acceleration, frequency=rate_hz).Q
    return result


def _mahony(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from ahrs.filters import Mahony

    result: Array = Mahony(gyr=angular_velocity, acc=acceleration, frequency=rate_hz).Q
    return result


def _mahony_slow(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from ahrs.filters import Mahony

    # the best of those tried on these trials; an integral gain of zero is refused
    result: Array = Mahony(
        gyr=angular_velocity, acc=acceleration, frequency=rate_hz, k_P=0.3, k_I=1e-9
    ).Q
    return result


_OURS: tuple[tuple[str, Estimator], ...] = ((OURS, _backstride), (_SMOOTHED, _smoothed))
#: Name, package, estimator.
PEERS: tuple[tuple[str, str, Estimator], ...] = (
    ("vqf online", "vqf", _vqf_online),
    ("vqf offline", "vqf", _vqf_offline),
    ("imufusion", "imufusion", _imufusion),
    ("imufusion, gain 0.1", "imufusion", _imufusion_slow),
    ("ahrs Madgwick", "ahrs", _madgwick),
    ("ahrs Mahony", "ahrs", _mahony),
    ("ahrs Mahony, k_P 0.3", "ahrs", _mahony_slow),
)


def inclination_error_deg(estimate_wxyz: Array, truth_wxyz: Array) -> Array:
    """Angle between the up directions of two orientations (sensor → earth), degrees, shape (N,).

    Examples
    --------
    >>> level, rolled = np.array([[1.0, 0.0, 0.0, 0.0]]), np.array([[0.0, 0.0, 0.0, 1.0]])
    >>> inclination_error_deg(level, rolled).tolist()  # half a turn of heading is no error
    [0.0]
    """
    w, x, y, z = estimate_wxyz.T
    tw, tx, ty, tz = truth_wxyz.T
    # the error rotation is estimate ⊗ conj(truth); its x and y parts tilt, better conditioned
    # than its w and z parts where the error is small
    ex = -w * tx + x * tw - y * tz + z * ty
    ey = -w * ty + x * tz + y * tw - z * tx
    ew = w * tw + x * tx + y * ty + z * tz
    ez = -w * tz - x * ty + y * tx + z * tw
    angle: Array = 2.0 * np.degrees(np.arctan2(np.hypot(ex, ey), np.hypot(ew, ez)))
    return angle


def _advanced(orientation_wxyz: Array, angular_velocity: Array, time_s: float) -> Array:
    """Orientations turned on by a time in which the angular velocity stays as it is."""
    half = 0.5 * time_s * angular_velocity
    size = np.linalg.norm(half, axis=1)
    x, y, z = (half * np.sinc(size / np.pi)[:, None]).T
    w = np.cos(size)
    q0, q1, q2, q3 = orientation_wxyz.T
    return np.stack(
        [
            q0 * w - q1 * x - q2 * y - q3 * z,
            q0 * x + q1 * w + q2 * z - q3 * y,
            q0 * y - q1 * z + q2 * w + q3 * x,
            q0 * z + q1 * y - q2 * x + q3 * w,
        ],
        axis=1,
    )


def _lag_s(scored: list[_Scored]) -> float:
    """The one time by which all trials together have to be advanced to come closest to truth.

    Found on every tenth sample, to a twentieth of a millisecond.
    """

    def cost(time_s: float) -> float:
        return float(np.mean([np.sqrt(np.mean(s.errors(time_s, every=10) ** 2)) for s in scored]))

    step = _LAG_STEP_S
    best = 0.0
    while step > 5e-5:
        best = min((best - step, best, best + step), key=cost)
        step *= 0.5
    return best


def _row(name: str, errors: Array, trials: list[Array] | None = None) -> Row:
    row = row_of_errors(_METRIC, name, "°", errors, trials=trials)
    low, high = np.percentile(errors, _PERCENTILES)
    thinned = errors[:: max(1, math.ceil(len(errors) / _KEPT))]
    return replace(row, lower_95=float(low), upper_95=float(high), errors=thinned)


@dataclass(frozen=True)
class _Scored:
    """What a filter found in the scored part of a trial."""

    estimate_wxyz: Array
    truth_wxyz: Array
    angular_velocity: Array

    def errors(self, advance_s: float = 0.0, *, every: int = 1) -> Array:
        part = slice(None, None, every)
        estimate = self.estimate_wxyz[part]
        if advance_s:
            estimate = _advanced(estimate, self.angular_velocity[part], advance_s)
        return inclination_error_deg(estimate, self.truth_wxyz[part])


def _run(estimator: Estimator, trials: list[OrientationTrial]) -> list[_Scored]:
    found = []
    for trial in trials:
        turning = trial.samples.angular_velocity_rad_s
        assert turning is not None
        estimate = estimator(trial.samples.acceleration_m_s2, turning, trial.rate_hz)
        scored = trial.scored
        found.append(_Scored(estimate[scored], trial.optical_wxyz[scored], turning[scored]))
    return found


def _mean_rmse(errors: list[Array]) -> float:
    return float(np.mean([np.sqrt(np.mean(e**2)) for e in errors]))


def _rows_without_lag(ran: dict[str, list[_Scored]]) -> list[Row]:
    """Each filter advanced by its own best time; ours has to equal its rival there."""
    rows = {}
    for name, found in ran.items():
        lag_s = _lag_s(found)
        of_trial = [scored.errors(lag_s) for scored in found]
        row = _row(f"{name}, {1e3 * lag_s:.1f} ms on", np.concatenate(of_trial), of_trial)
        rows[name] = replace(row, metric=_WITHOUT_LAG, rmse=_mean_rmse(of_trial), errors=None)
    for name, peer in _RIVALS.items():
        if peer in rows:
            most = _EQUAL_SHARE * rows[peer].rmse
            rows[name] = replace(
                rows[name],
                goal=f"equals {peer}: RMSE ≤ {most:.3f}°",
                goal_met=bool(rows[name].rmse <= most),
            )
    return list(rows.values())


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Score every filter on ``orientation/``; two trials only when ``quick``."""
    about = (
        "A hand-held sensor in slow and fast rotation, translation and both, against optical "
        "motion capture (BROAD, Laidig et al. 2021). Bias is the mean of the angle, the limits are "
        "its 2.5 and 97.5 percentiles, since an angle has no sign; the summary's RMSE is the mean "
        "of the trials' RMSE. Each filter runs with its own default settings, imufusion with those "
        "of its advanced example; where these did badly, also with the best that were tried. The "
        "second table advances each filter's output by one time for all trials, the one that fits "
        "the truth best: what is left there is not a matter of timing, and the goals stand there."
    )
    trials = [trial for trial in orientation_trials(data) if trial.scored.any()]
    if not trials:
        return [
            Section(
                "Inclination", about, (), (Missing("hand-held trials", str(data / "orientation")),)
            )
        ]
    if quick:
        trials = trials[:2]
    ran = {name: _run(estimator, trials) for name, estimator in _OURS}
    notes = []
    for name, package, estimator in PEERS:
        if find_spec(package) is None:
            notes.append(f"{name} was not compared: the package {package} is not installed.")
        else:
            ran[name] = _run(estimator, trials)
    errors = {name: [scored.errors() for scored in found] for name, found in ran.items()}
    rows = [
        replace(
            _row(f"{name}, mean of {len(trials)} trials", np.concatenate(of_trial), of_trial),
            rmse=_mean_rmse(of_trial),
            reference=_REFERENCE,
        )
        for name, of_trial in errors.items()
    ]
    rows += _rows_without_lag(ran)
    rows += [
        replace(_row(f"{trial.name}: {name}", of_trial[k]), metric=_BY_TRIAL, errors=None)
        for k, trial in enumerate(trials)
        for name, of_trial in errors.items()
        if name in _RIVALS or name in _RIVALS.values()
    ]
    return [
        Section(
            title="Inclination",
            about=about,
            rows=rows,
            cannot_see=(
                "Inclination truth is of a hand-held sensor: none of these sets has a gyroscope "
                "and optical truth on a runner's sacrum; running is shown on virtual sensors.",
                "Heading is not estimated, and no table says anything of it.",
            ),
            notes=(*notes, *_LIMITS),
            people=NOT_LEARNED,
        )
    ]
