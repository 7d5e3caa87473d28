"""Arrays of several sensors or trials in one file, told apart by the groups that they lie in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from numpy.typing import NDArray

from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.name_words import ACCELERATION, OTHER, plain_words
from pipelines.files.reading.named_sensors import (
    elsewhere,
    listed,
    meant,
    none_called,
    several,
    words_of,
)
from pipelines.files.reading.recording import Ask

_A_SAMPLE: Final = 3
_SPELLED: Final = ACCELERATION - {"a"}
Arrays = list[tuple[str, NDArray[Any]]]


def of_one_sensor(
    arrays: Arrays, ask: Ask, place: str, labels: Mapping[str, str] | None = None
) -> tuple[Arrays, Ask, list[str]]:
    """The arrays without those of other sensors.

    Parameters
    ----------
    arrays : sequence of (str, array)
        Paths with points between their names.
    ask : Ask
        Its stream names the sensor.
    place : str
        The file's name, for messages.
    labels : mapping of str to str, optional
        What the file says of a group, such as where a sensor was worn.

    Returns
    -------
    arrays : sequence of (str, array)
        What is left.
    ask : Ask
        Without the stream where it was found.
    notes : list of str
        Which was taken of several.

    Raises
    ------
    InputError
        When none of several is plainly meant, or none has the name that is stated.
    """
    labels = labels or {}
    notes: list[str] = []
    said: set[str] = set()
    while names := _apart([path for path, array in arrays if array.size > _A_SAMPLE]):
        shown = {name: labels.get(name, name) for name in names}
        if len(set(shown.values())) < len(names):
            shown = {name: f"{label} {name}" for name, label in shown.items()}
        within = {name: f"{shown[name]} {name}" for name in names}
        chosen = meant(within, ask.stream)
        if not chosen:
            raise several([*shown.values()], place)
        others = [name for name in names if name != chosen]
        said |= {*plain_words(within[chosen])}
        arrays = [one for one in arrays if set(one[0].split(".")).isdisjoint(others)]
        passed = listed([shown[name] for name in others])
        notes.append(
            f"{place}: of several {listed([shown[chosen]])} is read, and {passed} passed over."
        )
        if not words_of(ask.stream) & said and ask.stream:
            raise none_called(ask.stream, [*shown.values()], place)
    for group in {part for path, _ in arrays for part in path.split(".")[:-1]}:
        said |= {*plain_words(f"{group} {labels.get(group, '')}")}
    groups = next((key for path, _ in arrays if (key := _groups(path)) is not None), ())
    for place_named in (labels.get(group, group) for group in groups):
        notes += elsewhere(place_named, place_named, place)
    return arrays, replace(ask, stream="") if words_of(ask.stream) <= said else ask, notes


def _apart(paths: Sequence[str]) -> list[str]:
    """Names of the first groups by which arrays of acceleration differ; none of one sensor."""
    found = list(dict.fromkeys(key for path in paths if (key := _groups(path)) is not None))
    if len(found) < 2:
        return []
    for names in zip(*found, strict=False):
        if len(set(names)) > 1:
            return list(dict.fromkeys(names))
    return []


def _groups(path: str) -> tuple[str, ...] | None:
    """Of an acceleration the names around it, axes apart; None of anything else."""
    parts = [part for part in path.split(".") if part.lower() not in (*"xyz",)]
    if column_name(f"{parts[-1]} x").quantity == "acc":
        return tuple(parts[:-1])
    words = {*plain_words(parts[-1])}
    beside = column_name(parts[-1]).quantity == column_name(f"{parts[-1]} x").quantity == "other"
    if len(parts) < 2 or not beside or words & OTHER or not {*plain_words(parts[-2])} & _SPELLED:
        return None
    return (*parts[:-2], parts[-1])  # "accelerometer.pelvis"
