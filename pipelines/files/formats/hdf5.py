"""HDF5, by h5py: MATLAB's ``.mat`` of version 7.3, and files of laboratories' sensors.

Arrays are told by their names and those of the groups that they lie in. What would be read from
another file, by a link or as storage, is left alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imu.errors import InputError
from pipelines.extras import how_to_install
from pipelines.files.formats.arrays import by_name, columns_of
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.recording import Ask, Recording, recording_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

HDF5_MAGIC: Final = b"\x89HDF\r\n"
_MATLAB: Final = b"MATLAB 7.3"
_MOST_ARRAYS: Final = 4096
#: What the numbers of a file may take, whatever its length, and for each of its bytes.
_FREE_BYTES: Final = 64 << 20
_MOST_EXPANSION: Final = 200
_MOST_BYTES: Final = 2 << 30


def _recognise(look: Look) -> bool:
    return look.start.startswith((HDF5_MAGIC, _MATLAB))


def _read(look: Look, ask: Ask) -> Recording:
    place = str(look.path)
    try:
        import h5py
    except ImportError:
        matlab = look.start.startswith(_MATLAB)
        other = "save it in MATLAB with save(…, '-v7')" if matlab else "save the table as CSV"
        raise InputError(
            f"this file needs the package h5py: give {how_to_install('lab')}, or {other}.",
            place=place,
        ) from None
    room = min(_MOST_BYTES, max(_FREE_BYTES, _MOST_EXPANSION * look.path.stat().st_size))
    try:
        with h5py.File(look.path, "r") as file:
            found = _arrays(file, h5py, room, place)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError):
        raise InputError("the file is damaged or cut short: save it again.", place=place) from None
    return recording_of(columns_of(by_name(found), place), ask)


def _arrays(file: Any, h5py: Any, room: int, place: str) -> list[tuple[str, NDArray[Any]]]:
    """Arrays of numbers, each by its path with points."""
    held: list[tuple[str, Any]] = []

    def look_at(path: str, node: Any) -> None:
        inside = isinstance(node, h5py.Dataset) and not path.startswith("#")
        if inside and len(held) < _MOST_ARRAYS and _is_numbers(node):
            held.append((path.replace("/", "."), node))

    file.visititems(look_at)
    if sum(node.size * node.dtype.itemsize for _, node in held) > room:
        raise InputError(
            "it would unpack to more than any recording of its size does: save it again.",
            place=place,
        )
    return [(path, np.asarray(node[()])) for path, node in held]


def _is_numbers(node: Any) -> bool:
    """Whether a data set is an array of numbers that lies in this file."""
    if node.external or node.is_virtual or node.shape is None:
        return False
    if node.attrs.get("MATLAB_class", b"") in (b"char", "char"):
        return False
    fields = node.dtype.fields or {}
    kinds = [one[0].base.kind for one in fields.values()] or [node.dtype.kind]
    return all(kind in "iuf" for kind in kinds)


HDF5: Final = FileFormat(
    "HDF5, MATLAB 7.3", "`.h5`, `.hdf5`, `.mat` of version 7.3", False, _recognise, _read,
    "arrays by name; needs the extra `lab`",
)  # fmt: skip
