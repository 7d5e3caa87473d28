"""A session in a few numbers, and as JSON; its words are in ``pipelines/views``."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.sequence import Losses
from imu.samples import Quality
from imu.step.block_means import block_means
from imu.step.trusted_steps import (
    DISTRUST,
    tell_of_the_run,
    trusted_steps,
    without_doubtful_columns,
)
from imu.steps import STEP_COLUMNS, Steps
from pipelines.quantities import quantities_in
from pipelines.session.facts import SensorClock
from pipelines.session.result import SessionResult

_NO_MEASURES: Final = {"step", "initial_contact_s", "toe_off_s", "side", "quality"}
_MEASURES: Final = tuple(
    dict.fromkeys(
        [name for name in STEP_COLUMNS if name not in _NO_MEASURES]
        + [one.column for one in quantities_in("summary")]
    )
)

#: Counts between sensor and computer.
_LINK: Final = Losses._fields


@dataclass(frozen=True, slots=True)
class Summary:
    """Medians of the steps that count, what was lost, and what should be known about the result.

    Parameters
    ----------
    source : str
        File or URL.
    duration_s, rate_hz : float
        Length, s, and nominal sample rate, Hz.
    steps, trusted_steps : int
        Running steps, and those that nothing puts in doubt.
    quality : dict
        How many steps bear each token.
    median : dict
        Of each column over the steps that count, in its unit; None where too few of them have it.
    mean : dict
        Of what runs are compared by, over the same steps, as the journal has it.
    samples_filled, samples_quarantined, restarts : int
        Samples filled in, samples that were not finite, and restarts after gaps.
    samples_lost_in_transit : int
        By the sensor's own numbering.
    alerts : int
        How many there were.
    axes_found, cut_short : bool
        Whether the sensor's axes are known, and whether the file lacks its end.
    baseline : dict, optional
        What later runs may be compared with.
    blocks : dict
        Means of twenty steps, with their standard errors.
    notes : list of str
        What should be known, one sentence each.
    link : dict
        Counts of the wire, by name.
    clock : dict, optional
        Of the sensor, against this computer's.
    median_steps, median_last_steps : dict
        On how many steps each median rests, and among how many of those that count at the end of
        the run they are: the lumbar index begins when its baseline is known.
    alerts_told, changed : list of str
        The indicator of each alert, and those that are changed at the end.
    distance_m, distance_source
        As far as it is known, and how.
    speed_m_s, heart_rate_bpm : float, optional
        Means of what devices beside the sensor measured.
    running_s : float
        Time spent in running steps, those in doubt as well, s.

    Examples
    --------
    >>> from pipelines.session.facts import Ended
    >>> from pipelines.session.header import SessionHeader
    >>> from pipelines.session.result import SessionResult
    >>> nothing = SessionResult(SessionHeader(0, "run.csv"), [Ended(60.0, 60.0)])
    >>> summarise(nothing, "run.csv", rate_hz=200.0).trusted_steps
    0
    """

    source: str
    duration_s: float
    rate_hz: float
    steps: int
    trusted_steps: int
    quality: dict[str, int]
    median: dict[str, float | None]
    samples_filled: int
    samples_quarantined: int
    restarts: int
    samples_lost_in_transit: int
    alerts: int
    axes_found: bool
    cut_short: bool
    baseline: dict[str, object] | None
    blocks: dict[str, object]
    notes: list[str] = field(default_factory=list)
    link: dict[str, int] = field(default_factory=dict)  # counts of the wire, by name
    clock: dict[str, object] | None = None  # of the sensor, against this computer's
    median_steps: dict[str, int] = field(default_factory=dict)
    median_last_steps: dict[str, int] = field(default_factory=dict)
    mean: dict[str, float] = field(default_factory=dict)
    alerts_told: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    distance_m: float | None = None
    distance_source: str = ""
    speed_m_s: float | None = None  # mean, as a device beside the sensor measured it
    heart_rate_bpm: float | None = None  # mean
    running_s: float = 0.0

    def to_json(self) -> str:
        """The summary as JSON, null where there is no value.

        Returns
        -------
        str
            An object, over several lines.
        """
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"


def summarise(
    result: SessionResult,
    source: str,
    *,
    rate_hz: float,
    duration_s: float | None = None,
    cut_short: bool = False,
    notes: Sequence[str] = (),
) -> Summary:
    """Put a session into a few numbers.

    Medians are of the steps that count, as all figures of a run, and leave out what was not
    measurable, and lean and roll in bends and after slips.

    Parameters
    ----------
    result : SessionResult
        What the session came to.
    source : str
        How the summary calls it.
    rate_hz : float
        Nominal sample rate.
    duration_s : float, optional
        Of the recording, where that is not from the first sample to the last.
    cut_short : bool
        Whether the file lacks its end.
    notes : sequence of str
        What should be known, one sentence each.
    """
    steps, losses = result.at_one_rate, result.losses
    settled = trusted_steps(steps)
    medians, used, last = _medians(steps, settled)
    told = [one for one in result.alerts if one.severity == "raised"]
    tokens: Counter[str] = Counter()
    for quality in steps.quality:
        tokens.update(str(quality).split(";") if quality else [])
    baseline = result.baseline
    return Summary(
        blocks=_blocks(without_doubtful_columns(steps)),
        source=source,
        duration_s=round(result.duration_s if duration_s is None else duration_s, 6),
        rate_hz=rate_hz,
        steps=len(steps),
        trusted_steps=len(settled),
        quality=dict(sorted(tokens.items())),
        median=medians,
        samples_filled=losses.filled,
        samples_quarantined=losses.quarantined,
        restarts=losses.chain_restarts,
        samples_lost_in_transit=losses.lost + losses.reordered,
        link={} if result.sensor is None else {name: getattr(losses, name) for name in _LINK},
        clock=_clock(result.clock),
        alerts=len(result.alerts),
        axes_found=result.axes_found,
        cut_short=cut_short,
        baseline=None if baseline is None else json.loads(baseline.to_json()),
        notes=list(notes),
        median_steps=used,
        median_last_steps=last,
        mean=result.means,
        alerts_told=[alert.indicator for alert in told],
        changed=list(result.changed),
        distance_m=None if result.distance_m is None else round(result.distance_m, 3),
        distance_source=result.distance_source,
        speed_m_s=None if result.speed is None else round(result.speed.mean, 4),
        heart_rate_bpm=None if result.heart_rate is None else round(result.heart_rate.mean, 1),
        running_s=round(result.running_s, 3),
    )


def _medians(
    steps: Steps, settled: Steps
) -> tuple[dict[str, float | None], dict[str, int], dict[str, int]]:
    """Median of each column, how many steps it is of, and of how many of the last ones."""
    counting = Steps(steps.rows[(steps.quality_bits & DISTRUST) == 0])
    medians: dict[str, float | None] = {}
    used: dict[str, int] = {}
    last: dict[str, int] = {}
    for name in _MEASURES:
        values = settled.rows[name]
        if not np.isfinite(values).any():  # a run all in bends still has a lean
            blind = counting.quality_bits & int(Quality.NO_GYRO)
            values = np.where(blind, values, counting.rows[name])
        at = np.flatnonzero(np.isfinite(values))
        tells = tell_of_the_run(at.size, len(steps))
        medians[name] = round(float(np.median(values[at])), 6) if tells else None
        used[name] = at.size
        last[name] = len(values) - int(at[0]) if at.size else 0
    return medians, used, last


def _clock(clock: SensorClock | None) -> dict[str, object] | None:
    """Skew and offset of the sensor's clock with their uncertainty, each None until it is known."""
    if clock is None or not math.isfinite(clock.offset_uncertainty_ms):
        return None
    return {
        "skew_ppm": round(clock.skew_ppm, 3) + 0.0 if clock.skew_is_known else None,
        "skew_sd_ppm": round(clock.skew_sd_ppm, 3) if clock.skew_is_known else None,
        "offset_uncertainty_ms": round(clock.offset_uncertainty_ms, 3),
        "basis": clock.basis,
    }


def _blocks(steps: Steps) -> dict[str, object]:
    """Means of twenty steps with their standard errors, null where not measurable."""
    means = block_means(steps)
    blocks: dict[str, object] = {"time_s": _numbers(means.time_s)}
    for name in _MEASURES:
        blocks[name] = {
            "mean": _numbers(means.mean[name]),
            "standard_error": _numbers(means.standard_error[name]),
        }
    return blocks


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [round(value, 6) if math.isfinite(value) else None for value in values.tolist()]
