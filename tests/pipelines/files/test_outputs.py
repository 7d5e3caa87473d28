"""What a user names as an output: what is in the way is told, and no recording is replaced."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import pytest

from pipelines.files.recognise import holds_recording
from tests.pipelines.command_line import backstride, one_sentence

GOOD = "time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2\n" + "".join(
    f"{i / 100},{0.01 * (i % 7)},{0.02 * (i % 5)},9.8\n" for i in range(300)
)
FAST = "time_scale=0&minutes=0.1&standing_s=0.5"
pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def test_a_port_that_is_taken_is_told_as_such() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        ended = backstride("live", f"sim:?{FAST}", "--dashboard", "--no-browser", "--port", port)
    sentence = one_sentence(ended)
    assert ended.exit_code == 2
    assert sentence.startswith(f"--port is {port}: give another port")
    assert "taken by another program" in sentence
    assert "disk" not in sentence
    assert not Path("home").exists()


def test_a_port_without_a_page_is_a_mistake() -> None:
    ended = backstride("live", f"sim:?{FAST}", "--port", 8765)
    assert ended.exit_code == 2
    assert "--dashboard" in one_sentence(ended)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="this system has no /proc")
@pytest.mark.parametrize(
    "arguments",
    [
        ["live", f"sim:?{FAST}", "--record", "/proc/x.mcap"],
        ["simulate", "/proc/x.mcap", FAST],
        ["simulate", "/proc/x.csv", FAST],
        ["replay", "table.csv", "--steps", "/proc/x.csv"],
        ["replay", "table.csv", "--alerts", "/proc/x.jsonl"],
        ["journal", "export", "/proc/x.zip"],
    ],
    ids=" ".join,
)
def test_a_folder_that_takes_no_files_is_told_as_such(arguments: list[str]) -> None:
    Path("table.csv").write_text(GOOD)
    ended = backstride(*arguments)
    sentence = one_sentence(ended)
    assert ended.exit_code == 1
    assert sentence.startswith("/proc/x.")
    assert "nothing can be written in the folder" in sentence
    assert re.search(r"(give|choose) another", sentence)


def test_a_file_where_a_folder_is_needed_is_told() -> None:
    Path("table.csv").write_text(GOOD)
    sentence = one_sentence(backstride("live", f"sim:?{FAST}", "--record", "table.csv/run.mcap"))
    assert sentence.startswith("table.csv: ")
    assert "in the way" in sentence
    assert Path("table.csv").read_text() == GOOD


@pytest.mark.parametrize("kind", ["a table", "a session", "a table with a preamble", "a journal"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "table.csv", "--steps", "taken.csv"],
        ["replay", "table.csv", "--waveforms", "taken.csv"],
        ["replay", "table.csv", "--alerts", "taken.csv"],
        ["replay", "table.csv", "--summary", "taken.csv"],
        ["simulate", "new.csv", FAST, "--truth", "taken.csv"],
        ["live", f"sim:?{FAST}", "--no-record", "--alerts", "taken.csv"],
    ],
    ids=" ".join,
)
def test_a_result_never_takes_the_place_of_another_recording(
    arguments: list[str], kind: str, session: bytes
) -> None:
    content = {
        "a table": GOOD.encode(),
        "a table with a preamble": f"\ufeff# axes: +x+y+z\n\n{GOOD}".encode(),
        "a session": session,
        "a journal": b"SQLite format 3\0" + bytes(84),
    }[kind]
    Path("table.csv").write_text(GOOD)
    Path("taken.csv").write_bytes(content)
    ended = backstride(*arguments)
    assert ended.exit_code == 2
    assert "is 'taken.csv': give another file" in one_sentence(ended)
    assert "holds a recording" in ended.err
    assert Path("taken.csv").read_bytes() == content
    assert not Path("new.csv").exists()


@pytest.mark.parametrize("option", ["--steps", "--waveforms", "--alerts", "--summary"])
def test_a_result_replaces_an_older_one(option: str) -> None:
    Path("table.csv").write_text(GOOD)
    backstride("replay", "table.csv", option, "new.csv")
    Path("old.csv").write_bytes(Path("new.csv").read_bytes() + b"and more")
    assert backstride("replay", "table.csv", option, "old.csv").exit_code == 0
    assert Path("old.csv").read_bytes() == Path("new.csv").read_bytes()


def test_an_older_page_is_no_recording_and_its_own_result_is_replaced() -> None:
    Path("steps.csv").write_text("step,initial_contact_s\n")
    Path("page.html").write_text("<p>acc_x_g")
    Path("empty.csv").touch()
    for name in ("steps.csv", "page.html", "empty.csv", "none.csv", "."):
        assert not holds_recording(name)
