"""How hard a run is, in words that a runner can check: the talk test beside what is measured.

Light, moderate and vigorous are below 64, below 77 and from 77 % of the highest heart rate on
(Garber 2011, doi:10.1249/MSS.0b013e318213fefb, which also names the talk test and perceived
exertion). Without a strap, or where nobody has said the highest heart rate, the running intensity
relative to the runner's usual stands in, with limits of this program's own: it tells nothing about
two runners. Which words go with talking is the usual reading of the talk test, no threshold.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

from pipelines.coaching.training.cues import Cue

EffortLevel = Literal["light", "moderate", "vigorous"]

_MODERATE_HEART, _VIGOROUS_HEART = 0.64, 0.77
#: Relative to usual: up to the ceiling of an easy run, and up to a little more than usual.
_MODERATE_USUAL, _VIGOROUS_USUAL = 0.8, 1.1
#: Beyond it the usual is that of another gait, as of walking, and tells nothing of this one.
_MOST_USUAL: Final = 2.0
#: Ratings from which on a run was moderate, and vigorous.
_MODERATE_RATED, _VIGOROUS_RATED = 4, 7


class Effort(NamedTuple):
    """How hard it is now.

    Attributes
    ----------
    level : {"light", "moderate", "vigorous"}
        By the heart where that is known, else by the running.
    percent : float
        Of the highest heart rate, or of the usual running intensity.
    by : {"heart", "running"}
        Which of the two.
    """

    level: EffortLevel
    percent: float
    by: Literal["heart", "running"]

    @property
    def cue(self) -> Cue:
        """The talk test that goes with it."""
        return Cue(f"effort.{self.level}")


def effort_of(
    intensity: float | None,
    heart_rate_bpm: float | None = None,
    highest_heart_rate_bpm: float | None = None,
) -> Effort | None:
    """The effort of a moment; None where nothing tells it.

    Parameters
    ----------
    intensity : float, optional
        Of running, relative to usual.
    heart_rate_bpm, highest_heart_rate_bpm : float, optional
        Now, and the runner's own highest, beats a minute.

    Examples
    --------
    >>> effort_of(0.78)
    Effort(level='light', percent=78.0, by='running')
    >>> effort_of(0.78, 148.0, 185.0)
    Effort(level='vigorous', percent=80.0, by='heart')
    >>> effort_of(None, 148.0) is None, effort_of(3.21) is None
    (True, True)
    """
    if heart_rate_bpm is not None and highest_heart_rate_bpm:
        share = heart_rate_bpm / highest_heart_rate_bpm
        level = _level(share, _MODERATE_HEART, _VIGOROUS_HEART)
        return Effort(level, round(100.0 * share, 6), "heart")
    if intensity is None or intensity > _MOST_USUAL:
        return None
    level = _level(intensity, _MODERATE_USUAL, _VIGOROUS_USUAL, inclusive=True)
    return Effort(level, round(100.0 * intensity, 6), "running")


def perceived_cue(rating: int) -> Cue:
    """What a rating of the whole run means, 0 (rest) to 10 (as hard as can be).

    Examples
    --------
    >>> [perceived_cue(rating).text_id for rating in (2, 5, 9)]
    ['effort.rated_light', 'effort.rated_moderate', 'effort.rated_vigorous']
    """
    level = _level(float(rating), _MODERATE_RATED, _VIGOROUS_RATED)
    return Cue(f"effort.rated_{level}", {"rating": rating})


def _level(
    value: float, moderate: float, vigorous: float, *, inclusive: bool = False
) -> EffortLevel:
    """``inclusive``: the limits themselves still belong to what is easier."""
    if value > vigorous or (value == vigorous and not inclusive):
        return "vigorous"
    return "moderate" if value > moderate or (value == moderate and not inclusive) else "light"
