"""Guided exercises on a page: which there are, and what is said when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.routines import ROUTINES, routine_cues
from pipelines.coaching.training.strength import StretchPlan, stretch_timer
from pipelines.runner.journal.entries import ExerciseKind


@dataclass(frozen=True, slots=True)
class Guided:
    """One guided exercise.

    Attributes
    ----------
    name : str
        In addresses.
    title : str
        For people, with what it is for.
    cues : sequence of Cue
        What to say, each with its time from the start, s; the last one ends it.
    kind : ExerciseKind, optional
        What it is noted as once it is done; None: it is a part of a run.
    suggested : bool
        Whether it is training, of which there is none while pain is high.
    """

    name: str
    title: str
    cues: Sequence[Cue]
    kind: ExerciseKind | None = None
    suggested: bool = True

    @property
    def minutes(self) -> float:
        """How long it takes."""
        return self.cues[-1].time_s / 60.0

    @property
    def instructions(self) -> list[str]:
        """What there is to do, each once, in order, without the counting."""
        said = (cue.message for cue in self.cues if cue.text_id not in _COUNTING)
        return list(dict.fromkeys(said))


_COUNTING: Final = ("routine.count", "routine.done", "stretch.change", "stretch.done")
_TITLES: Final = {
    "warm-up": "Warm-up before a run",
    "cool-down": "Cool-down after a run",
    "core": "Core: two sets",
    "balance": "Balance",
}
_KINDS: Final[dict[str, ExerciseKind]] = {"core": "core", "balance": "core"}

#: By what suggests it, the exercise that guides through it.
GUIDES: Final = {"core.due": "core", "stretch.due": "stretch"}
#: By name, in the order of a run.
EXERCISES: Final[dict[str, Guided]] = {
    **{
        name: Guided(
            name, _TITLES[name], routine_cues(name), _KINDS.get(name), suggested=name != "cool-down"
        )
        for name in ROUTINES
    },
    "stretch": Guided("stretch", "Hamstring stretches", stretch_timer(StretchPlan()), "stretch"),
}
