"""The page of sensor faults is what the chain does today."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

import pytest

from benchmarks import sensor_faults

PAGE = Path(sensor_faults.__file__).with_name("SENSOR_FAULTS.md")
#: Steps by which a count may differ: another processor rounds otherwise, and a step at its bound
#: falls to the other side. What is told, and how many lines there are, may not.
WITHIN = 2


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


@pytest.mark.slow
def test_the_page_says_what_comes_of_each_fault() -> None:
    written, made = PAGE.read_text("utf-8").splitlines(), sensor_faults.page().splitlines()
    for old, new in zip_longest(written, made, fillvalue=""):
        for a, b in zip_longest(cells(old), cells(new), fillvalue=""):
            near = a.isdigit() and b.isdigit() and abs(int(a) - int(b)) <= WITHIN
            assert a == b or near, f"{old}\n{new}\nrun python -m benchmarks.sensor_faults"
