"""What cannot be told is refused with the option that settles it; what was, is remembered."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imu.errors import ColumnError, InputError
from pipelines import read
from pipelines.files.reading.column_names import column_name
from tests.pipelines.command_line import backstride, one_sentence
from tests.pipelines.files.reading.shapes import Run, Shape, a_run, write_text

RUN = a_run()
UNSAID = Shape(acceleration_name="Acc_{X}", angular_velocity_name="Gyr_{X}", time_name="t")


def part(run: Run, seconds: float) -> Run:
    """The standing alone, in which a gyroscope reads its bias."""
    n = int(seconds * run.rate_hz)
    return Run(
        run.time_s[:n], run.acceleration_m_s2[:n], run.angular_velocity_rad_s[:n], run.rate_hz
    )


def test_a_gyroscope_at_rest_may_be_in_either_unit_and_both_are_named(tmp_path: Path) -> None:
    path = write_text(tmp_path / "rest.csv", part(RUN, 1.8), UNSAID)
    with pytest.raises(ColumnError) as caught:
        read(path)
    message = str(caught.value)
    assert "rad/s as well as deg/s" in message
    options = re.findall(r"--units (gyr=\w+)", message)
    assert options == ["gyr=rad_s", "gyr=deg_s"]
    one, other = (read(path, units=units).samples.angular_velocity_rad_s for units in options)
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(np.radians(one), other)


@pytest.mark.parametrize("counts", [256, 2048, 4096, 16384])
def test_raw_counts_are_no_unit_and_the_advice_is_right(tmp_path: Path, counts: int) -> None:
    scaled = replace(RUN, acceleration_m_s2=RUN.acceleration_m_s2 / 9.80665 * counts)
    for shape in (UNSAID, replace(UNSAID, acceleration_name="acc_{x}_m_s2")):
        path = write_text(tmp_path / "counts.csv", scaled, shape)
        with pytest.raises(InputError) as caught:
            read(path)
        (units,) = re.findall(r"--units (acc=g/\d+)", str(caught.value))
        table = read(path, units=units)
        np.testing.assert_allclose(
            table.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=2e-2
        )


def test_acceleration_of_no_unit_is_refused(tmp_path: Path) -> None:
    odd = replace(RUN, acceleration_m_s2=RUN.acceleration_m_s2 * 3.3)
    with pytest.raises(ColumnError, match=r"'Acc_X' has no unit.*--units acc=g"):
        read(write_text(tmp_path / "odd.csv", odd, UNSAID))


def test_two_accelerometers_in_one_table_are_not_mixed(tmp_path: Path) -> None:
    path = tmp_path / "two.csv"
    write_text(path, RUN, Shape(angular_velocity_name="acc_{x}_g"))
    with pytest.raises(ColumnError, match=r"gives acc_x a second time.*--columns"):
        read(path)
    said = "time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,-,-,-"
    assert not read(path, columns=said).samples.has_gyro


def test_a_decimal_comma_between_commas_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    rows = "".join(f"{k // 100},{k % 100:02d},0.1,0.2,9.8\n" for k in range(100, 300))
    path.write_text("time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2\n" + rows)
    with pytest.raises(InputError, match=r"5 cells where the header names 4.*semicolons"):
        read(path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Acceleration x (m/s^2)", ("acc", 0, "m_s2")),
        ("ACCELEROMETER Z (m/sÂ²)", ("acc", 2, "m_s2")),
        ("accelerometerAccelerationY(G)", ("acc", 1, "g")),
        ("Linear Acceleration x (m/s^2)", ("linear", 0, "m_s2")),
        ("motionUserAccelerationX(G)", ("linear", 0, "g")),
        ("FreeAcc_X", ("linear", 0, "")),
        ("AsX(°/s)", ("gyr", 0, "deg_s")),
        ("gx", ("gyr", 0, "")),
        ("gx (g)", ("acc", 0, "g")),
        ("Mag_X", ("other", 0, "")),
        ("AngleX(deg)", ("other", 0, "")),
        ("unix_timestamp_microsec", ("time", -1, "us")),
        ("seconds_elapsed", ("time", -1, "s")),
        ("PacketCounter", ("count", -1, "")),
        ("z", ("xyz", 2, "")),
        ("Beschleunigung y (m/s²)", ("acc", 1, "m_s2")),
        ("Accélération z [g]", ("acc", 2, "g")),
        ("Aceleración x", ("acc", 0, "")),
        ("gFx", ("acc", 0, "g")),
        ("acc_x_filtered", ("acc", 0, "")),
        ("Zeit (s)", ("time", -1, "s")),
        ("Datum", ("time", -1, "")),
        ("Accel_WR_X_m/(s^2)", ("acc", 0, "m_s2")),
        ("Accel Y m/(s*s)", ("acc", 1, "m_s2")),
        ("ax m*s^-2", ("acc", 0, "m_s2")),
        ("ax (m/s)/s", ("acc", 0, "m_s2")),
        ("az [meter per second per second]", ("acc", 2, "m_s2")),
        ("gz_rad/(s)", ("gyr", 2, "rad_s")),
        ("gx [1/s]", ("gyr", 0, "rad_s")),
        ("gx [s⁻¹·°]", ("gyr", 0, "deg_s")),
        ("acc_x_s-1", ("acc", 0, "")),
        ("Besch_X", ("acc", 0, "")),
        ("Accéléro Z", ("acc", 2, "")),
        ("加速度センサX", ("acc", 0, "")),
        ("角加速度X", ("other", 0, "")),
        ("Angular acceleration x", ("other", 0, "")),
        ("Akselerasjon Y", ("acc", 1, "")),
        ("Gia tốc Z", ("acc", 2, "")),
        ("Vận tốc góc Z", ("gyr", 2, "")),
        ("Drehgeschw.-X", ("gyr", 0, "")),
        ("Gyrom. Y", ("gyr", 1, "")),
        ("Szögsebesség X", ("gyr", 0, "")),
        ("Γωνιακή ταχύτητα X", ("gyr", 0, "")),
        ("rotationRate.alpha", ("gyr", 2, "")),
        ("rotationRate.beta", ("gyr", 0, "")),
        ("alpha", ("other", -1, "")),
        ("RotX", ("other", 0, "")),
        ("ms_since_boot", ("time", -1, "ms")),
        ("unixtime_ms", ("time", -1, "ms")),
        ("received_at", ("time", -1, "")),
        ("received_packets", ("other", -1, "")),
        ("posix", ("time", -1, "")),
        ("znacznik czasu", ("time", -1, "")),
        ("временная метка", ("time", -1, "")),
        ("Messzeit [ms]", ("time", -1, "ms")),
        ("Fecha y hora", ("time", -1, "")),
        ("計測日時", ("time", -1, "")),
        ("タイムスタンプ", ("time", -1, "")),
    ],
)
def test_names_that_devices_write(name: str, expected: tuple[str, int, str]) -> None:
    said = column_name(name)
    assert (said.quantity, said.axis, said.unit) == expected


pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def rows_of(path: str) -> list[str]:
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_what_was_stated_is_remembered_for_files_with_the_same_columns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    rest = write_text(tmp_path / "rest.csv", part(RUN, 1.8), UNSAID)
    assert "--units gyr=rad_s" in one_sentence(backstride("import", rest))
    stated = backstride("import", rest, "one.csv", "--units", "gyr=deg_s")
    assert stated.exit_code == 0
    assert "in deg_s as stated" in stated.err
    again = backstride("import", rest, "two.csv")
    assert again.exit_code == 0
    assert "as for an earlier file with these columns" in again.err
    assert "(--columns auto forgets that)" in again.err
    assert rows_of("one.csv") == rows_of("two.csv")  # above them stands what was stated
    # what the numbers of another file tell goes before it
    run = write_text(tmp_path / "run.csv", RUN, UNSAID)
    assert "in rad_s by the numbers" in backstride("import", run).err


def test_columns_that_were_stated_once_swap_no_axes_in_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    names, swapped = (f"time_s,acc_{a}_m_s2,acc_{b}_m_s2,acc_z_m_s2" for a, b in ("xy", "yx"))
    table, ours = np.column_stack((RUN.time_s, RUN.acceleration_m_s2)), tmp_path / "ours.csv"
    np.savetxt(ours, table, "%.6f", ",", header=names, comments="")
    assert backstride("import", ours, "plain.csv").exit_code == 0
    assert backstride("import", ours, "one.csv", "--columns", swapped).exit_code == 0
    named = backstride("import", ours, "two.csv")
    assert "of an earlier such file is against the names (--columns auto forgets" in named.err
    assert rows_of("two.csv") == rows_of("plain.csv") != rows_of("one.csv")
    # where no name tells it, what was stated is taken, and said so
    np.savetxt(ours, table, "%.6f", ",", header="k,l,n,o", comments="")
    backstride("import", ours, "three.csv", "--columns", swapped)
    again = backstride("import", ours, "four.csv")
    assert "as for an earlier file with these columns (--columns auto forgets that)" in again.err
    assert rows_of("four.csv") == rows_of("three.csv") == rows_of("one.csv")
    for forgotten in (["--columns", "auto"], []):
        told = backstride("import", ours, *forgotten).err
        assert "by the numbers" in told
        assert "earlier" not in told


def test_a_spoilt_memory_stops_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("BACKSTRIDE_HOME", str(home))
    home.mkdir()
    (home / "columns.json").write_text(json.dumps({"format": 1, "shapes": {"a": {"names": 3}}}))
    run = write_text(tmp_path / "run.csv", RUN, UNSAID)
    ended = backstride("import", run)
    assert ended.exit_code == 0
    assert "columns.json" in ended.err
    assert "damaged" in ended.err


def test_import_writes_a_table_that_reads_the_same(tmp_path: Path) -> None:
    path = write_text(tmp_path / "run.csv", RUN, replace(UNSAID, separator=";", decimal_comma=True))
    ended = backstride("import", path, "out.csv", "--axes", "+x+y+z")
    assert ended.exit_code == 0
    assert "600 samples of acceleration and angular velocity at 100 Hz" in ended.out
    one, two = read(path).samples, read("out.csv").samples
    np.testing.assert_array_equal(one.acceleration_m_s2, two.acceleration_m_s2)
    np.testing.assert_array_equal(one.time_s, two.time_s)
    assert read("out.csv").axes == "+x+y+z"
    assert read("out.csv").notes == ()


def test_import_replaces_no_recording(tmp_path: Path) -> None:
    path = write_text(tmp_path / "run.csv", RUN, UNSAID)
    other = write_text(tmp_path / "other.csv", RUN, replace(UNSAID, separator=";"))
    before = other.read_bytes()
    ended = backstride("import", path, other)
    assert ended.exit_code == 2
    assert "holds a recording" in one_sentence(ended)
    assert other.read_bytes() == before
    assert backstride("import", path, path).exit_code == 2
    Path("run.mcap").write_bytes(b"")
    assert "export" in one_sentence(backstride("import", "run.mcap"))


def test_sensors_named_in_a_row_above_their_axes(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    write_text(path, RUN, Shape(acceleration_name="{X}", angular_velocity_name="{x}"))
    lines = path.read_text().splitlines()
    path.write_text("\n".join([",Accelerometer,,,Gyroscope,,", *lines]) + "\n")
    samples = read(path).samples
    np.testing.assert_allclose(samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=1e-4)
    assert samples.has_gyro


def test_words_below_the_rows_are_passed_over_and_told(tmp_path: Path) -> None:
    path = write_text(tmp_path / "run.csv", RUN, Shape())
    path.write_text(path.read_text() + "end of recording\n")
    table = read(path)
    assert len(table.samples) == 600
    assert "line 602 is a remark" in table.notes[0]


def test_a_rate_in_the_lines_above_serves_a_table_without_times(tmp_path: Path) -> None:
    path = write_text(tmp_path / "run.csv", RUN, Shape())
    lines = [line.partition(",")[2] for line in path.read_text().splitlines()]
    path.write_text("\n".join(["Device: A-1", "Sampling rate (Hz): 100", *lines]) + "\n")
    table = read(path)
    assert table.rate_hz == 100.0
    assert "the rate of 100 Hz is that of the lines above" in "".join(table.notes)


def test_passing_over_all_columns_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    path.write_text("a,b,c\n1,2,3\n4,5,6\n")
    with pytest.raises(InputError, match="--columns passes over each column"):
        read(path, columns="-,-,-")


def test_rows_that_a_receiver_holds_where_packets_are_lost_are_left_out(tmp_path: Path) -> None:
    """While one moves: who stands before a coarse sensor reads the same again and again."""
    force, turning = RUN.acceleration_m_s2.copy(), RUN.angular_velocity_rad_s.copy()
    lost = [slice(first, first + 12) for first in range(250, len(force) - 12, 70)]
    for rows in lost:
        force[rows], turning[rows] = force[rows.start - 1], turning[rows.start - 1]
    shape = replace(UNSAID, acceleration_name="acc_{x}_m_s2", angular_velocity_name="gyr_{x}_rad_s")
    held = replace(RUN, acceleration_m_s2=force, angular_velocity_rad_s=turning)
    table = read(write_text(tmp_path / "held.csv", held, shape))
    assert len(table.samples) == len(force) - 12 * len(lost)
    (note,) = [note for note in table.notes if "repeat" in note]
    assert f"{12 * len(lost)} rows repeat the one before them while the sensor moved" in note

    coarse = replace(
        RUN,
        acceleration_m_s2=np.round(RUN.acceleration_m_s2),
        angular_velocity_rad_s=np.round(RUN.angular_velocity_rad_s, 1),
    )
    table = read(write_text(tmp_path / "coarse.csv", coarse, shape))
    assert len(table.samples) == len(force)


def test_a_gyroscope_that_repeats_one_reading_throughout_counts_as_not_measured(
    tmp_path: Path,
) -> None:
    run = a_run(seconds=20.0)
    for reading, has in ((0.01, False), (0.0, True)):
        stuck = Run(run.time_s, run.acceleration_m_s2, 0.0 * run.angular_velocity_rad_s + reading,
                    run.rate_hz)  # fmt: skip
        table = read(write_text(tmp_path / "run.csv", stuck, Shape()))
        assert table.samples.has_gyro is has
        told = [note for note in table.notes if "all rows of the angular velocity" in note]
        assert len(told) == (not has)
