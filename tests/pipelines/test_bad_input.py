"""Whatever is wrong with the input: one sentence with place and cure, exit code 1 or 2, no loss."""

from __future__ import annotations

import errno
import io
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from mcap.reader import make_reader

from devices.records import Packet
from pipelines.files.session_writer import SessionWriter
from pipelines.session.header import SessionHeader
from tests.pipelines.command_line import Ended, backstride, command, environment, one_sentence
from tests.warm_process import finished

AXES = "acc_x_m_s2,acc_y_m_s2,acc_z_m_s2"
HEADER = f"time_s,{AXES}\n"


def rows(count: int = 300) -> str:
    """Three seconds of standing still, with a little noise."""
    return "".join(f"{i / 100},{0.01 * (i % 7)},{0.02 * (i % 5)},9.8\n" for i in range(count))


GOOD = HEADER + rows()
FAST = "time_scale=0&minutes=0.1&standing_s=0.5"
pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


@pytest.mark.parametrize("words", [["replay"], ["report"], ["journal", "add"]])
def test_a_session_that_ends_before_the_sensor_was_known_is_told(words: list[str]) -> None:
    with SessionWriter("cut.mcap", SessionHeader(1_790_000_000 * 10**9, "sim:")) as writer:
        writer.write_record(Packet(5, "data", b"abc"))
    said = one_sentence(backstride(*words, "cut.mcap"))
    assert "the session ends before the sensor had introduced itself" in said
    data = bytearray(Path("cut.mcap").read_bytes())
    summary = make_reader(io.BytesIO(data)).get_summary()
    assert summary is not None
    last = summary.chunk_indexes[-1]
    data[last.chunk_start_offset + 70] ^= 1  # and of a file without its end
    Path("cut.mcap").write_bytes(data[: last.chunk_start_offset + last.chunk_length])
    said = one_sentence(backstride(*words, "cut.mcap"))
    assert "the recording is damaged after 0.0 s" in said


@pytest.mark.parametrize(
    ("content", "place", "cure"),
    [
        pytest.param(
            f"time_s,acc_x,acc_y,acc_z\n{rows().replace('9.8', '3.1')}",
            "column 2",
            "acc_x_g",
            id="unit",
        ),
        pytest.param(
            f"time_s,acc_x_ft,acc_y_g,acc_z_g\n{rows()}", "column 2", "acc_x_g", id="unknown unit"
        ),
        pytest.param(
            f"time_s,acc_x_g,acc_y_g,acc_z_g\n{rows()}",
            "acc columns",
            "name the columns acc_x_m_s2",
            id="mistaken unit",
        ),
        pytest.param("", "table.csv", "give a table", id="empty file"),
        pytest.param(HEADER, "table.csv", "give at least one", id="header alone"),
        pytest.param(
            HEADER + "1,0,0,9.8\n1,0,0,9.8\n1,0,0,9.7\n", "table.csv", "--rate", id="time stands"
        ),
        pytest.param("time_s,acc_x_m_s2\n0,0\n0.01,0\n", "line 1", "at least two", id="2 columns"),
        pytest.param(HEADER + "0,0,9.8\n", "line 2", "complete or delete", id="2 cells"),
        pytest.param(HEADER + "0,0,0,high\n", "line 2", "correct it", id="a word"),
        pytest.param(bytes(range(256)) * 40, "table.csv", "give a table", id="binary"),
        pytest.param(f"# rate_hz: fast\n{GOOD}", "rate_hz", "between 24.5 and 4000", id="rate"),
        pytest.param(f"{AXES}\n0,0,9.8\n", "table.csv", "--rate", id="no time"),
        pytest.param(
            HEADER + "".join(f"{i / 100},,,\n" for i in range(200)),
            "column acc_x_m_s2",
            "remove it",
            id="all lost",
        ),
    ],
)
def test_a_bad_table_is_refused_with_place_and_cure(
    content: str | bytes, place: str, cure: str
) -> None:
    path = Path("table.csv")
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(data)
    ended = backstride("replay", path, "--steps", "steps.csv")
    sentence = one_sentence(ended)
    assert ended.exit_code == 1
    assert sentence.startswith("table.csv")
    assert place in sentence
    assert cure in sentence
    assert path.read_bytes() == data
    assert not Path("steps.csv").exists()


def faulty(fault: str) -> str:
    lines = GOOD.splitlines()
    if fault == "nan":
        lines[100:110] = [f"{line.split(',')[0]},nan,nan,nan" for line in lines[100:110]]
    elif fault == "lost cells":
        lines[100] = f"{lines[100].split(',')[0]},,,"
    elif fault == "infinite":
        lines[100] = f"{lines[100].split(',')[0]},inf,0,9.8"
    elif fault == "saturated":
        lines[100:140] = [f"{line.split(',')[0]},0,0,156.9064" for line in lines[100:140]]
    elif fault == "gap":
        del lines[100:200]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("fault", ["nan", "lost cells", "infinite", "saturated", "gap"])
def test_spoiled_samples_are_input_and_no_fault(fault: str) -> None:
    Path("table.csv").write_text(faulty(fault))
    ended = backstride("replay", "table.csv", "--steps", "steps.csv", "--summary", "sum.json")
    assert ended.exit_code == 0
    assert "no running" in ended.err
    assert Path("steps.csv").read_text().count("\n") == 1
    assert "nan" not in Path("sum.json").read_text().lower()


OPTIONS: list[tuple[list[str], str, str]] = [
    (["--axes", "+y+x+z"], "axes", "left-handed"),
    (["--axes", "xyz"], "axes", "+x+y+z"),
    (["--axes", "+x+x+z"], "axes", "+x+y+z"),
    (["--rate", "20"], "--rate", "between 24.5 and 4000"),
    (["--rate", "nan"], "--rate", "between 24.5 and 4000"),
    (["--units", "acc=ft"], "--units", "m_s2, g, mg"),
    (["--columns", "time_s,height"], "--columns", "acc_x"),
    (["--block", "0"], "--block", "from 1 up"),
    (["--mass", "-3"], "mass", "20 to 250"),
    (["--mass", "nan"], "mass", "20 to 250"),
    (["--height", "17.5"], "height", "1.0 to 2.5"),
    (["--height", "2.6"], "height", "1.0 to 2.5"),
    (["--steps", "steps.txt"], "--steps", ".csv or .parquet"),
    (["--waveforms", "waveforms"], "--waveforms", ".csv or .parquet"),
]


@pytest.mark.parametrize(("options", "place", "cure"), OPTIONS)
def test_a_bad_option_is_a_mistake_in_usage(options: list[str], place: str, cure: str) -> None:
    Path("table.csv").write_text(GOOD)
    ended = backstride("replay", "table.csv", *options)
    sentence = one_sentence(ended)
    assert ended.exit_code == 2
    assert place in sentence
    assert cure in sentence


def test_a_rate_that_contradicts_the_time_column_makes_nothing_worse() -> None:
    Path("table.csv").write_text(GOOD)
    ended = backstride("replay", "table.csv", "--rate", "200")
    assert ended.exit_code == 0
    assert "the times tell 100 Hz, which was used" in ended.err


def test_a_second_file_that_is_not_there() -> None:
    Path("table.csv").write_text(GOOD)
    ended = backstride("replay", "table.csv", "--with", "none.csv")
    assert ended.exit_code == 1
    assert "none.csv: there is no such file" in one_sentence(ended)


def test_a_session_takes_no_rate(session: bytes) -> None:
    Path("run.mcap").write_bytes(session)
    ended = backstride("replay", "run.mcap", "--rate", "200")
    assert ended.exit_code == 2
    assert "--rate" in one_sentence(ended)


@pytest.mark.parametrize("options", [["--axes", "+y+x+z"], ["--mass", "5"], ["--height", "17.5"]])
def test_a_bad_option_of_a_live_run_leaves_no_recording(options: list[str]) -> None:
    ended = backstride("live", f"sim:?{FAST}", "--record", "run.mcap", *options)
    one_sentence(ended)
    assert ended.exit_code == 2
    assert not Path("run.mcap").exists()


def test_left_handed_axes_in_a_preamble_name_the_file() -> None:
    Path("table.csv").write_text(f"# axes: +y+x+z\n{GOOD}")
    ended = backstride("replay", "table.csv")
    sentence = one_sentence(ended)
    assert "left-handed" in sentence
    assert "table.csv" in sentence


@pytest.mark.parametrize(
    ("url", "code", "cure"),
    [
        ("treadmill", 2, "sim:"),
        ("http://example.org", 2, "sim:"),
        ("run.mcap", 1, "no such file: give trace:FILE with one that is there"),
        ("", 2, "sim:"),
        ("ble:AA:BB:CC:DD:EE:FF", 1, "Bluetooth"),
        ("serial:/dev/no-such-port?protocol=witmotion&baud=9600", 1, "a scan lists the ports"),
        ("sim:?sped=3", 2, "key is 'sped': give one of the keys speed"),
        ("/nowhere/run.mcap", 1, "no such file"),
        ("sim:?speed=99", 2, "1.8 to 9 m/s"),
        ("sim:?speed=fast", 2, "number"),
        ("sim:?axes=+y+x+z", 2, "right-handed"),
        ("sim:?minutes=1&minutes=2", 2, "once"),
        (f"sim:?{FAST}&baseline=none.json", 1, "check the path"),
    ],
)
def test_an_unknown_source_is_told_and_nothing_is_created(
    url: str, code: int, cure: str, tmp_path: Path
) -> None:
    ended = backstride("live", url)
    assert "Traceback" not in ended.err
    assert ended.err.startswith("backstride: ")
    assert ended.err.count("\n") == 1
    assert cure in ended.err
    assert ended.exit_code == code
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["none.csv", "none.mcap", ".", "none/run.mcap"])
def test_a_missing_file_is_named(name: str) -> None:
    ended = backstride("replay", name)
    assert ended.exit_code == 1
    assert one_sentence(ended).startswith(name)


# --- session files --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "cure"),
    [
        pytest.param(b"", "give another recording", id="empty"),
        pytest.param(bytes(range(256)) * 40, "give an .mcap file", id="binary"),
        pytest.param(GOOD.encode(), "give an .mcap file", id="a table"),
    ],
)
def test_what_is_no_session_is_refused(content: bytes, cure: str) -> None:
    Path("run.mcap").write_bytes(content)
    ended = backstride("replay", "run.mcap", "--steps", "steps.csv")
    sentence = one_sentence(ended)
    assert ended.exit_code == 1
    assert sentence.startswith("run.mcap")
    assert cure in sentence
    assert not Path("steps.csv").exists()
    assert Path("run.mcap").read_bytes() == content


@pytest.mark.parametrize("share", [0.0002, 0.002, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_session_gives_what_it_has_or_says_why_not(
    session: bytes, share: float
) -> None:
    content = session[: max(1, round(share * len(session)))]
    Path("run.mcap").write_bytes(content)
    ended = backstride("replay", "run.mcap", "--steps", "steps.csv")
    assert "Traceback" not in ended.err
    if ended.exit_code == 0:
        assert Path("steps.csv").exists()
        assert "cut short" in ended.err or share >= 0.9  # the end is but an index
    else:
        assert ended.exit_code == 1
        assert one_sentence(ended).startswith("run.mcap")
    assert Path("run.mcap").read_bytes() == content


def test_a_session_damaged_in_the_middle_is_no_traceback(session: bytes) -> None:
    middle = len(session) // 2
    Path("run.mcap").write_bytes(session[:middle] + b"\xff" * 64 + session[middle + 64 :])
    ended = backstride("replay", "run.mcap")
    assert "Traceback" not in ended.err
    assert "run.mcap" in ended.err
    assert ended.exit_code in (0, 1)


def test_a_session_named_as_a_table_and_the_other_way_round_say_so(session: bytes) -> None:
    Path("run.csv").write_bytes(session)
    sentence = one_sentence(backstride("replay", "run.csv"))
    assert ".mcap" in sentence


# --- outputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--steps", "--waveforms", "--alerts", "--summary"])
@pytest.mark.parametrize("where", ["no folder", "a folder"])
def test_an_output_that_cannot_be_written_is_named(option: str, where: str) -> None:
    Path("table.csv").write_text(GOOD)
    out = Path("missing", "out.csv") if where == "no folder" else Path("taken.csv")
    if where == "a folder":
        out.mkdir()
    ended = backstride("replay", "table.csv", option, out)
    sentence = one_sentence(ended)
    assert ended.exit_code == 1
    assert str(out) in sentence
    assert Path("table.csv").read_text() == GOOD


@pytest.mark.parametrize("option", ["--steps", "--waveforms", "--alerts", "--summary"])
def test_a_full_disk_leaves_the_earlier_result(
    option: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("table.csv").write_text(GOOD)
    Path("out.csv").write_text("earlier")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    ended = backstride("replay", "table.csv", option, "out.csv")
    sentence = one_sentence(ended)
    assert ended.exit_code == 1
    assert "out.csv" in sentence
    assert "disk is full" in sentence
    assert Path("out.csv").read_text() == "earlier"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    "arguments",
    [
        ("replay", "table.csv", "--steps", "-"),
        ("replay", "table.csv"),
        ("simulate", "out.csv", "minutes=0.1"),
    ],
)
def test_a_full_standard_output_is_told(arguments: tuple[str, ...]) -> None:
    Path("table.csv").write_text(GOOD)
    with Path("/dev/full").open("wb") as full:
        done = finished(command(*arguments), stdout=full, env=environment())
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "disk is full" in done.stderr


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() == 0, reason="needs a folder that refuses this user"
)
def test_without_permission_nothing_is_written() -> None:
    locked = Path("locked")
    locked.mkdir(mode=0o500)
    Path("table.csv").write_text(GOOD)
    for ended in (
        backstride("replay", "table.csv", "--steps", locked / "steps.csv"),
        backstride("live", f"sim:?{FAST}", "--record", locked / "run.mcap"),
        backstride("simulate", locked / "run.mcap", FAST),
    ):
        assert ended.exit_code == 1
        assert str(locked) in ended.err
        assert "permission" in ended.err
        assert "Traceback" not in ended.err
    assert list(locked.iterdir()) == []


@pytest.mark.parametrize("name", ["old.mcap", "old.csv"])
def test_an_older_file_is_not_overwritten_by_a_simulation(name: str) -> None:
    Path(name).write_text("recorded before")
    ended = backstride("simulate", name, FAST)
    assert ended.exit_code == 1
    assert one_sentence(ended).startswith(name)
    assert Path(name).read_text() == "recorded before"


def test_an_older_recording_is_not_overwritten_by_a_live_run() -> None:
    Path("old.mcap").write_text("recorded before")
    ended = backstride("live", f"sim:?{FAST}", "--record", "old.mcap")
    assert ended.exit_code == 1
    assert one_sentence(ended).startswith("old.mcap")
    assert Path("old.mcap").read_text() == "recorded before"


@pytest.mark.parametrize("ending", ["txt", "", "parquet"])
def test_a_simulation_into_an_unknown_format_is_refused(ending: str) -> None:
    ended = backstride("simulate", f"out.{ending}", FAST)
    assert ended.exit_code == 2
    assert ".mcap or .csv" in one_sentence(ended)


@pytest.mark.parametrize("option", ["--steps", "--waveforms", "--alerts", "--summary"])
@pytest.mark.parametrize("spelling", ["table.csv", "./table.csv"])
def test_the_recording_is_never_replaced_by_its_own_result(option: str, spelling: str) -> None:
    Path("table.csv").write_text(GOOD)
    ended = backstride("replay", "table.csv", option, spelling)
    assert Path("table.csv").read_text() == GOOD
    assert ended.exit_code == 2
    assert "table.csv" in one_sentence(ended)


@pytest.mark.parametrize("option", ["--alerts", "--summary"])
def test_the_session_is_never_replaced_by_its_own_result(session: bytes, option: str) -> None:
    Path("run.mcap").write_bytes(session)
    backstride("replay", "run.mcap", option, "run.mcap")
    assert Path("run.mcap").read_bytes() == session


def test_two_outputs_are_two_files() -> None:
    Path("table.csv").write_text(GOOD)
    ended = backstride("replay", "table.csv", "--steps", "out.csv", "--waveforms", "out.csv")
    assert ended.exit_code == 2
    simulated = backstride("simulate", "sim.csv", FAST, "--truth", "sim.csv")
    assert simulated.exit_code == 2


def test_a_live_run_that_cannot_start_leaves_nothing_behind() -> None:
    ended = backstride("live", f"sim:?{FAST}", "--record", "run.mcap", "--alerts", "missing/alerts")
    assert ended.exit_code == 1
    assert not Path("run.mcap").exists()


# --- baselines ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"not json",
        pytest.param(b"[]"),
        pytest.param(b'{"a": 1}'),
        pytest.param(b'{"steps": 1, "baseline": 5}'),
        b'{"steps": 1, "baseline": null}',
    ],
)
def test_what_is_no_baseline_is_refused(content: bytes) -> None:
    Path("base.json").write_bytes(content)
    Path("table.csv").write_text(GOOD)
    ended = backstride("replay", "table.csv", "--baseline", "base.json")
    assert ended.exit_code == 1
    assert one_sentence(ended).startswith("base.json")


@pytest.mark.parametrize(
    "arguments",
    [
        ["replay", "table.csv", "--baseline", "none.json"],
        ["live", f"sim:?{FAST}", "--record", "table.csv/run.mcap"],
    ],
)
def test_every_complaint_is_a_whole_sentence(arguments: list[str]) -> None:
    Path("table.csv").write_text(GOOD)
    ended = backstride(*arguments)
    assert ended.exit_code == 1
    assert arguments[-1].split("/")[0] in one_sentence(ended)


def test_broken_settings_say_what_to_do() -> None:
    Path("alerts.toml").write_text("[drift")
    ended = backstride("live", f"sim:?{FAST}", "--settings", "alerts.toml")
    sentence = one_sentence(ended)
    assert ended.exit_code == 1
    assert sentence.startswith("alerts.toml: this is no TOML")
    assert "correct it" in sentence


def last_sentence(ended: Ended) -> str:
    """The complaint of a command that may have told of its recording before."""
    return one_sentence(replace(ended, out="", err=ended.err.splitlines(keepends=True)[-1]))


#: Ways in for TOML; ``{}`` is the file.
TOML_IN = {
    "settings": ["replay", "table.csv", "--settings", "{}"],
    "overrides": ["replay", "table.csv", "--override", "{}"],
    "compared": ["replay", "table.csv", "--compare", "{}"],
    "plan": ["faults", "{}"],
    "plan of a sensor": ["simulate", "new.mcap", "minutes=0.1&faults={}"],
    "script": ["simulate", "new.mcap", "minutes=0.1&script={}"],
}
HOSTILE_TOML = {
    "digits": "seed = " + "9" * 5000,
    "hexadecimal": "seed = 0x" + "f" * 5000,
    "dots": "a." * 4000 + "a = 1",
    "a table's dots": "[" + '"a" . ' * 4000 + "a]",
    "dots within": "seed = {" + "'a'." * 4000 + "a = 1}",
    "brackets": "seed = " + "[" * 4000 + "]" * 4000,
    "deep": "seed = " + "[" * 30 + "]" * 30,
    "large": "# " + "a" * 1_000_000,
    "no text": "\x80",
}


def test_what_is_far_too_large_is_not_read_first() -> None:
    Path("table.csv").write_text(GOOD)
    with Path("large").open("wb") as file:
        file.truncate(2**42)  # holes take no room
    for option in ("--settings", "--baseline"):
        assert "larger than" in one_sentence(backstride("replay", "table.csv", option, "large"))


@pytest.mark.parametrize("way", TOML_IN)
def test_toml_that_fills_the_memory_or_has_no_sense_is_one_sentence(way: str) -> None:
    Path("table.csv").write_text(GOOD)
    for name, text in HOSTILE_TOML.items():
        Path("f.toml").write_text(text, "latin-1")
        begin_s = time.process_time()
        ended = backstride(*(word.format("f.toml") for word in TOML_IN[way]))
        assert time.process_time() - begin_s < 5.0, name  # 37 s before it was bounded
        assert ended.exit_code in (1, 2), name
        assert last_sentence(ended).startswith("f.toml: "), name
    assert not Path("new.mcap").exists()


def test_dots_elsewhere_are_no_key() -> None:
    Path("f.toml").write_text(
        f"# {'. ' * 90}{'-.' * 9}\n[indicators.lean] # a.b.c.\nfloor_deg = 3.0\n"
    )
    Path("table.csv").write_text(GOOD)
    ended = backstride("replay", "table.csv", "--settings", "f.toml")
    assert ended.exit_code == 0, ended.err


#: Ways in for files that others may have made; ``{}`` is the file.
WAYS_IN = [
    *TOML_IN.values(),
    ["replay", "{}"],
    ["replay", "table.csv", "--with", "{}"],
    ["replay", "table.csv", "--baseline", "{}"],
    ["replay", "table.csv", "--steps", "{}"],
    ["report", "{}"],
    ["import", "{}"],
    ["export", "{}", "--steps", "s.csv"],
    ["cohort", "{}", "--out", "all.csv"],
    ["journal", "add", "{}"],
    ["journal", "import", "{}"],
    ["simulate", "{}"],
]


@pytest.mark.skipif(os.name != "posix", reason="links and pipes are POSIX's")
@pytest.mark.parametrize("ending", ["", ".mcap", ".csv", ".toml"])
def test_a_link_to_itself_is_one_sentence(ending: str) -> None:
    Path("table.csv").write_text(GOOD)
    name = f"loop{ending}"
    Path(name).symlink_to(name)
    for words in WAYS_IN:
        ended = backstride(*(word.format(name) for word in words))
        assert ended.exit_code in (1, 2), words
        assert name in last_sentence(ended), words


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
@pytest.mark.parametrize("ending", ["", ".mcap", ".csv", ".toml"])
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(
    ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.named_pipe._PATIENCE_S", 0.1)
    Path("table.csv").write_text(GOOD)
    name = f"pipe{ending}"
    os.mkfifo(name)
    for words in WAYS_IN:
        if words[:1] == ["simulate"] or ("--steps" in words[:-1] and "table.csv" in words):
            continue  # written to
        ended = backstride(*(word.format(name) for word in words))
        assert ended.exit_code in (1, 2), words
        assert name in last_sentence(ended), words
