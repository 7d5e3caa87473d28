"""A sensor that turned on the body while its runner ran on as before.

Nobody leans otherwise from one stride to the next by as much as a sensor turns that slips, and runs
on with the same contact time and cadence. The mean force of some steps lies along another direction
of the sensor then, whatever the gyroscope has made of it. Lean and roll are measured on from where
they were; what the sensor turned about up is not known.
"""

from __future__ import annotations

import math
from typing import Final

from imu.chain.loop import CONTACTS, Q0, Q1, Q2, Q3, force_of_past
from imu.chain.orientation import turn_back
from imu.chain.sanity import SLIPPED, note_trouble
from imu.compiled import Record, kernel

#: Of the steps by which a slip is seen, and how many on each side are surely on that side.
_STEPS: Final = 20
_SURE: Final = 8
_DEG: Final = 180.0 / math.pi
#: A smaller turn may be the runner's: it is flagged, and measured as it is.
_LEAST_DEG: Final = 8.0


@kernel
def _up_in_sensor(s: Record, first: int, last: int) -> tuple[float, float, float]:
    """Direction of the mean force between two contacts."""
    begin, end = s.bout.contacts[first % CONTACTS], s.bout.contacts[last % CONTACTS]
    n, o, p = end - begin, begin - s.segment.oldest, s.past
    fx, fy, fz = force_of_past(s, begin, n)
    x, y, z = 0.0, 0.0, 0.0
    for i in range(n):
        a, b, c = turn_back(
            p[Q0, o + i], p[Q1, o + i], p[Q2, o + i], p[Q3, o + i], fx[i], fy[i], fz[i]
        )
        x, y, z = x + a, y + b, z + c
    norm = math.sqrt(x * x + y * y + z * z) + 1e-12
    return x / norm, y / norm, z / norm


@kernel
def follow_slip(s: Record, number: int) -> None:
    """Turn the mounting as the sensor has turned, where a slip is seen at step ``number``."""
    first = number + 1 - _STEPS
    if first < 0 or s.bout.contacts[first % CONTACTS] < s.segment.oldest:
        return
    qx, qy, qz = _up_in_sensor(s, first, first + _SURE)
    px, py, pz = _up_in_sensor(s, number + 1 - _SURE, number + 1)
    # axis and cosine of the turn from p to q
    x, y, z = py * qz - pz * qy, pz * qx - px * qz, px * qy - py * qx
    cosine = px * qx + py * qy + pz * qz
    turned_deg = math.acos(min(max(cosine, -1.0), 1.0)) * _DEG
    if turned_deg < _LEAST_DEG or cosine < 0.0:
        return
    note_trouble(s.sanity, SLIPPED, turned_deg)
    m, k = s.learned.mounting, 1.0 / (1.0 + cosine)
    for j in range(3):
        a, b, c = m[j, 0], m[j, 1], m[j, 2]
        along = k * (x * a + y * b + z * c)
        m[j, 0] = cosine * a + z * b - y * c + along * x
        m[j, 1] = cosine * b + x * c - z * a + along * y
        m[j, 2] = cosine * c + y * a - x * b + along * z
