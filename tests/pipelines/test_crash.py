"""A live run that is killed: the file opens, replays, says so, and lacks at most a second."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest

from devices.records import LinkEvent, Packet
from pipelines.files.session_reader import read_session
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, command, environment, quiet
from tests.pipelines.results import steps_in
from tests.warm_process import WarmPopen

#: A kill may cost this much of what the sensor had sent, in the runner's own time, s.
MOST_LOST_S = 1.0


def killed(path: Path, time_scale: int, after_s: float) -> int:
    """Kill a live run so long after its recording began; the UTC of the kill, ns."""
    url = f"sim:?minutes=30&standing_s=1&seed=4&time_scale={time_scale}"
    with WarmPopen(
        command("live", url, "--record", path),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        deadline = time.monotonic() + HANG_S
        while not path.exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        time.sleep(after_s)
        assert process.poll() is None
        before_ns = time.time_ns()
        process.kill()
        process.wait(timeout=HANG_S)
    return before_ns


@pytest.mark.parametrize(("time_scale", "after_s"), [(1, 1.3), (5, 2.4)])
def test_kill_9_costs_at_most_a_second(tmp_path: Path, time_scale: int, after_s: float) -> None:
    path = tmp_path / "run.mcap"
    killed_ns = killed(path, time_scale, after_s)
    content = path.read_bytes()
    session = read_session(path)
    assert session.cut_short
    assert isinstance(session.records[1], LinkEvent)
    packets = [record for record in session.records if isinstance(record, Packet)]
    ran_s = (killed_ns - session.header.utc_start_ns) / 1e9
    recorded_s = packets[-1].arrival_ns / 1e9 / time_scale
    assert ran_s - recorded_s <= MOST_LOST_S

    ended = backstride(
        "replay",
        path,
        "--steps",
        tmp_path / "steps.csv",
        "--summary",
        tmp_path / "summary.json",
    )
    assert ended.exit_code == 0
    assert "Traceback" not in ended.err
    assert "was cut short after" in ended.err
    assert str(path) in ended.err
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert summary["cut_short"]
    assert summary["duration_s"] == pytest.approx(packets[-1].arrival_ns / 1e9, abs=0.2)
    assert path.read_bytes() == content  # nothing is mended behind the user's back
    if time_scale > 1:
        assert summary["steps"] > 5


def test_the_steps_that_were_told_are_in_the_replay(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    killed(path, 10, 2.0)
    told = steps_in(read_session(path).facts)
    again = replay(path, ReplayOptions(), quiet).steps
    assert len(told) > 5
    assert len(again) >= len(told)
    assert again.rows[: len(told)].tobytes() == told.rows.tobytes()
