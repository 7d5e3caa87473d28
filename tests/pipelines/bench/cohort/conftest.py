"""A folder of short sessions, one of them broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.files.simulation import write_simulation
from tests.pipelines.command_line import quiet


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "study"
    for subject, seed in (("anna", 1), ("anna", 2), ("bo", 3)):
        (folder / subject).mkdir(parents=True, exist_ok=True)
        path = folder / subject / f"run{seed}.csv"
        write_simulation(path, f"minutes=0.25&standing_s=1&rate=100&seed={seed}", quiet)
    (folder / "bo" / "broken.csv").write_text("this is no recording\n")
    (folder / "README.md").write_text("who ran where\n")
    return folder
