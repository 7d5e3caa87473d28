"""Arrays by name, as NumPy and MATLAB files hold them, made columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.rate_names import rate_of_interval_hz, stated_rate_hz
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.vector_cells import axis_names

_MOST_COLUMNS: Final = 64


def columns_of(arrays: Mapping[str, NDArray[Any]], place: str) -> RawColumns:
    """Columns of the arrays of a file.

    Parameters
    ----------
    arrays : mapping of str to array
        Each (N,), (N, K) or a single number; (K, N) where K is at most nine and smaller.
    place : str
        The file's name, for messages.

    Raises
    ------
    InputError
        When there are no arrays of numbers, or they have different lengths.
    """
    single = [(name, one.ravel()[0].item()) for name, one in arrays.items()
              if one.size == 1 and one.dtype.kind in "iufUS"]  # fmt: skip
    rate = stated_rate_hz(single) or rate_of_interval_hz(single)
    preamble = {"rate_hz": repr(rate)} if rate else {}
    named: list[tuple[str, NDArray[np.float64]]] = []
    for name, array in arrays.items():
        if array.dtype.names:
            named += _fields("", array)
            continue
        if array.dtype.kind not in "iufM" or array.size == 0:
            continue
        if array.ndim == 2 and (called := _called(arrays, array.shape[1])):
            named += [(one, _numbers(array[:, k])) for k, one in enumerate(called)]
            continue
        if array.size == 1:
            continue
        named += _columns(name, array)
    if not named:
        deep = next((name for name, one in arrays.items() if one.ndim > 2), "")
        cure = f"{deep} has more than two dimensions: save (N, 3) for each sensor." if deep else ""
        raise InputError(cure or "there are no arrays of numbers in it.", place=place)
    lengths = {len(values) for name, values in named if column_name(name).quantity != "other"}
    lengths = lengths or {len(named[0][1])}
    if len(lengths) > 1:
        named = _side_by_side(named, place)
        lengths = {len(named[0][1])}
    length = lengths.pop()
    kept = [(name, values) for name, values in named if len(values) == length][:_MOST_COLUMNS]
    names = tuple(name for name, _ in kept)
    if len(arrays) == 1 and all(column_name(name).quantity == "other" for name in names):
        names = ("",) * len(names)
    return RawColumns(place, names, {k: v for k, (_, v) in enumerate(kept)}, preamble=preamble)


def _fields(above: str, array: NDArray[Any]) -> list[tuple[str, NDArray[np.float64]]]:
    """Columns of the fields of a structured array, also of those within fields."""
    found: list[tuple[str, NDArray[np.float64]]] = []
    for field in array.dtype.names or ():
        name, inner = f"{above}{field}", array[field]
        found += _fields(f"{name} ", inner) if inner.dtype.names else _columns(name, inner)
    return found


def _called(arrays: Mapping[str, NDArray[Any]], count: int) -> list[str]:
    """Names of so many columns, of which one says what was measured, where an array lists them."""
    for array in arrays.values():
        if array.dtype.kind in "US" and array.shape == (count,):
            names = [str(one.decode() if isinstance(one, bytes) else one) for one in array.tolist()]
            if any(column_name(name).axis >= 0 for name in names):
                return names
    return []


def by_name(arrays: Sequence[tuple[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
    """Arrays by the last name of their path, or as much of it as tells several sensors apart.

    Parameters
    ----------
    arrays : sequence of (str, array)
        Paths with points between their names.
    """
    named = {}
    for path, array in arrays:
        parts = path.split(".")
        for count in range(1, len(parts) + 1):
            name = ".".join(parts[-count:])
            if sum(f".{other}".endswith(f".{name}") for other, _ in arrays) == 1:
                break
        named[name] = array
    return named


def _side_by_side(
    named: list[tuple[str, NDArray[np.float64]]], place: str
) -> list[tuple[str, NDArray[np.float64]]]:
    """Two sensors, each with times of its own, as columns of one length.

    Raises
    ------
    InputError
        When one of them has none.
    """
    said = [(column_name(name).quantity, name, values) for name, values in named]
    of = {q: {len(v) for quantity, _, v in said if quantity == q} for q in ("acc", "gyr", "time")}
    lengths = sorted(of["acc"] | of["gyr"], reverse=True)
    if len(of["acc"]) != 1 or len(of["gyr"]) != 1 or not of["acc"] | of["gyr"] <= of["time"]:
        every = sorted({len(v) for quantity, _, v in said if quantity != "other"})
        raise InputError(
            f"its arrays have different lengths ({', '.join(map(str, every))}), and not each has "
            "times: give one with a row a sample, or two files and --with.",
            place=place,
        )
    found = []
    for quantity in ("acc", "gyr"):
        (length,) = of[quantity]
        found += [
            (name, np.append(values, np.full(lengths[0] - length, np.nan)))
            for wanted in ("time", quantity)
            for kind, name, values in said
            if kind == wanted and len(values) == length
        ]
    return found


def _columns(name: str, array: NDArray[Any]) -> list[tuple[str, NDArray[np.float64]]]:
    array = np.squeeze(array)
    if array.ndim == 1:
        unit = " [ns]" if array.dtype.kind == "M" else ""
        return [(name + unit, _numbers(array))]
    if array.ndim != 2:
        return []
    if array.shape[0] <= 9 < array.shape[1]:
        array = array.T
    if array.shape[1] != 3:
        return [("", _numbers(array[:, k])) for k in range(min(array.shape[1], _MOST_COLUMNS))]
    return [(axis, _numbers(array[:, k])) for k, axis in enumerate(axis_names(name))]


def _numbers(array: NDArray[Any]) -> NDArray[np.float64]:
    if array.dtype.kind == "M":
        return array.astype("datetime64[ns]").astype(np.int64).astype(np.float64)
    return np.asarray(array, np.float64).ravel() if array.dtype.kind in "iufb" else np.zeros(0)
