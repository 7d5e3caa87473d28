"""A runner: watch a simulated run at twenty times real time, and be told of a change.

Run it with ``python examples/runner_live.py``; stop it with Ctrl-C.
"""

from __future__ import annotations

import asyncio
import sys

from imu import warm_up
from pipelines.live import LiveOptions, run_live
from pipelines.views.terminal.view import TerminalView


def main(url: str = "sim:?fatigue=lean&minutes=14&time_scale=20") -> int:
    """Run until the source ends; returns the number of alerts."""
    warm_up()
    with TerminalView() as view:
        run = asyncio.run(run_live(url, LiveOptions(mass_kg=70, height_m=1.75), view))
    for alert in run.alerts:
        print(alert.message)
    return len(run.alerts)


if __name__ == "__main__":
    main(*sys.argv[1:])
