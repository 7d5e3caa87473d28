"""A stretch of a session: which of its facts are of it, and what stood when it began."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from imu.drift.baseline import Baseline
from imu.errors import ParameterError
from imu.waveforms import Waveforms
from pipelines.clock_words import clock_words
from pipelines.session import facts
from pipelines.session.facts import Fact

#: What happens at one moment; all else stands from then on, so that its latest is of the stretch.
_MOMENTS: Final = (facts.AlertTold, facts.CueTold, facts.Changed, facts.PainReported, facts.Gap)


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From one moment of a session up to another, the latter left out.

    The fold always runs from the first sample: what was learned before, such as axes and baseline,
    holds within. A range picks; it computes nothing anew.

    Attributes
    ----------
    begin_s, end_s : float
        In the session's own time, as all tables tell it, s.

    Examples
    --------
    >>> TimeRange(600.0, 1500.0).words
    'told is the stretch from 10:00 to 25:00; the chain ran over the whole recording.'

    Raises
    ------
    ParameterError
        When it ends before it begins.
    """

    begin_s: float = -math.inf
    end_s: float = math.inf

    def __post_init__(self) -> None:
        if not self.begin_s < self.end_s:
            raise ParameterError("--to", clock_words(self.end_s), "a time after --from")

    @property
    def limits(self) -> bool:
        """Whether it leaves anything out."""
        return self != TimeRange()

    @property
    def words(self) -> str:
        """What people should know of it."""
        begin = "the beginning" if math.isinf(self.begin_s) else clock_words(self.begin_s)
        end = "the end" if math.isinf(self.end_s) else clock_words(self.end_s)
        return f"told is the stretch from {begin} to {end}; the chain ran over the whole recording."

    def facts_within(self, found: Iterable[Fact]) -> list[Fact]:
        """The facts of this stretch, with what stood at its beginning moved there.

        The end is that of the stretch; samples lost, and the sensor's clock, are the whole
        session's. A distance is known of a whole session alone, and left out.

        Parameters
        ----------
        found : iterable of Fact
            All of a session, in order.
        """
        kept: list[Fact] = []
        baseline: Baseline | None = None
        changed: dict[str, None] = {}
        for fact in found:
            if isinstance(fact, facts.Ended):
                kept.append(self._ended(fact, baseline, tuple(changed)))
                continue
            if isinstance(fact, facts.StepsFinished):
                steps = fact.steps[self._slice(fact.steps.initial_contact_s)]
                if len(steps):
                    kept.append(replace(fact, steps=steps))
                continue
            if fact.time_s >= self.end_s or isinstance(fact, facts.DistanceKnown):
                continue
            if isinstance(fact, facts.BaselineKnown):
                baseline = fact.baseline
            elif isinstance(fact, facts.BaselineGivenUp):
                baseline, changed = None, {}
            elif isinstance(fact, facts.Changed) and fact.severity == "raised":
                changed[fact.indicator] = None
            elif isinstance(fact, facts.Changed):
                changed.pop(fact.indicator, None)
            if fact.time_s >= self.begin_s:
                kept.append(fact)
            elif not isinstance(fact, _MOMENTS):
                kept.append(replace(fact, time_s=self.begin_s))
        return kept

    def waveforms_within(self, waveforms: Waveforms) -> Waveforms:
        """The samples of this stretch."""
        return waveforms[self._slice(waveforms.time_s)]

    def _slice(self, time_s: NDArray[np.float64]) -> slice:
        first, last = np.searchsorted(time_s, [self.begin_s, self.end_s]).tolist()
        return slice(first, last)

    def _ended(
        self, end: facts.Ended, baseline: Baseline | None, changed: tuple[str, ...]
    ) -> facts.Ended:
        first_s, last_s = end.time_s - end.duration_s, min(end.time_s, self.end_s)
        ended = replace(
            end, time_s=last_s, duration_s=max(0.0, last_s - max(first_s, self.begin_s))
        )
        if self.end_s > end.time_s:
            return ended
        return replace(ended, baseline=baseline, changed=changed, cool_down=None)
