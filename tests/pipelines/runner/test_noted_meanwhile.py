"""Pain that is noted in another terminal during a run is judged by that run, and kept once."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from devices.simulator.virtual_clock import VirtualClock
from pipelines.files.session_reader import read_session
from pipelines.folding import fold_session
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.runner import noted_meanwhile
from pipelines.runner.filing import file_run, finished_run
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Questionnaire
from pipelines.runner.noted_meanwhile import NotedMeanwhile
from pipelines.session.facts import PainJudged
from pipelines.session.marks import Mark, RedFlags
from pipelines.session.marks import Pain as PainMark
from pipelines.views.terminal.view import TerminalView
from tests.pipelines.command_line import quiet


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[JournalAtHand]:
    monkeypatch.setattr(noted_meanwhile, "_LOOKS_EVERY_S", 0.0)
    with JournalAtHand(tmp_path / "journal.sqlite") as held:
        yield held


def noted_elsewhere(journal: JournalAtHand, *notes: Pain | Questionnaire) -> None:
    with Journal(journal.path) as other:
        for note in notes:
            other.add(note)


def test_a_rating_from_another_terminal_stops_the_run_and_is_filed_once(
    journal: JournalAtHand, tmp_path: Path
) -> None:
    meanwhile, asked = NotedMeanwhile(journal), 0

    def noted() -> list[Mark]:
        nonlocal asked
        asked += 1
        if asked == 255:
            noted_elsewhere(journal, Pain(time.time_ns(), 1, activity="lifting, then numb"))
        if asked == 260:
            noted_elsewhere(journal, Pain(time.time_ns(), 7, place="left"))
        return meanwhile()

    async def run() -> LiveRun:
        options = LiveOptions(record=tmp_path / "run.mcap", noted=noted)
        with TerminalView(Console(file=screen), interactive=False) as view:
            url = "sim:?minutes=0.5&time_scale=0&rate=50"
            return await run_live(url, options, view, clock=VirtualClock())

    screen = io.StringIO()
    ran = asyncio.run(run())
    judged = [fact for fact in ran.facts if isinstance(fact, PainJudged)]
    assert [(fact.level, fact.light, fact.moment) for fact in judged] == [
        (1, "go", "during"),
        (7, "stop", "during"),
    ]
    assert [fact.asks for fact in judged] == [True, False]  # by its words, and once
    assert "Pain of 7" in screen.getvalue()
    assert ran.result is not None
    file_run(finished_run(ran.result, recording=ran.recording), journal)
    assert [(one.level, one.place) for one in journal.open().entries(Pain)] == [
        (1, ""),
        (7, "left"),
    ]
    session = read_session(tmp_path / "run.mcap")
    again = fold_session(session, session.header, quiet)
    assert [fact for fact in again.facts if isinstance(fact, PainJudged)] == judged


def test_ratings_of_other_times_and_runs_are_no_word_of_this_one(journal: JournalAtHand) -> None:
    noted_elsewhere(journal, Pain(time.time_ns() - 10**9, 8))
    meanwhile, now_ns = NotedMeanwhile(journal), time.time_ns()
    noted_elsewhere(
        journal,
        Pain(now_ns - 86_400 * 10**9, 6),
        Pain(now_ns, 5, "after"),
        Pain(now_ns, 4, "other"),
        Pain(now_ns + 10**9, 3),
    )
    assert meanwhile() == []


def test_answers_given_elsewhere_are_answers_in_the_run(journal: JournalAtHand) -> None:
    noted_elsewhere(journal, Questionnaire(time.time_ns() - 10**9, {"bladder": True}))
    meanwhile, now_ns = NotedMeanwhile(journal), time.time_ns()
    noted_elsewhere(
        journal,
        Questionnaire(now_ns + 2, {"weakness": True, "saddle": False}),
        Pain(now_ns + 1, 7),
        Questionnaire(now_ns + 3, {"weakness": False}, cleared=True),
    )
    rated, *answered = meanwhile()
    assert isinstance(rated, PainMark)
    assert answered == [RedFlags(("weakness",)), RedFlags((), cleared=True)]
    assert meanwhile() == []
