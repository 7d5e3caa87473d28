"""Rows of numbers as Protocol Buffers messages, which plotting programs read without our code.

Every field has a fixed width, so that many rows are encoded and decoded as one array; a file's
schema is the description of the message itself (a ``FileDescriptorSet``), as MCAP has it.

References: Protocol Buffers, "Encoding" and ``descriptor.proto`` (Google, 2008–2025); MCAP
specification, well-known schema encodings (Foxglove, 2022).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

#: By the kind of a column: numpy's type, the wire type, and the type in a description.
_WIRES: Final = {
    "f8": ("<f8", 1, 1),  # double
    "f4": ("<f4", 5, 2),  # float
    "u4": ("<u4", 5, 7),  # fixed32
}


@dataclass(frozen=True, slots=True)
class RowMessage:
    """A message that is one row of named numbers.

    Parameters
    ----------
    name : str
        Full name of the message, with its package: ``"backstride.Step"``.
    columns : tuple of (str, str)
        Name and kind of each column: ``"f8"``, ``"f4"`` or ``"u4"``. They are numbered from 1.

    Examples
    --------
    >>> message = RowMessage("backstride.Point", (("time_s", "f8"), ("count", "u4")))
    >>> rows = message.rows(2)
    >>> rows["count"] = 7, 8
    >>> [data.hex() for data in message.encode(rows)]
    ['0900000000000000001507000000', '0900000000000000001508000000']
    >>> message.decode(message.encode(rows))["count"].tolist()
    [7, 8]
    """

    name: str
    columns: tuple[tuple[str, str], ...]

    def rows(self, count: int) -> NDArray[np.void]:
        """So many rows of zeros, to be filled by the names of the columns."""
        return np.repeat(_blank(self.columns), count)

    def encode(self, rows: NDArray[np.void]) -> list[bytes]:
        """Rows to messages, one each."""
        data, width = rows.tobytes(), rows.dtype.itemsize
        return [data[start : start + width] for start in range(0, len(data), width)]

    def decode(self, messages: list[bytes]) -> NDArray[np.void]:
        """Messages to rows.

        Raises
        ------
        ValueError
            When one is not as :meth:`encode` writes it.
        """
        blank = _blank(self.columns)
        width = blank.dtype.itemsize
        if any(len(message) != width for message in messages):
            raise ValueError(f"a message is no {self.name}")
        rows = np.frombuffer(b"".join(messages), blank.dtype)
        keys = rows.view(np.uint8).reshape(-1, width)[:, _key_places(self.columns)]
        if np.any(keys != blank.view(np.uint8)[_key_places(self.columns)]):
            raise ValueError(f"a message is no {self.name}")
        return rows

    @property
    def description(self) -> bytes:
        """The message's ``FileDescriptorSet``."""
        package, _, name = self.name.rpartition(".")
        fields = b"".join(
            _part(
                2,
                _part(1, column.encode())
                + _number(3, index + 1)
                + _number(4, 1)  # optional, as all fields are
                + _number(5, _WIRES[kind][2]),
            )
            for index, (column, kind) in enumerate(self.columns)
        )
        file = (
            _part(1, f"{self.name}.proto".encode())
            + _part(2, package.encode())
            + _part(4, _part(1, name.encode()) + fields)
            + _part(12, b"proto3")
        )
        return _part(1, file)


@cache
def _blank(columns: tuple[tuple[str, str], ...]) -> NDArray[np.void]:
    """One row of zeros, with the keys before its values."""
    keys = [_key(index + 1, _WIRES[kind][1]) for index, (_, kind) in enumerate(columns)]
    layout: list[tuple[str, Any]] = []
    for key, (name, kind) in zip(keys, columns, strict=True):
        layout += [(f"key {name}", f"V{len(key)}"), (name, _WIRES[kind][0])]
    blank = np.zeros(1, np.dtype(layout))
    for key, (name, _) in zip(keys, columns, strict=True):
        blank[f"key {name}"] = np.void(key)
    return blank


@cache
def _key_places(columns: tuple[tuple[str, str], ...]) -> NDArray[np.intp]:
    """Where the bytes of the keys lie in a row."""
    layout = _blank(columns).dtype
    places = [
        at + byte
        for name, (kind, at, *_) in (layout.fields or {}).items()
        if name.startswith("key ")
        for byte in range(kind.itemsize)
    ]
    return np.array(places, np.intp)


def _varint(value: int) -> bytes:
    parts = bytearray()
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _key(number: int, wire: int) -> bytes:
    return _varint(number << 3 | wire)


def _number(number: int, value: int) -> bytes:
    return _key(number, 0) + _varint(value)


def _part(number: int, data: bytes) -> bytes:
    return _key(number, 2) + _varint(len(data)) + data
