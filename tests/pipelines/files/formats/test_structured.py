"""Rows by sensor, JSON, data frames and arrays in the forms that programs save."""

from __future__ import annotations

import json
import zipfile
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


def test_sensors_may_have_the_numbers_of_android(tmp_path: Path) -> None:
    lines = ["timestamp,sensor_type,x,y,z", *rows_by_sensor("{t},{s},{x},{y},{z}", ("1", "4"))]
    path = tmp_path / "run.csv"
    path.write_text("\n".join(lines) + "\n")
    assert_is_the_run(read(path))


def test_a_number_that_lasts_is_of_an_activity_and_of_no_sensor(tmp_path: Path) -> None:
    rows = zip(RUN.time_s.tolist(), ACC.tolist(), strict=True)
    half = 0.5 * RUN.time_s[-1]
    lines = [f"{t},{1 if t < half else 4},{x},{y},{z}" for t, (x, y, z) in rows]
    path = tmp_path / "run.csv"
    path.write_text("\n".join(["time,type,x,y,z", *lines]) + "\n")
    np.testing.assert_allclose(read(path).samples.acceleration_m_s2, ACC, atol=2e-3)


def test_words_of_a_table_of_steps_or_of_a_cohort_are_no_sensors(tmp_path: Path) -> None:
    for words in ("A,L,R", "ok,failed,acc_x looks like raw counts"):
        cells = words.split(",")
        rows = "".join(f"{k},{cells[k % 3]},{k * 0.4},{k},{k + 1}\n" for k in range(60))
        (tmp_path / "steps.csv").write_text("step,side,initial_contact_s,a,b\n" + rows)
        with pytest.raises(InputError, match=r"no acceleration axis|not plain which"):
            read(tmp_path / "steps.csv")


def records() -> list[dict[str, Any]]:
    return [
        {"time_s": t, "acc": dict(zip("xyz", a, strict=True)), "gyr": w}
        for t, a, w in zip(RUN.time_s.tolist(), ACC.tolist(), GYR.tolist(), strict=True)
    ]


def batches(
    acc: str, gyr: str, *, turned: bool = False, named: bool = False, timed: bool = False
) -> list[dict[str, Any]]:
    """Ten samples a record, with one time, or those of each sensor."""
    found = []
    for k in range(0, len(RUN.time_s), 10):
        record: dict[str, Any] = {"timestamp_ms": round(RUN.time_s[k] * 1000.0), "quality": [1, 1]}
        for name, values in ((acc, ACC), (gyr, GYR)):
            held = values[k : k + 10]
            record[name] = (held.T if turned else held).tolist()
            if named:
                record[name] = {axis: held[:, j].tolist() for j, axis in enumerate("xyz")}
            if timed:
                record[name]["timestamp_ms"] = (RUN.time_s[k : k + 10] * 1e3).tolist()
        if timed:
            del record["timestamp_ms"], record["quality"]
        found.append(record)
    return found


LISTED = [
    *((f"acc{axis}", "m/s2") for axis in "XYZ"), *((f"gyr{axis}", "rad/s") for axis in "XYZ"),
]  # fmt: skip


def flat() -> dict[str, list[float]]:
    found = {"time_s": RUN.time_s.tolist()}
    for name, values in (("acc_{}_m_s2", ACC), ("gyr_{}_rad_s", GYR)):
        found |= {name.format(axis): values[:, k].tolist() for k, axis in enumerate("xyz")}
    return found


def lists_of_sensors() -> dict[str, dict[str, list[float]]]:
    return {
        name: {
            "timestamps": RUN.time_s.tolist(),
            **{axis: values[:, k].tolist() for k, axis in enumerate("xyz")},
        }
        for name, values in SENSORS
    }


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
        lambda: "\n".join(map(str, records())),
        lambda: json.dumps({"device": "A", "recording": {"rate": 100, "samples": records()}}),
        lambda: json.dumps(flat()),
        lambda: json.dumps({"time": RUN.time_s.tolist(), "acc": ACC.tolist(), "gyr": GYR.tolist()}),
        lambda: json.dumps({"fs": 100, "acc": ACC.tolist(), "gyr": GYR.tolist()}),
        lambda: json.dumps(
            {
                "payload": {
                    "interval_ms": 10,
                    "sensors": [{"name": n, "units": u} for n, u in LISTED],
                    "values": np.hstack([ACC, GYR]).tolist(),
                }
            }
        ),
        lambda: json.dumps(
            {
                "t_ms": (RUN.time_s * 1e3).tolist(),
                "acc_g": (ACC.T / 9.80665).tolist(),
                "gyro_dps": np.degrees(GYR.T).tolist(),
            }
        ),
        lambda: "\n".join(map(json.dumps, batches("acc", "gyr"))),
        lambda: json.dumps({"rate": 100, "packets": batches("acc_m_s2", "gyr_rad_s", turned=True)}),
        lambda: json.dumps({"records": batches("acc", "gyr", named=True)}),
        lambda: "\n".join(map(json.dumps, batches("accel", "gyro", named=True, timed=True))),
        lambda: json.dumps({n: {str(k): v for k, v in enumerate(h)} for n, h in flat().items()}),
        lambda: json.dumps({"run": {f"-N{k}": row for k, row in enumerate(records())}}),
        lambda: json.dumps(
            {"columns": list(flat()), "data": [list(r) for r in zip(*flat().values(), strict=True)]}
        ),
        lambda: json.dumps(
            {
                "results": {
                    "A": {
                        "frames": [
                            {
                                "schema": {
                                    "fields": [{"name": name, "type": "number"} for name in flat()]
                                },
                                "data": {"values": [*flat().values()]},
                            }
                        ]
                    }
                }
            }
        ),
        lambda: json.dumps(of_sensors()),
        lambda: json.dumps({"user": "A", "sensors": lists_of_sensors()}),
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
    "head",
    [
        {"interval_s": 60, "data": records()},
        {"interval_ms": 20, "data": records()},
        {"sample_rate_hz": 100, "interval_s": 30, "acc": ACC.tolist(), "gyr": GYR.tolist()},
        {"rate_hz": 100, "period_ms": 20, "acc": ACC.tolist(), "gyr": GYR.tolist()},
    ],
)
def test_an_interval_of_json_yields_to_a_rate_and_to_times(
    tmp_path: Path, head: dict[str, Any]
) -> None:
    path = tmp_path / "run.json"
    path.write_text(json.dumps(head))
    assert_is_the_run(read(path))


@pytest.mark.parametrize(
    "content", ["{}", "[]", "[1, 2, 3]", '{"a": {"b": {"c": [[1], [2, 3]]}}}', "[" * 100_000]
)
def test_json_without_samples_is_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(InputError, match=r"JSON|row|samples"):
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
    spans = pandas.to_timedelta(RUN.time_s, unit="s")
    for nameless in (pandas.to_datetime(RUN.time_s + 1.767e9, unit="s", utc=True), spans):
        frame.set_index(nameless).to_parquet(path)
        assert_is_the_run(read(path))
    frame.set_index(RUN.time_s).to_parquet(path)
    assert_is_the_run(read(path))
    frame.set_index(spans).to_csv(tmp_path / "run.csv")
    assert_is_the_run(read(tmp_path / "run.csv"))
    day = (RUN.time_s + 25_200.0) * 1e9
    clock = polars.Series(day.round().astype(np.int64)).cast(polars.Time)
    plain.with_columns(clock.alias("time_s")).write_parquet(path)
    assert_is_the_run(read(path))
    packets = {n: np.reshape(held, (-1, 10)).tolist() for n, held in flat().items()}
    polars.DataFrame(packets | {"time_s": RUN.time_s[::10]}).write_parquet(path)
    assert_is_the_run(read(path))
    pandas.DataFrame(flat()).astype(str).to_parquet(path)
    assert_is_the_run(read(path))
    levels = pandas.MultiIndex.from_product([["acc", "gyr"], list("xyz")])
    index = pandas.Index(RUN.time_s, name="time_s")
    pandas.DataFrame(np.hstack([ACC, GYR]), columns=levels, index=index).to_parquet(path)
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
    named = {"t_acc": "acc_time", "acc": "acc", "t_gyr": "gyr_time", "gyr": "gyr"}
    np.savez(tmp_path / "run.npz", **{name: arrays[other] for name, other in named.items()})
    np.testing.assert_array_equal(
        read(tmp_path / "run.npz").samples.acceleration_m_s2, table.samples.acceleration_m_s2
    )
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
    assert any("'LowerBack' is read, and 'LeftFoot' passed over" in n for n in table.notes)


def test_recordings_in_cells_of_matlab_are_counted_and_one_alone_is_read(tmp_path: Path) -> None:
    from scipy.io import savemat

    one = {"t": RUN.time_s, "acc": ACC, "gyr": GYR}
    for count in (1, 2):
        cells = np.empty((count, 1), object)
        for k in range(count):
            cells[k, 0] = one
        savemat(tmp_path / "run.mat", {"trial": cells})
        if count == 1:
            assert_is_the_run(read(tmp_path / "run.mat"))
    with pytest.raises(InputError, match=r"trial holds 2 recordings: save each as a file"):
        read(tmp_path / "run.mat")


def sheet(names: list[str], values: np.ndarray) -> str:
    """A worksheet of a workbook with a line of names."""
    head = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in names)
    rows = "".join(
        "<row>" + "".join(f"<c><v>{value!r}</v></c>" for value in row) + "</row>"
        for row in values.tolist()
    )
    namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    data = f"<sheetData><row>{head}</row>{rows}</sheetData>"
    return f'<worksheet xmlns="{namespace}">{data}</worksheet>'


def workbook(path: Path, sheets: dict[str, str]) -> Path:
    """A workbook with just what the format asks for."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    listed = "".join(
        f'<sheet name="{name}" sheetId="{k}" r:id="r{k}"/>' for k, name in enumerate(sheets, 1)
    )
    related = "".join(
        f'<Relationship Id="r{k}" Type="{office}/worksheet" Target="worksheets/sheet{k}.xml"/>'
        for k in range(1, len(sheets) + 1)
    )
    root = f'<Relationship Id="r0" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("[Content_Types].xml", f'<Types xmlns="{package}/content-types"/>')
        packed.writestr(
            "_rels/.rels", f'<Relationships xmlns="{package}/relationships">{root}</Relationships>'
        )
        packed.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets></workbook>',
        )
        packed.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}/relationships">{related}</Relationships>',
        )
        for k, text in enumerate(sheets.values(), 1):
            packed.writestr(f"xl/worksheets/sheet{k}.xml", text)
    return path


def timed(values: np.ndarray) -> np.ndarray:
    return np.column_stack([RUN.time_s, values])


def test_a_workbook_with_a_table_or_a_sheet_for_each_sensor(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    acc, gyr = (["Time (s)", *(f"{a} ({unit})" for a in "XYZ")] for unit in ("m/s^2", "rad/s"))
    both = ["Time (s)", *(f"Acceleration {a} (m/s^2)" for a in "xyz")]
    both += [f"Gyroscope {a} (rad/s)" for a in "xyz"]
    one = workbook(tmp_path / "one.xlsx", {"Raw Data": sheet(both, np.hstack([timed(ACC), GYR]))})
    assert_is_the_run(read(one))
    sheets = {"Accelerometer": sheet(acc, timed(ACC)), "Gyroscope": sheet(gyr, timed(GYR))}
    sheets["Metadata Device"] = sheet(["property", "value"], np.zeros((1, 2)))
    assert_is_the_run(read(workbook(tmp_path / "two.xlsx", sheets)))
    plain = {"Accelerometer": ("acc_{}_m_s2", ACC), "Gyroscope": ("gyr_{}_rad_s", GYR)}
    for name, (named, values) in plain.items():
        sheets[name] = sheet(["time_s", *(named.format(a) for a in "xyz")], timed(values))
    found = read(workbook(tmp_path / "two.xlsx", sheets))
    assert found.notes[0].endswith("accelerometer and gyroscope were read, of 3 sheets.")


def test_a_workbook_that_is_damaged_or_a_bomb_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = workbook(tmp_path / "run.xlsx", {"a": sheet(["t", "ax", "ay", "az"], timed(ACC))})
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b"xl/workbook.xml.rels"[3:], b"workbook.xml.rexx"))
    with pytest.raises(InputError, match="spreadsheet is damaged"):
        read(path)
    workbook(path, {"a": " " * 200_000_000})
    with pytest.raises(InputError, match="would unpack to 200 MB"):
        read(path)


@pytest.mark.parametrize("form", ["4", "5"])
def test_matlab_of_older_versions(tmp_path: Path, form: str) -> None:
    scipy_io = pytest.importorskip("scipy.io")
    path = tmp_path / "run.mat"
    held = {"fs": 100.0, "acc": ACC, "gyr": GYR}
    scipy_io.savemat(path, held, format=form)
    assert_is_the_run(read(path))
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(InputError):
        read(path)


def test_matlab_of_version_7_3_and_hdf5_of_a_laboratory(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "run.mat"
    with h5py.File(path, "w", userblock_size=512) as file:
        group = file.create_group("data/waist")
        group["Acc"], group["Gyr"] = ACC.T, GYR.T  # MATLAB writes columns first
        file["data/fs"] = np.array([[100.0]])
        file["data/name"] = np.array([[65, 66]], np.uint16)
        file["data/name"].attrs["MATLAB_class"] = np.bytes_("char")
        file["#refs#/a"] = np.zeros(7)
    about = b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(116)
    path.write_bytes(about + bytes(8) + b"\0\x02IM" + path.read_bytes()[128:])
    assert_is_the_run(read(path))
    path = tmp_path / "run.h5"
    with h5py.File(path, "w") as file:
        group = file.create_group("Sensors/1234")
        group["Accelerometer"], group["Gyroscope"] = ACC, GYR
        group["Time"] = np.round(RUN.time_s * 1e6).astype(np.uint64) + 1_767_254_407_000_000
        # what lies in other files stays there
        file["elsewhere"] = h5py.ExternalLink(str(tmp_path / "run.mat"), "/data/waist/Acc")
        other = [(str(tmp_path / "run.mat"), 0, 600)]
        file.create_dataset("beside/Accelerometer", (600,), "u1", external=other)
    assert_is_the_run(read(path))


OTHER = (-ACC[:, [1, 2, 0]], 2.0 * GYR[:, [2, 0, 1]])
STAMPS = np.round(RUN.time_s * 1e6).astype(np.uint64) + 1_767_254_407_000_000


def opal(file: Any) -> None:
    """Monitors of APDM's Opal as of version 3: what one is, stands in its configuration."""
    for name, label, (acc, gyr), rows in (
        ("1011", b"Right Foot\0\0", OTHER, 580),
        ("1012", b"Lumbar\0", (ACC, GYR), 600),
        ("1013", b"Sternum\0", OTHER, 590),
    ):
        group = file.create_group(f"Sensors/{name}")
        group.create_group("Configuration").attrs["Label 0"] = np.bytes_(label)
        group["Accelerometer"], group["Gyroscope"] = acc[:rows], gyr[:rows]
        group["Accelerometer"].attrs["Units"], group["Time"] = "m/s^2", STAMPS[:rows]
        file[f"Processed/{name}/Orientation"] = np.ones((rows, 4))


def older_opal(file: Any) -> None:
    """As of version 1: the file lists its monitors, and holds what is raw besides."""
    file.attrs["CaseIdList"] = np.array([b"SI-000025-a", b"SI-000026-a"])
    file.attrs["MonitorLabelList"] = np.array([b"Trunk", b"Lumbar"])
    for name, (acc, gyr) in (("SI-000025", OTHER), ("SI-000026", (ACC, GYR))):
        file[f"{name}/Calibrated/Accelerometers"] = acc
        file[f"{name}/Calibrated/Gyroscopes"] = gyr
        file[f"{name}/Raw/Accelerometers"] = (1000.0 * acc).astype(np.int32)
        file[f"{name}/Time"] = STAMPS


def by_place(file: Any) -> None:
    for name, (acc, gyr) in (("right_foot", OTHER), ("pelvis", (ACC, GYR))):
        file[f"accelerometer/{name}"], file[f"gyroscope/{name}"] = acc, gyr
    file["time"] = RUN.time_s


def placed(file: Any) -> None:
    for name, place, (acc, gyr) in (("imu_a", "right foot", OTHER), ("imu_b", "L5", (ACC, GYR))):
        group = file.create_group(f"trial/{name}")
        group.attrs["location"], group["t"] = place, RUN.time_s
        for k, axis in enumerate("xyz"):
            group[f"acc/{axis}"], group[f"gyr/{axis}"] = acc[:, k], gyr[:, k]


@pytest.mark.parametrize("fill", [opal, older_opal, by_place, placed])
def test_of_several_sensors_in_hdf5_the_one_at_the_waist_or_the_named_one(
    tmp_path: Path, fill: Callable[[Any], None]
) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "run.h5", "w") as file:
        fill(file)
    table = read(tmp_path / "run.h5")
    assert_is_the_run(table)
    assert any("passed over" in note for note in table.notes)
    other = read(tmp_path / "run.h5", stream="trunk" if fill is older_opal else "right foot")
    np.testing.assert_allclose(other.samples.acceleration_m_s2[:500], OTHER[0][:500], atol=1e-3)
    told = any("not the waist" in note for note in other.notes)
    assert told == (fill in (opal, placed, by_place))
    with pytest.raises(InputError, match="no sensor of it is called 'knee': there are"):
        read(tmp_path / "run.h5", stream="knee")


def two(one: str, other: str) -> dict[str, dict[str, np.ndarray]]:
    return {
        name: {"time": RUN.time_s, "acc": acc, "gyr": gyr}
        for name, (acc, gyr) in ((one, OTHER), (other, (ACC, GYR)))
    }


def as_hdf5(path: Path, sensors: dict[str, dict[str, np.ndarray]]) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(path, "w") as file:
        for name, held in sensors.items():
            for key, values in held.items():
                file[f"{name}/{key}"] = values


def as_matlab(path: Path, sensors: dict[str, dict[str, np.ndarray]]) -> None:
    from scipy.io import savemat

    savemat(path, {"data": sensors})


def as_structures(path: Path, sensors: dict[str, dict[str, np.ndarray]]) -> None:
    from scipy.io import savemat

    fields = ("name", "time", "acc", "gyr")
    held = np.zeros(len(sensors), [(field, "O") for field in fields])
    held[:] = [(name, *one.values()) for name, one in sensors.items()]
    savemat(path, {"sensors": held, "fs": 100.0})


def as_numpy(path: Path, sensors: dict[str, dict[str, np.ndarray]]) -> None:
    arrays: dict[str, Any] = {f"{n}/{k}": v for n, held in sensors.items() for k, v in held.items()}
    np.savez(path, **arrays)


def as_flat_numpy(path: Path, sensors: dict[str, dict[str, np.ndarray]]) -> None:
    arrays: dict[str, Any] = {f"{n}_{k}": v for n, held in sensors.items() for k, v in held.items()}
    np.savez(path, **arrays)


def lists(held: dict[str, np.ndarray]) -> dict[str, Any]:
    return {key: values.tolist() for key, values in held.items()}


def as_json(path: Path, sensors: dict[str, dict[str, np.ndarray]]) -> None:
    path.write_text(json.dumps({"sensors": {n: lists(held) for n, held in sensors.items()}}))


def as_list_in_json(path: Path, sensors: dict[str, dict[str, np.ndarray]]) -> None:
    path.write_text(json.dumps([{"name": n, **lists(held)} for n, held in sensors.items()]))


@pytest.mark.parametrize(
    ("ending", "save"),
    [
        ("h5", as_hdf5),
        ("mat", as_matlab),
        ("mat", as_structures),
        ("npz", as_numpy),
        ("npz", as_flat_numpy),
        ("json", as_json),
        ("json", as_list_in_json),
    ],
)
def test_two_sensors_of_a_file_are_never_mixed_and_either_can_be_named(
    tmp_path: Path, ending: str, save: Callable[[Path, dict[str, dict[str, np.ndarray]]], None]
) -> None:
    path = tmp_path / f"run.{ending}"
    save(path, two("shank", "pelvis"))
    assert_is_the_run(read(path))
    save(path, two("left", "right"))
    with pytest.raises(InputError, match="--stream 'left'"):
        read(path)
    assert_is_the_run(read(path, stream="right"))


def test_an_array_whose_columns_another_one_names(tmp_path: Path) -> None:
    names = np.array(["gx", "gy", "gz", "ax", "ay", "az"])
    np.savez(tmp_path / "run.npz", data=np.hstack([GYR, ACC]), columns=names, fs=100.0)
    assert_is_the_run(read(tmp_path / "run.npz"))


def test_sheets_of_two_sensors_are_told_apart(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    names = ["Time (s)", *(f"Acc {a} (m/s^2)" for a in "xyz"), *(f"Gyr {a} (rad/s)" for a in "xyz")]
    sheets = {
        name: sheet(names, np.hstack([timed(acc), gyr]))
        for name, (acc, gyr) in (("Left Foot", OTHER), ("Lower Back", (ACC, GYR)))
    }
    assert_is_the_run(read(workbook(tmp_path / "run.xlsx", sheets)))
    sheets = {"Left": sheets["Left Foot"], "Right": sheets["Lower Back"]}
    path = workbook(tmp_path / "run.xlsx", sheets)
    with pytest.raises(InputError, match="--stream 'right'"):
        read(path)
    assert_is_the_run(read(path, stream="right"))


def test_records_of_numpy_with_a_vector_each(tmp_path: Path) -> None:
    held = np.zeros(len(RUN.time_s), [("t", "f8"), ("acc", "f8", 3), ("gyr", "f4", 3)])
    held["t"], held["acc"], held["gyr"] = RUN.time_s, ACC, GYR
    np.save(tmp_path / "run.npy", held)
    assert_is_the_run(read(tmp_path / "run.npy"))
    axes = [(axis, "f8") for axis in "xyz"]
    within = np.zeros(len(RUN.time_s), [("t_us", "i8"), ("accel", axes), ("gyro", axes)])
    within["t_us"] = np.round(RUN.time_s * 1e6)
    for k, axis in enumerate("xyz"):
        within["accel"][axis], within["gyro"][axis] = ACC[:, k], GYR[:, k]
    np.save(tmp_path / "within.npy", within)
    assert_is_the_run(read(tmp_path / "within.npy"))


@pytest.mark.parametrize(("called", "value"), [("dt", 0.01), ("sampling_period_ms", 10)])
def test_arrays_may_say_how_long_it_is_from_sample_to_sample(
    tmp_path: Path, called: str, value: float
) -> None:
    held: dict[str, Any] = {"acc": ACC.T, "gyr": GYR.T, called: value}
    np.savez(tmp_path / "run.npz", **held)
    assert_is_the_run(read(tmp_path / "run.npz"))
    held = {"acc": np.stack([ACC, ACC], axis=1), "gyr": np.stack([GYR, GYR], axis=1)}
    np.savez(tmp_path / "deep.npz", **held)
    with pytest.raises(InputError, match="acc has more than two dimensions"):
        read(tmp_path / "deep.npz")


def test_each_group_of_hdf5_may_have_a_time_that_says_its_unit(tmp_path: Path) -> None:
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "run.h5", "w") as file:
        for name, values in (("acc", ACC), ("gyr", GYR)):
            file[f"{name}/t_us"] = np.round(RUN.time_s * 1e6).astype(np.int64)
            file[f"{name}/xyz"] = values
    assert_is_the_run(read(tmp_path / "run.h5"))


def packet(k: int) -> dict[str, Any]:
    axes = [[dict(zip("xyz", r, strict=True)) for r in v[k : k + 4].tolist()]
            for v in (ACC, np.degrees(GYR))]  # fmt: skip
    return {"Timestamp": round(RUN.time_s[k] * 1000), "ArrayAcc": axes[0], "ArrayGyro": axes[1]}


@pytest.mark.parametrize(
    "content",
    [
        lambda found: json.dumps(
            {"sensors": ["imu6"], "data": [{"Body": p, "Uri": "/Meas/IMU6"} for p in found]}
        ),
        lambda found: "\n".join(json.dumps({"imu6": p}) for p in found) + '\n{"imu6": {"Tim',
    ],
)
def test_movesense_as_messages_and_as_lines(
    tmp_path: Path, content: Callable[[list[dict[str, Any]]], str]
) -> None:
    path = tmp_path / "run.json"
    path.write_text(content([packet(k) for k in range(0, len(RUN.time_s), 4)]))
    assert_is_the_run(read(path))


@pytest.mark.parametrize("called", ["fs", "sampling_rate", "sampleRate", "Sampling Frequency (Hz)"])
def test_the_rate_that_a_file_states_is_taken_wherever_it_stands(
    tmp_path: Path, called: str
) -> None:
    h5py = pytest.importorskip("h5py")
    axes = {f"{name}_{axis}": block[:, k] for name, block in (("acc", ACC), ("gyr", GYR))
            for k, axis in enumerate("xyz")}  # fmt: skip
    lists = {name: values.tolist() for name, values in axes.items()}
    by_sensor = {name: dict(zip("xyz", np.transpose(block).tolist(), strict=True))
                 for name, block in (("acc", ACC), ("gyr", GYR))}  # fmt: skip
    for content in (
        {called: 100, **lists},
        {"header": {"device": {called: "100 Hz"}}, "data": lists},
        {called: 100, **by_sensor},
        {called: 100, "columns": [*axes], "data": np.column_stack([*axes.values()]).tolist()},
    ):
        (tmp_path / "run.json").write_text(json.dumps(content))
        assert_is_the_run(read(tmp_path / "run.json"))
    arrays: dict[str, Any] = {"acc": ACC, "gyr": GYR, called: 100}
    np.savez(tmp_path / "run.npz", **arrays)
    assert_is_the_run(read(tmp_path / "run.npz"))
    for place in ("", "trial", "trial/acc"):
        with h5py.File(tmp_path / "run.h5", "w") as file:
            file["trial/acc"], file["trial/gyr"] = ACC, GYR
            (file[place] if place else file).attrs[called] = "100" if place else 100.0
        assert_is_the_run(read(tmp_path / "run.h5"))


def test_columns_without_names_or_named_by_an_attribute_go_by_the_stated_rate(
    tmp_path: Path,
) -> None:
    io, h5py = pytest.importorskip("scipy.io"), pytest.importorskip("h5py")
    io.savemat(tmp_path / "run.mat", {"imu": np.hstack([ACC, GYR]), "fs": 100.0})
    assert_is_the_run(read(tmp_path / "run.mat"))
    with h5py.File(tmp_path / "run.h5", "w") as file:
        file.attrs["fs"] = 100
        file["imu/data"] = np.hstack([GYR, ACC])
        names = [f"{sensor}_{axis}" for sensor in ("gyr", "acc") for axis in "xyz"]
        file["imu/data"].attrs["columns"] = names
    assert_is_the_run(read(tmp_path / "run.h5"))


def test_rates_of_other_things_and_two_that_differ_are_none(tmp_path: Path) -> None:
    np.savez(tmp_path / "run.npz", acc=ACC, gyr=GYR, heart_rate=100, cutoff_freq=100)
    with pytest.raises(InputError, match="--rate"):
        read(tmp_path / "run.npz")
    head = {"a": {"fs": 100}, "b": {"fs": 50}}
    (tmp_path / "run.json").write_text(json.dumps({**head, "acc": ACC.tolist()}))
    with pytest.raises(InputError, match="--rate"):
        read(tmp_path / "run.json")
