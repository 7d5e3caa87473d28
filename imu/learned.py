"""What an analyzer has learned about runner and sensor, as a later one takes it over."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import CHAIN_STATE, LASTING_STATE

_LASTING: Final = list(LASTING_STATE.names or ())
_BIAS: Final = ["bias", "covariance"]  # rad/s and (0.01 °/s)², sensor frame
#: By how much the bias drifts in the time in which it is forgotten, in the covariance's unit.
_FORGOTTEN: Final = (0.1 / 0.01) ** 2

#: What :attr:`imu.analyzer.StepAnalyzer.learned` gives, one record.
LEARNED_STATE: Final = np.dtype(
    [(name, LASTING_STATE[name]) for name in _LASTING]
    + [(name, CHAIN_STATE["inclination"][name]) for name in _BIAS]
)


def what_was_learned(state: NDArray[np.void]) -> NDArray[np.void]:
    """It, shape (1,), out of the state of a chain."""
    learned = np.zeros(1, LEARNED_STATE)
    learned[_LASTING] = state["learned"]
    learned[_BIAS] = state["inclination"][_BIAS]
    return learned


def take_over(
    state: NDArray[np.void], learned: NDArray[np.void], forgotten: float, unknown: float
) -> None:
    """Take it over into the state of a chain.

    Parameters
    ----------
    state : ndarray of CHAIN_STATE, shape (1,)
        Before the first sample.
    learned : ndarray of :data:`LEARNED_STATE`, shape (1,)
        Of an earlier chain.
    forgotten : float
        Time since then, in times in which the bias is forgotten.
    unknown : float
        Variance of a bias that nothing is known of, (0.01 °/s)².
    """
    state["learned"] = learned[_LASTING]
    covariance = learned["covariance"][0].copy()
    variance = np.diagonal(covariance)
    drifted = np.minimum(variance + _FORGOTTEN * forgotten, unknown)
    np.fill_diagonal(covariance, np.maximum(drifted, variance))
    state["inclination"]["bias"] = learned["bias"]
    state["inclination"]["covariance"] = covariance
