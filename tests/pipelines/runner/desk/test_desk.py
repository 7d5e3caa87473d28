"""Desk mode: ten minutes without a change draw a nudge; moving and standing up do not."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from devices.simulator.virtual_clock import VirtualClock
from imu.samples import Samples
from pipelines.coaching.training.cues import Cue
from pipelines.runner.desk.run import run_desk
from pipelines.runner.desk.watch import DeskSummary, DeskWatch
from tests.patience import HANG_S
from tests.pipelines.command_line import environment
from tests.warm_process import WarmPopen

RATE_HZ = 50.0
MINUTE = 60.0


def sitting(
    minutes: float, pitch_deg: float, start_s: float = 0.0, *, moving: bool = False
) -> Samples:
    """A worn sensor whose wearer sits; with some shuffling about where asked for."""
    times = start_s + np.arange(round(minutes * 60.0 * RATE_HZ)) / RATE_HZ
    pitch = np.radians(pitch_deg)
    force = 9.81 * np.tile([-np.sin(pitch), 0.0, np.cos(pitch)], (len(times), 1))
    if moving:
        force[:, 2] += 2.0 * np.sin(2.0 * np.pi * 1.8 * times)
    return Samples(times, force)


def watched(
    *parts: Samples, axes: str = "+x+y+z", block: int = 10
) -> tuple[list[Cue], DeskSummary]:
    watch = DeskWatch(RATE_HZ, axes, MINUTE)
    nudges: list[Cue] = []
    for part in parts:
        for begin in range(0, len(part), block):
            nudge = watch.push(part[begin : begin + block])
            nudges += [] if nudge is None else [nudge]
    return nudges, watch.summary


def in_turn(*parts: tuple[float, float, bool]) -> list[Samples]:
    start_s = 0.0
    made: list[Samples] = []
    for minutes, pitch_deg, moving in parts:
        made.append(sitting(minutes, pitch_deg, start_s, moving=moving))
        start_s += 60.0 * minutes
    return made


def test_sitting_still_is_nudged_and_again() -> None:
    nudges, summary = watched(sitting(2.5, -20.0))
    assert [cue.time_s for cue in nudges] == [pytest.approx(62.0, abs=2), pytest.approx(123, abs=3)]
    assert nudges[0].message.endswith("stand up, sit down, or walk a few steps.")
    assert summary.nudges == 2
    assert summary.longest_s == pytest.approx(149.0, abs=2.0)
    assert summary.changes == 0


@pytest.mark.parametrize("axes", ["+x+y+z", ""])
def test_standing_up_is_a_change(axes: str) -> None:
    parts = in_turn((0.8, -20.0, False), (0.8, 2.0, False), (0.8, -20.0, False))
    nudges, summary = watched(*parts, axes=axes)
    assert nudges == []
    assert summary.changes == 2
    assert summary.longest_s == pytest.approx(48.0, abs=3.0)


def test_a_walk_is_one_change_and_fidgeting_is_none() -> None:
    nudges, summary = watched(*in_turn((0.8, 0.0, False), (0.5, 0.0, True), (0.9, 0.0, False)))
    assert nudges == []
    assert summary.changes == 1
    assert summary.moving_s == pytest.approx(30.0, abs=3.0)
    nudges, _ = watched(*in_turn((0.8, 0.0, False), (0.05, 0.0, True), (0.4, 0.0, False)))
    assert len(nudges) == 1


def test_lost_samples_do_no_harm() -> None:
    part = sitting(1.5, 0.0)
    force = part.acceleration_m_s2.copy()
    force[::7] = np.nan
    nudges, _ = watched(Samples(part.time_s, force))
    assert len(nudges) == 1


def test_a_simulated_sensor_is_watched_to_its_end() -> None:
    nudges: list[Cue] = []
    summary = asyncio.run(
        run_desk(
            "sim:?standing_s=130&walk_s=20&minutes=0.1&rate=50",
            nudges.append,
            static_s=MINUTE,
            clock=VirtualClock(),
        )
    )
    assert len(nudges) == summary.nudges == 2
    assert summary.changes == 1
    assert summary.duration_s == pytest.approx(158.0, abs=5.0)
    assert summary.moving_s == pytest.approx(26.0, abs=4.0)
    assert summary.trouble is None


COMMAND = """
import typer
from pipelines.commands.desk import desk
app = typer.Typer()
app.command()(desk)
app()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there Ctrl-C goes to the whole console")
def test_ctrl_c_ends_with_a_summary() -> None:
    process = WarmPopen(
        [sys.executable, "-c", COMMAND, "sim:?standing_s=600&rate=50"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdout is not None
    first = process.stdout.readline()
    assert first.startswith("watching: a nudge after 10 min")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=HANG_S)
    assert process.returncode == 0
    assert out.startswith("0 min at the desk: 0 changes of position")
    assert err == ""


def test_a_summary_is_told_in_minutes() -> None:
    told = replace(DeskSummary(), duration_s=1500.0, longest_s=900.0, nudges=1).lines()
    assert told[0] == "25 min at the desk: 0 changes of position, 0 min moving, 1 nudge"
    told = DeskSummary(duration_s=1500.0, changes=1, nudges=2).lines()
    assert told[0] == "25 min at the desk: 1 change of position, 0 min moving, 2 nudges"
