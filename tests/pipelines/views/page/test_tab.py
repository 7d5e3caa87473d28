"""What a tab is promised: the newest state, at its own pace, and no harm from a slow one."""

from __future__ import annotations

import asyncio
from typing import Any

from pipelines.views.page.tab import FRAME_S, Tab
from tests.virtual_loop import run_in_virtual_time


def _now_s() -> float:
    return asyncio.get_running_loop().time()


class _Browser:
    """Takes updates as a browser would."""

    def __init__(self, slow_s: float = 0.0, deaf_times: int = 0) -> None:
        self.got: list[tuple[float, dict[str, Any]]] = []
        self.state: dict[str, Any] = {}
        self._slow_s, self._deaf_times = slow_s, deaf_times

    async def send(self, pieces: dict[str, Any]) -> None:
        if self._deaf_times:
            self._deaf_times -= 1
            raise TimeoutError
        self.got.append((_now_s(), pieces))
        self.state |= pieces
        await asyncio.sleep(self._slow_s)


async def _watched(tab: Tab, seconds: float, *, step: bool, state: dict[str, Any]) -> int:
    """Change the state every 5 ms for a while; how often."""
    task = asyncio.create_task(tab.run())
    end, count = _now_s() + seconds, 0
    while _now_s() < end:
        count += 1
        state["number"] = count
        tab.wake(step=step)
        await asyncio.sleep(0.005)
    await asyncio.sleep(4 * FRAME_S)
    task.cancel()
    return count


def test_many_updates_become_few_and_the_last_one_arrives() -> None:
    state: dict[str, Any] = {"number": 0, "fixed": "as it was"}
    browser = _Browser()
    tab = Tab(lambda: dict(state), browser.send)
    count = run_in_virtual_time(_watched(tab, 1.0, step=False, state=state))
    assert len(browser.got) <= 1.0 / FRAME_S + 5
    assert len(browser.got) >= 3
    assert browser.state == {"number": count, "fixed": "as it was"}


def test_only_what_changed_is_sent_again() -> None:
    state: dict[str, Any] = {"number": 0, "fixed": "as it was"}
    browser = _Browser()
    run_in_virtual_time(
        _watched(Tab(lambda: dict(state), browser.send), 0.5, step=True, state=state)
    )
    assert set(browser.got[0][1]) == {"number", "fixed"}
    assert all(set(pieces) == {"number"} for _, pieces in browser.got[1:])


def test_slow_tab_has_one_update_on_its_way_and_skips_the_others() -> None:
    state: dict[str, Any] = {"number": 0}
    browser = _Browser(slow_s=0.3)
    count = run_in_virtual_time(
        _watched(Tab(lambda: dict(state), browser.send), 1.0, step=True, state=state)
    )
    assert len(browser.got) <= 6
    assert browser.state["number"] == count


def test_tab_that_did_not_answer_gets_everything_again() -> None:
    state: dict[str, Any] = {"number": 0, "fixed": "as it was"}
    browser = _Browser(deaf_times=2)
    run_in_virtual_time(
        _watched(Tab(lambda: dict(state), browser.send), 0.6, step=True, state=state)
    )
    assert set(browser.got[0][1]) == {"number", "fixed"}
    assert browser.state["fixed"] == "as it was"


def test_step_does_not_wait_for_the_pace_of_other_updates() -> None:
    async def told_ms() -> float:
        state = {"number": 0}
        browser = _Browser()
        tab = Tab(lambda: dict(state), browser.send)
        task = asyncio.create_task(tab.run())
        tab.wake(step=True)
        await asyncio.sleep(2.5 * FRAME_S)
        state["number"] = 1
        tab.wake()
        await asyncio.sleep(0.2 * FRAME_S)
        state["number"] = 2
        at = _now_s()
        tab.wake(step=True)
        while browser.state["number"] != 2:
            await asyncio.sleep(0.001)
        task.cancel()
        return 1000.0 * (_now_s() - at)

    assert run_in_virtual_time(told_ms()) < 100.0 * FRAME_S
