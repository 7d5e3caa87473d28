"""What commands have in common: telling, complaining, checking what was given."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from pipelines.session.summary import Summary

__all__ = [
    "check_axes",
    "check_outputs",
    "check_port",
    "check_results",
    "complain",
    "drop_output",
    "reader_may_leave",
    "say",
    "say_summary",
    "warm_up_filters",
]


def warm_up_filters() -> None:
    """Compile before the first sample arrives; say so when it takes a while."""
    from imu.compiled import is_compiled
    from pipelines.views.preparing import prepare_filters

    if not is_compiled():
        complain("preparing the filters for this machine, once, for some seconds …")
    prepare_filters()


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """A reader of standard output that has seen enough is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        raise typer.Exit from None


def drop_output() -> None:
    """What is still buffered has nowhere to go: spare the interpreter's complaint at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def check_outputs(named: dict[str, Path | str | None]) -> None:
    """Refuse two files that are one: an output must not replace an input or another output."""
    from imu.errors import ParameterError

    taken: dict[Path | str, str] = {}
    for name, given in named.items():
        if given is None:
            continue
        place = "-" if str(given) == "-" else Path(given).resolve()
        if place in taken:
            raise ParameterError(name, str(given), f"another file than {taken[place]}")
        taken[place] = name


def check_results(named: dict[str, Path | str | None]) -> None:
    """Refuse results that would take the place of a recording, as a slip in a name may make it."""
    from imu.errors import ParameterError
    from pipelines.files.recognise import holds_recording

    for name, given in named.items():
        if given is not None and str(given) != "-" and holds_recording(given):
            raise ParameterError(name, str(given), "another file, since this one holds a recording")


def check_port(port: int) -> None:
    """Refuse a port of this computer that cannot be listened on, before anything is compiled."""
    import errno
    import socket

    from imu.errors import ParameterError

    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # elsewhere this would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else "is not for this user"
            raise ParameterError(
                "--port",
                port,
                f"another port, or leave --port out for a free one: this one {why}",
            ) from None


def check_axes(axes: str) -> None:
    """Refuse axes that are none, before anything is made."""
    from imu.mounting import mounting_from_axes

    if axes not in {"", "auto"}:
        mounting_from_axes(axes)


def say_summary(summary: Summary) -> None:
    """Tell what a session held."""
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in summary.lines(width):
        say(line)


def say(text: str) -> None:
    """Write a line to standard output."""
    try:
        typer.echo(text)
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        from imu.errors import RecordingError
        from pipelines.files.system_error import explain

        raise RecordingError(f"{explain(error)}.", path="standard output") from None


def complain(text: str) -> None:
    """Write a line to standard error."""
    typer.echo(text, err=True)
