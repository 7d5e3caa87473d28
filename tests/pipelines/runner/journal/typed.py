"""Commands ``journal …`` as a user types them, and what they say."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from imu.errors import BackstrideError
from pipelines.cli import app


def journal(*words: object, answers: str = "", code: int = 0) -> str:
    """Run a command; returns what it said."""
    result = CliRunner().invoke(app, ["journal", *map(str, words)], input=answers)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.output


def refused(*words: object, answers: str = "") -> str:
    """Run a command that a mistake of the user's ends; returns its sentence."""
    with pytest.raises(BackstrideError) as caught:
        journal(*words, answers=answers)
    text = str(caught.value)
    assert text.endswith(".")
    assert "\n" not in text
    return text
