"""The impact at the sacrum: its shape by slope, and how strong it is for a shock that is asked for.

The average step's impact at level is in the runner's own waveform. What is added here is the
difference: a stronger or weaker impact at the same moment, by step, slope, surface and fatigue.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.simulator.force import contact_crossings, steady_force
from devices.simulator.lobes import contact_basis
from devices.simulator.low_pass import gain
from devices.simulator.person import Person
from devices.simulator.transient import SacralTransient
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

#: The shock is the largest value below 20 Hz from contact to this long after.
SHOCK_WINDOW_S: Final = 0.080
#: Sacral shock relative to asphalt; concrete against track and grass after Ferro-Sánchez 2023.
SURFACE_SHOCK: Final = {
    "concrete": 1.02,
    "asphalt": 1.0,
    "track": 0.965,
    "treadmill": 0.97,
    "trail": 0.975,
    "grass": 0.985,
}

# slope deg, frequency Hz, damping ratio, shock over that at level; Alcantara et al. 2022,
# doi:10.7717/peerj.12752
_BY_SLOPE: Final = np.array(
    [[-10.0, 15.0, 0.25, 1.58], [-5.0, 17.0, 0.28, 1.26], [0.0, 16.5, 0.33, 1.0],
     [5.0, 9.5, 0.33, 0.71]]
)  # fmt: skip
_FORWARD_OVER_UPWARD: Final = -0.92  # peaks below 20 Hz: -1.7 g for 1.84 g at level
_SLOPE_STEP_DEG: Final = 0.5  # slopes between are taken as the next of these
_SPEED_STEP_M_S: Final = 0.5  # likewise
_SLOWEST_M_S: Final = 2.0
_POINTS: Final = 256
_STRENGTHS_G: Final = np.linspace(-1.5, 6.0, 51)
_DIES_AWAY_S: Final = 0.12
_CUTOFF_HZ: Final = 20.0


class SacralImpact:
    """The transient of a runner on one slope.

    Parameters
    ----------
    slope_deg : float
        Positive uphill; beyond -10 and 5 degrees as there.
    peak_s : float
        From the onset of the force to the largest value of the upward transient below 20 Hz.
    contact_time_s : float
        Of the shortest contacts; the transient starts early enough to have died away in them.

    Attributes
    ----------
    upward, forward : SacralTransient
        Forward, the sensor recoils at once, as the recordings of Alcantara et al. 2022 show.
    scale : float
        Amplitude of the upward transient whose largest value below 20 Hz is 1.
    forward_ratio : float
        Forward amplitude for an upward one of 1.
    shock_ratio : float
        The shock here over that at level.
    """

    def __init__(
        self, slope_deg: float = 0.0, peak_s: float = 0.03, contact_time_s: float = 0.25
    ) -> None:
        frequency, damping, shock = (
            float(np.interp(slope_deg, _BY_SLOPE[:, 0], column)) for column in _BY_SLOPE.T[1:]
        )
        at_once = SacralTransient(frequency, damping, delay_s=0.0)
        height, reached_s = at_once.low_passed_peak(_CUTOFF_HZ)
        delay_s = max(min(peak_s - reached_s, contact_time_s - _DIES_AWAY_S), 0.0)
        self.upward = SacralTransient(frequency, damping, delay_s)
        self.forward = SacralTransient(frequency, damping, delay_s, own_recoil=0.8)
        self.scale = 1.0 / height
        self.forward_ratio = (
            _FORWARD_OVER_UPWARD * height / self.forward.low_passed_peak(_CUTOFF_HZ)[0]
        )
        self.shock_ratio = shock


class RunnersImpacts:
    """The impacts of one runner, who has a waveform of their own.

    Parameters
    ----------
    person : Person
    speed_m_s, fastest_m_s : float
        At which the moment of the impact is looked up, and of the whole run.
    """

    def __init__(self, person: Person, speed_m_s: float, fastest_m_s: float) -> None:
        self._person = person
        below_20hz, window = self._steady(speed_m_s, None)
        first = int(window.argmax())
        peak = first + int(below_20hz[0, window].argmax())
        self._peak_s = peak / _POINTS * person.gait(speed_m_s).step_time_s
        self._shortest_s = person.gait(fastest_m_s).contact_time_s
        self._impacts: dict[int, SacralImpact] = {}
        self._shocks: dict[tuple[int, int], tuple[float, list[float], list[float]]] = {}

    def on_slope(self, slope_deg: float) -> SacralImpact:
        """The impact on the slope, to half a degree; the same object for the same half degree."""
        number = round(slope_deg / _SLOPE_STEP_DEG)
        if number not in self._impacts:
            self._impacts[number] = SacralImpact(
                number * _SLOPE_STEP_DEG, self._peak_s, self._shortest_s
            )
        return self._impacts[number]

    def amplitude_g(self, slope_deg: float, speed_m_s: float, relative: float) -> float:
        """Amplitude of the upward transient, g, beyond the average impact at level.

        Parameters
        ----------
        slope_deg, speed_m_s : float
        relative : float
            The shock over that of the average step on this slope.
        """
        speed = round(max(speed_m_s, _SLOWEST_M_S) / _SPEED_STEP_M_S)
        slope = round(slope_deg / _SLOPE_STEP_DEG)
        impact = self.on_slope(slope_deg)
        if (slope, speed) not in self._shocks:
            self._shocks[slope, speed] = self._measure(impact, speed * _SPEED_STEP_M_S)
        average_g, shocks_g, strengths_g = self._shocks[slope, speed]
        wanted_g = average_g * impact.shock_ratio * relative
        upper = min(max(bisect_right(shocks_g, wanted_g), 1), len(shocks_g) - 1)
        low, high = shocks_g[upper - 1], shocks_g[upper]
        share = min(max((wanted_g - low) / ((high - low) or 1.0), 0.0), 1.0)
        begin, end = strengths_g[upper - 1], strengths_g[upper]
        return (begin + share * (end - begin)) * impact.scale

    def _measure(
        self, impact: SacralImpact, speed_m_s: float
    ) -> tuple[float, list[float], list[float]]:
        """The average step's shock, and those that rising strengths make, g."""
        below_20hz, window = self._steady(speed_m_s, impact)
        shocks_g = np.maximum.accumulate(below_20hz[:, window].max(axis=1))
        # a weaker impact than this changes nothing more
        least = int(np.searchsorted(shocks_g, shocks_g[0], "right")) - 1
        average_g = float(np.interp(0.0, _STRENGTHS_G, shocks_g))
        return average_g, shocks_g[least:].tolist(), _STRENGTHS_G[least:].tolist()

    def _steady(
        self, speed_m_s: float, impact: SacralImpact | None
    ) -> tuple[Array, NDArray[np.bool_]]:
        """A step's vertical specific force below 20 Hz, a row a strength, and the shock's window.

        Without an impact one row, the runner's average at level.
        """
        gait = self._person.gait(speed_m_s)
        force = steady_force(gait.step_time_s, gait.contact_time_s, gait.peak_bw, speed_m_s)
        time = np.arange(_POINTS) / _POINTS * gait.step_time_s
        waves = self._person.pelvis.waves(speed_m_s)[:, 2]
        harmonics = np.arange(1, len(waves) + 1) * np.pi / gait.step_time_s
        own = (np.exp(1j * np.outer(time, harmonics)) @ (-(harmonics**2) * waves)).real
        felt = (force.force_bw(time) + own / STANDARD_GRAVITY_M_S2)[None]
        if impact is not None:
            stance = np.full(_POINTS, force.duration_s[0])
            inside = np.minimum(time, stance)
            struck = impact.upward.pulse(
                inside, contact_basis(inside, stance), impact.upward.recoil(stance)
            ).value * (time < stance)
            felt = felt + np.outer(_STRENGTHS_G, impact.scale * struck)
        contact_s = float(contact_crossings(force)[0][0])
        frequency = np.fft.rfftfreq(_POINTS, gait.step_time_s / _POINTS)
        below_20hz: Array = np.fft.irfft(np.fft.rfft(felt) * gain(frequency, _CUTOFF_HZ), _POINTS)
        return below_20hz, (time >= contact_s) & (time <= contact_s + SHOCK_WINDOW_S)
