"""Which steps' lean and roll are in doubt: run in a bend, or after the sensor moved on the body.

In a bend the specific force leans inward, by 1 to 3° on a track, and roll with it. A sensor that
slips takes the neutral along: lean and roll jump and the gait does not change. Forces and times are
as good as ever in both. A stride that lies far from those before is in doubt until that is known.

Ten steps are looked at together, even in number, so that the swings of both legs cancel. A bend is
therefore told some steps after it began, and some steps beyond its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.compiled import Record, kernel
from imu.errors import ParameterError
from imu.samples import Quality
from imu.stage import Stage
from imu.steps import NO_STEPS, Steps

_STEPS: Final = 10
_BOTH: Final = 2 * _STEPS
_BEND, _SLIP = int(Quality.BEND), int(Quality.SLIP)
#: Flags of steps whose posture is not compared with that of others.
_DISTRUST: Final = 0xFFFF & ~int(Quality.NO_GYRO | Quality.LOOSE)
#: Steps follow one another within this time; half of the shortest step.
_NEXT_S: Final = 0.1
#: Who pauses for longer starts anew.
_PAUSE_S: Final = 1.0
#: A bend goes on over a hole in the steps of so many seconds, until ten of them say otherwise.
_LASTS_S: Final = 10.0
#: The acceleration of a start may be seen as lean for so long, where the gyroscope's offset is not
#: known or there is none.
START_S: Final = 10.0
#: And where the runner stood before, and it is.
START_FROM_STANDING_S: Final = 2.0
#: A stride that lies this many times as far as a slip from those before is in doubt at once.
_FAR: Final = 1.6
#: Angles are summed in whole microdegrees: sums that go along with the steps stay exact.
_PER_DEGREE: Final = 1e6


@dataclass(frozen=True, slots=True)
class PostureQualityParams:
    """Parameters of :class:`PostureQuality`.

    Attributes
    ----------
    bend_rate_deg_s : float
        Mean turn over ten steps beyond which it is a bend, degrees a second, 0.5 to 360. A track's
        bend has 5 at 3.3 m/s; an unknown offset of the gyroscope stays below 1.
    slip_deg : float
        Jump of lean and roll from ten steps to the next ten beyond which the sensor has moved,
        degrees, 1 to 90.
    contact_jump_percent, cadence_jump_percent : float
        Changes of contact time and cadence beyond which the gait has changed and not the sensor's
        place, %, 1 to 100.
    slip_s : float
        Running time that is in doubt after a slip, s, 0 to 600.

    Raises
    ------
    ParameterError
        When a value is outside its range.

    Notes
    -----
    The same numbers as in :class:`~imu.drift.params.DriftParams`, which judges blocks of its own.
    """

    bend_rate_deg_s: float = 2.5
    slip_deg: float = 5.0
    contact_jump_percent: float = 8.0
    cadence_jump_percent: float = 4.0
    slip_s: float = 10.0

    def __post_init__(self) -> None:
        for field in fields(self):
            low, high, unit = _RANGES[field.name]
            value = getattr(self, field.name)
            if not low <= value <= high:
                raise ParameterError(field.name, value, f"a number from {low:g} to {high:g}{unit}")


_RANGES: Final = {
    "bend_rate_deg_s": (0.5, 360.0, " degrees/s"),
    "slip_deg": (1.0, 90.0, " degrees"),
    "contact_jump_percent": (1.0, 100.0, " %"),
    "cadence_jump_percent": (1.0, 100.0, " %"),
    "slip_s": (0.0, 600.0, " s"),
}

POSTURE_QUALITY_COEFFICIENTS: Final = np.dtype(
    [
        ("most_turn", np.float64),  # sum of ten, microdegrees a second
        ("most_jump", np.float64),  # the same, microdegrees
        ("contact_jump_percent", np.float64),
        ("cadence_jump_percent", np.float64),
        ("slip_s", np.float64),
    ],
    align=True,
)

#: Eight bytes everywhere, so that no padding makes equal states differ.
POSTURE_QUALITY_STATE: Final = np.dtype(
    [
        ("since_s", np.float64),  # steps that begin before are left alone
        ("end_s", np.float64),  # of the last step
        ("start_s", np.float64),  # of the first step after a pause
        ("slip_left_s", np.float64),  # running time still in doubt
        ("slipped", np.int64),  # 1 with the step that a slip is seen at
        # turns of the last ten steps that followed one another, microdegrees a second
        ("turn", np.int64, _STEPS),
        ("turns", np.int64),
        ("turn_sum", np.int64),
        ("in_bend", np.int64),  # 1 while the last ten were in one
        # the last twenty trusted steps of the straights, by their number modulo twenty
        ("lean", np.int64, _BOTH),  # microdegrees
        ("roll", np.int64, _BOTH),
        ("contact_ms", np.float64, _BOTH),
        ("step_s", np.float64, _BOTH),
        ("straights", np.int64),
        ("lean_jump", np.int64),  # sum of the newer ten less that of the older ten
        ("roll_jump", np.int64),
        ("jump", np.float64),  # length of both a step ago
        ("gait_has_changed", np.int64),  # 1 when the gait jumped as well
    ]
)


def new_posture_quality_state() -> NDArray[np.void]:
    """The state before the first step, shape (1,)."""
    state = np.zeros(1, POSTURE_QUALITY_STATE)
    state["since_s"] = state["start_s"] = state["end_s"] = -math.inf
    return state


def posture_quality_coefficients(params: PostureQualityParams) -> NDArray[np.void]:
    """Everything the kernel needs of the parameters."""
    c = np.zeros(1, POSTURE_QUALITY_COEFFICIENTS)
    c["most_turn"] = _STEPS * _PER_DEGREE * params.bend_rate_deg_s
    c["most_jump"] = _STEPS * _PER_DEGREE * params.slip_deg
    for name in ("contact_jump_percent", "cadence_jump_percent", "slip_s"):
        c[name] = getattr(params, name)
    return c


def forget_steps(state: NDArray[np.void], since_s: float = -math.inf) -> None:
    """Begin anew, with the steps from a time on where the sensor or its neutral was moved."""
    state[:] = new_posture_quality_state()
    state["since_s"] = since_s


@kernel
def _forget_turns(s: Record) -> None:
    for k in range(_STEPS):
        s.turn[k] = 0
    s.turns, s.turn_sum = 0, 0


@kernel
def _forget_straights(s: Record) -> None:
    for k in range(_BOTH):
        s.lean[k], s.roll[k] = 0, 0
    s.straights, s.lean_jump, s.roll_jump = 0, 0, 0
    s.jump, s.gait_has_changed = 0.0, 0


@kernel
def _sums_of_ten(values: NDArray[np.float64], oldest: int) -> tuple[float, float]:
    """Of the older and of the newer ten values."""
    before, now = 0.0, 0.0
    for k in range(_STEPS):
        before += values[(oldest + k) % _BOTH]
        now += values[(oldest + _STEPS + k) % _BOTH]
    return before, now


@kernel
def _gait_changed(c: Record, s: Record) -> bool:
    """Whether contact time or cadence of the newer ten differ from those of the older ten."""
    contact_before, contact_now = _sums_of_ten(s.contact_ms, s.straights)
    time_before, time_now = _sums_of_ten(s.step_s, s.straights)
    return bool(
        100.0 * abs(contact_now - contact_before) > c.contact_jump_percent * contact_before
        or 100.0 * abs(time_before - time_now) > c.cadence_jump_percent * time_now
    )


@kernel
def _judge_jump(c: Record, s: Record) -> None:
    """See a slip once the jump has stopped growing.

    Then all of the newer ten lie beyond it and none of the older ten, and so would a change of
    gait that came with it.
    """
    before, now = s.jump, math.hypot(float(s.lean_jump), float(s.roll_jump))
    if before > c.most_jump and now <= before:
        if s.gait_has_changed == 0:
            s.slip_left_s = c.slip_s
            s.slipped = 1
        _forget_straights(s)
        return
    s.jump = now
    if now > c.most_jump:
        s.gait_has_changed = 1 if _gait_changed(c, s) else 0


@kernel
def _lies_far(c: Record, s: Record) -> bool:
    """Whether the last stride, both feet together, lies far from the older ten steps."""
    last, before = (s.straights - 1) % _BOTH, (s.straights - 2) % _BOTH
    lean, _ = _sums_of_ten(s.lean, s.straights)
    roll, _ = _sums_of_ten(s.roll, s.straights)
    lean -= 0.5 * _STEPS * (s.lean[last] + s.lean[before])
    roll -= 0.5 * _STEPS * (s.roll[last] + s.roll[before])
    return math.hypot(lean, roll) > _FAR * c.most_jump


@kernel
def _add_straight(s: Record, row: Record) -> None:
    """Add a step of a straight: the oldest leaves the older ten, to which the middle one goes."""
    k = s.straights % _BOTH
    middle = (k + _STEPS) % _BOTH
    new = round(_PER_DEGREE * row.sacral_lean_deg)
    s.lean_jump += new - 2 * s.lean[middle] + s.lean[k]
    s.lean[k] = new
    # a roll that is not measured has not changed
    measured = math.isfinite(row.sacral_roll_deg)
    new = round(_PER_DEGREE * row.sacral_roll_deg) if measured else 0
    s.roll_jump += new - 2 * s.roll[middle] + s.roll[k]
    s.roll[k] = new
    s.contact_ms[k], s.step_s[k] = row.contact_time_ms, row.step_time_s
    s.straights += 1


@kernel
def judge_posture(c: Record, s: Record, row: Record, start_s: float) -> int:
    """Take the next step, a record of :data:`~imu.steps.STEP_ROW`; returns the flags it gets.

    Steps within ``start_s`` of a start are not compared with others.
    """
    s.slipped = 0
    begin_s, step_s = row.initial_contact_s, row.step_time_s
    if begin_s < s.since_s:
        return 0
    apart_s = begin_s - s.end_s
    s.end_s = begin_s + step_s
    if not -_NEXT_S < apart_s < _NEXT_S:
        _forget_turns(s)
        if not 0.0 < apart_s <= _PAUSE_S:
            s.start_s = begin_s
            _forget_straights(s)
        if not 0.0 < apart_s <= _LASTS_S:
            s.in_bend = 0
    flags = 0
    if math.isfinite(row.yaw_rate_deg_s):
        k = s.turns % _STEPS
        new = round(_PER_DEGREE * row.yaw_rate_deg_s)
        s.turn_sum += new - s.turn[k]
        s.turn[k] = new
        s.turns += 1
        if s.turns >= _STEPS:
            s.in_bend = 1 if abs(s.turn_sum) > c.most_turn else 0
        if s.in_bend == 1:
            flags = _BEND
    else:
        _forget_turns(s)
        s.in_bend = 0
    straight = flags == 0 and not int(row.quality) & _DISTRUST
    if straight and math.isfinite(row.sacral_lean_deg) and begin_s - s.start_s >= start_s:
        _add_straight(s, row)
        if s.straights >= _BOTH:
            flags = _SLIP if _lies_far(c, s) else 0
            _judge_jump(c, s)
    if s.slip_left_s > 0.0:
        flags |= _SLIP
        s.slip_left_s -= step_s
    return flags


@kernel
def _flag_rows(
    coefficients: NDArray[np.void], state: NDArray[np.void], rows: NDArray[np.void]
) -> None:
    for i in range(rows.shape[0]):
        r = rows[i]
        r.quality |= judge_posture(coefficients[0], state[0], r, START_S)


class PostureQuality(Stage[PostureQualityParams]):
    """Flags steps as ``bend`` or ``slip``.

    * ``bend``: the mean yaw rate over the latest ten steps, this one included, is beyond the limit.
      The ten follow one another without a hole; in a bend before a hole of at most 10 s the steps
      after it are in one too, until ten are seen. Without a gyroscope no step is flagged.
    * ``slip``: the mean posture of the latest ten steps has jumped against the ten before, and the
      gait has not. Flagged for 10 s of running, from where that is seen: at the eleventh step
      beyond the jump; before that, strides that lie 1.6 times as far from the older ten. Only
      straights are compared, and steps without other reservations, from 10 s after a start on. A
      slip in a bend is seen after it.

    Parameters
    ----------
    params : PostureQualityParams, optional
        Limits.

    Examples
    --------
    >>> from imu.steps import STEP_ROW
    >>> rows = np.zeros(14, STEP_ROW)
    >>> rows["initial_contact_s"], rows["step_time_s"] = 0.36 * np.arange(14), 0.36
    >>> rows["yaw_rate_deg_s"] = 5.0 + np.tile([30.0, -30.0], 7)
    >>> PostureQuality().push(Steps(rows)).quality.tolist()[8:]
    ['', 'bend', 'bend', 'bend', 'bend', 'bend']
    """

    def __init__(self, params: PostureQualityParams | None = None) -> None:
        super().__init__(params or PostureQualityParams(), new_posture_quality_state)
        self._coefficients = posture_quality_coefficients(self._params)

    def push(self, steps: Steps) -> Steps:
        """The same steps with the flags set."""
        rows = steps.rows.copy()
        _flag_rows(self._coefficients, self._state, rows)
        return Steps(rows)

    def flush(self) -> Steps:
        """Nothing is held back: no steps. What follows begins anew."""
        self.reset()
        return NO_STEPS

    def forget(self, since_s: float) -> None:
        """Begin anew with the steps from a time on, since the sensor or its neutral was moved."""
        forget_steps(self._state, since_s)
