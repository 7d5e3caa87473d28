"""GENEActiv: text in a ``.bin``.

Lines about the recorder, then pages that begin with ``Recorded Data``: some lines, among them the
page's time and rate, and one of 300 samples in hexadecimal digits, twelve a sample.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Final

from pipelines.files.formats.activity_monitor import read_activity_monitor
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.formats.sound_parts import SoundParts, mapped
from pipelines.files.reading.recording import Ask, Recording

_PAGE: Final = re.compile(rb"Recorded Data")
_DIGITS: Final = 3600
_SAMPLE_DIGITS: Final = 12
_TIME: Final = re.compile(rb"^Page Time:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}\s*$", re.M)
_RATE: Final = re.compile(rb"^Measurement Frequency:\d+(\.\d+)?\s*$", re.M)
_DECIMAL_COMMA: Final = re.compile(rb"^([A-Z][\w ]*:-?\d+),(\d+)", re.M)
_NO_ASCII: Final = re.compile(rb"[^\t\r\n -~]")


def _recognise(look: Look) -> bool:
    return look.start.startswith(b"Device Identity") and b"GENEActiv" in look.start[:2048]


def sound_pages(path: Path) -> SoundParts:
    """The pages that are whole, with a decimal point, and a head in plain letters."""
    data = mapped(path)
    starts = [found.start() for found in _PAGE.finditer(data)]
    head = bytes(data[: starts[0] if starts else len(data)])
    plain = _NO_ASCII.sub(b"?", _with_points(head))
    pieces: list[bytes | memoryview] = [plain]
    changed = plain != head
    cut = False
    for start, end in itertools.pairwise([*starts, len(data)]):
        page = bytes(data[start:end])
        sound = _with_points(page)
        digits = sound.rstrip().rpartition(b"\n")[2].strip()
        if end == len(data) and len(digits) < _DIGITS:
            cut, beyond = True, len(digits) % _SAMPLE_DIGITS
            if beyond:
                sound, digits = sound.rstrip()[:-beyond] + b"\n", digits[:-beyond]
        whole = len(digits) == _DIGITS or (cut and len(digits) > 0)
        if whole and _is_hex(digits) and _TIME.search(sound) and _RATE.search(sound):
            pieces.append(data[start:end] if sound is page else sound)
            changed |= sound is not page
    damaged = len(starts) - len(pieces) + 1
    changed |= damaged > 0
    return SoundParts(damaged, len(starts), "page", cut, pieces if changed else ())


def _with_points(text: bytes) -> bytes:
    """The same where no number has a comma."""
    return _DECIMAL_COMMA.sub(rb"\1.\2", text) if b"," in text else text


def _is_hex(digits: bytes) -> bool:
    return not digits.translate(None, b"0123456789ABCDEFabcdef")


def _read(look: Look, _ask: Ask) -> Recording:
    return read_activity_monitor(look, "GENEActiv", sound_pages)


GENEACTIV: Final = FileFormat(
    "GENEActiv", "`.bin`", True, _recognise, _read, "needs the extra `lab`"
)
