"""What commands have in common: how they tell and complain."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from imu.errors import RecordingError
from pipelines.files.system_error import explain

if TYPE_CHECKING:
    from pipelines.session.summary import Summary

__all__ = ["complain", "drop_output", "reader_may_leave", "say", "say_summary"]


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
        raise RecordingError(f"{explain(error)}.", path="standard output") from None


def complain(text: str) -> None:
    """Write a line to standard error."""
    typer.echo(text, err=True)
