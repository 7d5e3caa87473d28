"""Words of column names by what they mean, in the languages in which people name columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})")
#: Chinese, Japanese and Korean words stand beside a letter without a blank.
_IDEOGRAMS: Final = "\u1100-\u11ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_IDEOGRAPHIC: Final = re.compile(rf"[{_IDEOGRAMS}]+")
_BESIDE: Final = re.compile(rf"(?<=[{_IDEOGRAMS}])(?=[a-z0-9])|(?<=[a-z0-9])(?=[{_IDEOGRAMS}])")


def plain_words(text: str) -> list[str]:
    """Words in small letters, without accents and what stands between them.

    Examples
    --------
    >>> plain_words("Accélération_X"), plain_words("gyroRotationX"), plain_words("角速度X")
    (['acceleration', 'x'], ['gyro', 'rotation', 'x'], ['角速度', 'x'])
    """
    parted = unicodedata.normalize("NFKD", _CAMEL.sub(" ", text).lower())
    plain = "".join(c for c in parted if not unicodedata.combining(c))
    return [word for word in re.split(r"[^\w°]+|_", _BESIDE.sub(" ", plain)) if word]


def word_set(words: str) -> frozenset[str]:
    """Words as :func:`plain_words` gives them."""
    return frozenset(plain_words(words))


def _phrases(*phrases: str) -> tuple[str, ...]:
    return tuple(" ".join(plain_words(phrase)) for phrase in phrases)


TIME: Final = word_set(
    "time times timestamp timestamps stamp t ts seconds elapsed epoch epoc datetime date clock "
    "unix tv tow itow sampletimefine utc loggingtime ticks tick sampletime sensortime datenum "
    "zeit zeitstempel uhrzeit temps heure horodatage tiempo hora tempo orario tijd tijdstip tid "
    "datum fecha tarih дата dátum ημερομηνία 日付 日期 날짜 "
    "tidspunkt czas aika cas время zaman idő χρόνος 時間 時刻 时间 时刻 時間戳 时间戳 시간 시각 "
    "onset zeitmarke systemzeit messzeit aufnahmezeit tidpunkt aikaleima czasu времени временная "
    "час זמן เวลา waktu timp vrijeme време समय زمان aeg laiks laikas tími zeitpunkt istante タイム "
    "日時 タイムスタンプ الزمن الوقت uptime unixtime posix filetime"
)
TIME_PAIRS: Final = _phrases("thời gian")
#: These are of a time where nothing but a unit, or a word of the second set, stands beside them.
WHEN: Final = word_set("since received recv arrival arrived")
BESIDE_WHEN: Final = word_set("at on host phone device sensor boot start reset power up begin")
COUNT: Final = word_set(
    "index idx counter packetcounter count sample samples number no nr row frame seq id"
)
ACCELERATION: Final = word_set(
    "acc ac acce accl xl accel acceler accelerometer accelerometers acceleration accelerations a "
    "gforce totalacceleration accelerometeracceleration "
    "beschleunigung beschleunigungen beschleunigungssensor beschl besch accelerometre accelero "
    "akselerasjon akselerometer aceleracion acel "
    "acelerometro accelerazione accelerometro aceleracao versnelling versnellingsmeter "
    "przyspieszenie akcelerometr accelerometer acceleration kiihtyvyys zrychleni ivme "
    "التسارع تسارع прискорення תאוצה ความเร่ง percepatan acceleratie acceleracio "
    "zrychlenie pospesek ubrzanje убрзање त्वरण شتاب kiirendus paatrinajums pagreitis hroðun "
    "アクセル "
    "ускорение акселерометр gyorsulás επιτάχυνση 加速度 加速度計 加速度计 가속도 가속도계"
)
ACCELERATION_PAIRS: Final = _phrases("specific force", "gia tốc")
ANGULAR_VELOCITY: Final = word_set(
    "gyr gy gyro gyros giro gyroscope gyroscopes rotationrate omega ω w as av avel om spin dps "
    "angularvelocity angvel "
    "angrate pqr gyroskop drehrate drehgeschwindigkeit drehgeschw dreh winkelgeschwindigkeit "
    "winkelgeschw kreisel "
    "gyrometre gyrom giroscopio gyroscopio giroscopo girometro gyrorotation "
    "hoeksnelheid gyroscoop zyroskop vinkelhastighet vinkelhastighed kulmanopeus gyroskooppi "
    "szögsebesség giroszkóp γυροσκόπιο гироскоп jiroskop 角速度 角速率 陀螺仪 "
    "陀螺儀 ジャイロ ジャイロスコープ 각속도 자이로 자이로스코프 nurkkiirus hornhraði "
    "ความเร็วเชิงมุม"
)
#: Words of a gyroscope, and of an accelerometer, that are of other things as well.
DOUBTFUL: Final = word_set("av avel om spin xl giro")
ANGULAR_VELOCITY_PAIRS: Final = _phrases(
    "angular velocity", "angular rate", "angular speed", "rotation rate", "rotational velocity",
    "angular vel", "rotation vel", "rot vel", "vel rot", "vel giro", "turn rate",
    "ang vel", "ang rate", "rate gyro", "body rate", "vel ang", "vitesse angulaire",
    "vitesse de rotation", "vit ang",
    "velocidad angular", "velocità angolare", "velocidade angular", "prędkość kątowa",
    "угловая скорость", "açısal hız", "úhlová rychlost", "γωνιακή ταχύτητα", "vận tốc góc",
    "السرعة الزاوية", "кутова швидкість", "מהירות זוויתית", "kecepatan sudut", "velocitat angular",
    "viteză unghiulară", "kotna hitrost", "kutna brzina", "угаона брзина", "ъглова скорост",
    "कोणीय वेग", "leņķiskais ātrums", "kampinis greitis", "سرعت زاویه",
)  # fmt: skip
#: What makes something else of a word that it stands in.
_CHANGES: Final = ("角加", "線", "线", "重力", "合成", "差")


def known_parts(word: str) -> list[str]:
    """What is known in a word that is made of several; else itself.

    Words of Chinese, Japanese and Korean are, and the times of a sensor that programs call so.

    Examples
    --------
    >>> known_parts("tacc"), known_parts("tab")
    (['t', 'acc'], ['tab'])
    >>> known_parts("計測時間"), known_parts("角加速度"), known_parts("前後加速度")
    (['時間'], ['角加速度'], ['前後', '加速度'])
    """
    if word[:1] == "t" and len(word) > 2 and word[1:] in ACCELERATION | ANGULAR_VELOCITY:
        return ["t", word[1:]]
    if not _IDEOGRAPHIC.fullmatch(word) or any(other in word for other in _CHANGES):
        return [word]
    known = [w for w in ACCELERATION | ANGULAR_VELOCITY | TIME if _IDEOGRAPHIC.fullmatch(w)]
    best = max((w for w in known if word.startswith(w) or word.endswith(w)), key=len, default=word)
    direction = word.removesuffix(best)
    return [direction, best] if direction in DIRECTIONS else [best]


#: An acceleration from which gravity was taken, as phones give it.
LINEAR: Final = word_set(
    "linear lin user free freeacc linacc linearacceleration dynamic lineare lineaire lineal "
    "lineair liniowe linjar linjär 線形 线性"
)
GRAVITY: Final = word_set("gravity grav gravitation gravite gravedad gravita gravidade schwerkraft")
WITHOUT: Final = word_set("without wo no free removed less ohne sans sin senza sem zonder bez utan")
OTHER: Final = word_set(
    "mag magn magnet magnetometer magnetic quat quaternion euler roll pitch yaw angle angles "
    "temp temperature delta dt dv dq bias var variance std sd mean norm magnitude pressure lux "
    "compass offset light ecg hr pos position vel velocity speed gps battery orientation status "
    "jerk"
)
#: Words that change nothing where an axis alone is named.
NEUTRAL: Final = word_set(
    "axis axes sensor imu raw cal calibrated data value values ln wr wide low noise range "
    "lowg signal channel uncalibrated uncal total rotation of the device in val v attr attribute"
)
#: Directions of the body, by which laboratories name axes.
DIRECTIONS: Final = word_set(
    "ap pa anteroposterior anterior antpost fore forward forwards longitudinal sideways "
    "transversal ml lr lat lateral mediolateral medlat "
    "v vt vert vertical si is cc craniocaudal superoinferior infsup supinf up "
    "前後 左右 上下 鉛直 前后"
)
#: Places of a body that this sensor is for, and others.
WAIST: Final = word_set(
    "waist sacrum sacral pelvis pelvic l4 l5 lumbar lowerback belt waistband becken sacro "
    "ceinture cintura hip hips hufte kreuzbein kreuz rucken lende lenden lws steiss bassin taille "
    "hanche lombaire lombaires bacino anca lombare cadera caderas heup bekken "
    "пояс таз крестец поясница 腰 骨盤 骨盆 허리 골반"
)
#: A vertebra of the sacrum, where there is one such word alone; several are of sensors 1, 2 …
_SACRAL: Final = word_set("s1 s2")
_NUMBERED: Final = re.compile(r"s\d{1,2}")
#: Places at which what is measured is none of a pelvis.
_ELSEWHERE: Final = word_set(
    "wrist watch hand forearm arm upperarm ankle foot feet shoe insole heel toe shank tibia shin "
    "calf knee thigh head neck ear chest sternum thorax handgelenk fuss knochel schuh kopf brust "
    "poignet cheville pied chaussure tete poitrine muneca tobillo pie zapato cabeza pecho polso "
    "fuß caviglia piede scarpa testa petto 手首 足首 足 手腕 脚踝"
)
#: What may name it, or another place.
_PERHAPS_WAIST: Final = word_set("lb back trunk spine core torso dos schiena espalda rug 背中 背")
_WAIST_PAIRS: Final = _phrases("lower back", "low back", "lower spine", "lower trunk")


def names_waist(text: str) -> bool:
    """Whether words say of a sensor that it sits where this one belongs.

    Examples
    --------
    >>> names_waist("LowerBack"), names_waist("lumbar_imu"), names_waist("upper back")
    (True, True, False)
    """
    words = plain_words(text)
    return not WAIST.isdisjoint(words) or any(pair in " ".join(words) for pair in _WAIST_PAIRS)


def at_waist(labels: Iterable[str]) -> list[str]:
    """Those of several sensors of which the words say that they sit where this one belongs.

    Examples
    --------
    >>> at_waist(["S1", "foot"]), at_waist(["S1", "S2"]), at_waist(["pelvis", "foot"])
    (['S1'], [], ['pelvis'])
    """
    said = {label: frozenset(plain_words(label)) for label in labels}
    numbered = {word for words in said.values() for word in words if _NUMBERED.fullmatch(word)}
    sacral = numbered & _SACRAL if len(numbered) == 1 else frozenset()
    return [label for label, words in said.items() if words & sacral or names_waist(label)]


def may_be_waist(text: str) -> bool:
    """Whether words may say so, or of another place of the trunk.

    Examples
    --------
    >>> may_be_waist("LB"), may_be_waist("RF")
    (True, False)
    """
    return not _PERHAPS_WAIST.isdisjoint(plain_words(text))


def names_elsewhere(text: str) -> bool:
    """Whether words say of a sensor that it sits elsewhere.

    Examples
    --------
    >>> names_elsewhere("left_ankle"), names_elsewhere("pelvis"), names_elsewhere("imu")
    (True, False, False)
    """
    return not _ELSEWHERE.isdisjoint(plain_words(text)) and not names_waist(text)


#: Of two columns for the same, that with such a word is the lesser one; MADE is made of the other,
#: smoothed or turned to the earth, and so may be FILTERED.
MADE: Final = word_set("lp lpf lowpass hp hpf highpass smooth smoothed world global earth enu ned")
FILTERED: Final = word_set("filt filtered")
LESSER: Final = word_set(
    "raw uncal uncalibrated unfiltered ln noise lownoise lowg counts lsb count adc"
)
