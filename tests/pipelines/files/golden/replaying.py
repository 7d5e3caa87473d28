"""What a replay gives of the sessions in this folder, and where it is written down."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from tests.pipelines.command_line import backstride

FOLDER: Final = Path(__file__).parent
SESSIONS: Final = sorted(FOLDER.glob("*.mcap"))


def expectations(path: Path) -> tuple[Path, Path]:
    """The files with the steps and the alerts of a session."""
    return path.with_suffix(".steps.csv"), path.with_suffix(".alerts.jsonl")


def replayed(path: Path) -> tuple[bytes, bytes]:
    """The steps and the alerts that the command gives of a session, as bytes of their files."""
    with tempfile.TemporaryDirectory() as folder:
        steps, alerts = Path(folder, "steps.csv"), Path(folder, "alerts.jsonl")
        ended = backstride("replay", path, "--steps", steps, "--alerts", alerts)
        assert ended.exit_code == 0, ended.err
        return steps.read_bytes(), alerts.read_bytes()
