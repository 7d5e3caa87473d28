"""Vertical ground reaction force of a running step: two masses, two raised cosines.

Clark, Ryan & Weyand 2017 (J Exp Biol 220:247, doi:10.1242/jeb.138057): the lower limb (8 % of the
body) stops early in stance and adds a short impact to the slower waveform that carries the rest.
Here the slow waveform has two shape terms, so that contact time, peak, impulse and the height
regained over the step can each be prescribed: a crest term that makes it flatter or more peaked,
and a skew term that moves it earlier without changing its impulse.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator.lobes import SKEW_MOMENT, ContactBasis, Pulse, contact_basis, lobe_pulse
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

#: Contact begins and ends where the vertical force crosses this, body weights.
CONTACT_THRESHOLD_BW: Final = 0.1
#: Share of the body's mass that stops in the impact (Clark, Ryan & Weyand 2017).
LOWER_LIMB_FRACTION: Final = 0.08

#: How long the fast part of the force lasts, s.
IMPACT_DURATION_S: Final = 0.060

_FIRST_DURATION: Final = 1.09  # of the force, over the contact time between the crossings
_KEPT_FORCES: Final = 1024
_MOST_ITERATIONS: Final = 60
_FOUND_S: Final = 1e-8  # the last step of Newton's method: the next would be below the last bits
_CREST_LIMITS: Final = (-0.17, 0.24)  # beyond: too thin at the ends, or two humps


def impact_impulse_bw_s(limb_velocity_change_m_s: Array, impact_duration_s: Array) -> Array:
    """Impulse of the impact part, body weight seconds: momentum of the limb and its weight.

    Clark, Ryan & Weyand 2017, doi:10.1242/jeb.138057: the mean force ``m1 Δv / Δt + m1 g`` acts for
    twice the time Δt in which the limb stops.
    """
    return LOWER_LIMB_FRACTION * (
        2.0 * limb_velocity_change_m_s / STANDARD_GRAVITY_M_S2 + impact_duration_s
    )


@dataclass(frozen=True, slots=True, eq=False)
class TwoMassForce:
    """Vertical force of N steps, each starting from zero at its onset.

    Parameters
    ----------
    duration_s, mean_bw, crest, skew : ndarray, shape (N,)
        Slow part ``mean·(lobe + crest·crest pulse + skew·skew pulse)`` over its duration.
    impact_mean_bw, impact_duration_s : ndarray, shape (N,)
        Fast part, a raised cosine of its own.
    """

    duration_s: Array
    mean_bw: Array
    crest: Array
    skew: Array
    impact_mean_bw: Array
    impact_duration_s: Array

    def __getitem__(self, steps: NDArray[np.intp] | slice) -> TwoMassForce:
        """The waveforms of the steps listed, one a sample for instance."""
        return TwoMassForce(
            self.duration_s[steps],
            self.mean_bw[steps],
            self.crest[steps],
            self.skew[steps],
            self.impact_mean_bw[steps],
            self.impact_duration_s[steps],
        )

    def pulse(self, time_s: Array, basis: ContactBasis | None = None) -> Pulse:
        """Force (BW) and its integrals (BW·s, BW·s²) at a time since each step's onset.

        ``basis`` saves computing the pulses of the slow part again where the caller has them.
        """
        slow = contact_basis(time_s, self.duration_s) if basis is None else basis
        total = slow.lobe.plus(slow.crest.times(self.crest)).plus(slow.skew.times(self.skew))
        impact = lobe_pulse(time_s, self.impact_duration_s)
        return total.times(self.mean_bw).plus(impact.times(self.impact_mean_bw))

    def force_bw(self, time_s: Array) -> Array:
        """Force alone, body weights; 0 in flight."""
        return self.force_and_rate(time_s)[0]

    def force_and_rate(self, time_s: Array) -> tuple[Array, Array]:
        """Force, body weights, and how fast it rises, body weights a second; 0 in flight."""
        slow_rad_s, fast_rad_s = 2.0 * np.pi / self.duration_s, 2.0 * np.pi / self.impact_duration_s
        # np.clip is slow to begin, and whoever looks for a crossing asks thousands of times
        angle = slow_rad_s * np.minimum(np.maximum(time_s, 0.0), self.duration_s)
        impact = fast_rad_s * np.minimum(np.maximum(time_s, 0.0), self.impact_duration_s)
        sine, cosine = np.sin(angle), np.cos(angle)
        lobe = 1.0 - cosine
        # both shape terms are the lobe times a factor
        shape = 1.0 + 2.0 * self.crest * (1.0 + cosine) + self.skew * sine
        bend = self.skew * cosine - 2.0 * self.crest * sine
        return (
            self.mean_bw * lobe * shape + self.impact_mean_bw * (1.0 - np.cos(impact)),
            self.mean_bw * slow_rad_s * (sine * shape + lobe * bend)
            + self.impact_mean_bw * fast_rad_s * np.sin(impact),
        )

    def peak_bw(self) -> Array:
        """The largest force in the middle of each contact, on a grid of phases, body weights."""
        phase = np.linspace(0.3, 0.7, 21)[:, None]
        angle = 2.0 * np.pi * phase
        lobe = 1.0 - np.cos(angle)
        force = self.crest * (2.0 * lobe * (2.0 - lobe)) + self.skew * (lobe * np.sin(angle)) + lobe
        force *= self.mean_bw
        time_s = phase * self.duration_s
        row, step = np.nonzero(time_s < self.impact_duration_s)  # in short contacts alone
        impact = 2.0 * np.pi * time_s[row, step] / self.impact_duration_s[step]
        force[row, step] += self.impact_mean_bw[step] * (1.0 - np.cos(impact))
        peak: Array = force.max(axis=0)
        return peak


def solve_two_mass_force(
    step_time_s: Array,
    contact_time_s: Array,
    peak_bw: Array,
    impulse_bw_s: Array,
    double_impulse_bw_s2: Array,
    impact_impulse: Array,
    impact_duration_s: Array,
) -> TwoMassForce:
    """The waveforms that have the contact time, the peak and the impulses asked for.

    Parameters
    ----------
    step_time_s, contact_time_s, peak_bw : ndarray, shape (N,)
        Per step; contact is between the 0.1 body weight crossings, peak is that of mid-stance.
    impulse_bw_s, double_impulse_bw_s2 : ndarray, shape (N,)
        First and second integral of the force over the step time. Met exactly; the contact time is
        met to about 0.1 ms, the peak as far as the shape allows.
    impact_impulse, impact_duration_s : ndarray, shape (N,)
        The fast part.
    """
    impact_mean = impact_impulse / impact_duration_s
    slow_impulse = impulse_bw_s - impact_impulse
    crest = np.zeros_like(step_time_s)
    duration = contact_time_s / 0.92
    crossings: Array | None = None
    iterations = 16
    for iteration in range(iterations):
        # what the raised cosines leave over of the second integral is the skew's
        lobes = impact_impulse * (step_time_s - impact_duration_s / 2.0) + slow_impulse * (
            step_time_s - duration / 2.0
        )
        bare_skew = (double_impulse_bw_s2 - lobes) / (slow_impulse * duration * SKEW_MOMENT)
        crest = np.maximum(crest, _lowest_crest(bare_skew))
        mean = slow_impulse / (duration * (1.0 + crest))
        skew = bare_skew * (1.0 + crest)
        force = TwoMassForce(duration, mean, crest, skew, impact_mean, impact_duration_s)
        if iteration == iterations - 1:
            break
        crossings = _crossings(force, CONTACT_THRESHOLD_BW, near_s=crossings)
        onset, end = _on_grid(force, crossings)
        duration = duration + 0.45 * (contact_time_s - (end - onset))
        crest = np.clip((1.0 + crest) * (force.peak_bw() / peak_bw) ** 0.8 - 1.0, *_CREST_LIMITS)
    return force


class RunningForce(NamedTuple):
    """Forces of N steps, and at their N + 1 onsets how fast the centre of mass moves up, m/s.

    ``duration_s`` (N + 1) is how long the force of an average step of that moment lasts.
    """

    force: TwoMassForce
    upward_m_s: Array
    duration_s: Array


def running_force(
    step_time_s: Array,
    contact_time_s: Array,
    peak_bw: Array,
    average_step_time_s: Array,
    average_contact_time_s: Array,
    limb_velocity_m_s: Array,
    onset_height_m: Array,
) -> RunningForce:
    """The forces of consecutive steps that lead from each onset's height and velocity to the next.

    At an onset the centre of mass has the velocity that an average step of that moment gives back,
    so the impulse of a step is its duration times body weight as long as nothing changes slowly.

    Parameters
    ----------
    step_time_s, contact_time_s, peak_bw : ndarray, shape (N,)
        Of each step.
    average_step_time_s, average_contact_time_s, limb_velocity_m_s, onset_height_m : ndarray
        Shape (N + 1,), at each onset and where the last step ends.
    """
    g = STANDARD_GRAVITY_M_S2
    impact_duration = np.full(len(onset_height_m), IMPACT_DURATION_S)
    impact = impact_impulse_bw_s(limb_velocity_m_s, impact_duration)
    longer = _FIRST_DURATION
    for _ in range(2):  # how much longer the force lasts than the contact depends on its shape
        duration = longer * average_contact_time_s
        centroid = (average_step_time_s - impact) * duration + impact * impact_duration
        upward = g * (centroid / average_step_time_s - average_step_time_s) / 2.0
        force = solve_two_mass_force(
            step_time_s,
            contact_time_s,
            peak_bw,
            step_time_s + np.diff(upward) / g,
            (np.diff(onset_height_m) - upward[:-1] * step_time_s) / g + step_time_s**2 / 2.0,
            impact[:-1],
            impact_duration[:-1],
        )
        longer = float(np.median(force.duration_s / contact_time_s))
    return RunningForce(force, upward, duration)


def limb_velocity_m_s(speed_m_s: Array, slope_deg: Array | float) -> Array:
    """How fast the lower limb comes down, m/s, after Clark, Ryan & Weyand 2017."""
    velocity: Array = (0.9 + 0.2 * speed_m_s) * (1.0 - 0.05 * np.clip(slope_deg, -10.0, 10.0))
    return velocity


def braking_m_s2(speed_m_s: Array) -> Array:
    """Amplitude of the braking, then driving force on the centre of mass, m/s²."""
    return STANDARD_GRAVITY_M_S2 * (0.03 + 0.06 * speed_m_s)


@lru_cache(_KEPT_FORCES)  # sessions of a runner ask for the same few, which take most of a start
def steady_force(
    step_time_s: float,
    contact_time_s: float,
    peak_bw: float,
    speed_m_s: float,
    slope_deg: float = 0.0,
) -> TwoMassForce:
    """The force of one step of a run in which all steps are alike; not to be written to."""
    ends = np.ones(2)
    step, contact = step_time_s * ends, contact_time_s * ends
    limb = limb_velocity_m_s(speed_m_s * ends, slope_deg)
    return running_force(
        step[:1], contact[:1], np.array([peak_bw]), step, contact, limb, 0.0 * ends
    ).force


def _lowest_crest(bare_skew: Array) -> Array:
    """Least crest at which the force is nowhere negative.

    That is while skew² ≤ 1 + 4·crest, and the skew is ``bare_skew·(1 + crest)``.
    """
    k2 = np.minimum(bare_skew**2, 1.27)  # where the crest reaches its upper limit
    return 2.0 * (k2 - 1.0) / (4.0 - 2.0 * k2 + np.sqrt(16.0 - 12.0 * k2)) + 1e-9


def contact_crossings(
    force: TwoMassForce, *, threshold_bw: float = CONTACT_THRESHOLD_BW
) -> tuple[Array, Array]:
    """Times since onset at which the force rises and falls through the threshold, s.

    By Newton's method within a bisection, to the last bits of a double.
    """
    rise, fall = _crossings(force, threshold_bw)
    return rise, fall


def _crossings(force: TwoMassForce, threshold_bw: float, near_s: Array | None = None) -> Array:
    """Both in one array, since most of the time for few steps is the beginning of each operation.

    ``near_s`` is what was found for forces that are nearly these.
    """
    below, above = _brackets(force)
    time = 0.5 * (below + above) if near_s is None else near_s
    for _ in range(_MOST_ITERATIONS):
        value, rate = force.force_and_rate(time)
        is_above = value >= threshold_bw
        above = np.where(is_above, time, above)
        below = np.where(is_above, below, time)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = time - (value - threshold_bw) / rate
        found = np.abs(newton - time) < _FOUND_S
        inside = (newton - below) * (newton - above) <= 0.0
        time = np.where(found | inside, newton, 0.5 * (below + above))
        if found.all():
            break
    return time


def _brackets(force: TwoMassForce) -> Array:
    """Times below and above the threshold, of the rise and of the fall, shape (2, 2, N)."""
    end = force.duration_s
    return np.array([[np.zeros_like(end), end], [force.impact_duration_s / 2.0, 0.6 * end]])


def _on_grid(force: TwoMassForce, crossings_s: Array) -> Array:
    """The middle of the part in which each is, of the 2^14 of its bracket.

    So coarse was the bisection that the forces of a seed were first made with; they stay the same.
    """
    below, above = _brackets(force)
    part = (above - below) / 2.0**14
    middle: Array = below + (np.floor((crossings_s - below) / part) + 0.5) * part
    return middle
