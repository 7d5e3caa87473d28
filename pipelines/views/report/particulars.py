"""The particulars of a report: what was recorded, how well it came through, and what steps lack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pipelines.clock_words import clock_words
from pipelines.units import distance_words, height_words, mass_words, speed_words
from pipelines.views.report.said import said_in
from pipelines.views.report.words import count_words, date_words, duration_words

if TYPE_CHECKING:
    from pipelines.runner.journal.entries import DistanceSource
    from pipelines.session.facts import SensorClock, Source
    from pipelines.session.result import SessionResult
    from pipelines.units import Units
    from pipelines.views.report.content import Content
    from pipelines.views.report.recording import LinkLoss, Recording

_FLAG_WORDS: Final = {
    "gap": ("lost samples", "samples were lost and filled in, or a gap is close"),
    "clipped": ("end of range", "the sensor was at the end of its range"),
    "no_gyro": ("no gyroscope", "lean is a step's mean direction, and pelvic ranges are missing"),
    "settling": ("settling", "the lean had not settled yet, after a start or a gap"),
    "slip": ("slip", "the sensor seems to have moved on the body"),
    "bend": ("bend", "running a bend, where the lean is biased"),
    "edge": ("edge", "at the edge of a recorded stretch, where filters lack data"),
    "loose": ("loose clip", "the sensor rang on its clip: oscillation and shock are too large"),
    "sensor": ("readings", "the sensor's readings contradict each other or what was stated"),
    "tilt": ("tilt", "up was not yet known again after lost samples: lean and load are left out"),
}

_DISTANCE_WORDS: Final[dict[Source | DistanceSource, str]] = {
    **dict.fromkeys(("stated", "user", "mark"), "as stated"),
    "speed": "from the stated speed and the time spent running",
    "treadmill": "as the treadmill showed",
    "pod": "as the foot pod measured",
    "estimated": "estimated",
}


def flag_words(token: str) -> tuple[str, str]:
    """A reservation in words: its name, and what it means.

    Examples
    --------
    >>> flag_words("clipped")
    ('end of range', 'the sensor was at the end of its range')
    """
    return _FLAG_WORDS.get(token, (token, ""))


def link_loss_words(loss: LinkLoss) -> str:
    """A loss of the link."""
    if loss.resumed_s is None:
        return f"link lost at {clock_words(loss.lost_s)} and not found again"
    gone = loss.resumed_s - loss.lost_s
    return f"link lost at {clock_words(loss.lost_s)} for {gone:.0f} s"


def head_rows(recording: Recording, units: Units) -> list[tuple[str, str]]:
    """What the head of the report says of the recording, as name and value."""
    result, header, info = recording.result, recording.header, recording.info
    utc_ns = recording.utc_start_ns
    rows = [("Start", date_words(utc_ns))]
    if utc_ns is not None and not _local_is_utc(utc_ns):
        rows.append(("Local time here", date_words(utc_ns, local=True)))
    running = f"{duration_words(result.running_s)} in {count_words(len(recording.steps))} steps"
    sensor = " ".join(filter(None, (info.name, info.firmware))) or "not recorded"
    rows += [
        ("Recorded", duration_words(result.duration_s)),
        ("Running", running),
        ("Sensor", f"{sensor}, {info.rate_hz:g} samples a second"),
    ]
    tags: dict[str, list[str]] = {"Surface": [], "Shoe": []}
    for said in said_in(recording.facts, units):
        if said.name in {"Surface", "Shoe", "Speed", "Slope"}:
            tags.setdefault(said.name, []).append(said.value)
    distance_m, source = result.distance_m, _DISTANCE_WORDS.get(result.distance_source, "")
    if known := recording.in_journal:
        for name, value in (("Surface", known.surface), ("Shoe", known.shoe)):
            if tags[name][-1:] != [value]:  # said otherwise since
                tags[name] = [value] if value else []
        distance_m, source = known.distance_m, _DISTANCE_WORDS.get(known.distance_source, "")
    rows += [(name, ", then ".join(dict.fromkeys(said))) for name, said in tags.items() if said]
    if distance_m is not None and source:
        rows.append(("Distance", f"{distance_words(distance_m, units)}, {source}"))
    rows += _measured_rows(result, units)
    body = []
    if header.mass_kg is not None:
        body.append(mass_words(header.mass_kg, units))
    if header.height_m is not None:
        body.append(height_words(header.height_m, units))
    if body:
        rows.append(("Runner", ", ".join(body)))
    return rows


def _measured_rows(result: SessionResult, units: Units) -> list[tuple[str, str]]:
    """What devices beside the sensor measured."""
    rows = []
    if result.speed is not None:
        mean, low, high = (
            speed_words(speed, units)
            for speed in (result.speed.mean, result.speed.low, result.speed.high)
        )
        span = "" if low == high else f" ({low} to {high})"
        rows.append(("Measured speed", f"{mean}{span}"))
    if result.heart_rate is not None:
        rate = result.heart_rate
        rows.append(
            ("Heart rate", f"{rate.mean:.0f} beats a minute ({rate.low:.0f} to {rate.high:.0f})")
        )
    return rows


def _local_is_utc(utc_ns: int) -> bool:
    return not datetime.fromtimestamp(utc_ns // 10**9, tz=UTC).astimezone().utcoffset()


def loss_rows(content: Content) -> list[tuple[str, str]]:
    """What the data quality says of the samples, as name and value."""
    recording = content.recording
    result, info = recording.result, recording.info
    losses = result.losses
    never_came = losses.lost + losses.reordered
    # a table holds all that came, and does not say what did not
    received = losses.received or round(result.duration_s * info.rate_hz) + 1
    rows = [
        ("File", "cut short" if recording.cut_short else "whole"),
        ("Samples received", count_words(received)),
        (
            "Lost on the way",
            f"{count_words(never_came)} ({100.0 * never_came / (received + never_came):.2f} %)",
        ),
        ("Unusable samples", count_words(losses.quarantined)),
        ("Filled in", count_words(losses.filled)),
        ("Gaps too long to fill", count_words(losses.chain_restarts)),
    ]
    if not recording.is_table:
        rows += [
            ("Damaged packets dropped", count_words(losses.malformed_packets)),
            ("Restarts of the sensor", count_words(losses.restarts)),
        ]
    rows.append(("Link", "; ".join(map(link_loss_words, recording.link_losses)) or "never lost"))
    steps = len(recording.steps)
    if steps:
        share = 100.0 * content.trusted / steps
        trusted = f"{count_words(content.trusted)} of {count_words(steps)} ({share:.1f} %)"
        rows.append(("Steps that count", trusted))
    axes = recording.header.axes or info.axes
    how = "computed again for this report" if recording.recomputed else "as written during the run"
    rows += [
        ("Gyroscope", "yes" if recording.has_gyro else "no"),
        ("Axes", "found from the run" if axes in {"", "auto"} else axes),
        *_clock_rows(result.clock),
        ("Steps and alerts", how),
    ]
    if not recording.is_table:
        rows.append(("Recorded by", recording.header.software))
    return rows


def _clock_rows(clock: SensorClock | None) -> list[tuple[str, str]]:
    """How the sensor's clock ran, as far as the recording tells."""
    if clock is None:
        return []
    skew = f"{round(clock.skew_ppm):+d}" if round(clock.skew_ppm) else "0"
    words = f"{skew.replace('-', '−')} ± {1.96 * clock.skew_sd_ppm:.0f} parts per million"
    return [
        (
            "Sensor's clock against the computer's",
            words if clock.skew_is_known else "not known: too little was heard of it",
        ),
        ("Time of day of a sample", f"within {max(clock.offset_uncertainty_ms, 0.1):.1f} ms"),
    ]
