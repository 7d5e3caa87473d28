"""Parquet, Feather and Arrow files, by pyarrow."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from struct import unpack_from
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imu.errors import InputError
from pipelines.extras import how_to_install
from pipelines.files.formats.cells import devices_in_turn, values_of
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.mapping import is_needed
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.recording import Ask, Recording, recording_of
from pipelines.files.reading.units import unit_in_brackets

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_ROWS: Final = 40_000_000
_MOST_COLUMNS: Final = 4096
#: What the numbers of a file may take, whatever its length, and for each of its bytes.
_FREE_BYTES: Final = 64 << 20
_MOST_EXPANSION: Final = 200
_NUMBER_BYTES: Final = 8
_NESTED: Final = ("acc", "gyr", "linear", "gravity")
#: The footer's length and the magic behind it.
_FOOTER_END: Final = 10
_MOST_BATCHES: Final = 1 << 20
_LEVEL: Final = re.compile(r"'([^']*)'")
_LEVELS: Final = re.compile(r"\('[^']*'(?:, '[^']*')+\)")


def _is_parquet(look: Look) -> bool:
    return look.start.startswith(b"PAR1")


def _is_feather(look: Look) -> bool:
    return look.start.startswith((b"ARROW1", b"FEA1"))


def _read_parquet(look: Look, ask: Ask) -> Recording:
    def table() -> Any:
        import pyarrow.parquet as pq

        file = pq.ParquetFile(look.path)
        names = list(file.schema_arrow.names)
        wanted = _wanted(file.schema_arrow, ask)
        _bounded(look, file.metadata.num_rows, len(names), len(wanted))
        # threads share the work out, and take half of it once more
        return file.read(columns=wanted, use_threads=False)

    return _recording(look, ask, table)


def _read_feather(look: Look, ask: Ask) -> Recording:
    def table() -> Any:
        import pyarrow as pa
        from pyarrow import feather

        if look.start.startswith(b"ARROW1"):
            with pa.memory_map(str(look.path)) as source:
                reader = pa.ipc.open_file(source)
                names = list(reader.schema.names)
                wanted = _wanted(reader.schema, ask)
                rows = _rows_in(memoryview(source.read_buffer()))
                _bounded(look, rows, len(names), len(wanted))
                return reader.read_all().select(wanted)
        return feather.read_table(look.path)

    return _recording(look, ask, table)


def _rows_in(data: bytes | memoryview) -> int:
    """Rows of the batches of an Arrow file by its footer, of which none is unpacked.

    The footer lists where the head of each batch stands, and how long it is (Arrow's File.fbs).
    """
    try:
        (length,) = unpack_from("<i", data, len(data) - _FOOTER_END)
        footer = len(data) - _FOOTER_END - length
        batches = _field(data, footer + unpack_from("<I", data, footer)[0], 3)
        if not batches:
            return 0
        at = batches + unpack_from("<I", data, batches)[0]
        rows = 0
        for k in range(min(unpack_from("<I", data, at)[0], _MOST_BATCHES)):
            offset, head = unpack_from("<qi", data, at + 4 + 24 * k)
            rows += _length_in(bytes(data[offset : offset + head]))
    except struct.error:
        raise ValueError("a footer that is none") from None
    return rows


def _length_in(head: bytes) -> int:
    """The first field of the third field of a message: the length of its record batch.

    Its own length stands before it, behind a mark that older files lack (Arrow's Message.fbs).
    """
    start = 8 if head.startswith(b"\xff\xff\xff\xff") else 4
    message = start + unpack_from("<I", head, start)[0]
    at = _field(head, message, 2)
    length = _field(head, at + unpack_from("<I", head, at)[0], 0)
    return int(unpack_from("<q", head, length)[0]) if length else 0


def _field(data: bytes | memoryview, table: int, field: int) -> int:
    """Where a field of a flatbuffer's table stands; 0 where it has none.

    A table begins with how far back its list of fields is, which says how far on each stands.
    """
    fields = table - unpack_from("<i", data, table)[0]
    at = 4 + 2 * field
    known = at < unpack_from("<H", data, fields)[0]
    offset = unpack_from("<H", data, fields + at)[0] if known else 0
    return table + offset if offset else 0


def _wanted(schema: Any, ask: Ask) -> list[str]:
    """Names of the columns that can matter: stated, told by name, or all where none says it."""
    names = list(schema.names)
    if stated := ask.stated.columns:
        return [name for name, said in zip(names, stated, strict=False) if said != "-"]
    timed = any(column_name(_plain(name)).quantity == "time" for name in names)
    needed = [field.name for field in schema
              if is_needed(_plain(field.name), timed=timed) or _is_index(field)
              or column_name(f"{_plain(field.name)} x").quantity in _NESTED]  # fmt: skip
    measured = {column_name(_plain(name)).quantity for name in needed}
    return needed if measured & set(_NESTED) else names


def _plain(name: str) -> str:
    """A name of several levels, as pandas writes it, as one.

    Examples
    --------
    >>> _plain("('acc', 'x')"), _plain("acc_x")
    ('acc x', 'acc_x')
    """
    levels = _LEVEL.findall(name) if _LEVELS.fullmatch(name) else [name]
    return " ".join(filter(None, levels))


def _is_index(field: Any) -> bool:
    """Whether pandas keeps an index without a name there, which may be the time."""
    return bool(field.name.startswith("__index_level_"))


def _named(field: Any) -> str:
    """The name of a column; an index has one where its type tells that it is the time."""
    if not _is_index(field):
        return _plain(field.name)
    return "time" if str(field.type).startswith(("timestamp", "duration")) else ""


def _bounded(look: Look, rows: int, columns: int, wanted: int) -> None:
    if rows > _MOST_ROWS or columns > _MOST_COLUMNS:
        raise InputError(
            f"it has {rows} rows and {columns} columns, more than any recording: cut it into "
            "pieces.",
            place=str(look.path),
        )
    room = max(_FREE_BYTES, _MOST_EXPANSION * look.path.stat().st_size)
    if rows * wanted * _NUMBER_BYTES > room:
        raise InputError(
            f"its {rows} rows are packed more tightly than any recording: give another one.",
            place=str(look.path),
        )


def _recording(look: Look, ask: Ask, read: Any) -> Recording:
    place = str(look.path)
    try:
        import pyarrow as pa
    except ImportError:
        raise InputError(
            f"this file needs the package pyarrow: give {how_to_install('lab')}, or save the "
            "table as CSV.",
            place=place,
        ) from None
    try:
        table = read()
    except (pa.ArrowException, OSError, ValueError, MemoryError, KeyError):
        raise InputError("the file is damaged or cut short: write it again.", place=place) from None
    names, values = [], {}
    units = _units_of_fields(table.schema)
    try:
        table = _unnested(table, pa)
    except (pa.ArrowException, ValueError):
        raise InputError("the file is damaged or cut short: write it again.", place=place) from None
    for index, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        found, said = _values(column, name, pa)
        names.append(said)
        if found is not None:
            values[index] = found
    unread = {
        k: column.to_pylist()
        for k, column in enumerate(table.columns)
        if k not in values and (_is_text(column.type, pa) or pa.types.is_dictionary(column.type))
    }
    values |= devices_in_turn(names, values, unread)
    raw = RawColumns(
        place,
        tuple(names),
        values,
        tuple("" if column_name(name).unit else _unit_beside(name, units) for name in names),
        preamble=_metadata(table.schema.metadata),
    )
    return recording_of(raw, ask)


def _units_of_fields(schema: Any) -> dict[str, str]:
    """Units that a file keeps beside the names of its columns, where they are known ones."""
    found = {}
    for field in schema:
        held = {key.lower(): value for key, value in (field.metadata or {}).items()}
        unit = held.get(b"unit", held.get(b"units", b"")).decode("utf-8", "replace")
        if unit_in_brackets(unit):
            found[_named(field)] = unit
    return found


def _unit_beside(name: str, units: Mapping[str, str]) -> str:
    """That of a column, or of the three of which it is one."""
    return units.get(name) or units.get(re.sub(r"[ .][xyz]$", "", name), "")


def _unnested(table: Any, pa: Any) -> Any:
    """A table with a column a number, where some hold records or lists of three."""
    if any(pa.types.is_struct(field.type) for field in table.schema):
        table = table.flatten()
    table = _of_packets(table, pa)
    names, columns = [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        name = _named(field)
        whole = column.combine_chunks() if _is_list(field.type, pa) else None
        if whole is not None and len(whole.flatten()) == 3 * len(whole):
            triad = whole.flatten()
            names += [f"{name} {axis}" for axis in "xyz"]
            columns += [triad.take(pa.array(np.arange(k, len(triad), 3))) for k in range(3)]
        else:
            names.append(name)
            columns.append(column)
    unnested = pa.table(columns, names=names)
    return unnested.replace_schema_metadata(table.schema.metadata)


def _of_packets(table: Any, pa: Any) -> Any:
    """A table with a row a sample, where each row holds a list of samples of each axis."""
    lists = {
        field.name: column.combine_chunks()
        for field, column in zip(table.schema, table.columns, strict=True)
        if _is_list(field.type, pa) and column_name(_plain(field.name)).axis >= 0
    }
    if not lists:
        return table
    counts = [one.value_lengths().to_numpy(zero_copy_only=False) for one in lists.values()]
    if any(not np.array_equal(counts[0], count) for count in counts):
        return table
    rows = pa.array(np.repeat(np.arange(len(counts[0])), np.nan_to_num(counts[0]).astype(np.int64)))
    columns = [
        lists[name].flatten() if name in lists else column.combine_chunks().take(rows)
        for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    apart = pa.table(columns, names=table.column_names)
    return apart.replace_schema_metadata(table.schema.metadata)


def _is_list(kind: Any, pa: Any) -> bool:
    types = pa.types
    return bool(types.is_list(kind) or types.is_large_list(kind) or types.is_fixed_size_list(kind))


def _is_text(kind: Any, pa: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _values(column: Any, name: str, pa: Any) -> tuple[NDArray[np.generic] | None, str]:
    """A column as numbers, and its name with the unit where its type has one."""
    if pa.types.is_timestamp(column.type) or pa.types.is_duration(column.type):
        as_ns = column.cast(pa.timestamp("ns") if pa.types.is_timestamp(column.type) else
                            pa.duration("ns")).cast(pa.int64())  # fmt: skip
        return _floats(as_ns, pa), f"{name} [ns]"
    if pa.types.is_time(column.type):
        return _floats(column.cast(pa.time64("ns")).cast(pa.int64()), pa), f"{name} [ns]"
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _floats(column, pa), name
    if pa.types.is_dictionary(column.type):
        return _values(column.cast(column.type.value_type), name, pa)
    if pa.types.is_decimal(column.type):
        return _floats(column.cast(pa.float64()), pa), name
    if _is_text(column.type, pa):
        return values_of(column.to_pylist(), name), name
    return None, name


def _floats(column: Any, pa: Any) -> NDArray[np.float64]:
    """NaN where there is none.

    From the buffers: ``to_numpy`` imports pandas, ``cast`` a tenth of a second of functions.
    """
    if pa.types.is_float16(column.type):
        column = column.cast(pa.float64(), safe=False)
    parts = [np.empty(0)]
    for chunk in filter(len, column.chunks):
        valid, numbers = chunk.buffers()
        here = slice(chunk.offset, chunk.offset + len(chunk))
        values = np.frombuffer(numbers, chunk.type.to_pandas_dtype())[here].astype(np.float64)
        if chunk.null_count:
            bits = np.unpackbits(np.frombuffer(valid, np.uint8), bitorder="little")
            values = np.where(bits[here], values, np.nan)
        parts.append(values)
    return np.concatenate(parts)


def _metadata(metadata: Any) -> dict[str, str]:
    """What the file says of itself, as far as it is short text."""
    found = {}
    for key, value in (metadata or {}).items():
        if len(value) < 200 and not key.startswith((b"pandas", b"ARROW")):
            found[key.decode("utf-8", "replace")] = value.decode("utf-8", "replace")
    return found


PARQUET: Final = FileFormat(
    "Parquet", "`.parquet`, also those that we write", True, _is_parquet, _read_parquet,
    "needs the extra `lab`",
)  # fmt: skip
FEATHER: Final = FileFormat(
    "Feather, Arrow", "`.feather`, `.arrow`", True, _is_feather, _read_feather,
    "needs the extra `lab`",
)  # fmt: skip
