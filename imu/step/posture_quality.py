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
_FEWEST: Final = 4  # and the ten before those, but for so many where a run has just begun
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
#: A stride that lies this many times as far as a slip from those before is in doubt at once; the
#: same makes ten steps a slip where there are fewer before them.
_FAR: Final = 1.6
#: And so many times where some of them may have the acceleration of a start as lean.
_STARTING: Final = 3.0
#: Turns are summed in whole microdegrees: sums that go along with the steps stay exact.
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
        ("slip_deg", np.float64),
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
        ("number", np.int64, _BOTH),  # in their run
        ("lean_deg", np.float64, _BOTH),
        ("roll_deg", np.float64, _BOTH),
        ("contact_ms", np.float64, _BOTH),
        ("step_s", np.float64, _BOTH),
        ("straights", np.int64),
        ("starting", np.int64),  # so many of them were of a start
        ("jump_deg", np.float64),  # from the older to the newer ten, a step ago
        ("gait_has_changed", np.int64),  # 1 when the gait jumped as well
        ("before_slip", np.int64, 2),  # first and last number of the older ten
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
    for name in ("slip_deg", "contact_jump_percent", "cadence_jump_percent", "slip_s"):
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
        s.number[k], s.lean_deg[k], s.roll_deg[k] = 0, 0.0, 0.0
    s.straights, s.starting, s.jump_deg, s.gait_has_changed = 0, 0, 0.0, 0


@kernel
def _sum(values: NDArray[np.float64], first: int, end: int) -> float:
    """Of the straights from one to another."""
    total = 0.0
    for k in range(first, end):
        total += values[k % _BOTH]
    return total


@kernel
def _gait_changed(c: Record, s: Record, first: int, middle: int) -> bool:
    """Whether contact time or cadence of the newer ten differ from those of the older ones."""
    newer, older = s.straights - middle, middle - first
    contact_before = newer * _sum(s.contact_ms, first, middle)
    contact_now = older * _sum(s.contact_ms, middle, s.straights)
    time_before = newer * _sum(s.step_s, first, middle)
    time_now = older * _sum(s.step_s, middle, s.straights)
    return bool(
        100.0 * abs(contact_now - contact_before) > c.contact_jump_percent * contact_before
        or 100.0 * abs(time_before - time_now) > c.cadence_jump_percent * time_now
    )


@kernel
def _jump_deg(s: Record, first: int, middle: int, later: int) -> float:
    """How far the straights from one on lie from those before, in lean and roll."""
    newer, older = s.straights - later, middle - first
    lean = older * _sum(s.lean_deg, later, s.straights) - newer * _sum(s.lean_deg, first, middle)
    roll = older * _sum(s.roll_deg, later, s.straights) - newer * _sum(s.roll_deg, first, middle)
    return math.hypot(lean, roll) / (newer * older)


@kernel
def _most_deg(c: Record, s: Record, first: int, far: float) -> float:
    """How far that is without a slip."""
    return float(c.slip_deg * (max(far, _STARTING) if first < s.starting else far))


@kernel
def _judge_jump(c: Record, s: Record, first: int) -> None:
    """See a slip once the jump has stopped growing.

    Then all of the newer ten lie beyond it and none of the older ones, and so would a change of
    gait that came with it.
    """
    middle = s.straights - _STEPS
    before, now = s.jump_deg, _jump_deg(s, first, middle, middle)
    few = middle - first < _STEPS
    if before > _most_deg(c, s, first, _FAR if few else 1.0) and now <= before:
        if s.gait_has_changed == 0:
            s.slip_left_s = c.slip_s
            s.slipped = 1
            # a step ago the older ones ended where the slip began
            s.before_slip[0] = s.number[first % _BOTH]
            s.before_slip[1] = s.number[(middle - 2) % _BOTH]
        _forget_straights(s)
        return
    s.jump_deg = now
    if now > c.slip_deg:
        s.gait_has_changed = 1 if _gait_changed(c, s, first, middle) else 0


@kernel
def _add_straight(s: Record, row: Record, number: int, starts: bool) -> None:
    k = s.straights % _BOTH
    s.number[k] = number
    s.lean_deg[k] = row.sacral_lean_deg
    # a roll that is not measured has not changed
    s.roll_deg[k] = row.sacral_roll_deg if math.isfinite(row.sacral_roll_deg) else 0.0
    s.contact_ms[k], s.step_s[k] = row.contact_time_ms, row.step_time_s
    s.straights += 1
    if starts:
        s.starting = s.straights


@kernel
def _judge_straights(c: Record, s: Record) -> int:
    """The flags of the newest straight, and whether a slip is seen at it."""
    first = max(s.straights - _BOTH, 0)
    # the last stride, both feet together
    middle = min(first + _STEPS, s.straights - 2)
    if middle - first < _FEWEST:
        return 0
    far = _jump_deg(s, first, middle, s.straights - 2) > _most_deg(c, s, first, _FAR)
    if s.straights - first >= _FEWEST + _STEPS:
        _judge_jump(c, s, first)
    return _SLIP if far else 0


@kernel
def judge_posture(c: Record, s: Record, row: Record, number: int, start_s: float) -> int:
    """Take the next step, a record of :data:`~imu.steps.STEP_ROW`; returns the flags it gets.

    Within ``start_s`` of a start lean may hold its acceleration.
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
    runs_s = begin_s - s.start_s
    if straight and math.isfinite(row.sacral_lean_deg) and runs_s >= START_FROM_STANDING_S:
        _add_straight(s, row, number, runs_s < start_s)
        flags = _judge_straights(c, s)
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
        r.quality |= judge_posture(coefficients[0], state[0], r, 0, START_S)


class PostureQuality(Stage[PostureQualityParams]):
    """Flags steps as ``bend`` or ``slip``.

    * ``bend``: the mean yaw rate over the latest ten steps, this one included, is beyond the limit.
      The ten follow one another without a hole; in a bend before a hole of at most 10 s the steps
      after it are in one too, until ten are seen. Without a gyroscope no step is flagged.
    * ``slip``: the mean posture of the latest ten steps has jumped against the ten before, and the
      gait has not. Flagged for 10 s of running, from where that is seen: at the eleventh step
      beyond the jump; before that, strides that lie 1.6 times as far from the older ten. Where
      there are four to nine older ones, ten steps have to lie as far as such strides; three times
      as far as a slip where some are of the first 10 s after a start, whose first 2 s are left
      out. Only straights are compared, and steps without other reservations. A slip in a bend is
      seen after it.

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
