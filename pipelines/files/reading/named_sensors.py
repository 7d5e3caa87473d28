"""Which of several sensors, people or trials in one file is meant: the named one, or the waist."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from imu.errors import InputError
from pipelines.files.reading.name_words import (
    LESSER,
    at_waist,
    may_be_waist,
    names_elsewhere,
    names_waist,
    plain_words,
)
from pipelines.files.reading.raw_columns import excerpt

_MOST_SHOWN: Final = 8
_NUMBERED: Final = re.compile(r"\b(imu|sensor|node|device|unit|tracker) ?(\d{1,2})\b")


def words_of(stream: str) -> frozenset[str]:
    """The words by which a user names a sensor."""
    return frozenset(plain_words(stream))


def meant(labels: Mapping[str, str], stream: str) -> str:
    """The one that is named, else the one at the waist, else the one that was corrected; or none.

    Parameters
    ----------
    labels : mapping of str to str
        What is said of each.
    stream : str
        As the user names it; of a trial and a sensor, some words may be of each.

    Examples
    --------
    >>> monitors = {"123": "Right Foot 123", "456": "Lumbar 456"}
    >>> meant(monitors, ""), meant(monitors, "right foot"), meant({"a": "shank", "b": "foot"}, "")
    ('456', '123', '')
    """
    said = {name: frozenset(plain_words(label)) for name, label in labels.items()}
    wanted = words_of(stream)
    most = max((len(wanted & words) for words in said.values()), default=0)
    if most:
        found = [name for name, words in said.items() if len(wanted & words) == most]
    else:
        worn = at_waist(labels.values())
        found = [name for name, label in labels.items() if label in worn]
        found = found or [name for name, words in said.items() if LESSER.isdisjoint(words)]
    return found[0] if len(found) == 1 else ""


def several(labels: Sequence[str], place: str) -> InputError:
    """What is told where none is plainly meant."""
    labels = back_first(labels)
    return InputError(
        f"it holds the acceleration of several, {listed(labels)}: name one by --stream, such as "
        f"--stream {excerpt(labels[0])}.",
        place=place,
    )


def none_called(stream: str, labels: Sequence[str], place: str) -> InputError:
    """What is told where nothing has the name that a user gives."""
    there = f"there are {listed(labels)}" if len(labels) > 1 else "it holds one alone"
    cure = "name one of these" if len(labels) > 1 else "leave --stream out"
    return InputError(f"no sensor of it is called {excerpt(stream)}: {there}; {cure}.", place=place)


def elsewhere(shown: str, name: str, place: str) -> list[str]:
    """What is told of a sensor whose name says that it sits elsewhere; nothing of others."""
    if not names_elsewhere(name):
        return []
    return [
        f"{place}: {excerpt(shown)} names a place that is not the waist: all that is told is of "
        "the pelvis, so clip the sensor to the middle of the back of the waist."
    ]


def are_apart(one: str, other: str) -> bool:
    """Whether names of columns are of two sensors: by their numbers, or of the waist and elsewhere.

    Examples
    --------
    >>> are_apart("imu1_acc_x", "imu2_gyr_x"), are_apart("sacrum acc x", "foot gyr x")
    (True, True)
    >>> are_apart("imu1_acc_x", "imu1_gyr_x"), are_apart("acc1_x", "gyro2_x")
    (False, False)
    """
    numbers = [_NUMBERED.findall(" ".join(plain_words(name))) for name in (one, other)]
    if all(len(found) == 1 for found in numbers):
        (device, number), (other_device, other_number) = (found[0] for found in numbers)
        if device == other_device and number != other_number:
            return True
    return names_waist(one) and names_elsewhere(other)


def back_first(labels: Sequence[str]) -> list[str]:
    """The same, those first whose name says that they sit at the back, or may.

    Examples
    --------
    >>> back_first(["lf", "rf", "lb"]), back_first(["back", "head", "pelvis"])
    (['lb', 'lf', 'rf'], ['pelvis', 'back', 'head'])
    """
    return sorted(labels, key=lambda label: (not names_waist(label), not may_be_waist(label)))


def listed(labels: Sequence[str]) -> str:
    """Some of them, in quotes.

    Examples
    --------
    >>> listed(["foot", "shank"])
    "'foot' and 'shank'"
    """
    shown = [excerpt(label) for label in labels[:_MOST_SHOWN]]
    if len(labels) > len(shown):
        return f"{', '.join(shown)} and {len(labels) - len(shown)} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))
