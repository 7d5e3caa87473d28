"""The journal's file: written is kept, older versions are migrated, trouble is one sentence."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from imu.errors import BackstrideError, ParameterError, RecordingError
from pipelines.runner.forgetting import forget_everything
from pipelines.runner.journal.database import Journal, journal_path, kept_aside
from pipelines.runner.journal.entries import Exercise, Pain, Questionnaire, Session, Settings, Shoe
from pipelines.runner.journal.rows import ENTRIES
from pipelines.runner.journal.schema import APPLICATION_ID, MIGRATIONS, VERSION
from pipelines.runner.last_answers import LastAnswers, last_answers_store
from pipelines.runner.last_letter import handed_over_store
from tests.pipelines.command_line import environment
from tests.pipelines.runner.journal.journals import at, held_by_another_process, pain, run
from tests.warm_process import finished


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with Journal(path) as opened:
        yield opened


def one_sentence(error: BackstrideError) -> str:
    text = str(error)
    assert text.endswith(".")
    assert "\n" not in text
    assert not re.search(r"[.!?] [A-Z]", text), text
    return text


# ------------------------------------------------------------------------------------------ entries


def test_the_journal_is_in_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    assert journal_path() == tmp_path / "journal.sqlite3"
    with Journal() as journal:
        assert journal.notes == ()
    assert journal_path().exists()


def test_every_kind_of_entry_comes_back_as_it_was(path: Path) -> None:
    with Journal(path) as journal:
        shoe = journal.add(Shoe("Blue ÄÖ", date(2026, 1, 2), 12.5))
        session = journal.add(
            run(
                0,
                shoe_id=shoe,
                surface="track",
                means={"impact_shock_g": 3.125, "sacral_lean_deg": -1.5},
                dose_easy_km_m4=6.5,
                warm_up_s=310.0,
                utc_offset_minutes=-330,
            )
        )
        journal.add(Pain(at(1), 3, "24h", session, "left", "dull", "stairs", 60))
        journal.add(Exercise(at(2), "stretch", 2.25, "hamstrings"))
        journal.add(Questionnaire(at(3), {"weakness": False, "unwell": True}, cleared=True))
    with Journal(path) as journal:
        assert journal.entries(Shoe) == [Shoe("Blue ÄÖ", date(2026, 1, 2), 12.5, None, shoe)]
        (back,) = journal.entries(Session)
        assert (back.identifier, back.shoe_id, back.utc_offset_minutes) == (session, shoe, -330)
        assert back.means == {"impact_shock_g": 3.125, "sacral_lean_deg": -1.5}
        assert (back.dose_easy_km_m2, back.dose_easy_km_m4, back.warm_up_s) == (None, 6.5, 310.0)
        assert journal.entries(Pain) == [
            Pain(at(1), 3, "24h", session, "left", "dull", "stairs", 60, 1)
        ]
        assert journal.entries(Exercise)[0].minutes == 2.25
        (answers,) = journal.entries(Questionnaire)
        assert (answers.answers, answers.cleared) == ({"weakness": False, "unwell": True}, True)


def test_entries_are_listed_in_order_of_time_and_the_newest_are_the_last(journal: Journal) -> None:
    for day in (4, 1, 3, 0, 2):
        journal.add(run(day, float(day + 1)))
    distances = [item.distance_m for item in journal.entries(Session)]
    assert distances == [1000.0, 2000.0, 3000.0, 4000.0, 5000.0]
    assert [item.distance_m for item in journal.entries(Session, newest=2)] == [4000.0, 5000.0]


def test_a_changed_entry_keeps_its_number(journal: Journal) -> None:
    number = journal.add(Shoe("Blue"))
    journal.replace(Shoe("Green", start_km=3.0, identifier=number))
    assert journal.entries(Shoe) == [Shoe("Green", start_km=3.0, identifier=number)]


def test_what_is_not_there_is_told(journal: Journal) -> None:
    for refused in (
        lambda: journal.add(pain(0, 3, "after", 99)),
        lambda: journal.add(run(0, shoe_id=99)),
        lambda: journal.replace(Shoe("Blue", identifier=99)),
        lambda: journal.entry(Session, 99),
        lambda: journal.delete(Session, 99),
    ):
        with pytest.raises(ParameterError, match="99"):
            refused()
    assert all(journal.entries(kind) == [] for kind in ENTRIES.values())


def test_a_session_is_not_added_twice(journal: Journal) -> None:
    journal.add(run(0))
    with pytest.raises(ParameterError, match="in the journal already, as run 1"):
        journal.add(run(0))


def test_two_shoes_in_use_have_different_names(journal: Journal) -> None:
    number = journal.add(Shoe("Blue"))
    with pytest.raises(ParameterError, match="Blue"):
        journal.add(Shoe("Blue"))
    journal.replace(Shoe("Blue", retired=date(2026, 3, 2), identifier=number))
    journal.add(Shoe("Blue"))


def test_settings_start_from_defaults_and_stay(path: Path) -> None:
    with Journal(path) as journal:
        assert journal.settings() == Settings()
        journal.change_settings(height_m=1.75, units="imperial")
        with pytest.raises(ParameterError, match="mass_kg"):
            journal.change_settings(mass_kg=3.0)
    with Journal(path) as journal:
        assert journal.settings() == Settings(height_m=1.75, units="imperial")


def test_a_block_is_written_whole_or_not_at_all(journal: Journal) -> None:
    with pytest.raises(ParameterError), journal.transaction():
        journal.add(run(0))
        journal.add(run(1, shoe_id=99))
    assert journal.entries(Session) == []
    journal.add(run(0))


def test_threads_may_share_one_journal(journal: Journal) -> None:
    def note(first: int) -> None:
        for number in range(10):
            journal.add(Exercise(at(first + number), "core", 5.0))

    threads = [threading.Thread(target=note, args=(100 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(journal.entries(Exercise)) == 40


# ----------------------------------------------------------------------------------------- deleting


def test_deleting_a_session_takes_its_pain_with_it_and_nothing_else(journal: Journal) -> None:
    first, second = journal.add(run(0)), journal.add(run(1))
    for number in (first, second):
        journal.add(pain(2, 4, "after", number))
    journal.add(pain(3, 2))
    journal.delete(Session, first)
    assert [item.identifier for item in journal.entries(Session)] == [second]
    assert [item.session_id for item in journal.entries(Pain)] == [second, None]


def test_what_was_deleted_is_in_no_file_any_more(path: Path) -> None:
    with Journal(path) as journal:
        number = journal.add(run(0, note="a very private remark"))
        for day in range(1, 30):
            journal.add(run(day))
        assert any(b"private" in item.read_bytes() for item in path.parent.iterdir())
        journal.delete(Session, number)
        assert not any(b"private" in item.read_bytes() for item in path.parent.iterdir())


def test_deleting_everything_leaves_an_empty_journal_and_no_copies(path: Path) -> None:
    with Journal(path) as journal:
        journal.add(Shoe("Blue"))
        journal.add(run(0, note="private", shoe_id=1))
        journal.add(pain(0, 3, "after", 1))
        journal.change_settings(height_m=1.75)
        copy = path.with_name("journal-damaged-2026-01-01T00-00-00Z.sqlite3")
        copy.write_bytes(b"private")
        recording = path.with_name("run.mcap")
        recording.write_bytes(b"a recording")
        last_answers_store(path.parent).save(LastAnswers(shoe="private"))
        handed_over_store(path.parent).path.write_bytes(b"private")
        assert forget_everything(journal) == []
        assert all(journal.entries(kind) == [] for kind in ENTRIES.values())
        assert journal.settings() == Settings()
        assert not copy.exists()
        assert recording.exists()
        assert not any(b"private" in item.read_bytes() for item in path.parent.iterdir())
        assert journal.add(run(0)) == 1


# --------------------------------------------------------------------------------------- migrations

#: What the first version of the program wrote, as SQL of its own.
VERSION_1 = """
PRAGMA journal_mode = WAL;
CREATE TABLE shoes (identifier INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, bought TEXT,
    start_km REAL NOT NULL, retired TEXT);
CREATE TABLE sessions (identifier INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL,
    utc_start_ns INTEGER NOT NULL, utc_offset_minutes INTEGER NOT NULL, duration_s REAL NOT NULL,
    running_s REAL, steps INTEGER NOT NULL, distance_m REAL, distance_source TEXT NOT NULL,
    dose_easy_km_m2 REAL, dose_easy_km_m4 REAL, dose_easy_km_m6 REAL, surface TEXT NOT NULL,
    shoe_id INTEGER REFERENCES shoes (identifier) ON DELETE SET NULL, source_file TEXT NOT NULL,
    means TEXT NOT NULL, note TEXT NOT NULL);
CREATE INDEX sessions_by_start ON sessions (utc_start_ns);
CREATE INDEX sessions_by_day ON sessions (day);
CREATE INDEX sessions_by_shoe ON sessions (shoe_id);
CREATE TABLE pains (identifier INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL,
    utc_ns INTEGER NOT NULL, utc_offset_minutes INTEGER NOT NULL, level INTEGER NOT NULL,
    "when" TEXT NOT NULL, session_id INTEGER REFERENCES sessions (identifier) ON DELETE CASCADE,
    place TEXT NOT NULL, quality TEXT NOT NULL, activity TEXT NOT NULL);
CREATE INDEX pains_by_time ON pains (utc_ns);
CREATE INDEX pains_by_session ON pains (session_id);
CREATE TABLE exercises (identifier INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL,
    utc_ns INTEGER NOT NULL, utc_offset_minutes INTEGER NOT NULL, kind TEXT NOT NULL,
    minutes REAL NOT NULL, note TEXT NOT NULL);
CREATE INDEX exercises_by_day ON exercises (day);
INSERT INTO shoes VALUES (1, 'Old Blue', '2025-05-01', 100.0, NULL);
INSERT INTO sessions VALUES (1, 739677, 1772474400000000000, 60, 1800.0, 1700.0, 4800, 5000.0,
    'treadmill', NULL, 5.5, NULL, 'belt', 1, 'old.mcap', '{"impact_shock_g": 3.0}', 'first');
INSERT INTO pains VALUES (1, 739677, 1772481600000000000, 60, 2, 'after', 1, 'left', '', '');
PRAGMA application_id = 1114862706;
PRAGMA user_version = 1;
"""


def write_version(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def layout(path: Path) -> list[tuple[str, ...]]:
    """Tables, columns and indexes of a file."""
    with closing(sqlite3.connect(path)) as connection:
        names = [
            row[0] for row in connection.execute("SELECT name FROM sqlite_master ORDER BY name")
        ]
        return [
            (name, *(str(row[1:]) for row in connection.execute(f"PRAGMA table_xinfo('{name}')")))
            for name in names
        ]


def test_a_journal_of_the_first_version_is_migrated_with_all_its_entries(path: Path) -> None:
    write_version(path, VERSION_1)
    with Journal(path) as journal:
        (session,) = journal.entries(Session)
        assert (session.distance_m, session.distance_source) == (5000.0, "treadmill")
        assert (session.warm_up_s, session.note) == (None, "first")
        assert session.means == {"impact_shock_g": 3.0}
        assert journal.entries(Shoe) == [Shoe("Old Blue", date(2025, 5, 1), 100.0, None, 1)]
        assert journal.entries(Pain)[0].session_id == 1
        assert journal.settings() == Settings()
        assert journal.rows("PRAGMA user_version")[0][0] == VERSION
        assert len(journal.notes) == 1
        assert "brought up to date" in journal.notes[0]
    (copy,) = kept_aside(path)
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == 1
        assert connection.execute("SELECT note FROM sessions").fetchall() == [("first",)]
    with Journal(path) as journal:
        assert journal.notes == ()


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_migrated_journal_is_laid_out_as_a_new_one(path: Path, version: int) -> None:
    steps = ";\n".join(statement for step in MIGRATIONS[:version] for statement in step)
    write_version(
        path,
        f"{steps};PRAGMA application_id = {APPLICATION_ID};PRAGMA user_version = {version};",
    )
    Journal(path).close()
    new = path.with_name("new.sqlite3")
    Journal(new).close()
    assert layout(path) == layout(new)


def test_a_migration_that_fails_changes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_version(path, VERSION_1)
    before = layout(path)
    broken = (*MIGRATIONS[:-1], (*MIGRATIONS[-1], "CREATE TABLE sessions (x)"))
    monkeypatch.setattr("pipelines.runner.journal.database.MIGRATIONS", broken)
    with pytest.raises(RecordingError):
        Journal(path)
    assert layout(path) == before
    monkeypatch.undo()
    with Journal(path) as journal:
        assert len(journal.entries(Session)) == 1


def test_a_journal_of_a_newer_program_is_left_alone(path: Path) -> None:
    Journal(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    content = path.read_bytes()
    with pytest.raises(RecordingError, match="update the program") as caught:
        Journal(path)
    one_sentence(caught.value)
    assert path.read_bytes() == content


def test_a_database_of_another_program_is_left_alone(path: Path) -> None:
    write_version(path, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(RecordingError, match="another program") as caught:
        Journal(path)
    one_sentence(caught.value)
    assert layout(path)[0][0] == "recipes"


# ------------------------------------------------------------------------------------------ trouble


def test_while_another_process_writes_reading_goes_on_and_writing_is_told(path: Path) -> None:
    Journal(path).close()
    with held_by_another_process(path), Journal(path, busy_s=0.05) as journal:
        assert journal.entries(Session) == []
        with pytest.raises(RecordingError, match="another program is using") as caught:
            journal.add(run(0))
        one_sentence(caught.value)
    with Journal(path) as journal:
        journal.add(run(0))


def test_a_journal_that_another_process_holds_entirely_is_told(path: Path) -> None:
    Journal(path).close()
    with (
        held_by_another_process(path, "PRAGMA locking_mode = EXCLUSIVE"),
        pytest.raises(RecordingError, match="another program is using") as caught,
    ):
        Journal(path, busy_s=0.05)
    one_sentence(caught.value)
    assert kept_aside(path) == []


def test_two_processes_take_turns(path: Path) -> None:
    with Journal(path) as first, Journal(path) as second:
        first.add(run(0))
        second.add(run(1))
        assert len(first.entries(Session)) == len(second.entries(Session)) == 2


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda content: b"no database" * len(content), id="garbage"),
        pytest.param(lambda content: content[: len(content) // 2], id="cut short"),
        pytest.param(lambda content: content[:4096] + b"\xff" * (len(content) - 4096), id="pages"),
        pytest.param(lambda content: b"\0" * len(content), id="zeros"),
    ],
)
def test_a_damaged_journal_is_kept_aside_and_a_new_one_begun(path: Path, damage: object) -> None:
    with Journal(path) as journal:
        journal.add(run(0))
    assert callable(damage)
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    with Journal(path) as journal:
        before = journal.entries(Session)  # what can be read of it
        assert before in ([], [replace(run(0), identifier=1)])
        journal.add(run(1))
        (note,) = journal.notes
    (aside,) = kept_aside(path)
    assert re.fullmatch(r"journal-damaged-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ\.sqlite3", aside.name)
    assert aside.read_bytes() == damaged
    assert aside.name in note
    with Journal(path) as journal:
        assert len(journal.entries(Session)) == len(before) + 1
        assert journal.notes == ()


def test_what_can_be_read_of_a_damaged_journal_is_in_the_new_one(path: Path) -> None:
    with Journal(path) as journal, journal.transaction():
        shoe = journal.add(Shoe("Blue pair"))
        for number in range(1000):
            run_of_it = journal.add(replace(run(number), shoe_id=shoe))
            journal.add(Pain(run(number).utc_start_ns, 3, "after", run_of_it))
        journal.change_settings(units="imperial")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with Journal(path) as journal:
        (note,) = journal.notes
        runs, pains = journal.entries(Session), journal.entries(Pain)
        assert journal.entries(Shoe)[0].name == "Blue pair"
    assert f"with {len(runs) + len(pains) + 1} entries that could be read" in note
    assert len(runs) > 50
    assert {pain.session_id for pain in pains} <= {one.identifier for one in runs}
    assert {one.suffix for one in path.parent.iterdir()} == {".sqlite3"}


def test_two_damaged_journals_of_one_second_are_both_kept(path: Path) -> None:
    for number in range(3):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"garbage %d" % number * 100)
        Journal(path).close()
    assert len(kept_aside(path)) == 3


def test_an_empty_file_becomes_a_journal(path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    with Journal(path) as journal:
        assert journal.notes == ()
        journal.add(run(0))


def test_a_full_disk_is_told_and_what_was_there_stays(journal: Journal) -> None:
    journal.add(run(0))
    (pages,) = journal.rows("PRAGMA page_count")[0]
    journal.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(RecordingError, match="the disk is full") as caught:
        for day in range(1, 400):
            journal.add(run(day, note="x" * 500))
    one_sentence(caught.value)
    sessions = journal.entries(Session)
    assert len(sessions) >= 1
    assert sessions[0].day == date(2026, 3, 2)


_PROTECTED = """
import sys
from pathlib import Path
from imu.errors import RecordingError
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Exercise, Shoe
from pipelines.runner.journal.export import export_journal

with Journal(Path(sys.argv[1])) as journal:
    print([shoe.name for shoe in journal.entries(Shoe)], journal.notes)
    print(export_journal(journal, Path(sys.argv[2]))["shoes"])
    try:
        journal.add(Exercise(1_772_474_400 * 10**9, "core", 5.0))
    except RecordingError as error:
        print(error)
"""
#: Runs what follows where a folder is write-protected, for root too.
_READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


def test_a_journal_on_a_write_protected_disk_is_read(path: Path, tmp_path: Path) -> None:
    inside = ["unshare", "--mount", "--map-root-user", "sh", "-c", _READ_ONLY, str(path.parent)]
    path.parent.mkdir()
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("needs a disk that can be write-protected")
    with Journal(path) as journal:
        journal.add(Shoe("Blue pair"))  # it is in the log beside the journal
        words = [sys.executable, "-c", _PROTECTED, str(path), str(tmp_path / "out.zip")]
        read = finished([*inside, *words], env=environment())
    assert read.stderr == ""
    names, exported, refused = read.stdout.splitlines()
    assert (names, exported) == ("['Blue pair'] ()", "1")
    assert one_sentence(RecordingError(refused)).endswith(
        "the journal is write-protected, and was not changed: allow writing to its folder."
    )


def test_a_folder_in_its_place_is_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(RecordingError, match="cannot be opened") as caught:
        Journal(path)
    one_sentence(caught.value)


def test_a_data_folder_that_is_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(RecordingError) as caught:
        Journal(tmp_path / "home" / "journal.sqlite3")
    one_sentence(caught.value)


def test_a_closed_journal_is_told(path: Path) -> None:
    journal = Journal(path)
    journal.close()
    journal.close()
    with pytest.raises(RecordingError, match="closed") as caught:
        journal.entries(Session)
    one_sentence(caught.value)


def test_a_value_that_makes_no_sense_is_told_not_a_traceback(journal: Journal) -> None:
    journal.add(run(0))
    with journal.transaction() as connection:
        connection.execute("UPDATE sessions SET distance_source = 'stars'")
    with pytest.raises(RecordingError, match="sessions") as caught:
        journal.entries(Session)
    one_sentence(caught.value)


WRITE_AND_DIE = """
import os, sys
from pathlib import Path
from pipelines.runner.forgetting import forget_everything
from pipelines.runner.last_answers import LastAnswers, last_answers_store
from pipelines.runner.last_letter import handed_over_store
from pipelines.runner.journal.database import Journal
from tests.pipelines.runner.journal.journals import run
journal = Journal(Path(sys.argv[1]))
for day in range(5):
    journal.add(run(day))
block = journal.transaction()
block.__enter__()
journal.add(run(99))
os._exit(9)
"""


def test_what_was_added_survives_a_crash_in_the_middle_of_the_next(path: Path) -> None:
    died = finished([sys.executable, "-c", WRITE_AND_DIE, str(path)], env=environment())
    assert died.returncode == 9
    with Journal(path) as journal:
        assert journal.notes == ()
        assert len(journal.entries(Session)) == 5
