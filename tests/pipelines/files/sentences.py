"""What a user is told of a mistake."""

from __future__ import annotations

from imu.errors import BackstrideError


def one_sentence(error: BackstrideError, *pieces: str) -> None:
    """Check that an error is one sentence, and what stands in it."""
    text = str(error)
    assert "\n" not in text and text.endswith(".")
    for piece in pieces:
        assert piece in text, f"{piece!r} expected in {text!r}"
