"""The shock that travels up to the sacrum: a damped oscillation of the sensor at each contact.

A damped sine with a soft start, moving the sensor against the centre of mass. What it would leave
behind of velocity and displacement is taken back over the contact by two smooth pulses, so that its
net impulse is zero and the sensor is where it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.lobes import SKEW_MOMENT, ContactBasis, Pulse
from devices.simulator.low_pass import low_pass

__all__ = ["SacralTransient"]

Array = NDArray[np.float64]

_SOFT_DAMPING: Final = 2.4


@dataclass(frozen=True, slots=True)
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

    def _rate(self) -> complex:
        w = 2.0 * np.pi * self.frequency_hz
        # the soft start prolongs the oscillation: more damping gives the same second lobe
        return w * complex(
            -_SOFT_DAMPING * self.damping_ratio, np.sqrt(1.0 - self.damping_ratio**2)
        )

    def _turn(self) -> complex:
        """Phase of the oscillation: with all of it, the impulse is zero."""
        rate = self._rate()
        return complex(np.exp(1j * self.own_recoil * (2.0 * np.angle(-rate) + np.pi)))

    def oscillation(self, time_s: Array) -> Pulse:
        """The oscillation alone, largest value 1, at a time since the onset of the force, s."""
        rate, turn = self._rate(), self._turn() / self._peak()
        t = np.maximum(time_s - self.delay_s, 0.0)
        wave = turn * np.exp(rate * t)
        return Pulse(
            (t * wave).imag,
            (wave * (t / rate - 1.0 / rate**2)).imag + (turn / rate**2).imag,
            (wave * (t / rate**2 - 2.0 / rate**3)).imag
            + (2.0 * turn / rate**3).imag
            + (turn / rate**2).imag * t,
        )

    def _peak(self) -> float:
        rate, turn = self._rate(), self._turn()
        t = np.linspace(0.0, 1.0 / self.frequency_hz, 4001)
        return float((t * turn * np.exp(rate * t)).imag.max())

    def low_passed_peak(self, cutoff_hz: float) -> float:
        """Largest value of the oscillation after a zero-phase low-pass, whose own is 1."""
        time = np.arange(-1.0, 1.0, 1e-3)
        return float(low_pass(self.oscillation(time).value, 1000.0, cutoff_hz).max())

    def pulse(self, time_s: Array, duration_s: Array, basis: ContactBasis) -> Pulse:
        """The transient of unit amplitude: acceleration, velocity, displacement.

        Parameters
        ----------
        time_s, duration_s : ndarray, shape (N,)
            Time since the onset, and the duration of the contact it belongs to.
        basis : ContactBasis
            The contact's pulses at the same times.
        """
        end = self.oscillation(duration_s)
        inside = self.oscillation(np.minimum(time_s, duration_s))
        after = np.maximum(time_s - duration_s, 0.0)
        raw = Pulse(
            np.where(after > 0.0, 0.0, inside.value),
            inside.first,
            inside.second + inside.first * after,
        )
        lobe = end.first / duration_s
        skew = (end.second - lobe * duration_s**2 / 2.0) / (SKEW_MOMENT * duration_s**2)
        return raw.plus(basis.lobe.times(-lobe)).plus(basis.skew.times(-skew))
