"""What a rule tells the runner: a text of the catalogue, its numbers and its moment."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from imu.errors import ParameterError
from pipelines.coaching.catalogue import CATALOGUE, Text
from pipelines.counted import counted

#: What fills a field of a text: a number, or a quantity already in words, such as "5.2 km".
Number = float | str


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


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing to tell.

    Attributes
    ----------
    text_id : str
        Name of the text in :data:`pipelines.coaching.catalogue.CATALOGUE`.
    numbers : mapping
        What fills its fields.
    time_s : float
        Session time, s; 0 where there is no session.

    Raises
    ------
    ParameterError
        When it is to be said, and the text is unknown or a field is missing.

    Examples
    --------
    >>> Cue("shoes.second", {"name": "Blue", "distance": "812 km"}).message
    'Blue have 812 km, past 500 miles: a new pair is due by the usual rule.'
    >>> nudge = Cue("desk.nudge", {"minutes": 1.0})
    >>> nudge.message, nudge.sources[0][:30]
    ('1 minute without a change: stand up, sit down, or walk a few steps.', \
'How to prevent lower back pain')
    >>> light = Cue("pain.light_go", {"level": 2.0})
    >>> light.headline, light.detail
    ('Pain of 2: within 0 to 3, you may go on.', 'Say so when it grows.')
    """

    text_id: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    time_s: float = 0.0

    @property
    def message(self) -> str:
        """The sentence."""
        return self._filled(self._text.whole)

    @property
    def headline(self) -> str:
        """What of it stands out."""
        return self._filled(self._text.words)

    @property
    def detail(self) -> str:
        """What follows the headline; empty where nothing does."""
        return self._filled(self._text.detail)

    @property
    def sources(self) -> tuple[str, ...]:
        """Articles and studies behind it, empty for plain wording."""
        return self._text.sources

    @property
    def _text(self) -> Text:
        if self.text_id not in CATALOGUE:
            known = "the name of a text in pipelines/coaching/catalogue.txt"
            raise ParameterError("text", self.text_id, known)
        return CATALOGUE[self.text_id]

    def _filled(self, words: str) -> str:
        try:
            return _FORMATTER.vformat(words, (), self.numbers)
        except KeyError as error:
            lacks = f"a value for {error.args[0]!r} too"
            name = f"the text {self.text_id!r}"
            raise ParameterError(name, sorted(self.numbers), lacks) from None
