"""A replay gives the same bytes for any block size, and what the user states goes before."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.errors import InputError, ParameterError
from imu.mounting import mounting_from_axes
from imu.samples import Samples
from imu.step.trusted_steps import trusted_steps
from imu.steps import STEP_COLUMNS
from imu.waveforms import WAVEFORM_COLUMNS
from pipelines.files.baseline_file import load_baseline
from pipelines.files.sample_table import write_sample_table
from pipelines.files.simulation import write_simulation
from pipelines.replay import Replayed, replay
from pipelines.replay_options import ReplayOptions
from tests.examples import few
from tests.pipelines.command_line import Ended, backstride, quiet
from tests.pipelines.files.steps_in import steps_in

AXES = "-z+y+x"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings: ``run.mcap``, ``run.csv``, ``tired.mcap`` and ``still.csv``."""
    folder = tmp_path_factory.mktemp("recordings")
    query = "minutes=0.5&seed=3&standing_s=4&loss=1&disconnect=20s"
    write_simulation(folder / "run.mcap", query, quiet)
    write_simulation(folder / "run.csv", f"minutes=0.5&seed=3&standing_s=4&axes={AXES}", quiet)
    write_simulation(folder / "tired.mcap", "fatigue=lean&minutes=14&seed=1&rate=50", quiet)
    still, _ = simulate(Scenario(minutes=0.1, standing_s=5))
    write_sample_table(folder / "still.csv", still[:800], rate_hz=200.0)
    return folder


def outputs(recording: Path, into: Path, *options: object) -> dict[str, bytes]:
    """The bytes of every output of a replay, by option."""
    files = {
        "--steps": into / "steps.csv",
        "--waveforms": into / "waveforms.csv",
        "--alerts": into / "alerts.jsonl",
        "--summary": into / "summary.json",
    }
    words = [word for pair in files.items() for word in pair]
    ended = backstride("replay", recording, *words, *options)
    assert ended.exit_code == 0, ended.err
    return {option: path.read_bytes() for option, path in files.items()}


@pytest.fixture(scope="module")
def whole(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Of the recordings with running, what :func:`outputs` gives of each in one piece."""
    names = ("run.csv", "run.mcap", "tired.mcap")
    return {name: outputs(folder / name, tmp_path_factory.mktemp("whole")) for name in names}


@pytest.fixture(scope="module")
def tired(folder: Path) -> Replayed:
    """The replay of the run whose lean grows."""
    return replay(folder / "tired.mcap", ReplayOptions(), quiet)


# --- the same bytes -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["run.csv", "run.mcap"])
@pytest.mark.parametrize("block", [1, 7, 8, 1000, 10**6])
def test_the_block_size_changes_no_byte(
    folder: Path, whole: dict[str, dict[str, bytes]], tmp_path: Path, name: str, block: int
) -> None:
    assert whole[name]["--steps"].count(b"\n") > 60
    assert whole[name]["--waveforms"].count(b"\n") > 3000
    assert outputs(folder / name, tmp_path, "--block", block) == whole[name]


@settings(
    max_examples=few(4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(block=st.integers(1, 7000))
def test_any_block_size_gives_the_same_steps(folder: Path, block: int) -> None:
    whole = replay(folder / "run.csv", ReplayOptions(), quiet)
    cut = replay(folder / "run.csv", ReplayOptions(block=block), quiet)
    assert cut.steps.rows.tobytes() == whole.steps.rows.tobytes()
    assert cut.alerts == whole.alerts
    assert cut.summary == whole.summary


def test_a_second_replay_gives_the_same_bytes(
    folder: Path, whole: dict[str, dict[str, bytes]], tmp_path: Path
) -> None:
    first = whole["tired.mcap"]
    assert first["--alerts"].count(b"\n") >= 1
    assert outputs(folder / "tired.mcap", tmp_path) == first


# --- outputs --------------------------------------------------------------------------------------


def test_the_outputs_have_the_promised_columns(whole: dict[str, dict[str, bytes]]) -> None:
    files = whole["run.mcap"]
    rows = list(csv.DictReader(io.StringIO(files["--steps"].decode())))
    assert tuple(rows[0]) == STEP_COLUMNS
    assert [int(row["step"]) for row in rows] == list(range(1, len(rows) + 1))
    contacts = [float(row["initial_contact_s"]) for row in rows]
    assert contacts == sorted(contacts)
    assert all(float(row["flight_time_ms"]) >= 0 for row in rows)
    waveforms = list(csv.DictReader(io.StringIO(files["--waveforms"].decode())))
    assert tuple(waveforms[0]) == WAVEFORM_COLUMNS
    times = [float(row["time_s"]) for row in waveforms]
    assert times == sorted(set(times))


def test_alerts_are_json_lines_with_the_promised_keys(
    whole: dict[str, dict[str, bytes]],
) -> None:
    lines = whole["tired.mcap"]["--alerts"].decode().splitlines()
    keys = [
        "time_s",
        "indicator",
        "direction",
        "value",
        "baseline",
        "change",
        "gate",
        "severity",
        "message",
    ]
    for line in lines:
        assert list(json.loads(line)) == keys
    # a lean adds to the modelled load as well, and only one of them is told at a time
    assert json.loads(lines[0])["indicator"] in {"sacral_lean_deg", "lumbar_index"}


def test_the_summary_says_what_the_table_holds(folder: Path, tmp_path: Path) -> None:
    outputs(folder / "run.mcap", tmp_path)
    steps = steps_in(tmp_path / "steps.csv")
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert summary["steps"] == len(steps)
    assert summary["source"] == str(folder / "run.mcap")
    assert summary["rate_hz"] == 200
    assert summary["duration_s"] == pytest.approx(37, abs=4)
    for name in ("contact_time_ms", "impact_shock_g", "sacral_lean_deg"):
        expected = float(np.nanmedian(getattr(trusted_steps(steps), name)))
        assert summary["median"][name] == pytest.approx(expected, abs=1e-3)
    assert summary["median"]["lumbar_index"] is None  # there is no baseline
    assert summary["trusted_steps"] == int((steps.quality_bits == 0).sum())
    tokens = [token for quality in steps.quality for token in str(quality).split(";") if token]
    assert summary["quality"] == {token: tokens.count(token) for token in sorted(set(tokens))}
    assert tokens
    assert summary["samples_lost_in_transit"] > 600  # the link was away for 3 s at least
    assert summary["restarts"] >= 1
    assert summary["cut_short"] is False
    assert summary["baseline"] is None
    assert summary["notes"] == []


def test_an_alerts_file_is_begun_anew(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alerts.jsonl").write_text("of an earlier replay\n")
    assert b"earlier" not in outputs(folder / "run.csv", tmp_path)["--alerts"]


@pytest.mark.parametrize("option", ["--steps", "--waveforms"])
def test_standard_output_holds_nothing_but_the_table(
    folder: Path, tmp_path: Path, option: str
) -> None:
    whole = outputs(folder / "run.csv", tmp_path)
    ended = backstride("replay", folder / "run.csv", option, "-")
    assert ended.out.encode() == whole[option]
    assert ended.exit_code == 0


def test_alerts_on_standard_output_are_nothing_but_json(folder: Path) -> None:
    ended = backstride("replay", folder / "tired.mcap", "--alerts", "-")
    assert [json.loads(line)["severity"] for line in ended.out.splitlines()][:1] == ["raised"]


def test_a_summary_on_standard_output_is_nothing_but_json(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = backstride("replay", folder / "run.csv", "--summary", "-")
    assert json.loads(ended.out)["steps"] > 60


def test_parquet_holds_the_same_steps(folder: Path, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    outputs(folder / "run.csv", tmp_path)
    ended = backstride("replay", folder / "run.csv", "--steps", tmp_path / "steps.parquet")
    assert ended.exit_code == 0
    frame = pandas.read_parquet(tmp_path / "steps.parquet")
    steps = steps_in(tmp_path / "steps.csv")
    assert tuple(frame.columns) == STEP_COLUMNS
    np.testing.assert_allclose(frame["contact_time_ms"], steps.contact_time_ms, atol=1e-3)


# --- no running -----------------------------------------------------------------------------------


def test_a_recording_without_running_gives_the_header_alone(folder: Path, tmp_path: Path) -> None:
    ended = backstride("replay", folder / "still.csv", "--steps", tmp_path / "steps.csv")
    assert ended.exit_code == 0
    assert (tmp_path / "steps.csv").read_text() == ",".join(STEP_COLUMNS) + "\n"
    assert "no running in this recording" in ended.err
    assert "0 running steps" in ended.out


def test_no_running_leaves_standard_output_to_the_header(folder: Path) -> None:
    ended = backstride("replay", folder / "still.csv", "--steps", "-")
    assert ended.exit_code == 0
    assert ended.out == ",".join(STEP_COLUMNS) + "\n"


# --- axes -----------------------------------------------------------------------------------------


def leans(ended: Ended) -> list[float]:
    rows = csv.DictReader(io.StringIO(ended.out))
    return [float(row["sacral_lean_deg"] or "nan") for row in rows]


def test_axes_of_the_preamble_are_understood(folder: Path) -> None:
    recording = folder / "run.csv"
    assert f"# axes: {AXES}\n" in recording.read_text()
    ended = backstride("replay", recording, "--steps", "-")
    assert np.median(leans(ended)[20:]) == pytest.approx(5.0, abs=1.5)
    stated = backstride("replay", recording, "--steps", "-", "--axes", AXES)
    assert stated.out == ended.out


def test_stated_axes_go_before_the_recordings(folder: Path, tmp_path: Path) -> None:
    """The same sensor put on the other way round leans the other way."""
    turned = "+z-y+x"
    lean = leans(backstride("replay", folder / "run.csv", "--steps", "-"))
    other = leans(backstride("replay", folder / "run.csv", "--steps", "-", "--axes", turned))
    assert np.nanmedian(other) == pytest.approx(-np.nanmedian(lean), abs=1.0)
    session = leans(backstride("replay", folder / "run.mcap", "--steps", "-"))
    backward = backstride("replay", folder / "run.mcap", "--steps", "-", "--axes", "-x-y+z")
    assert np.nanmedian(leans(backward)) == pytest.approx(-np.nanmedian(session), abs=1.0)


@pytest.mark.parametrize("axes", ["+x+y+z", "-z+y+x", "+y-x+z"])
def test_the_way_the_sensor_sits_does_not_change_the_steps(tmp_path: Path, axes: str) -> None:
    samples, _ = simulate(Scenario(minutes=0.4, standing_s=3, seed=9))
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    to_body = mounting_from_axes(axes)
    mounted = Samples(samples.time_s, samples.acceleration_m_s2 @ to_body, gyro @ to_body)
    write_sample_table(tmp_path / "mounted.csv", mounted, rate_hz=200.0, axes=axes)
    write_sample_table(tmp_path / "plain.csv", samples, rate_hz=200.0, axes="+x+y+z")
    mounted_steps = replay(tmp_path / "mounted.csv", ReplayOptions(), quiet).steps
    plain = replay(tmp_path / "plain.csv", ReplayOptions(), quiet).steps
    np.testing.assert_allclose(mounted_steps.initial_contact_s, plain.initial_contact_s, atol=1e-6)
    np.testing.assert_allclose(mounted_steps.sacral_lean_deg, plain.sacral_lean_deg, atol=1e-3)


def test_auto_finds_the_axes_of_the_preamble(folder: Path, tmp_path: Path) -> None:
    stated = leans(backstride("replay", folder / "run.csv", "--steps", "-"))
    summary = tmp_path / "summary.json"
    auto = backstride(
        "replay", folder / "run.csv", "--steps", "-", "--axes", "auto", "--summary", summary
    )
    assert json.loads(summary.read_text())["axes_found"] is True
    # up is taken from standing: the lean then counts from there
    assert len(leans(auto)) == len(stated)
    assert np.nanmedian(leans(auto)) == pytest.approx(np.nanmedian(stated), abs=2.0)


# --- body and baseline ----------------------------------------------------------------------------


def test_height_and_baseline_give_the_lumbar_index(folder: Path, tmp_path: Path) -> None:
    options = ("--mass", 70, "--height", 1.75)
    summary = tmp_path / "baseline.json"
    first = backstride("replay", folder / "tired.mcap", "--summary", summary, *options)
    assert first.exit_code == 0
    assert json.loads(summary.read_text())["baseline"]["indicators"]
    later = tmp_path / "later.json"
    ended = backstride(
        "replay", folder / "run.csv", "--baseline", summary, "--summary", later, *options
    )
    assert ended.exit_code == 0
    assert json.loads(later.read_text())["median"]["lumbar_index"] == pytest.approx(100, abs=25)


def test_a_baseline_may_be_the_summary_or_its_part(tired: Replayed, tmp_path: Path) -> None:
    whole, part = tmp_path / "summary.json", tmp_path / "baseline.json"
    whole.write_text(tired.summary.to_json(), encoding="utf-8")
    part.write_text(json.dumps(tired.summary.baseline), encoding="utf-8")
    assert load_baseline(whole) == load_baseline(part) == tired.result.baseline


def test_a_session_too_short_for_a_baseline_says_so(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "summary.json"
    summary = replay(folder / "run.csv", ReplayOptions(), quiet).summary
    path.write_text(summary.to_json(), encoding="utf-8")
    with pytest.raises(InputError, match="too short for a baseline"):
        load_baseline(path)


def test_a_given_baseline_alerts_without_learning_first(tired: Replayed, tmp_path: Path) -> None:
    """Learned from the first half, watched from the start of the second."""
    given_baseline = ReplayOptions(baseline=tired.result.baseline)
    write_simulation(tmp_path / "stooped.mcap", "minutes=5&lean=12&seed=1&rate=50", quiet)
    alone = replay(tmp_path / "stooped.mcap", ReplayOptions(), quiet)
    watched = replay(tmp_path / "stooped.mcap", given_baseline, quiet)
    assert alone.alerts == ()
    assert [alert.indicator for alert in watched.alerts] == ["sacral_lean_deg"]
    assert watched.summary.alerts == 1


def test_a_rate_stands_in_for_the_time_column(folder: Path, tmp_path: Path) -> None:
    lines = (folder / "run.csv").read_text().splitlines()
    bare = [line.partition(",")[2] for line in lines if not line.startswith("#")]
    (tmp_path / "bare.csv").write_text("\n".join(bare) + "\n")
    with_time = replay(folder / "run.csv", ReplayOptions(axes=AXES), quiet).steps
    without = replay(tmp_path / "bare.csv", ReplayOptions(axes=AXES, rate_hz=200.0), quiet).steps
    np.testing.assert_allclose(without.initial_contact_s, with_time.initial_contact_s, atol=1e-6)


def test_options_out_of_range_are_refused_before_any_file_is_read() -> None:
    with pytest.raises(ParameterError, match="--block"):
        ReplayOptions(block=0)
    with pytest.raises(ParameterError, match="height"):
        ReplayOptions(height_m=175)


@pytest.mark.parametrize("name", ["run.csv", "run.mcap"])
def test_progress_goes_up_to_the_end(folder: Path, name: str) -> None:
    shares: list[float] = []

    def report(done: float, total: float) -> None:
        shares.append(done / total)

    replay(folder / name, ReplayOptions(), report)
    assert shares == sorted(shares)
    assert shares[0] >= 0
    assert shares[-1] <= 1


def test_a_stated_rate_that_fits_no_run_is_told(folder: Path, tmp_path: Path) -> None:
    rows = [line.split(",", 1)[1] for line in (folder / "run.csv").read_text().splitlines()
            if not line.startswith("#")]  # fmt: skip
    counted = tmp_path / "counted.csv"
    counted.write_text("\n".join(rows) + "\n")
    for rate, beats in ((100, "1.5"), (400, "6.2")):
        ended = backstride("replay", counted, "--axes", AXES, "--rate", rate)
        assert re.search(
            rf"{beats} beats a second at the stated {rate} Hz: check --rate", ended.err
        )
        usual = re.search(r"since (\d+) to (\d+) Hz would", ended.err)
        assert usual is not None
        assert int(usual[1]) < 200 < int(usual[2])
    assert "check --rate" not in backstride("replay", counted, "--rate", 200).err
    counted.write_text("Sampling rate: 100 Hz\n" + "\n".join(rows) + "\n")
    assert "at the stated 100 Hz: check --rate" in backstride("replay", counted).err
    still = tmp_path / "still.csv"
    still.write_text("\n".join([rows[0], *rows[1:600]]) + "\n")
    assert "check --rate" not in backstride("replay", still, "--rate", 100).err


def test_times_that_make_steps_of_no_runner_are_told_and_such_steps_do_not_count(
    folder: Path, tmp_path: Path
) -> None:
    lines = (folder / "run.csv").read_text().splitlines()
    begin = next(k for k, line in enumerate(lines) if line.startswith("time_s")) + 1
    cells = [line.split(",", 1) for line in lines[begin:]]
    quick = tmp_path / "quick.csv"
    for share, steps in ((0.5, "and no steps were found"), (0.57, "such steps do not count")):
        rows = [f"{share * float(time):.4f},{rest}" for time, rest in cells]
        quick.write_text("\n".join([*lines[:begin], *rows]) + "\n")
        ended = backstride("replay", quick, "--axes", AXES, "--steps", tmp_path / "steps.csv")
        assert steps in ended.err
    assert "beats a second by the times of the file, more than any runner has" in ended.err
    with (tmp_path / "steps.csv").open() as table:
        quality = [row["quality"] for row in csv.DictReader(table)]
    assert len(quality) > 20
    assert np.mean(["sensor" in flags for flags in quality]) > 0.8


def test_a_folder_is_read_where_it_holds_one_recording_and_that_is_named(
    folder: Path, tmp_path: Path
) -> None:
    assert "nothing stands there" in backstride("replay", "").err
    assert "nothing stands there" in backstride("import", " ").err
    several = backstride("replay", folder)
    assert several.exit_code == 1
    assert "give the one you mean" in several.err
    assert "run.mcap" in several.err
    shutil.copy(folder / "run.csv", tmp_path / "run.csv")
    (tmp_path / "notes.txt").write_text("Sunday, 8 km\n")
    ended = backstride("replay", tmp_path, "--axes", AXES)
    assert "run.csv was read, of 2 files" in ended.err
    assert ended.exit_code == 0
