"""Which steps' lean and roll are in doubt: run in a bend, or after the sensor moved on the body.

In a bend the specific force leans inward, by 1 to 3° on a track, and roll with it. A sensor that
slips takes the neutral along: lean and roll jump and the gait does not change. Forces and times are
as good as ever in both.

Ten steps are looked at together, even in number, so that the swings of both legs cancel. A bend is
therefore told some steps after it began, and some steps beyond its end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import ParameterError
from imu.samples import Quality
from imu.stage import Stage
from imu.steps import NO_STEPS, STEP_ROW, Steps

_STEPS: Final = 10
_BOTH: Final = 2 * _STEPS
_BEND, _SLIP = int(Quality.BEND), int(Quality.SLIP)
#: Flags of steps whose posture is not compared with that of others.
_DISTRUST: Final = 0xFFFF & ~int(Quality.NO_GYRO | Quality.LOOSE)
#: What is read of a row.
_USED: Final = STEP_ROW[
    [
        "initial_contact_s",
        "step_time_s",
        "contact_time_ms",
        "sacral_lean_deg",
        "sacral_roll_deg",
        "quality",
        "yaw_rate_deg_s",
    ]
]
#: Steps follow one another within this time; half of the shortest step.
_NEXT_S: Final = 0.1
#: Who pauses for longer starts anew.
_PAUSE_S: Final = 1.0
#: A bend goes on over a hole in the steps of so many seconds, until ten of them say otherwise.
_LASTS_S: Final = 10.0
#: The acceleration of a start may be seen as lean for so long, where the gyroscope's offset is not
#: known or there is none.
_START_S: Final = 10.0
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

#: Eight bytes everywhere, so that no padding makes equal states differ.
POSTURE_QUALITY_STATE: Final = np.dtype(
    [
        ("since_s", np.float64),  # steps that begin before are left alone
        ("end_s", np.float64),  # of the last step
        ("start_s", np.float64),  # of the first step after a pause
        ("slip_left_s", np.float64),  # running time still in doubt
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


class PostureQuality(Stage[PostureQualityParams]):
    """Flags steps as ``bend`` or ``slip``.

    * ``bend``: the mean yaw rate over the latest ten steps, this one included, is beyond the limit.
      The ten follow one another without a hole; in a bend before a hole of at most 10 s the steps
      after it are in one too, until ten are seen. Without a gyroscope no step is flagged.
    * ``slip``: the mean posture of the latest ten steps has jumped against the ten before, and the
      gait has not. Flagged for 10 s of running, from where that is seen: at the eleventh step
      beyond the jump. Only straights are compared, and steps without other reservations, from 10 s
      after a start on. A slip in a bend is seen after it.

    Parameters
    ----------
    params : PostureQualityParams, optional
        Limits.
    state : ndarray of :data:`POSTURE_QUALITY_STATE`, shape (1,), optional
        Memory that holds the state, such as a field of a larger record; used as it stands.

    Examples
    --------
    >>> rows = np.zeros(14, STEP_ROW)
    >>> rows["initial_contact_s"], rows["step_time_s"] = 0.36 * np.arange(14), 0.36
    >>> rows["yaw_rate_deg_s"] = 5.0 + np.tile([30.0, -30.0], 7)
    >>> PostureQuality().push(Steps(rows)).quality.tolist()[8:]
    ['', 'bend', 'bend', 'bend', 'bend', 'bend']
    """

    def __init__(
        self,
        params: PostureQualityParams | None = None,
        state: NDArray[np.void] | None = None,
    ) -> None:
        super().__init__(params or PostureQualityParams(), new_posture_quality_state)
        if state is not None:
            self._state = state
        p = self._params
        self._most_turn = _STEPS * _PER_DEGREE * p.bend_rate_deg_s
        self._most_jump = _STEPS * _PER_DEGREE * p.slip_deg
        self.take_over()

    def take_over(self) -> None:
        """Go on from what the memory of the state holds.

        Until :meth:`put_down` the numbers are kept as Python's own: to ask a record for them at
        every step takes longer than all that is done with them.
        """
        s = self._state
        self._since_s = s["since_s"].item()
        self._start_s, self._end_s = s["start_s"].item(), s["end_s"].item()
        self._slip_left_s = s["slip_left_s"].item()
        self._turns, self._turn_sum = s["turns"].item(), s["turn_sum"].item()
        self._in_bend = s["in_bend"].item()
        self._straights = s["straights"].item()
        self._lean_jump, self._roll_jump = s["lean_jump"].item(), s["roll_jump"].item()
        self._jump = s["jump"].item()
        self._gait_has_changed = bool(s["gait_has_changed"].item())
        self._turn: list[int] = s["turn"][0].tolist()
        self._lean: list[int] = s["lean"][0].tolist()
        self._roll: list[int] = s["roll"][0].tolist()
        self._contact_ms: list[float] = s["contact_ms"][0].tolist()
        self._step_s: list[float] = s["step_s"][0].tolist()

    def put_down(self) -> None:
        """Bring the memory of the state up to date."""
        s = self._state
        for name in POSTURE_QUALITY_STATE.names or ():
            s[name] = getattr(self, f"_{name}")

    def _saving(self) -> None:
        self.put_down()

    def _restored(self) -> None:
        self.take_over()

    def push(self, steps: Steps) -> Steps:
        """The same steps with the flags set."""
        rows = steps.rows.copy()
        self.flag(rows)
        return Steps(rows)

    def flush(self) -> Steps:
        """Nothing is held back: no steps. What follows begins anew."""
        self.reset()
        return NO_STEPS

    def forget(self, since_s: float) -> None:
        """Begin anew with the steps from a time on, since the sensor or its neutral was moved."""
        self.reset()
        self._since_s = since_s

    def flag(self, rows: NDArray[np.void]) -> None:
        """Set the flags of the next steps in place.

        Parameters
        ----------
        rows : ndarray of :data:`~imu.steps.STEP_ROW`, shape (N,)
            In order of time.
        """
        isfinite, turn, lean, roll = math.isfinite, self._turn, self._lean, self._roll
        for i, row in enumerate(rows.view(_USED).tolist()):
            begin_s, step_s, contact_ms, lean_deg, roll_deg, quality, yaw_deg_s = row
            if begin_s < self._since_s:
                continue
            apart_s = begin_s - self._end_s
            self._end_s = begin_s + step_s
            if not -_NEXT_S < apart_s < _NEXT_S:
                self._forget_turns()
                if not 0.0 < apart_s <= _PAUSE_S:
                    self._start_s = begin_s
                    self._forget_straights()
                if not 0.0 < apart_s <= _LASTS_S:
                    self._in_bend = 0
            flags = 0

            if isfinite(yaw_deg_s):
                k = self._turns % _STEPS
                new = round(_PER_DEGREE * yaw_deg_s)
                self._turn_sum += new - turn[k]
                turn[k] = new
                self._turns += 1
                if self._turns >= _STEPS:
                    self._in_bend = 1 if abs(self._turn_sum) > self._most_turn else 0
                if self._in_bend:
                    flags = _BEND
            else:
                self._forget_turns()
                self._in_bend = 0

            straight = not flags and not quality & _DISTRUST and isfinite(lean_deg)
            if straight and begin_s - self._start_s >= _START_S:
                k = self._straights % _BOTH
                middle = k - _STEPS
                # the oldest leaves the older ten, to which the middle one goes over
                new = round(_PER_DEGREE * lean_deg)
                self._lean_jump += new - 2 * lean[middle] + lean[k]
                lean[k] = new
                # a roll that is not measured has not changed
                new = round(_PER_DEGREE * roll_deg) if isfinite(roll_deg) else 0
                self._roll_jump += new - 2 * roll[middle] + roll[k]
                roll[k] = new
                self._contact_ms[k], self._step_s[k] = contact_ms, step_s
                self._straights += 1
                if self._straights >= _BOTH:
                    self._judge_jump()

            if self._slip_left_s > 0.0:
                flags |= _SLIP
                self._slip_left_s -= step_s
            if flags:
                rows["quality"][i] |= flags

    def _judge_jump(self) -> None:
        """See a slip once the jump has stopped growing.

        Then all of the newer ten lie beyond it and none of the older ten, and so would a change of
        gait that came with it.
        """
        before, now = self._jump, math.hypot(self._lean_jump, self._roll_jump)
        if before > self._most_jump and now <= before:
            if not self._gait_has_changed:
                self._slip_left_s = self._params.slip_s
            self._forget_straights()
            return
        self._jump = now
        if now > self._most_jump:
            self._gait_has_changed = self._gait_changed()

    def _gait_changed(self) -> bool:
        """Whether contact time or cadence of the newer ten differ from those of the older ten."""
        p, oldest = self._params, self._straights % _BOTH
        contact = self._contact_ms[oldest:] + self._contact_ms[:oldest]
        time = self._step_s[oldest:] + self._step_s[:oldest]
        contact_before, contact_now = sum(contact[:_STEPS]), sum(contact[_STEPS:])
        time_before, time_now = sum(time[:_STEPS]), sum(time[_STEPS:])
        return (
            100.0 * abs(contact_now - contact_before) > p.contact_jump_percent * contact_before
            or 100.0 * abs(time_before - time_now) > p.cadence_jump_percent * time_now
        )

    def _forget_turns(self) -> None:
        self._turn[:] = [0] * _STEPS
        self._turns = self._turn_sum = 0

    def _forget_straights(self) -> None:
        self._lean[:] = self._roll[:] = [0] * _BOTH
        self._straights = self._lean_jump = self._roll_jump = 0
        self._jump, self._gait_has_changed = 0.0, False

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self.take_over()
