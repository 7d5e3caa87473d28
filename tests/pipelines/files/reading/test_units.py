"""A unit that is written is taken as it is written; one that cannot be told is refused."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from imu.errors import ColumnError, InputError, ParameterError
from pipelines import read
from tests.pipelines.command_line import backstride, one_sentence
from tests.pipelines.files.reading.shapes import G, Run, a_run
from tests.pipelines.files.reading.tables import RUN, assert_is_the_run, cells, columns, written

DEG = 180.0 / np.pi
AT_200_HZ = a_run(rate_hz=200.0)


def whole(run: Run, per_second: float) -> list[str]:
    return [str(round(t * per_second)) for t in run.time_s.tolist()]


@pytest.mark.parametrize(
    ("name", "per_second"),
    [
        ("time (1/1024 s)", 1024.0),
        ("Time [ticks @1024Hz]", 1024.0),
        ("timestamp (32.768 kHz)", 32768.0),
        ("Time [1/100 s]", 100.0),
        ("time (10 ms)", 100.0),
        ("time (4 ms)", 250.0),
        ("t [100 us]", 1e4),
        ("sensortime (39.0625 µs)", 25600.0),
    ],
)
def test_a_number_of_a_unit_of_time_is_taken_by_its_number(
    tmp_path: Path, name: str, per_second: float
) -> None:
    stamps = [f"{t * per_second:.4f}" for t in RUN.time_s.tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, name)))
    assert_is_the_run(table)
    np.testing.assert_allclose(table.samples.time_s, RUN.time_s, atol=2e-6)


@pytest.mark.parametrize(
    ("acc", "gyr", "per_acc", "per_gyr"),
    [
        ("a{x} (0.01 g)", "g{x} (0.1 dps)", 100.0 / G, 10.0 * DEG),
        ("a{x} (0.488 mg/LSB)", "g{x} (mrad/s)", 1.0 / G / 0.000488, 1e3),
        ("a{x} (16384 LSB/g)", "g{x} (131 LSB/(deg/s))", 16384.0 / G, 131.0 * DEG),
        ("a{x} (1/2048 g)", "g{x} (1/16.4 °/s)", 2048.0 / G, 16.4 * DEG),
    ],
)
def test_a_number_of_a_unit_of_a_sensor_is_taken_by_its_number(
    tmp_path: Path, acc: str, gyr: str, per_acc: float, per_gyr: float
) -> None:
    table = columns(acc=acc, gyr=gyr, per_acc=per_acc, per_gyr=per_gyr)
    assert_is_the_run(read(written(tmp_path / "run.csv", table)))


def test_units_in_a_row_of_their_own_count_alike(tmp_path: Path) -> None:
    path = written(tmp_path / "run.csv", columns(whole(RUN, 1024.0), "time", "acc {x}", "gyr {x}"))
    names, *rows = path.read_text().splitlines()
    for unit in ("1/1024 s", "jiffies"):
        path.write_text(
            "\n".join([names, f"{unit},m/s2,m/s2,m/s2,rad/s,rad/s,rad/s", *rows]) + "\n"
        )
        if unit == "jiffies":
            with pytest.raises(InputError, match=r"unknown unit 'jiffies'.*--units time="):
                read(path)
        assert_is_the_run(read(path, units="time=s/1024" if unit == "jiffies" else ""))


@pytest.mark.parametrize(
    ("name", "acc", "gyr", "per_gyr", "unknown", "cure"),
    [
        ("time (jiffies)", "a{x} (g)", "g{x} (dps)", DEG, "jiffies", "time=s/1024"),
        ("Time [frames]", "a{x} (g)", "g{x} (dps)", DEG, "frames", "time=s/1024"),
        ("t [s]", "a{x} (g)", "g{x} (deg/min)", DEG * 60.0, "deg/min", "gyr=deg_s/60"),
        ("t [s]", "a{x} (16 g)", "g{x} (dps)", DEG, "16 g", "acc=g"),
    ],
)
def test_a_unit_that_is_not_known_is_refused_and_the_advice_is_right(
    tmp_path: Path, name: str, acc: str, gyr: str, per_gyr: float, unknown: str, cure: str
) -> None:
    stamps = whole(RUN, 1024.0) if cure.startswith("time") else None
    table = columns(stamps, name, acc, gyr, per_acc=1.0 / G, per_gyr=per_gyr)
    path = written(tmp_path / "run.csv", table)
    quantity = cure.partition("=")[0]
    with pytest.raises(InputError, match=rf"unknown unit '{unknown}'.*--units.*{quantity}="):
        read(path)
    assert_is_the_run(read(path, units=cure))


@pytest.mark.parametrize("note", ["UTC", "unix", "local", "+0100", "elapsed"])
def test_a_note_in_the_place_of_a_unit_is_none(tmp_path: Path, note: str) -> None:
    assert_is_the_run(read(written(tmp_path / "run.csv", columns(time_name=f"Time ({note})"))))


def test_ticks_that_may_be_of_two_clocks_are_refused_and_both_named(tmp_path: Path) -> None:
    names = ("timestamp", "ax", "ay", "az")
    table = columns(whole(AT_200_HZ, 1024.0), *names[:1], "a{x}", "g{x}", run=AT_200_HZ)
    path = written(tmp_path / "run.csv", table)
    with pytest.raises(ColumnError) as caught:
        read(path)
    options = re.findall(r"--units (time=[\w/]+)", str(caught.value))
    assert options == ["time=ms", "time=s/1024"]
    assert_is_the_run(read(path, units=options[1]), run=AT_200_HZ)
    # those of 1 ms, at a round rate, can be told
    table["timestamp"] = whole(AT_200_HZ, 1000.0)
    assert_is_the_run(read(written(path, table)), run=AT_200_HZ)


@pytest.mark.parametrize(("per_second", "pause_s"), [(1.0, 3600.0), (1e3, 3600.0), (1e3, 1e5)])
def test_a_pause_changes_nothing_about_the_unit(
    tmp_path: Path, per_second: float, pause_s: float
) -> None:
    late = np.where(RUN.time_s > 3.0, RUN.time_s + pause_s, RUN.time_s)
    stamps = [f"{t:.4f}" for t in (late * per_second).tolist()]
    table = read(written(tmp_path / "run.csv", columns(stamps, "t", "a{x}", "g{x}")))
    assert_is_the_run(table)
    assert table.samples.time_s[299] == pytest.approx(2.99)


def test_pauses_and_bursts_that_look_alike_are_refused(tmp_path: Path) -> None:
    run = a_run(seconds=20.0)
    number = np.arange(len(run.time_s))
    bursts = number // 100 * 1000.0 + number % 100 * 0.01
    path = written(tmp_path / "run.csv", columns([f"{b:.2f}" for b in bursts], "t", run=run))
    with pytest.raises(ColumnError, match="--units time=s or --units time=ms"):
        read(path)
    assert_is_the_run(read(path, units="time=ms"), run=run)


@pytest.mark.parametrize(
    ("form", "start_s", "per_second"),
    [("{h:02d}{m:02d}{s:06.3f}", 36_000.0 - 3.0, 1.0), ("{h:02d}{m:02d}{s:06.3f}", 86_397.0, 1.0),
     ("{h:02d}{m:02d}{s:06.3f}", 45_597.5, 1e3)],
)  # fmt: skip
def test_the_digits_of_a_clock_are_no_seconds(
    tmp_path: Path, form: str, start_s: float, per_second: float
) -> None:
    stamps = []
    for t in (RUN.time_s + start_s).tolist():
        ms = round(t * 1000.0) % 86_400_000
        stamp = form.format(h=ms // 3_600_000, m=ms // 60_000 % 60, s=ms % 60_000 / 1000.0)
        stamps.append(stamp.replace(".", "") if per_second == 1e3 else stamp)
    table = read(written(tmp_path / "run.csv", columns(stamps, "utc_time")))
    assert_is_the_run(table)
    np.testing.assert_allclose(np.diff(table.samples.time_s), 0.01, atol=1e-6)
    assert "hhmmss" in table.notes[0]


def test_pauses_of_forty_seconds_may_be_the_digits_of_a_clock(tmp_path: Path) -> None:
    stamps = [f"{t:.2f}" for t in np.where(RUN.time_s < 3.0, RUN.time_s + 57.0, RUN.time_s + 97.0)]
    path = written(tmp_path / "run.csv", columns(stamps, "t"))
    with pytest.raises(ColumnError, match="--units time=s or --units time=hhmmss"):
        read(path)
    assert np.diff(read(path, units="time=s").samples.time_s).max() == pytest.approx(40.01)
    assert np.diff(read(path, units="time=hhmmss").samples.time_s).max() == pytest.approx(0.01)


def test_what_was_stated_goes_before_what_the_numbers_suggest_the_second_time_too(
    tmp_path: Path,
) -> None:
    stamps = [f"{t * 1000.0 * 1.01:.3f}" for t in RUN.time_s.tolist()]
    path = written(tmp_path / "run.csv", columns(stamps, "t", "a{x}", "g{x}"))
    home = tmp_path / "home"
    assert read(path, memory=home).rate_hz == pytest.approx(99.0, abs=0.1)
    assert_is_the_run(read(path, memory=home, units="time=s/1010"))
    again = read(path, memory=home)
    assert_is_the_run(again)
    assert "in s/1010 as stated" in again.notes[0]
    assert "as for an earlier file" in again.notes[0]


def test_what_the_numbers_of_one_file_tell_says_nothing_of_another(tmp_path: Path) -> None:
    sound = written(tmp_path / "run.csv", columns(None, "t", "a{x}", "g{x}"))
    wrong = written(tmp_path / "other.csv", columns(None, "t", "a{x}", "g{x}", per_acc=1.25))
    home = tmp_path / "home"
    for stated in ("", "acc=m_s2"):
        assert_is_the_run(read(sound, memory=home, units=stated))
        with pytest.raises(ColumnError, match="the numbers look like none"):
            read(wrong, memory=home)
        assert_is_the_run(read(sound, memory=home))


def test_a_word_that_begins_like_a_time_is_none(tmp_path: Path) -> None:
    table = columns(None, "time", "acc_{x}", "gyr_{x}")
    noise = np.random.default_rng(1).uniform(0.0, 1.0, len(RUN.time_s))
    for name in ("tac", "tav", "tom"):
        path = written(tmp_path / f"{name}.csv", {**table, name: cells(noise)})
        assert_is_the_run(read(path))


def test_what_was_stated_and_refused_is_not_kept(tmp_path: Path) -> None:
    table = columns(None, "t", "acc_{x}_m_s2", "gyr_{x}_deg_s", per_gyr=DEG)
    path, home = written(tmp_path / "run.csv", table), tmp_path / "home"
    for stated in ("gyr=rad_s", "acc=mg"):
        with pytest.raises(InputError):
            read(path, memory=home, units=stated)
    assert_is_the_run(read(path, memory=home))


@pytest.mark.usefixtures("in_a_folder_of_its_own")
def test_an_unknown_unit_can_be_stated_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    table = columns(gyr="g{x} (°/min)", per_gyr=DEG * 60.0)
    path = written(tmp_path / "run.csv", table)
    assert "unknown unit '°/min'" in one_sentence(backstride("import", path))
    assert backstride("import", path, "out.csv", "--units", "gyr=deg_s/60").exit_code == 0
    assert_is_the_run(read("out.csv"))


@pytest.mark.parametrize(
    ("units", "acc", "gyr"),
    [("gyr=dps,acc=m/s2", "m_s2", "deg_s"), ("ACC=G,GYR=°/s", "g", "deg_s")],
)
def test_units_are_stated_in_the_spellings_of_headers(
    tmp_path: Path, units: str, acc: str, gyr: str
) -> None:
    scale = {"m_s2": 1.0, "g": 9.80665}[acc]
    table = columns(acc="a{x}", gyr="g{x}", per_acc=1.0 / scale, per_gyr=180.0 / np.pi)
    found = read(written(tmp_path / "run.csv", table), units=units)
    assert_is_the_run(found)
    assert f"in {gyr} as stated" in found.notes[0]


@pytest.mark.parametrize("units", ["acc=g,acc=mg", "acc=lsb", "acc=s"])
def test_units_that_are_none_or_stated_twice_are_refused(tmp_path: Path, units: str) -> None:
    path = written(tmp_path / "run.csv", columns())
    with pytest.raises(ParameterError, match="each once"):
        read(path, units=units)


def test_columns_may_be_parted_by_semicolons_and_hold_no_scale(tmp_path: Path) -> None:
    path = written(tmp_path / "run.csv", columns(), ";")
    names = "time_s;acc_x_m_s2;acc_y_m_s2; acc_z_m_s2;gyr_x_rad_s;gyr_y_rad_s;gyr_z_rad_s"
    assert_is_the_run(read(path, columns=names))
    with pytest.raises(ParameterError, match="names out of"):
        read(path, columns=names.replace("acc_x_m_s2", "acc_x_g/4096"))


@pytest.mark.parametrize("per_g", [1024.0, 1020.0])
def test_whole_numbers_near_1024_a_g_may_be_counts_and_both_are_named(
    tmp_path: Path, per_g: float
) -> None:
    table = columns(acc="a{x}", gyr="g{x}", per_acc=per_g / G)
    for axis in "xyz":
        table[f"a{axis}"] = [str(round(float(cell))) for cell in table[f"a{axis}"]]
    path = written(tmp_path / "run.csv", table)
    with pytest.raises(ColumnError, match="--units acc=mg or --units acc=g/1024"):
        read(path)
    rest = read(path, units="acc=g/1024").samples.acceleration_m_s2[:150, 2].mean()
    assert rest == pytest.approx(G * per_g / 1024.0, rel=2e-3)


@pytest.mark.parametrize(("per_g", "said"), [(1000.0, "in mg by the numbers"), (2000.0, "")])
def test_whole_numbers_are_of_what_they_read_at_rest(
    tmp_path: Path, per_g: float, said: str
) -> None:
    table = columns(acc="a{x}", gyr="g{x}", per_acc=per_g / G)
    for axis in "xyz":
        table[f"a{axis}"] = [str(round(float(cell))) for cell in table[f"a{axis}"]]
    path = written(tmp_path / "run.csv", table)
    units = ""
    if not said:
        with pytest.raises(ColumnError) as caught:
            read(path)
        (units,) = re.findall(r"--units (acc=g/\d+)", str(caught.value))
    found = read(path, units=units)
    assert said in found.notes[0]
    rest = found.samples.acceleration_m_s2[:150, 2].mean()
    assert rest == pytest.approx(G, rel=2e-3)


@pytest.mark.parametrize(
    ("name", "units", "per_acc"),
    [
        ("acc_{x}", "acc=0.976 mg", 1000.0 / G / 0.976),
        ("acc_{x}_counts", "acc=0.061 mg", 1000.0 / G / 0.061),
        ("acc_{x} (1.95 mg/LSB)", "", 1000.0 / G / 1.95),
    ],
)
@pytest.mark.parametrize(("gyr", "of_count"), [("gyr_{x} (35 mdps/LSB)", 35.0),
                                               ("gyr_{x} [8.75 mdps/digit]", 8.75)])  # fmt: skip
def test_what_one_count_is_may_be_said_as_a_data_sheet_does(
    tmp_path: Path, name: str, units: str, per_acc: float, gyr: str, of_count: float
) -> None:
    table = columns(acc=name, gyr=gyr, per_acc=per_acc, per_gyr=1000.0 * DEG / of_count)
    found = read(written(tmp_path / "run.csv", table), units=units)
    assert_is_the_run(found)
    assert f"{of_count:g} mdeg_s" in found.notes[0]


@pytest.mark.parametrize(("time", "said"), [("time (2.5 ms)", "in 2.5 ms"), ("t (10 ms)", "10 ms")])
def test_several_of_a_unit_are_told_as_they_stand(tmp_path: Path, time: str, said: str) -> None:
    each = 2.5 if "2.5" in time else 10.0
    stamps = [f"{t * 1000.0 / each:.1f}" for t in RUN.time_s.tolist()]
    found = read(written(tmp_path / "run.csv", columns(stamps, time)))
    assert said in found.notes[0]
    assert_is_the_run(found)


@pytest.mark.parametrize(("factor", "likely"), [(DEG, "deg_s"), (1000.0 * DEG, "mdeg_s")])
def test_angular_velocity_that_is_called_rad_s_is_refused_with_the_unit_that_it_is_in(
    tmp_path: Path, factor: float, likely: str
) -> None:
    path = written(tmp_path / "run.csv", columns(per_gyr=factor))
    with pytest.raises(InputError, match=f"look like {likely},.*--units gyr={likely}"):
        read(path)
    assert_is_the_run(read(path, units=f"gyr={likely}"))


@pytest.mark.parametrize("rate_hz", [4400.0, 16.0])
def test_a_rate_beyond_the_range_is_refused_from_its_own_side(
    tmp_path: Path, rate_hz: float
) -> None:
    stamps = [f"{k / rate_hz:.6f}" for k in range(len(RUN.time_s))]
    cure = "record at 4000 Hz or less" if rate_hz > 1000.0 else "record at 24.5 Hz or more"
    with pytest.raises(InputError, match=cure):
        read(written(tmp_path / "run.csv", columns(stamps)))


@pytest.mark.parametrize(
    ("rate_hz", "per_second", "as_well"),
    [(25.0, 100.0, "cs"), (200.0, 100.0, "cs"), (25.0, 32768.0, "s/32768"),
     (100.0, 32768.0, "s/32768")],
)  # fmt: skip
def test_what_a_body_cannot_do_in_a_unit_is_not_taken_for_it(
    tmp_path: Path, rate_hz: float, per_second: float, as_well: str
) -> None:
    run = a_run(rate_hz=rate_hz, seconds=12.0)
    stamps = [f"{t * per_second:.1f}" for t in run.time_s.tolist()]
    path = written(tmp_path / "run.csv", columns(stamps, "t", run=run))
    with pytest.raises(ColumnError, match=f"--units time=[mu]s or --units time={as_well}"):
        read(path)
    assert_is_the_run(read(path, units=f"time={as_well}"), run=run)
    milli = [f"{t * 1000.0:.0f}" for t in run.time_s.tolist()]
    assert_is_the_run(read(written(path, columns(milli, "t", run=run))), run=run)


@pytest.mark.parametrize(("counts", "offset", "named"), [
    (4096, 1.012, ["4096"]), (1000 * 8, 1.0, ["8000"]), (4000, 1.012, ["4096", "4000"])
])  # fmt: skip
def test_counts_are_those_that_makers_set_though_a_sensor_at_rest_is_off(
    tmp_path: Path, counts: int, offset: float, named: list[str]
) -> None:
    table = columns(acc="acc_{x}", per_acc=counts / G)
    table["acc_z"] = [f"{float(z) + (offset - 1.0) * counts:.0f}" for z in table["acc_z"]]
    with pytest.raises(InputError) as caught:
        read(written(tmp_path / "run.csv", table))
    assert re.findall(r"--units acc=g/(\d+)", str(caught.value)) == named


@pytest.mark.parametrize("bits", [16, 24, 32])
def test_numbers_without_a_sign_get_it_back(tmp_path: Path, bits: int) -> None:
    table = columns(acc="acc_{x}", gyr="gyr_{x}", per_acc=2048.0 / G, per_gyr=DEG * 16.0)
    unsigned = {name: cells if name == "time_s" else [str(round(float(c)) % 2**bits) for c in cells]
                for name, cells in table.items()}  # fmt: skip
    found = read(written(tmp_path / "run.csv", unsigned), units="acc=g/2048,gyr=deg_s/16")
    np.testing.assert_allclose(
        found.samples.acceleration_m_s2, RUN.acceleration_m_s2, atol=0.6 * G / 2048.0
    )
    assert "without a sign" in found.notes[1]
    # large numbers that leap nowhere are what they are
    high = {**table, "acc_z": [f"{float(c) + 30_000.0:.0f}" for c in table["acc_z"]]}
    with pytest.raises(InputError):
        read(written(tmp_path / "high.csv", high), units="acc=g/2048,gyr=deg_s/16")


@pytest.mark.parametrize("unit", ["m_s2", "g", ""])
@pytest.mark.parametrize("fault", ["frozen in flight", "zero", "noise"])
def test_an_accelerometer_that_fails_in_the_middle_says_nothing_of_the_unit(
    tmp_path: Path, fault: str, unit: str
) -> None:
    run = a_run(seconds=30.0)
    held = run.acceleration_m_s2.copy()
    at = 1200 + int(np.linalg.norm(held[1200:1300], axis=1).argmin())
    held[at:] = {"frozen in flight": held[at], "zero": 0.0, "noise": 0.0}[fault]
    if fault == "noise":
        held[at:] += np.random.default_rng(1).normal(0.0, 0.05, held[at:].shape)
    failed = Run(run.time_s, held, run.angular_velocity_rad_s, run.rate_hz)
    name = "acc_{x}" + (f"_{unit}" if unit else "")
    per_acc = 1.0 if unit == "m_s2" else 1.0 / G
    path = written(tmp_path / "run.csv", columns(acc=name, per_acc=per_acc, run=failed))
    assert_is_the_run(read(path), run=failed)
    mistaken = columns(acc="acc_{x}_m_s2", per_acc=1.0 / G, run=failed)
    with pytest.raises(InputError, match=r"look like g.*--units acc=g"):
        read(written(path, mistaken))


def test_a_gyroscope_that_stuck_at_its_end_says_nothing_of_the_unit(tmp_path: Path) -> None:
    held = RUN.angular_velocity_rad_s.copy()
    held[250:] = 34.9
    failed = Run(RUN.time_s, RUN.acceleration_m_s2, held, RUN.rate_hz)
    assert_is_the_run(read(written(tmp_path / "run.csv", columns(run=failed))), run=failed)


@pytest.mark.parametrize(("bits", "per_g"), [(12, 102.0), (10, 65.0), (16, 2048.0)])
def test_counts_about_a_middle_are_refused_and_the_advice_is_right(
    tmp_path: Path, bits: int, per_g: float
) -> None:
    middle = 2 ** (bits - 1)
    counts = np.round(RUN.acceleration_m_s2 / G * per_g)
    for offset in (middle, 0):
        table = {"t": cells(RUN.time_s)}
        for k, axis in enumerate("xyz"):
            table[f"a{axis}"] = cells(counts[:, k] + offset, 0)
        path = written(tmp_path / "run.csv", table)
        units = f"acc=g/{per_g:g}"
        if offset:
            for said in ("", units, "acc=g"):
                with pytest.raises(InputError, match=rf"raw counts about {middle}, .*difference"):
                    read(path, units=said)
        else:
            found = read(path, units=units).samples.acceleration_m_s2
            np.testing.assert_allclose(found, RUN.acceleration_m_s2, atol=0.6 * G / per_g)
