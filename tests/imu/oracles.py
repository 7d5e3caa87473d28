"""The kernels once more, slow and plain, from their definitions; nothing here is compiled."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid
from scipy.signal import butter, lfilter, lfilter_zi

Array = NDArray[np.float64]


# ---- filters


def butterworth(cutoff_hz: float, rate_hz: float) -> tuple[Array, Array]:
    b, a = butter(2, cutoff_hz, fs=rate_hz)
    return np.asarray(b), np.asarray(a)


def settled_filter(b: Array, a: Array, x: Array) -> Array:
    """One pass that starts in the steady state of the first value."""
    y, _ = lfilter(b, a, x, zi=lfilter_zi(b, a) * x[0])
    return np.asarray(y)


def zero_phase(b: Array, a: Array, x: Array) -> Array:
    return settled_filter(b, a, settled_filter(b, a, x)[::-1])[::-1]


class MeanThenLowPass:
    """A low-pass whose first outputs are the mean of what came."""

    def __init__(self, cutoff_hz: float, rate_hz: float, settling: int) -> None:
        self.b, self.a = butterworth(cutoff_hz, rate_hz)
        self.settling = settling
        self.seen: list[Array] = []
        self.memory: Array | None = None
        self.value: Array = np.zeros(0)

    def __call__(self, x: Array) -> Array:
        x = np.asarray(x, float)
        if len(self.seen) < self.settling:
            self.seen.append(x)
            self.value = np.mean(self.seen, axis=0)
            if len(self.seen) == self.settling:
                self.memory = np.outer(lfilter_zi(self.b, self.a), self.value.ravel())
            return self.value
        y, self.memory = lfilter(self.b, self.a, x.reshape(1, -1), axis=0, zi=self.memory)
        self.value = np.asarray(y).reshape(x.shape)
        return self.value


# ---- orientation, with rotation matrices


def turn(rotation_vector: Array) -> Array:
    """Rotation matrix of a rotation vector (Rodrigues)."""
    angle = float(np.linalg.norm(rotation_vector))
    x, y, z = rotation_vector
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]], float)
    if angle < 1e-12:
        return np.asarray(np.eye(3) + k)
    k /= angle
    return np.asarray(np.eye(3) + math.sin(angle) * k + (1.0 - math.cos(angle)) * k @ k)


def matrix_of(q: Array) -> Array:
    """Rotation matrix of a unit quaternion wxyz."""
    w, v = q[0], np.asarray(q[1:])
    cross = np.array([[0, -v[2], v[1]], [v[2], 0, -v[0]], [-v[1], v[0], 0]])
    return np.asarray((w * w - v @ v) * np.eye(3) + 2.0 * np.outer(v, v) + 2.0 * w * cross)


def least_turn_up(direction: Array) -> Array:
    """The least rotation that brings a unit vector to z; about x when it points straight down."""
    axis = np.cross(direction, [0.0, 0.0, 1.0])
    sine = float(np.linalg.norm(axis))
    if sine < 1e-12:
        return np.eye(3) if direction[2] > 0 else np.diag([1.0, -1.0, -1.0])
    return turn(axis / sine * math.atan2(sine, direction[2]))


@dataclass
class Inclination:
    """The inclination filter with matrices and a textbook Kalman update every 50 ms."""

    rate_hz: float
    tau_s: float = 3.0
    bias: Array = field(default_factory=lambda: np.zeros(3))
    estimate_bias: bool = True

    def __post_init__(self) -> None:
        every = self.every = max(1, round(0.05 * self.rate_hz))
        slow = self.rate_hz / every
        corner = math.sqrt(2.0) / (2.0 * math.pi * self.tau_s)
        self.strapdown, self.levelling = np.eye(3), np.eye(3)
        self.up = MeanThenLowPass(corner, self.rate_hz, max(1, round(self.tau_s * self.rate_hz)))
        settling = max(1, round(self.tau_s * slow))
        self.rotation = MeanThenLowPass(min(corner, 0.4 * slow), slow, settling)
        self.rotated_bias = MeanThenLowPass(min(corner, 0.4 * slow), slow, settling)
        half = math.sqrt(2.0) / (2.0 * math.pi * 0.5)
        self.rest_mean = MeanThenLowPass(half, slow, max(1, round(0.5 * slow)))
        # published unit: (0.01 °/s)²
        self.initial = (0.5 * 100) ** 2
        self.growth = (0.1 * 100) ** 2 / 100.0 * every / self.rate_hz
        self.motion = (0.1 * 100) ** 4 / self.growth + (0.1 * 100) ** 2
        self.rest = (0.03 * 100) ** 4 / self.growth + (0.03 * 100) ** 2
        self.limit, self.surprise = math.radians(25.0), math.radians(2.0)
        self.covariance = self.initial * np.eye(3)
        self.rest_needed = round(1.5 * slow)
        self.quiet_intervals = 0
        self.window: list[Array] = []
        self.tilt = np.zeros(2)
        self.broken = False

    def push(self, acceleration: Array, angular_velocity: Array) -> Array:
        """Rotation matrices sensor → earth, (N, 3, 3)."""
        pairs = zip(acceleration, angular_velocity, strict=True)
        return np.array([self._sample(a, w) for a, w in pairs])

    def _sample(self, a: Array, w: Array) -> Array:
        self.strapdown = self.strapdown @ turn((w - self.bias) / self.rate_hz)
        seen = self.levelling @ self.up(self.strapdown @ a)
        seen = seen / np.linalg.norm(seen)
        self.levelling = least_turn_up(seen) @ self.levelling
        self.tilt += seen[:2]
        smooth = self.rest_mean.value if self.rest_mean.value.size else np.zeros(6)
        self.broken |= bool(np.linalg.norm(w - smooth[:3]) > math.radians(2.0))
        self.broken |= bool(np.linalg.norm(a - smooth[3:]) > 0.5)
        self.window.append(np.concatenate([w, a]))
        if len(self.window) == self.every:
            if self.estimate_bias:
                self._update_bias()
            self.window = []
        return np.asarray(self.levelling @ self.strapdown)

    def _update_bias(self) -> None:
        smooth = self.rest_mean(np.mean(self.window, axis=0))
        quiet = not self.broken and bool(np.all(np.abs(smooth[:3]) <= self.limit))
        self.quiet_intervals = self.quiet_intervals + 1 if quiet else 0
        self.broken = False
        now = self.levelling @ self.strapdown
        seen_bias = self.rotated_bias((now @ self.bias)[:2])
        rotation = self.rotation(now)
        surprised = bool(np.any(np.abs(smooth[:3] - self.bias) > self.surprise))
        rests = self.quiet_intervals >= (2 if surprised else 1) * self.rest_needed
        if rests:
            rotation = np.eye(3)
            error = smooth[:3] - self.bias
            noise = self.rest * np.eye(3)
        else:
            seconds = self.every / self.rate_hz
            rate = np.array([-self.tilt[1], self.tilt[0]]) / seconds
            error = np.append(rate + seen_bias, 0.0) - rotation @ self.bias
            noise = np.diag([self.motion, self.motion, self.motion * 1e4])
        self.tilt = np.zeros(2)
        most = self.limit if rests else self.surprise
        error = np.clip(error, -most, most)
        p = self.covariance + np.diag(
            np.where(np.diag(self.covariance) < self.initial, self.growth, 0.0)
        )
        gain = p @ rotation.T @ np.linalg.inv(rotation @ p @ rotation.T + noise)
        self.bias = np.clip(self.bias + gain @ error, -self.limit, self.limit)
        self.covariance = p - gain @ rotation @ p


# ---- gait


def _step_measures(force_g: Array, lowest: float, rate_hz: float) -> Array:
    """Log step time and swing, harmonics of both horizontal axes in the vertical phase, least."""
    n = len(force_g)
    first = np.exp(-2j * np.pi * np.arange(n) / n)
    vertical = 2.0 * np.mean(force_g[:, 2] * first)
    back = np.conj(vertical) / (abs(vertical) + 2e-12 / n)
    once = [2.0 * np.mean(force_g[:, k] * first) * back for k in (0, 1)]
    twice = [2.0 * np.mean(force_g[:, k] * first**2) * back**2 for k in (0, 1)]
    parts = [part for z in once + twice for part in (z.real, z.imag)]
    swing = np.log((abs(vertical) + 0.05) / 0.55)
    return np.array([np.log(n / rate_hz / 0.42), swing, *parts, lowest])


def _odds_of_running(measures: list[Array], weights: tuple[float, ...]) -> float:
    mean = np.mean(measures, axis=0)
    once, twice = mean[2:6].view(complex), mean[6:10].view(complex)
    harmonic = np.sum(twice * once.conj()).real / (np.sum(np.abs(once) ** 2) + 0.05**2)
    share = np.clip(1.0 - mean[1], 0.0, 1.0)
    features = (mean[0], mean[1], share * np.clip(harmonic, -1.5, 1.5))
    return float(np.dot(weights[:3], features) + weights[3])


def gait(force_g: Array, rate_hz: float, weights: tuple[float, ...]) -> tuple[list[int], list[int]]:
    """Class of each sample and event of each sample, for the default levels."""
    b, a = butterworth(6.0, rate_hz)
    low = settled_filter(b, a, force_g[:, 2])
    shortest, longest, second = round(0.17 * rate_hz), round(0.6 * rate_hz), round(rate_hz)
    classes, events = [], []
    last: int | None = None
    fallen = still = running = grounded = False
    measures: list[Array] = []
    before = fall = lowest = 0.0
    resuming = 0
    for n, y in enumerate(low.tolist()):
        if (n + 1) % second == 0:
            still = bool(np.std(force_g[n + 1 - second : n + 1, 2]) < 0.03)
        lowest = min(lowest, y)
        fallen |= y < 1.0 - max(0.25, 0.4 * fall)
        contact = fallen and (low[n - 1] if n else 1.0) < 1.0 <= y
        if last is None:
            contact = contact or (still and y >= 1.25)
        elif n - last < shortest:
            contact = False
        event = 0
        if contact:
            fall = 1.0 - lowest if fall == 0.0 else fall + 0.3 * (1.0 - lowest - fall)
            event = 2
            if last is not None:
                step_s = (n - last) / rate_hz
                own = _step_measures(force_g[last + 1 : n + 1], lowest, rate_hz)
                swing_g = 0.55 * np.exp(own[1]) - 0.05
                swing_m = 2.0 * swing_g * 9.80665 * (step_s / (2.0 * np.pi)) ** 2
                regular = not measures or abs(np.log(step_s / before)) <= 0.3
                before = step_s
                swings = swing_m >= 0.02 or swing_g >= 0.5
                if step_s <= 0.48 and swings and regular:
                    some = [*measures, own][-4:]
                    least = 0.35 * (0.85 if grounded else 1.0)
                    grounded = float(np.mean([m[10] for m in some])) > least
                    if _odds_of_running(some, weights) > 0.0 and (
                        _odds_of_running([own], weights) > -5.0
                    ):
                        event = 1
                        measures.append(own)
                        running |= len(measures) >= (2 if resuming else 12)
            if event == 2:
                measures, running = [], False
            last, fallen, lowest = n, False, y
        elif last is not None and n - last > longest:
            last, event, measures, running, fall = None, 3, [], False, 0.0
        resuming = round(3.0 * rate_hz) if running else max(0, resuming - 1)
        classes.append((2 if grounded else 3) if running else (0 if still else 1))
        events.append(event)
    return classes, events


# ---- events and the step


def displacement(acceleration: Array, interval_s: float) -> Array:
    """Twice integrated; mean, mean velocity and trend removed; about its mean."""
    n = len(acceleration)
    span = (n - 1) * interval_s
    mean = float(np.trapezoid(acceleration, dx=interval_s)) / span
    velocity = cumulative_trapezoid(acceleration - mean, dx=interval_s, initial=0)
    velocity = velocity - float(np.trapezoid(velocity, dx=interval_s)) / span
    position = cumulative_trapezoid(velocity, dx=interval_s, initial=0)
    position = position - np.linspace(position[0], position[-1], n)
    return np.asarray(position - position.mean())


def lumbar_compression(
    vertical_g: float, forward_g: float, lean_rad: float, height_m: float
) -> float:
    """SCIENCE-table model with forces in newtons, for 70 kg, back in body weights."""
    mass, g = 70.0, 9.80665
    upper, arm = 0.54 * mass, 0.16 * height_m
    along, across = math.cos(lean_rad), math.sin(lean_rad)
    axial = upper * (vertical_g * g * along + forward_g * g * across)
    moment = upper * arm * (vertical_g * g * across - forward_g * g * along)
    muscle = moment / 0.058 if moment > 0 else abs(moment) / 0.09
    return (axial + 1.15 * muscle) / (mass * g)


# ---- mounting


def forward(force_g: Array, contacts: list[int], up: Array) -> Array:
    """Where most swings at step frequency, a sixth of a step behind the vertical."""
    pairs = list(itertools.pairwise(contacts))
    pairs = pairs[: len(pairs) // 2 * 2]
    phasors = []
    for begin, end in pairs:
        carrier = np.exp(-2j * np.pi * np.arange(end - begin) / (end - begin))
        phasors.append(np.mean(force_g[begin:end] * carrier[:, None], axis=0))
    phasor = np.mean(phasors, axis=0)
    vertical = phasor @ up
    horizontal = (phasor - vertical * up) / vertical
    parts = np.stack([horizontal.real, horizontal.imag])
    direction = np.linalg.svd(parts)[2][0]
    return np.asarray(direction * np.sign((horizontal @ direction * np.exp(1j * np.pi / 3)).real))


# ---- intake


@dataclass
class Door:
    """The intake as one would write it for a recording that is all there."""

    rate_hz: float
    fill_limit_s: float = 0.1
    acceleration_range: float = math.inf
    angular_velocity_range: float = math.inf

    def clean(
        self, time_s: Array, acceleration: Array, gyro: Array, quality: NDArray[np.uint8]
    ) -> tuple[Array, Array, Array]:
        """Rows of time, acceleration and angular velocity; quality; counts."""
        limit = round(self.fill_limit_s * self.rate_hz)
        interval = 1.0 / self.rate_hz
        rows: list[Array] = []
        flags: list[int] = []
        expected = math.nan
        previous: Array | None = None
        run, largest, finest = [0, 0, 0], np.zeros(3), math.inf
        most_change, most_turn_change, leaps = 0.0, 0.0, 0
        slow = 50.0 / min(max(self.rate_hz, 50.0), 200.0)
        leap = 9.80665 * (2.5 + 3.5 * (slow - 0.25) / 0.75)
        filled = lost = restarts = 0
        for t, a, w, q in zip(time_s, acceleration, gyro, quality, strict=True):
            row = np.concatenate([[t], a, w])
            most = [1.25 * self.acceleration_range, 1.25 * self.angular_velocity_range]
            force, turn = (
                min(m, o) if m == math.inf else m for m, o in zip(most, [500.0, 75.0], strict=True)
            )
            beyond = np.abs(a).max() > force or np.abs(w).max() > turn
            ends = np.abs(a).min() >= 0.999 * self.acceleration_range
            if not np.all(np.isfinite(row)) or beyond or ends:
                lost += 1
                continue
            if previous is not None and np.abs(a).max() < 0.999 * self.acceleration_range:
                change = np.abs(a - previous[1:4]).max()
                soon = (t - previous[0]) * self.rate_hz <= 3.5
                least = leap if most_change > 9.80665 else 1.6 * leap
                turn_change = np.abs(w - previous[4:7]).max()
                leapt = change > max(least, 3.0 * most_change)
                leapt |= turn_change > max(0.25 * leap, 3.0 * most_turn_change)
                if soon and leaps < 2 and leapt:
                    lost, leaps = lost + 1, leaps + 1
                    continue
            missing = 0
            if previous is not None:
                late = (t - expected) * self.rate_hz
                room = (t - previous[0]) * self.rate_hz >= 1.5
                if late >= 0.75 or (late >= 0.5 and room):
                    missing = math.floor(late + 0.5)
            if missing > limit:
                restarts += 1
                missing = 0
                expected = math.nan
            for k in range(1, missing + 1):
                assert previous is not None
                rows.append(previous + (row - previous) * (k / (missing + 1)))
                flags.append(1)
            filled += missing
            bad = bool(np.any(np.abs(a) >= 0.999 * self.acceleration_range))
            bad |= bool(np.any(np.abs(w) >= 0.999 * self.angular_velocity_range))
            if previous is not None and not math.isnan(expected):
                forgotten = math.exp(-1.0 / (5.0 * self.rate_hz))
                most_change = max(most_change * forgotten, np.abs(a - previous[1:4]).max())
                turn_change = np.abs(w - previous[4:7]).max()
                most_turn_change = max(most_turn_change * forgotten, turn_change)
                steps = np.abs(a - previous[1:4])
                finest = min([finest, *steps[steps > 0.0]])
            leaps = 0
            held = previous is not None and bool(np.all(a == previous[1:4]))
            largest = np.maximum(largest, np.abs(a))
            for axis in range(3):
                same = previous is not None and previous[1 + axis] == a[axis]
                run[axis] = run[axis] + 1 if same else 1
                end = max(1.4 * 9.80665, 0.98 * largest[axis])
                if run[axis] >= 3 and abs(a[axis]) > end and not held:
                    # half as long again as the top of a sine of 2.8 Hz is within a count
                    height = abs(a[axis]) - 9.80665
                    count = 0.0 if finest == math.inf else finest
                    top = 2.0 * math.sqrt(2.0 * count / height) / (2.0 * math.pi * 2.8)
                    bad |= run[axis] >= 1.5 * top * self.rate_hz
            rows.append(row)
            flags.append(int(q) | (2 if bad else 0))
            if math.isnan(expected):
                expected = t + interval
            else:
                arrived = expected + missing * interval
                expected = arrived + 0.2 * (t - arrived) + interval
            previous = row
        return (
            np.array(rows).reshape(-1, 7),
            np.array(flags, int),
            np.array([filled, lost, restarts]),
        )
