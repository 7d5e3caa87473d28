"""How much of a run its recording holds, in words."""

from __future__ import annotations

from pipelines.clock_words import clock_words
from pipelines.live import LiveRun


def kept_words(run: LiveRun) -> str:
    """What a recording holds that ended before its run, as on a full disk.

    Parameters
    ----------
    run : LiveRun
        As it ended.

    Returns
    -------
    str
        What follows "recorded in FILE: "; empty when the recording is whole, or there is none.

    Examples
    --------
    >>> kept_words(LiveRun()), kept_words(LiveRun(recorded_s=65.2))
    ('', '')
    >>> from pathlib import Path
    >>> kept_words(LiveRun(recording=Path("run.mcap"), recorded_s=65.2))
    'about the first 1:05 of 1:05, and the run went on without it'
    """
    if run.recording is None or run.recorded_s is None:
        return ""
    ran_s = run.recorded_s if run.summary is None else run.summary.duration_s
    return (
        f"about the first {clock_words(run.recorded_s)} of {clock_words(round(ran_s))}, and the "
        "run went on without it"
    )
