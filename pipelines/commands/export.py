"""``backstride export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from imu.errors import InputError, ParameterError
from pipelines.commands.checks import check_outputs, check_results, warm_up_filters
from pipelines.commands.messages import complain, reader_may_leave, say_json
from pipelines.files.exporting import PLOTS, mark_lines, write_samples
from pipelines.files.session_reader import read_session
from pipelines.files.stream_table import write_streams
from pipelines.files.table_output import table_format

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.files.session_reader import Session

__all__ = ["export"]


def export(
    file: Annotated[Path, typer.Argument(help="Session (.mcap).", show_default=False)],
    samples: Annotated[
        str | None,
        typer.Option(
            help="Decoded samples: a table (.csv, .parquet, - for standard output), or a file for "
            "Foxglove and PlotJuggler (.mcap).",
            show_default=False,
        ),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Samples as the sensor sent them, not calibrated.")
    ] = False,
    steps: Annotated[
        str | None,
        typer.Option(help="Steps table (.csv, .parquet, -).", show_default=False),
    ] = None,
    streams: Annotated[
        str | None,
        typer.Option(
            help="What a treadmill, a foot pod and a strap sent, a row a reading (.csv, .parquet, "
            "-).",
            show_default=False,
        ),
    ] = None,
    facts: Annotated[
        str | None,
        typer.Option(
            help="All that the session's log says has happened, but for the steps (JSON Lines, -).",
            show_default=False,
        ),
    ] = None,
    marks: Annotated[
        str | None,
        typer.Option(help="What was marked during it (JSON Lines, -).", show_default=False),
    ] = None,
) -> None:
    """Write what a session holds in forms that other programs read.

    Tables and lines replace an older file of that name, whole or not at all; never a recording.
    """
    outputs: dict[str, Path | str | None] = {
        "--samples": samples,
        "--steps": steps,
        "--streams": streams,
        "--facts": facts,
        "--marks": marks,
    }
    if not any(outputs.values()):
        raise ParameterError("export", str(file), "what to write, such as --samples samples.csv")
    check_outputs({"FILE": file, **outputs})
    check_results(outputs)
    if raw and samples is None:
        raise ParameterError("--raw", "given", "it with --samples")
    if samples is not None and Path(samples).suffix.lower() != PLOTS:
        table_format(samples, "--samples")
    if steps is not None:
        table_format(steps, "--steps")
    if streams is not None:
        table_format(streams, "--streams")
    if file.suffix.lower() != ".mcap":
        raise InputError("is no session: give an .mcap file.", place=str(file))
    session = read_session(file)
    if session.note:
        complain(f"note: {session.note}")
    with reader_may_leave():
        if samples is not None:
            count = write_samples(samples, session, raw=raw)
            _tell(samples, f"{count} samples")
        if streams is not None:
            _tell(streams, f"{write_streams(streams, session)} readings")
        if marks is not None:
            _write_lines(marks, mark_lines(session))
        if steps is not None or facts is not None:
            warm_up_filters()
            _write_found(session, steps, facts)


def _write_found(session: Session, steps: str | None, facts: str | None) -> None:
    """Steps and facts, as this version finds them in the log."""
    from pipelines.files.steps_table import write_steps
    from pipelines.replay import fold_session
    from pipelines.session.facts import StepsFinished
    from pipelines.session.json_form import to_plain
    from pipelines.views.progress import progress

    with progress(f"going through {session.path.name}") as report:
        found = fold_session(session, session.header, report)
    if steps is not None:
        write_steps(steps, found.result.steps)
        _tell(steps, f"{len(found.result.steps)} steps")
    if facts is not None:
        kept = (fact for fact in found.facts if not isinstance(fact, StepsFinished))
        _write_lines(facts, map(to_plain, kept))


def _write_lines(path: str, lines: Iterable[dict[str, Any]]) -> None:
    import json

    from pipelines.files.replacing import replacing

    texts = [json.dumps(line, ensure_ascii=False) for line in lines]
    if path == "-":
        for text in texts:
            say_json(text)
        return
    with replacing(path) as out:
        out.write("".join(f"{text}\n" for text in texts).encode())
    _tell(path, f"{len(texts)} lines")


def _tell(path: str, what: str) -> None:
    """What was written, unless it went to standard output."""
    if path != "-":
        complain(f"{path}: {what}")
