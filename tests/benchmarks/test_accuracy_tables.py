"""The accuracy page: sums that are right, nothing left out, and missing data said by name."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from benchmarks.accuracy import __main__ as command
from benchmarks.accuracy import figures, gait, inclination, report
from benchmarks.accuracy.statistics import Interval
from benchmarks.accuracy.tables import (
    LEFT_OUT,
    SEEN,
    Missing,
    Score,
    Section,
    row_of_errors,
)
from benchmarks.recordings import data_directory
from imu.samples import Samples

Array = NDArray[np.float64]
ERROR = st.floats(-1e3, 1e3, allow_nan=False)


def quaternion(axis: Array, angle_rad: float) -> Array:
    unit = axis / np.linalg.norm(axis)
    return np.concatenate([[math.cos(angle_rad / 2)], math.sin(angle_rad / 2) * unit])


def product(p: Array, q: Array) -> Array:
    w = p[0] * q[0] - p[1:] @ q[1:]
    return np.concatenate([[w], p[0] * q[1:] + q[0] * p[1:] + np.cross(p[1:], q[1:])])


def some_section() -> Section:
    random = np.random.default_rng(3)
    errors = random.normal(4.0, 2.0, 300)
    return Section(
        title="Contact",
        about="Against a force plate.",
        rows=(
            row_of_errors(
                "contact time", "all", "ms", errors, trials=[errors[:150], errors[150:]],
                means=random.normal(220.0, 15.0, 300), reference="20 ms (somebody 2022)",
                goal="RMSE ≤ 16 ms", goal_met=True,
            ),
            row_of_errors("contact time", "uphill | steep", "ms", [30.0, 31.0, 29.5],
                          goal="RMSE ≤ 16 ms", goal_met=False),
            row_of_errors("peak force", "all", "BW", [math.nan]),
        ),
        missing=(Missing("downhill trials", "/recordings/force/down.npz"),),
        cannot_see=("Nothing is known of trails.",),
        notes=("A spline was tried and was worse.",),
        scores=(
            Score("response", "ours", "told of 1", 18, Interval(0.91, 0.84, 0.97), "0.85 to 1.15",
                  True),
            Score("response", "on whom it was chosen", "told of 1", 2,
                  Interval(0.99, math.nan, math.nan), "0.85 to 1.15", True, SEEN),
        ),
        people=LEFT_OUT,
    )  # fmt: skip


# ---- sums


@given(st.lists(ERROR, min_size=2, max_size=50), st.integers(0, 5))
def test_a_row_sums_up_the_errors_that_are_known(errors: list[float], unknown: int) -> None:
    row = row_of_errors("m", "c", "u", [*errors, *[math.nan] * unknown])
    assert row.n == len(errors)
    assert row.bias == pytest.approx(sum(errors) / len(errors), abs=1e-9)
    spread = math.sqrt(sum((e - row.bias) ** 2 for e in errors) / (len(errors) - 1))
    assert row.sd == pytest.approx(spread, abs=1e-6)
    assert row.rmse == pytest.approx(math.sqrt(sum(e * e for e in errors) / len(errors)), abs=1e-6)
    assert row.upper_95 - row.lower_95 == pytest.approx(2 * 1.96 * row.sd, abs=1e-6)
    assert row.errors is not None
    assert row.errors.tolist() == errors


@given(st.lists(ERROR, min_size=3, max_size=20), ERROR)
def test_the_sd_within_trials_leaves_out_their_bias(errors: list[float], offset: float) -> None:
    shifted = [e + offset for e in errors]
    alone = row_of_errors("m", "c", "u", errors, trials=[errors])
    both = row_of_errors("m", "c", "u", errors + shifted, trials=[errors, shifted])
    assert both.within_sd == pytest.approx(alone.sd, abs=1e-6)


def test_means_stay_beside_their_errors() -> None:
    row = row_of_errors("m", "c", "u", [1.0, math.nan, 3.0], means=[10.0, 20.0, 30.0])
    assert row.means is not None
    assert row.means.tolist() == [10.0, 30.0]


def test_no_error_is_no_goal_reached() -> None:
    row = row_of_errors("m", "c", "u", [math.nan], goal="≤ 1", goal_met=True)
    assert (row.n, row.goal_met) == (0, None)
    assert math.isnan(row.rmse)


# ---- the page


def test_the_page_has_every_row_goal_reference_gap_and_limit() -> None:
    section = some_section()
    page = report.to_markdown([section], Path("/recordings"))
    for row in section.rows:
        assert row.condition.replace("|", "\\|") in page
        assert row.reference in page
        assert row.goal in page
    for score in section.scores:
        assert score.condition in page
    assert "0.840 to 0.970" in page
    # what was chosen on its own people is shown, said, and no goal
    assert "2 of 3 reached" in page
    goals = page.split("## Goals")[1].split("## Contact")[0]
    assert "on whom it was chosen" not in goals
    assert f"| on whom it was chosen | {SEEN} |" in page
    assert f"| all | {LEFT_OUT} |" in page
    assert "**no**" in page
    assert "A spline was tried" in page
    assert "Nothing is known of trails." in page.split("## What this cannot see")[1]
    # by name, and not where on this machine
    assert "downhill trials: `force/down.npz`" in page
    assert "/recordings" not in page


def test_every_table_line_has_as_many_cells_as_its_heading() -> None:
    page = report.to_markdown([some_section()], Path("/recordings"))
    heading = 0
    for line in page.splitlines():
        cells = line.replace("\\|", "").count("|")
        heading = 0 if not line.startswith("|") else heading or cells
        assert cells == heading or not heading


def test_a_limit_shared_by_two_subjects_is_said_once() -> None:
    page = report.to_markdown([some_section(), some_section()], Path("/recordings"))
    assert page.count("Nothing is known of trails.") == 1


def test_the_data_file_is_strict_json_with_null_for_the_unknown() -> None:
    section = some_section()
    text = report.to_json([section], Path("/recordings"))
    assert "NaN" not in text
    found = json.loads(text)["sections"][0]
    assert len(found["rows"]) == len(section.rows)
    for written, row in zip(found["rows"], section.rows, strict=True):
        assert written["n"] == row.n
        if row.n:
            assert written["rmse"] == row.rmse
        else:
            assert written["rmse"] is None
        assert written["people"] == LEFT_OUT
    assert [score["people"] for score in found["scores"]] == [LEFT_OUT, SEEN]
    assert found["scores"][0]["found_95"] == [0.84, 0.97]
    assert found["scores"][1]["found_95"] == [None, None]
    assert found["missing"] == [{"what": "downhill trials", "path": "force/down.npz"}]


@given(st.floats(-1e6, 1e6))
def test_a_printed_number_is_the_number_to_its_digits(value: float) -> None:
    text = report.number(value)
    assert abs(float(text) - value) <= max(5.1e-4, 5.1e-3 * abs(value))
    assert not text.startswith("-0.000")


# ---- figures


def test_figures_are_small_and_the_same_each_time(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed: no figures to draw")
    errors = np.random.default_rng(1).normal(size=50_000)
    row = row_of_errors("contact time", "all", "ms", errors, means=errors + 220.0)
    section = Section("Contact", "", (row,))
    first = figures.draw(section, tmp_path / "a")
    second = figures.draw(section, tmp_path / "b")
    assert [path.name for path in first] == [
        "contact-contact-time-errors.svg",
        "contact-contact-time-bland-altman.svg",
    ]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert one.stat().st_size < 40_000
        assert b"<svg" in one.read_bytes()


# ---- inclination


@given(st.integers(0, 2**32 - 1), st.floats(0.0, 3.0), st.floats(-3.0, 3.0))
def test_inclination_error_is_the_tilt_whatever_the_heading(
    seed: int, tilt_rad: float, heading_rad: float
) -> None:
    random = np.random.default_rng(seed)
    truth = quaternion(random.normal(size=3), random.uniform(-3.0, 3.0))
    across = np.append(random.normal(size=2), 0.0)
    up = np.array([0.0, 0.0, 1.0])
    turned = product(quaternion(up, heading_rad), quaternion(across, tilt_rad))
    estimate = product(turned, truth)
    error = inclination.inclination_error_deg(estimate[None], truth[None])
    assert float(error[0]) == pytest.approx(math.degrees(tilt_rad), abs=1e-6)


# ---- gait


def test_the_gait_over_time_is_that_of_the_steps() -> None:
    time = np.arange(0.0, 20.0, 0.01)
    phase = 2 * np.pi * 2.7 * (time - 10.0)
    vertical = np.where(time < 10.0, 1.0, 1.0 + 1.3 * np.sin(phase)) * 9.80665
    force = np.stack([0.05 * np.cos(phase), np.zeros_like(time), vertical], axis=1)
    found = gait.gait_over_time(Samples(time, force, 0.0 * force), 100.0, "+x+y+z")
    assert 13.0 < found.decision_s < 16.0
    # the steps before the decision are in the table all the same
    assert found.steps > 24
    assert found.table_percent == pytest.approx(48.0, abs=3.0)
    still = gait.gait_over_time(Samples(time[:900], force[:900]), 100.0, "+x+y+z")
    assert math.isnan(still.decision_s)
    assert still.table_percent == 0.0


@pytest.mark.parametrize("rule", [gait.levels_of_release_0_1, gait.cadence_alone])
def test_the_simple_rules_find_a_run_and_no_stroll(rule: Callable[..., NDArray[Any]]) -> None:
    time = np.arange(0.0, 20.0, 0.01)
    for spm, swing_g, ran in ((165.0, 1.2, True), (100.0, 0.3, False)):
        force = np.zeros((len(time), 3))
        force[:, 1] = -9.80665 * (1.0 + swing_g * np.cos(2 * np.pi * spm / 60.0 * time))
        spans = rule(Samples(time, force), 100.0, -2)
        assert (np.sum(np.diff(spans, axis=1)) > 18.0) == ran
        assert ran or len(spans) == 0


# ---- missing and broken data


def test_missing_folders_are_named_and_the_page_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    status = command.main(
        ["--data", str(data), "--out", str(out), "--only", "inclination", "--only", "gait"]
    )
    assert status == 1
    said = "".join(capsys.readouterr().out.split())
    page = (out / "ACCURACY.md").read_text("utf-8")
    for folder in (
        "orientation",
        "walking",
        "waist_daily",
        "sacral_force/trials.npz",
        "treadmill_runners",
    ):
        assert f"data/{folder}" in said.replace("\\", "/")
        assert f"`{folder}`" in page
    assert str(tmp_path) not in page
    json.loads((out / "accuracy.json").read_text("utf-8"))


def test_a_recording_cut_short_is_reported_and_the_rest_runs(tmp_path: Path) -> None:
    broken = tmp_path / "orientation"
    broken.mkdir()
    whole = tmp_path / "whole.npz"
    np.savez(whole, rate_hz=100.0, acc_m_s2=np.zeros((9, 3)))
    (broken / "01_cut.npz").write_bytes(whole.read_bytes()[:-40])
    outcome = command.score("inclination", tmp_path, quick=True)
    assert not outcome.complete
    assert "01_cut.npz" in outcome.sections[0].missing[0].what
    # of another layout
    (broken / "01_cut.npz").write_bytes(whole.read_bytes())
    assert (
        "KeyError" in command.score("inclination", tmp_path, quick=True).sections[0].missing[0].what
    )


def test_a_part_of_a_run_overwrites_no_page(tmp_path: Path) -> None:
    page = Path(command.__file__).parents[1] / "ACCURACY.md"
    before = page.read_bytes() if page.is_file() else None
    command.main(["--data", str(tmp_path), "--only", "inclination"])
    assert (page.read_bytes() if page.is_file() else None) == before


def test_an_unknown_subject_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        command.main(["--only", "nothing"])
    assert caught.value.code == 2
    assert "inclination" in capsys.readouterr().err


# ---- on the recordings


@pytest.mark.skipif(
    not (data_directory() / "orientation").is_dir(),
    reason=f"no hand-held trials in {data_directory()}: set BACKSTRIDE_DATA to where they are",
)
def test_inclination_is_no_worse_than_the_published_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("vqf", reason="the peer package vqf is not installed")
    quick_peers = tuple(peer for peer in inclination.PEERS if peer[1] == "vqf")
    monkeypatch.setattr(inclination, "PEERS", quick_peers)
    (section,) = inclination.sections(data_directory(), quick=False)
    judged = [row for row in section.rows if row.goal]
    # with the past alone and with the whole recording, each advanced by its own best time
    assert len(judged) == 2
    for ours in judged:
        assert ours.condition.startswith(inclination.OURS)
        assert ours.goal_met
        assert ours.n > 100_000


def test_a_peer_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    turning = np.tile([0.0, 0.0, 0.1], (400, 1))
    (tmp_path / "orientation").mkdir()
    np.savez(
        tmp_path / "orientation" / "01_still.npz",
        rate_hz=100.0,
        acc_m_s2=np.tile([0.0, 0.0, 9.81], (400, 1)),
        gyr_rad_s=turning,
        optical_quat_wxyz=np.tile([1.0, 0.0, 0.0, 0.0], (400, 1)),
        movement=np.ones(400, np.bool_),
    )
    absent = (("nobody's filter", "no_such_package_anywhere", inclination.PEERS[0][2]),)
    monkeypatch.setattr(inclination, "PEERS", absent)
    (section,) = inclination.sections(tmp_path, quick=False)
    assert any("no_such_package_anywhere" in note for note in section.notes)
    assert section.rows[0].n == 400
    assert section.rows[0].rmse < 0.01
