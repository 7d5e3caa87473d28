"""The chain over a whole recording, in one call."""

from __future__ import annotations

import numpy as np

from imu.analyzer import StepAnalyzer, check_rate
from imu.chain.intake import time_order_error
from imu.chain.loop import AnalyzerParams
from imu.errors import InputError
from imu.ranges import is_between
from imu.runner import Runner
from imu.samples import LOWEST_RATE_HZ, Samples, sample_rate_hz
from imu.steps import Steps, concatenate
from imu.stream_joining import decimate


def analyze(
    samples: Samples,
    runner: Runner | None = None,
    *,
    axes: str | None = "auto",
    speed_m_s: float | None = None,
    rate_hz: float | None = None,
    params: AnalyzerParams | None = None,
) -> Steps:
    """All running steps of a recording, in one call.

    Parameters
    ----------
    samples : Samples
        The recording. A gyroscope of which an axis has no number counts as not measured.
    runner : Runner, optional
        Body data; only ``lumbar_index`` needs them.
    axes : str, optional
        Signed sensor axes forward, left, up; ``"auto"`` or nothing, as a table says that states
        none.
    speed_m_s : float, optional
        Running speed where it is known and constant, m/s.
    rate_hz : float, optional
        Sample rate; that of the time steps otherwise, see :func:`~imu.samples.sample_rate_hz`.
        Above 1600 Hz samples are averaged in groups.
    params : AnalyzerParams, optional
        Parameters of the stages.

    Returns
    -------
    Steps
        In order of initial contact.

    Raises
    ------
    InputError
        When the recording is empty or its time does not increase.
    ParameterError
        When an argument or the rate is outside its range.

    Notes
    -----
    Contact and toe-off, force and oscillation are told from the specific force, lean from
    :class:`InclinationFilter`; each stage's module names its source. What they are worth against
    measured force stands in ``benchmarks/ACCURACY.md``.

    Examples
    --------
    >>> time_s = np.arange(2000) / 200.0
    >>> beat = 2.0 * np.pi * 2.7 * time_s
    >>> up = 9.81 * (1.0 + 1.3 * np.sin(beat))
    >>> force = np.stack([1.96 * np.cos(beat), 0.0 * beat, up], axis=1)
    >>> steps = analyze(Samples(time_s, force, 0.0 * force), axes="+x+y+z")
    >>> len(steps), steps.cadence_spm[-1].round(1).item()
    (25, 162.0)
    """
    if rate_hz is None:
        if len(samples) < 2:
            raise InputError(
                f"a recording needs at least two samples: this one has {len(samples)}."
            )
        order = np.diff(samples.time_s) > 0.0
        if not order.all():
            index = int(np.argmin(order)) + 1
            raise time_order_error(index, samples.time_s, np.nan)
        rate_hz, _ = sample_rate_hz(samples.time_s)
    if not is_between(rate_hz, LOWEST_RATE_HZ, np.inf):  # faster ones are made slower
        check_rate(rate_hz)
    samples, rate_hz, _ = decimate(samples.without_unmeasured(), rate_hz)
    analyzer = StepAnalyzer(rate_hz, runner, axes=axes, speed_m_s=speed_m_s, params=params)
    return concatenate([analyzer.push(samples), analyzer.flush()])
