"""Numbers, vectors and empty cells as people of many habits write them."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.shapes import G
from tests.pipelines.files.reading.tables import (
    RUN,
    assert_is_the_run,
    cells,
    columns,
    written,
)

DEG = 180.0 / np.pi


def test_counts_of_a_gyroscope_are_refused_and_the_advice_is_right(tmp_path: Path) -> None:
    table = columns(acc="acc_{x}_m_s2", gyr="gyr_{x}", per_gyr=DEG * 131.0)
    for axis in "xyz":
        table[f"gyr_{axis}"] = [str(round(float(cell))) for cell in table[f"gyr_{axis}"]]
    path = written(tmp_path / "run.csv", table)
    with pytest.raises(InputError, match=r"raw counts.*--units gyr=deg_s/16\.4"):
        read(path)
    assert_is_the_run(read(path, units="gyr=deg_s/131"))


@pytest.mark.parametrize(
    ("separator", "change"),
    [
        (";", lambda cell: re.sub(r"^(\d)(\d{3})\.", r"\1,\2.", cell)),
        (";", lambda cell: re.sub(r"^(\d)(\d{3})\.", r"\1'\2.", cell)),
        (";", lambda cell: re.sub(r"^(\d)(\d{3}),", r"\1.\2,", cell.replace(".", ","))),
        (",", lambda cell: cell.replace("-", "\u2212")),
        (",", lambda cell: f"{float(cell):.8E}".replace("E", "D")),
    ],
)
def test_numbers_are_written_in_many_ways(tmp_path: Path, separator: str, change: object) -> None:
    assert callable(change)
    table = columns(cells(RUN.time_s * 1000.0, 1), "time_ms")
    changed = {name: [change(cell) for cell in held] for name, held in table.items()}
    assert_is_the_run(read(written(tmp_path / "run.csv", changed, separator)))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_units_stand_behind_each_number(tmp_path: Path, separator: str) -> None:
    table = columns(time_name="t", acc="a{x}", gyr="Gyro {X}", per_acc=1 / G, per_gyr=DEG)
    ends = {"t": " s"} | {name: " g" if name[0] == "a" else "°/s" for name in table if name != "t"}
    comma = separator != ","
    held = {
        name: [(cell.replace(".", ",") if comma else cell) + ends[name] for cell in found]
        for name, found in table.items()
    }
    assert_is_the_run(read(written(tmp_path / "run.csv", held, separator)))


@pytest.mark.parametrize(
    "nothing", ["#NV", "#WERT!", "#DIV/0!", "-1.#IND00", "1.#QNAN", "-nan(ind)", "(null)", "-nan"]
)
def test_no_number_is_written_in_many_ways(tmp_path: Path, nothing: str) -> None:
    table = columns()
    for name in list(table)[1:]:
        table[name][300] = nothing
    found = read(written(tmp_path / "run.csv", table))
    assert len(found.samples) == len(RUN.time_s)
    assert np.isnan(found.samples.acceleration_m_s2[300]).all()
    del table["time_s"]
    counted = read(written(tmp_path / "run.csv", table), rate_hz=RUN.rate_hz)
    np.testing.assert_allclose(
        counted.samples.acceleration_m_s2[400:], RUN.acceleration_m_s2[400:], atol=1e-3
    )


def with_vectors(
    path: Path, head: str, row: str, inner: str, *vectors: np.ndarray, comma: bool = False
) -> Path:
    """A table whose cells {} hold a vector each, behind the time."""
    lines = []
    for k, time in enumerate(RUN.time_s):
        said = [inner.join(f"{v:.5f}" for v in one[k]) for one in vectors]
        line = row.format(*said, t=f"{time:.3f}")
        lines.append(line.replace(".", ",") if comma else line)
    path.write_text("\n".join([*filter(None, [head]), *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("head", "row", "inner", "comma"),
    [
        ("time,acc,gyr", "{t},{0},{1}", ";", False),
        ("time,acc [m/s^2],gyr_rad_s", "{t},{0},{1}", " ", False),
        ("time_s;acc_m_s2;gyr_rad_s", "{t};[{0}];[{1}]", ", ", False),
        ("time,acc,gyr", '{t},"[{0}]","[{1}]"', ", ", False),
        ("time,acc,gyr", "{t},[ {0}],[{1} ]", "  ", False),
        ('"time","acc (m/s²)","gyr (rad/s)"', '"{t}","{0}","{1}"', ",", False),
        ("time\tquat\tacc (x,y,z)\tgyr (x,y,z)", "{t}\t0.7,0.1,0.7,0.1\t{0}\t{1}", ",", False),
        ("Zeit;Beschleunigung;Drehrate", "{t};({0});({1})", "; ", True),
        ("Zeit;Beschleunigung;Drehrate", "{t};{0};{1}", "|", True),
        ("time;acc;gyr", "{t};{0};{1}", ",", False),
        ("", "{t},({0}),({1})", ", ", False),
    ],
)
def test_a_cell_may_hold_a_vector(
    tmp_path: Path, head: str, row: str, inner: str, comma: bool
) -> None:
    vectors = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
    path = with_vectors(tmp_path / "run.csv", head, row, inner, *vectors, comma=comma)
    assert_is_the_run(read(path))
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[301] = lines[301].partition(",")[0][:5]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert len(read(path).samples) in (599, 600)  # a torn row is a lost sample


@pytest.mark.parametrize(
    ("cell", "inner", "factor"),
    [('"[{}]"', ", ", 1.0), ('"{}"', ";", 1000.0 / G), ("{}", "|", 1.0), ('"{}"', " ", 1.0)],
)
def test_a_cell_may_hold_what_one_axis_measured_since_the_row_before(
    tmp_path: Path, cell: str, inner: str, factor: float
) -> None:
    lines, row = ["timestamp_ms,accel_x,accel_y,accel_z"], 0
    for length in [25, 26] * 11 + [25, 4]:  # as many as the sensor had
        values = RUN.acceleration_m_s2[row : row + length] * factor
        # in mg without decimals, which must not be taken for thousands
        said = [[f"{v:.0f}" if factor > 1.0 else f"{v:.5f}" for v in axis] for axis in values.T]
        lines.append(",".join([f"{row * 10}", *(cell.format(inner.join(one)) for one in said)]))
        row += length
    path = tmp_path / "watch.csv"
    path.write_text("\n".join(lines) + "\n")
    found = read(path)
    assert len(found.samples) == row
    atol = 2e-3 if factor == 1.0 else 6e-3
    np.testing.assert_allclose(
        found.samples.acceleration_m_s2, RUN.acceleration_m_s2[:row], atol=atol
    )
    assert found.rate_hz == pytest.approx(RUN.rate_hz, rel=5e-3)


OPENSIM = "DataRate=100.0\nDataType=Vec3\nversion=3\nendheader\ntime\t{}\t{}"


def test_vectors_of_opensim_are_of_the_sensor_at_the_pelvis(tmp_path: Path) -> None:
    acc, gyr = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
    other, turned = acc[:, [1, 2, 0]], gyr[:, [1, 2, 0]]
    names = OPENSIM.format("torso_imu", "pelvis_imu")
    one = with_vectors(tmp_path / "walk.sto", names, "{t}\t{0}\t{1}", ",", other, acc)
    two = with_vectors(
        tmp_path / "walk_angularVelocity.sto", names, "{t}\t{0}\t{1}", ",", turned, gyr
    )
    found = read(one, beside=two)
    assert_is_the_run(found)
    np.testing.assert_allclose(found.samples.time_s, RUN.time_s, atol=1e-6)
    np.testing.assert_allclose(
        read(one, stream="torso").samples.acceleration_m_s2, other, atol=2e-3
    )


@pytest.mark.parametrize("scale", [1.0, 1000.0])
def test_positions_of_a_pelvis_are_no_acceleration(tmp_path: Path, scale: float) -> None:
    places = scale * (np.array([0.1, 0.97, 0.2]) + RUN.acceleration_m_s2 / 2000.0)
    names = OPENSIM.format("pelvis", "torso")
    path = with_vectors(tmp_path / "run_g.sto", names, "{t}\t{0}\t{1}", ",", places, places)
    with pytest.raises(InputError, match="no acceleration axis"):
        read(path)


@pytest.mark.parametrize("per_acc", [1e3 / G, 10.0])
def test_thousands_of_whole_numbers_may_have_points(tmp_path: Path, per_acc: float) -> None:
    table = columns(cells(RUN.time_s * 1000.0, 0), "t_ms", per_acc=per_acc, per_gyr=1e3)
    points = {
        name: [f"{round(float(cell)):,}".replace(",", ".") for cell in held]
        for name, held in table.items()
    }
    path = written(tmp_path / "run.csv", points, ";")
    found = read(path, units=f"acc=m_s2/{per_acc!r},gyr=rad_s/1000")
    np.testing.assert_allclose(found.samples.time_s, RUN.time_s, atol=1e-9)
    np.testing.assert_allclose(
        found.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=0.51 / per_acc
    )


@pytest.mark.parametrize("nothing", ["NaN", "", "n/a"])
def test_a_gyroscope_without_a_number_was_not_measured(tmp_path: Path, nothing: str) -> None:
    table = columns()
    for axis in "xyz":
        table[f"gyr_{axis}_rad_s"] = [nothing] * len(RUN.time_s)
    found = read(written(tmp_path / "run.csv", table))
    assert not found.samples.has_gyro
    assert any("counts as not measured" in note for note in found.notes)
    table["gyr_x_rad_s"] = ["0.5"] * len(RUN.time_s)
    with pytest.raises(InputError, match="no number in any row"):
        read(written(tmp_path / "run.csv", table))


def test_numbers_in_the_digits_of_other_scripts(tmp_path: Path) -> None:
    table = columns()
    for digits, point, separator in (("٠١٢٣٤٥٦٧٨٩", "٫", ";"), ("०१२३४५६७८९", ".", ",")):
        signs = str.maketrans("0123456789.-", digits + point + "\u2212")
        other = {name: [cell.translate(signs) for cell in held] for name, held in table.items()}
        assert_is_the_run(read(written(tmp_path / "run.csv", other, separator)))
    # a name keeps its signs, and the comma in it separates nothing
    named = columns(acc="传感器１，加速度{X}（m/s²）", gyr="传感器１，角速度{X}（rad/s）")
    found = read(written(tmp_path / "run.csv", named))
    assert_is_the_run(found)
    assert any("'传感器１，加速度X（m/s²）'" in note for note in found.notes)
