"""Parquet, Feather and Arrow files, by pyarrow."""

from __future__ import annotations

import struct
from struct import unpack_from
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from imu.errors import InputError
from pipelines.files.formats.format import FileFormat, Look
from pipelines.files.reading.mapping import is_needed
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.recording import Ask, Recording, recording_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MOST_ROWS: Final = 40_000_000
_MOST_COLUMNS: Final = 4096
#: What the numbers of a file may take, whatever its length, and for each of its bytes.
_FREE_BYTES: Final = 64 << 20
_MOST_EXPANSION: Final = 200
_NUMBER_BYTES: Final = 8
_ARROW_START: Final = b"ARROW1\0\0"


def _is_parquet(look: Look) -> bool:
    return look.start.startswith(b"PAR1")


def _is_feather(look: Look) -> bool:
    return look.start.startswith((b"ARROW1", b"FEA1"))


def _read_parquet(look: Look, ask: Ask) -> Recording:
    def table() -> Any:
        import pyarrow.parquet as pq

        file = pq.ParquetFile(look.path)
        names = list(file.schema_arrow.names)
        wanted = [name for name in names if _wanted(name, names, ask)]
        _bounded(look, file.metadata.num_rows, len(names), len(wanted))
        return file.read(columns=wanted)

    return _recording(look, ask, table)


def _read_feather(look: Look, ask: Ask) -> Recording:
    def table() -> Any:
        import pyarrow as pa
        from pyarrow import feather

        if look.start.startswith(b"ARROW1"):
            with pa.memory_map(str(look.path)) as source:
                reader = pa.ipc.open_file(source)
                names = list(reader.schema.names)
                wanted = [name for name in names if _wanted(name, names, ask)]
                source.seek(len(_ARROW_START))
                _bounded(look, _rows_in(source, pa), len(names), len(wanted))
                return reader.read_all().select(wanted)
        return feather.read_table(look.path)

    return _recording(look, ask, table)


def _rows_in(source: Any, pa: Any) -> int:
    """Rows of the batches of an Arrow file, of which none is unpacked."""
    rows, messages = 0, pa.ipc.MessageReader.open_stream(source)
    while True:
        try:
            message = messages.read_next_message()
        except StopIteration:
            return rows
        if message.type == "record batch":
            rows += _length_in(message.metadata.to_pybytes())


def _length_in(head: bytes) -> int:
    """The first field of the third field of a message: the length of its record batch.

    A flatbuffer: a table begins with how far back its list of fields is, which says how far on each
    field stands (Arrow's Message.fbs).
    """

    def place(table: int, field: int) -> int:
        fields = table - unpack_from("<i", head, table)[0]
        at = 4 + 2 * field
        known = at < unpack_from("<H", head, fields)[0]
        offset = unpack_from("<H", head, fields + at)[0] if known else 0
        return table + offset if offset else 0

    try:
        message = unpack_from("<I", head)[0]
        at = place(message, 2)
        length = place(at + unpack_from("<I", head, at)[0], 0)
        return int(unpack_from("<q", head, length)[0]) if length else 0
    except struct.error:
        raise ValueError("a message without a head") from None


def _wanted(name: str, names: list[str], ask: Ask) -> bool:
    stated = ask.stated.columns
    if stated:
        place = names.index(name)
        return place < len(stated) and stated[place] != "-"
    return is_needed(name)


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
            'this file needs the package pyarrow: install it with pip install "backstride[lab]", '
            "or save the table as CSV.",
            place=place,
        ) from None
    try:
        table = read()
    except (pa.ArrowException, OSError, ValueError, MemoryError, KeyError):
        raise InputError("the file is damaged or cut short: write it again.", place=place) from None
    names, values = [], {}
    for index, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        found, said = _values(column, name, pa)
        names.append(said)
        if found is not None:
            values[index] = found
    raw = RawColumns(place, tuple(names), values, preamble=_metadata(table.schema.metadata))
    return recording_of(raw, ask)


def _values(column: Any, name: str, pa: Any) -> tuple[NDArray[np.generic] | None, str]:
    """A column as numbers, and its name with the unit where its type has one."""
    if pa.types.is_timestamp(column.type) or pa.types.is_duration(column.type):
        as_ns = column.cast(pa.timestamp("ns") if pa.types.is_timestamp(column.type) else
                            pa.duration("ns")).cast(pa.int64())  # fmt: skip
        return _floats(as_ns, pa), f"{name} [ns]"
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _floats(column, pa), name
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        cells = [str(cell or "").encode("ascii", "replace")[:40] for cell in column.to_pylist()]
        return np.array(cells, "S40"), name
    return None, name


def _floats(column: Any, pa: Any) -> NDArray[np.float64]:
    """NaN where there is none; from the buffers, since ``to_numpy`` imports pandas for nothing."""
    parts = [np.empty(0)]
    for chunk in filter(len, column.cast(pa.float64(), safe=False).chunks):
        valid, numbers = chunk.buffers()
        here = slice(chunk.offset, chunk.offset + len(chunk))
        values = np.frombuffer(numbers, np.float64)[here]
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
