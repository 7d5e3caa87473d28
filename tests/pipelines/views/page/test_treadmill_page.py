"""What the runner is promised of the treadmill's speed and slope on the page."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from pipelines.files.loading import load
from pipelines.live_controls import LiveControls
from pipelines.session.json_form import to_json
from pipelines.session.marks import Mark, Slope, Speed, mark_from_words
from pipelines.units import Units
from pipelines.views.page.treadmill import Treadmill
from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Program, Tab, needs_chromium, program
from tests.pipelines.views.page.steady_program import STILL


def _marks(controls: LiveControls) -> list[Mark]:
    return [item.mark for item in controls.take_marks(0)]


def _answers(**typed: str | bool) -> str:
    return json.dumps({"form": "a", **typed})


@pytest.mark.parametrize(
    ("units", "speed", "slope", "marks", "told"),
    [
        ("metric", "10", "2", [("speed", "10 km/h"), ("slope", "2 %")], "10 km/h, 2 %"),
        ("metric", " 10,5 km/h", "−1,5", [("speed", "10,5 km/h"), ("slope", "-1.5 %")], ""),
        ("metric", "6 mph", "", [("speed", "6 mph")], "6 mph"),
        ("imperial", "6.3", "0", [("speed", "6.3 mph"), ("slope", "0 %")], "6.3 mph, 0 %"),
        ("imperial", "8:00 /mi", "2 deg", [("speed", "8:00 /mi"), ("slope", "3.492 %")], ""),
        ("metric", "", "3", [("slope", "3 %")], "3 %"),
        ("metric", "0", "", [("speed", "0 km/h")], "0 km/h"),
    ],
)
def test_speed_and_slope_are_marked_as_people_write_them(
    units: Units, speed: str, slope: str, marks: list[tuple[str, str]], told: str
) -> None:
    controls, said = LiveControls(), list[str]()
    treadmill = Treadmill(controls, said.append, units=units)
    treadmill.ask(_answers(speed=speed, slope=slope))
    assert _marks(controls) == [mark_from_words(kind, words) for kind, words in marks]
    assert len(said) == 1
    assert told in said[0]
    # the same again is nothing new
    treadmill.ask(_answers(speed=speed, slope=slope))
    assert _marks(controls) == []


@pytest.mark.parametrize(
    ("speed", "slope", "troubles"),
    [
        ("99", "2", {"speed": "speed is '99 km/h': give a speed up to 43 km/h", "slope": ""}),
        ("10", "99", {"speed": "", "slope": "slope is '99 %': give a slope from -40 to 40 %"}),
        (
            "abc",
            "up",
            {
                "speed": "speed is 'abc': give a speed in km/h, such as '10', or one with its unit",
                "slope": "slope is 'up': give a slope from -40 to 40 %, such as '2'",
            },
        ),
        ("30 mph", "", {"speed": "speed is '30 mph': give a speed up to 26 mph", "slope": ""}),
        ("", "", {"speed": "Type the speed that the treadmill shows", "slope": ""}),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_nothing_is_marked(
    speed: str, slope: str, troubles: dict[str, str]
) -> None:
    controls, said = LiveControls(), list[str]()
    treadmill = Treadmill(controls, said.append)
    treadmill.ask(_answers(speed=speed, slope=slope))
    shown = treadmill.pieces()
    assert shown["answered"] == "a"
    for field, words in troubles.items():
        assert shown["troubles"][field].startswith(words)
        assert bool(shown["troubles"][field]) == bool(words)
    assert (_marks(controls), said, shown["words"]) == ([], [], "")
    treadmill.ask(_answers(speed="10", slope="2"))
    assert treadmill.pieces()["troubles"] == {"speed": "", "slope": ""}


@pytest.mark.parametrize("answers", [_answers(left=True), _answers(speed=" ", slope="")])
def test_whoever_has_left_the_treadmill_is_judged_without_it(answers: str) -> None:
    controls = LiveControls()
    stated = (("speed", "9 km/h"), ("shoe", "blue"), ("slope", "1 deg"))
    treadmill = Treadmill(controls, lambda _: None, marks=stated)
    assert treadmill.pieces()["words"] == "9 km/h, 1.746 %"
    treadmill.ask(answers)
    assert _marks(controls) == [Speed(None), Slope(None)]
    assert treadmill.pieces()["words"] == ""


@given(
    st.text(max_size=60)
    | st.dictionaries(
        st.sampled_from(["form", "speed", "slope", "left"]),
        st.text(max_size=60) | st.floats() | st.booleans() | st.none(),
    ).map(json.dumps)
)
def test_nothing_that_a_tab_sends_marks_what_a_replay_cannot_read(answers: str) -> None:
    controls = LiveControls()
    treadmill = Treadmill(controls, lambda _: None)
    treadmill.ask(answers)
    for mark in _marks(controls):
        assert isinstance(mark, Speed | Slope)
        assert load(to_json(mark), type(mark)) == mark


@needs_chromium
def test_treadmill_is_marked_by_keyboard_and_by_its_buttons(tab: Tab, still: Program) -> None:
    tab.open(still.address)
    tab.until_shown("9.9")
    tab.key("t")
    tab.until(lambda: _focus(tab) == "treadmill-speed", "the field")
    _keys(tab, "99", Keys.ENTER)
    tab.until_shown("speed is '99 km/h': give a speed up to 43 km/h", "dialog[open] [role=alert]")
    assert _focus(tab) == "treadmill-speed"
    assert tab.find("#treadmill-speed").get_attribute("aria-invalid") == "true"
    for width, height, dark in ((1280, 800, False), (390, 844, True), (320, 640, False)):
        tab.size(width, height, dark=dark)
        assert_accessible(tab, f"treadmill, {width}")
        assert tab.run("return document.documentElement.scrollWidth") <= width
        assert tab.run(
            "const one = arguments[0]; return one.scrollWidth <= one.clientWidth",
            tab.find("dialog[open]"),
        )
        tab.picture(f"treadmill-{width}")
    tab.size(1280, 800)
    # the wrong one is selected: typing replaces it; arrows do what the buttons do
    _keys(tab, "10", Keys.ARROW_UP)
    assert _typed(tab) == ["10.5 km/h", ""]
    tab.press("speed more by 0.5 km/h")
    tab.press("slope more by 0.5 %")
    tab.press("slope less by 0.5 %")
    tab.press("slope less by 0.5 %")
    assert _typed(tab) == ["11 km/h", "-0.5 %"]
    tab.press("Mark the treadmill")
    tab.until_shown("Treadmill marked: 11 km/h, -0.5 %.", ".told")
    assert not tab.run("return document.querySelector('dialog[open]')")
    assert "11 km/h, -0.5 %" in tab.text("#controls")
    tab.press("Treadmill")
    assert _typed(tab) == ["11 km/h", "-0.5 %"]
    # another unit keeps its own step; a pace is stepped as a speed
    _set_speed(tab, "6 mph")
    tab.press("speed less by 0.3 mph")
    assert _typed(tab)[0] == "5.7 mph"
    _set_speed(tab, "6:00 /km")
    tab.press("speed more by 0.5 km/h")
    assert _typed(tab)[0] == "10.5 km/h"
    tab.press("Left the treadmill")
    tab.until_shown("off the treadmill", ".told")
    assert "km/h" not in tab.text("#controls")


@pytest.mark.slow
@needs_chromium
def test_treadmill_counts_in_miles_and_each_tab_hears_of_its_own_mistakes(tab: Tab) -> None:
    with program(STILL, "imperial") as running:
        tab.here().open(running.address)
        tab.until_shown("9.9")
        tab.press("Treadmill")
        other = tab.another().open(running.address)
        other.until_shown("9.9")
        other.press("Treadmill")
        other.press("Mark the treadmill")
        other.until_shown("Type the speed that the treadmill shows, such as '6 mph'.", "dialog")
        _set_speed(other, "6")
        other.press("speed more by 0.3 mph")
        assert _typed(other)[0] == "6.3 mph"
        tab.here()
        assert "Type the speed" not in tab.text("dialog[open]")
        other.here().press("Mark the treadmill")
        other.until_shown("Treadmill marked: 6.3 mph.", ".told")
        other.close()
        tab.here().until_shown("6.3 mph", "#controls")
        # what is being typed here stays
        assert tab.run("return document.querySelector('dialog[open]') !== null")


def _keys(tab: Tab, *keys: str) -> None:
    ActionChains(tab.driver).send_keys(*keys).perform()


def _focus(tab: Tab) -> str:
    return str(tab.run("return document.activeElement.id"))


def _typed(tab: Tab) -> list[str]:
    values: list[str] = tab.run(
        "return [...document.querySelectorAll('dialog[open] input')].map((one) => one.value)"
    )
    return values


def _set_speed(tab: Tab, words: str) -> None:
    tab.run("document.getElementById('treadmill-speed').select()")
    tab.find("#treadmill-speed").send_keys(words)
