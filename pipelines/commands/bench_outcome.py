"""What the commands that measure a unit have in common: their reports, and how they end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from pipelines.bench.item import Item
from pipelines.bench.reports import told, write_json, write_junit
from pipelines.commands.checks import check_outputs
from pipelines.commands.messages import say
from pipelines.counted import counted
from pipelines.views.terminal.cells import printable

#: What is told of a measurement that was stopped.
NO_REPORT = "no report was written"
_WORDS = {"pass": "PASS", "warn": "WARN", "fail": "FAIL", "measured": "    ", "skipped": "skip"}


def check_reports(junit: Path | None, json: Path | None) -> None:
    """Refuse reports that could not be written later."""
    check_outputs({}, {"--junit": junit, "--json": json})


def hand_out(
    command: str, source: str, items: Sequence[Item], junit: Path | None, json: Path | None
) -> None:
    """Tell the items, write the reports, and end with 1 where one has failed."""
    for line in _item_lines(items):
        say(line)
    if json is not None:
        write_json(json, source, items)
    if junit is not None:
        write_junit(junit, f"backstride {command}", source, items)
    say(_verdict_line(items))
    if any(item.verdict == "fail" for item in items):
        raise typer.Exit(1)


def _item_lines(items: Sequence[Item]) -> list[str]:
    width = max(len(item.name) for item in items)
    return [
        printable(f"{_WORDS[item.verdict]}  {item.name:<{width}}  {told(item)}") for item in items
    ]


def _verdict_line(items: Sequence[Item]) -> str:
    bad = [item.name for item in items if item.verdict == "fail"]
    judged = sum(item.limit is not None or item.verdict in {"pass", "fail"} for item in items)
    skipped = sum(item.verdict == "skipped" for item in items)
    end = f"{counted(judged, 'item')} judged, {counted(skipped, 'item')} skipped."
    if not bad:
        warned = [item.name for item in items if item.verdict == "warn"]
        return f"passed{' with warnings: ' + ', '.join(warned) if warned else ''}: {end}"
    return f"failed: {', '.join(bad)}; {end}"
