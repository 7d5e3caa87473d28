"""Smooth pulses on one foot contact, with their first and second time integrals in closed form.

Three shapes, each zero with zero slope at both ends of the contact: a lobe, a crest (two lobes)
and a skew, whose own integral is zero. Force and motion of a step are sums of them, so velocity and
displacement are exact at any time and continue in a straight line after the contact.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Second integral of the skew over a contact of duration 1.
SKEW_MOMENT: Final = 3.0 / (8.0 * np.pi)


class Pulse(NamedTuple):
    """A pulse at N times and its integrals from the start of the contact."""

    value: Array
    first: Array
    second: Array

    def plus(self, other: Pulse) -> Pulse:
        """The sum."""
        return Pulse(self.value + other.value, self.first + other.first, self.second + other.second)

    def times(self, factor: Array | float) -> Pulse:
        """The pulse with an amplitude for each time."""
        return Pulse(self.value * factor, self.first * factor, self.second * factor)


class ContactBasis(NamedTuple):
    """``1 − cos 2πs``, ``1 − cos 4πs`` and ``sin 2πs − ½ sin 4πs``; s is 0 to 1 over contact."""

    lobe: Pulse
    crest: Pulse
    skew: Pulse


def contact_basis(time_s: Array, duration_s: Array) -> ContactBasis:
    """The three pulses at a time since the start of a contact of the duration given.

    Parameters
    ----------
    time_s, duration_s : ndarray, shape (N,)
        Times before the start count as the start.

    Examples
    --------
    >>> basis = contact_basis(np.array([0.1, 0.3]), np.array([0.2, 0.2]))
    >>> basis.lobe.value, basis.lobe.first.round(12)
    (array([2., 0.]), array([0.1, 0.2]))
    """
    inside = np.clip(time_s, 0.0, duration_s)
    after = np.maximum(time_s, 0.0) - inside
    contact = time_s < duration_s
    w = 2.0 * np.pi / duration_s
    c1, s1 = np.cos(w * inside), np.sin(w * inside)
    lobe1, sine2 = 1.0 - c1, 2.0 * s1 * c1
    lobe2 = 2.0 * s1 * s1
    half = 0.5 * inside * inside

    def pulse(value: Array, first: Array, second: Array) -> Pulse:
        return Pulse(np.where(contact, value, 0.0), first, second + first * after)

    return ContactBasis(
        pulse(lobe1, inside - s1 / w, half - lobe1 / w**2),
        pulse(lobe2, inside - sine2 / (2.0 * w), half - lobe2 / (4.0 * w**2)),
        pulse(
            s1 - 0.5 * sine2,
            lobe1 / w - lobe2 / (4.0 * w),
            (inside - s1 / w) / w - (inside - sine2 / (2.0 * w)) / (4.0 * w),
        ),
    )


def lobe_pulse(time_s: Array, duration_s: Array) -> Pulse:
    """The lobe of :func:`contact_basis` alone.

    Examples
    --------
    >>> lobe_pulse(np.array([0.1]), np.array([0.2])).value
    array([2.])
    """
    inside = np.clip(time_s, 0.0, duration_s)
    w = 2.0 * np.pi / duration_s
    lobe = 1.0 - np.cos(w * inside)
    first = inside - np.sin(w * inside) / w
    second = 0.5 * inside * inside - lobe / w**2 + first * np.maximum(time_s - duration_s, 0.0)
    return Pulse(np.where(time_s < duration_s, lobe, 0.0), first, second)
