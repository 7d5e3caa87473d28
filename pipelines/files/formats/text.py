"""Tables in text: ours, those of named makers, and any other that says what its columns are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.files.formats.format import Look, TextFormat
from pipelines.files.reading.rate_names import rate_in_preface
from pipelines.files.reading.raw_columns import RawColumns
from pipelines.files.reading.recording import Ask, Recording, recording_of
from pipelines.files.reading.text_source import TextSource, open_text
from pipelines.files.reading.text_table import read_text_columns


def read_text(look: Look, ask: Ask, formats: Sequence[TextFormat]) -> Recording:
    """The recording of a file of text."""
    with open_text(look.path) as source:
        return text_recording(source, str(look.path), ask, formats)


def text_recording(
    source: TextSource, place: str, ask: Ask, formats: Sequence[TextFormat]
) -> Recording:
    """The recording of lines of text."""
    raw, _ = read_text_columns(source, place, ask)
    if not ask.stated.columns:
        raw = refined(raw, formats)
    if source.is_cut:
        note = (
            f"{place}: the packed file ends too early, and what came behind is missing: fetch it "
            "again, if it is still there."
        )
        raw = replace(raw, notes=(*raw.notes, note))
    rate = rate_in_preface(raw.preface)
    recording = recording_of(raw, replace(ask, rate_hz=ask.rate_hz or rate))
    if recording.rate_hz is None and "rate_hz" not in recording.preamble:
        recording = replace(recording, rate_hz=rate)
        if rate and ask.rate_hz is None and _counted(recording):
            note = f"{place}: the rate of {rate:g} Hz is that of the lines above the table."
            recording = replace(recording, notes=(*recording.notes, note))
    return recording


def _counted(recording: Recording) -> bool:
    sensor = recording.acceleration or recording.angular_velocity
    return sensor is not None and sensor.time_s is None


def refined(raw: RawColumns, formats: Sequence[TextFormat]) -> RawColumns:
    """Columns with the names that a maker's format gives them."""
    for one in formats:
        found = one.refine(raw)
        if found is not None:
            return replace(found, shown=raw.names, maker=one.name)
    return raw
