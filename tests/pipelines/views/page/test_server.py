"""Who gets in, and what is said to those who do not; no browser needed."""

from __future__ import annotations

import asyncio
import re
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from pathlib import Path
from typing import Any

import pytest

from imu.errors import ParameterError
from pipelines.views.page.gate import Gate
from pipelines.views.page.server import listen
from pipelines.views.page.several_views import SeveralViews
from pipelines.views.page.view import Dashboard
from tests.patience import HANG_S
from tests.pipelines.views.page.browser import Program, program
from tests.pipelines.views.page.raw_tab import RawPage
from tests.pipelines.views.terminal.statuses import some_status
from tests.warm_process import finished

_RUN = """
import asyncio, sys
from email.message import Message
from pathlib import Path
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions
from tests.patience import HANG_S

run = asyncio.run(run_dashboard(sys.argv[1] or None, LiveOptions(record=Path(sys.argv[2])),
                                open_browser=False))
print("no run" if run is None else f"recorded {run.recording.stat().st_size > 10000}")
"""


def _get(address: str) -> tuple[int, str, Message]:
    try:
        with urllib.request.urlopen(address, timeout=HANG_S) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def _upgrade(address: str, path: str, *, host: str = "", origin: str | None = "") -> str:
    """First line of the answer to a WebSocket handshake, by the page itself if not said."""
    place = urllib.parse.urlsplit(address)
    host = host or place.netloc
    by = "" if origin is None else f"Origin: {origin or f'http://{place.netloc}'}\r\n"
    with socket.create_connection((place.hostname or "", place.port or 0), HANG_S) as line:
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{by}Upgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        return line.recv(200).decode(errors="replace").splitlines()[0]


def test_only_the_whole_address_opens_anything(tmp_path: Path) -> None:
    with program(_RUN, "", str(tmp_path / "run.mcap")) as running:
        token = running.address.rstrip("/").rpartition("/")[2]
        assert len(token) >= 32
        host = running.address.removesuffix(f"{token}/")
        status, page, headers = _get(running.address)
        assert status == 200
        assert "Backstride" in page
        policy = str(headers["content-security-policy"])
        assert "default-src 'none'" in policy
        assert "'unsafe-inline'" not in policy.partition("script-src")[2]
        assert headers["referrer-policy"] == "same-origin"
        inside = re.findall(r"/_nicegui/[^\"' ]+\.js", page)[0]
        sockets = "_nicegui_ws/socket.io/?EIO=4&transport=websocket"
        for wrong in ("", "x", token[:-1], token.upper(), f"{token}x"):
            for path in ("", "/", "/report", inside, f"/{sockets}"):
                status, text, _ = _get(f"{host}{wrong}{path}".replace("//_", "/_"))
                assert status == 403, (wrong, path)
                assert "use the one that the program printed" in text
                assert token not in text
            assert " 403 " in _upgrade(running.address, f"/{wrong}/{sockets}")
        assert " 101 " in _upgrade(running.address, f"/{token}/{sockets}")
        assert _get(f"{host}{token}/report")[0] == 404  # no report was promised
        running.interrupt()
        assert "no run" in running.wait()


def _ask(address: str, path: str, headers: dict[str, str], body: bytes | None) -> tuple[int, str]:
    """Status and headers of an answer to a request with these headers."""
    asked = urllib.request.Request(f"{address}{path}", body, headers)
    try:
        with urllib.request.urlopen(asked, timeout=HANG_S) as answer:
            return answer.status, str(answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, str(error.headers)


def test_pages_of_other_places_get_nothing_even_with_the_token(tmp_path: Path) -> None:
    polling = "_nicegui_ws/socket.io/?EIO=4&transport=polling&implicit_handshake=true"
    sockets = "_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    with program(_RUN, "", str(tmp_path / "run.mcap")) as running:
        address = running.address
        place = urllib.parse.urlsplit(address)
        own, foreign = f"http://{place.netloc}", f"http://evil.example:{place.port}"
        for path in ("", polling):
            # a name that somebody points to this computer
            assert _ask(address, path, {"Host": f"evil.example:{place.port}"}, None)[0] == 403
            assert _ask(address, path, {"Host": "127.0.0.1:1"}, None)[0] == 403
            for origin in (foreign, "null", "http://127.0.0.1:1", f"http://localhost:{place.port}"):
                for body in (None, b"40"):
                    assert _ask(address, path, {"Origin": origin}, body)[0] == 403, (path, origin)
            assert _ask(address, path, {}, b"40")[0] == 403  # posted by nobody says whom
        status, headers = _ask(address, polling, {"Origin": own}, None)
        assert status != 403
        assert "access-control" not in headers.lower()
        others: list[tuple[str, str | None]] = [("", foreign), ("", "null"), ("", None)]
        for host, by in [*others, ("evil.example", "")]:
            assert " 403 " in _upgrade(address, f"{place.path}{sockets}", host=host, origin=by)
        assert " 101 " in _upgrade(address, f"{place.path}{sockets}")


def test_no_command_line_tells_the_token(tmp_path: Path) -> None:
    """The browser is started as the user set it, and given a file that only the user can read."""
    seen = tmp_path / "seen"
    browser = tmp_path / "browser"
    browser.write_text(
        f'#!/bin/sh\nprintf "%s\n" "$1" > {seen}\n'
        f'file=${{1#file://}}\nstat -c %a "$file" >> {seen}\ncat "$file" >> {seen}\n'
    )
    browser.chmod(0o700)
    code = f"import os\nos.environ['BROWSER'] = {str(browser)!r}\n" + _RUN.replace(
        "open_browser=False", "open_browser=True"
    )
    with program(code, "", str(tmp_path / "run.mcap")) as running:
        end = time.monotonic() + HANG_S
        while not seen.exists() or "</a>" not in seen.read_text():
            assert time.monotonic() < end
            time.sleep(0.05)
        line, mode, page = seen.read_text().split("\n", 2)
        token = running.address.rstrip("/").rpartition("/")[2]
        assert token not in line
        assert mode == "600"
        assert running.address in page
        running.interrupt()
        running.wait()
        assert not Path(line.removeprefix("file://")).exists()


@pytest.mark.parametrize(("leaves", "lines"), [(True, 0), (False, 1)])
def test_fault_of_the_page_is_one_line_and_none_where_nobody_is_left(
    leaves: bool, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def faulty(_: Any, receive: Any, __: Any) -> None:
        await receive()
        raise KeyError("REQUEST_METHOD")

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect" if leaves else "http.request"}

    async def send(_: Any) -> None:
        raise AssertionError("nothing was to be sent")

    asked: dict[str, Any] = {"type": "http", "path": "/token/", "method": "GET"}
    asked["headers"] = [(b"host", b"127.0.0.1:80")]
    asyncio.run(Gate(faulty, "token", 80)(asked, receive, send))
    assert len(caplog.records) == lines
    for record in caplog.records:
        assert record.getMessage().startswith("the live page could not answer a request: KeyError")
        assert record.exc_info is None


def test_interrupt_ends_the_run_cleanly_and_again_leaves_the_page(tmp_path: Path) -> None:
    recording = tmp_path / "run.mcap"
    with program(_RUN, "sim:?minutes=30&time_scale=20", str(recording)) as running:
        _until_recorded(recording, running)
        running.interrupt()
        # no tab watches: the page does not keep the program for long
        assert "recorded True" in running.wait()


def test_a_request_to_end_ends_the_program_though_a_tab_shows_the_page(tmp_path: Path) -> None:
    recording = tmp_path / "run.mcap"
    with program(_RUN, "sim:?minutes=30&time_scale=20", str(recording)) as running:
        page = RawPage(running.address)
        line = page.watch(page.load())
        _until_recorded(recording, running)
        running.interrupt()
        assert "recorded True" in running.wait()  # nobody left the page
        line.close()


def _until_recorded(recording: Path, running: Program) -> None:
    end = time.monotonic() + HANG_S
    while not recording.exists() or recording.stat().st_size < 20000:
        assert running.process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.1)


def test_taken_port_is_told_in_one_sentence() -> None:
    taken = listen(0)
    try:
        assert taken.getsockname()[0] == "127.0.0.1"
        port = taken.getsockname()[1]
        with pytest.raises(ParameterError, match=rf"--port is {port}: give another port"):
            listen(port)
    finally:
        taken.close()
    for wrong in (-1, 65536):
        with pytest.raises(ParameterError, match="a number from 1 to 65535"):
            listen(wrong)


def test_missing_library_is_told_with_the_command_that_installs_it() -> None:
    code = """
import asyncio, sys
from importlib import util
found = util.find_spec
util.find_spec = lambda name, *rest: None if name == "nicegui" else found(name, *rest)
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions
from imu.errors import BackstrideError
try:
    asyncio.run(run_dashboard("sim:", LiveOptions(), open_browser=False))
except BackstrideError as error:
    print(error)
assert "nicegui" not in sys.modules
"""
    done = finished([sys.executable, "-c", code], cwd=Path(__file__).parents[4])
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == (
        "the live page needs nicegui, not installed here: give python -m pip install "
        '".[app]" in the folder that you installed Backstride from.'
    )


def test_source_that_cannot_be_opened_is_told_to_the_one_who_gave_it(tmp_path: Path) -> None:
    code = """
import asyncio
from pipelines.views.page.run import run_dashboard
from pipelines.live import LiveOptions
from imu.errors import BackstrideError
try:
    asyncio.run(run_dashboard("serial:/dev/none-such?protocol=witmotion", LiveOptions(),
                              open_browser=False))
except BackstrideError as error:
    print("told:", error)
"""
    with program(code) as running:
        assert "told: " in running.wait(30)


def test_every_view_is_told_everything() -> None:
    first, second = Dashboard(), Dashboard()
    for page in (first, second):
        page.start()
    views = SeveralViews([first, second])
    views.update(some_status())
    views.note("The sensor is warm.")
    assert first.shown() == second.shown()
    assert [note["text"] for note in first.shown()["notes"]] == ["The sensor is warm."]
