"""A whole run on the page in a real browser, as a runner goes through it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from pipelines.files.session_reader import read_session
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session
from pipelines.session import marks
from tests.pipelines.views.page.browser import Tab, browser, needs_chromium, program

_PROGRAM = """
import asyncio, sys
from pathlib import Path
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions

def make_report(recording, units):
    report = recording.with_suffix(".html")
    report.write_text("<!doctype html><title>Report</title><h1>Report of your run</h1>")
    return report

options = LiveOptions(record=Path(sys.argv[1]), mass_kg=70.0, height_m=1.75)
run = asyncio.run(
    run_dashboard(None, options, open_browser=False, make_report=make_report)
)
print("steps", len(run.facts.steps), "alerts", len(run.alerts))
"""
_LEANING = "sim:?fatigue=lean&minutes=60&time_scale=60&rate=100"


@pytest.mark.slow
@needs_chromium
def test_runner_connects_is_alerted_mutes_pauses_marks_and_stops(tmp_path: Path) -> None:
    recording = tmp_path / "run.mcap"
    with browser() as tab, program(_PROGRAM, str(recording)) as running:
        tab.open(running.address)
        tab.until_shown("Connect your sensor")
        tab.picture("connect")
        _choose(tab, "sim:?sped=3")
        tab.until_shown("key is 'sped'", ".trouble")
        _choose(tab, _LEANING)

        _numbers_move(tab)
        tab.until(lambda: tab.find(".alert").text, "an alert", 40)
        tab.picture("alert")
        alert = tab.text(".alert")
        assert "Pelvic lean changed from your baseline" in alert
        assert tab.find(".alert").get_attribute("role") == "alert"
        card = tab.text(".card[data-state=changed]")
        assert "pelvic lean" in card
        assert "changed from your baseline: +" in card
        assert tab.run("return window.heard.slice(-2)") == [660, 880]
        size = alert.partition("baseline: ")[2].partition(" further")[0]
        assert tab.run("return window.spoken") == [
            f"Pelvic lean {size} further forward: try a neutral pelvis."
        ]

        _mute(tab)
        _pause_and_go_on(tab)
        _mark(tab)
        tab.press("Stop")
        tab.press("Stop the run")

        tab.until_shown("Run ended")
        tab.picture("ended")
        shown = tab.text(".sheet")
        assert "running steps in" in shown
        assert "cadence" in shown
        assert str(recording) in shown
        assert "Pelvic lean changed from your baseline" in shown
        _open_report(tab)
        tab.press("Finish")
        tab.until_shown("There is no run yet")  # a simulated run is none of the runner's own
        tab.press("Today")
        tab.until_shown("Connect your sensor")
        tab.press("End Backstride")
        tab.until_shown("Backstride has ended")
        assert re.search(r"steps \d{3,} alerts [1-9]", running.wait())
    log = [one.mark for one in read_session(recording).records if isinstance(one, marks.LoggedMark)]
    assert log == [
        marks.Pause(),
        marks.Resume(),
        marks.Pain(3),
        marks.Surface("track"),
        marks.Shoe("blue pair"),
        marks.Neutral(),
    ]


_COMMAND = """
import sys
sys.argv = ["backstride", "live", "--dashboard", "--no-browser"]
from pipelines.cli import main
main()
"""


@pytest.mark.slow
@needs_chromium
def test_first_run_tells_the_body_calibrates_and_runs_to_the_metronome(tmp_path: Path) -> None:
    with browser() as tab, program(_COMMAND, home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("About you")
        tab.find("[value=imperial]").click()
        tab.find("#height").send_keys("5 ft 9 in")
        tab.find("#weight").send_keys("154", Keys.ENTER)
        tab.until_shown("5 ft 9 in tall, 154.0 lb, imperial", ".known")
        _type(tab, "sim:?motion=six_faces&time_scale=20&seed=3")
        tab.press("Calibrate")
        tab.until_shown("is calibrated: every run with it uses what was found.", ".result")
        tab.press("Choose another sensor")
        tab.until_shown("Connect your sensor")
        _choose(tab, f"{_LEANING}&seed=3")
        tab.until_shown("The sensor's calibration of", ".condition")
        _numbers_move(tab)
        tab.until_shown("within your usual range", ".cards", 40)
        tab.key("b")
        tab.until_shown("5 % quicker than your usual", "dialog[open]")
        tab.press("Start the metronome")
        tab.until(lambda: 1000 in tab.run("return window.heard"), "a beat")
        tab.press("Stop")
        tab.press("Stop the run")
        tab.until_shown("Run ended")
        _open_report(tab, "Backstride")
        tab.press("End Backstride")
        said = running.wait(30)
        assert "running steps in" in said
        assert "Traceback" not in said
    (recording,) = (tmp_path / "sessions").glob("*.mcap")
    header = read_session(recording).header
    assert header.calibration is not None
    assert header.height_m == pytest.approx(69 * 0.0254)
    assert header.mass_kg == pytest.approx(154 * 0.45359237)
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert journal.settings().units == "imperial"
        assert journal.entries(Session) == []  # a simulated run is none of the runner's own


def _choose(tab: Tab, address: str) -> None:
    _type(tab, address, Keys.ENTER)


def _type(tab: Tab, *keys: str) -> None:
    tab.until(lambda: tab.find(".by-address summary").is_displayed(), "the first screen")
    if not tab.find("#address").is_displayed():
        tab.find(".by-address summary").click()
    field = tab.find("#address")
    field.clear()
    field.send_keys(*keys)


def _numbers_move(tab: Tab) -> None:
    def numbers() -> list[str]:
        script = "return [...document.querySelectorAll('.figure .number')].map(n => n.innerText)"
        shown: list[str] = tab.run(script)
        return [] if "–" in shown else shown

    first = tab.until(numbers, "numbers")
    tab.until(lambda: all(a != b for a, b in zip(first, numbers(), strict=True)), "other numbers")
    at = tab.text(".time dd")
    tab.until(lambda: tab.text(".time dd") != at, "time")
    assert tab.run("return document.querySelectorAll('.card .line')[0].getAttribute('d')")


def _mute(tab: Tab) -> None:
    tab.key("m")
    tab.key("v")
    tab.until_shown("Sound muted", ".controls")
    tab.until_shown("Speech muted", ".controls")
    # a reload keeps it, in this tab
    tab.driver.refresh()
    tab.until_shown("Sound muted", ".controls")
    tab.until_shown("Speech muted", ".controls")


def _pause_and_go_on(tab: Tab) -> None:
    tab.press("Pause")
    tab.until_shown("Nothing is judged until you resume", ".condition")
    tab.press("Resume")
    tab.until(lambda: "Nothing is judged" not in tab.text(".condition"), "judging")


def _mark(tab: Tab) -> None:
    tab.press("Pain")
    tab.press("Pain 3 of 10")
    tab.until_shown("Pain 3 of 10 marked.", ".told")
    tab.key("s")
    tab.press("track")
    tab.until_shown("Surface marked: track.", ".told")
    tab.key("h")
    tab.until(lambda: tab.find("#shoe-name").is_displayed(), "the field for the shoe")
    tab.find("#shoe-name").send_keys("blue pair", Keys.ENTER)
    tab.until_shown("Shoe marked: blue pair.", ".told")
    tab.key("n")
    tab.until_shown("Stand upright and still")
    tab.until_shown("Standing neutral marked", ".told")


def _open_report(tab: Tab, words: str = "Report of your run") -> None:
    tab.press("Open the report")
    tab.until(lambda: len(tab.driver.window_handles) == 2, "another tab")
    tab.driver.switch_to.window(tab.driver.window_handles[1])
    tab.until_shown(words)
    tab.driver.close()
    tab.here()
