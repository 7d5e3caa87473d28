"""A live run and its replay are the same; and whatever goes wrong, the run goes on."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from devices.records import LinkEvent, Packet
from devices.simulator.virtual_clock import VirtualClock
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.params import DriftParams
from imu.errors import RecordingError
from imu.steps import Steps
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files import session_writer as recording
from pipelines.files.kept_file import UnbufferedFile
from pipelines.files.session_reader import read_session
from pipelines.files.steps_table import write_steps
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.session.engine import SessionFold
from pipelines.session.facts import Fact
from pipelines.session.marks import LoggedMark, SessionRecord, Shoe
from pipelines.views.terminal.view import TerminalView
from pipelines.words.fact_words import NO_NEUTRAL
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, command, environment, quiet
from tests.pipelines.results import alerts_in, steps_in
from tests.pipelines.small_disk import SmallDisk
from tests.warm_process import WarmPopen, finished

POSIX = sys.platform != "win32"
FAULTS = "loss=1&jitter_ms=40&corrupt=0.5&clock_ppm=300&nan=0.1&saturate=0.05&disconnect=30s"


@dataclass(frozen=True, slots=True)
class Live:
    """A live run that has ended."""

    run: LiveRun
    shown: str
    path: Path
    alerts: Path

    @property
    def steps(self) -> Steps:
        return self.run.facts.steps


def live(url: str, folder: Path, **options: Any) -> Live:
    """Run a source to its end in virtual time, recorded, with a view of plain lines."""
    options = {"record": folder / "run.mcap", "alerts": folder / "alerts.jsonl"} | options
    screen = io.StringIO()

    async def watch() -> LiveRun:
        with TerminalView(Console(file=screen), interactive=False) as view:
            return await run_live(url, LiveOptions(**options), view, clock=VirtualClock())

    ended = asyncio.run(watch())
    return Live(ended, screen.getvalue(), options["record"], options["alerts"])


def table(steps: Steps, path: Path) -> bytes:
    write_steps(path, steps)
    return path.read_bytes()


#: What a few minutes can tell.
SOON = AlertSettings(
    drift=DriftParams(baseline_blocks=40).with_gate(
        "sacral_lean_deg", multiple=1.5, evidence=2.0, lasting=2.0
    )
)


@pytest.fixture(scope="module")
def tired(tmp_path_factory: pytest.TempPathFactory) -> Live:
    """A run whose lean grows from minute 8 on, twenty times as fast as real."""
    folder = tmp_path_factory.mktemp("tired")
    url = "sim:?fatigue=lean&minutes=12&seed=1&rate=50&time_scale=20"
    return live(url, folder, settings=SOON)


def test_live_and_replay_give_the_same_steps_and_alerts(tired: Live, tmp_path: Path) -> None:
    again = replay(tired.path, ReplayOptions(), quiet)
    assert len(tired.steps) > 1500
    assert len(tired.run.alerts) >= 1
    assert list(again.alerts) == tired.run.alerts
    assert again.steps.rows.tobytes() == tired.steps.rows.tobytes()
    assert table(again.steps, tmp_path / "a.csv") == table(tired.steps, tmp_path / "b.csv")
    lines = "".join(alert.to_json() + "\n" for alert in again.alerts)
    assert lines.encode() == tired.alerts.read_bytes()


@pytest.mark.parametrize("faults", ["", FAULTS])
@pytest.mark.parametrize("time_scale", [0, 3])
def test_faults_of_the_link_change_nothing_about_that(
    faults: str, time_scale: int, tmp_path: Path
) -> None:
    ran = live(f"sim:?minutes=1&seed=5&time_scale={time_scale}&{faults}", tmp_path)
    again = replay(ran.path, ReplayOptions(), quiet)
    assert len(ran.steps) > 100
    assert again.steps.rows.tobytes() == ran.steps.rows.tobytes()
    assert list(again.alerts) == ran.run.alerts
    summary = ran.run.summary
    assert summary is not None
    for name in ("samples_lost_in_transit", "samples_filled", "samples_quarantined", "restarts"):
        assert getattr(again.summary, name) == getattr(summary, name)
    assert bool(summary.samples_lost_in_transit) == bool(faults)


def test_the_speed_of_the_clock_changes_no_result(tmp_path: Path) -> None:
    rows = []
    for time_scale in (0, 1, 50):
        folder = tmp_path / str(time_scale)
        folder.mkdir()
        ran = live(f"sim:?minutes=0.5&seed=2&time_scale={time_scale}", folder)
        rows.append(ran.steps.rows.tobytes())
    assert rows[0] == rows[1] == rows[2]


def test_options_of_the_live_run_are_kept_for_the_replay(tmp_path: Path) -> None:
    ran = live("sim:?minutes=0.5&time_scale=0", tmp_path, axes="-x-y+z", mass_kg=81.0)
    session = read_session(ran.path)
    assert (session.header.axes, session.header.mass_kg) == ("-x-y+z", 81.0)
    again = replay(ran.path, ReplayOptions(), quiet)
    assert again.steps.rows.tobytes() == ran.steps.rows.tobytes()


def test_the_file_holds_the_steps_and_alerts_of_the_run(tired: Live) -> None:
    session = read_session(tired.path)
    assert not session.cut_short
    assert steps_in(session.facts).rows.tobytes() == tired.steps.rows.tobytes()
    assert alerts_in(session.facts) == tired.run.alerts


def test_fatigue_is_told_in_plain_words_within_a_minute_of_watching(tired: Live) -> None:
    alert = tired.run.alerts[0]
    assert (alert.indicator, alert.direction, alert.severity) == ("sacral_lean_deg", "up", "raised")
    assert 8 * 60 < alert.time_s < 20 * 60  # not before it sets in, and in 60 s at this speed
    assert alert.message in tired.shown
    assert "further forward" in alert.message


def test_a_fresh_runner_is_left_alone(tmp_path: Path) -> None:
    ran = live("sim:?minutes=7&seed=3&rate=50&time_scale=0", tmp_path, settings=SOON)
    assert "within your usual range" in ran.shown  # it was watched, by gates that tell soon
    assert ran.run.alerts == []
    assert "alert" not in ran.shown
    assert ran.alerts.read_bytes() == b""


def test_a_baseline_from_an_earlier_replay_fills_the_lumbar_index(
    tired: Live, tmp_path: Path
) -> None:
    summary = replay(tired.path, ReplayOptions(height_m=1.75, mass_kg=70), quiet).summary
    assert summary.baseline is not None
    ran = live(
        "sim:?minutes=0.5&time_scale=0",
        tmp_path,
        mass_kg=70.0,
        height_m=1.75,
        baseline=Baseline.from_json(json.dumps(summary.baseline)),
    )
    assert 50 < float(ran.steps.lumbar_index[-1]) < 200
    again = replay(ran.path, ReplayOptions(), quiet)
    assert again.steps.rows.tobytes() == ran.steps.rows.tobytes()


# --- the link -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Live:
    folder = tmp_path_factory.mktemp("interrupted")
    return live("sim:?minutes=1.5&seed=1&disconnect=40s&time_scale=1", folder)


def test_a_lost_link_is_a_gap_in_the_same_session(interrupted: Live) -> None:
    session = read_session(interrupted.path)
    events = [record for record in session.records if isinstance(record, LinkEvent)]
    assert [event.kind for event in events] == ["connected", "lost", "resumed", "ended"]
    lost_s, resumed_s = (event.arrival_ns / 1e9 for event in events[1:3])
    contacts = interrupted.steps.initial_contact_s
    assert (contacts < lost_s).sum() > 50
    assert (contacts > resumed_s).sum() > 50
    # nothing is made up for the time without data, and no step spans it
    assert not ((contacts > lost_s) & (contacts < resumed_s - 0.1)).any()
    assert interrupted.steps.step_time_s.max() < 1.0
    assert interrupted.run.recording_trouble is None
    assert not interrupted.run.other_trouble
    assert interrupted.run.summary is not None
    assert interrupted.run.summary.restarts == 1
    assert interrupted.run.summary.samples_lost_in_transit >= (resumed_s - lost_s - 0.1) * 200


def test_a_lost_link_is_told_while_it_is_lost(interrupted: Live) -> None:
    assert "lost, trying again" in interrupted.shown


# --- order and trouble ----------------------------------------------------------------------------


def test_a_record_is_in_the_file_before_it_is_analysed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[SessionRecord] = []
    analyse = SessionFold.push

    def push(self: SessionFold, record: SessionRecord) -> list[Fact]:
        seen.append(record)
        if len(seen) == 200:
            raise RuntimeError("a fault of the analysis")
        return analyse(self, record)

    monkeypatch.setattr(SessionFold, "push", push)
    with pytest.raises(RuntimeError, match="a fault of the analysis"):
        live("sim:?minutes=0.5&time_scale=0", tmp_path)
    session = read_session(tmp_path / "run.mcap")
    assert session.records == seen
    assert not session.cut_short


def test_a_full_disk_is_told_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def create(path: Path, overwrite: bool) -> SmallDisk:
        return SmallDisk(path, 120_000)

    monkeypatch.setattr(recording, "_create", create)
    ran = live("sim:?minutes=1.5&seed=2&rate=100&time_scale=0", tmp_path)
    monkeypatch.undo()
    (tmp_path / "whole").mkdir()
    whole = live("sim:?minutes=1.5&seed=2&rate=100&time_scale=0", tmp_path / "whole")
    assert ran.steps.rows.tobytes() == whole.steps.rows.tobytes()
    assert isinstance(ran.run.recording_trouble, RecordingError)
    assert "the disk is full" in str(ran.run.recording_trouble)
    assert str(ran.path) in str(ran.run.recording_trouble)
    assert "start a new one. The run goes on." in ran.shown
    assert whole.run.recorded_s is None
    session = read_session(ran.path)  # what is on the disk stays readable
    assert session.cut_short
    packets = [record for record in session.records if isinstance(record, Packet)]
    assert len(packets) > 100
    assert session.records == read_session(whole.path).records[: len(session.records)]


@pytest.mark.skipif(not POSIX, reason="only POSIX limits the size of files")
def test_a_system_that_refuses_the_recording_ends_with_one_sentence(tmp_path: Path) -> None:
    code = """
        import resource, sys
        from pipelines.cli import main
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        main()
    """
    program = "\n".join(line.strip() for line in code.splitlines())
    path = tmp_path / "run.mcap"
    words = ["live", "sim:?minutes=2&time_scale=0", "--record", str(path)]
    done = finished([sys.executable, "-c", program, *words], env=environment())
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1
    assert str(path) in done.stderr
    assert "running steps in 2:12" in done.stdout
    session = read_session(path)
    assert session.cut_short
    # what was kept, where, and that the run went on
    found = re.search(
        rf"^recorded in {re.escape(str(path))}: about the first (\d+):(\d\d) of 2:12, and the run "
        rf"went on without it; see what was kept with: backstride replay {re.escape(str(path))}$",
        done.stdout,
        re.MULTILINE,
    )
    assert found is not None, done.stdout
    arrivals = [item.arrival_ns for item in session.records if isinstance(item, Packet)]
    kept_s = (arrivals[-1] - arrivals[0]) * 1e-9
    assert 60 * int(found[1]) + int(found[2]) == pytest.approx(kept_s, abs=6.0)
    assert kept_s > 30.0


def test_alerts_that_cannot_be_written_cost_no_recording(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(UnbufferedFile):
        def write(self, data: bytes) -> int:
            raise OSError(errno.ENOSPC, f"No space left for {len(data)} bytes")

    monkeypatch.setattr("pipelines.files.alerts.UnbufferedFile", Full)
    stoops = Baseline((IndicatorBaseline("sacral_lean_deg", -8.0, 0.3),), blocks=40)
    said = tmp_path / "said"
    late = "import sys, time; time.sleep(1.0); open(sys.argv[1], 'w')"
    command = shlex.join([sys.executable, "-c", late, str(said)])
    url = "sim:?minutes=3&seed=1&rate=50&time_scale=0"
    ran = live(url, tmp_path, baseline=stoops, on_alert=command)
    assert ran.run.alerts
    assert said.exists()  # the command was waited for at the end
    assert ran.run.alerts == list(replay(ran.path, ReplayOptions(), quiet).alerts)
    assert ran.run.recording_trouble is None
    assert "alerts.jsonl" in str(ran.run.other_trouble[0])
    assert not read_session(ran.path).cut_short


# --- processes ------------------------------------------------------------------------------------


def started(path: Path, *options: str) -> WarmPopen:
    """A live run in a process of its own, when it is recording."""
    process = WarmPopen(
        command("live", *options, "--record", path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    deadline = time.monotonic() + HANG_S
    while not (path.exists() and path.stat().st_size > 5_000):
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.fixture(params=["SIGINT", "SIGTERM", "SIGHUP"] if POSIX else [])
def ending_signal(request: pytest.FixtureRequest) -> Iterator[signal.Signals]:
    yield signal.Signals[request.param]


@pytest.mark.skipif(not POSIX, reason="only POSIX sends signals to single processes")
def test_ctrl_c_ends_a_run_cleanly(ending_signal: signal.Signals, tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    with started(path, "sim:?minutes=30&standing_s=1&time_scale=10") as process:
        time.sleep(0.8)
        process.send_signal(ending_signal)
        out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0
    assert err == ""
    assert f"recorded in {path}" in out
    session = read_session(path)
    assert not session.cut_short
    again = replay(path, ReplayOptions(), quiet)
    assert len(again.steps) > 5
    assert steps_in(session.facts).rows.tobytes() == again.steps.rows.tobytes()
    assert f"{len(again.steps)} running steps" in out


@pytest.mark.skipif(not POSIX, reason="only POSIX sends signals to single processes")
def test_an_impatient_second_ctrl_c_costs_no_data(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    with started(path, "sim:?minutes=30&standing_s=1&time_scale=10") as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=HANG_S)
    assert process.returncode in (0, 130)
    assert "Traceback" not in err
    assert not read_session(path).cut_short


def test_a_reader_that_goes_away_ends_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    process = WarmPopen(
        command("live", "sim:?minutes=2&time_scale=0", "--record", path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert "Traceback" not in err
    assert process.returncode == 0
    session = read_session(path)
    assert not session.cut_short
    last = session.records[-1]
    assert isinstance(last, LinkEvent)
    assert last.kind == "ended"


def test_a_run_is_recorded_in_the_users_folder_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "data folder"
    monkeypatch.setenv("BACKSTRIDE_HOME", str(home))
    quick = "sim:?minutes=0.2&standing_s=1&time_scale=0"
    ended = backstride("live", quick)
    (path,) = (home / "sessions").glob("*.mcap")
    assert ended.exit_code == 0
    assert f"recorded in {path}" in ended.out
    assert not read_session(path).cut_short
    second = backstride("live", quick)
    assert second.exit_code == 0
    assert len(list((home / "sessions").glob("*.mcap"))) == 2


@pytest.mark.parametrize("axes", ["+x+y+z", "auto"])
def test_a_run_in_stated_axes_without_a_neutral_says_that_it_is_compared_with_none(
    axes: str, tmp_path: Path
) -> None:
    url = "sim:?minutes=0.3&standing_s=5&rate=50&time_scale=0"
    shown = live(url, tmp_path, axes=axes, filed=True).shown
    assert shown.count(f"note: {NO_NEUTRAL}") == (axes != "auto")


def test_no_record_records_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("BACKSTRIDE_HOME", str(home))
    ended = backstride("live", "sim:?minutes=0.2&standing_s=1&time_scale=0", "--no-record")
    assert ended.exit_code == 0
    assert "not recording" in ended.out
    assert not home.exists()


def test_a_shoe_that_the_journal_does_not_know_is_told_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    path = tmp_path / "run.mcap"
    words = ("live", "sim:?minutes=0.1&standing_s=1&time_scale=0", "--shoe", "Blue pair")
    ended = backstride(*words, "--record", path)
    assert ended.exit_code == 0
    assert ended.err == (
        "note: your journal has no shoe 'Blue pair' yet: add it there, so that its distance is "
        "counted.\n"
    )
    marks = [item.mark for item in read_session(path).records if isinstance(item, LoggedMark)]
    assert marks == [Shoe("Blue pair")]
    assert backstride("journal", "shoe", "Blue pair").exit_code == 0
    known = backstride(*words, "--no-record")
    assert (known.exit_code, known.err) == (0, "")
