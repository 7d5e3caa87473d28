"""A Motion-BIDS dataset that the standard's own validator passes."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.files.exporting import decoded_samples
from pipelines.files.session_reader import read_session
from pipelines.files.simulation import write_simulation
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, one_sentence, quiet

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def table(path: str) -> list[list[str]]:
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, delimiter="\t"))


def test_samples_lie_in_the_dataset_as_they_are(run: Path) -> None:
    ended = backstride("export", run, "--bids", "study", "--subject", "07")
    assert ended.exit_code == 0, ended.err
    stem = "study/sub-07/motion/sub-07_task-running_tracksys-imu"
    info, samples = decoded_samples(read_session(run))
    rows = np.array([[float(cell) for cell in row] for row in table(f"{stem}_motion.tsv")])
    np.testing.assert_array_equal(rows[:, 0], samples.time_s - samples.time_s[0])
    np.testing.assert_array_equal(rows[:, 1:4], samples.acceleration_m_s2)
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    np.testing.assert_array_equal(rows[:, 4:], gyro)
    channels = table(f"{stem}_channels.tsv")
    assert channels[0][:5] == ["name", "component", "type", "tracked_point", "units"]
    assert [row[2] for row in channels[1:]] == ["LATENCY", *["ACCEL"] * 3, *["GYRO"] * 3]
    said = json.loads(Path(f"{stem}_motion.json").read_text())
    assert (said["SamplingFrequency"], said["MotionChannelCount"]) == (info.rate_hz, 7)
    # another one is put beside it, and the same once more changes nothing
    assert backstride("export", run, "--bids", "study", "--subject", "08").exit_code == 0
    before = {path: path.read_bytes() for path in Path("study").rglob("*") if path.is_file()}
    assert backstride("export", run, "--bids", "study", "--subject", "07").exit_code == 0
    assert {
        path: path.read_bytes() for path in Path("study").rglob("*") if path.is_file()
    } == before
    # another recording takes the place of none
    write_simulation(Path("second.mcap"), "minutes=0.2&seed=9", quiet)
    told = one_sentence(backstride("export", "second.mcap", "--bids", "study", "--subject", "07"))
    assert "another recording has these names: give another --subject or --task." in told
    assert {
        path: path.read_bytes() for path in Path("study").rglob("*") if path.is_file()
    } == before
    assert table("study/participants.tsv") == [["participant_id"], ["sub-07"], ["sub-08"]]
    assert table("study/sub-07/sub-07_scans.tsv")[1][1].startswith("20")


def test_the_standards_validator_passes_it(run: Path) -> None:
    beside = str(Path(sys.executable).parent)
    name = "bids-validator-deno"
    validator = shutil.which(name) or shutil.which(name, path=beside)
    if validator is None:
        pytest.skip("bids-validator-deno is not installed")
    assert backstride("export", run, "--bids", "study").exit_code == 0
    done = subprocess.run(
        [validator, "study", "--json"],
        capture_output=True,
        encoding="utf-8",
        timeout=HANG_S,
        check=False,
    )
    issues = json.loads(done.stdout)["issues"]["issues"]
    assert [one for one in issues if one["severity"] == "error"] == []
    assert done.returncode == 0


def test_a_name_that_the_standard_has_not_is_refused(run: Path) -> None:
    told = one_sentence(backstride("export", run, "--bids", "study", "--subject", "../x"))
    assert "letters and digits" in told
    assert not Path("study").exists()
