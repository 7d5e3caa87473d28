"""What figures need in common to be compared: the kind and rate of a sensor, and the surface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from devices.records import DeviceInfo
from imu.steps import Steps

#: Share of the running time on one surface from which a run counts as one on that surface.
_LEAST_SHARE: Final = 0.8
#: What is another at another rate: the rate decides the bandwidth.
_AT_ONE_RATE: Final = ("impact_shock_g", "shock_power_g2")


def sensor_kind(info: DeviceInfo) -> str:
    """What has to be the same for figures of two runs to be compared.

    Rate and protocol decide the bandwidth of the shock, a gyroscope the lean. Two units of one kind
    differ by less than what is taken as a change.

    Examples
    --------
    >>> from devices.records import DeviceInfo
    >>> sensor_kind(DeviceInfo("Clip", "movesense", 208.0, 78.5, 0.0))
    'movesense 208 Hz without gyroscope'
    """
    gyro = "" if info.angular_velocity_range_rad_s > 0.0 else " without gyroscope"
    return f"{info.protocol} {info.rate_hz:g} Hz{gyro}"


def surface_of_most(steps: Steps, marked: Sequence[tuple[float, str]]) -> str | None:
    """The surface that at least four fifths of the running time was on; None when there is none.

    Parameters
    ----------
    steps : Steps
        Of the run.
    marked : sequence of (float, str)
        Session time, s, and surface of each mark, in order of time. Before the first one nothing
        was said, which is a surface of its own, named by an empty word.

    Examples
    --------
    >>> from imu.steps import NO_STEPS
    >>> surface_of_most(NO_STEPS, [(0.0, "track")])
    'track'
    """
    names = ["", *(name for _, name in marked)]
    place = np.searchsorted([time_s for time_s, _ in marked], steps.initial_contact_s, side="right")
    seconds = np.nan_to_num(steps.step_time_s)
    share: dict[str, float] = dict.fromkeys(names, 0.0)
    for number, name in enumerate(names):
        share[name] += float(seconds[place == number].sum())
    total = sum(share.values())
    if total == 0.0:
        return names[-1]
    most = max(share, key=lambda name: share[name])
    return most if share[most] >= _LEAST_SHARE * total else None


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
    >>> at_one_rate(Steps(rows[:0]), [(0.0, 208.0), (2.5, 104.0)])[1]  # nobody ran
    {208.0: 0}
    """
    if not len(steps) or len({rate_hz for _, rate_hz in rates}) < 2:
        return steps, {rates[0][1]: len(steps)} if rates else {}
    place = np.searchsorted([from_s for from_s, _ in rates], steps.initial_contact_s, "right") - 1
    rate_hz = np.array([rate_hz for _, rate_hz in rates])[np.maximum(place, 0)]
    found, counts = np.unique(rate_hz, return_counts=True)
    most = sorted(zip(counts.tolist(), found.tolist(), strict=True), reverse=True)
    rows = steps.rows.copy()
    for column in _AT_ONE_RATE:
        rows[column][rate_hz != most[0][1]] = np.nan
    return Steps(rows), {rate: count for count, rate in most}
