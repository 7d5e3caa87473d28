"""The facts of a report: what was recorded, how well it came through, and what steps lack."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from pipelines.units import height_words, mass_words
from pipelines.views.report.words import (
    capital,
    clock_words,
    count_words,
    date_words,
    duration_words,
)

if TYPE_CHECKING:
    from pipelines.units import Units
    from pipelines.views.report.content import Content
    from pipelines.views.report.recording import LinkLoss, Recording

__all__ = ["flag_words", "head_rows", "link_loss_words", "loss_rows"]

_FLAG_WORDS: Final = {
    "gap": ("lost samples", "samples were lost and filled in, or a gap is close"),
    "clipped": ("end of range", "the sensor was at the end of its range"),
    "no_gyro": ("no gyroscope", "lean is a step's mean direction, and pelvic ranges are missing"),
    "settling": ("settling", "the lean had not settled yet, after a start or a gap"),
    "slip": ("slip", "the sensor seems to have moved on the body"),
    "bend": ("bend", "running a bend, where the lean is biased"),
    "edge": ("edge", "at the edge of a recorded stretch, where filters lack data"),
    "loose": ("loose clip", "the sensor rang on its clip: oscillation and shock are too large"),
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


def head_rows(recording: Recording, running_s: float, units: Units) -> list[tuple[str, str]]:
    """What the head of the report says of the recording, as name and value."""
    rows = [
        ("Start", date_words(recording.utc_start_ns)),
        ("Local time here", date_words(recording.utc_start_ns, local=True)),
        ("Recorded", f"{duration_words(recording.duration_s)}"),
        ("Running", f"{duration_words(running_s)} in {count_words(len(recording.steps))} steps"),
    ]
    sensor = " ".join(part for part in (recording.device, recording.firmware) if part)
    rows.append(("Sensor", f"{sensor or 'not recorded'}, {recording.rate_hz:g} samples a second"))
    tags: dict[str, list[str]] = {}
    for mark in recording.marks:
        if mark.value and mark.kind in {"surface", "shoe", "distance", "speed", "slope"}:
            values = tags.setdefault(mark.kind, [])
            if mark.value not in values:
                values.append(mark.value)
    rows += [(capital(kind), ", then ".join(values)) for kind, values in tags.items()]
    body = []
    if recording.mass_kg is not None:
        body.append(mass_words(recording.mass_kg, units))
    if recording.height_m is not None:
        body.append(height_words(recording.height_m, units))
    if body:
        rows.append(("Runner", ", ".join(body)))
    if recording.utc_start_ns is None or _local_is_utc(recording.utc_start_ns):
        del rows[1]
    return rows


def _local_is_utc(utc_ns: int) -> bool:
    return not datetime.fromtimestamp(utc_ns // 10**9, tz=UTC).astimezone().utcoffset()


def loss_rows(content: Content) -> list[tuple[str, str]]:
    """What the data quality says of the samples, as name and value."""
    recording, losses = content.recording, content.recording.losses
    rows = [("File", "cut short" if recording.cut_short else "whole")]
    if losses.received:
        rows.append(("Samples received", count_words(losses.received)))
    rows.append(
        (
            "Lost on the way",
            f"{count_words(losses.lost_in_transit)} ({100.0 * losses.share:.2f} %)",
        )
    )
    for name, count in (
        ("Unusable samples", losses.quarantined),
        ("Filled in", losses.filled),
        ("Gaps too long to fill", losses.chain_restarts),
        ("Damaged packets dropped", losses.malformed_packets),
        ("Restarts of the sensor", losses.device_restarts),
    ):
        if count is not None:
            rows.append((name, count_words(count)))
    rows.append(("Link", "; ".join(map(link_loss_words, recording.link_losses)) or "never lost"))
    steps = len(recording.steps)
    if steps:
        share = 100.0 * content.trusted / steps
        rows.append(
            (
                "Trusted steps",
                f"{count_words(content.trusted)} of {count_words(steps)} ({share:.1f} %)",
            )
        )
    rows.append(("Gyroscope", "yes" if recording.has_gyro else "no"))
    rows.append(("Axes", recording.axes or "found from the run"))
    rows += list(recording.clock)
    rows.append(
        (
            "Steps and alerts",
            "computed again for this report"
            if recording.recomputed
            else "as written during the run",
        )
    )
    if recording.software:
        rows.append(("Recorded by", recording.software))
    return rows
