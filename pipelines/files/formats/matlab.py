"""MATLAB's ``.mat`` of version 4 to 7, by scipy; 7.3 is HDF5."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from dataclasses import replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.formats.array_groups import of_one_sensor
from pipelines.files.formats.arrays import by_name, columns_of
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.formats.hdf5 import HDF5_MAGIC
from pipelines.files.formats.matlab_elements import sound_part
from pipelines.files.reading.recording import Ask, Recording, recording_of
from pipelines.files.reading.whole_file import read_whole

_HEAD_OF_OLDEST: Final = 20
_MOST_BYTES: Final = 2 << 30
_FREE_BYTES: Final = 64 << 20
_MOST_EXPANSION: Final = 200
_DEEPEST: Final = 12


def _recognise(look: Look) -> bool:
    if look.start.startswith(b"MATLAB 7.3"):
        return False
    # version 4 has no word at its beginning
    oldest = look.path.suffix.lower() == ".mat" and b"\0" in look.start[:_HEAD_OF_OLDEST]
    return look.start.startswith(b"MATLAB ") or (oldest and not look.start.startswith(HDF5_MAGIC))


def _read(look: Look, ask: Ask) -> Recording:
    place = str(look.path)
    data = read_whole(look.path)
    if look.start.startswith(b"MATLAB "):
        data = _sound_part(data, place)
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            file: Any = io.BytesIO(data)  # which the stubs of scipy leave out
            found = loadmat(file, squeeze_me=True, struct_as_record=True)
    except (MatReadError, ValueError, TypeError, KeyError, IndexError, zlib.error, OSError,
            OverflowError, MemoryError, NotImplementedError, struct.error):  # fmt: skip
        raise InputError("the file is damaged or cut short: save it again.", place=place) from None
    within: list[tuple[str, NDArray[Any]]] = []
    several: dict[str, int] = {}
    for name, value in found.items():
        if not name.startswith("__"):
            _gather(name, value, within, several, _DEEPEST)
    if several and not any(array.size > 1 for _, array in within):
        name, count = next(iter(several.items()))
        raise InputError(
            f"{name} holds {count} recordings: save each as a file of its own.", place=place
        )
    within, ask, notes = of_one_sensor(within, ask, place)
    raw = columns_of(by_name(within), place)
    return recording_of(replace(raw, notes=(*raw.notes, *notes)), ask)


def _gather(
    path: str,
    value: Any,
    arrays: list[tuple[str, NDArray[Any]]],
    several: dict[str, int],
    deeper: int,
) -> None:
    """Arrays of numbers, also those within structures and cells, each by its path.

    Of cells, or structures, of which there are several of one name, how many there are.
    """
    array = np.asarray(value)
    if array.dtype.names and array.size == 1 and deeper:
        for field in array.dtype.names:
            inner = array.reshape(-1)[0][field]
            _gather(f"{path}.{field}", inner, arrays, several, deeper - 1)
    elif array.dtype.kind == "O" and array.size == 1 and deeper:
        inner = array.reshape(-1)[0]
        _gather(path, inner, arrays, several, deeper - 1)
    elif deeper and (labels := _labels_of(array)):
        for label, inner in zip(labels, array.reshape(-1), strict=True):
            _gather(f"{path}.{label}", np.array(inner), arrays, several, deeper - 1)
    elif array.dtype.names or array.dtype.kind == "O":
        several[path] = array.size
    elif array.dtype.kind in "iuf":
        arrays.append((path, array))


def _labels_of(array: NDArray[Any]) -> list[str]:
    """What a field of words calls each of several structures; empty where none tells them apart."""
    for field in array.dtype.names or ():
        labels = [str(one).replace(".", " ") for one in array[field].reshape(-1)
                  if np.asarray(one).dtype.kind == "U"]  # fmt: skip
        if len(labels) == len({*labels}) == array.size and all(labels):
            return labels
    return []


def _sound_part(data: bytes, place: str) -> bytes:
    """The file with the variables that can be read without harm.

    Raises
    ------
    InputError
        When there is none, or they unpack to more than any recording.
    """
    room = min(_MOST_BYTES, max(_FREE_BYTES, _MOST_EXPANSION * len(data)))
    try:
        sound = sound_part(data, room)
    except OverflowError:
        raise InputError(
            "it would unpack to more than any recording of its size does: save it again.",
            place=place,
        ) from None
    if not sound:
        raise InputError(
            "no array in it can be read: it is damaged or cut short, or holds tables and objects "
            "alone; save arrays of numbers.",
            place=place,
        )
    return sound


MATLAB: Final = FileFormat(
    "MATLAB", "`.mat` of version 4 to 7", True, _recognise, _read,
    "arrays and structures of arrays",
)  # fmt: skip
