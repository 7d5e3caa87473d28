"""What everyone who opens the page is promised: readable, usable by keyboard, for all tabs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.pipelines.dashboard.browser import Program, Tab, browser, needs_chromium, program
from tests.pipelines.dashboard.steady_program import STEADY, STILL

_CHECK = (Path(__file__).parent / "accessibility.js").read_text(encoding="utf-8")
_CONNECT = """
import asyncio
from pipelines.dashboard.run import run_dashboard
from pipelines.live import LiveOptions
print(asyncio.run(run_dashboard(None, LiveOptions(), open_browser=False)))
"""


def _accessible(tab: Tab, place: str) -> None:
    found: dict[str, Any] = tab.run(_CHECK)
    assert found["wrong"] == [], place
    assert found["leastContrast"] >= 4.5
    axe = os.environ.get("AXE_JS")
    if axe:
        tab.run(Path(axe).read_text(encoding="utf-8"))
        violations = tab.driver.execute_async_script(
            "const done = arguments[0];"
            "const brief = (one) => [one.id, one.impact, one.nodes.map((node) => node.html)];"
            "axe.run().then((found) =>"
            " done(found.passes.length < 10 ? ['few rules'] : found.violations.map(brief)))"
        )
        assert violations == [], place


@pytest.fixture(scope="module")
def tab() -> Iterator[Tab]:
    with browser() as first:
        yield first


@pytest.fixture(scope="module")
def still() -> Iterator[Program]:
    with program(STILL) as running:
        yield running


@pytest.fixture(scope="module")
def steady() -> Iterator[Program]:
    with program(STEADY) as running:
        yield running


@needs_chromium
def test_page_is_accessible_in_light_and_dark_on_every_screen(
    tab: Tab, still: Program, tmp_path: Path
) -> None:
    with program(_CONNECT) as connecting:
        for dark in (False, True):
            scheme = "dark" if dark else "light"
            tab.size(1280, 800, dark=dark)
            tab.open(connecting.address)
            tab.until_shown("Connect your sensor")
            _accessible(tab, f"connect, {scheme}")
            tab.open(still.address)
            tab.until_shown("9.9", ".card[data-state=changed]")
            _accessible(tab, f"live, {scheme}")
            for key in "shix?":
                tab.key(key)
                tab.until(lambda: tab.run("return document.querySelector('dialog[open]')"), key)
                _accessible(tab, f"dialog {key}, {scheme}")
                tab.picture(tmp_path, f"dialog-{'help' if key == '?' else key}-{scheme}")
                ActionChains(tab.driver).send_keys(Keys.ESCAPE).perform()
                tab.until(lambda: not tab.run("return document.querySelector('dialog[open]')"), key)


@needs_chromium
def test_page_fits_a_desktop_a_tablet_and_a_phone(tab: Tab, still: Program, tmp_path: Path) -> None:
    tab.open(still.address)
    for name, width, height, dark in (
        ("desktop", 1440, 900, False),
        ("tablet", 1280, 800, True),
        ("small-tablet", 1024, 768, False),
        ("phone", 390, 844, True),
        ("small-phone", 320, 640, False),
    ):
        tab.size(width, height, dark=dark)
        tab.until_shown("9.9", ".card[data-state=changed]")
        wide = tab.run("return document.documentElement.scrollWidth")
        assert wide <= width, name
        # nothing is cut off or runs over its card
        assert (
            tab.run(
                "return [...document.querySelectorAll('.card, .condition, .controls .act')]"
                ".filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)"
                ".map(one => one.innerText)"
            )
            == []
        ), name
        digits_px = tab.run(
            "return parseFloat(getComputedStyle(document.querySelector('.figure')).fontSize)"
        )
        assert digits_px >= (90 if width >= 1000 else 56), name
        if width < 700:
            whole = tab.run("return document.documentElement.scrollHeight")
            tab.size(width, whole, dark=dark)
        tab.picture(tmp_path, name)
    for text in ("12:31", "166", "2.3 easy km", "link connected", "battery 83 %"):
        assert text in tab.text().replace("\n", " ")
    assert "12 samples lost" in tab.text(".state")
    assert "the pelvis, not the chest" in tab.text(".posture")
    assert "The sensor is warm." in tab.text(".condition")


@needs_chromium
def test_keyboard_reaches_every_control_in_order_and_shows_where_it_is(
    tab: Tab, still: Program
) -> None:
    tab.size(1280, 800)
    tab.open(still.address)
    tab.until_shown("9.9")
    reached: list[str] = []
    for _ in range(10):
        tab.key(Keys.TAB) if not reached else ActionChains(tab.driver).send_keys(Keys.TAB).perform()
        shown: list[str] = tab.run(
            "const one = document.activeElement; const style = getComputedStyle(one);"
            "return [one.innerText.split('\\n')[0], style.outlineStyle, style.outlineWidth]"
        )
        assert shown[1:] == ["solid", "3px"]
        reached.append(shown[0])
    assert reached == [
        "Standing neutral",
        "Surface",
        "Shoe",
        "Pain",
        "Sensor moved",
        "Pause",
        "Stop",
        "Sound on",
        "Speech on",
        "Keys",
    ]
    ActionChains(tab.driver).send_keys(Keys.ENTER).perform()
    tab.until_shown("Standing neutral", "dialog[open]")
    tab.find("dialog[open] input").click()
    ActionChains(tab.driver).send_keys(Keys.ESCAPE).perform()
    # single keys are off now, for those whose aids send them
    tab.key("x")
    assert not tab.run("return document.querySelector('dialog[open]')")
    tab.run("sessionStorage.clear()")


@needs_chromium
def test_nothing_is_loaded_from_the_network_and_the_console_stays_quiet(
    tab: Tab, still: Program
) -> None:
    for log in ("performance", "browser"):
        tab.driver.get_log(log)  # type: ignore[no-untyped-call]
    tab.open(still.address)
    tab.until_shown("9.9")
    asked = [
        json.loads(entry["message"])["message"]
        for entry in tab.driver.get_log("performance")  # type: ignore[no-untyped-call]
    ]
    addresses = [
        message["params"]["request"]["url"]
        for message in asked
        if message["method"] == "Network.requestWillBeSent"
    ]
    assert len(addresses) > 10
    assert [one for one in addresses if not one.startswith((still.address, "data:"))] == []
    said = tab.driver.get_log("browser")  # type: ignore[no-untyped-call]
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

    took = tab.until(told, "15 steps", 40)
    assert took[len(took) // 2] <= 150.0


@pytest.mark.slow
@needs_chromium
def test_live_run_with_one_tab_takes_at_most_a_tenth_of_a_core(
    tmp_path: Path,
) -> None:
    code = """
import asyncio, resource, sys
from pipelines.dashboard.run import run_dashboard
from pipelines.live import LiveOptions
from pathlib import Path
from imu.analyzer import warm_up
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
        tab.until_shown("running", ".facts", 60)
        line = ""
        assert running.process.stdout is not None
        while not line.startswith("used"):
            line = running.process.stdout.readline()
        assert float(line.split()[1]) <= 0.10
