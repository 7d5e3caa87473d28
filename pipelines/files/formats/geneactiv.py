"""GENEActiv: text in a ``.bin``.

Lines about the recorder, then pages that begin with ``Recorded Data``: some lines, among them the
page's time and rate, and one of 300 samples in hexadecimal digits, twelve a sample.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pipelines.files.formats.activity_monitor import read_activity_monitor
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.formats.sound_parts import SoundParts
from pipelines.files.reading.recording import Ask, Recording
from pipelines.files.reading.whole_file import read_whole

_PAGE: Final = b"Recorded Data"
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
    head, *pages = read_whole(path).split(_PAGE)
    plain = [_NO_ASCII.sub(b"?", _with_points(head))]
    kept = 0
    changed = plain[0] != head
    cut = False
    for number, page in enumerate(pages, 1):
        sound = _with_points(page)
        digits = sound.rstrip().rpartition(b"\n")[2].strip()
        shorter = number == len(pages) and len(digits) < _DIGITS
        cut |= shorter
        if shorter and sound.rstrip().count(b"\n") and len(digits) % _SAMPLE_DIGITS:
            sound = sound.rstrip()[: -(len(digits) % _SAMPLE_DIGITS)] + b"\n"
            digits = digits[: len(digits) // _SAMPLE_DIGITS * _SAMPLE_DIGITS]
        whole = len(digits) == _DIGITS or (shorter and len(digits) > 0)
        if whole and _is_hex(digits) and _TIME.search(sound) and _RATE.search(sound):
            plain.append(_PAGE + sound)
            kept += 1
        changed |= len(plain) != number + 1 or sound is not page
    damaged = len(pages) - kept
    return SoundParts(damaged, len(pages), "page", cut, plain if changed else ())


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
