"""Times as people write them into keys, scripts and plans: ``90``, ``60s``, ``5m``, ``1h``."""

from __future__ import annotations

from typing import Final

from imu.errors import ParameterError

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_LONGEST_S: Final = 360_000.0


def seconds_of(text: str, key: str, entry: str) -> float:
    """The seconds that a text says.

    Parameters
    ----------
    text : str
        A number, with s, m or h behind it or without.
    key, entry : str
        Where it stands, for the message.

    Raises
    ------
    ParameterError
        When it says none, or not 0 to 100 hours.

    Examples
    --------
    >>> seconds_of("90", "loss", ""), seconds_of(" 5m", "loss", "")
    (90.0, 300.0)
    """
    text = text.strip()
    unit = _UNITS.get(text[-1:], 0.0)
    try:
        seconds = float(text[:-1] if unit else text) * (unit or 1.0)
    except ValueError:
        seconds = -1.0
    if not 0.0 <= seconds <= _LONGEST_S:
        accepted = "times in seconds, or with s, m or h behind: 90, 60s+5, 5m"
        raise ParameterError(key, entry, accepted)
    return seconds
