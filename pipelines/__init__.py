"""Floor 3, what people run: live, replay, alerts, recording and the command line.

What is named here is kept and documented in full; all else in ``pipelines`` is internal and may
change. Names are loaded on first use, so that ``import pipelines`` costs little.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imu.errors import RecordingError
    from pipelines.bench.cohort.run import CohortOptions, CohortRun, run_cohort
    from pipelines.coaching.alert import Alert
    from pipelines.files.reading.front_door import read
    from pipelines.files.sample_table import SampleTable, write_sample_table
    from pipelines.files.session_reader import Session, read_session
    from pipelines.files.steps_table import write_steps
    from pipelines.live import LiveOptions, LiveRun, run_live
    from pipelines.replay import Replayed
    from pipelines.replay import replay as replay_file
    from pipelines.replay_options import ReplayOptions
    from pipelines.session.result import SessionResult
    from pipelines.session.summary import Summary

__all__ = [
    "Alert",
    "CohortOptions",
    "CohortRun",
    "LiveOptions",
    "LiveRun",
    "RecordingError",
    "ReplayOptions",
    "Replayed",
    "SampleTable",
    "Session",
    "SessionResult",
    "Summary",
    "read",
    "read_session",
    "replay_file",
    "run_cohort",
    "run_live",
    "write_sample_table",
    "write_steps",
]

_HOME = {
    "Alert": "pipelines.coaching.alert",
    "CohortOptions": "pipelines.bench.cohort.run",
    "CohortRun": "pipelines.bench.cohort.run",
    "LiveOptions": "pipelines.live",
    "LiveRun": "pipelines.live",
    "RecordingError": "imu.errors",
    "ReplayOptions": "pipelines.replay_options",
    "Replayed": "pipelines.replay",
    "SampleTable": "pipelines.files.sample_table",
    "Session": "pipelines.files.session_reader",
    "SessionResult": "pipelines.session.result",
    "Summary": "pipelines.session.summary",
    "read": "pipelines.files.reading.front_door",
    "read_session": "pipelines.files.session_reader",
    "replay_file": "pipelines.replay",
    "run_cohort": "pipelines.bench.cohort.run",
    "run_live": "pipelines.live",
    "write_sample_table": "pipelines.files.sample_table",
    "write_steps": "pipelines.files.steps_table",
}

#: What is called otherwise at home, where a folder's file has its name.
_THERE = {"replay_file": "replay"}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'pipelines' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), _THERE.get(name, name))


def __dir__() -> list[str]:
    return sorted(__all__)
