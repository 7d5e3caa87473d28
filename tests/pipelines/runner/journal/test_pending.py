"""Entries kept for later: nothing noted is lost while the journal cannot take it, nor doubled."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from imu.errors import ParameterError, RecordingError
from pipelines.runner.forgetting import forget_everything
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Entry, Exercise, Pain, Session, Shoe
from pipelines.runner.journal.pending import keep_for_later, pending_path
from tests.pipelines.runner.journal.journals import at, held_by_another_process, pain, run


def add_or_keep(entries: list[Entry], path: Path, busy_s: float = 0.5) -> str:
    with JournalAtHand(path, busy_s=busy_s) as journal:
        return journal.add(entries)


@contextmanager
def opened(path: Path, busy_s: float = 0.5) -> Iterator[tuple[Journal, list[str]]]:
    """The journal as a command opens it, and what the command tells of that."""
    with JournalAtHand(path, busy_s=busy_s) as hand:
        journal = hand.open()
        yield journal, hand.take_notes()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def test_without_trouble_entries_go_into_the_journal(path: Path) -> None:
    assert add_or_keep([pain(0, 3), run(0)], path) == ""
    assert not pending_path(path).exists()
    with opened(path) as (journal, _):
        assert len(journal.entries(Pain)) == len(journal.entries(Session)) == 1


def test_while_the_journal_is_in_use_entries_are_kept_and_taken_in_later(path: Path) -> None:
    Journal(path).close()
    with held_by_another_process(path):
        told = add_or_keep([pain(0, 3), run(0, means={"cadence_spm": 170.0})], path, busy_s=0.05)
        told_again = add_or_keep([Exercise(at(0), "core", 5.0)], path, busy_s=0.05)
    assert "another program is using the journal" in told
    assert "kept and will be added the next time" in told_again
    with opened(path) as (journal, notes):
        assert "in the journal now: 3" in notes[0]
        assert [item.level for item in journal.entries(Pain)] == [3]
        assert journal.entries(Session)[0].means == {"cadence_spm": 170.0}
        assert len(journal.entries(Exercise)) == 1
    assert not pending_path(path).exists()
    with opened(path) as (journal, notes):
        assert notes == []


def test_a_crash_between_taking_in_and_removing_adds_nothing_twice(path: Path) -> None:
    keep_for_later([pain(0, 3), Shoe("Blue")], path)
    content = pending_path(path).read_bytes()
    with opened(path):
        pass
    pending_path(path).write_bytes(content)
    with opened(path) as (journal, _):
        assert len(journal.entries(Pain)) == len(journal.entries(Shoe)) == 1


def test_a_torn_line_harms_no_other_and_is_kept(path: Path) -> None:
    keep_for_later([pain(0, 3)], path)
    with pending_path(path).open("ab") as file:
        file.write(b'{"key": "torn", "kind": "pai')
    keep_for_later([pain(1, 4)], path)
    with opened(path) as (journal, notes):
        assert [item.level for item in journal.entries(Pain)] == [3, 4]
        assert any("could not be added are kept" in note for note in notes)
    aside = pending_path(path).with_suffix(".unreadable")
    assert b"torn" in aside.read_bytes()
    assert not pending_path(path).exists()


@pytest.mark.parametrize(
    "line",
    [
        {"key": "a", "kind": "sessions", "entry": {}},
        {"key": "a", "kind": "stars", "entry": {}},
        {"key": "a", "kind": "pains", "entry": None},
        {"kind": "pains"},
        [],
        7,
    ],
    ids=str,
)
def test_whatever_is_in_the_file_the_journal_opens(path: Path, line: object) -> None:
    pending_path(path).write_text(json.dumps(line), encoding="utf-8")
    with opened(path) as (journal, notes):
        assert len(notes) == 1
        assert journal.entries(Pain) == []
    assert pending_path(path).with_suffix(".unreadable").exists()


def test_pain_of_a_run_that_was_deleted_meanwhile_is_kept_beside(path: Path) -> None:
    keep_for_later([pain(0, 3, "after", 7)], path)
    with opened(path) as (journal, _):
        assert journal.entries(Pain) == []
    assert pending_path(path).with_suffix(".unreadable").exists()


def test_a_mistake_in_the_entry_itself_is_told_and_not_kept(path: Path) -> None:
    with pytest.raises(ParameterError, match="99"):
        add_or_keep([pain(0, 3, "after", 99)], path)
    assert not pending_path(path).exists()


def test_while_the_journal_stays_in_use_it_opens_for_reading_and_says_what_waits(
    path: Path,
) -> None:
    Journal(path).close()
    keep_for_later([pain(0, 3)], path)
    with held_by_another_process(path), opened(path, busy_s=0.05) as (journal, notes):
        assert "stay in journal-pending.jsonl" in notes[0]
        assert journal.entries(Pain) == []
    with opened(path) as (journal, notes):
        assert len(journal.entries(Pain)) == 1


def test_when_nothing_can_be_written_both_troubles_are_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    path = blocked / "journal.sqlite3"
    with pytest.raises(RecordingError, match="not saved"):
        keep_for_later([pain(0, 3)], path)
    assert "not saved" in add_or_keep([pain(0, 3)], path)


def test_deleting_everything_deletes_what_waits_and_what_could_not_be_read(path: Path) -> None:
    with opened(path) as (journal, _):
        keep_for_later([pain(0, 3)], path)
        pending_path(path).with_suffix(".unreadable").write_text("private")
        assert forget_everything(journal) == []
    assert sorted(item.name for item in path.parent.iterdir()) == ["journal.sqlite3"]
