"""Units of time, acceleration and angular velocity, as people write them."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from imu.samples import STANDARD_GRAVITY_M_S2

#: Each accepted unit of time, in s.
TIME_UNITS: Final[Mapping[str, float]] = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

#: Each accepted unit of acceleration, in m/s².
ACCELERATION_UNITS: Final[Mapping[str, float]] = {
    "m_s2": 1.0,
    "g": STANDARD_GRAVITY_M_S2,
    "mg": STANDARD_GRAVITY_M_S2 / 1000.0,
}

#: Each accepted unit of angular velocity, in rad/s.
ANGULAR_VELOCITY_UNITS: Final[Mapping[str, float]] = {
    "rad_s": 1.0,
    "deg_s": math.pi / 180.0,
    "mdeg_s": math.pi / 180e3,
}

#: Units that are read where a name says them, and that numbers alone never tell.
_SELDOM: Final[Mapping[str, Mapping[str, float]]] = {
    # the digits of a clock are made seconds where times are read
    "time": {"cs": 1e-2, "min": 60.0, "h": 3600.0, "d": 86400.0, "hhmmss": 1.0},
    "acc": {
        "cm_s2": 1e-2,
        "mm_s2": 1e-3,
        "ft_s2": 0.3048,
        "ug": STANDARD_GRAVITY_M_S2 / 1e6,
    },
    "gyr": {
        "rpm": math.pi / 30.0,
        "rev_s": 2.0 * math.pi,
        "mrad_s": 1e-3,
        "cdeg_s": math.pi / 180e2,
        "deg_h": math.pi / 180.0 / 3600.0,
    },
}

#: By quantity.
UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "time": {**TIME_UNITS, **_SELDOM["time"]},
    "acc": {**ACCELERATION_UNITS, **_SELDOM["acc"]},
    "gyr": {**ANGULAR_VELOCITY_UNITS, **_SELDOM["gyr"]},
}

#: Those that are named to people, by quantity.
USUAL_UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "time": TIME_UNITS,
    "acc": ACCELERATION_UNITS,
    "gyr": ANGULAR_VELOCITY_UNITS,
}

#: Seconds in the languages in which people name columns.
_SECONDS: Final = (
    "s sec secs second seconds sekunde sekunden seconde secondes segundo segundos secondi secondo "
    "secunda secunde sekund sekunder sekundy sekunda sekundę sekundu sekunti sekuntia saniye sn "
    "másodperc с сек секунда секунды секунду секунд секунди δευτερόλεπτο δευτερόλεπτα 秒 초"
)
#: Spellings of a word, without blanks, carets, dots and brackets.
_SPELLINGS: Final[Mapping[str, str]] = {
    spelling: unit
    for unit, spellings in {
        "s": _SECONDS,
        "ms": "ms msec msecs millis millisec milliseconds millisecond millisekunde millisekunden "
        "milliseconde millisecondes milisegundo milisegundos millisecondi milissegundos мс 毫秒 "
        "ミリ秒 밀리초",
        "cs": "cs csec centisecond centiseconds",
        "us": "us µs μs usec usecs micro micros microsec microseconds microsecond mikrosekunden "
        "microsecondes microsegundos мкс 微秒 マイクロ秒",
        "ns": "ns nsec nsecs nano nanos nanosec nanoseconds nanosecond",
        "min": "min mins minute minutes",
        "h": "h hr hrs hour hours",
        "d": "d day days",
        "m_s2": "m_s2 m/ss ms-2 mps2 m_s_s mpss",
        "g": "g gs g0 gn gee gees g-force gforce",
        "mg": "mg milli-g millig",
        "ug": "ug µg μg microg",
        "cm_s2": "cm_s2 cms-2 gal",
        "mm_s2": "mm_s2 mms-2",
        "ft_s2": "ft_s2 fts-2",
        "rad_s": "rad_s rads rads-1 radsec",
        "deg_s": "deg_s d/s dps degs degs-1 °s-1 degsec",
        "mdeg_s": "mdeg_s mdps mdegs-1",
        "mrad_s": "mrad_s mrads mrads-1",
        "rpm": "rpm",
        "deg_h": "dph",
        "cdeg_s": "cdps cdegs-1",
        "rev_s": "rps",
    }.items()
    for spelling in spellings.split()
}


def _without_accents(text: str) -> str:
    """Letters as units are looked up, whatever marks a language puts on them."""
    text = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text))
    return "".join(c for c in text if not unicodedata.combining(c))


#: What units are made of, and how else that is written.
_PARTS: Final[Mapping[str, str]] = {
    _without_accents(spelling): part
    for part, spellings in {
        "s": _SECONDS,
        "min": "min minute minutes",
        "h": "h hr hour hours",
        "m": "m meter meters metre metres mètre mètres metro metros metri metern metrów metrů "
        "metreä metriä м метр метра метров метрів метри μέτρα 米 公尺 メートル 미터",
        "cm": "cm centimeter centimeters centimetre centimetres",
        "mm": "mm millimeter millimeters millimetre millimetres",
        "ft": "ft foot feet",
        "N": "n newton newtons",
        "kg": "kg",
        "rad": "rad rads radian radians radians radiant radianer radiaan radialen radianen radiany "
        "radiány radiani radián radianes radianos radyan radiaania рад радиан радианы радиани "
        "радіан радіани ακτίνια 弧度 ラジアン 라디안",
        "mrad": "mrad milliradian milliradians",
        "deg": "deg degs degree degrees ° grad gradi grado grados graus degré degrés grade grader "
        "graden graad stopień stopnie stopni stupeň stupně stupňů stupne stupňov stopinj derece "
        "fok astetta asteet град градус градуса градусы градусов градуси градусів μοίρες 度 도",
        "mdeg": "mdeg m° millideg",
        "cdeg": "cdeg centideg centi-deg",
        "rev": "rev revs revolution revolutions",
    }.items()
    for spelling in spellings.split()
}
#: By the powers of their parts.
_COMPOUNDS: Final[Mapping[frozenset[tuple[str, int]], str]] = {
    frozenset(powers.items()): unit
    for unit, powers in (
        ("m_s2", {"m": 1, "s": -2}),
        ("m_s2", {"N": 1, "kg": -1}),
        ("cm_s2", {"cm": 1, "s": -2}),
        ("mm_s2", {"mm": 1, "s": -2}),
        ("ft_s2", {"ft": 1, "s": -2}),
        ("rad_s", {"rad": 1, "s": -1}),
        ("mrad_s", {"mrad": 1, "s": -1}),
        ("deg_s", {"deg": 1, "s": -1}),
        ("mdeg_s", {"mdeg": 1, "s": -1}),
        ("cdeg_s", {"cdeg": 1, "s": -1}),
        ("deg_h", {"deg": 1, "h": -1}),
        ("rpm", {"rev": 1, "min": -1}),
        ("rev_s", {"rev": 1, "s": -1}),
    )
}
#: What stands between the parts, and behind one, in words.
_PER: Final = re.compile(r"(?<![a-z])per(?=[a-z ])|\b(?:pro|par|por|al|na|в|за)\b|每")
_SQUARED: Final = re.compile(
    r" *(?:\b(?:au|al|ao|do|в) )?"
    r"(?:squared|carree?|quadrato?|cuadrado|quadrado|kwadratu|квадрате|квадраті)(?![^\W\d_])"
)
_TOKEN: Final = re.compile(r"\s*(centi-deg|[^\W\d_]*°|[^\W\d_]+|[-+]?\d+|[/()])")
_LONGEST: Final = 40


#: How many of a unit a number counts: ``1/1024 s``, ``0.01 g``, ``1024 Hz``, ``16384 LSB/g``.
_NUMBER: Final = r"(\d+(?:[.,]\d+)?(?:e[+-]?\d+)?)"
_COUNT: Final = r"(?:lsb|counts?|cts?|digits?|bits?|ticks?)"
_PART: Final = re.compile(rf"1 ?/ ?{_NUMBER} ?((?:[^\W\d]|°).*)", re.I)
_MULTIPLE: Final = re.compile(rf"{_NUMBER} ?[x·*]? ?([^\W\d]|°)(.*?)( ?/ ?{_COUNT})?", re.I)
_QUOTIENT: Final = re.compile(rf"(.*(?:[^\W\d]|°)) ?/ ?{_NUMBER}", re.I)
_COUNTS: Final = re.compile(rf"{_NUMBER} ?{_COUNT} ?/ ?(.+)", re.I)
_PER_SECOND: Final = re.compile(
    rf"(?:{_COUNT}|at|@|of|clock|[ ,:(])*{_NUMBER} ?(k|m|)hz(?: ?{_COUNT})?", re.I
)


@lru_cache(512)  # asked again and again for the same few
def unit_of(text: str) -> str:
    """Our name of a unit as it stands in brackets, in a row of units or at the end of a name.

    Returns
    -------
    str
        Empty when it is none that we know.

    Examples
    --------
    >>> unit_of("m/(sec^2)"), unit_of("deg per s"), unit_of("Milliseconds"), unit_of("lsb")
    ('m_s2', 'deg_s', 'ms', '')
    >>> unit_of("град/с"), unit_of("stopnie/s"), unit_of("gradi al secondo"), unit_of("米/秒²")
    ('deg_s', 'deg_s', 'deg_s', 'm_s2')
    """
    text = text.replace("_per_", "/")
    degrees = re.sub("[º˚]", "°", text.strip().lower())  # which would become other signs
    plain = unicodedata.normalize("NFKC", degrees).replace("\u2212", "-")
    plain = re.sub(r"[\s^·⋅.*()\[\]{}âÂ'’]", "", re.sub(r"(?<![a-z])per(?![a-z])", "/", plain))
    known = _SPELLINGS.get(plain) or _SPELLINGS.get(plain.replace("_", ""), "")
    return known or _COMPOUNDS.get(_powers(text), "")


def _powers(text: str) -> frozenset[tuple[str, int]]:
    """The parts of a unit that is a product or a quotient, with the power of each.

    Examples
    --------
    >>> sorted(_powers("m/(s^2)")), sorted(_powers("(m/s)/s")), sorted(_powers("s**-1 * rad"))
    ([('m', 1), ('s', -2)], [('m', 1), ('s', -2)], [('rad', 1), ('s', -1)])
    >>> _powers("mag"), _powers("m, s")
    (frozenset(), frozenset())
    """
    plain = re.sub("[âÂ]", "", re.sub("[º˚]", "°", text[:_LONGEST].lower()))
    plain = unicodedata.normalize("NFKC", plain).replace("\u2212", "-")
    plain = _without_accents(plain)
    plain = re.sub(r"[\^·⋅.*'’]|\bde\b", " ", plain.translate({91: "(", 93: ")"}))
    plain = _PER.sub("/", re.sub(r"(?<=[a-z])per(?=sec)", "/", _SQUARED.sub(" 2", plain)))
    tokens, end = [], 0
    while found := _TOKEN.match(plain, end):
        tokens.append(found[1])
        end = found.end()
    powers: dict[str, int] = {}
    signs, sign, last = [1], 1, ""  # of the brackets around, of what comes next, what came last
    for token in tokens:
        if token == "/":
            sign = -signs[-1]
        elif token == "(":
            signs.append(sign)
        elif token == ")":  # one of both may be lost with those around the unit
            signs = signs[:-1] or [1]
            sign = signs[-1]
        elif token in _PARTS:
            last = _PARTS[token]
            powers[last] = powers.get(last, 0) + sign
            last_sign, sign = sign, signs[-1]
        elif last and token[-1].isdecimal():
            powers[last] += last_sign * (int(token) - 1)
            last = ""
        elif token != "1":
            return frozenset()
    return frozenset() if plain[end:].strip() else frozenset(powers.items())


def unit_in_brackets(text: str, *, stated: bool = False) -> str:
    """The same, also of a number of them, as :func:`unit_scale` takes it.

    Parameters
    ----------
    text : str
        As it stands there.
    stated : bool
        Whether somebody says that it is the unit; in a file ``16 g`` may be a range.

    Examples
    --------
    >>> unit_in_brackets("1/1024 s"), unit_in_brackets("ticks @ 1024 Hz"), unit_in_brackets("10 ms")
    ('s/1024', 's/1024', 'ms/0.1')
    >>> unit_in_brackets("16384 LSB/g"), unit_in_brackets("0.01 g"), unit_in_brackets("16 g")
    ('g/16384', 'g/100', '')
    >>> unit_in_brackets("g/256"), unit_in_brackets("m/s/2"), unit_in_brackets("9.81 m/s²")
    ('g/256', 'm_s2', 'm_s2/0.101936799184506')
    >>> unit_in_words(unit_in_brackets("70 mdps/LSB")), unit_in_brackets("4 g", stated=True)
    ('70 mdeg_s', 'g/0.25')
    """
    if unit := unit_of(text):
        return unit
    text = text.strip()
    if _powers(text) == {("s", -1)}:  # an angle in radians has no unit
        return "rad_s"
    if found := _PER_SECOND.fullmatch(text):
        return _divided("s", _number(found[1]) * {"": 1.0, "k": 1e3, "m": 1e6}[found[2].lower()])
    if found := _COUNTS.fullmatch(text):
        return _divided(unit_of(found[2]), _number(found[1]))
    if found := _QUOTIENT.fullmatch(text):
        return _divided(unit_of(found[1]), _number(found[2]))
    if found := _PART.fullmatch(text):
        return _divided(unit_of(found[2]), _number(found[1]))
    if found := _MULTIPLE.fullmatch(text):
        unit, number = unit_of(found[2] + found[3]), _number(found[1])
        # more than one g is rather the range of a sensor, but gravity in m/s² is a g
        is_g = unit == "m_s2" and round(number, 1) == round(STANDARD_GRAVITY_M_S2, 1)
        if stated or number < 1.0 or found[4] or unit in TIME_UNITS or is_g:
            return _divided(unit, 1.0 / number if number else 0.0)
    return ""


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _divided(unit: str, counts: float) -> str:
    if not unit or not 0.0 < counts < math.inf:
        return ""
    return unit if counts == 1.0 else f"{unit}/{counts:.15g}"


def unit_in_words(unit: str) -> str:
    """A unit as people write it: what one count is, or how many make one, by what is shorter.

    Examples
    --------
    >>> unit_in_words("ms/0.25"), unit_in_words("mg/2.04918032786885"), unit_in_words("deg_s/16.4")
    ('4 ms', '0.488 mg', 'deg_s/16.4')
    """
    name, slash, count = unit.partition("/")
    each = f"{1.0 / float(count):.12g}" if slash else ""
    return f"{each} {name}" if slash and len(each) <= len(count) else unit


def unit_scale(quantity: str, unit: str) -> float | None:
    """What one of a unit is in SI; ``g/2048`` is a sensor's count of which 2048 make one g.

    Returns
    -------
    float or None
        None when it is no unit of that quantity.

    Examples
    --------
    >>> unit_scale("time", "ms"), unit_scale("gyr", "g"), round(unit_scale("acc", "g/1000"), 5)
    (0.001, None, 0.00981)
    """
    name, slash, count = unit.partition("/")
    one = UNITS[quantity].get(name)
    if one is None or not slash:
        return one
    try:
        counts = float(count)
    except ValueError:
        return None
    return one / counts if 0.0 < counts < math.inf else None
