"""Height, weight and units on the first screen, kept where the guided first run keeps them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from imu.errors import InputError, ParameterError
from pipelines.files.loading import decoded
from pipelines.runner.journal.entries import Settings
from pipelines.units import (
    UNITS,
    Units,
    height_words,
    mass_words,
    parse_typed_height,
    parse_typed_mass,
)
from pipelines.views.refusals import fitted
from pipelines.views.terminal.cells import printable

_LONGEST_ANSWER: Final = 40


class BodyData:
    """The runner's height, weight and units, as the page shows and changes them.

    Parameters
    ----------
    settings : Settings
        As known so far.
    keep : callable
        Stores the settings and gives what is wrong with that in a sentence, or nothing.
    known : callable
        Gives the settings that are kept, which may be changed elsewhere, too; None where there are
        none.

    Examples
    --------
    >>> body = BodyData(Settings())
    >>> body.save('{"units": "imperial", "height": "5 ft 9 in", "weight": "154"}')
    >>> body.pieces()["words"]
    '5 ft 9 in tall, 154.0 lb, imperial'
    >>> body.save('{"units": "metric", "height": "17", "weight": ""}')
    >>> body.pieces()["trouble"]
    "height is '17': give a height from 100 to 250 cm, such as '175' or '1.75 m'."
    """

    def __init__(
        self,
        settings: Settings,
        keep: Callable[[Settings], str] = lambda _: "",
        known: Callable[[], Settings | None] = lambda: None,
    ) -> None:
        self.settings = settings
        self._keep, self._known = keep, known
        self._kept = known()
        #: Called when :meth:`pieces` would give something else.
        self.changed: Callable[[], None] = lambda: None
        self._trouble = self._field = self._note = ""
        self._saved = 0

    @property
    def refused(self) -> bool:
        """Whether the last answer was none that can be used."""
        return bool(self._trouble)

    def pieces(self) -> dict[str, Any]:
        """What the page shows.

        Returns
        -------
        dict
            ``units``; ``given``, whether anything was told, and ``words`` for it; ``fields`` with
            the known values by units and field; ``trouble``, a sentence about the ``field`` that
            was refused; ``note``, a sentence about the storing; ``saved`` counts what was taken.
        """
        known = self.settings
        return {
            "units": known.units,
            "given": bool(self._saved) or _told(known) != _told(Settings()),
            "words": f"{_known_words(known)}, {known.units}",
            "fields": {
                units: {
                    "height": "" if known.height_m is None else height_words(known.height_m, units),
                    "weight": "" if known.mass_kg is None else mass_words(known.mass_kg, units),
                }
                for units in UNITS
            },
            "trouble": self._trouble,
            "field": self._field,
            "note": self._note,
            "saved": self._saved,
        }

    def renew(self) -> None:
        """Take what was changed elsewhere."""
        kept = self._known()
        if kept is not None and kept != self._kept:
            self._kept = self.settings = kept

    def save(self, answers: str) -> None:
        """Take the form's answers, as JSON; nothing at all takes back what was refused.

        An empty field means "not told". One answer that makes no sense leaves everything as it was.
        """
        self._trouble = self._field = ""
        if answers:
            try:
                settings = self._read(answers)
            except ParameterError as error:
                self._trouble, self._field = printable(str(error)), error.name
            else:
                self._note = "" if settings == self.settings else printable(self._keep(settings))
                self.settings, self._kept = settings, self._known()
                self._saved += 1
        self.changed()

    def _read(self, answers: str) -> Settings:
        try:
            given = decoded(answers, dict[str, Any])
        except InputError:
            raise ParameterError("the form", answers[:_LONGEST_ANSWER], "what it asks") from None
        asked = given.get("units")
        units = next((one for one in UNITS if one == asked), None)
        if units is None:
            raise ParameterError("units", asked, "metric or imperial")
        known = self.settings
        fields = self.pieces()["fields"][units]

        def read(
            name: str, was: float | None, parse: Callable[[str, Units], float]
        ) -> float | None:
            words = printable(str(given.get(name, ""))).strip()[:_LONGEST_ANSWER]
            # what the page itself has written is rounded
            if words == fields[name]:
                return was
            try:
                return parse(words, units) if words else None
            except ParameterError as error:
                raise fitted(error, units) from None

        return replace(
            known,
            units=units,
            height_m=read("height", known.height_m, parse_typed_height),
            mass_kg=read("weight", known.mass_kg, parse_typed_mass),
        )


def _told(known: Settings) -> tuple[Units, float | None, float | None]:
    return known.units, known.height_m, known.mass_kg


def _known_words(known: Settings) -> str:
    told = []
    if known.height_m is not None:
        told.append(f"{height_words(known.height_m, known.units)} tall")
    if known.mass_kg is not None:
        told.append(mass_words(known.mass_kg, known.units))
    return ", ".join(told) or "height and weight not told"
