"""What a runner is promised from two metres: 12 mm on 14 inches, alerts on all of it."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

from pipelines.coaching.plan import CompanionPlan
from pipelines.coaching.training.effort import effort_of
from pipelines.coaching.training.intervals import RunWalkPlan, phase_at
from pipelines.coaching.training.single_session import LongestSession, TodaySoFar
from pipelines.views.page.two_metres import two_metres
from pipelines.views.page.view import Dashboard
from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Tab, needs_chromium, program
from tests.pipelines.views.page.steady_program import FAR
from tests.pipelines.views.terminal.statuses import some_status

#: Width of a screen of 14 inches, 16 to 10, mm.
_WIDTH_MM = 301.6


def test_all_that_is_known_is_there_and_defined_as_elsewhere() -> None:
    status = dataclasses.replace(
        some_status(),
        elapsed_s=350.0,  # it stood for 20 s before the plan began
        distance_m=820.0,
        speed_m_s=2.5,
        heart_rate_bpm=141.6,
        effort=effort_of(0.78),
        phase=phase_at(RunWalkPlan(), 330.0),
    )
    plan = CompanionPlan(intervals=RunWalkPlan(), longest=LongestSession(dose_easy_km=4.0))
    shown = {one["name"]: one["number"] for one in two_metres(status, plan)}
    page = Dashboard()
    page.start()
    page.update(status)
    cards = [card["number"] for card in page.shown()["cards"]]
    assert [shown["shock"], shown["oscillation"], shown["lean"]] == cards
    assert (shown["time"], shown["distance"], shown["pace /km"]) == ("5:50", "0.8", "6:40")
    assert (shown["heart rate"], shown["run 1/10"]) == ("142", "0:30")
    assert shown["effort"] == "78"
    assert shown["easy left"] == "4.4"
    plan = replace(plan, today=TodaySoFar(3000.0, 2.5))
    assert {one["name"]: one["number"] for one in two_metres(status, plan)}["easy left"] == "1.9"
    assert "heart rate" not in {one["name"] for one in two_metres(some_status())}
    # nobody knows what is left of a day of which nobody knows how far was run
    plan = CompanionPlan(longest=LongestSession(5000.0), today=TodaySoFar(0.0, None, 1))
    assert not any(one["name"].endswith("left") for one in two_metres(status, plan))


@needs_chromium
def test_everything_fits_one_screen_in_twelve_millimetres(tab: Tab) -> None:
    with program(FAR) as running:
        tab.open(running.address)
        tab.run("localStorage.setItem('backstride-view', 'far')")
        tab.driver.refresh()
        tab.until_shown("heart rate", ".far")
        for width, height, dark in ((1280, 720, False), (1280, 800, False), (1920, 1080, True)):
            tab.size(width, height, dark=dark)
            tab.picture(f"far-{width}x{height}")
            buttons_px = tab.run(
                "return [...document.querySelectorAll('.main-controls .act')]"
                ".filter((one) => one.checkVisibility() && /Pain|Stop/.test(one.innerText))"
                ".map((one) => one.getBoundingClientRect().bottom)"
            )
            assert len(buttons_px) == 2
            assert max(buttons_px) <= height
            texts = tab.run(
                "return [...document.querySelectorAll('.far dt, .far dd, .far small, .far-line')]"
                ".map((one) => [one.innerText, parseFloat(getComputedStyle(one).fontSize),"
                " one.scrollWidth - one.clientWidth, one.getBoundingClientRect().bottom])"
            )
            for words, size_px, beyond_px, bottom_px in texts:
                assert size_px / width * _WIDTH_MM >= 12.0, words
                assert beyond_px <= 1, words
                assert bottom_px <= height, words
        assert_accessible(tab, "from two metres")
        for width in (390, 320):  # a run of more than an hour, on a phone
            tab.size(width, 844)
            tab.picture(f"far-{width}")
            wide = tab.run(
                "return [...document.querySelectorAll('.far dt, .far dd')]"
                ".filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText)"
            )
            assert wide == []
        tab.size(1280, 720)
        tab.press("Details")
        tab.until_shown("The whole run", ".courses")
        tab.run("localStorage.setItem('backstride-view', 'near')")


@needs_chromium
def test_alert_fills_the_page_and_a_press_brings_the_numbers_back(tab: Tab) -> None:
    with program(FAR, "alert") as running:
        tab.size(1280, 720)
        tab.open(running.address)
        tab.run("localStorage.setItem('backstride-view', 'far')")
        tab.driver.refresh()
        tab.until(lambda: tab.find(".far-alert").is_displayed(), "the alert")
        tab.picture("far-alert")
        box = tab.run(
            "const one = document.querySelector('.far-alert'), box = one.getBoundingClientRect();"
            "return [box.left, box.top, box.right, box.bottom, one.scrollHeight - one.clientHeight]"
        )
        assert box == [0, 0, 1280, 720, 0]
        tab.find(".far-alert").click()
        tab.until(lambda: not tab.driver.find_elements("css selector", ".far-alert"), "numbers")
        tab.run("localStorage.setItem('backstride-view', 'near')")


@needs_chromium
def test_how_to_stop_and_that_the_numbers_stand_still_can_be_read_from_there_too(tab: Tab) -> None:
    with program(FAR, "stop") as running:
        tab.open(running.address)
        tab.run("localStorage.setItem('backstride-view', 'far')")
        tab.driver.refresh()
        tab.until_shown("Slow to a walk now", ".far-line")
        for width, height in ((1280, 720), (1920, 1080)):
            tab.size(width, height)
            tab.picture(f"far-stop-{width}x{height}")
            line = "const one = document.querySelector('.far-line');"
            size_px, bottom_px = tab.run(
                f"{line} return [parseFloat(getComputedStyle(one).fontSize),"
                " one.getBoundingClientRect().bottom]"
            )
            assert size_px / width * _WIDTH_MM >= 12.0
            assert bottom_px <= height
            stop_px = tab.run(
                "return [...document.querySelectorAll('.controls button')]"
                ".find((one) => /Stop/.test(one.innerText)).getBoundingClientRect().bottom"
            )
            assert stop_px <= height
        assert_accessible(tab, "stop, from two metres")
        running.process.kill()
        tab.until_shown("The numbers stand still", ".lost")
        for width, height in ((390, 844), (1280, 720)):
            tab.size(width, height)
            tab.picture(f"lost-{width}x{height}")
            box, size_px, beyond_px = tab.run(
                "const one = document.querySelector('.lost'), box = one.getBoundingClientRect();"
                "return [[box.left, box.top, box.right, box.bottom],"
                " parseFloat(getComputedStyle(one.querySelector('.why')).fontSize),"
                " one.scrollHeight - one.clientHeight]"
            )
            assert (box, beyond_px) == ([0, 0, width, height], 0)
        assert size_px / width * _WIDTH_MM >= 12.0
        assert_accessible(tab, "lost, from two metres")
        assert tab.run(  # above an alert that fills the page
            "const alert = document.createElement('div'), lost = document.querySelector('.lost');"
            "alert.className = 'far-alert'; lost.after(alert);"
            "return lost.contains(document.elementFromPoint(innerWidth / 2, innerHeight / 2))"
        )
        tab.run("localStorage.setItem('backstride-view', 'near')")
