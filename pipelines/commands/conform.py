"""``backstride conform``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.bench.conform import Conformance, Extent
from pipelines.bench.conform import conform as run_conform
from pipelines.bench.reports import write_json, write_junit
from pipelines.bench.unit import unit_at
from pipelines.commands.checks import check_outputs, check_results
from pipelines.commands.messages import complain, say
from pipelines.views.bench_words import item_lines, verdict_line
from pipelines.views.progress import progress


class _Guide:
    """Tells on standard error what to do; a simulated unit needs nobody."""

    def __init__(self, *, needed: bool) -> None:
        self._needed = needed

    def lay(self, face: str) -> None:
        if self._needed:
            complain(f"lay the unit still with its {face} axis up, and wait.")

    def rest(self, seconds: float) -> None:
        if self._needed:
            complain(f"leave the unit alone on the table for {seconds:g} s.")


def conform(
    source: Annotated[
        str,
        typer.Argument(
            help="Unit, such as ble:ADDRESS, serial:PORT, or 'sim:?protocol=movesense'."
        ),
    ],
    quick: Annotated[
        bool, typer.Option("--quick", help="Half a minute at rest, without the six positions.")
    ] = False,
    long: Annotated[
        bool, typer.Option("--long", help="Half an hour at rest too, for the Allan deviation.")
    ] = False,
    junit: Annotated[Path | None, typer.Option(help="JUnit report to write.")] = None,
    json: Annotated[Path | None, typer.Option(help="JSON report to write.")] = None,
) -> None:
    """Measure a sensor on the bench, and judge it where somebody sets a limit.

    A log of some seconds is made in a sensor of the Backstride profile, and erased again.
    """
    if quick and long:
        raise ParameterError("--long", True, "either --quick or --long")
    check_outputs({"--junit": junit, "--json": json})
    check_results({"--junit": junit, "--json": json})
    unit = unit_at(source)
    extent: Extent = "quick" if quick else "long" if long else "usual"
    guide = _Guide(needed=unit.needs_hands)

    async def measured() -> Conformance:
        with progress("measuring") as report:
            return await run_conform(unit, extent, guide, report)

    try:
        done = asyncio.run(measured())
    except (asyncio.CancelledError, KeyboardInterrupt):
        complain("backstride: stopped before the end: no report was written.")
        raise typer.Exit(130) from None
    for line in item_lines(done.items):
        say(line)
    if json is not None:
        write_json(json, source, done.items)
    if junit is not None:
        write_junit(junit, "backstride conform", source, done.items)
    say(verdict_line(done.items))
    if not done.passed:
        raise typer.Exit(1)
