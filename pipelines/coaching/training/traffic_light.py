"""Pain in a run as a traffic light: go on, change something now, or stop.

Physiotherapists' guides let a runner go on at 0 to 3, change something at 4 and 5, and stop from 6
on or where pain rises within the run. They go back to the pain-monitoring model (Thomeé 1997,
doi:10.1093/ptj/77.12.1690; Silbernagel 2007, doi:10.1177/0363546506298279), which was made for knee
and Achilles tendon and allows up to 5; to ask for a change from 4 on is stricter. A rise is one of
2 points, the least that patients call a change (Farrar 2001, doi:10.1016/S0304-3959(01)00349-9),
or any on top of a 4: what was to be changed by then has not helped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from pipelines.coaching.training.calling_words import call_for_questions
from pipelines.coaching.training.cues import Cue

Light = Literal["go", "change", "stop"]
Moment = Literal["before", "during", "after"]

#: Levels from which on something is changed, and the run ends.
CHANGE_FROM: Final = 4
STOP_FROM: Final = 6
CLEAR_RISE: Final = 2


class Rated(NamedTuple):
    """A level, and when it was felt in relation to its run."""

    level: int
    moment: Moment = "during"


class Judged(NamedTuple):
    """A rating by the traffic light.

    Why it stops, where its level alone would not: it is ``rising`` within the run, the run was
    ``stopped`` by an earlier rating, or a sign for a doctor stands, of which was ``warned``.
    ``most``: the highest rating of a run that is over, where one had called for a change.
    """

    level: int
    light: Light
    moment: Moment
    rising: bool = False
    stopped: bool = False
    warned: bool = False
    most: int = 0

    @property
    def cue(self) -> Cue:
        """What to do, in a sentence."""
        if self.most > self.level:
            return Cue("pain.light_change_eased", {"level": self.level, "most": self.most})
        if not self.level and self.light == "go":
            return Cue("pain.light_none")
        name: str = self.light
        for why in ("warned", "stopped", "rising"):
            if getattr(self, why):
                return Cue(f"pain.light_stop_{why}", {"level": self.level})
        if self.moment == "after" or (self.moment == "before" and self.light != "go"):
            name = f"{name}_{self.moment}"
        return Cue(f"pain.light_{name}", {"level": self.level})


def judge_pain(
    level: int,
    earlier: Sequence[Rated] = (),
    moment: Moment = "during",
    *,
    stopped: bool = False,
    warned: bool = False,
) -> Judged:
    """The light of a rating.

    Parameters
    ----------
    level : int
        0 to 10.
    earlier : sequence of Rated
        The ratings around the same run before it, in order. Pain may have risen from what it was
        before the run, but was none of the run then.
    moment : {"before", "during", "after"}
        In relation to the run; pain rises within a run while it is run.
    stopped : bool
        Whether an earlier rating has ended the run: no later one lets it go on, or makes light of
        it when the run is over.
    warned : bool
        Whether one of the signs that belong into a doctor's hands stands.

    Examples
    --------
    >>> judge_pain(3).light, judge_pain(4).light, judge_pain(6).light
    ('go', 'change', 'stop')
    >>> [judge_pain(level, [Rated(before)]).rising for level, before in ((3, 1), (5, 4), (3, 2))]
    [True, True, False]
    >>> judge_pain(3, [Rated(7)], stopped=True).light
    'stop'
    >>> judge_pain(1, [Rated(7)], "after").cue.headline[:43]
    'Pain of 1 now, and up to 7 with this run: m'
    """
    rising = _rises(Rated(level, moment), earlier)
    if level >= STOP_FROM:
        return Judged(level, "stop", moment)
    if warned:
        return Judged(level, "stop", moment, warned=True)
    if rising:
        return Judged(level, "stop", moment, rising=True)
    if stopped and moment == "during":
        return Judged(level, "stop", moment, stopped=True)
    if moment == "after":
        most = max((one.level for one in earlier if one.moment != "before"), default=0)
        rose = any(_rises(one, earlier[:place]) for place, one in enumerate(earlier))
        if stopped or rose or most >= CHANGE_FROM:
            return Judged(level, "change", moment, most=most)
    return Judged(level, "change" if level >= CHANGE_FROM else "go", moment)


def _rises(rated: Rated, earlier: Sequence[Rated]) -> bool:
    until_then = [one.level for one in earlier if one.moment != "after"]
    return (
        rated.moment == "during"
        and bool(until_then)
        and (
            rated.level - min(until_then) >= CLEAR_RISE
            or rated.level > until_then[-1] >= CHANGE_FROM
        )
    )


def asks_questions(level: int, place: str = "", feeling: str = "", beside: str = "") -> bool:
    """Whether a rating calls for the questions about red flags.

    Strong pain does, and any pain whose place or feeling is told in words of these questions, or
    what was said ``beside`` it.

    Examples
    --------
    >>> asks_questions(6), asks_questions(2, "left calf"), asks_questions(5, "lower back")
    (True, True, False)
    >>> asks_questions(1, "", "cannot pee"), asks_questions(0, "", "cannot pee")
    (True, False)
    """
    return level >= STOP_FROM or (level > 0 and call_for_questions(place, feeling, beside))
