"""What a column's name says: quantity, axis and unit, in the spellings that devices write."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final, Literal

from pipelines.files.reading.units import UNITS, unit_of

#: ``xyz`` is an axis of which the name does not say what was measured; ``linear`` has no gravity.
Quantity = Literal["time", "acc", "gyr", "linear", "gravity", "xyz", "count", "other"]


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_TIME: Final = _set(
    "time timestamp timestamps t seconds elapsed epoch epoc datetime date clock unix "
    "sampletimefine utc loggingtime ticks tick sampletime zeit zeitstempel temps tiempo tempo"
)
_COUNT: Final = _set(
    "index idx counter packetcounter count sample samples number no nr row frame seq id"
)
_ACC: Final = _set(
    "acc acce accel accelerometer accelerometers acceleration accelerations totalacceleration "
    "accelerometeracceleration a gforce beschleunigung beschl aceleracion accelerazione"
)
_GYR: Final = _set(
    "gyr gyro gyros gyroscope gyroscopes rotationrate omega w as angularvelocity gyroskop drehrate "
    "winkelgeschwindigkeit gyroscopio giroscopio"
)
_GYR_PAIRS: Final = ("angular velocity", "angular rate", "rotation rate", "turn rate", "ang vel")
_LINEAR: Final = _set("linear lin user free freeacc linacc linearacceleration dynamic")
_OTHER: Final = _set(
    "mag magn magnet magnetometer magnetic quat quaternion euler roll pitch yaw angle angles "
    "temp temperature delta dv dq bias var variance std sd mean norm magnitude pressure lux "
    "light ecg hr pos position vel velocity speed gps battery orientation status jerk"
)
#: Words that change nothing where an axis alone is named.
_NEUTRAL: Final = _set(
    "axis axes sensor imu raw cal calibrated data value values ln wr wide low noise range "
    "lowg signal channel uncalibrated uncal total rotation of the device in"
)
#: Units that are none of ours.
_FOREIGN: Final = _set(
    "ft fts2 ft2 lsb count counts raw16 cm cms2 cm2 mm mms2 gal mgal rpm rps hz v mv volt volts "
    "adc bit bits digit digits rev revs turns grad mils"
)
_STUCK: Final = re.compile(
    r"(a|acc|acce|accel|accelerometer|acceleration|g|gyr|gyro|gyroscope|w|omega|as)([xyz])"
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_BRACKETS: Final = re.compile(r"^(.*?)\s*[(\[{]\s*(.*?)\s*[)\]}]*\s*$")
_ENDS: Final = re.compile(
    r"[\s_,.:-]+(m[_/ ]?s2|m/s/s|m/s\^2|m/s²|mps2|mg|g|rad[_/ ]s|rads|m?deg[_/ ]s|m?dps|°/s"
    r"|s|ms|us|µs|ns|sec|seconds|msec|millis|milliseconds|usec|micros|microsec|microseconds"
    r"|nanos|nanoseconds)$",
    re.I,
)


@dataclass(frozen=True, slots=True)
class ColumnName:
    """What a name says.

    Attributes
    ----------
    quantity : str
        One of :data:`Quantity`.
    axis : int
        0 for x to 2 for z; −1 without one.
    unit : str
        One of :mod:`pipelines.files.reading.units`; empty when not said.
    unknown : str
        What stands where a unit should, and is none that we know.
    """

    quantity: Quantity
    axis: int = -1
    unit: str = ""
    unknown: str = ""


def column_name(name: str, unit_cell: str = "") -> ColumnName:
    """Make out a column's name; capitals do not matter.

    Parameters
    ----------
    name : str
        As in the header.
    unit_cell : str
        What a row of units says of it.

    Returns
    -------
    ColumnName

    Examples
    --------
    >>> column_name("Acceleration x (m/s^2)")
    ColumnName(quantity='acc', axis=0, unit='m_s2', unknown='')
    >>> column_name("gyr_z_deg_s").unit, column_name("wy(deg/s)").quantity, column_name("Temp")
    ('deg_s', 'gyr', ColumnName(quantity='other', axis=-1, unit='', unknown=''))
    """
    stem, unit, unknown = _unit_apart(name.strip().strip("\"'"))
    if unit_cell.strip():
        unit, unknown = unit_of(unit_cell) or unit, ""
    words = _words(stem)
    axis, words = _axis_apart(words)
    quantity = _quantity(words, axis, unit)
    if quantity in UNITS and unit and unit not in UNITS[quantity]:
        # "gx (g)": the letter g alone says less than the unit
        other = next((q for q in ("acc", "gyr") if unit in UNITS[q]), None)
        if quantity != "time" and other is not None and words[:1] in (["g"], ["a"], ["w"]):
            quantity = "acc" if other == "acc" else "gyr"
        else:
            unit, unknown = "", unit
    if quantity in ("acc", "gyr") and not unit and not unknown:
        unknown = next((w for w in _after_stem(words) if w in _FOREIGN), "")
    if quantity == "acc" and not unit and "gforce" in words:
        unit = "g"
    if quantity == "time" and not unit:
        unit = _time_unit(words)
    if quantity == "xyz" and unit:
        quantity = "acc" if unit in UNITS["acc"] else "gyr" if unit in UNITS["gyr"] else "other"
    return ColumnName(quantity, axis, unit, unknown if quantity in UNITS else "")


def _unit_apart(name: str) -> tuple[str, str, str]:
    """A name without its unit, the unit, and what stands in its place and is none."""
    bracketed = _BRACKETS.match(name)
    if bracketed and bracketed[1]:
        unit = unit_of(bracketed[2])
        known_note = bracketed[2].lower() in {"txt", "cal", "raw", "utc", ""}
        return bracketed[1], unit, "" if unit or known_note else bracketed[2]
    ending = _ENDS.search(name)
    if ending and ending.start():
        return name[: ending.start()], unit_of(ending[1]), ""
    return name, "", ""


def _words(stem: str) -> list[str]:
    whole = re.sub(r"\bg-?F(?=[ _]?[xyzXYZ]\b)", "gforce ", stem)
    parted = unicodedata.normalize("NFKD", _CAMEL.sub(" ", whole).lower())
    plain = "".join(c for c in parted if not unicodedata.combining(c))
    return [word for word in re.split(r"[^a-z0-9°µ²]+", plain) if word]


def _axis_apart(words: list[str]) -> tuple[int, list[str]]:
    """The axis that a name is about, and its other words, those that followed it marked last."""
    for place, word in enumerate(words):
        if word in ("x", "y", "z"):
            return "xyz".index(word), [*words[:place], *words[place + 1 :]]
    for place, word in enumerate(words):
        stuck = _STUCK.fullmatch(word)
        if stuck:
            return "xyz".index(stuck[2]), [*words[:place], stuck[1], *words[place + 1 :]]
    return -1, words


def _quantity(words: list[str], axis: int, unit: str) -> Quantity:
    having = set(words)
    text = " ".join(words)
    turning = bool(having & _GYR) or any(pair in text for pair in _GYR_PAIRS)
    if axis < 0:
        if not words:
            return "time" if unit in UNITS["time"] else "other"
        if having & _TIME and not having & (_ACC | _GYR | _OTHER - {"gps"}):
            return "time"
        return "count" if having & _COUNT else "other"
    if having & (_OTHER - {"velocity", "vel"}) or (having & {"velocity", "vel"} and not turning):
        return "other"
    if turning or words == ["g"]:
        return "gyr"
    if having & {"gravity", "grav"}:
        return "gravity"
    if having & _LINEAR:
        return "linear"
    if having & _ACC:
        return "acc"
    return "xyz" if having <= _NEUTRAL else "other"


def _after_stem(words: list[str]) -> list[str]:
    """The words behind that of the quantity."""
    for place, word in enumerate(words):
        if word in _ACC or word in _GYR or word in {"g", "velocity", "rate"}:
            return words[place + 1 :]
    return []


def _time_unit(words: list[str]) -> str:
    return next((unit_of(w) for w in reversed(words) if unit_of(w) in UNITS["time"]), "")
