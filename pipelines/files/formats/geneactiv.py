"""GENEActiv: text in a ``.bin``."""

from __future__ import annotations

from typing import Final

from pipelines.files.formats.activity_monitor import read_activity_monitor
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.recording import Ask, Recording


def _recognise(look: Look) -> bool:
    return look.start.startswith(b"Device Identity") and b"GENEActiv" in look.start[:2048]


def _read(look: Look, _ask: Ask) -> Recording:
    return read_activity_monitor(look, "GENEActiv")


GENEACTIV: Final = FileFormat(
    "GENEActiv", "`.bin`", True, _recognise, _read, "needs the extra `lab`"
)
