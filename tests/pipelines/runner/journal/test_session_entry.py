"""A recording becomes an entry: means, dose, and a distance that says how it is known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.errors import InputError, ParameterError
from imu.steps import NO_STEPS, STEP_ROW, Steps
from pipelines.files.simulation import write_simulation
from pipelines.files.summary_file import read_summary
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session, Shoe
from pipelines.runner.journal.recorded import AddOptions, recorded_run
from pipelines.runner.journal.runs import add_run
from pipelines.runner.journal.session_entry import distance_from_speed, entry_from_summary, entry_of
from pipelines.runner.journal.stated import Distance, Stated
from pipelines.session.dose import Dose
from pipelines.session.facts import Fact, ShoeKnown, SurfaceKnown
from pipelines.session.header import SessionHeader
from pipelines.session.pace import Pace
from pipelines.session.progress import SessionProgress
from pipelines.session.summary import summarise
from tests.pipelines.command_line import quiet
from tests.pipelines.results import result_from_steps
from tests.pipelines.runner.journal.journals import at

#: Of earlier easy runs.
EASY = Baseline((IndicatorBaseline("lumbar_index", 2.3, 0.1),), 40)


def some_steps(count: int, **columns: float) -> Steps:
    """Steps of a third of a second each, from 10 s on."""
    rows = np.zeros(count, STEP_ROW)
    for name in STEP_ROW.names or ():
        if STEP_ROW[name] == np.float64:
            rows[name] = columns.get(name, np.nan)
    rows["initial_contact_s"] = 10.0 + np.arange(count) / 3.0
    rows["step_time_s"] = 1.0 / 3.0
    return Steps(rows)


def session_of(path: Path, options: AddOptions, journal: Journal) -> Session:
    session = recorded_run(path, options, journal).run.session
    assert session is not None
    return session


# --------------------------------------------------------------------------------------------- dose


def dose_easy_km(
    indices: list[float], distance_m: float | None, exponent: float = 4.0
) -> float | None:
    dose = Dose()
    dose.take_blocks(indices)
    return dose.easy_km(distance_m, exponent)


@given(st.floats(80, 130), st.floats(1000, 40_000))
def test_the_dose_of_a_steady_run_is_its_distance_times_the_index_to_the_power(
    index: float, distance_m: float
) -> None:
    for exponent in (2.0, 4.0, 6.0):
        dose = dose_easy_km([index] * 50, distance_m, exponent)
        assert dose == pytest.approx(distance_m / 1000.0 * (index / 100.0) ** exponent)


def test_hard_steps_weigh_more_with_a_higher_exponent() -> None:
    index = [100.0] * 50 + [120.0] * 50
    m2, m4, m6 = (dose_easy_km(index, 10_000.0, m) or 0.0 for m in (2.0, 4.0, 6.0))
    assert 10.0 < m2 < m4 < m6


def test_without_a_distance_or_with_few_indices_there_is_no_dose() -> None:
    assert dose_easy_km([100.0], None, 4.0) is None
    assert dose_easy_km([], 5000.0, 4.0) is None
    assert dose_easy_km([100.0] * 49 + [math.nan] * 51, 5000.0, 4.0) is None
    assert dose_easy_km([110.0] * 60 + [math.nan] * 40, 5000.0, 2.0) == pytest.approx(6.05)


def test_an_index_of_this_very_run_gives_no_dose() -> None:
    steps = some_steps(300, lumbar_index=105.0)
    distance = Distance(5000.0, "treadmill")
    with_it, without = (
        entry_of(
            result_from_steps(steps, header=SessionHeader(at(0), "", baseline=baseline)),
            Stated(distance),
        )
        for baseline in (EASY, None)
    )
    assert without.dose_easy_km_m4 is None
    assert with_it.dose_easy_km_m4 == pytest.approx(5.0 * 1.05**4)


# -------------------------------------------------------------------------------------------- means


def test_means_are_of_trusted_steps_and_what_was_not_measured_is_missing() -> None:
    steps = some_steps(60, impact_shock_g=3.0, peak_10hz_bw=2.4)
    steps.rows["impact_shock_g"][:20] = 9.0
    steps.rows["quality"][:20] = 1
    entry = entry_of(result_from_steps(steps), Stated())
    assert entry.means == {"impact_shock_g": 3.0, "peak_10hz_bw": 2.4}
    assert entry.steps == 60
    assert entry.running_s == pytest.approx(20.0)
    assert (entry.distance_m, entry.distance_source) == (None, "")


def test_a_session_without_a_step_is_a_session() -> None:
    entry = entry_of(result_from_steps(some_steps(0)), Stated())
    assert (entry.steps, entry.means, entry.running_s) == (0, {}, 0.0)


# ----------------------------------------------------------------------------------------- distance


def test_a_speed_counts_while_running() -> None:
    found = distance_from_speed(2.5, some_steps(3600))
    assert found.distance_m == pytest.approx(3000.0)
    assert found.source == "speed"
    assert distance_from_speed(2.5, NO_STEPS) == Distance()


def test_running_goes_on_over_short_pauses() -> None:
    steps = some_steps(9)
    steps.rows["initial_contact_s"][3:] += 1.5
    steps.rows["initial_contact_s"][6:] += 5.0
    # from 10 to 13.5 s, and from 18.5 to 19.5 s
    assert distance_from_speed(2.0, steps).distance_m == pytest.approx(9.0)


def covered(*speeds: tuple[float, float | None]) -> float | None:
    """Distance of a run from 60 to 660 and from 720 to 1320 s, with speeds from some times on."""
    pace = Pace()
    progress = SessionProgress(pace)
    for since_s, speed in speeds:
        pace.take_speed(speed, since_s)
    rows = some_steps(3600).rows.copy()
    rows["initial_contact_s"] = 60.0 + np.arange(3600) / 3.0
    rows["initial_contact_s"][1800:] += 60.0
    progress.take_steps(Steps(rows))
    return progress.distance_m


def test_a_marked_distance_counts_and_the_last_one_corrects() -> None:
    progress = SessionProgress()
    progress.take_distance(4000.0, 5.0)
    progress.take_distance(5000.0, 9.0)
    progress.take_steps(some_steps(30))
    assert (progress.distance_m, progress.source) == (5000.0, "stated")


def test_marked_speeds_count_where_somebody_ran() -> None:
    assert covered((0.0, 2.5), (720.0, 3.0)) == pytest.approx(600 * 2.5 + 600 * 3.0)
    for ended in (0.0, None):
        assert covered((0.0, 2.5), (700.0, ended)) == pytest.approx(1500.0)
    assert covered() is None


def test_tags_are_the_last_marked_ones() -> None:
    said: list[Fact] = [
        SurfaceKnown(0.0, "road"),
        ShoeKnown(1.0, "Blue"),
        SurfaceKnown(2.0, "track"),
    ]
    result = result_from_steps(some_steps(9), more=said)
    assert (result.surface, result.shoe) == ("track", "Blue")


# ------------------------------------------------------------------------------------- whole files


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "run.mcap"
    write_simulation(path, "minutes=1&standing_s=1&speed=3", quiet)
    return path


def test_a_recorded_session_becomes_an_entry(recording: Path, journal: Journal) -> None:
    shoe = journal.add(Shoe("Blue"))
    options = AddOptions(speed="10.8 km/h", surface="belt", shoe="Blue", note="easy")
    session = add_run(journal, recorded_run(recording, options, journal).run)
    assert session is not None
    assert session.steps > 100
    assert session.distance_source == "speed"
    assert session.distance_m == pytest.approx(180.0, rel=0.1)
    assert (session.surface, session.shoe_id, session.note) == ("belt", shoe, "easy")
    assert session.source_file == str(recording)
    assert session.means["cadence_spm"] == pytest.approx(165.0, abs=10.0)
    assert session.duration_s == pytest.approx(61.0, abs=10.0)
    assert session.dose_easy_km_m4 is None


def test_with_a_baseline_of_earlier_runs_and_a_height_there_is_a_dose(
    recording: Path, journal: Journal, tmp_path: Path
) -> None:
    journal.change_settings(height_m=1.75)
    result = replay(recording, ReplayOptions(height_m=1.75), quiet)
    usual = float(np.nanmedian(result.steps.lumbar_compression_bw))
    baseline = tmp_path / "baseline.json"
    indicator = IndicatorBaseline("lumbar_index", usual, 0.01)
    baseline.write_text(Baseline((indicator,), 40).to_json(), encoding="utf-8")
    options = AddOptions(distance="5 km", baseline=baseline)
    session = session_of(recording, options, journal)
    # the first steps of a minute are unlike the rest: most of what is above 5 km
    assert session.dose_easy_km_m4 == pytest.approx(5.0, rel=0.25)
    assert session.dose_easy_km_m2 == pytest.approx(5.0, rel=0.12)
    assert session.distance_source == "user"


def test_the_summary_of_a_replay_becomes_the_same_entry_without_a_dose(
    recording: Path, journal: Journal, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.json"
    result = replay(recording, ReplayOptions(), quiet)
    summary.write_text(result.summary.to_json(), encoding="utf-8")
    whole = session_of(recording, AddOptions(treadmill="400 m"), journal)
    short = session_of(summary, AddOptions(treadmill="400 m", start_ns=at(0)), journal)
    assert (short.distance_m, short.distance_source) == (400.0, "treadmill")
    assert (short.steps, short.utc_start_ns) == (whole.steps, at(0))
    assert short.running_s == pytest.approx(whole.running_s, rel=0.02)
    for name, value in short.means.items():
        assert value == pytest.approx(whole.means[name], rel=0.05, abs=0.5), name


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        ("{", AddOptions(start_ns=at(0)), "no summary"),
        ("[]", AddOptions(start_ns=at(0)), "no summary"),
        ("{}", AddOptions(start_ns=at(0)), "no summary"),
        ("{}", AddOptions(), "start of the run"),
        ("{}", AddOptions(start_ns=at(0), baseline=Path("b.json")), "a recording"),
    ],
)
def test_what_is_no_summary_is_told(
    tmp_path: Path, journal: Journal, content: str, options: AddOptions, words: str
) -> None:
    path = tmp_path / "summary.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises((InputError, ParameterError), match=words):
        session_of(path, options, journal)


def test_a_summary_without_running_is_a_session(tmp_path: Path) -> None:
    summary = summarise(result_from_steps(NO_STEPS), "a.csv", rate_hz=200.0)
    (tmp_path / "summary.json").write_text(summary.to_json(), encoding="utf-8")
    entry = entry_from_summary(read_summary(tmp_path / "summary.json"), at(0), Stated())
    assert (entry.steps, entry.running_s, entry.means) == (0, 0.0, {})


def test_one_way_to_tell_the_distance() -> None:
    with pytest.raises(ParameterError, match="--distance, not both"):
        AddOptions(distance="5 km", speed="10 km/h")


def test_another_kind_of_file_is_told(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "run.fit"
    path.write_bytes(b"\x0e\x10 nothing that anybody reads")
    with pytest.raises(InputError, match=r"run\.fit: .*\.$"):
        session_of(path, AddOptions(), journal)
