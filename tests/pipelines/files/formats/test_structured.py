"""Rows by sensor, JSON, data frames and arrays in the forms that programs save."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import SampleTable, read
from tests.pipelines.files.reading.shapes import a_run

RUN = a_run()
ACC, GYR = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
SENSORS = (("accelerometer", ACC), ("gyroscope", GYR))


def assert_is_the_run(table: SampleTable) -> None:
    turning = table.samples.angular_velocity_rad_s
    assert turning is not None
    count = len(table.samples)
    assert count >= len(RUN.time_s) - 2  # the last of one sensor may lack its like
    np.testing.assert_allclose(table.samples.acceleration_m_s2, ACC[:count], atol=1e-3)
    np.testing.assert_allclose(turning, GYR[:count], atol=1e-3)
    assert table.rate_hz == pytest.approx(100.0, rel=1e-3)


def rows_by_sensor(template: str, names: tuple[str, str]) -> list[str]:
    return [
        template.format(t=f"{t:.3f}", s=name, x=v[k][0], y=v[k][1], z=v[k][2])
        for k, t in enumerate(RUN.time_s.tolist())
        for name, v in zip(names, (ACC.tolist(), GYR.tolist()), strict=True)
    ]


@pytest.mark.parametrize(
    ("head", "row", "names"),
    [
        ("time_s,sensor,x,y,z", "{t},{s},{x},{y},{z}", ("acc", "gyr")),
        ("type;timestamp;v1;v2;v3", "{s};{t};{x};{y};{z}", ("ACCELEROMETER", "GYROSCOPE")),
        (
            "timestamp,sensor,value_x,value_y,value_z",
            "{t},android.sensor.{s},{x},{y},{z}",
            ("accelerometer", "gyroscope"),
        ),
        ("", "{s},{t},{x},{y},{z}", ("A", "G")),
    ],
)
def test_a_row_for_each_sensor_and_time(
    tmp_path: Path, head: str, row: str, names: tuple[str, str]
) -> None:
    lines = [*filter(None, [head]), *rows_by_sensor(row, names)]
    # sensors of which nothing is needed
    lines.append(lines[-2].replace(names[0], "magnetometer"))
    path = tmp_path / "run.csv"
    path.write_text("\n".join(lines) + "\n")
    table = read(path)
    assert_is_the_run(table)
    assert "passed over" not in " ".join(table.notes)


def test_words_of_a_table_of_steps_or_of_a_cohort_are_no_sensors(tmp_path: Path) -> None:
    for words in ("A,L,R", "ok,failed,acc_x looks like raw counts"):
        cells = words.split(",")
        rows = "".join(f"{k},{cells[k % 3]},{k * 0.4},{k},{k + 1}\n" for k in range(60))
        (tmp_path / "steps.csv").write_text("step,side,initial_contact_s,a,b\n" + rows)
        with pytest.raises(InputError, match=r"no acceleration axis|not plain which"):
            read(tmp_path / "steps.csv")


def test_a_row_for_each_value_is_refused_in_words(tmp_path: Path) -> None:
    rows = "".join(f"{k},acc_{axis},{k * 0.1}\n" for k in range(50) for axis in "xyz")
    (tmp_path / "run.csv").write_text("time,channel,value\n" + rows)
    with pytest.raises(InputError, match="a row for each value"):
        read(tmp_path / "run.csv")


def records() -> list[dict[str, Any]]:
    return [
        {"time_s": t, "acc": dict(zip("xyz", a, strict=True)), "gyr": w}
        for t, a, w in zip(RUN.time_s.tolist(), ACC.tolist(), GYR.tolist(), strict=True)
    ]


def flat() -> dict[str, list[float]]:
    found = {"time_s": RUN.time_s.tolist()}
    for name, values in (("acc_{}_m_s2", ACC), ("gyr_{}_rad_s", GYR)):
        found |= {name.format(axis): values[:, k].tolist() for k, axis in enumerate("xyz")}
    return found


def of_sensors() -> dict[str, list[dict[str, float]]]:
    return {
        name: [
            {"t": t, **dict(zip("xyz", row, strict=True))}
            for t, row in zip(RUN.time_s.tolist(), values.tolist(), strict=True)
        ]
        for name, values in SENSORS
    }


@pytest.mark.parametrize(
    "content",
    [
        lambda: json.dumps(records()),
        lambda: json.dumps(records(), indent=1),
        lambda: "\n".join(map(json.dumps, records())) + '\n{"time_s": 6.0, "ac',
        lambda: json.dumps({"device": "A", "recording": {"rate": 100, "samples": records()}}),
        lambda: json.dumps(flat()),
        lambda: json.dumps({"time": RUN.time_s.tolist(), "acc": ACC.tolist(), "gyr": GYR.tolist()}),
        lambda: json.dumps({"fs": 100, "acc": ACC.tolist(), "gyr": GYR.tolist()}),
        lambda: json.dumps({n: {str(k): v for k, v in enumerate(h)} for n, h in flat().items()}),
        lambda: json.dumps(
            {"columns": list(flat()), "data": [list(r) for r in zip(*flat().values(), strict=True)]}
        ),
        lambda: json.dumps(of_sensors()),
        lambda: json.dumps(
            [{"sensor": s, **row} for s, rows in of_sensors().items() for row in rows]
        ),
    ],
)
def test_json_in_the_forms_that_programs_write(tmp_path: Path, content: Callable[[], str]) -> None:
    path = tmp_path / "run.json"
    path.write_text(content())
    assert_is_the_run(read(path))


@pytest.mark.parametrize(
    "content", ["{}", "[]", "[1, 2, 3]", '{"a": {"b": {"c": [[1], [2, 3]]}}}', "[" * 100_000]
)
def test_json_without_samples_is_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"JSON|row"):
        read(path)


def test_frames_with_zones_spans_records_lists_and_an_index_of_times(tmp_path: Path) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    path = tmp_path / "run.parquet"
    plain = polars.DataFrame(flat())
    stamps = polars.from_epoch((RUN.time_s * 1e6).astype(np.int64) + 1_767_254_407 * 10**6, "us")
    zoned = plain.with_columns(stamps.dt.replace_time_zone("Asia/Tokyo").alias("time_s"))
    zoned.write_parquet(path)
    assert_is_the_run(read(path))
    assert read(path).utc_start_ns == (1_767_254_407 - 9 * 3600) * 10**9
    polars.DataFrame(
        {"time": RUN.time_s, "acc": ACC.tolist(), "gyr": [r["acc"] for r in records()]}
    ).with_columns(
        gyr=polars.Series([dict(zip("xyz", row, strict=True)) for row in GYR.tolist()])
    ).write_parquet(path)
    assert_is_the_run(read(path))
    frame = pandas.DataFrame(flat()).drop(columns="time_s")
    frame.set_index(pandas.to_datetime(RUN.time_s + 1.767e9, unit="s", utc=True)).to_parquet(path)
    assert_is_the_run(read(path))
    pandas.DataFrame(flat()).astype(str).to_parquet(path)
    assert_is_the_run(read(path))
    for compression in ("lz4", "uncompressed"):
        plain.write_ipc(tmp_path / "run.arrow", compression=compression)
        assert_is_the_run(read(tmp_path / "run.arrow"))


def test_two_sensors_of_matlab_and_numpy_have_a_pace_of_their_own(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "acc": ACC,
        "acc_time": RUN.time_s,
        "gyr": GYR[::2],
        "gyr_time": RUN.time_s[::2],
    }
    np.savez(tmp_path / "run.npz", **arrays)
    table = read(tmp_path / "run.npz")
    turning = table.samples.angular_velocity_rad_s
    assert turning is not None
    np.testing.assert_allclose(turning[::2], GYR[: len(turning) : 2])
    del arrays["gyr_time"]
    np.savez(tmp_path / "run.npz", **arrays)
    with pytest.raises(InputError, match="not each has times"):
        read(tmp_path / "run.npz")
    np.savez(tmp_path / "run.npz", time=RUN.time_s, imu=np.column_stack([ACC, GYR]))
    assert_is_the_run(read(tmp_path / "run.npz"))


def test_structures_within_structures_of_matlab(tmp_path: Path) -> None:
    from scipy.io import savemat

    one = {
        "Acc": ACC,
        "Gyr": GYR,
        "Fs": {"Acc": 100, "Gyr": 100},
        "Timestamp": 1.767e9 + RUN.time_s,
    }
    foot = {"Acc": ACC * 1.4, "Gyr": GYR[::-1]}
    deep = {"TimeMeasure1": {"Test1": {"Trial1": {"SU": {"LeftFoot": foot, "LowerBack": one}}}}}
    savemat(tmp_path / "run.mat", {"data": deep})
    table = read(tmp_path / "run.mat")
    assert_is_the_run(table)
    assert "passed over" in table.notes[0]
    assert "LeftFoot" in table.notes[0]
