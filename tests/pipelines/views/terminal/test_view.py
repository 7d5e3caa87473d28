"""What a runner is promised of the live view: never in the way, whatever the output does."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import textwrap
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from imu.steps import Steps
from pipelines.views.terminal.view import TerminalView
from tests.patience import HANG_S
from tests.pipelines.views.terminal.statuses import ALERT, some_status
from tests.warm_process import WarmPopen


def terminal(width: int = 100, height: int = 30) -> Console:
    return Console(
        file=io.StringIO(), force_terminal=True, width=width, height=height, color_system="standard"
    )


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def run_python(code: str) -> WarmPopen:
    return WarmPopen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", "FORCE_COLOR": "1"},
    )


def test_terminal_that_cannot_encode_boxes_is_drawn_without_a_fault() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    console = Console(file=file, force_terminal=True, width=80, height=24)
    with TerminalView(console, interactive=True) as view:
        view.update(some_status(alert=ALERT))
    file.flush()
    assert view.stopped == ""
    assert b"changed from your baseline" in raw.getvalue()


@pytest.mark.parametrize("no_color", ["", "1"])
def test_without_colour_the_words_stay(monkeypatch: pytest.MonkeyPatch, no_color: str) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    console = terminal()
    with TerminalView(console, interactive=True) as view:
        view.update(some_status(alert=ALERT))
    colours = re.findall(r"\x1b\[[\d;]*3[0-7]m", written(console))
    assert bool(colours) is (no_color == "")
    plain = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", written(console))
    assert "changed from your baseline" in plain


def test_terminal_comes_back_as_it_was_even_after_an_error() -> None:
    console = terminal()

    def run() -> None:
        with TerminalView(console, interactive=True) as view:
            view.update(some_status())
            raise RuntimeError

    with pytest.raises(RuntimeError):
        run()
    sent = written(console)
    assert sent.index("\x1b[?1049h") < sent.index("\x1b[?1049l")
    assert sent.rindex("\x1b[?25h") > sent.rindex("\x1b[?25l")
    assert "2071 steps" in sent[sent.index("\x1b[?1049l") :]


def test_terminal_is_redrawn_at_most_eight_times_a_second() -> None:
    console = terminal()
    began = time.monotonic()
    with TerminalView(console, interactive=True) as view:
        for number in range(200):
            view.update(replace(some_status(), steps=number + 1))
            time.sleep(0.003)
        spent_s = time.monotonic() - began
    frames = written(console).count("\x1b[H")
    assert 2 <= frames <= 8 * spent_s + 3
    assert "200 steps" in written(console)  # the last status is always shown


def test_status_may_be_changed_after_it_was_handed_over() -> None:
    console = terminal()
    status = some_status()
    with TerminalView(console, interactive=True) as view:
        view.update(status)
        status.steps = 9999
    assert "9999" not in written(console)


class HeldFile(io.StringIO):
    """A terminal held with Ctrl-S, or a pipe nobody reads: writing waits."""

    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def write(self, text: str, /) -> int:
        self.released.wait(HANG_S)
        return super().write(text)


def test_held_output_never_holds_up_the_run() -> None:
    file = HeldFile()
    with TerminalView(Console(file=file), interactive=False) as view:
        try:
            for number in range(1000):
                view.update(replace(some_status(), steps=10 * number, elapsed_s=5.0 * number))
            assert not file.getvalue()
        finally:
            file.released.set()
    assert file.getvalue().count(" steps  running") == 999  # and nothing is missing later


def test_fault_of_the_picture_waits_until_the_run_is_over() -> None:
    broken = some_status()
    broken.recent = Steps(np.zeros(3, [("step", np.int64)]))
    view = TerminalView(terminal(), interactive=True)
    reached_the_end = False

    def run() -> None:
        nonlocal reached_the_end
        with view:
            for _ in range(3):
                view.update(broken)
                time.sleep(0.05)
            reached_the_end = True

    with pytest.raises(ValueError, match="no field"):
        run()
    assert reached_the_end


def test_notes_are_shown() -> None:
    console = terminal()
    with TerminalView(console, interactive=True) as view:
        view.note("the standing neutral was captured")
        view.update(some_status())
    assert "note: the standing neutral was captured" in written(console)


def test_piped_output_is_plain_and_arrives_at_once() -> None:
    process = run_python(
        """
        from pipelines.session.live_status import LiveStatus
        from pipelines.views.terminal.view import TerminalView
        with TerminalView() as view:
            view.update(LiveStatus(source="sim:", device="clip", link="connected"))
            moving = dict(elapsed_s=6.0, gait="run", steps=12, link="connected")
            view.update(LiveStatus(source="sim:", device="clip", **moving))
            input()  # still running while the reader looks
        """
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    lines = [process.stdout.readline() for _ in range(5)]
    assert process.poll() is None
    rest, errors = process.communicate("\n", timeout=HANG_S)
    assert "12 steps  running" in lines[4]
    assert errors == ""
    assert all(line.rstrip("\n").isprintable() for line in [*lines, *rest.splitlines()])


def test_reader_that_goes_away_leaves_no_traceback_and_the_run_goes_on() -> None:
    process = run_python(
        """
        import sys, time
        from pipelines.session.live_status import LiveStatus
        from pipelines.views.terminal.view import TerminalView
        with TerminalView() as view:
            view.note("first")
            input()
            for number in range(2000):
                moving = dict(elapsed_s=5.0 * number, gait="run", steps=10 * number)
                view.update(LiveStatus(source="sim:", device="clip", **moving))
                if view.stopped:
                    break
                time.sleep(0.005)
        print("after", number > 0, view.stopped, file=sys.stderr)
        """
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    assert "first" in process.stdout.readline()
    process.stdout.close()
    process.stdin.write("\n")
    process.stdin.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait(HANG_S) == 0
    assert errors == "after True the program reading this output has ended\n"


def test_closed_output_is_no_fault_of_the_run() -> None:
    file = io.StringIO()
    with TerminalView(Console(file=file), interactive=False) as view:
        file.close()
        view.update(some_status())
    assert view.stopped == "the output was closed"


def test_output_that_cannot_write_a_sign_gets_a_question_mark() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    with TerminalView(Console(file=file), interactive=False) as view:
        view.note("3.9° further")
    assert b"note: 3.9? further" in raw.getvalue()


def test_import_is_cheap() -> None:
    code = """
        import sys
        import pipelines.views.terminal.view
        print([name for name in ("rich", "scipy", "numba") if name in sys.modules])
        """
    words = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")
