"""What the commands that measure a unit have in common: their reports, and how they end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from pipelines.bench.item import Item
from pipelines.bench.reports import write_json, write_junit
from pipelines.commands.checks import check_outputs
from pipelines.commands.messages import say
from pipelines.views.bench_words import item_lines, verdict_line

#: What is told of a measurement that was stopped.
NO_REPORT = "no report was written"


def check_reports(junit: Path | None, json: Path | None) -> None:
    """Refuse reports that could not be written later."""
    check_outputs({}, {"--junit": junit, "--json": json})


def hand_out(
    command: str, source: str, items: Sequence[Item], junit: Path | None, json: Path | None
) -> None:
    """Tell the items, write the reports, and end with 1 where one has failed."""
    for line in item_lines(items):
        say(line)
    if json is not None:
        write_json(json, source, items)
    if junit is not None:
        write_junit(junit, f"backstride {command}", source, items)
    say(verdict_line(items))
    if any(item.verdict == "fail" for item in items):
        raise typer.Exit(1)
