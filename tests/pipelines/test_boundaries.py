"""What comes from elsewhere steers no terminal; what is kept is private, whole and on the disk."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import pytest

from devices.records import DeviceInfo
from devices.scan import Found
from imu.errors import RecordingError
from pipelines.commands.after_run import file_and_review
from pipelines.commands.live import _tell_end
from pipelines.commands.messages import complain, say, say_json, say_lines
from pipelines.commands.table import COMMANDS
from pipelines.files import kept_file
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.files.stored import keep_aside, private_folder
from pipelines.live import LiveOptions, run_live
from pipelines.runner.journal.at_hand import JournalAtHand
from pipelines.runner.journal.entries import Session
from pipelines.stopping import cancelled_by_signals, ended_as_by_ctrl_c, no_ending_now
from pipelines.views.page.gate import sentence_page
from pipelines.views.progress import progress
from tests.patience import HANG_S
from tests.pipelines.bench.cohort.in_this_process import do_here
from tests.pipelines.command_line import backstride, environment, one_sentence
from tests.pipelines.heard import Heard
from tests.warm_process import WarmPopen

POSIX = os.name == "posix"
#: Clears the screen, sets the title, goes back over a line, reads backwards, begins another line.
HOSTILE = "\x1b[2J\x1b]0;owned\x07\r\x9b1A\u202eclip\nbackstride: all is well."
FAST = "sim:?minutes=0.2&standing_s=1&time_scale=0"


def harmless(text: str) -> None:
    """Nothing but printable signs and ends of lines."""
    assert all(sign.isprintable() or sign == "\n" for sign in text), ascii(text)


def test_a_name_from_the_radio_is_one_printable_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def heard(seconds: float) -> list[Found]:
        return [Found("ble:AA:BB:CC:DD:EE:FF", HOSTILE, "movesense")]

    async def none(seconds: float) -> list[Found]:
        return []

    monkeypatch.setattr("pipelines.commands.scan.scan_bluetooth", heard)
    monkeypatch.setattr("pipelines.commands.scan.scan_serial", none)
    ended = backstride("scan")
    assert ended.exit_code == 0
    harmless(ended.out + ended.err)
    assert ended.out.count("\n") == 1
    assert "clip" in ended.out


def test_the_name_of_a_file_steers_no_terminal(tmp_path: Path) -> None:
    ended = backstride("replay", tmp_path / HOSTILE.replace("/", "_"))
    harmless(ended.err)
    assert "clip" in one_sentence(ended)


def test_all_that_commands_print_is_printable(capsys: pytest.CaptureFixture[str]) -> None:
    say(HOSTILE)
    complain(HOSTILE)
    written = capsys.readouterr()
    for text in (written.out, written.err):
        harmless(text)
        assert text.count("\n") == 1
    say_lines("one\n\x1btwo")
    assert capsys.readouterr().out == "one\n two\n"


def test_json_that_is_printed_is_harmless_and_the_same_data(
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = {"name": HOSTILE + "é\ud800"}
    say_json(json.dumps(data, ensure_ascii=False, indent=1))
    out = capsys.readouterr().out
    harmless(out)
    assert json.loads(out) == data
    assert "é" in out


def test_a_bar_of_progress_takes_any_name(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("pipelines.views.progress._QUIET_S", 0.0)
    with progress("reading [/bold][red]run\x1b]0;owned\x07") as report:
        report(1.0, 2.0)
    assert "[/bold][red]run" in terminal.getvalue()
    assert "owned\x07" not in terminal.getvalue()


def test_a_sentence_on_a_page_of_its_own_is_no_markup() -> None:
    page = sentence_page("<script>alert(1)</script> & more")
    assert "<script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page


def test_a_name_from_the_radio_steers_no_page(run: Path, tmp_path: Path) -> None:
    session, hostile = read_session(run), tmp_path / "hostile.mcap"
    with SessionWriter(hostile, session.header) as writer:
        for record in session.records:
            writer.write_record(
                replace(record, name=HOSTILE) if isinstance(record, DeviceInfo) else record
            )
    assert backstride("report", hostile, "--out", tmp_path / "page.html").exit_code == 0
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "clip" in page
    assert not set(page) & set("\x1b\x07\r\x9b\u202e")


@pytest.mark.skipif(not POSIX, reason="modes are POSIX's")
def test_new_folders_are_private_and_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[Path] = []
    monkeypatch.setattr("pipelines.files.stored.sync_folder", synced.append)
    private_folder(tmp_path / "a" / "b")
    assert synced == [tmp_path, tmp_path / "a"]
    for folder in (tmp_path / "a", tmp_path / "a" / "b"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    (tmp_path / "a" / "store").write_bytes(b"")
    keep_aside(tmp_path / "a" / "store")
    assert synced[2:] == [tmp_path / "a"]


@pytest.mark.skipif(not POSIX, reason="modes are POSIX's")
def test_a_run_is_recorded_in_a_folder_for_the_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "today" / "run.mcap"
    assert backstride("live", FAST, "--record", path).exit_code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


#: Every command that writes, with all that it can; they find what those before have written.
WRITING_COMMANDS = f"""\
simulate run.mcap minutes=0.1&standing_s=1
simulate table.csv minutes=0.1&standing_s=1
live {FAST}&treadmill=1 --record runs/run.mcap --alerts alerts.jsonl
live {FAST}
calibrate sim:?seed=6&minutes=0.1&time_scale=0 --neutral-only
replay run.mcap --steps s.csv --waveforms w.parquet --alerts a.jsonl --summary s.json
replay run.mcap --compare s.csv --differences d.csv
export runs/run.mcap --samples r.csv --steps s.parquet --facts f.jsonl --marks m.jsonl --json j.json
export runs/run.mcap --streams t.csv --fit f.fit --bids study/one
import table.csv imported.csv
report run.mcap --out report.html
cohort study --out all.parquet --report cohort.html
download sim:?protocol=backstride&minutes=0.2&logged_runs=1&time_scale=0 --out logs
linktest sim:?protocol=movesense --junit l.xml --json l.json
faults plan.toml --out plans/small
desk sim:?standing_s=10&walk_s=30&minutes=0.1&rate=50&time_scale=0
journal add run.mcap
journal export all.zip
""".splitlines()
#: Those that write nothing, or what another of them writes.
NOT_WRITING = {"scan", "metronome", "conform", "doctor"}
FAILS = """
sensor = "protocol=movesense&rate=104&minutes=0.4"
[[fault]]
kind = "loss"
onset_s = 12.0
consequence = "restarted"
"""


@pytest.mark.skipif(not POSIX, reason="modes are POSIX's")
@pytest.mark.usefixtures("in_a_folder_of_its_own")
def test_whatever_a_command_writes_is_for_the_user_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_here(monkeypatch)
    assert {line.split()[0] for line in WRITING_COMMANDS} | NOT_WRITING == set(COMMANDS.rows)
    mine = tmp_path / "plan.toml"
    mine.write_text(FAILS)
    before = os.umask(0)
    try:
        for line in WRITING_COMMANDS:
            ended = backstride(*line.split())
            # the plan is one that fails
            assert ended.exit_code == line.startswith("faults"), (line, ended.err)
    finally:
        os.umask(before)
    made = set(tmp_path.rglob("*")) - {mine}
    assert len(made) > 40
    for path in made:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), f"{path}: {mode:o}"


def test_what_has_been_written_is_put_on_the_disk_each_time(tmp_path: Path) -> None:
    done: list[int] = []
    with (tmp_path / "file").open("wb") as file, patch.object(os, "fsync", done.append):
        disk = kept_file.DiskSync(file.fileno())
        for count in range(1, 4):
            disk.sync()
            assert len(done) == count
            disk.start()
            disk.wait()
            done.pop()


WRITING = """
import sys, time
from pipelines import cli
from pipelines.files.replacing import replacing
def slow(**_):
    with replacing(sys.argv[-1]) as out:
        out.write(b"half")
        print("begun", flush=True)
        time.sleep(60)
cli.app = slow
cli.main()
"""


@pytest.mark.skipif(not POSIX, reason="only POSIX sends signals to single processes")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_no_half_file_is_left_whatever_signal_ends_it(name: str, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    words = [sys.executable, "-c", WRITING, str(path)]
    with WarmPopen(words, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None and process.stdout.readline() == "begun\n"
        process.send_signal(getattr(signal, name))
        process.wait(HANG_S)
    assert process.returncode == 130
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]
    assert path.read_text() == "before"


@pytest.mark.skipif(not POSIX, reason="only POSIX knows them")
def test_signals_are_handled_as_before_afterwards() -> None:
    numbers = [signal.SIGTERM, signal.SIGHUP]
    before = [signal.getsignal(number) for number in numbers]
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)
    try:
        with ended_as_by_ctrl_c():
            with no_ending_now():
                signal.raise_signal(signal.SIGHUP)
                signal.raise_signal(signal.SIGTERM)
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(signal.SIGHUP)
        assert {signal.getsignal(number) for number in numbers} == {signal.SIG_DFL}
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup leaves it
        with ended_as_by_ctrl_c():
            signal.raise_signal(signal.SIGHUP)
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@pytest.mark.skipif(not POSIX, reason="only POSIX knows them")
def test_what_the_caller_ignores_cancels_no_run() -> None:
    async def handled() -> list[bool]:
        cancelled_by_signals()
        return [signal.getsignal(one) is signal.SIG_IGN for one in (signal.SIGHUP, signal.SIGTERM)]

    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup leaves it
    try:
        assert asyncio.run(handled()) == [True, False]
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.skipif(not POSIX, reason="only POSIX knows them")
def test_a_second_request_to_end_does_not_keep_a_run_from_being_filed() -> None:
    numbers = [signal.SIGTERM, signal.SIGHUP]

    async def run() -> None:
        cancelled_by_signals()
        signal.raise_signal(signal.SIGTERM)
        await asyncio.sleep(HANG_S)

    before = {number: signal.signal(number, signal.SIG_DFL) for number in numbers}
    before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
    try:
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(run())
        # the default would end this process here
        assert signal.SIG_DFL not in {signal.getsignal(number) for number in numbers}
        signal.raise_signal(signal.SIGHUP)
        with no_ending_now():
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):  # as before a question
            signal.raise_signal(signal.SIGTERM)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGHUP)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Closed(io.StringIO):
    """Of a terminal that is gone."""

    def write(self, _: str, /) -> int:
        raise OSError(5, "Input/output error")


@pytest.mark.usefixtures("in_a_folder_of_its_own")
def test_a_run_is_filed_although_the_terminal_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    run = asyncio.run(run_live(FAST, LiveOptions(filed=True), Heard()))
    for stream in ("stdout", "stderr"):
        monkeypatch.setattr(sys, stream, _Closed())
    with JournalAtHand() as journal:
        filed = file_and_review(run, journal)
        with pytest.raises(RecordingError):
            _tell_end(run, filed, journal)
        assert len(journal.open().entries(Session)) == 1
