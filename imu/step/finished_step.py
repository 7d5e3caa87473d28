"""A finished step: everything that is measured once the next contact has closed it.

It reads the samples of the step and a fixed pad on both sides from the chain's past, brings them
into levelled body axes and writes one row of the steps table.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.intake import BRIEF_HOLE, TURN_UNKNOWN
from imu.chain.loop import (
    CONTACTS,
    MOUNTING_KNOWN,
    STEP_TIMES,
    TIME,
    flags_between,
    schedule_closing,
)
from imu.chain.orientation import level
from imu.chain.sanity import (
    FROZEN,
    TILT,
    count_step_at_end,
    end_trouble,
    has_misled,
    note_trouble,
    puts_steps_in_doubt,
)
from imu.compiled import Record, kernel, part_of_kernel
from imu.samples import STANDARD_GRAVITY_M_S2, Quality
from imu.step.agreement import ANGLES_WORK, judge_agreement
from imu.step.events import (
    body_weight_level,
    cast_side_vote,
    crossing_down_before,
    crossing_up_after,
    lowest_between,
)
from imu.step.lost_time import lost_time_s
from imu.step.lumbar import peak_lumbar_compression
from imu.step.mean_over_steps import take_step
from imu.step.metrics import angle_range, largest, mean, middle_mean_of, speed_lost
from imu.step.model import (
    CONTACT_TO_RISE,
    FIRST_FORCE_PHASE,
    FORCE,
    FORCE_PHASES,
    LAST_FORCE_PHASE,
    PEAK,
    RISE_TO_TOE_OFF,
    SCRATCH,
    STANCE_OUTPUTS,
    judge_closing,
    judge_stance,
    ringing_evidence,
    ringing_share,
)
from imu.step.oscillation import measure_oscillations
from imu.step.posture_quality import START_FROM_STANDING_S, START_S, judge_posture
from imu.step.rate_change import watch_rate
from imu.step.ringing import (
    LOOSE_FEATURES,
    LOOSE_WORK,
    fill_loose_features,
    is_loose,
    loose_score,
)
from imu.step.slip import follow_reseating, follow_slip, settle_slip, take_gait
from imu.step.step_features import FEATURES, fill_step_features
from imu.step.stride_levelling import (
    BIAS_KNOWN_DEG_S,
    find_lost_up,
    find_up,
    tilt_is_known,
)
from imu.step.turning import TURNING_WORK
from imu.step.waveform import band_power, likeness_to_last_step
from imu.step.window import (
    DISPLACEMENT,
    F10,
    FORWARD,
    GROUND_FORCE,
    LEAN,
    LEFT,
    ROLL,
    UPRIGHT,
    V10,
    V20,
    VERTICAL,
    WINDOW_SAMPLES,
    WINDOW_SHAPE,
    YAW,
    level_window,
    mean_along,
    smooth_window,
    turn_into_angles,
)
from imu.steps import MOST_CADENCE_SPM, MOST_OSCILLATION_MM, STEP_ROW
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
#: How strange a step that clipped has to be for the next one's initial contact, which is judged by
#: it, to be in doubt.
_FELT_WHERE_STRANGE: Final = 1.5

_CADENCE_WINDOW_S: Final = 10.0
#: Share of the newest step in whether the sensor rings on its strap: a strap stays as it is.
_RINGING_SMOOTHING: Final = 0.05
_SMOOTHING: Final = 0.2  # share of the newest step in what the sensor reads for body weight
#: Outputs of the step model are kept within these shares of the step.
_LEAST_CONTACT_TO_RISE: Final = -0.2
_MOST_CONTACT_TO_RISE: Final = 0.4
_MOST_RISE_TO_TOE_OFF: Final = 1.0

#: Steps that wait to be taken, at most.
MOST_WAITING: Final = 128
_MOST_WAVES: Final = 16384  # the same of the samples of waveforms

#: What closing steps works in and what it leaves. One record, whose shapes the compiler knows.
FINISHED_STEPS: Final = np.dtype(
    [
        ("window", np.float64, WINDOW_SHAPE),
        ("outputs", np.float64, STANCE_OUTPUTS),  # of the step model
        ("scratch", np.float64, SCRATCH),
        ("angles", ANGLES_WORK),
        ("turning", TURNING_WORK),
        ("loose", LOOSE_WORK),
        ("count", np.int64),  # steps that wait to be taken
        ("rows", STEP_ROW, MOST_WAITING),
        ("features", np.float64, (MOST_WAITING, FEATURES)),  # what the step model saw of each
        ("places", np.int64, MOST_WAITING),  # samples of the block taken as each was closed
        ("waved", np.uint8),  # whether waveforms are wanted
        ("wave_count", np.int64),
        ("waves", np.float64, (_MOST_WAVES, len(WAVEFORM_COLUMNS))),
        ("noted", np.int64),  # at the last closing, of what is to be told; -1 when long past
    ],
    align=True,
)


@kernel
def _time_at(s: Record, index: float) -> float:
    """Time at a fractional sample index."""
    oldest, newest = s.segment.oldest, s.segment.samples - 1
    i = min(max(int(math.floor(index)), oldest), newest - 1)
    a, b = s.past[TIME, i - oldest], s.past[TIME, i + 1 - oldest]
    return a + (b - a) * (index - i)


@kernel
def _cadence(s: Record, step_time: float, scratch: NDArray[np.float64]) -> float:
    """Add a step time; 120 over the middle mean of the stride times of the last 10 s.

    Strides, since legs that differ have two kinds of step times; the middle mean, which one odd
    stride does not move.
    """
    s.step_times[s.step_time_count % STEP_TIMES] = step_time
    s.step_time_count += 1
    strides, ordered = scratch[:STEP_TIMES], scratch[STEP_TIMES:]
    total, n = step_time, 0
    while n + 1 < min(s.step_time_count, STEP_TIMES) and total < _CADENCE_WINDOW_S:
        newer = s.step_times[(s.step_time_count - 1 - n) % STEP_TIMES]
        older = s.step_times[(s.step_time_count - 2 - n) % STEP_TIMES]
        strides[n] = newer + older
        total += older
        n += 1
    return 120.0 / middle_mean_of(strides, n, ordered) if n > 0 else 60.0 / step_time


@kernel
def _lumbar_index(c: Record, s: Record, compression: float, trusted: bool) -> float:
    """Percentage of the baseline, which is learned from trusted steps on the way."""
    if not math.isfinite(s.learned.lumbar_baseline):
        learning_s = s.learned.running_s - s.learned.lumbar_from_s
        if c.lumbar_skip_s <= learning_s and trusted and math.isfinite(compression):
            s.learned.lumbar_sum += compression
            s.learned.lumbar_count += 1
        if learning_s >= c.lumbar_skip_s + c.lumbar_baseline_s and s.learned.lumbar_count > 0:
            s.learned.lumbar_baseline = s.learned.lumbar_sum / s.learned.lumbar_count
        return np.nan
    return 100.0 * compression / s.learned.lumbar_baseline


@kernel
def _name_side(s: Record, parity: int, w: NDArray[np.float64], a: int, t: int, voting: bool) -> int:
    """Let roll and sideways force in stance vote, against the step before; returns the side.

    Along what the steps say is sideways, whatever axes were stated; there is no vote before they
    do. A few people roll or sway against the rule: a side is named where both votes agree on it.
    """
    ahead, aside = s.learned.side_turn[0], s.learned.side_turn[1]
    roll = ahead * mean(w[ROLL], a, t) + aside * mean(w[LEAN], a, t)
    force = ahead * mean(w[LEFT], a, t) - aside * mean(w[FORWARD], a, t)
    if not voting or (ahead == 0.0 and aside == 0.0):
        roll, force = np.nan, np.nan
    rolled, forced = roll - s.bout.swing[0], force - s.bout.swing[1]
    s.bout.swing[0], s.bout.swing[1] = roll, force
    by_force = cast_side_vote(s.bout.side_by_force, parity, forced)
    if s.turns == 0:
        return by_force
    by_roll = cast_side_vote(s.bout.side, parity, rolled)
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
def _ringing(evidence: Record) -> float:
    """How much the sensor rings on its strap, 0 to 1; not, as long as nothing tells."""
    return ringing_share(evidence.mean) if evidence.steps > 0 else 0.0


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
    if s.felt_clipped == 1:
        s.felt_clipped = 0
        felt |= _CLIPPED
    return felt


@kernel
def _leave_flight_empty(r: Record) -> None:
    """Of one who never leaves the ground those who were learned from, who all do, tell nothing."""
    r.toe_off_s, r.contact_time_ms, r.flight_time_ms = np.nan, np.nan, np.nan
    r.toe_off_sd_ms, r.contact_time_sd_ms, r.flight_time_sd_ms = np.nan, np.nan, np.nan
    r.peak_force_bw, r.peak_force_sd_bw, r.force_waveform_sd_bw = np.nan, np.nan, np.nan


@kernel
def _leave_stance_empty(r: Record) -> None:
    """What happens within a stance is not seen at 25 to 49 Hz."""
    _leave_flight_empty(r)
    r.impact_shock_g, r.braking_m_s = np.nan, np.nan
    r.lumbar_index, r.lumbar_compression_bw = np.nan, np.nan
    r.peak_10hz_bw, r.shock_power_g2 = np.nan, np.nan


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
    return f.count < MOST_WAITING and f.wave_count + WINDOW_SAMPLES <= _MOST_WAVES


@part_of_kernel
def close_step(c: Record, s: Record, f: Record) -> bool:
    """Finish the step between contacts ``closed`` and ``closed + 1``; whether it is one."""
    w, features = f.window, f.features[f.count]
    begin = s.bout.contacts[s.bout.closed % CONTACTS]
    end = s.bout.contacts[(s.bout.closed + 1) % CONTACTS]
    number = s.bout.closed
    s.bout.closed += 1
    schedule_closing(c, s)
    oldest = s.segment.oldest
    first, last = begin - c.lead_samples, end + c.tail_samples
    edge = first < oldest or last > s.segment.samples
    first, last = max(first, oldest), min(last, s.segment.samples)
    n = last - first
    s.segment.last_running = end
    s.last_step_s = s.past[TIME, end - oldest]
    s.bout.rises[(number + 1) % CONTACTS] = np.nan
    contact_index = s.bout.initial_contact if number > 0 else np.nan
    s.bout.initial_contact = np.nan

    # the direction of the last step serves to find the contacts: a degree changes 0.02 %
    v10, v20, f10 = w[V10], w[V20], w[F10]
    flags = flags_between(s, first, last)
    clipped, measured = flags & _CLIPPED > 0, flags & _UNMEASURED == 0
    if has_misled(s.sanity) or mean_along(s, s.segment.up, first, n) < _LEAST_ALONG_UP:
        find_lost_up(s, first, last)
    smooth_window(c, s, f, s.segment.up, first, n)

    # the flights before the first contact and before the closing one, within the window
    before = lowest_between(v10, 0, max(begin - first, 1))
    flight = lowest_between(v10, (begin + end) // 2 - first, end - first)
    here = crossing_up_after(v10, n, before, 1.0)
    there = crossing_up_after(v10, n, flight, 1.0)
    if 0.0 <= here < flight < there:
        take_step(s.bout.weight, body_weight_level(v10, here, there), measured, _SMOOTHING)
    if s.bout.weight.steps == 0:
        return False
    if math.isnan(contact_index):
        opening = crossing_up_after(v10, n, before, s.bout.weight.mean)
        if edge and before == 0:
            opening = -1.0  # the samples begin while the force rises already
        s.bout.rises[number % CONTACTS] = first + opening if opening >= 0.0 else np.nan
    rise = s.bout.rises[number % CONTACTS]
    closing = crossing_up_after(v10, n, flight, s.bout.weight.mean)
    next_rise = first + closing if closing >= 0.0 else np.nan
    fall = first + crossing_down_before(v10, flight, s.bout.weight.mean)
    s.bout.rises[(number + 1) % CONTACTS] = next_rise
    lost_s = 0.0
    # where it rings, steps seem to begin now and then; what is flagged is known to be missing
    untold = s.segment.flagged <= s.segment.last_rise < next_rise
    if untold and _ringing(s.bout.ringing) == 0.0:
        since_s = (next_rise - s.segment.last_rise) * c.interval_s
        lost_s = lost_time_s(c, s, since_s, f.scratch)
    find_up(c, s, number, lost_s)
    if not s.sanity.standing & 1 << FROZEN:  # what has just come to life has lost up
        judge_agreement(c, s, f, number)
    q = s.segment.levelling
    q[0], q[1], q[2], q[3] = 1.0, 0.0, 0.0, 0.0
    level(q, s.segment.up[0], s.segment.up[1], s.segment.up[2])
    left = level_window(s, f, first, n)
    flags &= ~(TURN_UNKNOWN | BRIEF_HOLE)
    if lost_s > 0.0:
        flags |= _GAP
    flags |= _felt(s, flags)
    # of a brief hole nothing is felt beyond the step that it is in
    if flags_between(s, max(begin - c.brief_lead_samples, first), end) & BRIEF_HOLE:
        flags |= _GAP
    if edge:
        flags |= _EDGE
    if not rise < fall < next_rise:
        # no stance followed by a flight
        return False
    mounted = s.learned.mounting_status == MOUNTING_KNOWN
    gyro = s.turns == 1
    left_measured, forward_measured = 0.0, 0.0
    for axis in range(3):
        if s.intake.measured[axis] == 1:
            forward_measured += s.learned.mounting[0, axis] ** 2
            left_measured += s.learned.mounting[1, axis] ** 2
    has_forward = mounted and forward_measured > 0.5
    has_left = mounted and left_measured > 0.5
    if not gyro:
        flags |= _NO_GYRO
    elif not tilt_is_known(s):
        flags |= _TILT
    if mounted:
        _judge_tilt(s, w[UPRIGHT], n)
    count_step_at_end(s.sanity, flags & _CLIPPED > 0)

    rise_samples = next_rise - rise
    fill_step_features(
        v10,
        f10,
        n,
        s.bout.weight.mean,
        rise - first,
        rise_samples,
        rise_samples * c.interval_s,
        c.speed_m_s,
        features,
    )
    if watch_rate(s, features, s.last_step_s, c.rate_hz) or puts_steps_in_doubt(s.sanity):
        flags |= _SENSOR
    outputs, model = f.outputs, c.vertical_model
    if has_forward:
        model = c.model
    if measured:  # the corners of what clipped, and of what was filled in, look like ringing
        evidence = ringing_evidence(model, features, f.scratch)
        take_step(s.bout.ringing, evidence, True, _RINGING_SMOOTHING)
    ringing = _ringing(s.bout.ringing)
    distance = judge_closing(model, ringing, features, f.scratch, outputs)
    onset = min(max(outputs[0], _LEAST_CONTACT_TO_RISE), _MOST_CONTACT_TO_RISE)
    next_contact = next_rise - onset * rise_samples
    distance = max(distance, judge_stance(model, ringing, features, f.scratch, outputs))
    if clipped and distance > _FELT_WHERE_STRANGE:
        s.felt_clipped = 1
    if math.isnan(contact_index):
        onset = outputs[CONTACT_TO_RISE]
        onset = min(max(onset, _LEAST_CONTACT_TO_RISE), _MOST_CONTACT_TO_RISE)
        contact_index = rise - onset * rise_samples
    toe_off = rise + min(outputs[RISE_TO_TOE_OFF], _MOST_RISE_TO_TOE_OFF) * rise_samples
    toe_off = min(toe_off, next_contact)
    if not (first <= contact_index < toe_off and next_contact < last):
        return False
    loose = f.scratch[:LOOSE_FEATURES]
    step_s = (next_contact - contact_index) * c.interval_s
    fill_loose_features(w[VERTICAL], w[FORWARD], w[LEFT], n, c.interval_s, step_s, f.loose, loose)
    if c.full_rate == 1 and is_loose(s, loose_score(loose)):
        flags |= _LOOSE
    s.bout.initial_contact, s.segment.last_rise = next_contact, next_rise

    a = max(0, int(math.ceil(contact_index)) - first)
    b = min(n - 1, int(math.ceil(next_contact)) - first)
    t = min(b, int(math.ceil(toe_off)) - first)
    if b - a < 4:
        return False
    turn_into_angles(f, a, b + 1)
    force = w[GROUND_FORCE]
    _fill_force(
        outputs, rise - first, rise_samples, contact_index - first, toe_off - first, a, b, force
    )

    start_s, end_s = _time_at(s, contact_index), _time_at(s, next_contact)
    toe_off_s = _time_at(s, toe_off)
    step_time = end_s - start_s
    s.learned.steps += 1
    s.learned.running_s += step_time
    r = f.rows[f.count]
    r.step = s.learned.steps
    r.initial_contact_s = start_s
    r.toe_off_s = toe_off_s
    r.step_time_s = step_time
    r.contact_time_ms = 1000.0 * (toe_off_s - start_s)
    r.flight_time_ms = 1000.0 * (end_s - toe_off_s)
    # from rise to rise, which repeats better than the contacts
    seconds_a_sample = step_time / (next_contact - contact_index)
    r.cadence_spm = _cadence(s, rise_samples * seconds_a_sample, f.scratch)
    r.peak_force_bw = max(outputs[PEAK], 0.0)
    _write_uncertainty(model, ringing, distance, r)
    r.peak_10hz_bw = largest(v10, a, t)
    r.impact_shock_g = largest(v20, a, min(a + c.shock_samples, n))
    r.shock_power_g2 = band_power(v10, v20, a, b)
    r.step_regularity = likeness_to_last_step(s, number, rise, next_rise)
    r.yaw_rate_deg_s = np.nan
    if gyro and mounted:
        r.yaw_rate_deg_s = (w[YAW, b] - w[YAW, a]) / ((b - a) * c.interval_s)
    upwards, sideways, repeats = measure_oscillations(c, s, f, number, first, a, b, left)
    r.mediolateral_oscillation_mm = 1000.0 * sideways if gyro and has_left else np.nan
    r.vertical_oscillation_mm = 1000.0 * upwards
    r.braking_m_s = speed_lost(f10, a, b, c.interval_s) * _G if has_forward else np.nan
    lean = mean(w[LEAN], a, b) if has_forward else np.nan
    r.sacral_lean_deg = lean
    r.sacral_roll_deg = mean(w[ROLL], a, b) if has_left else np.nan
    r.pelvic_tilt_range_deg = angle_range(w[LEAN], a, b) if gyro and mounted else np.nan
    r.pelvic_obliquity_range_deg = angle_range(w[ROLL], a, b) if gyro and mounted else np.nan
    r.pelvic_rotation_range_deg = angle_range(w[YAW], a, b) if gyro and mounted else np.nan
    # against the step before, so that a crooked sensor or a steady lean does not matter
    r.side = _name_side(s, number % 2, w, a, t, voting=has_left)
    compression = peak_lumbar_compression(v10, f10, a, t, lean / _DEG, c.height_m)
    r.lumbar_compression_bw = compression
    r.lumbar_index = _lumbar_index(c, s, compression, flags & ~(_NO_GYRO | _LOOSE) == 0)
    r.quality = flags
    if r.vertical_oscillation_mm > MOST_OSCILLATION_MM or r.cadence_spm > MOST_CADENCE_SPM:
        r.quality |= _SENSOR
    if not repeats:
        r.vertical_oscillation_mm = r.mediolateral_oscillation_mm = np.nan
    from_standing = s.turning.start_known == 1 and s.turning.start_bias_deg_s < BIAS_KNOWN_DEG_S
    start_s = START_FROM_STANDING_S if from_standing else START_S
    r.quality |= judge_posture(c.posture_quality, s.posture_quality, r, number, start_s)
    take_gait(s.turning, r, number)
    if s.posture_quality.slipped == 1 and gyro and mounted:
        follow_slip(s, number)
    elif gyro and mounted and s.turning.slip_at > 0:
        settle_slip(s, number)
    elif gyro and mounted and follow_reseating(s, number):
        s.posture_quality.slip_left_s = c.posture_quality.slip_s
    if c.full_rate == 0:
        _leave_stance_empty(r)
    elif s.gait.grounded == 1:
        _leave_flight_empty(r)

    f.count += 1
    if f.waved == 1:
        for i in range(a, b):
            wave = f.waves[f.wave_count]
            wave[0] = s.past[TIME, first + i - oldest]
            wave[1] = force[i]
            wave[2] = 1000.0 * w[DISPLACEMENT, i]
            wave[3] = w[LEAN, i] if has_forward else np.nan
            wave[4] = w[ROLL, i] if has_left else np.nan
            f.wave_count += 1
    return True
