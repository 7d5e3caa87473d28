"""Sensor to body: which way the sensor's axes point on the runner.

The body frame has x forward, y left, z up. The mounting is a rotation whose rows are the body axes
seen in the sensor frame. It is either stated (``"-z+y+x"``), or found: up from standing, failing
that from the run's mean, and forward from the horizontal acceleration at step frequency.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from imu.errors import ParameterError

#: What the ``axes`` parameter accepts, in words.
AXES_HELP: Final = (
    'the signed sensor axes that point forward, left and up, right-handed, such as "+x+y+z" '
    'or "-z+y+x", or "auto"'
)

#: Least vertical force at step frequency that anything is told by, g.
_LEAST_VERTICAL_G: Final = 0.2
#: Least forward acceleration at step frequency that is believed, g.
_LEAST_FORWARD_G: Final = 0.05
#: Largest share that the other horizontal direction may have in what swings with the steps.
_MOST_SIDEWAYS: Final = 0.6
#: Turns what follows the vertical force by a sixth of a step into phase with it.
_SIGN_PHASE: Final = complex(math.cos(math.pi / 3.0), math.sin(math.pi / 3.0))
#: A phase within 15° of a quarter from that leaves the sign open.
_LEAST_SIGN: Final = math.sin(math.radians(15.0))


def mounting_from_axes(axes: str) -> NDArray[np.float64]:
    """The rotation that a signed axis triple states.

    Parameters
    ----------
    axes : str
        Three signed letters, e.g. ``"-z+y+x"`` for a sensor whose x is up and whose z is backward.

    Returns
    -------
    ndarray, shape (3, 3)
        Sensor → body.

    Raises
    ------
    ParameterError
        When it is no such triple or a left-handed one.

    Examples
    --------
    >>> mounting_from_axes("-z+y+x") @ [9.81, 0.0, 0.0]
    array([0.  , 0.  , 9.81])
    """
    if (
        len(axes) != 6
        or any(axes[i] not in "+-" for i in (0, 2, 4))
        or sorted(axes[i] for i in (1, 3, 5)) != ["x", "y", "z"]
    ):
        raise ParameterError("axes", axes, AXES_HELP)
    matrix = np.zeros((3, 3))
    for row in range(3):
        sign = 1.0 if axes[2 * row] == "+" else -1.0
        matrix[row, "xyz".index(axes[2 * row + 1])] = sign
    if np.linalg.det(matrix) < 0.0:
        raise ParameterError("axes", axes, AXES_HELP + "; this one is left-handed")
    return matrix


def mounting_from_up(mounting: NDArray[np.float64], up: ArrayLike) -> NDArray[np.float64]:
    """The stated mounting, tilted by the least angle that makes ``up`` the body's z.

    Parameters
    ----------
    mounting : ndarray, shape (3, 3)
        Sensor → body as stated.
    up : array_like, shape (3,)
        Direction of the specific force in the sensor frame while standing in neutral.

    Returns
    -------
    ndarray, shape (3, 3)
        Sensor → body with the standing neutral as reference.

    Raises
    ------
    ParameterError
        When ``up`` is zero or more than 60° off the stated up axis.
    """
    try:
        direction = mounting @ np.asarray(up, np.float64)
    except (TypeError, ValueError):
        direction = np.zeros(3)
    if direction.shape != (3,):
        direction = np.zeros(3)
    norm = float(np.linalg.norm(direction))
    if not 0.0 < norm < np.inf or direction[2] / norm < 0.5:
        raise ParameterError("up", up, "three numbers, a direction within 60° of the up axis")
    x, y, z = direction / norm
    k = 1.0 / (1.0 + z)
    tilt = np.array(
        [[1.0 - k * x * x, -k * x * y, -x], [-k * x * y, 1.0 - k * y * y, -y], [x, y, z]]
    )
    return np.asarray(tilt @ mounting, np.float64)


def forward_from_steps(
    force: NDArray[np.float64],
    contacts: NDArray[np.int64],
    up: NDArray[np.float64],
    out: NDArray[np.float64],
) -> bool:
    """Find forward from the component of the horizontal specific force at step frequency.

    In stance a runner is slowed, then driven, and the pelvis tips with the load: what a sensor on
    it reads along its forward axis follows the vertical force by a sixth of a step (10 to 110° in
    18 runners on a treadmill, 2.5 to 4.5 m/s, and 20 people who jogged with a sensor at the waist).
    The line is the one along which the most swings, whatever its phase; the phase then gives the
    sign. Sideways swings have half that frequency and drop out over whole strides.

    Parameters
    ----------
    force : ndarray, shape (N, 3)
        Specific force in the sensor frame, g, from the first contact to the last.
    contacts : ndarray of int, shape (C,)
        Sample of each contact, from 0 to N − 1, C ≥ 3.
    up : ndarray, shape (3,)
        Up in the sensor frame, unit vector.
    out : ndarray, shape (3, 3)
        Receives the mounting (sensor → body), only when found.

    Returns
    -------
    bool
        False when the direction is ambiguous.
    """
    steps = len(contacts) - 1
    steps -= steps % 2
    phasor = np.zeros(3, np.complex128)
    for first, last in pairwise(contacts[: steps + 1]):
        turn = np.exp(-2j * np.pi * np.arange(last - first) / (last - first))
        phasor += 2.0 / ((last - first) * steps) * (turn @ force[first:last])
    vertical = phasor @ up
    size = abs(vertical)
    if size < _LEAST_VERTICAL_G:
        return False
    # relative to the vertical
    horizontal = (phasor - vertical * up) * np.conj(vertical) / size
    # the power along each direction; up has none
    power = np.real(np.outer(horizontal, horizontal.conj()))
    values, vectors = np.linalg.eigh(power)
    forward = vectors[:, 2] - (vectors[:, 2] @ up) * up
    length = float(np.linalg.norm(forward))
    if values[2] < _LEAST_FORWARD_G**2 or length < 0.5:
        return False
    forward /= length
    along = complex(horizontal @ forward) * _SIGN_PHASE
    if values[1] > _MOST_SIDEWAYS**2 * values[2]:
        return False
    if abs(along.real) < _LEAST_SIGN * abs(along):
        return False
    forward *= np.sign(along.real)
    out[0], out[1], out[2] = forward, np.cross(up, forward), up
    return True
