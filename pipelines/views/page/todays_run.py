"""Surface, shoe and treadmill of the run that is about to start, on the first screen."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from imu.errors import InputError
from pipelines.coaching.training.pain import check_cue
from pipelines.coaching.training.traffic_light import Judged, judge_pain
from pipelines.files.loading import decoded
from pipelines.runner.journal.tags import SURFACES, TREADMILL, KnownTags, shoe_name
from pipelines.units import Units
from pipelines.views.page.session_pieces import light_piece
from pipelines.views.page.treadmill import PACE_KINDS, UNKNOWN, read_pace, typed_in
from pipelines.views.terminal.cells import printable

_KINDS: Final = ("surface", "shoe", *PACE_KINDS)
_LIGHT_BEFORE: Final = partial(judge_pain, moment="before")


class TodaysRun:
    """What the runner says of today's run; the last run's answers are there already.

    Speed and slope are asked for on a treadmill, and where they were stated before. What is not
    asked for does not count.

    Parameters
    ----------
    known : KnownTags
        Of the journal.
    stated : sequence of pairs of str
        Kind and value of the marks that were stated for this run, which go first.
    in_use : callable
        Gives the shoes in use; by default they stay those that are known.
    light : callable
        Gives the light of a rating before a run.

    Examples
    --------
    >>> today = TodaysRun(KnownTags("track", "Blue pair", ("Blue pair",)), [("surface", "trail")])
    >>> today.marks()
    (('surface', 'trail'), ('shoe', 'Blue pair'))
    >>> today.save('{"surface": "treadmill", "shoe": "Red pair", "speed": "10", "slope": ""}')
    >>> today.marks()
    (('surface', 'treadmill'), ('shoe', 'Red pair'), ('speed', '10 km/h'))
    """

    def __init__(
        self,
        known: KnownTags | None = None,
        stated: Sequence[tuple[str, str]] = (),
        in_use: Callable[[], tuple[str, ...]] | None = None,
        light: Callable[[int], Judged] = _LIGHT_BEFORE,
    ) -> None:
        known = KnownTags() if known is None else known
        given = dict(stated)
        self.surface = printable(given.get("surface", known.surface))
        self.shoe = shoe_name(given.get("shoe", known.shoe))
        self._pace = {kind: printable(given.get(kind, "")) for kind in PACE_KINDS}
        self._pace_stated = any(self._pace.values())
        self._others = tuple(mark for mark in stated if mark[0] not in _KINDS)
        # whatever was said once can be said again
        self._surfaces = list(dict.fromkeys([*SURFACES, *filter(None, (self.surface,))]))
        self._in_use = in_use or (lambda: known.shoes)
        self._shoes = known.shoes
        #: Called when :meth:`pieces` would give something else.
        self.changed: Callable[[], None] = lambda: None
        self._light = light
        self._back = ""
        self._rated_ns, self._kept = 0, False
        self._judged: Judged | None = None
        self._troubles = dict.fromkeys(PACE_KINDS, "")
        self._saved = 0

    @property
    def refused(self) -> bool:
        """Whether one of the answers that count is none that can be used."""
        return self._asks_pace and any(self._troubles.values())

    @property
    def rated(self) -> tuple[int, int] | None:
        """A rating of the back that no run has taken up: its level, and when it was given, ns."""
        return (int(self._back), self._rated_ns) if self._back and not self._kept else None

    @property
    def back_words(self) -> str:
        """What the rating of the back calls for; empty without one."""
        if self._judged is None:
            return ""
        asks = check_cue(self._judged.level)
        cues = [self._judged.cue, *([] if asks is None else [asks])]
        return " ".join(cue.message for cue in cues)

    def renew(self) -> None:
        """Take what was changed elsewhere."""
        self._shoes = self._in_use()

    def marks(self) -> tuple[tuple[str, str], ...]:
        """Kind and value of what holds from the beginning of the run."""
        said = {"surface": self.surface, "shoe": self.shoe}
        if self._asks_pace:
            said |= self._pace
        if self._back:
            said["pain"] = f"{self._back} before"
        return (*((kind, value) for kind, value in said.items() if value), *self._others)

    def pieces(self, units: Units = "metric") -> dict[str, Any]:
        """What the page shows.

        Returns
        -------
        dict
            ``back``, pain before the run, with its ``light`` and ``back_words``, and whether it
            ``asks`` for the questions about warning signs; ``surface`` of ``surfaces`` and ``shoe``
            of ``shoes``, empty where not said; ``speed`` and ``slope``, with ``asks_pace`` where
            they are asked for on any surface, a ``speed`` as an ``example``, and ``troubles``, a
            sentence for each that was refused; ``saved`` counts the answers.
        """
        rated = self._judged
        return {
            "back": self._back,
            "light": None if rated is None else light_piece(rated.light, rated.level),
            "back_words": self.back_words,
            "asks": rated is not None and check_cue(rated.level) is not None,
            "surface": self.surface,
            "surfaces": self._surfaces,
            "shoe": self.shoe,
            "shoes": list(dict.fromkeys([*self._shoes, *filter(None, (self.shoe,))])),
            **self._pace,
            "asks_pace": self._pace_stated,
            "example": "6 mph" if units == "imperial" else "10 km/h",
            "troubles": dict(self._troubles),
            "saved": self._saved,
        }

    def save(self, answers: str, units: Units = "metric") -> None:
        """Take the form's answers, as JSON; what makes no sense leaves its field as it was."""
        try:
            given = decoded(answers, dict[str, Any])
        except InputError:
            return
        surface = given.get("surface", self.surface)
        if surface in ("", *self._surfaces):
            self.surface = surface
        if given.get("back", self._back) in ("", *map(str, range(11))):
            self._rate(given.get("back", self._back))
        if "shoe" in given:
            self.shoe = shoe_name(str(given["shoe"]))
        for kind in PACE_KINDS:
            if kind in given:
                value, self._troubles[kind] = read_pace(kind, typed_in(given, kind), units)
                if value:
                    self._pace[kind] = "" if value == UNKNOWN else value
        self._saved += 1
        self.changed()

    def keep(self) -> None:
        """The rating is in the journal."""
        self._kept = True

    def ended(self) -> None:
        """Forget the pain before a run once it has ended: before the next it is asked anew."""
        self._rate("")
        self._others = tuple(mark for mark in self._others if mark[0] != "pain")

    def _rate(self, level: str) -> None:
        if level != self._back:
            self._back, self._rated_ns, self._kept = level, time.time_ns(), False
            self._judged = self._light(int(level)) if level else None

    @property
    def _asks_pace(self) -> bool:
        return self._pace_stated or self.surface == TREADMILL
