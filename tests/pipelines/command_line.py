"""Runs the command line as a user does: in this process where speed matters, else in its own."""

from __future__ import annotations

import contextlib
import io
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from unittest.mock import patch

from tests.warm_process import finished


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    exit_code: int
    out: str
    err: str


def command(*args: object) -> list[str]:
    """The words that start the command in a process of its own."""
    return [sys.executable, "-m", "pipelines.cli", *map(str, args)]


def environment(**changes: str) -> dict[str, str]:
    """This process's environment for a child, with UTF-8 pipes and the given changes."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
    return os.environ | {"PYTHONPATH": path, "PYTHONIOENCODING": "utf-8"} | changes


def run(*args: object, cwd: Path | None = None, **changes: str) -> Ended:
    """Run a command in a process of its own, to its end."""
    done = finished(command(*args), cwd=cwd, env=environment(**changes))
    return Ended(done.returncode, done.stdout, done.stderr)


@cache
def warm() -> None:
    """Load the filters, once: what that takes is a third of a quick command."""
    from imu.compile_ahead import warm_up

    warm_up()


def backstride(*args: object) -> Ended:
    """Run a command in this process, through the same function that the installed script calls."""
    from pipelines.cli import main

    warm()  # so that no message about compiling comes in between
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    code = 0
    with (
        patch.object(sys, "argv", ["backstride", *map(str, args)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    texts = []
    for stream in (out, err):
        stream.flush()
        stream.seek(0)
        texts.append(stream.read())
    return Ended(code, *texts)


def one_sentence(ended: Ended) -> str:
    """The complaint of a command that failed: one sentence on standard error, nothing else."""
    assert "Traceback" not in ended.err
    assert ended.out == ""
    # a loaded machine says first what takes so long
    [text] = [line for line in ended.err.splitlines() if not line.endswith(" …")]
    assert ended.err.endswith("\n")
    assert text.startswith("backstride: ")
    assert text.endswith("."), text
    assert not re.search(r"[.!?] [A-Z]", text), text
    return text.removeprefix("backstride: ")


def quiet(done: float, total: float) -> None:
    """Take reports of progress without a word."""
