"""How much of late is missing in gaps that are too long to fill."""

from __future__ import annotations

from collections import deque
from typing import Final

_LATELY_S: Final = 20.0
#: So much in several gaps is told; a link that was lost once is told otherwise.
_MUCH_S: Final = 6.0
_SEVERAL: Final = 3


class Gaps:
    """Counts the gaps of a session.

    Examples
    --------
    >>> gaps = Gaps()
    >>> [gaps.take(time_s, 2.5) for time_s in (10.0, 14.0, 18.0, 22.0)]
    [None, None, 7.5, None]
    """

    def __init__(self) -> None:
        self._late: deque[tuple[float, float]] = deque()  # when each ended, and how long it was
        self._told = False

    def take(self, end_s: float, lasted_s: float) -> float | None:
        """Take the next gap; returns how much is missing of late, s, when that is to be told."""
        self._late.append((end_s, lasted_s))
        while self._late[0][0] < end_s - _LATELY_S:
            self._late.popleft()
        missing_s = sum(lasted_s for _, lasted_s in self._late)
        if self._told or len(self._late) < _SEVERAL or not missing_s > _MUCH_S:
            return None
        self._told = True
        return missing_s
