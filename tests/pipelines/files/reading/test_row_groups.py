"""Rows of several people, trials or sensors are never one run."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.shapes import Run, a_run
from tests.pipelines.files.reading.tables import RUN, Columns, assert_is_the_run, columns, written

OTHER = a_run(seed=4)
ROWS = len(RUN.time_s)


def with_label(name: str, label: str, run: Run) -> Columns:
    table = columns(acc="a{x}", gyr="g{x}", time_name="time", run=run)
    return {"time": table.pop("time"), name: [label] * len(run.time_s), **table}


def by_turns(one: Columns, other: Columns) -> Columns:
    return {
        name: [cell for pair in zip(one[name], other[name], strict=True) for cell in pair]
        for name in one
    }


def after(one: Columns, other: Columns) -> Columns:
    return {name: one[name] + other[name] for name in one}


@pytest.mark.parametrize("joined", [by_turns, after])
@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("sensor_id", ("1", "2")),
        ("device", ("00:11:22:33:44:55", "00:11:22:33:44:56")),
        ("location", ("shank", "foot")),
        ("side", ("L", "R")),
        ("subject", ("S01", "S02")),
        ("Trial No", ("1", "2")),
    ],
)
def test_rows_of_two_are_refused_by_the_column_that_tells_them_apart(
    tmp_path: Path, joined: object, name: str, labels: tuple[str, str]
) -> None:
    assert callable(joined)
    one, other = with_label(name, labels[0], RUN), with_label(name, labels[1], OTHER)
    path = written(tmp_path / "run.csv", joined(one, other))
    with pytest.raises(InputError) as caught:
        read(path)
    message = str(caught.value)
    assert f"{name!r} says that rows are of {labels[0]!r} and {labels[1]!r}" in message or (
        f"{name!r} says that rows are of {labels[1]!r} and {labels[0]!r}" in message
    )
    # obeyed, either way
    assert_is_the_run(read(written(path, one)))
    said = "time_s,-,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,gyr_x_rad_s,gyr_y_rad_s,gyr_z_rad_s"
    assert_is_the_run(read(path, columns=said))


@pytest.mark.parametrize("name", ["run", "file_name", "activity"])
def test_rows_of_two_runs_are_told_apart_by_what_changes_where_the_clock_begins_anew(
    tmp_path: Path, name: str
) -> None:
    one, other = with_label(name, "1", RUN), with_label(name, "2", OTHER)
    path = written(tmp_path / "run.csv", after(one, other))
    with pytest.raises(InputError, match=f"'{name}' says that rows are of '1' and '2'"):
        read(path)
    assert_is_the_run(read(path, stream=f"{name} 1"))


def test_rows_of_one_recording_whose_clock_began_anew_are_read(tmp_path: Path) -> None:
    run = a_run(seconds=12.0)
    table = with_label("segment", "1", run)
    table["time"] = 2 * table["time"][:ROWS]
    assert len(read(written(tmp_path / "run.csv", table)).samples) == 2 * ROWS
    table["lap"] = ["1"] * ROWS + ["2"] * ROWS
    assert len(read(written(tmp_path / "run.csv", table)).samples) == 2 * ROWS
    # readings that leap there are of another run
    one, other = with_label("segment", "1", RUN), with_label("segment", "2", OTHER)
    with pytest.raises(InputError, match="it says each time 2 times"):
        read(written(tmp_path / "run.csv", after(one, other)))


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("turning", [True, False])
def test_rows_of_two_sensors_in_turn_that_nothing_names_are_refused(
    tmp_path: Path, shared: bool, turning: bool
) -> None:
    run, gyr = a_run(seed=1), "g{x}" if turning else "mag{x}"
    other = replace(
        run,
        time_s=run.time_s + (0.0 if shared else 0.4 / run.rate_hz),
        acceleration_m_s2=run.acceleration_m_s2[:, [1, 0, 2]] * [1.0, -1.0, 1.0],
    )
    one, two = (columns(acc="a{x}", gyr=gyr, time_name="time", run=r) for r in (run, other))
    with pytest.raises(InputError, match="rows are of 2 sensors in turn"):
        read(written(tmp_path / "run.csv", by_turns(one, two)))
    assert len(read(written(tmp_path / "run.csv", one)).samples) == ROWS


def test_a_run_at_25_hz_of_whose_steps_four_rows_are_half_is_of_one_sensor(tmp_path: Path) -> None:
    time_s = np.arange(1000) / 25.0
    beat = 2.0 * np.pi * 3.12 * time_s
    up, forward = 9.81 + np.sin(beat) + 8.0 * np.sin(2.0 * beat), 3.0 * np.cos(2.0 * beat)
    acceleration = np.stack([forward, 2.0 * np.cos(0.5 * beat), up], axis=1)
    acceleration += np.random.default_rng(0).normal(0.0, 0.3, acceleration.shape)
    rates = 0.1 * acceleration[:, [1, 0, 2]]
    run = replace(a_run(), time_s=time_s, acceleration_m_s2=acceleration,
                  angular_velocity_rad_s=rates, rate_hz=25.0)  # fmt: skip
    table = columns(acc="acc_{x}_m_s2", gyr="gyr_{x}_rad_s", time_name="time_s", run=run)
    assert len(read(written(tmp_path / "run.csv", table)).samples) == 1000


@pytest.mark.parametrize("labels", [("waist", "foot"), ("left shank", "Lower_back L5")])
def test_rows_at_the_waist_are_taken_and_the_others_told(
    tmp_path: Path, labels: tuple[str, str]
) -> None:
    runs = (RUN, OTHER) if labels[0] == "waist" else (OTHER, RUN)
    for name in ("location", "body part"):
        tables = [with_label(name, label, run) for label, run in zip(labels, runs, strict=True)]
        found = read(written(tmp_path / "run.csv", by_turns(*tables)))
        assert_is_the_run(found)
    assert any("rows of" in note and "are read" in note for note in found.notes)


@pytest.mark.parametrize("label", ["S01", "3"])
def test_a_column_that_names_one_alone_changes_nothing(tmp_path: Path, label: str) -> None:
    assert_is_the_run(read(written(tmp_path / "run.csv", with_label("subject", label, RUN))))


def test_rows_of_two_are_refused_in_json_and_parquet_too(tmp_path: Path) -> None:
    table = after(with_label("subject", "S01", RUN), with_label("subject", "S02", OTHER))
    whole = {name: held if name == "subject" else list(map(float, held))
             for name, held in table.items()}  # fmt: skip
    path = tmp_path / "run.json"
    path.write_text(json.dumps(whole))
    with pytest.raises(InputError, match="'subject' says that rows are of 'S01' and 'S02'"):
        read(path)
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table(whole), tmp_path / "run.parquet")
    with pytest.raises(InputError, match="'subject' says that rows are of 'S01' and 'S02'"):
        read(tmp_path / "run.parquet")


def test_an_index_that_is_called_id_is_no_sensor(tmp_path: Path) -> None:
    table = with_label("id", "", RUN)
    table["id"] = [str(k) for k in range(ROWS)]
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


#: Long enough for text that is read in several pieces.
LONG = a_run(rate_hz=200.0, seconds=60.0)


@pytest.mark.parametrize(
    ("name", "label_of"),
    [
        ("foot side", lambda t: "left" if t % 0.7 < 0.35 else "right"),
        ("imu", lambda t: "error" if 31.0 < t < 31.4 else "good"),
        ("Session", lambda t: "warm-up" if t < 40.0 else "run"),
        ("runner", lambda t: "Anna" if t < 30.0 else "ANNA"),
        ("trial", lambda t: f"{1 + t // 20.0:.0f}"),
    ],
)
def test_what_changes_within_one_recording_of_one_person_parts_nothing(
    tmp_path: Path, name: str, label_of: Callable[[float], str]
) -> None:
    table = with_label(name, "", LONG)
    table[name] = [label_of(t) for t in LONG.time_s.tolist()]
    assert_is_the_run(read(written(tmp_path / "run.csv", table)), run=LONG)


@pytest.mark.parametrize(
    ("name", "labels"),
    [
        ("athlete", ("A1", "A2")),
        ("mac address", ("aa:01", "aa:02")),
        ("ID", ("3", "7")),
        ("session", ("1", "2")),
        ("pid", ("1", "2")),
    ],
)
def test_another_person_or_sensor_is_told_though_times_go_on(
    tmp_path: Path, name: str, labels: tuple[str, str]
) -> None:
    table = with_label(name, "", LONG)
    table[name] = [labels[t > 50.0] for t in LONG.time_s.tolist()]
    with pytest.raises(InputError, match="says that rows are of"):
        read(written(tmp_path / "run.csv", table))


def test_two_sensors_that_take_turns_in_time_are_two(tmp_path: Path) -> None:
    table = with_label("side", "", LONG)
    table["side"] = ["LR"[k % 2] for k in range(len(LONG.time_s))]
    with pytest.raises(InputError, match="rows are of 'L' and 'R'"):
        read(written(tmp_path / "run.csv", table))


@pytest.mark.parametrize("name", ["quality", "note"])
def test_a_column_that_judges_each_reading_names_no_sensor(tmp_path: Path, name: str) -> None:
    judged = np.random.default_rng(5).choice(["good", "fair", "poor"], (ROWS, 6)).tolist()
    values = np.hstack([RUN.acceleration_m_s2, RUN.angular_velocity_rad_s]).tolist()
    axes = [f"{sensor}_{axis}" for sensor in ("acc", "gyr") for axis in "xyz"]
    by_value, by_sensor = [f"time,channel,value,{name}"], [f"time,sensor,x,y,z,{name}"]
    for time, row, said in zip(RUN.time_s.tolist(), values, judged, strict=True):
        by_value += [
            f"{time:.3f},{axis},{value:.5f},{word}"
            for axis, value, word in zip(axes, row, said, strict=True)
        ]
        for sensor, three in (("acc", row[:3]), ("gyr", row[3:])):
            cells = ",".join(f"{value:.5f}" for value in three)
            by_sensor.append(f"{time:.3f},{sensor},{cells},{said[sensor == 'gyr']}")
    for lines in (by_value, by_sensor):
        (tmp_path / "run.csv").write_text("\n".join(lines) + "\n")
        assert_is_the_run(read(tmp_path / "run.csv"))
    # devices whose times are never the same take turns
    other = np.roll(RUN.acceleration_m_s2, 1, axis=1).tolist()
    lines = ["time,tag,sensor,x,y,z"]
    for time, one, two in zip(RUN.time_s.tolist(), values, other, strict=True):
        for late, tag, three in ((0.0, "A7", one[:3]), (0.004, "B8", two)):
            cells = ",".join(f"{value:.5f}" for value in three)
            lines.append(f"{time + late:.3f},{tag},acc,{cells}")
    (tmp_path / "run.csv").write_text("\n".join(lines) + "\n")
    with pytest.raises(InputError, match="'tag' says that rows are of 'A7' and 'B8'"):
        read(tmp_path / "run.csv")
