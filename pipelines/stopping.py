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


class _Cancels:
    """Handles a request to end: it cancels a task.

    The loop's own handlers go with the loop, and the next request would end the process before
    what the task came to is put away. So the first of a kind that comes then is passed over.
    """

    def __init__(self, task: asyncio.Task[Any]) -> None:
        self._task, self._loop = task, task.get_loop()

    def __call__(self, number: int, _frame: object) -> None:
        if self._loop.is_closed():
            signal.signal(number, signal.default_int_handler)
        else:
            self._loop.call_soon_threadsafe(self._task.cancel)

    @property
    def is_over(self) -> bool:
        """Whether there is nothing left to be cancelled."""
        return self._loop.is_closed()


def cancelled_by_signals() -> asyncio.Task[Any] | None:
    """Let SIGINT, SIGTERM and SIGHUP cancel the current task, and return it.

    What the caller was told to ignore, as `nohup` does with SIGHUP, stays ignored. Windows' event
    loop has no signal handlers: there Ctrl-C cancels the task as usual. None where no task runs.
    """
    import asyncio  # a fifth of what help takes, and only who runs in a loop needs it

    task = asyncio.current_task()
    if task is None:
        return None
    # a loop of another thread has none either
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
    for number in _ENDING:
        if signal.getsignal(number) is not signal.SIG_IGN:
            with contextlib.suppress(ValueError):  # not in the main thread
                signal.signal(number, _Cancels(task))
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
            over = isinstance(was, _Cancels) and was.is_over
            signal.signal(number, signal.default_int_handler if over else was)
