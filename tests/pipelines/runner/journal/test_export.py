"""Export: everything is in it, JSON and CSV agree, and the file is whole or not there."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from imu.errors import RecordingError
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Exercise, Questionnaire, RunBaseline, Shoe
from pipelines.runner.journal.export import export_journal
from pipelines.runner.journal.rows import ENTRIES, entry_from
from tests.pipelines.runner.journal.journals import at, pain, run


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal.sqlite3") as opened:
        shoe = opened.add(Shoe("Blue, old", date(2026, 1, 2), 12.5))
        first = opened.add(
            run(0, shoe_id=shoe, means={"cadence_spm": 170.0}, utc_offset_minutes=60, note="=1+1")
        )
        opened.add(run(1, None, means={"impact_shock_g": 3.0}))
        opened.add(RunBaseline(first, '{"blocks":40}', "track", "movesense 208 Hz"))
        opened.add(pain(1, 3, "24h", first))
        opened.add(Exercise(at(2), "core", 5.0, 'said "fine", twice'))
        opened.add(Questionnaire(at(3), {"weakness": False}))
        opened.change_settings(height_m=1.75)
        yield opened


def test_everything_is_exported_and_reads_back_as_it_was(journal: Journal, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    counts = export_journal(journal, out)
    assert counts == {
        "shoes": 1, "sessions": 2, "run_baselines": 1, "pains": 1, "exercises": 1,
        "questionnaires": 1,
    }  # fmt: skip
    with zipfile.ZipFile(out) as archive:
        assert archive.testzip() is None
        content = json.loads(archive.read("journal.json"))
    assert content["run_baselines"][0].pop("baseline") == {"blocks": 40}
    for table, kind in ENTRIES.items():
        if kind is not RunBaseline:
            assert [entry_from(kind, row) for row in content[table]] == journal.entries(kind)
    assert content["settings"]["height_m"] == 1.75
    assert content["sessions"][0]["time"] == "2026-03-02T19:00:00+01:00"


def test_tables_have_a_row_an_entry_and_a_column_a_mean(journal: Journal, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    export_journal(journal, out)
    with zipfile.ZipFile(out) as archive:
        tables = {
            name: list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode())))
            for name in ENTRIES
        }
    first, second = tables["sessions"]
    assert (first["identifier"], first["distance_m"]) == ("1", "5000.0")
    assert (first["mean_cadence_spm"], first["mean_impact_shock_g"]) == ("170.0", "")
    assert (second["distance_m"], second["mean_impact_shock_g"]) == ("", "3.0")
    # a spreadsheet must not calculate what a runner wrote
    assert first["note"] == "'=1+1"
    assert tables["exercises"][0]["note"] == 'said "fine", twice'
    assert tables["questionnaires"][0]["answer_weakness"] == "False"
    assert tables["shoes"][0]["name"] == "Blue, old"
    assert tables["run_baselines"][0]["baseline"] == '{"blocks":40}'


def test_an_empty_journal_exports_its_headers(tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    with Journal(tmp_path / "empty.sqlite3") as journal:
        assert set(export_journal(journal, out).values()) == {0}
    with zipfile.ZipFile(out) as archive:
        assert archive.read("sessions.csv").startswith(b"identifier,utc_start_ns,")


def test_equal_journals_give_equal_files(journal: Journal, tmp_path: Path) -> None:
    export_journal(journal, tmp_path / "a.zip")
    export_journal(journal, tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_place_that_cannot_be_written_is_told(journal: Journal, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="does not exist"):
        export_journal(journal, tmp_path / "nowhere" / "out.zip")
