"""What the page may ask of a run: marks, standing neutral, pause, stop; nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from devices.host_clock import HostClock
from pipelines.live_controls import LiveControls
from pipelines.terminal.cells import printable

__all__ = ["COUNTDOWN_S", "SURFACES", "RunRequests"]

#: What may be run on.
SURFACES: Final = ("concrete", "asphalt", "track", "treadmill", "trail", "grass")
#: Time to stand upright before the neutral is taken, s.
COUNTDOWN_S: Final = 3
_LONGEST_SHOE: Final = 60
_WORST_PAIN: Final = 10


class RunRequests:
    """Takes the page's requests to the run, and says what became of them.

    Parameters
    ----------
    controls : LiveControls
        Of the run.
    tell : callable
        Takes one sentence for the runner.
    changed : callable
        Called when :attr:`countdown` or the pause changed.
    clock : HostClock
        Counts down.
    """

    def __init__(
        self,
        controls: LiveControls,
        tell: Callable[[str], None],
        changed: Callable[[], None],
        clock: HostClock,
    ) -> None:
        self.controls = controls
        self.countdown: int | None = None
        self.surface, self.shoe = "", ""
        self._tell, self._changed, self._clock = tell, changed, clock
        self._counting: asyncio.Task[None] | None = None

    def ask(self, what: str, value: str) -> None:
        """Do what was asked; what makes no sense is told and not done."""
        wishes: dict[str, Callable[[str], None]] = {
            "neutral": self._neutral,
            "surface": self._surface,
            "shoe": self._shoe,
            "pain": self._pain,
            "reseat": self._reseat,
            "pause": self._pause,
            "resume": self._resume,
            "stop": self._stop,
        }
        wish = wishes.get(what)
        if wish is not None:
            wish(value)

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
        self.surface = value
        self.controls.mark("surface", value)
        self._tell(f"Surface marked: {value}.")

    def _shoe(self, value: str) -> None:
        shoe = printable(value).strip()[:_LONGEST_SHOE]
        if not shoe:
            self._tell("The shoe has no name yet: type one, such as the make and the colour.")
            return
        self.shoe = shoe
        self.controls.mark("shoe", shoe)
        self._tell(f"Shoe marked: {shoe}.")

    def _pain(self, value: str) -> None:
        if not (value.isascii() and value.isdigit() and int(value[:3]) <= _WORST_PAIN):
            self._tell("Pain is told from 0 to 10.")
            return
        self.controls.mark("pain", str(int(value)))
        self._tell(f"Pain {int(value)} of 10 marked.")

    def _reseat(self, _: str) -> None:
        self.controls.mark("reseat")
        self._tell("Marked: the sensor was moved. Stand upright and take the neutral again.")

    def _pause(self, _: str) -> None:
        self.controls.pause()
        self._tell("Paused. The recording goes on.")

    def _resume(self, _: str) -> None:
        self.controls.resume()
        self._tell("Going on.")

    def _stop(self, _: str) -> None:
        self.controls.stop()
        self._tell("Stopping: the last steps are finished and the recording is closed.")
