"""``backstride conform``."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from imu.errors import ParameterError
from pipelines.bench.conform import Conformance, Extent
from pipelines.bench.conform import conform as run_conform
from pipelines.bench.unit import unit_at
from pipelines.commands.bench_outcome import NO_REPORT, check_reports, hand_out
from pipelines.commands.messages import complain, ended_by_ctrl_c
from pipelines.commands.options import JsonFile, JunitFile
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

    def turn(self, seconds: float) -> None:
        if self._needed:
            complain(f"turn the unit over about each of its axes, within {seconds:g} s.")


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
    junit: JunitFile = None,
    json: JsonFile = None,
) -> None:
    """Measure a sensor on the bench, and judge it where somebody sets a limit.

    A log of some seconds is made in a sensor of the Backstride profile, and erased again.
    """
    if quick and long:
        raise ParameterError("--long", "given", "it or --quick, not both")
    check_reports(junit, json)
    unit = unit_at(source, complain)
    extent: Extent = "quick" if quick else "long" if long else "usual"
    guide = _Guide(needed=unit.needs_hands)

    if unit.needs_hands:
        where = source.removesuffix(":")  # "ble:" alone is any
        complain(f"{where}: it is looked for; where nothing answers that takes up to 20 s.")

    async def measured() -> Conformance:
        with progress("measuring") as report:
            return await run_conform(unit, extent, guide, report)

    with ended_by_ctrl_c(NO_REPORT):
        done = asyncio.run(measured())
    hand_out("conform", source, done.items, junit, json)
