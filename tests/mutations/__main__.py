"""Put faults into a copy of the code, one at a time, and see whether the suite notices.

``python -m tests.mutations [NAME…]`` runs the faults of :data:`tests.mutations.faults.FAULTS`, or
those whose name begins so, each against the tests of its promise; ``--generic FILE…`` makes faults
of signs, sides, units and flags in whole files, against the tests that are given after ``--tests``.
A fault in ``imu`` compiles anew, for some seconds. Exit code 1 where a fault survives.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.mutations.faults import FAULTS, Fault
from tests.mutations.generic import faults_of

ROOT: Final = Path(__file__).parents[2]
_COPIED: Final = ("imu", "devices", "pipelines", "tests", "examples", "benchmarks")
_LONGEST_S: Final = 900.0
#: What pytest says where a test failed; anything else would be a fault of this program.
_ALL_PASSED, _SOME_FAILED = 0, 1


def main(words: Sequence[str] | None = None) -> int:
    """Run the faults that were asked for; returns the exit code."""
    parser = argparse.ArgumentParser("python -m tests.mutations", description=__doc__)
    parser.add_argument("names", nargs="*", help="beginnings of names; all without any")
    parser.add_argument("--list", action="store_true", help="only list them")
    parser.add_argument("--generic", nargs="+", default=(), metavar="FILE")
    parser.add_argument("--tests", nargs="+", default=(), metavar="TEST")
    given = parser.parse_args(words)
    faults: list[Fault] = [
        each for each in FAULTS if each.name.startswith(tuple(given.names) or "")
    ]
    if given.generic:
        if not given.tests:
            parser.error("--generic needs --tests")
        faults = [one for file in given.generic for one in faults_of(ROOT, file, given.tests)]
    if given.list:
        for each in faults:
            print(f"{each.name}: {each.file}")
        return 0
    survived = []
    with _copy() as folder:
        for each in faults:
            killed = is_killed(each, folder)
            print(f"{'killed  ' if killed else 'SURVIVED'}  {each.name}", flush=True)
            if not killed:
                survived.append(each)
    print(f"{len(faults)} faults: {len(faults) - len(survived)} killed, {len(survived)} survived")
    return 1 if survived or not faults else 0


def is_killed(fault: Fault, folder: Path) -> bool:
    """Whether a test fails with the fault in the copy of the code in ``folder``.

    Raises
    ------
    ValueError
        When the code that the fault changes does not stand there once.
    RuntimeError
        When the tests could not be run.
    """
    path = folder / fault.file
    whole = path.read_text("utf-8")
    path.write_text(fault.put_into(whole), "utf-8")
    cache = folder / "compiled"
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    if fault.file.startswith("imu/"):  # the user's cache keeps what is sound
        environment["NUMBA_CACHE_DIR"] = str(cache)
    pytest = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-q", "-p", "no:randomly"]
    try:
        done = subprocess.run(
            [*pytest, "-p", "no:cacheprovider", *fault.tests],
            cwd=folder,
            env=environment,
            capture_output=True,
            encoding="utf-8",
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        path.write_text(whole, "utf-8")
        shutil.rmtree(cache, ignore_errors=True)
    if done.returncode not in (_ALL_PASSED, _SOME_FAILED):
        # a module that does not even import is noticed by any test
        if "Error" in done.stdout and "no tests ran" not in done.stdout:
            return True
        raise RuntimeError(f"{fault.name}: the tests cannot be run:\n{done.stdout}{done.stderr}")
    return done.returncode == _SOME_FAILED


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        folder = Path(name)
        for each in _COPIED:
            shutil.copytree(
                ROOT / each, folder / each, ignore=shutil.ignore_patterns("__pycache__")
            )
        for file in ROOT.glob("*.*"):
            if file.is_file():
                shutil.copy(file, folder)
        yield folder


if __name__ == "__main__":
    sys.exit(main())
