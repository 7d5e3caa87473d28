"""``backstride simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.checks import check_outputs
from pipelines.commands.messages import say
from pipelines.counted import counted
from pipelines.files.simulation import write_simulation
from pipelines.files.steps_table import write_steps
from pipelines.files.table_output import table_format
from pipelines.views.progress import progress


def simulate(
    out: Annotated[
        Path, typer.Argument(help="New file to write: session (.mcap) or sample table (.csv).")
    ],
    scenario: Annotated[
        str, typer.Argument(help="What happens, such as 'speed=3.3&minutes=5&seed=1'.")
    ] = "minutes=5",
    truth: Annotated[
        str | None,
        typer.Option(help="Table of the true steps to write (.csv, .parquet); replaces an older."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an older file.")] = False,
) -> None:
    """Write what the simulated sensor would send, and what truly happened."""
    check_outputs({"OUT": out}, {"--truth": truth})
    if truth is not None:
        table_format(truth, "--truth")
    with progress("simulating") as report:
        simulated = write_simulation(out, scenario, report, overwrite=overwrite)
    if truth is not None:
        write_steps(truth, simulated.truth())
    say(
        f"{out}: {simulated.duration_s:.0f} s at {simulated.scenario.rate:g} Hz, "
        f"{counted(simulated.step_count, 'running step')}"
    )
