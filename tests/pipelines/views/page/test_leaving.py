"""A tab may leave at any moment: nothing is printed for it, and the run goes on as before."""

from __future__ import annotations

import json
import random
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from selenium.common.exceptions import WebDriverException

from tests.pipelines.views.page.browser import Program, browser, needs_chromium, program
from tests.pipelines.views.page.raw_tab import RawPage

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs end on a signal")

#: Updates every 10 ms until Ctrl-C; then tells how late the latest was, and the middle one, ms.
_BUSY = """
import asyncio, dataclasses, signal, sys, time
from pathlib import Path
from pipelines.views.page.server import listen, serve
from pipelines.views.page.view import Dashboard
from tests.pipelines.views.terminal.statuses import some_status

def report():
    time.sleep(1.6)
    return Path(sys.argv[0])

async def main():
    page, stop = Dashboard(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, stop.set)
    # long enough that a tab which reads nothing fills its line at once
    status = dataclasses.replace(some_status(), device="long name " * 2_000)
    async with serve(page, listen(0), report) as address:
        print("the live page is at", address, flush=True)
        page.start()
        late, number = [], 0
        while not stop.is_set():
            number += 1
            due = time.monotonic() + 0.01
            page.update(dataclasses.replace(status, steps=number, elapsed_s=0.01 * number))
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            late.append(round(1000 * (time.monotonic() - due)))
    print("updates", number, "late", max(late), sorted(late)[number // 2])

asyncio.run(main())
"""


@pytest.fixture
def busy() -> Iterator[Program]:
    with program(_BUSY) as running:
        yield running


def _ended_quietly(running: Program) -> None:
    """The program ends with its one line, and its updates were not held up."""
    running.interrupt()
    said = running.wait()
    told = re.fullmatch(r"updates (\d+) late (\d+) (\d+)\n", said)
    assert told is not None, said
    # a tab that is waited for holds the run up for seconds; the machine may be busy
    assert int(told[2]) < 2000, said
    assert int(told[3]) < 100, said


def test_tabs_that_vanish_at_any_moment_leave_no_trace(busy: Program) -> None:
    page, failed = RawPage(busy.address), list[BaseException]()

    def one(chance: random.Random) -> None:
        kind = chance.choice(["page", "watch", "watch", "watch", "poll", "post"])
        pause = chance.choice([0.0, 0.001, 0.02, 0.3])
        if kind == "page":
            line = page.ask()
        elif kind == "watch":
            line = page.watch(page.load())
        elif kind == "poll":
            line = page.ask(_polling(page))
        else:  # a message that is cut short
            line = page.ask(_polling(page), b"4", promised=100)
        time.sleep(pause)
        (page.vanish if chance.random() < 0.6 else socket.socket.close)(line)

    def several(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(12):
                one(chance)
        except BaseException as error:  # for the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=several, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    _ended_quietly(busy)


def _polling(page: RawPage) -> str:
    """Where a browser without WebSocket asks for what is new, once it is known."""
    client = page.load()
    opened = page.get(page.sockets(client, "polling"))
    sid = re.search(rb'"sid":"([^"]+)"', opened)
    assert sid is not None
    asked = page.sockets(client, "polling", sid=sid[1].decode())
    assert b"200 OK" in page.get(asked, b"40")
    return asked


def test_tab_that_reads_nothing_holds_up_neither_the_run_nor_its_end(busy: Program) -> None:
    page = RawPage(busy.address)
    lines = [page.watch(page.load()) for _ in range(3)]
    time.sleep(1.0)
    _ended_quietly(busy)
    for line in lines:
        line.close()


def test_leaving_while_the_report_is_made_is_no_fault(busy: Program) -> None:
    first, second = RawPage(busy.address).ask("report"), RawPage(busy.address).ask("report")
    time.sleep(0.3)
    first.close()
    _ended_quietly(busy)
    second.close()


def test_tab_that_is_back_before_it_was_missed_is_kept_up_to_date(busy: Program) -> None:
    page = RawPage(busy.address)
    client = page.load()
    before, after = page.watch(client), page.watch(client)
    pending = _requests(after, 0.3)
    page.vanish(before)
    pending += _requests(after, 0.5)
    for _ in range(3):  # each answer brings the next update
        for request in pending:
            answer = {"request_id": request, "client_id": client, "result": True}
            page.say(after, f'42["javascript_response",{json.dumps(answer)}]')
        pending = _requests(after, 0.4)
        assert pending
    after.close()
    _ended_quietly(busy)


@pytest.mark.slow
@needs_chromium
def test_browser_that_reloads_closes_tabs_and_crashes_leaves_no_trace(busy: Program) -> None:
    chance = random.Random(7)
    with browser() as tab:
        for _ in range(12):
            other = tab.here().another().open(busy.address)
            time.sleep(chance.choice([0.0, 0.05, 0.4]))
            other.close()
        tab.here().open(busy.address)
        for _ in range(25):
            tab.run("location.reload()")
            time.sleep(chance.choice([0.0, 0.05, 0.3]))
        tab.until_shown("running", ".facts")
        tab.command("Page.setWebLifecycleState", state="frozen")
        time.sleep(8.0)  # longer than the page waits for an answer, and for the line
        tab.command("Page.setWebLifecycleState", state="active")
        steps = tab.text(".count dd")
        tab.until(lambda: tab.text(".count dd") not in {"", steps}, "more steps")
        with suppress(WebDriverException):
            tab.command("Browser.crash")
    time.sleep(1.0)
    _ended_quietly(busy)


def _requests(line: socket.socket, seconds: float) -> list[str]:
    """The updates that come within a time, by the number that the answer has to bear."""
    received, end = b"", time.monotonic() + seconds
    line.settimeout(0.05)
    while time.monotonic() < end:
        with suppress(TimeoutError):
            received += line.recv(1 << 20)
    return [found.decode() for found in re.findall(rb'"request_id":"([0-9a-f-]+)"', received)]
