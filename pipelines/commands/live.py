"""``backstride live``."""

from __future__ import annotations

import asyncio
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from devices.simulator.scenario import Scenario
from imu.errors import ParameterError
from pipelines.coaching.alert_command import AlertCommand
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.commands.after_run import (
    ask_after_run,
    file_and_review,
    file_earlier,
    offer_unfiled,
)
from pipelines.commands.checks import check_axes, check_outputs, check_port, warm_up_filters
from pipelines.commands.journal.questions import ask_what_is_due
from pipelines.commands.messages import as_typed, complain, ended_by_ctrl_c, say, say_summary
from pipelines.commands.options import Axes, BaselineFile, Height, Mass, SettingsFile
from pipelines.files.alert_settings_file import load_alert_settings
from pipelines.files.baseline_file import load_baseline
from pipelines.files.replacing import refuse_existing
from pipelines.lab_streaming import load_lsl
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.runner.continuing import (
    EarlierSession,
    Interrupted,
    continued_path,
    earlier_session,
    interrupted_note,
)
from pipelines.runner.history import RunHistory, history_for_run
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Settings
from pipelines.runner.journal.tags import unknown_shoe_note
from pipelines.runner.noted_meanwhile import NotedMeanwhile
from pipelines.runner.planning import cues_before, plan_for_run
from pipelines.runner.user_directory import sessions_directory
from pipelines.sensors.device_store import devices_directory
from pipelines.sensors.opening import open_source
from pipelines.sensors.stay_awake import staying_awake
from pipelines.units import parse_slope, parse_speed
from pipelines.views.kept_recording import kept_words
from pipelines.views.notes_at_start import NotesAtStart
from pipelines.views.page.run import Filed, Marks, run_dashboard
from pipelines.views.progress import progress
from pipelines.views.report.making import make_report
from pipelines.views.terminal.first_run import ask_for_source
from pipelines.views.terminal.view import TerminalView

_SourceUrl = Annotated[
    str | None,
    typer.Argument(
        help="Sensor: ble:ADDRESS, serial:PORT or 'sim:?speed=3.3&minutes=30'; asked for "
        "without one."
    ),
]
_NoHistory = Annotated[
    bool,
    typer.Option(
        "--no-history", help="Compare with the beginning of this run, not with earlier ones."
    ),
]
_ContinueFrom = Annotated[
    str,
    typer.Option(
        "--continue",
        metavar="FILE",
        help="Go on from a session that stopped in mid-run, with its baseline: its file, or "
        "'last' for the newest in your data folder. What it holds is put into your journal first.",
    ),
]
_Record = Annotated[
    Path | None,
    typer.Option(
        help="New session file to write (.mcap), never in the place of an older one; in your "
        "data folder otherwise."
    ),
]
_NoRecord = Annotated[bool, typer.Option("--no-record", help="Record nothing.")]
_NoCalibration = Annotated[
    bool, typer.Option("--no-calibration", help="Take the sensor's readings as they are.")
]
_AlertsFile = Annotated[Path | None, typer.Option(help="JSON Lines file that alerts are added to.")]
_OnAlert = Annotated[
    str,
    typer.Option(help="Program to run for each alert, such as 'say {message}'; no shell runs it."),
]
_SurfaceName = Annotated[str, typer.Option(help="What you run on, such as treadmill or track.")]
_ShoeName = Annotated[str, typer.Option(help="Name of your shoes.")]
_Speed = Annotated[
    str,
    typer.Option(
        help="Speed of the treadmill, such as '10 km/h': gives the distance, and what speed "
        "does to your form is not told as a change."
    ),
]
_Slope = Annotated[
    str,
    typer.Option(
        help="Slope of the treadmill, such as '1 %': what it does to your form is not told as "
        "a change."
    ),
]
_Treadmill = Annotated[
    str,
    typer.Option(
        help="Treadmill that says speed, slope and distance by Bluetooth: ble:ADDRESS, "
        "ble:?name=… or ble: for the first one heard. A simulated sensor has one with "
        "'sim:?treadmill=1'."
    ),
]
_FootPod = Annotated[str, typer.Option(help="Foot pod, likewise.")]
_HeartRate = Annotated[str, typer.Option(help="Heart rate strap, likewise.")]
_Lsl = Annotated[
    bool,
    typer.Option(
        "--lsl",
        help="Send samples, steps, alerts and marks to the lab streaming layer, too: anybody on "
        "your local network can read them.",
    ),
]
_ShowPage = Annotated[bool, typer.Option("--dashboard", help="Show a page in the browser too.")]
_Port = Annotated[int, typer.Option(min=0, max=65535, help="Port of the page; 0 takes a free one.")]
#: What is said before a run to somebody who is going to run.
_FOR_A_RUN = ("routine.before_run", "words.posture")
#: What may be stated of a run from its beginning, in the order in which it is marked.
_MARKS = ("surface", "shoe", "speed", "slope", "pain")
#: As :data:`~pipelines.views.page.run.Prepare`; also without answers about the body.
Completes = Callable[[str, Settings | None, Marks], tuple[LiveOptions, Sequence[str]]]
#: Shows a run on the page, and asks there for its source where there is none.
Page = Callable[..., Awaitable[LiveRun | None]]
_NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Only tell the page's address.")]


def live(
    source: _SourceUrl = None,
    axes: Axes = "",
    mass: Mass = None,
    height: Height = None,
    baseline: BaselineFile = None,
    no_history: _NoHistory = False,
    continue_from: _ContinueFrom = "",
    record: _Record = None,
    no_record: _NoRecord = False,
    no_calibration: _NoCalibration = False,
    alerts: _AlertsFile = None,
    on_alert: _OnAlert = "",
    settings: SettingsFile = None,
    surface: _SurfaceName = "",
    shoe: _ShoeName = "",
    speed: _Speed = "",
    slope: _Slope = "",
    treadmill: _Treadmill = "",
    foot_pod: _FootPod = "",
    heart_rate: _HeartRate = "",
    lsl: _Lsl = False,
    dashboard: _ShowPage = False,
    port: _Port = 0,
    no_browser: _NoBrowser = False,
) -> None:
    """Show a sensor's steps as they happen, and record the session."""
    check_axes(axes)
    beside = _given(treadmill=treadmill, foot_pod=foot_pod, heart_rate=heart_rate)
    if source is not None:
        # a mistyped URL is told before anything is compiled or created
        open_source(source, beside=beside)
    _check_record(record, forbidden=no_record)
    if continue_from and baseline is not None:
        raise ParameterError("--continue", continue_from, "either --continue or --baseline")
    inputs = {"--continue": continue_from or None, "--baseline": baseline, "--settings": settings}
    check_outputs({**inputs, "--record": record}, {"--alerts": alerts})
    _check_page(port, dashboard=dashboard)
    _check_words(on_alert, speed, slope)
    if lsl:
        load_lsl()
    chosen = None if settings is None else load_alert_settings(settings)
    if (earlier := _earlier(continue_from)) is not None:
        chosen = earlier.check(
            axes=axes, mass_kg=mass, height_m=height, calibrated=not no_calibration, settings=chosen
        )
        source = source or earlier.header.source
        beside = beside or earlier.header.beside
        surface, shoe = surface or earlier.surface, shoe or earlier.shoe
    stated = LiveOptions(
        axes=axes,
        mass_kg=mass,
        height_m=height,
        baseline=load_baseline(baseline) if baseline else None,
        earlier=earlier,
        devices=None if no_calibration else devices_directory(),
        record=record,
        record_in=sessions_directory() if record is None and not no_record else None,
        alerts=alerts,
        on_alert=on_alert,
        settings=chosen or AlertSettings(),
        marks=tuple(_given(surface=surface, shoe=shoe, speed=speed, slope=slope).items()),
        beside=beside,
        lsl=lsl,
    )
    history = not no_history and earlier is None
    _accompany(source, stated, history, port if dashboard else None, browser=not no_browser)


def _accompany(
    source: str | None, stated: LiveOptions, history: bool, port: int | None, *, browser: bool
) -> None:
    """From the journal through the run and back; ``port`` is that of a page, None without one."""
    with JournalAtHand() as journal:
        if stated.earlier is not None:
            file_earlier(stated.earlier, journal)
        offer_unfiled(journal)
        if source is None and port is None:
            source, stated, page_wanted = _asked(journal, stated)
            port = 0 if page_wanted else None
        prepare = partial(_completed, journal=journal, stated=stated, history=history)
        ended: list[tuple[LiveRun, Filed]] = []

        def after_run(run: LiveRun) -> Filed:
            ended.append((run, file_and_review(run, journal, compared=history)))
            return ended[-1][1]

        page = partial(
            run_dashboard,
            port=port or 0,
            open_browser=browser,
            make_report=make_report,
            prepare=prepare,
            journal=journal,
            after_run=after_run,
        )
        run = _watch(source, stated, prepare, None if port is None else page)
        if run is not None and port is None:
            after_run(run)
        for number, (one, filed) in enumerate(ended, 1):
            asks = port is None and number == len(ended)
            _tell_end(one, filed, journal if asks else None)
        if any(one.recording_trouble or one.other_trouble for one, _ in ended):
            raise typer.Exit(1)


def _given(**words: str) -> dict[str, str]:
    """Those that were said."""
    return {name: text for name, text in words.items() if text}


def _check_page(port: int, *, dashboard: bool) -> None:
    if dashboard:
        check_port(port)
    elif port:
        raise ParameterError("--port", port, "it with --dashboard, which shows the page")


def _check_record(record: Path | None, *, forbidden: bool) -> None:
    if record is None:
        return
    if forbidden:
        raise ParameterError("--record", str(record), "either --record or --no-record")
    if record.suffix.lower() != ".mcap":
        raise ParameterError("--record", str(record), "a file that ends in .mcap")
    refuse_existing(record)


def _check_words(on_alert: str, speed: str, slope: str) -> None:
    """Refuse now what could not be understood later."""
    if on_alert and shutil.which(AlertCommand(on_alert).words[0]) is None:
        raise ParameterError("--on-alert", on_alert, "a program that can be found")
    if speed:
        parse_speed(speed, "--speed")
    if slope:
        parse_slope(slope, "--slope")


def _asked(journal: JournalAtHand, stated: LiveOptions) -> tuple[str, LiveOptions, bool]:
    """The source that the runner chooses, the answers that go with it, and whether on a page."""
    if sys.stdin.isatty():
        ask_what_is_due(journal)
    marks = dict(stated.marks)
    first = ask_for_source(
        journal,
        surface=marks.get("surface", ""),
        shoe=marks.get("shoe", ""),
        axes_known=bool(stated.axes),
    )
    marks |= {"surface": first.surface, "shoe": first.shoe}
    if first.pain:
        marks["pain"] = f"{first.pain} before"
    told = tuple((kind, marks[kind]) for kind in _MARKS if marks.get(kind))
    body, options = first.settings, replace(stated, marks=told)
    options = _with_body(options, body.mass_kg, body.height_m)
    return first.source, options, first.page


def _watch(
    source: str | None, stated: LiveOptions, prepare: Completes, page: Page | None
) -> LiveRun | None:
    """Run it to its end, on a page where there is one; None when that was left without a run."""
    simulated = None if source is None else _simulated(source)
    # a source that is chosen on the page is asked for what goes with it then
    options, notes = (stated, ()) if source is None else prepare(source, None, stated.marks)
    if page is None:  # a page is there at once, and compiles meanwhile
        warm_up_filters()
    with ended_by_ctrl_c(), nullcontext() if simulated is not None else staying_awake():
        return asyncio.run(_run(source, options, notes, page))


def _earlier(given: str) -> EarlierSession | None:
    """The session to go on from, once it has been run again; None where none is."""
    if not given:
        return None
    path = continued_path(given)
    warm_up_filters()
    with progress(f"going through {path.name}") as report:
        return earlier_session(path, time.time_ns(), report)


async def _run(
    source: str | None, options: LiveOptions, notes: Sequence[str], page: Page | None
) -> LiveRun | None:
    with TerminalView() as terminal:
        # once the source is open: where it cannot be, nobody need warm up
        tell = terminal.note if terminal.interactive else _note
        view = NotesAtStart(terminal, notes, tell)
        if page is not None:
            return await page(source, options, notes=notes, other_views=[view], tell=terminal.note)
        assert source is not None  # asked for, unless there is a page to ask on
        return await run_live(source, options, view)


def _note(text: str) -> None:
    complain(f"note: {text}")


def _completed(
    source: str,
    body: Settings | None,
    marks: Marks,
    *,
    journal: JournalAtHand,
    stated: LiveOptions,
    history: bool,
) -> tuple[LiveOptions, Sequence[str]]:
    """What goes with a source besides what was stated, and what the user should know of it.

    ``body`` is what the runner has told on the page, None where nothing was asked; ``marks`` are
    surface, shoe, speed and slope from the beginning; ``history``, whether to compare with earlier
    runs on that surface in that shoe.
    """
    stated = replace(stated, marks=marks)
    if body is not None:
        stated = replace(stated, mass_kg=body.mass_kg, height_m=body.height_m)
    if source.partition(":")[0] == "trace":
        return stated, ["a trace is nobody's run: it is not filed in the journal."]
    # a trial run is not filed, but its runner is the same person
    simulated, now, earlier = _simulated(source), datetime.now().astimezone(), stated.earlier
    own = simulated is None
    baseline = stated.baseline if own else None
    plan, notes = plan_for_run(journal, now, baseline, marks=marks)
    if body is not None:
        plan = replace(plan, units=body.units)
    options = replace(stated, companion=plan)
    if simulated is None:
        options, more = _filed(options, body, journal, history=history)
        notes += more
    else:
        # the simulated runner is as heavy and tall as the scenario says
        options = _with_body(options, simulated.mass, simulated.height)
        if simulated.baseline and options.baseline is None:
            options = replace(options, baseline=load_baseline(Path(simulated.baseline)))
    # in mid-run nobody warms up, and who only tries it out need not
    tries = not own and (plan.longest is None or not plan.longest.distance_m)
    goes_on = tries or earlier is not None
    before = cues_before(plan, marks)
    notes += [one.message for one in before if not (goes_on and one.text_id in _FOR_A_RUN)]
    notes += filter(None, [unknown_shoe_note(journal, dict(marks).get("shoe", ""), filed=own)])
    cut = interrupted_note(source, time.time_ns()) if earlier is None else None
    if cut is not None:
        how = _continue_words(source, cut) if body is None else ""
        notes.append(f"{cut.words} {how}".rstrip())
    return options, notes


def _continue_words(source: str, cut: Interrupted) -> str:
    """How the terminal goes on from a session."""
    command = f'backstride live "{source}" --continue "{cut.path}"'
    return f"To keep its baseline, stop and start with: {command}"


def _filed(
    options: LiveOptions, body: Settings | None, journal: JournalAtHand, *, history: bool
) -> tuple[LiveOptions, list[str]]:
    """A run that the journal gets: its runner's body, and what to compare it with, with notes."""
    notes: list[str] = []
    earlier, plan = RunHistory(), options.companion
    if options.baseline is not None:
        notes.append("compared with the baseline that you gave.")
    # else the journal is no help, as is told
    elif history and plan is not None and plan.longest is not None:
        marks, now = dict(options.marks), datetime.now().astimezone()
        surface, shoe = marks.get("surface", ""), marks.get("shoe", "")
        earlier, trouble = history_for_run(journal, now, surface, shoe)
        notes += [trouble] if trouble else []
    settings = journal.ask(Journal.settings, Settings()) if body is None else body
    options = replace(options, filed=True, noted=NotedMeanwhile(journal), history=earlier)
    return _with_body(options, settings.mass_kg, settings.height_m), notes


def _with_body(options: LiveOptions, mass_kg: float | None, height_m: float | None) -> LiveOptions:
    """The same, with a body where none is stated."""
    return replace(
        options,
        mass_kg=mass_kg if options.mass_kg is None else options.mass_kg,
        height_m=height_m if options.height_m is None else options.height_m,
    )


def _tell_end(run: LiveRun, filed: Filed, journal: JournalAtHand | None) -> None:
    """Tell what the session held and what became of it, and complain where something failed.

    With a journal, the runner is asked what only the runner knows; on the page that was done there.
    """
    if run.summary is not None:
        say_summary(run.summary, "metric" if run.result is None else run.result.header.units)
        for note in run.summary.notes:
            complain(f"note: {note}")
    if kept := kept_words(run):
        say(
            f"recorded in {run.recording}: {kept}; see what was kept with: "
            f"backstride replay {as_typed(run.recording or '')}"
        )
    elif run.recording is not None:
        again = f"backstride replay {as_typed(run.recording)}"
        say(f"recorded in {run.recording}; see it again with: {again}")
    for note in filed.notes:
        complain(f"note: {note}")
    for sentence in filed.said:
        say(sentence)
    if run.filed and run.result is not None and journal is not None:
        ask_after_run(run.result, journal)
    for trouble in [*filter(None, [run.recording_trouble]), *run.other_trouble]:
        complain(f"backstride: {trouble}")


def _simulated(source: str) -> Scenario | None:
    """The scenario of a ``sim:`` URL."""
    scheme, _, query = source.partition(":")
    return Scenario.from_query(query.removeprefix("?")) if scheme == "sim" else None
