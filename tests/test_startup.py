"""The command line answers at once: what a command does is loaded when it runs."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest

from pipelines.commands.lazy_group import Table
from pipelines.commands.table import COMMANDS
from tests.pipelines.command_line import backstride

ENGINE = {"numpy", "numba", "llvmlite"}
HEAVY = ENGINE | {"scipy", "rich", "mcap", "bleak", "pandas", "polars", "pyarrow"}


def loaded(code: str) -> set[str]:
    """Packages among the heavy ones that a fresh interpreter has loaded after some code."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    return HEAVY & set(json.loads(done.stdout.splitlines()[-1]))


def rows(table: Table, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where every command of a table is, with the words that call it."""
    for name, row in table.rows.items():
        if isinstance(row, Table):
            yield from rows(row, (*path, name))
        else:
            yield (*path, name), row


ROWS = dict(rows(COMMANDS))

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


@pytest.mark.parametrize("words", [["--help"], ["journal", "--help"], ["--version"]])
def test_the_list_of_commands_loads_none_of_them(words: list[str]) -> None:
    assert loaded(HELP.format(words=words, code=0)) == set()


def test_help_on_any_command_loads_nothing_heavy() -> None:
    assert loaded("".join(HELP.format(words=[*words, "--help"], code=0) for words in ROWS)) == set()


def test_a_command_that_there_is_none_of_loads_nothing_heavy() -> None:
    assert loaded(HELP.format(words=["replai"], code=2)) == set()


@pytest.mark.parametrize("words", ROWS, ids=" ".join)
def test_help_on_a_command_is_what_its_function_says_of_itself(words: tuple[str, ...]) -> None:
    ended = backstride(*words, "--help")
    assert ended.exit_code == 0
    assert ended.out.startswith(f"Usage: backstride {' '.join(words)} [OPTIONS]")
    place = ROWS[words]
    command = getattr(import_module(f"pipelines.commands.{place}"), place.rpartition(".")[2])
    said = (inspect.getdoc(command) or "").split("\n\n")[0].replace("\n", " ")
    assert said
    assert said in " ".join(ended.out.split())


def test_commands_load_no_library_that_serves_others_only() -> None:
    # Bluetooth is opened, pages, tables and pictures are made by what needs them
    places = [f"pipelines.commands.{place}" for place in ROWS.values()]
    assert loaded("import " + ", ".join(places)) <= ENGINE | {"scipy", "rich", "mcap"}


def test_importing_imu_compiles_nothing_and_loads_no_scipy() -> None:
    assert loaded("import imu") <= ENGINE


def test_the_chain_needs_no_data_frames() -> None:
    # numba itself looks for scipy, which costs nothing; its rooms would
    assert loaded("import pipelines.replay") <= ENGINE | {"scipy"}
    assert loaded(
        "import sys, pipelines.replay\n"
        "assert not {'scipy.signal', 'scipy.linalg', 'scipy.interpolate'} & set(sys.modules)"
    )
