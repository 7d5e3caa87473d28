"""Guided exercises: warm-up, core, balance and cool-down, as what to say and when.

Pelvic tilts before a run: health article 004; high knees, mini-squats and leg swings: 000 and 001;
pelvic tilts, bridges and planks: 000 and 001; balance: 000; easy walking at the end: 001. How many
and how long are this program's rule of thumb.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipelines.coaching.training.cues import Cue

_CHANGE_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Part:
    """One exercise of a routine.

    Attributes
    ----------
    name : str
        Of its text: ``routine.NAME`` says how it is done.
    repeats : int
        How often it is counted, from 1.
    each_s : float
        Time of one, s.
    """

    name: str
    repeats: int
    each_s: float


_TILTS: Final = Part("pelvic_tilts", 10, 4.0)
_CORE: Final = (_TILTS, Part("bridges", 10, 4.0), Part("plank", 1, 20.0))
#: By name, in the order of a run.
ROUTINES: Final[dict[str, tuple[Part, ...]]] = {
    "warm-up": (
        _TILTS,
        Part("high_knees", 1, 30.0),
        Part("mini_squats", 10, 3.0),
        Part("leg_swings", 10, 3.0),
    ),
    "cool-down": (Part("walk", 3, 60.0),),
    "core": (*_CORE, Part("rest", 1, 30.0), *_CORE),
    "balance": (Part("balance_left", 1, 30.0), Part("balance_right", 1, 30.0)),
}


def routine_cues(name: str) -> list[Cue]:
    """What to say, each with its time from the start, s; the last one ends it.

    Examples
    --------
    >>> [(cue.time_s, cue.message) for cue in routine_cues("cool-down")][1:3]
    [(5.0, '1 of 3'), (65.0, '2 of 3')]
    """
    cues: list[Cue] = []
    time_s = 0.0
    for part in ROUTINES[name]:
        seconds = part.each_s if part.repeats == 1 else part.repeats * part.each_s
        cues.append(Cue(f"routine.{part.name}", {"seconds": seconds}, time_s))
        time_s += _CHANGE_S
        for number in range(1, part.repeats + 1):
            if part.repeats > 1:
                cues.append(Cue("routine.count", {"n": number, "of": part.repeats}, time_s))
            time_s += part.each_s
    return [*cues, Cue("routine.done", {}, time_s)]


def routine_minutes(name: str) -> float:
    """How long a routine takes, minutes."""
    return routine_cues(name)[-1].time_s / 60.0
