"""What became of a fault, in one sentence."""

from __future__ import annotations

from math import inf
from typing import Final

from devices.simulator.faults.plan import Consequence, Fault

_SHOWS: Final[dict[Consequence, str]] = {
    "lost": "samples are counted as lost",
    "malformed": "messages are counted as malformed",
    "duplicated": "samples are counted as having come twice",
    "reordered": "samples are counted as having come too late",
    "restarted": "a restart of the sensor is counted",
    "gap": "the analysis starts anew after what is missing",
    "flagged": "steps are flagged as not to be trusted",
    "shown": "the samples that come show it",
    "reconnected": "the link is lost, and had again",
    "refused": "no session begins, and one sentence says why",
    "late": "messages come later, and their samples stay in their places",
    "fewer bytes": "no message is longer than fits",
    "in parts": "more messages come, and no sample is missing",
    "clock found": "the error of the sensor's clock is found",
    "battery told": "the battery's level is told",
}


def finding_words(fault: Fault, consequence: Consequence, *, holds: bool) -> str:
    """What went wrong, when, and whether the session showed it.

    Examples
    --------
    >>> print(finding_words(Fault("loss", 12.0, 8.0, 5.0), "lost", holds=True))
    loss from 12 to 20 s, lost in the sensor's queue, in runs (5 percent of messages): shown, \
samples are counted as lost.
    """
    size = f" ({fault.amount:g} {fault.about.unit})" if fault.about.has_size else ""
    shown = "shown," if holds else "NOT SHOWN that"
    return f"{fault.kind} {_when(fault)}, {fault.about.says}{size}: {shown} {_SHOWS[consequence]}."


def _when(fault: Fault) -> str:
    if fault.about.is_instant:
        return f"at {fault.onset_s:g} s"
    if fault.end_s == inf:
        return f"from {fault.onset_s:g} s on"
    return f"from {fault.onset_s:g} to {fault.end_s:g} s"
