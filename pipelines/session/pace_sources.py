"""How fast and how steep, as several know it: a treadmill before a foot pod before what was said.

What a radio says goes before what was typed, and what measures the ground under the runner before
what measures him; what nobody measures holds as it was stated.
"""

from __future__ import annotations

from typing import Final

from pipelines.session.facts import PaceKnown, Source
from pipelines.session.pace import Pace

#: Whose word counts, the first before the others.
PRECEDENCE: Final[tuple[Source, ...]] = ("treadmill", "pod", "stated", "estimated")


class PaceSources:
    """Keeps what each source says, and the pace by the best of them.

    Parameters
    ----------
    pace : Pace
        Is told whenever the best word changes.

    Examples
    --------
    >>> known = PaceSources(Pace())
    >>> known.take_speed("stated", 3.0, 0.0), known.take_speed("treadmill", 2.5, 10.0)
    (True, True)
    >>> known.take_speed("stated", 2.8, 20.0), known.speed_source, known.pace.speed_m_s
    (False, 'treadmill', 2.5)
    >>> known.take_speed("treadmill", None, 30.0), known.speed_source, known.pace.speed_m_s
    (True, 'stated', 2.8)
    """

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.speed_source: Source = "stated"
        self.slope_source: Source = "stated"
        self._speeds: dict[Source, float] = {}
        self._slopes: dict[Source, float] = {}

    def take_speed(self, source: Source, speed_m_s: float | None, time_s: float) -> bool:
        """What a source says from a session time on; None: it does not know.

        Returns
        -------
        bool
            Whether the best word, or who says it, is another one now.
        """
        before = self.pace.speed_m_s, self.speed_source
        self.speed_source, best = _best(self._speeds, source, speed_m_s)
        if best != before[0]:
            self.pace.take_speed(best, time_s)
        return (best, self.speed_source) != before

    def take_slope(self, source: Source, slope_deg: float | None, time_s: float) -> bool:
        """As :meth:`take_speed`, degrees."""
        before = self.pace.slope_deg, self.slope_source
        self.slope_source, best = _best(self._slopes, source, slope_deg)
        if best != before[0]:
            self.pace.take_slope(best, time_s)
        return (best, self.slope_source) != before

    def fact(self, time_s: float) -> PaceKnown:
        """The pace by the best that say it."""
        pace = self.pace
        return PaceKnown(
            time_s, pace.speed_m_s, pace.slope_deg, self.speed_source, self.slope_source
        )


def _best(
    said: dict[Source, float], source: Source, value: float | None
) -> tuple[Source, float | None]:
    if value is None:
        said.pop(source, None)
    else:
        said[source] = value
    for one in PRECEDENCE:
        if one in said:
            return one, said[one]
    return "stated", None
