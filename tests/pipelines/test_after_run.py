"""Whatever ends a run, it is in the journal at once; what follows is asked, each answer kept."""

from __future__ import annotations

import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Exercise, Pain, Session
from tests.patience import HANG_S
from tests.pipelines.command_line import environment
from tests.warm_process import WarmPopen

if sys.platform == "win32":
    pytest.skip("no pseudo-terminal", allow_module_level=True)

#: A run as ``backstride live`` has it, of the simulated runner as if it were a person.
RUN = """
import asyncio, fcntl, sys, termios
from pathlib import Path
from imu.compile_ahead import warm_up
from pipelines.commands.after_run import file_and_review
from pipelines.commands.live import _tell_end
from pipelines.coaching.plan import CompanionPlan
from pipelines.live import LiveOptions, run_live
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.user_directory import data_directory
from pipelines.views.terminal.view import TerminalView
import pipelines.commands.guided as guided
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # its end is that of the window
guided.time = type("Clock", (), {"sleep": lambda s: None, "monotonic": lambda: 0.0})
warm_up()
options = LiveOptions(
    record=data_directory() / "sessions" / f"{sys.argv[2]}.mcap",
    companion=CompanionPlan(), filed=True, marks=(("surface", "track"),),
)
async def run():
    with TerminalView(interactive=False) as view:
        return await run_live(sys.argv[1], options, view)
with JournalAtHand() as journal:
    done = asyncio.run(run())
    filed = file_and_review(done, journal, compared=sys.argv[2] != "no history")
    _tell_end(done, filed, journal)
"""
SHORT = "sim:?minutes=0.7&standing_s=2&time_scale=0&rate=50"
LONG = "sim:?minutes=60&standing_s=2&time_scale=30&rate=50"


@contextmanager
def running(url: str, home: Path, name: str = "run") -> Iterator[tuple[int, WarmPopen]]:
    """The run in a terminal of its own, whose end it hears of as of a closed window."""
    import pty

    outer, inner = pty.openpty()
    process = WarmPopen(
        [sys.executable, "-c", RUN, url, name],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        env=environment(BACKSTRIDE_HOME=str(home), COLUMNS="300"),
    )
    os.close(inner)
    try:
        yield outer, process
    finally:
        process.kill()
        process.wait()


def answered(outer: int, process: WarmPopen, answers: dict[str, str]) -> str:
    """Answer each question when it has been asked; returns all that was shown."""
    shown, waiting = "", dict(answers)
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        try:
            piece = os.read(outer, 4096)
        except OSError:
            break
        if not piece:
            break
        shown += piece.decode(errors="replace")
        for question in [key for key in waiting if key in shown]:
            os.write(outer, f"{waiting.pop(question)}\n".encode())
    process.wait(HANG_S)
    assert "Traceback" not in shown, shown
    return shown.replace("\r\n", "\n")


def test_after_the_run_it_is_filed_asked_and_compared(tmp_path: Path) -> None:
    with running(SHORT + "&speed=3", tmp_path, "first") as (outer, process):
        answers = {
            "Pain in your back now": "eleven\n7",
            "Cool down now": "perhaps\nn",
            "Does pain shoot": "n",
            "leg weaker": "n",
            "numb or tingling": "n",
            "drag or slap": "n",
            "between your legs numb": "n",
            "holding water": "n",
            "fall or an accident": "n",
            "fever": "n",
            "How far was it, such as 5 km": "1,2",
            "How hard was it": "8",
        }
        shown = answered(outer, process, answers)
    assert "give a number from 0 to 10" in shown
    assert "Pain of 7 with this run: no run until it is 3 or less again." in shown
    held = "None of these signs.\nYou rated your pain 7, just now: walk, or leave"
    assert held in shown  # and nothing goes on
    assert "Effort 8 of 10: a hard run. Make the next one easy" in shown
    assert "Stretch the hamstrings" not in shown  # pain is high
    with Journal(tmp_path / "journal.sqlite3") as journal:
        (session,) = journal.entries(Session)
        (pain,) = journal.entries(Pain)
    assert (session.distance_m, session.distance_source, session.effort) == (1200.0, "user", 8)
    assert (pain.level, pain.when, pain.session_id) == (7, "after", 1)
    with running(SHORT + "&speed=3.6", tmp_path, "second") as (outer, process):
        answers = {"Pain in your back now": "1", "How far": "", "How hard": "", "Stretch": "y"}
        shown = answered(outer, process, answers)
    assert re.search(
        r"Against your run of \d{4}-\d\d-\d\d on track: .*contact time \d+ % lower", shown
    )
    assert "What went well" not in shown  # half a minute is no praise
    with running(SHORT + "&speed=3", tmp_path, "no history") as (outer, process):
        questions = ("Pain in your back now", "How far", "How hard", "Cool down now", "Stretch")
        assert "Against your run" not in answered(outer, process, dict.fromkeys(questions, ""))
    assert "Stretching done." in shown
    assert shown.rstrip().endswith("All of it is in your journal.")
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert [item.kind for item in journal.entries(Exercise)] == ["stretch"]


@pytest.mark.parametrize("ends", ["SIGTERM", "closed window"])
def test_whatever_ends_the_run_it_is_in_the_journal(ends: str, tmp_path: Path) -> None:
    recording = tmp_path / "sessions" / "run.mcap"
    with running(LONG, tmp_path) as (outer, process):
        deadline = time.monotonic() + HANG_S
        while not (recording.exists() and recording.stat().st_size > 20_000):
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.05)
        if ends != "closed window":
            process.send_signal(signal.Signals[ends])
        os.close(outer)
        process.wait(HANG_S)
    with Journal(tmp_path / "journal.sqlite3") as journal:
        (session,) = journal.entries(Session)
    assert session.steps > 10
    assert session.source_file == str(recording)
