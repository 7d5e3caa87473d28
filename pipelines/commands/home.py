"""``backstride`` alone: the page where there is one, else the guide in the terminal."""

from __future__ import annotations

import os
import sys

from pipelines.commands.live import live
from pipelines.commands.messages import say
from pipelines.views.app_libraries import missing


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
    if missing("nicegui", "matplotlib", "jinja2"):
        return (
            'For the page in your browser: python -m pip install ".[app]" in the folder that you '
            "installed Backstride from."
        )
    if sys.platform.startswith("linux") and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    ):
        return (
            "For the page in your browser: start Backstride where there is a screen, or type "
            "'backstride live --dashboard --no-browser' and open the address that it prints."
        )
    return ""
