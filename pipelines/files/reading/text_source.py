r"""Text in any of the usual encodings as UTF-8 lines that end in ``\n``; packed or not; bounded."""

from __future__ import annotations

import codecs
import gzip
import io
import os
import re
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from devices.named_pipe import opened_once_written
from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.system_error import explain

#: How much is looked at before rows are read: a preamble of some pages and the rows below it.
LOOK_BYTES: Final = 1 << 16
_BLOCK_BYTES: Final = 1 << 20
_CONTROLS: Final = 0.01
#: Encodings in which the columns may be named where the text is not UTF-8.
_OF_LANGUAGES: Final = (
    *("cp1252", "gb18030", "shift_jis", "euc_kr", "cp1251", "mac_roman"),
    *("cp1250", "cp1253", "cp1254", "mac_cyrillic", "koi8_r"),
)
_HEAD_BYTES: Final = 4096
#: A digit of another script than ours, or a minus that no keyboard has.
_FULL_WIDTH: Final = {0xFF0B: "+", 0xFF0D: "-", 0xFF0E: "."}
#: Signs between cells of Arabic, and in the width of Chinese.
_SEPARATORS: Final = {0x60C: ",", 0xFF0C: ",", 0x61B: ";"}
_ASCII_SEPARATOR: Final = re.compile(r"[,;\t|]")
_LETTER: Final = re.compile(r"[^\W\d_]")
_DIGIT: Final = re.compile(r"\d")
_OTHER_DIGIT: Final = re.compile(r"(?![0-9])\d|\u2212\d")
#: What stands in quotes, and a name that a spreadsheet has broken into lines.
_QUOTED: Final = re.compile(rb'"[^"]*"')
_BROKEN_NAME: Final = re.compile(rb'"[^\W\d][^",;\t|]{0,80}"')
GZIP: Final = b"\x1f\x8b"
#: Numbers of a sensor are packed to a tenth as text, those of one at rest to a thirtieth.
_MOST_EXPANSION: Final = 60
_FREE_BYTES: Final = 16 << 20
#: A day of six axes at 200 Hz has 1.5 GB of text.
_MOST_BYTES: Final = 8 << 30


class TextSource:
    r"""The lines of one file, each ending in ``\n``, as UTF-8 or one byte a character.

    Parameters
    ----------
    file : binary file
        At its beginning; need not be seekable.
    place : str
        The file's name, for messages.
    size : int
        Bytes that the file takes on the disk; 0 for a pipe.

    Attributes
    ----------
    look : bytes
        The beginning of the text.
    is_cut : bool
        Whether a packed file has ended too early so far.

    Raises
    ------
    InputError
        When this is no text, or a packed file that is damaged or expands beyond all reason.
    """

    def __init__(self, file: io.BufferedReader, place: str, size: int) -> None:
        self._place, self._size, self._beneath = place, size, file
        self._packed = file.peek(2)[:2] == GZIP
        self._file: BinaryIO | gzip.GzipFile = gzip.GzipFile(fileobj=file) if self._packed else file
        self._read_bytes = 0
        self.is_cut = False
        start = self._read(LOOK_BYTES)
        bom, encoding = _encoding(start)
        other = not encoding and _OTHER_DIGIT.search(start.decode("utf-8", "ignore"))
        self._signs = _signs_of_numbers() if other else {}
        self._decoder = codecs.getincrementaldecoder(encoding)("replace") if encoding else None
        self._bare = False
        plain = self._plain(start.removeprefix(bom))
        self._bare = b"\r" in plain and b"\n" not in plain
        self._start = _QUOTED.sub(_in_one_line, self._plain_ends(plain))
        self.look = self._in_ascii(self._start)
        # a few are what a card leaves where the current failed
        if len(self.look.translate(None, bytes(range(9, 256)))) > _CONTROLS * len(self.look):
            raise InputError("this is no text: give a table with a header line.", place=place)

    def blocks(self) -> Iterator[bytes]:
        """The whole text from its beginning, in pieces of whole lines; once."""
        rest, block = b"", self._start
        while block:
            cut = block.rfind(b"\n") + 1
            if cut:
                yield self._in_ascii(rest + block[:cut])
                rest = block[cut:]
            else:
                rest += block
            if len(rest) > _BLOCK_BYTES:
                raise InputError(
                    "a line is too long for a row of numbers: give a table.", place=self._place
                )
            block = self._plain_ends(self._plain(self._read(_BLOCK_BYTES)))
        if rest:
            yield self._in_ascii(rest)

    def progress(self) -> tuple[int, int]:
        """Bytes of the file that were read so far, and in all."""
        done = self._read_bytes
        if self._packed and self._size:
            done = min(self._beneath.tell(), self._size)
        return done, max(done, self._size)

    def _read(self, count: int) -> bytes:
        try:
            block = self._file.read(count) if not self._packed else self._unpacked(count)
        except (zlib.error, gzip.BadGzipFile):
            raise InputError(
                "the packed file is damaged: fetch it again.", place=self._place
            ) from None
        if self.is_cut and not self._read_bytes + len(block):
            raise InputError("the packed file ends too early: fetch it again.", place=self._place)
        self._read_bytes += len(block)
        bound = min(_MOST_BYTES, max(_FREE_BYTES, _MOST_EXPANSION * self._size))
        if self._read_bytes > (bound if self._packed else _MOST_BYTES):
            raise InputError(
                f"the text is longer than {bound / 1e6:.0f} MB, which no recording of this size "
                "is: cut it into pieces.",
                place=self._place,
            )
        return block

    def _unpacked(self, count: int) -> bytes:
        """The next bytes of a packed file; as many as there are of one that was cut."""
        parts: list[bytes] = []
        missing = count
        while missing > 0 and not self.is_cut:
            try:
                part = cast(gzip.GzipFile, self._file).read1(missing)
            except EOFError:
                self.is_cut = True
                break
            if not part:
                break
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)

    def _plain(self, block: bytes) -> bytes:
        """UTF-8 of text in two bytes a character; else as it is."""
        if self._decoder is None:
            return block
        return self._decoder.decode(block, final=not block).encode("utf-8", "replace")

    def _in_ascii(self, text: bytes) -> bytes:
        """Whole lines with the digits of ASCII in rows, which have more of them than letters."""
        if not self._signs:
            return text
        lines = text.decode("utf-8", "replace").split("\n")
        for k, line in enumerate(lines):
            if not _ASCII_SEPARATOR.search(line):
                lines[k] = line.translate(_SEPARATORS)
            if len(_DIGIT.findall(line)) > len(_LETTER.findall(line)):
                lines[k] = lines[k].translate(self._signs)
        return "\n".join(lines).encode()

    def _plain_ends(self, block: bytes) -> bytes:
        if b"\r" not in block:
            return block
        return block.replace(b"\r", b"\n") if self._bare else block.replace(b"\r", b"")


@contextmanager
def open_text(path: str | os.PathLike[str]) -> Iterator[TextSource]:
    """Open a file of text.

    Raises
    ------
    InputError
        When it cannot be opened or read, or is no text.
    """
    place = str(path)
    try:
        with opened_once_written(path) as file:
            yield TextSource(file, place, os.fstat(file.fileno()).st_size)
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from error


def text_from(data: bytes, place: str) -> TextSource:
    """The same of bytes in memory, as a packed folder holds them."""
    raw = io.BytesIO(data)
    return TextSource(io.BufferedReader(raw), place, len(data))


def beginning(path: str | os.PathLike[str]) -> bytes:
    """The first bytes of a file; none of a folder, and of a pipe, whose bytes come once.

    Raises
    ------
    InputError
        When it cannot be read.
    """
    try:
        if not Path(path).is_file() and Path(path).exists():  # a folder or a pipe
            return b""
        with Path(path).open("rb") as file:
            return file.read(LOOK_BYTES)
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=str(path)) from error


def _in_one_line(quoted: re.Match[bytes]) -> bytes:
    name = quoted[0]
    return name.replace(b"\n", b" ") if _BROKEN_NAME.fullmatch(name) else name


def _signs_of_numbers() -> dict[int, str]:
    """What the signs of numbers in other scripts are in ASCII."""
    digits = {
        ord(sign): str(unicodedata.decimal(sign))
        for sign in map(chr, range(0x80, 0x10000)) if sign.isdecimal()
    }  # fmt: skip
    # points and signs between thousands of Arabic; the minus of typesetters
    return digits | {0x66B: ".", 0x66C: "", 0x2212: "-"} | _FULL_WIDTH


def _encoding(start: bytes) -> tuple[bytes, str]:
    """The byte-order mark and the encoding, empty where a character of a number is one byte."""
    if start.startswith(codecs.BOM_UTF8):
        return codecs.BOM_UTF8, ""
    for bom, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if start.startswith(bom):
            return bom, name
    head = start[: len(start) // 2 * 2]
    for name, zeros, letters in (
        ("utf-16-le", head[1::2], head[::2]),
        ("utf-16-be", head[::2], head[1::2]),
    ):
        if len(zeros) > 8 and zeros.count(0) > 0.9 * len(zeros) and letters.count(0) == 0:
            return b"", name
    return b"", _encoding_of_language(start[:_HEAD_BYTES])


def _encoding_of_language(head: bytes) -> str:
    """The encoding in which words of columns appear; empty where one byte a character will do."""
    lines = [line for line in head.splitlines()[:40] if not line.isascii()]
    try:
        head[: head.rfind(b"\n") + 1].decode("utf-8")
    except UnicodeDecodeError:
        pass
    else:
        return ""
    if not lines:
        return ""

    def known(encoding: str) -> int:
        names = (re.split(r"[,;\t|]", line.decode(encoding, "replace")) for line in lines)
        said = (column_name(name) for cells in names for name in cells)
        return sum(one.quantity != "other" and not one.unknown for one in said)

    best = max(_OF_LANGUAGES, key=known)
    return "" if known(best) == known("cp1252") else best


def decoded(line: bytes) -> str:
    """A line as text, in UTF-8 or else with one byte a character.

    Examples
    --------
    >>> decoded("m/s²".encode()) == decoded("m/s²".encode("latin-1"))
    True
    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")
