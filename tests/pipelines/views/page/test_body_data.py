"""What the runner is promised of height, mass and units on the first screen."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver.common.keys import Keys

from pipelines.files.session_reader import read_session
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Settings
from pipelines.views.page.body_data import BodyData
from pipelines.views.page.view import Dashboard
from tests.pipelines.views.page.browser import Tab, needs_chromium, program

_TOLD = Settings(height_m=1.783, mass_kg=70.4, units="imperial", weekly_ceiling_m=30_000.0)


def _answers(units: str, height: str = "", weight: str = "") -> str:
    return json.dumps({"units": units, "height": height, "weight": weight})


@pytest.mark.parametrize(
    ("units", "height", "mass", "height_m", "mass_kg"),
    [
        ("metric", "175", "70", 1.75, 70.0),
        ("metric", "1,75", "70 kg", 1.75, 70.0),
        ("metric", "5 ft 9 in", "154 lb", 1.7526, 69.853),
        ("imperial", "5'9\"", "154", 1.7526, 69.853),
        ("imperial", "69", "70 kg", 1.7526, 70.0),
        ("imperial", "", "", None, None),
    ],
)
def test_height_and_mass_are_understood_as_people_write_them(
    units: str, height: str, mass: str, height_m: float | None, mass_kg: float | None
) -> None:
    body = BodyData(_TOLD)
    body.save(_answers(units, height, mass))
    known = body.settings
    assert not body.refused
    assert known.units == units
    assert known.height_m == (None if height_m is None else pytest.approx(height_m, abs=1e-4))
    assert known.mass_kg == (None if mass_kg is None else pytest.approx(mass_kg, abs=1e-3))
    assert known.weekly_ceiling_m == 30_000.0


@pytest.mark.parametrize(
    ("height", "mass", "field"),
    [
        ("17", "70", "height"),
        ("three metres", "70", "height"),
        ("9999999999", "70", "height"),
        ("nan", "70", "height"),
        ("1.75", "7000 kg", "weight"),
        ("1.75", "-70", "weight"),
    ],
)
def test_absurd_answer_is_told_in_one_sentence_and_changes_nothing(
    height: str, mass: str, field: str
) -> None:
    kept: list[Settings] = []

    def keep(settings: Settings) -> str:
        kept.append(settings)
        return ""

    body = BodyData(_TOLD, keep)
    body.save(_answers("metric", height, mass))
    shown = body.pieces()
    assert body.refused
    assert shown["field"] == field
    assert shown["trouble"].startswith(f"{field} is ")
    assert shown["trouble"].count(": give ") == 1
    assert (body.settings, kept) == (_TOLD, [])
    body.save("")
    assert not body.refused


@pytest.mark.parametrize(
    ("units", "height", "mass", "words"),
    [
        ("metric", "70", "", "height is '70': give a height from 100 to 250 cm"),
        (
            "metric",
            "2.9",
            "",
            "height is '2.9': give a height from 100 to 250 cm, such as '175' or",
        ),
        ("metric", "tall", "", "height is 'tall': give a height from 100 to 250 cm"),
        ("imperial", "20", "", "height is '20': give a height from 3 ft 4 in to 8 ft 2 in"),
        ("imperial", "3 ft 1 in", "", "'3 ft 1 in': give a height from 3 ft 4 in to 8 ft 2 in"),
        ("imperial", "90 cm", "", "height is '90 cm': give a height from 100 to 250 cm"),
        ("metric", "", "7", "weight is '7': give a weight from 20 to 250 kg"),
        ("imperial", "", "900", "weight is '900': give a weight from 45 to 550 lb"),
    ],
)
def test_refused_answer_is_told_as_it_was_typed_with_what_is_possible(
    units: str, height: str, mass: str, words: str
) -> None:
    body = BodyData(Settings())
    body.save(_answers(units, height, mass))
    assert words in body.pieces()["trouble"]


@pytest.mark.parametrize("bound", ["100", "250 cm", "40 in", "98 in", "3 ft 4 in", "8 ft 2 in"])
def test_ends_of_a_range_that_is_told_are_taken(bound: str) -> None:
    body = BodyData(Settings())
    body.save(_answers("metric", bound))
    assert not body.refused
    for mass in ("20 kg", "250 kg", "45 lb", "550 lb"):
        body.save(_answers("metric", "", mass))
        assert not body.refused, mass


@given(st.text(max_size=60) | st.dictionaries(st.text(), st.integers()).map(json.dumps))
def test_nothing_that_a_tab_sends_makes_it_raise(answers: str) -> None:
    body = BodyData(_TOLD)
    body.save(answers)
    assert body.settings == _TOLD


def test_what_the_page_has_rounded_is_not_taken_for_an_answer() -> None:
    body = BodyData(_TOLD)
    for units in ("metric", "imperial"):
        body.save(_answers(units, **body.pieces()["fields"][units]))
        assert (body.settings.height_m, body.settings.mass_kg) == (1.783, 70.4)


def test_answers_are_kept_where_the_first_run_keeps_them(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with JournalAtHand(path) as hand:
        assert hand.ask(Journal.settings, Settings()).height_m is None
        assert not path.exists()
        with Journal(path) as journal:
            journal.change_settings(weekly_ceiling_m=20_000.0)
        assert hand.keep_settings(_TOLD) == ""
    with JournalAtHand(path) as hand:
        settings = hand.ask(Journal.settings, Settings())
        assert (settings.height_m, settings.mass_kg, settings.units) == (1.783, 70.4, "imperial")
        assert (settings.weekly_ceiling_m, hand.trouble) == (20_000.0, "")


def test_journal_that_was_damaged_is_told_before_the_run(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite3"
    path.write_bytes(b"no database" * 1000)
    with JournalAtHand(path) as hand:
        assert hand.ask(Journal.settings, Settings()).height_m is None
        assert "the journal was damaged" in hand.take_notes()[0]


def test_answers_that_cannot_be_stored_hold_for_this_run(tmp_path: Path) -> None:
    place = tmp_path / "a file"
    place.write_text("in the way")
    body = BodyData(Settings(), JournalAtHand(place / "journal").keep_settings)
    body.save(_answers("metric", "180", "80"))
    assert body.settings.mass_kg == 80.0
    assert body.pieces()["note"].endswith("Your answers hold for this run.")
    assert not body.refused


def test_run_does_not_begin_over_an_answer_that_was_refused() -> None:
    page = Dashboard(body=BodyData(Settings()))
    page.ask("body", _answers("metric", "17"))
    page.ask("connect", "nonsense")
    assert page.shown()["setup"]["trouble"] == ""  # not even looked at
    page.ask("body", _answers("metric", "1.7"))
    page.ask("connect", "nonsense")
    assert "nonsense" in page.shown()["setup"]["trouble"]


_RUN = """
import asyncio, sys
from pathlib import Path
from imu.compile_ahead import warm_up
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions
warm_up()
asyncio.run(run_dashboard(None, LiveOptions(record=Path(sys.argv[1])), open_browser=False))
"""


@pytest.mark.slow
@needs_chromium
def test_runner_tells_height_mass_and_units_and_the_run_uses_them(
    own_tab: Tab, tmp_path: Path
) -> None:
    recording = tmp_path / "run.mcap"
    tab = own_tab
    with program(_RUN, str(recording), home=tmp_path) as running:
        tab.open(running.address)
        tab.until_shown("About you")
        tab.find("#height").send_keys("17", Keys.ENTER)
        tab.until_shown(
            "height is '17': give a height from 100 to 250 cm", ".body-data [role=alert]"
        )
        assert _focus(tab) == "height"
        assert tab.find("#height").get_attribute("aria-invalid") == "true"
        tab.find("#height").send_keys(Keys.BACKSPACE * 2, "180", Keys.TAB, "75", Keys.ENTER)
        tab.until_shown("Kept: 1.80 m tall, 75.0 kg, metric", ".known [role=status]")
        assert _focus(tab) == "Change height, weight and units"
        # by keyboard alone, to other units; what is known follows
        tab.driver.switch_to.active_element.send_keys(Keys.ENTER)
        tab.until(lambda: _focus(tab) == "height", "the form")
        tab.find("[value=metric]").send_keys(Keys.ARROW_DOWN)
        assert tab.find("#height").get_attribute("value") == "5 ft 11 in"
        tab.find("#weight").send_keys(Keys.BACKSPACE * 8, "160")
        # what was typed counts even without Save
        tab.find(".by-address summary").click()
        tab.find("#address").send_keys("sim:?minutes=2&time_scale=20&seed=5", Keys.ENTER)
        tab.until(lambda: tab.text(".card:nth-child(2) .number")[:2] in {"3.", "4."}, "inches")
        assert tab.text(".card:nth-child(2) .unit") == "in"
        assert tab.run("return window.scrollY") == 0  # the first screen was scrolled to its end
        _stop(tab)
        rows = tab.text(".summary")
        assert " in" in rows.partition("vertical oscillation")[2].split("\n")[1]
        tab.press("End Backstride")
        assert "Traceback" not in running.wait()
    header = read_session(recording).header
    assert header.height_m == pytest.approx(1.80)
    assert header.mass_kg == pytest.approx(160 * 0.45359237)
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert journal.settings().units == "imperial"


def _stop(tab: Tab) -> None:
    tab.key("x")
    tab.press("Stop the run")
    tab.until_shown("Run ended")


def _focus(tab: Tab) -> str:
    return str(
        tab.run(
            "const one = document.activeElement; return one.id || one.getAttribute('aria-label')"
        )
    )
