"""What the drift detector is doing, in one plain sentence."""

from __future__ import annotations

from typing import Final

from imu.compiled import Record
from imu.drift.indicators import INDICATORS
from imu.drift.interruptions import REASONS
from imu.drift.params import DriftParams
from imu.samples import Quality

__all__ = ["drift_status"]

_FLAG_WORDS: Final = {
    Quality.GAP: "lost samples",
    Quality.CLIPPED: "a sensor at the end of its range",
    Quality.SETTLING: "a lean that is still settling",
    Quality.SLIP: "a sensor that moved on the body",
    Quality.BEND: "running a bend",
    Quality.EDGE: "the edges of the recording",
}


def drift_status(state: Record, p: DriftParams) -> str:
    """The sentence for a state of :class:`~imu.drift.detector.DriftDetector`.

    Parameters
    ----------
    state : record of DRIFT_STATE
        Its state.
    p : DriftParams
        Its parameters.
    """
    session, segment = state["session"], state["segment"]
    running_s = float(session["running_s"])
    learning = segment["baseline_blocks"] == 0
    if learning and session["ended"]:
        if running_s == 0.0:
            return "no baseline yet, because no running step was seen"
        reason = _distrust(session, p) or (
            f"the run ended after {_clock(running_s)}; it takes {_clock(p.skip_s)} of warming "
            f"up and {p.baseline_blocks} blocks of {p.block_steps} steps"
        )
        return f"no baseline yet, because {reason}"
    if running_s < p.skip_s:
        return f"warming up: {_clock(running_s)} of {_clock(p.skip_s)}"
    distrust = _distrust(session, p)
    if learning:
        if distrust:
            return f"no baseline yet, because {distrust}"
        if segment["learned"] >= p.baseline_blocks - 1 and session["blocks"] >= p.baseline_blocks:
            return "no baseline yet, because no indicator could be measured often enough"
        how = f"{int(segment['learned'])} of {p.baseline_blocks} blocks"
        if session["slips"]:
            return f"re-seat the sensor, it moved; learning your baseline anew: {how}"
        return f"learning your baseline: {how}"
    changed = [i.words for i, way in zip(INDICATORS, segment["raised"], strict=True) if way]
    if changed:
        names = ", ".join(changed[:-1]) + " and " * (len(changed) > 1) + changed[-1]
        return f"{names} changed"
    if session["flagged_in_row"] >= p.block_steps:
        return f"not watching, because {distrust}"
    if running_s < session["interruption"]["until_s"]:
        return f"waiting a moment after {REASONS[int(session['interruption']['reason'])]}"
    return "watching"


def _distrust(session: Record, p: DriftParams) -> str:
    """Why steps are left out, when too many are; empty otherwise."""
    steps, flagged = int(session["steps"]), int(session["flagged_steps"])
    often = steps >= 2 * p.block_steps and 2 * flagged > steps
    if not often and session["flagged_in_row"] < p.block_steps:
        return ""
    counts = {flag: int(session["flagged_by"][flag.bit_length() - 1]) for flag in _FLAG_WORDS}
    most = _FLAG_WORDS[max(counts, key=lambda flag: counts[flag])]
    return f"{flagged} of {steps} steps are not trusted, most for {most}"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes}:{rest:02d}"
