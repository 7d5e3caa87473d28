"""What files call their sampling rate, and how they write it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from imu.samples import RATE_RANGE_HZ
from pipelines.files.reading.column_names import column_name
from pipelines.files.reading.name_words import plain_words
from pipelines.files.reading.units import TIME_UNITS

_NAME: Final = re.compile(
    r"(?:(?:acc|accel|accelerometer|imu|sensor|device|nominal|effective|data|output|my) )*"
    r"(?:f ?s|sr|s ?rate|s ?freq|odr|hz|rate|freq|frequency"
    r"|(?:sampl\w*|acquisition|recording|logging|scan)(?: |(?<=ing)|(?<=e))(?:rate|freq|frequency)"
    r"|sampl(?:e|ing)(?:rate|freq|frequency)|abtast(?:rate|frequenz)|messfrequenz"
    r"|frecuencia(?: de)? muestreo|frequence(?: d)? echantillonnage"
    r"|frequenza(?: di)? campionamento)(?: hz)?"
)
_IN_WORDS: Final = re.compile(
    r"(?:(?<!heart.)(?<!baud.)rate|frequency|freq|odr|samplingrate|samplerate|\bat|\bf_?s\b)"
    r"[^0-9\n,;]{0,24}(\d{1,5}(?:[.,]\d+)?)\s*(?:hz)?\b(?![:/.-]\d)",
    re.I,
)
#: The number alone below the name of a section, as Vicon Nexus writes it.
_OF_SECTION: Final = re.compile(r"^Devices[,;\t ]*\n(\d{2,5}(?:[.,]\d+)?)[,;\t ]*$", re.M)
#: How long it is from sample to sample, by name and unit; without one only where it can be nothing
#: else, in that in which a sensor has it.
_INTERVAL: Final = re.compile(
    r"(?:sampl\w* )?(?:interval|period|dt) (ms|us|s)|dt|sampl\w* (?:interval|period)"
)
#: The same above a table, of each sample or of each column, as BIOPAC and LabVIEW write it.
_A_SAMPLE: Final = re.compile(
    r"^(\d+(?:[.,]\d+)?) *(m?)s(?:ec)?/sample|^Delta_X()[\t, ]+(\d+[.,]\d+(?:E-?\d+)?)",
    re.I | re.M,
)
_HERTZ: Final = re.compile(r"(\d{1,5}(?:[.,]\d+)?)\s*hz\b", re.I)
_VALUE: Final = re.compile(r"\s*(\d{1,5}(?:[.,]\d+)?)\s*(hz)?\s*", re.I)


def is_rate_name(path: str) -> bool:
    """Whether a name, or the last of several with points between, is one of a sampling rate.

    Examples
    --------
    >>> [is_rate_name(name) for name in ("Fs", "header.sampleRate", "Fs.Acc", "sampling_rate_hz")]
    [True, True, True, True]
    >>> [is_rate_name(name) for name in ("heart_rate", "cutoff_freq", "rate.video", "gyr_rate_x")]
    [False, False, False, False]
    """
    *before, name = path.split(".")
    if before and column_name(f"{name} x").quantity == "acc":
        name = before[-1]
    return _NAME.fullmatch(" ".join(plain_words(name))) is not None


def stated_rate_hz(entries: Iterable[tuple[str, Any]]) -> float | None:
    """The rate that a file's entries state by name, Hz; None when they state none, or several.

    Examples
    --------
    >>> stated_rate_hz([("fs", 200), ("name", "a")]), stated_rate_hz([("sampleRate", "104 Hz")])
    (200.0, 104.0)
    >>> stated_rate_hz([("acc.fs", 200), ("gyr.fs", 100)]), stated_rate_hz([("fs", True)])
    (None, None)
    """
    found = {rate for name, value in entries if is_rate_name(name) and (rate := _hertz(value))}
    return found.pop() if len(found) == 1 else None


def rate_of_interval_hz(entries: Iterable[tuple[str, Any]]) -> float | None:
    """The rate, Hz, that the interval from sample to sample tells, where no rate is named.

    Intervals are of many things: of uploads, of a training. One that no sensor has is none.

    Examples
    --------
    >>> rate_of_interval_hz([("interval_ms", 5)])
    200.0
    >>> rate_of_interval_hz([("fs", 100), ("interval_ms", 5)]), rate_of_interval_hz([("dt_s", 60)])
    (None, None)
    """
    said = list(entries)
    found = {rate for name, value in said if (rate := _of_interval(name, value))}
    return None if any(is_rate_name(name) for name, _ in said) or len(found) != 1 else found.pop()


def _of_interval(name: str, value: Any) -> float:
    interval = _INTERVAL.fullmatch(" ".join(plain_words(name)))
    if interval is None or not (length := _hertz(value)):
        return 0.0
    units = [interval[1]] if interval[1] else ["s", "ms", "us"]
    rates = (1.0 / (length * TIME_UNITS[unit]) for unit in units)
    return next((rate for rate in rates if RATE_RANGE_HZ[0] <= rate <= RATE_RANGE_HZ[1]), 0.0)


def _hertz(value: Any) -> float:
    """A number of Hz; 0 where it is something else."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        said = _VALUE.fullmatch(value)
        return float(said[1].replace(",", ".")) if said else 0.0
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return 0.0
    return float(value) if 0.0 < value < 1e6 else 0.0


def rate_in_preface(preface: str) -> float | None:
    r"""The sampling rate that lines above a table state, Hz; None when they state none, or several.

    Examples
    --------
    >>> rate_in_preface("Device: A-7\nRate: 104 Hz"), rate_in_preface("Start: 10:00:00")
    (104.0, None)
    >>> rate_in_preface("Fs = 200"), rate_in_preface("Heart rate: 150")
    (200.0, None)
    >>> rate_in_preface("Devices\n225")
    225.0
    >>> rate_in_preface("5.0 msec/sample"), rate_in_preface("Delta_X\t0,005000\t0,005000")
    (200.0, 200.0)
    """
    found = {float(text.replace(",", ".")) for text in _IN_WORDS.findall(preface)}
    found = found or {float(text.replace(",", ".")) for text in _OF_SECTION.findall(preface)}
    found = found or {float(text.replace(",", ".")) for text in _HERTZ.findall(preface)}
    found = found or {_of_sample(said) for said in _A_SAMPLE.finditer(preface)} - {0.0}
    return found.pop() if len(found) == 1 else None


def _of_sample(said: re.Match[str]) -> float:
    interval = float((said[1] or said[4]).replace(",", ".")) * (1e-3 if said[2] else 1.0)
    return round(1.0 / interval, 6) if interval > 0.0 else 0.0
