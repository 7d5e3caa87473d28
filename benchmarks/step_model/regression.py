"""Fitting one regression of the step model: a Gaussian process on few centres, runners apart.

The errors of one runner are alike on all of that runner's steps, and those of one trial too. A fit
that took steps for independent would count 250 steps of one person for 250 people, and learn the
differences between the few that it has seen; so the covariance of the errors has a part for the
runner and a part for the trial.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.step.model import CENTRES
from imu.step.step_features import FEATURES

Array = NDArray[np.float64]

_JITTER: Final = 1e-8


@dataclass(frozen=True, slots=True)
class Shape:
    """What is chosen of a regression, in units of the outputs' standard deviation.

    Attributes
    ----------
    linear, local : float
        Prior standard deviation of the linear and of the local part.
    width : float
        Reach of a centre, in root-mean-square standard deviations of the features.
    runner_sd, trial_sd, block_sd : float
        Errors that all steps of a runner share, that those of a trial share, and of a block; the
        last is more than blocks scatter, since the copies of a trial have it in common.
    reach_quantile : float
        Share of the observations that count as within the known range.
    """

    linear: float = 3.0
    local: float = 2.0
    width: float = 1.5
    runner_sd: float = 0.2
    trial_sd: float = 0.1
    block_sd: float = 1.0
    reach_quantile: float = 0.995


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Means over blocks of steps of one foot: what a regression is fitted to.

    ``runner``, ``trial`` and ``copy`` number whom and what each row belongs to; ``roughness`` is
    the standard deviation of the error that a copy may add, in units of the outputs'.
    """

    features: Array  # (N, FEATURES)
    outputs: Array  # (N, M)
    runner: NDArray[np.int64]
    trial: NDArray[np.int64]
    copy: NDArray[np.int64]
    roughness: Array


def _kernel(a: Array, b: Array, width: float) -> Array:
    apart = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1) - 2.0 * a @ b.T
    return np.asarray(np.exp(-0.5 * np.maximum(apart, 0.0) / width**2))


def _spread_centres(z: Array, width: float) -> NDArray[np.int64]:
    """Rows that tell most about all others: pivots of the kernel's Cholesky decomposition."""
    left = np.ones(len(z))
    columns = np.zeros((len(z), CENTRES))
    chosen = np.zeros(CENTRES, np.int64)
    for k in range(CENTRES):
        pivot = int(np.argmax(left.round(9)))
        chosen[k] = pivot
        column = _kernel(z, z[pivot : pivot + 1], width)[:, 0] - columns[:, :k] @ columns[pivot, :k]
        columns[:, k] = column / np.sqrt(max(left[pivot], _JITTER))
        left = np.maximum(left - columns[:, k] ** 2, 0.0)
    return chosen


def fit_regression(
    data: Observations, used: NDArray[np.bool_], shape: Shape, part: NDArray[np.void]
) -> None:
    """Fit one regression.

    Parameters
    ----------
    data : Observations
        What to learn from.
    used : ndarray of bool, shape (FEATURES,)
        Which features it may use.
    shape : Shape
        What is chosen of it.
    part : ndarray of a regression in STEP_MODEL, shape (1,)
        Receives the weights.
    """
    x, y = data.features, data.outputs
    mean, sd = x.mean(axis=0), x.std(axis=0)
    scale = np.where(used & (sd > 1e-9), sd * np.sqrt(used.sum()), np.inf)
    z = (x - mean) / scale
    middle, spread = y.mean(axis=0), y.std(axis=0)
    centres = z[_spread_centres(z, shape.width)]
    among = _kernel(centres, centres, shape.width) + _JITTER * np.eye(CENTRES)
    root = np.linalg.cholesky(among)
    near = np.linalg.solve(root, _kernel(centres, z, shape.width)).T
    basis = np.hstack([shape.linear * z, shape.local * near])
    information = np.eye(basis.shape[1])
    told = np.zeros((basis.shape[1], y.shape[1]))
    for runner in np.unique(data.runner):
        own = data.runner == runner
        trial, copy, rough = data.trial[own], data.copy[own], data.roughness[own]
        covariance = shape.runner_sd**2 + shape.trial_sd**2 * (trial[:, None] == trial)
        covariance += rough**2 * (copy[:, None] == copy)
        covariance += shape.block_sd**2 * np.eye(len(trial))
        weighted = np.linalg.solve(covariance, basis[own])
        information += basis[own].T @ weighted
        told += weighted.T @ ((y[own] - middle) / spread)
    solution = np.linalg.solve(information, told) * spread
    part["mean"] = np.where(used, mean, 0.0)
    part["inverse_scale"] = 1.0 / scale
    part["farthest"] = np.quantile(np.linalg.norm(z, axis=1), shape.reach_quantile)
    part["inverse_width"] = 1.0 / shape.width
    part["constant"] = middle
    part["weights"] = shape.linear * solution[:FEATURES]
    part["centres"] = centres.T
    part["centre_weights"] = shape.local * np.linalg.solve(root.T, solution[FEATURES:])
