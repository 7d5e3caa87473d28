"""The page as NiceGUI serves it: one element of our own, fed by each tab's share of updates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nicegui import Client, ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from pipelines.runner.journal.tags import SURFACES

if TYPE_CHECKING:
    from fastapi import FastAPI

    from pipelines.views.page.tab import Tab
    from pipelines.views.page.view import Dashboard

_STATIC: Final = Path(__file__).parent / "static"
#: In this order: later ones know better.
_STYLES: Final = ("theme", "controls", "run", "sheets", "widths", "far")
_ANSWER_S: Final = 3.0
_LONGEST_REQUEST: Final = 2000


class LivePage(Element, component="static/live_page.js", esm={"backstride-dashboard": "static"}):
    """The whole page as one element: it is shown pieces, and asks.

    Parameters
    ----------
    asked : callable
        Called with what the tab asks, and a value.
    """

    def __init__(self, asked: Callable[[str, str], None]) -> None:
        super().__init__()
        self._props["surfaces"] = list(SURFACES)

        def take(event: GenericEventArguments) -> None:
            wish = event.args
            if isinstance(wish, dict):
                what, value = str(wish.get("what", "")), str(wish.get("value", ""))
                asked(what[:_LONGEST_REQUEST], value[:_LONGEST_REQUEST])

        self.on("ask", take)

    async def show(self, pieces: dict[str, Any]) -> None:
        """Show changed pieces; returns when they are drawn.

        Raises
        ------
        TimeoutError
            When the tab does not answer.
        """
        await self.run_method("show", pieces, timeout=_ANSWER_S)


def mount_page(app: FastAPI, path: str, dashboard: Dashboard) -> None:
    """Put the page, with all that it loads, under a path of the application."""

    def root() -> None:
        _build(dashboard)

    ui.run_with(
        app,
        root=root,
        mount_path=path,
        title="Backstride",
        favicon=(_STATIC / "icon.svg"),
        dark=None,
        language="en-US",
        tailwind=False,
        binding_refresh_interval=None,
        message_history_length=50,
        reconnect_timeout=5.0,
        show_welcome_message=False,
        gzip_middleware_factory=None,  # packing costs more than it saves within one computer
    )


def _build(dashboard: Dashboard) -> None:
    ui.add_head_html(f"<style>{_style()}</style>")
    page = LivePage(dashboard.ask)
    _Watching(dashboard, page, ui.context.client)


class _Watching:
    """One tab's stay: from the first connection until it is gone for good."""

    def __init__(self, dashboard: Dashboard, page: LivePage, client: Client) -> None:
        self._dashboard, self._page = dashboard, page
        self._tab: Tab | None = None
        self._task: asyncio.Task[None] | None = None
        client.on_connect(self._connected)
        client.on_disconnect(self._disconnected)
        client.on_delete(self._leave)

    def _connected(self) -> None:
        self._leave()
        self._tab = self._dashboard.join(self._page.show)
        self._tab.forget()
        self._task = asyncio.get_running_loop().create_task(self._tab.run())

    def _disconnected(self, client: Client) -> None:
        # one that has come back is often there before its old line is found dead
        if not client.has_socket_connection:
            self._leave()

    def _leave(self) -> None:
        if self._tab is not None:
            self._dashboard.leave(self._tab)
        if self._task is not None:
            self._task.cancel()
        self._tab = self._task = None


def _style() -> str:
    return "".join((_STATIC / f"{name}.css").read_text(encoding="utf-8") for name in _STYLES)
