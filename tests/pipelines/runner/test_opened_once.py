"""No command opens the journal twice: each opening checks the whole file."""

from __future__ import annotations

import contextlib
import sqlite3
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest

from devices.source import Source
from devices.sources import open_source
from pipelines import live
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session, Shoe
from pipelines.runner.journal.export import export_journal
from pipelines.runner.journal.pending import keep_for_later
from tests.pipelines.command_line import backstride, command, environment
from tests.pipelines.runner.journal.journals import pain, run
from tests.warm_process import finished

SENSOR = "ble:00:11:22:33:44:55"

#: A sensor that measures a simulated runner.
SIMULATED = "sim:?rate=100&minutes=0.5&time_scale=0&seed=3"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "run.mcap"
    assert backstride("simulate", path, "minutes=0.5&seed=2").exit_code == 0
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some runs, a shoe, and something that waits to be taken in."""
    folder = tmp_path_factory.mktemp("home")
    with Journal(folder / "journal.sqlite3") as journal:
        for day in range(3):
            journal.add(run(float(day), surface="track", shoe_id=None, steps=1000))
        journal.add(Shoe("Blue"))
    keep_for_later([pain(0, 3)], folder / "journal.sqlite3")
    return folder


@pytest.mark.parametrize(
    "words",
    [
        ["live", SENSOR, "--axes", "auto", "--surface", "track", "--shoe", "Red"],
        ["live", "sim:?minutes=0.2&time_scale=0", "--no-record", "--shoe", "Red"],
        ["report", "RECORDING", "--out", "OUT/page.html", "--with-journal"],
        ["journal", "add", "RECORDING", "--distance", "1 km", "--shoe", "Red"],
        ["journal", "pain", "2", "--when", "24h"],
        ["journal", "check", "--no-others"],
        ["journal", "exercise", "core", "5"],
        ["journal", "settings", "--units", "imperial"],
        ["journal", "shoe", "Blue", "--start", "3 km"],
        ["journal", "plan", "--start"],
        ["journal", "compare", "surface", "track", "trail"],
        ["journal", "week"],
        ["journal", "list"],
        ["journal", "export", "OUT/all.zip"],
        ["journal", "import", "ARCHIVE"],
        ["journal", "delete", "1", "--confirmed"],
        ["journal", "delete", "--everything", "--confirmed"],
    ],
    ids=" ".join,
)
def test_a_command_opens_the_journal_once(
    words: list[str],
    home: Path,
    recording: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meant = [
        word.replace("RECORDING", str(recording)).replace("OUT", str(tmp_path)) for word in words
    ]
    if "ARCHIVE" in words:
        with Journal(tmp_path / "other.sqlite3") as other:
            export_journal(other, tmp_path / "other.zip")
        meant[-1] = str(tmp_path / "other.zip")
    places: list[object] = []
    connect = sqlite3.connect

    def opened(url: str, **given: Any) -> AbstractAsyncContextManager[Source]:
        return open_source(SIMULATED if url == SENSOR else url, **given)

    def counted(place: Any, *given: Any, **named: Any) -> sqlite3.Connection:
        places.append(place)
        made: sqlite3.Connection = connect(place, *given, **named)
        return made

    monkeypatch.setenv("BACKSTRIDE_HOME", str(home))
    monkeypatch.setattr(live, "open_source", opened)
    monkeypatch.setattr(sqlite3, "connect", counted)
    ended = backstride(*meant)
    assert len(places) == 1, ended
    assert "Traceback" not in ended.err


def test_what_was_kept_for_later_is_in_before_a_command_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    path = tmp_path / "journal.sqlite3"
    with Journal(path) as journal:
        number = journal.add(run(0.0))
    keep_for_later([pain(0, 3, "after", number)], path)
    ended = backstride("journal", "list")
    assert "in the journal now: 1" in ended.err
    assert "pain 3 after" in ended.out
    with contextlib.closing(Journal(path)) as journal:
        assert len(journal.entries(Pain)) == len(journal.entries(Session)) == 1


def test_a_journal_that_is_emptied_or_moved_during_a_long_run_gets_what_comes_after(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite3"
    with JournalAtHand(path) as hand:
        assert hand.add([pain(0, 1)]) == ""
        words = command("journal", "delete", "--everything")
        ended = finished(words, given_in="y\n", env=environment(BACKSTRIDE_HOME=str(tmp_path)))
        assert ended.returncode == 0
        assert "deleted" in ended.stdout
        assert hand.add([pain(0, 2)]) == ""
        if sys.platform != "win32":  # there a file that is open cannot be moved
            path.rename(tmp_path / "moved.sqlite3")
            assert hand.add([pain(0, 3)]) == ""
    with Journal(path) as journal:
        levels = [item.level for item in journal.entries(Pain)]
    assert levels == ([2] if sys.platform == "win32" else [3])
