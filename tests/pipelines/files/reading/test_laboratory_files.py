"""What the programs of laboratories and data bases write, one test a kind of file."""

from __future__ import annotations

import csv
import gzip
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from tests.pipelines.files.reading.shapes import G
from tests.pipelines.files.reading.tables import RUN, assert_is_the_run

ACC, GYR = RUN.acceleration_m_s2, RUN.angular_velocity_rad_s
MEASURED = np.hstack([ACC, GYR])
TIMED = np.column_stack([RUN.time_s, MEASURED])
NAMES = [f"{sensor} {axis}" for sensor in ("Acc", "Gyr") for axis in "XYZ"]
UNITS = ["m/s^2"] * 3 + ["rad/s"] * 3


def rows(values: np.ndarray, separator: str = "\t", end: str = "") -> str:
    return "".join(separator.join(f"{v:.6f}" for v in row) + f"{end}\n" for row in values)


def given(folder: Path, text: str, name: str = "run.txt") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


LABVIEW = (
    "LabVIEW Measurement\t\nSeparator\tTab\nX_Columns\tOne\n***End_of_Header***\t\n\t\n"
    "Channels\t6\t\t\t\t\t\t\nSamples" + "\t600" * 6 + "\t\n"
    "Y_Unit_Label\t" + "\t".join(UNITS) + "\t\nX_Dimension" + "\tTime" * 6 + "\t\nX0" + "\t0" * 6
    + "\t\nDelta_X" + "\t0.010000" * 6 + "\t\n***End_of_Header***\t\t\t\t\t\t\t\n"
)  # fmt: skip


@pytest.mark.parametrize("columns", ["One", "No", "Multi"])
def test_labview_has_the_time_once_never_or_for_each_channel(tmp_path: Path, columns: str) -> None:
    if columns == "Multi":
        names = "\t".join(f"X_Value\t{name}" for name in NAMES)
        values = np.column_stack([c for k in range(6) for c in (RUN.time_s, MEASURED[:, k])])
        body = rows(values)
    else:
        names = "\t".join(["X_Value", *NAMES])
        body = rows(TIMED)
        if columns == "No":
            body = "".join("\t" + line for line in rows(MEASURED).splitlines(keepends=True))
    text = f"{LABVIEW}{names}\tComment\n{body}"
    if columns == "One":  # as where the comma is that of decimals
        text = text.replace(".", ",")
        lines = text.splitlines()
        text = "\n".join([*lines[:99], lines[99] + "\tlap 1", *lines[100:], ""])
    assert_is_the_run(read(given(tmp_path, text, "run.lvm")))


@pytest.mark.parametrize("timed", [True, False])
def test_acqknowledge_names_channels_one_a_line(tmp_path: Path, timed: bool) -> None:
    head = "run.acq\n10.0 msec/sample\n6 channels\n" + "".join(
        f"A{k} - {name}\n{unit}\n" for k, (name, unit) in enumerate(zip(NAMES, UNITS, strict=True))
    )
    if timed:
        head += "sec,CH0,CH1,CH2,CH3,CH4,CH5,\n" + ",600" * 6 + ",\n"
    body = rows(TIMED, ",", ",") if timed else rows(MEASURED)
    assert_is_the_run(read(given(tmp_path, head + body)))


def test_a_table_of_markers_below_is_passed_over(tmp_path: Path) -> None:
    text = (
        "Devices\n100\n,,Sacrum - Acceleration,,,Sacrum - Angular Velocity,,\n"
        "Frame,Sub Frame,X,Y,Z,X,Y,Z\n,,m/s²,m/s²,m/s²,rad/s,rad/s,rad/s\n"
    )
    text += "".join(f"{k},0,{row}\n" for k, row in enumerate(rows(MEASURED, ",").splitlines(), 1))
    markers = "\nTrajectories\n100\n,,S:LASI,,\nFrame,Sub Frame,X,Y,Z\n,,mm,mm,mm\n"
    table = read(given(tmp_path, text + markers + "1,0,1,2,3\n" * 300, "run.csv"))
    assert_is_the_run(table)
    assert [note for note in table.notes if "line" in note and "above" not in note] == [
        f"{tmp_path / 'run.csv'}: what follows from line 610 on, 302 lines, is a table of "
        "something else ('Frame,Sub Frame,X,Y,Z') and is left out."
    ]
    lines = (markers + "1,0,1,2,3\n" * 300).split("\n")
    padded = "\n".join(line + "," * (7 - line.count(",")) for line in lines)
    assert_is_the_run(read(given(tmp_path, text + padded, "run.csv")))
    below = "Frame,Sub Frame,X,Y,Z\n" + "1,0,1,2,3\n" * 300
    for other in (
        f"Gyroscope\n,,IMU,,\n{below}",  # of a sensor
        f"Lumbar\n{below}",
        f"{below}{text}",  # and rows that go on
        f"{below}{text.splitlines()[-1]}\n",
        "event,id,mag x,mag y,mag z,pos x,pos y,pos z\n1,2,3,4,5,6,7,8\n",  # may be rows
    ):
        with pytest.raises(InputError, match="here another table begins"):
            read(given(tmp_path, f"{text}\n{other}", "run.csv"))


def test_the_e4_tells_beginning_and_rate_above_its_counts(tmp_path: Path) -> None:
    began, rate = "1772348400.000000", "100.000000"
    counts = np.round(ACC / G * 64.0)
    body = "".join(f"{x:.0f},{y:.0f},{z:.0f}\n" for x, y, z in counts.tolist())
    text = f"{', '.join([began] * 3)}\n{', '.join([rate] * 3)}\n{body}"
    table = read(given(tmp_path, text, "ACC.csv"))
    np.testing.assert_allclose(table.samples.acceleration_m_s2, counts / 64.0 * G, atol=1e-9)
    assert table.rate_hz == pytest.approx(100.0)
    assert table.utc_start_ns == 1772348400 * 10**9
    with zipfile.ZipFile(tmp_path / "e4.zip", "w") as session:
        session.write(tmp_path / "ACC.csv", "ACC.csv")
        session.writestr("EDA.csv", f"{began}\n4.000000\n" + "0.31\n" * 24)
        session.writestr("IBI.csv", f"{began}, IBI\n1.2,0.71\n1.9,0.70\n")
        session.writestr("tags.csv", "")
    packed = read(tmp_path / "e4.zip")
    assert np.array_equal(packed.samples.acceleration_m_s2, table.samples.acceleration_m_s2)


SENSORS = {"accelerometer": ACC, "gyroscope": GYR}


def long_rows(form: str, *, grouped: bool = False) -> str:
    """A row a value: ``form`` is told the time, the sensor, the axis and the value."""
    values = [
        (k, form.format(t=f"2026-03-01T07:00:{time:09.6f}Z", s=s, x=axis, v=one[k, place]))
        for k, time in enumerate(RUN.time_s.tolist())
        for s, one in SENSORS.items()
        for place, axis in enumerate("xyz")
    ]
    every = [text for _, text in values]
    ordered = [text for k in range(6) for text in every[k::6]] if grouped else every
    return "\n".join(ordered) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "time,sensor,axis,value\n" + long_rows("{t},{s},{x},{v:.5f}"),
        "time;axis;sensor;device;value\n" + long_rows("{t};{x};{s};7;{v:.5f}"),
        "#datatype,string,long,dateTime,double,string,string\n,result,table,_time,_value,_field,"
        "_measurement\n" + long_rows(",,0,{t},{v:.5f},{s}_{x},imu", grouped=True),
    ],
)
def test_a_row_for_each_value_is_put_side_by_side(tmp_path: Path, text: str) -> None:
    assert_is_the_run(read(given(tmp_path, text, "run.csv")))


def test_records_of_one_value_each(tmp_path: Path) -> None:
    form = '{{"time": "{t}", "sensor": "{s}", "axis": "{x}", "value": {v:.5f}}}'
    assert_is_the_run(read(given(tmp_path, long_rows(form), "run.jsonl")))
    form = '{{"time": "{t}", "name": "{s}_{x}", "value": {v:.5f}}}'
    assert_is_the_run(read(given(tmp_path, long_rows(form), "run.jsonl")))


def test_a_row_for_each_value_of_several_sensors(tmp_path: Path) -> None:
    rows = long_rows("{t},foot_{s}_{x},9.5\n{t},{{place}}_{s}_{x},{v:.5f}").rstrip()
    path = given(tmp_path, "time,channel,value\n" + rows.format(place="sacrum"), "run.csv")
    assert_is_the_run(read(path))
    given(tmp_path, "time,channel,value\n" + rows.format(place="other"), "run.csv")
    with pytest.raises(InputError, match="--stream"):
        read(path)
    assert_is_the_run(read(path, stream="other"))


def test_a_row_for_each_value_of_which_some_are_lacking(tmp_path: Path) -> None:
    lines = ("time,sensor,axis,value\n" + long_rows("{t},{s},{x},{v:.5f}")).splitlines()
    del lines[-1], lines[301]  # the last gyr_z, and an acc_x
    table = read(given(tmp_path, "\n".join(lines), "run.csv"))
    assert np.isnan(table.samples.acceleration_m_s2[50, 0])
    lacking = [50, len(ACC) - 1]
    np.testing.assert_allclose(
        np.delete(table.samples.acceleration_m_s2, lacking, 0),
        np.delete(ACC, lacking, 0),
        atol=1e-4,
    )
    apart = [f"{k}.{'xyz'.index(axis)},acc,{axis},9.5" for k in range(99) for axis in "xyz"]
    with pytest.raises(InputError, match="not each axis at each time once"):
        read(given(tmp_path, "\n".join(["time,sensor,axis,value", *apart]), "run.csv"))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("CREATE TABLE imu(t real);\nINSERT INTO imu VALUES(0.1,2.0,3.0);\n", "a database"),
        ("(1770000000.005000) can0 1A0#0102030405060708\n", "a CAN bus"),
        (
            "".join(f"{k:08x}  01 0a 03 04 05 06 07 08  |........|\n" for k in range(0, 80, 8)),
            "in hexadecimal",
        ),
        ("TDSm\x0e\0\0\0" * 40, "TDMS of LabVIEW"),
        ("<!DOCTYPE html>\n<table><tr><td>0.1</td></tr></table>\n", "the web"),
        ("-----BEGIN PGP MESSAGE-----\n\nhQEMA0jK3lw\n", "encrypted"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path: Path, text: str, cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        read(given(tmp_path, text * 3))
    (tmp_path / "packed").write_bytes(gzip.compress(text.encode() * 3))
    with pytest.raises(InputError, match=cause):
        read(tmp_path / "packed")


@pytest.mark.parametrize(
    ("names", "form"),
    [
        ("id,timestamp,payload,status", "7,{date_ms:.0f},{record},ok"),
        ("time_s,payload,id", "{t},{record},7"),
        ("id,payload,created", "{id},{record},2026-03-01 07:00:0{t:.3f}"),
        ("id;payload;time_ms", "{id};{record};{ms:.0f}"),
        ("id,payload", "{id},{record}"),
    ],
)
def test_records_of_json_in_the_cells_of_a_table(tmp_path: Path, names: str, form: str) -> None:
    record = '"{{""acc"":{a},""gyr"":{g}}}"'
    lines = [
        form.format(
            id=1_000_000_000 + k, t=t, ms=t * 1e3, date_ms=1_770_000_000_000 + t * 1e3,
            record=record.format(a=a, g=g),
        )
        for k, (t, a, g) in enumerate(
            zip(RUN.time_s.tolist(), ACC.tolist(), GYR.tolist(), strict=True)
        )
    ]  # fmt: skip
    path = given(tmp_path, "\n".join([names, *lines]) + "\n", "run.csv")
    if names == "id,payload":
        with pytest.raises(InputError, match="there is no time column"):
            read(path)
    assert_is_the_run(read(path, rate_hz=100.0 if names == "id,payload" else None))


def test_axes_below_the_name_of_their_sensor(tmp_path: Path) -> None:
    names = "rosbagTimestamp,header,seq,secs,nsecs,angular_velocity,x,y,z,linear_acceleration,x,y,z"
    lines = [
        f"{1770000000003 + k * 10}000000,,{k},{1770000000 + k // 100},{k % 100 * 10**7},,"
        f"{rows(GYR[k : k + 1], ',').strip()},,{rows(ACC[k : k + 1], ',').strip()}"
        for k in range(len(ACC))
    ]
    text = "\n".join([names, *lines]) + "\n"
    assert_is_the_run(read(given(tmp_path, text, "run.csv")))


def test_vectors_in_cells_below_a_header_of_words(tmp_path: Path) -> None:
    lines = [
        f'{t * 1e3:.0f};"{rows(a, ",").strip()}";"{rows(g, ",").strip()}"'
        for t, a, g in zip(RUN.time_s, ACC[:, None], GYR[:, None], strict=True)
    ]
    text = "\n".join(['Timestamp;"Hips acc";"Hips gyro"', *lines]) + "\n"
    table = read(given(tmp_path, text, "run.csv"))
    assert_is_the_run(table)
    assert len(table.notes) == 1  # what is read as what, and of no second header


@pytest.mark.parametrize(
    ("form", "names"),
    [
        ("I ({ms}) {s}: {x:.5f}, {y:.5f}, {z:.5f}", ("ACC", "GYR", "MAG")),
        (
            "03-01 07:00:0{t:.3f} 12 D Log: {s} ts={ms}000000 values=[{x:.5f}, {y:.5f}, {z:.5f}]",
            ("ACCELEROMETER", "GYROSCOPE", "MAGNETIC_FIELD"),
        ),
        (
            "time: 2026-03-01 07:00:0{t:.3f} {s}: [{x:.5f}, {y:.5f}, {z:.5f}]",
            ("Accelerometer", "Gyroscope"),
        ),
        ("[07:00:0{t:.3f}] {s} = {x:.5f};{y:.5f};{z:.5f}", ("Accelerometer", "Gyroscope")),
        ("{t:.3f} {s} ({x:.5f} {y:.5f} {z:.5f})", ("accel", "gyro")),
        ("{t:.3f} [thread-{k}] step {step} {s}: {x:.5f} {y:.5f} {z:.5f}", ("acc", "gyr")),
    ],
)
def test_lines_of_a_log_that_are_of_one_sensor_each(
    tmp_path: Path, form: str, names: tuple[str, ...]
) -> None:
    held = (ACC, GYR, 0.1 * GYR + 40.0)
    lines = [
        form.format(t=t, ms=round(t * 1e3), s=name, x=x, y=y, z=z, k=k % 3, step=k // 200)
        for k, t in enumerate(RUN.time_s.tolist())
        for name, values in zip(names, held, strict=False)
        for x, y, z in [values[k].tolist()]
    ]
    assert_is_the_run(read(given(tmp_path, "\n".join(lines) + "\n", "run.log")))


@pytest.mark.parametrize("name", ["host", "topic", "who"])
def test_rows_of_one_value_of_devices_that_take_turns(tmp_path: Path, name: str) -> None:
    values = [
        f"{t + late:.4f},{device},{'ag'[s]}_{axis},{scale * held[k, place]:.5f},{'ag'[s]}"
        for k, t in enumerate(RUN.time_s.tolist())
        for late, device, scale in ((0.0, "A7", 1.0), (0.0023, "B8", 1.2))
        for s, held in enumerate((ACC, GYR))
        for place, axis in enumerate("xyz")
    ]
    text = f"time,{name},variable,value,kind\n" + "\n".join(values) + "\n"
    text = text.replace(",a_", ",acc_").replace(",g_", ",gyr_")
    path = given(tmp_path, text, "run.csv")
    records = list(csv.DictReader(text.splitlines()))
    files = [path, given(tmp_path, "\n".join(map(json.dumps, records)), "run.jsonl")]
    if name == "host":
        pa = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        files.append(tmp_path / "run.parquet")
        parquet.write_table(pa.Table.from_pylist(records), files[-1])
    for one in files:
        with pytest.raises(InputError, match=f"'{name}' says that rows are of 'A7' and 'B8'"):
            read(one)
        assert_is_the_run(read(one, stream="A7"))


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (("sacrum acc", "foot acc", "sacrum gyr", "foot gyr"), ""),
        (("anna acc", "bert acc", "anna gyr", "bert gyr"), "anna"),
        (("node 7 acc", "node 8 acc", "node 7 gyr", "node 8 gyr"), "7"),
        (("ACCELEROMETER", "LINEAR_ACCELERATION", "GYROSCOPE", "GYROSCOPE_UNCALIBRATED"), ""),
    ],
)
def test_lines_of_a_log_that_are_of_several_devices(
    tmp_path: Path, names: tuple[str, ...], chosen: str
) -> None:
    held = (ACC, 1.5 * ACC - 4.0, GYR, GYR + 1.0)
    lines = [
        f"{t + 0.002 * (place % 2):.3f} {name}: {x:.5f}, {y:.5f}, {z:.5f}"
        for k, t in enumerate(RUN.time_s.tolist())
        for place, (name, values) in enumerate(zip(names, held, strict=True))
        for x, y, z in [values[k].tolist()]
    ]
    path = given(tmp_path, "\n".join(lines) + "\n", "run.log")
    if chosen:
        with pytest.raises(InputError, match="--stream"):
            read(path)
    assert_is_the_run(read(path, stream=chosen))


def test_a_line_of_nothing_but_digits_takes_no_time(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(given(tmp_path, f"acc: {'1' * 30_000}\n" * 3, "run.log"))  # once two minutes


def test_a_time_that_never_changes_is_none(tmp_path: Path) -> None:
    names = ["timestamp", "gyro_rad[0]", "gyro_rad[1]", "gyro_rad[2]"]
    names += ["accelerometer_timestamp_relative", *[f"accelerometer_m_s2[{k}]" for k in range(3)]]
    values = np.column_stack([RUN.time_s * 1e6, GYR, np.zeros(len(ACC)), ACC])
    text = ",".join(names) + "\n" + rows(values, ",")
    assert_is_the_run(read(given(tmp_path, text, "run.csv")))
    text = ",".join(["timestamp", *NAMES]) + "\n"
    text += "".join(f"1.77E+12,{row}\n" for row in rows(MEASURED, ",").splitlines())
    with pytest.raises(InputError, match=r"'timestamp' says the same time in all.*--rate"):
        read(given(tmp_path, text, "run.csv"))


def test_x_value_is_an_axis_beside_a_time(tmp_path: Path) -> None:
    names = ["Time", "X value", "Z value", *NAMES[3:]]
    text = ",".join(names) + "\n" + rows(np.delete(TIMED, 2, 1), ",")
    table = read(given(tmp_path, text, "run.csv"))
    np.testing.assert_allclose(
        table.samples.acceleration_m_s2[:, [0, 2]], ACC[:, [0, 2]], atol=1e-4
    )


def test_counts_between_blanks_are_no_dump_of_bytes(tmp_path: Path) -> None:
    counts = np.round(MEASURED * 100.0 + 4000.0)
    lines = [
        f"{k * 10:06d} {' '.join(f'{v:04.0f}' for v in row)}\n"
        for k, row in enumerate(counts.tolist())
    ]
    with pytest.raises(InputError, match="the columns have no names"):
        read(given(tmp_path, "".join(lines)))


def test_a_line_of_quotes_alone_is_no_row(tmp_path: Path) -> None:
    names = " ".join(name.replace(" ", "_") for name in ["time_s", *NAMES])
    body = rows(TIMED, " ").splitlines()
    text = "\n".join(['""', names, *body[:300], '""', *body[300:], ""])
    assert_is_the_run(read(given(tmp_path, text)))


def test_rows_of_one_value_of_several_places_and_units(tmp_path: Path) -> None:
    lines = ["location,time,quantity,axis,value,unit"]
    for place, scale in (("left foot", 3.0), ("sacrum", 1.0)):
        lines += [
            f"{place},{t:.3f},{quantity},{axis},{scale * held[k, a]:.5f},{unit}"
            for k, t in enumerate(RUN.time_s.tolist())
            for quantity, held, unit in (
                ("acceleration", ACC, "m/s2"),
                ("angular velocity", GYR, "rad/s"),
            )
            for a, axis in enumerate("XYZ")
        ]
    table = read(given(tmp_path, "\n".join(lines) + "\n", "run.csv"))
    assert_is_the_run(table)
    assert any("rows of 'sacrum' are read" in note for note in table.notes)
