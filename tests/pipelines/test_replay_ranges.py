"""A stretch of a recording, and a recording as it looked while it happened."""

from __future__ import annotations

import itertools
import os
import select
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.changes import Severity
from imu.errors import ParameterError
from pipelines.coaching.alert import Alert
from pipelines.files.simulation import write_simulation
from pipelines.playback import Playback
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.session import facts
from pipelines.session.header import SessionHeader
from pipelines.session.live_status import LiveStatus
from pipelines.session.result import SessionResult
from pipelines.session.time_range import TimeRange
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, environment, quiet
from tests.warm_process import WarmPopen

QUERY = "minutes=0.8&standing_s=4&speed=3.3&seed=3&rate=100"


@pytest.fixture(scope="module", params=["run.mcap", "run.csv"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ranges") / str(request.param)
    write_simulation(path, QUERY, quiet)
    return path


def test_a_range_has_the_rows_of_the_whole(run: Path, tmp_path: Path) -> None:
    whole, part = tmp_path / "whole.csv", tmp_path / "part.csv"
    assert backstride("replay", run, "--steps", whole).exit_code == 0
    shown = backstride("replay", run, "--from", "0:20", "--to", "30", "--steps", part)
    assert shown.exit_code == 0
    assert "told is the stretch from 0:20 to 0:30; the chain ran over the whole" in shown.err
    head, *rows = whole.read_text().splitlines()
    wanted = [row for row in rows if 20.0 <= float(row.split(",")[1]) < 30.0]
    assert 20 < len(wanted) < 40
    assert part.read_text().splitlines() == [head, *wanted]
    assert f"{len(wanted)} running steps in 0:10" in shown.out


def test_a_range_that_begins_while_nobody_runs_begins_there(run: Path) -> None:
    found = replay(run, ReplayOptions(within=TimeRange(2.0, 30.0)), quiet).result
    assert [found.stretches[0].begin_s, found.stretches[-1].end_s] == [2.0, 30.0]


def test_a_range_beyond_the_recording_is_told(run: Path) -> None:
    late = backstride("replay", run, "--from", "5:00")
    assert late.exit_code == 2
    assert "--from is '5:00': give a time before 0:5" in late.err
    turned = backstride("replay", run, "--from", "30", "--to", "20")
    assert "--to is '0:20': give a time after --from" in turned.err
    assert "such as 10:00" in backstride("replay", run, "--from", "soon").err


def test_what_stood_at_the_beginning_stands_in_the_range_and_moments_before_do_not() -> None:
    alert = Alert(50.0, "cadence_spm", "down", 160.0, 170.0, -6.0, 3.0, "raised", "…")

    def changed(time_s: float, severity: Severity) -> facts.Changed:
        return facts.Changed(time_s, "cadence_spm", "down", 160.0, 170.0, -6.0, 3.0, severity)

    usual = (IndicatorBaseline("cadence_spm", 170.0, 0.0),)
    early, late = Baseline(usual, 20), Baseline(usual, 40)
    found: list[facts.Fact] = [
        facts.SurfaceKnown(1.0, "track"),
        facts.GaitChanged(5.0, "run"),
        facts.BaselineKnown(30.0, "learned", early, ()),
        changed(50.0, "raised"),
        facts.AlertTold(50.0, alert),
        facts.PainReported(55.0, 3),
        facts.GaitChanged(80.0, "walk"),
        changed(90.0, "cleared"),
        facts.DistanceKnown(100.0, 300.0, "speed"),
        facts.Ended(100.0, 100.0, baseline=late),
    ]

    def within(begin_s: float, end_s: float) -> tuple[object, ...]:
        kept = TimeRange(begin_s, end_s).facts_within(found)
        told = SessionResult(SessionHeader(0, "run.csv"), kept, begin_s=begin_s)
        stretches = [(one.gait, one.begin_s, one.end_s) for one in told.stretches]
        return told.surface, stretches, len(told.alerts), len(told.pains), told.changed

    assert within(40.0, 60.0) == ("track", [("run", 40.0, 60.0)], 1, 1, ("cadence_spm",))
    assert within(60.0, 85.0) == (
        "track",
        [("run", 60.0, 80.0), ("walk", 80.0, 85.0)],
        0,
        0,
        ("cadence_spm",),
    )
    ended = TimeRange(60.0, 95.0).facts_within(found)[-1]
    assert isinstance(ended, facts.Ended)
    assert ended.baseline is early
    assert (ended.changed, ended.duration_s) == ((), 35.0)
    to_the_end = TimeRange(60.0).facts_within(found)[-1]
    assert isinstance(to_the_end, facts.Ended)
    assert to_the_end.baseline is late
    assert not any(
        isinstance(one, facts.DistanceKnown) for one in TimeRange(60.0).facts_within(found)
    )


@dataclass
class Seen:
    """A view that keeps what it is told, and a clock that goes on while somebody waits."""

    now_s: float = 0.0
    waited_s: float = 0.0
    times_s: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    steps: int = 0
    keys: list[tuple[float, str]] = field(default_factory=list)

    def update(self, status: LiveStatus) -> None:
        self.times_s.append(status.elapsed_s)
        self.steps = status.steps

    def note(self, text: str) -> None:
        self.notes.append(text)

    def alert(self, alert: Alert) -> None:
        self.notes.append(alert.message)

    def wait(self, seconds: float) -> str | None:
        """Wait, or until the next key, which is pressed at its time."""
        at_s, key = self.keys[0] if self.keys else (self.now_s + seconds + 1.0, "")
        waited = max(0.0, min(seconds, at_s - self.now_s))
        self.now_s += waited
        self.waited_s += waited
        return self.keys.pop(0)[1] if key and self.now_s >= at_s else None


@pytest.mark.parametrize("speed", [1.0, 8.0])
def test_a_replay_at_a_speed_takes_its_time_and_shows_all(run: Path, speed: float) -> None:
    seen = Seen()
    watch = Playback(run, seen, speed, TimeRange(), now=lambda: seen.now_s, wait=seen.wait)
    shown = replay(run, ReplayOptions(), quiet, watch)
    plain = replay(run, ReplayOptions(), quiet)
    assert shown.steps.rows.tobytes() == plain.steps.rows.tobytes()
    assert seen.waited_s == pytest.approx(plain.result.duration_s / speed, rel=0.02)
    assert seen.times_s == sorted(seen.times_s)
    assert len(plain.steps) - 3 <= seen.steps <= len(plain.steps)


def test_what_is_before_the_range_is_neither_waited_for_nor_shown(run: Path) -> None:
    seen = Seen()
    within = TimeRange(30.0, 40.0)
    watch = Playback(run, seen, 2.0, within, now=lambda: seen.now_s, wait=seen.wait)
    shown = replay(run, ReplayOptions(within=within), quiet, watch)
    assert seen.waited_s == pytest.approx(5.0, abs=0.2)
    assert 30.0 <= seen.times_s[0] < 30.7
    assert 39.3 < seen.times_s[-1] < 40.0
    assert seen.steps > len(shown.steps) + 50  # those before count


def test_keys_go_back_and_on_and_pause(run: Path) -> None:
    """Ten seconds on at 2 s, back at 8 and 9, a pause of 30 s at 20 s of the clock."""
    keys = [(2.0, "right"), (8.0, "left"), (9.0, "left"), (20.0, "space"), (50.0, "space")]
    seen = Seen(keys=keys)
    watch = Playback(run, seen, 1.0, TimeRange(), now=lambda: seen.now_s, wait=seen.wait)
    shown = replay(run, ReplayOptions(), quiet, watch)
    plain = replay(run, ReplayOptions(), quiet)
    assert shown.steps.rows.tobytes() == plain.steps.rows.tobytes()
    jumps = [after - before for before, after in itertools.pairwise(seen.times_s)]
    assert [jump for jump in jumps if abs(jump) > 3.0] == pytest.approx([10, -10, -10], abs=1.5)
    whole_s = plain.result.duration_s
    assert seen.waited_s == pytest.approx(whole_s + 30.0 - 10.0 + 10.0 + 10.0, abs=3.0)
    # what was told once is not told again, and the steps are those of the moment
    plainly = Seen()
    watch = Playback(run, plainly, 1.0, TimeRange(), now=lambda: plainly.now_s, wait=plainly.wait)
    replay(run, ReplayOptions(), quiet, watch)
    assert set(seen.notes) <= set(plainly.notes)
    assert len(seen.notes) == len(set(seen.notes))
    assert seen.steps == plainly.steps


def read_until(terminal: int, wanted: str) -> None:
    shown, by_s = "", time.monotonic() + HANG_S  # the picture is drawn again for ever
    while wanted not in shown:
        assert select.select([terminal], [], [], by_s - time.monotonic())[0], shown[-2000:]
        shown += os.read(terminal, 4096).decode(errors="replace")


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminal")
@pytest.mark.parametrize("run", ["run.mcap"], indirect=True)
def test_keys_in_a_terminal(run: Path) -> None:
    """A thousand times slower than it was, the keys alone move it."""
    import pty
    import termios

    outer, inner = pty.openpty()
    termios.tcsetwinsize(inner, (40, 100))
    before = termios.tcgetattr(inner)
    with WarmPopen(
        [sys.executable, "-c", IN_ITS_TERMINAL, "replay", str(run), "--speed", "0.001"],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        start_new_session=True,
        env=environment(TERM="xterm"),
    ) as process:
        try:
            for key, time_shown in [
                ("", " 0:0"),
                ("\x1b[C", " 0:10"),
                ("\x1bOC", " 0:20"),
                ("x\x1b[D", " 0:10"),
                ("\x1b[C" * 9, "steps that count"),  # of the summary, however it is wrapped
            ]:
                os.write(outer, key.encode())
                read_until(outer, time_shown)
            process.wait(HANG_S)
        finally:
            process.kill()
    assert process.returncode == 0
    assert termios.tcgetattr(inner) == before
    os.close(outer)
    os.close(inner)


#: The command in the foreground of the terminal that is its standard input.
IN_ITS_TERMINAL = """
import fcntl, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from pipelines.cli import main
main()
"""


def test_a_speed_on_the_command_line(run: Path) -> None:
    shown = backstride("replay", run, "--speed", "5000")
    assert shown.exit_code == 0
    assert "Backstride live: " in shown.out
    assert "running steps in 0:5" in shown.out
    assert "give a number above 0" in backstride("replay", run, "--speed", "0").err
    both = backstride("replay", run, "--speed", "5", "--steps", "-")
    assert both.exit_code == 2
    assert "the run is shown there" in both.err


def test_a_range_ends_after_it_begins() -> None:
    with pytest.raises(ParameterError, match="a time after --from"):
        TimeRange(5.0, 5.0)
