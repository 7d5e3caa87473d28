"""What the runner is promised of the metronome on the page."""

from __future__ import annotations

import dataclasses
import itertools
import math
from typing import Any

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from pipelines.coaching.training.red_flags import RedFlagState
from pipelines.session.facts import PainJudged
from pipelines.session.live_status import IndicatorStatus, LiveStatus
from pipelines.views.page.cadence_suggestion import cadence_suggestion
from pipelines.views.page.run_requests import Beforehand
from pipelines.views.page.view import Dashboard
from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Tab, needs_chromium, program
from tests.pipelines.views.page.steady_program import STILL
from tests.pipelines.views.terminal.statuses import some_status


def _with_cadence(baseline_spm: float) -> LiveStatus:
    cadence = {"cadence_spm": IndicatorStatus(160.4, baseline_spm, 4.8)}
    return dataclasses.replace(some_status(), indicators=cadence)


@pytest.mark.parametrize(
    ("baseline_spm", "usual_spm", "suggested"),
    [
        (160.0, None, 168),
        (160.0, 180.0, 168),
        (math.nan, 180.0, 189),
        (math.nan, None, None),
        (30.0, None, None),
        (235.0, None, None),
    ],
)
def test_five_percent_more_than_the_baseline_is_suggested(
    baseline_spm: float, usual_spm: float | None, suggested: int | None
) -> None:
    page = Dashboard()
    page.start(Beforehand(usual_spm=usual_spm))
    page.update(_with_cadence(baseline_spm))
    shown = page.shown()["cadence"]
    assert shown == cadence_suggestion(_with_cadence(baseline_spm), usual_spm)
    assert shown["suggested"] == suggested
    if suggested is not None:
        assert shown["words"].startswith(f"{suggested} steps a minute, 5 % quicker than your usual")


@pytest.mark.parametrize(
    "felt",
    [
        {"pain": PainJudged(0.0, 5, "change", "before", holds=True)},
        {"red_flags": RedFlagState(eased=True)},
    ],
)
def test_no_quicker_rhythm_is_suggested_while_no_training_is(felt: dict[str, Any]) -> None:
    page = Dashboard()
    page.start(Beforehand(usual_spm=180.0))
    page.update(dataclasses.replace(_with_cadence(160.0), **felt))
    assert page.shown()["cadence"]["suggested"] is None


@pytest.mark.slow
@needs_chromium
def test_metronome_beats_evenly_by_keyboard_and_is_silent_when_muted_or_stopped(
    own_tab: Tab,
) -> None:
    tab = own_tab
    with program(STILL) as running:
        tab.open(running.address)
        tab.until_shown("9.9", ".card[data-state=changed]")
        tab.key("b")
        tab.until_shown("168 steps a minute, 5 % quicker than your usual 160", "dialog[open]")
        assert tab.run("return document.activeElement.id") == "metronome-beats"
        assert tab.run("return document.activeElement.value") == "168"
        _keys(tab, Keys.ENTER)
        tab.until_shown("Metronome: 168 beats a minute.", ".told")
        assert tab.find(".told").get_attribute("role") == "status"
        tab.until_shown("Metronome\n168", ".controls")
        _beats_evenly(tab, 168)

        # another rate, and back to the one that is suggested
        tab.key("b")
        _keys(tab, Keys.BACKSPACE * 3, "90", Keys.ENTER)
        refused = (
            "The metronome cannot beat 90 times a minute: give a whole number from 100 to 240."
        )
        tab.until_shown(refused, "dialog[open] [role=alert]")
        assert tab.find("#metronome-beats").get_attribute("aria-invalid") == "true"
        assert_accessible(tab, "a rate that cannot be")
        tab.picture("metronome-refused")
        # what was typed is selected: typing replaces it
        for words in ("900", "170.5"):
            _keys(tab, words, Keys.ENTER)
            tab.until_shown(f"cannot beat {words} times", "dialog[open] [role=alert]")
        _keys(tab, Keys.BACKSPACE, Keys.ENTER)
        tab.until_shown("No rate is given: give a whole number", "dialog[open] [role=alert]")
        _keys(tab, "180", Keys.ENTER)
        tab.until_shown("Metronome\n180", ".controls")
        _beats_evenly(tab, 180)

        tab.key("m")
        tab.until_shown("Sound muted", ".controls")
        _is_silent(tab)
        tab.key("m")
        _beats_evenly(tab, 180)
        tab.key("b")
        tab.press("Take 168")
        tab.press("Stop the metronome")
        tab.until_shown("Metronome stopped.", ".told")
        _is_silent(tab)
        assert tab.run("return document.querySelector('.controls .pressed')") is None


def _keys(tab: Tab, *keys: str) -> None:
    ActionChains(tab.driver).send_keys(*keys).perform()


def _beats_evenly(tab: Tab, beats: int) -> None:
    """From now on there are beats, each at its own time."""
    tab.run("window.heard.length = window.heardAt.length = 0")
    heard = tab.until(
        lambda: tab.run("return window.heardAt.length >= 4 && window.heardAt"), "beats"
    )
    gaps = [after - before for before, after in itertools.pairwise(heard)]
    assert gaps == pytest.approx([60.0 / beats] * len(gaps), abs=1e-6)
    assert set(tab.run("return window.heard")) == {1000}


def _is_silent(tab: Tab) -> None:
    """Nothing is planned any more, and what was planned is not heard."""
    quiet = """
        const done = arguments[0];
        window.heard.length = 0;
        setTimeout(() => done(window.heard.length), 700);
    """
    assert tab.driver.execute_async_script(quiet) == 0
