"""The command line as a user meets it: help, streams, exit codes, files, in real processes."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from imu.steps import STEP_COLUMNS
from pipelines.cli import main
from pipelines.files.session_reader import read_session
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, command, environment, one_sentence, run
from tests.warm_process import WarmPopen

COMMANDS = ("live", "replay", "simulate", "doctor")
QUICK = "minutes=0.2&standing_s=1&seed=2"


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "run.mcap"
    ended = backstride("simulate", path, QUICK)
    assert ended.exit_code == 0, ended.err
    return path


# --- help and usage -------------------------------------------------------------------------------


def test_help_names_every_command_and_what_this_is_not() -> None:
    ended = run("--help")
    assert ended.exit_code == 0
    assert ended.err == ""
    for name in COMMANDS:
        assert re.search(rf"^  {name} ", ended.out, re.MULTILINE)
    assert "Not a medical device" in ended.out


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_every_command_explains_itself(name: str, flag: str) -> None:
    ended = backstride(name, flag)
    assert ended.exit_code == 0
    assert ended.err == ""
    assert ended.out.startswith("Usage:")
    assert "\x1b" not in ended.out


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("live", "--axes --mass --height --baseline --record --no-record --alerts"),
        (
            "replay",
            "--steps --waveforms --alerts --summary --axes --mass --height --rate --block "
            "--baseline",
        ),
        ("simulate", "--truth --overwrite"),
    ],
)
def test_every_option_is_explained(name: str, options: str) -> None:
    text = backstride(name, "--help").out
    for option in options.split():
        assert re.search(rf"^  {option}\b.*\w", text, re.MULTILINE), option


@pytest.mark.parametrize(
    "arguments",
    [
        ["fly"],
        ["live", "sim:", "sim:"],
        ["replay"],
        ["replay", "a.csv", "b.csv"],
        ["replay", "a.csv", "--colour", "red"],
        ["replay", "a.csv", "--rate", "fast"],
        ["replay", "a.csv", "--block", "1.5"],
        ["simulate"],
        ["doctor", "now"],
        ["metronome", "quick"],
        ["journal", "delete", "last"],
        ["journal", "pain", "strong"],
    ],
)
def test_a_mistake_in_usage_is_exit_code_2(arguments: list[str]) -> None:
    ended = backstride(*arguments)
    assert ended.exit_code == 2
    assert "Traceback" not in ended.err
    if "Usage:" in ended.out:
        return
    found = re.search(r"; see 'backstride((?: \w+)*) --help'\.$", one_sentence(ended))
    assert found is not None
    # the help of the command that was meant, and it exists
    named = found[1].split()
    assert named == [word for word in arguments if word.isalpha()][: len(named)]
    assert len(named) == len(arguments[:1]) + (arguments[0] == "journal") or arguments == ["fly"]
    assert backstride(*named, "--help").exit_code == 0


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("journal pain 3.5", "level is '3.5': give a whole number; see"),
        ("journal week --weeks 0", "--weeks is '0': give a number from 1 on; see"),
        ("replay a.csv --rate fast", "--rate is 'fast': give a number; see"),
        ("metronome 170 --percent 50", "--percent is '50': give a number up to 10; see"),
        ("metronome 0", "usual is 0.0: give a cadence from 100 to 218."),
        ("replay a.csv --axes forward", "--axes is 'forward': give"),
    ],
)
def test_a_number_that_is_none_is_told_by_what_was_typed(words: str, told: str) -> None:
    assert told in one_sentence(backstride(*words.split()))


# --- streams --------------------------------------------------------------------------------------


def test_the_steps_table_can_be_piped(recording: Path) -> None:
    ended = backstride("replay", recording, "--steps", "-")
    assert ended.exit_code == 0
    assert ended.err == ""
    rows = list(csv.DictReader(io.StringIO(ended.out)))
    assert tuple(rows[0]) == STEP_COLUMNS
    assert len(rows) > 20
    assert "\r" not in ended.out


def test_a_summary_for_people_goes_to_standard_output(recording: Path) -> None:
    ended = backstride("replay", recording)
    assert ended.exit_code == 0
    assert ended.err == ""
    assert re.search(r"\d+ running steps in 0:1\d \(200 Hz\)", ended.out)
    for words in ("cadence", "contact time", "impact shock", "pelvic lean"):
        assert words in ended.out
    assert "\x1b" not in ended.out


@pytest.mark.skipif(sys.platform == "win32", reason="pipes break differently there")
def test_a_reader_that_has_seen_enough_is_no_error(recording: Path) -> None:
    with WarmPopen(
        command("replay", recording, "--steps", "-"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
    assert err == ""
    assert process.returncode == 0


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])  # all other tests have UTF-8
def test_any_console_encoding_will_do(recording: Path, encoding: str) -> None:
    with WarmPopen(
        command("replay", recording),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PYTHONIOENCODING=encoding, LC_ALL="C"),
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.wait(HANG_S)
        # its bytes, whatever they mean
        out, err = (os.read(each.fileno(), 65_536) for each in (process.stdout, process.stderr))
    assert process.returncode == 0
    assert b"Traceback" not in err  # a busy machine may have its progress told there
    assert b"running steps" in out


def test_names_with_spaces_and_umlauts_work(tmp_path: Path) -> None:
    folder = tmp_path / "läufe am see"
    folder.mkdir()
    path = folder / "morgen 1.mcap"
    assert backstride("simulate", path, QUICK, "--truth", folder / "wahr.csv").exit_code == 0
    ended = run("replay", path.name, "--steps", "schritte.csv", cwd=folder)
    assert ended.exit_code == 0
    assert (folder / "schritte.csv").stat().st_size > 1000


# --- the way a session goes -----------------------------------------------------------------------


def test_simulate_then_live_then_replay_agree(tmp_path: Path) -> None:
    simulated, lived = tmp_path / "simulated.mcap", tmp_path / "lived.mcap"
    assert backstride("simulate", simulated, QUICK).exit_code == 0
    ended = backstride("live", f"sim:?{QUICK}&time_scale=0", "--record", lived)
    assert ended.exit_code == 0
    assert ended.err == ""
    assert f"see it again with: backstride replay {lived}" in ended.out
    tables = []
    for path in (simulated, lived):
        out = path.with_suffix(".csv")
        assert backstride("replay", path, "--steps", out).exit_code == 0
        tables.append(out.read_bytes())
    assert tables[0] == tables[1]


def test_live_tells_steps_as_they_happen(tmp_path: Path) -> None:
    ended = backstride("live", "sim:?minutes=0.5&time_scale=0", "--record", tmp_path / "run.mcap")
    lines = [line for line in ended.out.splitlines() if re.match(r" +\d+:\d\d +\d+ steps", line)]
    assert len(lines) >= 3
    assert all("running" in line and "shock" in line and "lean" in line for line in lines)


def test_a_simulated_runner_is_as_heavy_and_tall_as_stated(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    backstride("live", f"sim:?{QUICK}&mass=90&height=1.9&time_scale=0", "--record", path)
    header = read_session(path).header
    assert (header.mass_kg, header.height_m) == (90.0, 1.9)
    other = tmp_path / "other.mcap"
    backstride("live", f"sim:?{QUICK}&mass=90&time_scale=0", "--record", other, "--mass", 60)
    assert read_session(other).header.mass_kg == 60.0


def test_a_source_without_a_question_mark_is_the_same_source(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    ended = backstride("live", f"sim:{QUICK}&mass=90&time_scale=0", "--record", path)
    assert ended.exit_code == 0
    assert read_session(path).header.mass_kg == 90.0


def test_the_replay_that_live_proposes_works(tmp_path: Path) -> None:
    path = tmp_path / "run.session"
    ended = backstride("live", f"sim:?{QUICK}&time_scale=0", "--record", path)
    assert ended.exit_code == 2 or backstride("replay", path).exit_code == 0


def test_to_record_and_not_to_record_contradict_each_other(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    ended = backstride("live", f"sim:?{QUICK}&time_scale=0", "--record", path, "--no-record")
    assert ended.exit_code == 2 or path.exists()


def test_live_adds_to_an_alerts_file(tmp_path: Path) -> None:
    alerts = tmp_path / "alerts.jsonl"
    alerts.write_text('{"of": "yesterday"}\n')
    ended = backstride("live", f"sim:?{QUICK}&time_scale=0", "--no-record", "--alerts", alerts)
    assert ended.exit_code == 0
    assert json.loads(alerts.read_text().splitlines()[0]) == {"of": "yesterday"}


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The summary of an ordinary run."""
    folder = tmp_path_factory.mktemp("baseline")
    usual, summary = folder / "usual.mcap", folder / "usual.json"
    assert backstride("simulate", usual, "minutes=14&rate=50&seed=1").exit_code == 0
    assert backstride("replay", usual, "--summary", summary).exit_code == 0
    return summary


def test_an_alert_is_seen_at_once_with_a_baseline(baseline: Path, tmp_path: Path) -> None:
    alerts = tmp_path / "alerts.jsonl"
    stooped = "sim:?minutes=5&lean=14&rate=50&seed=6&time_scale=0"
    ended = backstride("live", stooped, "--baseline", baseline, "--no-record", "--alerts", alerts)
    assert ended.exit_code == 0
    assert "alert: " in ended.out
    told = json.loads(alerts.read_text(encoding="utf-8").splitlines()[0])
    assert told["message"] in ended.out
    assert told["time_s"] < 5 * 60
    assert "changed from your baseline" in told["message"]
    assert "changes from the baseline" in ended.out


def test_a_baseline_in_the_source_is_the_same(baseline: Path, tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    url = f"sim:?{QUICK}&time_scale=0&baseline={baseline.as_posix()}"
    assert backstride("live", url, "--record", path).exit_code == 0
    expected = json.loads(baseline.read_text(encoding="utf-8"))["baseline"]
    given = read_session(path).header.baseline
    assert given is not None
    assert json.loads(given.to_json()) == expected


@pytest.mark.slow
def test_the_compile_pause_is_announced(recording: Path, tmp_path: Path) -> None:
    cold = run("replay", recording, NUMBA_CACHE_DIR=str(tmp_path))
    assert cold.exit_code == 0
    assert "preparing the filters" in cold.err
    warm = run("replay", recording, NUMBA_CACHE_DIR=str(tmp_path))
    assert warm.err == ""
    assert warm.out == cold.out


#: Runs a command that tells when its work begins.
AT_WORK = """
import contextlib, sys
from pipelines.commands import replay, simulate
from pipelines.views.progress import progress as shown

@contextlib.contextmanager
def progress_told(words):
    with shown(words) as report:
        print("at work", file=sys.stderr, flush=True)
        yield report

replay.progress = simulate.progress = progress_told
from pipelines.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX sends signals to one process")
@pytest.mark.parametrize("name", ["replay", "simulate", "simulate a session"])
def test_ctrl_c_during_work_leaves_neither_traceback_nor_pieces(name: str, tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    words: list[object] = ["simulate", path, "minutes=600"]
    if name == "simulate a session":
        words[1] = tmp_path / "long.mcap"
    if name == "replay":
        os.mkfifo(path)  # a recording that never comes
        words = ["replay", path, "--steps", tmp_path / "steps.csv"]
    with WarmPopen(
        [sys.executable, "-c", AT_WORK, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "at work\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert out == ""
    assert err.endswith("backstride: stopped before the end.\n")
    assert [entry.name for entry in tmp_path.iterdir()] == ["long.csv"] * (name == "replay")


def test_ctrl_c_while_compiling_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler that is interrupted fails in its own ways on the way out."""

    def interrupted() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("no compiled object yet")

    monkeypatch.setattr("imu.compile_ahead.warm_up", interrupted)
    out, err = (io.StringIO() for _ in range(2))
    with (
        monkeypatch.context() as patched,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        pytest.raises(SystemExit) as ended,
    ):
        patched.setattr(sys, "argv", ["backstride", "live", "sim:", "--no-record"])
        main()
    assert ended.value.code == 130
    assert err.getvalue().endswith("backstride: stopped before the end.\n")
    assert "Traceback" not in err.getvalue()


#: What each command says about files that are there already.
RULE = {
    "replay": "replaces an older file of that name, whole or not at all; never a recording",
    "report": "in the place of an older one",
    "live": "never in the place of an older one",
    "simulate": "--overwrite",
    "download": "never replaced",
    "journal export": "--overwrite",
}


@pytest.mark.parametrize("name", RULE)
def test_help_says_what_happens_to_a_file_that_is_there(name: str) -> None:
    assert RULE[name] in " ".join(backstride(*name.split(), "--help").out.split())
