"""``backstride export``: what a session holds, in forms that other programs read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from mcap.reader import make_reader

from pipelines.files.reading.front_door import read
from pipelines.files.session_reader import read_header
from tests.pipelines.command_line import backstride, one_sentence
from tests.pipelines.files.golden.replaying import SESSIONS

GOLDEN = {path.stem: path for path in SESSIONS}


pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def test_a_table_of_the_samples_gives_the_steps_of_the_session(run: Path) -> None:
    ended = backstride("export", run, "--samples", "run.csv", "--steps", "steps.csv")
    assert ended.exit_code == 0, ended.err
    assert backstride("replay", "run.csv", "--steps", "again.csv").exit_code == 0
    steps = Path("steps.csv").read_text()
    assert steps.count("\n") > 10
    assert Path("again.csv").read_text() == steps


def test_samples_are_calibrated_unless_raw_ones_are_asked_for() -> None:
    session = GOLDEN["movesense_calibrated"]
    ended = backstride("export", session, "--samples", "true.csv")
    assert ended.exit_code == 0, ended.err
    assert backstride("export", session, "--samples", "raw.csv", "--raw").exit_code == 0
    calibrated, raw = read("true.csv"), read("raw.csv")
    assert (calibrated.preamble["calibrated"], raw.preamble["calibrated"]) == ("yes", "no")
    assert calibrated.axes == "-z+y+x"
    assert calibrated.rate_hz == 52.0
    calibration = read_header(session).calibration
    assert calibration is not None
    expected = calibration.apply(raw.samples)
    np.testing.assert_array_equal(calibrated.samples.acceleration_m_s2, expected.acceleration_m_s2)
    assert np.any(raw.samples.acceleration_m_s2 != expected.acceleration_m_s2)


def test_parquet_and_csv_hold_the_same(run: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    for name in ("run.csv", "run.parquet"):
        assert backstride("export", run, "--samples", name).exit_code == 0
    samples = read("run.csv").samples
    table = parquet.read_table("run.parquet")
    assert table.column_names[:4] == ["time_s", "acc_x_m_s2", "acc_y_m_s2", "acc_z_m_s2"]
    np.testing.assert_array_equal(table["time_s"].to_numpy(), samples.time_s)
    gyro = samples.angular_velocity_rad_s
    assert gyro is not None
    np.testing.assert_array_equal(table["gyr_z_rad_s"].to_numpy(), gyro[:, 2])


def test_a_file_for_viewers_holds_every_sample_at_its_time(run: Path) -> None:
    for name in ("run.csv", "plots.mcap"):
        assert backstride("export", run, "--samples", name).exit_code == 0
    samples, start_ns = read("run.csv").samples, read_header(run).utc_start_ns
    with Path("plots.mcap").open("rb") as file:
        messages = list(make_reader(file, validate_crcs=True).iter_messages())
    assert len(messages) == len(samples)
    times = [message.log_time - start_ns for _, _, message in messages]
    np.testing.assert_allclose(np.array(times) / 1e9, samples.time_s, rtol=0, atol=1e-9)
    schema, channel, message = messages[100]
    assert schema is not None
    assert (schema.name, channel.message_encoding) == ("backstride.Sample", "protobuf")
    assert np.float32(samples.acceleration_m_s2[100, 0]).tobytes() in message.data
    # it is no session, and is told as such
    told = one_sentence(backstride("replay", "plots.mcap"))
    assert "another program" in told


def test_marks_and_facts_are_lines(run: Path) -> None:
    del run
    session = GOLDEN["own_marks"]
    ended = backstride("export", session, "--marks", "marks.jsonl", "--facts", "facts.jsonl")
    assert ended.exit_code == 0, ended.err
    marks = [json.loads(line) for line in Path("marks.jsonl").read_text().splitlines()]
    assert [mark["kind"] for mark in marks] == [
        "surface", "shoe", "speed", "slope", "neutral", "pain", "pause", "resume", "slope", "pain",
    ]  # fmt: skip
    pain = marks[5]
    assert pain["level"] == 3
    assert pain["time_s"] == pytest.approx(20.0, abs=0.2)
    assert pain["utc"].startswith("2026-")
    facts = [json.loads(line) for line in Path("facts.jsonl").read_text().splitlines()]
    assert "steps" not in {fact["kind"] for fact in facts}
    alerts = [fact["alert"]["indicator"] for fact in facts if fact["kind"] == "alert"]
    lines = session.with_suffix(".alerts.jsonl").read_text().splitlines()
    assert alerts == [json.loads(line)["indicator"] for line in lines]
    assert [fact["level"] for fact in facts if fact["kind"] == "pain"] == [3, 6]
    assert facts[-1]["kind"] == "ended"


def test_lines_and_tables_go_to_standard_output_too(run: Path) -> None:
    out = backstride("export", run, "--samples", "-").out
    assert out.splitlines()[0].startswith("# rate_hz: ")
    assert "time_s,acc_x_m_s2" in out
    out = backstride("export", GOLDEN["own_marks"], "--marks", "-").out
    assert json.loads(out.splitlines()[0])["name"] == "treadmill"


def test_a_session_that_was_cut_short_is_exported_and_told() -> None:
    ended = backstride("export", GOLDEN["cut_short"], "--samples", "run.csv")
    assert ended.exit_code == 0
    assert "was cut short after 14.1 s" in ended.err
    assert read("run.csv").samples.time_s[-1] > 13.0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["run.mcap"], "what to write, such as --samples"),
        (["run.mcap", "--samples", "run.mcap"], "another file than FILE"),
        (["run.mcap", "--samples", "a.csv", "--steps", "a.csv"], "another file than --samples"),
        (["run.mcap", "--samples", "older.mcap"], "this one holds a recording"),
        (["run.mcap", "--samples", "samples.csv"], "this one holds a recording"),
        (["run.mcap", "--steps", "older.mcap"], "this one holds a recording"),
        (["run.mcap", "--samples", "run.txt"], "ending in .csv or .parquet"),
        (["run.mcap", "--raw", "--steps", "a.csv"], "with --samples"),
        (["run.mcap", "--with-journal", "--steps", "a.csv"], "with --fit or --json"),
        (["samples.csv", "--samples", "a.csv"], "is no session: give an .mcap file"),
        (["none.mcap", "--samples", "a.csv"], "there is no such file"),
        (["run.mcap", "--samples", "none/a.csv"], "does not exist: create it first"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    run: Path, words: list[str], sentence: str
) -> None:
    content = run.read_bytes()
    Path("older.mcap").write_bytes(content)
    Path("samples.csv").write_text("time_s,acc_x_g,acc_y_g,acc_z_g\n0,0,0,1\n")
    ended = backstride("export", *words)
    assert ended.exit_code in (1, 2)
    assert sentence in one_sentence(ended)
    assert Path("older.mcap").read_bytes() == run.read_bytes() == content
    assert not Path("a.csv").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--json", "-"], "--json is '-': give a file that ends in .json."),
        (["--fit", "run.txt"], "--fit is 'run.txt': give a file that ends in .fit."),
        (["--steps", "nowhere/s.csv"], "the folder 'nowhere' does not exist: create it first."),
        (["--at", "2026-03-02 18:30"], "--at is '2026-03-02 18:30': give the file alone, which"),
        (["--at", "noon"], "--at is 'noon': give a day and a time"),
    ],
)
def test_what_cannot_be_written_is_told_before_anything_is(
    run: Path, words: list[str], told: str
) -> None:
    assert told in one_sentence(backstride("export", run, "--samples", "samples.csv", *words))
    assert list(Path().iterdir()) == [run.relative_to(Path.cwd()) if run.is_absolute() else run]


def test_what_a_recording_holds_nothing_for_is_told_and_all_else_is_written(run: Path) -> None:
    ended = backstride("export", run, "--streams", "s.csv", "--samples", "a.csv", "--marks", "m")
    assert ended.exit_code == 1
    assert ended.err.splitlines()[-1].endswith(
        "holds nothing of a treadmill, a foot pod or a strap: give a session that was recorded "
        "with one."
    )
    assert Path("a.csv").stat().st_size > 1000
    assert Path("m").exists()
    assert not Path("s.csv").exists()


def test_a_recording_that_does_not_say_when_it_began_is_told_it(run: Path) -> None:
    sdk = pytest.importorskip("garmin_fit_sdk")
    assert backstride("export", run, "--samples", "run.csv").exit_code == 0
    lines = [line for line in Path("run.csv").read_text().splitlines() if "utc_start" not in line]
    Path("bare.csv").write_text("\n".join(lines) + "\n")
    words = ["export", "bare.csv", "--fit", "a.fit", "--json", "a.json"]
    ended = backstride(*words)
    assert ended.exit_code == 2
    assert "--at is missing: give when it began, which --fit needs and this recording" in ended.err
    assert not Path("a.fit").exists()
    assert json.loads(Path("a.json").read_text())["made_by"].get("utc_start") is None
    ended = backstride(*words, "--at", "2026-03-02 18:30:05Z")
    assert ended.exit_code == 0, ended.err
    messages, _ = sdk.Decoder(sdk.Stream.from_file("a.fit")).read()
    assert f"{messages['file_id_mesgs'][0]['time_created']:%Y-%m-%d %H:%M:%S}" == (
        "2026-03-02 18:30:05"
    )
    assert json.loads(Path("a.json").read_text())["made_by"]["utc_start"].startswith("2026-03-02T")


def test_steps_and_json_are_made_of_any_recording(run: Path) -> None:
    assert backstride("export", run, "--samples", "run.csv").exit_code == 0
    for source, name in ((run, "session.json"), (Path("run.csv"), "table.json")):
        ended = backstride("export", source, "--json", name, "--steps", f"{name}.csv")
        assert ended.exit_code == 0, ended.err
    session, table = (json.loads(Path(name).read_text()) for name in ("session.json", "table.json"))
    assert session["steps"] == table["steps"]
    assert len(session["steps"]["step"]) == len(Path("session.json.csv").read_text().split()) - 1
    assert session["units"]["contact_time_ms"] == "ms"
    assert session["made_by"]["input_sha256"] != table["made_by"]["input_sha256"]
