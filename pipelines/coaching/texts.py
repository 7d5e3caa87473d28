"""What is said by the rules: a text of the catalogue with its numbers, and where it comes from."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any, Final

from imu.errors import ParameterError
from pipelines.coaching.catalogue import ARTICLES, CATALOGUE, Text
from pipelines.counted import counted

#: What fills a field of a text: a number, or a quantity already in words, such as "5.2 km".
Number = float | str


def text(identifier: str, /, **numbers: Number) -> str:
    """The words of one text, with its numbers.

    Parameters
    ----------
    identifier : str
        A key of :data:`~pipelines.coaching.catalogue.CATALOGUE`.
    **numbers : float or str
        The fields that the text names.

    Raises
    ------
    ParameterError
        When the text is unknown or a field is missing.

    Examples
    --------
    >>> text("shoes.second", name="Blue", distance="812 km")
    'Blue have 812 km, past 500 miles: a new pair is due by the usual rule.'
    >>> text("desk.nudge", minutes=1.0)
    '1 minute without a change: stand up, sit down, or walk a few steps.'
    """
    return _filled(identifier, _entry(identifier).whole, numbers)


def headline_and_detail(identifier: str, /, **numbers: Number) -> tuple[str, str]:
    """The words of one text that stand out, and what follows them, empty where nothing does.

    Examples
    --------
    >>> headline_and_detail("pain.light_go", level=2.0)
    ('Pain of 2: within 0 to 3, you may go on.', 'Say so when it grows.')
    """
    entry = _entry(identifier)
    return _filled(identifier, entry.words, numbers), _filled(identifier, entry.detail, numbers)


def _filled(identifier: str, words: str, numbers: Mapping[str, Number]) -> str:
    try:
        return _FORMATTER.vformat(words, (), numbers)
    except KeyError as error:
        raise ParameterError(
            f"the text {identifier!r}", sorted(numbers), f"a value for {error.args[0]!r} too"
        ) from None


def sources(identifier: str, /) -> tuple[str, ...]:
    """Where the advice of a text comes from; empty for plain wording.

    Examples
    --------
    >>> sources("desk.nudge")
    ('How to prevent lower back pain when running (Running Is My Passport)',)
    """
    return _entry(identifier).sources


def is_article(source: str) -> bool:
    """Whether a source is one of the health articles, which have a title and no address.

    Examples
    --------
    >>> [is_article(source) for source in (*sources("desk.nudge"), "Rodacki 2024")]
    [True, False]
    """
    return source in ARTICLES


def texts_by_source() -> dict[str, list[str]]:
    """Names of the texts that stand on each source: studies first, the articles last."""
    found: dict[str, list[str]] = {}
    for name, entry in CATALOGUE.items():
        for source in entry.sources:
            found.setdefault(source, []).append(name)
    studies = sorted(source for source in found if not is_article(source))
    return {source: found[source] for source in (*studies, *ARTICLES)}


class _WithNouns(string.Formatter):
    """Formats ``#noun`` as a count of them; whole minutes, from two on, are no seconds."""

    def format_field(self, value: Any, format_spec: str) -> str:
        if not format_spec.startswith("#"):
            return str(super().format_field(value, format_spec))
        count, noun = round(float(value)), format_spec[1:]
        if noun == "second" and count >= 120 and count % 60 == 0:
            count, noun = count // 60, "minute"
        return counted(count, noun)


_FORMATTER: Final = _WithNouns()


def _entry(identifier: str) -> Text:
    if identifier not in CATALOGUE:
        raise ParameterError(
            "text", identifier, "the name of a text in pipelines/coaching/catalogue.txt"
        )
    return CATALOGUE[identifier]
