"""What everyone is promised of the run's screen: it is accessible, and keys reach all of it."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.pipelines.views.page.accessibility import assert_accessible
from tests.pipelines.views.page.browser import Program, Tab, needs_chromium


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
def test_page_and_its_dialogs_are_accessible_during_the_run(
    tab: Tab, still: Program, scheme: str
) -> None:
    tab.size(1280, 800, dark=scheme == "dark")
    tab.open(still.address)
    tab.until_shown("9.9", ".card[data-state=changed]")
    assert_accessible(tab, f"live, {scheme}")
    for key in "sthribx?":
        tab.key(key)
        tab.until(lambda: tab.run("return document.querySelector('dialog[open]')"), key)
        assert_accessible(tab, f"dialog {key}, {scheme}")
        tab.picture(f"dialog-{'help' if key == '?' else key}-{scheme}")
        ActionChains(tab.driver).send_keys(Keys.ESCAPE).perform()
        tab.until(lambda: not tab.run("return document.querySelector('dialog[open]')"), key)


@needs_chromium
def test_keyboard_reaches_every_control_in_order_and_shows_where_it_is(
    tab: Tab, still: Program
) -> None:
    tab.size(1280, 800)
    tab.open(still.address)
    tab.until_shown("9.9")
    reached: list[str] = []
    for _ in range(13):
        tab.key(Keys.TAB) if not reached else ActionChains(tab.driver).send_keys(Keys.TAB).perform()
        shown: list[str] = tab.run(
            "const one = document.activeElement; const style = getComputedStyle(one);"
            "return [one.innerText.split('\\n')[0], style.outlineStyle, style.outlineWidth]"
        )
        assert shown[1:] == ["solid", "3px"]
        reached.append(shown[0])
    assert reached == [
        "Standing neutral",
        "Surface",
        "Treadmill",
        "Shoe",
        "Sensor moved",
        "Metronome",
        "Pain",
        "Pause",
        "Stop",
        "Sound on",
        "Speech on",
        "Large numbers",
        "Keys",
    ]
    ActionChains(tab.driver).send_keys(Keys.ENTER).perform()
    tab.until_shown("Standing neutral", "dialog[open]")
    tab.find("dialog[open] input").click()
    ActionChains(tab.driver).send_keys(Keys.ESCAPE).perform()
    # single keys are off now, for those whose aids send them
    tab.key("x")
    assert not tab.run("return document.querySelector('dialog[open]')")
    tab.run("sessionStorage.clear()")
