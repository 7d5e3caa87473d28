"""Desk mode points out quick twists by what is usual for its wearer, and learns that over days."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulator.virtual_clock import VirtualClock
from imu.samples import Samples
from pipelines.coaching.training.cues import Cue
from pipelines.coaching.training.twisting import TwistingHistory, add_rates
from pipelines.runner.desk.axial_rate import AxialRate
from pipelines.runner.desk.run import run_desk
from pipelines.runner.desk.twisting_store import KnownTwisting, TwistingStore
from pipelines.runner.desk.watch import DeskSummary, DeskWatch
from pipelines.runner.forgetting import forget_everything
from pipelines.runner.journal.database import Journal
from tests.examples import few
from tests.pipelines.command_line import backstride

RATE_HZ = 50.0
MINUTE = 60.0
MONDAY = date(2026, 3, 2)
UP = np.array([0.0, 0.0, 1.0])
#: Some turn of the pelvis, tenths of a second, nearly all slower than 40 °/s.
USUAL = add_rates(TwistingHistory(), np.linspace(5.0, 40.0, 4000))


def sitting(seconds: float, twists: dict[float, float], *, pitch_deg: float = 0.0) -> Samples:
    """A worn sensor whose wearer sits and twists, °/s for 0.4 s from some times on."""
    times = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    pitch = np.radians(pitch_deg)
    up = np.array([-np.sin(pitch), 0.0, np.cos(pitch)])
    rate = np.zeros(len(times))
    for begin_s, deg_s in twists.items():
        rate[(times >= begin_s - 1e-9) & (times < begin_s + 0.4 - 1e-9)] = np.radians(deg_s)
    return Samples(times, np.tile(9.81 * up, (len(times), 1)), rate[:, None] * up)


def watched(samples: Samples, limit: float | None, axes: str = "") -> tuple[list[Cue], DeskWatch]:
    watch = DeskWatch(RATE_HZ, axes, MINUTE, twisting_limit_deg_s=limit)
    cues = [watch.push(samples[k : k + 10]) for k in range(0, len(samples), 10)]
    return [cue for cue in cues if cue is not None], watch


# ---------------------------------------------------------------------------------------- the rate


@settings(max_examples=few(20), deadline=None)
@given(
    cuts=st.lists(st.integers(0, 200), max_size=12),
    up=st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda up: np.linalg.norm(up) > 0.1),
)
def test_only_turning_about_the_vertical_counts_however_the_samples_come(
    cuts: list[int], up: tuple[float, float, float]
) -> None:
    axis = np.array(up) / np.linalg.norm(up)
    across = np.cross(axis, [0.3, -0.5, 0.81])
    rates = np.radians(np.linspace(-300.0, 300.0, 200))
    samples = Samples(
        np.arange(200) / RATE_HZ,
        np.tile(9.81 * axis, (200, 1)),
        rates[:, None] * axis + 5.0 * across,
    )
    stream = AxialRate(RATE_HZ, 9.81 * np.array(up))
    edges = sorted({0, 200, *cuts})
    parts = [stream.push(samples[a:b]) for a, b in itertools.pairwise(edges)]
    expected = np.degrees(rates).reshape(-1, 5).mean(axis=1)
    np.testing.assert_allclose(np.concatenate(parts), expected, atol=1e-6)


@pytest.mark.parametrize("rate_hz", [26.0, 52.0, 200.0, 1600.0])
def test_ten_values_a_second_at_every_rate(rate_hz: float) -> None:
    count = round(60 * rate_hz)
    still = np.zeros((count, 3))
    turning = np.tile(np.radians([0.0, 0.0, 70.0]), (count, 1))
    values = AxialRate(rate_hz, UP).push(Samples(np.arange(count) / rate_hz, still, turning))
    assert len(values) == pytest.approx(600, rel=0.15)
    np.testing.assert_allclose(values, 70.0)


def test_what_was_not_measured_is_left_out_and_a_hole_is_not_bridged() -> None:
    samples = sitting(4.0, {1.0: 100.0})
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    gyro[::7] = np.nan
    values = AxialRate(RATE_HZ, UP).push(samples)
    assert np.isfinite(values).all()
    assert values.max() == pytest.approx(100.0)
    # 0.08 s before the hole and 0.08 s after it are no tenth of a second
    stream = AxialRate(RATE_HZ, UP)
    assert len(stream.push(samples[50:54])) == 0
    assert len(stream.push(samples[100:104])) == 0


def test_without_a_gyroscope_or_a_vertical_nothing_is_told_of_turning() -> None:
    samples = sitting(2.0, {1.0: 100.0})
    assert len(AxialRate(RATE_HZ).push(samples)) == 0
    blind = Samples(samples.time_s, samples.acceleration_m_s2)
    assert len(AxialRate(RATE_HZ, UP).push(blind)) == 0


# ---------------------------------------------------------------------------------------- the rule


@pytest.mark.parametrize("axes", ["+x+y+z", ""])
@pytest.mark.parametrize("pitch_deg", [0.0, -35.0])
def test_a_twist_beyond_the_wearers_own_limit_is_pointed_out(axes: str, pitch_deg: float) -> None:
    twists = {10.0: 70.0, 20.0: -130.0}  # the first is quick, and not by half as much again
    cues, watch = watched(sitting(40.0, twists, pitch_deg=pitch_deg), 60.0, axes)
    assert [cue.text_id for cue in cues] == ["twisting.note"]
    assert cues[0].time_s == pytest.approx(20.5, abs=1.0)
    assert watch.summary.twists == 1
    assert watch.summary.lines()[2] == "1 quick twist pointed out"


def test_before_a_limit_is_known_nothing_is_pointed_out() -> None:
    cues, watch = watched(sitting(40.0, {20.0: 900.0}), None)
    assert cues == []
    assert "still being learned" in watch.summary.lines()[2]


def test_twists_and_nudges_share_one_budget() -> None:
    every_five_seconds = {float(second): 200.0 for second in range(5, 600, 5)}
    cues, watch = watched(sitting(600.0, every_five_seconds), 60.0)
    times = [cue.time_s for cue in cues]
    assert 8 <= len(times) <= 10
    assert min(np.diff(times)) >= MINUTE
    assert watch.summary.twists + watch.summary.nudges == len(cues)


def test_a_note_on_a_twist_puts_the_nudge_off() -> None:
    cues, _ = watched(sitting(130.0, {50.0: 200.0}), 60.0)
    assert [cue.text_id for cue in cues] == ["twisting.note", "desk.nudge"]
    assert cues[1].time_s - cues[0].time_s == pytest.approx(61.0, abs=1.0)


def test_stillness_does_not_make_turning_seem_quick() -> None:
    _, watch = watched(sitting(300.0, {100.0: 30.0}), None)
    assert watch.turned.samples == 4


@pytest.mark.parametrize("name", ["twisting.note", "twisting.unseen"])
def test_the_words_claim_no_harm(name: str) -> None:
    assert not re.search(r"harm|hurt|injur|damag|risk|danger|avoid|stop", Cue(name).message)


# ---------------------------------------------------------------------------------------- the store


def test_a_limit_is_known_from_the_third_day_on(tmp_path: Path) -> None:
    limits = []
    for number in (0, 0, 1, 2):
        told: list[str] = []
        today = partial(MONDAY.__add__, timedelta(number))
        store = TwistingStore(tmp_path / "new", told.append, today)
        limits.append(store.load().limit_deg_s)
        assert store.add(USUAL)
        assert told == []
    assert limits == [None, None, None, None]
    known = TwistingStore(tmp_path / "new", print).load()
    assert (known.days, known.last_day, known.history.samples) == (3, "2026-03-04", 16_000)
    assert known.limit_deg_s == 40.0


def test_without_a_folder_nothing_is_kept_and_nothing_told() -> None:
    told: list[str] = []
    store = TwistingStore(None, told.append)
    assert store.load() == KnownTwisting()
    assert store.add(USUAL)
    assert store.load() == KnownTwisting()
    assert told == []


def test_two_desk_modes_at_once_add_up(tmp_path: Path) -> None:
    first, second = (TwistingStore(tmp_path, print, lambda: MONDAY) for _ in range(2))
    first.load(), second.load()
    assert first.add(USUAL)
    assert second.add(USUAL)
    assert first.load().history.samples == 8000


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"format": 1, "days": 1, "last_day": "", "counts": [1, 2]}', b"\xff\xfe",
     b'{"format": 1, "days": Infinity, "last_day": "", "counts": []}'],
)  # fmt: skip
def test_a_damaged_file_is_kept_aside_and_told_once(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "twisting.json").write_bytes(content)
    told: list[str] = []
    store = TwistingStore(tmp_path, told.append, lambda: MONDAY)
    assert store.load() == KnownTwisting()
    assert store.add(USUAL)
    assert store.load().history == USUAL
    assert (tmp_path / "twisting.json.unreadable").read_bytes() == content
    assert len(told) == 1
    assert told[0].endswith("is learned anew.")


def test_a_newer_file_is_neither_used_nor_replaced(tmp_path: Path) -> None:
    newer = json.dumps({"format": 2, "rates": []})
    (tmp_path / "twisting.json").write_text(newer)
    told: list[str] = []
    store = TwistingStore(tmp_path, told.append)
    assert store.load() == KnownTwisting()
    assert not store.add(USUAL)
    assert (tmp_path / "twisting.json").read_text() == newer
    assert [sentence.endswith("update backstride.") for sentence in told] == [True]


def test_a_folder_that_takes_nothing_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told: list[str] = []
    store = TwistingStore(tmp_path / "file", told.append)
    assert not store.add(USUAL)
    assert not store.add(USUAL)
    assert len(told) == 1


def test_emptying_the_journal_forgets_the_wearer(tmp_path: Path) -> None:
    TwistingStore(tmp_path, print).add(USUAL)
    (tmp_path / "twisting.json.unreadable").write_text("{")
    with Journal(tmp_path / "journal.sqlite3") as journal:
        assert forget_everything(journal) == []
    assert list(tmp_path.glob("twisting*")) == []


# -------------------------------------------------------------------------------- simulated sensors

WALKED = "sim:?standing_s=10&walk_s=60&minutes=0.5&rate=50"


def at_desk(
    url: str, folder: Path | None, day: int = 0
) -> tuple[DeskSummary, list[Cue], list[str]]:
    cues: list[Cue] = []
    notes: list[str] = []
    summary = asyncio.run(
        run_desk(
            url,
            cues.append,
            static_s=MINUTE,
            clock=VirtualClock(),
            note=notes.append,
            folder=folder,
            today=lambda: MONDAY + timedelta(days=day),
        )
    )
    return summary, cues, notes


def test_a_sensors_days_are_learned_and_then_used(tmp_path: Path) -> None:
    for day in range(2):
        summary, cues, notes = at_desk(WALKED, tmp_path, day)
        assert [cue for cue in cues if cue.text_id == "twisting.note"] == []
        assert notes == []
        assert summary.learns_twisting
    known = TwistingStore(tmp_path, print).load()
    assert known.days == 2
    # ten a second while walking and running, none while standing
    assert 2 * 700 <= known.history.samples <= 2 * 905
    # a third day of slow turning: now running is quick
    slow = add_rates(TwistingHistory(), np.linspace(5.0, 10.0, 2_000_000))
    TwistingStore(tmp_path, print, lambda: MONDAY + timedelta(days=2)).add(slow)
    summary, cues, _ = at_desk(WALKED, tmp_path, 3)
    assert [cue.text_id for cue in cues].count("twisting.note") == summary.twists > 0
    assert not summary.learns_twisting
    assert TwistingStore(tmp_path, print).load().days == 4


def test_a_sensor_without_a_gyroscope_says_once_that_it_sees_no_twists(tmp_path: Path) -> None:
    url = "sim:?protocol=polar&standing_s=20&minutes=0.1&rate=100"
    summary, cues, notes = at_desk(url, tmp_path)
    assert notes == [Cue("twisting.unseen").message]
    assert cues == []
    assert len(summary.lines()) == 2
    assert not (tmp_path / "twisting.json").exists()


def test_the_command_keeps_what_it_learned_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path))
    ended = backstride("desk", "sim:?standing_s=10&walk_s=30&minutes=0.1&rate=50&time_scale=0")
    assert ended.exit_code == 0
    assert ended.err == ""
    assert "quick twists: what is usual for you is still being learned\n" in ended.out
    assert json.loads((tmp_path / "twisting.json").read_text())["days"] == 1
