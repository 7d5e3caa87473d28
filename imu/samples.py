"""The block of motion samples that flows through the chain."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.checked_arrays import is_ready, number_block, vector_block
from imu.errors import InputError

#: Standard gravity, m/s² (CGPM 1901); turns specific force in g into SI and back.
STANDARD_GRAVITY_M_S2: Final = 9.80665

#: Sample rates that the chain takes, Hz; what calls itself 25 Hz may be a little less.
LOWEST_RATE_HZ: Final = 24.5
HIGHEST_RATE_HZ: Final = 1600.0
#: Those of recordings: above 1600 Hz groups of samples are averaged first.
RATE_RANGE_HZ: Final = (LOWEST_RATE_HZ, 4000.0)
#: Below it contact, shock and force are not measured; what calls itself 50 Hz may be a little less.
FULL_RATE_HZ: Final = 49.0


#: Fewer samples are not asked for their units, and of many no more than these at first.
_SOME: Final = 64
_MANY: Final = 512
#: Steps that are no seconds: of 1 to 1000 Hz in such a unit, and what makes seconds of it.
_OTHER_STEPS: Final = (("ms", 1.0, 1000), ("µs", 1e3, 10**6), ("ns", 1e6, 10**9))
#: Median sizes of a force that is in g: nobody falls for half of the time.
_ONE_G: Final = (0.8, 1.25)
#: Beyond it no sensor of up to ±32 g reads, all its axes at their ends; cm/s² at rest read 981.
_NO_BODY_M_S2: Final = 700.0
#: No waist turns at 860 °/s half of the time; walking mistaken for rad/s reads 20.
_NO_BODY_RAD_S: Final = 15.0
#: A quarter of the sum of sizes along the axes that surely is beyond the first, and below the
#: second: the sum is never less than the length, and never more than √3 times it.
_SURELY_M_S2: Final = 0.25 * 1.01 * 3.0**0.5 * _ONE_G[1]
_SURELY_OF_A_BODY_M_S2: Final = 0.25 * 0.99 * _NO_BODY_M_S2
_SURELY_RAD_S: Final = 0.25 * 0.99 * _NO_BODY_RAD_S
_QUARTERS: Final = np.full(3, 0.25)


class Quality(IntFlag):
    """Why a sample or a step is not fully trustworthy; 0 is trusted.

    Examples
    --------
    >>> (Quality.GAP | Quality.NO_GYRO).tokens
    'gap;no_gyro'
    """

    TRUSTED = 0
    GAP = 1  # lost or quarantined samples were filled by interpolation
    CLIPPED = 2  # the sensor was at the end of its range
    NO_GYRO = 4  # no angular velocity: lean from the mean direction, ranges empty
    SETTLING = 8  # the inclination is younger than its settling time
    SLIP = 16  # the sensor moved on the body
    BEND = 32  # running a bend
    EDGE = 64  # the filter padding reached beyond the recording
    LOOSE = 128  # the sensor rings on its clip: oscillation and shock are too large
    SENSOR = 256  # readings contradict each other, or what was stated of them
    TILT = 512  # up is not known well enough since a hole in the readings: lean, roll, lumbar load

    @property
    def tokens(self) -> str:
        """The flags as the steps table writes them: ``gap;clipped``, empty when trusted."""
        return ";".join(flag.name.lower() for flag in Quality if flag in self and flag.name)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """A block of consecutive samples of one sensor.

    Parameters
    ----------
    time_s : array_like, shape (N,)
        Time of each sample in seconds, strictly increasing (checked where it is used).
    acceleration_m_s2 : array_like, shape (N, 3)
        Specific force in m/s², sensor frame; at rest it points up with 9.81. NaN means lost.
    angular_velocity_rad_s : array_like, shape (N, 3), optional
        Angular velocity in rad/s, same frame; None when the sensor has no gyroscope.
    quality : array_like of uint8, shape (N,), optional
        :class:`Quality` bits; all trusted by default.

    Raises
    ------
    InputError
        When shapes disagree, an array is not numeric, or a second and more of numbers can only be
        in milliseconds, g or °/s.

    Examples
    --------
    >>> block = Samples([0.0, 0.01], [[0, 0, 9.81], [0, 0, 9.81]])
    >>> len(block), block.has_gyro
    (2, False)
    """

    time_s: NDArray[np.float64]
    acceleration_m_s2: NDArray[np.float64]
    angular_velocity_rad_s: NDArray[np.float64] | None
    quality: NDArray[np.uint8]

    def __init__(
        self,
        time_s: ArrayLike,
        acceleration_m_s2: ArrayLike,
        angular_velocity_rad_s: ArrayLike | None = None,
        quality: ArrayLike | None = None,
    ) -> None:
        # most blocks are as decoders make them: to ask each array once keeps small packets cheap
        if not (is_ready(time_s) and time_s.ndim == 1):
            time_s = number_block(time_s, "time_s")
        n = time_s.size
        _SET_TIME(self, time_s)
        if not (is_ready(acceleration_m_s2) and acceleration_m_s2.shape == (n, 3)):
            acceleration_m_s2 = vector_block(acceleration_m_s2, "acceleration_m_s2", n)
        _SET_ACCELERATION(self, acceleration_m_s2)
        gyro = angular_velocity_rad_s
        if not (gyro is None or (is_ready(gyro) and gyro.shape == (n, 3))):
            gyro = vector_block(gyro, "angular_velocity_rad_s", n)
        _SET_ANGULAR_VELOCITY(self, gyro)
        _SET_QUALITY(self, _NO_FLAGS(n, _UINT8) if quality is None else _quality_flags(quality, n))
        if n >= _SOME:
            _refuse_other_units(self)

    def __len__(self) -> int:
        return len(self.time_s)

    def __getitem__(self, window: slice) -> Samples:
        """The samples of a slice, without a copy where the step is 1."""
        gyro = self.angular_velocity_rad_s
        part = Samples.of_arrays(  # have been checked as parts of the whole
            self.time_s[window],
            self.acceleration_m_s2[window],
            None if gyro is None else gyro[window],
            self.quality[window],
        )
        # for another layout the chain would be compiled again, in the middle of a run
        return part if window.step in (None, 1) else part._in_c_order()

    def _in_c_order(self) -> Samples:
        gyro = self.angular_velocity_rad_s
        return Samples.of_arrays(
            np.ascontiguousarray(self.time_s),
            np.ascontiguousarray(self.acceleration_m_s2),
            None if gyro is None else np.ascontiguousarray(gyro),
            np.ascontiguousarray(self.quality),
        )

    @staticmethod
    def of_arrays(
        time_s: NDArray[np.float64],
        acceleration_m_s2: NDArray[np.float64],
        angular_velocity_rad_s: NDArray[np.float64] | None,
        quality: NDArray[np.uint8],
    ) -> Samples:
        """Samples of arrays that are known to be right: nothing is looked at, nothing is copied.

        Parameters
        ----------
        time_s, acceleration_m_s2, angular_velocity_rad_s, quality
            As above, of these types and one length, in C order.

        Returns
        -------
        Samples
            A view of the arrays.
        """
        samples = object.__new__(Samples)
        _SET_TIME(samples, time_s)
        _SET_ACCELERATION(samples, acceleration_m_s2)
        _SET_ANGULAR_VELOCITY(samples, angular_velocity_rad_s)
        _SET_QUALITY(samples, quality)
        return samples

    @property
    def has_gyro(self) -> bool:
        """Whether angular velocity was measured."""
        return self.angular_velocity_rad_s is not None

    def without_unmeasured(self) -> Samples:
        """The same, without angular velocity where an axis has no number from end to end.

        Returns
        -------
        Samples
            Itself where the gyroscope measured, or there is none.

        Examples
        --------
        >>> block = Samples([0.0, 0.01], [[0, 0, 9.81]] * 2, [[0.1, 0.2, np.nan]] * 2)
        >>> block.has_gyro, block.without_unmeasured().has_gyro
        (True, False)
        """
        gyro = self.angular_velocity_rad_s
        if gyro is None or not np.isnan(gyro).all(axis=0).any():
            return self
        return Samples.of_arrays(self.time_s, self.acceleration_m_s2, None, self.quality)

    @staticmethod
    def concatenate(blocks: list[Samples]) -> Samples:
        """Join blocks that follow one another; all with a gyroscope or none.

        Parameters
        ----------
        blocks : list of Samples
            At least one.

        Returns
        -------
        Samples
            Those of all blocks, copied.

        Raises
        ------
        InputError
            When the list is empty or mixes blocks with and without a gyroscope.
        """
        if not blocks:
            raise InputError("there are no blocks to join: give at least one.")
        gyros = [b.angular_velocity_rad_s for b in blocks if b.angular_velocity_rad_s is not None]
        if len(gyros) not in (0, len(blocks)):
            raise InputError("some blocks have angular velocity and some have none: give one kind.")
        return Samples.of_arrays(
            np.concatenate([b.time_s for b in blocks]),
            np.concatenate([b.acceleration_m_s2 for b in blocks]),
            np.concatenate(gyros) if gyros else None,
            np.concatenate([b.quality for b in blocks]),
        )


_NO_FLAGS: Final = np.zeros
_UINT8: Final = np.dtype(np.uint8)
# what the fields of a frozen class are set by, once, as it is made
_SET_TIME: Final = Samples.__dict__["time_s"].__set__
_SET_ACCELERATION: Final = Samples.__dict__["acceleration_m_s2"].__set__
_SET_ANGULAR_VELOCITY: Final = Samples.__dict__["angular_velocity_rad_s"].__set__
_SET_QUALITY: Final = Samples.__dict__["quality"].__set__


def sample_rate_hz(time_s: NDArray[np.float64]) -> tuple[float, float]:
    """Sample rate of increasing times, and the share of steps that do not fit it.

    The rate is that of the steps within half of their median, so that gaps do not count and times
    rounded to milliseconds do no harm; to 1 mHz.

    Examples
    --------
    >>> sample_rate_hz(np.array([0.0, 0.010, 0.019, 0.029, 0.038]))
    (105.263, 0.0)
    """
    with np.errstate(over="ignore", invalid="ignore"):  # absurd times end as an absurd rate
        steps = np.diff(time_s)
        median = float(np.median(steps))
        even = np.abs(steps - median) <= 0.5 * median
        rate = float(np.count_nonzero(even) / np.sum(steps[even]))
    return round(rate, 3) if rate >= 1.0 else rate, 1.0 - float(np.mean(even))


def _refuse_other_units(samples: Samples) -> None:
    """Refuse what can only be in other units; what is doubtful is told on the way instead."""
    time, n = samples.time_s, len(samples)
    span = float(time[-1] - time[0])
    if not 1.0 <= span < np.inf:
        return
    if span > n:  # slower than one a second
        step = float(np.median(np.diff(time)))
        for unit, least, factor in reversed(_OTHER_STEPS):
            if least <= step:
                raise InputError(
                    f"time_s steps by {step:g}: if it is in {unit}, divide by {factor}."
                )
    if _is_in_si(samples):
        return
    with np.errstate(over="ignore", invalid="ignore"):
        force = _sizes(samples.acceleration_m_s2)
        level = float(np.nanmedian(force)) if np.isfinite(force).any() else np.nan
        if _ONE_G[0] <= level <= _ONE_G[1]:
            raise InputError(
                f"acceleration_m_s2 has a median size of {level:.2g}, where gravity alone is 9.81: "
                "multiply by 9.80665 if it is in g, and leave gravity in."
            )
        if _NO_BODY_M_S2 < level < np.inf:
            raise InputError(
                f"acceleration_m_s2 has a median size of {level:.3g}, where gravity alone is 9.81: "
                "divide by 102 if it is in mg, by 100 if it is in cm/s², by 1000 if it is in mm/s²,"
                " and counts by how many of them are 1 m/s²."
            )
        gyro = samples.angular_velocity_rad_s
        if gyro is None or not np.isfinite(gyro).all(axis=1).any():
            return
        level = float(np.nanmedian(_sizes(gyro)))
    if _NO_BODY_RAD_S < level < np.inf:
        raise InputError(
            f"angular_velocity_rad_s has a median size of {level:.3g}, which no body turns at: "
            "give radians, numpy.radians of °/s."
        )


def _sizes(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Lengths of those that differ from the one before, where there are: what froze tells none."""
    changes = (np.diff(vectors, axis=0) != 0.0).any(axis=1)
    measured = vectors[1:][changes & np.isfinite(vectors[1:]).all(axis=1)]
    measured = measured if len(measured) else vectors
    return np.sqrt(np.einsum("ij,ij->i", measured, measured))


def _is_in_si(samples: Samples) -> bool:
    """Whether counting alone says so, as it does of most blocks: no median has to be found then.

    More than half of the forces that are looked at are larger than any in g and smaller than any in
    mg, and of the turns slower than any in °/s.
    """
    gyro, every = samples.angular_velocity_rad_s, -(-len(samples) // _MANY)
    force = _sums(samples.acceleration_m_s2, every)
    usual = (force > _SURELY_M_S2) & (force < _SURELY_OF_A_BODY_M_S2)
    if 2 * int(np.count_nonzero(usual)) <= len(force):
        return False
    if gyro is None:
        return True
    return 2 * int(np.count_nonzero(_sums(gyro, every) < _SURELY_RAD_S)) > len(force)


def _sums(vectors: NDArray[np.float64], every: int) -> NDArray[np.float64]:
    """A quarter of the sum of sizes along the axes, of some vectors; none is too large for it."""
    return np.asarray(np.abs(vectors[::every]).dot(_QUARTERS))


def _quality_flags(quality: ArrayLike, n: int) -> NDArray[np.uint8]:
    given = np.asarray(quality)
    if given.dtype != np.uint8:
        if given.dtype.kind not in "iub" or (
            given.size and not 0 <= given.min() <= given.max() < 256
        ):
            raise InputError("quality is not an array of flags from 0 to 255.")
        given = given.astype(np.uint8)
    if given.shape != (n,):
        raise InputError(f"quality has shape {given.shape}: give ({n},), one per sample.")
    return given if given.flags.carray else given.copy()
