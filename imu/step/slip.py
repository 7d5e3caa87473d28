"""A sensor that turned on the body while its runner ran on as before, or stood.

Nobody leans otherwise from one stride to the next by as much as a sensor turns that slips, and runs
on with the same contact time and cadence. The mean force of some steps lies along another direction
of the sensor then, whatever the gyroscope has made of it. Lean and roll are measured on from where
they were; what the sensor turned about up is not known.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import CONTACTS, Q0, Q1, Q2, Q3, force_of_past
from imu.chain.orientation import turn_back
from imu.chain.sanity import SLIPPED, note_trouble
from imu.compiled import Record, kernel

#: Of the steps by which a slip is seen, and how many on each side are surely on that side.
_STEPS: Final = 20
_SURE: Final = 8
#: Step of a run at which its strides are held against those of the run before.
_SETTLED: Final = 24
#: Share of the turn of standing by which the strides may have turned otherwise.
_ALIKE: Final = 0.25
_ALIKE_RAD: Final = math.radians(3.0)  # or by so much, as a start leans it
_DEG: Final = 180.0 / math.pi
#: And so much, 20 and 40 steps later, of a sensor that is seen to slip.
_LEAST_LATER_DEG: Final = 3.0
#: A slip within so many steps of another is the same one, that goes on.
_GOES_ON_STEPS: Final = 60
#: A smaller turn may be the runner's: it is flagged, and measured as it is.
_LEAST_DEG: Final = 8.0
#: After a break in which nobody stood, where contact and step time are those of the run before.
_LEAST_WALKED_DEG: Final = 9.0
_GAIT_STEPS: Final = 16
_LAST_STEP: Final = 0.25  # more than the others: it is half a walk
_CONTACT_ALIKE: Final = 0.08
_STEP_ALIKE: Final = 0.04


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
    first, last = s.posture_quality.before_slip[0], s.posture_quality.before_slip[1]
    if s.bout.contacts[first % CONTACTS] < s.segment.oldest or number - first >= CONTACTS:
        return
    o, m = s.turning, s.learned.mounting
    if o.slip_at == 0 or number - o.slip_at > _GOES_ON_STEPS:
        x, y, z = _up_in_sensor(s, first, first + max(min((last - first) // 2 * 2, _SURE), 2))
        for j in range(3):
            o.slip_posture[j] = m[j, 0] * x + m[j, 1] * y + m[j, 2] * z
        o.slip_at = 0
    if _return_to_posture(s, number, _LEAST_DEG):
        o.slip_at = number


@kernel
def settle_slip(s: Record, number: int) -> None:
    """Follow a sensor that has gone on turning for some seconds after its slip was seen."""
    later = number - s.turning.slip_at
    if later == _STEPS or later == 2 * _STEPS:
        _return_to_posture(s, number, _LEAST_LATER_DEG)


@kernel
def _return_to_posture(s: Record, number: int, least_deg: float) -> bool:
    """Turn the mounting so that the last steps have the posture that was before the slip."""
    b, m = s.turning.slip_posture, s.learned.mounting
    x = m[0, 0] * b[0] + m[1, 0] * b[1] + m[2, 0] * b[2]
    y = m[0, 1] * b[0] + m[1, 1] * b[1] + m[2, 1] * b[2]
    z = m[0, 2] * b[0] + m[1, 2] * b[1] + m[2, 2] * b[2]
    now = _up_in_sensor(s, number + 1 - _SURE, number + 1)
    return _turn_mounting(s, now, (x, y, z), least_deg)


@kernel
def follow_reseating(s: Record, number: int) -> bool:
    """The same for a sensor that was turned while its runner stood or walked between two runs.

    Up of standing and up of the strides have both turned since the run before, and alike; or nobody
    stood, and up of the strides alone has, of one who runs as before.
    """
    o = s.turning
    if number != _SETTLED or not _square(o.ran_before) > 0.5:
        return False
    p, q = _unit(o.standing), _unit(o.stood_before)
    now, before = _unit(o.start_up), _unit(o.ran_before)
    if p == q:
        now = _up_in_sensor(s, number + 1 - _SURE, number + 1)  # the start is over
        return _runs_as_before(o) and _turn_mounting(s, now, before, _LEAST_WALKED_DEG)
    if not _square(o.stood_before) > 0.5 or not _square(o.standing) > 0.5:
        return False
    # what turns the standing back has to turn the strides back, which the start leans by a share
    x, y, z = _turned(p, q, now)
    left = math.acos(min(max(x * before[0] + y * before[1] + z * before[2], -1.0), 1.0))
    turned = math.acos(min(max(p[0] * q[0] + p[1] * q[1] + p[2] * q[2], -1.0), 1.0))
    alike = left < max(_ALIKE * turned, _ALIKE_RAD)
    return alike and _turn_mounting(s, p, q, _LEAST_DEG)


@kernel
def take_gait(o: Record, row: Record, number: int) -> None:
    """Take a step's contact and step time into the means of the last ones of its run."""
    if number <= o.gait_number:  # steps are counted from the start of each run
        o.gait_before[0], o.gait_before[1] = o.gait[0], o.gait[1]
        o.gait_steps = 0
    o.gait_number = number
    steps = min(o.gait_steps + 1, _GAIT_STEPS)
    if steps == _GAIT_STEPS and abs(row.step_time_s - o.gait[1]) > _LAST_STEP * o.gait[1]:
        return
    o.gait_steps = steps
    share = 1.0 / steps
    if math.isfinite(row.contact_time_ms):
        o.gait[0] += share * (row.contact_time_ms - o.gait[0])
    o.gait[1] += share * (row.step_time_s - o.gait[1])


@kernel
def _runs_as_before(o: Record) -> bool:
    """Whether contact and step time are those of the run before."""
    contact, step = o.gait_before[0], o.gait_before[1]
    alike = abs(o.gait[0] - contact) < _CONTACT_ALIKE * contact
    return alike and abs(o.gait[1] - step) < _STEP_ALIKE * step


@kernel
def _square(v: NDArray[np.float64]) -> float:
    return v[0] * v[0] + v[1] * v[1] + v[2] * v[2]


@kernel
def _unit(v: NDArray[np.float64]) -> tuple[float, float, float]:
    size = math.sqrt(_square(v))
    if size == 0.0:
        return 0.0, 0.0, 0.0
    return v[0] / size, v[1] / size, v[2] / size


@kernel
def _turned(
    p: tuple[float, float, float], q: tuple[float, float, float], v: tuple[float, float, float]
) -> tuple[float, float, float]:
    """A vector turned by the least angle that turns one unit vector, p, into another, q."""
    x, y, z = p[1] * q[2] - p[2] * q[1], p[2] * q[0] - p[0] * q[2], p[0] * q[1] - p[1] * q[0]
    cosine = p[0] * q[0] + p[1] * q[1] + p[2] * q[2]
    along = (x * v[0] + y * v[1] + z * v[2]) / max(1.0 + cosine, 1e-9)
    return (
        cosine * v[0] + y * v[2] - z * v[1] + along * x,
        cosine * v[1] + z * v[0] - x * v[2] + along * y,
        cosine * v[2] + x * v[1] - y * v[0] + along * z,
    )


@kernel
def _turn_mounting(
    s: Record, p: tuple[float, float, float], q: tuple[float, float, float], least_deg: float
) -> bool:
    """Take up in the sensor from p, where it is now, to q, where it was; whether it had moved."""
    cosine = p[0] * q[0] + p[1] * q[1] + p[2] * q[2]
    turned_deg = math.acos(min(max(cosine, -1.0), 1.0)) * _DEG
    if turned_deg < least_deg or cosine < 0.0:
        return False
    note_trouble(s.sanity, SLIPPED, turned_deg)
    m = s.learned.mounting
    # rows of the mounting are the body's axes in the sensor: turned back they turn as from q to p
    for j in range(3):
        m[j, 0], m[j, 1], m[j, 2] = _turned(q, p, (m[j, 0], m[j, 1], m[j, 2]))
    return True
