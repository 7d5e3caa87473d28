"""The metronome in the terminal: one bell a beat, on time, and none made up for."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys

import pytest

from imu.errors import InputError, ParameterError
from pipelines.commands.metronome import beat, metronome
from tests.pipelines.command_line import command, environment
from tests.warm_process import WarmPopen


class Clock:
    """Time that passes by sleeping, and by what ringing takes."""

    def __init__(self, ringing_s: float, hiccup: tuple[int, float] = (-1, 0.0)) -> None:
        self.now = 50.0
        self.rung: list[float] = []
        self._ringing_s, self._hiccup = ringing_s, hiccup

    def ring(self) -> None:
        self.rung.append(self.now - 50.0)
        late = self._hiccup[1] if len(self.rung) == self._hiccup[0] else 0.0
        self.now += self._ringing_s + late

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def rung(clock: Clock, seconds: float = 5.0, cadence_spm: float = 120.0) -> list[float]:
    beat(cadence_spm, seconds, clock.ring, lambda: clock.now, clock.sleep)
    return clock.rung


def test_beats_are_on_time_however_long_ringing_takes() -> None:
    assert rung(Clock(0.03)) == pytest.approx([0.5 * n for n in range(11)])


def test_after_two_hours_the_beat_is_where_it_belongs() -> None:
    last = rung(Clock(0.03), 7200.0, 172.0)[-1] * 172.0 / 60.0
    assert last == pytest.approx(7200.0 * 172.0 / 60.0, abs=1e-6)


def test_after_a_pause_of_the_machine_no_beat_is_made_up_for() -> None:
    assert rung(Clock(0.01, hiccup=(3, 2.2))) == pytest.approx([0.0, 0.5, 1.0, 3.5, 4.0, 4.5, 5.0])


def test_without_a_terminal_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with pytest.raises(InputError, match="run it in a terminal"):
        metronome(160.0, 5.0, 1.0)
    with pytest.raises(ParameterError, match="usual is"):
        metronome(16.0, 5.0, 1.0)


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX")
def test_ctrl_c_is_the_way_to_end_it() -> None:
    import pty

    ours, its = pty.openpty()
    with WarmPopen(
        command("metronome", 160), stdout=its, stderr=subprocess.PIPE, env=environment()
    ) as process:
        os.close(its)
        said = b""
        while b"\a" not in said:
            said += os.read(ours, 1024)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(10) == 0
    while b"ended" not in said:
        said += os.read(ours, 1024)
    os.close(ours)
    assert err == ""
    assert b"168 steps a minute" in said
    assert b"ended after 0:0" in said
