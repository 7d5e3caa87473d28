"""Time from nothing: import, help, cold and warm start; run with ``python -m benchmarks.startup``.

Each figure is the median of several fresh processes, wall clock.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time

FIRST_STEP = """
import time
begin = time.perf_counter()
import numpy as np
from imu import Samples, StepAnalyzer
from pipelines.preparing import prepare_filters
compiling = time.perf_counter()
prepare_filters()
compiled = time.perf_counter() - compiling
t = np.arange(600) / 200.0
beat = 1.0 + 1.3 * np.sin(2 * np.pi * 2.7 * t)
a = np.stack([0.2 * np.cos(2 * np.pi * 2.7 * t), 0 * t, beat], 1) * 9.80665
steps = StepAnalyzer(200.0, axes="+x+y+z").push(Samples(t, a, 0 * a))
assert len(steps) > 2
print(time.perf_counter() - begin, compiled)
"""


ONE_PROCESS = """
import time
from imu import warm_up
begin = time.perf_counter()
warm_up()
print(time.perf_counter() - begin)
"""


def _wall(arguments: list[str], env: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True, env=env)
    return time.perf_counter() - begin


def _first_step(env: dict[str, str]) -> tuple[float, float]:
    """Time from nothing to the first step, and of it that of compiling or loading the chain."""
    done = subprocess.run(
        [sys.executable, "-c", FIRST_STEP], check=True, capture_output=True, text=True, env=env
    )
    total, compiled = done.stdout.split()
    return float(total), float(compiled)


def main() -> None:
    """Print one line a figure, with its budget."""
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "NUMBA_CACHE_DIR": cache}
        python = sys.executable
        bare = statistics.median(_wall([python, "-c", "pass"], env) for _ in range(9))
        imu = statistics.median(
            _wall([python, "-c", "import imu; imu.StepAnalyzer"], env) for _ in range(9)
        )
        command = [python, "-m", "pipelines.cli", "--help"]
        help_s = statistics.median(_wall(command, env) for _ in range(9))
        live_help_s = statistics.median(
            _wall([*command[:-1], "live", "--help"], env) for _ in range(9)
        )
        first_cold, cold = _first_step(env)
        warm = statistics.median(_first_step(env)[0] for _ in range(9))
    with tempfile.TemporaryDirectory() as cache:
        env = {**os.environ, "NUMBA_CACHE_DIR": cache}
        command = [sys.executable, "-c", ONE_PROCESS]
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=env)
    print(f"bare interpreter             {bare:6.2f} s")
    print(f"import imu (chain included)  {imu - bare:6.2f} s   budget 0.35")
    print(f"backstride --help            {help_s:6.2f} s   budget 0.30")
    print(f"backstride live --help       {live_help_s:6.2f} s   budget 0.30")
    print(f"first step, warm cache       {warm:6.2f} s   budget 0.50")
    print(f"cold compile                 {cold:6.2f} s   budget 6.00")
    print(f"  in one process             {float(done.stdout):6.2f} s")
    print(f"first step, nothing compiled {first_cold:6.2f} s")


if __name__ == "__main__":
    main()
