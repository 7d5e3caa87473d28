"""Rows of several people, trials or sensors in one table, told by a column that says which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.in_turn import usual_changes
from pipelines.files.reading.long_table import MOST_LABELS, label_columns, names_sensors
from pipelines.files.reading.name_words import at_waist, names_elsewhere, plain_words, word_set
from pipelines.files.reading.named_sensors import back_first, listed, words_of
from pipelines.files.reading.raw_columns import RawColumns, excerpt
from pipelines.files.reading.stamps import stamps_in_words

_GROUPS: Final = word_set(
    "subject subj participant person pid runner athlete player user patient proband volunteer "
    "trial session recording sensor sensors device imu node mac address location placement side "
    "id uuid serial name monitor bodypart site"
)
_PEOPLE: Final = word_set(
    "subject subj participant person pid runner athlete player user patient proband volunteer"
)
#: What may be anybody's by a number: other people or days, one below the other.
_ANYBODY: Final = word_set("id session recording")
_DEVICES: Final = word_set(
    "sensor sensors device imu node mac address location placement uuid serial monitor bodypart "
    "site"
)
_BESIDE: Final = word_set("id nr no number name code address serial uuid of")
#: More are a count of rows.
_MOST: Final = 64
#: Rows on the mean from one change of the label to the next where one sensor goes on.
_FEWEST_ROWS: Final = 16
#: What tells runs apart where the clock begins anew with it, and is a state of one elsewhere.
_RUNS: Final = word_set("run file filename condition activity take experiment task exercise visit")
#: How far a step is from the usual one at most, as a part of it, and how many are so.
_EVEN: Final = 0.5
_MOSTLY: Final = 0.9


def is_group(name: str) -> bool:
    """Whether a column says whose rows they are.

    Examples
    --------
    >>> is_group("sensor_id"), is_group("Subject"), is_group("sensor temperature"), is_group("no")
    (True, True, False, False)
    """
    words = frozenset(plain_words(name))
    groups = bool(words & _GROUPS) and words <= _GROUPS | _BESIDE
    return groups or _is_of_runs(name)


def _is_of_runs(name: str) -> bool:
    words = frozenset(plain_words(name))
    return bool(words & _RUNS) and words <= _RUNS | _BESIDE


def are_places(cells: Collection[str]) -> bool:
    """Whether words are places of a body, of which one is the waist.

    Examples
    --------
    >>> are_places(["Pelvis", "Right Foot"]), are_places(["Right Foot", "Left Foot"])
    (True, False)
    """
    few = len(cells) <= _MOST
    return few and bool(at_waist(cells)) and any(map(names_elsewhere, cells))


def take_turns(cells: Sequence[Hashable], labels: Sequence[Hashable]) -> bool:
    """Whether rows of one label are of several in turn, whatever the column is called.

    Examples
    --------
    >>> take_turns(["A7", "A7", "B8", "B8"] * 4, ["acc_x", "acc_y"] * 8)
    True
    >>> take_turns(["m/s2", "deg/s"] * 8, ["acc_x", "gyr_x"] * 8)
    False
    """
    last: dict[Hashable, Hashable] = {}
    same = changes = 0
    for cell, label in zip(cells, labels, strict=True):
        if label in last:
            same += 1
            changes += last[label] != cell
        last[label] = cell
    return 2 * changes > same and len({*cells}) <= _MOST


def _beside_labels(raw: RawColumns) -> tuple[list[int], NDArray[np.bool_]]:
    """Columns of words that say so beside those that name a sensor, and the rows of one sensor."""
    words = [
        k for k, values in raw.values.items()
        if values.dtype.kind == "S" and column_name(raw.names[k]).quantity != "time"
    ]  # fmt: skip
    # one alone is that of the sensors
    held = {k: raw.values[k].tolist() for k in words if len(words) > 1}
    cells = {k: {cell.decode("utf-8", "replace") for cell in {*v}} for k, v in held.items()}
    few = {k: words for k, words in cells.items() if len(words) <= MOST_LABELS}
    told = label_columns(raw.names, few)
    labels = list(zip(*(held[k] for k in told), strict=True))
    if not labels:
        return [], np.ones(len(next(iter(raw.values.values()), ())), np.bool_)
    most = Counter(labels).most_common(1)[0][0]
    turning = [k for k in few if k not in told and take_turns(held[k], labels)]
    return turning, np.array([label == most for label in labels])


def rows_of_one(raw: RawColumns, stream: str = "") -> tuple[RawColumns, str]:
    """The table without columns that say whose rows they are, and the rows of one alone.

    It is the one that a user names, else the one at the waist. What is left of the name is of
    columns.

    Raises
    ------
    InputError
        When there are rows of several, and none is plainly meant: names the column.
    """
    turning, of_one = _beside_labels(raw)
    for index, name in enumerate(raw.names):
        if index not in raw.values or column_name(name).quantity == "time":
            continue
        values = raw.values[index]
        known = is_group(name) or index in turning
        labels = _labels(values) if known or values.dtype.kind == "S" else {}
        if not known and not are_places(labels.values()):
            continue
        if names_sensors(labels.values()):
            continue  # a row for each sensor and time
        raw = replace(raw, values={k: v for k, v in raw.values.items() if k != index})
        if not _measured(raw) or not 1 < len(labels) <= _MOST:
            continue
        if _is_of_runs(name) and index not in turning and not _begins_anew(raw, values):
            continue
        one = _with_rows(raw, of_one)
        if _is_of_one(one, name, values[of_one], labels):
            continue
        if not is_group(name) and _goes_on(one, values[of_one]):
            continue
        wanted = words_of(stream)
        chosen = [
            key for key, label in labels.items() if wanted and wanted <= words_of(f"{name} {label}")
        ]
        if chosen:
            stream = ""
        else:
            worn = at_waist(labels.values())
            chosen = [key for key, label in labels.items() if label in worn]
        if len(chosen) != 1:
            shown = (raw.shown or raw.names)[index]
            raise _several(raw.at_header(index), shown, list(labels.values()))
        others = ", ".join(excerpt(label) for key, label in labels.items() if key != chosen[0])
        note = f"{raw.place}: rows of {excerpt(labels[chosen[0]])} are read, those of {others} not."
        rows = np.asarray(values == chosen[0])
        raw, of_one = _with_rows(replace(raw, notes=(*raw.notes, note)), rows), of_one[rows]
    return raw, stream


def _measured(raw: RawColumns) -> list[int]:
    """Columns of readings."""
    return [k for k, name in enumerate(raw.names)
            if column_name(name).axis >= 0 or "value" in plain_words(name)]  # fmt: skip


def _goes_on(raw: RawColumns, values: NDArray[np.generic]) -> bool:
    """Whether readings go on from row to row whatever a column says, as where it judges them."""
    stamps = _stamps(raw)
    held = [raw.numbers(k) for k in _measured(raw) if k in raw.values]
    if stamps is None or not (np.diff(stamps) > 0.0).all() or not held:
        return False
    readings = np.stack(held, axis=1)
    apart = readings[np.argsort(values, kind="stable")]
    return bool((usual_changes(readings, 1) < usual_changes(apart, 1)).all())


def _begins_anew(raw: RawColumns, values: NDArray[np.generic]) -> bool:
    """Whether a column says something else wherever the clock begins anew, and there alone."""
    stamps, changes = _stamps(raw), np.flatnonzero(values[1:] != values[:-1])
    if stamps is None or len(np.unique(values)) != len(changes) + 1:
        return False
    return np.array_equal(changes, np.flatnonzero(np.diff(stamps) < 0.0))


def _stamps(raw: RawColumns) -> NDArray[np.float64] | None:
    """The first times of a table, as numbers; None without any."""
    times = (k for k, name in enumerate(raw.names)
             if column_name(name).quantity == "time" and k in raw.values)  # fmt: skip
    index = next(times, None)
    if index is None or raw.values[index].dtype.kind == "f":
        return None if index is None else raw.numbers(index)
    cells = np.asarray(raw.values[index], np.bytes_)
    return stamps_in_words(cells, raw.at_header(index)).astype(np.float64)


def _is_of_one(
    raw: RawColumns, name: str, values: NDArray[np.generic], labels: Mapping[object, str]
) -> bool:
    """Whether one sensor on one person goes on through all rows, whatever a column says of them.

    There is one row a time then, in even steps, also where the label changes; two sensors take
    turns row by row or share their times, two recordings begin anew. Nobody becomes somebody else,
    and what names sensors comes back where it is but a state of one.
    """
    stamps = _stamps(raw)
    if stamps is None or len(values) < _FEWEST_ROWS:
        return False
    steps = np.diff(stamps)
    even = np.abs(steps - np.median(steps)) < _EVEN * np.median(steps)
    change = values[1:] != values[:-1]
    changes = np.count_nonzero(change)
    if not (steps > 0.0).all() or np.mean(even) < _MOSTLY or np.mean(even[change]) < _MOSTLY:
        return False
    words = frozenset(plain_words(name))
    if at_waist(labels.values()):
        return False
    if words & _PEOPLE and len({"".join(plain_words(label)) for label in labels.values()}) > 1:
        return False
    numbered = words <= _ANYBODY and all(label.isdecimal() for label in labels.values())
    returns = changes >= len(labels) or not (words & _DEVICES or numbered)
    return bool(returns and changes * _FEWEST_ROWS <= len(values))


def _with_rows(raw: RawColumns, rows: NDArray[np.bool_]) -> RawColumns:
    place, line_of = np.flatnonzero(rows), raw.line_of
    return replace(
        raw,
        values={k: v[rows] for k, v in raw.values.items()},
        line_of=None if line_of is None else lambda row: line_of(int(place[row])),
    )


def _several(place: str, name: str, labels: Sequence[str]) -> InputError:
    labels = back_first(labels)
    return InputError(
        f"{excerpt(name)} says that rows are of {listed(labels)}: name one by --stream, such as "
        f"--stream {excerpt(labels[0])}, or pass over that column with --columns where all are "
        "one.",
        place=place,
    )


def _labels(values: NDArray[np.generic]) -> dict[object, str]:
    """The different cells of a column, and what they say."""
    if values.dtype.kind == "f":
        numbers = values[np.isfinite(np.asarray(values, np.float64))]
        return {value: f"{value:g}" for value in np.unique(numbers)[: _MOST + 1].tolist()}
    return {cell: cell.decode("utf-8", "replace") for cell in np.unique(values).tolist() if cell}
