"""Session dose: how many easy kilometres a run was worth to the lower back.

Each step counts by a power of its lumbar compression relative to the runner's own easy running, so
that a kilometre at the baseline is one easy kilometre. Which power is right nobody knows: 4 is the
default, 2 and 6 show the uncertainty (Coenen's cadaver fit has F²N^0.2, ISO 2631-5 uses 6). It is a
way of adding up, and says nothing about risk.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from imu.errors import ParameterError
from imu.samples import Quality
from imu.steps import Steps

__all__ = ["DEFAULT_POWER", "DOSE_POWERS", "equivalent_easy_km"]

DEFAULT_POWER: Final = 4
DOSE_POWERS: Final = (2, 4, 6)
#: Lean, and with it the compression, is as good in a bend.
_DISTRUST: Final = 0xFF & ~int(Quality.NO_GYRO | Quality.BEND)


def equivalent_easy_km(
    steps: Steps, baseline_compression_bw: float, distance_km: float
) -> dict[int, float]:
    """Equivalent easy kilometres of a run, for each of :data:`DOSE_POWERS`.

    The distance times the mean of (F / F₀)ᵐ over the steps. Steps that are not trusted, or have no
    compression, count as the mean of the others.

    Parameters
    ----------
    steps : Steps
        Of the run.
    baseline_compression_bw : float
        Lumbar compression of the runner's easy running, body weights, above 0.
    distance_km : float
        Distance run, km, from 0.

    Returns
    -------
    dict of int to float
        By power; NaN when no step can be trusted.

    Raises
    ------
    ParameterError
        When the baseline or the distance is outside its range.

    Examples
    --------
    >>> from imu.steps import STEP_ROW
    >>> rows = np.zeros(100, STEP_ROW)
    >>> rows["lumbar_compression_bw"] = 2.2
    >>> {m: round(km, 2) for m, km in equivalent_easy_km(Steps(rows), 2.0, 10.0).items()}
    {2: 12.1, 4: 14.64, 6: 17.72}
    """
    if not 0.0 < baseline_compression_bw < math.inf:
        raise ParameterError(
            "baseline_compression_bw", baseline_compression_bw, "a number of body weights above 0"
        )
    if not 0.0 <= distance_km < math.inf:
        raise ParameterError("distance_km", distance_km, "a number of kilometres from 0")
    ratio = steps.lumbar_compression_bw / baseline_compression_bw
    ratio = ratio[(steps.quality_bits & _DISTRUST == 0) & np.isfinite(ratio)]
    if not len(ratio):
        return dict.fromkeys(DOSE_POWERS, math.nan)
    return {power: distance_km * float(np.mean(ratio**power)) for power in DOSE_POWERS}
