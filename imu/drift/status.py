"""What the drift detector is doing, as a code and in one plain sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from imu.drift.indicators import INDICATORS, indicator_named
from imu.drift.params import DriftParams
from imu.drift.state import AS_IT_VARIES, REASONS
from imu.samples import Quality

if TYPE_CHECKING:
    from imu.compiled import Record

_FLAG_WORDS: Final = {
    Quality.GAP: "lost samples",
    Quality.CLIPPED: "a sensor at the end of its range",
    Quality.SETTLING: "a lean that is still settling",
    Quality.SLIP: "a sensor that moved on the body",
    Quality.BEND: "running a bend",
    Quality.EDGE: "the edges of the recording",
}


StatusCode = Literal[
    "no steps",
    "ended early",
    "no baseline, distrust",
    "warming up",
    "unmeasurable",
    "learning",
    "learning anew",
    "settling",
    "changed",
    "not watching",
    "waiting",
    "watching",
]


@dataclass(frozen=True, slots=True)
class DriftStatus:
    """What the detector is doing, as a code and the figures that go with it.

    Attributes
    ----------
    code : str
        Which of the states.
    running_s : float
        Running time so far, s.
    learned : int
        Blocks of this run that the baseline rests on.
    steps, flagged : int
        Since warming up, and those that are left out.
    most_flagged_for : int
        The quality flag that most of these have, 0 where not too many are left out.
    changed : tuple of str
        Names of the indicators that are changed.
    reason : int
        Place in :data:`~imu.drift.state.REASONS` of what is waited for.
    """

    code: StatusCode
    running_s: float = 0.0
    learned: int = 0
    steps: int = 0
    flagged: int = 0
    most_flagged_for: int = 0
    changed: tuple[str, ...] = ()
    reason: int = 0

    @property
    def watching(self) -> bool:
        """Whether the detector judges now, rather than warming up, learning or pausing."""
        return self.code in {"watching", "changed"}


def drift_status(state: Record, p: DriftParams) -> DriftStatus:
    """The status for a state of :class:`~imu.drift.detector.DriftDetector`.

    Parameters
    ----------
    state : record of DRIFT_STATE
        Its state.
    p : DriftParams
        Its parameters.
    """
    session, segment = state["session"], state["segment"]
    most = _most_flagged_for(session, p)
    ways = zip(INDICATORS, segment["raised"].tolist(), strict=True)
    changed = tuple(indicator.name for indicator, way in ways if way)
    return DriftStatus(
        _code(session, segment, p, distrusted=most != 0, changed=bool(changed)),
        float(session["running_s"]),
        int(segment["seen"].max()),
        int(session["steps"]),
        int(session["flagged_steps"]),
        most,
        changed,
        int(session["interruption"]["reason"]),
    )


def _code(
    session: Record, segment: Record, p: DriftParams, *, distrusted: bool, changed: bool
) -> StatusCode:
    running_s = float(session["running_s"])
    given = bool(segment["given"].any())
    most = int(segment["seen"].max())
    learning = not given and most < p.baseline_blocks
    if learning and session["ended"]:
        if running_s == 0.0:
            return "no steps"
        return "no baseline, distrust" if distrusted else "ended early"
    if running_s < p.skip_s:
        return "warming up"
    if learning:
        if distrusted:
            return "no baseline, distrust"
        if 2 * most < segment["blocks"] >= p.baseline_blocks:
            return "unmeasurable"
        return "learning anew" if session["slips"] else "learning"
    if changed:
        return "changed"
    if session["flagged_in_row"] >= p.block_steps:
        return "not watching"
    if (segment["given"] == AS_IT_VARIES).any() and most < p.settling_blocks:
        return "settling"
    return "waiting" if running_s < session["interruption"]["until_s"] else "watching"


def status_words(status: DriftStatus, p: DriftParams, *, brief: bool = False) -> str:
    """The status in one plain sentence, without its end.

    Parameters
    ----------
    status : DriftStatus
        What the detector is doing.
    p : DriftParams
        Its parameters.
    brief : bool
        Without the reason, for narrow places.

    Examples
    --------
    >>> status_words(DriftStatus("warming up", 30.0), DriftParams())
    'warming up: 0:30 of 1:00'
    >>> status_words(DriftStatus("no steps"), DriftParams(), brief=True)
    'no baseline yet'
    """
    what, more = _parts(status, p)
    return what if brief else what + more


def _parts(status: DriftStatus, p: DriftParams) -> tuple[str, str]:
    """What is going on, and what a full sentence says besides."""
    clock = _clock(status.running_s)
    distrust = (
        f", because {status.flagged} of {status.steps} steps do not count, most for "
        f"{_FLAG_WORDS.get(Quality(status.most_flagged_for), '')}"
    )
    none, how = "no baseline yet", _share(status.learned, p.baseline_blocks)
    match status.code:
        case "changed":
            names = [indicator_named(name).words for name in status.changed]
            listed = ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1]
            return f"{listed} changed", ""
        case "waiting":
            return f"waiting a moment after {REASONS[status.reason]}", ""
        case "no steps":
            return none, ", because no running step was seen"
        case "ended early":
            return none, (
                f", because the run ended after {clock}; it takes {_clock(p.skip_s)} of "
                f"warming up and {p.baseline_blocks * p.block_steps} steps"
            )
        case "no baseline, distrust":
            return none, distrust
        case "warming up":
            return f"warming up: {clock} of {_clock(p.skip_s)}", ""
        case "unmeasurable":
            return none, ", because no indicator could be measured often enough"
        case "learning":
            return f"learning your baseline: {how}", ""
        case "learning anew":
            return f"re-seat the sensor, it moved; learning your baseline anew: {how}", ""
        case "settling":
            how = _share(status.learned, p.settling_blocks)
            return f"finding today's level beside your earlier runs: {how}", ""
        case "not watching":
            return "not watching", distrust
        case "watching":
            return "watching", ""


def _most_flagged_for(session: Record, p: DriftParams) -> int:
    """Why steps are left out, when too many are; 0 otherwise."""
    steps, flagged = int(session["steps"]), int(session["flagged_steps"])
    often = steps >= 2 * p.block_steps and 2 * flagged > steps
    if not often and session["flagged_in_row"] < p.block_steps:
        return 0
    counts = {int(flag): int(session["flagged_by"][flag.bit_length() - 1]) for flag in _FLAG_WORDS}
    return max(counts, key=lambda flag: counts[flag])


def _share(done: int, of: int) -> str:
    """How far it is, as a person says it."""
    return f"{100 * done // of} %"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
