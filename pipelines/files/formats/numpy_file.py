"""NumPy's ``.npy`` and ``.npz``; objects, which would have to be unpickled, are refused."""

from __future__ import annotations

import io
from dataclasses import replace
from tokenize import TokenError
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.formats.array_groups import of_one_sensor
from pipelines.files.formats.arrays import by_name, columns_of
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.recording import Ask, Recording, recording_of
from pipelines.files.reading.whole_file import read_whole

_MAGIC: Final = b"\x93NUMPY"


def _recognise(look: Look) -> bool:
    if look.start.startswith(_MAGIC):
        return True
    names = look.folder.names if look.folder else ()
    return bool(names) and all(name.endswith(".npy") for name in names)


def _read(look: Look, ask: Ask) -> Recording:
    place = str(look.path)
    if look.start.startswith(_MAGIC):
        arrays = {"": _array(read_whole(look.path), place)}
        return recording_of(columns_of(arrays, place), ask)
    folder = look.folder
    assert folder is not None  # recognised by it
    found = []
    for name in folder.names:
        stem = name.removesuffix(".npy").replace("/", ".")
        found.append((stem, _array(folder.read(name), f"{place}, {stem}")))
    found, ask, notes = of_one_sensor(found, ask, place)
    raw = columns_of(by_name(found), place)
    return recording_of(replace(raw, notes=(*raw.notes, *notes)), ask)


def _array(data: bytes, place: str) -> NDArray[Any]:
    """An array whose header promises no more than there is.

    Raises
    ------
    InputError
        When it is damaged, of objects, or cut short.
    """
    stream = io.BytesIO(data)
    try:
        version = npy.read_magic(stream)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, by_column, dtype = header(stream)
        count = 1
        for length in shape:
            count *= length
        if not dtype.hasobject and count * dtype.itemsize > len(data) - stream.tell():
            count = -1
    except (ValueError, TypeError, OverflowError, SyntaxError, EOFError, TokenError):
        raise InputError("the array is damaged: save it again.", place=place) from None
    if dtype.hasobject:
        raise InputError(
            "it holds Python objects, which are never unpickled: save arrays of numbers.",
            place=place,
        )
    if count < 0:
        raise InputError("the array is cut short: save it again.", place=place)
    flat = np.frombuffer(data, dtype, count, stream.tell())
    return flat.reshape(shape, order="F" if by_column else "C")


NUMPY: Final = FileFormat(
    "NumPy", "`.npy`, `.npz`", True, _recognise, _read,
    "arrays by name, (N,) or (N, 3), or one with a column each; nothing is unpickled",
)  # fmt: skip
