"""Ctrl-C, a request to end and a terminal that is closed, as the end of what runs."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import asyncio

#: A request to end, and a terminal that is closed; Windows knows only the first.
_ENDING: Final = tuple(getattr(signal, x) for x in ("SIGTERM", "SIGHUP") if hasattr(signal, x))


def cancelled_by_signals() -> asyncio.Task[Any] | None:
    """Let SIGINT, SIGTERM and SIGHUP cancel the current task, and return it.

    What the caller was told to ignore, as `nohup` does with SIGHUP, stays ignored. Windows' event
    loop has no signal handlers: there Ctrl-C cancels the task as usual. None where no task runs.
    """
    import asyncio  # a fifth of what help takes, and only who runs in a loop needs it

    task = asyncio.current_task()
    if task is not None:
        for number in (signal.SIGINT, *_ENDING):
            if signal.getsignal(number) is signal.SIG_IGN:
                continue
            # a loop of another thread has none either
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return task


@contextlib.contextmanager
def ended_as_by_ctrl_c() -> Iterator[None]:
    """Let SIGTERM and SIGHUP raise KeyboardInterrupt, so that what is half written is removed."""
    with _handled(signal.SIG_DFL, signal.default_int_handler):
        yield


@contextlib.contextmanager
def no_ending_now() -> Iterator[None]:
    """Go on for the moment that something needs, whoever asks for the end."""
    with _handled(None, signal.SIG_IGN):
        yield


@contextlib.contextmanager
def _handled(instead_of: Any, handler: Any) -> Iterator[None]:
    """Handle them so where they are handled as given, or however where None is."""
    before = {}
    for number in _ENDING:
        now = signal.getsignal(number)
        if now is not None and (instead_of is None or now is instead_of):
            with contextlib.suppress(ValueError):  # not in the main thread
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
