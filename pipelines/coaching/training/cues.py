"""What a rule tells the runner: a text of the catalogue, its numbers and its moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.coaching.texts import Number, headline_and_detail, sources, text


@dataclass(frozen=True, slots=True)
class Cue:
    """One thing to tell.

    Attributes
    ----------
    text_id : str
        Name of the text in :data:`pipelines.coaching.texts.CATALOGUE`.
    numbers : mapping
        What fills its fields.
    time_s : float
        Session time, s; 0 where there is no session.

    Examples
    --------
    >>> Cue("bends.walk").message
    'Bend: walk.'
    """

    text_id: str
    numbers: Mapping[str, Number] = field(default_factory=dict)
    time_s: float = 0.0

    @property
    def message(self) -> str:
        """The sentence."""
        return text(self.text_id, **self.numbers)

    @property
    def headline(self) -> str:
        """What of it stands out."""
        return headline_and_detail(self.text_id, **self.numbers)[0]

    @property
    def detail(self) -> str:
        """What follows the headline; empty where nothing does."""
        return headline_and_detail(self.text_id, **self.numbers)[1]

    @property
    def sources(self) -> tuple[str, ...]:
        """Articles and studies behind it."""
        return sources(self.text_id)
