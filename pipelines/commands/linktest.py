"""``backstride linktest``."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

import typer

from pipelines.bench.linktest import LINKTEST_S, run_linktest
from pipelines.bench.unit import unit_at
from pipelines.commands.bench_outcome import NO_REPORT, check_reports, hand_out
from pipelines.commands.messages import complain, ended_by_ctrl_c
from pipelines.commands.options import JsonFile, JunitFile
from pipelines.views.progress import progress

#: What a simulated sensor streams longer than is listened to, s.
_AT_FIRST_S: Final = 10.0


def linktest(
    source: Annotated[
        str, typer.Argument(help="Sensor, such as ble:ADDRESS, serial:PORT, or 'sim:?loss=5'.")
    ],
    junit: JunitFile = None,
    json: JsonFile = None,
) -> None:
    """Listen to a sensor for two minutes: what its link loses, repeats and delays."""
    check_reports(junit, json)
    unit = unit_at(source, complain)
    with ended_by_ctrl_c(NO_REPORT), progress("listening") as report:
        opened = unit.open("rest", LINKTEST_S + _AT_FIRST_S)
        items = asyncio.run(run_linktest(opened, report, seconds=LINKTEST_S))
    hand_out("linktest", source, items, junit, json)
