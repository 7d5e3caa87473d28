"""The words of a report: plain, complete, and never a verdict on health."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from imu.steps import NO_STEPS, Steps
from pipelines.runner.journal.known_run import KnownRun
from pipelines.session.facts import (
    DistanceKnown,
    LinkChanged,
    LossCounts,
    PaceKnown,
    ShoeKnown,
    SurfaceKnown,
)
from pipelines.views.report import method, particulars, words
from pipelines.views.report.content import content_of
from pipelines.words.change_words import change_words
from tests.pipelines.views.report.runs import HEADER, changed, recording_of, steps_of

ACCURACY_PAGE = Path(__file__).parents[4] / "benchmarks" / "accuracy.json"


@pytest.mark.parametrize("figure", method.ACCURACY, ids=lambda figure: figure.name)
def test_quoted_accuracy_is_that_of_the_accuracy_page(figure: method.AccuracyFigure) -> None:
    sections = json.loads(ACCURACY_PAGE.read_text(encoding="utf-8"))["sections"]
    (found,) = (
        row[figure.statistic]
        for section in sections
        if section["title"] == figure.section
        for row in section["rows"]
        if (row["metric"], row["condition"]) == (figure.metric, figure.condition)
    )

    decimals = len(figure.value.partition(".")[2])
    assert f"{found:.{decimals}f}" == figure.value
    assert figure.value in figure.sentence


def test_summary_names_what_changed_and_when() -> None:
    steps = changed(steps_of(10_000), "sacral_lean_deg", 2.0, 4000)
    sentences = words.summary_sentences(content_of(recording_of(steps)))

    assert sentences[0] == "1 h of running in 10\u202f000 steps, at 167 steps a minute."
    assert "Changed from the baseline: pelvic lean." in sentences[1]
    assert "stayed changed to the end of the run" in sentences[1]
    assert words.BOTH_READINGS in sentences


def test_summary_of_an_even_run_says_so() -> None:
    sentences = words.summary_sentences(content_of(recording_of(steps_of(5000))))

    assert "No change from the baseline was found" in sentences[1]


def test_a_large_number_is_told_with_the_usual_range_in_its_own_unit() -> None:
    told = 0
    for headline in content_of(recording_of(steps_of(5000))).headlines:
        band = headline.band
        if band is None:
            continue
        sentence = words.headline_words(headline, "metric")
        low, high = map(float, re.findall(r"-?\d+(?:\.\d+)?", sentence)[-2:])
        assert low == pytest.approx(band.low, rel=0.1, abs=0.6), sentence
        assert high == pytest.approx(band.high, rel=0.1, abs=0.6), sentence
        told += 1
    assert told == 3


def test_summary_without_running_or_baseline_says_why() -> None:
    still = words.summary_sentences(content_of(recording_of(NO_STEPS)))
    short = words.summary_sentences(content_of(recording_of(steps_of(400))))

    assert still[0].startswith("No running was found")
    assert "could not be compared with a baseline" in short[1]
    assert "it takes 1:00 of warming up" in short[1]


def test_no_word_frightens_or_diagnoses() -> None:
    steps = steps_of(10_000)
    for column, factor in (("impact_shock_g", 1.4), ("sacral_lean_deg", 0.2), ("cadence_spm", 0.9)):
        steps = changed(steps, column, factor, 4000)
    rows = steps.rows.copy()
    rows["impact_shock_g"][::2] *= 1.5
    content = content_of(recording_of(Steps(rows)))
    text = " ".join(
        [
            *words.summary_sentences(content),
            *(words.episode_words(episode, "metric") for episode in content.episodes),
            *(words.side_words(row) for row in content.sides),
            *method.method_sentences(),
            *method.SEES,
            *method.CANNOT,
            *(f"{name} {meaning}" for name, meaning in method.GLOSSARY),
        ]
    ).lower()

    for word in ("damag", "danger", "injur", "abnormal", "pathol", "warning", "bad form"):
        assert word not in text
    assert re.findall(r"\bdiagnos\w*", text) == ["diagnosis"]  # "they are no diagnosis"


def test_lean_is_told_in_degrees_and_lower_measures_as_lower() -> None:
    steps = changed(steps_of(10_000), "sacral_lean_deg", 0.2, 4000)
    (episode,) = content_of(recording_of(steps)).episodes

    text = words.episode_words(episode, "metric")

    assert re.search(
        r"was on average [34]\.\d° further back than the baseline \(1\.\d° against [45]\.\d°\)",
        text,
    )
    assert change_words(episode.change, episode.change_unit).startswith(("−3.9", "−4.0"))


def test_imperial_readers_get_their_units() -> None:
    recording = recording_of(
        steps_of(3000), header=structs.replace(HEADER, mass_kg=70.0, height_m=1.75)
    )
    content = content_of(recording)

    rows = dict(particulars.head_rows(recording, "imperial"))
    oscillation = content.headlines[1]

    assert rows["Runner"] == "154.3 lb, 5 ft 9 in"
    assert oscillation.measure.amount(oscillation.level, "imperial") == "3.15 in"
    assert " in" in words.headline_words(oscillation, "imperial")


def test_head_names_what_was_said_of_the_run() -> None:
    recording = recording_of(
        steps_of(30),
        SurfaceKnown(0.0, "asphalt"),
        SurfaceKnown(9.0, "grass"),
        ShoeKnown(9.0, "old blue"),
        PaceKnown(9.0, 2.5, None),
        PaceKnown(10.0, 2.5, 1.0),
        PaceKnown(12.0, None, 1.0),
        DistanceKnown(20.0, 5230.0, "speed"),
    )
    rows = dict(particulars.head_rows(recording, "metric"))

    assert rows["Surface"] == "asphalt, then grass"
    assert rows["Shoe"] == "old blue"
    assert rows["Speed"] == "9 km/h, then unknown"
    assert rows["Slope"] == "1.746 %"
    assert rows["Distance"] == "5.2 km, from the stated speed and the time spent running"
    # what the runner says of it in the journal goes first, in the units that are asked for
    said = KnownRun(6000.0, "user", "trail", "old blue")
    imperial = dict(particulars.head_rows(replace(recording, in_journal=said), "imperial"))
    assert imperial["Distance"] == "3.7 miles, as stated"
    assert imperial["Speed"] == "5.59 mph, then unknown"
    assert (imperial["Surface"], imperial["Shoe"]) == ("trail", "old blue")
    # what it has as it was recorded stays in full, and what was taken back goes
    same = KnownRun(5230.0, "speed", "grass", "")
    rows = dict(particulars.head_rows(replace(recording, in_journal=same), "metric"))
    assert rows["Surface"] == "asphalt, then grass"
    assert "Shoe" not in rows
    assert rows["Distance"] == "5.2 km, from the stated speed and the time spent running"


def test_data_quality_counts_what_was_lost() -> None:
    losses = LossCounts(
        received=99_000,
        lost=900,
        reordered=100,
        malformed_packets=3,
        restarts=1,
        filled=40,
        quarantined=5,
        chain_restarts=2,
    )
    recording = recording_of(
        steps_of(3000),
        LinkChanged(599.0, 600.0, "lost"),
        LinkChanged(611.0, 612.0, "resumed"),
        LinkChanged(899.0, 900.0, "lost"),
        end={"losses": losses},
        cut_short=True,
    )
    rows = dict(particulars.loss_rows(content_of(recording)))

    assert rows["File"] == "cut short"
    assert rows["Lost on the way"] == "1\u202f000 (1.00 %)"
    assert rows["Link"] == ("link lost at 10:00 for 12 s; link lost at 15:00 and not found again")
    assert rows["Damaged packets dropped"] == "3"
    assert rows["Gaps too long to fill"] == "2"
