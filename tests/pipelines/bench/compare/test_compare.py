"""``replay --override`` and ``--compare``: other parameters, another version, another file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from imu.steps import STEP_ROW, Steps
from pipelines.bench.compare.alignment import compare_steps
from pipelines.files.steps_reading import read_steps
from pipelines.files.steps_table import write_steps
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from tests.pipelines.command_line import backstride, one_sentence, quiet

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def steps_at(contacts_s: list[float], contact_ms: float) -> Steps:
    rows = np.zeros(len(contacts_s), STEP_ROW)
    rows["initial_contact_s"] = contacts_s
    rows["contact_time_ms"] = contact_ms + np.arange(len(contacts_s)) % 2
    return Steps(rows)


def test_steps_are_matched_by_their_contacts_and_differences_are_those_of_the_second() -> None:
    first = steps_at([1.0, 1.4, 1.8, 2.2, 2.6], 240.0)
    second = steps_at([1.41, 1.79, 2.6, 3.0], 250.0)
    found = compare_steps(first, second)
    assert (len(found.first), found.only_first, found.only_second) == (3, 2, 1)
    np.testing.assert_array_equal(found.first.initial_contact_s, [1.4, 1.8, 2.6])
    contact = {one.column: one for one in found.agreements}["contact_time_ms"]
    differences = np.array([250.0 - 241.0, 251.0 - 240.0, 250.0 - 240.0])
    assert contact.bias == pytest.approx(differences.mean())
    assert contact.high - contact.bias == pytest.approx(1.96 * differences.std(ddof=1))
    assert not found.identical
    late = compare_steps(first, steps_at([0.5, 0.9, 1.3, 1.7, 2.1], 240.0), late_s=0.5)
    assert (late.only_first, late.only_second) == (0, 0)
    assert compare_steps(first, first).identical
    assert compare_steps(first, steps_at([], 0.0)).only_first == 5


@pytest.mark.parametrize("name", ["steps.csv", "steps.parquet"])
def test_a_steps_table_is_read_back(run: Path, name: str) -> None:
    if name.endswith("parquet"):
        pytest.importorskip("pyarrow")
    steps = replay(run, ReplayOptions(), quiet).steps
    write_steps(name, steps)
    again = read_steps(Path(name))
    for column, values in steps.columns().items():
        if values.dtype.kind == "f":
            exact = 0.0 if name.endswith("parquet") else 6e-4
            np.testing.assert_allclose(again.columns()[column], values, rtol=0, atol=exact)
        else:
            np.testing.assert_array_equal(again.columns()[column], values)


def test_a_run_agrees_with_its_own_table_and_with_itself(run: Path) -> None:
    pytest.importorskip("pyarrow")
    assert backstride("replay", run, "--steps", "steps.parquet").exit_code == 0
    Path("again.mcap").write_bytes(run.read_bytes())
    for other in ("steps.parquet", "again.mcap"):
        ended = backstride("replay", run, "--compare", other)
        assert ended.exit_code == 0, ended.err
        assert "0 only in the first, 0 only in the second" in ended.out
        assert "the same to the last bit" in ended.out


def test_other_parameters_are_compared_step_by_step(run: Path) -> None:
    Path("b.toml").write_text('[stated]\naxes = "-x-y+z"\n[inclination]\nrest_time_s = 2.0\n')
    ended = backstride(
        "replay", run, "--axes", "+x+y+z", "--compare", "b.toml", "--differences", "d.csv",
        "--plot", "plot.svg",
    )  # fmt: skip
    assert ended.exit_code == 0, ended.err
    assert "steps in both" in ended.out
    with Path("d.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = replay(run, ReplayOptions(axes="+x+y+z"), quiet).steps
    second = replay(run, ReplayOptions(axes="-x-y+z"), quiet).steps
    assert len(rows) > 5
    lean = float(rows[0]["difference_sacral_lean_deg"])
    # worn back to front, the lean has the other sign
    expected = second.sacral_lean_deg - first.sacral_lean_deg
    assert lean == pytest.approx(expected[0], abs=0.5)
    assert Path("plot.svg").read_text().count("sacral_lean_deg") == 1
    # the same as an override
    ended = backstride("replay", run, "--override", "b.toml", "--steps", "b.parquet")
    assert ended.exit_code == 0, ended.err
    same = backstride("replay", run, "--override", "b.toml", "--compare", "b.parquet")
    assert "the same to the last bit" in same.out


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[gate]\na = 1\n", "[gate] is no table: give gait"),
        ("[gait]\nsteps = 1\n", "gait.steps is no parameter"),
        ('[gait]\ncutoff_hz = "10"\n', "give a number"),
        ("[gait]\ncutoff_hz = -10\n", "cutoff_hz"),
        ('[stated]\naxes = "+x+x+z"\n', "axes"),
        ("[stated]\nheight_m = 175\n", "height"),
        ("[detector]\nnothing = 1\n", "no such setting"),
        ("gait = 1\n", "give a table"),
        ("[gait\n", "is no TOML"),
    ],
)
def test_a_wrong_parameter_is_told_in_a_sentence(run: Path, toml: str, sentence: str) -> None:
    Path("b.toml").write_text(toml)
    assert sentence in one_sentence(backstride("replay", run, "--override", "b.toml"))


def test_what_is_no_account_is_refused(run: Path) -> None:
    assert "with --compare" in one_sentence(backstride("replay", run, "--plot", "a.svg"))
    Path("steps.csv").write_text("step,initial_contact_s,side\n1,one,L\n")
    ended = backstride("replay", run, "--steps", "s.csv", "--compare", "steps.csv", "--alerts", "-")
    assert ended.exit_code == 1
    assert "is no steps table" in ended.err
