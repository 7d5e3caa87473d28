"""What the tests of the journal's commands share: a home of their own, and a recording."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.files.simulation import write_simulation
from tests.pipelines.command_line import quiet


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, about_noon: None) -> Path:
    """Run in an empty folder; the user's own journal is out of reach."""
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated run of half a minute."""
    path = tmp_path_factory.mktemp("recording") / "run.mcap"
    write_simulation(path, "minutes=0.5&standing_s=1&speed=3", quiet)
    return path
