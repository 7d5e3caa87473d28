"""A run that began while the computer did not know the time is filed once its start is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from tests.pipelines.command_line import backstride, one_sentence


@pytest.fixture
def begun_in_1970(recording: Path, tmp_path: Path) -> Path:
    session, path = read_session(recording), tmp_path / "early.mcap"
    with SessionWriter(path, replace(session.header, utc_start_ns=7_123 * 10**9)) as writer:
        for record in session.records:
            writer.write_record(record)
    return path


def test_a_run_of_no_clock_is_filed_when_its_start_is_said(begun_in_1970: Path) -> None:
    refused = one_sentence(backstride("journal", "add", begun_in_1970))
    assert "--at" in refused
    assert "the start of the run, which the computer's clock did not know" in refused
    added = backstride("journal", "add", begun_in_1970, "--at", "2026-03-02 18:00")
    assert added.exit_code == 0, added.err
    assert "2026-03-02" in backstride("journal", "list").out


def test_the_start_of_a_run_that_knows_it_is_not_said_again(recording: Path) -> None:
    refused = one_sentence(backstride("journal", "add", recording, "--at", "2026-03-02 18:00"))
    assert "--at" in refused
    assert "which says that it began on 20" in refused
