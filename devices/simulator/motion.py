"""Motion of the sensor through a whole session: one smooth trajectory and orientation.

Standing, walking (where asked for), running with the breaks of the script, and standing again.
Position, velocity, acceleration, orientation and its derivatives are closed-form functions of time,
so a gyroscope integrated gives back the orientation, and acceleration the displacement.

The orientation is R = Rz(rotation)·Rx(roll)·Ry(lean), from body axes (x forward, y left, z up) to
the earth, so that lean = atan2(−R₂₀, R₂₂) is positive forward and roll = asin(R₂₁) positive to the
right. In left stance the pelvis drops on the right, hence rolls to the *left side up*: positive.
In a bend the earth's x and y turn with the path; the turning is in the gyroscope, the pull inward
in the accelerometer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from devices.simulator.course import Course
from devices.simulator.jets import Jet, cosine
from devices.simulator.person import Person
from devices.simulator.phases import Pose
from devices.simulator.running import PUSH_OFF_S, RunningBout
from devices.simulator.scenario import Scenario
from devices.simulator.walking import PhoneCheck, Walk
from imu.samples import STANDARD_GRAVITY_M_S2

Array = NDArray[np.float64]

#: Standing at the end.
FINAL_STANDING_S: Final = 3.0

_AT_ONCE: Final = 1024  # times: what stays in the cache, and on one thread, is fastest
_SWAY_DEG: Final = ((0.15, 0.31), (0.15, 0.23))  # standing: amplitude, Hz, of roll and lean


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The truth at N times, before any sensor error.

    Parameters
    ----------
    time_s : ndarray, shape (N,)
    position_m, velocity_m_s, acceleration_m_s2 : ndarray, shape (N, 3)
        Of the sensor in the earth frame (x along the run, y left, z up), z from standing height; a
        slope's steady climb is left out, and so is the pull inward in a bend.
    angular_velocity_rad_s, specific_force_m_s2 : ndarray, shape (N, 3)
        In body axes, at the sensor.
    vertical_force_bw : ndarray, shape (N,)
        Ground reaction force on the centre of mass, body weights.
    lean_deg, roll_deg, yaw_deg : ndarray, shape (N,)
        Forward, to the right, to the left.
    """

    time_s: Array
    position_m: Array
    velocity_m_s: Array
    acceleration_m_s2: Array
    angular_velocity_rad_s: Array
    specific_force_m_s2: Array
    vertical_force_bw: Array
    lean_deg: Array
    roll_deg: Array
    yaw_deg: Array

    @property
    def rotation(self) -> Array:
        """From body axes to the earth, shape (N, 3, 3)."""
        lean, roll, yaw = np.radians([self.lean_deg, self.roll_deg, self.yaw_deg])
        sl, cl, sr, cr, sy, cy = (f(a) for a in (lean, roll, yaw) for f in (np.sin, np.cos))
        return np.stack(
            [
                np.stack([cy * cl - sy * sr * sl, -sy * cr, cy * sl + sy * sr * cl], axis=-1),
                np.stack([sy * cl + cy * sr * sl, cy * cr, sy * sl - cy * sr * cl], axis=-1),
                np.stack([-cr * sl, sr, cr * cl], axis=-1),
            ],
            axis=-2,
        )


class _Part(NamedTuple):
    """A part of the session and where it begins along the way, m."""

    moves: RunningBout | Walk | PhoneCheck
    from_m: float


class BodyMotion:
    """The trajectory of one scenario; :meth:`at` evaluates it at any time of the session.

    Attributes
    ----------
    person : Person
    course : Course
    bouts : list of RunningBout
        In order; between them are the breaks.
    duration_s : float
        Of the session.
    """

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.person = Person(scenario.seed)
        walk_start_s = scenario.standing_s
        push_off_s = walk_start_s + scenario.walk_s
        self.course = Course(scenario, push_off_s + PUSH_OFF_S)
        self.bouts: list[RunningBout] = []
        self._parts: list[_Part] = []
        self._here_m = 0.0
        if scenario.walk_s:
            self._walk("walk", walk_start_s, push_off_s)
        end_s = self.course.run_start_s + 60.0 * scenario.minutes
        for kind, start_s, until_s in self.course.breaks:
            if start_s > push_off_s:
                self._run(push_off_s, start_s)
            # the landing takes its time
            free_s = max(self.bouts[-1].end_s if self.bouts else 0.0, start_s)
            if kind == "phone":
                check = PhoneCheck(scenario.seed, len(self._parts), free_s, until_s)
                self._parts.append(_Part(check, self._here_m))
            elif kind != "stop":
                self._walk(kind, free_s, until_s)
            push_off_s = until_s
        self._run(push_off_s, end_s)
        self.duration_s = self.bouts[-1].end_s + FINAL_STANDING_S

    def _run(self, start_s: float, end_s: float) -> None:
        bout = RunningBout(self.person, self.course, start_s, end_s, len(self.bouts))
        self.bouts.append(bout)
        self._parts.append(_Part(bout, self._here_m))
        self._here_m += bout.length_m

    def _walk(self, kind: str, start_s: float, end_s: float) -> None:
        walk = Walk(
            self.scenario.seed,
            len(self._parts),
            start_s,
            end_s,
            is_stairs=kind == "stairs",
            moves=not self.course.is_treadmill,
        )
        self._parts.append(_Part(walk, self._here_m))
        self._here_m += walk.length_m

    def pose(self, time_s: Array) -> tuple[Pose, Array]:
        """Path and angles with their derivatives, and the ground force in body weights.

        Parameters
        ----------
        time_s : ndarray, shape (N,)
            Times in the session, s, in any order.
        """
        if len(time_s) > _AT_ONCE:
            poses, forces = zip(
                *(self.pose(time_s[i : i + _AT_ONCE]) for i in range(0, len(time_s), _AT_ONCE)),
                strict=True,
            )
            whole = (np.concatenate(parts, axis=2) for parts in zip(*poses, strict=True))
            return Pose(*whole), np.concatenate(forces)
        path, angles = np.zeros((2, 3, 3, len(time_s)))
        force = np.ones(len(time_s))
        first_s, last_s = (time_s.min(), time_s.max()) if len(time_s) else (0.0, -1.0)
        for moves, from_m in self._parts:
            if moves.start_s > last_s:
                break
            stays_m = from_m if isinstance(moves, PhoneCheck) else from_m + moves.length_m
            if moves.end_s <= first_s:
                path[0, 0] = stays_m
                continue
            if moves.start_s <= first_s and last_s < moves.end_s:
                (path, angles), force = _moved(moves, time_s)
                path[0, 0] += from_m
                continue
            here = (time_s >= moves.start_s) & (time_s < moves.end_s)
            (path[:, :, here], angles[:, :, here]), force[here] = _moved(moves, time_s[here])
            path[0, 0, here] += from_m
            path[0, 0, time_s >= moves.end_s] = stays_m
        one = np.ones_like(time_s)
        clock = Jet(time_s, one, 0.0 * one)
        for axis, (degrees, hz) in enumerate(_SWAY_DEG):
            sway = cosine(clock.scaled(2.0 * np.pi * hz)).scaled(float(np.radians(degrees)))
            angles[:, axis] += np.array(sway)
        return Pose(path, angles), force

    def at(self, time_s: Array) -> Motion:
        """Evaluate the motion.

        Parameters
        ----------
        time_s : ndarray, shape (N,)
            Times in the session, s, in any order.
        """
        pose, force = self.pose(time_s)
        (roll, lean, yaw), (roll_rate, lean_rate, yaw_rate) = pose.angles[:2]
        forward, left, up = pose.path[2]
        if self.course.curvature.lowest or self.course.curvature.highest:
            turning, inward = self._bend(time_s)
            yaw_rate, left = yaw_rate + turning, left + inward
        sl, cl, sr, cr, sy, cy = (f(a) for a in (lean, roll, yaw) for f in (np.sin, np.cos))
        # yaw rate seen from the rolled frame, then all of it from the leaned one
        side_rate, up_rate = sr * yaw_rate, cr * yaw_rate
        rate = np.stack(
            [
                cl * roll_rate - sl * up_rate,
                lean_rate + side_rate,
                sl * roll_rate + cl * up_rate,
            ],
            axis=1,
        )
        # the specific force likewise: turned back, unrolled, unleaned
        up = up + STANDARD_GRAVITY_M_S2
        ahead, across = cy * forward + sy * left, cy * left - sy * forward
        raised = cr * up - sr * across
        felt = np.stack(
            [cl * ahead - sl * raised, cr * across + sr * up, sl * ahead + cl * raised], 1
        )
        return Motion(
            time_s=time_s,
            position_m=pose.path[0].T,
            velocity_m_s=pose.path[1].T,
            acceleration_m_s2=pose.path[2].T,
            angular_velocity_rad_s=rate,
            specific_force_m_s2=felt,
            vertical_force_bw=force,
            lean_deg=np.degrees(lean),
            roll_deg=np.degrees(roll),
            yaw_deg=np.degrees(yaw),
        )

    def _bend(self, time_s: Array) -> tuple[Array, Array]:
        """Turning of the path, rad/s to the left, and the acceleration inward, m/s²."""
        running = np.zeros_like(time_s)
        for bout in self.bouts:
            running += bout.envelope(time_s).value
        speed = running * self.course.speed.jet(time_s).value
        turning = speed * self.course.curvature.jet(time_s).value
        return turning, speed * turning


def _moved(moves: RunningBout | Walk | PhoneCheck, time_s: Array) -> tuple[Pose, Array]:
    """A part's pose and ground force; what hands do to a sensor is no force on the ground."""
    if isinstance(moves, RunningBout):
        return moves.at(time_s)
    pose = moves.at(time_s)
    if isinstance(moves, PhoneCheck):
        return pose, np.ones(len(time_s))
    return pose, 1.0 + pose.path[2, 2] / STANDARD_GRAVITY_M_S2
