"""Programs that show known statuses on the page, for tests that need no run."""

from __future__ import annotations

__all__ = ["STEADY", "STILL"]

_HEAD = """
import asyncio, dataclasses, sys, time
from tests.pipelines.terminal.statuses import ALERT, some_status, some_steps
from pipelines.alerts import Alert
from pipelines.dashboard.server import listen, serve
from pipelines.dashboard.view import Dashboard

async def main():
    page = Dashboard()
    async with serve(page, listen(0)) as address:
        print("the live page is at", address, flush=True)
        page.start()
        await show(page)
"""

#: One status with an alert, and nothing after it.
STILL = (
    _HEAD
    + """
async def show(page):
    page.note("The sensor is warm.")
    page.update(dataclasses.replace(some_status(alert=ALERT), easy_km=2.34))
    await asyncio.sleep(600)

asyncio.run(main())
"""
)

#: A step every 0.36 s, and an update between two of them; the device's name is the time, in ms,
#: at which the step was told.
STEADY = (
    _HEAD
    + """
async def show(page):
    number = 60
    while True:
        number += 1
        steps = some_steps(60, first=number - 59, lean_deg=6.0 + 0.01 * (number % 50))
        status = dataclasses.replace(some_status(), recent=steps, steps=number,
                                     elapsed_s=0.36 * number)
        page.update(dataclasses.replace(status, device=f"{1000.0 * time.time():.3f}"))
        await asyncio.sleep(0.3)
        page.update(dataclasses.replace(page._status, elapsed_s=0.36 * number + 0.3))
        await asyncio.sleep(0.06)

asyncio.run(main())
"""
)
