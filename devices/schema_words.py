"""What a record that was read is not, in words: the schema library has its own."""

from __future__ import annotations

import re
from typing import Final

from imu.errors import as_given

_AT: Final = r"(?: - at `\$\.?(?P<place>[^`]*)`)?"
_WRONG: Final = re.compile(rf"Expected `(?P<wanted>[^`]+)`, got `(?P<found>[^`]+)`{_AT}")
_UNKNOWN: Final = re.compile(rf"Object contains unknown field `(?P<name>[^`]+)`{_AT}")
_MISSING: Final = re.compile(rf"Object missing required field `(?P<name>[^`]+)`{_AT}")
_VALUE: Final = re.compile(rf"Invalid enum value '(?P<value>[^']*)'{_AT}")
_KINDS: Final = {
    "float": "a number",
    "int": "a whole number",
    "str": "text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
    "null": "nothing",
}


def schema_words(error: Exception) -> str:
    """A refusal of the schema library as a part of a sentence, without a full stop.

    Parameters
    ----------
    error : Exception
        As ``msgspec`` raises it; whatever it does not say in its own way stays as it is.

    Examples
    --------
    >>> schema_words(ValueError("Expected `float | null`, got `str` - at `$.height_m`"))
    'height_m has to be a number, and is text'
    >>> schema_words(ValueError("Object contains unknown field `key` - at `$.fault[0]`"))
    "fault[0] has a field 'key', which is none of its own"
    >>> schema_words(ValueError("Object missing required field `kind`"))
    "'kind' is missing"
    >>> schema_words(ValueError("Invalid enum value 'gone' - at `$.fault[0].consequence`"))
    "fault[0].consequence is 'gone', which is none of its values"
    """
    said = str(error)
    if wrong := _WRONG.fullmatch(said):
        wanted = [_kind(one) for one in wrong["wanted"].split(" | ") if one != "null"]
        found = _kind(wrong["found"])
        return f"{wrong['place'] or 'it'} has to be {' or '.join(wanted)}, and is {found}"
    if unknown := _UNKNOWN.fullmatch(said):
        place = unknown["place"] or "it"
        return f"{place} has a field {as_given(unknown['name'])}, which is none of its own"
    if missing := _MISSING.fullmatch(said):
        place = f" in {missing['place']}" if missing["place"] else ""
        return f"{missing['name']!r} is missing{place}"
    if value := _VALUE.fullmatch(said):
        return (
            f"{value['place'] or 'it'} is {as_given(value['value'])}, which is none of its values"
        )
    return said.replace(" - at `$.", " at `").replace(" - at `$", " at `").rstrip(".")


def _kind(name: str) -> str:
    return _KINDS.get(name, name)
