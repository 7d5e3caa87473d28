"""The computer is asked to stay awake, and a session goes on where it does not agree."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from pipelines.sensors.stay_awake import staying_awake


class System:
    """What the library makes of the system: it agrees, or not."""

    def __init__(self, agrees: bool) -> None:
        self.agrees, self.asked = agrees, 0
        self.keep = SimpleNamespace(running=self.running)

    @contextmanager
    def running(self, on_fail: str) -> Iterator[SimpleNamespace]:
        assert on_fail == "pass", "no warning may disturb the screen of a session"
        self.asked += 1
        yield SimpleNamespace(active=self.agrees)
        self.asked -= 1


@pytest.mark.parametrize("agrees", [True, False])
def test_the_system_is_asked_for_as_long_as_the_session_lasts(
    agrees: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(agrees)
    monkeypatch.setitem(sys.modules, "wakepy", system)
    with staying_awake() as awake:
        assert awake is agrees
        assert system.asked == 1
    assert system.asked == 0
