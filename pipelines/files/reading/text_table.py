"""A recording in a table of text, of ours or of any maker."""

from __future__ import annotations

from imu.errors import InputError
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.joined_lines import with_readings_joined
from pipelines.files.reading.keyed_lines import as_table
from pipelines.files.reading.logged_lines import with_sensors, without_heads
from pipelines.files.reading.mapping import is_needed, tells
from pipelines.files.reading.rate_names import rate_in_preface
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.recording import Ask
from pipelines.files.reading.text_head import TextHead, read_head
from pipelines.files.reading.text_rows import read_rows
from pipelines.files.reading.text_source import TextSource
from pipelines.files.reading.vector_cells import with_vectors_apart


def read_text_columns(source: TextSource, place: str, ask: Ask) -> tuple[RawColumns, TextHead]:
    """All columns of a table in text that can matter.

    Raises
    ------
    InputError
        When it has no rows, or a row cannot be read: names line and column.
    """
    lines = with_sensors(as_table(source))
    if lines is source:
        lines = with_readings_joined(source)
    table = with_vectors_apart(without_heads(lines), place)
    head = read_head(table.look, place)
    stated = ask.stated.columns

    told = any(
        name and tells(name, unit) for name, unit in zip(head.names, head.units, strict=True)
    )

    said = map(column_name, head.names, head.units)
    # where a rate is stated, the time may have no numbers
    counted = ask.rate_hz or rate_in_preface(head.preface)
    timed = not counted and any(one.quantity == "time" for one in said)

    def wanted(index: int, name: str, unit: str) -> bool:
        if stated:
            return index < len(stated) and stated[index] != "-"
        return not told or is_needed(name, unit, timed=timed)

    raw = read_rows(table, head, wanted, place=place, progress=ask.progress)
    if not raw.values:
        fault = "none of its columns holds what a sensor measures" if not stated else (
            "--columns passes over each column that holds numbers"
        )  # fmt: skip
        raise InputError(
            f"{fault}: give a table with the acceleration, and say where it stands.", place=place
        )
    if not len(next(iter(raw.values.values()))):
        raise InputError("there are no samples below the header: give at least one.", place=place)
    return raw, head
