"""What a run was compared with, and what changed, as its facts tell.

A run has one stretch for each baseline: a sensor that is moved, or a neutral that is marked anew,
ends one, and what is usual after that has to be learned again.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from imu.drift.baseline import Baseline
from imu.drift.params import DriftParams
from imu.drift.status import status_words
from pipelines.quantities import WATCHED
from pipelines.session.facts import (
    BaselineGivenUp,
    BaselineKnown,
    Ended,
    Fact,
    GivenUp,
    Origin,
    UsualRange,
)
from pipelines.session.header import SessionHeader


@dataclass(frozen=True, slots=True)
class Band:
    """The usual range: baseline ± gate, in the shown column's unit."""

    baseline: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of the run with one baseline, or without any.

    Attributes
    ----------
    begin_s, end_s : float
        Session time; from −∞ for the first, to ∞ for the last.
    reason : GivenUp or None
        Why the baseline before it was given up; None for the first, unless the one that it was to
        start from could not be used.
    origin : Origin or None
        Where its baseline comes from; None without one.
    learned_s : float or None
        When its baseline was learned; None where it was there at once, or never.
    baseline : Baseline or None
        As it was at the end of the stretch.
    bands : dict of Band
        By column, of what is watched, as they were then.
    """

    begin_s: float
    end_s: float
    reason: GivenUp | None
    origin: Origin | None
    learned_s: float | None
    baseline: Baseline | None
    bands: dict[str, Band]


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What the run was found to be.

    Attributes
    ----------
    params : DriftParams
        How changes were looked for.
    stretches : tuple of Stretch
        At least one, in order.
    continued : bool
        Whether learning went on from the session before.
    status : str
        What was going on at the end, in words.
    """

    params: DriftParams
    stretches: tuple[Stretch, ...]
    continued: bool
    status: str

    def band(self, column: str, time_s: float = math.inf) -> Band | None:
        """The usual range of a column at a session time; at the end otherwise."""
        for stretch in reversed(self.stretches):
            if time_s >= stretch.begin_s:
                return stretch.bands.get(column)
        return None

    def restart_after(self, time_s: float) -> float:
        """Session time at which the baseline then was given up; ∞ when it lasted."""
        return min((s.begin_s for s in self.stretches if s.begin_s > time_s), default=math.inf)


def judgement_of(header: SessionHeader, found: Iterable[Fact]) -> Judgement:
    """What the facts of a whole session say of baselines and changes.

    Raises
    ------
    ValueError
        When the session's end is not among them.
    """
    params = header.settings.drift
    stretches: list[Stretch] = []
    begin_s = -math.inf
    reason: GivenUp | None = None
    known: BaselineKnown | None = None

    def stretch(end_s: float, was: BaselineGivenUp | Ended) -> Stretch:
        return Stretch(
            begin_s,
            end_s,
            reason,
            None if known is None else known.origin,
            known.time_s if known is not None and known.origin == "learned" else None,
            was.baseline,
            _bands(was.ranges),
        )

    for fact in found:
        match fact:
            case BaselineKnown():
                known = fact
            case BaselineGivenUp(reason="older definitions"):
                reason = fact.reason  # it was never in use
            case BaselineGivenUp():
                stretches.append(stretch(fact.time_s, fact))
                begin_s, reason, known = fact.time_s, fact.reason, None
            case Ended():
                return Judgement(
                    params,
                    (*stretches, stretch(math.inf, fact)),
                    header.carried is not None and not stretches,
                    status_words(fact.status, params),
                )
            case _:
                pass
    raise ValueError("the facts of a session have no end: finish its fold first")


def _bands(ranges: Sequence[UsualRange]) -> dict[str, Band]:
    by_name = {each.indicator: each for each in ranges}
    bands: dict[str, Band] = {}
    for quantity in WATCHED:
        indicator, usual = quantity.watched, by_name.get(quantity.indicator)
        if indicator is None or usual is None:
            continue
        half = usual.baseline * usual.gate / 100.0 if indicator.relative else usual.gate
        low, high = usual.baseline - half, usual.baseline + half
        bands[quantity.column] = Band(usual.baseline, low, high)
    return bands
