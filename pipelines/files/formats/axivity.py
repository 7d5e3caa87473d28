"""Axivity AX3 and AX6: ``.cwa``."""

from __future__ import annotations

from typing import Final

from pipelines.files.formats.activity_monitor import read_activity_monitor
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.recording import Ask, Recording


def _recognise(look: Look) -> bool:
    return look.start.startswith(b"MD") and len(look.start) >= 1024


def _read(look: Look, _ask: Ask) -> Recording:
    return read_activity_monitor(look, "Axivity")


AXIVITY: Final = FileFormat(
    "Axivity AX3, AX6", "`.cwa`", True, _recognise, _read, "needs the extra `lab`"
)
