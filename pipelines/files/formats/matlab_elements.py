"""Variables of a MATLAB file of version 5 to 7 that are sound, before a library in C reads them.

A file is a row of elements, each with its type and length; a variable is an element of others:
flags with its class, dimensions, name, and numbers or further variables (MATLAB's MAT-File Format,
R2024b). A damaged type ends the process of ``scipy.io.loadmat``, so what departs is left out.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from math import prod
from typing import Final, NamedTuple

_HEAD_BYTES: Final = 128
_INT8, _INT32, _UINT32, _MATRIX, _COMPRESSED = 1, 5, 6, 14, 15
#: Bytes of a number by its type.
_NUMBERS: Final = {1: 1, 2: 1, 3: 2, 4: 2, 5: 4, 6: 4, 7: 4, 9: 8, 12: 8, 13: 8}
_LETTERS: Final = (1, 2, 4, 16, 17, 18)
_CELL, _STRUCTURE, _TEXT, _FIRST_NUMERIC, _LAST_NUMERIC = 1, 2, 4, 6, 15
_COMPLEX: Final = 0x0800
_DEEPEST: Final = 12
_LONGEST_NAME: Final = 4096


class _Element(NamedTuple):
    kind: int
    start: int
    size: int
    next: int


def sound_part(data: bytes, room: int) -> bytes:
    """The file with those of its variables alone that hold what they say, unpacked.

    Parameters
    ----------
    data : bytes
        Of the file.
    room : int
        Bytes that all of them may unpack to.

    Returns
    -------
    bytes
        Empty where there is none.

    Raises
    ------
    OverflowError
        When they unpack to more.
    """
    order = "<" if data[126:128] == b"IM" else ">"
    sound = [each for each in _variables(data, order, room) if _Reader(each, order).is_sound()]
    return data[:_HEAD_BYTES] + b"".join(sound) if sound else b""


def _variables(data: bytes, order: str, room: int) -> Iterator[bytes]:
    """Each variable as an element of its own, unpacked."""
    at = _HEAD_BYTES
    while at + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, at)
        content = data[at : at + 8 + size]
        at += 8 + size
        if kind == _COMPRESSED:
            try:
                content = zlib.decompressobj().decompress(content[8:], room + 1)
            except zlib.error:
                continue
        room -= len(content)
        if room < 0:
            raise OverflowError
        yield content


class _Reader:
    def __init__(self, data: bytes, order: str) -> None:
        self._data, self._order = data, order

    def is_sound(self) -> bool:
        """Whether it is one variable, and all of it is sound."""
        try:
            whole = self._element(0)
            if whole.kind != _MATRIX or whole.start + whole.size != len(self._data):
                return False
            self._check(whole, _DEEPEST)
        except (ValueError, IndexError, struct.error):
            return False
        return True

    def _element(self, at: int) -> _Element:
        (first,) = struct.unpack_from(f"{self._order}I", self._data, at)
        if first >> 16:  # up to four bytes stand beside type and length
            found = _Element(first & 0xFFFF, at + 4, first >> 16, at + 8)
            if found.size > 4:
                raise ValueError
        else:
            (size,) = struct.unpack_from(f"{self._order}I", self._data, at + 4)
            found = _Element(first, at + 8, size, at + 8 + size + -size % 8)
        if found.start + found.size > len(self._data):
            raise ValueError
        return found

    def _words(self, element: _Element, kind: int) -> tuple[int, ...]:
        if element.kind != kind or element.size % 4:
            raise ValueError
        count = element.size // 4
        return struct.unpack_from(f"{self._order}{count}i", self._data, element.start)

    def _check(self, whole: _Element, deeper: int) -> None:
        if not deeper:
            raise ValueError
        if not whole.size:
            return
        flags = self._element(whole.start)
        shape = self._element(flags.next)
        name = self._element(shape.next)
        said, sides = self._words(flags, _UINT32)[0], self._words(shape, _INT32)
        if len(sides) < 2 or min(sides) < 0 or name.kind != _INT8 or name.size > _LONGEST_NAME:
            raise ValueError
        end = self._content(said, prod(sides), name.next, deeper)
        if end > whole.start + whole.size + 7:
            raise ValueError

    def _content(self, said: int, count: int, at: int, deeper: int) -> int:
        """Where it ends."""
        kind = said & 0xFF
        if _FIRST_NUMERIC <= kind <= _LAST_NUMERIC:
            for _ in range(2 if said & _COMPLEX else 1):
                part = self._element(at)
                if part.size != count * _NUMBERS.get(part.kind, -1):
                    raise ValueError
                at = part.next
            return at
        if kind == _TEXT:
            text = self._element(at)
            if text.kind not in _LETTERS or text.size > 4 * count:
                raise ValueError
            return text.next
        if kind == _STRUCTURE:
            (length,) = self._words(self._element(at), _INT32)
            fields = self._element(self._element(at).next)
            if fields.kind != _INT8 or length < 1 or fields.size % length:
                raise ValueError
            at, count = fields.next, count * (fields.size // length)
        elif kind != _CELL:
            raise ValueError
        for _ in range(count):
            inner = self._element(at)
            if inner.kind != _MATRIX:
                raise ValueError
            self._check(inner, deeper - 1)
            at = inner.next
        return at
