"""On which steps figures of shock rest, where the sensor went on at another rate in mid-run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from imu.steps import Steps

#: What is another at another rate: the rate decides the bandwidth.
_COLUMNS: Final = ("impact_shock_g", "shock_power_g2")


def at_one_rate(
    steps: Steps, rates: Sequence[tuple[float, float]]
) -> tuple[Steps, dict[float, int]]:
    """The same steps, with shock at the rate of most of them alone: elsewhere it is NaN.

    Parameters
    ----------
    steps : Steps
        Of the run; not changed.
    rates : sequence of (float, float)
        Session time from which on, s, and rate, Hz, in order of time.

    Returns
    -------
    Steps
    dict of int
        Steps by rate, Hz, the one that shock rests on first.

    Examples
    --------
    >>> from imu.steps import STEP_ROW
    >>> rows = np.zeros(3, STEP_ROW)
    >>> rows["initial_contact_s"] = [1.0, 2.0, 3.0]
    >>> kept, counts = at_one_rate(Steps(rows), [(0.0, 208.0), (2.5, 104.0)])
    >>> kept.impact_shock_g.tolist(), counts
    ([0.0, 0.0, nan], {208.0: 2, 104.0: 1})
    """
    if len({rate_hz for _, rate_hz in rates}) < 2:
        return steps, {rates[0][1]: len(steps)} if rates else {}
    place = np.searchsorted([from_s for from_s, _ in rates], steps.initial_contact_s, "right") - 1
    rate_hz = np.array([rate_hz for _, rate_hz in rates])[np.maximum(place, 0)]
    found, counts = np.unique(rate_hz, return_counts=True)
    most = sorted(zip(counts.tolist(), found.tolist(), strict=True), reverse=True)
    rows = steps.rows.copy()
    for column in _COLUMNS:
        rows[column][rate_hz != most[0][1]] = np.nan
    return Steps(rows), {rate: count for count, rate in most}
