"""JSON of any maker: a list or lines of records, or lists by name.

A record is a row; records within it give columns by both names, lists of three numbers x, y and z.
Lines of a log may have something before it, such as a clock. Lists of records under the names of
sensors are rows of each.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from imu.errors import InputError
from pipelines.files.formats.cells import devices_in_turn, values_of
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.long_table import names_sensors
from pipelines.files.reading.named_sensors import listed, meant, several, words_of
from pipelines.files.reading.rate_names import rate_of_interval_hz, stated_rate_hz
from pipelines.files.reading.raw_columns import RawColumns, excerpt
from pipelines.files.reading.recording import Ask, Recording, recording_of
from pipelines.files.reading.stamps import date_units
from pipelines.files.reading.vector_cells import axis_names
from pipelines.files.reading.whole_file import read_whole

#: A day of six axes at 100 Hz with all names; in memory it takes twenty times as much.
_MOST_BYTES: Final = 1 << 28
_MOST_COLUMNS: Final = 256
#: What is repeated for each sample of a record that holds several.
_MOST_SHARED: Final = 8
_DEEPEST: Final = 6
_MOST_LABELS: Final = 64
_LEAST_ROWS: Final = 2
_BEGINNING: Final = re.compile(rb'\s*(\{\s*["\'}]|\[\s*[{"]|\[\s*\[\s*(["\[]|[-+\d.eE]+\s*,))')
#: How Python prints records, and what JSON calls these.
_PRINTED: Final = re.compile(rb"\s*\[?\s*\{\s*'")
_OF_PYTHON: Final = {b"None": b"null", b"nan": b"null", b"True": b"true", b"False": b"false"}
#: A line of a log with one record: what stands before it, and the record.
_LOGGED: Final = re.compile(rb'([^{"]{1,200})(\{\s*"[^"]{1,100}"\s*:.*\})\s*([,;\t][^{}]*)?')
#: The same in a cell of a table, as data bases export it.
_IN_CELL: Final = rb'"{""'
_CLOCK: Final = re.compile(rb"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d[.,]\d{1,9}")
_STAMP: Final = re.compile(rb"\b\d{10,19}(?:\.\d+)?\b")
_LINES_LOOKED_AT: Final = 20
_MOSTLY: Final = 0.8

Cells = dict[str, list[Any]]


@dataclass(frozen=True, slots=True)
class _Table:
    """Columns, what stands beside them, and the words of the names under which they were found."""

    cells: Cells = field(default_factory=dict)
    preamble: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    said: frozenset[str] = frozenset()


def _recognise(look: Look) -> bool:
    # a line of a log may begin with its time in brackets
    start = _out_of_cells(look.start.removeprefix(b"\xef\xbb\xbf"))
    return _BEGINNING.match(start[:256]) is not None or _is_log(start)


def _out_of_cells(data: bytes) -> bytes:
    """Records without the quotes of the cells in which they stand."""
    if _IN_CELL not in data:
        return data
    return data.replace(b'"{', b"{").replace(b'}"', b"}").replace(b'""', b'"')


def _is_log(start: bytes) -> bool:
    lines = start.split(b"\n", _LINES_LOOKED_AT)[:_LINES_LOOKED_AT]
    found = sum(_LOGGED.fullmatch(line) is not None for line in lines)
    return found >= _MOSTLY * _LINES_LOOKED_AT


def _read(look: Look, ask: Ask) -> Recording:
    place = str(look.path)
    content = _content(read_whole(look.path, _MOST_BYTES), place, counted=bool(ask.rate_hz))
    try:
        table = _table(content, _DEEPEST, ask.stream, place)
    except RecursionError:
        table = _Table()
    if not table.cells:
        raise InputError(
            "no records with numbers are to be seen in this JSON: give a list of records, one a "
            "sample, or a list for each column.",
            place=place,
        )
    values: dict[int, NDArray[np.generic]] = {}
    for index, (name, held) in enumerate(table.cells.items()):
        if (column := values_of(held, name)) is not None:
            values[index] = column
    unread = {k: held for k, held in enumerate(table.cells.values()) if k not in values}
    values |= devices_in_turn(tuple(table.cells), values, unread)
    raw = RawColumns(
        place, tuple(table.cells), values, preamble=table.preamble, notes=tuple(table.notes)
    )
    stream = "" if words_of(ask.stream) <= table.said else ask.stream
    return recording_of(raw, replace(ask, stream=stream))


def _content(data: bytes, place: str, *, counted: bool) -> Any:
    data = data.removeprefix(b"\xef\xbb\xbf")
    names = _cells(data.partition(b"\n")[0]) if _IN_CELL in data else []
    data = _out_of_cells(data)
    if _PRINTED.match(data):
        words = re.compile(rb"\b(?:None|nan|True|False)\b")
        data = words.sub(lambda word: _OF_PYTHON[word[0]], data.replace(b"'", b'"'))
    try:
        return msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        pass
    lines = [line for line in data.splitlines() if line.strip()]
    if _is_log(data):
        dates = list(filter(None, map(_date_before, lines[: 2 * _LINES_LOOKED_AT])))
        # numbers of rows, or of a device, are no dates
        dated = not counted and not {b - a for a, b in pairwise(dates)} <= {0.0, 1.0}
        return list(filter(None, (_logged(line, names, dated=dated) for line in lines)))
    found = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(msgspec.json.decode(line))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            if number == len(lines) > 1:
                break  # cut short
            raise InputError(
                "this is no JSON: correct it, or give a table.", place=f"{place}, line {number}"
            ) from None
    return found


def _logged(line: bytes, names: Sequence[str], *, dated: bool) -> Any:
    """The record of a line, with the time beside it where it has none; None of a message."""
    parts = _LOGGED.fullmatch(line)
    if parts is None:
        return None
    try:
        record = msgspec.json.decode(parts[2])
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None  # torn
    if isinstance(record, dict) and not any(map(_is_time, record)):
        return {**_time_beside(parts[1], parts[3] or b"", names, dated=dated), **record}
    return record


def _time_beside(
    before: bytes, behind: bytes, names: Sequence[str], *, dated: bool
) -> dict[str, float | str]:
    """The time in a column that is named so, or else a clock, or else a number that is a date."""
    cells = [*_cells(before)[:-1], "", *_cells(behind)[1:]]
    named = {name: cell for name, cell in zip(names, cells, strict=False) if _is_time(name)}
    if named:
        return {name: _number_or_words(cell) for name, cell in named.items()}
    if clock := _CLOCK.search(before) or _CLOCK.search(behind):
        return {"time": clock[0].decode()}
    date = _date_before(before) if dated else None
    return {"time": date} if date else {}


def _date_before(line: bytes) -> float | None:
    """A number before the record that may be a date."""
    return next(filter(date_units, map(float, _STAMP.findall(line.partition(b"{")[0]))), None)


def _cells(line: bytes) -> list[str]:
    return [cell.strip(' "\r') for cell in re.split(r"[,;\t]", line.decode("utf-8", "replace"))]


def _number_or_words(cell: str) -> float | str:
    try:
        return float(cell)
    except ValueError:
        return cell


def _is_time(name: str) -> bool:
    return column_name(name).quantity == "time"


def _table(content: Any, deeper: int, stream: str, place: str) -> _Table:
    """The one table that is in it; empty without one.

    Raises
    ------
    InputError
        When it holds several sensors or trials, and none is plainly meant.
    """
    content = _by_label(content)
    if isinstance(content, list) and len(content) == 1:
        content = content[0]
    if isinstance(content, list):
        return _Table(_of_list(content))
    if not isinstance(content, dict) or deeper == 0:
        return _Table()
    names = content.get("columns")
    data = content.get("data", content.get("values"))  # as Influx calls it
    if (sensors := _sensors_of_values(content)) is not None:
        names, data = sensors, content["values"]
    if frame := _columns_of_frame(content):
        return _with_rate(_Table(_of_columns(frame)), content)
    if isinstance(names, list) and isinstance(data, list):  # as pandas writes it
        return _with_rate(_Table(_of_list([names, *data])), content)
    if names_sensors([str(name) for name in content]):
        cells = _of_sensors(content)
        if cells:
            return _with_rate(_Table(cells), content)
    columns = _of_columns(content)
    if columns:
        return _with_rate(_Table(columns), content)
    tables = {
        str(name): table
        for name, one in content.items()
        if isinstance(one, (dict, list)) and (table := _table(one, deeper - 1, stream, place)).cells
    }
    if not tables:
        return _Table()
    holding = [name for name, table in tables.items() if _holds_acceleration(table.cells)]
    chosen = max(holding or tables, key=lambda name: len(content[name]))
    table = tables[chosen]
    if len(holding) > 1:
        chosen = meant({name: name for name in holding}, stream)
        if not chosen:
            raise several(holding, place)
        table = tables[chosen]
        passed = listed([name for name in holding if name != chosen])
        note = f"{place}: of several {excerpt(chosen)} is read, and {passed} passed over."
        table = replace(table, notes=(*table.notes, note))
    return _with_rate(replace(table, said=table.said | words_of(chosen)), content)


def _sensors_of_values(content: Mapping[str, Any]) -> list[str] | None:
    """Names and units of the columns of a list of values, as Edge Impulse lists them."""
    sensors = content.get("sensors")
    if not isinstance(content.get("values"), list) or not isinstance(sensors, list):
        return None
    if not all(isinstance(one, dict) and isinstance(one.get("name"), str) for one in sensors):
        return None
    units = (str(one.get("units") or one.get("unit") or "") for one in sensors)
    return [
        f"{one['name']} [{unit}]" if unit else one["name"]
        for one, unit in zip(sensors, units, strict=True)
    ]


def _columns_of_frame(content: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Lists by name of a frame that says its fields beside their values, as Grafana's are."""
    schema, data = content.get("schema"), content.get("data")
    if not isinstance(schema, dict) or not isinstance(data, dict):
        return {}
    fields, values = schema.get("fields"), data.get("values")
    if not isinstance(fields, list) or not isinstance(values, list) or len(fields) != len(values):
        return {}
    names = [one.get("name") if isinstance(one, dict) else None for one in fields]
    return {
        name: held
        for name, held in zip(names, values, strict=True)
        if isinstance(name, str) and isinstance(held, list)
    }


def _by_label(content: Any) -> Any:
    """A list of whole recordings, each with a label and a list of times, by their labels.

    Records that each have a key, as databases write them, are a list.
    """
    if isinstance(content, dict) and len(content) > _MOST_LABELS and all(
        isinstance(one, dict) and one.keys() == next(iter(content.values())).keys()
        for one in content.values()
    ):  # fmt: skip
        return list(content.values())
    if not isinstance(content, list) or len(content) > _MOST_LABELS:
        return content
    found = {
        label: one
        for one in content
        if isinstance(one, dict) and (label := next(filter(_is_word, one.values()), ""))
        and any(isinstance(v, list) and column_name(k).quantity == "time" for k, v in one.items())
    }  # fmt: skip
    return found if content and len(found) == len(content) else content


def _is_word(value: Any) -> bool:
    return isinstance(value, str)


def _holds_acceleration(cells: Cells) -> bool:
    said = {column_name(name).quantity for name in cells}
    return not said.isdisjoint(("acc", "linear", "xyz"))


def _with_rate(table: _Table, content: Mapping[str, Any]) -> _Table:
    """The same with the rate, where the file states it beside the table and not within."""
    if "rate_hz" in table.preamble:
        return table
    entries = list(_entries(content, _DEEPEST))
    rate = stated_rate_hz(entries)
    if rate is None and not any(map(_is_time, table.cells)):
        rate = rate_of_interval_hz(entries)
    return replace(table, preamble={"rate_hz": repr(rate)} | table.preamble) if rate else table


def _entries(content: Mapping[str, Any], deeper: int) -> Iterator[tuple[str, Any]]:
    """What stands beside the lists, also within heads of the file."""
    for name, value in content.items():
        if isinstance(value, dict) and deeper:
            yield from _entries(value, deeper - 1)
        elif isinstance(value, (int, float, str)):
            yield str(name), value


def _of_list(rows: Sequence[Any]) -> Cells:
    if len(rows) < _LEAST_ROWS:
        return {}
    if all(isinstance(row, dict) for row in rows):
        return _of_records([one for row in rows for one in _samples_of(row)])
    if all(isinstance(row, list) for row in rows):
        names = [f"{k}" if isinstance(rows[0][k], str) else "" for k in range(len(rows[0]))]
        if all(isinstance(cell, str) for cell in rows[0]):
            names, rows = list(rows[0]), rows[1:]
        if any(len(row) != len(names) for row in rows) or len(names) > _MOST_COLUMNS:
            return {}
        # names may stand twice, or there are none
        return {name or " " * (k + 1): [row[k] for row in rows] for k, name in enumerate(names)}
    return {}


def _samples_of(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The rows of a record that holds several samples: all have its time, and are spread later."""
    batches = {name: rows for name, held in record.items() if (rows := _rows_in(name, held))}
    count = _common_length({name: rows for name, rows in batches.items() if not _is_time(name)})
    if count == 0:
        return [record]
    batches = {name: rows for name, rows in batches.items() if len(rows) == count}
    shared = [
        (name, held) for name, held in record.items()
        if name not in batches and (isinstance(held, str) or _is_time(name))
    ]  # fmt: skip
    head = dict(shared[:_MOST_SHARED])
    return [head | {name: rows[k] for name, rows in batches.items()} for k in range(count)]


def _common_length(lists: Mapping[str, Sequence[Any]]) -> int:
    """That of all of them; 0 where they differ, or there are none."""
    lengths = set(map(len, lists.values()))
    return lengths.pop() if len(lengths) == 1 else 0


def _rows_in(name: str, held: Any) -> list[Any]:
    """Samples in a list: of records or triples, of three lists, of an axis, or of their times."""
    if isinstance(held, dict):
        inner = {key: rows for key, one in held.items() if (rows := _rows_in(f"{name} {key}", one))}
        count = _common_length(inner) if len(inner) == len(held) <= _MOST_SHARED else 0
        return [{key: rows[k] for key, rows in inner.items()} for k in range(count)]
    if not isinstance(held, list) or not held:
        return []
    if all(isinstance(one, dict) for one in held):
        return held
    if all(isinstance(one, list) for one in held):
        return held if all(len(one) == 3 for one in held) else _turned(held)
    if _is_time(name):
        return held if all(isinstance(one, (int, float, str)) for one in held) else []
    numbers = all(isinstance(one, (int, float)) for one in held)
    return held if numbers and column_name(name).axis >= 0 else []


def _turned(lists: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Three lists of one length as triples; nothing where they are others."""
    if len(lists) != 3 or len(set(map(len, lists))) != 1:
        return []
    return [list(row) for row in zip(*lists, strict=True)]


def _of_records(rows: Sequence[Mapping[str, Any]]) -> Cells:
    cells: Cells = {}
    for number, row in enumerate(rows):
        for name, value in _flat(row, "", _DEEPEST):
            held = cells.get(name)
            if held is None:
                if len(cells) >= _MOST_COLUMNS:
                    return {}
                held = cells[name] = []
            held += [None] * (number - len(held))
            held.append(value)
    return {name: held + [None] * (len(rows) - len(held)) for name, held in cells.items()}


def _flat(value: Any, name: str, deeper: int) -> Iterator[tuple[str, Any]]:
    """Numbers and words of a record by name."""
    if isinstance(value, dict) and deeper:
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else str(key), deeper - 1)
    elif isinstance(value, list):
        if len(value) == 3:
            yield from zip(axis_names(name), value, strict=True)
    elif value is None or isinstance(value, (int, float, str)):
        yield name, value


def _of_sensors(content: Mapping[str, Any]) -> Cells:
    """Rows of all sensors, each with its name, where every sensor has its records or lists."""
    rows = [
        {"sensor": str(name), **row} for name, held in content.items() for row in _rows_of(held)
    ]
    return _of_records(rows) if rows else {}


def _rows_of(held: Any) -> list[dict[str, Any]]:
    """The rows of one sensor, of which records are listed or lists are named."""
    if isinstance(held, dict):
        lists = {str(name): one for name, one in held.items() if isinstance(one, list)}
        length = max(map(len, lists.values()), default=0)
        whole = {name: one for name, one in lists.items() if len(one) == length}
        return [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]
    if not isinstance(held, list) or not all(isinstance(row, dict) for row in held):
        return []
    return held


def _of_columns(content: Mapping[str, Any]) -> Cells:
    """Lists of one length by name; numbered cells as pandas writes them."""
    lists = {
        str(name): list(held.values()) if isinstance(held, dict) else _as_rows(held)
        for name, held in content.items()
        if isinstance(held, list)
        or (isinstance(held, dict) and all(str(key).isdecimal() for key in held))
    }
    length = max(map(len, lists.values()), default=0)
    lists = {name: held for name, held in lists.items() if len(held) == length}
    if length < _LEAST_ROWS or any(isinstance(h[0], dict) for h in lists.values()):
        return {}
    rows = ({name: held[k] for name, held in lists.items()} for k in range(length))
    return _of_records(list(rows))


def _as_rows(held: Sequence[Any]) -> Sequence[Any]:
    """A column; of three lists their rows."""
    return _turned(held) or held if all(isinstance(one, list) for one in held) else held


JSON_TABLE: Final = FileFormat(
    "JSON", "`.json`, `.jsonl`, `.ndjson`", False, _recognise, _read,
    "records or lists by name, of one sensor or two",
)  # fmt: skip
