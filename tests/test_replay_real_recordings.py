"""Real recordings as a researcher has them: a sample table on disk, and one command."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.recordings import (
    data_directory,
    force_contacts,
    force_trials,
    raw_sacral_clip,
    walking_trials,
)
from benchmarks.virtual_sensor import marker_trials
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from pipelines.files.sample_table import write_sample_table
from tests.pipelines.command_line import backstride
from tests.pipelines.files.steps_in import steps_in

pytestmark = pytest.mark.skipif(
    not data_directory().is_dir(),
    reason=f"no real recordings in {data_directory()}: set BACKSTRIDE_DATA to where they are",
)


def replayed(path: Path, *options: str) -> tuple[Path, str, str]:
    """Steps table, standard output and standard error of one replay, which must succeed."""
    steps = path.with_suffix(".steps.csv")
    ended = backstride("replay", path, "--steps", steps, *options)
    assert ended.exit_code == 0, ended.err
    return steps, ended.out, ended.err


@pytest.mark.parametrize("number", range(16))
def test_force_trial_as_a_table_of_two_axes(number: int, tmp_path: Path) -> None:
    trial = force_trials()[number]
    g = trial.samples.acceleration_m_s2 / STANDARD_GRAVITY_M_S2
    path = tmp_path / "trial.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write("# axes: +x+y+z\n")
        rows = csv.writer(file)
        rows.writerow(["acc_x_g", "acc_z_g"])
        rows.writerows(g[:, [0, 2]].tolist())
    table, _, _ = replayed(path, "--rate", f"{trial.rate_hz:g}")
    contacts, _ = force_contacts(trial.force_bw, trial.force_rate_hz)
    # steps are closed by the next contact; the trial may begin or end within a stance
    assert abs(len(steps_in(table)) - (len(contacts) - 1)) <= 1


def test_unfiltered_clip_with_its_own_axes(tmp_path: Path) -> None:
    samples, rate_hz, axes = raw_sacral_clip()
    path = tmp_path / "clip.csv"
    write_sample_table(path, samples, rate_hz=rate_hz, axes=axes, preamble={"acc_range_g": "2.5"})
    steps = steps_in(replayed(path)[0])
    assert 10 <= len(steps) <= 12
    assert np.all((steps.step_time_s > 0.3) & (steps.step_time_s < 0.45))
    assert any("clipped" in quality for quality in steps.quality)


@pytest.mark.parametrize("number", range(2))
def test_marker_trial_with_gyroscope(number: int, tmp_path: Path) -> None:
    trial = marker_trials(200.0)[number]
    path = tmp_path / "trial.csv"
    write_sample_table(path, trial.samples, rate_hz=trial.rate_hz, axes="+x+y+z")
    steps = steps_in(replayed(path)[0])
    heel: NDArray[np.float64] = trial.heel_height_mm[:, 0]
    # a heel strides at half the step frequency: the largest peak of its spectrum
    spectrum = np.abs(np.fft.rfft(heel - heel.mean()))
    stride_hz = float(np.fft.rfftfreq(len(heel), 1.0 / trial.rate_hz)[spectrum.argmax()])
    seconds = float(trial.samples.time_s[-1])
    assert abs(len(steps) - 2.0 * stride_hz * seconds) <= 3.0
    assert set(steps.side[25:]) == {"L", "R"}


@pytest.mark.parametrize("number", range(3))
def test_walking_gives_the_header_alone(number: int, tmp_path: Path) -> None:
    name, samples, rate_hz, _ = walking_trials()[number]
    path = tmp_path / f"{name}.csv"
    write_sample_table(path, samples, rate_hz=rate_hz)
    table, out, err = replayed(path)
    assert len(table.read_text(encoding="utf-8").splitlines()) == 1
    assert "0 running steps" in out
    assert "no running" in err


def test_the_same_table_gives_the_same_bytes_in_any_blocks(tmp_path: Path) -> None:
    trial = marker_trials(200.0)[0]
    path = tmp_path / "trial.csv"
    block: Samples = trial.samples[:2000]
    write_sample_table(path, block, rate_hz=trial.rate_hz, axes="+x+y+z")
    whole = replayed(path)[0].read_bytes()
    assert replayed(path, "--block", "7")[0].read_bytes() == whole
