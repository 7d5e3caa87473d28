"""The command line: where a command begins, and how a mistake is told.

A command is a row in ``pipelines/commands/table.py`` and a file that is imported when it is called,
so that ``--help``, which is made of its signature, answers at once.
"""

from __future__ import annotations

import atexit
import gc
import sys
from importlib.metadata import version as version_of
from typing import Annotated, Any

import typer

from imu.errors import BackstrideError
from pipelines.commands.lazy_group import LazyGroup
from pipelines.commands.messages import complain, drop_output, reader_may_leave, say, say_lines
from pipelines.commands.table import COMMANDS
from pipelines.stopping import ended_as_by_ctrl_c
from pipelines.system_error import explain


class _Commands(LazyGroup):
    """All commands; Ctrl-C that a command does not take itself ends it with one sentence."""

    def __init__(self, **given: Any) -> None:
        super().__init__(table=COMMANDS, **given | {"invoke_without_command": True})
        self.no_args_is_help = False

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, Exception) as error:
            if not _was_interrupted(error):
                raise
        # the terminal shows ^C on the line of whatever was being said
        if sys.stderr.isatty():
            complain("")
        complain("backstride: stopped before the end.")
        raise typer.Exit(130)


def _was_interrupted(error: BaseException | None) -> bool:
    """Whether Ctrl-C began it: a compiler that is interrupted fails in its own ways."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return error is not None


app = typer.Typer(
    name="backstride",
    cls=_Commands,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"backstride {version_of('backstride')}")
        raise typer.Exit


@app.callback()
def program(
    context: typer.Context,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version and stop.", is_eager=True, callback=_print_version
        ),
    ] = False,
) -> None:
    """Hold the options that stand before a command; without one the page opens."""
    if context.invoked_subcommand is None:
        from pipelines.commands.home import home

        home()


def _number_asked_for(error: Any) -> str:
    """What is to be typed in place of what is no number, or beyond its range; empty if neither."""
    refused = getattr(error.__cause__, "errors", None)
    if refused is None or error.param is None:
        return ""
    (found, *_) = refused()
    kind, limits = str(found["type"]), found.get("ctx", {})
    number = "a whole number" if kind.startswith("int") else "a number"
    if "ge" in limits:
        number += f" from {limits['ge']:g} on"
    elif "le" in limits:
        number += f" up to {limits['le']:g}"
    elif not kind.startswith(("int", "float")):
        return ""
    name = next((one for one in error.param.opts if one.startswith("--")), error.param.name)
    return f"{name} is {found['input']!r}: give {number}"


def main() -> None:
    """Run the command line; a user's mistake is one sentence, never a traceback."""
    # the interpreter looks through all that is left as it ends: a third of a second for nothing
    atexit.register(gc.freeze)
    for stream in (sys.stdout, sys.stderr):
        # Windows consoles and pipes may not speak UTF-8
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    code = 0
    try:
        with ended_as_by_ctrl_c(), reader_may_leave():
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
        text = _number_asked_for(error) or str(sentence())
        if "Usage:" in text:
            say_lines(text)
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
