"""The page in the user's browser, without its key in a command line that others can read."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from html import escape
from pathlib import Path


@contextlib.asynccontextmanager
async def opened(address: str) -> AsyncIterator[None]:
    """Show an address in the browser; a browser that cannot be started is no harm.

    Every user of a computer can read the command lines of all programs, so the browser is given a
    file that this user alone may read, and that leads on to the address. The file goes at the end
    of the block.
    """
    import webbrowser

    descriptor, name = tempfile.mkstemp(prefix="backstride-", suffix=".html")  # mode 600
    page = Path(name)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(
            '<!doctype html><html lang="en"><meta charset="utf-8"><title>Backstride</title>'
            f'<meta http-equiv="refresh" content="0; url={escape(address)}">'
            f'<p><a href="{escape(address)}">Open Backstride</a></p>'
        )
    opening = asyncio.ensure_future(asyncio.to_thread(webbrowser.open, page.as_uri()))
    try:
        yield
    finally:
        opening.cancel()
        with contextlib.suppress(asyncio.CancelledError, Exception):
            await opening
        with contextlib.suppress(OSError):
            page.unlink()
