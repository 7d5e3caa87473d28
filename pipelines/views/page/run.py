"""A live run with its page: from the first screen to the summary."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from imu.errors import BackstrideError, RecordingError
from pipelines.coaching.training.cues import Cue
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.live_controls import LiveView
from pipelines.preparing import prepare_filters_meanwhile
from pipelines.runner.desk.nudges import nudge_as_the_back_is
from pipelines.runner.desk.run import run_desk
from pipelines.runner.journal.advice import return_cues, stop_cue, words_before_a_run
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Settings
from pipelines.runner.journal.tags import KnownTags, known_tags, unknown_shoe_note
from pipelines.runner.last_answers import last_answers_store
from pipelines.runner.planning import cues_before, plan_from_journal
from pipelines.runner.rated_before import keep_rating, light_before
from pipelines.runner.unfiled import unfiled_run
from pipelines.sensors.calibrate import CalibrateOptions, run_calibration
from pipelines.stopping import cancelled_by_signals
from pipelines.units import Units
from pipelines.views.app_libraries import require
from pipelines.views.home.served import HomePages
from pipelines.views.notes_at_start import NotesAtStart
from pipelines.views.page.beside_devices import BesideDevices
from pipelines.views.page.body_data import BodyData
from pipelines.views.page.calibration_screen import Wish
from pipelines.views.page.opening import opened
from pipelines.views.page.run_requests import Beforehand
from pipelines.views.page.server import listen, serve
from pipelines.views.page.setup_screen import Choice, SaidBefore
from pipelines.views.page.several_views import SeveralViews
from pipelines.views.page.todays_run import TodaysRun
from pipelines.views.page.view import Dashboard
from pipelines.views.terminal.cells import printable

Answer = TypeVar("Answer")

#: Kind and value of what is known of a run from its beginning.
Marks = tuple[tuple[str, str], ...]
#: Completes the options for a source chosen on the page, with what the runner has told of the
#: body and of today's run there; gives sentences for the runner too.
Prepare = Callable[[str, Settings, Marks], tuple[LiveOptions, Sequence[str]]]


@dataclass(frozen=True, slots=True)
class Filed:
    """What became of a run at its end.

    Attributes
    ----------
    number : int, optional
        Of the run in the journal; None where it is not in.
    said : tuple of str
        What there is to say of it, a sentence each.
    notes : tuple of str
        What went wrong with filing it, likewise.
    """

    number: int | None = None
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


#: Files a run as soon as it has ended; called in the event loop, once for each run.
AfterRun = Callable[[LiveRun], Filed]

#: How long the program stays after a run while nobody looks at any of its pages, s.
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
    make_report: Callable[[Path, Units], Path] | None = None,
    tell: Callable[[str], None] | None = None,
    journal: JournalAtHand | None = None,
    notes: Sequence[str] = (),
    prepare: Prepare | None = None,
    after_run: AfterRun | None = None,
) -> LiveRun | None:
    """Run a source with the live page; further runs may follow from there.

    It ends when the runner says so on the page, when nobody looks at a page any more after a run,
    or at once on Ctrl-C.

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
    make_report : callable, optional
        Makes a report from a session file and gives the HTML file; called in a thread.
    tell : callable, optional
        Takes the sentence with the page's address; standard error by default.
    journal : JournalAtHand, optional
        That of the program; the user's own by default.
    notes : sequence of str
        What the runner is told on the page as the run of ``url`` begins.
    prepare : callable, optional
        Completes the options for a source that is chosen on the page; by default they only get
        height, mass, surface, shoe and treadmill told there.
    after_run : callable, optional
        Files each run as soon as it has ended; none is filed by default.

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
    require("the live page", "nicegui")
    listening = listen(port)
    with JournalAtHand() if journal is None else contextlib.nullcontext(journal) as at_hand:
        dashboard = _first_screen(options, at_hand, tell or _tell, reports=make_report is not None)
        prepare = prepare or _prepare(options)
        home = HomePages(at_hand, run_goes_on=lambda: dashboard.run_goes_on)
        begun = NotesAtStart(dashboard, notes, dashboard.note)
        view, others = SeveralViews([begun, *other_views]), SeveralViews(other_views)
        stay = _Stay(url, options, dashboard, view, others, prepare, at_hand, home)
        stay.after_run = after_run
        report = None if make_report is None else partial(stay.report, make_report)
        async with serve(dashboard, listening, report, home) as address, stay.preparing():
            (tell or _tell)(f"the live page is at {address}")
            async with opened(address) if open_browser else contextlib.nullcontext():
                await stay.until_left()
        home.close()
        return stay.run


def _first_screen(
    options: LiveOptions, at_hand: JournalAtHand, tell: Callable[[str], None], *, reports: bool
) -> Dashboard:
    """The page with what the journal knows of the runner, and what it cannot tell."""
    body, trouble = _body_data(options, at_hand)

    def tags() -> KnownTags:
        return at_hand.ask(known_tags, KnownTags())

    dashboard = Dashboard(
        report=reports,
        body=body,
        today=TodaysRun(
            tags(), options.marks, lambda: tags().shoes, partial(light_before, at_hand)
        ),
        before_a_run=lambda: at_hand.ask(_before_a_run, SaidBefore()),
        beside=BesideDevices(options.beside, last_answers_store(at_hand.path.parent)),
        calibrates=options.devices is not None,
    )
    if trouble:
        tell(trouble)
        dashboard.setup.fail(trouble)
    return dashboard


def _before_a_run(journal: Journal) -> SaidBefore:
    """What pain and warning signs say; a run that is not filed, and what the plan asks for."""
    now_ns = time.time_ns()
    warning, missed = words_before_a_run(journal, now_ns), unfiled_run(journal)
    notes = [] if missed is None else [f"{missed.message} Add it on the page of your runs."]
    if not warning:
        plan = plan_from_journal(journal, datetime.now().astimezone())
        rests = plan.rest_day is not None  # which the return's own words say
        cues = [*return_cues(journal, now_ns), *([] if rests else cues_before(plan, ()))]
        notes += [cue.message for cue in cues]
    return SaidBefore(warning, tuple(notes))


class _Stay:
    """From the first screen to the end of the program, with any number of runs."""

    def __init__(
        self,
        url: str | None,
        options: LiveOptions,
        dashboard: Dashboard,
        view: LiveView,
        others: LiveView,
        prepare: Prepare,
        journal: JournalAtHand,
        home: HomePages,
    ) -> None:
        self.run: LiveRun | None = None
        self.after_run: AfterRun | None = None
        self._home = home
        self._url, self._options = url, options
        self._dashboard, self._prepare, self._journal = dashboard, prepare, journal
        self._view, self._others = view, others  # all of them, and those besides the page
        self._task = asyncio.current_task()
        self._start_again = False
        self._prepared: asyncio.Future[None] | None = None

    @contextlib.asynccontextmanager
    async def preparing(self) -> AsyncIterator[None]:
        """The filters are compiled while the page is looked at."""
        self._prepared = asyncio.ensure_future(prepare_filters_meanwhile())
        try:
            yield
        finally:
            self._prepared.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._prepared

    def report(self, make: Callable[[Path, Units], Path]) -> Path:
        """The page on the run, once it has ended."""
        recording = None if self.run is None else self.run.recording
        if recording is None:
            raise RecordingError("the run has not ended, or it was not recorded.")
        return make(recording, self._dashboard.body.settings.units)

    async def until_left(self) -> None:
        cancelled_by_signals()
        try:
            while not await self._left_after_run():
                pass
        finally:
            # who rates a strong pain and does not run has rated it all the same
            self._keep_rating()

    def _keep_rating(self) -> None:
        """Note how the back was rated where no run will file it."""
        if (rated := self._dashboard.today.rated) is not None:
            self._dashboard.today.keep()
            for line in keep_rating(self._journal, *rated):
                self._others.note(line)

    async def _left_after_run(self) -> bool:
        """Go through one run; whether the program is to end then."""
        url, before = self._url, self.run
        try:
            if url is not None and before is None:
                await self._until_prepared()
                await self._run(url, self._options)
            else:
                choice = await self._answered(self._dashboard.setup.chosen())
                if choice is None:
                    return True
                await self._run_or_calibrate(choice)
            if self.run is before:
                return False
        except BackstrideError as error:
            if url is not None and before is None:
                raise
            self._dashboard.connect(str(error))
            return False
        except asyncio.CancelledError:
            self._calm_down()
            if not self._start_again:
                return True
            self._start_again = False
            self._dashboard.connect()
            return False
        return await self._summary_left()

    async def _run_or_calibrate(self, choice: Choice) -> None:
        # where the choice was made on the page, it may be made anew
        self._dashboard.cancel_start = self._cancel_start
        await self._until_prepared()
        if choice.purpose == "desk":
            await self._sit(choice.url)
            self._dashboard.connect()
            return
        if choice.purpose == "calibrate" and await self._calibrate(choice.url) != "run":
            self._dashboard.connect()
            return
        body, marks = self._dashboard.body.settings, self._dashboard.today.marks()
        options, notes = self._prepare(choice.url, body, marks)
        options = replace(options, beside=self._dashboard.beside.known(choice.url))
        if self.run is not None:
            options = replace(options, earlier=None)  # that was gone on from already
        if not options.filed:  # who tries a simulated runner has a back all the same
            self._keep_rating()
        await self._run(choice.url, options, notes)

    async def _run(self, url: str, options: LiveOptions, notes: Sequence[str] = ()) -> None:
        self._dashboard.start(_beforehand(options, self._journal))
        for note in notes:
            self._view.note(note)
        await self._let_show()
        controls = self._dashboard.controls
        self.run = await run_live(url, options, self._view, controls=controls)

    async def _calibrate(self, url: str) -> Wish:
        """Until the runner wants something else."""
        devices, screen = self._options.devices, self._dashboard.calibration
        assert devices is not None  # or the page offers no calibration
        options = CalibrateOptions(axes=self._options.axes)
        while True:
            self._dashboard.calibrate(faces=options.sensor)
            await self._let_show()
            try:
                done = await run_calibration(url, options, screen, devices, tell=screen.note)
            except BackstrideError as error:
                screen.fail(error)
            else:
                screen.finish(done)
            wish = await screen.wish()
            if wish in {"run", "back"}:
                return wish
            options = replace(options, sensor=wish == "again")

    async def _sit(self, url: str) -> None:
        """Watch the wearer at a desk until the page says that it is over."""
        screen = self._dashboard.desk

        def tell(cue: Cue) -> None:
            now_ns = time.time_ns()
            fit = self._journal.ask(lambda it: nudge_as_the_back_is(it, cue, now_ns), cue)
            if fit is not None:
                screen.tell(fit)

        self._dashboard.sit()
        if (stopped := self._journal.ask(stop_cue, None)) is not None:
            screen.note(stopped.message)
        self._dashboard.end_desk = self._cancel
        await self._let_show()
        try:
            summary = await run_desk(
                url,
                tell,
                axes=self._options.axes,
                note=screen.note,
                see=screen.see,
                folder=self._journal.path.parent,
            )
        finally:
            self._dashboard.end_desk = None
        screen.finish(summary)
        await self._answered(screen.left.wait())

    async def _until_prepared(self) -> None:
        if self._prepared is None or self._prepared.done():
            return
        self._dashboard.prepare()
        await asyncio.shield(self._prepared)

    async def _let_show(self) -> None:
        """A simulated runner takes a moment to make: the page says so before."""
        await asyncio.sleep(_SHOW_S if self._dashboard.tabs else 0.0)

    def _cancel_start(self) -> None:
        self._start_again = self._task is not None
        self._cancel()

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _calm_down(self) -> None:
        if self._task is not None:
            self._task.uncancel()

    async def _summary_left(self) -> bool:
        """Show what the run came to until it is left; whether the program is to end then."""
        assert self.run is not None  # it has just ended
        filed = Filed() if self.after_run is None else self.after_run(self.run)
        self._dashboard.end(self.run, filed.number, [*filed.notes, *filed.said])
        if self.run.interrupted and not self._start_again:
            return True  # Ctrl-C, a terminal that is closed, a computer that shuts down: at once
        self._start_again = False
        self._others.note("the run has ended; its summary is on the live page.")
        try:
            left = await self._answered(self._dashboard.finish_wanted.wait())
        except asyncio.CancelledError:
            self._calm_down()
            return True
        self._dashboard.connect()
        return left is None

    async def _answered(self, wish: Coroutine[object, object, Answer]) -> Answer | None:
        """What a tab asks for; None when the program is to end."""
        asked = asyncio.ensure_future(wish)
        endings: list[asyncio.Future[Any]]
        endings = [asyncio.ensure_future(self._dashboard.end_wanted.wait())]
        if self.run is not None:
            endings.append(asyncio.ensure_future(self._nobody_looks()))
        try:
            await asyncio.wait([asked, *endings], return_when=asyncio.FIRST_COMPLETED)
            return asked.result() if asked.done() else None
        finally:
            for waiting in (asked, *endings):
                waiting.cancel()

    async def _nobody_looks(self) -> None:
        """Until no tab has shown any of the pages for a while."""
        dashboard = self._dashboard
        while True:
            dashboard.tabs_changed.clear()
            if dashboard.tabs:
                await dashboard.tabs_changed.wait()
                continue
            await asyncio.sleep(_LINGER_S)
            if not dashboard.tabs and not self._home.is_looked_at:
                return


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
    known = partial(journal.ask, Journal.settings, None)
    return BodyData(settings, journal.keep_settings, known), trouble


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
