"""Run/walk intervals: which phase it is, how long it lasts, and when to say so.

Run and walk in turn is how health article 000 begins the return; the walk at the beginning and the
end is health article 001.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Final, Literal, NamedTuple

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue

#: Share of an interval that is spent as it was planned when it counts as kept: a change of gait
#: takes some seconds, and a short interval is not lost for them.
_KEPT: Final = 0.6

PhaseKind = Literal["warm_up", "run", "walk", "done"]


@dataclass(frozen=True, slots=True)
class RunWalkPlan(Checked):
    """A walk to begin, then run and walk in turn.

    Attributes
    ----------
    run_s, walk_s : float
        Length of each, 10 to 3600 s.
    repeats : int
        How many pairs, 1 to 100.
    warm_up_s : float
        Walk at the beginning, 0 to 1800 s.

    Raises
    ------
    ParameterError
        When a value is out of range.
    """

    run_s: Annotated[float, Within(10.0, 3600.0, "s")] = 60.0
    walk_s: Annotated[float, Within(10.0, 3600.0, "s")] = 60.0
    repeats: Annotated[int, Within(1, 100)] = 10
    warm_up_s: Annotated[float, Within(0.0, 1800.0, "s")] = 300.0

    @property
    def duration_s(self) -> float:
        """Of the whole plan, s."""
        return self.warm_up_s + self.repeats * (self.run_s + self.walk_s)


@dataclass(frozen=True, slots=True)
class Phase:
    """Where a plan stands.

    Attributes
    ----------
    kind : {"warm_up", "run", "walk", "done"}
        What to do.
    number : int
        Which repeat, from 1; 0 before the first and after the last.
    remaining_s : float
        To the next phase, s; infinite when done.
    """

    kind: PhaseKind
    number: int
    remaining_s: float


def phase_at(plan: RunWalkPlan, elapsed_s: float) -> Phase:
    """The phase at a time since the start; a phase includes its beginning, not its end.

    Examples
    --------
    >>> phase_at(RunWalkPlan(run_s=60, walk_s=30, repeats=2, warm_up_s=0), 75.0)
    Phase(kind='walk', number=1, remaining_s=15.0)
    """
    if elapsed_s < plan.warm_up_s:
        return Phase("warm_up", 0, plan.warm_up_s - elapsed_s)
    if elapsed_s >= plan.duration_s:
        return Phase("done", 0, math.inf)
    pair_s = plan.run_s + plan.walk_s
    number, within_s = divmod(elapsed_s - plan.warm_up_s, pair_s)
    repeat = min(int(number) + 1, plan.repeats)
    if within_s < plan.run_s:
        return Phase("run", repeat, plan.run_s - within_s)
    return Phase("walk", repeat, pair_s - within_s)


def interval_cues(plan: RunWalkPlan, after_s: float, until_s: float) -> list[Cue]:
    """What to say in the time ``after_s < t <= until_s``; with -1 the start is included.

    However a session is cut into calls, every cue comes once.
    """
    cues: list[Cue] = []
    if plan.warm_up_s > 0.0:
        cues.append(Cue("intervals.warm_up", {"seconds": plan.warm_up_s}, 0.0))
    for repeat in range(plan.repeats):
        start_s = plan.warm_up_s + repeat * (plan.run_s + plan.walk_s)
        cues.append(Cue("intervals.run", {"seconds": plan.run_s}, start_s))
        cues.append(Cue("intervals.walk", {"seconds": plan.walk_s}, start_s + plan.run_s))
    cues.append(Cue("intervals.done", {}, plan.duration_s))
    return [cue for cue in cues if after_s < cue.time_s <= until_s]


class Adherence(NamedTuple):
    """Intervals of a run/walk plan that came to their end: how many of them were kept."""

    walks: int
    walked: int
    runs: int
    jogged: int

    @property
    def cue(self) -> Cue:
        """What to tell after the run."""
        # a jog that was walked is no fault
        kept = self.walked == self.walks
        return Cue("intervals.kept" if kept else "intervals.not_kept", dict(self._asdict()))


def adherence_of(
    phases: Sequence[tuple[PhaseKind, float]], stretches: Iterable[tuple[str, float, float]]
) -> Adherence | None:
    """Planned intervals against those that were run and walked; None where none was finished.

    Parameters
    ----------
    phases : sequence of (kind, time)
        Each phase of the plan and when it began, s, in order; the last one is not finished.
    stretches : iterable of (gait, begin, end)
        What the runner did, s.

    Examples
    --------
    >>> phases = [("run", 0.0), ("walk", 60.0), ("run", 120.0)]
    >>> adherence_of(phases, [("run", 0.0, 118.0), ("walk", 118.0, 120.0)])
    Adherence(walks=1, walked=0, runs=1, jogged=1)
    """
    did = list(stretches)
    kept: dict[str, list[bool]] = {"walk": [], "run": []}
    for (kind, begin_s), (_, end_s) in pairwise(phases):
        if kind not in kept or end_s <= begin_s:
            continue
        # standing is no running either: whoever waits at a road has not run through a walk
        fitting = {"run"} if kind == "run" else {"walk", "still"}
        done_s = sum(
            max(0.0, min(end_s, until_s) - max(begin_s, from_s))
            for gait, from_s, until_s in did
            if gait in fitting
        )
        kept[kind].append(done_s >= _KEPT * (end_s - begin_s))
    if not any(kept.values()):
        return None
    walks, runs = kept["walk"], kept["run"]
    return Adherence(len(walks), sum(walks), len(runs), sum(runs))
