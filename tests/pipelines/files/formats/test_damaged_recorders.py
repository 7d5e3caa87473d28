"""Files of recorders of which a part is damaged or cut off: the rest is read, and that is told."""

from __future__ import annotations

import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import SampleTable, read
from tests.pipelines.files.reading.shapes import G, a_run

pytest.importorskip("actfast")

RUN = a_run(rate_hz=100.0, seconds=30.0)
START = datetime(2025, 10, 4, 6, 15, 20)
A_SECTOR = 40
A_PAGE = 300


def axivity(path: Path) -> bytearray:
    """Sectors of an AX6: 40 samples of ±8 g and ±1000 °/s."""
    rate, axes_and_bytes = 10, 0x62  # 3200 / 2^(15 − 10) Hz
    data = bytearray(b"\xff" * 1024)
    data[:4] = struct.pack("<HH", 0x444D, 1020)
    data[4], data[36] = 0x64, rate
    counts = np.hstack([
        np.degrees(RUN.angular_velocity_rad_s) * 32768 / 1000, RUN.acceleration_m_s2 / G * 4096
    ]).round().astype("<i2")  # fmt: skip
    for number, first in enumerate(range(0, len(counts), A_SECTOR)):
        at = START + timedelta(seconds=first / RUN.rate_hz)
        stamp = (at.year - 2000) << 26 | at.month << 22 | at.day << 17 | at.hour << 12
        stamp |= at.minute << 6 | at.second
        # the sample that stands at the whole second
        offset = -round(at.microsecond / 1e6 * RUN.rate_hz)
        ranges = 4 << 13 | 3 << 10
        head = struct.pack(
            "<HHHIIIHHBBBBhH", 0x5841, 508, 0, 9, number, stamp, ranges, 290, 0, 190, rate,
            axes_and_bytes, offset, A_SECTOR,
        )  # fmt: skip
        sector = head + counts[first : first + A_SECTOR].tobytes()
        total = sum(struct.unpack("<255H", sector))
        data += sector + struct.pack("<H", -total & 0xFFFF)
    path.write_bytes(data)
    return data


def geneactiv(path: Path) -> bytearray:
    """Pages of a GENEActiv: 300 samples of three axes of 12 bits, and of light."""
    sections = {
        "Device Identity": "Device Unique Serial Code:000123|Device Type:GENEActiv|Device Model:1.1"
        "|Device Firmware Version:Ver1.30|Calibration Date:2025-01-01 10:00:00:000",
        "Device Capabilities": "Accelerometer Range:-8 to 8|Accelerometer Resolution:0.0039|"
        "Accelerometer Units:g|Light Meter Range:0 to 5000|Light Meter Resolution:5|Light Meter "
        "Units:lux|Temperature Sensor Range:0 to 70|Temperature Sensor Resolution:0.1|Temperature "
        "Sensor Units:deg. C",
        "Configuration Info": "Measurement Frequency:100 Hz|Measurement Period:1 Hours|Start Time:"
        f"{START:%Y-%m-%d %H:%M:%S}:000|Time Zone:GMT +00:00",
        "Trial Info": "Study Centre:|Study Code:|Investigator ID:|Exercise Type:|Config Operator "
        "ID:|Config Time:|Config Notes:|Extract Operator ID:|Extract Time:|Extract Notes:",
        "Subject Info": "Device Location Code:|Subject Code:|Date of Birth:1900-1-1|Sex:|Height:|"
        "Weight:|Handedness Code:|Subject Notes:none",
        "Calibration Data": "x gain:25000|x offset:0|y gain:25000|y offset:0|z gain:25000|"
        "z offset:0|Volts:300|Lux:800",
        "Memory Status": f"Number of Pages:{len(RUN.time_s) // A_PAGE}",
    }
    head = "".join(f"{title}\n{lines}\n\n".replace("|", "\n") for title, lines in sections.items())
    counts = np.clip(np.round(RUN.acceleration_m_s2 / G * 250), -2048, 2047).astype(int) & 0xFFF
    text = head
    for number, first in enumerate(range(0, len(counts), A_PAGE)):
        at = START + timedelta(seconds=first / RUN.rate_hz)
        text += f"Recorded Data\nDevice Unique Serial Code:000123\nSequence Number:{number}\n"
        text += f"Page Time:{at:%Y-%m-%d %H:%M:%S}:{at.microsecond // 1000:03d}\nUnassigned:\n"
        text += "Temperature:20.5\nBattery voltage:4.05\nDevice Status:Recording\n"
        text += "Measurement Frequency:100.0\n"
        rows = counts[first : first + A_PAGE]
        text += "".join(f"{x:03X}{y:03X}{z:03X}000" for x, y, z in rows) + "\n"
    data = bytearray(text.encode())
    path.write_bytes(data)
    return data


def assert_is_the_run_but(table: SampleTable, lost: range, atol: float) -> None:
    kept = np.setdiff1d(np.arange(len(RUN.time_s)), np.asarray(lost))
    rows = np.round(table.samples.time_s * RUN.rate_hz).astype(int)
    assert abs(len(rows) - len(kept)) <= 1
    assert np.isin(rows, kept).all()
    np.testing.assert_allclose(
        table.samples.acceleration_m_s2, RUN.acceleration_m_s2[rows], atol=atol
    )


Writer = Callable[[Path], bytearray]
MAKERS = pytest.mark.parametrize(
    ("writer", "name", "part", "part_rows", "atol"),
    [
        (axivity, "run.cwa", "sector", A_SECTOR, 0.01),
        (geneactiv, "run.bin", "page", A_PAGE, 0.05),
    ],
)


def place_of(data: bytearray, part: str, number: int) -> int:
    """Where the readings of a part begin."""
    if part == "sector":
        return 1024 + 512 * number + 30
    place = -1
    for _ in range(number + 1):
        place = data.index(b"Measurement Frequency:100.0\n", place + 1)
    return place + 28


@MAKERS
def test_a_whole_file_is_told_nothing(
    tmp_path: Path, writer: Writer, name: str, part: str, part_rows: int, atol: float
) -> None:
    path = tmp_path / name
    writer(path)
    table = read(path)
    assert_is_the_run_but(table, range(0), atol)
    assert len(table.notes) == 1


@MAKERS
@pytest.mark.parametrize("number", [0, 3])
def test_a_damaged_part_is_a_gap_and_is_told(
    tmp_path: Path, writer: Writer, name: str, part: str, part_rows: int, atol: float, number: int
) -> None:
    path = tmp_path / name
    data = writer(path)
    place = place_of(data, part, number)
    data[place + 60] = ord("~")
    path.write_bytes(data)
    lost = range(part_rows * number, part_rows * (number + 1))
    table = read(path)
    if number:
        assert_is_the_run_but(table, lost, atol)
    assert len(table.samples) == pytest.approx(len(RUN.time_s) - part_rows, abs=1)
    (note,) = (note for note in table.notes if "left out" in note)
    assert f"1 of {len(RUN.time_s) // part_rows} {part}s is damaged and left out" in note


@MAKERS
def test_a_file_that_ends_within_a_part_is_read_so_far_and_told(
    tmp_path: Path, writer: Writer, name: str, part: str, part_rows: int, atol: float
) -> None:
    path = tmp_path / name
    data = writer(path)
    path.write_bytes(data[: place_of(data, part, 5) + 125])
    table = read(path)
    assert any(f"ends in the middle of a {part}" in note for note in table.notes)
    assert 5 * part_rows <= len(table.samples) <= 6 * part_rows
    np.testing.assert_allclose(
        table.samples.acceleration_m_s2[: 5 * part_rows],
        RUN.acceleration_m_s2[: 5 * part_rows],
        atol=atol,
    )


@pytest.mark.parametrize("empty", [b"\xff", b"\0"])
def test_sectors_that_were_never_written_are_none(tmp_path: Path, empty: bytes) -> None:
    path = tmp_path / "run.cwa"
    data = axivity(path)
    path.write_bytes(data + empty * 512 * 7)
    table = read(path)
    assert_is_the_run_but(table, range(0), 0.01)
    assert len(table.notes) == 1


def test_pages_with_decimal_commas_and_a_name_in_other_letters_are_read(tmp_path: Path) -> None:
    path = tmp_path / "run.bin"
    text = geneactiv(path).replace(b":100.0\n", b":100,0\n").replace(b":20.5\n", b":20,5\n")
    path.write_bytes(text.replace(b"Notes:none", "Notes:Jörg".encode("latin-1")))
    table = read(path)
    assert table.rate_hz == 100.0
    assert_is_the_run_but(table, range(0), 0.05)
    assert len(table.notes) == 1


def test_a_file_without_a_sound_part_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.cwa"
    data = axivity(path)
    for place in range(1024 + 100, len(data), 512):
        data[place] ^= 1
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"Axivity"):
        read(path)


@MAKERS
def test_a_file_that_ends_within_its_head_or_first_part_is_refused(
    tmp_path: Path, writer: Writer, name: str, part: str, part_rows: int, atol: float
) -> None:
    path = tmp_path / name
    data = writer(path)
    for length in np.linspace(200, place_of(data, part, 0), 15).astype(int):
        path.write_bytes(data[:length])
        with pytest.raises(InputError):
            read(path)
