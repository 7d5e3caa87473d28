"""A real browser and a real program with the live page, for the tests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

T = TypeVar("T")

pytest.importorskip("nicegui", reason="the live page needs the extra 'app'")
pytest.importorskip("selenium", reason="the live page is tested with selenium")

from selenium import webdriver  # noqa: E402
from selenium.common.exceptions import WebDriverException  # noqa: E402
from selenium.webdriver.chrome.service import Service  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.remote.webelement import WebElement  # noqa: E402

from tests.patience import HANG_S  # noqa: E402
from tests.warm_process import WarmPopen  # noqa: E402

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
DRIVER = shutil.which("chromedriver")
needs_chromium = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="Chromium and chromedriver are not installed"
)
_FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "about:blank",
)
_ROOT = Path(__file__).parents[4]

#: What the browser would sound and say, kept where a test can read it.
_LISTEN = """
try { localStorage.setItem("backstride-view", localStorage.getItem("backstride-view") ?? "near"); }
catch { /* not on a page */ }
window.heard = [];
window.heardAt = [];
window.spoken = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...given) {
  window.heard.push(this.frequency.value);
  window.heardAt.push(given[0]);
  return start.apply(this, given);
};
window.speechSynthesis.speak = (words) => window.spoken.push(words.text);
"""


@dataclass
class Program:
    """A program that shows the live page, in a process of its own."""

    process: subprocess.Popen[str]
    address: str
    told: list[str] = field(default_factory=list)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)

    def wait(self, seconds: float = HANG_S) -> str:
        """Wait until it ends; what it wrote."""
        return self.process.communicate(timeout=seconds)[0]


@contextmanager
def program(code: str, *arguments: str, home: Path | None = None) -> Iterator[Program]:
    """Run Python code that tells ``the live page is at ADDRESS`` on standard error.

    It has a data folder of its own, or ``home``.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as own:
        environment = {
            **os.environ,
            "PYTHONPATH": str(_ROOT),
            "PYTHONUNBUFFERED": "1",
            "BACKSTRIDE_HOME": str(own if home is None else home),
        }
        with _program(code, arguments, environment) as running:
            yield running


@contextmanager
def _program(
    code: str, arguments: tuple[str, ...], environment: dict[str, str]
) -> Iterator[Program]:
    process = WarmPopen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
        cwd=_ROOT,
    )
    try:
        assert process.stdout is not None
        told: list[str] = []
        for line in process.stdout:
            told.append(line)
            if "the live page is at " in line:
                yield Program(process, line.split()[-1], told)
                return
        raise AssertionError("the page did not start: " + "".join(told))
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(HANG_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if process.stdout is not None:
            process.stdout.close()


class Tab:
    """A tab of the browser, looked at as a person would."""

    def __init__(self, driver: webdriver.Chrome, handle: str) -> None:
        self.driver, self._handle = driver, handle

    def here(self) -> Tab:
        """Bring this tab to the front."""
        self.driver.switch_to.window(self._handle)
        return self

    def open(self, address: str) -> Tab:
        self.driver.get(address)
        return self

    def find(self, selector: str) -> WebElement:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str = "body") -> str:
        return str(
            self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)
        )

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What the browser has logged since it was asked last."""
        driver: Any = self.driver
        return list(driver.get_log(kind))

    def run(self, script: str, *given: Any) -> Any:
        return self.driver.execute_script(script, *given)

    def press(self, label: str) -> None:
        """Press the visible button of that name."""
        script = """
          const named = (one) => (one.getAttribute('aria-label') ?? one.innerText).trim();
          return [...document.querySelectorAll('button, a')].find((one) =>
            one.checkVisibility() && named(one).replace(/\\n.*/s, '').startsWith(arguments[0]))"""
        button = self.until(lambda: self.run(script, label), f"a button {label!r}")
        button.click()

    def key(self, key: str) -> None:
        self.find("body").send_keys(key)

    def until(self, ask: Callable[[], T], what: str, seconds: float = HANG_S) -> T:
        """Wait until that gives something true."""
        end = time.monotonic() + seconds
        while True:
            try:
                answer = ask()
            except WebDriverException:
                pass
            else:
                if answer:
                    return answer
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come; shown is: {self.text()}")
            time.sleep(0.05)

    def until_shown(self, text: str, selector: str = "body", seconds: float = HANG_S) -> None:
        self.until(lambda: text in self.text(selector), repr(text), seconds)

    def size(self, width: int, height: int, *, dark: bool = False) -> None:
        """A window of this size, in CSS pixels, on a screen with this scheme."""
        self.command(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])

    def command(self, name: str, **given: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, given)

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page, where ``$BACKSTRIDE_ARTEFACTS`` names a folder."""
        if kept := os.environ.get("BACKSTRIDE_ARTEFACTS"):
            Path(kept).mkdir(parents=True, exist_ok=True)
            assert self.driver.save_screenshot(str(Path(kept) / f"{name}.png"))

    def another(self) -> Tab:
        self.driver.switch_to.new_window("tab")
        return self._prepared(Tab(self.driver, self.driver.current_window_handle))

    def close(self) -> None:
        self.here().driver.close()

    @staticmethod
    def _prepared(tab: Tab) -> Tab:
        tab.command("Page.addScriptToEvaluateOnNewDocument", source=_LISTEN)
        tab.size(1280, 800)
        return tab

    @classmethod
    def first(cls, driver: webdriver.Chrome) -> Tab:
        return cls._prepared(cls(driver, driver.current_window_handle))


@contextmanager
def browser() -> Iterator[Tab]:
    """Start Chromium with a profile of its own; gives its first tab."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        options = webdriver.ChromeOptions()
        options.binary_location = str(CHROMIUM)
        for flag in (*_FLAGS, f"--user-data-dir={profile}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
        try:
            yield Tab.first(driver)
        finally:
            driver.quit()
