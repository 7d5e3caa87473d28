"""Alerts as a JSON Lines file, and as a sound."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Self, TextIO

from imu.errors import RecordingError
from pipelines.coaching.alert import Alert
from pipelines.files.kept_file import UnbufferedFile, private_file
from pipelines.files.table_output import write_to_stdout
from pipelines.system_error import explain


def ring_bell(alert: Alert, stream: TextIO | None = None) -> None:
    """Ring the terminal's bell for a change; nothing for one that is over, or without a terminal.

    Parameters
    ----------
    alert : Alert
        The alert.
    stream : text stream, optional
        Standard error by default.
    """
    target = sys.stderr if stream is None else stream
    # a closed terminal, or none at all, must not end a run
    with suppress(OSError, ValueError, AttributeError):
        if alert.severity == "raised" and target.isatty():
            target.write("\a")
            target.flush()


class AlertWriter:
    """Writes alerts as JSON Lines, each line to the system at once.

    A line that an earlier crash left unfinished keeps to itself. The first write that fails raises;
    from then on :attr:`error` says why and further alerts are not written, so that a live run can
    go on without the file. Use it as a context manager.

    Parameters
    ----------
    path : path or ``-``
        File to append to, created when it is missing; ``-`` is standard output.

    Raises
    ------
    RecordingError
        When the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self._error: RecordingError | None = None
        self._file: UnbufferedFile | None = None
        self._place = "standard output" if str(path) == "-" else str(path)
        if str(path) != "-":
            self._file = self._open(Path(path))

    @property
    def error(self) -> RecordingError | None:
        """Why writing ended early; None while it is fine."""
        return self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, alert: Alert) -> None:
        """Append one alert.

        Raises
        ------
        RecordingError
            When it cannot be written, the first time, or after :meth:`close`.
        """
        if self._error is not None:
            return
        line = alert.to_json() + "\n"
        try:
            if self._place == "standard output":
                write_to_stdout([line])
            elif self._file is None:
                raise RecordingError(
                    "the alerts file is closed and takes no more alerts: open it again.",
                    path=self._place,
                )
            else:
                self._file.write(line.encode())
        except BrokenPipeError:
            raise  # the reader has seen enough
        except OSError as error:
            raise self._failed(error) from None

    def close(self) -> None:
        """Close the file; safe to call twice.

        Raises
        ------
        RecordingError
            When the system only now says that writing failed.
        """
        file, self._file = self._file, None
        if file is None:
            return
        try:
            file.close()
        except OSError as error:
            if self._error is None:
                raise self._failed(error) from None

    def _open(self, path: Path) -> UnbufferedFile:
        try:
            torn = path.is_file() and _ends_torn(path)
            # what is told of a run is as private as its recording
            raw: BinaryIO = open(  # noqa: SIM115 -- closed with the writer
                path, "ab", buffering=0, opener=private_file
            )
        except OSError as error:
            raise self._failed(error) from None
        except ValueError:
            raise RecordingError(
                "is not a file name: give another path.", path=self._place
            ) from None
        file = UnbufferedFile(raw)
        if torn:
            try:
                file.write(b"\n")
            except OSError as error:
                file.close_quietly()
                raise self._failed(error) from None
        return file

    def _failed(self, error: OSError) -> RecordingError:
        self._error = RecordingError(f"{explain(error)}.", path=self._place)
        return self._error


def _ends_torn(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return False
        file.seek(size - 1)
        return file.read(1) != b"\n"
