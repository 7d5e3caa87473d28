"""Each named format in its layout: the run that was written is the run that is read."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from devices.protocols.shimmer3_calibration import Calibration
from devices.protocols.witmotion import encode_frames
from imu.errors import InputError
from pipelines import SampleTable, read
from pipelines.files.formats.format import FileFormat, TextFormat
from pipelines.files.formats.table import FILE_FORMATS, TEXT_FORMATS, format_list
from tests.pipelines.files.reading.shapes import G, Run, a_run

RUN = a_run()
NS = 1_758_300_000_000_000_000


@dataclass(frozen=True)
class Made:
    """A file of a format and how closely it holds the run."""

    file: Path
    acceleration: float = 2e-3
    turning: float | None = 2e-3
    maker: str = ""


def rows(*columns: object, separator: str = ",") -> str:
    lists = [np.asarray(column).tolist() for column in columns]
    return "".join(
        separator.join(str(round(v, 6)) if isinstance(v, float) else str(v) for v in row) + "\n"
        for row in zip(*lists, strict=True)
    )


def xyz(values: np.ndarray, order: str = "xyz") -> list[np.ndarray]:
    return [values[:, "xyz".index(axis)] for axis in order]


def zipped(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return path


def phyphox(folder: Path, run: Run) -> Made:
    head = '"Time (s)","{0} x ({1})","{0} y ({1})","{0} z ({1})"\n'
    files = {
        "Accelerometer.csv": head.format("Acceleration", "m/s^2")
        + rows(run.time_s + 0.1, *xyz(run.acceleration_m_s2)),
        "Linear Acceleration.csv": head.format("Linear Acceleration", "m/s^2")
        + rows(run.time_s + 0.1, *xyz(run.acceleration_m_s2 - [0, 0, G])),
        "Gyroscope.csv": head.format("Gyroscope", "rad/s")
        + rows(run.time_s + 0.1, *xyz(run.angular_velocity_rad_s)),
        "meta/device.csv": '"property","value"\n"deviceModel","A-1"\n',
        "meta/time.csv": '"event","experiment time","system time"\n',
    }
    return Made(zipped(folder / "phyphox 2026.zip", files), maker="phyphox")


def _logged(run: Run, values: np.ndarray, late_s: float = 0.0) -> str:
    stamps = NS + np.round((run.time_s + late_s) * 1e9).astype(np.int64)
    return "time,seconds_elapsed,z,y,x\n" + rows(stamps, run.time_s + late_s, *xyz(values, "zyx"))


def sensor_logger_android(folder: Path, run: Run) -> Made:
    files = {
        "Metadata.csv": "version,device name,platform\n3,Phone,android\n",
        "Accelerometer.csv": _logged(run, run.acceleration_m_s2 - [0, 0, G]),
        "TotalAcceleration.csv": _logged(run, run.acceleration_m_s2),
        "Gyroscope.csv": _logged(run, run.angular_velocity_rad_s),
    }
    return Made(zipped(folder / "a.zip", files), maker="Sensor Logger")


def sensor_logger_iphone(folder: Path, run: Run) -> Made:
    gravity = np.tile([0.0, 0.0, G], (len(run.time_s), 1))
    files = {
        "Metadata.csv": "version,device name,platform\n3,Phone,ios\n",
        "Accelerometer.csv": _logged(run, gravity - run.acceleration_m_s2),
        "Gravity.csv": _logged(run, -gravity, 0.003),
        "Gyroscope.csv": _logged(run, run.angular_velocity_rad_s),
    }
    return Made(zipped(folder / "i.zip", files), maker="Sensor Logger")


def sensor_logger_json(folder: Path, run: Run) -> Made:
    entries: list[dict[str, str]] = [{"sensor": "Metadata", "platform": "android"}]
    for sensor, values in (
        ("TotalAcceleration", run.acceleration_m_s2),
        ("Gyroscope", run.angular_velocity_rad_s),
    ):
        entries += [
            {
                "sensor": sensor,
                "time": str(NS + round(t * 1e9)),
                "seconds_elapsed": str(t),
                "x": str(v[0]),
                "y": str(v[1]),
                "z": str(v[2]),
            }
            for t, v in zip(run.time_s.tolist(), values.tolist(), strict=True)
        ]
    path = folder / "log.json"
    path.write_text(json.dumps(entries))
    return Made(path, maker="Sensor Logger")


def movesense(folder: Path, run: Run) -> Made:
    def axes(values: np.ndarray) -> list[dict[str, float]]:
        return [dict(zip("xyz", row, strict=True)) for row in values.tolist()]

    packets = [
        {
            "imu6": {
                "Timestamp": round(float(run.time_s[k]) * 1000) + 70_000,
                "ArrayAcc": axes(run.acceleration_m_s2[k : k + 4]),
                "ArrayGyro": axes(np.degrees(run.angular_velocity_rad_s[k : k + 4])),
            }
        }
        for k in range(0, len(run.time_s), 4)
    ]
    path = folder / "imu6.json"
    path.write_text(json.dumps({"data": packets}))
    return Made(path, maker="Movesense")


def movella_dot(folder: Path, run: Run, tick_us: float = 1.0) -> Made:
    ticks = (np.round(run.time_s * 1e6 / tick_us).astype(np.int64) + 2**32 - 2_500_000) % 2**32
    text = (
        "sep=,\nDeviceTag:,D22-A1\nFirmwareVersion:,3.0.0\nOutputRate: 100Hz\n\n"
        "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z\n"
    )
    text += rows(
        np.arange(len(ticks)),
        ticks,
        *xyz(run.acceleration_m_s2),
        *xyz(np.degrees(run.angular_velocity_rad_s)),
    )
    path = folder / "dot.csv"
    path.write_text(text)
    return Made(path, maker="Movella")


def betaflight(folder: Path, run: Run) -> Made:
    text = '"Product","Blackbox flight data recorder"\n"acc_1G","2048"\n"looptime","125"\n'
    text += "loopIteration,time (us),gyroADC[0],gyroADC[1],gyroADC[2],"
    text += "accSmooth[0],accSmooth[1],accSmooth[2]\n"
    text += rows(
        np.arange(len(run.time_s)),
        np.round(run.time_s * 1e6).astype(np.int64),
        *xyz(np.round(np.degrees(run.angular_velocity_rad_s)).astype(np.int64)),
        *xyz(np.round(run.acceleration_m_s2 / G * 2048).astype(np.int64)),
    )
    path = folder / "btfl_001.csv"
    path.write_text(text)
    return Made(path, acceleration=3e-3, turning=0.01, maker="Betaflight")


def gyroflow(folder: Path, run: Run) -> Made:
    text = "GYROFLOW IMU LOG\nversion,1.3\nid,a\norientation,XYZ\ntimestamp,1772348400\n"
    text += "tscale,0.001\ngscale,0.00122173\nascale,0.00048828125\nt,gx,gy,gz,ax,ay,az\n"
    text += rows(
        np.round(run.time_s * 1e3).astype(np.int64),
        *xyz(np.round(run.angular_velocity_rad_s / 0.00122173).astype(np.int64)),
        *xyz(np.round(run.acceleration_m_s2 / G * 2048).astype(np.int64)),
    )
    path = folder / "film.gcsv"
    path.write_text(text)
    return Made(path, acceleration=3e-3, maker="Gyroflow")


def xsens_mt(folder: Path, run: Run) -> Made:
    text = "// General information:\n//  MT Manager version: 2022\n// Update Rate: 100.0Hz\n"
    text += "\t".join(
        ["PacketCounter", "SampleTimeFine", *(f"{s}_{a}" for s in ("Acc", "Gyr") for a in "XYZ")]
    )
    text += "\n" + rows(
        np.arange(len(run.time_s)) + 7,
        np.round(run.time_s * 1e4).astype(np.int64),
        *xyz(run.acceleration_m_s2),
        *xyz(run.angular_velocity_rad_s),
        separator="\t",
    )
    path = folder / "MT_0001.txt"
    path.write_text(text)
    return Made(path, maker="Xsens")


def blue_trident(folder: Path, run: Run) -> Made:
    head = ["unix_timestamp_microsec", "time_s"]
    head += [f"a{a}_m/s/s" for a in "xyz"] + [f"g{a}_deg/s" for a in "xyz"]
    text = ",".join(head) + "\n"
    text += rows(
        np.round(run.time_s * 1e6).astype(np.int64) + NS // 1000,
        np.round(run.time_s, 3),
        *xyz(run.acceleration_m_s2),
        *xyz(np.degrees(run.angular_velocity_rad_s)),
    )
    path = folder / "TS-1_lowg.csv"
    path.write_text(text)
    return Made(path, maker="Vicon")


def shimmer(folder: Path, run: Run) -> Made:
    signals = [
        "Timestamp_Unix",
        *(f"Accel_LN_{a}" for a in "XYZ"),
        *(f"Accel_WR_{a}" for a in "XYZ"),
    ]
    signals += [f"Gyro_{a}" for a in "XYZ"]
    units = ["ms"] + ["m/(s^2)"] * 6 + ["deg/s"] * 3
    text = "sep=\t\n" + "\n".join(
        "\t".join(line)
        for line in (
            ["Shimmer_8C"] * 10,
            [f"Shimmer_8C_{s}_CAL" for s in signals],
            ["CAL"] * 10,
            units,
        )
    )
    text += "\n" + rows(
        run.time_s * 1000 + NS / 1e6,
        *xyz(np.clip(run.acceleration_m_s2, -2 * G, 2 * G)),
        *xyz(run.acceleration_m_s2),
        *xyz(np.degrees(run.angular_velocity_rad_s)),
        separator="\t",
    )
    path = folder / "Session1_Shimmer_8C_Calibrated_SD.csv"
    path.write_text(text)
    return Made(path, maker="Shimmer")


def shimmer_dated(folder: Path, run: Run) -> Made:
    made = shimmer(folder, run)
    lines = made.file.read_text().replace("_Unix_", "_FormattedUnix_").splitlines()
    lines[4] = lines[4].replace("ms", "yyyy/mm/dd hh:mm:ss.000")
    for k, time in enumerate(run.time_s.tolist(), 5):
        lines[k] = f"2026/03/01 07:00:0{time:.3f}\t" + lines[k].partition("\t")[2]
    made.file.write_text("\n".join(lines) + "\n")
    return made


def witmotion_older(folder: Path, run: Run) -> Made:
    text = "StartTime: 2026-03-01 10:00:00.000\nTime(s)\t"
    text += "\t".join(f"{n}{a}({u})" for n, u in (("a", "g"), ("w", "deg/s")) for a in "xyz")
    stamps = [f"10:00:{t:06.3f}" for t in run.time_s.tolist()]
    text += "\n" + rows(
        stamps,
        *xyz(run.acceleration_m_s2 / G),
        *xyz(np.degrees(run.angular_velocity_rad_s)),
        separator="\t",
    )
    path = folder / "wit.txt"
    path.write_text(text)
    return Made(path, maker="WitMotion")


def witmotion_newer(folder: Path, run: Run) -> Made:
    head = ["time", "DeviceName", *(f"Acceleration {a}(g)" for a in "XYZ")]
    head += [f"Angular velocity {a}(°/s)" for a in "XYZ"] + [f"Angle {a}(°)" for a in "XYZ"]
    stamps = [f"2026-3-1 10:00:{t:06.3f}".replace(".", ":") for t in run.time_s.tolist()]
    zeros = np.zeros(len(stamps))
    text = ",".join(head) + "\n"
    text += rows(
        stamps,
        ["WT901(ab:cd)"] * len(stamps),
        *xyz(run.acceleration_m_s2 / G),
        *xyz(np.degrees(run.angular_velocity_rad_s)),
        zeros,
        zeros,
        zeros,
    )
    path = folder / "wit.csv"
    path.write_text(text, encoding="utf-8")
    return Made(path, maker="WitMotion")


def witmotion_card(folder: Path, run: Run) -> Made:
    counts = np.concatenate(
        [
            run.acceleration_m_s2 / (16 * G) * 32768,
            np.degrees(run.angular_velocity_rad_s) / 2000 * 32768,
            np.zeros_like(run.acceleration_m_s2),
        ],
        axis=1,
    )
    frames = b""
    for t, row in zip(run.time_s.tolist(), np.round(counts).astype(int).tolist(), strict=True):
        ms = round(t * 1000)
        frames += struct.pack("<2B9h6BH", 0x55, 0x61, *row, 26, 3, 1, 10, 0, ms // 1000, ms % 1000)
    assert frames[:20] == encode_frames([np.round(counts[0])])[:20]
    path = folder / "WIT7.TXT"
    path.write_bytes(frames[23:28] + frames)  # the card begins within a frame
    return Made(path, 3e-3, 1.1e-3, "WitMotion")


def shimmer_card(folder: Path, run: Run, *, synchronised: bool = False) -> Made:
    wide = Calibration((20, -35, 12), (418, 418, 418), (0, -100, 0, 100, 0, 0, 0, 0, -100))
    gyro = Calibration((3, -4, 5), (1640, 1640, 1640), (0, -100, 0, -100, 0, 0, 0, 0, -100))
    acc_counts = np.round(wide.raw(run.acceleration_m_s2, 1.0)).astype("<i2")
    gyr_counts = np.round(gyro.raw(run.angular_velocity_rad_s, np.radians(100.0))).astype(">i2")
    head = bytearray(256)
    head[0:2] = struct.pack("<H", 328)
    head[3:6] = (1 << 6 | 1 << 12 | 1 << 13).to_bytes(3, "little")
    head[16:18] = struct.pack("<H", 4 if synchronised else 0)
    head[30:32] = struct.pack(">H", 3)
    head[0x4C : 0x4C + 21] = struct.pack(">6h9b", *wide.bias, *wide.sensitivity, *wide.alignment)
    head[0x61 : 0x61 + 21] = struct.pack(">6h9b", *gyro.bias, *gyro.sensitivity, *gyro.alignment)
    ticks = (np.round(run.time_s * 32768).astype(int) + 2**24 - 70_000) % 2**24
    samples = [
        int(t).to_bytes(3, "little") + b"\x10\x0f" + g.tobytes() + a.tobytes()
        for t, g, a in zip(ticks.tolist(), gyr_counts, acc_counts, strict=True)
    ]
    if synchronised:
        each = (512 - 9) // len(samples[0])
        samples = [(bytes(9) if k % each == 0 else b"") + s for k, s in enumerate(samples)]
    path = folder / "000"
    path.write_bytes(bytes(head) + b"".join(samples))
    return Made(path, 2e-3, 1e-3, "Shimmer3")


def polar(folder: Path, run: Run) -> Made:
    stamps = np.round(run.time_s * 1e9).astype(np.int64) + 599_616_000_000_000_000
    phone = [f"2026-03-01T10:00:{t:06.3f}" for t in run.time_s.tolist()]
    text = "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg] \n"
    text += rows(phone, stamps, *xyz(run.acceleration_m_s2 / G * 1000), separator=";")
    path = folder / "Polar_Verity_ACC.txt"
    path.write_text(text)
    return Made(path, turning=None, maker="Polar")


def parquet(folder: Path, run: Run) -> Made:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"timestamp": pandas.to_datetime(NS + np.round(run.time_s * 1e9).astype(np.int64))}
        | {f"acc_{a}": v / G for a, v in zip("xyz", xyz(run.acceleration_m_s2), strict=True)}
        | {
            f"gyr_{a} (deg/s)": np.degrees(v)
            for a, v in zip("xyz", xyz(run.angular_velocity_rad_s), strict=True)
        }
        | {"label": ["run"] * len(run.time_s)}
    )
    path = folder / "run.parquet"
    frame.to_parquet(path)
    return Made(path)


def feather(folder: Path, run: Run) -> Made:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(
        {"time_ms": run.time_s * 1000}
        | {f"acc_{a}_g": v / G for a, v in zip("xyz", xyz(run.acceleration_m_s2), strict=True)}
        | {f"gyr_{a}_rad_s": v for a, v in zip("xyz", xyz(run.angular_velocity_rad_s), strict=True)}
    )
    path = folder / "run.feather"
    frame.to_feather(path)
    return Made(path)


def npz(folder: Path, run: Run) -> Made:
    path = folder / "run.npz"
    np.savez(path, acc_g=run.acceleration_m_s2 / G, gyr_rad_s=run.angular_velocity_rad_s, fs=100)
    return Made(path)


def npy(folder: Path, run: Run) -> Made:
    path = folder / "run.npy"
    np.save(
        path,
        np.column_stack(
            [run.time_s, run.acceleration_m_s2, np.degrees(run.angular_velocity_rad_s)]
        ),
    )
    return Made(path)


def mat(folder: Path, run: Run) -> Made:
    from scipy.io import savemat

    imu = {"acc": run.acceleration_m_s2, "gyro": run.angular_velocity_rad_s, "t": run.time_s}
    path = folder / "run.mat"
    savemat(path, {"data": imu, "subject": "A"}, do_compression=True)
    return Made(path)


def _chunk(tag: int, body: bytes) -> bytes:
    return b"\x04" + struct.pack("<I", len(body) + 2) + struct.pack("<H", tag) + body


def xdf(folder: Path, run: Run) -> Made:
    labels = [f"{s}_{a}" for s in ("ACC", "GYR") for a in ["X", "Y", "Z"]]
    units = ["g"] * 3 + ["deg/s"] * 3
    channels = "".join(
        f"<channel><label>{n}</label><unit>{u}</unit></channel>"
        for n, u in zip(labels, units, strict=True)
    )
    header = (
        "<?xml version='1.0'?><info><name>Belt</name><type>IMU</type><channel_count>6"
        "</channel_count><nominal_srate>100</nominal_srate><channel_format>double64"
        f"</channel_format><desc><channels>{channels}</channels></desc></info>"
    ).encode()
    data = np.concatenate(
        [run.acceleration_m_s2 / G, np.degrees(run.angular_velocity_rad_s)], axis=1
    )
    samples = b"".join(
        b"\x08" + struct.pack("<d6d", t, *row)
        for t, row in zip((run.time_s + 5000).tolist(), data.tolist(), strict=True)
    )
    first = _chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")
    stream = struct.pack("<I", 1)
    body = stream + b"\x04" + struct.pack("<I", len(data)) + samples
    footer = stream + b"<?xml version='1.0'?><info></info>"
    path = folder / "run.xdf"
    path.write_bytes(
        b"XDF:" + first + _chunk(2, stream + header) + _chunk(3, body) + _chunk(6, footer)
    )
    return Made(path)


def old_actigraph(folder: Path, run: Run) -> Made:
    counts = np.round(run.acceleration_m_s2[:, [1, 0, 2]] / G * 341).astype(int).ravel() & 0xFFF
    bits = "".join(f"{c:012b}" for c in counts.tolist())
    data = int(bits, 2).to_bytes(len(bits) // 8, "big")
    path = folder / "old.gt3x"
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(
            "info.txt", "Serial Number: NEO1\nSample Rate: 100\nStart Date: 637755981000000000\n"
        )
        packed.writestr("activity.bin", data)
    return Made(path, 0.02, None, "ActiGraph")


MAKERS: list[Callable[[Path, Run], Made]] = [
    phyphox, sensor_logger_android, sensor_logger_iphone, sensor_logger_json, movesense,
    movella_dot, xsens_mt, blue_trident, shimmer, shimmer_dated, witmotion_older,
    witmotion_newer, witmotion_card, shimmer_card, polar, parquet, feather, npz, npy, mat, xdf,
    old_actigraph, betaflight, gyroflow,
]  # fmt: skip


def close(table: SampleTable, run: Run, made: Made) -> None:
    samples = table.samples
    assert len(samples) == len(run.time_s), table.notes
    assert table.rate_hz == pytest.approx(run.rate_hz, rel=2e-3)
    np.testing.assert_allclose(
        samples.acceleration_m_s2, run.acceleration_m_s2, atol=made.acceleration
    )
    assert samples.has_gyro is (made.turning is not None)
    if samples.angular_velocity_rad_s is not None and made.turning is not None:
        np.testing.assert_allclose(
            samples.angular_velocity_rad_s, run.angular_velocity_rad_s, atol=made.turning
        )


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
@pytest.mark.parametrize("seed", [1, 2])
def test_what_was_written_is_read(
    tmp_path: Path, make: Callable[[Path, Run], Made], seed: int
) -> None:
    run = a_run(seed=seed)
    made = make(tmp_path, run)
    table = read(made.file)
    close(table, run, made)
    assert made.maker in "".join(table.notes[:1])


def test_a_synchronised_card_has_stamps_between_its_blocks(tmp_path: Path) -> None:
    each = (512 - 9) // 17
    whole = a_run(seconds=each * 20 / 100.0)
    made = shimmer_card(tmp_path, whole, synchronised=True)
    close(read(made.file), whole, made)


def test_a_card_without_calibration_is_refused(tmp_path: Path) -> None:
    file = shimmer_card(tmp_path, RUN).file
    data = bytearray(file.read_bytes())
    data[0x4C : 0x4C + 21] = b"\xff" * 21
    file.write_bytes(bytes(data))
    refused(file, "no calibration of the wide range", "Consensys")


def test_a_folder_that_was_unpacked_is_read_as_its_zip(tmp_path: Path) -> None:
    made = sensor_logger_android(tmp_path, RUN)
    folder = tmp_path / "unpacked"
    zipfile.ZipFile(io.BytesIO(made.file.read_bytes())).extractall(folder)
    close(read(folder), RUN, made)


def test_the_counter_of_a_dot_may_be_coarse(tmp_path: Path) -> None:
    made = movella_dot(tmp_path, RUN, tick_us=100.0)
    close(read(made.file), RUN, made)


def test_a_table_in_a_zip_is_read(tmp_path: Path) -> None:
    made = movella_dot(tmp_path, RUN)
    close(read(zipped(tmp_path / "dot.zip", {"a/dot.csv": made.file.read_text()})), RUN, made)


def refused(path: Path, *said: str) -> None:
    with pytest.raises(InputError) as caught:
        read(path)
    text = str(caught.value)
    assert text.startswith(str(path)) and text.endswith(".") and "\n" not in text
    for piece in said:
        assert piece in text, text


def test_acceleration_without_gravity_is_refused_with_what_to_give(tmp_path: Path) -> None:
    moving = RUN.acceleration_m_s2 - [0, 0, G]
    alone = tmp_path / "Accelerometer.csv"
    alone.write_text(_logged(RUN, moving))
    refused(alone, "without gravity", "TotalAcceleration.csv")
    linear = tmp_path / "linear.csv"
    linear.write_text(
        "Time (s),Linear Acceleration x (m/s^2),Linear Acceleration y (m/s^2),"
        "Linear Acceleration z (m/s^2)\n" + rows(RUN.time_s, *xyz(moving))
    )
    refused(linear, "without gravity")
    free = movella_dot(tmp_path, RUN).file
    free.write_text(free.read_text().replace("Acc_", "FreeAcc_"))
    refused(free, "FreeAcc", "earth's frame")
    packed = zipped(
        tmp_path / "i.zip",
        {"Metadata.csv": "platform\nios\n", "Accelerometer.csv": _logged(RUN, moving)},
    )
    refused(packed, "Gravity")


def test_a_maker_s_units_are_known_where_numbers_do_not_tell(tmp_path: Path) -> None:
    """At rest the unit of a gyroscope cannot be told by physics."""
    still = Run(
        RUN.time_s[:150], RUN.acceleration_m_s2[:150], RUN.angular_velocity_rad_s[:150], 100.0
    )
    for make in (movella_dot, xsens_mt, sensor_logger_android):
        made = make(tmp_path, still)
        close(read(made.file), still, made)


def test_the_list_of_formats_says_of_each_whether_it_was_seen() -> None:
    text = format_list()
    every: list[FileFormat | TextFormat] = [*FILE_FORMATS, *TEXT_FORMATS]
    for one in every:
        line = next(line for line in text.splitlines() if line.startswith(f"| {one.name} |"))
        assert ("real files" in line) is one.seen
        assert ("by layout, not seen" in line) is not one.seen
    readme = (Path(__file__).parents[4] / "README.md").read_text(encoding="utf-8")
    for seen in (True, False):
        names = sorted((one.name for one in every if one.seen is seen), key=str.lower)
        assert " · ".join(names) in " ".join(readme.split())


def test_an_apple_device_s_table_has_its_signs_turned_and_told(tmp_path: Path) -> None:
    path = tmp_path / "watch.csv"
    names = "loggingTime(txt),accelerometerTimestamp_sinceReboot(s)"
    for sensor, unit in (("accelerometerAcceleration", "G"), ("gyroRotation", "rad/s")):
        names += "".join(f",{sensor}{axis}({unit})" for axis in "XYZ")
    words = [f"2026-03-01 10:00:{t:06.3f} +0100" for t in RUN.time_s.tolist()]
    force, turning = -RUN.acceleration_m_s2 / G, RUN.angular_velocity_rad_s
    path.write_text(f"{names}\n" + rows(words, RUN.time_s, *xyz(force), *xyz(turning)))
    table = read(path)
    np.testing.assert_allclose(table.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=2e-3)
    assert any("Apple device: the signs of its acceleration are turned" in n for n in table.notes)
