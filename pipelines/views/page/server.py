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
from pipelines.files.system_error import explain

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from pipelines.views.page.view import Dashboard

__all__ = ["TokenGate", "check_nicegui", "listen", "serve"]

_LOG: Final = logging.getLogger(__name__)
_HOST: Final = "127.0.0.1"
_SHUTDOWN_S: Final = 1
#: They tell of browsers that leave, which are free to, in tracebacks on the runner's terminal.
_TALKATIVE: Final = ("engineio.server", "socketio.server", "uvicorn.error")
#: The page may load nothing from anywhere else. The scripts of NiceGUI are written into the page.
_HEADERS: Final = (
    (
        b"content-security-policy",
        b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
        b"connect-src 'self' ws://127.0.0.1:*; frame-ancestors 'none'; base-uri 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
_REFUSED: Final = (
    "This address is not complete: use the one that the program printed when it started."
)


def check_nicegui() -> None:
    """Refuse where the page's library is not installed.

    Raises
    ------
    BackstrideError
        With the command that installs it.
    """
    from importlib.util import find_spec

    if find_spec("nicegui") is None:
        raise BackstrideError(
            "the live page needs nicegui, not installed here: give python -m pip install "
            '".[app]" in the folder that you installed Backstride from.'
        )


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
        listening.bind((_HOST, port))
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise ParameterError(
            "--port", port, f"another port, or none for any that is free ({explain(error)})"
        ) from None
    listening.setblocking(False)
    return listening


class TokenGate:
    """Lets requests through whose path begins with the token; the others get one sentence.

    A browser may leave at any moment, and the libraries behind this then fail in many ways: nobody
    is left to answer, so that is no fault. Any other fault is one line in the log.

    Parameters
    ----------
    app : ASGI application
        What is behind it.
    token : str
        The secret.

    Attributes
    ----------
    closing : bool
        Set when the page ends, and requests that are under way are called off.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self.app = app
        self.closing = False
        self._token = token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        given = scope["path"].split("/")[1] if "/" in scope["path"] else ""
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            await _refuse(scope, receive, send)
            return

        left = False

        async def receive_until_left() -> Message:
            nonlocal left
            message = await receive()
            left = left or message["type"] in {"http.disconnect", "websocket.disconnect"}
            return message

        async def send_with_headers(message: Message) -> None:
            nonlocal left
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
            try:
                await send(message)
            except OSError:  # nobody is there to take it
                left = True
                raise

        try:
            await self.app(scope, receive_until_left, send_with_headers)
        except asyncio.CancelledError:
            if not self.closing:
                raise
        except Exception as error:
            if not (left or self.closing):
                _LOG.error("the live page could not answer a request: %r", error)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.responses import HTMLResponse

    if scope["type"] == "http":
        await HTMLResponse(_sentence(_REFUSED), 403)(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 1008})


@contextlib.asynccontextmanager
async def serve(
    dashboard: Dashboard,
    listening: socket.socket,
    make_report: Callable[[], Path] | None = None,
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
    """
    import uvicorn
    from fastapi import FastAPI

    from pipelines.views.page.page import mount_page

    token = secrets.token_urlsafe(24)
    app = FastAPI(openapi_url=None)

    async def report(_: Request) -> Response:
        return await _report(make_report)

    app.add_route(f"/{token}/report", report)
    mount_page(app, f"/{token}", dashboard)
    gate = TokenGate(app, token)
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
        yield f"http://{_HOST}:{listening.getsockname()[1]}/{token}/"
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
    from starlette.responses import HTMLResponse

    if make_report is None:
        return HTMLResponse(_sentence("There is no report of this run."), 404)
    try:
        path = await asyncio.to_thread(make_report)
        text = await asyncio.to_thread(path.read_text, encoding="utf-8")
    except BackstrideError as error:
        return HTMLResponse(_sentence(f"The report cannot be made: {error}"), 500)
    except OSError as error:
        return HTMLResponse(_sentence(f"The report cannot be read: {explain(error)}."), 500)
    return HTMLResponse(text, headers={"cache-control": "no-store"})


def _sentence(text: str) -> str:
    from html import escape

    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Backstride</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" '
        'content="light dark"><body style="font:1.25rem/1.5 system-ui,sans-serif;margin:4rem auto;'
        f'max-width:36rem;padding:0 1rem"><main><h1>Backstride</h1><p>{escape(text)}</p></main>'
    )
