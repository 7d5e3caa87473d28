"""An exported journal comes back on another computer, whole; what is there already stays."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from imu.errors import InputError, ParameterError
from pipelines.runner.journal.bringing_back import bring_back
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import (
    Exercise,
    Pain,
    Questionnaire,
    RunBaseline,
    Session,
    Shoe,
)
from pipelines.runner.journal.export import archive_of
from pipelines.runner.journal.runs import add_run, edit_run, stated_of, typed_run
from pipelines.runner.journal.stated import Distance, Stated
from pipelines.runner.last_letter import HandedOver, handed_over_store
from tests.pipelines.runner.journal.journals import at, pain, run
from tests.pipelines.runner.journal.typed import journal as command
from tests.pipelines.runner.journal.typed import refused


def filled(path: Path) -> Journal:
    journal = Journal(path)
    old = journal.add(Shoe("Blue", None, 600.0, date(2026, 2, 1)))
    blue = journal.add(Shoe("Blue"))
    first = journal.add(run(0, shoe_id=blue, means={"cadence_spm": 170.0}, steps=4800))
    journal.add(RunBaseline(first, '{"blocks":40}', "track", "movesense 208 Hz"))
    journal.add(run(-40, shoe_id=old))
    said = Stated(Distance(7000.0, "user"), "trail", "Blue", "windy", 4)
    add_run(journal, typed_run(at(2), 2400.0, said))
    marked = journal.add(pain(0, 3, "during", first))
    with journal.transaction() as connection:
        connection.execute("UPDATE pains SET marked = 1 WHERE identifier = ?", (marked,))
    journal.add(pain(1, 2, "24h", first))
    journal.add(pain(3, 1))
    journal.add(Exercise(at(2), "core", 5.0))
    journal.add(Questionnaire(at(3), {"weakness": False}))
    journal.change_settings(height_m=1.75, units="imperial", return_since_ns=at(0))
    handed_over_store(path.parent).save(HandedOver("2026-03-01", 3, 15_000.0))
    return journal


def test_everything_comes_back_and_a_second_time_nothing_changes(tmp_path: Path) -> None:
    with filled(tmp_path / "a" / "journal.sqlite3") as journal:
        archive, _ = archive_of(journal)
    with Journal(tmp_path / "b" / "journal.sqlite3") as other:
        told = bring_back(other, io.BytesIO(archive), "all.zip").words
        assert told == (
            "Brought back: 2 pairs of shoes, 3 runs, 3 ratings of pain, 1 exercise, 1 answer about "
            "warning signs, settings."
        )
        marks = "SELECT marked, level FROM pains ORDER BY identifier"
        assert [tuple(row) for row in other.rows(marks)] == [(1, 3), (0, 2), (0, 1)]
        assert handed_over_store(other.path.parent).load().value is not None
        back, _ = archive_of(other)
        told = bring_back(other, io.BytesIO(archive), "all.zip").words
        assert told.startswith("Brought back: nothing. Here already: 2 pairs of shoes, 3 runs, 3")
        assert archive_of(other)[0] == back
    with Journal(tmp_path / "c" / "journal.sqlite3") as third:
        bring_back(third, io.BytesIO(back), "all.zip")
        assert archive_of(third)[0] == back


def test_archives_in_which_a_baseline_was_a_text_come_back_too(tmp_path: Path) -> None:
    with filled(tmp_path / "a" / "journal.sqlite3") as journal:
        archive, _ = archive_of(journal)
        (kept,) = journal.entries(RunBaseline)
    with zipfile.ZipFile(io.BytesIO(archive)) as packed:
        text = packed.read("journal.json").decode()
    content = json.loads(text)
    content["run_baselines"][0]["baseline"] = '{"blocks":40}'
    older = io.BytesIO()
    with zipfile.ZipFile(older, "w") as packed:
        packed.writestr("journal.json", json.dumps(content))
    for number, form in enumerate((older, io.BytesIO(archive))):
        with Journal(tmp_path / str(number) / "journal.sqlite3") as other:
            bring_back(other, form, "all.zip")
            (back,) = other.entries(RunBaseline)
            assert replace(back, session_id=kept.session_id) == kept


def test_what_is_here_stays_and_what_nobody_said_here_is_added(tmp_path: Path) -> None:
    with filled(tmp_path / "a" / "journal.sqlite3") as journal:
        archive, _ = archive_of(journal)
    with Journal(tmp_path / "b" / "journal.sqlite3") as other:
        other.add(Shoe("blue", start_km=12.0))
        other.add(run(5, shoe_id=1))
        # the same run, of which something else is said, and something not
        here = other.add(replace(run(2, 6.5), duration_s=2500.0, surface="grass"))
        other.change_settings(height_m=1.80)
        told = bring_back(other, io.BytesIO(archive), "all.zip")
        assert told.words == (
            "Brought back: 1 pair of shoes, 2 runs, 3 ratings of pain, 1 exercise, 1 answer about "
            "warning signs, settings. Here already: 1 pair of shoes, 1 run. What was said of them "
            "was added to run 2. Something else is said here of run 2, and stays as it is."
        )
        kept = other.entry(Session, here)
        assert (kept.distance_m, kept.surface, kept.duration_s) == (6500.0, "grass", 2500.0)
        assert (kept.note, kept.effort, kept.shoe_id) == ("windy", 4, 1)
        settings = other.settings()
        assert (settings.height_m, settings.units) == (1.80, "imperial")
        blue, old = other.entries(Shoe)
        assert (blue.start_km, old.retired) == (12.0, date(2026, 2, 1))
        assert [one.shoe_id for one in other.entries(Session)] == [2, 1, 1, 1]
        first = other.entries(Session)[1].identifier
        assert [one.session_id for one in other.entries(Pain)] == [first, first, None]
        assert [one.session_id for one in other.entries(RunBaseline)] == [first]
        # what was taken back here is not said again
        edit_run(other, here, Stated(taken_back=frozenset({"note"})))
        bring_back(other, io.BytesIO(archive), "all.zip")
        assert other.entry(Session, here).note == ""
        assert stated_of(other, here).effort == 4


def test_no_archive_is_refused_in_a_sentence_and_nothing_is_changed(tmp_path: Path) -> None:
    with filled(tmp_path / "a" / "journal.sqlite3") as journal:
        archive, _ = archive_of(journal)
    text = zipfile.ZipFile(io.BytesIO(archive)).read("journal.json").decode()
    newer = text.replace('"version": ', '"version": 1')
    damaged = [b"", b"PK", archive[:-900], archive.replace(b"journal.json", b"journal.jsin")]
    # the last entry that is brought makes no sense
    senseless = text.replace('"weakness": false', '"weakness": "?"')
    for one in (newer, senseless, '{"format": "else", "version": 1}', "[" * 100_000):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as out:
            out.writestr("journal.json", one)
        damaged.append(packed.getvalue())
    with Journal(tmp_path / "b" / "journal.sqlite3") as other:
        empty, _ = archive_of(other)
        for content in damaged:
            with pytest.raises((InputError, ParameterError), match=r"^all.zip: .*\.$"):
                bring_back(other, io.BytesIO(content), "all.zip")
        assert archive_of(other)[0] == empty


def test_archive_is_brought_back_by_command_with_recordings_that_were_moved(
    tmp_path: Path, home: Path
) -> None:
    with filled(home / "journal.sqlite3") as journal:
        journal.add(run(6, source_file="C:\\Users\\Ada\\sessions\\2026.mcap"))
    command("export", "all.zip")
    (home / "journal.sqlite3").unlink()
    (home / "sessions").mkdir()
    (home / "sessions" / "2026.mcap").touch()
    assert "Brought back: 2 pairs of shoes, 4 runs" in command("import", "all.zip")
    with Journal() as back:
        assert back.entries(Session)[-1].source_file == str(home / "sessions" / "2026.mcap")
    assert "no such file" in refused("import", "none.zip")
    assert "folder" in refused("import", tmp_path)
