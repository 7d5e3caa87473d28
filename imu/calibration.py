"""Calibration of a sensor: bias, scale and axes of its accelerometer, bias of its gyroscope.

Held still, an ideal accelerometer reads 1 g in whatever position. Several still positions therefore
tell its errors without any instrument (Tedaldi, Pretto & Menegatti 2014,
doi:10.1109/ICRA.2014.6907297). With six to eight positions, bias and scale of each axis are found;
from nine on, how far the axes are from right angles too.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.errors import InputError, ParameterError
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

#: Still positions needed: one on each face.
POSITIONS_LEAST: Final = 6
#: The axes that point up when the sensor lies on its six faces.
FACES: Final = ("+x", "-x", "+y", "-y", "+z", "-z")
#: From this many on, the angles between the axes are found too.
POSITIONS_FOR_AXES: Final = 9
#: A position counts when the sensor lay still for this long, s, where nothing else is said.
STILL_S: Final = 2.0

_PIECE_S: Final = 0.5  # judged at once
_LONGEST_GAP_S: Final = 1.0  # in which nobody picks a sensor up and lays it down the same way
_SAME_POSITION_DEG: Final = 25.0
_FACE_DEG: Final = 30.0  # farthest that a face may be off the level
# Smallest singular value of the slopes (of the squared length in g) at which a position's usual
# error of 1 mg leaves the angles between the axes within 0.3°.
_LEAST_EVIDENCE: Final = 0.45
_LARGEST_BIAS_M_S2: Final = 3.0
_LARGEST_SCALE_ERROR: Final = 0.2
_ITERATIONS: Final = 30

Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
_IDENTITY: Final[Matrix] = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns raw readings into true ones: ``matrix @ (raw − bias)``.

    Attributes
    ----------
    acceleration_bias_m_s2 : tuple of 3 float
        Reading without any force, m/s².
    acceleration_matrix : 3 × 3 tuple of float
        Scale and angles of the axes.
    angular_velocity_bias_rad_s : tuple of 3 float
        Reading at rest, rad/s.
    residual_m_s2 : float, optional
        RMS deviation from 1 g over the positions used, m/s²; None when unknown.
    positions : int
        Still positions used.
    angular_velocity_matrix : 3 × 3 tuple of float
        Scale and angles of the gyroscope's axes, as some sensors keep them; standing still does not
        tell them.

    Raises
    ------
    ParameterError
        When a number is not finite or no sensor could be that wrong.

    Notes
    -----
    Tedaldi, Pretto & Menegatti 2014, doi:10.1109/ICRA.2014.6907297: held still, an accelerometer
    reads 1 g in whatever position.

    Examples
    --------
    >>> tilted = Calibration(acceleration_bias_m_s2=(0.0, 0.0, 0.2))
    >>> tilted.apply(Samples([0.0], [[0.0, 0.0, 10.0]])).acceleration_m_s2[0, 2].round(3).item()
    9.8
    """

    acceleration_bias_m_s2: tuple[float, float, float] = (0.0, 0.0, 0.0)
    acceleration_matrix: Matrix = _IDENTITY
    angular_velocity_bias_rad_s: tuple[float, float, float] = (0.0, 0.0, 0.0)
    residual_m_s2: float | None = None
    positions: int = 0
    angular_velocity_matrix: Matrix = _IDENTITY

    def __post_init__(self) -> None:
        bias = np.asarray(self.acceleration_bias_m_s2, np.float64)
        gyro = np.asarray(self.angular_velocity_bias_rad_s, np.float64)
        if bias.shape != (3,) or not np.all(np.abs(bias) <= _LARGEST_BIAS_M_S2):
            raise ParameterError(
                "acceleration_bias_m_s2",
                self.acceleration_bias_m_s2,
                f"three numbers within ±{_LARGEST_BIAS_M_S2:g} m/s²",
            )
        for name in ("acceleration_matrix", "angular_velocity_matrix"):
            matrix = np.asarray(getattr(self, name), np.float64)
            if matrix.shape != (3, 3) or not np.all(
                np.abs(matrix - np.eye(3)) <= _LARGEST_SCALE_ERROR
            ):
                raise ParameterError(
                    name,
                    getattr(self, name),
                    f"3 × 3 numbers within {_LARGEST_SCALE_ERROR:g} of the identity",
                )
        if gyro.shape != (3,) or not np.all(np.abs(gyro) <= 1.0):
            raise ParameterError(
                "angular_velocity_bias_rad_s",
                self.angular_velocity_bias_rad_s,
                "three numbers within ±1 rad/s",
            )

    def apply(self, samples: Samples) -> Samples:
        """Samples with the sensor's errors taken out; the same bits however they are cut.

        Parameters
        ----------
        samples : Samples
            As the sensor reads, N of them, sensor frame.

        Returns
        -------
        Samples
            As many, of the same times and quality.
        """
        acceleration = _turned(
            self.acceleration_matrix, samples.acceleration_m_s2 - self.acceleration_bias_m_s2
        )
        gyro = samples.angular_velocity_rad_s
        if gyro is not None:
            gyro = gyro - np.asarray(self.angular_velocity_bias_rad_s)
            if self.angular_velocity_matrix != _IDENTITY:
                gyro = _turned(self.angular_velocity_matrix, gyro)
        return Samples(samples.time_s, acceleration, gyro, samples.quality)

    def to_json(self) -> str:
        """As one line of JSON; exact.

        Returns
        -------
        str
            An object.
        """
        return json.dumps(
            {
                "acceleration_bias_m_s2": self.acceleration_bias_m_s2,
                "acceleration_matrix": self.acceleration_matrix,
                "angular_velocity_bias_rad_s": self.angular_velocity_bias_rad_s,
                "residual_m_s2": self.residual_m_s2,
                "positions": self.positions,
                "angular_velocity_matrix": self.angular_velocity_matrix,
            }
        )

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read what :meth:`to_json` wrote.

        Parameters
        ----------
        text : str
            A JSON object.

        Returns
        -------
        Calibration
            Equal to the one that was written.

        Raises
        ------
        InputError
            When it is no calibration.
        """
        try:
            content = json.loads(text)
            residual = content["residual_m_s2"]
            return cls(
                three(content["acceleration_bias_m_s2"]),
                three_rows(content["acceleration_matrix"]),
                three(content["angular_velocity_bias_rad_s"]),
                None if residual is None else float(residual),
                int(content["positions"]),
                three_rows(content.get("angular_velocity_matrix", _IDENTITY)),
            )
        except (
            KeyError,
            TypeError,
            ValueError,
            IndexError,
            RecursionError,
            OverflowError,
            ParameterError,
        ):
            raise InputError("is no calibration: calibrate the sensor again.") from None


#: Readings are taken as they are.
NO_CALIBRATION: Final = Calibration()


@dataclass(frozen=True, slots=True)
class StillParams:
    """What counts as still; the defaults are for a sensor that lies on something.

    Attributes
    ----------
    acceleration_m_s2, angular_velocity_rad_s : float
        Largest standard deviation of any axis within half a second, 0 to 10.
    drift_deg : float
        Farthest that a still stretch may turn away from where it began, degrees, 0 to 30.
    least_s : float
        Shortest stretch that counts, s, 1.5 to 60.

    Raises
    ------
    ParameterError
        When a value is outside its range.
    """

    acceleration_m_s2: float = 0.15
    angular_velocity_rad_s: float = 0.02
    drift_deg: float = 1.5
    least_s: float = STILL_S

    def __post_init__(self) -> None:
        for name, low, high in (
            ("acceleration_m_s2", 0.0, 10.0),
            ("angular_velocity_rad_s", 0.0, 10.0),
            ("drift_deg", 0.0, 30.0),
            ("least_s", 1.5, 60.0),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise ParameterError(name, value, f"a value from {low:g} to {high:g}")


@dataclass(frozen=True, slots=True, eq=False)
class StillPosition:
    """A position in which the sensor was held still.

    Attributes
    ----------
    mean : ndarray, shape (6,)
        Mean specific force, m/s², and angular velocity, rad/s (0 without a gyroscope), without
        the first and the last half second, which may hold the hand.
    seconds : float
        How long it was still.
    """

    mean: NDArray[np.float64]
    seconds: float

    @property
    def face(self) -> str:
        """The sensor axis that points up, such as ``"-z"``; empty more than 30° off any."""
        return _face(self.mean[:3])


class StillnessFinder:
    """Notices, while samples come, in which positions a sensor is held still.

    Any way of cutting the samples into blocks finds the same.

    Parameters
    ----------
    rate_hz : float
        Nominal sample rate, Hz, above 0.
    params : StillParams, optional
        What counts as still.

    Attributes
    ----------
    positions : list of StillPosition
        So far, in order; the last may still be going on and is then made anew as samples come. A
        stretch within 25° of the position before continues that; the longer of the two is kept.
    still_s, moved_s : float
        How long it has been still now, and how long it has moved altogether, s.
    """

    def __init__(self, rate_hz: float, params: StillParams | None = None) -> None:
        if not 0.0 < rate_hz < math.inf:
            raise ParameterError("rate_hz", rate_hz, "a positive sample rate in Hz")
        self.positions: list[StillPosition] = []
        self.moved_s = 0.0
        self._params = params or StillParams()
        self._n = max(2, round(_PIECE_S * rate_hz))
        self._longest_interval_s = 1.5 / rate_hz
        self._rest = np.empty((0, 6))  # samples that do not fill a piece yet
        self._last_s = -math.inf
        self._stretch: list[NDArray[np.float64]] = []  # means of its pieces
        self._listed: int | None = None  # where the stretch stands in positions
        self._former: StillPosition | None = None  # what stood there before

    @property
    def still_s(self) -> float:
        """How long it has been still now, s."""
        return _PIECE_S * len(self._stretch)

    def push(self, samples: Samples) -> None:
        """Take the next samples; a gap of a second ends a stretch, a shorter one only pauses it."""
        if not len(samples):
            return
        gyro = samples.angular_velocity_rad_s
        both = np.zeros((len(samples), 6))
        both[:, :3] = samples.acceleration_m_s2
        if gyro is not None:
            both[:, 3:] = np.where(np.isnan(gyro), 0.0, gyro)  # not measured: the force decides
        steps = np.diff(samples.time_s, prepend=self._last_s)
        gaps = np.flatnonzero(steps > self._longest_interval_s).tolist()
        self._last_s = float(samples.time_s[-1])
        start = 0
        for gap in [*gaps, len(both)]:
            self._take(both[start:gap])
            if gap < len(both):
                self._rest = self._rest[:0]
                if steps[gap] > _LONGEST_GAP_S:
                    self._end_stretch()
            start = gap

    def _take(self, rows: NDArray[np.float64]) -> None:
        rows = np.concatenate([self._rest, rows])
        count = len(rows) // self._n
        self._rest = rows[count * self._n :]
        for piece in rows[: count * self._n].reshape(count, self._n, 6):
            mean, spread = piece.mean(axis=0), piece.std(axis=0)
            limits = self._params
            if not (
                np.all(spread[:3] < limits.acceleration_m_s2)
                and np.all(spread[3:] < limits.angular_velocity_rad_s)
                and np.any(mean[:3])
            ):
                self._end_stretch()
                self.moved_s += _PIECE_S
                continue
            if self._stretch and _angle_deg(mean, self._stretch[0]) > limits.drift_deg:
                self._end_stretch()
            self._stretch.append(mean)
            if self.still_s >= limits.least_s:
                self._list()

    def _end_stretch(self) -> None:
        self._stretch = []
        self._listed = self._former = None

    def _list(self) -> None:
        found = StillPosition(np.mean(self._stretch[1:-1], axis=0), self.still_s)
        if self._listed is None:
            latest = self.positions[-1] if self.positions else None
            if latest is not None and _angle_deg(latest.mean, found.mean) < _SAME_POSITION_DEG:
                self._former = latest
            else:
                self.positions.append(found)
            self._listed = len(self.positions) - 1
        if self._former is None or self._former.seconds < found.seconds:
            self.positions[self._listed] = found


def still_positions(samples: Samples, rate_hz: float) -> list[StillPosition]:
    """The positions in which the sensor lay still, see :class:`StillnessFinder`.

    Parameters
    ----------
    samples : Samples
        In order; stretches may be of any number and order.
    rate_hz : float
        Sample rate, Hz.
    """
    finder = StillnessFinder(rate_hz)
    finder.push(samples)
    return finder.positions


def fit_calibration(means: ArrayLike) -> Calibration:
    """The calibration that makes still readings 1 g long.

    Parameters
    ----------
    means : array_like, shape (k, 6), k ≥ 6
        Mean readings of still positions, m/s² and rad/s, one on each face at least, as
        :func:`still_positions` gives them.

    Returns
    -------
    Calibration
        Scale and bias; with nine positions or more, some of them well between the faces, the
        angles between the axes too, with the sensor's x axis as the true one. Six positions fit
        exactly: their residual of 0 says nothing.

    Raises
    ------
    InputError
        When a face is missing, or no sensor could be that wrong.
    """
    table = np.asarray(means, np.float64)
    if table.ndim != 2 or table.shape[1] != 6 or not np.all(np.isfinite(table)):
        raise InputError("the still positions are no table of six finite numbers a row.")
    force = table[:, :3] / STANDARD_GRAVITY_M_S2
    missing = missing_faces(force)
    if missing:
        raise InputError(
            f"{len(FACES) - len(missing)} of 6 faces were seen, with {' '.join(missing)} up still "
            "missing: lay the sensor still on each of its six sides."
        )
    with_angles = len(force) >= POSITIONS_FOR_AXES and _tells_angles(force)
    # 1 / scale, bias; then the three terms below the diagonal
    guess = np.zeros(9 if with_angles else 6)
    for _ in range(_ITERATIONS):
        residual, slopes = _residual(force, guess), _slopes(force, guess)
        change = np.linalg.lstsq(slopes, -residual, rcond=None)[0]
        guess = guess + change
        if float(np.max(np.abs(change))) < 1e-12:
            break
    rms = math.sqrt(float(np.mean(_residual(force, guess) ** 2)))
    matrix, bias = _unpacked(guess)
    if not rms < 0.05:
        raise InputError(
            f"the positions disagree by {rms:.2f} g: keep the sensor still on each side, away from "
            "anything that shakes."
        )
    try:
        return Calibration(
            three(bias * STANDARD_GRAVITY_M_S2),
            (three(matrix[0]), three(matrix[1]), three(matrix[2])),
            three(np.median(table[:, 3:], axis=0)),
            0.5 * rms * STANDARD_GRAVITY_M_S2,
            len(force),
        )
    except ParameterError as error:
        raise InputError(
            f"no sensor is that wrong ({error.name} {error.value}): check the ranges it was "
            "configured with, and calibrate again."
        ) from None


def missing_faces(forces: ArrayLike) -> list[str]:
    """Faces on which the sensor did not lie: the axes that pointed up in none of the positions.

    Parameters
    ----------
    forces : array_like, shape (k, 3) or (k, 6)
        Mean specific force of each still position, any unit.

    Examples
    --------
    >>> missing_faces([[0, 0, 9.8], [0, 0, -9.8], [0.1, 9.7, 0.3]])
    ['+x', '-x', '-y']
    """
    seen = {_face(force) for force in np.atleast_2d(np.asarray(forces, np.float64))}
    return [face for face in FACES if face not in seen]


def _face(force: NDArray[np.float64]) -> str:
    axis = int(np.argmax(np.abs(force[:3])))
    length = float(np.linalg.norm(force[:3]))
    if not abs(float(force[axis])) > math.cos(math.radians(_FACE_DEG)) * length:
        return ""
    return f"{'+' if force[axis] > 0 else '-'}{'xyz'[axis]}"


def _tells_angles(force: NDArray[np.float64]) -> bool:
    """Whether the positions differ enough from the faces to tell the angles between the axes."""
    return bool(np.linalg.svd(_slopes(force, np.zeros(9)))[1][-1] > _LEAST_EVIDENCE)


def three(values: ArrayLike) -> tuple[float, float, float]:
    """Three numbers as a tuple.

    Raises
    ------
    ValueError
        When they are not three.
    """
    x, y, z = np.asarray(values, np.float64).tolist()
    return float(x), float(y), float(z)


def three_rows(values: ArrayLike) -> Matrix:
    """Nine numbers, row by row, as tuples.

    Raises
    ------
    ValueError
        When they are not nine.
    """
    first, second, third = np.reshape(np.asarray(values, np.float64), (3, 3))
    return three(first), three(second), three(third)


def _turned(rows: Matrix, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    # element by element: a matrix product rounds differently with the length of the block
    x, y, z = vectors.T
    return np.stack([a * x + b * y + c * z for a, b, c in rows], axis=1)


def _angle_deg(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    cosine = one[:3] @ other[:3] / (np.linalg.norm(one[:3]) * np.linalg.norm(other[:3]))
    return math.degrees(math.acos(min(1.0, max(-1.0, float(cosine)))))


def _unpacked(guess: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    matrix = np.diag(1.0 + guess[:3])
    if len(guess) == 9:
        matrix[1, 0], matrix[2, 0], matrix[2, 1] = guess[6:]
    return matrix, guess[3:6]


def _residual(force: NDArray[np.float64], guess: NDArray[np.float64]) -> NDArray[np.float64]:
    """Squared length less one, of each position."""
    matrix, bias = _unpacked(guess)
    true = (force - bias) @ matrix.T
    return np.asarray(np.sum(true * true, axis=1) - 1.0, np.float64)


def _slopes(force: NDArray[np.float64], guess: NDArray[np.float64]) -> NDArray[np.float64]:
    matrix, bias = _unpacked(guess)
    raw = force - bias
    true = raw @ matrix.T
    columns = [2.0 * true * raw, -2.0 * true @ matrix]
    if len(guess) == 9:
        pairs = ((1, 0), (2, 0), (2, 1))
        columns.append(np.stack([2.0 * true[:, i] * raw[:, j] for i, j in pairs], axis=1))
    return np.hstack(columns)
