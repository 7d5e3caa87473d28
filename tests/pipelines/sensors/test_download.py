"""Runs from a sensor's memory become ordinary sessions, whatever happens on the way."""

from __future__ import annotations

import asyncio
import errno
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from devices.ble import BleLink
from devices.records import Record
from devices.simulator.virtual_clock import VirtualClock
from imu.errors import DeviceError, ParameterError, RecordingError
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.replay import replay as run_replay
from pipelines.replay_options import ReplayOptions
from pipelines.sensors.download import (
    Downloaded,
    DownloadOptions,
    download_logs,
    list_logged_runs,
)
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, command, environment, one_sentence, quiet
from tests.pipelines.results import steps_in
from tests.warm_process import WarmPopen

SENSOR = "sim:?protocol=backstride&minutes=0.5&logged_runs=2&time_scale=0"


pytestmark = pytest.mark.usefixtures("home")


def test_every_run_becomes_a_session_of_its_own_time_that_replays_alike(home: Path) -> None:
    done = asyncio.run(
        download_logs(SENSOR, DownloadOptions(height_m=1.75), quiet, clock=VirtualClock())
    )
    assert [item.entry.log_id for item in done] == [1, 2]
    first, second = (read_session(item.path) for item in done)
    assert second.header.utc_start_ns - first.header.utc_start_ns == 86400 * 10**9
    assert first.header.utc_start_ns == done[0].entry.utc_s * 10**9
    for item, session in zip(done, (first, second), strict=True):
        assert item.path.parent == home / "sessions"
        again = run_replay(item.path, ReplayOptions(), quiet)
        assert again.steps.rows.tobytes() == steps_in(session.facts).rows.tobytes()
        assert len(again.steps) == item.steps > 50


def test_the_sensor_is_let_go_when_all_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    opened, close = BleLink.__init__, BleLink.close

    def counted(link: BleLink, *args: Any, **named: Any) -> None:
        done.append("opened")
        opened(link, *args, **named)

    async def closed(link: BleLink) -> None:
        done.append("closed")
        await close(link)

    monkeypatch.setattr(BleLink, "__init__", counted)
    monkeypatch.setattr(BleLink, "close", closed)
    asyncio.run(download_logs(SENSOR, DownloadOptions(log_id=1), quiet, clock=VirtualClock()))
    assert done == ["opened", "closed"]


def test_a_lost_link_and_another_day_cost_nothing(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second call goes on from what the first has kept, also once the link comes back."""
    from devices.drivers import backstride_storage
    from devices.links import Link
    from devices.protocols.backstride_log import PartialLog

    asked: list[int] = []
    read_part = backstride_storage._read_part

    async def breaking(link: Link, log: PartialLog, start: int, stop: int) -> None:
        if len(asked) == 3:
            asked.append(-1)
            raise KeyboardInterrupt
        asked.append(start)
        await read_part(link, log, start, stop)

    monkeypatch.setattr(backstride_storage, "_read_part", breaking)
    options = DownloadOptions(log_id=1)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(download_logs(SENSOR, options, quiet, clock=VirtualClock()))
    kept = list((home / "downloads").iterdir())
    assert len(kept) == 1
    lost = f"{SENSOR}&disconnect=0.7s"
    (done,) = asyncio.run(download_logs(lost, options, quiet, clock=VirtualClock()))
    starts = [start for start in asked if start >= 0]
    assert starts == sorted(set(starts))  # nothing was fetched twice
    assert done.steps > 50
    assert not list((home / "downloads").iterdir())


def test_an_unknown_log_is_told() -> None:
    with pytest.raises(DeviceError, match="there is no log 7"):
        asyncio.run(download_logs(SENSOR, DownloadOptions(log_id=7), quiet, clock=VirtualClock()))


def test_other_sensors_keep_no_runs() -> None:
    with pytest.raises(DeviceError, match="keeps no runs"):
        asyncio.run(list_logged_runs("sim:?protocol=movesense&time_scale=0", clock=VirtualClock()))
    with pytest.raises(ParameterError, match="source"):
        asyncio.run(list_logged_runs("sim:?speed=3"))


@pytest.mark.usefixtures("no_waiting")
def test_the_command_lists_fetches_and_erases(tmp_path: Path) -> None:
    listed = backstride("download", "--list", SENSOR)
    assert listed.exit_code == 0
    assert len(listed.out.splitlines()) == 2
    out = tmp_path / "run.mcap"
    fetched = backstride("download", SENSOR, "--log", 2, "--out", out, "--erase")
    assert fetched.exit_code == 0, fetched.err
    assert "log 2" in fetched.out
    assert out.exists()
    again = backstride("download", SENSOR, "--log", 2, "--out", out)
    assert again.exit_code == 1
    assert "exists" in again.err
    wrong = backstride("download", SENSOR, "--out", out)
    assert wrong.exit_code == 2


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command's own clock does not wait for the simulated radio."""
    monkeypatch.setattr("pipelines.sensors.download.SystemClock", VirtualClock)


@pytest.mark.usefixtures("no_waiting")
def test_a_run_that_is_here_is_passed_over_and_said(tmp_path: Path, home: Path) -> None:
    """Under whatever name the user keeps it; again, or under a name of its own, it is fetched."""
    first = backstride("download", SENSOR, "--log", 1)
    assert first.exit_code == 0, first.err
    (made,) = (home / "sessions").iterdir()
    kept = made.rename(made.with_name("sunday.mcap"))
    before = kept.read_bytes()

    second = backstride("download", SENSOR, "--log", 1)
    assert second.exit_code == 0
    assert second.out == f"already here: {kept} (log 1); --again fetches it anew\n"
    assert list((home / "sessions").iterdir()) == [kept]

    both = backstride("download", SENSOR)
    assert len(both.out.splitlines()) == 2
    assert len(list((home / "sessions").iterdir())) == 2

    named = tmp_path / "named.mcap"
    assert backstride("download", SENSOR, "--log", 1, "--out", named).exit_code == 0
    assert read_session(named).header.utc_start_ns == read_session(kept).header.utc_start_ns
    anew = backstride("download", SENSOR, "--log", 1, "--again")
    assert "already here" not in anew.out
    assert made.is_file()
    assert kept.read_bytes() == before


def test_what_is_not_the_same_run_is_fetched(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A piece of a session, another sensor's run of the same second, a log that has grown."""

    def again(source: str = SENSOR) -> Downloaded:
        options = DownloadOptions(log_id=1)
        (done,) = asyncio.run(download_logs(source, options, quiet, clock=VirtualClock()))
        return done

    first = again()
    assert not again().fetched
    longer = again(SENSOR.replace("minutes=0.5", "minutes=1"))
    assert longer.fetched
    assert longer.entry.utc_s == first.entry.utc_s
    assert longer.steps > first.steps

    async def of_another(_: object) -> str:
        return "BS-0002"

    monkeypatch.setattr("devices.drivers.backstride_requests.read_serial_number", of_another)
    assert again().fetched
    monkeypatch.undo()
    monkeypatch.setenv("BACKSTRIDE_HOME", str(home))
    for path in (home / "sessions").iterdir():
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert again().fetched


@pytest.mark.usefixtures("no_waiting")
def test_a_run_that_is_here_is_erased_when_asked_for(home: Path) -> None:
    assert backstride("download", SENSOR, "--log", 2).exit_code == 0
    erased: list[int] = []

    async def erase(_: object, log_id: int) -> None:
        erased.append(log_id)

    with patch("devices.drivers.backstride_storage.erase_log", erase):
        assert backstride("download", SENSOR, "--log", 2).exit_code == 0
        assert erased == []
        assert backstride("download", SENSOR, "--log", 2, "--erase").exit_code == 0
    assert erased == [2]
    assert len(list((home / "sessions").iterdir())) == 1


@pytest.mark.parametrize("trouble", [KeyboardInterrupt(), OSError(errno.ENOSPC, "no room")])
def test_a_session_has_its_name_only_when_it_is_whole(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, trouble: BaseException
) -> None:
    """Ended while it is written, by the user or a full disk: no piece; and nothing comes twice."""
    from devices.drivers import backstride_storage

    out = tmp_path / "sessions" / "run.mcap"
    out.parent.mkdir()
    seen: list[list[str]] = []
    write = SessionWriter.write_record

    def breaking(self: SessionWriter, record: Record) -> None:
        write(self, record)
        seen.append([entry.name for entry in out.parent.iterdir()])
        if len(seen) == 200:
            with self._writing():
                raise trouble

    monkeypatch.setattr(SessionWriter, "write_record", breaking)
    options = DownloadOptions(log_id=1, out=out)
    with pytest.raises((KeyboardInterrupt, RecordingError)) as caught:
        asyncio.run(download_logs(SENSOR, options, quiet, clock=VirtualClock()))
    if isinstance(trouble, OSError):
        assert str(caught.value) == (
            f"{out}: the disk is full: free some space and try again; nothing was written."
        )
    assert seen[-1] == [".run.mcap.part"]
    assert list(out.parent.iterdir()) == []
    assert len(list((home / "downloads").iterdir())) == 1

    monkeypatch.undo()
    monkeypatch.setenv("BACKSTRIDE_HOME", str(home))

    async def never(*_: object) -> None:
        raise AssertionError("fetched again")

    monkeypatch.setattr(backstride_storage, "_read_part", never)
    (done,) = asyncio.run(download_logs(SENSOR, options, quiet, clock=VirtualClock()))
    assert done.path == out
    assert not read_session(out).cut_short
    assert [entry.name for entry in out.parent.iterdir()] == ["run.mcap"]
    assert list((home / "downloads").iterdir()) == []


def test_an_older_file_is_told_before_anything_is_fetched(tmp_path: Path, home: Path) -> None:
    out = tmp_path / "run.mcap"
    out.write_bytes(b"recorded before")
    ended = backstride("download", SENSOR, "--log", 1, "--out", out)
    assert ended.exit_code == 1
    assert one_sentence(ended) == f"{out}: already exists: give another name."
    assert out.read_bytes() == b"recorded before"
    assert not (home / "downloads").exists()


@pytest.mark.parametrize(
    "number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)]
)
@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX sends signals to one process")
def test_a_signal_says_that_the_same_command_goes_on(
    tmp_path: Path, home: Path, number: signal.Signals
) -> None:
    sensor = "sim:?protocol=backstride&minutes=10&logged_runs=1&time_scale=1"
    out = tmp_path / "run.mcap"
    with WarmPopen(
        command("download", sensor, "--log", 1, "--out", out),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "downloading …\n"
        time.sleep(0.5)
        process.send_signal(number)
        told, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 130
    assert told == ""
    assert err == (
        "backstride: stopped before the end: what has come is kept, and the same command goes on "
        "from there.\n"
    )
    assert not out.exists()
    assert list(tmp_path.glob(".*.part")) == []


def test_stopped_while_it_is_written_it_leaves_no_piece(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cancelling, which is what both signals do, comes through between two records."""
    out = tmp_path / "run.mcap"
    written: list[bool] = []
    write = SessionWriter.write_record

    async def stopped() -> None:
        task = asyncio.current_task()
        assert task is not None

        def stopping(self: SessionWriter, record: Record) -> None:
            write(self, record)
            written.append((tmp_path / ".run.mcap.part").exists())
            if len(written) == 100:
                task.cancel()

        monkeypatch.setattr(SessionWriter, "write_record", stopping)
        await download_logs(SENSOR, DownloadOptions(log_id=1, out=out), quiet, clock=VirtualClock())

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(stopped())
    assert 100 <= len(written) < 200
    assert all(written)
    assert [path for path in tmp_path.iterdir() if path != home] == []
    assert len(list((home / "downloads").iterdir())) == 1


@pytest.mark.usefixtures("no_waiting")
def test_what_cannot_be_read_of_a_log_is_kept_before_it_is_erased(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from devices.simulator.peripherals.backstride_flash import FlashLog

    erased: list[tuple[bool, int]] = []
    append = FlashLog.append

    def writing(log: FlashLog, payload: bytes, samples: int) -> None:
        append(log, payload, samples)
        if len(log.content) < 5000:
            append(log, b"of a later version", 0)

    async def erase(_: object, log_id: int) -> None:
        erased.append(((home / "downloads").exists(), log_id))

    monkeypatch.setattr(FlashLog, "append", writing)
    monkeypatch.setattr("devices.drivers.backstride_storage.erase_log", erase)
    done = backstride("download", SENSOR, "--log", 1, "--erase")
    assert done.exit_code == 0
    assert erased == [(True, 1)]
    (kept,) = (home / "downloads").iterdir()
    assert f"were left out; as it came it is kept in {kept}." in done.err
    assert kept.read_bytes().count(b"of a later version") > 10
