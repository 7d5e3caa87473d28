"""The one way in for JSON: bounded, checked, and refused in words.

A file may come from anyone. What is read of it is at most so long, so deep and made of such numbers
as it needs, whatever it is. Then the types of a record say what each field has to be: exactly
(:func:`decoded`), or as :mod:`pipelines.session.json_form` writes it, by whatever version
(:func:`load`).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import msgspec

from devices.named_pipe import refuse_named_pipe
from devices.plain_bounds import beyond_bounds
from devices.schema_words import schema_words
from imu.errors import BackstrideError, InputError
from pipelines.session.json_form import from_plain

_T = TypeVar("_T")

#: Longest text; a header with all that an earlier session has taught takes 10 kB.
_MOST_BYTES: Final = 8 * 2**20
#: The largest file that the program keeps for itself has some kilobytes.
_MOST_KEPT_BYTES: Final = 4_000_000


def load(data: bytes | str, kind: type[_T]) -> _T:
    """A record from JSON.

    Parameters
    ----------
    data : bytes
        As :func:`pipelines.session.json_form.to_json` writes it.
    kind : type
        What it has to be, or a union of tagged records.

    Raises
    ------
    InputError
        When it is too long, too deep, no JSON or none of that kind: says what, and where in it.

    Examples
    --------
    >>> from pipelines.session.marks import Pain
    >>> load(b'{"kind":"pain","level":4}', Pain).level
    4
    """
    return from_plain(load_plain(data), kind)


def load_plain(data: bytes | str) -> dict[str, Any]:
    """A JSON object as a mapping, within the bounds.

    Raises
    ------
    InputError
        As :func:`load`.

    Examples
    --------
    >>> load_plain(b'{"a":' * 30 + b"1" + b"}" * 30)
    Traceback (most recent call last):
    ...
    imu.errors.InputError: this record is nested deeper than any of a session.
    """
    if len(data) > _MOST_BYTES:
        raise InputError(f"this record has {len(data)} bytes, more than any of a session.")
    try:
        # takes any text that a file system gives, half a pair of surrogates too
        content = json.loads(data, parse_constant=_refuse)
    except (ValueError, RecursionError):
        raise InputError("this record is no JSON.") from None
    if not isinstance(content, dict):
        raise InputError("this record is no JSON object.")
    if wrong := beyond_bounds(content):
        raise InputError(f"this record {wrong} of a session.")
    return content


def read_bounded(path: Path, most: int = _MOST_KEPT_BYTES) -> bytes:
    """The bytes of a file that has no business being large.

    Raises
    ------
    OSError
        When the system refuses it.
    InputError
        When it is larger, or a pipe that may never end.
    """
    refuse_named_pipe(path)
    with path.open("rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise InputError(
            f"the file is larger than {most / 1e6:g} MB, which no such file is: give another one.",
            place=str(path),
        )
    return content


def decoded(content: bytes | str, kind: type[_T], place: str = "") -> _T:
    """JSON as a record: types, ranges, names and depth checked.

    Raises
    ------
    InputError
        Says what is wrong and where in the text.
    """
    try:
        return msgspec.json.decode(content, type=kind)
    except BackstrideError as error:
        raise InputError(str(error), place=place) from None
    except RecursionError:
        raise InputError("the JSON is nested too deeply: give another file.", place=place) from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"this cannot be used: {schema_words(error)}.", place=place) from None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")
