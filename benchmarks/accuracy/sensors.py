"""What a real sensor does to a recording: it rings, clips, loses packets, has no gyroscope."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.virtual_sensor import MarkerTrial, PelvisMotion, virtual_sensor
from imu.samples import STANDARD_GRAVITY_M_S2, Quality, Samples

Array = NDArray[np.float64]
Fault = Callable[[Samples, int], Samples]

_STRAIGHT: Final = (0.0, 0.0, 0.0)
_HERE: Final = (0.0, 0.0, 0.0)
#: Damping of a clip on a waistband: it rings for some periods.
_STRAP_DAMPING: Final = 0.1
_PACKET_SAMPLES: Final = 8
_STANDING_S: Final = 6.0


@dataclass(frozen=True, slots=True)
class Sensor:
    """One way to wear a sensor, and what the chain is told of it.

    ``mount_deg`` are roll, pitch and yaw, ``place_m`` forward, left and up from the midpoint of the
    PSIS; what is several is gone through runner by runner. Without ``stands`` the recording begins
    in the run.
    """

    title: str
    group: str
    rate_hz: float = 200.0
    mount_deg: tuple[tuple[float, float, float], ...] = (_STRAIGHT,)
    place_m: tuple[tuple[float, float, float], ...] = (_HERE,)
    devices: tuple[str, ...] = ("ideal",)
    axes: str = "+x+y+z"
    stands: bool = True
    fault: Fault | None = None


def worn(sensor: Sensor, motion: PelvisMotion, number: int) -> tuple[MarkerTrial, Samples]:
    """The truth of this sensor on this runner, the ``number``-th, and what the chain is given."""
    trial = virtual_sensor(
        motion,
        rate_hz=sensor.rate_hz,
        mount_deg=sensor.mount_deg[number % len(sensor.mount_deg)],
        offset_m=sensor.place_m[number % len(sensor.place_m)],
        device=sensor.devices[number % len(sensor.devices)],
        seed=number + 1,
        standing_s=_STANDING_S if sensor.stands else 0.0,
    )
    return trial, sensor.fault(trial.samples, number) if sensor.fault else trial.samples


def strap(frequency_hz: float) -> Fault:
    """A mass on a spring between pelvis and sensor, damping 0.1, along all three axes.

    Its motion follows the pelvis with ``(2ζωs + ω²) / (s² + 2ζωs + ω²)``, gravity included.
    """

    def ring(samples: Samples, _: int) -> Samples:
        from scipy.signal import bilinear, lfilter, lfilter_zi

        time = samples.time_s
        rate_hz = (len(time) - 1) / (time[-1] - time[0])
        omega = 2.0 * rate_hz * np.tan(np.pi * frequency_hz / rate_hz)
        damping = 2.0 * _STRAP_DAMPING * omega
        b, a = bilinear([damping, omega**2], [1.0, damping, omega**2], rate_hz)
        start = lfilter_zi(b, a)[:, None] * samples.acceleration_m_s2[0]
        ringing, _end = lfilter(b, a, samples.acceleration_m_s2, axis=0, zi=start)
        return replace(samples, acceleration_m_s2=ringing)

    return ring


def clipped(range_g: float) -> Fault:
    """Readings beyond the range stand at its end and are marked so, as a decoder does."""

    def clip(samples: Samples, _: int) -> Samples:
        most = range_g * STANDARD_GRAVITY_M_S2
        beyond = np.abs(samples.acceleration_m_s2) >= most
        quality = samples.quality.copy()
        quality[beyond.any(axis=1)] |= np.uint8(Quality.CLIPPED)
        return replace(
            samples,
            acceleration_m_s2=np.clip(samples.acceleration_m_s2, -most, most),
            quality=quality,
        )

    return clip


def gaps(percent: float) -> Fault:
    """Packets of eight samples that never came."""

    def lose(samples: Samples, number: int) -> Samples:
        random = np.random.default_rng([number, 30])
        lost = random.random(len(samples) // _PACKET_SAMPLES + 1) < percent / 100.0
        kept = ~np.repeat(lost, _PACKET_SAMPLES)[: len(samples)]
        rate = samples.angular_velocity_rad_s
        return Samples(
            samples.time_s[kept],
            samples.acceleration_m_s2[kept],
            None if rate is None else rate[kept],
            samples.quality[kept],
        )

    return lose


def no_gyroscope(samples: Samples, _: int) -> Samples:
    """The accelerometer alone."""
    return Samples(samples.time_s, samples.acceleration_m_s2, None, samples.quality)


_TILTED: Final = ((10.0, 15.0, 10.0), (-10.0, -15.0, -10.0), (10.0, -15.0, -10.0), (0.0, 25.0, 0.0))
_TURNED: Final = tuple((0.0, 10.0, yaw) for yaw in (30.0, 60.0, 90.0, 120.0, 150.0, 180.0))
_PLACES: Final = ((0.0, 0.04, 0.0), (0.0, 0.0, 0.06), (-0.02, -0.03, -0.03))
_DEVICES: Final = ("bmi270", "icm42688", "lsm6dso")

CLEAN: Final = Sensor("clean", "clean")
#: All ways in which a runner left out is judged.
SENSORS: Final = (
    CLEAN,
    Sensor("mounted up to 25° off, told from standing", "mounting", mount_deg=_TILTED),
    Sensor("auto axes, mounted up to 25° off", "mounting", mount_deg=_TILTED, axes="auto"),
    Sensor("auto axes, turned by 30 to 180°", "mounting", mount_deg=_TURNED, axes="auto"),
    Sensor("up to 6 cm from the midpoint", "place", place_m=_PLACES),
    Sensor("switched on in the run, axes stated", "mounting", stands=False),
    *(Sensor(f"strap ringing at {f} Hz", "strap", fault=strap(f)) for f in (8.0, 10.0, 12.0, 15.0)),
    Sensor("noise and bias, auto axes", "noise", devices=_DEVICES, axes="auto"),
    Sensor("range of ±2 g, clipping", "range", fault=clipped(2.0)),
    *(Sensor(f"{rate:g} Hz", "rate", rate_hz=rate) for rate in (50.0, 100.0, 500.0, 1600.0)),
    Sensor("2 % of packets lost", "gaps", fault=gaps(2.0)),
    Sensor("accelerometer alone, axes stated", "no gyroscope", fault=no_gyroscope),
    Sensor(
        "everything at once: bmi270, mounted up to 25° off, strap at 12 Hz, 2 % lost, 100 Hz",
        "together",
        rate_hz=100.0,
        mount_deg=_TILTED,
        devices=("bmi270",),
        axes="auto",
        fault=lambda samples, number: gaps(2.0)(strap(12.0)(samples, number), number),
    ),
)  # fmt: skip
