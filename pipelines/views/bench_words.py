"""Lines of a bench test for people."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.bench.item import Item
from pipelines.bench.reports import told
from pipelines.counted import counted
from pipelines.views.terminal.cells import printable

_WORDS = {"pass": "PASS", "warn": "WARN", "fail": "FAIL", "measured": "    ", "skipped": "skip"}


def item_lines(items: Sequence[Item]) -> list[str]:
    """A line for each item: verdict, name, and all that is known of it."""
    width = max(len(item.name) for item in items)
    return [
        printable(f"{_WORDS[item.verdict]}  {item.name:<{width}}  {told(item)}") for item in items
    ]


def verdict_line(items: Sequence[Item]) -> str:
    """What it comes to."""
    bad = [item.name for item in items if item.verdict == "fail"]
    judged = sum(item.limit is not None or item.verdict in {"pass", "fail"} for item in items)
    skipped = sum(item.verdict == "skipped" for item in items)
    end = f"{counted(judged, 'item')} judged, {counted(skipped, 'item')} skipped."
    if not bad:
        warned = [item.name for item in items if item.verdict == "warn"]
        return f"passed{' with warnings: ' + ', '.join(warned) if warned else ''}: {end}"
    return f"failed: {', '.join(bad)}; {end}"
