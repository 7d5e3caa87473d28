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
#: More is vibration, whatever the times are.
_MOST_DOUBTED_HZ: Final = 12.0
#: How much of what swings does so at a beat, and how far from it at most.
_OF_A_BEAT: Final = 0.5
_NEAR_THE_BEAT: Final = 0.03
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
    upward = _running_upward(samples, rate_hz)
    if not len(upward):
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


def _running_upward(samples: Samples, rate_hz: float) -> Values:
    """The force upwards where it swings as in running; empty where it does not."""
    force = samples.acceleration_m_s2[np.isfinite(samples.acceleration_m_s2).all(axis=1)]
    if len(force) < rate_hz / _SLOWEST_HZ:
        return np.zeros(0)
    up = force.mean(axis=0)
    upward: Values = force @ (up / np.linalg.norm(up))
    return upward if upward.std() >= _RUNNING_M_S2 else np.zeros(0)


def times_doubt(samples: Samples, cadence_spm: Values, rate_hz: float) -> str:
    """What to say of a file whose times make beats that no runner reaches; empty of others.

    Parameters
    ----------
    samples : Samples
        With the times of the file.
    cadence_spm : array, shape (N,)
        Of the steps that were found, steps/min.
    rate_hz : float
        Which those times tell, Hz.
    """
    known = cadence_spm[np.isfinite(cadence_spm)]
    steps, beat_hz = "and such steps do not count", 0.0
    if len(known):
        beat_hz = float(np.median(known)) / 60.0
    elif len(upward := _running_upward(samples, rate_hz)):
        frequency, power = _spectrum(upward, rate_hz)
        beat_hz = float(frequency[np.argmax(power)])
        beats = np.abs(frequency / beat_hz - 1.0) < _NEAR_THE_BEAT
        # a rough road has no beat
        beat_hz *= float(np.sum(power[beats] ** 2) > _OF_A_BEAT * np.sum(power**2))
        steps = "and no steps were found"
    if not MOST_CADENCE_SPM / 60.0 < beat_hz < _MOST_DOUBTED_HZ:
        return ""
    return (
        f"there are {beat_hz:.1f} beats a second by the times of the file, more "
        f"than any runner has, {steps}: check their unit, or remove them and "
        "give the sampling rate with --rate."
    )


def beat_frequency_hz(upward: Values, rate_hz: float) -> float:
    """The strongest frequency of what swings, from 0.4 Hz up."""
    frequency, power = _spectrum(upward, rate_hz)
    return float(frequency[np.argmax(power)])


def _spectrum(upward: Values, rate_hz: float) -> tuple[Values, Values]:
    """Frequencies, Hz, and how much swings at each, from the middle of a recording."""
    start = max(0, (len(upward) - _LOOKED_AT) // 2)
    piece = upward[start : start + _LOOKED_AT]
    power = np.asarray(np.abs(np.fft.rfft(piece - piece.mean())), np.float64)
    frequency = np.asarray(np.fft.rfftfreq(len(piece), 1.0 / rate_hz), np.float64)
    power[frequency < _SLOWEST_HZ] = 0.0
    return frequency, power
