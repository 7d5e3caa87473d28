"""Who may ask the page for anything: pages of this very address, with its token, nobody else."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from html import escape
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_LOG: Final = logging.getLogger(__name__)
#: Names of this computer that the page answers to; another would be that of somebody else's page.
HOSTS: Final = ("127.0.0.1", "localhost")
_COMMON: Final = (
    # told to nobody else; with none at all, browsers hide the origin of what is posted too
    (b"referrer-policy", b"same-origin"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
#: What every page may do: show what it holds, and load from here alone.
_POLICY: Final = (
    "default-src 'none'; img-src 'self' data:; font-src 'self'; style-src 'self' 'unsafe-inline'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
#: A page with no script but those of its own files.
PLAIN_POLICY: Final = f"{_POLICY}; script-src 'self'; connect-src 'self'"
_TOKEN_REFUSED: Final = (
    "This address is not complete: use the one that the program printed when it started."
)
_ORIGIN_REFUSED: Final = (
    "Another page has asked for this one: open the address that the program printed yourself."
)
_SCRIPT_TAG: Final = re.compile(rb"^(\s*<script)\b", re.MULTILINE)


class Gate:
    """Lets requests through whose host, origin and token are right; the others get one sentence.

    The host is that of the page's own address, so that no foreign name can be pointed here (DNS
    rebinding). Whatever browsers tell the origin of, WebSockets and what is posted, must come from
    a page of this address. The origin is never sent back.

    A browser may leave at any moment, and the libraries behind this then fail in many ways: nobody
    is left to answer, so that is no fault. Any other fault is one line in the log.

    Parameters
    ----------
    app : ASGI application
        What is behind it.
    token : str
        The secret, the first part of every path.
    port : int
        Where the page listens.

    Attributes
    ----------
    closing : bool
        Set when the page ends, and requests that are under way are called off.
    """

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self.app = app
        self.closing = False
        self._token = token
        self._hosts = {f"{host}:{port}".encode() for host in HOSTS}
        sockets = " ".join(f"ws://{host}:{port}" for host in HOSTS)
        self._live_policy = (
            f"{_POLICY}; connect-src 'self' {sockets}; "
            # the page's library makes functions of its templates
            "script-src 'self' 'unsafe-eval' 'nonce-{nonce}'"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        refused = self._refused(scope)
        if refused:
            await _refuse(refused, scope, receive, send)
            return

        left = False

        async def receive_until_left() -> Message:
            nonlocal left
            message = await receive()
            left = left or message["type"] in {"http.disconnect", "websocket.disconnect"}
            return message

        async def send_while_there(message: Message) -> None:
            nonlocal left
            try:
                await send(message)
            except OSError:  # nobody is there to take it
                left = True
                raise

        answer = _Answer(send_while_there, self._live_policy)
        try:
            await self.app(scope, receive_until_left, answer.send)
        except asyncio.CancelledError:
            if not self.closing:
                raise
        except Exception as error:
            if not (left or self.closing):
                _LOG.error("the live page could not answer a request: %r", error)

    def _refused(self, scope: Scope) -> str:
        """Why a request is not let through, in a sentence; empty where it is."""
        headers = [(name.lower(), value) for name, value in scope.get("headers", ())]
        hosts = [value for name, value in headers if name == b"host"]
        origins = [value for name, value in headers if name == b"origin"]
        asks_only = scope["type"] == "http" and scope.get("method") in {"GET", "HEAD"}
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return _ORIGIN_REFUSED
        # one page, one name: a page of the other name of this computer is another page
        if any(origin != b"http://" + hosts[0] for origin in origins):
            return _ORIGIN_REFUSED
        if not origins and not asks_only:
            return _ORIGIN_REFUSED
        given = scope["path"].split("/")[1] if "/" in scope["path"] else ""
        if not secrets.compare_digest(given.encode(), self._token.encode()):
            return _TOKEN_REFUSED
        return ""


class _Answer:
    """An answer on its way out: with its headers, and its own scripts marked as its own.

    A page that brings its own policy keeps it; only one with scripts in it, that of the library,
    is held back until it is whole.
    """

    def __init__(self, send: Send, live_policy: str) -> None:
        self._send, self._live_policy = send, live_policy
        self._held: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        """Send one part of it."""
        if message["type"] == "http.response.start":
            headers = [
                (name, value)
                for name, value in message.get("headers", ())
                if not name.lower().startswith(b"access-control-")
            ]
            given = {name.lower(): value for name, value in headers}
            message = {**message, "headers": [*headers, *_COMMON]}
            if b"content-security-policy" not in given:
                if given.get(b"content-type", b"").startswith(b"text/html"):
                    self._held = message
                    return
                message["headers"].append((b"content-security-policy", _POLICY.encode()))
        elif message["type"] == "http.response.body" and self._held is not None:
            self._body += message.get("body", b"")
            if message.get("more_body"):
                return
            message = await self._whole(self._held)
        await self._send(message)

    async def _whole(self, start: Message) -> Message:
        nonce = secrets.token_urlsafe(18)
        marked = rb'\1 nonce="' + nonce.encode() + b'"'
        body = _SCRIPT_TAG.sub(marked, self._body)
        headers = [(name, value) for name, value in start["headers"] if name != b"content-length"]
        headers += [
            (b"content-length", str(len(body)).encode()),
            (b"content-security-policy", self._live_policy.format(nonce=nonce).encode()),
        ]
        await self._send({**start, "headers": headers})
        return {"type": "http.response.body", "body": body}


def sentence_page(text: str) -> str:
    """A page that says one sentence."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Backstride</title>'
        '<meta name="viewport" content="width=device-width"><meta name="color-scheme" '
        'content="light dark"><body style="font:1.25rem/1.5 system-ui,sans-serif;margin:4rem auto;'
        f'max-width:36rem;padding:0 1rem"><main><h1>Backstride</h1><p>{escape(text)}</p></main>'
    )


async def _refuse(why: str, scope: Scope, receive: Receive, send: Send) -> None:
    from starlette.responses import HTMLResponse

    if scope["type"] == "http":
        answer = HTMLResponse(sentence_page(why), 403, headers={"content-security-policy": _POLICY})
        await answer(scope, receive, send)
    else:
        await receive()
        await send({"type": "websocket.close", "code": 1008})
