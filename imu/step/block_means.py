"""Means over blocks of steps, with intervals that hold the truth for a runner not seen before.

Two questions have two answers. How far may two blocks of a run differ by chance of the steps taken?
Neighbouring steps are alike and feet differ, so the error of a mean is not the spread over √n: the
feet are averaged apart, and the spread that is left is widened by the correlation of neighbouring
steps, which is estimated over all blocks together, since twenty steps cannot tell it.

How far may a mean be from the truth? There what the sensor gets wrong on all steps of a person
alike comes on top. For contact, flight and peak force it was learned with the step model, from
runners that were left out; it is much the larger part, and no number of steps makes it smaller.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import ParameterError
from imu.step.model import JUDGED, StepModel
from imu.step.model_file import packaged_step_model
from imu.steps import STEP_ROW, Steps

#: Columns of a step that have a mean.
MEAN_COLUMNS: Final = tuple(
    name
    for name in STEP_ROW.names or ()
    if name not in {"step", "initial_contact_s", "toe_off_s", "side", "quality", *JUDGED}
)

#: Which standard deviation of a step belongs to which column.
_JUDGED_COLUMNS: Final = {
    "contact_time_ms": "contact_time_sd_ms",
    "flight_time_ms": "flight_time_sd_ms",
    "peak_force_bw": "peak_force_sd_bw",
}
#: What 18 treadmill runners' means were off by, root mean square (Fukuchi 2017, virtual sensors
#: whose axes and standing are known): nothing is learned for these.
_MEASURED_SD: Final = {
    "vertical_oscillation_mm": 0.16,
    "mediolateral_oscillation_mm": 0.66,
    "sacral_lean_deg": 0.22,
    "sacral_roll_deg": 0.15,
}
#: 97.5 % quantile of Student's distribution for 18 people.
_PERSONS_95: Final = 2.11
_NORMAL_95: Final = 1.96

#: Correlation of neighbouring steps before anything is known, and the steps it counts for.
_PRIOR_CORRELATION: Final = 0.35
_PRIOR_STEPS: Final = 40.0
_MOST_CORRELATION: Final = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class BlockMeans:
    """Means and standard errors of blocks of steps; NaN where fewer than half were measured.

    Attributes
    ----------
    time_s : ndarray, shape (N,)
        Contact of each block's first step, s.
    mean, standard_error : dict of ndarray, shape (N,)
        By column of :data:`MEAN_COLUMNS`, in its unit.
    half_width_95 : dict of ndarray, shape (N,)
        Half of the 95 % interval for the truth, what is wrong on all of the runner's steps
        included.
    chance_half_width_95 : dict of ndarray, shape (N,)
        Half of the 95 % interval for the runner's level as this sensor sees it: the standard error
        times Student's quantile for as many independent steps as the block is worth, and what the
        step model's error changes from block to block. Two blocks of
        a run differ by more than the root of the sum of both squares in 5 % of cases.
    """

    time_s: NDArray[np.float64]
    mean: dict[str, NDArray[np.float64]]
    standard_error: dict[str, NDArray[np.float64]]
    half_width_95: dict[str, NDArray[np.float64]]
    chance_half_width_95: dict[str, NDArray[np.float64]]

    def __len__(self) -> int:
        return len(self.time_s)


def block_means(steps: Steps, size: int = 20, step_model: StepModel | None = None) -> BlockMeans:
    """Means of successive blocks of steps; steps left over at the end are not used.

    Parameters
    ----------
    steps : Steps
        Of one run.
    size : int
        Steps a block, 10 to 1000.
    step_model : StepModel, optional
        That the steps were judged by; that of the package otherwise.

    Returns
    -------
    BlockMeans
        Mean, standard error and 95 % interval of each column, a value a block.

    Raises
    ------
    ParameterError
        When the size is outside its range.

    Notes
    -----
    The feet are averaged apart; neighbouring steps are alike, which is estimated over all blocks
    together and widens the error. Student's quantile is that of Hill 1970,
    doi:10.1145/355598.355599.

    Examples
    --------
    >>> rows = np.zeros(40, STEP_ROW)
    >>> rows["cadence_spm"] = 170.0 + np.tile([0.5, -0.5, 0.1, -0.1], 10)
    >>> means = block_means(Steps(rows))
    >>> len(means), means.mean["cadence_spm"].tolist()
    (2, [170.0, 170.0])
    """
    if not 10 <= size <= 1000:
        raise ParameterError("size", size, "a number of steps from 10 to 1000")
    count = len(steps) // size
    rows = steps.rows[: count * size]
    parity = np.arange(size) % 2
    mean: dict[str, NDArray[np.float64]] = {}
    error: dict[str, NDArray[np.float64]] = {}
    chance: dict[str, NDArray[np.float64]] = {}
    for name in MEAN_COLUMNS:
        values = rows[name].reshape(count, size)
        mean[name], error[name], chance[name] = _means(values, parity)
    model = (step_model or packaged_step_model()).for_speed(known=False)[1]
    for name, told in _JUDGED_COLUMNS.items():
        # the model's own error is not quite the same from block to block
        chance[name] = np.hypot(chance[name], _NORMAL_95 * model["wander_sd"][JUDGED.index(told)])
    half = dict(chance)
    for name, lasting in _lasting_errors(rows.reshape(count, size), model).items():
        half[name] = np.hypot(chance[name], _PERSONS_95 * lasting)
    return BlockMeans(rows["initial_contact_s"][::size].copy(), mean, error, half, chance)


def _lasting_errors(blocks: NDArray[np.void], model: np.void) -> dict[str, NDArray[np.float64]]:
    """Standard deviation of what all steps of a runner have wrong alike, by column."""
    lasting = {name: np.full(len(blocks), sd) for name, sd in _MEASURED_SD.items() if len(blocks)}
    for name, told in _JUDGED_COLUMNS.items():
        place = JUDGED.index(told)
        whole = np.hypot(model["runner_sd"][place], model["step_sd"][place])
        share = model["runner_sd"][place] / whole if whole > 0.0 else 1.0
        lasting[name] = share * blocks[told].mean(axis=1)
    return lasting


def _means(
    values: NDArray[np.float64], parity: NDArray[np.int_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, standard error and half width of each row of ``values``, shape (B, n)."""
    known = np.isfinite(values)
    n = known.sum(axis=1)
    enough = 2 * n >= values.shape[1]
    filled = np.where(known, values, 0.0)
    residual = np.zeros_like(filled)
    level = np.zeros(len(values))
    with np.errstate(invalid="ignore", divide="ignore"):
        for foot in (0, 1):
            own = parity == foot
            average = filled[:, own].sum(axis=1) / known[:, own].sum(axis=1)
            level += 0.5 * average
            residual[:, own] = np.where(known[:, own], filled[:, own] - average[:, None], 0.0)
        residual[~enough | ~np.isfinite(level)] = 0.0
        correlation = _correlation(residual)
        # a foot's steps are two apart: what removing their means took of the squares
        squared = correlation**2
        taken = 2.0 / np.maximum(n, 1) * (1.0 + squared) / (1.0 - squared)
        variance = (residual**2).sum(axis=1) / (n * np.maximum(1.0 - taken, 0.1))
        # steps of that correlation are worth so many independent ones (AR(1), exact for n steps)
        spread = (1.0 + correlation) / (1.0 - correlation)
        spread -= 2.0 * correlation * (1.0 - correlation**n) / (n * (1.0 - correlation) ** 2)
        worth = n / spread
        freedom = np.maximum(n * (1.0 - squared) / (1.0 + squared) - 2.0, 2.0)
        error = np.sqrt(variance / worth)
    bad = ~enough | ~np.isfinite(level)
    level[bad], error[bad] = np.nan, np.nan
    return level, error, error * _student_95(freedom)


def _correlation(residual: NDArray[np.float64]) -> float:
    """Correlation of neighbouring steps, over all blocks, corrected for the means removed."""
    blocks, size = residual.shape
    power = float((residual**2).sum())
    if power == 0.0:
        return _PRIOR_CORRELATION
    lag_one = float((residual[:, 1:] * residual[:, :-1]).sum()) / power
    # two means a block are removed: the expected estimate of r is about r − (1 + 3 r) / n
    found = (lag_one + 1.0 / size) / (1.0 - 3.0 / size)
    weight = blocks * size
    shrunk = (weight * found + _PRIOR_STEPS * _PRIOR_CORRELATION) / (weight + _PRIOR_STEPS)
    return min(max(shrunk, 0.0), _MOST_CORRELATION)


def _student_95(freedom: NDArray[np.float64]) -> NDArray[np.float64]:
    """97.5 % quantile of Student's distribution, to 0.5 % from 2 degrees of freedom on.

    The expansion of Hill 1970 (doi:10.1145/355598.355599) about the normal quantile.
    """
    z = 1.959963984540054
    g1 = (z**3 + z) / 4.0
    g2 = (5.0 * z**5 + 16.0 * z**3 + 3.0 * z) / 96.0
    g3 = (3.0 * z**7 + 19.0 * z**5 + 17.0 * z**3 - 15.0 * z) / 384.0
    g4 = (79.0 * z**9 + 776.0 * z**7 + 1482.0 * z**5 - 1920.0 * z**3 - 945.0 * z) / 92160.0
    return z + g1 / freedom + g2 / freedom**2 + g3 / freedom**3 + g4 / freedom**4
