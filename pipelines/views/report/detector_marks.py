"""Where in a run the drift detector was told something: a new surface, or to learn anew."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from pipelines.session.facts import (
    BaselineGivenUp,
    Fact,
    GivenUp,
    StepsFinished,
    SurfaceKnown,
)
from pipelines.views.report.recording import DetectorMark, Restart

__all__ = ["detector_marks"]

_REASONS: Final[dict[GivenUp, Restart]] = {
    "moved": "moved",
    "neutral": "neutral",
    "no standing": "no standing",
}


def detector_marks(facts: Iterable[Fact], surface_before: str = "") -> tuple[DetectorMark, ...]:
    """What the drift detector was told besides the steps, in order.

    Parameters
    ----------
    facts : iterable of Fact
        Of the session.
    surface_before : str
        Of a session that it goes on from: no new one when it is said again.
    """
    found: list[DetectorMark] = []
    contact_s = -math.inf
    for fact in facts:
        if isinstance(fact, StepsFinished):
            contact_s = float(fact.steps.initial_contact_s[-1])
        elif isinstance(fact, SurfaceKnown):
            if fact.name != surface_before:
                found.append(DetectorMark(fact.time_s, contact_s, None))
            surface_before = ""
        elif isinstance(fact, BaselineGivenUp) and fact.reason in _REASONS:
            found.append(DetectorMark(fact.time_s, contact_s, _REASONS[fact.reason]))
    return tuple(found)
