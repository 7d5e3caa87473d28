"""The shock that travels up to the sacrum: a damped oscillation of the sensor at each contact.

A damped sine with a soft start, moving the sensor against the centre of mass. What it would leave
behind of velocity and displacement is taken back over the contact by two smooth pulses, so that its
net impulse is zero and the sensor is where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.lobes import SKEW_MOMENT, ContactBasis, Pulse
from devices.simulator.low_pass import low_pass

Array = NDArray[np.float64]

_SOFT_DAMPING: Final = 2.4


@dataclass(frozen=True)
class SacralTransient:
    """Shape of the transient, the same for every step of a session.

    Parameters
    ----------
    frequency_hz, damping_ratio : float
        Of the oscillation; the ratio is below 1.
    delay_s : float
        From the onset of the force to the start of the oscillation.
    own_recoil : float
        How far the oscillation's own recoil takes its impulse back, 0 (a plain damped sine) to 1
        (all of it); the smooth pulses do the rest.

    Examples
    --------
    >>> shape = SacralTransient(16.5, 0.33)
    >>> time = np.linspace(0.0, 0.1, 100001)
    >>> float(shape.oscillation(time).value.max().round(6))
    1.0
    """

    frequency_hz: float
    damping_ratio: float
    delay_s: float = 0.015
    own_recoil: float = 0.0

    @cached_property
    def _rate(self) -> complex:
        """Growth and turning of the complex oscillation, 1/s."""
        w = 2.0 * np.pi * self.frequency_hz
        # the soft start prolongs the oscillation: more damping gives the same second lobe
        return w * complex(
            -_SOFT_DAMPING * self.damping_ratio, np.sqrt(1.0 - self.damping_ratio**2)
        )

    @cached_property
    def _turn(self) -> complex:
        """Phase of the oscillation, over its largest value: with all of it the impulse is zero."""
        rate = self._rate
        turn = complex(np.exp(1j * self.own_recoil * (2.0 * np.angle(-rate) + np.pi)))
        t = np.linspace(0.0, 1.0 / self.frequency_hz, 4001)
        return turn / float((t * turn * np.exp(rate * t)).imag.max())

    def oscillation(self, time_s: Array) -> Pulse:
        """The oscillation alone, largest value 1, at a time since the onset of the force, s."""
        rate, turn = self._rate, self._turn
        t = np.maximum(time_s - self.delay_s, 0.0)
        wave = turn * np.exp(rate * t)
        once, twice = wave / rate, wave / rate**2
        return Pulse(
            wave.imag * t,
            once.imag * t - twice.imag + (turn / rate**2).imag,
            twice.imag * t
            - (twice / (0.5 * rate)).imag
            + (2.0 * turn / rate**3).imag
            + (turn / rate**2).imag * t,
        )

    def low_passed_peak(self, cutoff_hz: float) -> tuple[float, float]:
        """Largest value of the oscillation, whose own is 1, after a zero-phase low-pass, and when.

        The time is from the onset of the force, s.
        """
        time = np.arange(-1.0, 1.0, 1e-3)
        passed = low_pass(self.oscillation(time).value, 1000.0, cutoff_hz)
        return float(passed.max()), float(time[passed.argmax()])

    def recoil(self, duration_s: Array) -> tuple[Array, Array]:
        """Lobe and skew over contacts of the durations given that take back what it leaves."""
        end = self.oscillation(duration_s)
        lobe = end.first / duration_s
        return lobe, (end.second - lobe * duration_s**2 / 2.0) / (SKEW_MOMENT * duration_s**2)

    def pulse(self, time_s: Array, basis: ContactBasis, recoil: tuple[Array, Array]) -> Pulse:
        """The transient of unit amplitude during the contact: acceleration, velocity, displacement.

        After the contact all three are zero.

        Parameters
        ----------
        time_s : ndarray, shape (N,)
            Since the onset, not beyond the contact's end.
        basis : ContactBasis
            The contact's pulses at the same times.
        recoil : tuple of 2 ndarray
            What :meth:`recoil` gives for the contacts, one a time.
        """
        lobe, skew = recoil
        return self.oscillation(time_s).plus(basis.lobe.times(-lobe)).plus(basis.skew.times(-skew))
