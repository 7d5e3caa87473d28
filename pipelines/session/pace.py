"""Speed and slope that are known: what holds at each step, and how far that went.

What is known so is taken out of the indicators before they are judged, and gives the distance,
which the sensor itself cannot measure.
"""

from __future__ import annotations

import math
from bisect import bisect_right

import numpy as np

from imu.drift.covariates import Covariates
from imu.steps import Steps


class Pace:
    """The speed and the slope of a session, and since when; each holds until its next.

    A belt that stands ends what is known for the indicators: whoever runs then does so elsewhere.

    Examples
    --------
    >>> pace = Pace()
    >>> pace.take_speed(2.5, 20.0)
    >>> pace.take_slope(1.0, 30.0)
    >>> pace.take_speed(None, 50.0)
    >>> pace.covered_m(10.0, 60.0), pace.speed_m_s, pace.slope_deg
    (75.0, None, 1.0)
    """

    def __init__(self) -> None:
        self._since_s: list[float] = []
        self._pace: list[tuple[float | None, float | None]] = [(None, None)]

    @property
    def speed_m_s(self) -> float | None:
        """Now, m/s: 0 for a belt that stands, None where it is not known."""
        return self._pace[-1][0]

    @property
    def slope_deg(self) -> float | None:
        """Now, degrees, positive uphill; None where it is not known."""
        return self._pace[-1][1]

    def take_speed(self, speed_m_s: float | None, time_s: float) -> None:
        """A speed from this session time on, s; −∞ before the first sample."""
        self._add(time_s, (speed_m_s, self.slope_deg))

    def take_slope(self, slope_deg: float | None, time_s: float) -> None:
        """A slope from this session time on, s."""
        self._add(time_s, (self.speed_m_s, slope_deg))

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

    def _add(self, time_s: float, pace: tuple[float | None, float | None]) -> None:
        # kept in order, whatever a sensor's clock does
        self._since_s.append(max([time_s, *self._since_s[-1:]]))
        self._pace.append(pace)


def _nan(value: float | None) -> float:
    return math.nan if value is None else value
