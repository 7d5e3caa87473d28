"""The lumbar dose of a session, as equivalent easy kilometres."""

from __future__ import annotations

import math
from typing import Final

from imu.step.trusted_steps import trusted_steps
from imu.steps import Steps

#: Of the index: the default, and with 2 and 6 as its uncertainty.
EXPONENT: Final = 4.0
EXPONENTS: Final = (2.0, EXPONENT, 6.0)
#: Trusted steps whose mean lumbar index counts.
_BLOCK: Final = 20
#: Less of a run than this with a lumbar index gives no dose.
_LEAST_SHARE: Final = 0.5


class Dose:
    """The distance of a session, weighted by the lumbar index, as far as its steps have come.

    A step counts ``(index / 100)^m`` of an easy one, with the index of its block of twenty: single
    steps scatter by 9 % (simulated runner), which the fourth power would turn into some 5 % of dose
    that nobody ran. Blocks without an index count as the mean of the others.

    Examples
    --------
    >>> dose = Dose()
    >>> dose.take_blocks([110.0] * 10)
    >>> round(dose.easy_km(5000.0), 2), dose.easy_km(None)
    (7.32, None)
    """

    def __init__(self) -> None:
        self._waiting: list[float] = []
        self._blocks = 0
        self._known: list[float] = []

    def take_steps(self, steps: Steps) -> None:
        """The next steps, however a session is cut into calls."""
        self._waiting += trusted_steps(steps).lumbar_index.tolist()
        while len(self._waiting) >= _BLOCK:
            self.take_blocks([_block_mean(self._waiting[:_BLOCK])])
            del self._waiting[:_BLOCK]

    def take_blocks(self, indices: list[float]) -> None:
        """The lumbar index of blocks, percent of easy running; NaN where it is not known."""
        self._blocks += len(indices)
        self._known += [index for index in indices if math.isfinite(index)]

    def easy_km(self, distance_m: float | None, exponent: float = EXPONENT) -> float | None:
        """The dose of a distance, m; None without one, or where too few blocks have an index."""
        known = self._known
        if distance_m is None or not known or len(known) < _LEAST_SHARE * self._blocks:
            return None
        weight = math.fsum((index / 100.0) ** exponent for index in known) / len(known)
        return distance_m / 1000.0 * weight


def _block_mean(values: list[float]) -> float:
    """Mean of both feet, each averaged apart; NaN where fewer than half are known."""
    feet = [[x for x in values[foot::2] if math.isfinite(x)] for foot in (0, 1)]
    if not all(feet) or 2 * (len(feet[0]) + len(feet[1])) < len(values):
        return math.nan
    return 0.5 * sum(math.fsum(foot) / len(foot) for foot in feet)
