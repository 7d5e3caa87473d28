"""Comparison of runs by tag: surfaces side by side, shoes before and after; from three runs each.

Runs are compared in pairs, so that what drifts over weeks (fitness, season) drops out: a run on one
surface with the run on the other that is nearest in time. What a few pairs show is a tendency.
"""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from imu.drift.indicators import INDICATORS
from pipelines.coaching.training.cues import Cue, Number

#: Fewer runs a tag show nothing.
LEAST_RUNS: Final = 3
#: Name of the pain the day after among the values.
NEXT_DAY_PAIN: Final = "next_day_pain"
_TOLD: Final = ("impact_shock_g", "peak_10hz_bw", NEXT_DAY_PAIN)
_MOST_TAGS: Final = 3
#: Before and after a change of shoes: so many runs on either side.
_RUNS_AROUND: Final = 5
_ABSOLUTE: Final = {"sacral_lean_deg": "°", "sacral_roll_deg": "°", NEXT_DAY_PAIN: "points"}


@dataclass(frozen=True, slots=True)
class TaggedRun:
    """A run as far as comparisons need it.

    Attributes
    ----------
    tag : str
        Surface or shoe.
    utc_ns : int
        Start, ns since 1970.
    values : mapping of str to float
        Session means by indicator, and the pain of the day after.
    """

    tag: str
    utc_ns: int
    values: Mapping[str, float] = field(default_factory=dict)


def compare(
    runs: Sequence[TaggedRun],
    first: str,
    second: str,
    indicator: str,
    *,
    before_and_after: bool = False,
) -> Cue | None:
    """Compare two tags by a value; None where either has fewer than three runs with it.

    Parameters
    ----------
    runs : sequence of TaggedRun
        In any order.
    first, second : str
        The tags; changes are those of the second against the first.
    indicator : str
        Which value.
    before_and_after : bool
        For shoes: the last five runs with the first against the first five with the second, in
        order, instead of the nearest in time.

    Returns
    -------
    Cue or None
        Its numbers hold the pairs, in how many the second was higher, and the median change of the
        second against the first: % of the first, or a difference.
    """
    with_value = [run for run in runs if math.isfinite(run.values.get(indicator, math.nan))]
    ordered = sorted(with_value, key=lambda run: run.utc_ns)
    one = [run for run in ordered if run.tag == first]
    other = [run for run in ordered if run.tag == second]
    if before_and_after:
        one, other = one[-_RUNS_AROUND:], other[:_RUNS_AROUND]
    if min(len(one), len(other)) < LEAST_RUNS:
        return None
    pairs = _in_order(one, other) if before_and_after else _nearest(one, other)
    relative = indicator not in _ABSOLUTE
    changes: list[float] = []
    for a, b in pairs:
        base, value = a.values[indicator], b.values[indicator]
        if not relative:
            changes.append(value - base)
        elif base > 0.0:
            changes.append(100.0 * (value / base - 1.0))
    if len(changes) < LEAST_RUNS:
        return None
    numbers: dict[str, Number] = {
        "indicator": _words(indicator),
        "first": first,
        "second": second,
        "change": statistics.median(changes),
        "higher": sum(change > 0.0 for change in changes),
        "pairs": len(changes),
    }
    if relative:
        return Cue("compare.relative", numbers)
    return Cue("compare.absolute", numbers | {"unit": _ABSOLUTE[indicator]})


def comparison_cues(
    runs: Sequence[TaggedRun], first: str, second: str, *, before_and_after: bool = False
) -> list[Cue]:
    """What to tell of two tags: a sentence for each value that can be compared, and the limits.

    With fewer than three runs a tag only that is told.
    """
    found = [compare(runs, first, second, one, before_and_after=before_and_after) for one in _TOLD]
    if any(found):
        return [*filter(None, found), Cue("compare.limits")]
    first_runs, second_runs = (sum(run.tag == tag for run in runs) for tag in (first, second))
    numbers = {"first": first, "second": second}
    return [
        Cue("compare.too_few", numbers | {"first_runs": first_runs, "second_runs": second_runs})
    ]


def tags_to_compare(runs: Sequence[TaggedRun], *, in_turn: bool = False) -> list[tuple[str, str]]:
    """Pairs of tags that have the runs for it: the one of most runs against up to three others.

    Parameters
    ----------
    runs : sequence of TaggedRun
        In order of time.
    in_turn : bool
        For shoes: the last two that came into use instead.

    Examples
    --------
    >>> runs = [TaggedRun(tag, at) for at, tag in enumerate("aaabbbbccc")]
    >>> tags_to_compare(runs), tags_to_compare(runs, in_turn=True)
    ([('b', 'a'), ('b', 'c')], [('b', 'c')])
    """
    counts = Counter(run.tag for run in runs)
    known = [tag for tag, count in counts.items() if count >= LEAST_RUNS]
    if in_turn:
        return [(known[-2], known[-1])] if len(known) > 1 else []
    most = max(known, key=lambda tag: counts[tag], default="")
    return [(most, tag) for tag in known if tag != most][:_MOST_TAGS]


def _nearest(
    one: Sequence[TaggedRun], other: Sequence[TaggedRun]
) -> list[tuple[TaggedRun, TaggedRun]]:
    """Pairs of runs nearest in time, each run once, the closest pair first."""
    distances = sorted(
        (abs(a.utc_ns - b.utc_ns), i, j) for i, a in enumerate(one) for j, b in enumerate(other)
    )
    used_one: set[int] = set()
    used_other: set[int] = set()
    pairs: list[tuple[TaggedRun, TaggedRun]] = []
    for _, i, j in distances:
        if i not in used_one and j not in used_other:
            used_one.add(i)
            used_other.add(j)
            pairs.append((one[i], other[j]))
    return pairs


def _in_order(
    one: Sequence[TaggedRun], other: Sequence[TaggedRun]
) -> list[tuple[TaggedRun, TaggedRun]]:
    """The last run before with the first one after, and so on outwards."""
    return list(zip(reversed(one), other, strict=False))


def _words(indicator: str) -> str:
    if indicator == NEXT_DAY_PAIN:
        return Cue("compare.next_day_pain").message.capitalize()
    known = (item.words for item in INDICATORS if item.name == indicator)
    return next(known, indicator.replace("_", " ")).capitalize()
