"""The per-sample chain: one compiled loop through intake, inclination and gait.

The loop stops where something is to be done that does not belong to a sample: a second of samples
waits to be levelled, a step is ready to be closed, a gap is too long, or there is something to be
noted, such as another gait. What follows is then called once, and the loop goes on where it
stopped, so every stop falls on the same sample however the stream is cut.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.filters import butterworth_low_pass, zero_phase_cutoff
from imu.chain.gait import (
    GAIT_COEFFICIENTS,
    GAIT_STATE,
    GaitParams,
    gait_coefficients,
    gait_sample,
    new_gait_state,
)
from imu.chain.intake import (
    INTAKE_COEFFICIENTS,
    INTAKE_STATE,
    TURN_UNKNOWN,
    IntakeParams,
    intake_coefficients,
)
from imu.chain.orientation import (
    INCLINATION_COEFFICIENTS,
    INCLINATION_STATE,
    InclinationParams,
    inclination_coefficients,
    incline,
    level,
    new_inclination_state,
    rotate,
    strapdown_step,
)
from imu.chain.sanity import (
    SANITY_COEFFICIENTS,
    SANITY_STATE,
    Trouble,
    restart_sanity,
    sanity_coefficients,
    watch_sample,
)
from imu.compiled import Record, kernel, part_of_kernel, small_kernel
from imu.errors import ParameterError
from imu.runner import Runner
from imu.samples import FULL_RATE_HZ, HIGHEST_RATE_HZ, STANDARD_GRAVITY_M_S2, Quality
from imu.step.events import SIDE_STATE
from imu.step.mean_over_steps import MEAN_OVER_STEPS
from imu.step.model import STEP_MODEL, StepModel
from imu.step.model_file import packaged_step_model
from imu.step.posture_quality import (
    POSTURE_QUALITY_COEFFICIENTS,
    POSTURE_QUALITY_STATE,
    PostureQualityParams,
    posture_quality_coefficients,
)
from imu.step.rate_change import RATE_CHANGE_STATE

#: Why :func:`~imu.step.closing.run_chain` stops.
DONE, ALIGN, CLOSE, END_BOUT, GAP_BEFORE, NOTED, DISORDER = range(7)

#: Values of ``kind``.
UNKNOWN, ACCELEROMETER, WITH_GYRO = range(3)

#: Value of ``mounting_status`` once the axes are known.
MOUNTING_KNOWN: Final = 1

_G: Final = STANDARD_GRAVITY_M_S2
_GAP: Final = int(Quality.GAP)
_SETTLING: Final = int(Quality.SETTLING)
_SENSOR: Final = int(Quality.SENSOR)

# capacities, for the highest rate
_ALIGNMENT_S: Final = 1.0
_HELD: Final = int(_ALIGNMENT_S * HIGHEST_RATE_HZ)
#: So much of the past is at hand at any time; a small part of that at low rates, so that it stays
#: in the processor's cache. As much again until the oldest are dropped together, and a few more
#: so that the rows do not compete for one place in the cache.
_PAST_S: Final = 12.0
PAST_SAMPLES: Final = 2 * int(_PAST_S * HIGHEST_RATE_HZ) + 136
CONTACTS: Final = 64
STEP_TIMES: Final = 64

_LEAD_S: Final = 0.25  # pad before the first contact of a step
_BRIEF_LEAD_S: Final = 0.06  # before it, within which lies the initial contact
_SHAKING_S: Final = 0.05  # filled samples in a stride from which on its attitude is doubted
#: Who is still for less does not stand but pauses, in whatever posture; both seconds are averaged.
_STANDING_SECONDS: Final = 2
#: Square of the cosine of the turn from second to second of one who stands, at most 1.5°.
_UPRIGHT: Final = math.cos(math.radians(1.5)) ** 2
#: Cosine of a turn from the last standing that is another posture after one still second.
_STRAIGHTENED: Final = math.cos(math.radians(15.0))
_TAIL_S: Final = 0.18  # pad after the closing contact
STEPS_TO_MOUNT: Final = 12  # steps that auto axes wait for
#: Value of ``due`` while no step can be closed.
NEVER: Final = 1 << 62

#: Rows of the past.
TIME, FX, FY, FZ, Q0, Q1, Q2, Q3, FLAGS = range(9)


def _running_inclination() -> InclinationParams:
    """A runner's accelerations average out within a stride: level faster than a hand-held sensor.

    What a gyroscope's unknown bias turns in the time constant is seen as lean.
    """
    return InclinationParams(acceleration_time_constant_s=1.5, bias_initial_deg_s=1.0)


@dataclass(frozen=True, slots=True)
class AnalyzerParams:
    """Parameters of every stage of the chain.

    Attributes
    ----------
    intake, inclination, gait, posture_quality
        Parameters of the stages of these names.
    lumbar_skip_s, lumbar_baseline_s : float
        Running time that is skipped, and the running time after it that makes the lumbar baseline.
    step_model : StepModel, optional
        What judges contact, toe-off and force; that of the package otherwise.

    Raises
    ------
    ParameterError
        When a time is outside 0 to 7200 s; the other parameters are checked by their stages.

    Examples
    --------
    >>> AnalyzerParams(lumbar_baseline_s=120.0).intake.fill_limit_s
    0.1
    """

    intake: IntakeParams = field(default_factory=IntakeParams)
    inclination: InclinationParams = field(default_factory=_running_inclination)
    gait: GaitParams = field(default_factory=GaitParams)
    posture_quality: PostureQualityParams = field(default_factory=PostureQualityParams)
    lumbar_skip_s: float = 150.0
    lumbar_baseline_s: float = 300.0
    step_model: StepModel | None = None

    def __post_init__(self) -> None:
        for name in ("lumbar_skip_s", "lumbar_baseline_s"):
            if not 0.0 <= getattr(self, name) <= 7200.0:
                raise ParameterError(name, getattr(self, name), "a time from 0 to 7200 s")


#: Means of the strides of a session, for :mod:`imu.step.agreement`.
AGREEMENT_STATE: Final = np.dtype([("strides", np.int64), ("means", np.float64, 12)], align=True)

#: How far the sensor turns for what it is thrown aside, for :mod:`imu.step.turning`.
TURNING_POINTS: Final = 16  # of a stride
TURNING_STATE: Final = np.dtype(
    [
        ("strides", np.int64),
        ("across", np.float64),  # mean square of the force across to up, (m/s²)²
        ("turned", np.float64),  # and of the angular velocity
        ("up", np.float64, 3),  # in the sensor
        ("on_axis", np.int64),  # strides on end in which that is an axis
        ("stood", np.float64, 3),  # up before the run, inertial frame
        ("still", np.int64, 2),  # whether those stood that ``up_before`` was taken of
        ("start_known", np.int64),
        ("start_bias_deg_s", np.float64),  # how unsure the gyroscope's offset was then
        # whether both sensors showed how it tipped between standing and running; 2 for good
        ("tipped", np.int64),
        ("force", np.float64, 3),  # mean of the last strides there, and its direction in the sensor
        ("start_up", np.float64, 3),
        # of the run before this one, in the sensor: up while standing before it and in its strides
        ("run_from", np.int64),  # first contact of this run
        ("standing", np.float64, 3),
        ("stood_before", np.float64, 3),
        ("ran_before", np.float64, 3),
        # contact time and step time, means of the last steps, and those of the run before
        ("gait", np.float64, 2),
        ("gait_before", np.float64, 2),
        ("gait_number", np.int64),  # of the last step that they hold
        ("gait_steps", np.int64),
        # step of this run at which a slip was seen, 0 for none, and up in the body before it
        ("slip_at", np.int64),
        ("slip_posture", np.float64, 3),
        ("pairs", np.int64),
        ("tip", np.float64),  # mean size of what was turned between strides, °
        ("tips", np.float64, 5),  # means of turned, shown, and their products
        ("before", np.float64, (2, 3 + 4 * TURNING_POINTS)),  # up and attitude of the last strides
        ("ends", np.int64, 2),  # where those ended
    ],
    align=True,
)

CHAIN_COEFFICIENTS: Final = np.dtype(
    [
        ("intake", INTAKE_COEFFICIENTS),
        ("inclination", INCLINATION_COEFFICIENTS),
        ("gait", GAIT_COEFFICIENTS),
        ("sanity", SANITY_COEFFICIENTS),
        ("posture_quality", POSTURE_QUALITY_COEFFICIENTS),
        ("rate_hz", np.float64),
        ("interval_s", np.float64),
        ("full_rate", np.uint8),  # enough for what happens within a stance
        ("past_samples", np.int64),  # from so many on the older half is dropped
        ("alignment_samples", np.int64),
        ("settling_samples", np.int64),
        ("lead_samples", np.int64),
        ("brief_lead_samples", np.int64),
        ("tail_samples", np.int64),
        ("shock_samples", np.int64),
        ("shaking_samples", np.int64),
        ("low_pass_10hz", np.float64, 5),
        ("low_pass_20hz", np.float64, 5),
        ("height_m", np.float64),  # NaN when not given
        ("speed_m_s", np.float64),  # 0 when not given
        ("vertical_model", STEP_MODEL),  # where fore-aft is not measured
        ("model", STEP_MODEL),
        ("lumbar_skip_s", np.float64),
        ("lumbar_baseline_s", np.float64),
    ],
    align=True,
)

#: What hangs on neither clock nor samples: it holds as long as the sensor stays where it is.
LASTING_STATE: Final = np.dtype(
    [
        # mounting, sensor → body
        ("mounting", np.float64, (3, 3)),
        ("mounting_status", np.uint8),
        ("mounting_stood", np.uint8),  # up was found from standing
        ("side_turn", np.float64, 2),  # of forward in the body axes, cosine and sine; 0 unknown
        ("standing_up", np.float64, 3),  # sensor frame
        ("stood", np.uint8),
        ("steps", np.int64),
        ("running_s", np.float64),
        ("lumbar_sum", np.float64),
        ("lumbar_count", np.int64),
        ("lumbar_baseline", np.float64),  # NaN before one exists
        ("lumbar_from_s", np.float64),  # running time that its skipped time begins at
    ],
    align=True,
)

#: What a gap that nothing is joined over ends: samples that follow one another.
SEGMENT_STATE: Final = np.dtype(
    [
        # alignment: the first second is held until its mean tells up
        ("held", np.int64),
        ("released", np.int64),
        ("aligned", np.uint8),
        # samples to fill before the one at hand, -1 when it is not judged yet, and filled so far
        ("filling", np.int64),
        ("filled", np.int64),
        ("samples", np.int64),
        ("oldest", np.int64),  # sample that the past begins with
        ("flagged", np.int64),  # one more than the newest sample that bears a flag
        # standing, sensor frame
        ("standing_sum", np.float64, 3),  # of this second
        ("standing_before", np.float64, 3),  # of the second before
        ("standing_count", np.int64),  # still seconds in a row
        # up in the inertial frame: of the open step, and 1 and 2 s ago while not running
        ("up", np.float64, 3),
        ("levelling", np.float64, 4),  # inertial → earth, of the open step
        ("up_known", np.uint8),
        ("up_before", np.float64, (2, 3)),
        ("ups_before", np.int64),
        # of up where turning was not measured, degrees²; 0 without holes
        ("tilt_variance", np.float64),
        ("tilt_variance_before", np.float64),  # the last hole that nobody told of
        ("tilt_seen", np.int64),  # samples that have been looked through for holes
        ("shaken", np.uint8),  # by a filled gap since
        ("last_running", np.int64),  # sample at which a step was last closed
        ("last_rise", np.float64),  # with which the last step ended, sample index; NaN before any
    ],
    align=True,
)

#: What the end of a bout of running ends.
BOUT_STATE: Final = np.dtype(
    [
        ("contacts", np.int64, CONTACTS),  # coarse, by contact number modulo the capacity
        ("contact_count", np.int64),
        ("closed", np.int64),
        ("opening_contact", np.int64),  # the first of the next bout, -1 for none
        ("running", np.uint8),
        ("due", np.int64),  # sample at which the next step can be closed
        ("rises", np.float64, CONTACTS),  # through 1 g, by contact number, sample index
        ("initial_contact", np.float64),  # of the open step, sample index; NaN when not known
        ("hole", np.int64),  # step that lacks samples which nobody told of, by contact number
        ("mounting_tried", np.int64),
        ("mounting_from", np.int64),  # first contact after the last re-seating
        ("side", SIDE_STATE),  # votes of roll
        ("side_by_force", SIDE_STATE),
        ("swing", np.float64, 2),  # roll and sideways force of the step before, for the side
        ("ringing", MEAN_OVER_STEPS),  # log odds that the sensor rings on its strap
        ("weight", MEAN_OVER_STEPS),  # what the sensor reads for body weight, g
    ],
    align=True,
)

#: The rest is of the session: it has rules of its own for what outlasts a gap.
CHAIN_STATE: Final = np.dtype(
    [
        ("made_for", np.uint64),  # digest of rate, axes, runner and parameters
        ("learned", LASTING_STATE),
        ("segment", SEGMENT_STATE),
        ("bout", BOUT_STATE),
        ("intake", INTAKE_STATE),
        ("inclination", INCLINATION_STATE),
        ("gait", GAIT_STATE),
        ("sanity", SANITY_STATE),
        ("agreement", AGREEMENT_STATE),
        ("turning", TURNING_STATE),
        ("rate_change", RATE_CHANGE_STATE),
        ("kind", np.uint8),  # of the samples: unknown, accelerometer alone, with gyroscope
        ("turns", np.uint8),  # whether the gyroscope reads anything but zeros
        # whether zeros stand for a silent one, and what was known of its bias before
        ("silent", np.uint8),
        ("bias_before", np.float64, 3),
        ("covariance_before", np.float64, (3, 3)),
        # steps that still bear the flag of a gap, or of settling, before them
        ("felt_gap", np.int64),
        ("felt_settling", np.int64),
        ("felt_clipped", np.int64),
        ("doubted", np.int64),  # steps in a row whose mean force says otherwise
        ("unbroken", np.int64),  # steps since the last hole that matters
        ("contradicted", np.int64),  # steps in a row whose mean force lies far off
        # up in the sensor: of the last strides, or as it stood before a gap, and when that was
        ("posture", np.float64, 3),
        ("posture_running", np.uint8),
        ("posture_s", np.float64),
        ("last_step_s", np.float64),  # contact that closed the last step
        ("step_times", np.float64, STEP_TIMES),
        ("step_time_count", np.int64),
        ("loose_score", np.float64),  # whether the clip is loose, mean over the last steps
        ("loose_steps", np.int64),
        ("posture_quality", POSTURE_QUALITY_STATE),  # over the finished steps
        # buffers
        ("hold", np.float64, (_HELD, 8)),
        ("past", np.float64, (9, PAST_SAMPLES)),
    ],
    align=True,
)


def new_segment_state() -> NDArray[np.void]:
    """The state before the first sample of a segment."""
    state = np.zeros(1, SEGMENT_STATE)
    state["filling"] = -1
    state["last_rise"] = np.nan
    return state


def new_bout_state() -> NDArray[np.void]:
    """The state before the first contact of a bout."""
    state = np.zeros(1, BOUT_STATE)
    state["opening_contact"] = -1
    state["due"] = NEVER
    state["swing"] = np.nan
    state["hole"] = -CONTACTS
    return state


@small_kernel
def up_in_inertial_frame(levelling: NDArray[np.float64]) -> tuple[float, float, float]:
    """Earth's up in the inertial frame: the third row of the levelling rotation."""
    q0, q1, q2, q3 = levelling[0], levelling[1], levelling[2], levelling[3]
    return (
        2.0 * (q1 * q3 - q0 * q2),
        2.0 * (q2 * q3 + q0 * q1),
        1.0 - 2.0 * (q1 * q1 + q2 * q2),
    )


@kernel
def schedule_closing(c: Record, s: Record) -> None:
    """Set the sample at which the next step can be closed: its closing contact plus the pad."""
    s.bout.due = NEVER
    if s.bout.running == 1 and s.bout.closed + 1 < s.bout.contact_count:
        waiting = s.bout.contact_count - s.bout.mounting_tried
        if (
            s.learned.mounting_status == MOUNTING_KNOWN
            or s.bout.mounting_tried > 0
            or waiting > STEPS_TO_MOUNT
        ):
            s.bout.due = s.bout.contacts[(s.bout.closed + 1) % CONTACTS] + c.tail_samples


@kernel
def _mean_of_last_second(c: Record, s: Record, out: NDArray[np.float64]) -> None:
    """Direction of the specific force of the last second, inertial frame."""
    x, y, z = 0.0, 0.0, 0.0
    last, p = s.segment.samples - s.segment.oldest, s.past
    for i in range(last - c.gait.second_samples, last):
        x, y, z = x + p[FX, i], y + p[FY, i], z + p[FZ, i]
    norm = math.sqrt(x * x + y * y + z * z)
    if norm > 0.0:
        out[0, 0], out[0, 1], out[0, 2] = x / norm, y / norm, z / norm


@kernel
def fall_silent(s: Record) -> None:
    """The gyroscope has fallen silent: keep what is known of its bias."""
    if s.silent == 0:
        s.silent = 1
        for i in range(3):
            s.bias_before[i] = s.inclination.bias[i]
            for j in range(3):
                s.covariance_before[i, j] = s.inclination.covariance[i, j]


@kernel
def _stand(s: Record) -> None:
    """A second has passed: the mean of the last still ones is up, once there are enough.

    One who leans slowly into the run is as still as one who stands, and is not upright.
    """
    v, before = s.segment.standing_sum, s.segment.standing_before
    s.segment.standing_count = s.segment.standing_count + 1 if s.gait.still == 1 else 0
    along = v[0] * before[0] + v[1] * before[1] + v[2] * before[2]
    sizes = v[0] ** 2 + v[1] ** 2 + v[2] ** 2
    sizes *= before[0] ** 2 + before[1] ** 2 + before[2] ** 2
    if s.segment.standing_count > 1 and along * along < _UPRIGHT * sizes:
        s.segment.standing_count = 1
    # nobody leans so far into a run: who was bent has straightened
    up, size = s.learned.standing_up, math.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2)
    straightened = s.segment.standing_count == 1 and s.learned.stood == 1
    along = v[0] * up[0] + v[1] * up[1] + v[2] * up[2]
    straightened = straightened and along < _STRAIGHTENED * size
    if straightened:
        before[0], before[1], before[2] = 0.0, 0.0, 0.0
    if s.segment.standing_count >= _STANDING_SECONDS or straightened:
        x, y, z = v[0] + before[0], v[1] + before[1], v[2] + before[2]
        norm = math.sqrt(x * x + y * y + z * z)
        up[0], up[1], up[2] = x / norm, y / norm, z / norm
        s.learned.stood = 1
    for k in range(3):
        before[k] = v[k]
        v[k] = 0.0


@kernel
def _flag_equal_ones(s: Record, n: int) -> None:
    """Flag those before sample ``n`` that read the same: what stands still has stood still."""
    begin = max(0, n - s.sanity.equal + 1)
    doubt = _SENSOR
    if s.sanity.turn_equal == 1:
        doubt |= TURN_UNKNOWN
        s.segment.tilt_seen = min(s.segment.tilt_seen, begin)
    first = max(s.segment.oldest, begin)
    if n > first:
        s.segment.flagged = n
    for i in range(n - 1 - s.segment.oldest, first - 1 - s.segment.oldest, -1):
        flags = int(s.past[FLAGS, i])
        if flags & doubt == doubt:
            return
        s.past[FLAGS, i] = flags | doubt


@kernel
def _flag_doubled_ones(s: Record, n: int) -> None:
    """Those before sample ``n`` are a packet once more: what was measured then is lost."""
    first = max(0, n - s.sanity.doubled)
    s.segment.tilt_seen = min(s.segment.tilt_seen, first)
    s.segment.flagged = n
    for i in range(first - s.segment.oldest, n - s.segment.oldest):
        s.past[FLAGS, i] = int(s.past[FLAGS, i]) | _GAP | TURN_UNKNOWN


@kernel
def _drop_older_half(c: Record, s: Record) -> None:
    """Make room in the past: what is left moves to its beginning."""
    half, p = c.past_samples // 2, s.past
    for row in range(9):
        for i in range(half):
            p[row, i] = p[row, half + i]
    s.segment.oldest += half


@small_kernel
def force_of_past(
    s: Record, first: int, n: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Specific force of ``n`` samples, inertial frame, by axis; views, whose places begin at 0.

    Of a place that is counted from anywhere else the compiler does not know that it is none from
    the end, and takes one after the other.
    """
    p, i = s.past, first - s.segment.oldest
    return p[FX, i : i + n], p[FY, i : i + n], p[FZ, i : i + n]


@kernel
def flags_between(s: Record, first: int, last: int) -> int:
    """All flags of the samples ``[first, last)`` together."""
    flags = 0
    for i in range(first, min(last, s.segment.flagged)):
        flags |= int(s.past[FLAGS, i - s.segment.oldest])
    return flags


@part_of_kernel
def take_sample(
    c: Record,
    s: Record,
    t: float,
    ax: float,
    ay: float,
    az: float,
    gx: float,
    gy: float,
    gz: float,
    flags: int,
) -> int:
    """Take one clean sample; returns :data:`DONE`, :data:`CLOSE` or :data:`END_BOUT`."""
    x, y, z = incline(c.inclination, s.inclination, ax, ay, az, gx, gy, gz, s.turns == 1)
    n = s.segment.samples
    running = s.gait.running == 1
    flags = watch_sample(c.sanity, s.sanity, t, ax, ay, az, gx, gy, gz, x, y, z, flags, running)
    if flags & _SENSOR:
        _flag_equal_ones(s, n)
    if s.sanity.doubled > 0:
        _flag_doubled_ones(s, n)
    if n < c.settling_samples:
        flags |= _SETTLING
    if flags != 0:
        s.segment.flagged = n + 1
    if n - s.segment.oldest == c.past_samples:
        _drop_older_half(c, s)
    p, q, i = s.past, s.inclination.strapdown, n - s.segment.oldest
    p[TIME, i] = t
    p[FX, i], p[FY, i], p[FZ, i] = x, y, z
    p[Q0, i], p[Q1, i], p[Q2, i], p[Q3, i] = q[0], q[1], q[2], q[3]
    p[FLAGS, i] = flags
    s.segment.samples = n + 1

    v = s.segment.standing_sum
    v[0], v[1], v[2] = v[0] + ax, v[1] + ay, v[2] + az
    hx, hy, vertical = rotate(s.inclination.levelling, x, y, z)
    event = gait_sample(c.gait, s.gait, hx / _G, hy / _G, vertical / _G)
    if s.gait.still_count == 0:
        _stand(s)
        if s.bout.contact_count <= 1:  # no step that may be one of a run
            b = s.segment.up_before
            b[1, 0], b[1, 1], b[1, 2] = b[0, 0], b[0, 1], b[0, 2]
            b[0, 0], b[0, 1], b[0, 2] = up_in_inertial_frame(s.inclination.levelling)
            if s.gait.still == 1:
                _mean_of_last_second(c, s, b)
                s.sanity.misled = 0  # up is known again, unless gravity still is none
            s.segment.ups_before += 1
            o = s.turning.still
            o[1], o[0] = o[0], s.gait.still
    if event >= 2:
        s.bout.opening_contact = n - c.gait.delay_samples if event == 2 else -1
        return END_BOUT
    if event == 1:
        s.bout.contacts[s.bout.contact_count % CONTACTS] = n - c.gait.delay_samples
        s.bout.contact_count += 1
        if s.gait.running == 1:
            s.bout.running = 1
        schedule_closing(c, s)
    return CLOSE if s.segment.samples >= s.bout.due else DONE


@kernel
def align(coefficients: NDArray[np.void], state: NDArray[np.void]) -> None:
    """Level by the mean of the held samples, in the frame that the gyroscope keeps still."""
    c, s = coefficients[0], state[0]
    o = s.inclination
    # the strapdown runs through them twice: now to level, then again as they are released
    q = o.strapdown
    x, y, z = 0.0, 0.0, 0.0
    for i in range(s.segment.held):
        h = s.hold[i]
        if s.turns == 1:
            b = o.bias
            strapdown_step(q, h[4] - b[0], h[5] - b[1], h[6] - b[2], c.interval_s)
        fx, fy, fz = rotate(q, h[1], h[2], h[3])
        x, y, z = x + fx, y + fy, z + fz
    q[0], q[1], q[2], q[3] = 1.0, 0.0, 0.0, 0.0
    level(o.levelling, x, y, z)
    # the mean stays in the low-pass as its first guess
    o.acceleration.count = s.segment.held
    o.acceleration.sum[0], o.acceleration.sum[1], o.acceleration.sum[2] = x, y, z
    s.segment.aligned = 1


def restart(coefficients: NDArray[np.void], state: NDArray[np.void]) -> None:
    """Begin a new segment of samples; mounting, posture, step count, bias and baseline stay."""
    inclination = state["inclination"]
    if state["silent"][0]:
        # zeros that stand for nothing teach no bias, and put in doubt nothing that comes after them
        inclination["bias"] = state["bias_before"]
        inclination["covariance"] = state["covariance_before"]
        state["sanity"]["standing"] &= ~int(Trouble.FROZEN | Trouble.TURN_LOST)
        state["silent"] = 0
    bias, covariance = inclination["bias"].copy(), inclination["covariance"].copy()
    state["inclination"] = new_inclination_state(coefficients["inclination"])
    if covariance.any():
        state["inclination"]["bias"] = bias
        state["inclination"]["covariance"] = covariance
    resuming = state["gait"]["resuming"].copy()
    state["gait"] = new_gait_state()
    state["gait"]["resuming"] = resuming
    state["intake"]["joined"] = 0
    restart_sanity(state["sanity"])
    state["segment"] = new_segment_state()
    state["turning"]["ends"] = -1
    for name in ("still", "start_known"):
        state["turning"][name] = 0


def forget_strides(state: NDArray[np.void]) -> None:
    """Forget what was averaged over strides of so many samples each: their rate is another now."""
    state["agreement"] = np.zeros(1, AGREEMENT_STATE)
    state["turning"] = np.zeros(1, TURNING_STATE)
    state["turning"]["ends"] = -1


def chain_coefficients(
    rate_hz: float, runner: Runner, params: AnalyzerParams, speed_m_s: float | None = None
) -> NDArray[np.void]:
    """Everything the compiled code needs of the parameters, for one rate."""
    c = np.zeros(1, CHAIN_COEFFICIENTS)
    c["intake"] = intake_coefficients(rate_hz, params.intake)
    c["inclination"] = inclination_coefficients(rate_hz, params.inclination)
    c["gait"] = gait_coefficients(rate_hz, params.gait)
    c["sanity"] = sanity_coefficients(rate_hz)
    c["posture_quality"] = posture_quality_coefficients(params.posture_quality)
    c["rate_hz"] = rate_hz
    c["interval_s"] = 1.0 / rate_hz
    c["past_samples"] = 2 * math.ceil(_PAST_S * min(rate_hz, HIGHEST_RATE_HZ))
    c["alignment_samples"] = round(_ALIGNMENT_S * rate_hz)
    c["settling_samples"] = c["inclination"]["settling_samples"]
    c["lead_samples"] = round(_LEAD_S * rate_hz)
    c["brief_lead_samples"] = math.ceil(_BRIEF_LEAD_S * rate_hz)
    c["tail_samples"] = round(_TAIL_S * rate_hz)
    c["shock_samples"] = round(0.08 * rate_hz)
    c["shaking_samples"] = max(1, round(_SHAKING_S * rate_hz))
    c["low_pass_10hz"] = butterworth_low_pass(min(zero_phase_cutoff(10.0), 0.45 * rate_hz), rate_hz)
    c["full_rate"] = rate_hz >= FULL_RATE_HZ
    c["low_pass_20hz"] = butterworth_low_pass(min(zero_phase_cutoff(20.0), 0.49 * rate_hz), rate_hz)
    c["height_m"] = np.nan if runner.height_m is None else runner.height_m
    c["speed_m_s"] = 0.0 if speed_m_s is None else speed_m_s
    model = params.step_model or packaged_step_model()
    c["vertical_model"], c["model"] = model.for_speed(known=speed_m_s is not None)
    c["lumbar_skip_s"] = params.lumbar_skip_s
    c["lumbar_baseline_s"] = params.lumbar_baseline_s
    return c
