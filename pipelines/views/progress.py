"""A progress bar on standard error for whatever turns out to take over a second."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.views.terminal.cells import printable

_QUIET_S = 1.0


@contextmanager
def progress(label: str) -> Iterator[Callable[[float, float], None]]:
    """Give a function ``(done, total)``; a bar appears once a second has passed.

    Where standard error is no terminal, one line says what takes so long.
    """
    started = time.monotonic()
    shown = False
    bar = None
    task = None

    def report(done: float, total: float) -> None:
        nonlocal shown, bar, task
        if not shown:
            if time.monotonic() - started < _QUIET_S:
                return
            shown = True
            if not sys.stderr.isatty():
                sys.stderr.write(f"{printable(label)} …\n")
                sys.stderr.flush()
                return
            from rich.console import Console
            from rich.markup import escape
            from rich.progress import Progress

            bar = Progress(console=Console(stderr=True), transient=True)
            bar.start()
            task = bar.add_task(escape(printable(label)), total=total)
        if bar is not None and task is not None:
            bar.update(task, completed=done, total=total)

    try:
        yield report
    finally:
        if bar is not None:
            bar.stop()
