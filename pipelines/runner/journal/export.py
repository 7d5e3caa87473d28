"""Export: the whole journal as one zip, JSON to read back and CSV tables for a spreadsheet."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pipelines.files.loading import decoded
from pipelines.runner.journal.entries import Entry, moment
from pipelines.runner.journal.rows import ENTRIES, NAMES
from pipelines.runner.journal.schema import VERSION
from pipelines.runner.last_letter import handed_over_store

if TYPE_CHECKING:
    from pipelines.runner.journal.database import Journal

#: What an archive says that it is.
FORMAT: Final = "backstride-journal"
#: The one moment of every member of the archive, so that equal journals give equal files.
_MEMBER_TIME: Final = (1980, 1, 1, 0, 0, 0)


def journal_as_json(journal: Journal) -> str:
    """Everything in the journal as one JSON object, tables by name."""
    return msgspec.json.format(msgspec.json.encode(_content(journal)), indent=2).decode() + "\n"


def _content(journal: Journal) -> dict[str, Any]:
    content: dict[str, Any] = {"format": FORMAT, "version": VERSION}
    with journal.transaction(reading=True):  # one state of the journal, whoever else writes
        for table, kind in ENTRIES.items():
            entries = journal.entries(kind)
            content[table] = [_with_time(msgspec.to_builtins(entry)) for entry in entries]
        content["stated"] = [
            {"session_id": number} | decoded(said, dict[str, Any])
            for number, said in journal.records(
                tuple[int, str], "SELECT session_id, content FROM stated ORDER BY session_id"
            )
        ]
        content["settings"] = msgspec.to_builtins(journal.settings())
        marked = {number for (number,) in journal.rows("SELECT identifier FROM pains WHERE marked")}
    for usual in content["run_baselines"]:
        usual["baseline"] = _as_object(usual["baseline"])
    for pain in content["pains"]:  # during its run, and so it comes from the recording again
        pain["marked"] = pain["identifier"] in marked
    letter = handed_over_store(journal.path.parent).load().value
    content["last_letter"] = None if letter is None else msgspec.to_builtins(letter)
    return content


def export_journal(journal: Journal, path: Path) -> dict[str, int]:
    """Write a zip with ``journal.json`` and a CSV file a table; whole or not at all.

    Returns
    -------
    dict of str to int
        Number of entries by table.

    Raises
    ------
    RecordingError
        When the file cannot be written or the journal cannot be read.
    """
    from pipelines.files.replacing import replacing

    archive, counts = archive_of(journal)
    with replacing(path, private=True) as file:
        file.write(archive)
    return counts


def archive_of(journal: Journal) -> tuple[bytes, dict[str, int]]:
    """The same archive in memory, and the number of entries by table."""
    text = journal_as_json(journal)
    content: dict[str, Any] = msgspec.json.decode(text)
    members = {"journal.json": text}
    members |= {f"{table}.csv": _csv(kind, content[table]) for table, kind in ENTRIES.items()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, words in members.items():
            archive.writestr(zipfile.ZipInfo(name, _MEMBER_TIME), words, zipfile.ZIP_DEFLATED)
    return file.getvalue(), {table: len(content[table]) for table in ENTRIES}


def _csv(kind: type[Entry], rows: list[dict[str, Any]]) -> str:
    """One row an entry; maps become a column a key, empty where there is none."""
    import csv

    flat = [_flat(row) for row in rows]
    names = [name for name in NAMES[kind.TABLE] if name not in {"means", "answers"}]
    names.insert(0, names.pop(names.index("identifier")))
    extra = {name for row in flat for name in row} - set(names)
    # a time that people can read comes first among what was added
    names += sorted(extra, key=lambda name: (name != "time", name))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(flat)
    return out.getvalue()


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in row.items():
        if name == "means":
            flat |= {f"mean_{key}": item for key, item in value.items()}
        elif name == "answers":
            flat |= {f"answer_{key}": item for key, item in value.items()}
        elif name == "baseline":
            flat[name] = msgspec.json.encode(value).decode()
        else:
            flat[name] = _inert(value) if isinstance(value, str) else value
    return flat


def _inert(words: str) -> str:
    """The user's words; a spreadsheet must not take them for a formula."""
    return f"'{words}" if words[:1] in {"=", "+", "-", "@"} else words


def _as_object(text: str) -> object:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:  # damaged, and exported all the same
        return text


def _with_time(values: dict[str, Any]) -> dict[str, Any]:
    utc_ns = values.get("utc_start_ns", values.get("utc_ns"))
    if utc_ns is not None:
        values["time"] = moment(utc_ns, values["utc_offset_minutes"]).isoformat(timespec="seconds")
    return values
