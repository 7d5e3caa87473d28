"""A live run with its page: from the first screen to the summary."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from devices.timing.program_clock import ProgramClock
from imu.errors import BackstrideError, RecordingError
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.live_controls import LiveView
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Settings
from pipelines.runner.journal.tags import KnownTags, known_tags, unknown_shoe_note
from pipelines.sensors.calibrate import CalibrateOptions, run_calibration
from pipelines.stopping import cancelled_by_signals
from pipelines.views.home.served import HomePages
from pipelines.views.page.body_data import BodyData
from pipelines.views.page.calibration_screen import Wish
from pipelines.views.page.opening import opened
from pipelines.views.page.run_requests import Beforehand
from pipelines.views.page.server import check_nicegui, listen, serve
from pipelines.views.page.setup_screen import Choice
from pipelines.views.page.several_views import SeveralViews
from pipelines.views.page.todays_run import TodaysRun
from pipelines.views.page.view import Dashboard
from pipelines.views.terminal.cells import printable

#: Kind and value of what is known of a run from its beginning.
Marks = tuple[tuple[str, str], ...]
#: Completes the options for a source chosen on the page, with what the runner has told of the
#: body and of today's run there; gives sentences for the runner too.
Prepare = Callable[[str, Settings, Marks], tuple[LiveOptions, Sequence[str]]]

#: How long the page stays after the run without any tab, s.
_LINGER_S: Final = 5.0
#: What the tabs get to show that the run is about to start, s.
_SHOW_S: Final = 0.1


async def run_dashboard(
    url: str | None,
    options: LiveOptions,
    *,
    port: int = 0,
    open_browser: bool = True,
    other_views: Sequence[LiveView] = (),
    clock: ProgramClock | None = None,
    make_report: Callable[[Path], Path] | None = None,
    tell: Callable[[str], None] | None = None,
    journal: JournalAtHand | None = None,
    prepare: Prepare | None = None,
) -> LiveRun | None:
    """Run a source with the live page; it ends when the summary is left, at once on Ctrl-C.

    Parameters
    ----------
    url : str or None
        The source; without one the page begins with the choice of a sensor.
    options : LiveOptions
        As for :func:`~pipelines.live.run_live`.
    port : int
        Of this computer; 0 takes any that is free.
    open_browser : bool
        Whether to show the page in the user's browser.
    other_views : sequence of LiveView
        Told the same as the page.
    clock : ProgramClock, optional
        The one clock of the program.
    make_report : callable, optional
        Makes a report from a session file and gives the HTML file; called in a thread.
    tell : callable, optional
        Takes the sentence with the page's address; standard error by default.
    journal : JournalAtHand, optional
        That of the program; the user's own by default.
    prepare : callable, optional
        Completes the options for a source that is chosen on the page; by default they only get
        height, mass, surface, shoe and treadmill told there.

    Returns
    -------
    LiveRun or None
        None when the page was left without any run.

    Raises
    ------
    ParameterError
        When the port is taken.
    BackstrideError
        When the page's library is missing, or as :func:`~pipelines.live.run_live` where the URL
        was given; a sensor chosen on the page that cannot be opened is told there.
    """
    check_nicegui()
    listening = listen(port)
    with JournalAtHand() if journal is None else contextlib.nullcontext(journal) as at_hand:
        body, trouble = _body_data(options, at_hand)
        if trouble:
            (tell or _tell)(f"note: {trouble}")
        tags = at_hand.ask(known_tags, KnownTags())
        dashboard = Dashboard(
            clock=clock,
            report=make_report is not None,
            body=body,
            today=TodaysRun(tags, options.marks),
            calibrates=options.devices is not None,
        )
        if trouble:
            dashboard.setup.fail(trouble)
        prepare = prepare or _prepare(options)
        stay = _Stay(url, options, dashboard, other_views, clock, prepare, at_hand)
        report = None if make_report is None else partial(stay.report, make_report)
        home = HomePages(at_hand)
        async with serve(dashboard, listening, report, home) as address:
            (tell or _tell)(f"the live page is at {address}")
            async with opened(address) if open_browser else contextlib.nullcontext():
                await stay.until_left()
        home.close()
        return stay.run


class _Stay:
    """From the first screen to leaving the summary."""

    def __init__(
        self,
        url: str | None,
        options: LiveOptions,
        dashboard: Dashboard,
        other_views: Sequence[LiveView],
        clock: ProgramClock | None,
        prepare: Prepare,
        journal: JournalAtHand,
    ) -> None:
        self.run: LiveRun | None = None
        self._url, self._options, self._clock = url, options, clock
        self._dashboard, self._prepare, self._journal = dashboard, prepare, journal
        self._others = SeveralViews(other_views)
        self._view = SeveralViews([dashboard, *other_views])
        self._task = asyncio.current_task()
        self._start_again = False

    def report(self, make: Callable[[Path], Path]) -> Path:
        """The page on the run, once it has ended."""
        recording = None if self.run is None else self.run.recording
        if recording is None:
            raise RecordingError("the run has not ended, or it was not recorded.")
        return make(recording)

    async def until_left(self) -> None:
        cancelled_by_signals()
        while self.run is None:
            try:
                if self._url is not None:
                    await self._run(self._url, self._options)
                else:
                    await self._run_or_calibrate(await self._dashboard.setup.chosen())
            except BackstrideError as error:
                if self._url is not None:
                    raise
                self._dashboard.connect(str(error))
            except asyncio.CancelledError:
                self._calm_down()
                if not self._start_again:
                    return
                self._start_again = False
                self._dashboard.connect()
        self._dashboard.end(self.run)
        if self.run.interrupted and not self._start_again:
            return  # Ctrl-C, a terminal that is closed, a computer that shuts down: at once
        self._others.note("the run has ended; its summary is on the live page.")
        try:
            await self._summary_left()
        except asyncio.CancelledError:
            self._calm_down()

    async def _run_or_calibrate(self, choice: Choice) -> None:
        # where the choice was made on the page, it may be made anew
        self._dashboard.cancel_start = self._cancel_start
        if choice.purpose == "calibrate" and await self._calibrate(choice.url) != "run":
            self._dashboard.connect()
            return
        body, marks = self._dashboard.body.settings, self._dashboard.today.marks()
        options, notes = self._prepare(choice.url, body, marks)
        await self._run(choice.url, options, notes)

    async def _run(self, url: str, options: LiveOptions, notes: Sequence[str] = ()) -> None:
        self._dashboard.start(_beforehand(options, self._journal))
        for note in notes:
            self._view.note(note)
        await self._let_show()
        controls = self._dashboard.controls
        self.run = await run_live(url, options, self._view, controls=controls, clock=self._clock)

    async def _calibrate(self, url: str) -> Wish:
        """Until the runner wants something else."""
        devices, screen = self._options.devices, self._dashboard.calibration
        assert devices is not None  # or the page offers no calibration
        options = CalibrateOptions(axes=self._options.axes)
        while True:
            self._dashboard.calibrate(faces=options.sensor)
            await self._let_show()
            try:
                done = await run_calibration(url, options, screen, devices, clock=self._clock)
            except BackstrideError as error:
                screen.fail(error)
            else:
                screen.finish(done)
            wish = await screen.wish()
            if wish in {"run", "back"}:
                return wish
            options = replace(options, sensor=wish == "again")

    async def _let_show(self) -> None:
        """A simulated runner takes a moment to make: the page says so before."""
        await asyncio.sleep(_SHOW_S if self._dashboard.tabs else 0.0)

    def _cancel_start(self) -> None:
        if self._task is not None:
            self._start_again = True
            self._task.cancel()

    def _calm_down(self) -> None:
        if self._task is not None:
            self._task.uncancel()

    async def _summary_left(self) -> None:
        """Until the page is left: said so, or no tab shows it any more."""
        dashboard = self._dashboard
        finished = asyncio.ensure_future(dashboard.finish_wanted.wait())
        try:
            while not finished.done():
                dashboard.tabs_changed.clear()
                moved = asyncio.ensure_future(dashboard.tabs_changed.wait())
                try:
                    done, _ = await asyncio.wait(
                        {finished, moved},
                        timeout=None if dashboard.tabs else _LINGER_S,
                        return_when=asyncio.FIRST_COMPLETED,
                    )
                finally:
                    moved.cancel()
                if not done:
                    return
        finally:
            finished.cancel()


def _body_data(options: LiveOptions, journal: JournalAtHand) -> tuple[BodyData, str]:
    """What the journal knows of the runner, and before it what was stated for this run.

    And what is wrong with the journal, in words.
    """
    settings = journal.ask(Journal.settings, Settings())
    trouble = " ".join(filter(None, [*journal.take_notes(), journal.trouble]))
    if options.mass_kg is not None:
        settings = replace(settings, mass_kg=options.mass_kg)
    if options.height_m is not None:
        settings = replace(settings, height_m=options.height_m)
    return BodyData(settings, journal.keep_settings), trouble


def _beforehand(options: LiveOptions, journal: JournalAtHand) -> Beforehand:
    plan = options.companion
    usual = None if plan is None else plan.usual
    return Beforehand(
        usual_spm=None if usual is None else usual.cadence_spm,
        marks=options.marks,
        shoe_note=partial(unknown_shoe_note, journal, filed=options.filed),
        plan=plan,
    )


def _prepare(options: LiveOptions) -> Prepare:
    def prepare(_: str, body: Settings, marks: Marks) -> tuple[LiveOptions, Sequence[str]]:
        return replace(options, mass_kg=body.mass_kg, height_m=body.height_m, marks=marks), ()

    return prepare


def _tell(text: str) -> None:
    sys.stderr.write(f"{printable(text)}\n")
    sys.stderr.flush()
