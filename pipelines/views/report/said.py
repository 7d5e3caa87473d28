"""What the runner said during a run, in the words of the page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pipelines.session import facts
from pipelines.session.facts import Fact
from pipelines.units import Units, distance_words, slope_words, speed_words
from pipelines.views.terminal.cells import capital


class Said(NamedTuple):
    """Something that the runner said: session time, s; what it is about, and what of it."""

    time_s: float
    name: str
    value: str = ""

    @property
    def words(self) -> str:
        """As it stands in a list.

        Examples
        --------
        >>> Said(276.0, "Sensor moved").words, Said(0.0, "Shoe", "blue").words
        ('Sensor moved', 'Shoe: blue')
        """
        return f"{self.name}: {self.value}" if self.value else self.name


def said_in(found: Sequence[Fact], units: Units = "metric") -> list[Said]:
    """What was said, in order, and nothing that the program found itself.

    Parameters
    ----------
    found : sequence of Fact
        All of a session.
    units : {"metric", "imperial"}
        Of speeds and distances.

    Examples
    --------
    >>> said_in([facts.GaitChanged(9.0, "run"), facts.ShoeKnown(300.0, "blue")])
    [Said(time_s=300.0, name='Shoe', value='blue')]
    """
    said: list[Said] = []
    pace = facts.PaceKnown(0.0, None, None)
    for number, fact in enumerate(found):
        if isinstance(fact, facts.PaceKnown):
            # what a device says is nobody's word
            if fact.source == "stated" and fact.speed_m_s != pace.speed_m_s:
                said.append(Said(fact.time_s, "Speed", _speed_words(fact.speed_m_s, units)))
            if fact.slope_source == "stated" and fact.slope_deg != pace.slope_deg:
                slope = "unknown" if fact.slope_deg is None else slope_words(fact.slope_deg)
                said.append(Said(fact.time_s, "Slope", slope))
            pace = fact
        elif isinstance(fact, facts.DistanceKnown) and fact.source in {"stated", "speed"}:
            # the one before the end is what the whole run came to
            if not any(isinstance(after, facts.Ended) for after in found[number + 1 : number + 2]):
                said.append(Said(fact.time_s, "Distance", distance_words(fact.distance_m, units)))
        elif words := _words(fact):
            said.append(Said(fact.time_s, *words))
    return said


def _speed_words(speed_m_s: float | None, units: Units) -> str:
    return "unknown" if speed_m_s is None else speed_words(speed_m_s, units, 2)


def _words(fact: Fact) -> tuple[str, ...]:
    """Name, and value where there is one; nothing of what nobody said."""
    match fact:
        case facts.SurfaceKnown():
            return "Surface", fact.name
        case facts.ShoeKnown():
            return "Shoe", fact.name
        case facts.PainReported():
            return "Pain", " ".join(filter(None, (str(fact.level), fact.moment, fact.place)))
        case facts.FlagsAnswered():
            answers = [*fact.answers, *(["cleared"] if fact.cleared else [])]
            return "Red flags", ", ".join(answers) or "none"
        case facts.SensorMoved():
            return ("Sensor moved",)
        case facts.NeutralTaken():
            return ("Standing neutral",)
        case facts.NeutralRefused():
            return "Standing neutral", "not taken"
        case facts.Paused():
            return ("Pause",)
        case facts.Resumed():
            return ("Resume",)
        case facts.MarkUnreadable():
            return capital(fact.name), fact.value
    return ()
