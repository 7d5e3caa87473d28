"""A new indicator is one row: the example of CONTRIBUTING.md, put in, is watched, set and told.

In a process of its own, since the table is read when the modules are loaded.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

#: What follows the example's row: the table with it, read by modules that are loaded anew.
THEN = """
import sys
table.INDICATORS = (*table.INDICATORS, row)
table.RELATIVE = table.np.array([one.relative for one in table.INDICATORS])
for name in [name for name in sys.modules if name.partition(".")[0] in ("imu", "pipelines")]:
    if name not in ("imu.drift.indicators", "imu.drift.changes"):
        del sys.modules[name]

from imu.drift.detector import DriftDetector
from pipelines.coaching.alert_settings import AlertSettings, explained_defaults
from pipelines.coaching.coach import Coach
from pipelines.session.live_status import indicator_statuses
from tests.imu.test_drift import changed_run, ramp

assert "[indicators.braking]" in explained_defaults()
settings = AlertSettings.from_tables({"indicators": {"braking": {"floor_percent": 9.0}}})
steps = changed_run(20, "braking_m_s", lambda t, x: 0.2 * (1.0 + 0.4 * ramp(t, 600.0, 660.0)))
detector = DriftDetector(settings.drift)
changes = detector.push(steps)
print([(one.indicator, one.direction) for one in changes], detector.current("braking_m_s").gate)
print(*(alert.message for alert in Coach().advance(changes, 1200.0)), sep="\\n")
print(indicator_statuses(detector)["braking_m_s"].changed)
"""


def test_the_example_of_contributing_is_all_that_a_new_indicator_takes() -> None:
    words = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    row = words.partition("<!-- a new indicator -->")[2].partition("```python\n")[2]
    script = (
        "import imu.drift.indicators as table\n"
        "from imu.drift.indicators import Effects, Gate, Indicator\n"
        f"row = (\n{row.partition('```')[0].rstrip().rstrip(',')}\n)\n{THEN}"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "[('braking_m_s', 'up')] 9.0",
        "Braking changed from your baseline: 40 % higher. Try a quicker rhythm at the same speed, "
        "5–10 % more steps a minute.",
        "True",
    ]
