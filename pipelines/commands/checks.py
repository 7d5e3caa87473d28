"""What commands check before they begin, so that a mistake is told at once."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from imu.compiled import is_compiled
from imu.errors import ParameterError
from imu.mounting import mounting_from_axes
from pipelines.commands.messages import complain
from pipelines.files.recognise import holds_recording
from pipelines.files.replacing import refuse_no_place
from pipelines.preparing import prepare_filters


def warm_up_filters() -> None:
    """Compile before the first sample arrives; say so when it takes a while."""
    if not is_compiled():
        complain("preparing the filters for this machine, once, for up to a minute …")
    prepare_filters()


def check_outputs(
    others: Mapping[str, Path | str | None], results: Mapping[str, Path | str | None]
) -> None:
    """Refuse two files that are one, and a result where there is no place or a recording.

    A slip in a name must not replace an input, another output or what was recorded, nor be found
    after an hour's work.

    Parameters
    ----------
    others : mapping of str to path or None
        What is read, and what is written nowhere but beside older files, by the option's name.
    results : mapping of str to path or None
        What replaces an older file, likewise.
    """
    taken: dict[str, str] = {}
    for name, given in {**others, **results}.items():
        if given is None:
            continue
        place = "-" if str(given) == "-" else os.path.realpath(given)
        if place in taken:
            raise ParameterError(name, str(given), f"another file than {taken[place]}")
        taken[place] = name
    for name, given in results.items():
        if given is None or str(given) == "-":
            continue
        refuse_no_place(Path(given))
        if holds_recording(given):
            raise ParameterError(name, str(given), "another file, since this one holds a recording")


def check_ending(name: str, given: Path | None, ending: str) -> None:
    """Refuse a name that would say something else of the file than it is; ``-`` is no file."""
    if given is not None and given.suffix.lower() != ending:
        raise ParameterError(name, str(given), f"a file that ends in {ending}")


def check_port(port: int) -> None:
    """Refuse a port of this computer that cannot be listened on, before anything is compiled."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # elsewhere this would let two programs share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else "is not for this user"
            raise ParameterError(
                "--port", port, f"another port, or leave --port out for a free one: this one {why}"
            ) from None


def check_axes(axes: str) -> None:
    """Refuse axes that are none, before anything is made."""
    if axes not in {"", "auto"}:
        with as_options({"axes": "--axes"}):
            mounting_from_axes(axes)


@contextmanager
def as_options(names: Mapping[str, str]) -> Iterator[None]:
    """Refuse what was typed by the name of its option, in place of the one that it has inside."""
    try:
        yield
    except ParameterError as error:
        name = names.get(error.name, error.name)
        raise ParameterError(name, error.value, error.accepted) from None
