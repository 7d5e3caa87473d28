"""One browser for all tests of a worker, and a tab of it for a file or for a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

# the browser's file skips where it cannot be used: each test file says so itself
if TYPE_CHECKING:
    from tests.pipelines.views.page.browser import Tab


@pytest.fixture(scope="session")
def chromium() -> Iterator[Tab]:
    """The first tab, which stays empty: starting a browser takes seconds."""
    from tests.pipelines.views.page.browser import browser

    with browser() as first:
        yield first


@contextmanager
def _another(first: Tab) -> Iterator[Tab]:
    """A tab without cookies; what it keeps else is its program's, each with an address."""
    opened = first.here().another()
    for kind in ("browser", "performance"):
        opened.log(kind)  # of the tabs before
    try:
        yield opened
    finally:
        opened.here().command("Network.clearBrowserCookies")
        opened.close()


@pytest.fixture(scope="module")
def tab(chromium: Tab) -> Iterator[Tab]:
    """For all tests of a file."""
    with _another(chromium) as opened:
        yield opened


@pytest.fixture
def own_tab(chromium: Tab) -> Iterator[Tab]:
    """For a test alone, of a size and a scheme of its own."""
    with _another(chromium) as opened:
        yield opened
