"""The libraries of the extra ``app``, with which pages and pictures are made."""

from __future__ import annotations

from importlib import util

from imu.errors import BackstrideError
from pipelines.extras import how_to_install


def missing(*names: str) -> list[str]:
    """Those of some libraries that are not installed."""
    return [name for name in names if util.find_spec(name) is None]


def require(what: str, *names: str) -> None:
    """Say what to install where something needs libraries that are not there.

    Parameters
    ----------
    what : str
        What needs them, with its article.
    *names : str
        The libraries.

    Raises
    ------
    BackstrideError
        With the command that installs them.
    """
    if lacking := missing(*names):
        raise BackstrideError(
            f"{what} needs {' and '.join(lacking)}, not installed here: give "
            f"{how_to_install('app')}."
        )
