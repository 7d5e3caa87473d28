"""Whatever shape a table has, the same samples are read from it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import SampleTable, read
from tests.examples import few
from tests.pipelines.files.reading.shapes import (
    ACCELERATION_NAMES,
    ANGULAR_VELOCITY_NAMES,
    TIME_NAMES,
    Run,
    Shape,
    a_run,
    write_text,
)

RUN = a_run()


def assert_read(table: SampleTable, run: Run, *, lost: int | None = None) -> None:
    """The run's samples, to the digits that were written."""
    samples = table.samples
    assert len(samples) == len(run.time_s)
    assert table.rate_hz == pytest.approx(run.rate_hz, rel=1e-3)
    np.testing.assert_allclose(samples.time_s - samples.time_s[0], run.time_s, atol=2e-5)
    expected = run.acceleration_m_s2.copy()
    if lost is not None:
        expected[lost] = np.nan
    np.testing.assert_allclose(samples.acceleration_m_s2, expected, atol=2e-4)
    assert samples.angular_velocity_rad_s is not None
    np.testing.assert_allclose(
        samples.angular_velocity_rad_s, run.angular_velocity_rad_s, atol=2e-4
    )


PREFACES = [
    "",
    "Device: ACME-7\nStart: 2026-03-01 10:00:00\nRate: 100 Hz\n-----",
    "sep=;",
    "# device: a\n# note: b",
    "Export of 12.3.2026, 100 samples a second;;;",
]


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    separator = draw(st.sampled_from([",", ";", "\t", "|"]))
    # commas within and between numbers are told apart by quotes alone
    comma = draw(st.booleans())
    acceleration = draw(st.sampled_from(sorted(ACCELERATION_NAMES)))
    turning = draw(st.sampled_from(sorted(ANGULAR_VELOCITY_NAMES)))
    time = draw(st.sampled_from(sorted(TIME_NAMES)))
    time_unit = TIME_NAMES[time] or draw(st.sampled_from(["s", "ms", "us", "ns", "iso"]))
    encoding = draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"]))
    order = draw(st.permutations(range(7))) if draw(st.booleans()) else range(7)
    preface = draw(st.sampled_from(PREFACES))
    return Shape(
        separator=separator,
        decimal_comma=comma,
        encoding=encoding,
        line_end=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        quoted=draw(st.booleans()),
        trailing=draw(st.booleans()),
        index=draw(st.booleans()),
        preface=preface if preface != "sep=;" or separator == ";" else "",
        time_name=time,
        time_unit=time_unit,
        start_s=draw(st.sampled_from([0.0, 12.5, 1_758_300_000.0])),
        acceleration_name=acceleration,
        acceleration_unit=ACCELERATION_NAMES[acceleration]
        or draw(st.sampled_from(["m_s2", "g", "mg"])),
        angular_velocity_name=turning,
        angular_velocity_unit=ANGULAR_VELOCITY_NAMES[turning]
        or draw(st.sampled_from(["rad_s", "deg_s"])),
        extra=draw(st.booleans()),
        repeated_header=draw(st.booleans()),
        lost=draw(st.sampled_from([None, "", "NA", "NaN", "null"])),
        cut=draw(st.booleans()),
        zipped=draw(st.booleans()),
        order=tuple(order),
    )


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=few(20)
)
@given(shapes())
def test_any_shapes_in_any_combination_give_the_same_samples(tmp_path: Path, shape: Shape) -> None:
    table = read(write_text(tmp_path / "run.csv", RUN, shape))
    lost = 120 if shape.lost is not None and "acc" in shape.acceleration_name.lower() else None
    assert_read(table, RUN, lost=lost)


@pytest.mark.parametrize("separator", [",", "\t", ";", " "])
@pytest.mark.parametrize("unit", ["m_s2", "g", "mg"])
@pytest.mark.parametrize("turning", ["rad_s", "deg_s"])
def test_units_in_a_row_of_their_own(
    tmp_path: Path, separator: str, unit: str, turning: str
) -> None:
    shape = Shape(
        separator=separator,
        time_name="t",
        acceleration_name="acc_{x}",
        acceleration_unit=unit,
        angular_velocity_name="gyr_{x}",
        angular_velocity_unit=turning,
        unit_row=True,
    )
    table = read(write_text(tmp_path / "run.txt", RUN, shape))
    assert_read(table, RUN)
    assert "by the numbers" not in "".join(table.notes)


@pytest.mark.parametrize("separator", [",", "\t", " ", ";"])
@pytest.mark.parametrize("turning", ["rad_s", "deg_s"])
def test_columns_without_names_are_told_by_physics(
    tmp_path: Path, separator: str, turning: str
) -> None:
    shape = Shape(separator=separator, headed=False, angular_velocity_unit=turning)
    table = read(write_text(tmp_path / "run.dat", RUN, shape))
    assert_read(table, RUN)
    assert "time from column 1" in table.notes[0]
    assert f"in {turning} by the numbers" in table.notes[0]


def test_columns_without_names_are_as_stated(tmp_path: Path) -> None:
    shape = Shape(headed=False, order=(4, 5, 6, 0, 1, 2, 3), angular_velocity_unit="deg_s")
    path = write_text(tmp_path / "run.csv", RUN, shape)
    said = "gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s,time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2"
    assert_read(read(path, columns=said), RUN)
    passed_over = read(path, columns="-,-,-,time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2")
    assert not passed_over.samples.has_gyro


def test_a_table_that_is_ours_is_read_without_a_word(tmp_path: Path) -> None:
    assert read(write_text(tmp_path / "run.csv", RUN, Shape())).notes == ()


def test_what_was_passed_over_is_told_with_its_line(tmp_path: Path) -> None:
    shape = Shape(repeated_header=True, cut=True, extra=True)
    notes = read(write_text(tmp_path / "run.csv", RUN, shape)).notes
    assert "passed over: 'Temperature (°C)' and 'DeviceName'" in notes[0].replace(", ", " and ")
    assert "the header comes again in line 303" in notes[1]
    assert "the last line, 603, is cut in two and is left out" in notes[2]


def test_two_files_are_joined_by_their_times(tmp_path: Path) -> None:
    quick = a_run(rate_hz=200.0)
    slow = a_run(rate_hz=50.0)
    acc, gyr = tmp_path / "acc.csv", tmp_path / "gyr.csv"
    acc.write_text(
        "time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2\n"
        + "".join(
            f"{t + 100:.4f},{x:.5f},{y:.5f},{z:.5f}\n"
            for t, (x, y, z) in zip(quick.time_s, quick.acceleration_m_s2, strict=True)
        )
    )
    gyr.write_text(
        "time_s,gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s\n"
        + "".join(
            f"{t + 100:.4f},{x:.5f},{y:.5f},{z:.5f}\n"
            for t, (x, y, z) in zip(
                slow.time_s, np.degrees(slow.angular_velocity_rad_s), strict=True
            )
        )
    )
    for first, second in ((acc, gyr), (gyr, acc)):
        samples = read(first, beside=second).samples
        turning = samples.angular_velocity_rad_s
        assert turning is not None
        at = np.searchsorted(quick.time_s, samples.time_s - 100 - 1e-9)
        off = np.abs(turning - quick.angular_velocity_rad_s[at])
        assert np.percentile(off, 99) < 0.1  # it starts between two samples of the slower sensor
        np.testing.assert_allclose(
            samples.acceleration_m_s2, quick.acceleration_m_s2[at], atol=1e-4
        )
