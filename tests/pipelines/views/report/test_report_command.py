"""``backstride report`` as a user calls it, on real files."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from devices.records import DeviceInfo
from pipelines.coaching.alert import Alert
from pipelines.files.session_reader import read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.files.simulation import write_simulation
from pipelines.folding import sensor_of
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.runner.journal.database import Journal
from pipelines.runner.journal.entries import Session, Shoe
from pipelines.session.engine import SessionFold
from pipelines.session.facts import AlertTold, Changed
from pipelines.session.header import SessionHeader
from pipelines.views.report.earlier import previous_run, previous_runs_of_journal
from pipelines.views.report.making import make_report
from pipelines.views.report.reading import read_recording
from tests.pipelines.command_line import backstride, one_sentence, quiet
from tests.pipelines.said import said


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``bare.mcap`` without steps, ``whole.mcap`` with steps and marks, ``run.csv``."""
    folder = tmp_path_factory.mktemp("recordings")
    query = "minutes=1&seed=3&standing_s=4&loss=1&disconnect=30s"
    write_simulation(folder / "bare.mcap", query, quiet)
    write_simulation(folder / "run.csv", "minutes=0.5&seed=3&standing_s=4", quiet)
    session = read_session(folder / "bare.mcap")
    fold = SessionFold(session.header, sensor_of(session))
    told = Alert(30.0, "cadence_spm", "down", 160.0, 170.0, -6.0, 3.0, "raised", "As it was told.")
    with SessionWriter(folder / "whole.mcap", session.header) as writer:
        for number, record in enumerate(session.records):
            writer.write_record(record)
            writer.write_facts(fold.push(record))
            if number == 40:
                mark = said(getattr(record, "arrival_ns", 0), "surface", "grass")
                writer.write_record(mark)
                writer.write_facts(fold.push(mark))
        # no change that the log gives: what was written is shown
        changed = Changed(30.0, "cadence_spm", "down", 160.0, 170.0, -6.0, 3.0, "raised")
        writer.write_facts([changed, AlertTold(30.0, told), *fold.finish()])
    return folder


def test_a_report_that_the_page_asks_for_stands_beside_the_session(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.views.report.page.render", lambda _content, units: units)
    page = make_report(folder / "whole.mcap", "imperial")
    assert page == folder / "whole.html"
    assert page.read_text(encoding="utf-8") == "imperial"
    page.unlink()


def test_page_stands_beside_the_session_and_its_name_is_told(folder: Path) -> None:
    ended = backstride("report", folder / "whole.mcap")

    page = folder / "whole.html"
    assert ended.exit_code == 0, ended.err
    assert ended.out.strip() == str(page)
    text = page.read_text(encoding="utf-8")
    assert "As it was told." in text
    assert "as written during the run" in text
    assert "grass" in text
    assert "link lost at 0:3" in text


def test_written_steps_and_those_computed_again_are_the_same(folder: Path) -> None:
    written = read_recording(folder / "whole.mcap", ReplayOptions(), quiet)
    fresh = read_recording(folder / "whole.mcap", ReplayOptions(), quiet, fresh=True)
    replayed = replay(folder / "whole.mcap", ReplayOptions(), quiet)

    assert not written.recomputed
    assert fresh.recomputed
    assert written.steps.rows.tobytes() == fresh.steps.rows.tobytes()
    assert fresh.steps.rows.tobytes() == replayed.steps.rows.tobytes()
    losses = written.result.losses
    assert losses == fresh.result.losses == replayed.result.losses
    assert losses.lost > 0
    assert written.result.duration_s == pytest.approx(replayed.summary.duration_s)


def test_session_without_steps_is_computed(folder: Path) -> None:
    recording = read_recording(folder / "bare.mcap", ReplayOptions(), quiet)

    assert recording.recomputed
    assert len(recording.steps) > 100


def test_what_the_user_states_is_computed_with(folder: Path) -> None:
    recording = read_recording(folder / "whole.mcap", ReplayOptions(height_m=1.95), quiet)

    assert recording.recomputed
    assert recording.header.height_m == 1.95


def test_session_that_was_cut_short_is_reported_as_far_as_it_goes(
    folder: Path, tmp_path: Path
) -> None:
    data = (folder / "whole.mcap").read_bytes()
    (tmp_path / "cut.mcap").write_bytes(data[: len(data) * 2 // 3])

    ended = backstride("report", tmp_path / "cut.mcap")

    assert ended.exit_code == 0
    assert "was cut short after" in ended.err
    text = (tmp_path / "cut.html").read_text(encoding="utf-8")
    assert "The recording was cut short" in text
    assert "computed again for this report" in text


def test_sample_table_is_reported_in_imperial_units(folder: Path, tmp_path: Path) -> None:
    ended = backstride(
        "report", folder / "run.csv", "-o", tmp_path / "p.html", "--units", "imperial"
    )

    assert ended.exit_code == 0, ended.err
    assert "Vertical oscillation, in<" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_three_earlier_runs_are_compared_with(folder: Path, tmp_path: Path) -> None:
    summary = tmp_path / "earlier.json"
    assert backstride("replay", folder / "run.csv", "--summary", summary).exit_code == 0
    words = [folder / "bare.mcap", summary, folder / "run.csv", folder / "run.csv"]
    options = [word for path in words for word in ("--previous", path)]

    ended = backstride("report", folder / "whole.mcap", "-o", tmp_path / "p.html", *options)

    assert ended.exit_code == 0, ended.err
    text = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert "Against earlier runs" in text
    # the run itself, recorded under another name, is no earlier run
    assert "3 earlier runs in order" in text


def test_summary_and_session_of_a_run_give_the_same_levels(folder: Path, tmp_path: Path) -> None:
    backstride("replay", folder / "whole.mcap", "--summary", tmp_path / "s.json")
    of_summary = previous_run(tmp_path / "s.json", quiet)
    of_session = previous_run(folder / "whole.mcap", quiet)

    for column in ("impact_shock_g", "cadence_spm", "contact_time_ms"):
        assert of_summary.means[column] == pytest.approx(of_session.means[column], rel=0.03)


def test_earlier_runs_of_the_journal_are_compared_with(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    start_ns = read_session(folder / "whole.mcap").header.utc_start_ns
    with Journal() as journal:
        shoe = journal.add(Shoe("old blue"))
        for days in (-9, -5, -2, 3):
            journal.add(
                Session(
                    start_ns + days * 86_400 * 10**9,
                    1800.0,
                    surface="grass",
                    shoe_id=shoe,
                    means={"cadence_spm": 160.0 + days, "impact_shock_g": 3.0},
                )
            )
        runs = previous_runs_of_journal(journal, start_ns)

    ended = backstride("report", folder / "whole.mcap", "-o", tmp_path / "p.html", "--with-journal")

    # a later run is no earlier one
    assert [run.means["cadence_spm"] for run in runs] == [151.0, 155.0, 158.0]
    assert {(run.surface, run.shoe) for run in runs} == {("grass", "old blue")}
    assert ended.exit_code == 0, ended.err
    assert "3 earlier runs in order" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_still_recording_gives_a_page_and_a_note(tmp_path: Path) -> None:
    rows = "".join(f"{n / 100:.2f},0.0,0.1,9.8{n % 10}\n" for n in range(1500))
    (tmp_path / "still.csv").write_text("time_s,acc_x_m_s2,acc_y_m_s2,acc_z_m_s2\n" + rows)

    ended = backstride("report", tmp_path / "still.csv")

    assert ended.exit_code == 0
    assert "no running in this recording" in ended.err
    assert "No running was found" in (tmp_path / "still.html").read_text(encoding="utf-8")


def test_session_that_ends_before_the_sensor_spoke_is_one_sentence(tmp_path: Path) -> None:
    with SessionWriter(tmp_path / "empty.mcap", SessionHeader(0, "sim:")):
        pass

    ended = backstride("report", tmp_path / "empty.mcap")

    assert ended.exit_code == 1
    assert "there is nothing to" in one_sentence(ended)
    assert not (tmp_path / "empty.html").exists()


@pytest.mark.parametrize(
    ("options", "exit_code", "words"),
    [
        (("missing.mcap",), 1, "no such file"),
        (("run.csv", "-o", "page.pdf"), 2, "a file that ends in .html"),
        (("run.csv", "--units", "miles"), 2, "metric or imperial"),
        (("run.csv", "--axes", "+x+x+z"), 2, "axes"),
        (("whole.mcap", "--rate", "100"), 2, "a session states its own rate"),
        (("run.csv", "--previous", "other.json"), 1, "no such file|cannot find"),
        (("run.csv", "--previous", "wrong.json"), 1, "this is no summary of a run"),
        (("run.csv", "-o", "nowhere/page.html"), 1, "does not exist"),
    ],
)
def test_mistake_is_one_sentence(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, ...],
    exit_code: int,
    words: str,
) -> None:
    monkeypatch.chdir(folder)
    (folder / "wrong.json").write_text(json.dumps([1, 2]))

    ended = backstride("report", *options)

    assert ended.exit_code == exit_code
    assert re.search(words, one_sentence(ended).lower())


def test_existing_page_survives_a_failure(folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("what was there")

    ended = backstride("report", folder / "missing.mcap", "-o", page)

    assert ended.exit_code == 1
    assert page.read_text() == "what was there"


def test_sensor_is_named(folder: Path) -> None:
    recording = read_recording(folder / "whole.mcap", ReplayOptions(), quiet)
    info = next(r for r in read_session(folder / "whole.mcap").records if isinstance(r, DeviceInfo))

    assert recording.info == info
