"""What to do where a library of an extra is not installed."""

from __future__ import annotations


def how_to_install(extra: str) -> str:
    """The command that installs an extra, and where to give it.

    Examples
    --------
    >>> how_to_install("lab")
    'python -m pip install ".[lab]" in the folder that you installed Backstride from'
    """
    return f'python -m pip install ".[{extra}]" in the folder that you installed Backstride from'
