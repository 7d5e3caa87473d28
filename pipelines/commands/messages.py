"""What commands have in common: how they tell and complain.

All that a command prints goes through here and is made printable: names of devices, files and notes
came from elsewhere, and must neither steer a terminal nor begin a line of their own.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import typer

from imu.errors import RecordingError
from pipelines.system_error import explain
from pipelines.views.terminal.cells import printable

if TYPE_CHECKING:
    from pipelines.session.summary import Summary
    from pipelines.units import Units


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """A reader of standard output that has seen enough is no error."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        drop_output()
        raise typer.Exit from None


def as_typed(path: str | os.PathLike[str]) -> str:
    """A path as it is typed behind a command: quoted where a shell would part it.

    Examples
    --------
    >>> as_typed("run.csv"), as_typed("my run.csv") in ("'my run.csv'", '"my run.csv"')
    ('run.csv', True)
    """
    if sys.platform == "win32":
        from subprocess import list2cmdline

        return list2cmdline([str(path)])
    return shlex.quote(str(path))


def drop_output() -> None:
    """What is still buffered has nowhere to go: spare the interpreter's complaint at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def ended_by_ctrl_c(told: str = "") -> Iterator[None]:
    """End the command where what runs in it is called off, with a word on what became of it."""
    from asyncio import CancelledError

    try:
        yield
    except (CancelledError, KeyboardInterrupt):
        raise stopped(told) from None


def stopped(told: str = "") -> typer.Exit:
    """The end of a command that was stopped, to be raised; ``told`` is what became of it."""
    if told:
        complain(f"backstride: stopped before the end: {told}.")
    return typer.Exit(130)


def say_summary(summary: Summary, units: Units = "metric") -> None:
    """Tell what a session held."""
    from pipelines.words.summary_words import summary_lines

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in summary_lines(summary, width, units):
        say(line)


def say(text: str, *, bell: bool = False) -> None:
    """Write a line to standard output; with ``bell``, a terminal rings."""
    _echo(printable(text) + "\a" * (bell and sys.stdout.isatty()))


def say_lines(text: str) -> None:
    """Write text of several lines, all of them our own, to standard output."""
    for line in text.split("\n"):
        say(line)


def say_json(text: str) -> None:
    """Write JSON to standard output: the same data, with what is not printable spelled out."""
    signs = (x if x.isprintable() or x == "\n" else json.dumps(x)[1:-1] for x in text)
    _echo("".join(signs))


def complain(text: str) -> None:
    """Write a line to standard error, if there still is one."""
    with suppress(OSError):
        typer.echo(printable(text), err=True)


def _echo(text: str) -> None:
    try:
        typer.echo(text)
    except BrokenPipeError:
        raise  # the reader has seen enough
    except OSError as error:
        raise RecordingError(f"{explain(error)}.", path="standard output") from None
