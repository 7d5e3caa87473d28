"""What the program keeps for itself and reads back: bounded, checked, private, replaced whole.

A store that cannot be used stops nothing and is never lost: it is kept aside as ``NAME.unreadable``
and told in one sentence, and the program goes on without it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from imu.errors import BackstrideError, InputError, RecordingError
from pipelines.files.kept_file import sync_folder
from pipelines.files.loading import decoded, read_bounded
from pipelines.files.replacing import replacing
from pipelines.system_error import explain

Kept = TypeVar("Kept")


class Stored(NamedTuple, Generic[Kept]):
    """What a store held.

    Attributes
    ----------
    value : object or None
        None when there is nothing usable.
    note : str
        One sentence about a file that cannot be used, else empty.
    replaceable : bool
        False where a file is in the way that must not be lost.
    """

    value: Kept | None = None
    note: str = ""
    replaceable: bool = True


class Store(Generic[Kept]):
    """One small JSON file of one record.

    Parameters
    ----------
    path : Path
        The file; its folder may not exist yet.
    kind : type
        Of the record: a dataclass whose fields have types and ranges.
    version : int
        Of the format; older ones are read by the same fields.
    what : str
        What the file holds, as sentences name it.
    then : str
        What happens without it, or what to do.
    """

    def __init__(self, path: Path, kind: type[Kept], *, version: int, what: str, then: str) -> None:
        self.path = path
        self._kind, self._version = kind, version
        self._what, self._then = what, then

    def load(self) -> Stored[Kept]:
        """Read the file; whatever is wrong with it is a sentence."""
        try:
            content = read_bounded(self.path)
        except FileNotFoundError:
            return Stored()
        except OSError as error:
            note = f"{self.path}: {self._what} cannot be read: {explain(error)}."
            return Stored(None, note, replaceable=False)
        except InputError:
            return self._put_aside()
        try:
            fields: dict[str, Any] = decoded(content, dict[str, Any])
            version = msgspec.convert(fields.get("format"), int)
            if version > self._version:
                note = (
                    f"{self.path}: a newer version wrote {self._what}, which is not used: update "
                    "backstride."
                )
                return Stored(None, note, replaceable=False)
            value = msgspec.convert(fields, self._kind)
            if version == self._version and not _complete(fields, msgspec.to_builtins(value)):
                return self._put_aside()
            return Stored(value)
        except (BackstrideError, msgspec.ValidationError):
            return self._put_aside()

    def save(self, value: Kept) -> None:
        """Write the record in place of the one before.

        Raises
        ------
        RecordingError
            When it cannot be written; what was there is intact.
        """
        private_folder(self.path.parent, self._what)
        content = {"format": self._version} | msgspec.to_builtins(value)
        with replacing(self.path, private=True) as out:
            out.write(msgspec.json.format(msgspec.json.encode(content), indent=1))

    def kept(self) -> list[Path]:
        """The file, where there is one, and those that were put aside."""
        return list(self.path.parent.glob(f"{self.path.name}*"))

    def _put_aside(self) -> Stored[Kept]:
        damaged = f"{self.path}: {self._what} is damaged and is not used"
        try:
            aside = keep_aside(self.path)
        except OSError as error:
            note = f"{damaged}, and cannot be moved away: {explain(error)}."
            return Stored(None, note, replaceable=False)
        return Stored(None, f"{damaged} (the file is now {aside.name}): {self._then}.")


def _complete(content: Any, whole: Any) -> bool:
    """Whether no name is missing that a whole record has."""
    if not isinstance(whole, dict):
        return True
    return all(name in content and _complete(content[name], whole[name]) for name in whole)


def keep_aside(path: Path) -> Path:
    """Rename a file that cannot be used to ``NAME.unreadable``; returns the new name.

    Raises
    ------
    OSError
        When the system refuses.
    """
    number, aside = 1, path.with_name(f"{path.name}.unreadable")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.unreadable-{number}")
    moved = path.rename(aside)
    sync_folder(path.parent)
    return moved


def private_folder(folder: Path, what: str = "what is kept") -> None:
    """Make a folder that only the user can read, with those above it; one that exists stays as is.

    Raises
    ------
    RecordingError
        When it cannot be made.
    """
    try:
        missing = [one for one in (folder, *folder.parents) if not one.exists()]
        for one in reversed(missing):
            one.mkdir(0o700, exist_ok=True)  # another program may be quicker
            sync_folder(one.parent)
        folder.mkdir(exist_ok=True)  # refuses a file in its place
    except OSError as error:
        raise RecordingError(
            f"the folder for {what} cannot be made: {explain(error)}.", path=str(folder)
        ) from None
