"""Long tables are parsed to the same bits by whatever parses them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest

from pipelines import read
from pipelines.files.reading import text_rows
from pipelines.files.reading.fast_numbers import parse_numbers

pytest.importorskip("pyarrow")


def test_numbers_of_every_size_have_the_bits_that_numpy_gives() -> None:
    random = np.random.default_rng(9)
    bits = random.integers(0, 1 << 64, 6000, np.uint64, endpoint=False).view(np.float64)
    values = np.where(np.isfinite(bits), bits, 0.1).reshape(-1, 3)
    lines = [",".join(map(repr, row)) for row in values.tolist()]
    text = ("\n".join([*lines, "1.,-.5,1e3", " 7 ,nan,-inf"]) + "\n").encode()
    there = np.loadtxt(io.BytesIO(text), delimiter=",")
    found = parse_numbers(text, b",", len(there), 3, [0, 2])
    assert found is not None
    assert [column.tobytes() for column in found] == [there[:, k].tobytes() for k in (0, 2)]


@pytest.mark.parametrize(
    "line", [b"1,,3", b"1,two,3", b"1,2", b"1,2,3,4", b"1,NA,3", b"1,2\r,3", b""]
)
def test_whatever_else_stands_there_is_left_to_who_knows_it(line: bytes) -> None:
    text = b"1,2,3\n" + line + b"\n1,2,3\n"
    assert parse_numbers(text, b",", 3, 3, [0, 1, 2]) is None


def test_a_long_file_is_read_as_it_is_without_pyarrow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = 9000
    columns = np.random.default_rng(2).normal([0.0, 0.0, 9.81, 0.0, 0.0, 0.0], 1.0, (count, 6))
    names = "time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2,gyr_x_rad_s,gyr_y_rad_s,gyr_z_rad_s"
    path = tmp_path / "long.csv"
    table = np.column_stack([np.arange(count) / 200.0, columns])
    np.savetxt(path, table, "%.17g", ",", header=names, comments="")
    assert path.stat().st_size > text_rows._LONG
    quick = read(path).samples
    monkeypatch.setattr(text_rows, "_LONG", 1 << 62)
    slow = read(path).samples
    assert quick.time_s.tobytes() == slow.time_s.tobytes()
    assert quick.acceleration_m_s2.tobytes() == slow.acceleration_m_s2.tobytes()
