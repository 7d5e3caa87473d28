"""A short run of every harness: whatever comes in is answered, whatever ends a run costs little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from benchmarks.robustness import damage, fuzzing, hostile_files, report
from benchmarks.robustness.disk_log import DiskEvent
from benchmarks.robustness.journal_users import several_writers
from benchmarks.robustness.outcome import trouble_of
from benchmarks.robustness.power_cuts import after_power_cut
from benchmarks.robustness.targets import TARGETS, Target
from imu.errors import InputError
from tests.warm_process import ROOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what a process does")


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_sound_bytes_are_taken_and_changed_ones_answered(target: Target) -> None:
    assert [trouble_of(target.run, data) for data in target.begin()] == [""] * len(target.begin())
    found = fuzzing.try_changes(target, Random(target.name), seconds=0.3, executions=100)
    assert found["executions"] > 0
    assert found["findings"] == []


def test_what_is_no_sentence_is_found() -> None:
    def refuse(data: bytes) -> None:
        raise InputError(data.decode())

    assert trouble_of(refuse, b"this is no table: give one.") == ""
    assert "no sentence" in trouble_of(refuse, b"bad")
    assert "UnicodeDecodeError" in trouble_of(refuse, b"\xff")

    def read(data: bytes) -> None:
        data.decode()

    target = Target("one that fails", read, lambda: [b"abc"])
    found = fuzzing.try_changes(target, Random(1), executions=200)
    assert [each["trouble"][:18] for each in found["findings"]] == ["UnicodeDecodeError"]


@pytest.mark.parametrize(
    ("tried", "count"),
    [
        (damage.damaged_sessions, 25),
        (damage.odd_documents, 150),
        (damage.damaged_journals, 12),
    ],
)
def test_damage_is_told(tried: object, count: int) -> None:
    assert callable(tried)
    assert list(filter(None, tried(count, Random(3)))) == []


def test_a_loss_that_nobody_tells_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from pipelines.files import session_reader

    real = session_reader.read_session
    calls: list[Path] = []

    def silent(path: Path) -> session_reader.Session:
        calls.append(path)
        return real(path) if len(calls) == 1 else replace(real(path), cut_short=False, note="")

    monkeypatch.setattr(session_reader, "read_session", silent)
    told = set(damage.damaged_sessions(20, Random(3)))
    assert "data is missing and nobody says so" in told


@linux
@pytest.mark.parametrize("kind", ["parquet: packed", "feather: packed"])
def test_a_file_that_expands_beyond_all_measure_is_refused(kind: str) -> None:
    pytest.importorskip("pyarrow")
    found = hostile_files.read_all([kind], each=2)[kind]
    assert found["files"] == 2
    assert found["troubles"] == []


def test_what_writers_said_they_kept_is_kept_when_some_are_killed() -> None:
    found = several_writers(3)
    assert found["troubles"] == []
    assert found["killed"] == 1
    assert found["told"] == found["found"] >= 51


def _event(kind: str, at: int, name: str, data: bytes = b"", offset: int = 0) -> DiskEvent:
    return DiskEvent(kind, at, at, name, data, offset, (("run.mcap", 1), ("kept", 2)))


def test_a_power_cut_leaves_what_was_put_on_the_disk(tmp_path: Path) -> None:
    events = [
        _event("file", 10, "run.mcap", b"header"),
        _event("folder", 11, "."),
        _event("write", 15, "kept", b"NEW", 0),
        _event("file", 20, "run.mcap", b"header and a second"),
        _event("file", 30, "run.mcap", b"header and a second and a third"),
        _event("file", 31, "kept", b"NEWold"),
    ]
    left = set()
    for number in range(60):
        folder = tmp_path / str(number)
        after_power_cut(events, {"kept": b"oldold"}, 25, Random(number), folder)
        run = (folder / "run.mcap").read_bytes()
        assert run.startswith(b"header and a second")
        left.add((run, (folder / "kept").read_bytes()))
    assert {kept for _, kept in left} == {b"oldold", b"NEWold"}
    assert len({run for run, _ in left}) > 5  # with and without what came later, and zeros
    after_power_cut(events, {"kept": b"oldold"}, 5, Random(1), tmp_path / "before")
    assert [entry.name for entry in (tmp_path / "before").iterdir()] == ["kept"]


@linux
@pytest.mark.slow
def test_moments_of_kills_signals_and_power_cuts() -> None:
    from benchmarks.robustness import kills, power_cuts

    random = Random(time.time_ns())
    killed = list(kills.kills(4, random))
    ended = list(kills.ends(4, ("plain", "page"), random))
    cut = list(power_cuts.power_cuts(25, random))
    for after in [each.after for each in killed + ended] + [found for _, found in cut]:
        assert after.troubles == ()
        assert after.lost_s <= 1.0


def test_the_page_tells_figures_and_findings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "FIGURES", tmp_path / "figures.json")
    monkeypatch.setattr(report, "PAGE", tmp_path / "PAGE.md")
    when = {"date": "2026-03-02", "load": 1.0}
    finding = {"target": "words", "trouble": "KeyError units.py:7: 'x'", "bytes": "00"}
    for executions in (1500, 500):
        fuzzed = {"target": "words", "executions": executions, "seconds": 60.0}
        report.add("fuzz", fuzzed | {"findings": [finding]} | when)
    report.add("sessions", {"executions": 300, "troubles": []} | when)
    page = report.PAGE.read_text("utf-8")
    assert "2,000 executions over 1 targets" in page
    assert "| words | 2,000 | 2.0 | 1 |" in page
    assert "`KeyError units.py:7: 'x'`" in page
    assert "300 readings of a session" in page
    assert "Found: nothing." in page
    assert report.count_troubles({"findings": [finding], "troubles": ["a", "b"]}) == 3


def test_the_page_is_that_of_the_figures() -> None:
    known = json.loads(report.FIGURES.read_text("utf-8"))
    assert report.PAGE.read_text("utf-8") == report.page_of(known)


_JOURNALLED = """
import os, sqlite3, sys
from benchmarks.robustness.disk_log import record_disk
record_disk("log", os.path.abspath("home"))
journal = sqlite3.connect("home/journal.sqlite3")
others = [bytes([33 + k % 90]) * 40 for k in range(20000)]  # where copies of names were
for words in ("pragma journal_mode=wal", "create table a (b)"):
    journal.execute(words)
print(*sorted(os.listdir("home")), *sorted(os.listdir(".")), flush=True)
os._exit(0)
"""


@linux
def test_a_watched_journal_lies_where_it_would_lie_unwatched(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _JOURNALLED],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    name = "journal.sqlite3"
    assert done.stdout.split() == [name, f"{name}-shm", f"{name}-wal", "home", "log"], done.stderr
