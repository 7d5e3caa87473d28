"""The live page's side of the run: takes what the run tells, holds what the tabs show."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Literal

from devices.timing.program_clock import ProgramClock, SystemClock
from pipelines.clock_words import clock_words
from pipelines.coaching.alert import Alert
from pipelines.live import LiveRun
from pipelines.live_controls import LiveControls
from pipelines.runner.journal.entries import Settings
from pipelines.session.live_status import LiveStatus
from pipelines.views.page.beside_devices import BesideDevices
from pipelines.views.page.body_data import BodyData
from pipelines.views.page.cadence_suggestion import cadence_suggestion
from pipelines.views.page.calibration_screen import CalibrationScreen
from pipelines.views.page.desk_screen import DeskScreen
from pipelines.views.page.ended_screen import ended_pieces
from pipelines.views.page.numbers import large_numbers, small_numbers
from pipelines.views.page.posture import posture
from pipelines.views.page.run_requests import Beforehand, RunRequests
from pipelines.views.page.session_pieces import comparison, condition, head, state
from pipelines.views.page.setup_screen import SaidBefore, SetupScreen
from pipelines.views.page.tab import Tab
from pipelines.views.page.todays_run import TodaysRun
from pipelines.views.page.trends import RunTrends
from pipelines.views.page.two_metres import two_metres
from pipelines.views.terminal.cells import capital, printable
from pipelines.views.terminal.wording import effort_words
from pipelines.words.fact_words import fact_words

_LOG: Final = logging.getLogger(__name__)
_NOTES: Final = 3
#: What a tab that is a moment late still speaks: all that is said as a run begins.
_SPOKEN: Final = 10
_SAME_NOTE_S: Final = 5.0
#: A note of a moment is read by then.
_NOTE_LASTS_S: Final = 120.0
_NO_RUN: Final = LiveStatus(source="", device="")

Screen = Literal["connect", "preparing", "starting", "calibrate", "desk", "live", "ended", "closed"]


class Dashboard:
    """A :class:`~pipelines.live_controls.LiveView` that any number of browser tabs watch.

    Everything is used in the run's event loop. What the run tells is only kept here; each tab
    fetches it in its own time, so that none of them can hold up the run.

    Parameters
    ----------
    clock : ProgramClock, optional
        Counts down to the standing neutral; the computer's clock by default.
    report : bool
        Whether the page may offer a report after the run.
    body : BodyData, optional
        Height, mass and units of the runner; forgotten afterwards by default.
    today : TodaysRun, optional
        Surface, shoe and treadmill of the run; nothing is known of them by default.
    before_a_run : callable
        Gives what pain, the signs for a doctor and the plan say before a run; nothing by default.
    beside : BesideDevices, optional
        Addresses of devices beside the sensor; none by default.
    calibrates : bool
        Whether the page may offer to calibrate a sensor.

    Examples
    --------
    >>> page = Dashboard()
    >>> page.update(LiveStatus(source="sim:", device="simulated sensor", elapsed_s=61.0))
    >>> page.shown()["head"]["time"]
    '1:01'
    """

    def __init__(
        self,
        *,
        clock: ProgramClock | None = None,
        report: bool = False,
        body: BodyData | None = None,
        today: TodaysRun | None = None,
        before_a_run: Callable[[], SaidBefore] = SaidBefore,
        beside: BesideDevices | None = None,
        calibrates: bool = False,
    ) -> None:
        self._clock = clock or SystemClock()
        self.tabs: set[Tab] = set()
        self.tabs_changed = asyncio.Event()
        self.setup = SetupScreen(self._changed)
        self.body = BodyData(Settings()) if body is None else body
        self.body.changed = self._changed
        self.today = TodaysRun() if today is None else today
        self._before_a_run = before_a_run
        self.today.changed = self._changed
        self.beside = BesideDevices() if beside is None else beside
        self.beside.changed = self._changed
        self.calibration = CalibrationScreen(self._changed, self._tell_aloud)
        self.desk = DeskScreen(self._changed, self._tell_aloud)
        self.end_desk: Callable[[], None] | None = None
        self._calibrates = calibrates
        self.finish_wanted = asyncio.Event()
        self.end_wanted = asyncio.Event()
        self.cancel_start: Callable[[], None] | None = None
        self._report = report
        self._last_told = 0
        self._screen: Screen = "connect"
        self._begin()

    def _begin(self, before: Beforehand | None = None) -> None:
        self.requests = RunRequests(
            LiveControls(), self._tell, self._changed, self._clock, self.body.settings.units, before
        )
        self._status = _NO_RUN
        self._put_off_s: float | None = None  # questions, by when they were called for
        self._trends = RunTrends()
        self._drawn_trends: tuple[object, list[dict[str, Any]]] = (None, [])
        self._noted: dict[str, tuple[float, str]] = {}
        self._told: tuple[dict[str, Any], ...] = ()
        self._alert: dict[str, Any] = {"number": 0, "text": ""}
        self._ended: dict[str, Any] = {}
        self._pieces: dict[str, Any] | None = None

    # what the run tells

    def update(self, status: LiveStatus) -> None:
        """Show this status; the caller may go on changing it."""
        new_steps = status.steps - self._status.steps
        asked_s = None if status.asked_s == self._put_off_s else status.asked_s
        indicators = dict(status.indicators)
        self._status = dataclasses.replace(status, indicators=indicators, asked_s=asked_s)
        if self._screen in {"connect", "starting"}:
            self._screen = "live"
        if new_steps > 0:
            try:
                self._trends.push(status.recent[-new_steps:])
            except Exception:  # a fault of the page is no fault of the run
                _LOG.exception("the trend of the run could not be drawn")
        self._changed(step=new_steps > 0)

    def note(self, text: str) -> None:
        """Show and speak a note; one that keeps coming, such as of a full disk, only once."""
        pain = self._status.pain
        stands = {self._status.compared.words, "" if pain is None else fact_words(pain)}
        if text and text in stands:
            self._tell(capital(text), aloud=True, placed=True)
            return
        text = capital(text)
        last_s = self._keep(printable(text))
        if time.monotonic() - last_s >= _SAME_NOTE_S:
            self._tell(text, aloud=True)

    def alert(self, alert: Alert) -> None:
        """Show, sound and speak a change; show one that is over."""
        if alert.severity == "raised":
            number = self._alert["number"] + 1
            self._alert = {
                "number": number,
                "text": printable(alert.headline or alert.message),
                "detail": printable(alert.detail),
                "aloud": printable(alert.aloud or alert.message),
            }
            self._changed(step=True)
        else:
            self._tell(alert.message)

    # where the run is

    @property
    def controls(self) -> LiveControls:
        """Of the run that is shown."""
        return self.requests.controls

    def prepare(self) -> None:
        """Show that the filters are being compiled, and the run waits for them."""
        self._screen = "preparing"
        self._changed()

    def start(self, before: Beforehand | None = None) -> None:
        """Show a run that is about to start, and what is known of it."""
        self._begin(before)
        self._screen = "starting"
        self._changed()

    def calibrate(self, *, faces: bool = True) -> None:
        """Show a calibration that begins; without ``faces`` of the standing alone."""
        self._told = ()
        self._screen = "calibrate"
        self.calibration.begin(faces=faces)

    def sit(self) -> None:
        """Show a time at the desk that begins."""
        self._told = ()
        self._screen = "desk"
        self.desk.begin()

    def connect(self, trouble: str = "") -> None:
        """Show the first screen, and why the last choice did not work."""
        self._screen = "connect"
        if trouble:
            self.setup.fail(trouble)
        self._changed()

    @property
    def run_goes_on(self) -> bool:
        """Whether a run is shown that has not ended."""
        return self._screen == "live"

    def end(self, run: LiveRun, number: int | None = None, said: Sequence[str] = ()) -> None:
        """Show what became of the run, with its number in the journal, and what is said of it."""
        self.finish_wanted.clear()
        self.today.ended()
        units = self.body.settings.units
        self._ended = ended_pieces(run, number, said, report=self._report, units=units)
        self._screen = "ended"
        self._changed()

    def close(self) -> None:
        """Tell the tabs that the program ends."""
        self.setup.close()
        self._screen = "closed"
        self._changed()

    # what the tabs ask and show

    def ask(self, what: str, value: str = "") -> None:
        """Do what a tab asks; unknown requests are left alone."""
        if what == "end" and self._screen in {"connect", "ended"}:
            self.end_wanted.set()
        elif self._screen == "connect":
            self._ask_before_the_run(what, value)
        elif self._screen in {"preparing", "starting", "calibrate"} and what == "cancel":
            if self.cancel_start is not None:
                self.cancel_start()
        elif self._screen == "calibrate":
            self.calibration.choose(what)
        elif self._screen == "desk" and what == "end_desk":
            if self.end_desk is not None:
                self.end_desk()
        elif self._screen == "desk" and what == "back":
            self.desk.left.set()
        elif self._screen == "live" and what == "questions_later":
            self._put_off_s = self._status.asked_s
            self.update(self._status)
        elif self._screen == "live":
            self.requests.ask(what, value)
        elif self._screen == "ended" and what == "finish":
            self.finish_wanted.set()

    def _ask_before_the_run(self, what: str, value: str) -> None:
        if what == "scan":
            self.setup.scan()
        elif what == "body":
            self.body.save(value)
        elif what == "today":
            before = self.today.back_words
            self.today.save(value, self.body.settings.units)
            if (words := self.today.back_words) != before and words:
                self._tell(words, aloud=True, placed=True)
        elif what == "beside":
            self.beside.save(value)
        elif self.body.refused or self.today.refused or self.beside.refused:
            return  # what is wrong with it stands there; the run would go on without
        elif what == "connect":
            self.setup.choose(value)
        elif what == "calibrate" and self._calibrates:
            self.setup.choose(value, "calibrate")
        elif what == "desk":
            self.setup.choose(value, "desk")

    def join(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> Tab:
        """Let one more tab watch."""
        if self._screen == "connect":
            # the journal may say something else by now
            self.body.renew()
            self.today.renew()
            self._pieces = None
        tab = Tab(self.shown, send)
        self.tabs.add(tab)
        self.tabs_changed.set()
        return tab

    def leave(self, tab: Tab) -> None:
        """A tab is gone."""
        self.tabs.discard(tab)
        self.tabs_changed.set()

    def shown(self) -> Mapping[str, Any]:
        """Everything a tab shows, by piece; made once for all tabs."""
        if self._pieces is None:
            self._pieces = self._make_pieces()
        return self._pieces

    def _make_pieces(self) -> dict[str, Any]:
        pieces: dict[str, Any] = {"screen": self._screen}
        if self._screen == "connect":
            pieces["setup"] = self.setup.pieces() | {
                "calibrates": self._calibrates,
                **self._before_a_run()._asdict(),
            }
            pieces["body"] = self.body.pieces()
            pieces["beside"] = self.beside.pieces()
            pieces["today"] = self.today.pieces(self.body.settings.units)
        elif self._screen == "calibrate":
            pieces["calibration"] = self.calibration.pieces()
        elif self._screen == "desk":
            pieces["desk"] = self.desk.pieces()
        elif self._screen == "ended":
            pieces["ended"] = self._ended
        elif self._screen == "live":
            status, units = self._status, self.body.settings.units
            pieces |= {
                "head": head(status, units),
                "far": two_metres(status, self.requests.before.plan, units),
                "cards": large_numbers(status, units),
                "small": small_numbers(status),
                "posture": posture(status),
                "run_trends": self._run_trends(status),
                "condition": condition(status, paused=self.controls.paused),
                "comparison": comparison(status),
                "effort": effort_words(status),
                "state": state(status, units),
                "cadence": cadence_suggestion(status, self.requests.before.usual_spm),
                "paused": self.controls.paused,
                "stopping": self.controls.stop_wanted,
                "countdown": self.requests.countdown,
                "moving": self.requests.moving,
                "marked": {"surface": self.requests.surface, "shoe": self.requests.shoe},
                "treadmill": self.requests.treadmill.pieces(),
                "notes": self._notes(status),
            }
        pieces["told"], pieces["alert"] = self._told, self._alert
        return pieces

    def _run_trends(self, status: LiveStatus) -> list[dict[str, Any]]:
        """Drawn anew when there is something new to see."""
        ranges = [(one.baseline, one.gate) for one in status.indicators.values()]
        key = (self._trends.drawn, repr(ranges))
        if self._drawn_trends[0] != key:
            self._drawn_trends = (key, self._trends.lines(status, self.body.settings.units))
        return self._drawn_trends[1]

    def _notes(self, status: LiveStatus) -> list[dict[str, str]]:
        """The newest notes, and for those of a moment the time of the run they were told ``at``."""
        lasting = [{"text": text, "at": ""} for text in status.notes]
        since_s = time.monotonic() - _NOTE_LASTS_S
        told = [
            {"text": text, "at": at}
            for text, (told_s, at) in self._noted.items()
            if told_s > since_s
        ]
        return [*lasting, *told][-_NOTES:]

    def _keep(self, note: str) -> float:
        """Keep a note on the page as the newest; when it was noted last, −∞ if never."""
        last_s, _ = self._noted.pop(note, (-math.inf, ""))
        self._noted[note] = (time.monotonic(), clock_words(self._status.elapsed_s))
        while len(self._noted) > _NOTES:
            self._noted.pop(next(iter(self._noted)))
        return last_s

    def _tell(
        self, text: str, *, aloud: bool = False, kept: bool = False, placed: bool = False
    ) -> None:
        if kept:
            self._keep(printable(text))
        self._last_told += 1
        told = {
            "number": self._last_told,
            "text": printable(text),
            "aloud": aloud,
            "placed": placed,  # stands elsewhere on the page
        }
        self._told = (*self._told, told)[-_SPOKEN:]
        self._changed()

    def _tell_aloud(self, text: str) -> None:
        self._tell(text, aloud=True)

    def _changed(self, *, step: bool = False) -> None:
        self._pieces = None
        for tab in self.tabs:
            tab.wake(step=step)
