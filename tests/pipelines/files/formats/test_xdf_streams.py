"""Several streams in one XDF file: which is meant, and what is told where it is cut or packed."""

from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.shapes import Run, Values, a_run
from tests.pipelines.files.reading.tables import RUN, assert_is_the_run

pytest.importorskip("pyxdf")

OTHER = a_run(seed=9)


def chunk(tag: int, body: bytes) -> bytes:
    return b"\x04" + struct.pack("<IH", len(body) + 2, tag) + body


def stream(
    number: int, name: str, kind: str, labels: list[str], unit: str, values: Values
) -> bytes:
    channels = "".join(f"<channel><label>{label}</label><unit>{unit}</unit></channel>"
                       for label in labels)  # fmt: skip
    about = (
        f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>"
        f"{len(labels)}</channel_count><nominal_srate>100</nominal_srate><channel_format>double64"
        f"</channel_format><desc><channels>{channels}</channels></desc></info>"
    )
    identity = struct.pack("<I", number)
    rows = zip((RUN.time_s + 900.0).tolist(), values.tolist(), strict=True)
    samples = [b"\x08" + struct.pack(f"<d{len(labels)}d", t, *row) for t, row in rows]
    pieces = [identity + b"\x04" + struct.pack("<I", len(samples[k : k + 50]))
              + b"".join(samples[k : k + 50]) for k in range(0, len(samples), 50)]  # fmt: skip
    return chunk(2, identity + about.encode()) + b"".join(chunk(3, piece) for piece in pieces)


def two_of(number: int, name: str, run: Run) -> bytes:
    axes = ["X", "Y", "Z"]
    return stream(number, f"{name} Acc", "ACC", axes, "m/s^2", run.acceleration_m_s2) + stream(
        number + 1, f"{name} Gyro", "GYRO", axes, "rad/s", run.angular_velocity_rad_s
    )


def written(path: Path, *streams: bytes) -> Path:
    first = chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
    path.write_bytes(b"XDF:" + first + b"".join(streams))
    return path


def test_a_stream_for_each_sensor_is_one_recording(tmp_path: Path) -> None:
    assert_is_the_run(read(written(tmp_path / "run.xdf", two_of(1, "Belt", RUN))))


@pytest.mark.parametrize("waist_first", [True, False])
def test_of_two_sensors_the_one_at_the_waist_is_taken(tmp_path: Path, waist_first: bool) -> None:
    names = ("lower back L5", "left foot") if waist_first else ("left foot", "lower back L5")
    runs = (RUN, OTHER) if waist_first else (OTHER, RUN)
    path = written(tmp_path / "run.xdf", two_of(1, names[0], runs[0]), two_of(3, names[1], runs[1]))
    table = read(path)
    assert_is_the_run(table)
    assert any("lower back L5 Acc' is read, not 'left foot Acc'" in note for note in table.notes)
    assert_is_the_run(read(path, stream="left foot Acc"), run=OTHER)


def test_of_two_that_are_alike_one_is_named_by_an_option(tmp_path: Path) -> None:
    path = written(tmp_path / "run.xdf", two_of(1, "IMU-A", RUN), two_of(3, "IMU-B", OTHER))
    with pytest.raises(InputError, match=r"several streams hold.*--stream 'IMU-A Acc'"):
        read(path)
    assert_is_the_run(read(path, stream="IMU-A Acc"))
    assert_is_the_run(read(path, stream="imu-b acc"), run=OTHER)
    with pytest.raises(InputError, match="none of the streams called 'knee' holds"):
        read(path, stream="knee")


def test_a_name_that_no_sensor_has_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text("time_s,acc_x_g,acc_y_g,acc_z_g\n0,0,0,1\n0.01,0,0,1\n")
    with pytest.raises(InputError, match=r"no sensor of it is called 'belt'.*leave --stream out"):
        read(path, stream="belt")
    path = tmp_path / "run.json"
    path.write_text('{"data": [{"acc": {"Timestamp": 1, "ArrayAcc": [{"x": 0, "y": 0, "z": 1}]}}]}')
    with pytest.raises(InputError, match="a file of Movesense is of one alone"):
        read(path, stream="belt")


@pytest.mark.parametrize("share", [0.4, 0.8])
def test_a_file_that_is_cut_is_read_so_far_and_told(tmp_path: Path, share: float) -> None:
    path = written(tmp_path / "run.xdf", stream(
        1, "Belt", "Accelerometer", ["x", "y", "z"], "m/s^2", RUN.acceleration_m_s2
    ))  # fmt: skip
    whole = path.read_bytes()
    assert not any("cut short" in note for note in read(path).notes)
    path.write_bytes(whole[: int(share * len(whole))])
    table = read(path)
    assert any("cut short" in note for note in table.notes)
    rows = len(table.samples)
    assert (share - 0.15) * len(RUN.time_s) < rows < share * len(RUN.time_s)
    np.testing.assert_allclose(table.samples.acceleration_m_s2, RUN.acceleration_m_s2[:rows])


@pytest.mark.parametrize("ending", ["xdf.gz", "xdfz", "zip"])
def test_a_packed_file_is_to_be_unpacked(tmp_path: Path, ending: str) -> None:
    plain = written(tmp_path / "run.xdf", two_of(1, "Belt", RUN))
    path = tmp_path / f"packed.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.write(plain, "day 1/run.xdf")
    else:
        path.write_bytes(gzip.compress(plain.read_bytes()))
    with pytest.raises(InputError, match=r"packed file of XDF.*: unpack it"):
        read(path)
