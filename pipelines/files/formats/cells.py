"""Cells of any kind as a column: numbers, else times in words or the names of sensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.files.reading.long_table import are_axes, label_columns
from pipelines.files.reading.row_groups import are_places, is_group, take_turns
from pipelines.files.reading.stamps import is_time_in_words

_LOOKED_AT: Final = 200


def values_of(cells: Sequence[Any], name: str = "") -> NDArray[np.generic] | None:
    """A column of numbers or short text; None where it is neither, or says nothing by its name.

    Examples
    --------
    >>> values_of([1, "2.5", None]), values_of(["acc", "gyr"]), values_of(["run", "walk"])
    (array([1. , 2.5, nan]), array([b'acc', b'gyr'], dtype='|S40'), None)
    """
    try:
        return np.array([np.nan if _is_nothing(cell) else float(cell) for cell in cells])
    except (TypeError, ValueError, OverflowError):
        pass
    words = _words(cells)
    first = [word for word in words[:_LOOKED_AT] if word]
    told = any(map(is_time_in_words, first)) or label_columns([name], {0: set(first)})
    if not (told or are_axes(set(first)) or is_group(name) or are_places(set(first))):
        return None
    return _as_column(words)


def devices_in_turn(
    names: Sequence[str],
    values: Mapping[int, NDArray[np.generic]],
    unread: Mapping[int, Sequence[Any]],
) -> dict[int, NDArray[np.generic]]:
    """Of columns that say nothing by their names those that say whose each row of a sensor is."""
    held = {k: v[:_LOOKED_AT].tolist() for k, v in values.items() if v.dtype.kind == "S"}
    told = label_columns(names, {k: {cell.decode() for cell in v} for k, v in held.items()})
    labels = list(zip(*(held[k] for k in told), strict=True))
    return {
        k: _as_column(_words(cells))
        for k, cells in unread.items()
        if labels and take_turns(_words(cells[:_LOOKED_AT]), labels)
    }


def _words(cells: Sequence[Any]) -> list[str]:
    return [cell if isinstance(cell, str) else "" for cell in cells]


def _as_column(words: Sequence[str]) -> NDArray[np.generic]:
    return np.array([word.encode("ascii", "replace")[:40] for word in words], "S40")


def _is_nothing(cell: Any) -> bool:
    return cell is None or cell == "" or isinstance(cell, bool)
