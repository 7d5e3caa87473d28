"""What stands in a file of what was found is checked against its log, and the log counts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from devices.simulator.virtual_clock import VirtualClock
from imu.compile_ahead import warm_up
from pipelines.files.session_reader import Session, read_session
from pipelines.files.session_writer import SessionWriter
from pipelines.live import LiveOptions, run_live
from pipelines.replay import replay
from pipelines.replay_options import ReplayOptions
from pipelines.session.facts import Ended, Fact, GaitChanged, StepsFinished
from pipelines.session.header import SessionHeader
from pipelines.views.terminal.view import TerminalView
from tests.pipelines.command_line import quiet
from tests.pipelines.files.golden.replaying import SESSIONS


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A live run of some seconds."""
    warm_up()
    path = tmp_path_factory.mktemp("recorded") / "run.mcap"
    url = "sim:?minutes=0.2&rate=100&standing_s=3&seed=3&time_scale=0"

    async def watch() -> None:
        with TerminalView(interactive=False) as view:
            await run_live(url, LiveOptions(record=path), view, clock=VirtualClock())

    asyncio.run(watch())
    session = read_session(path)
    assert len(session.steps) > 10
    assert isinstance(session.facts[-1], Ended)
    return session


def written(
    path: Path, session: Session, facts: Sequence[Fact], header: SessionHeader | None = None
) -> Path:
    """The same log, with other facts."""
    with SessionWriter(path, header or session.header) as writer:
        for record in session.records:
            writer.write_record(record)
        writer.write_facts(facts)
    return path


def notes(path: Path) -> list[str]:
    return list(replay(path, ReplayOptions(), quiet).summary.notes)


def wrong_steps(facts: Sequence[Fact]) -> list[Fact]:
    changed: list[Fact] = []
    for fact in facts:
        if isinstance(fact, StepsFinished):
            steps = type(fact.steps)(fact.steps.rows.copy())
            steps.rows["contact_time_ms"] += 1e-9
            changed.append(StepsFinished(fact.time_s, steps))
        else:
            changed.append(fact)
    return changed


def test_facts_that_agree_are_no_word_worth(recorded: Session, tmp_path: Path) -> None:
    assert notes(recorded.path) == []
    assert notes(written(tmp_path / "same.mcap", recorded, recorded.facts)) == []
    assert notes(written(tmp_path / "part.mcap", recorded, recorded.facts[:-2])) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda facts: facts[:3] + facts[4:],
        lambda facts: [*facts[:5], GaitChanged(1.5, "walk"), *facts[5:]],
        wrong_steps,
    ],
)
def test_facts_that_the_log_does_not_give_are_told_and_the_log_counts(
    recorded: Session, tmp_path: Path, change: Any
) -> None:
    path = written(tmp_path / "changed.mcap", recorded, change(recorded.facts))
    result = replay(path, ReplayOptions(), quiet)
    [note] = result.summary.notes
    assert note.startswith(f"{path}: ")
    assert "is not what its log gives" in note
    assert result.steps.rows.tobytes() == recorded.steps.rows.tobytes()


def test_facts_of_another_version_get_one_line(recorded: Session, tmp_path: Path) -> None:
    header = replace(recorded.header, software="backstride 9.9.9")
    path = written(tmp_path / "other.mcap", recorded, recorded.facts[:4], header)
    assert notes(path) == [
        f"{path}: recorded by backstride 9.9.9, and computed anew by this version."
    ]


def test_a_session_of_release_0_1_is_computed_anew_in_one_line() -> None:
    [path] = [path for path in SESSIONS if path.stem == "own_marks"]
    assert notes(path) == [
        f"{path}: recorded by backstride 0.1.0, and computed anew by this version."
    ]


def test_a_session_without_facts_says_nothing_of_them(recorded: Session, tmp_path: Path) -> None:
    assert notes(written(tmp_path / "bare.mcap", recorded, [])) == []
