"""Every example runs and tells the story it promises."""

from __future__ import annotations

from pathlib import Path

import pytest

from examples import hardware_tester, researcher_cohort, researcher_replay, runner_live
from pipelines.files.simulation import write_simulation
from tests.pipelines.bench.cohort.in_this_process import do_here
from tests.pipelines.command_line import quiet


def test_runner_is_told_of_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner_live.main("sim:?fatigue=lean&minutes=14&rate=50&time_scale=0") >= 1
    assert "changed from your baseline" in capsys.readouterr().out


def test_researcher_gets_step_times(capsys: pytest.CaptureFixture[str]) -> None:
    assert abs(researcher_replay.main()) < 5.0
    assert "steps found" in capsys.readouterr().out


def test_researcher_gets_a_table_and_a_plot_of_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    do_here(monkeypatch)
    pytest.importorskip("pandas")
    pytest.importorskip("matplotlib")
    for speed in (2.8, 3.6):
        query = f"minutes=0.3&standing_s=1&rate=100&seed=1&speed={speed}"
        write_simulation(tmp_path / f"run{speed}.csv", query, quiet)
    table = researcher_cohort.main(tmp_path, tmp_path / "results.csv", tmp_path / "plot.svg")
    assert list(table["status"]) == ["ok", "ok"]
    slow, fast = table["contact_time_ms_mean"]
    assert slow > fast + 10.0
    assert "<svg" in (tmp_path / "plot.svg").read_text()


def test_tester_sees_every_loss(capsys: pytest.CaptureFixture[str]) -> None:
    losses = hardware_tester.main()
    assert losses.lost > 0
    assert losses.malformed_packets > 0
    assert "received" in capsys.readouterr().out
