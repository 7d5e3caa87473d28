"""Records of a session as JSON and back: exact, with what JSON has no number for as text.

Numbers that are not finite are ``"nan"``, ``"inf"`` and ``"-inf"``, which ``float`` reads back. A
field that is not known is passed over, and one that is missing has its default, so that files of
other versions are read as far as they are understood.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar

import msgspec
import numpy as np

from devices.schema_words import schema_words
from imu.errors import BackstrideError, InputError
from imu.steps import STEP_ROW

_T = TypeVar("_T")


def to_plain(value: object) -> Any:
    """A record as what JSON takes: mappings, lists, text, numbers; steps only to be compared.

    Raises
    ------
    TypeError
        For something that is no record of a session.
    """
    return _finite(msgspec.to_builtins(value, enc_hook=_plain_of))


def to_json(value: object) -> bytes:
    """A record as one line of JSON.

    Examples
    --------
    >>> from pipelines.session.marks import RedFlags
    >>> to_json(RedFlags(("weakness",))).decode()
    '{"kind":"red_flags","answers":["weakness"],"cleared":false}'
    """
    return msgspec.json.encode(to_plain(value))


def from_plain(content: object, kind: type[_T]) -> _T:
    """A record from what :func:`to_plain` gave; ``kind`` may be a union of tagged records.

    Raises
    ------
    InputError
        When it is none: says which field, and what it has to be.
    """
    try:
        return msgspec.convert(content, kind, strict=False)
    except msgspec.ValidationError as error:
        raise InputError(f"this is no record of a session: {schema_words(error)}.") from None
    except BackstrideError as error:
        raise InputError(f"this is no record of a session: {error}") from None


def _plain_of(value: object) -> object:
    if isinstance(value, np.ndarray) and value.dtype == STEP_ROW:
        return {name: value[name].tolist() for name in STEP_ROW.names or ()}
    if isinstance(value, np.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} is no part of a session's record")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
