"""What the README prints works as printed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.pipelines.command_line import backstride

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.M | re.S)


def test_library_example_runs() -> None:
    (example,) = blocks("python")
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", example], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    count, cadence = done.stdout.split()
    assert abs(int(count) - 26) <= 2
    assert abs(float(cadence) - 162.0) < 0.5


def test_both_newcomer_blocks_are_marked() -> None:
    assert re.search(r"^<!-- newcomer: run -->\n```sh\n.*backstride live", README, re.M)
    assert re.search(r"^<!-- newcomer: test -->\n```sh\n.*pytest", README, re.M)


def test_printed_table_is_read(tmp_path: Path) -> None:
    from pipelines.files.reading.front_door import read

    (table,) = blocks("text")
    path = tmp_path / "run.csv"
    rows = [
        line.replace("0.000,", f"{k / 100:.3f},")
        for k in range(300)
        for line in [table.splitlines()[2]]
    ]
    path.write_text("\n".join(table.splitlines()[:2] + rows) + "\n", encoding="utf-8")
    table_read = read(path)
    assert table_read.axes == "+x+y+z"
    assert table_read.samples.has_gyro


def test_printed_commands_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = [b for b in blocks("sh") if re.search("backstride (simulate|export)", b)]
    assert len(shown) == 2
    for line in "".join(shown).strip().splitlines():
        words = line.partition("#")[0].replace("minutes=10", "minutes=1")
        arguments = re.findall(r'"[^"]*"|\S+', words)[1:]
        ended = backstride(*(a.strip('"') for a in arguments))
        assert ended.exit_code == 0, ended.err
    assert (tmp_path / "steps.csv").read_text(encoding="utf-8").count("\n") > 100
    assert (tmp_path / "samples.csv").read_text(encoding="utf-8").count("\n") > 12_000


def test_every_printed_command_and_option_exists() -> None:
    lines = [line.partition("#")[0] for block in blocks("console") for line in block.splitlines()]
    lines += re.findall(r"`backstride ([a-z]+[^`]*)`", README)
    options = dict[tuple[str, ...], set[str]]()
    for line in lines:
        words = line.removeprefix("backstride").split()
        if not words:
            continue  # the page
        called = words[:2] if words[0] == "journal" else words[:1]
        printed = set(re.findall(r"(?<=\s)--[a-z-]+", line))
        options.setdefault(tuple(called), set()).update(printed)
    for command, printed in options.items():
        shown = backstride(*command, "--help")
        assert shown.exit_code == 0, command
        there = set(re.findall(r"--[a-z-]+", shown.out))
        assert printed <= there, f"{printed - there} of {command}"
    seen = {command[0] for command in options}
    assert {"scan", "calibrate", "live", "download", "report", "journal", "desk"} <= seen
