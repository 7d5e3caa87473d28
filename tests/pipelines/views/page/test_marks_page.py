"""What the runner is promised of marks in a real run: in the log, and answered at once."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from pipelines.files.session_reader import read_session
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Shoe
from pipelines.session import marks
from pipelines.views.page.run_requests import Beforehand
from pipelines.views.page.view import Dashboard
from tests.pipelines.views.page.browser import Tab, needs_chromium, program
from tests.pipelines.views.terminal.statuses import some_status

_RUN = """
import asyncio, sys
from pathlib import Path
from imu.compile_ahead import warm_up
from pipelines.commands.after_run import file_and_review
from pipelines.commands.live import _tell_end
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.coaching.plan import CompanionPlan
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions
from pipelines.runner.journal.at_hand import JournalAtHand
warm_up()
options = LiveOptions(
    record=Path(sys.argv[1]),
    companion=CompanionPlan(),
    filed=True,
    marks=(("speed", "9 km/h"), ("surface", "treadmill")),
)
address = "sim:?minutes=15&time_scale=20&seed=5&speed=2.5&rate=100"
run = asyncio.run(run_dashboard(address, options, open_browser=False))
with JournalAtHand() as journal:
    _tell_end(run, file_and_review(run, journal), journal)
"""


def _running(before: Beforehand | None = None) -> Dashboard:
    page = Dashboard()
    page.start(before)
    page.update(some_status())
    return page


def _told(page: Dashboard) -> list[str]:
    return [told["text"] for told in page.shown()["told"]]


def test_shoe_that_the_journal_does_not_know_is_told_without_holding_up_the_run() -> None:
    async def story() -> None:
        asked: list[str] = []
        held = asyncio.Event()
        loop = asyncio.get_running_loop()

        def look_up(name: str) -> str:
            asked.append(name)
            asyncio.run_coroutine_threadsafe(held.wait(), loop).result(5)
            return "your journal has no such shoe." if name == "blu" else ""

        page = _running(Beforehand(shoe_note=look_up))
        page.ask("shoe", "blu")
        assert _told(page) == ["Shoe marked: blu."]
        await asyncio.sleep(0.05)
        held.set()
        await asyncio.sleep(0.05)
        assert _told(page) == ["Shoe marked: blu.", "Your journal has no such shoe."]
        page.ask("shoe", "blue")
        await asyncio.sleep(0.05)
        assert asked == ["blu", "blue"]
        assert [note["text"] for note in page.shown()["notes"]] == [
            "Your journal has no such shoe."
        ]

    asyncio.run(story())


def test_speed_of_the_belt_holds_no_more_once_another_surface_is_marked() -> None:
    page = _running(Beforehand(marks=(("surface", "treadmill"), ("speed", "9 km/h"))))
    page.ask("surface", "treadmill")
    assert page.shown()["treadmill"]["words"] == "9 km/h"
    page.ask("surface", "asphalt")
    assert [item.mark for item in page.controls.take_marks(0)] == [
        marks.Surface("treadmill"),
        marks.Surface("asphalt"),
        marks.Speed(None),
        marks.Slope(None),
    ]
    assert page.shown()["treadmill"]["words"] == ""
    assert _told(page)[-1] == "Marked: off the treadmill. Its speed and slope count no more."


def test_journal_in_trouble_takes_no_mark_away(caplog: pytest.LogCaptureFixture) -> None:
    def look_up(_: str) -> str:
        raise OSError("the disk is gone")

    async def story() -> None:
        page = _running(Beforehand(shoe_note=look_up))
        page.ask("shoe", "blue")
        await asyncio.sleep(0.05)
        assert [item.mark for item in page.controls.take_marks(0)] == [marks.Shoe("blue")]
        assert _told(page) == ["Shoe marked: blue."]

    asyncio.run(story())
    assert "could not be looked up" in caplog.text


@pytest.mark.slow
@needs_chromium
def test_treadmill_shoe_and_pain_are_marked_and_answered_in_a_run(tab: Tab, tmp_path: Path) -> None:
    recording = tmp_path / "run.mcap"
    with Journal(tmp_path / "journal.sqlite3") as journal:
        journal.add(Shoe("old pair"))
    with program(_RUN, str(recording), home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("9 km/h", "#controls")
        assert "treadmill" in tab.text("#controls")
        tab.key("t")
        tab.find("#treadmill-slope").send_keys("2", Keys.ENTER)
        tab.until_shown("Treadmill marked: 2 %.", ".told")
        tab.key("h")
        tab.find("#shoe-name").send_keys("oldpair", Keys.ENTER)
        tab.until_shown("no shoe 'oldpair' yet (it has old pair)", ".condition")
        tab.key("i")
        tab.press("Pain 9 of 10")
        tab.until_shown("Answer the questions", ".controls a[href$='journal#warning-signs']")
        tab.until_shown("stop this run", ".condition")
        assert any("questions" in words for words in tab.run("return window.spoken"))
        tab.key("t")
        tab.press("Left the treadmill")
        tab.until_shown("off the treadmill", ".told")
        _stop(tab)
        said = running.wait()
    assert "Traceback" not in said
    assert said.count("backstride journal check") == 1  # at the end, where all is summed up
    log = [one for one in read_session(recording).records if isinstance(one, marks.LoggedMark)]
    assert [one.mark for one in log] == [
        marks.Speed(2.5),
        marks.Surface("treadmill"),
        marks.Slope(math.degrees(math.atan(0.02))),
        marks.Shoe("oldpair"),
        marks.Pain(9),
        marks.Speed(None),
        marks.Slope(None),
    ]


def _stop(tab: Tab) -> None:
    tab.key("x")
    tab.press("Stop the run")
    tab.until_shown("Run ended")
    tab.press("End Backstride")
