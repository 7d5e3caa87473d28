"""``backstride export``."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer
from msgspec import structs

from imu.errors import BackstrideError, InputError, ParameterError
from pipelines.commands.checks import check_ending, check_outputs, warm_up_filters
from pipelines.commands.journal.messages import opened_journal
from pipelines.commands.messages import complain, reader_may_leave, say_json
from pipelines.files.exporting import (
    PLOTS,
    decoded_samples,
    mark_lines,
    write_result_json,
    write_samples,
)
from pipelines.files.fit_activity import check_fit_library, write_fit
from pipelines.files.motion_bids import MotionNames, write_motion_bids
from pipelines.files.provenance import Provenance, content_digest, provenance_of, utc_text
from pipelines.files.reading.front_door import read
from pipelines.files.session_reader import Session, read_session
from pipelines.files.steps_table import write_steps
from pipelines.files.stream_table import write_streams
from pipelines.files.table_output import table_format, write_text
from pipelines.folding import Folded, fold_session
from pipelines.replay_options import ReplayOptions
from pipelines.runner.journal.arguments import time_of
from pipelines.runner.journal.known_run import known_run
from pipelines.runner.journal.recorded import begun_at, start_of_table
from pipelines.runner.user_directory import data_directory
from pipelines.session.facts import StepsFinished
from pipelines.session.json_form import to_plain
from pipelines.session.result import SessionResult
from pipelines.table_folding import fold_table
from pipelines.views.progress import progress

Samples = Annotated[
    str | None,
    typer.Option(
        help="Decoded samples: a table (.csv, .parquet, - for standard output), or a file for "
        "Foxglove and PlotJuggler (.mcap)."
    ),
]
Streams = Annotated[
    str | None,
    typer.Option(
        help="What a treadmill, a foot pod and a strap sent, a row a reading (.csv, .parquet, -)."
    ),
]
Facts = Annotated[
    str | None,
    typer.Option(
        help="All that the session's log says has happened, but for the steps (JSON Lines, -)."
    ),
]
Bids = Annotated[
    Path | None,
    typer.Option(help="Folder of a Motion-BIDS dataset, which the samples are put into."),
]
WithJournal = Annotated[
    bool,
    typer.Option(
        "--with-journal",
        help="The FIT activity with what your journal has of the run: start, distance, surface.",
    ),
]
At = Annotated[
    str,
    typer.Option(help="Start, such as '2026-03-02 18:30', where the recording does not say it."),
]
Json = Annotated[
    Path | None, typer.Option("--json", help="Summary, alerts and steps in one file (.json).")
]


def export(
    file: Annotated[
        Path,
        typer.Argument(
            help="Session (.mcap); steps, FIT, BIDS and JSON are also made of any other recording."
        ),
    ],
    samples: Samples = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Samples as the sensor sent them, not calibrated.")
    ] = False,
    steps: Annotated[str | None, typer.Option(help="Steps table (.csv, .parquet, -).")] = None,
    streams: Streams = None,
    facts: Facts = None,
    marks: Annotated[
        str | None, typer.Option(help="What was marked during it (JSON Lines, -).")
    ] = None,
    fit: Annotated[
        Path | None, typer.Option(help="FIT activity with running dynamics (.fit).")
    ] = None,
    bids: Bids = None,
    subject: Annotated[str, typer.Option(help="Whose it is, in the dataset.")] = "01",
    task: Annotated[str, typer.Option(help="What is done, in the dataset.")] = "running",
    as_json: Json = None,
    with_journal: WithJournal = False,
    at: At = "",
) -> None:
    """Write what a session holds in forms that other programs read.

    Tables and lines replace an older file of that name, whole or not at all; never a recording.
    What the recording holds nothing for is told, and all else is written.
    """
    outputs = _Outputs(
        {
            "--samples": samples,
            "--steps": steps,
            "--streams": streams,
            "--facts": facts,
            "--marks": marks,
            "--fit": fit,
            "--json": as_json,
        }
    )
    _check(file, outputs.places, bids, raw=raw, with_journal=with_journal)
    names = MotionNames(subject, task)
    start_ns = time_of(at)[0] if at else None
    held = any((samples, streams, marks, facts))
    session = _session(file, start_ns, needed=held)
    with reader_may_leave():
        if session is not None:
            _write_held(outputs, session, raw=raw)
        if bids is not None:
            with outputs.others_go_on():
                _write_bids(bids, file, session, names, start_ns)
        if any(one is not None for one in (steps, facts, fit, as_json)):
            with outputs.others_go_on():
                warm_up_filters()
                found = _found(file, session, start_ns)
                _write_found(outputs, file, found, with_journal=with_journal)
    for fault in outputs.faults[:-1]:
        complain(str(fault))
    if outputs.faults:
        raise outputs.faults[-1]


@dataclass(frozen=True, slots=True)
class _Outputs:
    """Where each output goes, by its option, and why some are lacking, for the end."""

    places: Mapping[str, Path | str | None]
    faults: list[BackstrideError] = field(default_factory=list)

    def write(self, option: str, how: Callable[[str], object], told: str) -> None:
        """Write one where it is wanted, and tell it, with the number that comes of it."""
        place = self.places[option]
        if place is not None:
            with self.others_go_on():
                count = how(str(place))
                if place != "-":
                    complain(f"{place}: {told.format(count)}")

    @contextmanager
    def others_go_on(self) -> Iterator[None]:
        """Keep why one cannot be written; the same is told once."""
        try:
            yield
        except BackstrideError as fault:
            if str(fault) not in map(str, self.faults):
                self.faults.append(fault)


def _session(file: Path, start_ns: int | None, *, needed: bool) -> Session | None:
    """What was recorded, with the start that is stated where it says none; None of a table."""
    if file.suffix.lower() != ".mcap":
        if needed:
            raise InputError(
                "is no session: give an .mcap file; samples of other recordings are written by "
                "import.",
                place=str(file),
            )
        return None
    session = read_session(file)
    if session.note:
        complain(f"note: {session.note}")
    if start_ns is None:
        return session
    return replace(session, header=begun_at(session.header, start_ns))


def _check(
    file: Path,
    outputs: Mapping[str, Path | str | None],
    bids: Path | None,
    *,
    raw: bool,
    with_journal: bool,
) -> None:
    """Refuse what makes no sense, before anything is read."""
    if not any(outputs.values()) and bids is None:
        raise ParameterError("export", str(file), "what to write, such as --samples samples.csv")
    check_outputs({"FILE": file, "--bids": bids}, outputs)
    for name, ending in (("--fit", ".fit"), ("--json", ".json")):
        given = outputs[name]
        check_ending(name, None if given is None else Path(given), ending)
    if outputs["--fit"] is not None:
        check_fit_library()
    elif with_journal and outputs["--json"] is None:
        raise ParameterError("--with-journal", "given", "it with --fit or --json")
    samples = outputs["--samples"]
    if raw and samples is None:
        raise ParameterError("--raw", "given", "it with --samples")
    plots = samples is not None and Path(samples).suffix.lower() == PLOTS
    for name in ("--steps", "--streams") if plots else ("--samples", "--steps", "--streams"):
        if (table := outputs[name]) is not None:
            table_format(table, name)


def _write_held(outputs: _Outputs, session: Session, *, raw: bool) -> None:
    """What stands in the log as it is."""
    outputs.write("--streams", lambda path: write_streams(path, session), "{} readings")
    outputs.write("--samples", lambda path: write_samples(path, session, raw=raw), "{} samples")
    outputs.write("--marks", lambda path: _write_lines(path, mark_lines(session)), "{} lines")


def _write_bids(
    folder: Path, file: Path, session: Session | None, names: MotionNames, start_ns: int | None
) -> None:
    if session is not None:
        info, samples = decoded_samples(session)
        rate_hz, made = info.rate_hz, provenance_of(file, session.header)
    else:
        table = read(file, memory=data_directory())
        samples, rate_hz = table.samples, table.rate_hz
        began_ns, _ = _start(table.utc_start_ns, start_ns)
        made = Provenance({}, content_digest(file), utc_text(began_ns))
    path = write_motion_bids(folder, names, samples, rate_hz, made)
    complain(f"{path}: {len(samples)} samples")


def _start(told_ns: int, stated_ns: int | None) -> tuple[int, tuple[str, ...]]:
    """When it began, ns since 1970, or 0, and what should be known of that."""
    return (told_ns, ()) if stated_ns is None else start_of_table(told_ns, stated_ns)


def _found(file: Path, session: Session | None, start_ns: int | None) -> Folded:
    """What is found in the recording by this version, and told of it."""
    with progress(f"going through {file.name}") as report:
        if session is not None:
            found = fold_session(session, session.header, report)
        else:
            found = fold_table(file, ReplayOptions(memory=data_directory()), report)
            began_ns, notes = _start(found.header.utc_start_ns, start_ns)
            header = structs.replace(found.header, utc_start_ns=began_ns)
            found = replace(found, header=header, notes=(*found.notes, *notes))
    for note in found.notes:
        complain(f"note: {note}")
    return found


def _write_found(outputs: _Outputs, file: Path, found: Folded, *, with_journal: bool) -> None:
    """What is found in it."""
    result, made = found.result, provenance_of(file, found.header)
    if with_journal:
        with opened_journal() as journal:
            known = known_run(journal, result)
        if known is None:
            complain(f"note: {file}: your journal does not have this run.")
        else:
            result = known.laid_over(result)
    kept = (to_plain(fact) for fact in found.facts if not isinstance(fact, StepsFinished))
    steps = f"{len(result.steps)} steps"
    outputs.write("--steps", lambda path: write_steps(path, result.steps, made), steps)
    outputs.write("--json", lambda path: write_result_json(path, result, made), steps)
    outputs.write("--facts", lambda path: _write_lines(path, kept), "{} lines")
    outputs.write("--fit", lambda path: _write_fit(path, result), f"{result.duration_s:.0f} s")


def _write_fit(path: str, result: SessionResult) -> None:
    if not result.header.utc_start_ns:
        wanted = "when it began, which --fit needs and this recording does not say"
        raise ParameterError("--at", "", wanted)
    write_fit(path, result)


def _write_lines(path: str, lines: Iterable[dict[str, Any]]) -> int:
    texts = [json.dumps(line, ensure_ascii=False) for line in lines]
    if path == "-":
        for text in texts:
            say_json(text)
    else:
        write_text(path, (f"{text}\n" for text in texts))
    return len(texts)
