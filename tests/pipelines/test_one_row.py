"""A new indicator, and a new quantity, is one row: the examples of CONTRIBUTING.md, put in.

In processes of their own, since the tables are read when the modules are loaded.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: Puts the row into the table; what is loaded from then on reads it there, all that asks for it.
PUT_IN = """
import sys
setattr(table, TABLE, (*getattr(table, TABLE), row))
for name in [name for name in sys.modules if name.startswith(("imu.drift.", "pipelines."))]:
    if name not in (table.__name__, "imu.drift.changes"):
        del sys.modules[name]
"""

INDICATOR = """
import zlib
from imu import compiled
# kernels on disk have the tables built in as they are in the files: those with the row lie apart
apart = compiled.cache_directory() / f"with {row.name} {zlib.crc32(repr(row).encode()):08x}"
compiled.cache_directory = lambda: apart
table.RELATIVE = table.np.array([one.relative for one in table.INDICATORS])

from imu.drift.detector import DriftDetector
from pipelines.coaching.alert_settings import AlertSettings
from pipelines.coaching.coach import Coach
from pipelines.session.live_status import indicator_statuses
from tests.imu.test_drift import changed_run, ramp
from tests.pipelines.coaching.explained_settings import explained_defaults

assert "[indicators.braking]" in explained_defaults()
settings = AlertSettings.from_tables({"indicators": {"braking": {"floor_percent": 9.0}}})
steps = changed_run(30, "braking_m_s", lambda t, x: 0.2 * (1.0 + 0.4 * ramp(t, 1000.0, 1060.0)))
detector = DriftDetector(settings.drift)
changes = detector.push(steps)
print([(one.indicator, one.direction) for one in changes], detector.current("braking_m_s").gate)
print(*(alert.message for alert in Coach().advance(changes, 1800.0)), sep="\\n")
print(indicator_statuses(detector)["braking_m_s"].changed)
"""

QUANTITY = """
from pipelines.session.live_status import LiveStatus
from pipelines.quantities import quantities_in
from pipelines.session import summary
from pipelines.views.page.numbers import small_numbers
from pipelines.views.report.content import content_of
from pipelines.views.terminal.picture import _small_amounts
from tests.imu.test_drift import stationary_run
from tests.pipelines.views.report.runs import recording_of

steps = stationary_run(5)
steps.rows["shock_power_g2"] = 0.14
status = LiveStatus(source="", device="", recent=steps[-60:])
print(quantities_in("summary")[-1].name, row.column in summary._MEASURES)
print(small_numbers(status)[-1]["number"], _small_amounts(status)[-1])
print([row.measure.name for row in content_of(recording_of(steps)).levels][-1])
"""


def lines_of(module: str, table: str, example: str, then: str) -> list[str]:
    """What a process prints that has loaded everything with the example's row in the table."""
    words = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    row = words.partition(f"<!-- {example} -->")[2].partition("```python\n")[2].partition("```")[0]
    # with or without brackets around it, as formatters have it
    script = (
        f"import {module} as table\nfrom {module} import *\nTABLE = {table!r}\n"
        f"row, = (\n{row.strip().strip('()').rstrip().rstrip(',')},\n)\n{PUT_IN}{then}"
    )
    # no fork of one that has loaded them: numba would find its kernels under the same names
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow  # compiles the detector anew
def test_the_example_of_contributing_is_all_that_a_new_indicator_takes() -> None:
    assert lines_of("imu.drift.indicators", "INDICATORS", "a new indicator", INDICATOR) == [
        "[('braking_m_s', 'up')] 9.0",
        "Braking changed from your baseline: 39 % higher; try a quicker rhythm.",
        "True",
    ]


def test_the_example_of_contributing_is_all_that_a_new_quantity_takes() -> None:
    assert lines_of("pipelines.quantities", "QUANTITIES", "a new quantity", QUANTITY) == [
        "shock power True",
        "0.14 shock power 0.14 g²",
        "shock power",
    ]
