"""Compile the chain before the first sample arrives."""

from __future__ import annotations

import numpy as np

from imu.analyzer import StepAnalyzer
from imu.chain.loop import CHAIN_STATE, AnalyzerParams, chain_coefficients
from imu.compiled import compiling, note_compiled
from imu.runner import Runner
from imu.samples import STANDARD_GRAVITY_M_S2, Samples
from imu.step.finished_step import FINISHED_STEPS, close_step


def compile_closing() -> None:
    """Compile what closes a step, half of the work, and leave it where :func:`warm_up` finds it.

    So that another process can do it meanwhile.
    """
    c = chain_coefficients(100.0, Runner(), AnalyzerParams())[0]
    with compiling():
        close_step(c, np.zeros(1, CHAIN_STATE)[0], np.zeros(1, FINISHED_STEPS)[0])


def warm_up() -> None:
    """Compile chain and detector, or load them from the cache, before the first sample arrives.

    Examples
    --------
    >>> warm_up()  # at the start of a program; nothing is compiled in mid-run then
    """
    from imu.drift.detector import compile_detector  # whoever has steps alone needs none of it

    analyzer = StepAnalyzer(100.0, axes="+x+y+z")
    with compiling():
        analyzer.push(Samples([0.0], [[0.0, 0.0, STANDARD_GRAVITY_M_S2]], [[0.0, 0.0, 0.0]]))
        analyzer.flush()
        compile_detector()
    note_compiled()
