"""One browser tab's share of the updates: only what changed, the newest only, never too often."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

#: Least time between two updates of a tab, s; a finished step waits for no other kind of update.
FRAME_S: Final = 0.12
_NOTHING: Final = object()


class Tab:
    """Keeps one tab up to date, at the tab's own pace.

    At most one update is on its way; meanwhile whatever happens is gathered, and the tab gets the
    newest state once it has shown the one before. A tab that does not answer costs nothing but its
    own updates.

    Parameters
    ----------
    shown : callable
        The pieces of the page as they are now, by name.
    send : callable
        Sends changed pieces and returns once they are shown. Raises TimeoutError when the tab does
        not answer; then it gets everything anew.
    """

    def __init__(
        self,
        shown: Callable[[], Mapping[str, Any]],
        send: Callable[[dict[str, Any]], Awaitable[None]],
    ) -> None:
        self._shown, self._send = shown, send
        self._sent: dict[str, Any] = {}
        self._wake = asyncio.Event()
        self._step_waits = True

    def wake(self, *, step: bool = False) -> None:
        """Something changed; ``step`` when a step was finished."""
        self._step_waits = self._step_waits or step
        self._wake.set()

    def forget(self) -> None:
        """The tab has lost what it was sent: send everything."""
        self._sent = {}
        self.wake(step=True)

    async def run(self) -> None:
        """Keep the tab up to date until cancelled."""
        sent_at = step_sent_at = -FRAME_S
        while True:
            await self._wake.wait()
            last = step_sent_at if self._step_waits else sent_at
            wait_s = last + FRAME_S - asyncio.get_running_loop().time()
            if wait_s > 0.0:
                self._wake.clear()
                await self._wait(wait_s)
                self._wake.set()
                continue
            with_step = self._step_waits
            self._wake.clear()
            self._step_waits = False
            sent_at = asyncio.get_running_loop().time()
            if with_step:
                step_sent_at = sent_at
            await self._bring_up_to_date()

    async def _wait(self, seconds: float) -> None:
        """Until the time is over or something more urgent has come."""
        try:
            await asyncio.wait_for(self._wake.wait(), seconds)
        except TimeoutError:
            return

    async def _bring_up_to_date(self) -> None:
        shown = self._shown()
        changed = {
            name: piece for name, piece in shown.items() if self._sent.get(name, _NOTHING) != piece
        }
        if not changed:
            return
        # what is sent counts as sent, unless forget() says otherwise meanwhile
        self._sent = {**self._sent, **changed}
        try:
            await self._send(changed)
        except TimeoutError:
            self.forget()
