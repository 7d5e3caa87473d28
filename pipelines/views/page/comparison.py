"""What a run is compared with, in words that stay on the page for the whole run."""

from __future__ import annotations

import math
from typing import Final

from pipelines.runner.history import LEARNING
from pipelines.session.live_status import LiveStatus

__all__ = ["comparison_words", "tells_comparison"]

_COMPARED: Final = "compared with "
_GOING_ON: Final = "going on from "


def tells_comparison(note: str) -> bool:
    """Whether a note says what the run is compared with.

    Examples
    --------
    >>> tells_comparison("compared with your last 4 runs on track, no shoes named.")
    True
    >>> tells_comparison("The disk is full.")
    False
    """
    return note.startswith((_COMPARED, _GOING_ON, LEARNING))


def comparison_words(note: str, status: LiveStatus) -> str:
    """What to show of that note now.

    Parameters
    ----------
    note : str
        Told at the start; empty where none was.
    status : LiveStatus
        Learning is told until the baseline is there, and how far that is stands beside it.

    Examples
    --------
    >>> status = LiveStatus(source="", device="")
    >>> comparison_words("learning your baseline on the way.", status)
    'learning your baseline on the way'
    """
    words = note.removesuffix(".")
    if not words.startswith(LEARNING):
        return words
    if any(math.isfinite(one.baseline) for one in status.indicators.values()):
        return f"{_COMPARED}the beginning of this run"
    # how far it is stands below, once there are steps
    return words.removeprefix(LEARNING).removeprefix(", ") if status.steps else words
