"""Which sessions a cohort has: those of a folder, or the rows of a manifest."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec

from devices.named_pipe import refuse_named_pipe
from devices.schema_words import schema_words
from imu.errors import InputError, ParameterError, RecordingError
from imu.runner import Runner
from pipelines.files.table_output import DESCRIPTION
from pipelines.system_error import explain

#: Files that nobody takes for recordings.
_OTHER_FILES: Final = frozenset(
    {".md", ".pdf", ".png", ".jpg", ".jpeg", ".svg", ".html", ".py", ".toml", ".ipynb", ".m", ".r"}
)
_BIDS_SUBJECT: Final = re.compile(r"(?:^|/)sub-([A-Za-z0-9]+)(?:/|_)")


class Stated(msgspec.Struct, frozen=True):
    """What is stated of a session, or of all; what is empty is left to the recording.

    Attributes
    ----------
    axes, columns, units, stream : str
        As ``replay`` takes them.
    mass_kg, height_m, rate_hz : float, optional
        Likewise.
    beside : str
        A second file of the same recording; in a manifest the column is called ``with``.
    """

    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    rate_hz: Annotated[float, msgspec.Meta(ge=24.5, le=4000.0)] | None = None
    columns: str = ""
    units: str = ""
    stream: str = ""
    beside: str = msgspec.field(default="", name="with")


class CohortSession(msgspec.Struct, frozen=True):
    """One session of a cohort.

    Attributes
    ----------
    name : str
        Where it is, from the folder or the manifest on, with ``/``.
    path : str
        Where it is for this program.
    subject : str
        Whose it is; empty where nobody says.
    stated : Stated
        What is stated of it.
    kept : tuple of (str, str)
        What else the manifest says, by column.
    """

    name: str
    path: str
    subject: str = ""
    stated: Stated = Stated()
    kept: tuple[tuple[str, str], ...] = ()

    @property
    def kept_row(self) -> dict[str, str]:
        """What else the manifest says, as cells of a row."""
        return dict(self.kept)


def find_sessions(source: Path, stated: Stated, leave_out: Sequence[Path]) -> list[CohortSession]:
    """The sessions of a folder, in the order of their names, or of a manifest, in its own.

    Parameters
    ----------
    source : Path
        A folder, of which every file is a session but for hidden ones, pictures, pages and
        programs; or a CSV with the column ``file``, further ones named as the fields of
        :class:`Stated`, ``subject``, and any others, which are kept.
    stated : Stated
        What holds where the manifest does not say otherwise.
    leave_out : sequence of Path
        Files or folders that are results and no sessions.

    Raises
    ------
    InputError
        When there is none, a file stands twice, or a row cannot be used.
    RecordingError
        When the source cannot be read.
    """
    if source.is_dir():
        found = _of_folder(source, stated, {os.path.realpath(path) for path in leave_out})
    else:
        found = _of_manifest(source, stated)
    if not found:
        raise InputError("holds no recording: give another folder or manifest.", place=str(source))
    return found


def parse_shard(text: str) -> tuple[int, int]:
    """``"2/5"`` as the second of five.

    Raises
    ------
    ParameterError
        When it is none.

    Examples
    --------
    >>> parse_shard("2/5")
    (2, 5)
    """
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ParameterError("--shard", text, "the number of a part and how many there are: 1/4")
    return int(match[1]), int(match[2])


def shard_of(sessions: Sequence[CohortSession], shard: tuple[int, int]) -> list[CohortSession]:
    """Every n-th session, so that long and short ones are spread."""
    number, count = shard
    return list(sessions[number - 1 :: count])


def _of_folder(folder: Path, stated: Stated, leave_out: set[str]) -> list[CohortSession]:
    names = sorted(_files(folder, Path(os.path.realpath(folder)), leave_out))
    return [CohortSession(name, str(folder / name), _subject(name), stated) for name in names]


def _files(folder: Path, root: Path, leave_out: set[str]) -> Iterator[str]:
    try:
        for path in folder.iterdir():
            if path.name.startswith(".") or os.path.realpath(path) in leave_out:
                continue
            if path.is_dir() and not path.is_symlink():
                yield from _files(path, root, leave_out)
            # a link that leads nowhere is a recording that cannot be read
            elif (path.is_file() or not path.exists()) and not _is_no_recording(path.name):
                yield path.parent.resolve().joinpath(path.name).relative_to(root).as_posix()
    except OSError as error:
        raise RecordingError(f"cannot be read: {explain(error)}.", path=str(folder)) from None


def _is_no_recording(name: str) -> bool:
    return name.endswith(DESCRIPTION) or Path(name).suffix.lower() in _OTHER_FILES


def _subject(name: str) -> str:
    """Of ``sub-01/…`` the 01, else the first folder."""
    match = _BIDS_SUBJECT.search(name)
    return match[1] if match else name.partition("/")[0] if "/" in name else ""


def _of_manifest(path: Path, stated: Stated) -> list[CohortSession]:
    refuse_named_pipe(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if not reader.fieldnames or "file" not in reader.fieldnames:
                raise InputError(
                    "is no manifest: give a folder, or a CSV with the column file and, as you "
                    "like, subject, axes, mass_kg, height_m, rate_hz, columns, units, stream, "
                    "with.",
                    place=str(path),
                )
            found = [_of_row(row, path, reader.line_num, stated) for row in reader]
    except OSError as error:
        raise RecordingError(f"cannot be read: {explain(error)}.", path=str(path)) from None
    except (csv.Error, UnicodeDecodeError):
        raise InputError("is no manifest: save it as CSV in UTF-8.", place=str(path)) from None
    names = [session.name for session in found]
    if len(set(names)) < len(names):
        twice = next(name for number, name in enumerate(names) if name in names[:number])
        raise InputError(f"{twice} stands twice: name each file once.", place=str(path))
    return found


def _of_row(row: dict[str | None, Any], path: Path, line: int, usual: Stated) -> CohortSession:
    place = f"{path}, line {line}"
    if None in row or None in row.values() or not row["file"]:
        raise InputError("does not have a cell for each column: correct it.", place=place)
    cells = {str(name): str(cell).strip() for name, cell in row.items()}
    name, subject = cells.pop("file"), cells.pop("subject", "")
    said = {field: cells.pop(field) for field in Stated.__struct_encode_fields__ if field in cells}
    known = msgspec.to_builtins(usual) | {field: cell for field, cell in said.items() if cell}
    if said.get("with"):
        known["with"] = str(path.parent / said["with"])
    try:
        stated = msgspec.convert(known, Stated, strict=False)
        Runner(stated.mass_kg, stated.height_m)  # refuses what nobody is
    except msgspec.ValidationError as error:
        raise InputError(f"cannot be used: {schema_words(error)}.", place=place) from None
    except ParameterError as error:
        raise InputError(str(error), place=place) from None
    place_of_file = str(path.parent / name)
    return CohortSession(name, place_of_file, subject, stated, tuple(cells.items()))
