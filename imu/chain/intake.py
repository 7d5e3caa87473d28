"""The door: what may enter the chain, what is filled, and where the chain must start anew.

Lost samples show as a jump of time; non-finite ones, readings that no body reaches or that leap
away and back, and zeros on all axes of the accelerometer, as loggers write for what they lost, are
treated as lost. Up to a limit they are filled by interpolation and flagged; beyond it nothing is
joined over the gap; a gyroscope alone that is silent for more than a second reads zeros from there
on, so that steps go on without it, and where it speaks again the chain starts anew. A hole whose
neighbours are no further apart than the samples of a recording at 49 Hz is brief: the step that it
is in bears a flag, those after it do not.
Samples at the end of the sensor's range pass, flagged: the true value is unknown, but at least as
large. So do zeros that a turning gyroscope falls to from one sample to the next: how it turned is
not known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel, small_kernel
from imu.errors import InputError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from imu.stage import Stage

#: Verdicts of :func:`check_sample` besides the number of samples to fill in first.
DROP: Final = -1
RESTART: Final = -2

#: Beside the bits of :class:`Quality`, of a sample within the chain: how it turned is not known.
TURN_UNKNOWN: Final = 1 << 14
#: A sample that was filled in between neighbours no further apart than those of the slowest
#: recording that is taken in full.
BRIEF_HOLE: Final = 1 << 15
BRIEF_HOLE_S: Final = 1.0 / 49.0

_CLIPPED: Final = int(Quality.CLIPPED)
_GAP: Final = int(Quality.GAP)
_SENSOR: Final = int(Quality.SENSOR)
_OF_SAMPLES: Final = 0xFF  # what Samples can bear of it

#: No body moves a sensor so: 51 g and 4300 °/s; with a stated range, so much beyond it.
_MOST_M_S2: Final = 500.0
_MOST_RAD_S: Final = 75.0
_BEYOND_RANGE: Final = 1.25
#: Zeros of a gyroscope for so long, while the force says that it moves, are none.
_ZEROS_S: Final = 0.25
_MOVING_M_S2: Final = 1.0
#: A coarse sensor that falls freely may read zeros, after readings as small as these, for so long;
#: one with a gyroscope is less coarse.
_FALLING_M_S2: Final = 6.0
_TURNS_AND_FALLS_M_S2: Final = 3.0
_FALLS_S: Final = 0.5
#: Samples without its reading before the first of a gyroscope: who has none is silent at once.
NEVER_HEARD: Final = 1 << 40
#: No gyroscope that turns so fast stands still with the next sample.
_TURNING_RAD_S: Final = 0.3
#: Nobody is thrown so far from one sample to the next at 200 Hz, m/s² on an axis, nor at 50 Hz and
#: below; nor beyond so many times what lately was the most. Once it has lasted it is believed.
_LEAP_M_S2: Final = 2.5 * STANDARD_GRAVITY_M_S2
_LEAP_AT_50_HZ_M_S2: Final = 6.0 * STANDARD_GRAVITY_M_S2
_TIMES_THE_MOST: Final = 3.0
_RUNNING_M_S2: Final = STANDARD_GRAVITY_M_S2  # of late, where somebody runs
_FIRST_LANDING: Final = 1.6
_TURN_LEAP: Final = 0.25  # rad/s for each m/s²
_MOST_FORGOTTEN_S: Final = 5.0
_LEAPS_IN_A_ROW: Final = 2
#: So many are told of: a fall, or a hard landing, has two.
LEAPS_TOLD: Final = 10
ZEROS_TOLD: Final = 3
#: A gyroscope without numbers for longer counts as absent; a shorter silence is a gap.
_SILENT_S: Final = 1.0
_NO_TURN: Final = np.zeros(3)
#: Equal non-zero readings in a row, this far from rest, that mean the sensor is at its limit, where
#: the axis never read more by this share.
_REPEATS: Final = 3
_LIKE_THE_LARGEST: Final = 0.98
_REPEAT_LEVEL_M_S2: Final = 1.4 * STANDARD_GRAVITY_M_S2
#: The top of a wave of 2.8 Hz is within one count of a coarse sensor for so long, s, times the root
#: of the count over the wave's height; and half as long again.
_TOP_S: Final = 1.5 * math.sqrt(8.0) / (2.0 * math.pi * 2.8)
#: The same of an angular velocity, for so long, since it changes less from sample to sample.
_REPEAT_LEVEL_RAD_S: Final = 1.5
_TURN_REPEATS_S: Final = 0.012
#: How fast the expected time follows the time stamps, per sample.
_FOLLOW: Final = 0.2
#: Intervals by which a sample is late when one before it was lost. A clock that is 5 % slow alone
#: makes every sample a quarter late, so that from half an interval on the sample must also stand so
#: far from the one before that another had room between them; later than this it need not.
_LATE: Final = 0.5
_ROOM: Final = 1.5
_SURELY_LATE: Final = 0.75


@dataclass(frozen=True, slots=True)
class IntakeParams:
    """Parameters of :class:`Intake`.

    Attributes
    ----------
    fill_limit_s : float
        Longest gap that is filled by interpolation, s, 0 to 1.
    acceleration_range_m_s2, angular_velocity_range_rad_s : float
        End of the sensor's range, 0 when unknown; then three equal readings beyond 1.4 g count, or
        those of 12 ms beyond 1.5 rad/s in motion.
    """

    fill_limit_s: float = 0.1
    acceleration_range_m_s2: float = 0.0
    angular_velocity_range_rad_s: float = 0.0


INTAKE_COEFFICIENTS: Final = np.dtype(
    [
        ("rate_hz", np.float64),
        ("fill_limit_samples", np.int64),
        ("acceleration_limit", np.float64),
        ("angular_velocity_limit", np.float64),
        ("acceleration_most", np.float64),  # beyond it nothing is measured
        ("angular_velocity_most", np.float64),
        ("zeros", np.int64),  # in a row from which on no gyroscope is there
        ("silent", np.int64),  # in a row without its reading from which on none is there
        ("leap", np.float64),  # from one sample to the next that may be true, m/s²
        ("forgetting", np.float64),  # of the most of late, a sample
        ("falls", np.int64),  # zeros of the accelerometer in a row that a fall may last
        ("turn_repeats", np.int64),  # in a row that mean the end of the gyroscope's range
    ],
    align=True,
)

INTAKE_STATE: Final = np.dtype(
    [
        ("with_gyro", np.uint8),  # whether the last block had angular velocity
        ("started", np.uint8),
        ("last_seen_s", np.float64),  # of any sample, quarantined ones too
        ("time_s", np.float64),  # of the last accepted sample
        ("expected_s", np.float64),  # of the next one
        ("acceleration", np.float64, 3),
        ("angular_velocity", np.float64, 3),
        ("repeats", np.int64, 3),
        ("finest", np.float64),  # least change of an axis from sample to sample, m/s²; 0: none yet
        ("largest", np.float64, 3),  # size on each axis that was ever read, m/s²
        ("turn_repeats", np.int64, 3),
        ("turn_hold", np.int64),  # samples that its reading before this one stood for
        ("finest_turn", np.float64),  # the same of the gyroscope, rad/s
        ("measured", np.uint8, 3),  # axes that ever were different from zero
        ("most_change", np.float64),  # of late, from sample to sample on an axis, m/s²
        ("most_turn_change", np.float64),  # the same of the gyroscope, rad/s
        ("leaps", np.int64),  # samples in a row that were left out for it
        ("force_zeros", np.int64),  # samples in a row that were taken
        ("turn_missing", np.int64),  # samples in a row without a reading of the gyroscope
        ("gyro_zeros", np.int64),  # samples in a row, of moving ones
        ("turn_lost", np.uint8),  # whether its zeros came at once while it turned
        ("joined", np.uint8),  # whether a sample precedes without a gap
        ("accepted", np.int64),
        ("filled", np.int64),
        ("quarantined", np.int64),
        ("zeros", np.int64),  # of these, without any reading of the accelerometer
        ("leapt", np.int64),  # of these, for a leap
        ("impossible", np.int64),  # of these
        ("impossible_reading", np.float64),  # size of the first, m/s² or rad/s
        ("clipped", np.int64),
        ("restarts", np.int64),
    ],
    align=True,
)


def intake_coefficients(rate_hz: float, params: IntakeParams) -> NDArray[np.void]:
    """Everything the kernel needs of the parameters, for one rate.

    Raises
    ------
    ParameterError
        When the rate is outside 20 to 5000 Hz, the fill limit outside 0 to 1 s, or a range
        negative.
    """
    if not 20.0 <= rate_hz <= 5000.0:
        raise ParameterError("rate_hz", rate_hz, "a sample rate from 20 to 5000 Hz")
    if not 0.0 <= params.fill_limit_s <= 1.0:
        raise ParameterError("fill_limit_s", params.fill_limit_s, "a time from 0 to 1 s")
    for name in ("acceleration_range_m_s2", "angular_velocity_range_rad_s"):
        if not getattr(params, name) >= 0.0:
            raise ParameterError(name, getattr(params, name), "a positive range, or 0 for unknown")
    c = np.zeros(1, INTAKE_COEFFICIENTS)
    c["rate_hz"] = rate_hz
    c["fill_limit_samples"] = round(params.fill_limit_s * rate_hz)
    # one part in a thousand below the end: scaling and bias are applied after the converter
    c["acceleration_limit"] = 0.999 * params.acceleration_range_m_s2 or np.inf
    c["angular_velocity_limit"] = 0.999 * params.angular_velocity_range_rad_s or np.inf
    c["acceleration_most"] = _BEYOND_RANGE * params.acceleration_range_m_s2 or _MOST_M_S2
    c["angular_velocity_most"] = _BEYOND_RANGE * params.angular_velocity_range_rad_s or _MOST_RAD_S
    c["silent"] = max(round(_SILENT_S * rate_hz), c["fill_limit_samples"][0])
    c["zeros"] = math.ceil(_ZEROS_S * rate_hz)
    slow = 50.0 / min(max(rate_hz, 50.0), 200.0)
    c["leap"] = _LEAP_M_S2 + (_LEAP_AT_50_HZ_M_S2 - _LEAP_M_S2) * (slow - 0.25) / 0.75
    c["forgetting"] = math.exp(-1.0 / (_MOST_FORGOTTEN_S * rate_hz))
    c["falls"] = math.ceil(_FALLS_S * rate_hz)
    c["turn_repeats"] = max(_REPEATS, math.ceil(_TURN_REPEATS_S * rate_hz))
    return c


def time_order_error(index: int, time_s: NDArray[np.float64], last_seen_s: float) -> InputError:
    """The sentence for a time stamp that does not increase."""
    previous = float(time_s[index - 1]) if index > 0 else last_seen_s
    if not math.isfinite(time_s[index]):
        return InputError(
            f"its time is {time_s[index]}: leave out samples without a time.",
            place=f"sample {index} of the block",
        )
    return InputError(
        f"time {time_s[index]:.6f} s follows {previous:.6f} s: sort the samples, drop doubles.",
        place=f"sample {index} of the block",
    )


@kernel
def first_disorder(s: Record, time_s: NDArray[np.float64]) -> int:
    """Index of the first time that does not increase, or is not finite; −1 when all do."""
    previous = s.last_seen_s if s.started == 1 else -np.inf
    for i in range(time_s.shape[0]):
        if not previous < time_s[i] < np.inf:
            return i
        previous = time_s[i]
    return -1


@small_kernel
def _is_written_for_nothing(c: Record, s: Record, turns: bool) -> bool:
    """Whether zeros on all axes of the accelerometer stand for a sample that was lost."""
    measured = s.measured[0] + s.measured[1] + s.measured[2]
    if s.joined == 0:
        return measured != 1
    a, w = s.acceleration, s.angular_velocity
    force = max(abs(a[0]), abs(a[1]), abs(a[2]))
    turned = w[0] != 0.0 or w[1] != 0.0 or w[2] != 0.0
    stopped = turned and not turns
    most = _TURNS_AND_FALLS_M_S2 if turned else _FALLING_M_S2
    return measured > 1 and (stopped or force > most or s.force_zeros >= c.falls)


@small_kernel
def _leaps(
    c: Record,
    s: Record,
    t: float,
    ax: float,
    ay: float,
    az: float,
    gx: float,
    gy: float,
    gz: float,
) -> bool:
    """Whether a reading is so far from the one before that it was damaged on its way."""
    if s.joined == 0 or s.leaps >= _LEAPS_IN_A_ROW:
        return False
    if (t - s.time_s) * c.rate_hz > _LEAPS_IN_A_ROW + _ROOM:
        return False  # much may have happened
    a, w = s.acceleration, s.angular_velocity
    change = max(abs(ax - a[0]), abs(ay - a[1]), abs(az - a[2]))
    # the first landing of a run is as hard as the others
    least = c.leap if s.most_change > _RUNNING_M_S2 else _FIRST_LANDING * c.leap
    if change > least and change > _TIMES_THE_MOST * s.most_change:
        return True
    change = max(abs(gx - w[0]), abs(gy - w[1]), abs(gz - w[2]))
    least = _TURN_LEAP * c.leap
    return change > least and change > _TIMES_THE_MOST * s.most_turn_change


@small_kernel
def has_no_turn(c: Record, s: Record, is_new: bool, gx: float, gy: float, gz: float) -> bool:
    """Whether the gyroscope has been silent for so long that zeros stand for it.

    Each sample is to be counted once, though it may come again.
    """
    if math.isfinite(gx + gy + gz):
        s.turn_missing = 0
        return False
    s.turn_missing += is_new
    return bool(s.turn_missing > c.silent)


@small_kernel
def check_sample(
    c: Record,
    s: Record,
    t: float,
    ax: float,
    ay: float,
    az: float,
    gx: float,
    gy: float,
    gz: float,
) -> int:
    """Judge the next sample (its time increases) without accepting it.

    Returns
    -------
    int
        How many samples were lost just before it and are to be filled in, or :data:`DROP`,
        :data:`RESTART`.
    """
    missing = 0
    force = max(abs(ax), abs(ay), abs(az))
    turn = max(abs(gx), abs(gy), abs(gz))
    finite = math.isfinite(ax + ay + az + gx + gy + gz)
    # all axes at their ends at once is what some sensors write for no reading
    ends = min(abs(ax), abs(ay), abs(az)) >= c.acceleration_limit
    impossible = finite and (force > c.acceleration_most or turn > c.angular_velocity_most)
    nothing = force == 0.0 and _is_written_for_nothing(c, s, turn != 0.0)
    # a landing may reach the end of the range, and so may a knock against one who stands
    inside = force < c.acceleration_limit or s.most_change <= _RUNNING_M_S2
    leaps = finite and inside and not (impossible or nothing)
    leaps = leaps and _leaps(c, s, t, ax, ay, az, gx, gy, gz)
    lost = impossible or ends or not finite or nothing or leaps
    if s.joined == 1 and not lost:
        late = (t - s.expected_s) * c.rate_hz
        if late >= _SURELY_LATE or (late >= _LATE and (t - s.time_s) * c.rate_hz >= _ROOM):
            missing = int(math.floor(late + 0.5))
        if missing > c.fill_limit_samples:
            # not taken yet: it comes again as the first sample after the restart
            return RESTART
    s.last_seen_s = t
    s.started = 1
    if lost:
        s.quarantined += 1
        if nothing:
            s.zeros += 1
        if leaps:
            s.leaps += 1
            s.leapt += 1
        if impossible:
            s.impossible += 1
            if s.impossible == 1:
                s.impossible_reading = force if force > c.acceleration_most else turn
        return DROP
    return missing


@small_kernel
def kinds_left_out(s: Record) -> int:
    """How many kinds of samples that are told of have been left out."""
    leapt = 1 if s.leapt >= LEAPS_TOLD else 0
    zeros = 1 if s.zeros >= ZEROS_TOLD else 0
    return (1 if s.impossible > 0 else 0) + zeros + leapt


@small_kernel
def _finest(finest: float, step: float) -> float:
    """The least change of an axis so far; 0 before any."""
    return step if step > 0.0 and (step < finest or finest == 0.0) else finest


@small_kernel
def _take_changes(
    c: Record, s: Record, ax: float, ay: float, az: float, gx: float, gy: float, gz: float
) -> None:
    """Take what has changed since the sample before: the most of late, and the least ever."""
    most, most_turn = s.most_change * c.forgetting, s.most_turn_change * c.forgetting
    for axis in range(3):
        change = abs((ax, ay, az)[axis] - s.acceleration[axis])
        turn_change = abs((gx, gy, gz)[axis] - s.angular_velocity[axis])
        most, most_turn = max(most, change), max(most_turn, turn_change)
        s.finest = _finest(s.finest, change)
        s.finest_turn = _finest(s.finest_turn, turn_change)
    s.most_change, s.most_turn_change = most, most_turn


@small_kernel
def _is_slower(s: Record, gx: float, gy: float, gz: float) -> bool:
    """Whether the gyroscope reads the same on all axes for no longer than its last reading stood.

    One that is slower than the accelerometer does so each time.
    """
    stood, last = min(s.turn_repeats[0], s.turn_repeats[1], s.turn_repeats[2]), s.angular_velocity
    if gx == last[0] and gy == last[1] and gz == last[2]:
        return bool(stood <= s.turn_hold)
    s.turn_hold = stood
    return False


@small_kernel
def accept_sample(
    c: Record,
    s: Record,
    t: float,
    ax: float,
    ay: float,
    az: float,
    gx: float,
    gy: float,
    gz: float,
    quality: int,
    missing: int,
) -> int:
    """Take a judged sample into the state; returns its quality bits, :data:`TURN_UNKNOWN` too."""
    repeats, last, measured = s.repeats, s.acceleration, s.measured
    largest = s.largest
    turn_repeats, last_turn = s.turn_repeats, s.angular_velocity
    clipped, turned = False, False
    if s.joined == 1:
        _take_changes(c, s, ax, ay, az, gx, gy, gz)
    s.leaps = 0
    size = math.sqrt(ax * ax + ay * ay + az * az)
    moving = abs(size - STANDARD_GRAVITY_M_S2) > _MOVING_M_S2
    # what stands still on all axes is held by whoever wrote it
    several = measured[0] + measured[1] + measured[2] > 1
    held = several and ax == last[0] and ay == last[1] and az == last[2]
    slower = _is_slower(s, gx, gy, gz) or held
    for axis in range(3):
        value = ax if axis == 0 else (ay if axis == 1 else az)
        rate = gx if axis == 0 else (gy if axis == 1 else gz)
        size = abs(value)
        repeats[axis] = repeats[axis] + 1 if value == last[axis] else 1
        largest[axis] = max(largest[axis], size)
        at_end = size > max(_REPEAT_LEVEL_M_S2, _LIKE_THE_LARGEST * largest[axis])
        if repeats[axis] >= _REPEATS and at_end and not held:
            top_s = _TOP_S * math.sqrt(s.finest / (size - STANDARD_GRAVITY_M_S2))
            clipped = clipped or repeats[axis] >= top_s * c.rate_hz
        clipped = clipped or size >= c.acceleration_limit
        if abs(last_turn[axis]) > _TURNING_RAD_S:
            turned = True
        turn_repeats[axis] = turn_repeats[axis] + 1 if rate == last_turn[axis] else 1
        lasting = turn_repeats[axis] >= c.turn_repeats and abs(rate) > _REPEAT_LEVEL_RAD_S
        lasting = lasting and not slower
        if lasting and moving:  # half as slow: it turns with the stride
            top_s = 2.0 * _TOP_S * math.sqrt(s.finest_turn / abs(rate))
            lasting = turn_repeats[axis] >= top_s * c.rate_hz
        if abs(rate) >= c.angular_velocity_limit or (lasting and moving):
            quality |= TURN_UNKNOWN
        if value != 0.0:
            measured[axis] = 1
        last[axis] = value
        last_turn[axis] = rate
    if clipped or quality & TURN_UNKNOWN:
        quality |= _CLIPPED
    s.force_zeros = s.force_zeros + 1 if ax == 0.0 and ay == 0.0 and az == 0.0 else 0
    if gx != 0.0 or gy != 0.0 or gz != 0.0:
        s.gyro_zeros = 0
        s.turn_lost = 0
    else:
        if moving:
            s.gyro_zeros += 1
            if turned:
                s.turn_lost = 1
        if s.turn_lost == 1:
            quality |= _SENSOR | TURN_UNKNOWN
    if quality & _CLIPPED:
        s.clipped += 1
    interval = 1.0 / c.rate_hz
    if s.joined == 0:
        s.expected_s = t + interval
        s.joined = 1
    else:
        arrived = s.expected_s + missing * interval
        s.expected_s = arrived + _FOLLOW * (t - arrived) + interval
    s.filled += missing
    s.time_s = t
    s.accepted += 1
    return quality


@kernel
def _intake_push(
    coefficients: NDArray[np.void],
    state: NDArray[np.void],
    time_s: NDArray[np.float64],
    acceleration: NDArray[np.float64],
    angular_velocity: NDArray[np.float64],
    quality: NDArray[np.uint8],
    out: NDArray[np.float64],
    out_quality: NDArray[np.uint8],
) -> tuple[int, int]:
    c, s = coefficients[0], state[0]
    n = 0
    bad = first_disorder(s, time_s)
    if bad >= 0:
        return bad, n
    for i in range(time_s.shape[0]):
        a, w, t = acceleration[i], angular_velocity[i], time_s[i]
        silent = s.turn_missing > c.silent
        if has_no_turn(c, s, True, w[0], w[1], w[2]):
            w = _NO_TURN
        elif silent:
            s.joined = 0
            s.restarts += 1
        verdict = check_sample(c, s, t, a[0], a[1], a[2], w[0], w[1], w[2])
        if verdict == DROP:
            continue
        if verdict == RESTART:
            s.joined = 0
            s.restarts += 1
            verdict = 0
        for k in range(1, verdict + 1):
            x = k / (verdict + 1)
            out[n, 0] = s.time_s + (t - s.time_s) * x
            for axis in range(3):
                out[n, 1 + axis] = s.acceleration[axis] + (a[axis] - s.acceleration[axis]) * x
                out[n, 4 + axis] = (
                    s.angular_velocity[axis] + (w[axis] - s.angular_velocity[axis]) * x
                )
            out_quality[n] = _GAP
            n += 1
        flags = accept_sample(c, s, t, a[0], a[1], a[2], w[0], w[1], w[2], int(quality[i]), verdict)
        out_quality[n] = flags & _OF_SAMPLES
        out[n, 0] = t
        for axis in range(3):
            out[n, 1 + axis] = a[axis]
            out[n, 4 + axis] = w[axis]
        n += 1
    return -1, n


def _new_state() -> NDArray[np.void]:
    return np.zeros(1, INTAKE_STATE)


class Intake(Stage[IntakeParams]):
    """Clean a stream of samples: quarantine, fill, flag.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz.
    params : IntakeParams, optional
        Fill limit and sensor ranges.

    Raises
    ------
    ParameterError
        When a parameter is outside its range.

    Examples
    --------
    >>> door = Intake(100.0)
    >>> out = door.push(Samples([0.00, 0.01, 0.03], [[0, 0, 9.8]] * 3))
    >>> out.time_s.round(3).tolist(), out.quality.tolist()
    ([0.0, 0.01, 0.02, 0.03], [0, 0, 1, 0])
    """

    def __init__(self, rate_hz: float, params: IntakeParams | None = None) -> None:
        super().__init__(params or IntakeParams(), _new_state)
        self._coefficients = intake_coefficients(rate_hz, self._params)

    def push(self, samples: Samples) -> Samples:
        """Clean the next samples; a gap beyond the limit stays visible as a jump of time.

        Raises
        ------
        InputError
            When time does not increase; names the sample.
        """
        gyro = samples.angular_velocity_rad_s
        self._state["with_gyro"] = gyro is not None
        room = self._room(samples.time_s)
        out, quality = np.empty((room, 7)), np.empty(room, np.uint8)
        rates = np.zeros_like(samples.acceleration_m_s2) if gyro is None else gyro
        bad, n = _intake_push(
            self._coefficients,
            self._state,
            samples.time_s,
            samples.acceleration_m_s2,
            rates,
            samples.quality,
            out,
            quality,
        )
        if bad >= 0:
            raise time_order_error(bad, samples.time_s, float(self._state["last_seen_s"][0]))
        return Samples(
            out[:n, 0], out[:n, 1:4], None if gyro is None else out[:n, 4:7], quality[:n]
        )

    def flush(self) -> Samples:
        """Nothing is held back: an empty block."""
        nothing = np.empty((0, 3))
        return Samples(np.empty(0), nothing, nothing if self._state["with_gyro"][0] else None)

    def _room(self, time_s: NDArray[np.float64]) -> int:
        """Most samples that a block can become: no more are filled in than time has passed for."""
        n = len(time_s)
        if n == 0:
            return 0
        limit = int(self._coefficients["fill_limit_samples"][0])
        first = float(self._state["time_s"][0]) if self._state["joined"][0] else float(time_s[0])
        passed = (float(time_s[-1]) - first) * float(self._coefficients["rate_hz"][0])
        if not 0.0 <= passed < n * limit:
            return n * (1 + limit)
        return n + limit + int(2.0 * passed)
