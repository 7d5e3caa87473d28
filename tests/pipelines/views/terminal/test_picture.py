"""What a runner is promised of the picture: calm, readable, and in words."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from imu.drift.params import DriftParams
from imu.drift.status import DriftStatus
from imu.samples import Quality
from imu.steps import Steps
from pipelines.session.live_status import IndicatorStatus, LiveStatus
from pipelines.views.terminal.picture import picture
from pipelines.views.terminal.plain_log import PlainLog
from tests.examples import few
from tests.pipelines.views.terminal.statuses import ALERT, some_status, text_of, words_of

#: Blocks that a baseline takes.
_BLOCKS = DriftParams().baseline_blocks


@pytest.mark.parametrize("alert", ["", ALERT])
@given(width=st.integers(60, 200), height=st.integers(16, 60))
@settings(max_examples=few(20), deadline=None)
def test_picture_fits_every_usual_window_and_tells_the_essentials(
    alert: str, width: int, height: int
) -> None:
    lines = [
        "".join(text for text, _ in line)
        for line in picture(some_status(alert=alert), width, height)
    ]
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)
    shown = words_of("\n".join(lines))
    for essential in ("impact shock", "oscillation", "pelvic lean", "12:31", "2071 steps"):
        assert essential in shown
    for essential in ("running", "166", "232 ms", "link connected", "recording to"):
        assert essential in shown
    assert (alert or "Everything is within your usual range.") in shown


@given(width=st.integers(1, 70), height=st.integers(1, 20))
@settings(max_examples=few(25), deadline=None)
def test_tiny_windows_are_never_overrun(width: int, height: int) -> None:
    lines = picture(some_status(alert=ALERT), width, height)
    assert len(lines) <= height
    assert all(sum(cell_len(text) for text, _ in line) <= width for line in lines)


def test_alert_survives_in_a_window_too_small_for_the_large_numbers() -> None:
    shown = words_of(text_of(some_status(alert=ALERT), 50, 12))
    assert ALERT in shown
    assert "9.9°" in shown


def learning_at(done: int) -> LiveStatus:
    status = some_status(learning=True)
    status.standing = DriftStatus("learning", learned=done)
    return status


@pytest.mark.parametrize(("width", "height"), [(100, 30), (80, 24), (56, 24), (50, 20), (30, 30)])
def test_the_rows_there_are_hold_all_words(width: int, height: int) -> None:
    shown = text_of(learning_at(18), width, height)
    assert shown.count(f"{1800 // _BLOCKS} %") == 4
    assert "1…" not in shown
    outside = some_status()
    outside.indicators = {
        name: IndicatorStatus(one.baseline + 2.0 * one.gate, one.baseline, one.gate)
        for name, one in outside.indicators.items()
    }
    words = text_of(outside, width, height)
    assert words.count("watching") >= 4
    assert words.count("outside") >= 3
    assert words.count("range,") >= 3
    changed = text_of(some_status(alert=ALERT), width, height)
    assert "+3.8°" in changed


def test_a_narrow_window_uses_its_rows_for_all_numbers() -> None:
    shown = text_of(some_status(), 50, 20)
    for words in ("cadence 166 /min", "contact 232 ms", "flight 128 ms", "peak force 2.42 BW"):
        assert words in shown
    assert "last step: right foot" in shown
    noted = words_of("\n".join(
        "".join(text for text, _ in line)
        for line in picture(some_status(), 50, 20, notes=["The disk has 18 minutes left for it."])
    ))  # fmt: skip
    assert "note: The disk has 18 minutes left for it." in noted


def test_a_long_note_is_told_in_full_where_there_is_room() -> None:
    note = "Before you start: ten pelvic tilts, then " + "five minutes of easy running, " * 4
    lines = picture(some_status(), 80, 40, notes=["The disk is full.", note.strip()])
    shown = words_of("\n".join("".join(text for text, _ in line) for line in lines))
    assert f"note: The disk is full. note: {note.strip()}" in shown


@given(width=st.integers(1, 120), height=st.integers(1, 40), done=st.integers(1, 40))
@settings(max_examples=few(30), deadline=None)
def test_no_window_makes_another_number_of_a_number(width: int, height: int, done: int) -> None:
    """Wherever a text is cut, a number before the ellipsis is whole."""
    status = learning_at(done)
    status.source, status.recording = "sim:", ""
    full = text_of(status, 120) + text_of(status, 120, 12)  # with and without large digits
    whole = set(re.findall(r"\d+(?:[.:]\d+)*", full))
    for line in text_of(status, width, height).splitlines():
        for number in re.findall(r"(\d+(?:[.:]\d+)*)…", line):
            assert number in whole


def test_frames_are_straight() -> None:
    for width in (60, 80, 100, 120):
        lines = text_of(some_status(alert=ALERT), width, 24).splitlines()
        framed = [line for line in lines if line[:1] in "╭│╰┏┃┗" and line.strip()]
        assert len(framed) >= 12
        edges = {cell_len(line) for line in framed[:-4]}
        assert len(edges) == 1


def test_each_number_says_in_words_how_it_stands_to_the_baseline() -> None:
    shown = words_of(text_of(some_status(alert=ALERT), 120))
    assert shown.count("within your usual range") == 2
    assert re.search(r"changed from your baseline: \+3\.8°", shown)
    assert "usual 4.1 to 8.1°" in shown
    assert "usual 2.07 to 2.53 g" in shown
    learning = words_of(text_of(some_status(learning=True), 120))
    assert learning.count(f"learning your baseline: {1200 // _BLOCKS} %") == 3
    assert f"Learning your baseline: {1200 // _BLOCKS} %." in learning
    assert "usual" not in learning


def test_nothing_is_called_usual_while_the_detector_is_not_judging() -> None:
    status = some_status()
    for standing, words in (
        (DriftStatus("warming up", 42.0), "warming up: 0:42 of 1:00"),
        (
            DriftStatus("not watching", steps=40, flagged=30, most_flagged_for=Quality.BEND),
            "not watching, because 30 of 40 steps do not count, most for running a bend",
        ),
    ):
        status.standing = standing
        shown = words_of(text_of(status, 120))
        assert "within your usual range" not in shown
        assert words[1:] in shown


def test_value_beyond_the_gate_is_not_called_usual_before_it_counts_as_changed() -> None:
    status = some_status()
    status.indicators = {"sacral_lean_deg": IndicatorStatus(9.0, 6.1, 2.0, changed=False)}
    shown = words_of(text_of(status, 120))
    assert "outside your usual range" in shown
    assert "within your usual range" not in shown
    assert "changed" not in shown


def test_numbers_without_a_baseline_are_the_median_of_the_last_ten_steps() -> None:
    status = some_status(learning=True)
    rows = status.recent.rows.copy()
    rows["vertical_oscillation_mm"][-10:] = [71, 72, 73, 74, 75, 75, 900, 77, 78, 79]
    status.recent = Steps(rows)
    assert " 75 mm" in text_of(status, 100, 12)  # 12 rows: numbers as plain text
    shown = text_of(status, 100)
    assert re.search("┛ mm +│", shown) and "┓°" in shown  # large ones have units, too


def test_what_is_not_measured_is_said() -> None:
    status = some_status()
    rows = status.recent.rows.copy()
    rows["sacral_lean_deg"] = math.nan
    status.recent = Steps(rows)
    assert "not measured" in text_of(status, 100)


def test_amounts_are_in_the_units_of_the_runner() -> None:
    status = replace(some_status(), units="imperial")
    for width in (60, 120):
        assert " mm" not in text_of(status, width)
    assert re.search(r"\d\.\d\d in", text_of(status, 40, 12))


def test_trouble_is_said_in_words() -> None:
    status = some_status()
    status.link, status.recording_note = "lost", "the disk is full"
    status.recent.rows["quality"][-1] = 1 + 8
    shown = text_of(status, 120)
    assert "link lost, trying again" in shown
    assert "the disk is full" in shown
    assert "lost samples filled in, lean still settling" in shown


def test_before_the_first_step_the_view_waits_calmly() -> None:
    shown = words_of(text_of(LiveStatus(source="ble:", device="clip"), 100))
    assert "Waiting for running steps." in shown
    assert "nan" not in shown


def test_terminals_without_unicode_get_everything_in_ascii() -> None:
    lines = picture(some_status(alert=ALERT), 100, 30, unicode=False)
    rows = ["".join(text for text, _ in line) for line in lines]
    assert all(row.isascii() and len(row) <= 100 for row in rows)
    for width in (20, 40, 60):
        narrow = picture(some_status(alert=ALERT), width, 30, unicode=False)
        assert all(text.isascii() for line in narrow for text, _ in line)
    shown = " ".join(" ".join(rows).split())
    assert "pelvic lean 9.9 deg changed from your baseline: +3.8 deg" in shown
    assert "3.9 deg further forward" in shown
    assert "link connected - battery 83 % - 12 samples lost" in shown


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=few(25), deadline=None)
def test_nothing_a_device_says_can_steer_the_terminal(device: str, alert: str) -> None:
    hostile = replace(some_status(alert=f"\x9b5n{alert}"), device=f"\x1b[2J{device}")
    shown = [*PlainLog().lines(hostile), *PlainLog().note(device)]
    shown += ["".join(text for text, _ in line) for line in picture(hostile, 100, 30)]
    for line in shown:
        assert line.isprintable()
