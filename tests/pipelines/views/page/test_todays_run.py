"""What the runner is promised of surface and shoe: asked for before the run, and what they do."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock, Mock, patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from imu.drift.baseline import Baseline, IndicatorBaseline
from pipelines.commands.live import _completed
from pipelines.files.session_reader import read_session
from pipelines.live import LiveOptions, LiveRun
from pipelines.runner.history import PastRun, RunHistory
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Pain, RunBaseline, Session, Settings, Shoe
from pipelines.runner.journal.tags import SURFACES, KnownTags, known_tags
from pipelines.session import marks
from pipelines.session.live_status import LiveStatus
from pipelines.views.page.body_data import BodyData
from pipelines.views.page.run import _first_screen, _prepare, _Stay
from pipelines.views.page.setup_screen import Choice
from pipelines.views.page.todays_run import TodaysRun
from pipelines.views.page.view import Dashboard
from tests.pipelines.runner.journal.journals import run
from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Tab, needs_chromium, program
from tests.pipelines.views.terminal.statuses import some_status

_KNOWN = KnownTags("track", "Blue", ("Blue", "Old pair"))
_SENSOR = "backstride 100 Hz"


def _answers(**given: object) -> str:
    return json.dumps(given)


def test_last_run_is_there_already_and_what_was_stated_goes_first() -> None:
    assert TodaysRun(_KNOWN).marks() == (("surface", "track"), ("shoe", "Blue"))
    stated = [("surface", "beach"), ("note", "kept")]
    today = TodaysRun(_KNOWN, stated)
    assert today.marks() == (("surface", "beach"), ("shoe", "Blue"), ("note", "kept"))
    today.save(_answers(surface="track", shoe=""))
    assert today.marks() == (("surface", "track"), ("note", "kept"))
    assert today.pieces()["surfaces"] == [*SURFACES, "beach"]
    assert TodaysRun().marks() == ()
    for said, kept in (("0", "0"), ("11", "0"), ("", "")):
        today.save(f'{{"back": "{said}"}}')
        assert today.pieces()["back"] == kept
        assert ("pain", f"{kept} before") in today.marks() or not kept


def test_what_was_changed_in_the_journal_meanwhile_is_shown(tmp_path: Path) -> None:
    with JournalAtHand(tmp_path / "journal.sqlite") as hand:
        hand.open().change_settings(units="metric", height_m=1.7, mass_kg=None)
        known = partial(hand.ask, Journal.settings, None)
        page = Dashboard(
            body=BodyData(Settings(height_m=1.7, mass_kg=60.0), hand.keep_settings, known),
            today=TodaysRun(_KNOWN, in_use=lambda: hand.ask(known_tags, KnownTags()).shoes),
        )
        page.join(AsyncMock())
        assert page.body.settings.mass_kg == 60.0  # stated for this run
        hand.open().add(Shoe("New"))
        hand.open().change_settings(units="imperial", height_m=1.7, mass_kg=64.0)
        page.join(AsyncMock())
        shown = page.shown()
    assert shown["today"]["shoes"] == ["New", "Blue"]
    assert "141.1 lb" in shown["body"]["words"]


def test_pain_is_asked_anew_before_the_next_run() -> None:
    page = Dashboard(today=TodaysRun(_KNOWN, [("pain", "3 before")]))
    page.ask("today", _answers(back="4"))
    assert ("pain", "4 before") in page.today.marks()
    page.start()
    page.end(LiveRun())
    assert [kind for kind, _ in page.today.marks()] == ["surface", "shoe"]
    assert page.today.pieces()["back"] == ""


def test_pain_rated_on_the_first_page_is_answered_there_and_never_lost(tmp_path: Path) -> None:
    with JournalAtHand(tmp_path / "journal.sqlite") as hand:
        page = _first_screen(LiveOptions(), hand, print, reports=False)

        async def leave() -> None:
            options = LiveOptions()
            stay = _Stay(None, options, page, page, page, _prepare(options), hand, Mock())
            await stay.until_left()

        def left(*answers: str) -> list[int]:
            for answer in answers:
                page.ask("today", _answers(back=answer))
            shown.append(page.shown())
            page.ask("end")
            asyncio.run(leave())
            return [one.level for one in hand.open().entries(Pain)]

        shown: list[Mapping[str, Any]] = []
        assert left("2", "8") == [8]
        assert "leave the run for another day" in shown[0]["today"]["back_words"]
        assert shown[0]["today"]["light"]["light"] == "stop" and shown[0]["today"]["asks"]
        assert [one["text"] for one in shown[0]["told"]][-1] == shown[0]["today"]["back_words"]
        assert left("") == [8]  # taken back
        assert shown[1]["today"]["light"] is None
        # one who tries a simulated runner has rated the own back
        page.ask("today", _answers(back="5"))

        async def try_out() -> None:
            plain = LiveOptions()
            stay = _Stay(None, plain, page, page, page, _prepare(plain), hand, Mock())
            with patch.object(stay, "_run", AsyncMock()):
                await stay._run_or_calibrate(Choice("sim:"))

        asyncio.run(try_out())
        assert [one.level for one in hand.open().entries(Pain)] == [8, 5]
        page.end(LiveRun())
        page.connect()
        # a run that has ended has it
        page.ask("today", _answers(back="4"))
        page.end(LiveRun())
        page.connect()
        assert left() == [8, 5]


@pytest.mark.parametrize("surface", ["treadmill", "track"])
def test_speed_and_slope_count_where_they_are_asked_for(surface: str) -> None:
    today = TodaysRun()
    today.save(_answers(surface="treadmill", speed="6", slope="2"), "imperial")
    assert today.marks()[1:] == (("speed", "6 mph"), ("slope", "2 %"))
    today.save(_answers(surface=surface))
    assert len(today.marks()) == (3 if surface == "treadmill" else 1)
    # what the command line stated is shown on any surface, and can be taken back
    stated = TodaysRun(stated=[("speed", "10 km/h")])
    stated.save(_answers(surface=surface))
    assert stated.pieces()["asks_pace"]
    assert ("speed", "10 km/h") in stated.marks()
    stated.save(_answers(speed=""))
    assert stated.marks() == (("surface", surface),)


def test_run_does_not_begin_over_a_speed_that_was_refused() -> None:
    page = Dashboard()
    page.ask("today", _answers(surface="treadmill", speed="99", slope=""))
    shown = page.shown()["today"]
    assert shown["troubles"]["speed"].startswith("speed is '99 km/h': give a speed up to 43 km/h")
    page.ask("connect", "nonsense")
    assert page.shown()["setup"]["trouble"] == ""  # not even looked at
    # on another surface it is not asked for
    page.ask("today", _answers(surface="track"))
    page.ask("connect", "nonsense")
    assert "nonsense" in page.shown()["setup"]["trouble"]


@given(
    st.text(max_size=40)
    | st.dictionaries(
        st.sampled_from(["surface", "shoe", "speed", "slope", "?"]),
        st.text(max_size=99) | st.integers() | st.lists(st.none(), max_size=1),
    ).map(json.dumps)
)
def test_nothing_that_a_tab_sends_makes_it_raise(answers: str) -> None:
    today = TodaysRun(_KNOWN)
    today.save(answers)
    assert today.surface in ("", *SURFACES)
    assert len(today.shoe) <= 60
    assert "".join(value for _, value in today.marks()).isprintable()


def tags_in(path: Path) -> tuple[KnownTags, str]:
    with JournalAtHand(path) as hand:
        return hand.ask(known_tags, KnownTags()), hand.trouble


def test_journal_knows_the_last_run_and_the_shoes_in_use(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    assert tags_in(path) == (KnownTags(), "")
    assert not path.exists()
    with Journal(path) as journal:
        blue = journal.add(Shoe("Blue"))
        worn = journal.add(Shoe("Worn", retired=run(1.0).day))
        assert tags_in(path) == (KnownTags("", "", ("Blue",)), "")
        journal.add(run(1.0, surface="trail", shoe_id=blue))
        journal.add(run(0.5, surface="grass"))
        assert tags_in(path) == (KnownTags("trail", "Blue", ("Blue",)), "")
        journal.add(run(2.0, surface="track", shoe_id=worn))
        assert tags_in(path) == (KnownTags("track", "", ("Blue",)), "")
    (tmp_path / "a file").write_text("in the way")
    tags, trouble = tags_in(tmp_path / "a file" / "journal.sqlite3")
    assert tags == KnownTags()
    assert trouble == "" or trouble.endswith(".")


def _baseline() -> Baseline:
    means = {"sacral_lean_deg": 6.0, "cadence_spm": 168.0, "vertical_oscillation_mm": 80.0}
    items = (IndicatorBaseline(name, mean, 0.02 * mean, 0.2) for name, mean in means.items())
    return Baseline(tuple(items), blocks=60)


@pytest.mark.parametrize("runs", [0, 1, 4])
@pytest.mark.parametrize("sensor", [_SENSOR, "another"])
def test_what_the_run_is_compared_with_stays_on_the_page(runs: int, sensor: str) -> None:
    history = RunHistory((PastRun(_baseline(), _SENSOR),) * runs, "track", "Blue")
    compared = history.start(sensor).compared
    words = compared.words
    page = Dashboard()
    page.start()
    page.update(replace(some_status(), compared=compared))
    page.note(words)
    for number in range(9):
        page.note(f"Note {number}.")
    assert [note["text"] for note in page.shown()["notes"]] == [
        f"Note {number}." for number in (6, 7, 8)
    ]
    if words.startswith("compared"):
        assert page.shown()["comparison"] == words.removesuffix(".")
    else:
        assert page.shown()["comparison"] == "compared with the beginning of this run"
    page.update(LiveStatus(source="", device="", compared=compared))
    assert page.shown()["comparison"] == words.removesuffix(".")
    # the next run begins anew
    page.start()
    page.update(some_status())
    assert page.shown()["comparison"] == ""


@pytest.mark.parametrize("compares", [True, False])
def test_answers_choose_the_earlier_runs_unless_there_is_to_be_no_history(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, compares: bool
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    _four_runs(tmp_path)
    stated = LiveOptions(marks=(("surface", "trail"), ("shoe", "Old pair")))
    for told, runs in ((TodaysRun(_KNOWN).marks(), 4), ((("surface", "track"),), 0)):
        with JournalAtHand() as journal:
            options, _ = _completed(
                "ble:00:11:22:33:44:55",
                Settings(),
                told,
                journal=journal,
                stated=stated,
                history=compares,
            )
        assert options.marks == told
        assert options.history is not None
        assert len(options.history.runs) == (runs if compares else 0)


@pytest.mark.usefixtures("in_a_folder_of_its_own")
def test_in_mid_run_nobody_is_told_how_to_begin_one(tmp_path: Path) -> None:
    with JournalAtHand(tmp_path / "journal.sqlite") as journal:
        journal.add([replace(run(0.0), utc_start_ns=time.time_ns() - 2 * 86_400 * 10**9)])
        for earlier in (None, Mock()):
            stated = LiveOptions(earlier=earlier)
            _, notes = _completed("sim:", None, (), journal=journal, stated=stated, history=False)
            assert any("pelvic tilts" in one for one in notes) == (earlier is None)


#: The command, with a sensor that measures a simulated runner.
_COMMAND = """
import sys
from unittest.mock import patch
from devices.sources import open_source
from pipelines import live
from pipelines.cli import main

def opened(url, *, clock=None, **_):
    assert url == "ble:00:11:22:33:44:55"
    return open_source("sim:?rate=100&minutes=20&time_scale=8&seed=3", clock=clock)

with patch.object(live, "open_source", opened):
    words = "backstride live --dashboard --no-browser --axes auto".split()
    sys.argv = [*words, *sys.argv[1:]]
    main()
"""


def _four_runs(home: Path) -> None:
    with Journal(home / "journal.sqlite3") as journal:
        blue = journal.add(Shoe("Blue"))
        journal.add(Shoe("Old pair"))
        for days in range(4, 0, -1):
            started = time.time_ns() - days * 86_400 * 10**9
            session = Session(started, 1800.0, surface="track", shoe_id=blue)
            kept = " ".join(_baseline().to_json().split())
            journal.add(RunBaseline(journal.add(session), kept, "track", _SENSOR))


def _choose_sensor(tab: Tab) -> None:
    if not tab.find("#address").is_displayed():
        tab.find(".by-address summary").click()
    tab.find("#address").clear()
    tab.find("#address").send_keys("ble:00:11:22:33:44:55", Keys.ENTER)


@pytest.mark.slow
@needs_chromium
def test_runner_starts_as_last_time_and_reads_what_it_is_compared_with(
    tab: Tab, tmp_path: Path
) -> None:
    _four_runs(tmp_path)
    recording = tmp_path / "run.mcap"
    words = ("--record", str(recording), "--mass", "70", "--height", "1.75")
    with program(_COMMAND, *words, home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("Today", "h2")
        assert Select(tab.find("#today-surface")).first_selected_option.text == "track"
        assert Select(tab.find("#today-shoe")).first_selected_option.text == "Blue"
        tab.find("body").click()  # browsers speak once a page was used
        _choose_sensor(tab)
        compared = "compared with your last 4 runs on track in the shoes Blue"
        tab.until_shown(compared, ".condition h2", 60)
        assert f"C{compared[1:]}." in " ".join(tab.run("return window.spoken"))
        assert tab.text("#controls").count("track") == 1
        for width, height, dark in ((1280, 800, False), (390, 844, True)):
            tab.size(width, height, dark=dark)
            assert_accessible(tab, f"compared, {width}")
            tab.picture(f"compared-{width}")
        tab.key("x")
        tab.press("Stop the run")
        tab.until_shown("Run ended")
        tab.press("End Backstride")
        assert "Traceback" not in running.wait()
    header = read_session(recording).header
    assert header.baseline is not None
    assert header.baseline.of("cadence_spm") is not None


@pytest.mark.slow
@needs_chromium
def test_runner_names_new_shoes_and_the_treadmill_and_they_are_marked(
    tab: Tab, tmp_path: Path
) -> None:
    _four_runs(tmp_path)
    recording = tmp_path / "run.mcap"
    words = ("--record", str(recording), "--no-history")
    with program(_COMMAND, *words, home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("Today", "h2")
        Select(tab.find("#today-surface")).select_by_value("treadmill")
        Select(tab.find("#today-shoe")).select_by_visible_text("others, to be named …")
        tab.until(lambda: tab.run("return document.activeElement.id") == "today-name", "a field")
        _choose_sensor(tab)
        tab.until_shown("Name the shoes, or choose “not said”.", "#today-name-trouble")
        assert tab.run("return document.activeElement.id") == "today-name"
        tab.driver.switch_to.active_element.send_keys("Red pair")
        tab.find("#today-speed").send_keys("99")
        _choose_sensor(tab)
        tab.until_shown("speed is '99 km/h': give a speed up to 43 km/h", "#today-speed-trouble")
        tab.until(lambda: tab.run("return document.activeElement.id") == "today-speed", "focus")
        for width, height, dark in ((1280, 900, False), (390, 844, True), (320, 640, False)):
            tab.size(width, height, dark=dark)
            assert_accessible(tab, f"today, {width}")
            assert tab.run("return document.documentElement.scrollWidth") <= width
            tab.picture(f"today-{width}")
        tab.size(1280, 800)
        # another tab, or this one loaded anew, shows the same
        tab.open(running.address)
        tab.until_shown("Today", "h2")
        assert Select(tab.find("#today-shoe")).first_selected_option.text == "Red pair"
        tab.find("#today-speed").clear()
        tab.find("#today-speed").send_keys("10")
        _choose_sensor(tab)
        tab.until_shown("earning your baseline", ".condition", 60)
        tab.until_shown("Your journal has no shoe 'Red pair' yet", ".condition")
        assert "10 km/h" in tab.text("#controls")
        tab.picture("learning")
        tab.key("x")
        tab.press("Stop the run")
        tab.until_shown("Run ended")
        tab.press("End Backstride")
        assert "Traceback" not in running.wait()
    session = read_session(recording)
    log = [one.mark for one in session.records if isinstance(one, marks.LoggedMark)]
    for mark in (marks.Surface("treadmill"), marks.Shoe("Red pair"), marks.Speed(10 / 3.6)):
        assert mark in log
    assert session.header.baseline is None
