"""Our own sample table: what comes in, what goes out, and what is said about bad input."""

from __future__ import annotations

import os
import re
import string
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from imu.errors import BackstrideError, ColumnError, InputError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from pipelines.files.reading.front_door import read
from pipelines.files.sample_table import SampleTable, write_sample_table

DATA = Path(os.environ.get("BACKSTRIDE_DATA", Path(__file__).parents[4] / "shared" / "data"))
SEVEN = "time_s,acc_x_g,acc_y_g,acc_z_g,gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s"


def rows(count: int = 300, rate_hz: float = 100.0, cells: str = "0,0,1,0,0,0") -> str:
    return "".join(f"{i / rate_hz!r},{cells}\n" for i in range(count))


def saved(folder: Path, content: str | bytes, name: str = "run.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def complaint(error: BackstrideError, *said: str) -> str:
    """The message, after checking that it is one sentence, names places and holds a cure."""
    text = str(error)
    assert "\n" not in text and "\r" not in text
    assert text.endswith(".") and not re.search(r"[.!?] +[A-Z]", text)
    assert text.count(": ") >= 2, f"place: fault: cure expected in {text!r}"
    for piece in said:
        assert piece in text, f"{piece!r} expected in {text!r}"
    return text


def refused(
    path: Path, *said: str, kind: type[BackstrideError] = InputError, rate_hz: float | None = None
) -> None:
    with pytest.raises(kind) as caught:
        read(path, rate_hz=rate_hz)
    complaint(caught.value, str(path), *said)


# ------------------------------------------------------------------------------ what is read


def test_units_become_si(tmp_path: Path) -> None:
    text = (
        "time_ms,acc_x_m_s2,acc_y_g,acc_z_mg,gyr_x_rad_s,gyr_y_deg_s,gyr_z_deg_s\n"
        "0,1.5,0.5,1000,2,180,-90\n10,1.5,0.5,1000,2,180,-90\n"
    )
    table = read(saved(tmp_path, text))
    samples = table.samples
    g = STANDARD_GRAVITY_M_S2
    np.testing.assert_array_equal(samples.time_s, [0.0, 0.01])
    np.testing.assert_allclose(samples.acceleration_m_s2[0], [1.5, 0.5 * g, g], rtol=1e-15)
    assert samples.angular_velocity_rad_s is not None
    np.testing.assert_allclose(samples.angular_velocity_rad_s[1], [2, np.pi, -np.pi / 2])
    assert table.rate_hz == 100.0
    assert table.axes == ""
    assert table.notes == ()


def test_microseconds_and_any_order_and_capitals(tmp_path: Path) -> None:
    text = "ACC_Z_G,Time_us,acc_x_g,acc_y_g\n1,0,0.1,0.2\n1,5000,0.1,0.2\n"
    table = read(saved(tmp_path, text))
    assert table.rate_hz == 200.0
    np.testing.assert_allclose(
        table.samples.acceleration_m_s2[0] / STANDARD_GRAVITY_M_S2, [0.1, 0.2, 1]
    )
    assert not table.samples.has_gyro


def test_the_preamble_states_rate_and_axes(tmp_path: Path) -> None:
    text = (
        "# made by hand\n# rate_hz: 128\n# axes: -z+y+x\n# device: Pod: 7\n\n"
        "acc_x_g,acc_y_g,acc_z_g\n1,0,0\n1,0,0\n"
    )
    table = read(saved(tmp_path, text))
    assert table.rate_hz == 128.0
    assert table.axes == "-z+y+x"
    assert table.preamble == {"rate_hz": "128", "axes": "-z+y+x", "device": "Pod: 7"}
    np.testing.assert_array_equal(table.samples.time_s, [0, 1 / 128])


def test_rate_given_by_hand_goes_before_the_preamble(tmp_path: Path) -> None:
    path = saved(tmp_path, "# rate_hz: 128\nacc_x_g,acc_y_g\n1,0\n1,0\n")
    assert read(path, rate_hz=256).rate_hz == 256.0


@pytest.mark.parametrize(
    "text",
    [
        f"{SEVEN}\r\n{rows()}".replace("\n", "\r\n").replace("\r\r", "\r"),
        f"\ufeff{SEVEN}\n{rows()}",
        f"\n{SEVEN}\n{rows()}\n\n",
        f"{SEVEN}\n{rows()}".rstrip("\n"),
        ",".join(f' "{name}" ' for name in SEVEN.split(",")) + "\n" + rows(),
        f"{SEVEN}\n{rows()}".replace(",", " , "),
        f"{SEVEN}\n" + rows(cells='"0","0","1","0","0","0"'),
        f"{SEVEN}\n" + rows().replace("\n", "\n\n"),
    ],
    ids=[
        "windows",
        "byte-order mark",
        "blank lines",
        "no last newline",
        "quoted header",
        "spaces",
        "quoted cells",
        "blank between",
    ],
)
def test_every_usual_spelling_gives_the_same_samples(tmp_path: Path, text: str) -> None:
    plain = read(saved(tmp_path, f"{SEVEN}\n{rows()}", "plain.csv"))
    table = read(saved(tmp_path, text))
    assert_same(table.samples, plain.samples)
    assert table.rate_hz == 100.0


@pytest.mark.parametrize("lost", ["", "nan", "NaN", "  "])
def test_empty_and_nan_cells_are_lost_samples(tmp_path: Path, lost: str) -> None:
    text = f"{SEVEN}\n{rows(200)}2.0,{lost},0,1,0,0,{lost}\n2.01,0,0,1,0,0,0\n"
    samples = read(saved(tmp_path, text)).samples
    assert samples.angular_velocity_rad_s is not None
    assert np.isnan(samples.acceleration_m_s2[200, 0])
    assert np.isnan(samples.angular_velocity_rad_s[200, 2])
    assert np.isnan(samples.acceleration_m_s2).sum() == 1
    assert len(samples) == 202


def test_an_axis_that_was_not_measured_is_zero_and_said(tmp_path: Path) -> None:
    text = "time_s,acc_x_g,acc_z_g\n0,0.5,1\n0.01,0.5,1\n"
    table = read(saved(tmp_path, text))
    np.testing.assert_array_equal(table.samples.acceleration_m_s2[:, 1], [0, 0])
    (note,) = table.notes
    assert "acc_y" in note and "not measured" in note


def test_a_gap_passes_and_does_not_skew_the_rate(tmp_path: Path) -> None:
    time = np.delete(np.arange(2000) / 200, np.r_[300:900, 1000, 1200, 1202])
    text = "time_s,acc_x_g,acc_z_g\n" + "".join(f"{t!r},0,1\n" for t in time.tolist())
    table = read(saved(tmp_path, text))
    assert table.rate_hz == 200.0
    np.testing.assert_array_equal(table.samples.time_s, time)
    assert not any("time steps" in note for note in table.notes)


def test_whole_milliseconds_do_not_skew_the_rate(tmp_path: Path) -> None:
    stamps = [round(1000 * i / 104) for i in range(1041)]
    text = "time_ms,acc_x_g,acc_z_g\n" + "".join(f"{t},0,1\n" for t in stamps)
    assert read(saved(tmp_path, text)).rate_hz == pytest.approx(104, abs=0.02)


@pytest.mark.parametrize("rate_hz", [None, 190.0, 200.0])
def test_arrival_times_in_bursts_tell_the_rate_and_are_told(
    tmp_path: Path, rate_hz: float | None
) -> None:
    """Radio packets: eight samples within microseconds every 40 ms."""
    time = [0.04 * (i // 8) + 1e-6 * (i % 8) for i in range(800)]
    text = "time_s,acc_x_g,acc_y_g,acc_z_g\n" + "".join(f"{t!r},0,0,1\n" for t in time)
    path = saved(tmp_path, text)
    table = read(path, rate_hz=rate_hz)
    assert table.rate_hz == pytest.approx(200.0, abs=0.1)
    assert "arriv" in table.notes[0]
    assert len(table.notes) == (2 if rate_hz == 190.0 else 1)
    assert np.diff(table.samples.time_s).min() > 0.004


def test_progress_ends_at_the_total(tmp_path: Path) -> None:
    path = saved(tmp_path, f"{SEVEN}\n{rows(100_000)}")
    seen: list[tuple[int, int]] = []
    table = read(path, progress=lambda done, total: seen.append((done, total)))
    size = path.stat().st_size
    assert len(table.samples) == 100_000
    assert len(seen) > 2
    assert seen == sorted(seen)
    assert seen[-1] == (size, size)


@pytest.mark.skipif(sys.platform == "win32", reason="named pipes are files on POSIX alone")
def test_a_named_pipe_reads_like_a_file(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    text = f"{SEVEN}\n{rows(20_000)}"
    writer = threading.Thread(target=pipe.write_text, args=(text,))
    writer.start()
    table = read(pipe)
    writer.join()
    assert len(table.samples) == 20_000


# -------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ["empty"]),
        ("\n\n", ["no header", "name the columns"]),
        ("# rate_hz: 100\n", ["no header", "name the columns"]),
        (f"{SEVEN}\n", ["no samples below the header"]),
        (f"{SEVEN}", ["no samples below the header"]),
        ("0,0,0,1\n0.01,0,0,1\n", ["line 1", "no names", "--columns"]),
        (f"{SEVEN}\n{rows(3)}0.03,1,2\n", ["line 5", "3 cells", "7", "delete the row"]),
        (f"{SEVEN}\n{rows(3)}0.03,0,0,1,0,0,0,0\n", ["line 5", "8 cells", "7"]),
        (f"{SEVEN}\n0,01,0,0,1,0,0,0\n", ["line 2", "decimal point"]),
        (f"{SEVEN}\n\n{rows(3)}0.03,0,x,1,0,0,0\n", ["line 6", "column acc_y_g", "'x'"]),
        (f"# a: b\n{SEVEN}\n{rows(3)}0.03,0,1_0,1,0,0,0\n", ["line 6", "'1_0'"]),
        (f"{SEVEN}\n{rows(3)}0.03,0,{'y' * 99},1,0,0,0\n", ["line 5", "yyy…'", "leave the cell"]),
        (f"{SEVEN}\n{rows(1)}", ["one sample", "--rate"]),
        (f"{SEVEN}\n-1e308,0,0,1,0,0,0\n1e308,0,0,1,0,0,0\n", ["--rate"]),
        (f"{SEVEN}\n{rows(9, 20)}", ["20 Hz", "24.5 to 4000 Hz", "24.5 Hz or more"]),
        (f"{SEVEN}\n{rows(9, 5000)}", ["5000 Hz", "24.5 to 4000 Hz"]),
        (f"{SEVEN}\n{rows(9, 0.1)}", ["0.1 Hz", "time_ms"]),
        (f"{SEVEN}\n{rows(9, 1e-4)}", ["time_us"]),
        (f"# rate_hz: fast\n{SEVEN}\n{rows()}", ["rate_hz", "'fast'", "24.5 and 4000 Hz"]),
        (f"# rate_hz: 5\n{SEVEN}\n{rows()}", ["rate_hz", "'5'", "24.5 and 4000 Hz"]),
        ("acc_x_g,acc_y_g,acc_z_g\n0,0,1\n", ["no time column", "--rate"]),
        (SEVEN.replace(",", ";") + "\n0,0;1\n", ["line 2", "2 cells", "7"]),
        (SEVEN.replace(",", "\t") + "\n0\t1\n", ["line 2", "2 cells", "7"]),
        (f"{SEVEN}\n{rows(200, cells=',0,1,0,0,0')}", ["acc_x_g", "no number", "remove it"]),
    ],
)
def test_bad_tables_are_refused_in_one_sentence(tmp_path: Path, text: str, said: list[str]) -> None:
    refused(saved(tmp_path, text), *said)


@pytest.mark.parametrize(
    ("header", "column", "said"),
    [
        ("time_s,acc_x,acc_y,acc_z", "acc_x", ["column 2", "acc_x_m_s2, acc_x_g or acc_x_mg"]),
        ("time,acc_x_g,acc_y_g", "time", ["column 1", "no unit", "time_s, time_ms, time_us"]),
        ("time_s,acc_x_g,acc_y_lsb", "acc_y_lsb", ["column 3", "unknown unit 'lsb'", "acc_y_mg"]),
        ("time_s,acc_x_g,acc_y_g,gyr_z_lsb", "gyr_z_lsb", ["gyr_z_rad_s, gyr_z_deg_s"]),
        ("time_s,acc_x_g,acc_x_mg,acc_y_g", "acc_x_mg", ["column 3", "second time", "keep one"]),
        ("time_s,acc_x_g", "acc", ["one acceleration axis", "at least two"]),
        ("time_s,gyr_x_deg_s,gyr_y_deg_s,gyr_z_deg_s", "acc", ["no acceleration axis"]),
        ("time_s,acc_x_g,acc_y_g,gyr_x_deg_s", "gyr_y", ["gyr_y and gyr_z", "all three"]),
    ],
)
def test_bad_columns_are_named_with_what_is_accepted(
    tmp_path: Path, header: str, column: str, said: list[str]
) -> None:
    text = f"# rate_hz: 100\n{header}\n" + "0," * header.count(",") + "0\n"
    path = saved(tmp_path, text)
    with pytest.raises(ColumnError) as caught:
        read(path)
    complaint(caught.value, f"{path}, line 2", *said)
    assert caught.value.column == column


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (bytes(range(256)) * 40, "no text"),
        (b"\x00" * 5000, "no text"),
        (b"x" * 200_000, "no rows of numbers"),
        (b"\x89MCAP0\r\n" + bytes(100), ".mcap"),
        (b"PAR1" + bytes(100), "damaged"),
        (b"PK\x03\x04" + bytes(100), "damaged"),
        (b"\x1f\x8b\x08" + bytes(100), "damaged"),
        (b"MATLAB 5.0" + bytes(100), "damaged"),
        (b"XDF:" + bytes(100), "no stream"),
        (b"\x93NUMPY" + bytes(100), "damaged"),
        (SEVEN.encode() + b"\n" + bytes(range(128, 256)) * 100, "no samples"),
        (SEVEN.encode() + b"\n" + bytes(3_000_000), "no text"),
    ],
)
def test_what_is_no_csv_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    refused(saved(tmp_path, content), said)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", SEVEN.encode() + b"\n0,0,0,1,0,0,0\n"]))
def test_no_bytes_ever_cause_a_traceback(tmp_path: Path, garbage: bytes, head: bytes) -> None:
    path = saved(tmp_path, head + garbage)
    try:
        read(path)
    except InputError as error:
        complaint(error, str(path))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    refused(tmp_path / "none.csv", "no such file")
    refused(tmp_path, "folder")


def test_a_file_without_permission(tmp_path: Path) -> None:
    path = saved(tmp_path, f"{SEVEN}\n{rows()}")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this account may read every file")
    refused(path, "permission")


@pytest.mark.parametrize("rate_hz", [0.0, 24.0, 4001.0, float("nan"), float("inf")])
def test_a_rate_out_of_range_is_a_usage_error(tmp_path: Path, rate_hz: float) -> None:
    path = saved(tmp_path, f"{SEVEN}\n{rows()}")
    with pytest.raises(ParameterError, match=r"--rate.*between 24.5 and 4000 Hz"):
        read(path, rate_hz=rate_hz)


@pytest.mark.parametrize(
    ("claimed", "true"),
    [("m_s2", "g"), ("m_s2", "mg"), ("g", "m_s2"), ("g", "mg"), ("mg", "g"), ("mg", "m_s2")],
)
@pytest.mark.parametrize("letters", ["xyz", "xz"])
def test_a_mistaken_acceleration_unit_is_found(
    tmp_path: Path, claimed: str, true: str, letters: str
) -> None:
    one_g = {"m_s2": 9.80665, "g": 1.0, "mg": 1000.0}[true]
    header = ",".join(["time_s", *(f"acc_{letter}_{claimed}" for letter in letters)])
    cells = ",".join(["0"] * (len(letters) - 1) + [str(one_g)])
    path = saved(tmp_path, f"{header}\n{rows(cells=cells)}")
    refused(path, "median", f"look like {true},", f"acc_x_{true}")
    honest = saved(tmp_path, f"{header}\n{rows(cells=cells)}".replace(f"_{claimed}", f"_{true}"))
    assert len(read(honest).samples) == 300


def test_degrees_called_radians_are_found(tmp_path: Path) -> None:
    text = f"{SEVEN}\n{rows(cells='0,0,1,20,-30,10')}"
    refused(saved(tmp_path, text.replace("deg_s", "rad_s")), "37.4 rad/s", "gyr_x_deg_s")
    assert read(saved(tmp_path, text)).samples.has_gyro


# ------------------------------------------------------------------------------- real data


def test_real_force_trials_are_plausible(tmp_path: Path) -> None:
    """Two axes, no gyro, flight clipped to zero: input, not fault."""
    if not (DATA / "sacral_force" / "trials.npz").exists():
        pytest.skip("the real recordings are not here; set BACKSTRIDE_DATA")
    with np.load(DATA / "sacral_force" / "trials.npz") as trials:
        vertical, forward = trials["acc_vertical_g"], trials["acc_anteroposterior_g"]
    for z, x in zip(vertical, forward, strict=True):
        body = "".join(f"{a},{b}\n" for a, b in zip(x.tolist(), z.tolist(), strict=True))
        path = saved(tmp_path, "acc_x_g,acc_z_g\n" + body)
        assert len(read(path, rate_hz=500).samples) == len(z)
        refused(
            saved(tmp_path, path.read_text().replace("_g", "_m_s2")), "look like g,", rate_hz=500
        )


def test_real_walking_units_are_told_apart(tmp_path: Path) -> None:
    files = sorted((DATA / "walking").glob("*.npz"))
    if not files:
        pytest.skip("the real recordings are not here; set BACKSTRIDE_DATA")
    for file in files:
        with np.load(file) as data:
            body = np.hstack([data["acc_g"], data["gyr_deg_s"]]).tolist()
        header = SEVEN.removeprefix("time_s,")
        text = header + "\n" + "".join(",".join(map(repr, row)) + "\n" for row in body)
        assert len(read(saved(tmp_path, text), rate_hz=100).samples) == len(body)
        mistaken = saved(tmp_path, text.replace("deg_s", "rad_s"))
        refused(mistaken, "gyr_x_deg_s", rate_hz=100)


# -------------------------------------------------------------------------------- writing

FLOATS = st.floats(allow_nan=True, allow_infinity=True)


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Samples, float]:
    count = draw(st.integers(1, 24))
    rate = draw(st.floats(24.5, 1600))
    start = draw(st.floats(-1e6, 1e6))
    time = start + np.arange(count) / rate

    def triad() -> NDArray[np.float64]:
        values = draw(hnp.arrays(np.float64, (count, 3), elements=FLOATS))
        values[0] = draw(hnp.arrays(np.float64, 3, elements=st.floats(-40, 40)))
        return values

    return Samples(time, triad(), triad() if draw(st.booleans()) else None), rate


PREAMBLES = st.dictionaries(
    st.text(string.ascii_letters + "_é", min_size=1, max_size=8),
    st.text(string.ascii_letters + ":#,; °").map(str.strip),
    max_size=3,
).map(lambda entries: {k: v for k, v in entries.items() if k not in ("rate_hz", "axes")})


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(blocks(), st.sampled_from(["", "+x+y+z", "-z+y+x"]), PREAMBLES)
def test_what_is_written_is_read_back_bit_for_bit(
    tmp_path: Path, block: tuple[Samples, float], axes: str, preamble: dict[str, str]
) -> None:
    samples, rate_hz = block
    path = tmp_path / "out.csv"
    write_sample_table(path, samples, rate_hz=rate_hz, axes=axes, preamble=preamble)
    table = read(path)
    assert_same(table.samples, samples)
    assert table.rate_hz == rate_hz
    assert table.axes == axes
    assert {k: v for k, v in table.preamble.items() if k not in ("rate_hz", "axes")} == preamble
    again = tmp_path / "again.csv"
    write_sample_table(
        again, table.samples, rate_hz=table.rate_hz, axes=table.axes, preamble=table.preamble
    )
    assert again.read_bytes() == path.read_bytes()


def assert_same(one: Samples, other: Samples) -> None:
    for name in ("time_s", "acceleration_m_s2", "angular_velocity_rad_s"):
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None)
        if left is not None:
            np.testing.assert_array_equal(left, right)
            kept = ~np.isnan(left)
            np.testing.assert_array_equal(np.signbit(left)[kept], np.signbit(right)[kept])


def test_a_long_recording_survives_the_way_out_and_in(tmp_path: Path) -> None:
    """Longer than one piece of writing and several blocks of reading."""
    rng = np.random.default_rng(1)
    count = 30_000
    acceleration = rng.normal([0, 0, 9.8], 1, (count, 3))
    acceleration[::97, 1] = np.nan
    samples = Samples(np.arange(count) / 200, acceleration, rng.normal(size=(count, 3)))
    path = tmp_path / "long.csv"
    write_sample_table(path, samples, rate_hz=200)
    table: SampleTable = read(path)
    assert_same(table.samples, samples)
    with path.open("a") as file:
        file.write("150.0,1,2,3,4,5,six\n")
    torn = read(path)
    assert_same(torn.samples, samples)
    assert f"line {count + 3} cannot be read as a row" in torn.notes[-1]


@pytest.mark.parametrize("time", [[0.0, 0.0], [1.0, 0.0], [0.0, np.nan], [np.inf, 1.0]])
def test_times_nobody_could_read_are_not_written(tmp_path: Path, time: list[float]) -> None:
    path = tmp_path / "out.csv"
    path.write_text("before")
    with pytest.raises(InputError) as caught:
        write_sample_table(path, Samples(time, np.ones((2, 3))), rate_hz=100)
    complaint(caught.value, str(path), "sample", "strictly increasing")
    assert path.read_text() == "before"


@pytest.mark.parametrize(
    "preamble", [{"a:b": "1"}, {"a\n": "1"}, {"": "1"}, {"a": "1\n2"}, {"a": " 1"}]
)
def test_a_preamble_that_would_not_read_back_is_refused(
    tmp_path: Path, preamble: dict[str, str]
) -> None:
    path = tmp_path / "out.csv"
    with pytest.raises(ParameterError) as caught:
        write_sample_table(path, Samples([0], [[0, 0, 9]]), rate_hz=100, preamble=preamble)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_rate_to_write_is_checked(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="rate_hz is 20"):
        write_sample_table(tmp_path / "out.csv", Samples([0], [[0, 0, 9]]), rate_hz=20)
