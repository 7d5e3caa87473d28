"""What everyone is promised of the screens before and after a run: accessible, on a phone too."""

from __future__ import annotations

from pathlib import Path

from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Tab, needs_chromium, program
from tests.pipelines.views.page.steady_program import SCREENS

_NARROWEST = """
return Math.min(...[...document.querySelectorAll('.sheet li > span, .sheet p, .sheet li')]
  .filter((one) => one.checkVisibility() && one.innerText.length > 20)
  .map((one) => one.clientWidth || one.getBoundingClientRect().width))
"""
#: Each screen, and what it shows.
_SCREENS = {
    "connect": "Connect your sensor",
    "found": "Polar H10 A1B2C3D4",
    "refused": "height is '17'",
    "starting": "Connecting to the sensor",
    "faces": "Sides: 4 of 6 seen",
    "standing": "still for 2.0 of 5 seconds",
    "done": "clip is calibrated",
    "failed": "300 s are over",
    "ended": "Recorded in",
}


@needs_chromium
def test_every_other_screen_is_accessible_and_fits_a_phone(tab: Tab, tmp_path: Path) -> None:
    wanted = tmp_path / "screen"
    with program(SCREENS, str(wanted)) as running:
        tab.open(running.address)
        for name, words in _SCREENS.items():
            wanted.write_text(name)
            tab.until_shown(words)
            for width, height, dark in ((1280, 800, False), (320, 640, True)):
                tab.size(width, height, dark=dark)
                scheme = "dark" if dark else "light"
                assert_accessible(tab, f"{name}, {scheme}")
                assert tab.run("return document.documentElement.scrollWidth") <= width, name
                tab.picture(f"{name}-{scheme}")
                # no text is squeezed into a column of letters
                assert tab.run(_NARROWEST) >= 90, name
        # a program that is gone is told here too
        running.process.kill()
        tab.until_shown("What you do here is not kept", ".gone")
        assert_accessible(tab, "gone")
        tab.picture("gone")
    tab.size(1280, 800)
