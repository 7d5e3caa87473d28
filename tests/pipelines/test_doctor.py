"""The doctor looks at what a run needs and says what to do about what is missing."""

from __future__ import annotations

import importlib.metadata
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from pipelines.commands import doctor
from pipelines.commands.doctor import Finding, examine
from tests.pipelines.command_line import backstride

pytestmark = pytest.mark.usefixtures("home")


def test_a_sound_machine_is_exit_code_0(home: Path) -> None:
    ended = backstride("doctor")
    assert ended.exit_code == 0
    assert ended.err == ""
    lines = ended.out.splitlines()
    assert all(line.startswith("ok ") for line in lines)
    for subject in ("system", "numba", "mcap", "data folder", "compiled code", "speed", "terminal"):
        assert any(line[3:].strip().startswith(subject) for line in lines), subject
    assert str(home) in ended.out


def test_looking_leaves_no_trace_behind(home: Path) -> None:
    list(examine())
    assert not home.exists() or list(home.iterdir()) == []


def test_a_missing_package_is_told_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    known = importlib.metadata.version

    def version(name: str) -> str:
        if name == "bleak":
            raise PackageNotFoundError(name)
        return known(name)

    monkeypatch.setattr(doctor, "version", version)
    (bad,) = [finding for finding in examine() if not finding.fine]
    assert bad == Finding("bleak", False, bad.text)
    assert "pip install" in bad.text


def test_a_folder_that_cannot_be_made_is_bad(home: Path) -> None:
    home.write_text("a file where the folder should be")
    ended = backstride("doctor")
    assert ended.exit_code == 1
    (line,) = [line for line in ended.out.splitlines() if line.startswith("BAD")]
    assert "data folder" in line
    assert str(home) in line
    assert "the folder for your data cannot be made: something of this name is in the way" in line
    assert "speed" in ended.out  # it goes on with the rest
    assert home.read_text() == "a file where the folder should be"


def test_a_folder_that_cannot_be_written_is_bad(home: Path) -> None:
    (home / ".backstride-probe").mkdir(parents=True)  # nothing can be written there, even by root
    ended = backstride("doctor")
    assert ended.exit_code == 1
    line = next(line for line in ended.out.splitlines() if line.startswith("BAD"))
    assert "data folder" in line
    assert f"{home} cannot be written" in line
    assert "speed" in ended.out  # it goes on with the rest


def test_the_half_minute_is_counted_and_not_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    from imu.analyzer import StepAnalyzer
    from imu.samples import Samples
    from imu.steps import NO_STEPS, Steps

    def deaf(self: StepAnalyzer, samples: Samples) -> Steps:
        return NO_STEPS

    monkeypatch.setattr(StepAnalyzer, "push", deaf)
    findings = {finding.subject: finding for finding in examine()}
    assert not findings["simulated half minute"].fine
