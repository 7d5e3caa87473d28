"""Sessions that release 0.1 recorded give the steps and alerts that they gave then."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from pipelines.files.session_reader import read_session
from tests.pipelines.files.golden.replaying import SESSIONS, expectations, replayed

NAMES = [path.stem for path in SESSIONS]


@pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="other machines round otherwise"
)
@pytest.mark.parametrize("path", SESSIONS, ids=NAMES)
def test_an_old_session_gives_what_it_gave(path: Path) -> None:
    steps, alerts = replayed(path)
    expected_steps, expected_alerts = expectations(path)
    assert steps.decode().splitlines() == expected_steps.read_text("utf-8").splitlines()
    assert steps == expected_steps.read_bytes()
    assert alerts == expected_alerts.read_bytes()


def test_the_sessions_are_there_and_only_one_of_them_is_torn() -> None:
    assert len(SESSIONS) == 7
    torn = [path.stem for path in SESSIONS if read_session(path).cut_short]
    assert torn == ["cut_short"]
