"""``backstride import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.commands.checks import check_axes, check_outputs
from pipelines.commands.messages import complain, reader_may_leave, say
from pipelines.commands.options import Axes, Beside, Columns, Rate, Stream, Units, given_file
from pipelines.files.provenance import Provenance, content_digest, utc_text
from pipelines.files.reading.front_door import read
from pipelines.files.sample_table import write_sample_table
from pipelines.files.table_output import table_format
from pipelines.runner.user_directory import data_directory
from pipelines.views.progress import progress


def import_recording(
    file: Annotated[
        Path,
        typer.Argument(
            help="A recording of any known format, or a table of any maker.",
            parser=given_file,
            metavar="FILE",
        ),
    ],
    out: Annotated[
        str | None,
        typer.Argument(
            help="Sample table to write (.csv, .parquet, - for standard output); left out, it is "
            "only told what the file holds."
        ),
    ] = None,
    axes: Axes = "",
    rate: Rate = None,
    columns: Columns = "",
    units: Units = "",
    stream: Stream = "",
    beside: Beside = None,
) -> None:
    """Tell what a recording of another device holds, and write it as a sample table.

    What is written replaces an older file of that name, whole or not at all; never a recording.
    """
    check_axes(axes)
    if file.suffix.lower() == ".mcap":
        raise ParameterError("FILE", str(file), "a file of another device: sessions have export")
    check_outputs({"FILE": file, "--with": beside}, {"OUT": out})
    if out is not None:
        table_format(out, "OUT")
    with progress(f"reading {file.name}") as report:
        table = read(
            file,
            beside=beside,
            columns=columns,
            units=units,
            rate_hz=rate,
            stream=stream,
            memory=data_directory(),
            progress=report,
        )
    for note in table.notes:
        complain(f"note: {note}")
    with reader_may_leave():
        if out is not None:
            write_sample_table(
                out,
                table.samples,
                rate_hz=table.rate_hz,
                axes=axes or table.axes,
                preamble={
                    "source": file.name,
                    **Provenance(
                        {
                            "columns": columns,
                            "units": units,
                            "rate_hz": rate,
                            **({"stream": stream} if stream else {}),
                        },
                        content_digest(file),
                        utc_text(table.utc_start_ns),
                    ).entries(),
                },
            )
        if out != "-":
            seconds = len(table.samples) / table.rate_hz
            sensors = "acceleration and angular velocity" if table.samples.has_gyro else (
                "acceleration"
            )  # fmt: skip
            say(
                f"{file.name}: {len(table.samples)} samples of {sensors} at {table.rate_hz:g} Hz, "
                f"{seconds:.1f} s" + (f", written to {out}." if out else ".")
            )
