"""What is promised to those who watch: offline, any number of tabs, and every step at once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipelines.views.page.browser import Program, Tab, browser, needs_chromium, program
from tests.pipelines.views.page.steady_program import STEADY


@pytest.fixture(scope="module")
def steady() -> Iterator[Program]:
    with program(STEADY) as running:
        yield running


@needs_chromium
def test_nothing_is_loaded_from_the_network_and_the_console_stays_quiet(
    tab: Tab, still: Program
) -> None:
    for log in ("performance", "browser"):
        tab.log(log)
    tab.open(still.address)
    tab.until_shown("9.9")
    asked = [json.loads(entry["message"])["message"] for entry in tab.log("performance")]
    addresses = [
        message["params"]["request"]["url"]
        for message in asked
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert len(addresses) > 10
    assert [one for one in addresses if not one.startswith((still.address, "data:"))] == []
    said = tab.log("browser")
    assert [entry["message"] for entry in said] == []


@needs_chromium
def test_two_tabs_watch_one_run_and_a_closed_one_disturbs_nothing(
    tab: Tab, steady: Program
) -> None:
    tab.size(1280, 800)
    tab.open(steady.address)
    tab.until_shown("running", ".facts")
    second = tab.another().open(steady.address)
    second.until_shown("running", ".facts")
    second.press("Surface")
    second.press("grass")
    second.until_shown("Surface marked: grass.", ".told")
    assert "grass" in tab.here().text(".controls")
    second.here().close()
    tab.here()
    for _ in range(3):
        steps = tab.text(".count dd")
        tab.until(lambda: tab.text(".count dd") not in {"", steps}, "more steps")  # noqa: B023
    assert steady.process.poll() is None


@needs_chromium
def test_a_step_is_on_the_page_within_150_ms(tab: Tab, steady: Program) -> None:
    tab.open(steady.address)
    tab.until_shown("running", ".facts")
    tab.run(
        """
        const told = document.querySelector('h1 small');
        window.took = [];
        new MutationObserver(() => window.took.push(
          performance.timeOrigin + performance.now() - Number(told.innerText)))
          .observe(told, { characterData: true, childList: true, subtree: true });
        """
    )

    def told() -> list[float]:
        took: list[float] = tab.run("return window.took")
        return sorted(took) if len(took) >= 15 else []

    took = tab.until(told, "15 steps")
    assert took[len(took) // 2] <= 150.0


@pytest.mark.slow
@needs_chromium
def test_live_run_with_one_tab_takes_at_most_a_tenth_of_a_core(
    tmp_path: Path,
) -> None:
    code = """
import asyncio, resource, sys
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions
from pathlib import Path
from imu.compile_ahead import warm_up
warm_up()

async def main():
    options = LiveOptions(record=Path(sys.argv[1]), mass_kg=70.0, height_m=1.75)
    run = asyncio.ensure_future(run_dashboard("sim:?minutes=5", options, open_browser=False))
    await asyncio.sleep(25)
    used = lambda: sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
    before = used()
    await asyncio.sleep(30)
    print("used", (used() - before) / 30, flush=True)
    run.cancel()
    await run

asyncio.run(main())
"""
    with browser() as tab, program(code, str(tmp_path / "run.mcap")) as running:
        tab.open(running.address)
        tab.until_shown("running", ".facts")
        line = ""
        assert running.process.stdout is not None
        while not line.startswith("used"):
            line = running.process.stdout.readline()
        assert float(line.split()[1]) <= 0.10
