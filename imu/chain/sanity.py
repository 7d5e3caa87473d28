"""Whether what the sensor says can be true of one that is worn: its readings against each other.

Quarter seconds are summed on the way; at the end of each, what the last seconds came to is judged:

* the mean specific force of seconds on a body is gravity: elsewhere the unit is another, or gravity
  was taken out; what is read at rest, in the posture of the run, tells the scale;
* its direction stays where it is in the frame that the gyroscope keeps still. Where it turns by
  tens of degrees there and not in the sensor, or as far there as in the sensor while that was
  turned by hand, gyroscope and accelerometer contradict each other;
* readings that stand still to the last bit while the runner runs come from no sensor;
* samples come at the rate that was stated;
* one who moves as runners do makes steps; one who stops running does not turn over.

What gyroscope and accelerometer say of steps is judged in :mod:`imu.step.agreement` and
:mod:`imu.step.turning`. Limits are wide: beyond what 38 runners and walkers reach with real and
virtual sensors, of which the widest is named beside each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.intake import BRIEF_HOLE
from imu.chain.orientation import (
    INCLINATION_STATE,
    InclinationParams,
    inclination_coefficients,
    incline,
    new_inclination_state,
)
from imu.compiled import Record, kernel, small_kernel
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples
from imu.stage import Stage

_G: Final = STANDARD_GRAVITY_M_S2
_DEG: Final = 180.0 / math.pi
_GAP: Final = int(Quality.GAP)
_FILLED: Final = _GAP | BRIEF_HOLE
_CLIPPED: Final = int(Quality.CLIPPED)
_SENSOR: Final = int(Quality.SENSOR)


class Trouble(IntFlag):
    """What is not as it can be; steps are flagged ``sensor`` while it stands.

    Examples
    --------
    >>> (Trouble.RATE | Trouble.TILT).names
    ('rate', 'tilt')
    """

    IMPOSSIBLE = 1  # readings beyond the range or a body; left out, and none is flagged for it
    FROZEN = 2  # readings that stand still while the runner runs
    RATE = 4  # samples come at another rate than the stated one
    GRAVITY = 8  # the mean force is not gravity
    GYRO_CONTRADICTS = 16  # gyroscope and accelerometer contradict each other
    GYRO_QUIET = 32  # the gyroscope reads nothing but noise while the runner runs
    GYRO_WILD = 64  # the gyroscope reads more turning than a body does
    GYRO_ZERO = 128  # it reads zeros and counts as absent; flagged ``no_gyro``
    TILT = 256  # up is not where the axes say
    NO_STEPS = 512  # moving as runners do, and no step is found
    CAME_OFF = 1024  # turned over as the run ended
    GYRO_SCALE = 2048  # the gyroscope turns further or less than such accelerations go with
    LEVELLED = 4096  # the acceleration does not tip with the gyroscope
    DOUBLED = 8192  # packets came twice, in the place of others; these alone are flagged, ``gap``
    TURN_LOST = 16384  # zeros that a turning gyroscope falls to; these alone are flagged
    RANGE_ENDS = 32768  # most steps reach the end of its range; they are flagged, ``clipped``
    LEAPS = 65536  # readings that leap away and back; left out, and none is flagged for it
    ZEROS = 131072  # samples without any reading of the accelerometer; left out, none is flagged
    SLIPPED = 262144  # the sensor turned on the body; steps about it are flagged ``slip``

    @property
    def names(self) -> tuple[str, ...]:
        """The names of those that are set, in order."""
        return tuple(one.name.lower() for one in Trouble if one in self and one.name)


_COUNT: Final = len(Trouble)
_NAMES: Final = tuple(name for one in Trouble for name in one.names)
IMPOSSIBLE, FROZEN, RATE, GRAVITY, GYRO_CONTRADICTS, GYRO_QUIET, GYRO_WILD = range(7)
GYRO_ZERO, TILT, NO_STEPS, CAME_OFF, GYRO_SCALE, LEVELLED, DOUBLED = range(7, 14)
TURN_LOST, RANGE_ENDS = 14, 15
SLIPPED = 18
#: Those that put steps in doubt.
_DOUBTS: Final = int(
    Trouble.FROZEN
    | Trouble.RATE
    | Trouble.GRAVITY
    | Trouble.GYRO_CONTRADICTS
    | Trouble.GYRO_QUIET
    | Trouble.GYRO_WILD
    | Trouble.TILT
    | Trouble.CAME_OFF
    | Trouble.GYRO_SCALE
    | Trouble.LEVELLED
)

_BLOCK_S: Final = 0.25
_BLOCKS: Final = 24
_WINDOW: Final = 8  # blocks, 2 s
_LAG: Final = 16  # blocks between two windows that are compared
#: Weights of a window, which whole strides hardly get through.
_WEIGHTS: Final = np.sin(np.pi * (np.arange(_WINDOW) + 0.5) / _WINDOW) ** 2
# columns of a block: mean force in the inertial frame and in the sensor, deviation of its size,
# mean square of the angular velocity, whether no sample was filled or clipped, whether its force
# kept its direction
_IX, _IY, _IZ, _SX, _SY, _SZ, _DEVIATION, _TURNING, _WHOLE, _STEADY = range(10)

_FROZEN_S: Final = 0.06
_LONGER: Final = 4
_FORCE_LONGER: Final = 2  # a coarse sensor reads the same for most of a flight
_TURNS_RAD_S: Final = 0.5  # more than one who has stopped turns
_AXIS_LONGER: Final = 4
_STUCK_WITHIN: Final = 3  # blocks
_NOTHING: Final = 1e-9  # less is the rounding of a formula
_THAW_BLOCKS: Final = 41  # the ten seconds of a cadence
_LONG_THAW_BLOCKS: Final = 61  # after a second: up, which was lost, takes so long
_FAR_FROM_REST_M_S2: Final = 2.0
#: Gravity of seconds: 0.93 to 1.12 g in people; the two accelerometers of one board 5 % apart.
_LEAST_GRAVITY_G: Final = 0.7
_MOST_GRAVITY_G: Final = 1.4
_GRAVITY_BLOCKS: Final = 4
#: The mean of a second, in the sensor and where the gyroscope keeps still, in which nobody gains
#: the 10 m/s that this comes to.
_HEAVY_G: Final = 2.0
_HEAVY_BLOCKS: Final = 4
#: The same at rest, where nothing else adds to it: 0.94 to 1.07 on people who stand, whose sensors'
#: zeros are off by as much as data sheets allow, 40 to 80 mg.
_LEAST_REST_G: Final = 0.905
_MOST_REST_G: Final = 1.095
_REST_RAD_S: Final = 0.5  # root of the mean square, offset included
#: The mean of ten seconds, from so many blocks on: 0.94 to 1.17 in people, whose sensors are off.
_LEAST_MEAN_G: Final = 0.87
_MOST_MEAN_G: Final = 1.2
_MIDDLE_G: Final = 0.5 * (_LEAST_MEAN_G + _MOST_MEAN_G)
_BELIEVED_G: Final = _MOST_MEAN_G - _MIDDLE_G - 0.02  # again, once it is so far within
_KEPT_DIRECTION: Final = 0.98  # what is turned by hand without a gyroscope does not add up
_MEAN_SMOOTHING: Final = 0.025
_MEAN_BLOCKS: Final = 8
#: Turn of the mean force over 4 s in the gyroscope's frame beyond 1.5 times that in the sensor, °:
#: 22 with a gyroscope that is off by 4 °/s.
_MOST_DRIFT_DEG: Final = 30.0
_LIKE_SENSOR: Final = 1.5
_DRIFT_BLOCKS: Final = 4
#: Turned by hand from rest to rest by so much, the gyroscope explains all but this share.
_HANDLED_DEG: Final = 30.0
_UNEXPLAINED: Final = 0.4
_QUIET_M_S2: Final = 0.5
_HANDLED_BLOCKS: Final = 2
#: Runners turn by 0.8 to 3.6 rad/s, root of the mean square, a sensor in a shaken hand by 15.
_MOST_TURNING_RAD_S: Final = 25.0
#: Rate: tolerance, window, and the share of even steps below which the times are of another rate.
_RATE_TOLERANCE: Final = 0.03
_RATE_S: Final = 0.5
_NEAR: Final = 0.3
_FEW_NEAR: Final = 0.2
#: Samples of a packet that may come twice, and how often it is looked for.
_PAST: Final = 64
_LEAST_PACKET: Final = 4
_LOOK_EVERY: Final = 4
_MOVING_KEY: Final = 2.0
#: Deviation of the force's size within a block, in running; and that of two seconds, and for how
#: many blocks: longer than stairs or a set of jumps last.
_HARD_M_S2: Final = 5.0
_EFFORT_M_S2: Final = 6.0
_HARD_BLOCKS: Final = 120
#: So many more steps at the end of the range than others: its range is too small for running.
_STEPS_AT_END: Final = 20
_TURNED_OVER_DEG: Final = 75.0
_BACK_DEG: Final = 45.0
_TURNED_BLOCKS: Final = 8
_SOON_BLOCKS: Final = 12


@dataclass(frozen=True, slots=True)
class SanityParams:
    """Parameters of :class:`Sanity`: none are free, limits are what bodies do."""


SANITY_COEFFICIENTS: Final = np.dtype(
    [
        ("rate_hz", np.float64),
        ("block_samples", np.int64),
        ("frozen_samples", np.int64),
        ("rate_samples", np.int64),
    ],
    align=True,
)

SANITY_STATE: Final = np.dtype(
    [
        # over the session
        ("standing", np.int64),  # Trouble bits that stand
        ("found", np.int64),  # that ever were
        ("numbers", np.float64, _COUNT),  # what each was found with
        ("posture", np.float64, 3),  # mean force in the sensor while running
        ("turned_ever", np.uint8),  # whether the gyroscope ever read anything but zeros
        ("ran", np.uint8),  # whether there is such
        ("running_before", np.int64),  # blocks since it was last running
        ("turned", np.int64),  # blocks in a row that are turned over
        ("thawing", np.int64),  # blocks for which a freeze is remembered
        ("hard", np.int64),  # blocks of hard motion without a step
        ("at_end", np.int64),  # steps that reached the end of the range, less those that did not
        ("gravity", np.float64),  # mean of the windows' forces, g
        ("weighed", np.int64),  # windows
        ("step_before_s", np.float64),  # before the rate changed in mid-run, 0 where it did not
        ("rest", np.float64, 3),  # force of the last two seconds of rest, 0 before any
        ("off_at_rest", np.uint8),  # whether that is not gravity, in the posture of the run
        ("misled", np.int64),  # 1 from forces without gravity until up is found anew
        # since the start or a gap
        ("count", np.int64),  # samples in the open block
        ("sum", np.float64, 9),
        ("whole", np.uint8),
        ("blocks", np.int64),
        ("block", np.float64, (_BLOCKS, 10)),
        ("ungrounded", np.int64),  # blocks in a row without gravity
        ("drifting", np.int64),
        ("unexplained", np.int64),
        ("last", np.float64, 6),
        ("still_acceleration", np.int64),  # samples in a row that are equal
        ("still_turning", np.int64),
        ("still_axis", np.int64, 6),  # the same of each axis
        ("equal", np.int64),  # samples that have stood still where something is frozen
        ("turn_equal", np.uint8),  # whether that is the gyroscope
        ("past", np.float64, _PAST),  # a number for each of the last samples
        ("seen", np.int64),
        ("lag", np.int64),  # samples since the same were read, 0 for none
        ("same", np.int64),  # samples in a row that are those of ``lag`` before
        ("doubled", np.int64),  # length of a packet that has just come for the second time, else 0
        ("last_s", np.float64),
        ("rate_count", np.int64),
        ("near_count", np.int64),
        ("near_sum", np.float64),
        ("span", np.float64),
    ],
    align=True,
)
#: What outlasts a gap.
SESSION_FIELDS: Final = (
    "standing",
    "found",
    "numbers",
    "posture",
    "turned_ever",
    "ran",
    "running_before",
    "thawing",
    "at_end",
    "gravity",
    "weighed",
    "step_before_s",
    "rest",
    "off_at_rest",
    "misled",
)


def sanity_coefficients(rate_hz: float) -> NDArray[np.void]:
    """Everything the kernel needs, for one rate."""
    c = np.zeros(1, SANITY_COEFFICIENTS)
    c["rate_hz"] = rate_hz
    c["block_samples"] = max(1, round(_BLOCK_S * rate_hz))
    c["frozen_samples"] = max(6, math.ceil(_FROZEN_S * rate_hz))
    c["rate_samples"] = max(16, round(_RATE_S * rate_hz))
    return c


def restart_sanity(state: NDArray[np.void]) -> None:
    """Begin a new segment of samples; what was found stays."""
    fresh = np.zeros(1, SANITY_STATE)
    for name in SESSION_FIELDS:
        fresh[name] = state[name]
    fresh["last"] = np.nan
    fresh["past"] = np.nan
    fresh["last_s"] = np.nan
    fresh["whole"] = 1
    if state["step_before_s"] == 0.0:
        fresh["standing"] &= ~int(Trouble.RATE)  # found anew at once
    state[:] = fresh


@kernel
def note_trouble(s: Record, place: int, number: float) -> None:
    """Something is in doubt from here on."""
    bit = 1 << place
    s.standing |= bit
    if not s.found & bit:
        s.found |= bit
        s.numbers[place] = number


@kernel
def end_trouble(s: Record, place: int) -> None:
    """It is no more."""
    s.standing &= ~(1 << place)


@kernel
def count_step_at_end(s: Record, at_end: bool) -> None:
    """Count a step that did or did not reach the end of the sensor's range."""
    s.at_end = max(0, s.at_end + (1 if at_end else -1))
    if s.at_end == _STEPS_AT_END:
        note_trouble(s, RANGE_ENDS, s.at_end)


@kernel
def puts_steps_in_doubt(s: Record) -> bool:
    """Whether steps that are finished now are flagged."""
    return s.standing & _DOUBTS != 0


def standing_troubles(state: np.void) -> dict[str, float]:
    """What was found so far by name, with its number, in the order of :class:`Trouble`."""
    found = int(state["found"])
    if not found:
        return {}
    numbers = state["numbers"].tolist()
    return {name: numbers[k] for k, name in enumerate(_NAMES) if found >> k & 1}


@kernel
def _window(s: Record, newest: int, column: int) -> tuple[float, float, float]:
    """Weighted mean of three columns over the window that ends with block ``newest``."""
    x, y, z, total = 0.0, 0.0, 0.0, 0.0
    for k in range(_WINDOW):
        b = s.block[(newest - _WINDOW + 1 + k) % _BLOCKS]
        weight = _WEIGHTS[k]
        x, y, z = x + weight * b[column], y + weight * b[column + 1], z + weight * b[column + 2]
        total += weight
    return x / total, y / total, z / total


@kernel
def _angle(ax: float, ay: float, az: float, bx: float, by: float, bz: float) -> float:
    """Between two vectors, degrees; 0 where one has no direction."""
    cx, cy, cz = ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx
    return math.atan2(math.sqrt(cx * cx + cy * cy + cz * cz), ax * bx + ay * by + az * bz) * _DEG


@kernel
def _size(x: float, y: float, z: float) -> float:
    """Of a specific force, g."""
    return math.sqrt(x * x + y * y + z * z) / _G


@kernel
def has_misled(s: Record) -> bool:
    """Whether up was last found from forces without gravity, which are over; told once."""
    if s.misled == 0 or s.standing & 1 << GRAVITY:
        return False
    s.misled = 0
    return True


@kernel
def _is_middling(s: Record) -> bool:
    """Whether the mean, once it is one, is well within what is believed."""
    return s.weighed < _MEAN_BLOCKS or abs(s.gravity - _MIDDLE_G) < _BELIEVED_G


@kernel
def _judge_gravity(s: Record, weighs: bool, in_sensor: float, kept_still: float) -> None:
    size = max(in_sensor, kept_still)
    if weighs:
        s.weighed += 1
        s.gravity += max(1.0 / s.weighed, _MEAN_SMOOTHING) * (size - s.gravity)
    off = size < _LEAST_GRAVITY_G or min(in_sensor, kept_still) > _MOST_GRAVITY_G
    s.ungrounded = s.ungrounded + 1 if off else 0
    if s.weighed >= _MEAN_BLOCKS and not (_LEAST_MEAN_G <= s.gravity <= _MOST_MEAN_G):
        note_trouble(s, GRAVITY, s.gravity)
    elif s.ungrounded >= _GRAVITY_BLOCKS:
        note_trouble(s, GRAVITY, size)
    elif s.off_at_rest == 0 and not off and _is_middling(s):
        end_trouble(s, GRAVITY)
    if s.standing & 1 << GRAVITY:
        s.misled = 1


@kernel
def _least_of_a_second(s: Record, newest: int) -> float:
    """The mean force of a second, g, the smaller of both frames; at the end of its range, too."""
    b, n, least = s.block, _HEAVY_BLOCKS, math.inf
    for first in (_IX, _SX):
        x, y, z = 0.0, 0.0, 0.0
        for k in range(n):
            o = b[(newest - k) % _BLOCKS]
            x, y, z = x + o[first] / n, y + o[first + 1] / n, z + o[first + 2] / n
        least = min(least, _size(x, y, z))
    return least


@kernel
def _judge_rest(s: Record, running: bool, rests: bool, x: float, y: float, z: float) -> None:
    """Whether gravity at rest, in the posture of the run, is what the scale makes of it.

    On another side, as on a table before, other zeros count.
    """
    r = s.rest
    if rests:
        r[0], r[1], r[2] = x, y, z
        return
    runs = running or s.hard > 0
    size = _size(r[0], r[1], r[2])
    if not runs or size == 0.0 or _angle(r[0], r[1], r[2], x, y, z) > _BACK_DEG:
        return
    s.off_at_rest = 0 if _LEAST_REST_G < size < _MOST_REST_G else 1
    if s.off_at_rest == 1:
        note_trouble(s, GRAVITY, size)


@kernel
def _judge_directions(s: Record) -> None:
    """Compare how the mean force has turned in the gyroscope's frame and in the sensor."""
    if s.turned_ever == 0:
        return  # there is no gyroscope
    newest = s.blocks - 1
    quiet = True
    for k in range(_BLOCKS):
        b = s.block[(newest - k) % _BLOCKS]
        if b[_WHOLE] == 0.0:
            return
        if (k < _WINDOW or k >= _LAG) and b[_DEVIATION] > _QUIET_M_S2:
            quiet = False
    x, y, z = _window(s, newest, _IX)
    p, q, r = _window(s, newest - _LAG, _IX)
    size, size_before = _size(x, y, z), _size(p, q, r)
    if not (_LEAST_GRAVITY_G < size < _MOST_GRAVITY_G):
        return
    if not (_LEAST_GRAVITY_G < size_before < _MOST_GRAVITY_G):
        return
    kept_still = _angle(x, y, z, p, q, r)
    x, y, z = _window(s, newest, _SX)
    p, q, r = _window(s, newest - _LAG, _SX)
    in_sensor = _angle(x, y, z, p, q, r)
    drifts = kept_still - _LIKE_SENSOR * in_sensor > _MOST_DRIFT_DEG
    s.drifting = s.drifting + 1 if drifts else 0
    handled = quiet and in_sensor > _HANDLED_DEG and kept_still > _UNEXPLAINED * in_sensor
    s.unexplained = s.unexplained + 1 if handled else 0
    if s.drifting >= _DRIFT_BLOCKS or s.unexplained >= _HANDLED_BLOCKS:
        note_trouble(s, GYRO_CONTRADICTS, kept_still)


@kernel
def _judge_posture(s: Record, running: bool, x: float, y: float, z: float) -> None:
    """Whether the sensor turned over as the run ended, or came back."""
    p = s.posture
    size = _size(x, y, z)
    turned = _angle(x, y, z, p[0], p[1], p[2])
    if running:
        s.running_before = 0
        s.turned = 0
        if s.standing & (1 << CAME_OFF):
            if turned < _BACK_DEG:
                end_trouble(s, CAME_OFF)
        else:
            p[0], p[1], p[2] = x, y, z
            s.ran = 1
        return
    s.running_before += 1
    over = s.ran == 1 and turned > _TURNED_OVER_DEG and 0.8 < size < 1.2
    if over and (s.turned > 0 or s.running_before <= _SOON_BLOCKS):
        s.turned += 1
        if s.turned == _TURNED_BLOCKS:
            note_trouble(s, CAME_OFF, turned)
    else:
        s.turned = 0


@kernel
def _stuck_axis(c: Record, s: Record) -> int:
    """The axis that has stood still while the two others of its sensor have not; −1 for none.

    Zeros of an accelerometer's axis are none: it is not measured.
    """
    for k in range(6):
        first = k // 3 * 3
        one, other = s.still_axis[first + (k + 1) % 3], s.still_axis[first + (k + 2) % 3]
        moving = max(one, other) < c.frozen_samples and (k >= 3 or s.last[k] != 0.0)
        if moving and s.still_axis[k] >= _AXIS_LONGER * c.frozen_samples:
            return k
    return -1


@kernel
def _judge_effort(s: Record, running: bool, effort: float) -> None:
    """Count how long somebody moves as runners do without a step; squares of two seconds."""
    if running:
        s.hard = 0
        end_trouble(s, NO_STEPS)
    elif effort > _EFFORT_M_S2**2 and not s.standing & 1 << FROZEN:  # which says why
        s.hard += 1
        if s.hard == _HARD_BLOCKS:
            note_trouble(s, NO_STEPS, s.hard * _BLOCK_S)
    else:
        s.hard = max(0, s.hard - 2)


@kernel
def _judge_block(s: Record, running: bool) -> None:
    """A quarter second has passed."""
    newest = s.blocks - 1
    if s.thawing > 0:
        s.thawing -= 1
        if s.thawing == 0:
            end_trouble(s, FROZEN)
    if s.blocks < _WINDOW:
        return
    whole, steady, turning, effort, rests = True, True, 0.0, 0.0, True
    for k in range(_WINDOW):
        o = s.block[(newest - k) % _BLOCKS]
        whole = whole and o[_WHOLE] != 0.0
        steady = steady and o[_STEADY] != 0.0
        turning += o[_TURNING] / _WINDOW
        effort += o[_DEVIATION] ** 2 / _WINDOW
        rests = rests and o[_DEVIATION] < _QUIET_M_S2
    _judge_effort(s, running, effort)
    if turning > _MOST_TURNING_RAD_S**2:
        note_trouble(s, GYRO_WILD, math.sqrt(turning))
    else:
        end_trouble(s, GYRO_WILD)
    x, y, z = _window(s, newest, _SX)
    if whole:
        p, q, r = _window(s, newest, _IX)
        _judge_gravity(s, running or steady, _size(x, y, z), _size(p, q, r))
    heavy = _least_of_a_second(s, newest)
    if heavy > _HEAVY_G and not s.standing & 1 << FROZEN:  # which says why
        note_trouble(s, GRAVITY, heavy)
        s.misled = 1
    _judge_posture(s, running, x, y, z)
    rests = rests and whole and steady and turning < _REST_RAD_S**2 and not running
    rests = rests and heavy < _HEAVY_G
    _judge_rest(s, running, rests, x, y, z)
    if s.blocks >= _BLOCKS:
        _judge_directions(s)


@small_kernel
def _judge_rate(c: Record, s: Record, t: float) -> None:
    """Count the time from one measured sample to the next."""
    step = t - s.last_s
    s.last_s = t
    if not step > 0.0:
        return
    s.rate_count += 1
    s.span += step
    if abs(step * c.rate_hz - 1.0) <= _NEAR:
        s.near_count += 1
        s.near_sum += step
    if s.rate_count < c.rate_samples:
        return
    few = s.near_count < _FEW_NEAR * s.rate_count
    rate = s.rate_count / s.span if few else s.near_count / s.near_sum
    if abs(rate / c.rate_hz - 1.0) > _RATE_TOLERANCE or few:
        note_trouble(s, RATE, rate)
    elif s.step_before_s == 0.0:
        end_trouble(s, RATE)
    s.rate_count, s.near_count, s.near_sum, s.span = 0, 0, 0.0, 0.0


@small_kernel
def _is_frozen(
    c: Record,
    s: Record,
    ax: float,
    ay: float,
    az: float,
    gx: float,
    gy: float,
    gz: float,
    running: bool,
) -> bool:
    """Count equal readings; whether so many in a row come from no sensor that is worn."""
    v, still, longest = s.last, s.still_axis, 0
    for k in range(6):
        value = (ax, ay, az, gx, gy, gz)[k]
        still[k] = still[k] + 1 if abs(value - v[k]) < _NOTHING else 1
        longest = max(longest, still[k])
        v[k] = value
    s.still_acceleration = min(still[0], still[1], still[2])
    s.still_turning = min(still[3], still[4], still[5])
    if gx != 0.0 or gy != 0.0 or gz != 0.0:
        s.turned_ever = 1
    if longest < c.frozen_samples:
        return False
    deviation = s.block[(s.blocks - 1) % _BLOCKS, _DEVIATION]
    if _AXIS_LONGER * c.frozen_samples > _BLOCK_S * c.rate_hz and deviation > _QUIET_M_S2:
        # samples are few: an axis has stood still for longer than that before it is sure
        for k in range(1, _STUCK_WITHIN):
            deviation = max(deviation, s.block[(s.blocks - 1 - k) % _BLOCKS, _DEVIATION])
    s.equal = max(s.still_acceleration, s.still_turning)
    s.turn_equal = s.still_turning == s.equal
    if s.equal < c.frozen_samples:
        stuck = _stuck_axis(c, s) if deviation > _HARD_M_S2 else -1
        if stuck >= 0:
            s.equal, s.turn_equal = longest, stuck >= 3
        return stuck >= 0
    if ax == 0.0 and ay == 0.0 and az == 0.0:
        return False  # not measured, or falling freely
    far = abs(_size(ax, ay, az) - 1.0) * _G > _FAR_FROM_REST_M_S2
    if s.still_acceleration >= _FORCE_LONGER * c.frozen_samples:
        if far:
            return running or deviation > _QUIET_M_S2
        # both may stand still at rest, where there is no noise
        return running and max(abs(gx), abs(gy), abs(gz)) > _TURNS_RAD_S
    # zeros from the start are no gyroscope; one who stops turns no more before the force is still
    lasting = s.still_turning >= _LONGER * c.frozen_samples
    # that somebody runs is known some seconds later, and by then the attitude would be lost
    runs = running or deviation > _HARD_M_S2
    return runs and s.turned_ever == 1 and lasting and far


@small_kernel
def _find_doubled(s: Record, key: float) -> int:
    """Length of the packet that ended just before this sample, as a copy of the one before it.

    A copy is as long as it lies behind; what goes on being the same is a motion that repeats, or
    rests. Every fourth sample looks for its like, and back from there.
    """
    p, n = s.past, s.seen
    s.seen = n + 1
    doubled = 0
    if s.lag > 0:
        if key == p[(n - s.lag) % _PAST]:
            s.same += 1
        else:
            if s.same == s.lag:
                low, high = key, key
                for k in range(1, s.lag + 1):
                    low, high = min(low, p[(n - k) % _PAST]), max(high, p[(n - k) % _PAST])
                if high - low > _MOVING_KEY:  # at rest few readings come again and again
                    doubled = s.lag
            s.lag = 0
    p[n % _PAST] = key
    if s.lag > 0 or n % _LOOK_EVERY != 0:
        return doubled
    like = 0
    for k in range(_PAST):  # itself among them; all at once, since hardly ever is there another
        like += 1 if p[k] == key else 0
    if like < 2:
        return doubled
    for lag in range(1, _PAST):
        if p[(n - lag) % _PAST] == key:
            same = 1
            while same < _PAST - lag and p[(n - same) % _PAST] == p[(n - same - lag) % _PAST]:
                same += 1
            # what stands still is frozen, or rests
            if lag >= _LEAST_PACKET:
                s.lag, s.same = lag, same
            break
    return doubled


@small_kernel
def watch_sample(
    c: Record,
    s: Record,
    t: float,
    ax: float,
    ay: float,
    az: float,
    gx: float,
    gy: float,
    gz: float,
    fx: float,
    fy: float,
    fz: float,
    flags: int,
    running: bool,
) -> int:
    """Take one clean sample, its force in the inertial frame too; returns its flags."""
    if flags & (_FILLED | _CLIPPED):
        s.whole = 0
    if flags & _SENSOR:  # from the intake
        note_trouble(s, TURN_LOST, t)
    if not flags & _FILLED:
        _judge_rate(c, s, t)
        if _is_frozen(c, s, ax, ay, az, gx, gy, gz, running):
            note_trouble(s, FROZEN, s.last_s)
            s.thawing = max(s.thawing, _LONG_THAW_BLOCKS if s.equal > c.rate_hz else _THAW_BLOCKS)
            flags |= _SENSOR
        elif s.thawing > 0 and max(s.still_acceleration, s.still_turning) >= c.frozen_samples:
            lasts = max(s.still_acceleration, s.still_turning) > c.rate_hz
            s.thawing = max(s.thawing, _LONG_THAW_BLOCKS if lasts else _THAW_BLOCKS)
            flags |= _SENSOR  # it goes on, though the run has ended for it
    if flags & _SENSOR:
        s.whole = 0
    # unlike readings have unlike sums: no two of these factors are in a ratio that readings have
    key = ax + 1.3247 * ay + 1.7549 * az + 2.2056 * gx + 2.8787 * gy + 3.6339 * gz
    s.doubled = _find_doubled(s, key)
    if s.doubled > 0:
        note_trouble(s, DOUBLED, s.doubled)
    m = s.sum
    squares = ax * ax + ay * ay + az * az
    m[0], m[1], m[2] = m[0] + fx, m[1] + fy, m[2] + fz
    m[3], m[4], m[5] = m[3] + ax, m[4] + ay, m[5] + az
    m[6], m[7] = m[6] + math.sqrt(squares), m[7] + squares
    m[8] += gx * gx + gy * gy + gz * gz
    s.count += 1
    if s.count == c.block_samples:
        b, n = s.block[s.blocks % _BLOCKS], s.count
        for k in range(6):
            b[k] = m[k] / n
        mean = m[6] / n
        b[_DEVIATION] = math.sqrt(max(m[7] / n - mean * mean, 0.0))
        b[_TURNING] = m[8] / n
        b[_STEADY] = math.sqrt(b[_SX] ** 2 + b[_SY] ** 2 + b[_SZ] ** 2) > _KEPT_DIRECTION * mean
        b[_WHOLE] = s.whole
        for k in range(9):
            m[k] = 0.0
        s.count, s.whole = 0, 1
        s.blocks += 1
        _judge_block(s, running)
    return flags


_STAGE_STATE: Final = np.dtype(
    [("sanity", SANITY_STATE), ("inclination", INCLINATION_STATE)], align=True
)


@kernel
def _sanity_push(
    coefficients: NDArray[np.void],
    inclination: NDArray[np.void],
    state: NDArray[np.void],
    time_s: NDArray[np.float64],
    acceleration: NDArray[np.float64],
    angular_velocity: NDArray[np.float64],
    quality: NDArray[np.uint8],
    has_gyro: bool,
    out: NDArray[np.uint16],
) -> None:
    c, s = coefficients[0], state[0]
    for i in range(time_s.shape[0]):
        a, w = acceleration[i], angular_velocity[i]
        if not math.isfinite(a[0] + a[1] + a[2] + w[0] + w[1] + w[2]):
            out[i] = _GAP
            continue
        fx, fy, fz = incline(
            inclination[0], s.inclination, a[0], a[1], a[2], w[0], w[1], w[2], has_gyro
        )
        out[i] = watch_sample(
            c, s.sanity, time_s[i], a[0], a[1], a[2], w[0], w[1], w[2], fx, fy, fz,
            int(quality[i]), False,
        )  # fmt: skip


class Sanity(Stage[SanityParams]):
    """What of the above needs no steps, over a stream of samples.

    Parameters
    ----------
    rate_hz : float
        Sample rate, Hz.

    Examples
    --------
    >>> watch = Sanity(100.0)
    >>> half = Samples(np.arange(500) / 100.0, np.tile([0.0, 0.0, 5.0], (500, 1)))
    >>> flags = watch.push(half)
    >>> watch.troubles
    {'gravity': 0.50...}
    """

    def __init__(self, rate_hz: float) -> None:
        self._coefficients = sanity_coefficients(rate_hz)
        self._inclination = inclination_coefficients(rate_hz, InclinationParams())
        super().__init__(SanityParams(), self._fresh_state)

    def _fresh_state(self) -> NDArray[np.void]:
        state = np.zeros(1, _STAGE_STATE)
        state["inclination"] = new_inclination_state(self._inclination)
        restart_sanity(state["sanity"])
        return state

    @property
    def troubles(self) -> dict[str, float]:
        """What was found so far, with its number."""
        return standing_troubles(self._state["sanity"][0])

    def push(self, samples: Samples) -> NDArray[np.uint16]:
        """Watch the next samples; returns their flags, one each."""
        gyro = samples.angular_velocity_rad_s
        out = np.zeros(len(samples), np.uint16)
        _sanity_push(
            self._coefficients,
            self._inclination,
            self._state,
            samples.time_s,
            samples.acceleration_m_s2,
            np.zeros_like(samples.acceleration_m_s2) if gyro is None else gyro,
            samples.quality,
            gyro is not None,
            out,
        )
        return out

    def flush(self) -> NDArray[np.uint16]:
        """Nothing is held back: an empty array."""
        return np.empty(0, np.uint16)
