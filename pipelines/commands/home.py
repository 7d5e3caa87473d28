"""``backstride`` alone: the page where there is one, else the guide in the terminal."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

from pipelines.commands.live import live
from pipelines.commands.messages import say

#: What the page and its pictures are made with.
_NEEDED = ("nicegui", "matplotlib", "jinja2")


def home() -> None:
    """Open the page: today, a sensor, your runs; where it cannot be, the guide in the terminal."""
    why = _no_page()
    if not why:
        live(dashboard=True)
        return
    say(why)
    live()


def _no_page() -> str:
    """Why there is no page, and how to get it, in one line; empty where there is one."""
    if any(find_spec(name) is None for name in _NEEDED):
        return (
            'For the page in your browser: python -m pip install ".[app]" in the folder that you '
            "installed Backstride from."
        )
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        return "For the page in your browser: start Backstride where there is a screen."
    return ""
