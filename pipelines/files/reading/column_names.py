"""What a column's name says: quantity, axis and unit, in the spellings that devices write."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath
from typing import Final, Literal

from pipelines.files.reading.name_words import (
    ACCELERATION,
    ACCELERATION_PAIRS,
    ANGULAR_VELOCITY,
    ANGULAR_VELOCITY_PAIRS,
    BESIDE_WHEN,
    COUNT,
    DIRECTIONS,
    DOUBTFUL,
    FILTERED,
    GRAVITY,
    LESSER,
    LINEAR,
    MADE,
    NEUTRAL,
    OTHER,
    TIME,
    TIME_PAIRS,
    WHEN,
    WITHOUT,
    at_waist,
    known_parts,
    names_elsewhere,
    names_waist,
    plain_words,
    word_set,
)
from pipelines.files.reading.units import UNITS, unit_in_brackets, unit_of, unit_scale

#: ``xyz`` is an axis of which the name does not say what was measured; ``linear`` has no gravity.
Quantity = Literal["time", "acc", "gyr", "linear", "gravity", "xyz", "count", "other"]

#: Axes that are numbered, or named by a direction of the body: which letter each has, the header
#: as a whole says.
_NUMBERED: Final = 10
_DIRECTED: Final = 20
#: Units that are none of ours.
_FOREIGN: Final = word_set(
    "ft fts2 ft2 cm cms2 cm2 mm mms2 gal mgal rpm rps rev revs turns grad mils lsb count counts "
    "raw16 hz v mv volt volts adc bit bits digit digits"
)
_STUCK: Final = re.compile(
    r"(a|acc|acce|accel|accelerometer|acceleration|g|gyr|gyro|gyroscope|w|ω|omega|as)([xyz0-3])"
)
#: A sensor's number between its name and the axis.
_NUMBERED_SENSOR: Final = re.compile(r"([^\W\d]{3,})\d{1,2}")
_BRACKETS: Final = re.compile(r"^(.*?)\s*[(\[{]\s*(.*?)\s*[)\]}]*\s*$")
_BRACKETS_WITHIN: Final = re.compile(r"^([^(\[{]+?)\s*[(\[{]\s*([^()\[\]{}]+)[)\]}](.+)$")
#: Brackets of a unit itself.
_WITHIN_UNIT: Final = re.compile(r"[/*·^] ?\(")
_AXIS: Final = re.compile(r"\d+|[xyz](?:[- ]axis)?", re.I)
#: What is written over the width of a Chinese or Japanese sign, brackets above all.
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SLASH: Final = re.compile(r"^(.+?)\s*/\s*(\S.*)$")
_SEPARATED: Final = re.compile(r"[\s_,.:-]+")
#: Letters that stand for more than a unit at the end of a name.
_NO_ENDING: Final = frozenset(["h", "hr", "hrs", "d", "day", "days", "mins", "gs", "gees", "gee"])
#: What stands in brackets behind a name, or in a row of units, and is no unit.
_NOTES: Final = word_set(
    "txt cal raw utc gmt unix posix epoch local time elapsed relative absolute since start of the "
    "device host sensor phone system n a na none no units unit unitless 1 float int double x y z"
)
_LONGEST_UNIT: Final = 40
_LONGEST_NAME: Final = 400
#: Which axis a body turns about.
_TURNS: Final = {"roll": "x", "pitch": "y", "yaw": "z"}
_RATES: Final = {"p": "x", "q": "y", "r": "z"}
#: How browsers call the axes that a phone's rotation rate is about.
_OF_BROWSERS: Final = {"alpha": "z", "beta": "x", "gamma": "y"}
#: A specific force, where a gyroscope stands beside it; a force plate has none. An alpha is an
#: acceleration or an angular one.
_FORCES: Final = (["f x", "f y", "f z"], ["fx", "fy", "fz"], ["alpha x", "alpha y", "alpha z"])
_SENSORS: Final = NEUTRAL | ACCELERATION | ANGULAR_VELOCITY
#: Of columns with one name all but the first get a number from those who read them.
_AGAIN: Final = re.compile(r"\.[12]$")
#: A second x, y and z, as MATLAB, R and pandas number it.
SECOND_AXES: Final = {"x 1": 0, "y 1": 1, "z 1": 2}
#: A gyroscope's axes by number or turn; beside an acceleration alone, since g is also a unit of
#: that, and a turn may be an angle.
_RATES_BESIDE: Final = (
    *(["g1", "g2", "g3"], ["g0", "g1", "g2"]),
    *(["g 1", "g 2", "g 3"], ["g 0", "g 1", "g 2"]),
    *([f"{gyro} {turn}" for turn in _TURNS] for gyro in ("gyr", "gyro")),
)
_BY_COMPANY: Final = frozenset(
    [*_RATES, *SECOND_AXES, *(name for three in (*_FORCES, *_RATES_BESIDE) for name in three)]
)


@dataclass(frozen=True, slots=True)
class ColumnName:
    """What a name says.

    Attributes
    ----------
    quantity : str
        One of :data:`Quantity`.
    axis : int
        0 for x to 2 for z; −1 without one, and from 10 up where it is numbered or a direction of
        the body, see :func:`column_names`.
    unit : str
        One of :mod:`pipelines.files.reading.units`; empty when not said.
    unknown : str
        What stands where a unit should, and is none that we know.
    of : str
        Whose time, ``acc`` or ``gyr``, where a time names a sensor.
    """

    quantity: Quantity
    axis: int = -1
    unit: str = ""
    unknown: str = ""
    of: str = ""


def column_names(
    names: Sequence[str],
    units: Sequence[str],
    stream: str = "",
    *,
    counted: Collection[int] = (),
) -> list[ColumnName]:
    """What the names of a header say together.

    Axes that are numbered are x, y and z in the order of their numbers; those named by a direction
    of the body in that of the file, which is that of the sensor. Of two sensors the one at the
    waist goes first, of one before and after a correction what was corrected.

    Parameters
    ----------
    names, units : sequence of str
        Of all columns; a name may be empty.
    stream : str
        Which of several sensors is meant, by words of its columns' names.
    counted : collection of int
        Columns that may be counts of a converter, without a unit.

    Examples
    --------
    >>> [said.axis for said in column_names(["acc_v", "acc_ml", "acc_ap"], ["", "", ""])]
    [0, 1, 2]
    >>> names = [f"acc_{axis}_{end}" for end in ("raw", "g") for axis in "xyz"]
    >>> [said.quantity for said in column_names(names, [""] * 6)][2:4]
    ['other', 'acc']
    """
    said = [
        column_name(name, unit) if name not in ("", "-") else ColumnName("other")
        for name, unit in zip(_with_axes(names), units, strict=True)
    ]
    _told_by_company(names, said)
    wanted, foreign = frozenset(plain_words(stream)), frozenset[str]()
    for quantity in ("acc", "linear", "gravity", "gyr"):
        for kind in (_NUMBERED, _DIRECTED):
            found = [k for k, one in enumerate(said)
                     if one.quantity == quantity and kind <= one.axis < kind + 10]  # fmt: skip
            found.sort(key=lambda k: said[k].axis)
            alone = not any(s.quantity == quantity and 0 <= s.axis < 3 for s in said)
            places = range(3) if len(found) == 3 and alone else [-1] * len(found)
            for place, k in zip(places, found, strict=True):
                said[k] = replace(said[k], axis=place) if place >= 0 else ColumnName("other")
        foreign |= _leave_lesser_out(names, said, quantity, wanted, foreign, counted)
    return said


def _with_axes(names: Sequence[str]) -> list[str]:
    """Names with an axis each, where three are the same sensor: ``acc, acc, acc``.

    Where bare axes stand more than once, the name before them is theirs: ``gyr, x, y, z, acc, x``.
    """
    stems = [_AGAIN.sub("", name) for name in names]
    found = list(names)
    if stems.count("x") > 1:
        above = ""
        for k, stem in enumerate(stems):
            bare = stem in ("w", "x", "y", "z")
            above = above if bare else stem
            found[k] = (
                f"{above} {stem}" if bare and column_name(f"{above} x").axis >= 0 else names[k]
            )
    for stem in {stem for stem in stems if stem and is_sensor(stem)}:
        places = [k for k, one in enumerate(stems) if one == stem]
        if len(places) == 3:
            for axis, k in zip("xyz", places, strict=True):
                found[k] = f"{axis} {stem}"
    return found


def is_sensor(name: str) -> bool:
    """Whether a name is that of a sensor and of none of its axes.

    Examples
    --------
    >>> is_sensor("acc"), is_sensor("Gyroscope [deg/s]"), is_sensor("acc_x"), is_sensor("acc norm")
    (True, True, False, False)
    """
    axis = column_name(name).axis
    return axis < 0 and column_name(f"x {name}").quantity in ("acc", "linear", "gravity", "gyr")


def is_axis_of_unknown(name: str) -> bool:
    """Whether a name has an axis, and no word or unit that says what was measured along it.

    Examples
    --------
    >>> is_axis_of_unknown("wb_x"), is_axis_of_unknown("mag_x"), is_axis_of_unknown("shift X (mm)")
    (True, False, False)
    """
    said = column_name(name)
    known = OTHER | LINEAR | GRAVITY | ACCELERATION | ANGULAR_VELOCITY
    bare = not said.unit and not _BRACKETS.match(name)
    return bare and said.quantity == "other" and 0 <= said.axis < 3 and known.isdisjoint(
        plain_words(name)
    )  # fmt: skip


def is_told_by_company(name: str) -> bool:
    """Whether a name says something beside certain others alone, as ``p`` does beside ``q, r``."""
    return " ".join(plain_words(_unit_apart(name)[0])) in _BY_COMPANY


def is_doubtful(name: str) -> bool:
    """Whether a name may be of a gyroscope, or of something else, and no unit tells.

    Examples
    --------
    >>> is_doubtful("av_x"), is_doubtful("g1"), is_doubtful("av_x_deg_s"), is_doubtful("gyr_x")
    (True, True, False, False)
    """
    stem, unit, _ = _unit_apart(name)
    words = plain_words(stem)
    beside = any(" ".join(words) in three for three in _RATES_BESIDE)
    return not unit and (beside or not DOUBTFUL.isdisjoint(_axis_apart(words)[1]))


def may_be_angular(name: str) -> bool:
    """Whether a name is of an acceleration or of an angular one.

    Examples
    --------
    >>> may_be_angular("alpha_x"), may_be_angular("f_x")
    (True, False)
    """
    return " ".join(plain_words(name)) in _FORCES[-1]


def may_be_angle(name: str) -> bool:
    """Whether a name of a gyroscope is that of an angle as well.

    Examples
    --------
    >>> may_be_angle("gyro_roll"), may_be_angle("giroX"), may_be_angle("gyro_x")
    (True, True, False)
    """
    words = plain_words(name)
    return not {*_TURNS, "giro"}.isdisjoint([*words, *_axis_apart(words)[1]])


def _told_by_company(names: Sequence[str], said: list[ColumnName]) -> None:
    """Take rates p, q, r beside an acceleration, and forces f_x, f_y, f_z beside a gyroscope.

    LabVIEW calls the time "X_Value"; beside another time, or a "Y_Value", it is an axis.
    """
    said_of = [plain_words(name) for name in names]
    values = {words[0] for words in said_of if words[1:] == ["value"]}
    if values == {"x"} and not any(one.quantity == "time" for one in said):
        for k, words in enumerate(said_of):
            if words == ["x", "value"]:
                said[k] = ColumnName("time")
    places: dict[str, tuple[int, str]] = {}
    for k, name in enumerate(names):
        if said[k].quantity == "other" and is_told_by_company(name):
            stem, unit, _ = _unit_apart(name)
            bracketed = _BRACKETS.match(name)
            # newtons are those of a plate
            if unit or bracketed is None or _AXIS.fullmatch(bracketed[2]):
                places[" ".join(plain_words(stem))] = k, unit
    having = {one.quantity for one in said if one.axis >= 0}
    triads: tuple[tuple[Quantity, list[str]], ...] = (
        ("gyr", [*_RATES]), *(("acc", names) for names in _FORCES),
        *(("gyr", names) for names in _RATES_BESIDE))  # fmt: skip
    for quantity, triad in triads:
        other = "acc" if quantity == "gyr" else "gyr"
        if quantity not in having and other in having and places.keys() >= {*triad}:
            units = {places[name][1] for name in triad}
            if all(not unit or _measures(quantity, unit) for unit in units):
                having.add(quantity)
                for axis, name in enumerate(triad):
                    said[places[name][0]] = ColumnName(quantity, axis, places[name][1])


def _leave_lesser_out(
    names: Sequence[str],
    said: list[ColumnName],
    quantity: str,
    wanted: frozenset[str],
    foreign: frozenset[str],
    counted: Collection[int],
) -> frozenset[str]:
    """Of several triads of one quantity keep the one that is plainly meant.

    What tells the names of others from it is returned: those of the gyroscope that have it are of
    another sensor.
    """
    every = [k for k, one in enumerate(said) if one.quantity == quantity and 0 <= one.axis < 3]
    groups: dict[tuple[str, ...], list[int]] = {}
    for k in every:
        words = sensor_words(names[k])
        if wanted <= {*words} and foreign.isdisjoint(words):
            stem, _, _ = _unit_apart(names[k])
            groups.setdefault((*_axis_apart(plain_words(stem))[1], said[k].unit), []).append(k)
    unscaled = [words for words, found in groups.items() if not {*found}.isdisjoint(counted)]
    kept = _plainly_meant(groups, unscaled)
    for k in set(every) - set(kept):
        said[k] = ColumnName("other")
    own = {word for k in kept for word in sensor_words(names[k])}
    others = {word for k in set(every) - set(kept) for word in sensor_words(names[k])}
    return frozenset(others - own - LESSER - NEUTRAL - ACCELERATION - ANGULAR_VELOCITY)


def sensor_words(name: str) -> list[str]:
    """The words of a column's name that may tell its sensor, without the unit.

    Examples
    --------
    >>> sensor_words("Sensor 2: ACC.X [g]"), sensor_words("acc1_x")
    (['sensor', '2', 'acc', 'x'], ['acc', '1', 'x'])
    """
    found: list[str] = []
    for word in plain_words(_unit_apart(name)[0]):
        sensor = _without_number(word)
        found += [sensor, word.removeprefix(sensor)] if sensor != word else [word]
    return found


def _plainly_meant(
    groups: Mapping[tuple[str, ...], list[int]], unscaled: Collection[tuple[str, ...]]
) -> list[int]:
    """The columns of one of several triads; all where none is plain, or they are no triads."""
    every = [k for found in groups.values() for k in found]
    if len(groups) < 2 or any(len(found) != 3 for found in groups.values()):
        return every

    at_the_waist = at_waist(" ".join(words[:-1]) for words in groups)
    # beside others, each with its place, the one without a name is the sensor itself
    unnamed = [words for words in groups if _SENSORS.issuperset(words[:-1])]
    elsewhere = sum(names_elsewhere(" ".join(words)) for words in groups) == len(groups) - 1

    def rank(words: tuple[str, ...]) -> tuple[bool, ...]:
        named = bool(_sensor_of(words)) or NEUTRAL.issuperset(words[:-1])
        worn, sure = " ".join(words[:-1]) in at_the_waist, DOUBTFUL.isdisjoint(words)
        lesser = not LESSER.isdisjoint(words)  # than what was made of it, without a unit
        made = not MADE.isdisjoint(words) or (lesser and words in unscaled)
        known = not made, not lesser, FILTERED.isdisjoint(words)
        return named, worn, elsewhere and [words] == unnamed, sure, *known

    first, second = sorted(groups, key=rank, reverse=True)[:2]
    return groups[first] if rank(first) > rank(second) else every


@lru_cache(512)  # a file's names are asked for several times, and files are alike
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
    ColumnName(quantity='acc', axis=0, unit='m_s2', unknown='', of='')
    >>> column_name("gyr_z_deg_s").unit, column_name("wy(deg/s)").quantity
    ('deg_s', 'gyr')
    >>> column_name("Temp").quantity, column_name("acc_time").of
    ('other', 'acc')
    >>> column_name("acc 2").axis, column_name("Temp 2").axis
    (12, -1)
    """
    # a second column of a name gets a number from those who read it
    bare = re.sub(r"(?<=[\])])\.\d+$", "", name[:_LONGEST_NAME].strip().strip("\"'"))
    stem, unit, unknown = _unit_apart(bare)
    if unit_cell.strip():
        unit = unit_in_brackets(unit_cell) or unit
        unknown = "" if unit or _is_note(unit_cell) else unit_cell.strip()
    words = plain_words(re.sub(r"\bg-?F(?=[ _]?[xyzXYZ]\b)", "gforce ", stem))
    words = _with_directions([part for word in words for part in known_parts(word)])
    words = _without_and(words)
    axis, words = _axis_apart(words)
    if axis < 0 and unit and not _measures("time", unit):
        axis, words = _axis_beside_unit(words, unit)
    if axis >= 0 and _measures("time", unit) and not TIME.isdisjoint(words):
        axis = -1  # "ACC X Time Series (s)"
    quantity = _quantity(words, axis, unit)
    if quantity == "other" and axis >= _NUMBERED:
        axis = -1
    if quantity in UNITS and unit and not _measures(quantity, unit):
        # "gx (g)": the letter g alone says less than the unit
        other = next((q for q in ("acc", "gyr") if _measures(q, unit)), None)
        if quantity != "time" and other is not None and words[:1] in (["g"], ["a"], ["w"]):
            quantity = "acc" if other == "acc" else "gyr"
        else:
            # MATLAB leaves "s" of °/s in names
            unit, unknown = "", "" if (quantity, unit) == ("gyr", "s") else unit
    if quantity in ("acc", "gyr") and not unit and not unknown:
        unknown = next((w for w in _after_stem(words) if w in _FOREIGN), "")
    if quantity == "acc" and not unit and "gforce" in words:
        unit = "g"
    of = ""
    if quantity == "time":
        unit = unit or _time_unit(words)
        # a clock's ticks are in none of our units, whatever they look like
        unknown = "ticks" if not unit and not {"tick", "ticks"}.isdisjoint(words) else unknown
        of = _sensor_of(words)
    if quantity == "xyz" and unit:
        quantity = "acc" if _measures("acc", unit) else "gyr" if _measures("gyr", unit) else "other"
        if _measures("time", unit):  # "X [s]", over the samples
            quantity, axis = "time", -1
    return ColumnName(quantity, axis, unit, unknown if quantity in UNITS else "", of)


def _with_directions(words: list[str]) -> list[str]:
    """Words with a direction of the body as one, which may be written as two: "ant-post"."""
    found: list[str] = []
    for word in words:
        if found and f"{found[-1]}{word}" in DIRECTIONS and len(found[-1]) > 2:
            found[-1] += word
        else:
            found.append(word)
    return found


def _without_and(words: list[str]) -> list[str]:
    """Words without the Spanish "and", which is no axis: "fecha y hora"."""
    return [
        word for k, word in enumerate(words)
        if not (word == "y" and {*words[k - 1 : k], *words[k + 1 : k + 2]} <= TIME
                and 0 < k < len(words) - 1)
    ]  # fmt: skip


def quantity_of_file(place: str) -> str:
    """What the name of a file says that is in it: ``acc``, ``gyr``, or nothing.

    Examples
    --------
    >>> quantity_of_file("run.zip, day 1/Gyroscope.csv"), quantity_of_file("run.csv")
    ('gyr', '')
    """
    file = PurePath(place.rpartition(", ")[2]).name
    said = column_name(f"{file.partition('.')[0]} x").quantity
    return said if said in ("acc", "gyr") else ""


def _unit_apart(name: str) -> tuple[str, str, str]:
    """A name without its unit, the unit, and what stands in its place and is none."""
    name = name.translate(_FULL_WIDTH)
    within = _BRACKETS_WITHIN.match(name)
    if within and (unit := unit_of(within[2])):  # "acc (g) x"
        return f"{within[1]} {within[3]}", unit, ""
    if within and _AXIS.fullmatch(within[2]):  # "acc (x) [g]"
        return _unit_apart(" ".join(within.groups()))
    if _WITHIN_UNIT.search(name) and (found := _unit_at_end(name)):  # "acc x m/(s^2)"
        return *found, ""
    bracketed = _BRACKETS.match(name)
    if bracketed and _AXIS.fullmatch(bracketed[2]):  # "acc[0]", "acc (x)"
        stem, unit, unknown = _unit_apart(bracketed[1])
        return f"{stem} {bracketed[2]}", unit, unknown
    if bracketed and (names_waist(bracketed[2]) or names_elsewhere(bracketed[2])):
        stem, unit, unknown = _unit_apart(bracketed[1])  # "acc x, g [pelvis]"
        return f"{bracketed[2]} {stem}", unit, unknown
    if bracketed:
        stem, unit = bracketed[1].rstrip("/ "), unit_in_brackets(bracketed[2])
        if not (unit or _is_note(bracketed[2])) and (found := _unit_at_end(stem)):
            return *found, ""  # "acc x, g (serial number 1)"
        return stem, unit, "" if unit or _is_note(bracketed[2]) else bracketed[2]
    if found := _unit_at_end(name):
        return *found, ""
    divided = _SLASH.match(name)  # "a / m s^-2"
    if divided and (unit := unit_of(divided[2])):
        return divided[1], unit, ""
    return name, "", ""


def _unit_at_end(name: str) -> tuple[str, str] | None:
    """A name whose last words are a unit without it, and that unit."""
    for gap in _SEPARATED.finditer(name):
        ending = name[gap.end() :]
        if not gap.start() or len(ending) > _LONGEST_UNIT or ending.lower() in _NO_ENDING:
            continue
        if unit := unit_of(ending):
            return name[: gap.start()], unit
    return None


def _measures(quantity: str, unit: str) -> bool:
    """Whether it is a unit of that quantity."""
    return unit_scale(quantity, unit) is not None


def _is_note(text: str) -> bool:
    """Whether what stands in the place of a unit says something else, such as a zone."""
    zone = re.fullmatch(r"[+-]\d{2}:?\d{2}", text.strip()) is not None
    return zone or _NOTES.issuperset(plain_words(text))


def _axis_apart(words: list[str]) -> tuple[int, list[str]]:
    """The axis that a name is about, and its other words."""
    for place, word in enumerate(words):
        if word in ("x", "y", "z"):
            rest = [*words[:place], *words[place + 1 :]]
            return "xyz".index(word), [_without_number(one) for one in rest]
    for place, word in enumerate(words):
        turns = _TURNS | (_OF_BROWSERS if _turning(words) else {})
        if word in turns and not {"rate", "rotationrate"}.isdisjoint(words):
            return "xyz".index(turns[word]), [*words[:place], *words[place + 1 :]]
        if together := _stuck(word):
            sensor, axis = together
            return "xyz".index(axis), [*words[:place], sensor, *words[place + 1 :]]
    for place, word in reversed(list(enumerate(words))):
        rest = [*words[:place], *words[place + 1 :]]
        if word in DIRECTIONS and _sensor_of(rest):
            return _DIRECTED, rest
        if word in ("0", "1", "2") and rest == ["xyz"]:
            return int(word), []
        if word in ("0", "1", "2", "3") and _sensor_of(rest):
            return _NUMBERED + int(word), rest
        stuck = _STUCK.fullmatch(word)
        if stuck and (len(stuck[1]) > 1 or stuck[1] in "aw"):
            return _NUMBERED + int(stuck[2]), [*words[:place], stuck[1], *words[place + 1 :]]
    return -1, words


def _axis_beside_unit(words: list[str], unit: str) -> tuple[int, list[str]]:
    """The axis of a name that only its unit explains: ``Rx [deg/s]``, ``roll [deg/s]``."""
    for place, word in enumerate(words):
        letter = _TURNS.get(word) or (word[-1] if re.fullmatch("[a-z]{1,4}[xyz]", word) else "")
        if _measures("gyr", unit) and words == [word]:
            letter = letter or _RATES.get(word, "")
        if letter:
            return "xyz".index(letter), [*words[:place], *words[place + 1 :]]
    return -1, words


def _stuck(word: str) -> tuple[str, str] | None:
    """A sensor and an axis that are written as one word, in either order."""
    known = _STUCK.fullmatch(word)
    if known and known[2] in "xyz":
        return known[1], known[2]
    for sensor, axis in ((_without_number(word[:-1]), word[-1]), (word[1:], word[0])):
        if axis in "xyz" and len(sensor) > 1 and sensor in ACCELERATION | ANGULAR_VELOCITY:
            return sensor, axis
    return None


def _without_number(word: str) -> str:
    """The name of a sensor without its number: ``acc1``."""
    numbered = _NUMBERED_SENSOR.fullmatch(word)
    known = numbered is not None and numbered[1] in ACCELERATION | ANGULAR_VELOCITY
    return numbered[1] if numbered is not None and known else word


def _sensor_of(words: Sequence[str]) -> str:
    """The quantity of the sensor that words name; empty without one."""
    if _turning(words):
        return "gyr"
    return "acc" if _accelerating(words) else ""


def _accelerating(words: Sequence[str]) -> bool:
    text = " ".join(words)
    return not ACCELERATION.isdisjoint(words) or any(pair in text for pair in ACCELERATION_PAIRS)


def _turning(words: Sequence[str]) -> bool:
    text = " ".join(words)
    return (
        text == "rate"
        or ("angular" in words and NEUTRAL.issuperset({*words} - {"angular"}))
        or not ANGULAR_VELOCITY.isdisjoint(words)
        or any(pair in text for pair in ANGULAR_VELOCITY_PAIRS)
    )


def _quantity(words: list[str], axis: int, unit: str) -> Quantity:
    having = frozenset(words)
    turning = _turning(words)
    if axis < 0:
        if not words:
            return "time" if _measures("time", unit) else "other"
        named = len(words) == 1 and unit_of(words[0]) in UNITS["time"]
        named = named or any(pair in " ".join(words) for pair in TIME_PAIRS)
        if "t" in words[1:] and _sensor_of(words) and not _measures("time", unit):
            return "other"  # "aT", a total; "t_acc" is a time
        since = {"offset"} if words[-1] == "time" else set()  # "offset time", not "time offset"
        if (having & TIME or named) and not having & (OTHER - {"gps"} - since):
            return "time"
        units = frozenset(word for word in words if unit_of(word) in UNITS["time"])
        if len(units) > 1 and having <= units | {"of", "the"} and "of" in having:
            return "time"
        if having & WHEN and having <= WHEN | BESIDE_WHEN | units:
            return "time"
        return "count" if having & COUNT else "other"
    if having & (OTHER - {"velocity", "vel", "speed"}):
        return "other"
    if having & {"velocity", "vel", "speed"} and not turning:
        return "other"
    if "angular" in having and having & ACCELERATION and not turning:
        return "other"
    if having & GRAVITY and having & WITHOUT:
        return "linear"
    if turning or ("g" in having and not having & (ACCELERATION | {"force"})):
        return "gyr"
    if having & GRAVITY:
        return "gravity"
    if having & LINEAR:
        return "linear"
    if _accelerating(words):
        return "acc"
    # what has a unit of its own needs no name
    measured = _measures("acc", unit) or _measures("gyr", unit)
    return "xyz" if measured or having <= NEUTRAL else "other"


def _after_stem(words: list[str]) -> list[str]:
    """The words behind that of the quantity."""
    for place, word in enumerate(words):
        if word in ACCELERATION or word in ANGULAR_VELOCITY or word in {"g", "velocity", "rate"}:
            return words[place + 1 :]
    return []


def _time_unit(words: list[str]) -> str:
    if "of" in words:  # "ms of day"
        words = words[: words.index("of")]
    return next((unit_of(w) for w in reversed(words) if unit_of(w) in UNITS["time"]), "")
