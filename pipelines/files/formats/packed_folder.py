"""Files within a zip or a folder, by their last names; nothing is ever unpacked onto the disk."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Final

from imu.errors import InputError
from pipelines.files.reading.text_source import LOOK_BYTES
from pipelines.system_error import explain

ZIP: Final = b"PK\x03\x04"
_MOST_FILES: Final = 4096
#: Of one file within, and how many times its packed bytes it may have.
_MOST_BYTES: Final = 2 << 30
_FREE_BYTES: Final = 64 << 20
_MOST_EXPANSION: Final = 200


class FolderFiles:
    """What lies in a zip or a folder.

    Parameters
    ----------
    place : str
        Its name, for messages.
    found : mapping of str to Path, ZipInfo or bytes
        By path within, in small letters.
    packed : ZipFile or None
        The zip.
    sheets : bool
        Whether they are the sheets of a workbook, called as tables are.
    """

    def __init__(
        self,
        place: str,
        found: Mapping[str, Path | zipfile.ZipInfo | bytes],
        packed: zipfile.ZipFile | None = None,
        *,
        sheets: bool = False,
    ) -> None:
        self.place, self._found, self._packed, self.sheets = place, found, packed, sheets

    @property
    def names(self) -> tuple[str, ...]:
        """Paths within, in small letters."""
        return tuple(self._found)

    def own_name(self, name: str) -> str:
        """A path within as it is written there, for messages."""
        entry = self._found[name]
        if isinstance(entry, Path):
            return "/".join(entry.parts[-len(PurePosixPath(name).parts) :])
        return entry.filename if isinstance(entry, zipfile.ZipInfo) else name

    def ending(self, endings: tuple[str, ...]) -> list[str]:
        """The files whose names end so."""
        return [name for name in self._found if name.endswith(endings)]

    def find(self, *names: str) -> str:
        """The first file of one of these last names; empty without one."""
        for name in names:
            for path in self._found:
                if PurePosixPath(path).name == name:
                    return path
        return ""

    def beginning(self, name: str) -> bytes:
        """The first bytes of a file within.

        Raises
        ------
        InputError
            When it is damaged or locked.
        """
        return self._bytes(name, LOOK_BYTES)

    def read(self, name: str) -> bytes:
        """The bytes of a file within.

        Raises
        ------
        InputError
            When it is damaged, locked, or expands beyond all reason.
        """
        return self._bytes(name, None)

    def refuse_bomb(self) -> None:
        """Refuse a zip that another library is to unpack where a file within is too large.

        Raises
        ------
        InputError
            When one is, or is damaged.
        """
        for name, entry in self._found.items():
            if isinstance(entry, zipfile.ZipInfo):
                self.read(name)  # what an entry says of its size may be untrue

    def _bytes(self, name: str, most: int | None) -> bytes:
        where = f"{self.place}, {self.own_name(name)}"
        entry = self._found[name]
        if isinstance(entry, bytes):
            return entry[:most]
        try:
            if isinstance(entry, Path):
                if entry.stat().st_size > _MOST_BYTES:
                    raise InputError("the file is larger than any recording.", place=where)
                with entry.open("rb") as plain:
                    return plain.read(-1 if most is None else most)
            assert self._packed is not None
            bound = min(_MOST_BYTES, max(_FREE_BYTES, _MOST_EXPANSION * entry.compress_size))
            if entry.file_size > bound:
                raise InputError(
                    f"it would unpack to {entry.file_size / 1e6:.0f} MB, which no recording of its "
                    "size does: make the zip anew.",
                    place=where,
                )
            with self._packed.open(entry) as file:
                return file.read(bound if most is None else most)
        except OSError as error:
            raise InputError(f"{explain(error)}.", place=where) from None
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError):
            raise InputError(
                "this file of the zip is damaged or locked with a password: make the zip anew.",
                place=where,
            ) from None


def open_folder(path: Path) -> FolderFiles:
    """The files of a zip or a folder.

    Raises
    ------
    InputError
        When it cannot be read, or has more files than any recording.
    """
    place = str(path)
    try:
        if path.is_dir():
            found: dict[str, Path | zipfile.ZipInfo] = {}
            for file in sorted(path.glob("*")) + sorted(path.glob("*/*")):
                if file.is_file() and len(found) <= _MOST_FILES:
                    found[file.relative_to(path).as_posix().lower()] = file
            return FolderFiles(place, _bounded(found, place))
        if path.stat().st_size > _MOST_BYTES:
            raise InputError("the zip is larger than 2 GB: unpack it.", place=place)
        packed = zipfile.ZipFile(io.BytesIO(path.read_bytes()))
    except OSError as error:
        raise InputError(f"{explain(error)}.", place=place) from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError, UnicodeDecodeError):
        raise InputError("the zip is damaged or cut short: fetch it again.", place=place) from None
    inside = {i.filename.lower(): i for i in packed.infolist() if not i.is_dir()}
    return FolderFiles(place, _bounded(inside, place), packed)


def _bounded(
    found: Mapping[str, Path | zipfile.ZipInfo], place: str
) -> Mapping[str, Path | zipfile.ZipInfo]:
    if len(found) > _MOST_FILES:
        raise InputError(
            f"there are more than {_MOST_FILES} files in it, more than in any recording: give the "
            "file itself.",
            place=place,
        )
    return found
