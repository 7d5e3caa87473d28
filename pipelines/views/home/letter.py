"""The letter to a physiotherapist: four weeks on one page, what changed since the last, details."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from pipelines.coaching.training.weekly import monday_of
from pipelines.counted import counted
from pipelines.intervals import difference_half_width_95
from pipelines.runner.journal.entries import Questionnaire, Session
from pipelines.runner.journal.queries import begins, odometers_m, red_flag_state, unmeasured_runs
from pipelines.runner.journal.words import odometer_words
from pipelines.runner.last_letter import HandedOver
from pipelines.units import distance_words
from pipelines.views.home.diary import FORM, NO_DISTANCE, Diary, Usual, diary_of, distance_of

if TYPE_CHECKING:
    from pipelines.quantities import Quantity
    from pipelines.runner.journal.database import Journal
    from pipelines.units import Units

#: A letter tells of at least so many days: of whole weeks, as the week's ceiling counts them.
DAYS: Final = 28
#: What its form is compared with: the runs of twelve weeks before.
BEFORE_DAYS: Final = 84


@dataclass(frozen=True, slots=True)
class FormRow:
    """One measure of form: these weeks, those before, and the difference with its 95 % interval."""

    quantity: Quantity
    now: Usual | None
    before: Usual | None
    difference: float
    half_width: float

    @property
    def words(self) -> str:
        """What the difference says."""
        if self.now is None:
            return "fewer than three runs that measured it"
        if self.before is None:
            return "nothing to compare with yet: fewer than three earlier runs"
        shown = self.quantity.number
        if abs(self.difference) <= self.half_width or shown(self.difference) == shown(0.0):
            return "no change from the baseline that these runs could show"
        return "changed from the baseline"


@dataclass(frozen=True, slots=True)
class Week:
    """One week of the letter, from its Monday on.

    ``known``: the journal had begun by its end; ``so_far``: it is not over.
    """

    start: date
    sessions: tuple[Session, ...]
    worst_pain: int | None
    ratings: int
    known: bool
    so_far: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a letter says, as data.

    Attributes
    ----------
    diary : Diary
        Its four weeks.
    weeks : tuple of Week
        The same by week, in order.
    form : tuple of FormRow
        Against the runs before.
    odometers_m : dict of int to float
        Of each shoe, m.
    unmeasured : dict of int to int
        Of shoes, how many runs that leaves out.
    flags : tuple of Questionnaire
        The answers to the questions about warning signs: the latest, and before it those of the
        four weeks that had a yes, newest first.
    stopped : bool
        Whether they have stopped the coaching.
    last : HandedOver, optional
        The letter before.
    """

    diary: Diary
    weeks: tuple[Week, ...]
    form: tuple[FormRow, ...]
    odometers_m: dict[int, float]
    unmeasured: dict[int, int]
    flags: tuple[Questionnaire, ...]
    stopped: bool
    last: HandedOver | None = None

    def odometer(self, shoe: int, units: Units) -> str:
        """What a shoe has run."""
        return odometer_words(self.odometers_m[shoe], self.unmeasured.get(shoe, 0), units)

    def changes(self, units: Units) -> list[str]:
        """What is otherwise than in the letter before, a sentence each."""
        last, now = self.last, self.diary
        if last is None:
            return ["This is the first letter."]
        was_m = last.distance_m
        distance = NO_DISTANCE if was_m is None else distance_words(was_m, units)
        told = [
            f"Worst pain {_level(now.worst_pain)} (was {_level(last.worst_pain)}).",
            f"{counted(len(now.sessions), 'run')} and {distance_of(now.sessions, units)} "
            f"(was {last.runs} and {distance}).",
        ]
        for row in self.form:
            was = last.means.get(row.quantity.column)
            if row.now is not None and was is not None:
                told.append(
                    f"Mean {row.quantity.name} {row.quantity.amount(row.now.mean, units)} "
                    f"(was {row.quantity.amount(was, units)})."
                )
        return told


def letter_of(journal: Journal, today: date, last: HandedOver | None = None) -> Letter:
    """The letter of the four weeks up to a day, and what began the first of them.

    Parameters
    ----------
    journal : Journal
        Open.
    today : date
        On the runner's clock; the last day of the letter.
    last : HandedOver, optional
        What the letter before said.
    """
    first = monday_of(today - timedelta(days=DAYS - 1))
    diary = diary_of(journal, first, today)
    before = diary_of(journal, first - timedelta(days=BEFORE_DAYS), first - timedelta(days=1))
    asked = journal.entries(Questionnaire)[::-1]
    flags = asked[:1] + [
        one for one in asked[1:] if any(one.answers.values()) and one.day >= diary.first
    ]
    return Letter(
        diary,
        tuple(
            _week(diary, first + timedelta(days=past), begins(journal))
            for past in range(0, (today - first).days + 1, 7)
        ),
        tuple(_form_row(one, diary, before) for one in FORM),
        odometers_m(journal),
        unmeasured_runs(journal),
        tuple(flags),
        red_flag_state(journal).stopped,
        last,
    )


def summary_of(letter: Letter) -> HandedOver:
    """What is kept of a letter that is handed over."""
    diary = letter.diary
    unknown = distance_of(diary.sessions) == NO_DISTANCE
    return HandedOver(
        diary.last.isoformat(),
        len(diary.sessions),
        None if unknown else diary.distance_m,
        diary.worst_pain,
        {row.quantity.column: row.now.mean for row in letter.form if row.now is not None},
    )


def _week(diary: Diary, start: date, begun: date) -> Week:
    end = start + timedelta(days=7)
    levels = [one.pain.level for one in diary.pains if start <= one.pain.day < end]
    return Week(
        start,
        tuple(one for one in diary.sessions if start <= one.day < end),
        max(levels, default=None),
        len(levels),
        bool(levels) or begun < end or diary.last < end,
        diary.last < end - timedelta(days=1),
    )


def _form_row(quantity: Quantity, diary: Diary, before: Diary) -> FormRow:
    now, was = diary.usual(quantity), before.usual(quantity)
    if now is None or was is None:
        return FormRow(quantity, now, was, math.nan, math.nan)
    values = [
        [one.means[quantity.column] for one in part.sessions if quantity.column in one.means]
        for part in (diary, before)
    ]
    return FormRow(quantity, now, was, now.mean - was.mean, difference_half_width_95(*values))


def _level(level: int | None) -> str:
    return "not rated" if level is None else f"{level} of 10"
