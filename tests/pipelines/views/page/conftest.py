"""A page with known numbers, for all tests of a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

# the browser's file skips where it cannot be used: each test file says so itself
if TYPE_CHECKING:
    from tests.pipelines.views.page.browser import Program


@pytest.fixture(scope="module")
def still() -> Iterator[Program]:
    """A run that has stopped at an alert."""
    from tests.pipelines.views.page.browser import program
    from tests.pipelines.views.page.steady_program import STILL

    with program(STILL) as running:
        yield running
