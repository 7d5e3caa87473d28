"""The user's command for each alert: real processes, no shell, and never in the way."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path

import pytest

from imu.errors import ParameterError
from pipelines.coaching.alert import Alert
from pipelines.coaching.alert_command import AlertCommand
from tests.patience import HANG_S

ALERT = Alert(
    9.0, "cadence_spm", "down", 160.0, 170.0, -5.9, 3.0, "raised", "Cadence; $(exit 3) `x` | y"
)


def python(code: str, *arguments: str) -> str:
    return shlex.join([sys.executable, "-c", code, *arguments])


def test_the_command_gets_the_alert_and_its_words(tmp_path: Path) -> None:
    out = tmp_path / "said.json"
    code = (
        "import json,sys; open(sys.argv[1],'w').write(json.dumps([sys.argv[2], sys.stdin.read()]))"
    )
    notes: list[str] = []
    command = AlertCommand(python(code, str(out), "{indicator}: {message}"), notes.append)
    command(ALERT)
    command.close()
    said, line = json.loads(out.read_text())
    # as one word, whatever is in it
    assert said == "cadence_spm: Cadence; $(exit 3) `x` | y"
    assert json.loads(line) == ALERT.record()
    assert notes == []


def test_that_a_change_is_over_runs_nothing(tmp_path: Path) -> None:
    out = tmp_path / "said"
    command = AlertCommand(python("import sys; open(sys.argv[1],'w')", str(out)))
    command(Alert(9.0, "cadence_spm", "down", 1.0, 1.0, 0.0, 3.0, "cleared", "back"))
    command.close()
    assert not out.exists()


def test_it_never_waits_and_ends_what_takes_too_long() -> None:
    notes: list[str] = []
    command = AlertCommand(python("import time; time.sleep(600)"), notes.append, longest_s=0.5)
    began = time.monotonic()
    for _ in range(5):
        command(ALERT)
    assert time.monotonic() - began < HANG_S
    command.close()
    assert time.monotonic() - began < HANG_S
    assert len(notes) == 1  # the first: that it is still busy
    alone = AlertCommand(python("import time; time.sleep(600)"), notes.append, longest_s=0.5)
    alone(ALERT)
    alone.close()
    assert notes[1].endswith("took longer than 0.5 s and was ended.")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (python("raise SystemExit(3)"), "ended with status 3."),
        ("no-such-program-anywhere", "cannot be started: "),
    ],
)
def test_a_failure_is_one_note(command: str, said: str) -> None:
    notes: list[str] = []
    hook = AlertCommand(command, notes.append)
    for _ in range(3):
        hook(ALERT)
        hook.close()
    (note,) = notes
    assert said in note
    assert note.startswith("the alert command ")
    assert note.endswith(".")


@pytest.mark.parametrize("command", ["", "   ", "''", "say 'hello"])
def test_no_command_is_refused_at_once(command: str) -> None:
    with pytest.raises(ParameterError, match="--on-alert"):
        AlertCommand(command)


def test_a_field_that_no_alert_has_is_refused_at_once() -> None:
    with pytest.raises(ParameterError, match=r"'{mesage}': give one of {message}, {indicator}"):
        AlertCommand("say '{mesage}'")
    assert AlertCommand("awk '{print $1}' {}").words == ("awk", "{print $1}", "{}")
