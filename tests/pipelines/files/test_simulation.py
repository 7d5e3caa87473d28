"""A simulated session on file: the same for the same seed, true to its truth, never in the way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from devices.records import DeviceInfo, LinkEvent, Packet, StreamRecord
from devices.simulator.generate import simulate
from devices.simulator.scenario import Scenario
from imu.errors import ParameterError, RecordingError
from pipelines.files.reading.front_door import read
from pipelines.files.session_reader import read_session
from pipelines.files.simulation import write_simulation
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from tests.patience import HANG_S
from tests.pipelines.command_line import backstride, command, environment, quiet
from tests.pipelines.files.steps_in import steps_in
from tests.warm_process import WarmPopen

QUERY = "minutes=0.5&standing_s=3&seed=11"


def test_the_same_seed_gives_the_same_table(tmp_path: Path) -> None:
    contents = []
    for name, query in (("a", QUERY), ("b", QUERY), ("c", QUERY.replace("11", "12"))):
        path = tmp_path / f"{name}.csv"
        write_simulation(path, query, quiet)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1] != contents[2]


def test_the_same_seed_gives_the_same_log(tmp_path: Path) -> None:
    query = f"{QUERY}&loss=2&jitter_ms=20&corrupt=1"
    for name in "ab":
        write_simulation(tmp_path / f"{name}.mcap", query, quiet)
    first, second = (read_session(tmp_path / f"{name}.mcap") for name in "ab")
    assert first.records == second.records
    assert not first.cut_short


def test_a_table_holds_the_samples_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    made = write_simulation(path, f"{QUERY}&axes=-z+y+x&rate=100", quiet)
    table = read(path)
    samples, truth = simulate(Scenario.from_query(f"{QUERY}&axes=-z+y+x&rate=100"))
    assert (table.axes, table.rate_hz, made.scenario.rate) == ("-z+y+x", 100.0, 100.0)
    assert np.array_equal(table.samples.acceleration_m_s2, samples.acceleration_m_s2)
    assert table.samples.angular_velocity_rad_s is not None
    assert samples.angular_velocity_rad_s is not None
    assert np.array_equal(table.samples.angular_velocity_rad_s, samples.angular_velocity_rad_s)
    assert made.duration_s == pytest.approx(len(samples) / 100)
    assert made.truth().rows.tobytes() == truth.rows.tobytes()


def test_a_session_tells_how_it_came_about(tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    write_simulation(path, f"{QUERY}&mass=61&height=1.68", quiet)
    session = read_session(path)
    assert session.header.source == f"sim:?{QUERY}&mass=61&height=1.68"
    assert (session.header.mass_kg, session.header.height_m) == (61.0, 1.68)
    info, connected, *_, ended = session.records
    assert isinstance(info, DeviceInfo)
    assert isinstance(connected, LinkEvent)
    assert isinstance(ended, LinkEvent)
    assert (connected.kind, ended.kind) == ("connected", "ended")
    assert sum(isinstance(record, Packet) for record in session.records) > 500


@pytest.mark.parametrize("ending", ["mcap", "csv"])
@pytest.mark.parametrize("rate", [50, 200, 1600])
def test_replay_finds_the_true_steps(tmp_path: Path, ending: str, rate: int) -> None:
    path = tmp_path / f"run.{ending}"
    truth = write_simulation(path, f"{QUERY}&rate={rate}", quiet).truth()
    found = replay(path, ReplayOptions(), quiet).steps
    assert len(truth) > 70
    assert abs(len(found) - len(truth)) <= 2
    contacts = found.initial_contact_s
    errors = [float(np.abs(contacts - true).min()) for true in truth.initial_contact_s[2:-2]]
    assert np.median(errors) < 0.03


def test_the_truth_is_a_steps_table(tmp_path: Path) -> None:
    ended = backstride("simulate", tmp_path / "a.mcap", QUERY, "--truth", tmp_path / "truth.csv")
    assert ended.exit_code == 0
    truth = steps_in(tmp_path / "truth.csv")
    assert f"{len(truth)} running steps" in ended.out
    assert set(truth.side) == {"L", "R"}
    np.testing.assert_allclose(np.diff(truth.initial_contact_s), truth.step_time_s[:-1], atol=2e-6)
    assert (truth.flight_time_ms >= 0).all()
    assert 150 < float(np.median(truth.contact_time_ms)) < 350


def test_overwriting_has_to_be_asked_for(tmp_path: Path) -> None:
    for path in (tmp_path / "run.mcap", tmp_path / "run.csv"):
        write_simulation(path, "minutes=0.1&seed=1", quiet)
        before = path.read_bytes()
        with pytest.raises(RecordingError, match=path.name):
            write_simulation(path, "minutes=0.1&seed=2", quiet)
        assert path.read_bytes() == before
        write_simulation(path, "minutes=0.1&seed=2", quiet, overwrite=True)
        assert path.read_bytes() != before


def test_a_mistyped_scenario_creates_nothing(tmp_path: Path) -> None:
    for name, query in (("a.mcap", "sped=3"), ("a.csv", "speed=99"), ("a.txt", "")):
        with pytest.raises(ParameterError):
            write_simulation(tmp_path / name, query, quiet)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", ["mcap", "csv"])
def test_progress_goes_up_to_the_end(tmp_path: Path, ending: str) -> None:
    shares: list[float] = []
    write_simulation(tmp_path / f"a.{ending}", QUERY, lambda a, b: shares.append(a / b))
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


@pytest.mark.parametrize("older", [b"", b"simulated before"])
def test_an_interrupted_simulation_leaves_no_piece(tmp_path: Path, older: bytes) -> None:
    path = tmp_path / "run.mcap"
    if older:
        path.write_bytes(older)

    def interrupt(done: float, total: float) -> None:
        if done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_simulation(path, QUERY, interrupt, overwrite=bool(older))
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [older] * bool(older)


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX kills a process at once")
def test_a_killed_simulation_leaves_no_piece_under_the_name_and_none_for_long(
    tmp_path: Path,
) -> None:
    path, part = tmp_path / "run.mcap", tmp_path / ".run.mcap.part"
    with WarmPopen(
        command("simulate", path, "minutes=120"), stderr=subprocess.DEVNULL, env=environment()
    ) as process:
        deadline = time.monotonic() + HANG_S
        while not (part.exists() and part.stat().st_size > 100_000):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()
    assert not path.exists()
    write_simulation(path, "minutes=0.1&standing_s=1", quiet)
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.mcap"]
    assert not read_session(path).cut_short


@pytest.mark.parametrize("fault", ["loss=5", "nan=5", "saturate=5", "disconnect=1"])
def test_a_table_has_the_faults_that_were_asked_for_or_says_why_not(
    tmp_path: Path, fault: str
) -> None:
    plain, faulty = tmp_path / "plain.csv", tmp_path / "faulty.csv"
    backstride("simulate", plain, QUERY)
    ended = backstride("simulate", faulty, f"{QUERY}&{fault}")
    assert ended.err or ended.exit_code or plain.read_bytes() != faulty.read_bytes()


def test_the_devices_beside_the_sensor_are_in_the_file(tmp_path: Path) -> None:
    keys = "treadmill=1&heart_rate=lost@8+5&foot_pod=1&speed=3.0&seed=4"
    path = tmp_path / "a.mcap"
    write_simulation(path, f"minutes=0.5&standing_s=3&{keys}", quiet)
    records = read_session(path).records
    sent = Counter(one.stream for one in records if isinstance(one, StreamRecord))
    assert min(sent[name] for name in ("treadmill", "foot_pod", "heart_rate")) > 20
    arrivals = [one.arrival_ns for one in records if not isinstance(one, DeviceInfo)]
    assert arrivals == sorted(arrivals)
    result = replay(path, ReplayOptions(), quiet).result
    assert result.heart_rate is not None
    assert result.distance_source == "treadmill"
    assert result.distance_m == pytest.approx(90.0, rel=0.1)


@pytest.mark.parametrize(
    ("ending", "keys", "named"),
    [
        ("csv", "heart_rate=1", "heart_rate is '1'"),
        ("mcap", "protocol=movesense", "protocol is 'movesense'"),
        ("csv", "protocol=polar&rate=52", "protocol is 'polar'"),
    ],
)
def test_what_a_file_cannot_hold_is_refused_by_name(
    tmp_path: Path, ending: str, keys: str, named: str
) -> None:
    path = tmp_path / f"a.{ending}"
    ended = backstride("simulate", path, f"{QUERY}&{keys}")
    assert ended.exit_code == 2
    assert named in ended.err
    assert not path.exists()


@pytest.mark.parametrize("prefix", ["sim:?", "sim:"])
def test_the_scenario_may_be_written_as_for_live(tmp_path: Path, prefix: str) -> None:
    assert backstride("simulate", tmp_path / "a.mcap", f"{prefix}{QUERY}").exit_code == 0
