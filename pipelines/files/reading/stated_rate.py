"""Whether a sampling rate that is stated, or that times tell, fits the beats of a run."""

from __future__ import annotations

from typing import Final

import numpy as np

from imu.samples import Samples
from imu.steps import MOST_CADENCE_SPM
from pipelines.files.reading.raw_columns import Values

#: A runner's steps a second, and where most are.
_BEATS_HZ: Final = (2.1, 3.9)
_USUAL_HZ: Final = (2.3, 3.3)
#: Walking swings by half as much.
_RUNNING_M_S2: Final = 5.0
_LOOKED_AT: Final = 1 << 16
_SLOWEST_HZ: Final = 0.4


def rate_doubt(samples: Samples, cadence_spm: Values, rate_hz: float) -> str:
    """What to say where a stated rate does not fit; empty where it does.

    Parameters
    ----------
    samples : Samples
        Whose times were counted by that rate.
    cadence_spm : array, shape (N,)
        Of the steps that were found, steps/min.
    rate_hz : float
        As stated, Hz.
    """
    force = samples.acceleration_m_s2[np.isfinite(samples.acceleration_m_s2).all(axis=1)]
    if len(force) < rate_hz / _SLOWEST_HZ:
        return ""
    up = force.mean(axis=0)
    upward = force @ (up / np.linalg.norm(up))
    if not upward.std() >= _RUNNING_M_S2:
        return ""
    known = cadence_spm[np.isfinite(cadence_spm)]
    beat_hz = float(np.median(known)) / 60.0 if len(known) else beat_frequency_hz(upward, rate_hz)
    if len(known) and _BEATS_HZ[0] <= beat_hz <= _BEATS_HZ[1]:
        return ""
    low, high = (rate_hz * usual / beat_hz for usual in _USUAL_HZ)
    fault = "there are" if len(known) else (
        "no steps were found, though the sensor swings as in running, with"
    )  # fmt: skip
    return (
        f"{fault} {beat_hz:.1f} beats a second at the stated {rate_hz:g} Hz: check --rate, since "
        f"{low:.0f} to {high:.0f} Hz would make it a usual run."
    )


def times_doubt(cadence_spm: Values) -> str:
    """What to say of a file whose times make steps that no runner reaches; empty of others.

    Parameters
    ----------
    cadence_spm : array, shape (N,)
        Of the steps that were found, steps/min.
    """
    known = cadence_spm[np.isfinite(cadence_spm)]
    if not len(known) or np.median(known) <= MOST_CADENCE_SPM:
        return ""
    return (
        f"there are {np.median(known) / 60.0:.1f} beats a second by the times of the file, more "
        "than any runner has, and such steps do not count: check their unit, or remove them and "
        "give the sampling rate with --rate."
    )


def beat_frequency_hz(upward: Values, rate_hz: float) -> float:
    """The strongest frequency of what swings, from 0.4 Hz up."""
    start = max(0, (len(upward) - _LOOKED_AT) // 2)
    piece = upward[start : start + _LOOKED_AT]
    power = np.abs(np.fft.rfft(piece - piece.mean()))
    frequency = np.fft.rfftfreq(len(piece), 1.0 / rate_hz)
    power[frequency < _SLOWEST_HZ] = 0.0
    return float(frequency[np.argmax(power)])
