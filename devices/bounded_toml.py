"""The one way in for TOML, which somebody wrote by hand, and which may come from anyone."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

from devices.named_pipe import refuse_named_pipe
from devices.plain_bounds import beyond_bounds
from imu.errors import InputError

_MOST_BYTES: Final = 1_000_000
#: A key of more parts than any has: what the parser takes for one grows with their square.
_MANY_PARTS: Final = re.compile(
    r"""(?<![\w-])(?:(?:[\w-]++|"(?:[^"\\\n]|\\.){0,99}"|'[^'\n]{0,99}')[ \t]*+\.[ \t]*+){16}"""
)


def read_toml(path: str | Path) -> dict[str, Any]:
    """The tables of a file.

    Raises
    ------
    OSError
        When the system refuses it.
    InputError
        When it is beyond the bounds of :func:`parsed_toml`, no text, or a pipe that may never end.
    tomllib.TOMLDecodeError
        When it is no TOML.
    """
    refuse_named_pipe(path)
    with Path(path).open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise InputError(
            f"the file is larger than {_MOST_BYTES / 1e6:g} MB, which no such file is: give "
            "another one.",
            place=str(path),
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("this is no text: give a TOML file.", place=str(path)) from None
    return parsed_toml(text, str(path))


def parsed_toml(text: str, place: str) -> dict[str, Any]:
    """The tables of a text.

    Parameters
    ----------
    text : str
        TOML.
    place : str
        Where it comes from, for messages.

    Raises
    ------
    InputError
        When it is nested too deeply, or a number or a key is too long.
    tomllib.TOMLDecodeError
        When it is no TOML.
    """
    try:
        wrong = "has a key of more parts than any" if _MANY_PARTS.search(text) else ""
        content = {} if wrong else tomllib.loads(text)
        wrong = wrong or beyond_bounds(content)
    except tomllib.TOMLDecodeError:
        raise
    except RecursionError:
        wrong = "is nested deeper than any"
    except ValueError:  # Python reads no number of so many digits
        wrong = "holds a number larger than any"
    if wrong:
        raise InputError(f"this TOML {wrong} that is meant: correct it.", place=place)
    return content
