"""The command line answers at once: what a command does is loaded when it runs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

HEAVY = ("numba", "llvmlite", "scipy", "rich", "mcap", "bleak", "pandas", "polars", "pyarrow")


def loaded(code: str) -> set[str]:
    """Packages among the heavy ones that a fresh interpreter has loaded after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return set(HEAVY) & set(json.loads(done.stdout.splitlines()[-1]))


HELP = """
import sys
from pipelines.cli import main
sys.argv = ["backstride", *{words!r}]
try:
    main()
except SystemExit as end:
    assert end.code in (0, {code}), end.code
"""


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    assert loaded("import pipelines.cli") == set()


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["live", "--help"],
        ["replay", "--help"],
        ["simulate", "--help"],
        ["doctor", "--help"],
    ],
)
def test_help_loads_nothing_heavy(words: list[str]) -> None:
    assert loaded(HELP.format(words=words, code=0)) == set()


def test_a_mistake_in_usage_loads_nothing_heavy() -> None:
    assert loaded(HELP.format(words=["replay", "--colour"], code=2)) == set()


def test_importing_imu_compiles_nothing_and_loads_no_scipy() -> None:
    assert loaded("import imu") <= {"numba", "llvmlite"}


def test_the_chain_needs_no_data_frames() -> None:
    # numba itself looks for scipy, which costs nothing; its rooms would
    assert loaded("import pipelines.replay") <= {"numba", "llvmlite", "scipy"}
    assert loaded(
        "import sys, pipelines.replay\n"
        "assert not {'scipy.signal', 'scipy.linalg', 'scipy.interpolate'} & set(sys.modules)"
    )
