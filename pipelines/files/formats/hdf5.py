"""HDF5, by h5py: MATLAB's ``.mat`` of version 7.3, and files of laboratories' sensors.

Arrays are told by their names and those of the groups that they lie in. What would be read from
another file, by a link or as storage, is left alone.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imu.errors import InputError
from pipelines.extras import how_to_install
from pipelines.files.formats.array_groups import of_one_sensor
from pipelines.files.formats.arrays import by_name, columns_of
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.rate_names import is_rate_name
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
_UNITS: Final = ("unit", "units")
#: Where files of laboratories say which sensor a group is of: APDM's monitors as ``Label 0``.
_LABEL: Final = re.compile(
    r"(monitor[ _]?)?label[ _]?0?|(sensor[ _]?|body[ _]?)?(name|location|placement|position|"
    r"segment|part|site)",
    re.I,
)
_CONFIGURATION: Final = "configuration"
_LISTS: Final = ("CaseIdList", "MonitorLabelList")
_CASE_ID: Final = 9  # characters that it shares with the group
_LONGEST_LABEL: Final = 60


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
            labels = _labels(file, h5py)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError):
        raise InputError("the file is damaged or cut short: save it again.", place=place) from None
    found, ask, notes = of_one_sensor(found, ask, place, labels)
    raw = columns_of(by_name(found), place)
    return recording_of(replace(raw, notes=(*raw.notes, *notes)), ask)


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
    found = [one for path, node in held for one in _columns_of(path, node)]
    return found + _rates(file, h5py)


def _columns_of(path: str, node: Any) -> list[tuple[str, NDArray[Any]]]:
    """An array by its path, or its columns where an attribute names them."""
    array = np.asarray(node[()])
    for key in node.attrs:
        names = [_text(one) for one in np.atleast_1d(node.attrs[key])]
        if array.ndim == 2 and len(names) == array.shape[1] and any(
            column_name(name).axis >= 0 for name in names
        ):  # fmt: skip
            group = path.rpartition(".")[0]
            paths = (f"{group}.{name.replace('.', ' ')}".lstrip(".") for name in names)
            return [(one, array[:, k]) for k, one in enumerate(paths)]
    return [(path + _unit_of(path, node), array)]


def _rates(file: Any, h5py: Any) -> list[tuple[str, NDArray[Any]]]:
    """Sampling rates that attributes of the file, its groups and arrays state, by their paths."""
    found: list[tuple[str, NDArray[Any]]] = []

    def look_at(path: str, node: Any) -> None:
        if isinstance(node, (h5py.Group, h5py.Dataset)) and len(found) < _MOST_ARRAYS:
            for key in filter(is_rate_name, node.attrs):
                value = np.asarray(node.attrs[key])
                if value.size == 1 and value.dtype.kind in "iufUSO":
                    one = value.astype(str) if value.dtype.kind in "USO" else value
                    found.append((f"{path}/{key}".lstrip("/").replace("/", "."), one))

    look_at("", file)
    file.visititems(look_at)
    return found


def _unit_of(path: str, node: Any) -> str:
    """The unit that an array's attribute says, in brackets; empty without one that is known."""
    name = path.rpartition(".")[2]
    unit = next((_text(node.attrs[key]) for key in node.attrs if key.lower() in _UNITS), "")
    known = (
        unit
        and "." not in unit
        and (column_name(f"{name} x ({unit})").unit or column_name(f"{name} ({unit})").unit)
    )
    return f" ({unit})" if known else ""


def _labels(file: Any, h5py: Any) -> dict[str, str]:
    """What is said of groups, such as where a monitor was worn: by themselves, or by the file."""
    found: dict[str, str] = {}

    def look_at(path: str, node: Any) -> None:
        if isinstance(node, h5py.Group) and len(found) < _MOST_ARRAYS:
            name = path.rpartition("/")[2]
            if name.lower() == _CONFIGURATION:  # says it of the group that it lies in
                name = path.split("/")[-2] if "/" in path else ""
            said = (_text(node.attrs[key]) for key in node.attrs if _LABEL.fullmatch(key))
            if text := next(filter(None, said), ""):
                found.setdefault(name, text)

    file.visititems(look_at)
    listed = (file.attrs.get(key) for key in _LISTS)
    names, labels = ([_text(one) for one in np.atleast_1d(held)] if held is not None else []
                     for held in listed)  # fmt: skip
    for name, label in zip(names, labels, strict=False):
        for group in file:
            if group.startswith(name[:_CASE_ID]) and name and label:
                found.setdefault(group, label)
    return found


def _text(value: Any) -> str:
    """An attribute as words; empty where it is something else."""
    held = np.atleast_1d(value)
    one = held[0] if held.size == 1 else None
    text = one.decode("utf-8", "replace") if isinstance(one, bytes) else one
    return text.strip("\0 ")[:_LONGEST_LABEL] if isinstance(text, str) else ""


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
    "arrays by name, of several sensors `--stream`; needs the extra `lab`",
)  # fmt: skip
