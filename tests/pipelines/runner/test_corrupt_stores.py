"""Whatever is in the files that the program keeps, a command answers or refuses in one sentence."""

from __future__ import annotations

import random
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from devices.records import DeviceInfo
from imu.drift.baseline import Baseline, IndicatorBaseline
from imu.errors import BackstrideError
from pipelines.coaching.training.twisting import TwistingHistory, add_rates
from pipelines.files.alert_settings_file import load_alert_settings
from pipelines.runner.desk.twisting_store import KnownTwisting, TwistingStore
from pipelines.runner.journal.database import Journal, journal_path
from pipelines.runner.journal.entries import Exercise, Questionnaire, RunBaseline, Shoe
from pipelines.runner.journal.pending import keep_for_later, pending_path
from pipelines.sensors.device_store import (
    KnownDevice,
    device_path,
    devices_directory,
    sensor_store,
    settings_for,
)
from tests.pipelines.command_line import backstride
from tests.pipelines.runner.journal.journals import at, pain, run

#: What asks every rule that looks at the journal.
COMMANDS = (
    ("list",),
    ("week", "--charts"),
    ("compare", "surface", "track", "trail"),
    ("compare", "shoe", "Blue", "Red"),
    ("pain", "3", "--when", "24h"),
    ("exercise", "core", "5"),
    ("plan", "--rest", "3"),
    ("shoe",),
    ("settings",),
    ("check", "--no-others"),
    ("export", "all.zip"),
)

#: One damage each: a statement on the sound journal's file.
STATEMENTS = (
    "UPDATE sessions SET means = 'null'",
    "UPDATE sessions SET means = '[1, 2]'",
    """UPDATE sessions SET means = '{"cadence_spm": "quick"}'""",
    """UPDATE sessions SET means = '{"cadence_spm": 1e999}'""",
    "UPDATE sessions SET means = '{'",
    "UPDATE sessions SET means = x'ff00fe'",
    "UPDATE sessions SET means = replace(printf('%100000d', 0), ' ', '[')",
    "UPDATE sessions SET duration_s = 'long'",
    "UPDATE sessions SET duration_s = -1.0",
    "UPDATE sessions SET utc_start_ns = 9e18",
    "UPDATE sessions SET utc_start_ns = 'yesterday'",
    "UPDATE sessions SET utc_offset_minutes = 99999",
    "UPDATE sessions SET day = 'Monday'",
    "UPDATE sessions SET day = 99999999999",
    "UPDATE sessions SET distance_m = 'far', distance_source = 'guess'",
    "UPDATE sessions SET distance_m = 1e300",
    "UPDATE sessions SET surface = x'80'",
    "UPDATE sessions SET surface = 'a\u0007b'",
    "UPDATE pains SET level = 'much'",
    "UPDATE pains SET level = 99",
    """UPDATE pains SET "when" = 'later'""",
    "UPDATE pains SET utc_ns = 'noon'",
    "UPDATE shoes SET bought = 'in spring'",
    "UPDATE shoes SET start_km = 'many'",
    "UPDATE exercises SET kind = 'chess'",
    "UPDATE exercises SET day = 'Sunday'",
    "UPDATE exercises SET day = -5",
    "UPDATE questionnaires SET answers = '[]'",
    "UPDATE questionnaires SET answers = '{\"numbness\": 3}'",
    "UPDATE questionnaires SET cleared = 'maybe'",
    "UPDATE settings SET value = '{'",
    "UPDATE settings SET value = '[]'",
    "UPDATE settings SET value = '1e999'",
    "UPDATE settings SET value = x'ff'",
    "UPDATE run_baselines SET baseline = 'usual'",
    "DROP TABLE sessions",
    "DROP TABLE taken_in",
    "ALTER TABLE pains RENAME COLUMN level TO strength",
    "PRAGMA user_version = 99",
    "PRAGMA user_version = 1",
    "PRAGMA application_id = 7",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("BACKSTRIDE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield tmp_path / "home"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A journal with an entry of every kind."""
    path = tmp_path_factory.mktemp("sound") / "journal.sqlite3"
    usual = Baseline((IndicatorBaseline("cadence_spm", 168.0, 1.0),), 40)
    with Journal(path) as journal:
        blue, red = journal.add(Shoe("Blue", bought=run(-9).day)), journal.add(Shoe("Red"))
        for number in range(8):
            means = {"cadence_spm": 168.0, "impact_shock_g": 3.0, "peak_10hz_bw": 2.5}
            shoe, surface = (blue, "track") if number < 4 else (red, "trail")
            session = run(number, shoe_id=shoe, surface=surface, means=means)
            identifier = journal.add(session)
            journal.add(pain(number + 0.1, 2, "after", identifier))
            journal.add(RunBaseline(identifier, " ".join(usual.to_json().split()), surface))
        journal.add(Exercise(at(1), "strength", 20.0))
        journal.add(Questionnaire(at(1), {"numbness": False}))
        journal.change_settings(height_m=1.75, return_since_ns=at(0))
    return path.read_bytes()


@pytest.fixture
def kept(sound: bytes, home: Path) -> Path:
    """That journal as the user's own."""
    with Journal():
        pass  # its folder, for the user alone
    path = journal_path()
    path.write_bytes(sound)
    return path


def answered_or_refused(*words: str) -> str:
    """Run a command on what there is; it says something, and never shows its insides."""
    ended = backstride("journal", *words)
    said = ended.out + ended.err
    assert "Traceback" not in said, said
    assert ended.exit_code in (0, 1, 2)
    if ended.exit_code:
        last = ended.err.splitlines()[-1]
        assert last.startswith("backstride: ") and last.endswith("."), ended.err
    return said


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_journal_with_values_that_make_no_sense(
    statement: str, tmp_path: Path, kept: Path
) -> None:
    with closing(sqlite3.connect(kept)) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
        connection.commit()
    for words in COMMANDS:
        answered_or_refused(*words)
        (tmp_path / "all.zip").unlink(missing_ok=True)


@pytest.mark.parametrize("seed", range(14))
def test_a_journal_with_bytes_that_changed_is_told_and_kept(
    seed: int, home: Path, kept: Path
) -> None:
    content = bytearray(kept.read_bytes())
    rng = random.Random(seed)
    if seed == 0:
        content = bytearray(b"no database" * 1000)
    elif seed == 1:
        del content[len(content) // 2 :]
    else:
        for _ in range(40):
            content[rng.randrange(100, len(content))] = rng.randrange(256)
    for ending in ("-wal", "-shm"):
        kept.with_name(kept.name + ending).unlink(missing_ok=True)
    kept.write_bytes(content)
    said = "".join(answered_or_refused(*words) for words in COMMANDS)
    aside = list(home.glob("journal-damaged-*"))
    if aside:
        assert aside[0].name in said
        assert any(one.read_bytes() == content for one in aside)


@pytest.mark.parametrize(
    "line",
    [b"\x00\xff", b"[" * 100_000, b'{"key": 1, "kind": "pains", "entry": {"level": 1}}', b"{}"],
)
def test_notes_for_later_that_cannot_be_read_are_kept_aside(
    line: bytes, home: Path, kept: Path
) -> None:
    keep_for_later([pain(0, 3)], kept)
    with pending_path(kept).open("ab") as file:
        file.write(line + b"\n")
    assert "kept there: 1" in answered_or_refused("list")
    assert line in (home / "journal-pending.unreadable").read_bytes()


def test_notes_for_later_beyond_all_measure_are_kept_aside_unread(home: Path, kept: Path) -> None:
    path = pending_path(kept)
    with path.open("wb") as file:
        file.truncate(2_000_000_000)  # takes no room on the disk
    assert "larger than 64 MB" in answered_or_refused("list")
    assert not path.exists()
    assert (home / f"{path.name}.unreadable").stat().st_size == 2_000_000_000


def test_settings_beyond_all_measure_are_refused(tmp_path: Path) -> None:
    for content in (b"a = " + b"[" * 100_000, b" " * 5_000_000, b"\xff", b"[indicators"):
        (tmp_path / "alerts.toml").write_bytes(content)
        with pytest.raises(BackstrideError) as caught:
            load_alert_settings(tmp_path / "alerts.toml")
        assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"7",
        b'"text"',
        b"[]",
        b"{",
        b"{}",
        b'{"format": null}',
        b'{"format": 1e999}',
        b'{"format": 1, "name": 7}',
        b"[" * 100_000,
        b'{"format": 1, "a":' * 50_000,
        b"\xff\xfe\x00",
        b" " * 5_000_000,
    ],
    ids=lambda content: repr(content[:20]),
)
def test_a_store_of_one_record_is_kept_aside_and_told(content: bytes, home: Path) -> None:
    info = DeviceInfo("Clip", "movesense", 208.0, 78.5, 35.0, serial="1")
    path = device_path(devices_directory(), info)
    sensor_store(path).save(KnownDevice(name="Clip"))
    path.write_bytes(content)
    (note,) = settings_for(devices_directory(), info).notes
    assert note.count(". ") == 0 and note.endswith(".")
    assert path.with_name(f"{path.name}.unreadable").read_bytes() == content
    assert sensor_store(path).load() == (None, "", True)
    (home / "twisting.json").write_bytes(content)
    told: list[str] = []
    assert TwistingStore(home, told.append).load() == KnownTwisting()
    assert len(told) == 1
    assert (home / "twisting.json.unreadable").read_bytes() == content


def test_a_damaged_store_that_cannot_be_moved_away_is_never_replaced(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: Path) -> Path:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pipelines.files.stored.keep_aside", refuse)
    path, told = home / "twisting.json", list[str]()
    home.mkdir()
    path.write_bytes(b"{")
    assert not TwistingStore(home, told.append).add(add_rates(TwistingHistory(), [20.0]))
    assert path.read_bytes() == b"{"
    assert ["cannot be moved away" in sentence for sentence in told] == [True]


def test_what_is_kept_is_for_the_user_alone(home: Path, kept: Path) -> None:
    keep_for_later([pain(0, 3)], kept)
    sensor_store(devices_directory() / "clip.json").save(KnownDevice(name="Clip"))
    answered_or_refused("export", str(home / "all.zip"))
    files = [home, *home.rglob("*")]
    assert len(files) >= 4
    for one in files:
        mode = stat.S_IMODE(one.stat().st_mode)
        assert mode == (0o700 if one.is_dir() else 0o600), one


def test_a_folder_in_place_of_a_store_is_refused(home: Path) -> None:
    journal_path().mkdir(parents=True)
    assert "backstride: " in answered_or_refused("list")
    with pytest.raises(BackstrideError):
        sensor_store(home).save(KnownDevice())
