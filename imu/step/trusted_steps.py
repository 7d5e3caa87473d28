"""The steps that figures rest on, with what is in doubt left empty.

A bend, a slip or a hole in the readings puts lean and roll in doubt, a loose clip oscillation and
shock, and nothing else: a run on a track, half of it bends, keeps all its other figures. Without a
gyroscope lean is off by 3° in simulated runs, by another degree where the speed is another, and the
lumbar load that follows from it does not follow the lean: they show changes within a run, and are
no figures.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from imu.samples import Quality
from imu.steps import Steps

#: Flags that leave a step out with all that it has.
DISTRUST: Final = 0xFFFF & ~int(
    Quality.NO_GYRO | Quality.BEND | Quality.SLIP | Quality.LOOSE | Quality.TILT
)
#: What a sensor that rings on its clip reads wrong.
RUNG_COLUMNS: Final = (
    "vertical_oscillation_mm",
    "mediolateral_oscillation_mm",
    "impact_shock_g",
    "shock_power_g2",
)
#: What hangs on where up is.
TILTED_COLUMNS: Final = (
    "sacral_lean_deg",
    "sacral_roll_deg",
    "lumbar_index",
    "lumbar_compression_bw",
)
#: What is in doubt, by flag; the lumbar load follows from the lean, which a bend hardly moves.
_DOUBTED: Final = (
    (Quality.BEND, ("sacral_lean_deg", "sacral_roll_deg")),
    (Quality.SLIP | Quality.TILT | Quality.NO_GYRO, TILTED_COLUMNS),
    (Quality.LOOSE, RUNG_COLUMNS),
)

#: Fewer steps, where they are not half of the run, tell nothing of it.
_LEAST_STEPS: Final = 10
_DOUBTING: Final = int(Quality.BEND | Quality.SLIP | Quality.LOOSE | Quality.TILT | Quality.NO_GYRO)


def without_doubtful_columns(steps: Steps) -> Steps:
    """The same steps; NaN is what a bend, a slip, a hole, a loose clip or no gyroscope spoils.

    Lean and roll in bends, after slips and holes and without a gyroscope, lumbar load after slips
    and holes and without a gyroscope, and oscillation and shock while the clip is loose.

    Parameters
    ----------
    steps : Steps
        Any number of steps; not changed.

    Examples
    --------
    >>> from imu.steps import STEP_ROW
    >>> rows = np.zeros(2, STEP_ROW)
    >>> rows["quality"][1] = Quality.BEND
    >>> without_doubtful_columns(Steps(rows)).sacral_roll_deg.tolist()
    [0.0, nan]
    """
    flags = steps.quality_bits
    if not (flags & _DOUBTING).any():
        return steps
    rows = steps.rows.copy()
    for doubt, columns in _DOUBTED:
        doubted = (flags & int(doubt)) != 0
        for column in columns:
            rows[column][doubted] = np.nan
    return Steps(rows)


def trusted_steps(steps: Steps) -> Steps:
    """The steps whose reservations, if any, are of some figures only.

    A missing gyroscope, a bend, a slip, a tilt that is in doubt, or a loose clip.

    Of these what is in doubt is NaN (:func:`without_doubtful_columns`).

    Parameters
    ----------
    steps : Steps
        Any number of steps; not changed.

    Returns
    -------
    Steps
        At most as many, copied.

    Examples
    --------
    >>> from imu.steps import STEP_ROW
    >>> rows = np.zeros(3, STEP_ROW)
    >>> rows["quality"] = [0, Quality.GAP, Quality.NO_GYRO]
    >>> len(trusted_steps(Steps(rows)))
    2
    """
    return without_doubtful_columns(Steps(steps.rows[(steps.quality_bits & DISTRUST) == 0]))


def tell_of_the_run(count: int, steps: int) -> bool:
    """Whether a figure of so many steps that count is one of a run of so many: ten, or half of it.

    Examples
    --------
    >>> tell_of_the_run(9, 400), tell_of_the_run(10, 400), tell_of_the_run(2, 4)
    (False, True, True)
    """
    return count >= min(_LEAST_STEPS, 0.5 * steps) and count > 0
