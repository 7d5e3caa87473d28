"""Learning what tells a sensor that rings on its strap from one that sits tight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.step_model.observing import SeenTrial
from imu.step.step_features import TELLTALES, fill_telltales

Array = NDArray[np.float64]

#: Of the steps every so many: neighbours are alike.
_EVERY: Final = 5
#: Sensors that ring are rarer than here, where both kinds count alike: log odds.
_RARER: Final = 2.0
_RIDGE: Final = 1e-4
_ITERATIONS: Final = 30


def learn_telltales(seen: Sequence[SeenTrial]) -> tuple[Array, float]:
    """Weights and constant of the log odds of ringing, by logistic regression."""
    rows, rings = [], []
    for one in seen:
        for features in one.features[::_EVERY]:
            told = np.empty(TELLTALES)
            fill_telltales(features, told)
            rows.append(told)
            rings.append(one.wear.rings)
    x, y = np.array(rows), np.array(rings, np.float64)
    mean, sd = x.mean(axis=0), x.std(axis=0)
    z = np.column_stack([np.ones(len(x)), (x - mean) / sd])
    share = np.where(y > 0.0, 0.5 / y.mean(), 0.5 / (1.0 - y.mean())) / len(y)
    beta = np.zeros(z.shape[1])
    for _ in range(_ITERATIONS):
        chance = 1.0 / (1.0 + np.exp(-z @ beta))
        bend = (z * (share * chance * (1.0 - chance))[:, None]).T @ z + _RIDGE * np.eye(len(beta))
        beta += np.linalg.solve(bend, z.T @ (share * (y - chance)) - _RIDGE * beta)
    weights = beta[1:] / sd
    return weights, float(beta[0] - weights @ mean - _RARER)
