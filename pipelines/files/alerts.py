"""Alerts: what the runner is told, as a record, as a JSON Lines file, and as a sound."""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self, TextIO

from imu.drift.changes import Direction, Severity
from imu.errors import RecordingError
from pipelines.files.system_error import explain

__all__ = ["Alert", "AlertHook", "AlertWriter", "ring_bell"]

_DECIMALS: Final = 3


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert, its attributes in the order of the JSON Lines file.

    Attributes
    ----------
    time_s : float
        Session time, s.
    indicator : str
        Name of the indicator, with its unit.
    direction : {"up", "down"}
        Away from the baseline.
    value, baseline : float
        In the indicator's unit.
    change, gate : float
        In % of the baseline, or in degrees for the lean.
    severity : {"raised", "cleared"}
        Whether the indicator changed or came back.
    message : str
        For the runner.

    Examples
    --------
    >>> alert = Alert(900.0, "sacral_lean_deg", "up", 10.0, 6.0, 4.0, 2.0, "raised", "…")
    >>> alert.severity, alert.value - alert.baseline
    ('raised', 4.0)
    """

    time_s: float
    indicator: str
    direction: Direction
    value: float
    baseline: float
    change: float
    gate: float
    severity: Severity
    message: str

    def record(self) -> dict[str, object]:
        """Fields by name, in order; numbers with three decimals, None where not finite.

        Returns
        -------
        dict
            As a line of the file holds them.
        """
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    def to_json(self) -> str:
        """One line of the file, without its end.

        Returns
        -------
        str
            A JSON object.

        Examples
        --------
        >>> Alert(9.0, "cadence_spm", "down", 160.0, 170.0, -5.88235, 3.0, "raised", "…").to_json()
        '{"time_s":9.0,"indicator":"cadence_spm","direction":"down","value":160.0,"baseline":170.0,"change":-5.882,"gate":3.0,"severity":"raised","message":"…"}'
        """
        return json.dumps(self.record(), ensure_ascii=False, separators=(",", ":"))


#: What is done with each alert: show it, write it, make a sound.
AlertHook = Callable[[Alert], None]


def _plain(value: object) -> object:
    if not isinstance(value, float):
        return value
    # adding 0.0 turns -0.0 into 0.0
    return round(value, _DECIMALS) + 0.0 if math.isfinite(value) else None


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
    go on without the file. Use it as a context manager; a call with an alert is :meth:`write`.

    Parameters
    ----------
    path : path or ``-``
        File to append to, created when it is missing; ``-`` is standard output.
    append : bool
        Keep what the file holds; otherwise begin anew.

    Raises
    ------
    RecordingError
        When the file cannot be opened.
    """

    def __init__(self, path: str | os.PathLike[str], *, append: bool = True) -> None:
        self.path = path
        self._error: RecordingError | None = None
        self._file: BinaryIO | None = None
        self._place = "standard output" if str(path) == "-" else str(path)
        if str(path) != "-":
            self._file = self._open(Path(path), append)

    @property
    def error(self) -> RecordingError | None:
        """Why writing ended early; None while it is fine."""
        return self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        raised: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __call__(self, alert: Alert) -> None:
        """Append one alert, as :meth:`write`."""
        self.write(alert)

    def write(self, alert: Alert) -> None:
        """Append one alert.

        Raises
        ------
        RecordingError
            When it cannot be written, the first time, or after :meth:`close`.
        """
        if self._error is not None:
            return
        line = (alert.to_json() + "\n").encode()
        try:
            if self._place == "standard output":
                _write_to_stdout(line)
            elif self._file is None:
                raise RecordingError(
                    "the alerts file is closed and takes no more alerts: open it again.",
                    path=self._place,
                )
            else:
                _write_whole(self._file, line)
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

    def _open(self, path: Path, append: bool) -> BinaryIO:
        try:
            torn = append and path.is_file() and _ends_torn(path)
            file: BinaryIO = path.open("ab" if append else "wb", buffering=0)
        except OSError as error:
            raise self._failed(error) from None
        except ValueError:
            raise RecordingError(
                "is not a file name: give another path.", path=self._place
            ) from None
        if torn:
            try:
                _write_whole(file, b"\n")
            except OSError as error:
                file.close()
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


def _write_whole(file: BinaryIO, data: bytes) -> None:
    left = memoryview(data)
    while left:
        written = file.write(left)
        left = left[written:]


def _write_to_stdout(line: bytes) -> None:
    binary = getattr(sys.stdout, "buffer", None)
    sys.stdout.flush()
    if binary is None:
        sys.stdout.write(line.decode())
    else:  # bytes, so that Windows does not turn \n into \r\n
        binary.write(line)
    sys.stdout.flush()
