"""Each page from the journal: what is asked for, looked up and rendered. Nothing here serves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, get_args

from imu.errors import ParameterError, RecordingError
from pipelines.clock_words import clock_words
from pipelines.coaching.training.comparisons import comparison_cues, tags_to_compare
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.pain_moments import Placed
from pipelines.coaching.training.red_flags import QUESTIONS, question
from pipelines.coaching.training.traffic_light import CHANGE_FROM
from pipelines.counted import counted
from pipelines.quantities import quantities_in
from pipelines.runner.journal.advice import (
    advice,
    questions_due,
    return_cues,
    return_state,
    words_before_a_run,
)
from pipelines.runner.journal.entries import (
    Exercise,
    ExerciseKind,
    Pain,
    Session,
    Shoe,
    moment,
    utc_ns_of,
)
from pipelines.runner.journal.queries import (
    PlacedPain,
    odometers_m,
    placed_pains,
    runs_by_shoe,
    runs_by_surface,
    unmeasured_runs,
)
from pipelines.runner.journal.tags import SURFACES
from pipelines.runner.journal.words import odometer_words
from pipelines.runner.last_letter import handed_over_store
from pipelines.units import distance_words, height_words, mass_words
from pipelines.views.app_libraries import missing
from pipelines.views.home.diary import FORM, Diary, day_and_time, diary_of, distance_of, load_of
from pipelines.views.home.exercises import EXERCISES, GUIDES
from pipelines.views.home.frame import Frame, render_page
from pipelines.views.home.letter import letter_of, summary_of
from pipelines.views.home.pictures import month_figure, run_figure

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal

#: A cool-down and stretches belong to a run that ended within this time.
_JUST_OVER_NS: Final = 3 * 3600 * 10**9
#: Runs on one page of the list.
_RUNS: Final = 30
#: Spans of days that the months are shown for.
_SPANS: Final = {31: "a month", 92: "three months", 366: "a year"}
_MOMENTS: Final = {
    "": "now",
    "other": "not with a run",
    "before": "before the run",
    "during": "during it",
    "after": "after it",
    "24h": "the next day",
    "48h": "two days later",
}
#: The same where the run stands beside it.
_OF_RUN: Final = {
    "before": "before the run",
    "during": "during the run",
    "after": "after the run",
    "24h": "the day after the run",
    "48h": "two days after the run",
}


@dataclass(frozen=True, slots=True)
class Answers:
    """Makes the pages of one journal.

    Attributes
    ----------
    journal : Journal
        Open.
    folder : Path
        Where its small files are kept.
    now : datetime
        The time on the runner's clock, with its zone.
    """

    journal: Journal
    folder: Path
    now: datetime

    def runs(self, frame: Frame, before: int | None = None) -> str:
        """The list of runs, newest first; those before a number of a run where one is given."""
        limit = 2**62
        if before is not None:
            limit = self.journal.entry(Session, before).utc_start_ns
        sessions = self.journal.entries(Session, "utc_start_ns < ?", (limit,), newest=_RUNS + 1)
        older = len(sessions) > _RUNS
        sessions = sessions[-_RUNS:]
        diary = self._around(sessions)
        rows = [
            {
                "run": one,
                "when": day_and_time(one),
                "picture": run_figure(one, sessions, f"run{one.identifier}") if one.means else "",
                "facts": self._facts(one),
                "pain": ", ".join(
                    f"{pain.level} {_MOMENTS[when]}" for pain, when in diary.pains_of(one)
                ),
                "hurt": any(pain.level >= CHANGE_FROM for pain, _ in diary.pains_of(one)),
            }
            for one in reversed(sessions)
        ]
        oldest = sessions[0].identifier if older and sessions else None
        return render_page("runs.html.j2", frame, rows=rows, older=oldest)

    def run(self, frame: Frame, number: int, *, report: str = "", trouble: str = "") -> str:
        """A page a run: what can be said of it and corrected, and its report beneath."""
        session = self.journal.entry(Session, number)
        diary = self._around([session])
        settings = self.journal.settings()
        distance_m = session.distance_m
        own = diary.shoe_name(session)
        worn = [
            one.name
            for one in diary.shoes.values()
            if one.retired is None or one.retired >= session.day
        ]
        return render_page(
            "run.html.j2",
            frame,
            run=session,
            when=day_and_time(session),
            facts=self._facts(session),
            pains=[(pain, _MOMENTS[when]) for pain, when in diary.pains_of(session)],
            distance="" if distance_m is None else distance_words(distance_m, settings.units),
            shoe=own,
            shoes=list(dict.fromkeys([*worn, *filter(None, [own])])),
            surfaces=list(dict.fromkeys([*SURFACES, *filter(None, (session.surface,))])),
            moments={key: words for key, words in _MOMENTS.items() if key in _OF_RUN},
            not_now=self._not_now(),
            just_over=utc_ns_of(self.now) - session.utc_end_ns < _JUST_OVER_NS,
            report=report,
            report_trouble=trouble,
            activity=not missing("garmin_fit_sdk"),
        )

    def months(self, frame: Frame, days: int | None = None) -> str:
        """Trends of form by date, with pain, load and shoes beneath; of a month by default."""
        days = 31 if days is None else days
        if days not in _SPANS:
            raise ParameterError("days", days, ", ".join(map(str, _SPANS)))
        today = self.now.date()
        diary = diary_of(self.journal, today - timedelta(days=days - 1), today)
        settings = self.journal.settings()
        words = self._month_words(diary)
        figure = month_figure(diary, FORM, "months", words, settings.units)
        return render_page(
            "months.html.j2",
            frame,
            diary=diary,
            figure=figure,
            words=words,
            spans=_SPANS,
            days=days,
            rows=[(one, day_and_time(one), self._facts(one)) for one in reversed(diary.sessions)],
            compared=self._compared(),
            form=FORM,
            units=settings.units,
            shoe_name=diary.shoe_name,
            pains_of=diary.pains_of,
        )

    def diary_page(self, frame: Frame) -> str:
        """The journal: today's advice, pain, exercises, shoes, plan, settings and warning signs."""
        found, settings = advice(self.journal, self.now), self.journal.settings()
        told = {one.message: EXERCISES.get(GUIDES.get(one.text_id, "")) for one in found.cues}
        plan = [one.message for one in return_cues(self.journal, utc_ns_of(self.now))]
        state = return_state(self.journal)
        units = settings.units
        distances, unmeasured = odometers_m(self.journal), unmeasured_runs(self.journal)
        last = self.journal.entries(Session, "NOT simulated", newest=1)
        ceiling = settings.weekly_ceiling_m
        return render_page(
            "journal.html.j2",
            frame,
            advice=told,
            stopped=found.red_flags.stopped,
            not_now=self._not_now(),
            last_run=last[0] if last else None,
            last_when=day_and_time(last[0]) if last else "",
            moments={key: _MOMENTS[key] for key in (_MOMENTS if last else ("", "other"))},
            pains=self._with_runs(placed_pains(self.journal)[-10:]),
            kinds=get_args(ExerciseKind),
            exercises=list(reversed(self.journal.entries(Exercise, newest=10))),
            shoes=[
                (one, odometer_words(distances[number], unmeasured.get(number, 0), units))
                for one in self.journal.entries(Shoe)
                if (number := one.identifier)
            ],
            followed=state is not None and not state.finished,
            plan=[words for words in plan if words not in told],
            settings=settings,
            height="" if settings.height_m is None else height_words(settings.height_m, units),
            mass="" if settings.mass_kg is None else mass_words(settings.mass_kg, units),
            ceiling="" if ceiling is None else distance_words(ceiling, units),
            questions=[(name, question(name)) for name in QUESTIONS],
        )

    def exercises(self, frame: Frame) -> str:
        """The guided exercises, and what does good between runs."""
        return render_page(
            "exercises.html.j2",
            frame,
            exercises=EXERCISES.values(),
            habits=[Cue("desk.habit").message, Cue("twisting.habit").message],
            not_now=self._not_now(),
        )

    def exercise(self, frame: Frame, name: str) -> str:
        """One of them, to be guided through."""
        one = EXERCISES.get(name)
        if one is None:
            raise ParameterError("exercise", name, f"one of {', '.join(EXERCISES)}")
        cues = [{"at": cue.time_s, "say": cue.message} for cue in one.cues]
        return render_page("exercise.html.j2", frame, one=one, cues=cues, not_now=self._not_now())

    def questions_due(self) -> str:
        """Why the questions about warning signs are to be answered; empty where they are not."""
        due = questions_due(self.journal, utc_ns_of(self.now))
        return "" if due is None else due.message

    def _not_now(self) -> str:
        """Why no training is suggested now; empty where it is."""
        return words_before_a_run(self.journal, utc_ns_of(self.now))

    def letter(self, frame: Frame) -> str:
        """The letter to a physiotherapist."""
        stored = handed_over_store(self.folder).load()
        letter = letter_of(self.journal, self.now.date(), stored.value)
        units = self.journal.settings().units
        words = self._month_words(letter.diary)
        return render_page(
            "letter.html.j2",
            frame,
            letter=letter,
            units=units,
            words=words,
            figure=month_figure(letter.diary, FORM, "letter", words, units),
            rows=[(one, day_and_time(one)) for one in reversed(letter.diary.sessions)],
            large=quantities_in("large"),
            distance_words=distance_words,
            counted=counted,
            distance_of=distance_of,
            load_of=load_of,
            clock_words=clock_words,
            pains=self._with_runs(letter.diary.pains),
            question=question,
            note=stored.note,
        )

    def hand_over(self) -> str:
        """Keep what today's letter says, for the next one; a sentence."""
        store = handed_over_store(self.folder)
        found = store.load()
        if not found.replaceable:
            raise RecordingError(found.note)
        store.save(summary_of(letter_of(self.journal, self.now.date(), found.value)))
        return "Kept: the next letter tells what has changed since this one."

    def _with_runs(self, pains: Sequence[PlacedPain]) -> list[tuple[str, Pain, str]]:
        """Ratings, newest first: the time of each, and of which runs it is."""
        return [
            (
                f"{moment(one.pain.utc_ns, one.pain.utc_offset_minutes):%Y-%m-%d %H:%M}",
                one.pain,
                " and ".join(map(self._of_run, one.places)) or _MOMENTS["other"],
            )
            for one in reversed(pains)
        ]

    def _of_run(self, place: Placed) -> str:
        run = self.journal.entry(Session, place.number)
        return f"{_OF_RUN[place.moment]} of {day_and_time(run)}"

    def _around(self, sessions: list[Session]) -> Diary:
        """The days of some sessions."""
        days = [one.day for one in sessions] or [self.now.date()]
        return diary_of(self.journal, min(days), max(days))

    def _facts(self, session: Session) -> str:
        """A run in a line: distance, time, load and where."""
        units = self.journal.settings().units
        known = [
            "distance not said"
            if session.distance_m is None
            else distance_words(session.distance_m, units),
            clock_words(session.duration_s),
        ]
        if session.dose_easy_km_m4 is not None:
            known.append(f"load {load_of([session], units)} easy")
        shoe = self.journal.entry(Shoe, session.shoe_id).name if session.shoe_id else ""
        effort = "" if session.effort is None else f"effort {session.effort} of 10"
        simulated = "simulated" if session.simulated else ""
        return " · ".join([*known, *filter(None, (session.surface, shoe, effort, simulated))])

    def _compared(self) -> list[str]:
        """Surfaces beside each other, and the last two pairs of shoes, of all runs."""
        surfaces, shoes = runs_by_surface(self.journal), runs_by_shoe(self.journal)
        cues = [
            cue
            for first, second in tags_to_compare(surfaces)
            for cue in comparison_cues(surfaces, first, second)
        ]
        for first, second in tags_to_compare(shoes, in_turn=True):
            cues += comparison_cues(shoes, first, second, before_and_after=True)
        shown = [cue.message for cue in cues if cue.text_id != "compare.too_few"]
        return list(dict.fromkeys(shown))  # how far they lead once, at the end of each

    def _month_words(self, diary: Diary) -> str:
        units = self.journal.settings().units
        pain = diary.worst_pain
        rated = "no pain was rated" if pain is None else f"worst pain {pain} of 10"
        return (
            f"{diary.first} to {diary.last}: {counted(len(diary.sessions), 'run')}, "
            f"{distance_of(diary.sessions, units)}, {rated}."
        )
