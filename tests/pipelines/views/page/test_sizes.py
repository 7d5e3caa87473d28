"""What the runner is promised on every screen: all is readable, in the units asked for."""

from __future__ import annotations

from tests.pipelines.views.page.browser import Program, Tab, needs_chromium, program
from tests.pipelines.views.page.steady_program import STILL


@needs_chromium
def test_page_fits_a_desktop_a_tablet_and_a_phone(tab: Tab, still: Program) -> None:
    tab.open(still.address)
    for name, width, height, dark in (
        ("desktop", 1440, 900, False),
        ("tablet", 1280, 800, True),
        ("small-tablet", 1024, 768, False),
        ("phone", 390, 844, True),
        ("small-phone", 320, 640, False),
    ):
        tab.size(width, height, dark=dark)
        tab.until_shown("9.9", ".card[data-state=changed]")
        wide = tab.run("return document.documentElement.scrollWidth")
        assert wide <= width, name
        # nothing is cut off or runs over its card
        assert (
            tab.run(
                "return [...document.querySelectorAll('.card, .condition, .controls .act')]"
                ".filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1)"
                ".map(one => one.innerText)"
            )
            == []
        ), name
        digits_px = tab.run(
            "return parseFloat(getComputedStyle(document.querySelector('.figure')).fontSize)"
        )
        assert digits_px >= (90 if width >= 1000 else 56), name
        if width < 700:
            whole = tab.run("return document.documentElement.scrollHeight")
            tab.size(width, whole, dark=dark)
        tab.picture(name)
    for text in ("12:31", "166", "2.3 easy km", "link connected", "battery 83 %"):
        assert text in tab.text().replace("\n", " ")
    assert "12 samples lost" in tab.text(".state")
    assert "the pelvis, not the chest" in tab.text(".posture")
    assert "the large ones, once they are judged, with your pace taken out" in tab.text(".courses")
    assert "The sensor is warm." in tab.text(".condition")


@needs_chromium
def test_lengths_and_distances_are_shown_in_the_runners_units(tab: Tab) -> None:
    with program(STILL, "imperial") as running:
        tab.open(running.address)
        for width, height, dark in ((1280, 800, False), (390, 844, True)):
            tab.size(width, height, dark=dark)
            tab.until_shown("3.07", ".card:nth-child(2)")
            shown = tab.text().replace("\n", " ")
            assert "usual 2.83 to 3.31 in" in shown
            assert "1.5 easy miles" in shown
            assert "mm" not in tab.text(".cards")
            tab.picture(f"imperial-{width}")
