"""Live: a sensor's records through the analysis, into the recording and onto the screen.

The order is the promise: a record is written to the session file before it is analysed, so whatever
happens next, replay sees what live saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devices.records import LinkEvent
from devices.source import Source
from devices.timing.program_clock import ProgramClock
from imu.compiled import is_compiled
from imu.drift.baseline import Baseline
from imu.errors import BackstrideError, RecordingError
from pipelines.coaching.alert import Alert
from pipelines.coaching.alert_command import AlertCommand
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.companion import red_flags_before
from pipelines.coaching.plan import CompanionPlan, plan_with_baseline
from pipelines.files.alerts import AlertWriter
from pipelines.files.session_writer import SessionWriter
from pipelines.files.stored import private_folder
from pipelines.lab_streaming import LabStreams
from pipelines.live_controls import REDRAW_S, LiveControls, LiveView, tell_fact
from pipelines.preparing import prepare_filters_meanwhile
from pipelines.runner.continuing import EarlierSession
from pipelines.runner.history import RunHistory, Start
from pipelines.runner.journal.session_entry import local_offset_minutes
from pipelines.runner.journal.tags import TREADMILL
from pipelines.runner.user_directory import new_session_path
from pipelines.sensors.device_store import KnownSettings, settings_for
from pipelines.sensors.opening import open_source
from pipelines.session.comparable import sensor_kind
from pipelines.session.engine import SessionFold
from pipelines.session.fact_log import FactLog
from pipelines.session.facts import (
    AlertTold,
    Fact,
    PainJudged,
    StepsFinished,
    StreamChanged,
    SurfaceKnown,
)
from pipelines.session.header import SessionHeader
from pipelines.session.live_status import Compared, LiveStatus, asked_before, pain_before
from pipelines.session.marks import LoggedMark, Mark, SessionRecord
from pipelines.session.result import SessionResult, lacks_neutral
from pipelines.session.summary import Summary, summarise
from pipelines.stopping import cancelled_by_signals
from pipelines.words.fact_words import NO_NEUTRAL
from pipelines.words.summary_words import run_notes

#: A surface that becomes known later is another surface, and the baseline is learned anew on it, s.
_SURFACE_UNTIL_S = 60.0


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What the user states about a live run.

    Parameters
    ----------
    axes : str
        Signed sensor axes that point forward, left and up, such as ``"+x+y+z"``, or ``"auto"``;
        empty leaves it to the sensor.
    mass_kg, height_m : float, optional
        Of the runner, kg from 20 to 250 and m from 1.0 to 2.5.
    baseline : Baseline, optional
        Of earlier runs; learned in this run otherwise.
    history : RunHistory, optional
        What to start from without a baseline; nothing is said of it without.
    earlier : EarlierSession, optional
        What to go on from.
    settings : AlertSettings
        How changes are found and told.
    devices : Path, optional
        Folder of the device store; no calibration without.
    companion : CompanionPlan, optional
        What accompanies the run; alerts alone without.
    filed : bool
        Whether the run goes into the journal at its end.
    record, alerts : Path, optional
        New session file, and a file of JSON Lines that alerts are added to.
    record_in : Path, optional
        Instead of ``record``: a folder, in which the file is named after its beginning.
    on_alert : str
        A command to run for each alert.
    marks : tuple of (str, str)
        Kind and words of what is known from the beginning, such as ``("surface", "track")``.
    beside : mapping of str to str
        Devices beside the sensor, as :func:`devices.open_source` takes them.
    noted : callable
        Gives the marks that were made elsewhere since it was last asked; asked with each record.
    lsl : bool
        Whether samples, steps, alerts and marks go into the lab streaming layer, too.

    Examples
    --------
    >>> LiveOptions(height_m=1.75, marks=(("surface", "treadmill"),)).record is None
    True
    """

    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    baseline: Baseline | None = None
    history: RunHistory | None = None
    earlier: EarlierSession | None = None
    settings: AlertSettings = field(default_factory=AlertSettings)
    devices: Path | None = None
    companion: CompanionPlan | None = None
    filed: bool = False
    record: Path | None = None
    record_in: Path | None = None
    alerts: Path | None = None
    on_alert: str = ""
    marks: tuple[tuple[str, str], ...] = ()
    beside: Mapping[str, str] = field(default_factory=dict)
    noted: Callable[[], Sequence[Mark]] = tuple
    lsl: bool = False


@dataclass(slots=True, repr=False)  # the event loop would spell out every step at the end
class LiveRun:
    """What a live run has gathered when it ends.

    Parameters
    ----------
    facts : FactLog
        Everything that was found, in order.
    result : SessionResult, optional
        What it comes to; None where nothing came.
    summary : Summary, optional
        The same for people.
    recording : Path, optional
        The session file.
    filed : bool
        Whether the run is to go into the journal.
    recording_trouble : BackstrideError, optional
        Why the recording ended early.
    recorded_s : float, optional
        How much was kept then, s.
    other_trouble : list of BackstrideError
        What else failed while the run went on.
    interrupted : bool
        Whether Ctrl-C or a request to end came, and the program is to end with the run.

    Examples
    --------
    >>> LiveRun().result is None
    True
    """

    facts: FactLog = field(default_factory=FactLog)
    result: SessionResult | None = None
    summary: Summary | None = None
    recording: Path | None = None
    filed: bool = False
    recording_trouble: BackstrideError | None = None
    recorded_s: float | None = None
    other_trouble: list[BackstrideError] = field(default_factory=list)
    interrupted: bool = False

    @property
    def alerts(self) -> list[Alert]:
        """The alerts that were told."""
        return [fact.alert for fact in self.facts.others if isinstance(fact, AlertTold)]


class _Session:
    """One live session: every record goes through :meth:`take`."""

    def __init__(
        self, url: str, source: Source, options: LiveOptions, view: LiveView, controls: LiveControls
    ) -> None:
        self.run = LiveRun(filed=options.filed)
        self._url, self._source, self._view, self._controls = url, source, view, controls
        self._noted = options.noted
        self._surface = ""
        self._stepped = False
        self._loop = asyncio.get_running_loop()
        known = settings_for(options.devices, source.info, url, axes=options.axes)
        utc_start_ns = time.time_ns()
        start = _start(options, source, known, utc_start_ns)
        self._header = _header(url, source, options, known, start, utc_start_ns)
        self._fold = SessionFold(self._header, source.info)
        self._lab = LabStreams(source.info) if options.lsl else None
        self._on_alert = None
        if options.on_alert:
            self._on_alert = AlertCommand(options.on_alert, self._note_from_a_thread)
        # the alerts first: where they cannot be written, no recording of nothing is left behind
        self._alerts = None if options.alerts is None else AlertWriter(options.alerts)
        self._writer = _writer(options, self._header)
        self.run.recording = None if self._writer is None else self._writer.path
        self._status = LiveStatus(
            source=url,
            device=source.info.name,
            recording=str(self.run.recording or ""),
            compared=start.compared,
            pain=pain_before(self._header.plan),
            asked_s=asked_before(self._header.plan),
            units=self._header.units,
            red_flags=red_flags_before(self._header.plan),
        )
        self._drawn = 0.0
        notes = [*known.notes, *filter(None, (start.compared.words,))]
        if notes:
            self.show()
        for note in notes:
            view.note(note)
        self._take(source.info)

    def take(self, record: SessionRecord) -> None:
        """Write, analyse and show one record, and first what was marked here and elsewhere."""
        now_ns = self._source.now_ns()
        for mark in self._controls.take_marks(now_ns):
            self._take(mark)
        for noted in self._noted():
            self._take(LoggedMark(now_ns, noted))
        self._take(record)

    def _take(self, record: SessionRecord) -> None:
        if self._writer is not None:
            with self._recording_goes_on():
                self._writer.write_record(record)
        found = self._fold.push(record)
        if self._lab is not None:
            self._lab.take(record, self._fold.samples, found)
        self._spread(found)
        if isinstance(record, LinkEvent):
            # nothing may come for a while that would redraw it
            self.show()

    def lose(self, error: BackstrideError) -> None:
        """The source ended for good."""
        self.run.other_trouble.append(error)

    def finish(self) -> LiveRun:
        """Finish the last steps, close the recording, sum up."""
        found = self._fold.finish()
        if self._lab is not None:
            self._lab.take(None, None, found)
        self._spread(found)
        self.show()
        if self._writer is not None:
            with self._recording_goes_on():
                self._writer.close()
        if self._alerts is not None:
            with self._alerts_go_on():
                self._alerts.close()
        if self._on_alert is not None:
            self._on_alert.close()
        result = SessionResult(self._header, self.run.facts)
        self.run.result = result
        self.run.summary = summarise(
            result, self._url, rate_hz=self._source.info.rate_hz, notes=run_notes(result)
        )
        return self.run

    def show(self) -> None:
        """Redraw the view."""
        self._drawn = time.monotonic()
        self._status.take(self._fold.now)
        self._status.recording_note = str(self.run.recording_trouble or "")
        self._view.update(self._status)

    def _note_from_a_thread(self, text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the run is over: nobody looks any more
            self._loop.call_soon_threadsafe(self._view.note, text)

    def _spread(self, found: list[Fact]) -> None:
        """Keep the facts, and tell them to whoever wants to know."""
        self.run.facts.extend(found)
        if self._writer is not None and found:
            with self._recording_goes_on():
                self._writer.write_facts(found)
        stepped = False
        for fact in found:
            self._status.take(fact)
            if isinstance(fact, PainJudged):
                self.show()  # what is said of it has its place there
            tell_fact(fact, self._view)
            if isinstance(fact, SurfaceKnown):
                self._surface = fact.name
            elif isinstance(fact, StreamChanged) and fact.stream == "treadmill":
                self._settle_surface(fact)
            elif isinstance(fact, StepsFinished):
                stepped = True
            elif isinstance(fact, AlertTold):
                self._hand_on(fact.alert)
        if stepped and not self._stepped:
            self._stepped = True
            if self.run.filed and lacks_neutral(self.run.facts.others):
                self._view.note(NO_NEUTRAL)
        if stepped or time.monotonic() - self._drawn > REDRAW_S:
            self.show()

    def _settle_surface(self, belt: StreamChanged) -> None:
        """A belt beside the sensor is what is run on, unless the runner has said otherwise."""
        if belt.state != "connected" or self._surface.casefold() == TREADMILL:
            return
        if not self._surface:
            if self._fold.elapsed_s < _SURFACE_UNTIL_S:
                self._controls.mark("surface", TREADMILL)
        else:
            self._view.note(
                f"The treadmill is connected, and this run is stated to be on {self._surface}: if "
                "you run on the belt, change the surface."
            )

    def _hand_on(self, alert: Alert) -> None:
        if self._on_alert is not None:
            self._on_alert(alert)
        if self._alerts is not None:
            with self._alerts_go_on():
                self._alerts.write(alert)

    @contextlib.contextmanager
    def _recording_goes_on(self) -> Iterator[None]:
        """A full disk is told, and the run goes on."""
        try:
            yield
        except RecordingError as error:
            self.run.recording_trouble = error
            ended = self._writer is not None and self._writer.error is not None
            if ended:
                self.run.recorded_s = self._fold.elapsed_s
                if self._writer is not None and not self._writer.in_place:
                    self.run.recording = None  # removed or moved: nothing that could be named
            self._view.note(f"{error} The run goes on." if ended else str(error))

    @contextlib.contextmanager
    def _alerts_go_on(self) -> Iterator[None]:
        """Alerts that cannot be written are told, and the run goes on."""
        try:
            yield
        except RecordingError as error:
            self.run.other_trouble.append(error)
            self._view.note(str(error))


def _writer(options: LiveOptions, header: SessionHeader) -> SessionWriter | None:
    """The recording, where there is to be one."""
    if options.record is not None:
        private_folder(options.record.parent, "the recording")
        return SessionWriter(options.record, header)
    if options.record_in is None:
        return None
    private_folder(options.record_in, "the recording")
    while True:
        path = new_session_path(header.utc_start_ns, options.record_in)
        try:
            return SessionWriter(path, header)
        except RecordingError:
            if not path.exists():  # else another run has begun in the same second
                raise


def _start(options: LiveOptions, source: Source, known: KnownSettings, utc_start_ns: int) -> Start:
    """The baseline that the run starts from, and what to tell the runner of it."""
    if options.earlier is not None:
        earlier = options.earlier
        return Start(earlier.header.baseline, Compared(earlier.words(utc_start_ns)))
    if options.baseline is not None or options.history is None:
        return Start(options.baseline, Compared())
    kind = sensor_kind(source.info)
    return options.history.start(kind, neutral_is_old=known.neutral_is_old)


def _header(
    url: str,
    source: Source,
    options: LiveOptions,
    known: KnownSettings,
    start: Start,
    utc_start_ns: int,
) -> SessionHeader:
    """Everything besides the log that decides anything."""
    plan = options.companion
    if plan is not None and start.baseline is not None:
        plan = plan_with_baseline(plan, start.baseline)
    header = SessionHeader(
        utc_start_ns,
        url,
        utc_offset_minutes=local_offset_minutes(utc_start_ns),
        axes=known.axes,
        mass_kg=options.mass_kg,
        height_m=options.height_m,
        calibration=known.calibration,
        neutral_up=known.neutral_up,
        neutral_is_old=known.neutral_is_old,
        baseline=start.baseline,
        baseline_origin="earlier runs" if options.baseline is None else "given",
        settings=options.settings,
        plan=plan,
        beside=dict(options.beside),
    )
    if options.earlier is None:
        return header
    return options.earlier.followed_by(header, source.info)


async def run_live(
    url: str,
    options: LiveOptions,
    view: LiveView,
    *,
    controls: LiveControls | None = None,
    clock: ProgramClock | None = None,
) -> LiveRun:
    """Run a source until it ends or the program is interrupted; both end it cleanly.

    Parameters
    ----------
    url : str
        As :func:`devices.open_source` takes it.
    options : LiveOptions
        What is stated about the run.
    view : LiveView
        Is told the state of the run, notes and alerts, as they happen.
    controls : LiveControls, optional
        Requests of whoever watches: marks, pauses, the end.
    clock : ProgramClock, optional
        Where time comes from; the computer's clock by default.

    Returns
    -------
    LiveRun
        What was gathered.

    Raises
    ------
    BackstrideError
        When the source cannot be opened, is lost for good, or the recording cannot be created.

    Examples
    --------
    >>> class Silent:
    ...     def update(self, status): ...
    ...     def note(self, text): ...
    ...     def alert(self, alert): ...
    >>> url = "sim:?minutes=0.2&standing_s=1&time_scale=0"
    >>> run = asyncio.run(run_live(url, LiveOptions(), Silent()))
    >>> len(run.facts.steps) > 25, run.recording_trouble
    (True, None)
    """
    task = cancelled_by_signals()
    if not is_compiled():  # before the sensor sends: packets would pile up
        await prepare_filters_meanwhile()
    controls = controls or LiveControls()
    for kind, value in options.marks:
        controls.mark(kind, value)
    tell = view.note
    async with open_source(url, beside=options.beside, clock=clock, tell=tell) as source:
        session = _Session(url, source, options, view, controls)
        try:
            async for record in source:
                session.take(record)
                if controls.stop_wanted:
                    break
        except asyncio.CancelledError:
            # asked to stop: what has arrived is finished and kept
            session.run.interrupted = True
            if task is not None:
                task.uncancel()
        except BackstrideError as error:
            session.lose(error)
        finally:
            run = session.finish()
    return run
