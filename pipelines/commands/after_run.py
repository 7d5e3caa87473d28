"""After a run that was filed: cool-down, stretches, pain and distance, asked in the terminal.

Whatever ends these questions, the run is in the journal already, and so is each answer.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from imu.errors import BackstrideError
from pipelines.coaching.training.effort import perceived_cue
from pipelines.coaching.training.routines import routine_cues
from pipelines.coaching.training.strength import StretchPlan
from pipelines.coaching.training.traffic_light import judge_pain
from pipelines.commands.guided import follow, stretch_and_note
from pipelines.commands.journal.messages import add_or_tell, say_pain
from pipelines.commands.journal.questions import ask_what_is_due
from pipelines.commands.messages import complain, say
from pipelines.live import LiveRun
from pipelines.runner.continuing import EarlierSession
from pipelines.runner.filing import file_run, finished_run
from pipelines.runner.journal.advice import judged_note, why_no_training
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Pain, Session
from pipelines.runner.journal.queries import session_at
from pipelines.runner.journal.runs import edit_run
from pipelines.runner.journal.stated import Distance, Stated
from pipelines.runner.journal.words import run_line
from pipelines.runner.review import cool_down_was_told, review_cues
from pipelines.runner.unfiled import file_it, unfiled_at, unfiled_run
from pipelines.session.result import SessionResult
from pipelines.stopping import no_ending_now
from pipelines.units import LONG, parse_distance, read_typed
from pipelines.views.page.run import Filed
from pipelines.views.terminal.first_run import number_up_to, yes_or_no

Answer = TypeVar("Answer")


def file_and_review(run: LiveRun, journal: JournalAtHand, *, compared: bool = True) -> Filed:
    """Put a run into the journal at once, and give what there is to say of it.

    One that is nobody's, such as a simulated one, is not filed; ``compared``, whether it is set
    beside the last one.
    """
    result = run.result
    if result is None:
        return Filed()
    said = [cue.message for cue in result.closing_cues]
    if not run.filed:
        return Filed(None, tuple(said))
    try:
        with no_ending_now():
            notes, cues = file_run(finished_run(result, recording=run.recording), journal)
    except BackstrideError as error:
        return Filed(None, tuple(said), (f"the run is not in the journal: {error}",))
    session = journal.ask(lambda it: session_at(it, result.header.utc_start_ns), None)
    if session is not None and not result.stopped:
        reviewed = partial(review_cues, session=session, result=result, compared=compared)
        cues = [*cues, *journal.ask(reviewed, [])]
    if session is not None and journal.ask(lambda it: cool_down_was_told(it, session), False):
        said = [cue.message for cue in result.closing_cues if cue.text_id != "cool_down.short"]
    number = None if session is None else session.identifier
    return Filed(number, (*said, *(cue.message for cue in cues)), tuple(notes))


def ask_after_run(result: SessionResult, journal: JournalAtHand) -> None:
    """Ask what only the runner knows, and guide what does good now; Ctrl-C ends it.

    Where there is no terminal, the questions that pain calls for are named alone.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        ask_what_is_due(journal)
        return
    session = journal.ask(lambda it: session_at(it, result.header.utc_start_ns), None)
    if session is None or session.identifier is None:
        return
    try:
        _ask_pain(session, journal)
        if session.distance_m is None:
            _ask_distance(session.identifier, journal)
        _ask_effort(session.identifier, journal)
        quiet = journal.ask(lambda it: why_no_training(it, time.time_ns()), [])
        cooled = result.cool_down is None or result.cool_down.cue.text_id == "cool_down.done"
        if not cooled and _yes("Cool down now, three easy minutes of walking?"):
            follow(routine_cues("cool-down"))
        if not quiet and _yes("Stretch the hamstrings now, about two minutes?"):
            stretch_and_note(StretchPlan(), "hamstrings", journal)
    except (KeyboardInterrupt, EOFError):
        say("")
    say("All of it is in your journal.")


def offer_unfiled(journal: JournalAtHand) -> None:
    """Offer a run that was recorded and not filed, as after a power cut."""
    run = journal.ask(unfiled_run, None)
    if run is None or journal.trouble:
        return
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain(
            f"note: your run of {run.began} is not in the journal; add it with: backstride "
            f'journal add "{run.path}"'
        )
        return
    try:
        if not _yes(f"Your run of {run.began} is not in the journal. Add it now?", default=True):
            return
        session = file_it(run, journal.open())
    except EOFError:
        return
    except BackstrideError as error:
        complain(f"note: {error}")
        return
    say(
        "No step was found in it, so it is not added."
        if session is None
        else run_line(journal.open(), session)
    )


def file_earlier(earlier: EarlierSession, journal: JournalAtHand) -> None:
    """File what was run before this session goes on from it, so that the journal knows of it."""
    if earlier.header.simulated:  # nobody ran it
        return
    try:
        opened = journal.open()
        run = unfiled_at(opened, earlier.path)
        session = None if run is None else file_it(run, opened)
    except BackstrideError as error:
        complain(f"note: {error}")
        return
    if session is not None:
        say(f"What you ran before is in your journal: {run_line(opened, session)}")


def _ask_pain(session: Session, journal: JournalAtHand) -> None:
    level = _asked("Pain in your back now, from 0 (none) to 10? [skip] ", number_up_to(10))
    if level is not None:
        utc_ns, offset = time_of("")
        note = Pain(utc_ns, level, "after", session.identifier, utc_offset_minutes=offset)
        light = journal.ask(lambda it: judged_note(it, note), judge_pain(level, moment="after"))
        if light is not None:
            say(light.cue.message)
        if add_or_tell(note, journal):
            say_pain(journal.open())
    ask_what_is_due(journal)


def _ask_distance(number: int, journal: JournalAtHand) -> None:
    units = journal.open().settings().units
    example = "5 km" if units == "metric" else "3 miles"
    distance_m = _asked(
        f"How far was it, such as {example}? [skip] ",
        lambda words: read_typed(parse_distance, words, LONG[units][1]),
    )
    if distance_m is not None:
        edit_run(journal.open(), number, Stated(Distance(distance_m, "user")))


def _ask_effort(number: int, journal: JournalAtHand) -> None:
    effort = _asked("How hard was it, from 0 (rest) to 10? [skip] ", number_up_to(10))
    if effort is not None:
        edit_run(journal.open(), number, Stated(effort=effort))
        say(perceived_cue(effort).message)


def _yes(question: str, *, default: bool = False) -> bool:
    shown = "y" if default else "n"
    found = _asked(f"{question} [{shown}] ", yes_or_no)
    return default if found is None else found


def _asked(question: str, read: Callable[[str], Answer]) -> Answer | None:
    """Ask until the answer can be read; None for an empty one."""
    while True:
        sys.stdout.write(question)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        if not line.strip():
            return None
        try:
            return read(line.strip())
        except BackstrideError as error:
            say(str(error))
