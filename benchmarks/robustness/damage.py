"""Damage of what is kept: bytes of sessions, values of stores and settings without sense."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Final
from unittest.mock import patch

from benchmarks.robustness import beginnings
from benchmarks.robustness.aftermath import own_home
from benchmarks.robustness.outcome import trouble_of
from benchmarks.robustness.targets import named
from imu.errors import RecordingError

#: Values that no field means.
_ODD: Final[tuple[Any, ...]] = (
    *(None, True, 0, -1, 2**63 - 1, -(2**63), 2**70, 1e300, -1e-300, float("inf"), float("nan")),
    *("", "x", "\x1b[2J", "\ud800", "a" * 10_000, "1970-01-01", "9" * 400, b"\xff\x00"),
    *([], {}, [[]], {"": {}}, [None] * 1000, {"format": 99}),
)
_COMMANDS: Final = (
    ("list",),
    ("week", "--charts"),
    ("compare", "surface", "track", "trail"),
    ("pain", "3", "--when", "24h"),
    ("plan", "--rest", "3"),
    ("shoe",),
    ("settings",),
    ("check", "--no-others"),
)


def damaged_sessions(count: int, random: Random) -> Iterator[str]:
    """Read a session with damaged bytes: a part in its order, and the lack is told.

    Yields
    ------
    str
        What is wrong, of each reading; empty where nothing is.
    """
    from devices.records import DeviceInfo
    from pipelines.files.session_reader import read_session
    from pipelines.session.json_form import to_json

    whole = beginnings.recorded_session()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.mcap"
        path.write_bytes(whole)
        sound = read_session(path)
        facts = [to_json(fact) for fact in sound.facts]
        for _ in range(count):
            path.write_bytes(_damaged(whole, random))
            try:
                part = read_session(path)
            except RecordingError as error:
                yield "" if str(error).endswith(".") else f"no sentence: {error}"
                continue
            except Exception as error:
                yield f"{type(error).__name__}: {error}"
                continue
            # the sensor is told again, and stands later in the log where damage took it
            written = iter(sound.records)
            same = all(
                record in (sound.records if isinstance(record, DeviceInfo) else written)
                for record in part.records
            )
            same &= facts[: len(part.facts)] == [to_json(fact) for fact in part.facts]
            lacks = len(part.records) < len(sound.records) or len(part.facts) < len(facts)
            if not same or part.header != sound.header:
                yield "other data than was recorded"
            else:
                yield "data is missing and nobody says so" if lacks and not part.note else ""


def _damaged(whole: bytes, random: Random) -> bytes:
    """A bit turned, a stretch overwritten, lost or doubled, or the end cut off."""
    at, length = random.randrange(len(whole)), int(random.expovariate(1 / 300)) + 1
    match random.randrange(6):
        case 0:
            bit = bytes((whole[at] ^ 1 << random.randrange(8),))
            return whole[:at] + bit + whole[at + 1 :]
        case 1:
            return whole[:at] + random.randbytes(length) + whole[at + length :]
        case 2:
            return whole[:at] + bytes(length) + whole[at + length :]
        case 3:
            return whole[:at] + whole[at + length :]
        case 4:
            return whole[:at] + whole[at : at + length] + whole[at:]
        case _:
            return whole[:at] + random.choice((b"", bytes(length)))


def odd_documents(count: int, random: Random) -> Iterator[str]:
    """Settings, baselines, fault plans and stores with values, names and depths of no sense.

    Yields
    ------
    str
        As :func:`damaged_sessions`.
    """
    settings = beginnings.settings()[-1].decode()
    documents: list[tuple[str, Any, Callable[[Any], bytes]]] = [
        ("settings", tomllib.loads(settings), _as_toml),
        ("fault plan", tomllib.loads(beginnings.plans()[0].decode()), _as_toml),
        *(("baseline", json.loads(each), _as_json) for each in beginnings.baselines()),
        ("store", json.loads(beginnings.stores()[0]), _as_json),
    ]
    for number in range(count):
        name, document, written = documents[number % len(documents)]
        odd = document
        for _ in range(random.randint(1, 3)):
            odd = _with_an_odd_place(odd, random)
        trouble = trouble_of(named(name).run, written(odd))
        yield trouble and f"{name}: {trouble}"


def _with_an_odd_place(value: Any, random: Random) -> Any:
    """The document with one place changed: its value, its name, or whether it is there."""
    inside = isinstance(value, dict | list) and value and random.random() < 0.85
    if not inside:
        return random.choice(_ODD) if random.random() < 0.8 else [value]
    if isinstance(value, list):
        at = random.randrange(len(value))
        changed = _with_an_odd_place(value[at], random)
        return [*value[:at], changed, *value[at + 1 :]]
    key = random.choice(list(value))
    others = {name: each for name, each in value.items() if name != key}
    match random.randrange(5):
        case 0:
            return others
        case 1:
            return others | {random.choice(("", "x", f"{key}_", "\x1b")): value[key]}
        case _:
            return value | {key: _with_an_odd_place(value[key], random)}


def _as_json(value: Any) -> bytes:
    return json.dumps(value, default=repr).encode("utf-8", "surrogatepass")


def _as_toml(value: Any) -> bytes:
    """Tables in a line each, as far as TOML can say it."""
    return (
        "\n".join(
            f"{json.dumps(str(key))} = {_in_line(each)}" for key, each in dict(value).items()
        ).encode("utf-8", "surrogatepass")
        if isinstance(value, dict)
        else _as_json(value)
    )


def _in_line(value: Any) -> str:
    if isinstance(value, dict):
        pairs = (f"{json.dumps(str(key))} = {_in_line(each)}" for key, each in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_in_line, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value, default=repr)


def damaged_journals(count: int, random: Random) -> Iterator[str]:
    """Ask a journal of which one to three values, columns or tables make no sense.

    Yields
    ------
    str
        As :func:`damaged_sessions`.
    """
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        with own_home(home):
            sound = _sound_journal()
        for _ in range(count):
            path = home / "journal.sqlite3"
            for old in home.iterdir():
                old.unlink()
            path.write_bytes(sound)
            with closing(sqlite3.connect(path, isolation_level=None)) as connection:
                connection.execute("PRAGMA foreign_keys = OFF")
                statements = [_edit(connection, random) for _ in range(random.randint(1, 3))]
            words = random.choice(_COMMANDS)
            with own_home(home):
                trouble = said_by("journal", *words)
            yield trouble and f"{' '.join(words)} after {statements}: {trouble}"


def _sound_journal() -> bytes:
    """A journal with an entry of each kind."""
    from pipelines.runner.journal.database import Journal
    from pipelines.runner.journal.entries import (
        Exercise,
        Pain,
        Questionnaire,
        Session,
        Shoe,
    )

    day_ns, begun_ns = 86_400 * 10**9, 1_789_000_000 * 10**9
    with Journal() as journal:
        shoes = [journal.add(Shoe("Blue")), journal.add(Shoe("Red"))]
        for day in range(6):
            start_ns = begun_ns + day * day_ns
            surface = ("track", "trail")[day % 2]
            run = Session(
                start_ns,
                1800.0,
                distance_m=5000.0,
                distance_source="user",
                shoe_id=shoes[day % 2],
                surface=surface,
                means={"cadence_spm": 168.0, "impact_shock_g": 3.0},
            )
            journal.add(Pain(start_ns + day_ns // 9, 2, "after", journal.add(run)))
        journal.add(Exercise(begun_ns, "strength", 20.0))
        journal.add(Questionnaire(begun_ns, {"numbness": False}))
        journal.change_settings(height_m=1.75)
        path = journal.path
    return path.read_bytes()


def _edit(connection: sqlite3.Connection, random: Random) -> str:
    """One statement of no sense, carried out; gives its text."""
    named_tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    tables = [name for (name,) in connection.execute(named_tables)]
    table = random.choice(tables)
    columns = [row[1] for row in connection.execute(f'PRAGMA table_info("{table}")')]
    column, value = random.choice(columns), random.choice(_ODD)
    if isinstance(value, list | dict):
        value = json.dumps(value)
    match random.randrange(12):
        case 0:
            statement = f'DROP TABLE "{table}"'
        case 1:
            statement = f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO odd'
        case 2:
            number = random.choice((0, 1, 2, 99, -1))
            statement = f"PRAGMA user_version = {number}"
        case _:
            statement = f'UPDATE OR IGNORE "{table}" SET "{column}" = ?'
    given = (value,) if statement.endswith("?") else ()
    with contextlib.suppress(sqlite3.Error, OverflowError, UnicodeError):
        connection.execute(statement, given)
    return f"{statement} {str(given)[:60]}"


def said_by(*words: str) -> str:
    """Run a command in this process; what is wrong with how it ended, empty when nothing is."""
    from pipelines.cli import main

    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    with (
        patch.object(sys, "argv", ["backstride", *words]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:200]}"
    err.flush()
    err.seek(0)
    told = err.read().splitlines()
    if code not in (0, 1, 2):
        return f"ended with {code}"
    if code and not (told and told[-1].startswith("backstride: ") and told[-1].endswith(".")):
        return f"no sentence: {told[-1:]}"
    return ""


def as_figures(troubles: Sequence[str]) -> dict[str, Any]:
    """How many were tried, and each kind of what went wrong."""
    found = Counter(filter(None, troubles))
    return {"executions": len(troubles), "troubles": [f"{n} × {t}" for t, n in found.most_common()]}
