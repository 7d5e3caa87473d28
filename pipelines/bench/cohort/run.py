"""Run a cohort: only what is not known yet, in whatever order, to the same table."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from imu.errors import ParameterError, RecordingError
from pipelines.bench.cohort.done import Done, done_folder
from pipelines.bench.cohort.engines import in_processes
from pipelines.bench.cohort.outcome import Outcome, Task
from pipelines.bench.cohort.sessions import CohortSession, Stated, find_sessions, shard_of
from pipelines.bench.cohort.table import check_kept, write_rows
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.provenance import Provenance, code_digest
from pipelines.files.table_output import table_format


@dataclass(frozen=True, slots=True)
class CohortOptions:
    """How a cohort is run; results depend on what is stated and on the settings alone.

    Parameters
    ----------
    stated : Stated
        Of all sessions, where the manifest does not say otherwise.
    settings : AlertSettings
        How changes are found.
    workers : int, optional
        Processes, from 1; as many as there are processors otherwise.
    scheduler : str
        Address of a Dask cluster that does the work, such as ``tcp://10.0.0.5:8786``.
    shard : (int, int), optional
        The part to do, from 1, and how many parts there are.

    Raises
    ------
    ParameterError
        When the number of workers is none.

    Examples
    --------
    >>> CohortOptions(workers=0)
    Traceback (most recent call last):
    ...
    imu.errors.ParameterError: --workers is 0: give a number of processes from 1 to 1024.
    """

    stated: Stated = field(default_factory=Stated)
    settings: AlertSettings = field(default_factory=AlertSettings)
    workers: int | None = None
    scheduler: str = ""
    shard: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and not 1 <= self.workers <= 1024:
            raise ParameterError("--workers", self.workers, "a number of processes from 1 to 1024")


@dataclass(frozen=True, slots=True)
class CohortRun:
    """What a run of a cohort did.

    Attributes
    ----------
    path : Path
        The table.
    sessions, done_now : int
        In the table; looked at in this run, the others were known.
    failed : tuple of (str, str)
        Sessions that could not be read and why.
    made : Provenance
        What made it.
    idle : int
        Sessions that were read, and have no step that counts.

    Examples
    --------
    >>> CohortRun(Path("all.csv"), 2, 2, (), Provenance()).failed
    ()
    """

    path: Path
    sessions: int
    done_now: int
    failed: tuple[tuple[str, str], ...]
    made: Provenance
    idle: int = 0


def results_path(out: Path, shard: tuple[int, int] | None) -> Path:
    """Where the table of a part goes.

    Examples
    --------
    >>> results_path(Path("all.parquet"), (2, 5)).name
    'all.2-of-5.parquet'
    """
    return out if shard is None else out.with_name(f"{out.stem}.{_part(shard)}{out.suffix}")


def run_cohort(
    source: Path,
    out: Path,
    options: CohortOptions,
    report: Callable[[float, float], None] | None = None,
    take: Callable[[dict[str, Any]], None] | None = None,
) -> CohortRun:
    """Look at every session of a folder or manifest, and write a table with a row each.

    What is done is kept in the folder ``OUT.done``; a later run does only what is new, or was
    changed, or is looked at with other parameters or another version. A run without ``shard``
    takes what shards did.

    Parameters
    ----------
    source : Path
        As :func:`~pipelines.bench.cohort.sessions.find_sessions` takes it.
    out : Path
        Table to write, ``.parquet`` or ``.csv``.
    options : CohortOptions
        How.
    report : callable, optional
        Told how many sessions are done and how many there are.
    take : callable, optional
        Given each row of the table, in order.

    Returns
    -------
    CohortRun
        What was done. The bytes of the table depend neither on engine, workers, nor stops.

    Raises
    ------
    BackstrideError
        When there is no session, or the table cannot be written. A session that cannot be read
        raises nothing: it is a row that says why.

    Examples
    --------
    ``examples/researcher_cohort.py`` has a whole one.

    >>> try:
    ...     run_cohort(Path("."), Path("results.txt"), CohortOptions())
    ... except ParameterError as error:
    ...     print(error.accepted)
    a name ending in .csv or .parquet, or - for CSV on standard output
    """
    path = results_path(out, options.shard)
    table_format(path, "--out")
    if not path.parent.is_dir():
        raise RecordingError(
            f"the folder {str(path.parent)!r} does not exist: create it first.", path=str(path)
        )
    folder = done_folder(out)
    sessions = find_sessions(source, options.stated, [out, path, folder])
    kept = [name for name, _ in sessions[0].kept]
    check_kept(kept)
    if options.shard is not None:
        sessions = shard_of(sessions, options.shard)
    done_now = 0
    failed: list[tuple[str, str]] = []
    idle: list[str] = []
    with Done(folder, _part(options.shard)) as done:
        for count, outcome in enumerate(_outcomes(sessions, done, options), 1):
            done.put(outcome)
            done_now += outcome.row is not None
            if report is not None:
                report(count, len(sessions))
        rows = _rows(done, (session.name for session in sessions), failed, idle, take)
        made = _made(options)
        write_rows(path, rows, kept, made)
    return CohortRun(path, len(sessions), done_now, tuple(failed), made, len(idle))


def _outcomes(
    sessions: Iterable[CohortSession], done: Done, options: CohortOptions
) -> Iterator[Outcome]:
    tasks = (Task(one, options.settings, done.key_of(one.name)) for one in sessions)
    if options.scheduler:
        from pipelines.bench.cohort.dask_engine import on_cluster

        return _of_this_code(on_cluster(tasks, options.scheduler))
    return in_processes(tasks, options.workers or os.cpu_count() or 1)


def _of_this_code(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    """Refuse what another version made: rows of one table are made alike."""
    for outcome in outcomes:
        if outcome.code != code_digest():
            raise RecordingError(
                "its workers have another version of Backstride: install this one there.",
                path="the cluster",
            )
        yield outcome


def _rows(
    done: Done,
    names: Iterable[str],
    failed: list[tuple[str, str]],
    idle: list[str],
    take: Callable[[dict[str, Any]], None] | None,
) -> Iterator[dict[str, Any]]:
    for outcome in done.rows(names):
        row = outcome.row or {}
        if row.get("status") == "failed":
            failed.append((outcome.name, str(row["reason"])))
        elif not row.get("trusted_steps"):
            idle.append(outcome.name)
        if take is not None:
            take(row)
        yield row


def _made(options: CohortOptions) -> Provenance:
    from pipelines.session.json_form import to_plain

    stated = {name: value for name, value in msgspec.to_builtins(options.stated).items() if value}
    return Provenance({"stated": stated, "settings": to_plain(options.settings)})


def _part(shard: tuple[int, int] | None) -> str:
    return "all" if shard is None else f"{shard[0]}-of-{shard[1]}"
