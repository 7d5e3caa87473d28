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
from imu import Samples, StepAnalyzer, warm_up
warm_up()
t = np.arange(600) / 200.0
beat = 1.0 + 1.3 * np.sin(2 * np.pi * 2.7 * t)
a = np.stack([0.2 * np.cos(2 * np.pi * 2.7 * t), 0 * t, beat], 1) * 9.80665
steps = StepAnalyzer(200.0, axes="+x+y+z").push(Samples(t, a, 0 * a))
assert len(steps) > 2
print(time.perf_counter() - begin)
"""


def _wall(arguments: list[str], env: dict[str, str]) -> float:
    begin = time.perf_counter()
    subprocess.run(arguments, check=True, capture_output=True, env=env)
    return time.perf_counter() - begin


def _first_step(env: dict[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_STEP], check=True, capture_output=True, text=True, env=env
    )
    return float(done.stdout)


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
        cold = _first_step(env)
        warm = statistics.median(_first_step(env) for _ in range(9))
    print(f"bare interpreter             {bare:6.2f} s")
    print(f"import imu (chain included)  {imu - bare:6.2f} s   budget 0.35")
    print(f"backstride --help            {help_s:6.2f} s   budget 0.30")
    print(f"first step, warm cache       {warm:6.2f} s   budget 0.50")
    print(f"first step, cold compile     {cold:6.2f} s   budget 6.00")


if __name__ == "__main__":
    main()
