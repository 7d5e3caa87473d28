"""Speed and slope of the treadmill, as the page shows and marks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from imu.errors import InputError, ParameterError
from pipelines.files.loading import decoded
from pipelines.live_controls import LiveControls
from pipelines.session.marks import Slope, Speed, mark_from_words
from pipelines.units import AN_HOUR, Units, slope_words, with_unit
from pipelines.views.refusals import fitted
from pipelines.views.terminal.cells import printable

#: Marks that tell the pace.
PACE_KINDS: Final = ("speed", "slope")
#: What the page says of a pace that is not known.
UNKNOWN: Final = "unknown"

_LONGEST_ANSWER: Final = 40
_NOTHING_TYPED: Final = "Type the speed that the treadmill shows, such as {}."


def pace_words(kind: str, words: str) -> str:
    """A speed in the runner's own words, a slope in percent.

    Raises
    ------
    ParameterError
        When it cannot be read, or nobody runs so fast or so steep.

    Examples
    --------
    >>> pace_words("slope", "2 deg"), pace_words("slope", " −3% "), pace_words("slope", "")
    ('3.492 %', '-3 %', 'unknown')
    >>> pace_words("speed", "10 km/h"), pace_words("speed", "")
    ('10 km/h', 'unknown')
    """
    mark = mark_from_words(kind, words)
    if isinstance(mark, Slope):
        return UNKNOWN if mark.slope_deg is None else slope_words(mark.slope_deg)
    return UNKNOWN if mark == Speed(None) else words.strip()


def read_pace(kind: str, words: str, units: Units) -> tuple[str, str]:
    """A speed or a slope as typed, as :func:`pace_words` writes it; or what is wrong with it.

    Examples
    --------
    >>> read_pace("speed", "10", "metric"), read_pace("slope", "99", "metric")[0]
    (('10 km/h', ''), '')
    """
    unit = AN_HOUR[units] if kind == "speed" else "%"
    try:
        return pace_words(kind, with_unit(words, unit)), ""
    except ParameterError as error:
        return "", printable(str(fitted(error, units)))


class Treadmill:
    """What is marked of the treadmill; a tab's form marks something else.

    Parameters
    ----------
    controls : LiveControls
        Of the run.
    tell : callable
        Takes one sentence for the runner.
    changed : callable
        Called when :meth:`pieces` would give something else.
    units : {"metric", "imperial"}
        Of a speed that is typed without one.
    marks : sequence of pairs of str
        Kind and value, as stated before the run.

    Examples
    --------
    >>> told = []
    >>> treadmill = Treadmill(LiveControls(), told.append)
    >>> treadmill.ask('{"form": "a", "speed": "10", "slope": "2"}')
    >>> told, treadmill.pieces()["words"]
    (['Treadmill marked: 10 km/h, 2 %.'], '10 km/h, 2 %')
    >>> treadmill.ask('{"form": "b", "speed": "99", "slope": "2 %"}')
    >>> treadmill.pieces()["troubles"]["speed"]
    "speed is '99 km/h': give a speed up to 43 km/h, such as '10 km/h'."
    """

    def __init__(
        self,
        controls: LiveControls,
        tell: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
        units: Units = "metric",
        marks: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._controls, self._tell, self._changed, self._units = controls, tell, changed, units
        self._marked = dict.fromkeys(PACE_KINDS, UNKNOWN)
        for kind, value in marks:
            if kind in self._marked:
                self._marked[kind] = pace_words(kind, value)
        self._answered = ""
        self._troubles = dict.fromkeys(PACE_KINDS, "")

    def pieces(self) -> dict[str, Any]:
        """What the page shows.

        Returns
        -------
        dict
            ``speed`` and ``slope`` as they hold, empty where unknown; ``words`` of what is known;
            ``units``; ``answered``, the name of the form that was answered last, and its
            ``troubles``, a sentence for each field that was refused.
        """
        known = {kind: "" if value == UNKNOWN else value for kind, value in self._marked.items()}
        return {
            **known,
            "words": ", ".join(filter(None, known.values())),
            "units": self._units,
            "answered": self._answered,
            "troubles": dict(self._troubles),
        }

    def ask(self, answers: str) -> None:
        """Mark what a form says, as JSON; one answer that makes no sense leaves all as it was.

        ``speed`` and ``slope`` as typed, empty where unknown; ``left`` when the runner has left
        the treadmill; ``form`` names the form, so that the tab finds its answer.
        """
        try:
            given = decoded(answers, dict[str, Any])
        except InputError:
            return
        self._answered = typed_in(given, "form")
        if given.get("left") is True:
            self.leave()
        else:
            self._mark({kind: typed_in(given, kind) for kind in PACE_KINDS})
        self._changed()

    @property
    def known(self) -> bool:
        """Whether its speed or its slope is."""
        return any(value != UNKNOWN for value in self._marked.values())

    def leave(self) -> None:
        """Mark that the runner is off the treadmill, whose speed and slope hold no more."""
        self._troubles = dict.fromkeys(PACE_KINDS, "")
        for kind in PACE_KINDS:
            self._controls.mark(kind, "")
            self._marked[kind] = UNKNOWN
        self._changed()
        self._tell("Marked: off the treadmill. Its speed and slope count no more.")

    def _mark(self, typed: dict[str, str]) -> None:
        wanted = self._read(typed)
        if any(self._troubles.values()):
            return
        new = {kind: value for kind, value in wanted.items() if value != self._marked[kind]}
        if not any(typed.values()):
            if new:
                self.leave()
            else:
                example = "'6 mph'" if self._units == "imperial" else "'10 km/h'"
                self._troubles["speed"] = _NOTHING_TYPED.format(example)
            return
        for kind, value in new.items():
            self._controls.mark(kind, value)
        self._marked = wanted
        said = [f"{kind} {value}" if value == UNKNOWN else value for kind, value in new.items()]
        if said:
            self._tell(f"Treadmill marked: {', '.join(said)}.")

    def _read(self, typed: dict[str, str]) -> dict[str, str]:
        """The values to mark; what cannot be read is told at its field."""
        wanted = dict(self._marked)
        for kind, words in typed.items():
            value, self._troubles[kind] = read_pace(kind, words, self._units)
            wanted[kind] = value or wanted[kind]
        return wanted


def typed_in(given: dict[str, object], field: str) -> str:
    """What was typed in a field of a form, so much of it as an answer may have."""
    return printable(str(given.get(field, ""))).strip()[:_LONGEST_ANSWER]
