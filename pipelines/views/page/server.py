"""Serves the live page: on this computer alone, only with the token, and offline."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from imu.errors import BackstrideError, ParameterError
from pipelines.system_error import explain
from pipelines.views.page.gate import HOSTS, PLAIN_POLICY, Gate, sentence_page

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from pipelines.views.home.served import HomePages
    from pipelines.views.page.view import Dashboard

_SHUTDOWN_S: Final = 1
#: They tell of browsers that leave, which are free to, in tracebacks on the runner's terminal.
_TALKATIVE: Final = ("engineio.server", "socketio.server", "uvicorn.error")


def listen(port: int) -> socket.socket:
    """A listening socket of this computer alone.

    Parameters
    ----------
    port : int
        1 to 65535, or 0 for any that is free.

    Raises
    ------
    ParameterError
        When the port is out of range, taken, or not permitted.
    """
    if not 0 <= port <= 65535:
        raise ParameterError("--port", port, "a number from 1 to 65535, or 0 for any free port")
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere this would let two programs share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOSTS[0], port))
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise ParameterError(
            "--port", port, f"another port, or none for any that is free ({explain(error)})"
        ) from None
    listening.setblocking(False)
    return listening


@contextlib.asynccontextmanager
async def serve(
    dashboard: Dashboard,
    listening: socket.socket,
    make_report: Callable[[], Path] | None = None,
    home: HomePages | None = None,
) -> AsyncIterator[str]:
    """Serve the page in this event loop for as long as the block lasts; gives its address.

    Signals stay with the run. Once in a process: the page's library keeps global state.

    Parameters
    ----------
    dashboard : Dashboard
        What is shown.
    listening : socket
        From :func:`listen`; closed at the end.
    make_report : callable, optional
        Makes the report and gives its file; called in a thread when it is asked for.
    home : HomePages, optional
        The pages around a run.
    """
    import uvicorn
    from fastapi import FastAPI

    from pipelines.views.page.page import mount_page

    token = secrets.token_hex(16)  # of signs at which no terminal breaks a line
    app = FastAPI(openapi_url=None)

    async def report(_: Request) -> Response:
        return await _report(make_report)

    app.add_route(f"/{token}/report", report)
    if home is not None:
        home.mount(app, f"/{token}/")
    mount_page(app, f"/{token}", dashboard)
    port = listening.getsockname()[1]
    gate = Gate(app, token, port)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    config = uvicorn.Config(
        gate,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_SHUTDOWN_S,
        server_header=False,
    )
    server = _server_without_signals(config)
    task = asyncio.get_running_loop().create_task(server.serve(sockets=[listening]))
    try:
        while not server.started and not task.done():
            await asyncio.sleep(0.01)
        if task.done():
            task.result()
        yield f"http://{HOSTS[0]}:{port}/{token}/"
    finally:
        dashboard.close()
        # the tabs get the last word before the line is cut
        await asyncio.sleep(0.3 if dashboard.tabs else 0.0)
        gate.closing = server.should_exit = True
        with contextlib.suppress(Exception):
            await task
        listening.close()


def _server_without_signals(config: Any) -> Any:
    import uvicorn

    class Server(uvicorn.Server):
        """Leaves Ctrl-C to the run."""

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            yield

    return Server(config)


async def _report(make_report: Callable[[], Path] | None) -> Response:
    if make_report is None:
        return _page(sentence_page("There is no report of this run."), 404)
    try:
        path = await asyncio.to_thread(make_report)
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    except BackstrideError as error:
        return _page(sentence_page(f"The report cannot be made: {error}"), 500)
    except OSError as error:
        return _page(sentence_page(f"The report cannot be read: {explain(error)}."), 500)
    return _page(text)


def _page(text: str, status: int = 200) -> Response:
    from starlette.responses import HTMLResponse

    headers = {"cache-control": "no-store", "content-security-policy": PLAIN_POLICY}
    return HTMLResponse(text, status, headers=headers)
