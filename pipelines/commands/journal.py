"""The commands ``backstride journal …``: arguments, questions and messages, nothing else.

What a command does is imported when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.commands.journal_archive import delete, export
from pipelines.commands.journal_pain import pain
from pipelines.commands.journal_shoe import shoe
from pipelines.commands.journal_sources import sources
from pipelines.runner.journal.messages import (
    add_or_tell,
    asked,
    complain,
    say,
    say_cues,
    tell_notes,
)

if TYPE_CHECKING:
    from pipelines.runner.filing import FinishedRun

__all__ = ["journal_app"]

journal_app = typer.Typer(
    name="journal",
    help="The journal: runs, pain, shoes, exercises, the week, comparisons, and your settings.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

At = Annotated[
    str, typer.Option(help="When, such as '2026-03-02 18:30'; now otherwise.", show_default=False)
]


@journal_app.command()
def add(
    file: Annotated[
        Path,
        typer.Argument(
            help="Session (.mcap), or a summary of a replay (.json).", show_default=False
        ),
    ],
    distance: Annotated[
        str, typer.Option(help="Distance run, such as '5 km'.", show_default=False)
    ] = "",
    treadmill: Annotated[
        str, typer.Option(help="Distance the treadmill showed.", show_default=False)
    ] = "",
    speed: Annotated[
        str, typer.Option(help="The treadmill's speed, such as '10 km/h'.", show_default=False)
    ] = "",
    surface: Annotated[str, typer.Option(help="Surface, a word.", show_default=False)] = "",
    shoe: Annotated[str, typer.Option(help="Name of the shoe.", show_default=False)] = "",
    baseline: Annotated[
        Path | None,
        typer.Option(help="Baseline of earlier easy runs; the dose needs it.", show_default=False),
    ] = None,
    at: Annotated[
        str, typer.Option(help="Start, where the file does not say it.", show_default=False)
    ] = "",
    note: Annotated[str, typer.Option(help="Your own words.", show_default=False)] = "",
    again: Annotated[
        bool,
        typer.Option(
            "--again", help="Compute a run anew that is there already; what you noted stays."
        ),
    ] = False,
) -> None:
    """Add a recorded session. The sensor cannot measure distance: state it."""
    from pipelines.runner.filing import add_run
    from pipelines.runner.journal.advice import after_run, stop_cue
    from pipelines.runner.journal.arguments import time_of
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.recorded import AddOptions, recorded_run
    from pipelines.runner.journal.words import session_line

    options = AddOptions(
        distance=distance,
        treadmill=treadmill,
        speed=speed,
        surface=surface,
        shoe=shoe,
        baseline=baseline,
        start_ns=time_of(at)[0] if at else None,
        note=note,
        again=again,
    )
    with Journal() as journal:
        tell_notes(journal.notes)
        recorded = recorded_run(file, options, journal)
        session = add_run(journal, recorded.run, recorded.number)
        if session is None:
            complain(f"note: {_nothing_run(recorded.run, file)}")
            return
        say(session_line(session, journal.settings().units))
        if session.distance_m is None:
            complain(
                "note: this run has no distance, so weeks, shoes and the dose leave it out; delete "
                "it and add it again with --distance, --treadmill or --speed."
            )
        elif session.dose_easy_km_m4 is None:
            lacks = recorded.dose_lacks or "steps that can be trusted, and this run has none"
            complain(f"note: no dose: it needs {lacks}.")
        if recorded.simulated:
            complain("note: a simulated run leaves no baseline for your own runs.")
        stopped = stop_cue(journal)
        say_cues(after_run(journal, session) if stopped is None else [stopped])


def _nothing_run(run: FinishedRun, file: Path) -> str:
    if not run.pains:
        return (
            f"{file}: no step was found in this recording, so nothing is added; state what was run "
            "to add it all the same, such as --distance '5 km'."
        )
    return f"{file}: no step was found in this recording; only the pain that was marked is noted."


@journal_app.command("list")
def list_sessions(
    newest: Annotated[int, typer.Option(min=1, help="How many of the last runs.")] = 20,
) -> None:
    """List the last runs with the pain noted around them."""
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.queries import pains_of_runs
    from pipelines.runner.journal.words import session_line

    with Journal() as journal:
        tell_notes(journal.notes)
        units = journal.settings().units
        runs = pains_of_runs(journal, newest=newest)
    for session, rating in runs:
        levels = (rating.before, rating.after, rating.next_day, rating.second_day)
        known = any(level is not None for level in levels)
        words = " ".join("-" if level is None else str(level) for level in levels)
        rated = f"  pain {words} (before, after, 24 h, 48 h)" if known else ""
        say(session_line(session, units) + rated)
    if not runs:
        say("no runs yet; add one with: backstride journal add FILE --distance '5 km'")


journal_app.command()(pain)
journal_app.command()(shoe)


@journal_app.command()
def exercise(
    kind: Annotated[
        str, typer.Argument(help="strength, stretch, core or cross.", show_default=False)
    ],
    minutes: Annotated[float, typer.Argument(help="How long.", show_default=False)],
    note: Annotated[str, typer.Option(help="What exactly.", show_default=False)] = "",
    at: At = "",
) -> None:
    """Note strength training, a stretch, core work or cross-training."""
    from typing import cast

    from pipelines.runner.journal.arguments import time_of
    from pipelines.runner.journal.entries import Exercise, ExerciseKind

    utc_ns, offset = time_of(at)
    done = Exercise(utc_ns, cast(ExerciseKind, kind), minutes, note, utc_offset_minutes=offset)
    if add_or_tell(done):
        say(f"noted: {kind}, {minutes:g} {'minute' if minutes == 1 else 'minutes'}")


@journal_app.command()
def week(
    count: Annotated[int, typer.Option("--weeks", min=1, max=520, help="How many.")] = 5,
    charts: Annotated[
        bool, typer.Option("--charts", help="Also load ratio, monotony and strain.")
    ] = False,
) -> None:
    """Show the weeks, and what is due today."""
    from math import isfinite

    from pipelines.runner.journal.advice import advice, stop_cue
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.queries import load_charts, weeks
    from pipelines.units import distance_words

    now = datetime.now().astimezone()
    with Journal() as journal:
        tell_notes(journal.notes)
        if (stopped := stop_cue(journal)) is not None:
            say_cues([stopped])
            return
        units = journal.settings().units
        for item in weeks(journal, now.date(), count):
            unknown = item.runs_without_distance
            rest = f", {unknown} of them without a distance" if unknown else ""
            distance = distance_words(item.distance_m, units)
            say(f"week of {item.start}  {distance:>12}  runs: {item.runs}{rest}")
        say_cues(advice(journal, now).cues)
        if charts:
            for chart in load_charts(journal, now.date(), now.date()):
                value = f"{chart.values[0]:.2f}" if isfinite(chart.values[0]) else "not yet known"
                name = "load ratio (acwr)" if chart.name == "acwr" else chart.name
                say(f"{name}: {value}. {chart.note}")


@journal_app.command()
def compare(
    kind: Annotated[str, typer.Argument(help="surface or shoe.", show_default=False)],
    first: Annotated[str, typer.Argument(help="The one to start from.", show_default=False)],
    second: Annotated[str, typer.Argument(help="The other one.", show_default=False)],
) -> None:
    """Compare two surfaces, or the runs before and after a change of shoes."""
    from imu.errors import ParameterError
    from pipelines.coaching.training.comparisons import comparison_cues
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.queries import runs_by_shoe, runs_by_surface

    if kind not in {"surface", "shoe"}:
        raise ParameterError("KIND", kind, "surface or shoe")
    with Journal() as journal:
        tell_notes(journal.notes)
        runs = runs_by_surface(journal) if kind == "surface" else runs_by_shoe(journal)
    say_cues(comparison_cues(runs, first, second, before_and_after=kind == "shoe"))


@journal_app.command()
def plan(
    start: Annotated[bool, typer.Option("--start", help="Begin a return after a break.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the plan.")] = False,
    rest: Annotated[
        int | None,
        typer.Option(min=0, max=60, help="Days without running first.", show_default=False),
    ] = None,
) -> None:
    """Return to running: rest, treadmill, track, usual route."""
    from imu.errors import InputError, ParameterError
    from pipelines.coaching.training.return_to_run import rest_cues, stage_cue
    from pipelines.runner.journal.advice import return_state, stop_cue
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.entries import utc_ns_of

    if start and stop:
        raise ParameterError("--start", "given with --stop", "one of them")
    now_ns = utc_ns_of(datetime.now().astimezone())
    with Journal() as journal:
        tell_notes(journal.notes)
        stopped = stop_cue(journal)
        if start and stopped is not None:
            raise InputError(stopped.message)
        if start:
            journal.change_settings(return_since_ns=now_ns)
        if stop:
            journal.change_settings(return_since_ns=None)
        if rest is not None:
            journal.change_settings(rest_days=rest)
        settings, state = journal.settings(), return_state(journal)
    if stopped is not None:
        say_cues([stopped])
        return
    if settings.return_since_ns is None or state is None:
        say("no plan; begin one with: backstride journal plan --start")
        return
    resting = rest_cues(settings.return_since_ns, now_ns, rest_days=settings.rest_days)
    say_cues(resting or [stage_cue(state)])


@journal_app.command()
def stretch(
    hold: Annotated[float, typer.Option(min=30, max=60, help="Seconds of each hold.")] = 30.0,
    rounds: Annotated[int, typer.Option(min=1, max=10, help="Times on each side.")] = 2,
    note: Annotated[str, typer.Option(help="Which stretch.")] = "hamstrings",
) -> None:
    """Time a stretch, side by side, and note it when it is done."""
    import time

    from pipelines.coaching.training.strength import StretchPlan, stretch_timer
    from pipelines.runner.journal.arguments import time_of
    from pipelines.runner.journal.entries import Exercise

    cues = stretch_timer(StretchPlan(hold, rounds))
    begin_s = time.monotonic()
    try:
        for cue in cues:
            time.sleep(max(0.0, begin_s + cue.time_s - time.monotonic()))
            say(f"{cue.message}\a" if sys.stdout.isatty() else cue.message)
    except KeyboardInterrupt:
        complain("backstride: stopped before the end: nothing was noted.")
        raise typer.Exit(130) from None
    utc_ns, offset = time_of("")
    minutes = cues[-1].time_s / 60.0
    add_or_tell(Exercise(utc_ns, "stretch", minutes, note, utc_offset_minutes=offset))


@journal_app.command()
def check(
    yes: Annotated[
        list[str] | None,
        typer.Option(help="Question with the answer yes; may be repeated.", show_default=False),
    ] = None,
    no_others: Annotated[
        bool, typer.Option("--no-others", help="All other answers are no; nothing is asked.")
    ] = False,
    cleared: Annotated[
        bool, typer.Option("--cleared", help="A professional has said that you may run.")
    ] = False,
) -> None:
    """Ask about signs that belong into a doctor's hands."""
    from imu.errors import ParameterError
    from pipelines.coaching.texts import text
    from pipelines.coaching.training.red_flags import QUESTIONS, Answered, judge, question
    from pipelines.runner.journal.arguments import time_of
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.entries import Questionnaire
    from pipelines.runner.journal.queries import red_flag_state

    given = set(yes or [])
    if unknown := sorted(given - set(QUESTIONS)):
        raise ParameterError("--yes", unknown[0], "one of " + ", ".join(QUESTIONS))
    with Journal() as journal:
        tell_notes(journal.notes)
        state = red_flag_state(journal)
    answers = dict.fromkeys(QUESTIONS, False) | dict.fromkeys(given, True)
    if not no_others:
        say(text("red_flags.introduction"))
        for name in QUESTIONS:
            answers[name] = name in given or asked(question(name))
        if state.stopped and not any(answers.values()):
            cleared = cleared or asked(text("red_flags.cleared_question"))
    after = judge(state, Answered(answers, cleared))
    if after.cue is not None:
        say(after.cue.message)
    utc_ns, offset = time_of("")
    add_or_tell(Questionnaire(utc_ns, answers, cleared, utc_offset_minutes=offset))


@journal_app.command()
def settings(
    height: Annotated[
        str, typer.Option(help="Such as '1.75 m' or '5 ft 9 in'.", show_default=False)
    ] = "",
    mass: Annotated[
        str, typer.Option(help="Such as '70 kg' or '154 lb'.", show_default=False)
    ] = "",
    units: Annotated[str, typer.Option(help="metric or imperial.", show_default=False)] = "",
    ceiling: Annotated[
        str,
        typer.Option(help="Weekly distance, or 'default': 2 miles more.", show_default=False),
    ] = "",
    strength: Annotated[
        int | None, typer.Option(help="Strength days a week.", show_default=False)
    ] = None,
    stretches: Annotated[
        int | None, typer.Option(help="Stretches a day.", show_default=False)
    ] = None,
) -> None:
    """Show or change your settings."""
    from pipelines.coaching.texts import text
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.words import settings_lines
    from pipelines.units import parse_distance, parse_height, parse_mass

    changes: dict[str, object] = {}
    if height:
        changes["height_m"] = parse_height(height, "--height")
    if mass:
        changes["mass_kg"] = parse_mass(mass, "--mass")
    if units:
        changes["units"] = units
    if ceiling:
        own = None if ceiling == "default" else parse_distance(ceiling, "--ceiling")
        changes["weekly_ceiling_m"] = own
    if strength is not None:
        changes["strength_days"] = strength
    if stretches is not None:
        changes["stretches_per_day"] = stretches
    with Journal() as journal:
        tell_notes(journal.notes)
        now = journal.change_settings(**changes) if changes else journal.settings()
        path = journal.path
    for line in settings_lines(now):
        say(line)
    say(f"journal           {path}")
    if now.weekly_ceiling_m is None:
        say(f"note: {text('weekly.why')}")


journal_app.command()(sources)
journal_app.command()(export)
journal_app.command()(delete)
