"""What a runner with a phone is promised: what a run needs is in view, and covers nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from selenium.webdriver.common.keys import Keys

from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Program, Tab, needs_chromium, program
from tests.pipelines.views.page.steady_program import SCREENS, STILL

#: Names of the main controls that are wholly in the window, with nothing over them.
_IN_REACH = """
return [...document.querySelectorAll('.main-controls .act')].filter((one) => {
  const at = one.getBoundingClientRect();
  const top = document.elementFromPoint(at.x + at.width / 2, at.y + at.height / 2);
  return at.top >= 0 && at.bottom <= innerHeight && at.left >= 0 && at.right <= innerWidth &&
    at.height >= 44 && one.scrollWidth <= one.clientWidth && one.contains(top);
}).map((one) => one.innerText)
"""
#: Whether two of the page's parts overlap in the window.
_OVERLAP = """
const [one, other] = [...arguments].map((name) =>
  document.querySelector(name).getBoundingClientRect());
return one.top < other.bottom && other.top < one.bottom
"""
#: Lines that each text of that selector takes.
_LINES = """
return [...document.querySelectorAll(arguments[0])].map((one) => {
  const range = document.createRange();
  range.selectNodeContents(one);
  return new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size;
})
"""
#: Least room between a quantity's name and its usual range in the same line, px.
_GAPS = """
return Math.min(...[...document.querySelectorAll('.card')].map((card) => {
  const range = document.createRange();
  range.selectNode(card.querySelector('h2').firstChild);
  const [name, usual] = [range, card.querySelector('.usual')].map((one) =>
    one.getBoundingClientRect());
  return usual.top >= name.bottom ? 999 : usual.left - name.right;
}))
"""


@needs_chromium
@pytest.mark.parametrize(("width", "height"), [(390, 844), (320, 640), (844, 390)])
def test_pain_pause_and_stop_stay_in_view_above_nothing_that_is_told(
    tab: Tab, still: Program, width: int, height: int
) -> None:
    tab.size(width, height)
    tab.open(still.address)
    tab.until_shown("9.9", ".card[data-state=changed]")
    for place in ("0", "300", "document.documentElement.scrollHeight"):
        tab.run(f"window.scrollTo(0, {place})")
        assert tab.run(_IN_REACH) == ["More", "Pain", "Pause", "Stop"], place
    # at the end of the page nothing lies under the bar
    assert not tab.run(_OVERLAP, ".state", ".main-controls")
    assert not tab.run(_OVERLAP, ".quiet-controls", ".main-controls")
    assert_accessible(tab, f"live, {width}")
    tab.run("window.scrollTo(0, 0)")
    tab.picture(f"running-{width}")
    tab.press("More controls")
    focused = "document.activeElement.getBoundingClientRect()"
    assert tab.run(f"return {focused}.top > 0 && {focused}.bottom < innerHeight - 72")
    assert tab.run("return document.activeElement.innerText") == "Standing neutral"
    tab.picture(f"more-{width}")


@needs_chromium
def test_what_is_told_for_a_moment_covers_neither_the_sentence_nor_the_buttons(tab: Tab) -> None:
    with program(STILL) as running:
        tab.size(390, 844)
        tab.open(running.address)
        tab.until_shown("9.9", ".card[data-state=changed]")
        tab.run("window.scrollTo(0, 0)")
        tab.press("Pause")
        tab.until_shown("Nothing is judged until you resume.", ".condition")
        # it stands there: only screen readers are told once more
        assert tab.run("return document.querySelector('.told p:not(.unseen)')") is None
        assert tab.text(".told p") == "Paused. The recording goes on."
        for level, place in enumerate(("0", "document.querySelector('.condition').offsetTop")):
            tab.run(f"window.scrollTo(0, {place})")
            tab.press("Pain")
            tab.press(f"Pain {level} of 10")
            tab.until_shown(f"Pain {level} of 10 marked.", ".told p:not(.unseen)")
            tab.until(lambda: not tab.run(_OVERLAP, ".told p", ".condition"), "a free sentence")
            assert not tab.run(_OVERLAP, ".told p", ".main-controls")
            assert_accessible(tab, f"paused, {place}")
            tab.picture(f"paused-{place[:1]}")
        tab.press("Resume")
        tab.until_shown("Going on.", ".told")


@pytest.mark.slow
@needs_chromium
def test_usual_range_takes_one_line_on_every_screen(tab: Tab) -> None:
    for units in ("metric", "imperial"):
        with program(STILL, units) as running:
            tab.open(running.address)
            tab.until_shown("usual", ".card")
            for width in (320, 360, 390, 430, 640, 701, 768, 1024, 1280):
                tab.size(width, 844)
                for words in ("usual 2.69 to 3.35 g", "no usual range yet"):
                    tab.run(
                        "for (const one of document.querySelectorAll('.usual'))"
                        " one.textContent = arguments[0]",
                        words,
                    )
                    assert tab.run(_LINES, ".usual") == [1, 1, 1], (units, width, words)
                    inside = """return [...document.querySelectorAll('.usual')].every((one) =>
                      one.scrollWidth <= one.clientWidth + 1 &&
                      one.getBoundingClientRect().right <=
                        one.parentElement.getBoundingClientRect().right)"""
                    assert tab.run(inside), (units, width, words)
                    assert tab.run(_GAPS) >= 4, (units, width, words)
                    assert tab.run("return document.documentElement.scrollWidth") <= width
                tab.picture(f"usual-{units}-{width}")


@needs_chromium
def test_address_that_did_not_work_is_still_there_to_be_mended(tab: Tab, tmp_path: Path) -> None:
    wanted = tmp_path / "screen"
    with program(SCREENS, str(wanted)) as running:
        tab.size(390, 844)
        tab.open(running.address)
        wanted.write_text("connect")
        tab.until_shown("Connect your sensor")
        tab.find(".by-address summary").click()
        tab.find("#address").send_keys("nonsense", Keys.ENTER)
        tab.until_shown("nonsense", ".trouble")
        in_view = "document.querySelector('.trouble').getBoundingClientRect().top >= 0"
        tab.until(lambda: tab.run(f"return {in_view}"), "the trouble in view")
        assert tab.find("#address").get_attribute("value") == "nonsense"
        # as after a connection that failed: the page has shown another screen meanwhile
        wanted.write_text("starting")
        tab.until_shown("Connecting to the sensor")
        wanted.write_text("connect")
        tab.until_shown("Connect your sensor")
        assert tab.find("#address").is_displayed()
        assert tab.find("#address").get_attribute("value") == "nonsense"
        assert_accessible(tab, "address")
