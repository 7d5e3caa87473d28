"""What tests of whole commands share: a folder of their own, and a short session."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.files.simulation import write_simulation
from pipelines.runner.journal.database import Journal
from tests.pipelines.command_line import quiet


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A simulated session of six seconds."""
    path = tmp_path_factory.mktemp("session") / "run.mcap"
    write_simulation(path, "minutes=0.1&standing_s=1", quiet)
    return path.read_bytes()


@pytest.fixture
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Run in an empty folder, with nothing half written left; the user's own data are far."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    yield
    assert not [path for path in tmp_path.rglob("*") if path.name.endswith(".part")]


@pytest.fixture
def run(session: bytes, tmp_path: Path) -> Path:
    """That session as a file."""
    path = tmp_path / "run.mcap"
    path.write_bytes(session)
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's data folder, which is not there yet; that of whoever runs the tests is far."""
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty journal, open."""
    with Journal(tmp_path / "journal.sqlite3") as opened:
        yield opened


@pytest.fixture
def about_noon(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let it be about noon here: what was run some hours ago was run today, and in this week."""
    if not hasattr(time, "tzset"):
        yield  # Windows
        return
    with monkeypatch.context() as patched:
        patched.setenv("TZ", f"NOON{time.gmtime().tm_hour - 12:+d}")  # POSIX counts westwards
        time.tzset()
        yield
    time.tzset()
