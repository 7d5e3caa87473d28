"""axe-core finds nothing on any screen: light and dark, from a phone to a large screen."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pipelines.files.simulation import write_simulation
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session, utc_ns_of
from tests.pipelines.views.home.test_home_pages import _PAGES, _some_weeks
from tests.pipelines.views.page.accessibility import AXE, assert_accessible
from tests.pipelines.views.page.browser import Tab, needs_chromium, program
from tests.pipelines.views.page.steady_program import SCREENS

pytestmark = [
    pytest.mark.slow,
    needs_chromium,
    pytest.mark.skipif(
        AXE is None, reason="axe-core is not here: pip install --no-deps axe-playwright-python"
    ),
]
#: Each screen of the live page, and words that it shows.
SHOWN = {
    "connect": "Connect your sensor", "found": "2 sensors and ports found",
    "refused": "height is '17'",
    "starting": "Connecting to the sensor", "faces": "on each side", "standing": "upright",
    "done": "is calibrated", "failed": "calibrate again", "live": "within your usual range",
    "alerted": "changed from your baseline", "go": "pain 2 of 10", "change": "Pain of 4",
    "stop": "Pain of 7", "desk": "without a change", "ended": "You cooled down well",
}  # fmt: skip
HOME = (
    "runs", "runs/4", "runs/5", "months", "journal", "exercises", "exercises/core",
    "exercises/cool-down", "letter",
)  # fmt: skip


def each_way(tab: Tab, place: str) -> None:
    for width in (320, 1920):
        for dark in (False, True):
            tab.size(width, 900, dark=dark)
            where = f"{place}-{width}-{'dark' if dark else 'light'}"
            assert_accessible(tab, where)
            tab.picture(where)
            assert tab.run("return document.documentElement.scrollWidth") <= width, where


def test_no_screen_of_the_live_page_has_a_violation(tab: Tab, tmp_path: Path) -> None:
    wanted = tmp_path / "wanted"
    with program(SCREENS, str(wanted)) as running:
        tab.size(1280, 800)
        tab.open(running.address)
        for screen, words in SHOWN.items():
            wanted.write_text(screen)
            for far in (False, True) if screen in {"alerted", "go", "change", "stop"} else (False,):
                view = "far" if far else "near"
                tab.run("localStorage.setItem('backstride-view', arguments[0])", view)
                tab.driver.refresh()
                tab.until_shown(words)
                each_way(tab, f"{screen}{'-far' * far}")
        tab.run("localStorage.setItem('backstride-view', 'near')")


def test_no_page_around_a_run_has_a_violation(tab: Tab, tmp_path: Path) -> None:
    _some_weeks(tmp_path)
    recording = tmp_path / "run.mcap"
    write_simulation(recording, "minutes=4&fatigue=lean&seed=3&rate=100", lambda _done, _all: None)
    start_ns = utc_ns_of(datetime.now().astimezone()) - 3600 * 10**9
    with Journal(tmp_path / "journal.sqlite3") as journal:
        journal.add(Session(start_ns, 240.0, steps=600, source_file=str(recording)))
    with program(_PAGES, str(tmp_path)) as running:
        for page in HOME:
            tab.open(f"{running.address}home/{page}")
            tab.until(lambda: tab.text("h1"), page)
            each_way(tab, f"home-{page.replace('/', '-')}")
