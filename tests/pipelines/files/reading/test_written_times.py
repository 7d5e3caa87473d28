"""Times as people of many habits write them: dates, clocks, epochs, parts of a second."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from imu.errors import InputError
from pipelines import read
from pipelines.files.provenance import utc_text
from pipelines.files.reading.stamps import stamps_in_words
from pipelines.files.sample_table import write_sample_table
from tests.pipelines.files.reading.shapes import a_run
from tests.pipelines.files.reading.tables import (
    RUN,
    assert_is_the_run,
    cells,
    columns,
    written,
)

START = datetime(2026, 1, 1, 8, 0, 7, tzinfo=UTC)


LONGER = a_run(seconds=75.0)


def stamp(time_s: float, form: str, zone: timezone = UTC) -> str:
    at = (START + timedelta(seconds=time_s)).astimezone(zone)
    return at.strftime(form).replace("MS", f"{at.microsecond // 1000:03d}")


CET = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("form", "zone"),
    [
        ("%Y-%m-%dT%H:%M:%S.MS+01", CET),
        ("%Y-%m-%d %H:%M:%S.MS CET", CET),
        ("%Y-%m-%dT%H:%M:%S.MS+01:00[Europe/Berlin]", CET),
        ("%Y%m%dT%H%M%S.MSZ", UTC),
        ("%Y%m%d%H%M%SMS", UTC),
        ("%Y-%m-%d_%H-%M-%S-MS", UTC),
        ("%Y年%m月%d日 %H:%M:%S.MS", UTC),
        ("%Y年%m月%d日 %H時%M分%S.MS秒", UTC),
        ("%d/%m/%y %H:%M:%S.MS", UTC),
        ("%d-%b-%Y %H:%M:%S.MS", UTC),
        ("%a %b %d %H:%M:%S.MS %Y", UTC),
        ("%m/%d/%Y %I:%M:%S.MS %p", UTC),
    ],
)
def test_dates_are_written_in_many_ways(tmp_path: Path, form: str, zone: timezone) -> None:
    stamps = [stamp(t, form, zone) for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, "timestamp"), ";"))
    assert_is_the_run(table)
    np.testing.assert_allclose(table.samples.time_s, RUN.time_s, atol=1e-6)
    assert table.utc_start_ns == int(START.timestamp()) * 10**9


@pytest.mark.parametrize(("end", "told"), [("", True), ("Z", False), ("+01:00", False)])
def test_a_time_of_no_zone_is_told_to_be_taken_for_utc(
    tmp_path: Path, end: str, told: bool
) -> None:
    stamps = [stamp(t, f"%Y-%m-%d %H:%M:%S.MS{end}") for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, "Time", "Acc {x}")))
    assert ("of no zone and taken for UTC" in table.notes[0]) is told


def test_minutes_and_seconds_go_on_over_the_hour() -> None:
    found = stamps_in_words(np.array([b"59:59.9", b"00:00.0", b"00:00.1"]), "")
    assert np.diff(found).tolist() == [10**8, 10**8]


@pytest.mark.parametrize(
    ("name", "offset", "per_s", "digits"),
    [
        ("Date Time", 46023.0 + 8 / 24 + 7 / 86400, 1 / 86400, 11),
        ("datenum", 739983.0 + 8 / 24 + 7 / 86400, 1 / 86400, 11),
        ("Ticks", 62_135_596_800e7 + START.timestamp() * 1e7, 1e7, 0),
    ],
)
def test_spreadsheets_and_systems_count_from_epochs_of_their_own(
    tmp_path: Path, name: str, offset: float, per_s: float, digits: int
) -> None:
    stamps = [f"{offset + t * per_s:.{digits}f}" for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, name)))
    assert_is_the_run(table)
    assert abs(table.utc_start_ns / 1e9 - START.timestamp()) < 2e-3


@pytest.mark.parametrize(("coarse", "fine"), [("stamp.sec", "stamp.nanosec"), ("Time", "ms")])
def test_a_second_and_its_fraction_in_two_columns_are_one_time(
    tmp_path: Path, coarse: str, fine: str
) -> None:
    whole = [str(int(START.timestamp() + t + 1e-9)) for t in RUN.time_s.tolist()]
    if coarse == "Time":
        whole = [stamp(t + 1e-9, "%H:%M:%S") for t in RUN.time_s.tolist()]
    per_s = 1e9 if fine.endswith("nanosec") else 1e3
    parts = [str(round((t + 1e-9) % 1.0 * per_s)) for t in RUN.time_s.tolist()]
    table = columns(whole, coarse)
    found = read(written(tmp_path / "run.csv", {coarse: table.pop(coarse), fine: parts, **table}))
    assert_is_the_run(found)
    np.testing.assert_allclose(found.samples.time_s, RUN.time_s, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "stamps", "fault", "cure"),
    [
        ("time", [str(k) for k in range(600)], "goes up by one a row", None),
        ("ticks", [str(round(t * 32768)) for t in RUN.time_s.tolist()], "ticks", "time=s/32768"),
        ("timestamp", [f"<{k}>" for k in range(600)], "holds no times that can be read", None),
    ],
)
def test_a_time_that_tells_none_is_refused_and_the_advice_is_right(
    tmp_path: Path, name: str, stamps: list[str], fault: str, cure: str | None
) -> None:
    path = written(tmp_path / "run.csv", columns(stamps, name))
    with pytest.raises(InputError, match=fault) as caught:
        read(path)
    assert "--rate" in str(caught.value)
    assert_is_the_run(read(path, rate_hz=100.0))
    if cure is not None:
        assert f"--units {cure}" in str(caught.value)
        assert_is_the_run(read(path, units=cure))


def test_the_day_or_parts_of_the_time_stand_in_columns_of_their_own(tmp_path: Path) -> None:
    table = columns()
    rest = dict(list(table.items())[1:])
    clock = [f"10:00:0{t:.3f}" for t in RUN.time_s.tolist()]
    dated = {"Datum": ["01.03.2026"] * 600, "Uhrzeit": clock, **rest}
    found = read(written(tmp_path / "dated.csv", dated))
    assert_is_the_run(found)
    start = datetime(2026, 3, 1, 10, tzinfo=UTC)
    assert found.utc_start_ns == round(start.timestamp()) * 10**9
    at = 58.0 + RUN.time_s  # over the minute
    parts = {
        "Hour": ["9"] * 600,
        "Minute": [str(59 if t < 60.0 else 0) for t in at],
        "Second": cells(at % 60.0, 3),
    }
    parts["Hour"] = ["9" if t < 60.0 else "10" for t in at]
    assert_is_the_run(read(written(tmp_path / "parts.csv", parts | rest)))


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_our_own_table_says_when_it_began(tmp_path: Path, ending: str) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    times = [(START + timedelta(seconds=t)).isoformat() for t in RUN.time_s.tolist()]
    other = read(written(tmp_path / "other.csv", columns(times, "time")))
    path = tmp_path / f"own.{ending}"
    write_sample_table(path, other.samples, rate_hz=other.rate_hz,
                       preamble={"utc_start": utc_text(other.utc_start_ns)})  # fmt: skip
    assert read(path).utc_start_ns == other.utc_start_ns == round(START.timestamp()) * 10**9


def test_the_fraction_of_a_second_is_added_to_hour_minute_and_second(tmp_path: Path) -> None:
    table = columns(run=LONGER)
    at = [3590.0 + t for t in LONGER.time_s.tolist()]
    del table["time_s"]
    clock = {
        "PacketCounter": [str(k) for k in range(len(at))],
        "UTC_Nano": [str(round(t % 1.0 * 1e9)) for t in at],
        "UTC_Year": ["2026"] * len(at),
        "UTC_Hour": [f"{9 + t // 3600:.0f}" for t in at],
        "UTC_Minute": [f"{t % 3600 // 60:.0f}" for t in at],
        "UTC_Second": [f"{t % 60 // 1:.0f}" for t in at],
    }
    found = read(written(tmp_path / "run.csv", {**clock, **table}))
    assert_is_the_run(found, run=LONGER)
    np.testing.assert_allclose(np.diff(found.samples.time_s), 0.01, atol=1e-6)


def test_seconds_and_their_parts_are_named_as_programs_name_them(tmp_path: Path) -> None:
    table = columns()
    del table["time_s"]
    at = [1_772_700_000 + round(t * 100) / 100 for t in RUN.time_s.tolist()]
    parts = {"tv_sec": [str(int(t)) for t in at],
             "tv_usec": [str(round(t % 1.0 * 100) * 10_000) for t in at]}  # fmt: skip
    assert_is_the_run(read(written(tmp_path / "run.csv", {**parts, **table})))
    week = {"gps_week": ["2391"] * len(at), "tow": [f"{t % 1e5:.2f}" for t in at]}
    assert_is_the_run(read(written(tmp_path / "run.csv", {**week, **table})))


@pytest.mark.parametrize(("name", "per_second", "part_s"), [("ms", 1000, 1), ("second", 1, 60)])
def test_a_part_of_the_clock_alone_is_counted_on(
    tmp_path: Path, name: str, per_second: int, part_s: int
) -> None:
    run = a_run(seconds=150.0)
    stamps = [f"{(t + 20.0) % part_s * per_second:.2f}" for t in run.time_s.tolist()]
    found = read(written(tmp_path / "run.csv", columns(stamps, name, run=run)))
    assert_is_the_run(found, run=run)
    np.testing.assert_allclose(np.diff(found.samples.time_s), 0.01, atol=1e-6)
    assert any(f"wrapped around {169 // part_s - 20 // part_s}" in n for n in found.notes)
    # a recording that begins anew is another one
    anew = [f"{t:.2f}" for t in [*run.time_s[:500], *run.time_s[:500]]]
    table = {k: v[:1000] for k, v in columns(run=run).items()}
    found = read(written(tmp_path / "anew.csv", {**table, "time_s": anew}))
    assert any("set back once" in note for note in found.notes)


@pytest.mark.parametrize(
    ("day", "clock", "month", "assumed"),
    [
        ("03/05/2026", "%I:%M:%S.%f %p", 3, True),
        ("03/25/2026", "%I:%M:%S.%f %p", 3, False),
        ("25/03/2026", "%I:%M:%S.%f %p", 3, False),
        ("03/05/2026", "%H:%M:%S.%f", 5, False),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_a_clock_of_twelve_hours_goes_with_the_month_first(
    tmp_path: Path, day: str, clock: str, month: int, *, assumed: bool, apart: bool
) -> None:
    stamps = [(START + timedelta(seconds=t)).strftime(clock) for t in RUN.time_s.tolist()]
    table = columns(stamps if apart else [f"{day} {stamp}" for stamp in stamps], "time")
    if apart:
        table = {"date": [day] * len(stamps)} | table
    read_back = read(written(tmp_path / "run.csv", table))
    assert_is_the_run(read_back)
    assert datetime.fromtimestamp(read_back.utc_start_ns / 1e9, UTC).month == month
    assert any("month first" in note for note in read_back.notes) == assumed


def test_a_leap_second_is_a_second_and_one_rounded_up_is_none() -> None:
    leap = ["2016-12-31 23:59:59.5", "2016-12-31 23:59:60.0", "2016-12-31 23:59:60.5",
            "2017-01-01 00:00:00.0", "2017-01-01 00:00:00.5"]  # fmt: skip
    found = stamps_in_words(np.array(leap, np.bytes_), "run.csv")
    assert np.diff(found).tolist() == [5 * 10**8] * 4
    rounded = ["2017-01-01 10:00:59.99", "2017-01-01 10:00:60.00", "2017-01-01 10:01:00.01"]
    found = stamps_in_words(np.array(rounded, np.bytes_), "run.csv")
    assert np.diff(found).tolist() == [10**7] * 2


def test_the_part_of_a_second_goes_with_its_own_clock(tmp_path: Path) -> None:
    stamps = RUN.time_s + 1770000000.0
    whole = np.floor(stamps + 1e-6)
    clock = {
        "Time": [f"{t:.6f}" for t in stamps + 0.013],
        "header.stamp.secs": [f"{t:.0f}" for t in whole],
        "header.stamp.nsecs": [f"{t:.0f}" for t in np.round((stamps - whole) * 1e9)],
    }
    measured = columns(acc="linear_acceleration.{x}", gyr="angular_velocity.{x}")
    measured.pop("time_s")
    assert_is_the_run(read(written(tmp_path / "run.csv", clock | measured)))


def test_a_fraction_without_its_last_zeros_is_a_fraction() -> None:
    clock = [f"7:0:{k / 8:g}".encode() for k in range(1, 24)]
    steps = np.diff(stamps_in_words(np.array(clock), ""))
    assert (steps == 125_000_000).all()


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("ms_of_day", lambda t: f"{25_200_000 + t * 1e3:.0f}"),
        ("second of the day", lambda t: f"{25_200 + t:.3f}"),
        ("time", lambda t: f"7:{int(t) // 60}:{t % 60:.3f}"),
        ("time", lambda t: f"7:0:{int(t)}.{round(t * 1e3) % 1000}"),
        ("time", lambda t: f"7:0:{int(t)}.{round(t * 1e2) % 100}"),
        ("time", lambda t: f"7:0:{int(t)}:{round(t * 1e3) % 1000}"),
        ("time", lambda t: f"00:{int(t):02d}:{round(t * 1e3) % 1000:03d}"),
        # one minute ends within the recording
        ("time", lambda t: f"{(t + 57.0) % 60.0:.3f}"),
    ],
)
def test_times_of_a_day_and_of_a_minute(
    tmp_path: Path, name: str, form: Callable[[float], str]
) -> None:
    time = [form(t) for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(time=time, time_name=name)))
    assert_is_the_run(table)
    assert np.diff(table.samples.time_s).max() < 0.02


@pytest.mark.parametrize(
    ("name", "per_second"), [("dt", 1.0), ("dt_us", 1e6), ("delta_ms", 1e3), ("interval (ms)", 1e3)]
)
def test_steps_between_rows_are_added_up_where_nothing_else_tells_the_time(
    tmp_path: Path, name: str, per_second: float
) -> None:
    steps = np.diff(RUN.time_s, prepend=-0.01) * per_second
    table = columns(cells(steps, 4), name)
    found = read(written(tmp_path / "run.csv", table))
    assert_is_the_run(found)
    assert any("adds up to" in note for note in found.notes)
    beside = written(tmp_path / "timed.csv", columns() | {name: cells(2.0 * steps, 4)})
    assert_is_the_run(read(beside))
    # a rate that is stated goes before
    assert not any("adds up" in n for n in read(tmp_path / "run.csv", rate_hz=100.0).notes)
