"""Earlier runs of the same kind make the baseline that a run starts from, or it learns its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.drift.baseline import Baseline, IndicatorBaseline
from pipelines.coaching.plan import CompanionPlan, plan_with_baseline
from pipelines.runner.forgetting import forget_everything
from pipelines.runner.history import PastRun, RunHistory, history_for_run
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import RunBaseline, Session, Shoe, moment
from tests.pipelines.coaching.runs import USUAL
from tests.pipelines.runner.journal.journals import at, at_hand, run

SENSOR = "movesense 208 Hz"
LEAN, CADENCE, SHOCK = "sacral_lean_deg", "cadence_spm", "impact_shock_g"
ALL = {LEAN: 5.0, CADENCE: 168.0, SHOCK: 3.0}


def baseline(means: Mapping[str, float], blocks: int = 100, **others: float) -> Baseline:
    """A run's baseline; of a short run where it has few blocks."""
    merged = dict(means) | others
    items = (IndicatorBaseline(name, mean, 0.2, 0.2) for name, mean in merged.items())
    return Baseline(tuple(items), blocks)


def history(*runs: Baseline, sensor: str = SENSOR) -> RunHistory:
    return RunHistory(tuple(PastRun(item, sensor) for item in runs), "track", "Blue")


# -------------------------------------------------------------------------------------- the start


@given(st.lists(st.floats(150, 190), min_size=2, max_size=12))
def test_the_last_five_runs_make_the_baseline(cadences: list[float]) -> None:
    start = history(*(baseline(ALL, cadence_spm=value) for value in cadences)).start(SENSOR)
    assert start.baseline is not None
    item = start.baseline.of(CADENCE)
    assert item is not None
    last = cadences[-5:]
    assert item.mean == pytest.approx(sum(last) / len(last))
    assert item.level_sd > 0.0
    assert (
        start.compared.words
        == f"compared with your last {len(last)} runs on track in the shoes Blue."
    )


@pytest.mark.parametrize(
    ("surface", "shoe", "words"),
    [
        ("track", "Blue", "on track in the shoes Blue."),
        ("track", "", "on track, no shoes named."),
        ("", "Blue", "in the shoes Blue, no surface named."),
        ("", "", "without a named surface or shoes."),
    ],
)
def test_the_runner_is_told_what_the_run_is_compared_with(
    surface: str, shoe: str, words: str
) -> None:
    runs = (PastRun(baseline(ALL), SENSOR),) * 4
    told = RunHistory(runs, surface, shoe).start(SENSOR).compared.words
    assert told == f"compared with your last 4 runs {words}"


@pytest.mark.parametrize("runs", [0, 1])
def test_too_few_runs_are_learned_from_on_the_way(runs: int) -> None:
    start = history(*[baseline(ALL)] * runs).start(SENSOR)
    assert start.baseline is None
    assert start.compared.words == "learning your baseline on the way."


def test_short_runs_make_a_baseline_together() -> None:
    """What seven minutes of running a session come to; two whole runs go before any of them."""
    short = [baseline(ALL, blocks=40, cadence_spm=value) for value in (160.0, 164.0, 168.0)]
    told = [history(*short[:n]).start(SENSOR).compared.words for n in (1, 2, 3)]
    assert told == [
        "learning your baseline on the way, since your last run of this kind has 42 % of a "
        "baseline so far.",
        "learning your baseline on the way, since your last 2 runs have 84 % of a baseline so far.",
        "compared with your last 3 runs on track in the shoes Blue.",
    ]
    start = history(baseline(ALL), baseline(ALL), *short, *short).start(SENSOR)
    assert start.baseline is not None
    item = start.baseline.of(CADENCE)
    assert item is not None
    assert item.mean == 168.0


def test_another_kind_of_sensor_does_not_count() -> None:
    start = history(*[baseline(ALL)] * 4).start("movesense 104 Hz")
    assert start.baseline is None
    assert "another kind of sensor" in start.compared.words


def test_no_indicator_goes_unwatched_for_want_of_a_baseline() -> None:
    """What a given baseline lacks is not watched: rather all is learned in the run."""
    no_lean = baseline({CADENCE: 168.0, SHOCK: 3.0})
    for runs in ((baseline(ALL), no_lean), (no_lean, no_lean, baseline(ALL))):
        start = history(*runs).start(SENSOR)
        assert start.baseline is None
        assert start.compared.words.startswith("learning your baseline on the way, since ")
    # one run without it, after a slip, is no harm
    start = history(baseline(ALL), baseline(ALL), no_lean).start(SENSOR)
    assert start.baseline is not None
    # nor is what no run has
    assert history(no_lean, no_lean).start(SENSOR).baseline is not None


def test_what_stayed_changed_in_two_runs_on_end_is_learned_anew() -> None:
    changed = baseline({LEAN: 5.0, SHOCK: 3.0})
    start = history(*[baseline(ALL)] * 3, changed, changed).start(SENSOR)
    assert start.baseline is None
    # the run that learns has it again
    learned = baseline(ALL, cadence_spm=176.0)
    start = history(*[baseline(ALL)] * 2, changed, changed, learned).start(SENSOR)
    assert start.baseline is not None


def test_the_companion_goes_by_the_same_baseline() -> None:
    plan = CompanionPlan(usual=USUAL)
    found = plan_with_baseline(plan, baseline({"peak_10hz_bw": 2.4, CADENCE: 172.0}))
    assert found.usual is not None
    assert found.usual.cadence_spm == 172.0
    assert plan_with_baseline(plan, baseline({"lumbar_index": 3.0})).usual == USUAL


# ------------------------------------------------------------------------------------ the journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


def add(journal: Journal, day: float, cadence: float, surface: str, shoe: int | None) -> None:
    session = journal.add(run(day, surface=surface, shoe_id=shoe))
    kept = " ".join(baseline(ALL, cadence_spm=cadence).to_json().split())
    journal.add(RunBaseline(session, kept, surface, SENSOR))


def cadences(path: Path, surface: str, shoe: str, day: float = 50.0) -> list[float]:
    found, trouble = at_hand(path, lambda it: history_for_run(it, moment(at(day)), surface, shoe))
    assert trouble == ""
    assert (found.surface, found.shoe) == (surface, shoe)
    items = [item.baseline.of(CADENCE) for item in found.runs]
    return [item.mean for item in items if item is not None]


def test_only_runs_on_the_same_surface_in_the_same_shoe_count(journal: Journal) -> None:
    blue, green = journal.add(Shoe("Blue")), journal.add(Shoe("Green"))
    kinds = [(surface, shoe) for surface in ("", "track", "road") for shoe in (None, blue, green)]
    for number, (surface, shoe) in enumerate(kinds):
        add(journal, number, 160.0 + number, surface, shoe)
        add(journal, 20 + number, 170.0 + number, surface, shoe)
    names = {None: "", blue: "Blue", green: "Green"}
    for number, (surface, shoe) in enumerate(kinds):
        assert cadences(journal.path, surface, names[shoe]) == [160.0 + number, 170.0 + number]
    assert cadences(journal.path, "track", "Red") == []
    assert cadences(journal.path, "grass", "Blue") == []


def test_a_new_pair_of_the_same_name_starts_anew(journal: Journal) -> None:
    old = journal.add(Shoe("Blue"))
    add(journal, 0, 160.0, "track", old)
    journal.replace(Shoe("Blue", retired=date(2026, 3, 20), identifier=old))
    assert cadences(journal.path, "track", "Blue") == []
    add(journal, 1, 170.0, "track", journal.add(Shoe("Blue")))
    assert cadences(journal.path, "track", "Blue") == [170.0]


def test_runs_of_more_than_a_season_ago_and_of_the_future_do_not_count(journal: Journal) -> None:
    for day in (0, 30, 60, 90):
        add(journal, day, 160.0 + day / 10, "", None)
    assert cadences(journal.path, "", "", day=61.0) == [160.0, 163.0, 166.0]
    assert cadences(journal.path, "", "", day=121.0) == [166.0, 169.0]


def test_a_deleted_run_does_not_count(journal: Journal) -> None:
    add(journal, 0, 160.0, "", None)
    add(journal, 1, 161.0, "", None)
    journal.delete(Session, 1)
    assert cadences(journal.path, "", "") == [161.0]
    forget_everything(journal)
    assert journal.entries(RunBaseline) == []


def test_without_a_journal_none_is_made(path: Path) -> None:
    assert at_hand(path, lambda it: history_for_run(it, datetime.now(UTC), "track", "Blue")) == (
        RunHistory(surface="track", shoe="Blue"),
        "",
    )
    assert not path.exists()


def test_a_journal_in_trouble_costs_the_comparison_and_is_told_in_a_sentence(
    journal: Journal, path: Path
) -> None:
    add(journal, 0, 160.0, "", None)
    with journal.transaction() as connection:
        connection.execute("UPDATE run_baselines SET baseline = 'rubbish'")
    found, trouble = at_hand(path, lambda it: history_for_run(it, moment(at(1))))
    assert found.runs == ()
    assert trouble.endswith("This run is not compared with earlier ones.")
    journal.close()
    path.write_bytes(b"no database" * 500)
    found, trouble = at_hand(
        path, lambda it: history_for_run(it, moment(at(1)) + timedelta(days=1))
    )
    assert found.runs == ()
    assert "the journal was damaged" in trouble
