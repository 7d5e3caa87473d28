"""Metronome: a cadence 5–10 % above the runner's usual.

A quicker rhythm at the same speed is the only cue that both gait (Heiderscheit 2011,
doi:10.1249/MSS.0b013e3181ebedf4) and spinal-shrinkage data (Rodacki 2024) support.
"""

from __future__ import annotations

from imu.errors import ParameterError
from pipelines.coaching.training.cues import Cue


def metronome_for(usual_spm: float, percent: float = 5.0) -> tuple[float, Cue]:
    """A cadence above the usual one, steps a minute, and the sentence that says so.

    Parameters
    ----------
    usual_spm : float
        The runner's usual cadence, steps a minute.
    percent : float
        How much quicker, 5 to 10 %; no data support more.

    Raises
    ------
    ParameterError
        When a value is out of range.

    Examples
    --------
    >>> metronome_for(160.0)[1].message
    '168 steps a minute, 5 % quicker than your usual 160, at the same speed.'
    """
    if not 5.0 <= percent <= 10.0:
        raise ParameterError("percent", percent, "a number from 5 to 10")
    if not 100.0 <= usual_spm <= 218.0:
        raise ParameterError("usual_spm", usual_spm, "a cadence from 100 to 218")
    target = usual_spm * (1.0 + percent / 100.0)
    cue = Cue("metronome.target", {"target": target, "percent": percent, "usual": usual_spm})
    return target, cue
