"""What the programs of laboratories and data bases write, one test a kind of file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
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


def test_records_of_json_in_the_cells_of_a_table(tmp_path: Path) -> None:
    lines = [
        f'7,{1770000000000 + round(t * 1e3)},"{{""acc"":{a},""gyr"":{b}}}",ok'
        for t, a, b in zip(RUN.time_s.tolist(), ACC.tolist(), GYR.tolist(), strict=True)
    ]
    text = "\n".join(["id,timestamp,payload,status", *lines]) + "\n"
    assert_is_the_run(read(given(tmp_path, text, "run.csv")))


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("CREATE TABLE imu(t real);\nINSERT INTO imu VALUES(0.1,2.0,3.0);\n", "a database"),
        ("(1770000000.005000) can0 1A0#0102030405060708\n", "a CAN bus"),
        ("00000000  01 02 03 04 05 06 07 08  |........|\n" * 9, "in hexadecimal"),
        ("<!DOCTYPE html>\n<table><tr><td>0.1</td></tr></table>\n", "the web"),
        ("-----BEGIN PGP MESSAGE-----\n\nhQEMA0jK3lw\n", "encrypted"),
    ],
)
def test_what_is_no_table_is_refused_with_what_it_is(tmp_path: Path, text: str, cause: str) -> None:
    with pytest.raises(InputError, match=cause):
        read(given(tmp_path, text * 3))
