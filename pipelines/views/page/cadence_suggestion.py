"""What the page's metronome suggests: a little quicker than the runner's own baseline."""

from __future__ import annotations

import math
from typing import Any

from imu.errors import ParameterError
from pipelines.coaching.training.metronome import metronome_for
from pipelines.session.live_status import LiveStatus

_CADENCE = "cadence_spm"


def cadence_suggestion(status: LiveStatus, usual_spm: float | None = None) -> dict[str, Any]:
    """The beats a minute that are suggested, and why.

    Parameters
    ----------
    status : LiveStatus
        Its baseline of the cadence counts.
    usual_spm : float, optional
        The runner's usual cadence as the journal knows it, steps a minute; counts until there is
        a baseline.

    Returns
    -------
    dict
        ``suggested``, a whole number, None while nothing is known, or pain or a sign for a doctor
        speaks against training; ``words`` for it.

    Examples
    --------
    >>> cadence_suggestion(LiveStatus(source="", device=""), 160.0)
    {'suggested': 168, 'words': '168 steps a minute, 5 % quicker than your usual 160, at the same \
speed.'}
    """
    flags, pain = status.red_flags, status.pain
    held = status.asked_s is not None or (pain is not None and pain.holds)
    if flags.stopped or flags.eased or held:
        return {"suggested": None, "words": "No quicker rhythm is suggested as your back is now."}
    indicator = status.indicators.get(_CADENCE)
    baseline_spm = math.nan if indicator is None else indicator.baseline
    known_spm = baseline_spm if math.isfinite(baseline_spm) else usual_spm
    if known_spm is None:
        return {
            "suggested": None,
            "words": "What is suggested comes with your baseline: 5 % quicker than your usual.",
        }
    try:
        cadence_spm, cue = metronome_for(known_spm)
    except ParameterError:
        return {"suggested": None, "words": "Your cadence is not one that can be built on."}
    return {"suggested": round(cadence_spm), "words": cue.message}
