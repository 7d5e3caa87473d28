"""A run that stopped in the middle goes on in a second session, with the baseline of the first."""

from __future__ import annotations

import asyncio
import io
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from devices.simulator.virtual_clock import VirtualClock
from imu.errors import RecordingError
from imu.steps import Steps
from pipelines.coaching.alert import Alert
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.live import LiveOptions, LiveRun, run_live
from pipelines.replay import replay
from pipelines.replay_options import ON_ITS_OWN, ReplayOptions
from pipelines.runner.continuing import EarlierSession, earlier_session, interrupted_note
from pipelines.session.marks import LoggedMark, Surface
from pipelines.views.terminal.view import TerminalView
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, command, environment, one_sentence, quiet
from tests.pipelines.results import steps_in
from tests.warm_process import WarmPopen

RUNNER = "sim:?seed=4&rate=50"
QUICK = "[detector]\nskip_s = 20.0\nbaseline_blocks = 6\nsurface_change_s = 15.0\n"
AGAIN = f"{RUNNER}&minutes=1&time_scale=0"
USUAL = "within your usual range"
#: What a run says before it watches.
BEGINNING = re.compile("warming up|learning|no baseline")


@dataclass(frozen=True, slots=True)
class Live:
    """A live run that has ended."""

    run: LiveRun
    shown: str

    @property
    def steps(self) -> Steps:
        return self.run.facts.steps


def live(url: str, path: Path, **options: Any) -> Live:
    """Run a source to its end in virtual time, recorded."""
    screen = io.StringIO()

    async def watch() -> LiveRun:
        with TerminalView(Console(file=screen, width=300), interactive=False) as view:
            return await run_live(
                url, LiveOptions(record=path, **options), view, clock=VirtualClock()
            )

    return Live(asyncio.run(watch()), screen.getvalue())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    return tmp_path


def killed(home: Path, url: str, *words: object) -> Path:
    """Kill a live run of a process of its own once it is watched; gives its recording."""
    (home / "quick.toml").write_text(QUICK)
    with WarmPopen(
        command("live", url, "--settings", home / "quick.toml", *words),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(BACKSTRIDE_HOME=str(home)),
    ) as process:
        assert process.stdout is not None
        # so long after it was first said that a second, which a kill may cost, does not matter
        usual = 0
        for line in process.stdout:
            usual += USUAL in line
            if usual == 10:
                break
        process.kill()
        process.wait(timeout=HANG_S)
    [path] = (home / "sessions").glob("*.mcap")
    return path


def test_a_killed_run_goes_on_with_its_baseline_and_replays_alone(home: Path) -> None:
    first = killed(home, f"{RUNNER}&minutes=30&time_scale=30", "--surface", "track")
    assert read_session(first).cut_short
    content = first.read_bytes()
    before = len(replay(first, ReplayOptions(), quiet).steps)

    second = home / "second.mcap"
    ended = backstride("live", AGAIN, "--continue", "last", "--record", second)
    assert ended.exit_code == 0, ended.err
    assert f"going on from {first.name}, which ended" in ended.out
    lines = [line for line in ended.out.splitlines() if "steps/min  contact" in line]
    assert len(lines) > 10
    assert any(USUAL in line for line in lines[:3])
    assert sum(USUAL in line for line in lines) > 0.8 * len(lines)  # others wait for the pace
    assert not BEGINNING.search(ended.out)
    assert first.read_bytes() == content

    # the second file alone gives the same
    first.unlink()
    told = read_session(second)
    marked = [record.mark for record in told.records if isinstance(record, LoggedMark)]
    assert marked == [Surface("track")]
    again = replay(second, ReplayOptions(), quiet)
    assert again.steps.rows.tobytes() == steps_in(told.facts).rows.tobytes()
    assert again.steps.rows["step"][0] == before + 1
    assert ON_ITS_OWN not in again.summary.notes


@pytest.fixture(scope="module")
def tired(tmp_path_factory: pytest.TempPathFactory) -> tuple[Live, EarlierSession]:
    """A run whose lean has grown and was told, and what it hands on."""
    path = tmp_path_factory.mktemp("tired") / "first.mcap"
    ran = live(f"{RUNNER}&minutes=14&time_scale=0&fatigue=lean", path)
    return ran, earlier_session(path, time.time_ns(), quiet)


def raised(alerts: list[Alert]) -> list[str]:
    return [alert.indicator for alert in alerts if alert.severity == "raised"]


def test_a_change_that_was_told_is_not_told_again(
    tired: tuple[Live, EarlierSession], tmp_path: Path
) -> None:
    first, earlier = tired
    assert raised(first.run.alerts) == ["sacral_lean_deg"]
    leaning = f"{RUNNER}&minutes=2&time_scale=0&lean=10"
    second = live(leaning, tmp_path / "second.mcap", earlier=earlier)
    assert raised(second.run.alerts) == []
    assert "changed from your baseline: pelvic lean" in second.shown
    again = replay(tmp_path / "second.mcap", ReplayOptions(), quiet)
    assert again.steps.rows.tobytes() == second.steps.rows.tobytes()
    assert list(again.alerts) == second.run.alerts


def test_when_it_is_over_long_after_nobody_looks_any_more(
    tired: tuple[Live, EarlierSession], tmp_path: Path
) -> None:
    second = live(f"{RUNNER}&minutes=4&time_scale=0", tmp_path / "second.mcap", earlier=tired[1])
    assert second.run.alerts == []  # the coach looked for two minutes, and let go
    assert second.run.result is not None
    assert second.run.result.changed == ()
    again = replay(tmp_path / "second.mcap", ReplayOptions(), quiet)
    assert list(again.alerts) == second.run.alerts


def test_a_third_session_goes_on_from_the_second(
    tired: tuple[Live, EarlierSession], tmp_path: Path
) -> None:
    path = tmp_path / "second.mcap"
    second = live(f"{RUNNER}&minutes=1&time_scale=0&lean=10", path, earlier=tired[1])
    earlier = earlier_session(path, time.time_ns(), quiet)
    episode = earlier.carried.coach.episode
    assert episode is not None and episode.told.indicator == "sacral_lean_deg"
    third = live(AGAIN, tmp_path / "third.mcap", earlier=earlier)
    assert third.steps.rows["step"][0] == second.steps.rows["step"][-1] + 1
    assert not BEGINNING.search(third.shown)


def test_what_is_stated_otherwise_is_looked_at_on_its_own(
    tired: tuple[Live, EarlierSession], tmp_path: Path
) -> None:
    path = tmp_path / "second.mcap"
    live(AGAIN, path, earlier=tired[1])
    alone = replay(path, ReplayOptions(axes="+x+y+z"), quiet)
    assert alone.steps.rows["step"][0] == 1
    assert ON_ITS_OWN in alone.summary.notes


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("short") / "short.mcap"
    live(f"{RUNNER}&minutes=0.2&time_scale=0", path)
    return path


def rewritten(path: Path, target: Path, **header: Any) -> Path:
    """A session with another header, without its end where that is asked for."""
    session = read_session(path)
    with SessionWriter(target, replace(session.header, **header)) as writer:
        for record in session.records:
            writer.write_record(record)
    return target


def refusal(*words: object) -> str:
    return one_sentence(backstride("live", *words, "--no-record"))


def test_what_does_not_fit_is_refused_in_a_sentence(home: Path, short: Path) -> None:
    assert "there is no session to go on from" in refusal(AGAIN, "--continue", "last")
    assert "there is no such file" in refusal(AGAIN, "--continue", home / "none.mcap")
    assert "either --continue or --baseline" in refusal(
        AGAIN, "--continue", short, "--baseline", home / "b.json"
    )
    faster = "sim:?seed=4&rate=200&minutes=0.2&time_scale=0"
    kind = _without_beginning(backstride("live", faster, "--continue", short, "--no-record").err)
    assert "another kind of sensor" in kind
    other = _without_beginning(
        backstride(
            "live", AGAIN.replace("seed=4", "seed=5"), "--continue", short, "--no-record"
        ).err
    )
    assert "another sensor" in other
    hours = rewritten(
        short, home / "old.mcap", utc_start_ns=time.time_ns() - 2 * 3600 * 10**9 - 60 * 10**9
    )
    assert "this is another run: leave --continue out" in refusal(AGAIN, "--continue", hours)
    settings = home / "other.toml"
    settings.write_text(QUICK)
    for option, value in (("--axes", "-x-y+z"), ("--height", 1.5), ("--settings", settings)):
        assert option in refusal(AGAIN, "--continue", short, option, value)


def test_a_run_of_nobody_is_not_gone_on_with_by_somebody(short: Path) -> None:
    earlier = earlier_session(short, time.time_ns(), quiet)
    somebody = replace(earlier.header, source="ble:AA:BB:CC:DD:EE:FF")
    with pytest.raises(RecordingError, match="another sensor"):
        earlier.followed_by(somebody, earlier.info)


def _without_beginning(err: str) -> str:
    assert "Traceback" not in err
    assert err.count("\n") == 1, err
    return err


def test_a_damaged_session_without_steps_is_refused(tmp_path: Path, short: Path) -> None:
    part = tmp_path / "part.mcap"
    content = short.read_bytes()
    part.write_bytes(content[: len(content) // 5])
    assert read_session(part).cut_short
    with pytest.raises(RecordingError, match="no steps"):
        earlier_session(part, time.time_ns(), quiet)


def test_the_true_gap_counts(tmp_path: Path, short: Path) -> None:
    start_ns = time.time_ns() - 3600 * 10**9
    path = rewritten(short, tmp_path / "then.mcap", utc_start_ns=start_ns)
    earlier = earlier_session(path, time.time_ns(), quiet)
    assert earlier.gap_s(start_ns + 3600 * 10**9) == pytest.approx(3600.0 - earlier.ended_s)
    assert 12.0 < earlier.ended_s < 40.0
    assert earlier.gap_s(start_ns) == 0.0


def test_who_starts_anew_is_told_how_to_go_on(home: Path, short: Path) -> None:
    sessions = home / "sessions"
    sessions.mkdir()
    source = read_session(short).header.source
    now_ns = time.time_ns()
    assert interrupted_note(source, now_ns) is None
    whole = sessions / "a.mcap"
    whole.write_bytes(short.read_bytes())
    assert interrupted_note(source, now_ns) is None
    cut = sessions / "b.mcap"
    cut.write_bytes(short.read_bytes()[:-100])
    for path, age_s in ((whole, 900), (cut, 600)):
        os.utime(path, (now_ns / 1e9 - age_s, now_ns / 1e9 - age_s))
    note = interrupted_note(source, now_ns)
    assert note is not None
    assert "cut short 10:00 ago" in note.words
    assert note.path == cut
    assert interrupted_note("ble:00:11:22:33:44:55", now_ns) is None
    assert interrupted_note(source, now_ns + 1300 * 10**9) is None
    ended = backstride("live", source, "--no-record")
    assert ended.exit_code == 0
    assert f"note: {note.words[:30]}" in ended.err
    assert f'live "{source}" --continue "{cut}"' in ended.err
    cut.write_bytes(b"")
    assert interrupted_note(source, time.time_ns()) is None
