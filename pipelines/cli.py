"""The command line: which commands there are, and how a mistake is told.

What a command does is imported when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from pipelines.commands.calibrate import calibrate
from pipelines.commands.desk import desk
from pipelines.commands.doctor import doctor
from pipelines.commands.download import download
from pipelines.commands.export import export
from pipelines.commands.journal import journal_app
from pipelines.commands.live import live
from pipelines.commands.messages import complain, drop_output, reader_may_leave, say
from pipelines.commands.metronome import metronome
from pipelines.commands.replay import replay
from pipelines.commands.report import report
from pipelines.commands.scan import scan
from pipelines.commands.simulate import simulate

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """All commands; Ctrl-C that a command does not take itself ends it with one sentence."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, Exception) as error:
            if not _was_interrupted(error):
                raise
        # the terminal shows ^C on the line of whatever was being said
        line = "\n" if sys.stderr.isatty() else ""
        complain(f"{line}backstride: stopped before the end.")
        raise typer.Exit(130)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C began it: a compiler that is interrupted fails in its own ways."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error is not None


app = typer.Typer(
    name="backstride",
    cls=_Commands,
    help="Reads a motion sensor clipped to a runner's waistband: steps, impact, oscillation, lean. "
    "Not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        say(f"backstride {version('backstride')}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            help="Print the version and stop.",
            is_eager=True,
            callback=_print_version,
        ),
    ] = False,
) -> None:
    """Hold the options that stand before a command."""


for command in (
    scan,
    calibrate,
    live,
    replay,
    report,
    export,
    download,
    desk,
    metronome,
    simulate,
    doctor,
):
    app.command()(command)
app.add_typer(journal_app)


def main() -> None:
    """Run the command line; a user's mistake is one sentence, never a traceback."""
    from imu.errors import BackstrideError
    from pipelines.files.system_error import explain

    for stream in (sys.stdout, sys.stderr):
        # Windows consoles and pipes may not speak UTF-8
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    code = 0
    try:
        with reader_may_leave():
            code = app(prog_name="backstride", standalone_mode=False) or 0
    except typer.Exit as end:
        code = end.exit_code
    except BackstrideError as error:
        complain(f"backstride: {error}")
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except Exception as error:
        # the command line library's own complaints: not a class it promises to keep
        sentence = getattr(error, "format_message", None)
        if sentence is None:
            raise
        text = str(sentence())
        if "Usage:" in text:
            say(text)
        else:
            place = getattr(getattr(error, "ctx", None), "command_path", "backstride")
            complain(f"backstride: {text.rstrip('.')}; see '{place} --help'.")
        code = getattr(error, "exit_code", 2)
    try:
        sys.stdout.flush()
    except OSError as error:
        drop_output()
        if code == 0:
            complain(f"backstride: standard output: {explain(error)}.")
            code = 1
    sys.exit(code)


if __name__ == "__main__":
    main()
