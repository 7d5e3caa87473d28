"""Speed and slope as far as they are known: by whom, at each step, and how far that went.

What is known so is taken out of the indicators before they are judged, and gives the distance,
which the sensor itself cannot measure. What a radio says goes before what was typed, and what
measures the ground under the runner before what measures him; what nobody measures holds as it was
stated.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Final

import numpy as np

from imu.drift.covariates import Covariates
from imu.steps import Steps
from pipelines.session.facts import PaceKnown, Source

#: Whose word counts, the first before the others.
PRECEDENCE: Final[tuple[Source, ...]] = ("treadmill", "pod", "stated", "estimated")


class Pace:
    """The speed and the slope of a session by the best word, and since when; each holds on.

    A belt that stands ends what is known for the indicators: whoever runs then does so elsewhere.

    Examples
    --------
    >>> pace = Pace()
    >>> pace.take_speed(3.0, 0.0), pace.take_speed(2.5, 20.0, "treadmill")
    (True, True)
    >>> pace.take_speed(2.8, 30.0), pace.speed_source, pace.speed_m_s
    (False, 'treadmill', 2.5)
    >>> pace.take_slope(1.0, 30.0), pace.take_speed(None, 40.0, "treadmill")
    (True, True)
    >>> pace.speed_source, pace.speed_m_s, pace.covered_m(10.0, 50.0)
    ('stated', 2.8, 108.0)
    """

    def __init__(self) -> None:
        self._since_s: list[float] = []
        self._pace: list[tuple[float | None, float | None]] = [(None, None)]
        self._speeds: dict[Source, float] = {}
        self._slopes: dict[Source, float] = {}

    @property
    def speed_m_s(self) -> float | None:
        """Now, m/s: 0 for a belt that stands, None where it is not known."""
        return self._pace[-1][0]

    @property
    def slope_deg(self) -> float | None:
        """Now, degrees, positive uphill; None where it is not known."""
        return self._pace[-1][1]

    @property
    def speed_source(self) -> Source:
        """Whose word the speed is."""
        return _best(self._speeds)[0]

    def take_speed(self, speed_m_s: float | None, time_s: float, source: Source = "stated") -> bool:
        """What a source says from a session time on, s; None: it does not know.

        Parameters
        ----------
        speed_m_s : float or None
            m/s.
        time_s : float
            −∞ before the first sample.
        source : str
            Whose word it is.

        Returns
        -------
        bool
            Whether the best word, or who says it, is another one now.
        """
        return self._take(self._speeds, speed_m_s, time_s, source)

    def take_slope(self, slope_deg: float | None, time_s: float, source: Source = "stated") -> bool:
        """As :meth:`take_speed`, degrees."""
        return self._take(self._slopes, slope_deg, time_s, source)

    def fact(self, time_s: float) -> PaceKnown:
        """The pace by the best that say it."""
        speed, slope = _best(self._speeds), _best(self._slopes)
        return PaceKnown(time_s, speed[1], slope[1], speed[0], slope[0])

    def at(self, steps: Steps) -> Covariates | None:
        """Speed and slope at the initial contact of each step, NaN where not known.

        Returns
        -------
        Covariates or None
            None when nothing has ever been known.
        """
        if not self._since_s:
            return None
        places = [bisect_right(self._since_s, at) for at in steps.initial_contact_s.tolist()]
        pace = [self._pace[place] for place in places]
        return Covariates(
            np.array([speed or math.nan for speed, _ in pace]),
            np.array([_nan(slope) for _, slope in pace]),
        )

    def covered_m(self, begin_s: float, end_s: float) -> float:
        """Distance from one session time to a later one, m; nothing where no speed is known."""
        total_m = 0.0
        place = bisect_right(self._since_s, begin_s)
        while begin_s < end_s:
            until_s = end_s
            if place < len(self._since_s):
                until_s = min(end_s, self._since_s[place])
            total_m += (self._pace[place][0] or 0.0) * (until_s - begin_s)
            begin_s, place = until_s, place + 1
        return total_m

    def _take(
        self, said: dict[Source, float], value: float | None, time_s: float, source: Source
    ) -> bool:
        before = _best(said)
        if value is None:
            said.pop(source, None)
        else:
            said[source] = value
        best = _best(said)
        if best[1] != before[1]:
            # kept in order, whatever a sensor's clock does
            self._since_s.append(max([time_s, *self._since_s[-1:]]))
            self._pace.append((_best(self._speeds)[1], _best(self._slopes)[1]))
        return best != before


def _best(said: dict[Source, float]) -> tuple[Source, float | None]:
    return next(((one, said[one]) for one in PRECEDENCE if one in said), ("stated", None))


def _nan(value: float | None) -> float:
    return math.nan if value is None else value
