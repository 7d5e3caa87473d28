"""What the page may ask of a run: marks, standing neutral, pause, stop; nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from devices.timing.program_clock import ProgramClock
from pipelines.coaching.plan import CompanionPlan
from pipelines.live_controls import LiveControls
from pipelines.runner.journal.tags import SURFACES, TREADMILL, shoe_name
from pipelines.units import Units, parse_whole
from pipelines.views.page.treadmill import Treadmill
from pipelines.views.terminal.cells import capital, printable

_LOG: Final = logging.getLogger(__name__)

#: Time to stand upright before the neutral is taken, s.
COUNTDOWN_S: Final = 3
#: How long "sensor moved" can be taken back, s: it makes the baseline be learned anew.
TAKE_BACK_S: Final = 10
#: What is told of requests that need nothing else.
_DONE: Final = {
    "pause": "Paused. The recording goes on.",
    "resume": "Going on.",
    "stop": "Stopping: the last steps are finished and the recording is closed.",
}


@dataclass(frozen=True, slots=True)
class Beforehand:
    """What is known of a run before it starts.

    Attributes
    ----------
    usual_spm : float, optional
        The runner's usual cadence, steps a minute.
    marks : tuple of pairs of str
        Kind and value of what holds from the beginning.
    shoe_note : callable, optional
        Takes the name of a shoe, gives a sentence where the journal does not know it, else
        nothing; may take its time, and is called in a thread.
    plan : CompanionPlan, optional
        What accompanies the run.
    """

    usual_spm: float | None = None
    marks: tuple[tuple[str, str], ...] = ()
    shoe_note: Callable[[str], str] | None = None
    plan: CompanionPlan | None = None


class Tell(Protocol):
    """Tells one sentence to the runner."""

    def __call__(
        self, text: str, *, aloud: bool = False, kept: bool = False, placed: bool = False
    ) -> None:
        """Show it for a while, or, ``kept``, until others have come; speak it where wanted.

        What is ``placed`` stands elsewhere on the page: screen readers alone are told.
        """
        ...


class RunRequests:
    """Takes the page's requests to the run, and says what became of them.

    Parameters
    ----------
    controls : LiveControls
        Of the run.
    tell : callable
        Takes one sentence for the runner.
    changed : callable
        Called when what is counted down, marked or paused has changed.
    clock : ProgramClock
        Counts down.
    units : {"metric", "imperial"}
        Of the runner.
    before : Beforehand
        What is known already.
    """

    def __init__(
        self,
        controls: LiveControls,
        tell: Tell,
        changed: Callable[[], None],
        clock: ProgramClock,
        units: Units = "metric",
        before: Beforehand | None = None,
    ) -> None:
        self.controls = controls
        self.before = Beforehand() if before is None else before
        self.treadmill = Treadmill(controls, tell, changed, units, self.before.marks)
        self.countdown: int | None = None
        self.moving: int | None = None
        stated = dict(self.before.marks)
        self.surface, self.shoe = (
            printable(stated.get("surface", "")),
            shoe_name(stated.get("shoe")),
        )
        self._tell, self._changed, self._clock = tell, changed, clock
        self._counting: asyncio.Task[None] | None = None
        self._moved: asyncio.Task[None] | None = None
        self._looking_up: asyncio.Task[None] | None = None

    def ask(self, what: str, value: str) -> None:
        """Do what was asked; what makes no sense is told and not done."""
        wishes: dict[str, Callable[[str], None]] = {
            "neutral": self._neutral,
            "surface": self._surface,
            "treadmill": self.treadmill.ask,
            "shoe": self._shoe,
            "pain": self._pain,
        }
        plain: dict[str, Callable[[], None]] = {
            "reseat": self._reseat,
            "unmoved": self._take_back,
            "pause": self.controls.pause,
            "resume": self.controls.resume,
            "stop": self.controls.stop,
        }
        if what in wishes:
            wishes[what](value)
        elif what in plain:
            plain[what]()
            if what in _DONE:  # that the run is paused stands on the page
                self._tell(_DONE[what], placed=what == "pause")

    def _reseat(self) -> None:
        if self._moved is None or self._moved.done():
            self._moved = asyncio.get_running_loop().create_task(self._let_think())

    async def _let_think(self) -> None:
        """Mark it once nobody has taken it back."""
        try:
            for left in range(TAKE_BACK_S, 0, -1):
                self.moving = left
                self._changed()
                await self._clock.sleep(1.0)
        finally:
            self.moving = None
            self._changed()
        self.controls.mark("reseat")
        self._tell("Marked: the sensor was moved. Stand upright and take the neutral again.")

    def _take_back(self) -> None:
        if self._moved is not None and not self._moved.done():
            self._moved.cancel()
            self._tell("Taken back: the sensor sits as before.")

    def _neutral(self, _: str) -> None:
        if self._counting is None or self._counting.done():
            self._counting = asyncio.get_running_loop().create_task(self._count_down())

    async def _count_down(self) -> None:
        try:
            for left in range(COUNTDOWN_S, 0, -1):
                self.countdown = left
                self._changed()
                await self._clock.sleep(1.0)
        finally:
            self.countdown = None
            self._changed()
        self.controls.mark("neutral")
        self._tell("Standing neutral marked.")

    def _surface(self, value: str) -> None:
        if value not in SURFACES:
            self._tell("That surface is not known: choose one of the list.")
            return
        left = self.surface == TREADMILL != value
        self.surface = value
        self.controls.mark("surface", value)
        self._tell(f"Surface marked: {value}.")
        if left and self.treadmill.known:
            self.treadmill.leave()

    def _shoe(self, value: str) -> None:
        shoe = shoe_name(value)
        if not shoe:
            self._tell("The shoe has no name yet: type one, such as the make and the colour.")
            return
        self.shoe = shoe
        self.controls.mark("shoe", shoe)
        self._tell(f"Shoe marked: {shoe}.")
        if self.before.shoe_note is not None:
            look_up = self._look_up(shoe, self.before.shoe_note)
            self._looking_up = asyncio.get_running_loop().create_task(look_up)

    async def _look_up(self, shoe: str, shoe_note: Callable[[str], str]) -> None:
        try:
            note = await asyncio.to_thread(shoe_note, shoe)
        except Exception:  # the mark is made, whatever the journal says
            _LOG.exception("the shoe could not be looked up")
            return
        if note and shoe == self.shoe:
            self._tell(capital(note), kept=True)

    def _pain(self, value: str) -> None:
        level = parse_whole(value, 10)
        if level is None:
            self._tell("Pain is told from 0 to 10.")
            return
        self.controls.mark("pain", str(level))
        self._tell(f"Pain {level} of 10 marked.")  # what follows from it is a fact of the run
