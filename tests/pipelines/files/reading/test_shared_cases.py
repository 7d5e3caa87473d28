"""What other people's files gave, case by case, as their README says what is right.

What is right stands there in words; the table here says what such words ask of a reader. No case is
named: another folder of that kind is held to the same.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from imu import analyze
from imu.errors import InputError
from pipelines import SampleTable, read

SHARED = Path(
    os.environ.get("BACKSTRIDE_DATA", Path(__file__).parents[5] / "shared" / "data")
).parent
CASES = SHARED / "cases"
FORMATS = SHARED / "formats"

#: Words of what is right, and what they ask: ``read``; ``refuse`` with advice that, obeyed, reads;
#: ``look`` where the chain judges what a reader must only hand on.
ASKED = (
    ("should be read", "read"),
    (".csv.gz and Parquet should be read", "read"),
    ("as it is (right advice)", "refuse"),
    ('"the numbers look like mg" is untrue', "refuse"),
    ("spread equal stamps", "read"),
    ("68 trusted", "read"),
    ("sort two swapped rows", "read"),
    ("49.73 Hz is what", "slow"),
    ("lawful limit", "slow"),
    ("", "look"),
)


@dataclass(frozen=True)
class Case:
    """A row of the README."""

    file: Path
    arguments: str
    right: str

    @property
    def asked(self) -> str:
        return next(asked for words, asked in ASKED if self.right.startswith(words))

    def read(self) -> SampleTable:
        rate = re.search(r"--rate (\S+)", self.arguments)
        return read(self.file, rate_hz=float(rate[1]) if rate else None)


def cases() -> list[Case]:
    readme = CASES / "README.md"
    if not readme.exists():
        return []
    rows = [line.strip("| ").split("|") for line in readme.read_text("utf-8").splitlines()]
    cells = [[cell.strip() for cell in row] for row in rows if len(row) >= 4]
    return [Case(CASES / c[0], c[1], c[2]) for c in cells if (CASES / c[0]).is_file()]


ALL = cases()
needs_cases = pytest.mark.skipif(not ALL, reason="the shared cases are not here")


def of(*asked: str) -> list[Case]:
    return [case for case in ALL if case.asked in asked]


def name(case: Case) -> str:
    return case.file.name


def obeyed(case: Case, message: str) -> SampleTable | None:
    """The file read as the refusal advises; None where the advice is no option."""
    if "none of them is time" in message or "no time column" in message:
        return read(case.file, rate_hz=104.0)
    said = re.search(r"--units (\S+?)[,.]?(?:$|\s)", message)
    return read(case.file, units=said[1]) if said else None


@needs_cases
@pytest.mark.parametrize("case", of("read", "slow"), ids=name)
def test_what_has_one_meaning_is_read_with_it(case: Case) -> None:
    try:
        table = case.read()
    except InputError as error:
        found = obeyed(case, str(error))  # without times no rate can be told
        assert found is not None, error
        table = found
    samples = table.samples
    steps = np.diff(samples.time_s)
    assert np.median(np.abs(steps * table.rate_hz - 1.0)) < 0.02
    assert table.rate_hz == pytest.approx(len(samples) / (samples.time_s[-1] + steps[0]), rel=0.02)
    standing = samples.acceleration_m_s2[: int(3 * table.rate_hz)]
    np.testing.assert_allclose(np.nanmean(standing, axis=0), [0.23, 0.03, 9.775], atol=0.03)
    if samples.angular_velocity_rad_s is not None:
        turning = np.linalg.norm(samples.angular_velocity_rad_s, axis=1)
        assert np.median(turning[: int(3 * table.rate_hz)]) == pytest.approx(0.025, abs=0.01)
        assert 0.5 < np.median(turning[int(10 * table.rate_hz) :]) < 3.0


@needs_cases
@pytest.mark.parametrize("case", of("read"), ids=name)
def test_the_steps_are_those_of_the_run(case: Case) -> None:
    try:
        table = case.read()
    except InputError as error:
        found = obeyed(case, str(error))
        assert found is not None, error
        table = found
    steps = analyze(table.samples, axes="auto", rate_hz=table.rate_hz)
    assert abs(len(steps) - 68) <= 2
    assert np.nanmedian(steps.cadence_spm) == pytest.approx(167.7, abs=1.0)


@needs_cases
@pytest.mark.parametrize("case", of("refuse"), ids=name)
def test_what_is_stated_wrongly_is_refused_and_the_advice_is_right(case: Case) -> None:
    with pytest.raises(InputError) as caught:
        case.read()
    message = str(caught.value)
    assert "look like mg" not in message
    table = obeyed(case, message)
    if table is None:
        assert "check the unit" in message
        return
    standing = table.samples.acceleration_m_s2[: int(3 * table.rate_hz)]
    np.testing.assert_allclose(np.nanmean(standing, axis=0), [0.23, 0.03, 9.775], atol=0.05)
    assert table.rate_hz == pytest.approx(104.0, rel=0.01)


@needs_cases
@pytest.mark.parametrize("case", of("look"), ids=name)
def test_what_the_chain_judges_is_handed_on_as_it_is(case: Case) -> None:
    assert len(case.read().samples) > 1000


#: Of real files: rate, Hz, length, s, and whether they have a gyroscope, by what reads them.
REAL = {
    "cwa": [(100.0, 175.0, False), (99.0, 115.0, True)],
    "gt3x": [(30.0, 601.0, False)],
    "bin": [(85.7, 59.0, False)],
    "csv": [(30.0, 601.0, False), (204.8, 47.0, True), (98.4, 106.0, True)],
}


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the shared files of other devices are not here")
@pytest.mark.parametrize("ending", sorted(REAL))
def test_real_files_of_other_devices_are_read(ending: str) -> None:
    found = []
    for file in sorted(FORMATS.glob(f"*.{ending}")):
        table = read(file)
        norm = np.linalg.norm(table.samples.acceleration_m_s2, axis=1)
        assert 0.5 * 9.81 < np.nanmedian(norm) < 1.5 * 9.81, file.name
        found.append((table.rate_hz, len(table.samples) / table.rate_hz, table.samples.has_gyro))
    assert len(found) == len(REAL[ending])
    for (rate, length, gyro), expected in zip(found, REAL[ending], strict=True):
        assert rate == pytest.approx(expected[0], rel=0.01)
        assert length == pytest.approx(expected[1], abs=1.5)
        assert gyro is expected[2]


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the shared files of other devices are not here")
def test_streams_without_motion_are_named() -> None:
    files = sorted(FORMATS.glob("*.xdf"))
    assert files
    for file in files:
        with pytest.raises(
            InputError, match=r"no stream of it holds acceleration: there are '.+EEG"
        ):
            read(file)


@pytest.mark.skipif(not FORMATS.is_dir(), reason="the shared files of other devices are not here")
def test_one_recording_in_two_formats_gives_the_same_samples() -> None:
    """The recorder's own file, which we unpack, against the table that its maker made of it."""
    (binary,) = FORMATS.glob("*.gt3x")
    packed = read(binary).samples.acceleration_m_s2
    table = read(binary.with_suffix(".csv")).samples.acceleration_m_s2
    np.testing.assert_allclose(packed, table, atol=0.006 * 9.81)
