"""``backstride cohort``: a folder in, a table out, the same bytes however it was come by."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imu.step.trusted_steps import trusted_steps
from pipelines.bench.cohort import engines
from pipelines.bench.cohort.outcome import Outcome, Task, outcome_of
from pipelines.bench.cohort.run import CohortOptions, CohortRun, run_cohort
from pipelines.bench.cohort.sessions import Stated, find_sessions, shard_of
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.table_output import described_by
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from tests.patience import HANG_S
from tests.pipelines.bench.cohort.in_this_process import do_here
from tests.pipelines.command_line import backstride, environment, one_sentence, quiet

NAMES = ["anna/run1.csv", "anna/run2.csv", "bo/broken.csv", "bo/run3.csv"]


pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is not how processes start."""
    do_here(monkeypatch)


def rows(path: str = "all.csv") -> list[dict[str, str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(
    source: Path,
    out: str = "all.csv",
    stated: Stated | None = None,
    shard: tuple[int, int] | None = None,
) -> CohortRun:
    return run_cohort(source, Path(out), CohortOptions(stated or Stated(), shard=shard), quiet)


def test_a_command_gives_a_row_a_recording_and_says_why_one_has_no_result(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    described_by(recordings / NAMES[0]).write_text("{}")  # ours, and no recording
    asked = do_here(monkeypatch)
    ended = backstride("cohort", recordings, "--out", "all.csv", "--workers", 2)
    described_by(recordings / NAMES[0]).unlink()
    assert ended.exit_code == 0, ended.err
    assert asked == [2]
    assert "4 sessions, 1 of them not read" in ended.out
    assert ended.err.startswith("bo/broken.csv: not read: ")
    table = rows()
    assert [row["session"] for row in table] == NAMES
    assert [row["subject"] for row in table] == ["anna", "anna", "bo", "bo"]
    assert [row["status"] for row in table] == ["ok", "ok", "failed", "ok"]
    assert "header line" in table[2]["reason"]
    assert table[2]["steps"] == ""
    steps = replay(recordings / NAMES[0], ReplayOptions(), quiet).steps
    assert int(table[0]["steps"]) == len(steps) > 25
    trusted = trusted_steps(steps).cadence_spm
    assert float(table[0]["cadence_spm_mean"]) == pytest.approx(trusted.mean(), rel=1e-12)
    assert float(table[0]["rate_hz"]) == 100.0


@pytest.mark.usefixtures("here")
def test_only_what_is_new_or_changed_is_done_again(recordings: Path) -> None:
    study = Path(shutil.copytree(recordings, "study"))
    assert run(study).done_now == 4
    first = Path("all.csv").read_bytes()
    assert run(study).done_now == 0
    assert Path("all.csv").read_bytes() == first
    # other parameters are another result, and so is another content
    assert run(study, stated=Stated(axes="+x+y+z", height_m=1.8)).done_now == 4
    shutil.copy(study / NAMES[0], study / NAMES[2])
    assert run(study, stated=Stated(axes="+x+y+z", height_m=1.8)).done_now == 1
    assert rows()[2]["status"] == "ok"


@pytest.mark.usefixtures("here")
def test_a_run_that_was_killed_goes_on_where_it_was(recordings: Path) -> None:
    run(recordings, "whole.csv")
    run(recordings)
    Path("all.csv").unlink()
    done = Path("all.csv.done/all.jsonl")
    lines = done.read_bytes().splitlines(keepends=True)
    done.write_bytes(lines[0] + lines[1][:-40])  # in the middle of a line
    assert run(recordings).done_now == 3
    assert Path("all.csv").read_bytes() == Path("whole.csv").read_bytes()
    assert run(recordings).done_now == 0


@pytest.mark.usefixtures("here")
def test_shards_are_joined_by_a_run_without_one(recordings: Path) -> None:
    run(recordings, "whole.csv")
    assert run(recordings, shard=(2, 2)).path == Path("all.2-of-2.csv")
    assert [row["session"] for row in rows("all.2-of-2.csv")] == NAMES[1::2]
    assert run(recordings, shard=(1, 2)).done_now == 2
    joined = run(recordings)
    assert (joined.done_now, joined.sessions) == (0, 4)
    assert Path("all.csv").read_bytes() == Path("whole.csv").read_bytes()


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right of their own")
@pytest.mark.usefixtures("here")
def test_a_link_that_leads_nowhere_is_a_recording_that_is_not_read(recordings: Path) -> None:
    Path("study").mkdir()
    shutil.copy(recordings / NAMES[0], "study/a.csv")
    Path("study/gone.csv").symlink_to("moved.csv")
    found = run(Path("study"))
    assert [name for name, _ in found.failed] == ["gone.csv"]
    assert [row["status"] for row in rows()] == ["ok", "failed"]
    assert "no such file" in rows()[1]["reason"]


def test_every_session_is_in_one_shard(recordings: Path) -> None:
    sessions = find_sessions(recordings, Stated(), [])
    parts = [shard_of(sessions, (number, 3)) for number in (1, 2, 3)]
    assert sorted(one.name for part in parts for one in part) == NAMES


@pytest.mark.usefixtures("here")
def test_a_parquet_table_says_what_made_it(recordings: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    run(recordings, "all.parquet", stated=Stated(height_m=1.7))
    run(recordings, "again.parquet", stated=Stated(height_m=1.7))
    assert Path("all.parquet").read_bytes() == Path("again.parquet").read_bytes()
    said = {key.decode(): value.decode() for key, value in
            parquet.read_schema("all.parquet").metadata.items()}  # fmt: skip
    assert said["software"].startswith("backstride")
    assert len(said["code_sha256"]) == 64
    assert json.loads(said["parameters"])["stated"] == {"height_m": 1.7}
    table = parquet.read_table("all.parquet").to_pylist()
    assert [row["steps"] is None for row in table] == [False, False, True, False]
    assert all(len(row["input_sha256"]) == 64 for row in table)


@pytest.mark.usefixtures("here")
def test_a_manifest_says_who_ran_and_keeps_what_else_it_says(recordings: Path) -> None:
    (recordings / "list.csv").write_text(
        "file,subject,height_m,shoe,stream\n"
        "bo/run3.csv,B,1.9,blue,\nanna/run1.csv,A,,red,shank\nnone.csv,C,,,\n/dev/zero,D,,,\n"
    )
    try:
        done = run(recordings / "list.csv", stated=Stated(axes="+x+y+z"))
    finally:
        (recordings / "list.csv").unlink()
    table = rows()
    assert [(row["session"], row["subject"], row["shoe"]) for row in table] == [
        ("bo/run3.csv", "B", "blue"), ("anna/run1.csv", "A", "red"), ("none.csv", "C", ""),
        ("/dev/zero", "D", ""),
    ]  # fmt: skip
    assert [name for name, _ in done.failed] == ["anna/run1.csv", "none.csv", "/dev/zero"]
    assert "no sensor of it is called 'shank'" in table[1]["reason"]
    assert "no such file" in table[2]["reason"]
    assert "no file" in table[3]["reason"] or os.name == "nt"  # it would never end


def _ends_its_process(task: Task) -> Outcome:
    if task.session.name == "bo/broken.csv":
        os._exit(9)
    return outcome_of(task)


def test_a_recording_that_ends_its_process_does_not_end_the_cohort(
    recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "outcome_of", _ends_its_process)
    sessions = find_sessions(recordings, Stated(), [])[1:]
    tasks = [Task(one, AlertSettings()) for one in sessions]
    found = {outcome.name: outcome for outcome in engines.in_processes(tasks, 1)}
    assert sorted(found) == NAMES[1:]
    assert found["bo/broken.csv"].row is not None
    assert "ended by the system" in found["bo/broken.csv"].row["reason"]
    assert found["bo/broken.csv"].key == ""  # the next run tries it again
    for name in set(found) - {"bo/broken.csv"}:
        row = found[name].row
        assert row is not None
        assert row["status"] == "ok"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["none", "--out", "a.csv"], "No such file"),
        (["empty", "--out", "a.csv"], "holds no recording"),
        (["list.csv", "--out", "a.csv"], "is no manifest"),
        (["tall.csv", "--out", "a.csv"], "2: height_m is 180.0: give a height from 1.0 to 2.5 m"),
        (["named.csv", "--out", "a.csv"], "another name"),
        (["twice.csv", "--out", "a.csv"], "stands twice"),
        (["empty", "--out", "a.txt"], "ending in .csv or .parquet"),
        (["empty", "--out", "none/a.csv"], "create it first"),
        (["empty", "--out", "a.csv", "--shard", "3/2"], "how many there are"),
        (["empty", "--out", "a.csv", "--workers", "0"], "from 1 to 1024"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(words: list[str], sentence: str) -> None:
    Path("empty").mkdir()
    Path("list.csv").write_text("path\nrun.csv\n")
    Path("tall.csv").write_text("file,height_m\nrun.csv,180\n")
    Path("named.csv").write_text("file,steps\nrun.csv,180\n")
    Path("twice.csv").write_text("file\nrun.csv\nrun.csv\n")
    ended = backstride("cohort", *words)
    assert ended.exit_code in (1, 2)
    assert sentence.lower() in one_sentence(ended).lower()
    assert not Path("a.csv").exists()


@pytest.mark.slow
def test_a_script_without_a_guard_starts_a_cohort_once(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "study.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom pipelines import CohortOptions, run_cohort\n"
        'print("begins")\nout = Path("all.csv")\n'
        "done = run_cohort(Path(sys.argv[1]), out, CohortOptions(workers=2))\n"
        "print([name for name, _ in done.failed])\n"
    )
    words = [sys.executable, str(script), str(recordings)]
    ended = subprocess.run(
        words, capture_output=True, text=True, env=environment(), timeout=HANG_S, check=False
    )
    assert (ended.stdout, ended.stderr) == ("begins\n['bo/broken.csv']\n", "")
    assert [row["status"] for row in rows()] == ["ok", "ok", "failed", "ok"]
    # done here, none known: the same to the byte
    do_here(monkeypatch)
    run(recordings, "again.csv")
    assert Path("again.csv").read_bytes() == Path("all.csv").read_bytes()
