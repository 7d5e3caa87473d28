"""Ctrl-C, a request to end and a closed window, as the end of the task that runs."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import Any

__all__ = ["cancelled_by_signals"]


def cancelled_by_signals() -> asyncio.Task[Any] | None:
    """Let SIGINT, SIGTERM and SIGHUP cancel the current task, and return it.

    Windows' event loop has no signal handlers: there Ctrl-C cancels the task as usual. None where
    no task runs.
    """
    task = asyncio.current_task()
    if task is not None:
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            with contextlib.suppress(NotImplementedError, AttributeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(getattr(signal, name), task.cancel)
    return task
