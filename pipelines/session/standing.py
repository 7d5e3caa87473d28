"""Standing in neutral: the force of the latest seconds, where the runner stood still in them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import ParameterError
from imu.mounting import mounting_from_axes, mounting_from_up
from imu.samples import Samples

if TYPE_CHECKING:
    from pipelines.session.facts import NeutralTrouble

#: A neutral is the mean of this long before its mark, s.
STANDING_S: Final = 2.0

_STILL_M_S2: Final = 0.3  # largest deviation of an axis, as for standing in imu/chain/gait.py
_HOLE_S: Final = 0.1


def fits(neutral_up: tuple[float, float, float], axes: str) -> bool:
    """Whether a standing neutral is near enough to the up axis of stated axes.

    Examples
    --------
    >>> fits((0.0, 2.0, 9.6), "+x+y+z"), fits((0.0, 2.0, 9.6), "-z+y+x")
    (True, False)
    """
    try:
        mounting_from_up(mounting_from_axes(axes), neutral_up)
    except ParameterError:
        return False
    return True


class LatestSamples:
    """The samples of the last :data:`STANDING_S`.

    Attributes
    ----------
    now_s : float
        Session time of the latest, s; 0 before the first. Who takes many at a time sets it on the
        way.
    """

    def __init__(self) -> None:
        self._recent: deque[Samples] = deque()
        self.now_s = 0.0

    @property
    def any(self) -> bool:
        """Whether a sample has come at all."""
        return bool(self._recent)

    def take(self, samples: Samples) -> None:
        """Take note of the next samples."""
        if not len(samples):
            return
        recent = self._recent
        recent.append(samples)
        self.now_s = float(samples.time_s[-1])
        while len(recent) > 1 and recent[1].time_s[0] <= self.now_s - STANDING_S:
            recent.popleft()

    def standing(self) -> NDArray[np.float64] | NeutralTrouble:
        """Mean specific force, m/s², shape (3,); or why it is none of standing still."""
        if not self._recent:
            return "no sample"
        latest = Samples.concatenate(list(self._recent))
        latest = latest[int(np.searchsorted(latest.time_s, self.now_s - STANDING_S)) :]
        force = latest.acceleration_m_s2
        holes = np.diff(latest.time_s, prepend=self.now_s - STANDING_S)
        if not np.all(np.isfinite(force)) or float(holes.max()) > _HOLE_S:
            return "samples missing"
        if np.any(force.std(axis=0) > _STILL_M_S2):
            return "moving"
        mean: NDArray[np.float64] = force.mean(axis=0)
        return mean
