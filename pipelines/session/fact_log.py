"""All facts of a session in order, in little room: steps, which are most of them, as rows."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from heapq import merge
from operator import itemgetter
from typing import Final

import numpy as np

from imu.steps import NO_STEPS, STEP_ROW, Steps
from pipelines.session.facts import Fact, StepsFinished

_ROW_SIZE: Final = STEP_ROW.itemsize


class FactLog:
    """Facts that are added at the end, and read from the beginning.

    A step takes some 260 bytes here, as a fact of its own 620.

    Parameters
    ----------
    facts : iterable of Fact
        The first ones.

    Examples
    --------
    >>> log = FactLog([StepsFinished(1.0, NO_STEPS)])
    >>> log.extend([StepsFinished(2.0, NO_STEPS)])
    >>> [fact.time_s for fact in log], log.steps
    ([1.0, 2.0], <Steps: none>)
    """

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._rows = bytearray()
        #: Of each fact of steps its time and how many rows there are up to its end.
        self._times_s, self._ends = array("d"), array("q")
        #: Any other fact, and how many of steps came before it.
        self._others: list[tuple[int, Fact]] = []
        self.extend(facts)

    def extend(self, facts: Iterable[Fact]) -> None:
        """Add facts, which come after all that are there."""
        for fact in facts:
            if isinstance(fact, StepsFinished):
                self._rows += fact.steps.rows.tobytes()
                self._times_s.append(fact.time_s)
                self._ends.append(len(self._rows) // _ROW_SIZE)
            else:
                self._others.append((len(self._ends), fact))

    def __iter__(self) -> Iterator[Fact]:
        """All facts, in order."""
        found = merge(self._others, self._of_steps(), key=itemgetter(0))
        return (fact for _, fact in found)

    def _of_steps(self) -> Iterator[tuple[int, Fact]]:
        rows, begin = self.steps.rows, 0
        for place, (time_s, end) in enumerate(zip(self._times_s, self._ends, strict=True)):
            yield place, StepsFinished(time_s, Steps(rows[begin:end]))
            begin = end

    @property
    def others(self) -> list[Fact]:
        """All but those of steps."""
        return [fact for _, fact in self._others]

    @property
    def steps(self) -> Steps:
        """All steps."""
        return Steps(np.frombuffer(bytes(self._rows), STEP_ROW)) if self._rows else NO_STEPS
