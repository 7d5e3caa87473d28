"""Which way is up, once a step: from whole strides, whose mean acceleration is zero.

At constant speed a runner's velocity is the same a stride later, so the specific force averaged
over whole strides in the gyroscope's inertial frame points up exactly, with no wait for a low-pass.
Where the gyroscope's bias is known (after standing) up is only nudged, by at most a fixed angle a
step: a change of speed, which tilts the mean force by degrees for seconds, then hardly moves it.
Where it is not, the mean of the last four strides is up.

A gap ends the gyroscope's frame, not the runner's posture: the mean direction of up in the sensor
over a stride, as it was before, levels the first strides after it. Filling a shorter gap with a
straight line turns the frame by some degrees, which the same corrects. A posture is believed for a
few seconds only, since it may change.

How well up is known is carried along as a variance of the tilt (Kalman 1960,
doi:10.1115/1.3662552): it grows where the turning was not measured, with the length of the hole and
how much the runner turns, and shrinks as strides and posture tell up again; they move up by as much
as it is in doubt.
It is zero in a run without holes, whose own errors are those of the accuracy page.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.intake import TURN_UNKNOWN
from imu.chain.loop import (
    CONTACTS,
    FLAGS,
    FX,
    FY,
    FZ,
    Q0,
    Q1,
    Q2,
    Q3,
    TIME,
    force_of_past,
    up_in_inertial_frame,
)
from imu.chain.orientation import turn_back
from imu.compiled import Record, kernel
from imu.samples import STANDARD_GRAVITY_M_S2, Quality

_GAP: Final = int(Quality.GAP)
_CLIPPED: Final = int(Quality.CLIPPED)

#: Time constant and largest believed tilt of a stride's mean force, once the bias is known.
_TIME_CONSTANT_S: Final = 5.0
_LARGEST_TILT: Final = math.radians(0.75)
_MOST_STEPS: Final = 8
#: Up is kept from one bout of running to the next, or over a gap, within this time.
KEPT_S: Final = 3.0
#: The gyroscope's bias counts as known below this standard deviation.
BIAS_KNOWN_DEG_S: Final = 0.1
#: Share of the older steps in the posture at each further one.
_POSTURE_KEPT: Final = 0.7
#: After so many steps in a row whose mean force says otherwise, up is found anew.
_MOST_DOUBTED: Final = 60
#: The same for up that was carried over a gap, until a step agrees with it.
_DOUBTED_AFTER_GAP: Final = 12
#: Steps of a bout that are levelled together while up is not known.
_FIRST_STEPS: Final = 4

# Variances of the tilt, both axes together, degrees², measured on 18 treadmill runners.
#: A stride's mean force is off by this; each step brings a stride, half of it new.
_OF_A_STRIDE_DEG: Final = 0.67
_OF_A_STEP: Final = 2.0 * _OF_A_STRIDE_DEG**2
#: Of a force that is filled in by a straight line the level part is off by 0.6 g.
_OF_FILLED_G: Final = 0.6
#: What a force at its limit leaves out is not known.
_OF_SPOILT_DEG: Final = 5.0
#: A bend's force leans inward by turning times speed; the speed is not known.
_USUAL_SPEED_M_S: Final = 3.3
#: What the gyroscope's offset may turn unseen, °/s.
_OFFSET_DEG_S: Final = 0.1
#: From one stride to one up to 3 s later the posture changes by 1.0°.
_OF_POSTURE: Final = 1.0**2
#: Half of this is that of lean: two standard deviations are then 0.5°, its bound on the page.
_MOST_TILT_VARIANCE: Final = 2.0 * 0.25**2
#: A straight line through a hole of T seconds errs by this share of what is turned through in T,
#: times T²/(T² + this²): 38 people within a factor of 1.5 from 20 ms on.
_MISSED_SHARE: Final = 0.8
_MISSED_WHOLLY_S: Final = 0.05
#: Nobody who runs turns less about level axes, rad/s.
_LEAST_TURNING_RAD_S: Final = 0.8
#: Strides in a row whose mean force lies farther off than that of one who gains 1 m/s in a second
#: say that up is not there. One who stops takes fewer steps for it, one who sets off so many.
_CONTRADICTED: Final = math.radians(6.0)
_CONTRADICTED_STEPS: Final = 8
_SET_OFF_STEPS: Final = 32
#: Such a step counts for so many that doubt up.
_MUCH_DOUBTED: Final = 5
#: So many steps after one that lacks samples a stride is whole again.
_OF_A_HOLE: Final = 2
#: Standard deviations by which a stride may differ from up.
_BELIEVED: Final = 2.0


@kernel
def mean_of_past(s: Record, begin: float, end: float) -> tuple[float, float, float]:
    """Mean specific force between fractional sample indices, by the trapezoid rule.

    Both ends must still be at hand.
    """
    first, last = int(math.floor(begin)), int(math.floor(end))
    x, y, z = 0.0, 0.0, 0.0
    if first == last:
        x, y, z = _share_of_interval(s, first, begin, end)
    else:
        # the open intervals at both ends, then the whole ones: what lies between weighs one
        x0, y0, z0 = _share_of_interval(s, first, begin, first + 1.0)
        x1, y1, z1 = _share_of_interval(s, last, float(last), end)
        p, a, b = s.past, first + 1 - s.segment.oldest, last - s.segment.oldest
        x, y, z = _sum_of_past(s, first + 2, last)
        half = 0.5 if last > first + 1 else 0.0
        x += x0 + x1 + half * (p[FX, a] + p[FX, b])
        y += y0 + y1 + half * (p[FY, a] + p[FY, b])
        z += z0 + z1 + half * (p[FZ, a] + p[FZ, b])
    span = end - begin
    return x / span, y / span, z / span


@kernel
def _share_of_interval(
    s: Record, sample: int, begin: float, end: float
) -> tuple[float, float, float]:
    """Integral of the force over a part of the interval from a sample to the next."""
    low, high = begin - sample, end - sample
    right = 0.5 * (high * high - low * low)
    left = (high - low) - right
    p, i = s.past, sample - s.segment.oldest
    return (
        left * p[FX, i] + right * p[FX, i + 1],
        left * p[FY, i] + right * p[FY, i + 1],
        left * p[FZ, i] + right * p[FZ, i + 1],
    )


@kernel
def _sum_of_past(s: Record, begin: int, end: int) -> tuple[float, float, float]:
    """Sum of the force over the samples ``[begin, end)``; every other one by itself."""
    x, y, z, p, q, r = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    n = max(end - begin, 0)
    fx, fy, fz = force_of_past(s, begin, n)
    for i in range(0, n - 1, 2):
        x, y, z = x + fx[i], y + fy[i], z + fz[i]
        p, q, r = p + fx[i + 1], q + fy[i + 1], r + fz[i + 1]
    if n % 2 == 1:
        x, y, z = x + fx[n - 1], y + fy[n - 1], z + fz[n - 1]
    return x + p, y + q, z + r


@kernel
def strides_to_average(steps: int) -> int:
    """Steps in the mean, an even number of at most eight; 0 while there is no stride."""
    return min(steps - steps % 2, _MOST_STEPS)


@kernel
def nudge_up(
    s: Record, x: float, y: float, z: float, step_s: float, variance: float, whole: bool
) -> None:
    """Turn up towards a stride's mean force: a little, or as far as it is in doubt.

    ``variance`` is that of the force's tilt, degrees²; ``whole`` whether all of it was measured.
    """
    norm = math.sqrt(x * x + y * y + z * z)
    if norm == 0.0:
        return
    up, known = s.segment.up, s.segment.tilt_variance
    x, y, z = x / norm, y / norm, z / norm
    along = x * up[0] + y * up[1] + z * up[2]
    dx, dy, dz = x - along * up[0], y - along * up[1], z - along * up[2]
    tilt = math.sqrt(dx * dx + dy * dy + dz * dz)
    gain = 0.0
    if whole:
        gain = min(step_s / _TIME_CONSTANT_S, 1.0)
    else:
        known = (math.sqrt(known) + _OFFSET_DEG_S * step_s) ** 2
    if tilt > _largest_tilt(known):
        # the speed changes: nothing is known of up by it
        gain *= _LARGEST_TILT / tilt
    else:
        by_doubt = known / (known + variance)
        noise = variance if by_doubt > gain else 0.0
        gain = max(gain, by_doubt)
        known = (1.0 - gain) ** 2 * known + gain * gain * noise
    s.segment.tilt_variance = known
    x, y, z = up[0] + gain * dx, up[1] + gain * dy, up[2] + gain * dz
    norm = math.sqrt(x * x + y * y + z * z)
    up[0], up[1], up[2] = x / norm, y / norm, z / norm


@kernel
def _stride_variance(
    s: Record, first: int, last: int, filled: int, spoilt: int, interval_s: float
) -> float:
    """Of the tilt of a stride's mean force; each step brings one, half of it new, degrees²."""
    p, a, b = s.past, first - s.segment.oldest, last - s.segment.oldest
    # the turn between two like attitudes is one about up
    along = abs(
        p[Q0, a] * p[Q0, b] + p[Q1, a] * p[Q1, b] + p[Q2, a] * p[Q2, b] + p[Q3, a] * p[Q3, b]
    )
    n = last - first
    turning = 2.0 * math.acos(min(along, 1.0)) / (n * interval_s)
    inward = math.degrees(_USUAL_SPEED_M_S * turning / STANDARD_GRAVITY_M_S2)
    missing = math.degrees(_OF_FILLED_G * filled / n)
    unknown = _OF_SPOILT_DEG if spoilt > 0 else 0.0
    return 2.0 * (_OF_A_STRIDE_DEG**2 + inward * inward + missing * missing + unknown * unknown)


@kernel
def _largest_tilt(variance: float) -> float:
    """By how much a stride's mean force may differ from up and be believed, radians."""
    return _LARGEST_TILT + _BELIEVED * math.radians(math.sqrt(variance))


@kernel
def tilt_is_known(s: Record) -> bool:
    """Whether lean and roll are as well known as the accuracy page says."""
    return s.segment.tilt_variance <= _MOST_TILT_VARIANCE and s.contradicted < _CONTRADICTED_STEPS


@kernel
def bias_uncertainty_deg_s(
    covariance: NDArray[np.float64], vx: float, vy: float, vz: float
) -> float:
    """Standard deviation of the gyroscope's bias about a horizontal axis, °/s.

    ``v`` is earth's up in the sensor frame; the covariance is that of the inclination filter.
    """
    about_up = 0.0
    v = (vx, vy, vz)
    for i in range(3):
        for k in range(3):
            about_up += v[i] * covariance[i, k] * v[k]
    trace = covariance[0, 0] + covariance[1, 1] + covariance[2, 2]
    return 0.01 * math.sqrt(max(0.5 * (trace - about_up), 0.0))


@kernel
def _tilt_between(up: NDArray[np.float64], x: float, y: float, z: float) -> float:
    """Angle between the unit vector ``up`` and another vector, radians."""
    along = x * up[0] + y * up[1] + z * up[2]
    dx, dy, dz = x - along * up[0], y - along * up[1], z - along * up[2]
    return math.atan2(math.sqrt(dx * dx + dy * dy + dz * dz), along)


def _mean_turned(
    s: np.void, begin: int, end: int, way: float, vector: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean of a vector turned at each sample: into the sensor for ``way`` 1, out of it for −1."""
    oldest = int(s["segment"]["oldest"])
    rows = np.ascontiguousarray(s["past"][:, max(begin - oldest, 0) : end - oldest].T)
    w, v = rows[:, Q0 : Q0 + 1], -way * rows[:, Q1 : Q3 + 1]
    turned = 2.0 * np.cross(v, vector)
    return np.asarray((vector + w * turned + np.cross(v, turned)).mean(axis=0))


def _level_up(s: np.void) -> NDArray[np.float64]:
    """Up in the inertial frame as the inclination filter has it."""
    w, x, y, z = s["inclination"]["levelling"].tolist()
    return np.array([2.0 * (x * z - w * y), 2.0 * (y * z + w * x), 1.0 - 2.0 * (x * x + y * y)])


def _time_of(s: np.void, sample: int) -> float:
    """When a sample was taken, the oldest at hand for those before."""
    return float(s["past"][TIME, max(sample - int(s["segment"]["oldest"]), 0)])


def keep_posture(coefficients: NDArray[np.void], state: NDArray[np.void]) -> None:
    """Remember, before a gap that nothing is joined over, how up lay in the sensor.

    For who runs it is remembered already, from the last stride; that stays while it is fresh,
    since the few samples between two gaps tell nothing. One who stands still stands as before, and
    one who sets off has turned little yet.
    """
    c, s = coefficients[0], state[0]
    newest, contacts = int(s["segment"]["samples"]), int(s["bout"]["contact_count"])
    if s["turns"] == 0 or newest == 0 or s["bout"]["closed"] > 1:
        return
    now_s = _time_of(s, newest - 1)
    fresh = s["posture_running"] == 1 and now_s - s["posture_s"] <= KEPT_S
    if fresh or newest < c["alignment_samples"]:
        return
    begin, running = newest - 1, 0
    up = _level_up(s)
    if contacts > 0:
        if s["segment"]["ups_before"] < 2:
            return
        up = s["segment"]["up_before"][1]
        if contacts > 1:
            begin, newest = (
                int(s["bout"]["contacts"][k]) for k in (max(contacts - 3, 0), contacts - 1)
            )
            running = 1
    s["posture"] = _mean_turned(s, begin, newest, 1.0, up)
    s["posture_running"] = running
    s["posture_s"] = _time_of(s, newest - 1)


def forget_posture(state: NDArray[np.void]) -> None:
    """What follows has nothing to do with what was before."""
    state["posture_s"] = -np.inf
    state["last_step_s"] = -np.inf


@kernel
def _sum_in_sensor(
    s: Record, begin: int, end: int, x: float, y: float, z: float
) -> tuple[float, float, float]:
    """Sum of what a vector of the inertial frame is in the sensor at each sample."""
    sx, sy, sz = 0.0, 0.0, 0.0
    p, a, b = s.past, begin - s.segment.oldest, end - s.segment.oldest
    q0, q1, q2, q3 = p[Q0, a:b], p[Q1, a:b], p[Q2, a:b], p[Q3, a:b]
    for i in range(b - a):
        vx, vy, vz = turn_back(q0[i], q1[i], q2[i], q3[i], x, y, z)
        sx, sy, sz = sx + vx, sy + vy, sz + vz
    return sx, sy, sz


@kernel
def _turning_rad_s(s: Record, begin: int, end: int) -> float:
    """Root mean square of the angular velocity about level axes, of the measured samples."""
    u, p, total, n = s.segment.up, s.past, 0.0, 0
    for k in range(begin + 1 - s.segment.oldest, end - s.segment.oldest):
        a, b = p[:, k - 1], p[:, k]
        if (int(a[FLAGS]) | int(b[FLAGS])) & TURN_UNKNOWN or not b[TIME] > a[TIME]:
            continue
        # twice the vector of b ⊗ a⁻¹ is the turn in the inertial frame
        x = a[Q0] * b[Q1] - b[Q0] * a[Q1] - b[Q2] * a[Q3] + b[Q3] * a[Q2]
        y = a[Q0] * b[Q2] - b[Q0] * a[Q2] - b[Q3] * a[Q1] + b[Q1] * a[Q3]
        z = a[Q0] * b[Q3] - b[Q0] * a[Q3] - b[Q1] * a[Q2] + b[Q2] * a[Q1]
        about_up = x * u[0] + y * u[1] + z * u[2]
        turned = x * x + y * y + z * z - about_up * about_up
        total += 4.0 * turned / (b[TIME] - a[TIME]) ** 2
        n += 1
    return max(math.sqrt(total / max(n, 1)), _LEAST_TURNING_RAD_S)


@kernel
def _missed_time(c: Record, lost_s: float) -> float:
    """Square of the time for which a hole leaves it open how the sensor turned, s²."""
    hole = lost_s + c.interval_s
    missed = _MISSED_SHARE * hole**3 / (hole * hole + _MISSED_WHOLLY_S**2)
    return missed * missed


@kernel
def _add_missed_turns(c: Record, s: Record, end: int) -> bool:
    """Add what the samples up to ``end`` left open of the turning.

    Returns whether that was noticeable, or a force was not that of the runner.
    """
    begin = max(s.segment.tilt_seen, s.segment.oldest)
    missed, run, spoilt = 0.0, 0, False
    if begin >= s.segment.flagged:
        s.segment.tilt_seen = max(s.segment.tilt_seen, end)
        return False
    for i in range(begin, end):
        flags = int(s.past[FLAGS, i - s.segment.oldest])
        spoilt = spoilt or flags & _CLIPPED != 0
        if flags & TURN_UNKNOWN:
            run += 1
            if i + 1 < end:
                continue
        if run > 0:
            missed, run = missed + _missed_time(c, run * c.interval_s), 0
    s.segment.tilt_seen = max(s.segment.tilt_seen, end)
    if missed == 0.0:
        return spoilt
    missed *= math.degrees(_turning_rad_s(s, begin, end)) ** 2
    s.segment.tilt_variance += missed
    return spoilt or missed > _MOST_TILT_VARIANCE


@kernel
def _flagged_samples(s: Record, begin: int, end: int) -> tuple[int, int]:
    """Samples up to ``end`` that were filled in, and that were at the end of the range."""
    filled, spoilt = 0, 0
    for i in range(begin, min(end, s.segment.flagged)):
        flags = int(s.past[FLAGS, i - s.segment.oldest])
        if flags & _GAP:
            filled += 1
        elif flags & _CLIPPED:
            spoilt += 1
    return filled, spoilt


def find_up_before_step(coefficients: NDArray[np.void], state: NDArray[np.void]) -> None:
    """What is to be done about up before a step is closed, at a bout's first and after a gap."""
    if state["bout"]["closed"][0] == 0:
        _begin_up(coefficients[0], state[0])
    elif state["segment"]["shaken"][0] == 1:
        _settle_up(coefficients[0], state[0])


def _begin_up(c: np.void, s: np.void) -> None:
    """Up at the first contact of a bout: kept, as it was before the runner set off, or a gap."""
    contact = max(int(s["bout"]["contacts"][0]), 0)
    time_s = _time_of(s, contact)
    s["segment"]["shaken"] = 0
    s["unbroken"] = _MOST_STEPS
    s["contradicted"] = 0
    if time_s - s["last_step_s"] > KEPT_S:
        s["step_time_count"] = 0
    if s["turns"] == 1 and contact - s["segment"]["last_running"] > KEPT_S * c["rate_hz"]:
        s["segment"]["up_known"] = 0
        if s["segment"]["ups_before"] > 1:
            s["segment"]["up"] = s["segment"]["up_before"][1]
            s["segment"]["up_known"] = 1
            s["segment"]["tilt_variance"] = 0.0
            s["segment"]["tilt_seen"] = contact - 2 * int(c["gait"]["second_samples"])
    if time_s - s["posture_s"] > KEPT_S:
        s["posture_running"] = 0
    elif s["segment"]["up_known"] == 0:
        steps = min(int(s["bout"]["contact_count"]) - 1, _FIRST_STEPS)
        # one who did not run: the frame of the new samples is that of the first of them
        begin, end = 0, 1
        if s["posture_running"] == 1:
            begin, end = contact, int(s["bout"]["contacts"][steps - steps % 2])
        if end > begin:
            _turn_up_to_posture(s, begin, end)
    if s["segment"]["up_known"] == 0:
        s["segment"]["up"] = _level_up(s)
        s["segment"]["tilt_variance"] = 0.0
        s["segment"]["tilt_seen"] = contact - int(
            KEPT_S * c["rate_hz"]
        )  # what still is in the low-pass


def _settle_up(c: np.void, s: np.void) -> None:
    """Find up by the posture once a stride has passed since a gap that was filled."""
    k = int(s["bout"]["closed"])
    begin, end = (int(s["bout"]["contacts"][n % CONTACTS]) for n in (k - 1, k + 1))
    begin, oldest = max(begin, int(s["segment"]["oldest"])), int(s["segment"]["oldest"])
    flags = s["past"][FLAGS, begin - oldest : end - oldest].astype(np.int64)
    filled = np.count_nonzero(flags & _GAP)
    if filled >= c["shaking_samples"]:
        return
    s["segment"]["shaken"] = 0
    if s["segment"]["up_known"] == 1 and _time_of(s, begin) - s["posture_s"] <= KEPT_S:
        _turn_up_to_posture(s, begin, end)


def _turn_up_to_posture(s: np.void, begin: int, end: int) -> None:
    """Turn up to where the posture has it over these samples, by as much as it is in doubt.

    Where up is not known, all the way. Not for long, when steps disagree.
    """
    found = _mean_turned(s, begin, end, -1.0, s["posture"])
    up, share = found / np.linalg.norm(found), 1.0
    if s["segment"]["up_known"] == 1:
        share = float(s["segment"]["tilt_variance"] / (s["segment"]["tilt_variance"] + _OF_POSTURE))
        up = s["segment"]["up"] + share * (up - s["segment"]["up"])
    s["segment"]["up"] = up / np.linalg.norm(up)
    s["segment"]["tilt_variance"] = share * _OF_POSTURE
    s["segment"]["up_known"] = 1
    s["doubted"] = max(int(s["doubted"]), _MOST_DOUBTED - _DOUBTED_AFTER_GAP)


@kernel
def find_lost_up(s: Record, first: int, last: int) -> bool:
    """Up as these samples have it: the sensor was turned over, or its readings stood still."""
    x, y, z = mean_of_past(s, float(first), float(last - 1))
    norm = math.sqrt(x * x + y * y + z * z)
    if norm == 0.0:
        return False
    s.segment.up[0], s.segment.up[1], s.segment.up[2] = x / norm, y / norm, z / norm
    s.segment.up_known, s.posture_running, s.posture_s, s.unbroken = 0, 0, -np.inf, 0
    return True


@kernel
def find_up(c: Record, s: Record, number: int, lost_s: float) -> None:
    """Level by the strides that end with step ``number``, whose rises are known.

    In that step so much time is missing, without a trace.
    """
    u = s.segment.up
    if s.turns == 0:
        u[0], u[1], u[2] = up_in_inertial_frame(s.inclination.levelling)
        return
    p, i = s.past, s.segment.samples - 1 - s.segment.oldest
    vx, vy, vz = turn_back(p[Q0, i], p[Q1, i], p[Q2, i], p[Q3, i], u[0], u[1], u[2])
    sure = bias_uncertainty_deg_s(s.inclination.covariance, vx, vy, vz) < BIAS_KNOWN_DEG_S
    end = s.bout.rises[(number + 1) % CONTACTS]
    oldest = float(s.segment.oldest)
    begin = s.bout.rises[(number - 1) % CONTACTS]
    broken = _add_missed_turns(c, s, s.bout.contacts[(number + 1) % CONTACTS])
    if lost_s > 0.0:
        broken = True
        if number > s.bout.hole + _OF_A_HOLE:
            s.segment.tilt_variance_before = s.segment.tilt_variance
        s.bout.hole = number
        contact = max(s.bout.contacts[number % CONTACTS], s.segment.oldest)
        turning = math.degrees(_turning_rad_s(s, contact, int(end)))
        s.segment.tilt_variance += _missed_time(c, lost_s) * turning * turning
    s.unbroken = 0 if broken else s.unbroken + 1
    tilt = 0.0
    if number > 0 and begin >= oldest and end > begin:
        x, y, z = mean_of_past(s, begin, end)
        tilt = _tilt_between(u, x, y, z)
        if s.segment.up_known == 1 and sure:
            if number < s.bout.hole + _OF_A_HOLE:
                return
            if number == s.bout.hole + _OF_A_HOLE and tilt < _LARGEST_TILT:
                # of an odd step, or of a hole in which nothing turned
                s.segment.tilt_variance = s.segment.tilt_variance_before
            first, last = int(begin), int(end)
            filled, spoilt = _flagged_samples(s, first, last)
            if filled >= c.shaking_samples:
                s.segment.shaken = 1
            if s.segment.shaken == 1:
                return
            s.doubted = s.doubted + 1 if tilt > _largest_tilt(s.segment.tilt_variance) else 0
            contradicts = tilt > _CONTRADICTED and number >= _SET_OFF_STEPS
            s.contradicted = s.contradicted + 1 if contradicts else 0
            if s.contradicted >= _CONTRADICTED_STEPS:
                s.doubted += _MUCH_DOUBTED - 1
            if s.doubted < _MOST_DOUBTED:
                variance = _OF_A_STEP
                if s.segment.tilt_variance > 0.0 or spoilt > 0:
                    variance = _stride_variance(s, first, last, filled, spoilt, c.interval_s)
                nudge_up(s, x, y, z, 0.5 * (end - begin) * c.interval_s, variance, spoilt == 0)
                if not tilt_is_known(s):
                    return
                o = s.posture
                # the posture may have any length: only its direction counts
                old = _POSTURE_KEPT if s.posture_running == 1 else 0.0
                x, y, z = _sum_in_sensor(s, first, last, u[0], u[1], u[2])
                n = last - first
                o[0], o[1], o[2] = old * o[0] + x / n, old * o[1] + y / n, old * o[2] + z / n
                s.posture_running = 1
                s.posture_s = p[TIME, last - s.segment.oldest]
                return
    elif s.segment.up_known == 1 and sure:
        return
    s.segment.up_known, s.doubted, s.contradicted = 0, 0, 0
    s.posture_s = -np.inf
    most = strides_to_average(number + 1)
    steps = most
    if s.unbroken >= 2:
        # nothing is averaged over a hole, or a force at its limit, where there is a stride since
        steps = min(most, strides_to_average(s.unbroken))
        s.segment.tilt_variance = _OF_A_STEP / max(steps, 1) - _OF_A_STEP / max(most, 1)
    else:
        s.segment.tilt_variance = max(s.segment.tilt_variance, _OF_A_STEP)
    begin = s.bout.rises[(number + 1 - steps) % CONTACTS]
    if number + 1 < _FIRST_STEPS and s.bout.contact_count > _FIRST_STEPS:
        # the first steps wait for the running decision anyway: level them by the strides to come
        begin, end = float(s.bout.contacts[0]), float(s.bout.contacts[_FIRST_STEPS])
        steps = 0
    elif steps == 0:
        u[0], u[1], u[2] = up_in_inertial_frame(s.inclination.levelling)
        return
    if begin >= oldest and end > begin:
        x, y, z = mean_of_past(s, begin, end)
        norm = math.sqrt(x * x + y * y + z * z)
        if norm > 0.0:
            u[0], u[1], u[2] = x / norm, y / norm, z / norm
        # believed once the newest stride agrees with those before: the speed is constant
        if sure and steps == _MOST_STEPS and tilt < 0.5 * _LARGEST_TILT:
            s.segment.up_known = 1
