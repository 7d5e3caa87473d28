"""Impact shock, of which no recording has a truth: how two sensors agree, and known pulses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.accuracy.simulated import AFTER_RAMP_S, found_steps, match_steps
from benchmarks.accuracy.tables import SIMULATED, Row, Section, row_of_errors
from devices.simulator.generate import SimulatedRun
from devices.simulator.low_pass import low_pass
from devices.simulator.motion import BodyMotion
from devices.simulator.runner import RAMP_S
from devices.simulator.scenario import Scenario
from devices.simulator.sensor import SensorModel
from imu.samples import STANDARD_GRAVITY_M_S2, Samples

Array = NDArray[np.float64]

_STRAIGHT: Final = (0.0, 0.0, 0.0)
_RATES_HZ: Final = (100.0, 200.0, 400.0)

_TILTED: Final = (10.0, 15.0, 10.0)
_TILTED_BACK: Final = (-10.0, -15.0, -10.0)
_HERE: Final = (0.0, 0.0, 0.0)
#: How the second sensor of a body sits: device, seed, mounting, and from the first one, m.
_SECOND_SENSORS: Final = (
    ("same place and mounting, another unit", "bmi270", 71, _STRAIGHT, _HERE),
    ("same place, mounted 15° off, another unit", "bmi270", 72, _TILTED, _HERE),
    ("3 cm to the left, another make", "lsm6dso", 73, _STRAIGHT, (0.0, 0.03, 0.0)),
    ("4 cm higher, 15° off, another make", "icm42688", 74, _TILTED_BACK, (0.0, 0.0, 0.04)),
)
_AGREEMENT: Final = (
    ("impact shock", "g", "impact_shock_g"),
    ("peak vertical force", "BW", "peak_force_bw"),
    ("contact time", "ms", "contact_time_ms"),
    ("sacral lean", "°", "sacral_lean_deg"),
)
_PULSE_WIDTHS_MS: Final = (10.0, 20.0, 40.0)
_PULSE_SIZES_G: Final = (0.5, 1.0, 2.0, 4.0)
_PULSE_DELAY_S: Final = 0.020
_DEFINITION_RATE_HZ: Final = 1000.0
_SHOCK_CUTOFF_HZ: Final = 20.0
_SHOCK_WINDOW_S: Final = 0.080


def _agreement_rows(*, quick: bool) -> list[Row]:
    scenarios = [
        Scenario(speed=speed, slope=slope, minutes=1.0, seed=70)
        for speed, slope in (((3.0, 0.0),) if quick else product((2.5, 3.5, 4.5), (-5.0, 0.0)))
    ]
    rows = []
    for title, device, seed, mount, place in _SECOND_SENSORS:
        parts: dict[str, list[Array]] = {metric: [] for metric, _, _ in _AGREEMENT}
        for scenario in scenarios:
            run = SimulatedRun(scenario)
            first = found_steps(run.read(run.n_samples), scenario)
            roll, pitch, yaw = mount
            other = replace(
                scenario,
                device=device,
                seed=seed,
                mount_roll=roll,
                mount_pitch=pitch,
                mount_yaw=yaw,
            )
            second = found_steps(_readings(run.motion, other, place), other)
            i, j = match_steps(second, first)
            settled = (
                first.initial_contact_s[j] > run.motion.bouts[0].run_start_s + RAMP_S + AFTER_RAMP_S
            )
            for metric, _, column in _AGREEMENT:
                apart = getattr(second, column)[i] - getattr(first, column)[j]
                parts[metric].append(apart[settled])
        rows += [
            row_of_errors(
                metric, f"two sensors, {title}", unit, np.concatenate(parts[metric]),
                trials=parts[metric],
            )
            for metric, unit, _ in _AGREEMENT
        ]  # fmt: skip
    return rows


def _readings(motion: BodyMotion, scenario: Scenario, place_m: Sequence[float]) -> Samples:
    """What another sensor measures of the same motion, at another place of the rigid pelvis."""
    time = np.arange(int(motion.duration_s * scenario.rate)) / scenario.rate
    here = motion.at(time)
    step = 1e-4
    turning = (
        motion.at(time + step).angular_velocity_rad_s
        - motion.at(time - step).angular_velocity_rad_s
    ) / (2.0 * step)
    rate, lever = here.angular_velocity_rad_s, np.asarray(place_m)
    force = here.specific_force_m_s2 + np.cross(turning, lever)
    force += np.cross(rate, np.cross(rate, lever))
    return Samples(time, *SensorModel(scenario).measure(force, rate, 0))


def injected_pulse_errors(size_g: float, width_ms: float, rate_hz: float) -> tuple[Array, Array]:
    """Shock read less shock by definition, where every contact carries a known pulse, g.

    Parameters
    ----------
    size_g, width_ms : float
        Height and width of the half-sine added to the vertical specific force 20 ms after contact.
    rate_hz : float
        Rate of the (error-free) sensor.

    Returns
    -------
    error, mean : ndarray
        By step of steady running.
    """
    scenario = Scenario(speed=3.0, minutes=0.5, seed=80, device="ideal", rate=rate_hz)
    run = SimulatedRun(scenario)
    samples = run.read(run.n_samples)
    true = run.truth()
    contacts = true.initial_contact_s

    def pulses(time_s: Array) -> Array:
        since = time_s - contacts[np.maximum(np.searchsorted(contacts, time_s) - 1, 0)]
        phase = (since - _PULSE_DELAY_S) / (width_ms / 1000.0)
        inside = (phase > 0.0) & (phase < 1.0)
        return np.where(inside, size_g * np.sin(np.pi * np.clip(phase, 0.0, 1.0)), 0.0)

    upward = run.motion.at(samples.time_s).rotation[:, 2, :]
    added = upward * pulses(samples.time_s)[:, None] * STANDARD_GRAVITY_M_S2
    struck = Samples(
        samples.time_s, samples.acceleration_m_s2 + added, samples.angular_velocity_rad_s
    )
    found = found_steps(struck, scenario)
    fine_s = np.arange(int(run.motion.duration_s * _DEFINITION_RATE_HZ)) / _DEFINITION_RATE_HZ
    felt = run.motion.at(fine_s).acceleration_m_s2[:, 2] / STANDARD_GRAVITY_M_S2 + 1.0
    below = low_pass(felt + pulses(fine_s), _DEFINITION_RATE_HZ, _SHOCK_CUTOFF_HZ)
    i, j = match_steps(found, true)
    steady = (contacts[j] > run.motion.bouts[0].run_start_s + RAMP_S) & (
        contacts[j] < run.motion.bouts[-1].run_end_s - RAMP_S
    )
    i, j = i[steady], j[steady]
    expected = np.array([_largest(below, contact) for contact in contacts[j]])
    read = found.impact_shock_g[i]
    return read - expected, 0.5 * (read + expected)


def _largest(below_20hz: Array, contact_s: float) -> float:
    first = int(np.ceil(contact_s * _DEFINITION_RATE_HZ))
    last = first + int(_SHOCK_WINDOW_S * _DEFINITION_RATE_HZ)
    return float(below_20hz[first : last + 1].max())


def sections(data: Path, *, quick: bool) -> list[Section]:  # noqa: ARG001
    """Agreement of two sensors, and known pulses; ``data`` is not needed."""
    rows = [*_agreement_rows(quick=quick)]
    rates = (200.0,) if quick else _RATES_HZ
    for rate, width in product(rates, _PULSE_WIDTHS_MS):
        parts, means = [], []
        for size in _PULSE_SIZES_G:
            error, mean = injected_pulse_errors(size, width, rate)
            parts.append(error)
            means.append(mean)
        rows.append(
            row_of_errors(
                "impact shock",
                f"injected half-sine of {width:g} ms, 0.5 to 4 g, {rate:g} Hz",
                "g",
                np.concatenate(parts),
                trials=parts,
                means=np.concatenate(means),
            )
        )
    about = (
        "No public recording has a truth for it. Shown instead: what two sensors on one simulated "
        "body disagree by, step by step, and what the chain reads where a pulse of known size was "
        "added to the vertical specific force at contact, against the definition (the largest "
        "value below 20 Hz within 80 ms of contact)."
    )
    unseen = ("Whether shock at the sacrum tells anything of the load on the spine.",)
    return [Section("Impact shock", about, rows, cannot_see=unseen, people=SIMULATED)]
