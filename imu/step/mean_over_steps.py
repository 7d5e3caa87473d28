"""A mean over a bout's steps that goes with the newest: of what stays as it is while one runs."""

from __future__ import annotations

from typing import Final

import numpy as np

from imu.compiled import Record, kernel

MEAN_OVER_STEPS: Final = np.dtype(
    [
        ("mean", np.float64),
        ("steps", np.int64),  # behind it
        ("measured", np.uint8),  # whether all their samples were
    ],
    align=True,
)


@kernel
def take_step(m: Record, value: float, measured: bool, least_share: float) -> None:
    """Take what another step says.

    One that was not measured whole (samples filled in, or at the end of their range) counts until
    the first that was, which takes their place, and not afterwards.

    Parameters
    ----------
    m : record of MEAN_OVER_STEPS
        Zeros before the first.
    value : float
    measured : bool
        Whether all its samples were measured.
    least_share : float
        Of the newest step in the mean; the first ones count alike.
    """
    if measured and m.measured == 0:
        m.measured, m.steps = 1, 0
    if measured or m.measured == 0:
        m.steps += 1
        m.mean += max(1.0 / m.steps, least_share) * (value - m.mean)
