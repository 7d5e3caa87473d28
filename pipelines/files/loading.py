"""The one way in for what session files hold as JSON: bounded, and refused in words.

A file may come from anyone. What is read of it is at most so long, so deep and made of such numbers
as a session needs, whatever it is; then :mod:`pipelines.session.json_form` says what each field
has to be.
"""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn, TypeVar

from imu.errors import InputError
from pipelines.session.json_form import from_plain

__all__ = ["load", "load_plain"]

_T = TypeVar("_T")

#: Longest text; a header with all that an earlier session has taught takes 10 kB.
_MOST_BYTES: Final = 8 * 2**20
_DEEPEST: Final = 24
#: Whole numbers of 64 bits, with or without a sign.
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def load(data: bytes, kind: type[_T]) -> _T:
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


def load_plain(data: bytes) -> dict[str, Any]:
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
    _check(content, _DEEPEST)
    return content


def _check(value: Any, deeper: int) -> None:
    if deeper < 0:
        raise InputError("this record is nested deeper than any of a session.")
    if isinstance(value, dict):
        for item in value.values():
            _check(item, deeper - 1)
    elif isinstance(value, list):
        for item in value:
            _check(item, deeper - 1)
    elif isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        raise InputError("this record holds a number larger than any of a session.")


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no number of JSON")
