"""Alerts: the record, the JSON Lines file, the bell."""

from __future__ import annotations

import io
import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imu.errors import RecordingError
from pipelines.coaching.alert import Alert
from pipelines.files.alerts import AlertWriter, ring_bell
from tests.examples import few
from tests.pipelines.files.sentences import one_sentence

FIELDS = [
    "time_s",
    "indicator",
    "direction",
    "value",
    "baseline",
    "change",
    "gate",
    "severity",
    "message",
]
ALERT = Alert(
    647.0612, "sacral_lean_deg", "up", 9.1066, 5.0839, 4.0227, 2.0, "raised", "Lean changed: 4.0°."
)


def lines(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Terminal(io.StringIO):
    """A terminal that shows what has been flushed."""

    shown = ""

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        self.shown = self.getvalue()


# -------------------------------------------------------------------------------------- the record


def test_the_line_has_the_promised_fields_in_order() -> None:
    text = ALERT.to_json()
    assert text == (
        '{"time_s":647.061,"indicator":"sacral_lean_deg","direction":"up","value":9.107,'
        '"baseline":5.084,"change":4.023,"gate":2.0,"severity":"raised",'
        '"message":"Lean changed: 4.0°."}'
    )
    assert list(json.loads(text)) == FIELDS
    assert ALERT.record() == json.loads(text)


def test_an_alert_cannot_be_altered() -> None:
    with pytest.raises(FrozenInstanceError):
        ALERT.message = "other"  # type: ignore[misc]


@settings(max_examples=few(20))
@given(value=st.floats(), message=st.text())
def test_every_alert_is_one_line_of_strict_json(value: float, message: str) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(name)

    text = replace(ALERT, value=value, message=message).to_json()
    assert "\n" not in text and "\r" not in text
    content = json.loads(text, parse_constant=refuse)
    assert content["message"] == message
    if math.isfinite(value):
        assert content["value"] == pytest.approx(value, abs=6e-4)
    else:
        assert content["value"] is None


# ---------------------------------------------------------------------------------------- the file


def test_each_alert_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    with AlertWriter(path) as writer:
        assert path.read_bytes() == b""
        writer.write(ALERT)
        assert lines(path) == [ALERT.record()]
        writer.write(replace(ALERT, severity="cleared"))
        assert len(lines(path)) == 2
    assert path.read_bytes().endswith(b"}\n")
    assert b"\r" not in path.read_bytes()


def test_an_existing_file_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    for _ in range(2):
        with AlertWriter(path) as writer:
            writer.write(ALERT)
    assert len(lines(path)) == 2


def test_a_line_torn_by_a_crash_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b'{"time_s":1.0,"indi')
    with AlertWriter(path) as writer:
        writer.write(ALERT)
    torn, whole = path.read_text(encoding="utf-8").splitlines()
    assert torn == '{"time_s":1.0,"indi'
    assert json.loads(whole) == ALERT.record()


def test_alerts_survive_the_death_of_the_process(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    code = f"""
import os, signal
from pipelines.coaching.alert import Alert
from pipelines.files.alerts import AlertWriter
from tests.examples import few
writer = AlertWriter({str(path)!r})
for i in range(50):
    writer.write(Alert(float(i), "cadence_spm", "down", 1.0, 2.0, -50.0, 3.0, "raised", "…"))
os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=Path(__file__).parents[3],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])},
    )
    assert done.returncode != 0
    if hasattr(signal, "SIGKILL"):
        assert done.returncode == -signal.SIGKILL
    written = lines(path)
    assert len(written) == 50


def test_dash_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with AlertWriter("-") as writer:
        writer.write(ALERT)
    assert capfdbinary.readouterr().out == (ALERT.to_json() + "\n").encode()


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecordingError) as caught:
        AlertWriter(tmp_path)
    one_sentence(caught.value, str(tmp_path))
    missing = tmp_path / "no" / "alerts.jsonl"
    with pytest.raises(RecordingError) as caught:
        AlertWriter(missing)
    one_sentence(caught.value, str(missing), "check the path")
    with pytest.raises(RecordingError) as caught:
        AlertWriter("a\0b")
    one_sentence(caught.value, "not a file name")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_told_once_and_the_run_goes_on() -> None:
    with AlertWriter("/dev/full") as writer:
        with pytest.raises(RecordingError) as caught:
            writer.write(ALERT)
        one_sentence(caught.value, "/dev/full", "the disk is full")
        assert writer.error is caught.value
        writer.write(ALERT)


def test_a_closed_writer_takes_no_more(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    writer = AlertWriter(path)
    writer.close()
    writer.close()
    with pytest.raises(RecordingError) as caught:
        writer.write(ALERT)
    one_sentence(caught.value, str(path), "closed")


# ---------------------------------------------------------------------------------------- the bell


def test_the_bell_rings_for_a_change_in_a_terminal_only() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    ring_bell(ALERT, terminal)
    assert terminal.shown == "\a"
    ring_bell(replace(ALERT, severity="cleared"), terminal)
    assert terminal.getvalue() == "\a"
    ring_bell(ALERT, pipe)
    assert pipe.getvalue() == ""


def test_a_closed_terminal_does_not_end_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    terminal.close()
    ring_bell(ALERT, terminal)
    monkeypatch.setattr(sys, "stderr", None)
    ring_bell(ALERT)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_nobody_else_on_the_computer_may_read_what_was_told(tmp_path: Path) -> None:
    with AlertWriter(tmp_path / "alerts.jsonl"):
        pass
    assert (tmp_path / "alerts.jsonl").stat().st_mode & 0o777 == 0o600
