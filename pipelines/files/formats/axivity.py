"""Axivity AX3 and AX6: ``.cwa``.

A header of two sectors, then sectors of 512 bytes that begin with ``AX`` and whose words add up to
zero (Open Movement, AX3 technical documentation, 2013).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from pipelines.files.formats.activity_monitor import read_activity_monitor
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.formats.sound_parts import SoundParts, mapped
from pipelines.files.reading.recording import Ask, Recording

_HEADER_BYTES: Final = 1024
_SECTOR_BYTES: Final = 512


def _recognise(look: Look) -> bool:
    return look.start.startswith(b"MD") and len(look.start) >= _HEADER_BYTES


def sound_sectors(path: Path) -> SoundParts:
    """The sectors that are whole; those behind that were never written are no damaged ones."""
    data = mapped(path)
    body = data[_HEADER_BYTES:]
    count = len(body) // _SECTOR_BYTES
    words = np.frombuffer(body, "<u2", count * _SECTOR_BYTES // 2)
    words = words.reshape(count, _SECTOR_BYTES // 2)
    empty = ((words == 0xFFFF) | (words == 0)).all(axis=1)
    written = count - int(np.argmin(empty[::-1])) if count and not empty.all() else 0
    sound = words.sum(axis=1, dtype=np.uint16) == 0
    sound &= (words[:, :1] == int.from_bytes(b"AX", "little")).all(axis=1)
    damaged = written - int(np.count_nonzero(sound[:written]))
    cut = len(body) % _SECTOR_BYTES > 0 and written == count
    if not damaged and written == count:
        return SoundParts(0, count, "sector", cut)
    places = np.flatnonzero(sound[:written]) * _SECTOR_BYTES
    pieces = [body[place : place + _SECTOR_BYTES] for place in places.tolist()]
    return SoundParts(damaged, written, "sector", cut, [data[:_HEADER_BYTES], *pieces])


def _read(look: Look, _ask: Ask) -> Recording:
    return read_activity_monitor(look, "Axivity", sound_sectors)


AXIVITY: Final = FileFormat(
    "Axivity AX3, AX6", "`.cwa`", True, _recognise, _read, "needs the extra `lab`"
)
