"""What is done already: a line of JSON a session beside the results, read again after any stop."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self

import msgspec

from imu.errors import RecordingError
from pipelines.bench.cohort.outcome import Outcome
from pipelines.files.kept_file import private_file
from pipelines.files.stored import private_folder
from pipelines.system_error import explain

_ENDING: Final = ".jsonl"


class _Head(msgspec.Struct):
    """As much of a line as says what it is about."""

    name: str
    key: str


def done_folder(out: Path) -> Path:
    """Where lines of a table of results are kept."""
    return out.with_name(f"{out.name}.done")


class Done:
    """Outcomes on disk, those of other shards too; in memory is only where each stands.

    Parameters
    ----------
    folder : Path
        Made where there is none.
    part : str
        Of which lines are added: ``"all"``, or ``"2-of-5"``, so that shards that run at once
        write to files of their own.

    Raises
    ------
    RecordingError
        When the folder cannot be used.
    """

    def __init__(self, folder: Path, part: str) -> None:
        self._folder = folder
        self._keys: dict[str, str] = {}
        self._places: dict[str, tuple[Path, int]] = {}
        own = folder / f"{part}{_ENDING}"
        private_folder(folder, "what is done")
        try:
            for path in sorted(folder.glob(f"*{_ENDING}"), key=lambda path: path == own):
                self._take(path)
            self._file = open(own, "ab", opener=private_file)  # noqa: SIM115 -- closed on leaving
            if self._file.tell() and not _ends_its_line(own):
                self._file.write(b"\n")  # a kill had cut it short
        except OSError as error:
            raise RecordingError(
                f"what is done cannot be kept there: {explain(error)}.", path=str(folder)
            ) from None
        self._own = own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self._file.close()

    def key_of(self, name: str) -> str:
        """The key of what is known of a session, empty for nothing that lasts."""
        return self._keys.get(name, "")

    def put(self, outcome: Outcome) -> None:
        """Keep an outcome; one without a row says that what is known holds.

        Raises
        ------
        RecordingError
            When the disk takes no more.
        """
        if outcome.row is None:
            return
        try:
            place = self._file.tell()
            self._file.write(msgspec.json.encode(outcome) + b"\n")
            self._file.flush()
        except OSError as error:
            raise RecordingError(
                f"{explain(error)}; what was done before is kept, run it again.",
                path=str(self._own),
            ) from None
        self._know(outcome.name, outcome.key, self._own, place)

    def rows(self, names: Iterable[str]) -> Iterator[Outcome]:
        """Outcomes in the order asked for; a session that nothing is known of is passed over."""
        files: dict[Path, BinaryIO] = {}
        try:
            for name in names:
                if name in self._places:
                    path, place = self._places[name]
                    file = files.get(path) or files.setdefault(path, path.open("rb"))
                    file.seek(place)
                    yield msgspec.json.decode(file.readline(), type=Outcome)
        finally:
            for file in files.values():
                file.close()

    def _take(self, path: Path) -> None:
        with path.open("rb") as file:
            place = 0
            for line in file:
                try:
                    head = msgspec.json.decode(line, type=_Head)
                except msgspec.MsgspecError:  # cut short: that session is done again
                    head = None
                if head is not None:
                    self._know(head.name, head.key, path, place)
                place += len(line)

    def _know(self, name: str, key: str, path: Path, place: int) -> None:
        if key or not self._keys.get(name):  # a try that failed by chance hides no result
            self._keys[name] = key
            self._places[name] = (path, place)


def _ends_its_line(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
