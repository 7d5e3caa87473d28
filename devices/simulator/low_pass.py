"""Zero-phase low-pass for truth: what a filter sees of a signal that is known exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def gain(frequency_hz: NDArray[np.floating[Any]], cutoff_hz: float) -> NDArray[np.float64]:
    """Of the filter, at each frequency."""
    passed: NDArray[np.float64] = 1.0 / (
        1.0 + (np.sqrt(2.0) - 1.0) * (frequency_hz / cutoff_hz) ** 4
    )
    return passed


def low_pass(values: NDArray[np.float64], rate_hz: float, cutoff_hz: float) -> NDArray[np.float64]:
    """Second-order Butterworth run forward and backward, without phase.

    Computed on the spectrum (gain 1/(1 + (√2 − 1)(f/f_c)⁴), −3 dB at the cut-off for both passes
    together), so the first and the last half second of a block are not to be used.

    Parameters
    ----------
    values : ndarray, shape (N,) or (N, M)
    rate_hz, cutoff_hz : float

    Examples
    --------
    >>> wave = np.cos(2 * np.pi * 20.0 * np.arange(1000) / 1000.0)
    >>> float(low_pass(wave, 1000.0, 20.0)[500].round(9))
    0.707106781
    """
    n = values.shape[0]
    passed = gain(np.fft.rfftfreq(n, 1.0 / rate_hz), cutoff_hz)
    shape = (-1,) + (1,) * (values.ndim - 1)
    return np.fft.irfft(np.fft.rfft(values, axis=0) * passed.reshape(shape), n, axis=0)
