"""A finished step: everything that is measured once the next contact has closed it.

It reads the samples of the step and a fixed pad on both sides from the chain's ring, brings them
into levelled body axes and writes one row of the steps table.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.filters import zero_phase_low_pass
from imu.chain.intake import TURN_UNKNOWN
from imu.chain.loop import (
    CONTACTS,
    FLAGS,
    FX,
    FY,
    FZ,
    MOUNTING_KNOWN,
    NEVER,
    Q0,
    Q1,
    Q2,
    Q3,
    RING_SAMPLES,
    STEP_TIMES,
    TIME,
    schedule_closing,
    up_in_inertial_frame,
)
from imu.chain.orientation import level, rotate, turn_back
from imu.chain.sanity import TILT, end_trouble, note_trouble, puts_steps_in_doubt
from imu.compiled import Record, kernel
from imu.samples import STANDARD_GRAVITY_M_S2, Quality
from imu.step.agreement import judge_agreement
from imu.step.events import (
    body_weight_level,
    cast_side_vote,
    crossing_down_before,
    crossing_up_after,
    lowest_between,
)
from imu.step.lumbar import peak_lumbar_compression
from imu.step.metrics import angle_range, largest, mean, middle_mean_of, speed_lost
from imu.step.model import (
    CONTACT_TO_RISE,
    FIRST_FORCE_PHASE,
    FORCE,
    FORCE_PHASES,
    LAST_FORCE_PHASE,
    PEAK,
    RISE_TO_TOE_OFF,
    STANCE_OUTPUTS,
    judge_closing,
    judge_stance,
    ringing_evidence,
    ringing_share,
)
from imu.step.oscillation import periodic_displacement
from imu.step.posture_quality import judge_posture
from imu.step.ringing import LOOSE_FEATURES, fill_loose_features, is_loose, loose_score
from imu.step.step_features import FEATURES, fill_step_features
from imu.step.stride_levelling import (
    find_lost_up,
    find_up,
    mean_in_ring,
    strides_to_average,
    tilt_is_known,
)
from imu.step.waveform import band_power, likeness_to_last_step
from imu.steps import STEP_ROW
from imu.waveforms import WAVEFORM_COLUMNS

_G: Final = STANDARD_GRAVITY_M_S2
_DEG: Final = 180.0 / math.pi
_GAP: Final = int(Quality.GAP)
_EDGE: Final = int(Quality.EDGE)
_NO_GYRO: Final = int(Quality.NO_GYRO)
_SETTLING: Final = int(Quality.SETTLING)
_LOOSE: Final = int(Quality.LOOSE)
_SENSOR: Final = int(Quality.SENSOR)
_TILT: Final = int(Quality.TILT)
_CLIPPED: Final = int(Quality.CLIPPED)
_UNMEASURED: Final = int(Quality.GAP | Quality.CLIPPED)

#: Mean force along up, g, below which up is lost.
_LEAST_ALONG_UP: Final = 0.4
#: Cosine of 60°: nobody runs who leans so far.
_LEAST_UPRIGHT: Final = 0.5

#: Steps after the last one that holds a filled sample, and after the last that settles, in which
#: the gap is still felt. In simulated runs with filled gaps of 0.1 s lean of the next step is off
#: by up to 6°, its oscillation by 3 mm, contact and flight of the next two by up to 15 ms; those
#: after them, as those before the gap, by 0.2° and less than 2 mm on average.
_FELT_AFTER_GAP: Final = 2
_FELT_AFTER_SETTLING: Final = 1

_CADENCE_WINDOW_S: Final = 10.0
#: Share of the newest step in whether the sensor rings on its strap: a strap stays as it is.
_RINGING_SMOOTHING: Final = 0.05
_SMOOTHING: Final = 0.2  # share of the newest step in what the sensor reads for body weight
_SMOOTHING_UNMEASURED: Final = 0.02  # of one whose samples were filled in or at their limit
#: Outputs of the step model are kept within these shares of the step.
_LEAST_CONTACT_TO_RISE: Final = -0.2
_MOST_CONTACT_TO_RISE: Final = 0.4
_MOST_RISE_TO_TOE_OFF: Final = 1.0

# rows of the window; its length holds the longest step with both pads at the highest rate
_VERTICAL, _FORWARD, _LEFT, _LEAN, _ROLL, _YAW, _V10, _V20, _F10, _UP_M = range(10)
_HX, _HY, _FORCE, _SPARE, _ALONG, _OUTPUTS = range(10, 16)
_WINDOW_SAMPLES: Final = 2048
#: Steps that wait to be taken, at most.
MOST_WAITING: Final = 128

#: What closing steps works in and what it leaves. One record, whose shapes the compiler knows.
FINISHED_STEPS: Final = np.dtype(
    [
        ("window", np.float64, (16, _WINDOW_SAMPLES)),
        ("count", np.int64),  # steps that wait to be taken
        ("rows", STEP_ROW, MOST_WAITING),
        ("features", np.float64, (MOST_WAITING, FEATURES)),  # what the step model saw of each
        ("places", np.int64, MOST_WAITING),  # samples of the block taken as each was closed
        ("waved", np.uint8),  # whether waveforms are wanted
        ("wave_count", np.int64),
        ("waves", np.float64, (RING_SAMPLES, len(WAVEFORM_COLUMNS))),
        ("noted", np.int64),  # at the last closing, of what is to be told; -1 when long past
    ],
    align=True,
)


@kernel
def _fill_window(
    s: Record, first: int, last: int, w: NDArray[np.float64]
) -> tuple[int, float, float]:
    """Bring the ring's samples ``[first, last)`` into levelled body axes.

    Returns their flags, and forward in the levelled frame.

    One levelling serves the whole window: within a step the gyroscope alone moves.
    Lean, roll and yaw are left as directions, since angles are dear and the pads need none.
    """
    m, levelling = s.mounting, s.levelling
    ux, uy, uz = up_in_inertial_frame(levelling)
    flags = 0
    sum_x, sum_y = 0.0, 0.0
    for i in range(last - first):
        r = s.ring[(first + i) % RING_SAMPLES]
        q0, q1, q2, q3 = r[Q0], r[Q1], r[Q2], r[Q3]
        flags |= int(r[FLAGS])
        ex, ey, ez = rotate(levelling, r[FX], r[FY], r[FZ])
        w[_VERTICAL, i] = ez / _G
        w[_FORWARD, i] = ex
        w[_LEFT, i] = ey
        # earth's up in the sensor, then along the body axes: the third row of body → earth
        vx, vy, vz = turn_back(q0, q1, q2, q3, ux, uy, uz)
        r20 = m[0, 0] * vx + m[0, 1] * vy + m[0, 2] * vz
        r21 = m[1, 0] * vx + m[1, 1] * vy + m[1, 2] * vz
        r22 = m[2, 0] * vx + m[2, 1] * vy + m[2, 2] * vz
        w[_LEAN, i], w[_ROLL, i], w[_YAW, i] = r20, r21, r22
        # the body's forward axis, levelled
        bx, by, bz = turn_back(q0, -q1, -q2, -q3, m[0, 0], m[0, 1], m[0, 2])
        hx, hy, _ = rotate(levelling, bx, by, bz)
        w[_HX, i] = hx
        w[_HY, i] = hy
        sum_x += hx
        sum_y += hy
    norm = math.hypot(sum_x, sum_y)
    cx, cy = (sum_x / norm, sum_y / norm) if norm > 0.0 else (1.0, 0.0)
    for i in range(last - first):
        ex, ey = w[_FORWARD, i], w[_LEFT, i]
        w[_FORWARD, i] = (ex * cx + ey * cy) / _G
        w[_LEFT, i] = (ey * cx - ex * cy) / _G
        hx, hy = w[_HX, i], w[_HY, i]
        w[_HX, i] = hx * cx + hy * cy
        w[_HY, i] = hy * cx - hx * cy
    return flags, cx, cy


@kernel
def _turn_into_angles(w: NDArray[np.float64], first: int, last: int) -> None:
    """Lean, roll and yaw in degrees from the directions that :func:`_fill_window` left there."""
    for i in range(first, last):
        w[_LEAN, i] = math.atan2(-w[_LEAN, i], w[_YAW, i]) * _DEG
        w[_ROLL, i] = math.asin(min(max(w[_ROLL, i], -1.0), 1.0)) * _DEG
        w[_YAW, i] = math.atan2(w[_HY, i], w[_HX, i]) * _DEG


@kernel
def _fill_along(
    s: Record, u: NDArray[np.float64], first: int, last: int, out: NDArray[np.float64]
) -> int:
    """Specific force of the ring's samples ``[first, last)`` along a direction, g; their flags."""
    flags = 0
    for i in range(last - first):
        r = s.ring[(first + i) % RING_SAMPLES]
        flags |= int(r[FLAGS])
        out[i] = (r[FX] * u[0] + r[FY] * u[1] + r[FZ] * u[2]) / _G
    return flags


@kernel
def _find_stride(s: Record, number: int, longest: int) -> tuple[float, float, float, float]:
    """Where the stride begins that ends with the step, and the mean force of the last ones.

    The step itself where there is no stride; NaN where it cannot be measured.
    """
    rise, end = s.rises[number % CONTACTS], s.rises[(number + 1) % CONTACTS]
    oldest = float(max(0, s.samples - RING_SAMPLES))
    steps = strides_to_average(number + 1)
    begin = rise
    mean_from = rise
    if steps >= 2:
        begin = s.rises[(number - 1) % CONTACTS]
        mean_from = s.rises[(number + 1 - steps) % CONTACTS]
    # nothing is averaged over samples that were not measured, except within the step alone
    whole = int(math.floor(end))
    while whole > mean_from and not int(s.ring[(whole - 1) % RING_SAMPLES, FLAGS]) & _UNMEASURED:
        whole -= 1
    # the step alone is off by some millimetres, and one beside a force at its limit bears no flag
    lone = mean_from < whole <= rise and int(s.ring[(whole - 1) % RING_SAMPLES, FLAGS]) & _CLIPPED
    while not mean_from >= whole and steps > 2:
        steps -= 2
        mean_from = s.rises[(number + 1 - steps) % CONTACTS]
    if not mean_from >= max(oldest, whole) or end - begin > longest:
        begin, mean_from = rise, rise
    if not (rise >= oldest and end - rise > 3.0) or (begin == rise and lone):
        return np.nan, np.nan, np.nan, np.nan
    x, y, z = mean_in_ring(s.ring, FX, mean_from, end)
    return begin, x, y, z


@kernel
def _oscillation(
    c: Record,
    s: Record,
    u: NDArray[np.float64],
    stride: tuple[float, float, float, float],
    number: int,
    earliest: int,
    w: NDArray[np.float64],
    over_stride: bool,
) -> tuple[float, int]:
    """Peak to peak of the way along a direction in a step, or in the stride that ends with it, m.

    The displacement goes to the spare row of the window, from the sample that is returned too.
    """
    rise, end = s.rises[number % CONTACTS], s.rises[(number + 1) % CONTACTS]
    begin, x, y, z = stride
    if math.isnan(begin) or (over_stride and begin == rise):
        return np.nan, NEVER
    constant = x * u[0] + y * u[1] + z * u[2]
    oldest = max(0, s.samples - RING_SAMPLES)
    start = max(min(int(math.floor(begin)), earliest) - 1, oldest)
    stop = min(int(math.ceil(end)) + 2, s.samples)
    m = min(stop - start, w.shape[1])
    _fill_along(s, u, start, start + m, w[_HX])
    for i in range(m):
        w[_HX, i] = w[_HX, i] * _G - constant
    middle = begin if over_stride else rise
    moved = periodic_displacement(
        w[_HX], m, begin - start, middle - start, end - start, c.interval_s, w[_HY], w[_SPARE]
    )
    return moved, start


@kernel
def _time_at(s: Record, index: float) -> float:
    """Time at a fractional sample index of the ring."""
    i = int(math.floor(index))
    newest = s.samples - 1
    i = min(max(i, max(0, s.samples - RING_SAMPLES)), newest - 1)
    a, b = s.ring[i % RING_SAMPLES, TIME], s.ring[(i + 1) % RING_SAMPLES, TIME]
    return a + (b - a) * (index - i)


@kernel
def _cadence(s: Record, step_time: float) -> float:
    """Add a step time; 120 over the middle mean of the stride times of the last 10 s.

    Strides, since legs that differ have two kinds of step times; the middle mean, which one odd
    stride does not move.
    """
    s.step_times[s.step_time_count % STEP_TIMES] = step_time
    s.step_time_count += 1
    strides = np.empty(STEP_TIMES)
    total, n = step_time, 0
    while n + 1 < min(s.step_time_count, STEP_TIMES) and total < _CADENCE_WINDOW_S:
        newer = s.step_times[(s.step_time_count - 1 - n) % STEP_TIMES]
        older = s.step_times[(s.step_time_count - 2 - n) % STEP_TIMES]
        strides[n] = newer + older
        total += older
        n += 1
    return 120.0 / middle_mean_of(strides, n) if n > 0 else 60.0 / step_time


@kernel
def _lumbar_index(c: Record, s: Record, compression: float, trusted: bool) -> float:
    """Percentage of the baseline, which is learned from trusted steps on the way."""
    if not math.isfinite(s.lumbar_baseline):
        learning_s = s.running_s - s.lumbar_from_s
        if c.lumbar_skip_s <= learning_s and trusted and math.isfinite(compression):
            s.lumbar_sum += compression
            s.lumbar_count += 1
        if learning_s >= c.lumbar_skip_s + c.lumbar_baseline_s and s.lumbar_count > 0:
            s.lumbar_baseline = s.lumbar_sum / s.lumbar_count
        return np.nan
    return 100.0 * compression / s.lumbar_baseline


@kernel
def _name_side(s: Record, parity: int, w: NDArray[np.float64], a: int, t: int, voting: bool) -> int:
    """Let roll and sideways force in stance vote, against the step before; returns the side.

    Along what the steps say is sideways, whatever axes were stated; there is no vote before they
    do. A few people roll or sway against the rule: a side is named where both votes agree on it.
    """
    ahead, aside = s.side_turn[0], s.side_turn[1]
    roll = ahead * mean(w[_ROLL], a, t) + aside * mean(w[_LEAN], a, t)
    force = ahead * mean(w[_LEFT], a, t) - aside * mean(w[_FORWARD], a, t)
    if not voting or (ahead == 0.0 and aside == 0.0):
        roll, force = np.nan, np.nan
    rolled, forced = roll - s.swing[0], force - s.swing[1]
    s.swing[0], s.swing[1] = roll, force
    by_force = cast_side_vote(s.side_by_force, parity, forced)
    if s.turns == 0:
        return by_force
    by_roll = cast_side_vote(s.side, parity, rolled)
    return by_roll if by_roll == by_force else parity


@kernel
def _fill_force(
    outputs: NDArray[np.float64],
    rise: float,
    step_samples: float,
    contact: float,
    toe_off: float,
    first: int,
    last: int,
    force_bw: NDArray[np.float64],
) -> None:
    """The vertical ground reaction force of the samples ``[first, last)``; none in flight."""
    per_phase = (FORCE_PHASES - 1) / (LAST_FORCE_PHASE - FIRST_FORCE_PHASE)
    for i in range(first, last):
        force_bw[i] = 0.0
        if contact < i < toe_off:
            place = ((i - rise) / step_samples - FIRST_FORCE_PHASE) * per_phase
            place = min(max(place, 0.0), FORCE_PHASES - 1.0)
            k = min(int(math.floor(place)), FORCE_PHASES - 2)
            low, high = outputs[FORCE + k], outputs[FORCE + k + 1]
            force_bw[i] = max(low + (place - k) * (high - low), 0.0)


@kernel
def _judged_sd(model: Record, ringing: float, distance: float, i: int) -> float:
    """Standard deviation for a runner not seen; wider outside of what was learned from."""
    tight = math.hypot(model.runner_sd[i], model.step_sd[i])
    return max(distance, 1.0) * (tight + ringing * (model.ringing_sd[i] - tight))


@kernel
def _write_uncertainty(model: Record, ringing: float, distance: float, r: Record) -> None:
    r.initial_contact_sd_ms = _judged_sd(model, ringing, distance, 0)
    r.toe_off_sd_ms = _judged_sd(model, ringing, distance, 1)
    r.contact_time_sd_ms = _judged_sd(model, ringing, distance, 2)
    r.flight_time_sd_ms = _judged_sd(model, ringing, distance, 3)
    r.peak_force_sd_bw = _judged_sd(model, ringing, distance, 4)
    r.force_waveform_sd_bw = _judged_sd(model, ringing, distance, 5)


@kernel
def _felt(s: Record, flags: int) -> int:
    """What a step bears because of those just before it, see :data:`_FELT_AFTER_GAP`."""
    felt = 0
    if flags & _GAP:
        s.felt_gap = _FELT_AFTER_GAP
    elif s.felt_gap > 0:
        s.felt_gap -= 1
        felt |= _GAP
    if flags & _SETTLING:
        s.felt_settling = _FELT_AFTER_SETTLING
    elif s.felt_settling > 0:
        s.felt_settling -= 1
        felt |= _SETTLING
    return felt


@kernel
def _leave_stance_empty(r: Record) -> None:
    """What happens within a stance is not seen at 25 to 49 Hz."""
    r.toe_off_s, r.contact_time_ms, r.flight_time_ms = np.nan, np.nan, np.nan
    r.peak_force_bw, r.impact_shock_g, r.braking_m_s = np.nan, np.nan, np.nan
    r.lumbar_index, r.lumbar_compression_bw = np.nan, np.nan
    r.peak_10hz_bw, r.shock_power_g2 = np.nan, np.nan
    r.toe_off_sd_ms, r.contact_time_sd_ms, r.flight_time_sd_ms = np.nan, np.nan, np.nan
    r.peak_force_sd_bw, r.force_waveform_sd_bw = np.nan, np.nan


@kernel
def _judge_tilt(s: Record, upright: NDArray[np.float64], n: int) -> None:
    """Whether up, whose cosine with the body's z stands in the window, is where the axes say."""
    cosine = mean(upright, 0, n)
    if cosine < _LEAST_UPRIGHT:
        note_trouble(s.sanity, TILT, math.acos(max(cosine, -1.0)) * _DEG)
    else:
        end_trouble(s.sanity, TILT)


@kernel
def has_room(f: Record) -> bool:
    """Whether another step can be finished before those that wait are taken."""
    return f.count < MOST_WAITING and f.wave_count + _WINDOW_SAMPLES <= RING_SAMPLES


@kernel
def close_step(c: Record, s: Record, f: Record) -> bool:
    """Finish the step between contacts ``closed`` and ``closed + 1``; whether it is one."""
    w, features = f.window, f.features[f.count]
    begin = s.contacts[s.closed % CONTACTS]
    end = s.contacts[(s.closed + 1) % CONTACTS]
    number = s.closed
    s.closed += 1
    schedule_closing(c, s)
    oldest = max(0, s.samples - RING_SAMPLES)
    first, last = begin - c.lead_samples, end + c.tail_samples
    edge = first < oldest or last > s.samples
    first, last = max(first, oldest), min(last, s.samples)
    n = last - first
    s.last_running = end
    s.last_step_s = s.ring[end % RING_SAMPLES, TIME]
    s.rises[(number + 1) % CONTACTS] = np.nan
    contact_index = s.initial_contact if number > 0 else np.nan
    s.initial_contact = np.nan

    # the direction of the last step serves to find the contacts: a degree changes 0.02 %
    v10, v20, f10 = w[_V10], w[_V20], w[_F10]
    measured = _fill_along(s, s.up, first, last, v10) & _UNMEASURED == 0
    if mean(v10, 0, n) < _LEAST_ALONG_UP and find_lost_up(s, first, last):
        _fill_along(s, s.up, first, last, v10)
    for i in range(n):
        v20[i] = v10[i]
    zero_phase_low_pass(c.low_pass_10hz, v10, n)
    zero_phase_low_pass(c.low_pass_20hz, v20, n)

    # the flights before the first contact and before the closing one, within the window
    before = lowest_between(v10, 0, max(begin - first, 1))
    flight = lowest_between(v10, (begin + end) // 2 - first, end - first)
    here = crossing_up_after(v10, n, before, 1.0)
    there = crossing_up_after(v10, n, flight, 1.0)
    if 0.0 <= here < flight < there:
        s.weights += 1
        weight = body_weight_level(v10, here, there)
        share = _SMOOTHING if measured else _SMOOTHING_UNMEASURED
        s.weight += max(1.0 / s.weights, share) * (weight - s.weight)
    if s.weights == 0:
        return False
    if math.isnan(contact_index):
        opening = crossing_up_after(v10, n, before, s.weight)
        if edge and before == 0:
            opening = -1.0  # the samples begin while the force rises already
        s.rises[number % CONTACTS] = first + opening if opening >= 0.0 else np.nan
    rise = s.rises[number % CONTACTS]
    closing = crossing_up_after(v10, n, flight, s.weight)
    next_rise = first + closing if closing >= 0.0 else np.nan
    fall = first + crossing_down_before(v10, flight, s.weight)
    s.rises[(number + 1) % CONTACTS] = next_rise
    find_up(c, s, number)
    judge_agreement(c, s, number, w[_OUTPUTS])
    q = s.levelling
    q[0], q[1], q[2], q[3] = 1.0, 0.0, 0.0, 0.0
    level(q, s.up[0], s.up[1], s.up[2])
    flags, forward_x, forward_y = _fill_window(s, first, last, w)
    flags &= ~TURN_UNKNOWN
    flags |= _felt(s, flags)
    if edge:
        flags |= _EDGE
    for i in range(n):
        f10[i] = w[_FORWARD, i]
    zero_phase_low_pass(c.low_pass_10hz, f10, n)
    if not rise < fall < next_rise:
        # no stance followed by a flight
        return False
    mounted = s.mounting_status == MOUNTING_KNOWN
    gyro = s.turns == 1
    left_measured, forward_measured = 0.0, 0.0
    for axis in range(3):
        if s.intake.measured[axis] == 1:
            forward_measured += s.mounting[0, axis] ** 2
            left_measured += s.mounting[1, axis] ** 2
    has_forward = mounted and forward_measured > 0.5
    has_left = mounted and left_measured > 0.5
    if not gyro:
        flags |= _NO_GYRO
    elif not tilt_is_known(s):
        flags |= _TILT
    if mounted:
        _judge_tilt(s, w[_YAW], n)
    if puts_steps_in_doubt(s.sanity):
        flags |= _SENSOR

    rise_samples = next_rise - rise
    fill_step_features(
        v10,
        f10,
        n,
        s.weight,
        rise - first,
        rise_samples,
        rise_samples * c.interval_s,
        c.speed_m_s,
        features,
    )
    outputs, model = w[_OUTPUTS, :STANCE_OUTPUTS], c.vertical_model
    if has_forward:
        model = c.model
    s.ringing_steps += 1
    evidence = ringing_evidence(model, features, w[_SPARE])
    s.ringing += max(1.0 / s.ringing_steps, _RINGING_SMOOTHING) * (evidence - s.ringing)
    ringing = ringing_share(s.ringing)
    distance = judge_closing(model, ringing, features, w[_SPARE], outputs)
    onset = min(max(outputs[0], _LEAST_CONTACT_TO_RISE), _MOST_CONTACT_TO_RISE)
    next_contact = next_rise - onset * rise_samples
    distance = max(distance, judge_stance(model, ringing, features, w[_SPARE], outputs))
    if math.isnan(contact_index):
        onset = outputs[CONTACT_TO_RISE]
        onset = min(max(onset, _LEAST_CONTACT_TO_RISE), _MOST_CONTACT_TO_RISE)
        contact_index = rise - onset * rise_samples
    toe_off = rise + min(outputs[RISE_TO_TOE_OFF], _MOST_RISE_TO_TOE_OFF) * rise_samples
    toe_off = min(toe_off, next_contact)
    if not (first <= contact_index < toe_off and next_contact < last):
        return False
    loose = w[_SPARE, :LOOSE_FEATURES]
    step_s = (next_contact - contact_index) * c.interval_s
    fill_loose_features(w[_VERTICAL], w[_FORWARD], w[_LEFT], n, c.interval_s, step_s, loose)
    if c.full_rate == 1 and is_loose(s, loose_score(loose)):
        flags |= _LOOSE
    s.initial_contact = next_contact

    a = max(0, int(math.ceil(contact_index)) - first)
    b = min(n - 1, int(math.ceil(next_contact)) - first)
    t = min(b, int(math.ceil(toe_off)) - first)
    if b - a < 4:
        return False
    _turn_into_angles(w, a, b)
    force = w[_FORCE]
    _fill_force(
        outputs, rise - first, rise_samples, contact_index - first, toe_off - first, a, b, force
    )

    start_s, end_s = _time_at(s, contact_index), _time_at(s, next_contact)
    toe_off_s = _time_at(s, toe_off)
    step_time = end_s - start_s
    s.steps += 1
    s.running_s += step_time
    r = f.rows[f.count]
    r.step = s.steps
    r.initial_contact_s = start_s
    r.toe_off_s = toe_off_s
    r.step_time_s = step_time
    r.contact_time_ms = 1000.0 * (toe_off_s - start_s)
    r.flight_time_ms = 1000.0 * (end_s - toe_off_s)
    # from rise to rise, which repeats better than the contacts
    r.cadence_spm = _cadence(s, rise_samples * c.interval_s)
    r.peak_force_bw = max(outputs[PEAK], 0.0)
    _write_uncertainty(model, ringing, distance, r)
    r.peak_10hz_bw = largest(v10, a, t)
    r.impact_shock_g = largest(v20, a, min(a + c.shock_samples, n))
    r.shock_power_g2 = band_power(v10, v20, a, b)
    r.step_regularity = likeness_to_last_step(s, number, rise, next_rise, oldest)
    r.yaw_rate_deg_s = np.nan
    if gyro and mounted:
        r.yaw_rate_deg_s = (w[_YAW, b - 1] - w[_YAW, a]) / ((b - 1 - a) * c.interval_s)
    displacement, along = w[_UP_M], w[_ALONG]
    along[0], along[1], along[2] = turn_back(q[0], q[1], q[2], q[3], -forward_y, forward_x, 0.0)
    stride = _find_stride(s, number, w.shape[1] - 8)
    moved, _ = _oscillation(c, s, along, stride, number, first + a, w, True)
    r.mediolateral_oscillation_mm = 1000.0 * moved if gyro and has_left else np.nan
    moved, start = _oscillation(c, s, s.up, stride, number, first + a, w, False)
    r.vertical_oscillation_mm = 1000.0 * moved
    for i in range(a, b):
        displacement[i] = w[_SPARE, first + i - start] if start < NEVER else np.nan
    for i in range(n):
        w[_HY, i] = f10[i] * _G
    r.braking_m_s = speed_lost(w[_HY], a, b, c.interval_s) if has_forward else np.nan
    lean = mean(w[_LEAN], a, b) if has_forward else np.nan
    r.sacral_lean_deg = lean
    r.sacral_roll_deg = mean(w[_ROLL], a, b) if has_left else np.nan
    r.pelvic_tilt_range_deg = angle_range(w[_LEAN], a, b) if gyro and mounted else np.nan
    r.pelvic_obliquity_range_deg = angle_range(w[_ROLL], a, b) if gyro and mounted else np.nan
    r.pelvic_rotation_range_deg = angle_range(w[_YAW], a, b) if gyro and mounted else np.nan
    # against the step before, so that a crooked sensor or a steady lean does not matter
    r.side = _name_side(s, number % 2, w, a, t, voting=has_left)
    compression = peak_lumbar_compression(v10, f10, a, t, lean / _DEG, c.height_m)
    r.lumbar_compression_bw = compression
    r.lumbar_index = _lumbar_index(c, s, compression, flags & ~(_NO_GYRO | _LOOSE) == 0)
    r.quality = flags
    r.quality |= judge_posture(c.posture_quality, s.posture_quality, r)
    if c.full_rate == 0:
        _leave_stance_empty(r)

    f.count += 1
    if f.waved == 1:
        for i in range(a, b):
            wave = f.waves[f.wave_count]
            wave[0] = s.ring[(first + i) % RING_SAMPLES, TIME]
            wave[1] = force[i]
            wave[2] = 1000.0 * displacement[i]
            wave[3] = w[_LEAN, i] if has_forward else np.nan
            wave[4] = w[_ROLL, i] if has_left else np.nan
            f.wave_count += 1
    return True
