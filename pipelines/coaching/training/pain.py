"""Pain over days: when to see a physiotherapist, and when a specialist.

Tiers (health articles 000, 003, 004): pain for more than 48 hours or growing, a physiotherapist;
two to three weeks, a specialist; a rise of 2 points or more, or pain of 3 or more afterwards, in 3
of the last 5 runs, a specialist.
Two of eleven points are what patients call a clear change (Farrar 2001,
doi:10.1016/S0304-3959(01)00349-9). Nothing here says what the pain is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Final

from imu.ranges import Checked, Within
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.pain_moments import (
    HOUR_NS,
    NEXT_DAY_H,
    SECOND_DAY_H,
    TOO_LATE_H,
)
from pipelines.coaching.training.traffic_light import CHANGE_FROM, CLEAR_RISE, asks_questions
from pipelines.counted import counted

_DAY_H: Final = 24.0
#: Pain after runs that is more than a trace; and in how many of the last five it is steady.
_STEADY: Final = 3
_OFTEN: Final = 3
#: Notes further apart are not taken for one pain: nothing is known of the time in between.
_LONGEST_SILENCE_H: Final = 7 * _DAY_H
#: A pain is called growing only on another day than the one on which it began.
_LATER_H: Final = 12.0


class PainTier(IntEnum):
    """Whom to see, in rising order."""

    NONE = 0
    WATCH = 1
    PHYSIOTHERAPIST = 2
    SPECIALIST = 3


@dataclass(frozen=True, slots=True)
class PainNote(Checked):
    """One rating: time in ns since 1970, level 0 to 10."""

    utc_ns: int
    level: Annotated[int, Within(0, 10)]


@dataclass(frozen=True, slots=True)
class RunPain:
    """Ratings that belong to one run, None where there is none.

    Attributes
    ----------
    before, after, next_day, second_day, during : int, optional
        0 to 10: before, right after, after 24 and 48 hours, and in the run.
    """

    before: int | None = None
    after: int | None = None
    next_day: int | None = None
    second_day: int | None = None
    during: int | None = None

    @property
    def of_run(self) -> int | None:
        """The most in the run and right after it: what is felt in it belongs to it."""
        return _worse(self.during, self.after)

    def followed_by(self, rest: RunPain) -> RunPain:
        """The ratings of a run that stopped and went on; those in between were felt in it.

        Examples
        --------
        >>> RunPain(1, 2).followed_by(RunPain(3, 0, 0))
        RunPain(before=1, after=0, next_day=0, second_day=None, during=3)
        >>> RunPain(after=0).followed_by(RunPain(next_day=0)).pain_free is None
        True
        """
        return RunPain(
            self.before,
            rest.after,
            _worse(self.next_day, rest.next_day),
            _worse(self.second_day, rest.second_day),
            # that nothing hurt before the second part says nothing of its end
            _worse(self.of_run or None, rest.before or None, rest.during),
        )

    @property
    def later(self) -> list[int]:
        """All that is known of the pain in it and after it."""
        return [it for it in (self.of_run, self.next_day, self.second_day) if it is not None]

    @property
    def rise(self) -> int | None:
        """The most after the run, less before it; None when either is unknown."""
        return max(self.later) - self.before if self.later and self.before is not None else None

    @property
    def worst_later(self) -> int:
        """The most after the run; 0 when nothing was noted."""
        return max(self.later, default=0)

    @property
    def pain_free(self) -> bool | None:
        """Whether the run was without pain, judged the day after; None while not known.

        Any pain noted settles it at once; that there was none is known only from ratings right
        after the run and the day after.
        """
        if self.worst_later:
            return False
        if self.of_run is None or (self.next_day is None and self.second_day is None):
            return None
        return True


@dataclass(frozen=True, slots=True)
class TierFinding:
    """Whom to see and why.

    Attributes
    ----------
    tier : PainTier
        The highest that applies.
    cues : tuple of Cue
        What to tell: one sentence for each reason of that tier.
    """

    tier: PainTier
    cues: tuple[Cue, ...]


def pain_tier(notes: Sequence[PainNote], runs: Sequence[RunPain], now_ns: int) -> TierFinding:
    """Judge the ratings of the last weeks.

    Parameters
    ----------
    notes : sequence of PainNote
        All ratings of pain, in order of time.
    runs : sequence of RunPain
        The last runs, in order; only the last five that were rated afterwards count.
    now_ns : int
        The time, ns since 1970.

    Notes
    -----
    A pain is a row of ratings above 0 that no rating of 0 interrupts and no silence of more than a
    week; it lasts from its first to its latest rating, since nothing is known after that. A pain
    that was last noted more than a week ago is over.
    """
    reasons: list[tuple[PainTier, Cue]] = []
    pain = current_pain(notes, now_ns)
    if pain:
        lasted_h = (pain[-1].utc_ns - pain[0].utc_ns) / HOUR_NS
        days = lasted_h / _DAY_H
        grown = pain[-1].level - pain[0].level
        if days >= 21.0:
            reasons.append((PainTier.SPECIALIST, Cue("pain.specialist_now", {"days": days})))
        elif days >= 14.0:
            reasons.append((PainTier.SPECIALIST, Cue("pain.specialist_soon", {"days": days})))
        worse = grown >= CLEAR_RISE and lasted_h >= _LATER_H
        if worse or lasted_h > 48.0:
            cue = Cue("pain.physiotherapist_lasting")
            if worse:
                both = "pain.physiotherapist_both"
                name = both if lasted_h > 48.0 else "pain.physiotherapist_worse"
                cue = Cue(name, {"points": grown})
            reasons.append((PainTier.PHYSIOTHERAPIST, cue))
        reasons.append((PainTier.WATCH, _watch(pain, now_ns)))
    # what nobody rated afterwards was no run without pain
    latest = [run for run in runs if run.later][-5:]
    rises = sum(1 for run in latest if run.rise is not None and run.rise >= CLEAR_RISE)
    if rises >= _OFTEN:
        numbers = {"runs": rises, "of": len(latest)}
        reasons.append((PainTier.SPECIALIST, Cue("pain.specialist_rise", numbers)))
    steady = sum(1 for run in latest if run.worst_later >= _STEADY)
    if steady >= _OFTEN:
        numbers = {"runs": steady, "of": len(latest)}
        reasons.append((PainTier.SPECIALIST, Cue("pain.specialist_steady", numbers)))
    highest = max((tier for tier, _ in reasons), default=PainTier.NONE)
    return TierFinding(highest, tuple(cue for tier, cue in reasons if tier is highest))


def check_cue(level: int, place: str = "", feeling: str = "", beside: str = "") -> Cue | None:
    """Offer the red-flag questions where a rating, or its words, call for them.

    Examples
    --------
    >>> check_cue(5) is None, check_cue(6).text_id, check_cue(2, "left calf").text_id
    (True, 'pain.check', 'pain.check')
    """
    asks = asks_questions(level, place, feeling, beside)
    return Cue("pain.check", {"level": level}) if asks else None


def activity_cues(named: Sequence[str]) -> list[Cue]:
    """What brings symptoms: an activity that three or more notes of pain name.

    Parameters
    ----------
    named : sequence of str
        The activity of each note of pain above 0 that names one.

    Examples
    --------
    >>> activity_cues(["Gardening", "sitting", "gardening", "gardening "])[0].message[:42]
    'Gardening came with pain in 3 of your last'
    """
    times = Counter(name.strip().casefold() for name in named)
    return [
        Cue("pain.activity", {"activity": name.capitalize(), "notes": count, "of": len(named)})
        for name, count in times.most_common()
        if name and count >= _OFTEN
    ]


def relief_cues(notes: Sequence[PainNote], now_ns: int) -> list[Cue]:
    """Heat or cold, in the first two days of a pain that changes what one does."""
    pain = current_pain(notes, now_ns)
    fresh = bool(pain) and (now_ns - pain[0].utc_ns) / HOUR_NS <= 2.0 * _DAY_H
    return [Cue("pain.heat_or_cold")] if fresh and pain[-1].level >= CHANGE_FROM else []


def due_ratings(run_end_ns: int, run: RunPain, now_ns: int) -> Cue | None:
    """Ask for a rating that is due, after the run, 24 h and 48 h; None when nothing is.

    The day after counts from 18 to 36 hours, the second from 36 to 72.
    """
    hours = (now_ns - run_end_ns) / HOUR_NS
    given = {
        (0.0, 6.0): run.of_run,
        (NEXT_DAY_H, SECOND_DAY_H): run.next_day,
        (SECOND_DAY_H, TOO_LATE_H): run.second_day,
    }
    for (first, last), rating in given.items():
        if first <= hours < last and rating is None:
            return Cue("pain.ask", {"ago": ago_words(hours)})
    return None


def ago_words(hours: float) -> str:
    """How long ago something was, in whole hours up to three days, then in days.

    Examples
    --------
    >>> ago_words(0.1), ago_words(1.2), ago_words(47.9), ago_words(100.0)
    ('just now', '1 hour ago', '48 hours ago', '4 days ago')
    """
    if hours < 0.25:
        return "just now"
    if round(hours) == 0:
        return "less than an hour ago"
    if hours < 3.0 * _DAY_H:
        return f"{counted(round(hours), 'hour')} ago"
    return f"{counted(round(hours / _DAY_H), 'day')} ago"


def _worse(*ratings: int | None) -> int | None:
    return max((rating for rating in ratings if rating is not None), default=None)


def _watch(pain: Sequence[PainNote], now_ns: int) -> Cue:
    """What is still to be noted of a pain that has lasted up to 48 hours."""
    began_ns = pain[0].utc_ns
    ages_h = [(note.utc_ns - began_ns) / HOUR_NS for note in pain]
    age_h = (now_ns - began_ns) / HOUR_NS
    name = "pain.watch"
    noted_next_day = ages_h[-1] >= NEXT_DAY_H
    if ages_h[-1] >= SECOND_DAY_H:
        name = "pain.watch_noted"
    elif age_h >= (SECOND_DAY_H if noted_next_day else NEXT_DAY_H):
        name = "pain.watch_today"
    elif noted_next_day:
        name = "pain.watch_second"
    return Cue(name, {"ago": ago_words(max(0.0, age_h - ages_h[-1]))})


def current_pain(notes: Sequence[PainNote], now_ns: int) -> list[PainNote]:
    """The ratings of the pain that is going on, in order; empty without one."""
    pain: list[PainNote] = []
    for note in notes:
        if note.utc_ns > now_ns:
            break
        if pain and (note.utc_ns - pain[-1].utc_ns) / HOUR_NS > _LONGEST_SILENCE_H:
            pain = []
        pain = [*pain, note] if note.level else []
    if pain and (now_ns - pain[-1].utc_ns) / HOUR_NS > _LONGEST_SILENCE_H:
        return []
    return pain
