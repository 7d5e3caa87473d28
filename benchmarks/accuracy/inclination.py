"""Inclination against optical truth, beside the published filters on the same trials.

The error is the angle between the true and the estimated up direction, 2·acos √(w² + z²) of the
error rotation, so that heading has no part in it. Every filter runs with its own default or
recommended parameters; none sees the truth. Peers that are not installed are named and left out.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.tables import Missing, Row, Section, row_of_errors
from benchmarks.recordings import OrientationTrial, orientation_trials
from imu.orientation import InclinationFilter
from imu.samples import STANDARD_GRAVITY_M_S2

__all__ = ["PEERS", "inclination_error_deg", "sections"]

Array = NDArray[np.float64]
#: From acceleration, angular velocity and rate to quaternions wxyz, sensor → earth.
Estimator = Callable[[Array, Array, float], Array]

OURS = "backstride"
_METRIC = "inclination error"
_REFERENCE = (
    "VQF 0.72° online, 0.53° offline, Madgwick 2.0–3.1°, Mahony 3.1–4.1° (BROAD, 30 trials)"
)
#: The 95 % limits of an angle that cannot be negative.
_PERCENTILES = (2.5, 97.5)
#: Errors kept for the figures, per row.
_KEPT = 4000


def _backstride(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    return InclinationFilter(rate_hz).push(acceleration, angular_velocity)


def _vqf_online(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from vqf import VQF

    result: Array = VQF(1.0 / rate_hz).updateBatch(angular_velocity, acceleration)["quat6D"]
    return result


def _vqf_offline(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from vqf import offlineVQF

    result: Array = offlineVQF(angular_velocity, acceleration, None, 1.0 / rate_hz)["quat6D"]
    return result


def _imufusion(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    import imufusion

    # the settings of the package's own advanced example
    settings = imufusion.AhrsSettings()
    settings.sample_rate = rate_hz
    settings.gain = 0.5
    settings.gyroscope_range = 2000.0
    settings.acceleration_rejection = 10.0
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


def _madgwick(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from ahrs.filters import Madgwick

    result: Array = Madgwick(gyr=angular_velocity, acc=acceleration, frequency=rate_hz).Q
    return result


def _mahony(acceleration: Array, angular_velocity: Array, rate_hz: float) -> Array:
    from ahrs.filters import Mahony

    result: Array = Mahony(gyr=angular_velocity, acc=acceleration, frequency=rate_hz).Q
    return result


#: Name, package, estimator.
PEERS: tuple[tuple[str, str, Estimator], ...] = (
    ("vqf online", "vqf", _vqf_online),
    ("vqf offline", "vqf", _vqf_offline),
    ("imufusion", "imufusion", _imufusion),
    ("ahrs Madgwick", "ahrs", _madgwick),
    ("ahrs Mahony", "ahrs", _mahony),
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


def _row(name: str, errors: Array, trials: list[Array] | None = None) -> Row:
    row = row_of_errors(_METRIC, name, "°", errors, trials=trials)
    low, high = np.percentile(errors, _PERCENTILES)
    thinned = errors[:: max(1, math.ceil(len(errors) / _KEPT))]
    return replace(row, lower_95=float(low), upper_95=float(high), errors=thinned)


def _score(estimator: Estimator, trials: list[OrientationTrial]) -> list[Array]:
    errors = []
    for trial in trials:
        turning = trial.samples.angular_velocity_rad_s
        assert turning is not None
        estimate = estimator(trial.samples.acceleration_m_s2, turning, trial.rate_hz)
        scored = trial.scored
        errors.append(inclination_error_deg(estimate[scored], trial.optical_wxyz[scored]))
    return errors


def sections(data: Path, *, quick: bool) -> list[Section]:
    """Score every filter on ``orientation/``; two trials only when ``quick``."""
    about = (
        "A hand-held sensor in slow and fast rotation, translation and both, against optical "
        "motion capture (BROAD, Laidig et al. 2021). Bias is the mean of the angle, the limits are "
        "its 2.5 and 97.5 percentiles, since an angle has no sign; the summary's RMSE is the mean "
        "of the trials' RMSE. Each filter runs with its own default settings, imufusion with those "
        "of its advanced example."
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
    ran: dict[str, list[Array]] = {OURS: _score(_backstride, trials)}
    notes = []
    for name, package, estimator in PEERS:
        if find_spec(package) is None:
            notes.append(f"{name} was not compared: the package {package} is not installed.")
        else:
            ran[name] = _score(estimator, trials)
    means = {
        name: float(np.mean([np.sqrt(np.mean(e**2)) for e in errors]))
        for name, errors in ran.items()
    }
    rows = []
    for name, errors in ran.items():
        row = _row(f"{name}, mean of {len(trials)} trials", np.concatenate(errors), errors)
        row = replace(row, rmse=means[name], reference=_REFERENCE)
        if name == OURS and "vqf online" in means:
            # the printed precision decides: thousandths of a degree
            met = round(means[OURS], 3) <= round(means["vqf online"], 3)
            goal = f"RMSE ≤ {means['vqf online']:.3f}° (vqf online)"
            row = replace(row, goal=goal, goal_met=met)
        rows.append(row)
    rows += [
        replace(_row(f"{name}, {trial.name}", of_trial[k]), errors=None)
        for k, trial in enumerate(trials)
        for name, of_trial in ran.items()
    ]
    return [
        Section(
            title="Inclination",
            about=about,
            rows=rows,
            cannot_see=(
                "Inclination truth is of a hand-held sensor: none of these sets has a gyroscope and "
                "optical truth at a runner's sacrum, so running is shown on virtual sensors only.",
                "Heading is not estimated, and no table says anything of it.",
            ),
            notes=notes,
        )
    ]
