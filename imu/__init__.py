"""Floor 1, the signal: pure functions and streaming stages; knows no file, device or clock.

Names are loaded on first use, so that ``import imu`` costs little.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from imu.analyzer import AnalyzerParams, StepAnalyzer, analyze, warm_up
    from imu.chain.orientation import InclinationFilter
    from imu.runner import Runner
    from imu.samples import Quality, Samples
    from imu.steps import Steps
    from imu.waveforms import Waveforms

__all__ = [
    "AnalyzerParams",
    "InclinationFilter",
    "Quality",
    "Runner",
    "Samples",
    "StepAnalyzer",
    "Steps",
    "Waveforms",
    "analyze",
    "warm_up",
]

_HOME = {
    "AnalyzerParams": "imu.analyzer",
    "InclinationFilter": "imu.chain.orientation",
    "Quality": "imu.samples",
    "Runner": "imu.runner",
    "Samples": "imu.samples",
    "StepAnalyzer": "imu.analyzer",
    "Steps": "imu.steps",
    "Waveforms": "imu.waveforms",
    "analyze": "imu.analyzer",
    "warm_up": "imu.analyzer",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'imu' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
