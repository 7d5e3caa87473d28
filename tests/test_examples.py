"""Every example runs and tells the story it promises."""

from __future__ import annotations

import pytest

from examples import hardware_tester, researcher_replay, runner_live


def test_runner_is_told_of_a_change(capsys: pytest.CaptureFixture[str]) -> None:
    assert runner_live.main("sim:?fatigue=lean&minutes=14&time_scale=0") >= 1
    assert "changed from your baseline" in capsys.readouterr().out


def test_researcher_gets_step_times(capsys: pytest.CaptureFixture[str]) -> None:
    assert abs(researcher_replay.main()) < 5.0
    assert "steps found" in capsys.readouterr().out


def test_tester_sees_every_loss(capsys: pytest.CaptureFixture[str]) -> None:
    losses = hardware_tester.main()
    assert losses.lost > 0
    assert losses.malformed_packets > 0
    assert "received" in capsys.readouterr().out
