"""Desk mode: watches a worn sensor while its wearer sits or stands, and tells what is due.

Quick twists are pointed out where a gyroscope shows them and what is usual is known.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from devices.receiver import Receiver
from devices.sources import open_source
from devices.timing.program_clock import ProgramClock
from imu.errors import DeviceError
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.desk import STATIC_S
from pipelines.runner.desk.twisting_store import TwistingStore
from pipelines.runner.desk.watch import DeskSummary, DeskWatch
from pipelines.stopping import cancelled_by_signals

#: What was learned is written after so much time, s.
_KEPT_EVERY_S: Final = 300.0


class _Learned:
    """Brings what was learned to the store, now and then; on another day the limit is found anew.

    Within a day the limit stays: a restless hour does not make itself usual.
    """

    def __init__(self, watch: DeskWatch, store: TwistingStore, today: Callable[[], date]) -> None:
        self._watch, self._store, self._today = watch, store, today
        self._day = today()
        self._kept_s: float | None = None

    def advance(self, time_s: float) -> None:
        """Go on to a time, s."""
        if self._kept_s is None or time_s < self._kept_s:
            self._kept_s = time_s
        if time_s - self._kept_s >= _KEPT_EVERY_S:
            self._kept_s = time_s
            self.keep()

    def keep(self) -> None:
        """Write now."""
        if self._store.add(self._watch.turned):
            self._watch.forget_turned()
        if self._today() != self._day:
            self._day = self._today()
            self._watch.twisting_limit_deg_s = self._store.load().limit_deg_s


def _untold(sentence: str) -> None:
    """Keep it to oneself."""


async def run_desk(
    url: str,
    tell: Callable[[Cue], None],
    *,
    axes: str = "",
    static_s: float = STATIC_S,
    clock: ProgramClock | None = None,
    note: Callable[[str], None] = _untold,
    see: Callable[[DeskWatch], None] | None = None,
    folder: Path | None = None,
    today: Callable[[], date] = date.today,
) -> DeskSummary:
    """Watch a source until it ends or the program is interrupted; both give the summary.

    Parameters
    ----------
    url : str
        Source URL.
    tell : callable
        Takes each nudge.
    axes : str
        Signed sensor axes; as the sensor says when empty.
    static_s : float
        Time without a change that draws a nudge, s.
    clock : ProgramClock, optional
        The one clock of the program.
    note : callable
        Takes what the user should know besides, a sentence at a time.
    see : callable, optional
        Takes the watch whenever it has seen more.
    folder : Path, optional
        Data folder, where it is kept how quickly the wearer turns; None learns nothing.
    today : callable
        The day on the user's clock.

    Raises
    ------
    BackstrideError
        When the source cannot be opened. One that is lost later is in the summary.
    """
    task = cancelled_by_signals()
    trouble: DeviceError | None = None
    async with open_source(url, clock=clock, tell=note) as source:
        receiver = Receiver(source.info)
        store = TwistingStore(folder, note, today)
        watch = DeskWatch(
            source.info.rate_hz,
            axes or source.info.axes,
            static_s,
            twisting_limit_deg_s=store.load().limit_deg_s,
        )
        learned = _Learned(watch, store, today)
        try:
            async for record in source:
                samples = receiver.push(record)
                if samples is None or not len(samples):
                    continue
                before = watch.sees_twisting
                nudge = watch.push(samples)
                if before is None and not watch.sees_twisting:
                    note(Cue("twisting.unseen").message)
                if nudge is not None:
                    tell(nudge)
                if see is not None:
                    see(watch)
                learned.advance(float(samples.time_s[-1]))
        except asyncio.CancelledError:
            # asked to stop
            if task is not None:
                task.uncancel()
        except DeviceError as error:
            trouble = error
        finally:
            learned.keep()
    summary = watch.summary
    learns = summary.learns_twisting and folder is not None
    return replace(summary, learns_twisting=learns, trouble=trouble)
