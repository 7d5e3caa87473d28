"""Live: a sensor's records through the analysis, into the recording and onto the screen.

The order is the promise: a record is written to the session file before it is analysed, so whatever
happens next, replay sees what live saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from devices.records import LinkEvent, Mark, Record
from devices.sources import Source, open_source
from devices.timing.program_clock import ProgramClock
from imu.drift.baseline import Baseline
from imu.drift.changes import SENSOR_POSITION
from imu.errors import BackstrideError, RecordingError
from imu.steps import Steps, concatenate
from pipelines.alert_command import AlertCommand
from pipelines.alerts import Alert, AlertWriter
from pipelines.analysis import Outcome, SessionAnalysis
from pipelines.companion.budget import told_mark
from pipelines.companion.companion import Companion
from pipelines.companion.history import LEARNING, RunHistory, Start
from pipelines.companion.plan import CompanionPlan, plan_with_baseline
from pipelines.companion.turning import heading_turn_deg
from pipelines.continuing import EarlierSession
from pipelines.device_store import settings_for
from pipelines.formats.session_messages import SessionHeader
from pipelines.journal.run_baseline import sensor_kind
from pipelines.live_controls import LiveControls, LiveView
from pipelines.live_status import LiveStatus
from pipelines.recording import SessionWriter
from pipelines.summary import AXES_NOT_FOUND, Summary, summarise

__all__ = ["LiveOptions", "LiveRun", "run_live"]

#: Least time between two redraws without a finished step, s.
_REDRAW_S = 0.5


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What the user states about a live run."""

    axes: str = ""
    mass_kg: float | None = None
    height_m: float | None = None
    baseline_json: str = ""
    history: RunHistory | None = None  # what to start from without a baseline; None: no word of it
    earlier: EarlierSession | None = None  # what to go on from
    parameters_json: str = "{}"
    devices: Path | None = None  # folder of the device store; None: no calibration
    companion: CompanionPlan | None = None  # None: nobody beside the alerts
    record: Path | None = None
    alerts: Path | None = None
    on_alert: str = ""  # a command to run for each
    marks: tuple[tuple[str, str], ...] = ()  # kind and value, from the beginning


@dataclass(slots=True)
class LiveRun:
    """What a live run has gathered when it ends."""

    steps: list[Steps] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)
    summary: Summary | None = None
    recording: Path | None = None
    utc_start_ns: int = 0
    companion: Companion | None = None
    baseline: Baseline | None = None  # what was usual in it, where later runs can use it
    sensor: str = ""  # kind of sensor
    recording_trouble: BackstrideError | None = None
    recorded_s: float | None = None  # how much was kept when the recording ended early
    other_trouble: list[BackstrideError] = field(default_factory=list)


class _Session:
    """One live session: every record goes through :meth:`take`."""

    def __init__(
        self,
        url: str,
        source: Source,
        options: LiveOptions,
        view: LiveView,
        controls: LiveControls,
    ) -> None:
        self.run = LiveRun(recording=options.record)
        self._url, self._source, self._view, self._controls = url, source, view, controls
        self._options = options
        self._loop = asyncio.get_running_loop()
        known = settings_for(options.devices, source.info, url, axes=options.axes)
        self._neutral_is_old = known.neutral_is_old
        self.run.sensor = sensor_kind(source.info)
        utc_start_ns, earlier = time.time_ns(), options.earlier
        start = self._start(utc_start_ns)
        header = SessionHeader(
            utc_start_ns=utc_start_ns,
            source=url,
            axes=known.axes,
            mass_kg=options.mass_kg,
            height_m=options.height_m,
            baseline_json=options.baseline_json or _json_of(start.baseline),
            parameters_json=options.parameters_json,
            calibration_json=known.calibration_json,
            neutral_up=known.neutral_up,
        )
        if earlier is not None:
            header = earlier.followed_by(header, source.info)
        self.run.utc_start_ns = header.utc_start_ns
        self._analysis = SessionAnalysis(header, source.info)
        if options.companion is not None:
            plan = options.companion
            if start.baseline is not None:
                plan = plan_with_baseline(plan, start.baseline)
            self.run.companion = Companion(plan)
            if earlier is not None:
                self.run.companion.count_told(earlier.told_s(utc_start_ns))
        self._time_s = 0.0  # of the latest sample
        self._on_alert = None
        if options.on_alert:
            self._on_alert = AlertCommand(options.on_alert, self._note_from_a_thread)
        # the alerts first: where they cannot be written, no recording of nothing is left behind
        self._alerts = None if options.alerts is None else AlertWriter(options.alerts)
        self._writer = None
        if options.record is not None:
            _make_folder(options.record)
            self._writer = SessionWriter(options.record, header)
        self._link = "connecting"
        self._alert = ""
        self._first_ns: int | None = None
        self._last_ns = 0
        self._drawn = 0.0
        self._record(source.info)
        notes = [*known.notes, *filter(None, (start.words,))]
        if notes:
            self.show()
        for note in notes:
            view.note(note)

    def _start(self, utc_ns: int) -> Start:
        """The baseline of earlier runs, and what to tell the runner of it."""
        options = self._options
        if options.earlier is not None:
            stored = options.earlier.header.baseline_json
            given = Baseline.from_json(stored) if stored else None
            return Start(given, options.earlier.words(utc_ns))
        if options.baseline_json or options.history is None:
            return Start(None, "")
        if self._neutral_is_old:
            return Start(None, f"{LEARNING}, since the standing neutral is of another day.")
        return options.history.start(self.run.sensor)

    def take(self, record: Record) -> None:
        """Write, analyse and show one record, and first what the viewers have marked."""
        for mark in self._controls.take_marks(self._source.now_ns()):
            self._take(mark)
        self._take(record)

    def _take(self, record: Record) -> None:
        self._record(record)
        if isinstance(record, LinkEvent):
            self._link = _LINK_WORDS.get(record.kind, record.kind)
        arrival_ns = getattr(record, "arrival_ns", None)
        if arrival_ns is not None:
            if self._first_ns is None:
                self._first_ns = arrival_ns
            self._last_ns = arrival_ns
        outcome = self._analysis.push(record)
        self._spread(outcome)
        self._accompany(outcome, (record,) if isinstance(record, Mark) else ())
        if isinstance(record, LinkEvent):
            # nothing may come for a while that would redraw it
            self.show()

    def _accompany(
        self, outcome: Outcome, marks: tuple[Mark, ...] = (), *, ended: bool = False
    ) -> None:
        """Let the companion see what has happened, and tell its cues.

        At the end nothing more goes into the log: the analysis has told its last already.
        """
        companion, samples = self.run.companion, outcome.samples
        if companion is None:
            return
        analyzer, turn_deg = self._analysis.chain.analyzer, None
        if samples is not None and len(samples):
            self._time_s = float(samples.time_s[-1])
            if companion.plan.walk_bends:
                rate_hz = self._source.info.rate_hz
                turn_deg = heading_turn_deg(samples, analyzer.mounting, rate_hz)
        for cue in companion.advance(
            self._time_s, analyzer.activity, outcome.steps, marks, outcome.alerts, turn_deg=turn_deg
        ):
            self._view.note(cue.message)
            told = None if ended else told_mark(cue, self._source.now_ns())
            if told is not None:  # the coach is silent for a while after it, in replay too
                self._record(told)
                self._analysis.push(told)

    def lose(self, error: BackstrideError) -> None:
        """The source ended for good."""
        self.run.other_trouble.append(error)

    def finish(self) -> LiveRun:
        """Finish the last steps, close the recording, sum up."""
        outcome = self._analysis.flush()
        self._spread(outcome)
        self._accompany(outcome, ended=True)
        self._link = "ended"
        self.show()
        if self._writer is not None:
            with self._recording_goes_on():
                self._writer.close()
        if self._alerts is not None:
            with self._alerts_go_on():
                self._alerts.close()
        if self._on_alert is not None:
            self._on_alert.close()
        chain = self._analysis.chain
        baseline = chain.drift.baseline
        axes_found = chain.analyzer.mounting is not None
        # the neutral of another day tells nothing of how the sensor sits today
        if self._analysis.lean_reference.marked or not self._neutral_is_old:
            self.run.baseline = self._analysis.run_baseline
        self.run.summary = summarise(
            self._url,
            concatenate(self.run.steps),
            duration_s=self._elapsed_s(),
            rate_hz=self._source.info.rate_hz,
            lost_samples=chain.analyzer.lost_samples,
            receiver=self._analysis.receiver,
            alerts=self.run.alerts,
            changed=chain.drift.changed,
            axes_found=axes_found,
            notes=[] if axes_found or not self.run.steps else [AXES_NOT_FOUND],
            baseline=None if baseline is None else json.loads(baseline.to_json()),
        )
        return self.run

    def show(self) -> None:
        """Redraw the view."""
        self._drawn = time.monotonic()
        chain = self._analysis.chain
        self._view.update(
            LiveStatus.of_run(
                source=self._url,
                info=self._source.info,
                elapsed_s=self._elapsed_s(),
                gait=chain.analyzer.gait,
                link=self._link,
                lost_samples=self._analysis.receiver.losses.lost,
                recording="" if self.run.recording is None else str(self.run.recording),
                recording_note=str(self.run.recording_trouble or ""),
                drift=chain.drift,
                alert=self._alert,
                steps=self.run.steps,
                battery_percent=self._analysis.receiver.battery_percent,
                easy_km=self._easy_km(),
            )
        )

    def _note_from_a_thread(self, text: str) -> None:
        with contextlib.suppress(RuntimeError):  # the run is over: nobody looks any more
            self._loop.call_soon_threadsafe(self._view.note, text)

    def _easy_km(self) -> float:
        dose = None if self.run.companion is None else self.run.companion.progress.dose_easy_km
        return float("nan") if dose is None else dose

    def _elapsed_s(self) -> float:
        return 0.0 if self._first_ns is None else (self._last_ns - self._first_ns) / 1e9

    def _record(self, record: Record) -> None:
        if self._writer is not None:
            with self._recording_goes_on():
                self._writer.write_record(record)

    def _spread(self, outcome: Outcome) -> None:
        for note in outcome.notes:
            self._view.note(note)
        if self._writer is not None:
            with self._recording_goes_on():
                if outcome.samples is not None:
                    self._writer.write_samples(outcome.samples)
                if len(outcome.steps):
                    self._writer.write_steps(outcome.steps)
                for alert in outcome.alerts:
                    self._writer.write_alert(json.loads(alert.to_json()))
        for alert in outcome.alerts:
            self.run.alerts.append(alert)
            if alert.indicator == SENSOR_POSITION:
                self._view.note(alert.message)
            elif alert.severity == "raised":
                self._alert = alert.message
            self._view.alert(alert)
            if self._on_alert is not None:
                self._on_alert(alert)
            if self._alerts is not None:
                with self._alerts_go_on():
                    self._alerts.write(alert)
        if len(outcome.steps):
            self.run.steps.append(outcome.steps)
        if len(outcome.steps) or time.monotonic() - self._drawn > _REDRAW_S:
            self.show()

    @contextlib.contextmanager
    def _recording_goes_on(self) -> Iterator[None]:
        """A full disk is told, and the run goes on."""
        try:
            yield
        except RecordingError as error:
            self.run.recording_trouble = error
            ended = self._writer is not None and self._writer.error is not None
            if ended:
                self.run.recorded_s = self._elapsed_s()
            self._view.note(f"{error} The run goes on." if ended else str(error))

    @contextlib.contextmanager
    def _alerts_go_on(self) -> Iterator[None]:
        """Alerts that cannot be written are told, and the run goes on."""
        try:
            yield
        except RecordingError as error:
            self.run.other_trouble.append(error)
            self._view.note(str(error))


_LINK_WORDS = {
    "connected": "connected",
    "lost": "lost, trying again",
    "resumed": "connected",
    "gap": "connected",
    "ended": "ended",
}


def _json_of(baseline: Baseline | None) -> str:
    return "" if baseline is None else baseline.to_json()


def _make_folder(path: Path) -> None:
    from pipelines.formats.system_error import explain

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordingError(
            f"the folder for the recording cannot be made: {explain(error)}.", path=str(path.parent)
        ) from None


async def run_live(
    url: str,
    options: LiveOptions,
    view: LiveView,
    *,
    controls: LiveControls | None = None,
    clock: ProgramClock | None = None,
) -> LiveRun:
    """Run a source until it ends or the program is interrupted; both end it cleanly.

    Raises
    ------
    BackstrideError
        When the source cannot be opened, is lost for good, or the recording cannot be created.
    """
    task = asyncio.current_task()
    loop = asyncio.get_running_loop()
    if task is not None:
        for name in ("SIGINT", "SIGTERM"):
            # Windows' event loop has no signal handlers: there Ctrl-C cancels the task as usual
            with contextlib.suppress(NotImplementedError, AttributeError, ValueError):
                loop.add_signal_handler(getattr(signal, name), task.cancel)
    controls = controls or LiveControls()
    for kind, value in options.marks:
        controls.mark(kind, value)
    async with open_source(url, clock=clock) as source:
        session = _Session(url, source, options, view, controls)
        try:
            async for record in source:
                session.take(record)
                if controls.stop_wanted:
                    break
        except asyncio.CancelledError:
            # asked to stop: what has arrived is finished and kept
            if task is not None:
                task.uncancel()
        except BackstrideError as error:
            session.lose(error)
        finally:
            run = session.finish()
    return run
