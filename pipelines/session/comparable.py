"""What two runs need in common to be compared: the kind of sensor, and the surface."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from devices.records import DeviceInfo
from imu.steps import Steps

#: Share of the running time on one surface from which a run counts as one on that surface.
_LEAST_SHARE: Final = 0.8


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
