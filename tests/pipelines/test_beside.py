"""Treadmill, foot pod and strap beside the sensor: known, kept, used, and never the run's end."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.records import LinkEvent, Packet, StreamRecord
from pipelines.files.session_reader import read_session
from pipelines.folding import fold_session
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.session import facts
from pipelines.session.facts import Fact
from pipelines.session.json_form import to_json
from tests.pipelines.command_line import Ended, backstride, one_sentence, quiet

ALL = "treadmill=1&foot_pod=1&heart_rate=lost@20+15"


@dataclass(frozen=True, slots=True)
class Ran:
    """A live run that was recorded."""

    ended: Ended
    path: Path
    facts: list[Fact]

    def of(self, kind: type[Fact]) -> list[Fact]:
        return [fact for fact in self.facts if isinstance(fact, kind)]


def ran(folder: Path, keys: str, *options: str) -> Ran:
    path = folder / "run.mcap"
    length = "" if "minutes=" in keys else "minutes=0.7&"
    url = f"sim:?{length}surface=treadmill&time_scale=0&{keys}"
    ended = backstride("live", url, "--record", path, *options)
    return Ran(ended, path, list(read_session(path).facts))


pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """A run with all three, whose strap goes and comes back, up a slope from half a minute on."""
    folder = tmp_path_factory.mktemp("beside")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BACKSTRIDE_HOME", str(folder / "home"))
        keys = f"{ALL}&speed=3.0,3.4@20&slope=0,2@25"
        yield ran(folder, keys, "--speed", "9 km/h")


def test_speed_and_slope_are_those_of_the_treadmill_and_not_those_typed(whole: Ran) -> None:
    assert whole.ended.exit_code == 0, whole.ended.err
    paces = [fact for fact in whole.facts if isinstance(fact, facts.PaceKnown)]
    assert (paces[0].speed_m_s, paces[0].source) == (2.5, "stated")
    belt = [fact for fact in paces if fact.source == "treadmill"]
    speeds = {round(fact.speed_m_s or 0.0, 1) for fact in belt}
    assert {0.0, 3.0, 3.4} <= speeds
    last = belt[-1]
    assert last.slope_source == "treadmill"
    assert last.slope_deg == pytest.approx(2.0, abs=0.05)
    result = replay(whole.path, ReplayOptions(), quiet).result
    assert result.distance_source == "treadmill"
    assert result.distance_m == pytest.approx(3.0 * 20 + 3.4 * 22, abs=5.0)


def test_a_belt_that_is_connected_is_the_surface_unless_the_runner_says_otherwise(
    whole: Ran, tmp_path: Path
) -> None:
    named = [fact.name for fact in whole.facts if isinstance(fact, facts.SurfaceKnown)]
    assert named == ["treadmill"]
    told = "this run is stated to be on asphalt: if you run on the belt, change the surface."
    assert told not in whole.ended.out + whole.ended.err
    other = ran(tmp_path, "treadmill=1", "--surface", "asphalt")
    named = [fact.name for fact in other.facts if isinstance(fact, facts.SurfaceKnown)]
    assert named == ["asphalt"]
    assert told in " ".join(other.ended.out.split())


def test_a_strap_that_goes_and_comes_back_is_told_and_ends_nothing(whole: Ran) -> None:
    shown = whole.ended.out
    assert "the heart rate strap is away" in shown
    assert "the heart rate strap is connected: Strap HR." in shown
    assert re.search(r"distance +0\.1[34] km \(treadmill\)", shown)
    strap = [
        fact.state
        for fact in whole.facts
        if isinstance(fact, facts.StreamChanged) and fact.stream == "heart_rate"
    ]
    assert strap == ["connected", "lost", "resumed"]
    rates = [fact.heart_rate_bpm for fact in whole.facts if isinstance(fact, facts.HeartRateKnown)]
    assert None in rates
    gone = rates.index(None)
    assert len(rates) > gone + 5  # it is used again
    assert all(60 < rate < 170 for rate in rates if rate is not None)


def test_raw_packets_are_kept_and_give_the_same_facts_to_the_byte(whole: Ran) -> None:
    session = read_session(whole.path)
    beside = [each for each in session.records if isinstance(each, StreamRecord)]
    assert {each.stream for each in beside} == {"treadmill", "foot_pod", "heart_rate"}
    packets = [each.record for each in beside if isinstance(each.record, Packet)]
    assert len(packets) > 130
    assert len(packets) + sum(isinstance(each.record, LinkEvent) for each in beside) == len(beside)
    again = fold_session(session, session.header, quiet)
    assert [to_json(fact) for fact in again.facts] == [to_json(fact) for fact in whole.facts]


def test_a_file_cut_anywhere_gives_the_beginning_of_the_same_facts(
    whole: Ran, tmp_path: Path
) -> None:
    content = whole.path.read_bytes()
    cut = tmp_path / "cut.mcap"
    told = [to_json(fact) for fact in whole.facts]
    whole_log = read_session(whole.path).records
    seen = set()
    for share in (0.15, 0.4, 0.55, 0.77, 0.9):
        cut.write_bytes(content[: int(share * len(content))])
        session = read_session(cut)
        assert session.records == whole_log[: len(session.records)]
        again = fold_session(session, session.header, quiet)
        found = [to_json(fact) for fact in again.facts[: again.before_end]]
        assert found == told[: len(found)]
        seen.add(len(found))
    assert len(seen) > 3
    every = [content[:end] for end in range(len(content) // 2, len(content) // 2 + 40_000, 997)]
    for part in every:  # wherever it ends, the order of the log is that of the recording
        cut.write_bytes(part)
        records = read_session(cut).records
        assert records == whole_log[: len(records)]


def test_what_devices_sent_is_exported(whole: Ran, tmp_path: Path) -> None:
    table = tmp_path / "streams.csv"
    summary = tmp_path / "run.json"
    ended = backstride("export", whole.path, "--streams", table, "--json", summary)
    assert 60 < json.loads(summary.read_text())["heart_rate_bpm"] < 170
    assert ended.exit_code == 0, ended.err
    header, *rows = table.read_text().splitlines()
    assert header.startswith("time_s,stream,speed_m_s,slope_percent,distance_m")
    belt = [row.split(",") for row in rows if ",treadmill," in row]
    assert float(belt[-1][4]) == pytest.approx(134, abs=3)
    assert any(row.split(",")[8] for row in rows if ",heart_rate," in row)


def test_the_journal_and_the_report_have_the_treadmills_distance(
    whole: Ran, tmp_path: Path
) -> None:
    summary = tmp_path / "s.json"
    assert backstride("replay", whole.path, "--summary", summary).exit_code == 0
    said = json.loads(summary.read_text())
    assert said["distance_source"] == "treadmill"
    assert 90 < said["heart_rate_bpm"] < 140
    assert said["speed_m_s"] == pytest.approx(3.2, abs=0.1)
    # a simulated run is filed where the user asks for it
    assert backstride("journal", "add", whole.path).exit_code == 0
    assert "0.1 km (as the treadmill showed)" in backstride("journal", "list").out
    page = tmp_path / "report.html"
    assert backstride("report", whole.path, "--out", page).exit_code == 0
    text = page.read_text()
    assert "as the treadmill showed" in text
    assert "Heart rate" in text
    assert text.count("km/h") < 12  # what a device says is not listed as said by the runner


@pytest.mark.parametrize(
    ("keys", "told", "believed"),
    [
        ("treadmill=stands@15+60", "the treadmill says that nothing moves while you run", ""),
        ("treadmill=wild@15+15", "the treadmill says what cannot be", "makes sense again"),
        ("treadmill=rubbish@15+15", "sends records that cannot be read", "makes sense again"),
        ("heart_rate=off@15+15", "finds no heart beat", "makes sense again"),
        ("heart_rate=wild@15+15", "the heart rate strap says what cannot be", "sense again"),
        ("treadmill=absent", "the treadmill is away (is not heard within 10 s", ""),
    ],
)
def test_a_wrong_value_is_told_and_not_used(
    keys: str, told: str, believed: str, tmp_path: Path
) -> None:
    run = ran(tmp_path, keys, "--speed", "11 km/h")
    assert run.ended.exit_code == 0, run.ended.err
    assert told in run.ended.out
    assert believed in run.ended.out
    speeds = [fact.speed_m_s for fact in run.facts if isinstance(fact, facts.PaceKnown)]
    assert all(speed is None or speed < 12.0 for speed in speeds)
    if "stands" in keys or "absent" in keys or "heart" in keys:
        # what was stated holds where the belt is not believed
        assert speeds[-1] == pytest.approx(11 / 3.6)
    rates = [fact.heart_rate_bpm for fact in run.facts if isinstance(fact, facts.HeartRateKnown)]
    assert all(rate is None or rate < 200 for rate in rates)


def test_a_belt_that_stood_is_not_accused_of_its_units_too(tmp_path: Path) -> None:
    run = ran(tmp_path, "treadmill=stands@60+60&minutes=3.2")
    doubts = [fact.reason for fact in run.facts if isinstance(fact, facts.StreamDoubted)]
    assert doubts == ["stands"]
    last = [fact for fact in run.facts if isinstance(fact, facts.PaceKnown)][-1]
    assert last.source == "treadmill"


def test_a_foot_pod_serves_where_there_is_no_treadmill(tmp_path: Path) -> None:
    run = ran(tmp_path, "foot_pod=1&protocol=witmotion&link=serial&rate=50")
    assert run.ended.exit_code == 0, run.ended.err
    last = [fact for fact in run.facts if isinstance(fact, facts.DistanceKnown)][-1]
    assert last.source == "pod"
    assert last.distance_m == pytest.approx(1.02 * 3.0 * 42, abs=8.0)  # it reads 2 % too much


def test_a_belt_in_miles_is_found_out(tmp_path: Path) -> None:
    run = ran(tmp_path, "treadmill=miles&speed=5.5", "--speed", "19.8 km/h")
    assert re.search("factor of 1.6[01], as if miles an hour were sent for km/h", run.ended.out)
    last = [fact for fact in run.facts if isinstance(fact, facts.PaceKnown)][-1]
    assert last.source == "stated"
    assert last.speed_m_s == pytest.approx(5.5)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("live", "sim:?treadmill=faster"), "treadmill is 'faster': give 0, 1, or what goes wrong"),
        (("live", "sim:", "--treadmill", "ble:"), "treadmill is 'ble:': give a real sensor too"),
        (
            ("live", "ble:AA", "--heart-rate", "serial:/dev/x"),
            "heart_rate is 'serial:/dev/x': give ble:ADDRESS",
        ),
        (
            ("live", "ble:AA", "--heart-rate", "ble:AA"),
            "heart_rate is 'ble:AA': give a device of its own",
        ),
    ],
)
def test_what_cannot_be_is_refused(
    words: tuple[str, ...], sentence: str, in_a_folder_of_its_own: None
) -> None:
    assert one_sentence(backstride(*words)).startswith(sentence)


def test_a_session_without_such_devices_says_so(session: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.mcap"
    path.write_bytes(session)
    told = one_sentence(backstride("export", path, "--streams", tmp_path / "s.csv"))
    assert "holds nothing of a treadmill" in told
