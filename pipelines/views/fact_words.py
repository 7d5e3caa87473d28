"""Sentences about a session's facts, made here and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.traffic_light import Judged
from pipelines.session import facts
from pipelines.session.standing import STANDING_S

if TYPE_CHECKING:
    from pipelines.session.facts import Fact, NeutralTrouble

__all__ = ["CLIP_IS_LOOSE", "LEAN_IS_RELATIVE", "fact_words"]

#: Where axes were found from the steps and nobody stood.
LEAN_IS_RELATIVE: Final = (
    "lean is relative: nobody stood still before the run, so it shows changes within the run only; "
    "stand upright and still for 3 s before the next one."
)

#: Where the sensor rings on its clip.
CLIP_IS_LOOSE: Final = (
    "the clip seems loose: tighten the belt or clip it to a firmer waistband; oscillation and "
    "shock are not trusted until then."
)

_NEUTRAL_TROUBLE: Final[dict[NeutralTrouble, str]] = {
    "no sample": "no sample has come yet",
    "samples missing": f"not all of the last {STANDING_S:g} s has come from the sensor",
    "moving": "you were moving",
    "turned away": "the sensor is turned away from its axes: mark it as moved first",
}


def fact_words(fact: Fact) -> str:
    """What is worth telling of a fact while it happens; empty where nothing is.

    Steps, and alerts, which have a message of their own, are shown in other ways.

    Examples
    --------
    >>> fact_words(facts.NeutralRefused(9.0, "moving"))
    'the standing neutral was not taken, because you were moving.'
    >>> fact_words(facts.Paused(9.0))
    ''
    """
    match fact:
        case facts.CueTold():
            return Cue(fact.text_id, fact.numbers).message
        case facts.PainJudged():
            judged = Judged(fact.level, fact.light, fact.moment, fact.rising).cue.message
            asks = Cue("pain.check", {"level": float(fact.level)}).message if fact.asks else ""
            return f"{judged} {asks}".strip()
        case facts.NeutralTaken():
            return "the standing neutral was taken: lean is measured from it."
        case facts.NeutralRefused():
            return f"the standing neutral was not taken, because {_NEUTRAL_TROUBLE[fact.reason]}."
        case facts.SensorMoved(searching=True):
            return "the sensor was moved: its axes are searched anew while you run."
        case facts.SensorMoved():
            return "the sensor was moved: stand upright and still, and mark the neutral again."
        case facts.AxesFound(from_standing=False, searched=True):
            return LEAN_IS_RELATIVE
        case facts.ClipLoose():
            return CLIP_IS_LOOSE
        case facts.AxesSought():
            return (
                "the sensor's forward axis cannot be told from your steps so far, so lean is "
                "empty: clip the sensor to the middle of the back, or state its axes before you "
                "start."
            )
        case facts.BaselineGivenUp(reason="no standing"):
            return (
                "learning your baseline on the way, since lean of other days can be compared only "
                "when you have stood still before the run."
            )
        case facts.BaselineGivenUp(reason="older definitions"):
            return (
                "learning your baseline on the way, since the earlier one is of an older version, "
                "whose contact times and forces do not compare with those of this one."
            )
        case facts.MarkUnreadable(name="speed" | "slope"):
            return (
                f"the mark {fact.name!r} says {fact.value!r}, which cannot be read: the "
                f"{fact.name} counts as unknown from here."
            )
    return ""
