"""``backstride linktest``."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from pipelines.bench.linktest import LINKTEST_S, run_linktest
from pipelines.bench.reports import write_json, write_junit
from pipelines.bench.unit import unit_at
from pipelines.commands.checks import check_outputs, check_results
from pipelines.commands.messages import complain, say
from pipelines.views.bench_words import item_lines, verdict_line
from pipelines.views.progress import progress

#: What a simulated sensor streams longer than is listened to, s.
_AT_FIRST_S: Final = 10.0


def linktest(
    source: Annotated[
        str, typer.Argument(help="Sensor, such as ble:ADDRESS, serial:PORT, or 'sim:?loss=5'.")
    ],
    junit: Annotated[Path | None, typer.Option(help="JUnit report to write.")] = None,
    json: Annotated[Path | None, typer.Option(help="JSON report to write.")] = None,
) -> None:
    """Listen to a sensor for two minutes: what its link loses, repeats and delays."""
    check_outputs({"--junit": junit, "--json": json})
    check_results({"--junit": junit, "--json": json})
    unit = unit_at(source)
    try:
        with progress("listening") as report:
            opened = unit.open("rest", LINKTEST_S + _AT_FIRST_S)
            items = asyncio.run(run_linktest(opened, report, seconds=LINKTEST_S))
    except (asyncio.CancelledError, KeyboardInterrupt):
        complain("backstride: stopped before the end: no report was written.")
        raise typer.Exit(130) from None
    for line in item_lines(items):
        say(line)
    if json is not None:
        write_json(json, source, items)
    if junit is not None:
        write_junit(junit, "backstride linktest", source, items)
    say(verdict_line(items))
    if any(item.verdict == "fail" for item in items):
        raise typer.Exit(1)
