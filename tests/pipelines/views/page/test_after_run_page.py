"""A run on the page to its end, its own page, and home: with pain on the way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selenium.webdriver.support.select import Select

from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, Session
from pipelines.runner.last_answers import last_answers_store
from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Tab, browser, needs_chromium, program

#: A run as ``backstride live`` has it, of the simulated runner as if it were a person.
_FILED = """
import asyncio, sys
from pipelines.commands.after_run import file_and_review
from pipelines.coaching.plan import CompanionPlan
from pipelines.live import LiveOptions
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.user_directory import sessions_directory
from pipelines.views.page.run import run_dashboard
options = LiveOptions(
    record_in=sessions_directory(), companion=CompanionPlan(), filed=True,
    marks=(("surface", "asphalt"), ("speed", "10 km/h")),
)
with JournalAtHand() as journal:
    asyncio.run(run_dashboard(
        sys.argv[1], options, open_browser=False, journal=journal,
        after_run=lambda run: file_and_review(run, journal)))
print("it has ended")
"""
_RUN = "sim:?minutes=60&standing_s=2&walk_s=2&time_scale=20&rate=100"


@pytest.mark.slow
@needs_chromium
def test_pain_is_a_light_and_finish_leads_to_the_page_of_the_run_and_home(
    tab: Tab, tmp_path: Path
) -> None:
    with program(_FILED, _RUN, home=tmp_path) as running:
        tab.open(running.address)
        tab.until(lambda: tab.text(".figure .number") not in {"", "–"}, "numbers", 60)
        _rate(tab, 5)
        tab.until_shown("Pain of 5: change something now.", ".condition .sentence")
        assert tab.text(".traffic-light").split("\n")[0].upper().startswith("CHANGE")
        assert tab.find(".traffic-light").get_attribute("data-light") == "change"
        assert "Slow down or walk for two minutes" in tab.text(".condition .advice")
        assert_accessible(tab, "the light")
        tab.picture("pain-5")
        _rate(tab, 7)
        tab.until_shown("stop this run.", ".condition .sentence")
        assert tab.find(".traffic-light").get_attribute("data-light") == "stop"
        tab.key("f")
        tab.until_shown("STOP", ".far .traffic-light")
        tab.picture("pain-7-far")
        tab.key("f")
        assert any("stop this run" in said for said in tab.run("return window.spoken"))
        tab.key("x")
        tab.press("Stop the run")
        tab.until_shown("Run ended")
        assert "Pain of 7 with this run: no run until it is 3 or" in tab.text(".last-pain")
        assert not tab.run("return document.querySelector('.ended a[href*=cool-down]')")
        assert_accessible(tab, "the end of a run with pain")
        tab.picture("ended")
        with Journal(tmp_path / "journal.sqlite3") as journal:  # filed before anything is pressed
            (session,) = journal.entries(Session)
            assert [pain.level for pain in journal.entries(Pain)] == [5, 7]
        tab.press("Finish")
        tab.until_shown("Run of ", "h1")
        assert tab.run("return location.pathname").endswith(f"/home/runs/{session.identifier}")
        assert "7 of 10, during it" in tab.text("main")
        assert "worth a few questions" in tab.text(".due")
        Select(tab.find("[name=effort]")).select_by_value("8")
        tab.press("Keep it")
        tab.until_shown("Effort 8 of 10: a hard run. Make the next one easy", "[role=status]")
        tab.picture("page-of-the-run")
        tab.press("Exercises")
        tab.until_shown("Exercises", "h1")
        tab.press("Today")
        tab.until_shown("Connect your sensor")
        tab.press("End Backstride")
        tab.until_shown("Backstride has ended")
        assert "it has ended" in running.wait()


@pytest.mark.slow
@needs_chromium
def test_the_program_ends_when_nobody_looks_any_more(tmp_path: Path) -> None:
    with browser() as tab, program(_FILED, _RUN.replace("60", "0.3"), home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("Run ended", seconds=90)
        tab.another()
        tab.close()
        assert "it has ended" in running.wait()


@pytest.mark.slow
@needs_chromium
def test_exercises_are_guided_by_time_and_noted(tab: Tab, tmp_path: Path) -> None:
    with program(_FILED, _RUN, home=tmp_path) as running:
        tab.open(f"{running.address}home/exercises")
        tab.press("Balance")
        tab.until_shown("Ready when you are.")
        tab.run("window.realNow = performance.now.bind(performance)")
        tab.press("Start")
        tab.until_shown("stand on the left leg for 30 seconds", "#say")
        assert re.fullmatch(r"\d+ s", tab.text("#left"))
        tab.picture("exercise")
        tab.run("performance.now = () => window.realNow() + 36000")
        tab.until_shown("stand on the right leg", "#say")
        tab.run("performance.now = () => window.realNow() + 99000")
        tab.until_shown("Done.", "#say")
        tab.press("Note it as done")
        tab.until_shown("Noted: core, ", "[role=status]")


def _rate(tab: Tab, level: int) -> None:
    tab.press("Pain")
    tab.press(f"Pain {level} of 10")
    tab.until_shown(f"Pain {level} of 10 marked.", ".told")


_HOME = """
import sys
sys.argv = ["backstride", "live", "--dashboard", "--no-browser"]
from pipelines.cli import main
main()
"""


@pytest.mark.slow
@needs_chromium
def test_the_page_nudges_at_the_desk_and_goes_back_home(tab: Tab, tmp_path: Path) -> None:
    with program(_HOME, home=tmp_path) as running:
        tab.open(running.address)
        tab.until(lambda: tab.find(".by-address summary").is_displayed(), "the screen")
        tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
        tab.find("#address").send_keys("sim:?standing_s=1500&time_scale=60&rate=50")
        tab.press("At the desk")
        tab.until_shown("same position for", ".held", 60)
        tab.until_shown("10 minutes without a change: stand up", ".said", 60)
        assert any("without a change" in said for said in tab.run("return window.spoken"))
        tab.picture("desk")
        tab.press("End")
        tab.until_shown("min at the desk: ", ".desk li")
        tab.press("Back")
        tab.until_shown("Connect your sensor")
        # where treadmill, pod and strap are sought is kept for the next run
        tab.run("for (const one of document.querySelectorAll('details')) one.open = true")
        tab.find("#beside-heart_rate").send_keys("my strap")
        tab.find("#beside-treadmill").send_keys("ble:?name=Belt")
        tab.find("#beside-foot_pod").click()
        tab.until_shown("give ble:ADDRESS, ble:?name=… or ble: for the first one heard", ".beside")
        tab.press("End Backstride")
        tab.until_shown("Backstride has ended")
        running.wait()
    kept = last_answers_store(tmp_path).load().value
    assert kept is not None
    assert kept.beside.known() == {"treadmill": "ble:?name=Belt"}
