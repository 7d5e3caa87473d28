"""The baseline and the ranges of a report are those that the alerts of the run were judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.drift.detector import DriftParams
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.files.session_reader import Session, read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.files.simulation import write_simulation
from pipelines.folding import Folded, fold_session
from pipelines.quantities import WATCHED
from pipelines.replay_options import ReplayOptions
from pipelines.session.facts import Ended
from pipelines.session.header import SessionHeader
from pipelines.views.report.content import Content, content_of
from pipelines.views.report.page import render
from pipelines.views.report.reading import read_recording
from pipelines.views.report.words import watch_words
from tests.pipelines.command_line import quiet
from tests.pipelines.said import said
from tests.pipelines.views.report.runs import changed, recording_of, steps_of

SOON = AlertSettings(drift=DriftParams(skip_s=30.0, baseline_blocks=8))


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Session:
    path = tmp_path_factory.mktemp("simulated") / "run.mcap"
    write_simulation(path, "minutes=4.5&seed=5&standing_s=4&fatigue=lean&rate=50", quiet)
    return read_session(path)


def recorded(
    simulated: Session, path: Path, marks: Sequence[tuple[float, str, str]], header: SessionHeader
) -> tuple[Folded, Content]:
    """A session with marks at shares of its log, as during the run and as reported."""
    records = list(simulated.records)
    for share, kind, value in sorted(marks, reverse=True):
        place = max(int(share * len(records)), 1)
        arrival_ns = getattr(records[place], "arrival_ns", 0)
        records.insert(place, said(arrival_ns, kind, value))
    ran = fold_session(replace(simulated, records=records), header, quiet)
    with SessionWriter(path, header) as writer:
        for record in records:
            writer.write_record(record)
        writer.write_facts(ran.facts)
    recording = read_recording(path, ReplayOptions(), quiet)
    assert not recording.recomputed
    return ran, content_of(recording)


def same_baseline(ran: Folded, content: Content) -> None:
    end = ran.facts[-1]
    assert isinstance(end, Ended)
    ranges = {one.indicator: one for one in end.ranges}
    for quantity in WATCHED:
        assert quantity.watched is not None
        band, usual = content.judgement.band(quantity.column), ranges.get(quantity.indicator)
        assert (band is None) == (usual is None)
        if band is not None and usual is not None:
            half = usual.gate * (usual.baseline / 100.0 if quantity.watched.relative else 1.0)
            assert band.baseline == usual.baseline
            assert (band.low, band.high) == pytest.approx(
                (band.baseline - half, band.baseline + half)
            )


@pytest.mark.parametrize(
    "marks",
    [
        [],
        [(0.5, "reseat", "")],
        [(0.3, "pause", ""), (0.4, "resume", "")],
        [(0.0, "surface", "track"), (0.25, "surface", "grass"), (0.6, "surface", "gravel")],
        [(0.1, "speed", "10 km/h"), (0.1, "slope", "1 %"), (0.7, "speed", "11 km/h")],
        [(0.005, "neutral", ""), (0.45, "neutral", ""), (0.2, "pain", "2")],
        [(0.35, "reseat", ""), (0.1, "pause", ""), (0.15, "resume", ""), (0.6, "surface", "x")],
    ],
    ids=["nothing", "moved", "paused", "surfaces", "pace", "neutral", "several"],
)
def test_report_judges_by_the_baseline_of_the_run(
    simulated: Session, tmp_path: Path, marks: list[tuple[float, str, str]]
) -> None:
    header = structs.replace(simulated.header, settings=SOON)

    ran, content = recorded(simulated, tmp_path / "run.mcap", marks, header)

    moved = sum(kind == "reseat" for _, kind, _ in marks)
    assert [s.reason for s in content.judgement.stretches] == [None] + ["moved"] * moved
    assert content.baseline_blocks == 8
    same_baseline(ran, content)
    told = [
        a for a in ran.result.alerts if a.severity == "raised" and a.indicator != "sensor_position"
    ]
    assert sorted(e.told_s for e in content.episodes if e.told_s is not None) == sorted(
        alert.time_s for alert in told
    )


def test_baseline_of_other_days_that_was_dropped_is_not_reported(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bare.mcap"
    write_simulation(path, "minutes=3&seed=5&standing_s=0&rate=50", quiet)
    days = Baseline(
        (
            IndicatorBaseline("sacral_lean_deg", 9.0, 0.3, level_sd=0.5),
            IndicatorBaseline("impact_shock_g", 2.0, 0.1, level_sd=0.1),
        ),
        80,
    )
    session = read_session(path)
    header = structs.replace(session.header, settings=SOON, baseline=days)

    ran, content = recorded(session, tmp_path / "run.mcap", [], header)

    same_baseline(ran, content)
    assert content.judgement.stretches[-1].origin not in {"given", "earlier runs"}
    words = watch_words(content)
    assert "not to be measured from a standing as on other days" in words
    assert "learned in this run" in words


def test_baseline_of_older_definitions_is_told_and_not_compared_with(
    simulated: Session, tmp_path: Path
) -> None:
    old = Baseline((IndicatorBaseline("impact_shock_g", 1.0, 0.1),), 80, definitions=0)
    header = structs.replace(simulated.header, settings=SOON, baseline=old)

    ran, content = recorded(simulated, tmp_path / "run.mcap", [], header)

    same_baseline(ran, content)
    assert content.judgement.stretches[-1].origin not in {"given", "earlier runs"}
    words = watch_words(content)
    assert words.startswith("The earlier baseline is of an older version")
    assert "learned in this run" in words


@pytest.mark.parametrize("neutral", [False, True])
def test_session_that_goes_on_has_the_baseline_of_the_one_before(
    simulated: Session, tmp_path: Path, neutral: bool
) -> None:
    header = structs.replace(simulated.header, settings=SOON)
    before = fold_session(simulated, header, quiet)
    header = structs.replace(header, carried=before.fold.carried.seen_from(300.0, 20.0))
    marks = [(0.0125, "neutral", "")] if neutral else []  # still standing then

    ran, content = recorded(simulated, tmp_path / "run.mcap", marks, header)

    same_baseline(ran, content)
    words = watch_words(content)
    if neutral:
        assert words.startswith("The standing neutral was marked at 0:0")
        assert "learned in this run" in words
    else:
        assert "that of the session before, which this one goes on from" in words


def test_restart_is_named_and_ends_what_had_changed() -> None:
    steps = changed(steps_of(6000), "impact_shock_g", 1.4, 2000)
    moved_s = float(steps.initial_contact_s[3999]) + 1.0
    recording = recording_of(steps, moved_after=3999)

    content = content_of(recording)

    (episode,) = [e for e in content.episodes if e.measure.column == "impact_shock_g"]
    assert episode.end_s == moved_s
    assert episode.baseline == pytest.approx(3.0, rel=0.02)
    band = content.judgement.band("impact_shock_g")
    assert band is not None
    assert band.baseline == pytest.approx(4.2, rel=0.02)
    assert watch_words(content).startswith("The sensor was moved at 24:1")
    page = render(content)
    assert "so the baseline was learned anew" in page
    assert "Changed until the baseline began anew" in page
    assert "when the baseline began anew" in page
    assert "went back" not in page
    assert "came back" not in page
    assert "Sensor moved" in page
    assert "reseat" not in page


def test_index_of_each_stretch_is_a_percentage_of_its_own_baseline() -> None:
    steps = changed(steps_of(6000), "lumbar_compression_bw", 1.5, 3000)
    content = content_of(recording_of(steps, moved_after=2999))

    (row,) = [r for r in content.levels if r.measure.column == "lumbar_compression_bw"]
    assert row.mean == pytest.approx(100.0, abs=1.0)


def test_run_that_ends_before_the_new_baseline_says_so() -> None:
    steps = steps_of(3000)
    content = content_of(recording_of(steps, moved_after=2799))

    assert content.baseline_blocks == 0
    assert "There is no baseline for the rest of this run" in watch_words(content)
