"""An environment of its own for each peer, since what they need of others conflicts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_INSTALLING_S = 900.0


def python_with(packages: tuple[str, ...], folder: Path) -> Path | str:
    """An interpreter that has these packages, made where it is not there yet.

    Returns
    -------
    Path or str
        The interpreter; else, in one line, why there is none.
    """
    home = folder / "-".join(packages)
    python = home / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    complete = home / "complete"
    if complete.exists():
        return python
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(python), "-m", "pip", "install", "--quiet", *packages],
    )
    for step in steps:
        try:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=_INSTALLING_S)
        except subprocess.TimeoutExpired:
            return f"was not installed within {_INSTALLING_S / 60:.0f} minutes"
        except (OSError, subprocess.CalledProcessError) as error:
            said = (getattr(error, "stderr", "") or str(error)).strip().splitlines()
            return f"cannot be installed: {said[-1] if said else 'no reason given'}"
    complete.touch()
    return python
