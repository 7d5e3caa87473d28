"""A bout of running around its steps: the axes that they show, and what its end forgets."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.loop import (
    CONTACTS,
    FX,
    FZ,
    MOUNTING_KNOWN,
    Q0,
    Q1,
    Q3,
    STEPS_TO_MOUNT,
    new_bout_state,
)
from imu.mounting import forward_from_steps
from imu.samples import STANDARD_GRAVITY_M_S2
from imu.step.stride_levelling import KEPT_S, forget_posture, keep_posture

_G: Final = STANDARD_GRAVITY_M_S2
#: Sine of the lean back against standing beyond which nobody runs: who stood so was bent.
_LEANS_BACK: Final = np.sin(np.radians(12.0))


def find_mounting(state: NDArray[np.void], *, last_chance: bool = False) -> None:
    """Try to find the mounting from the last steps of the bout, or how far stated axes are off.

    Axes that somebody stated stay as they are, but the feet are told apart by what is forward.
    Whoever seems to lean back may only set off quickly, and is looked at again in further steps
    unless this is the ``last_chance``.
    """
    s = state[0]
    total = int(s["bout"]["contact_count"])
    s["bout"]["mounting_tried"] = total
    oldest = max(total - STEPS_TO_MOUNT - 1, int(s["bout"]["mounting_from"]))
    contacts = s["bout"]["contacts"][np.arange(oldest, total) % CONTACTS]
    begin = int(s["segment"]["oldest"])
    contacts = contacts[contacts >= begin]
    contacts = contacts[(len(contacts) + 1) % 2 :]  # an even number of steps
    if len(contacts) < 3:
        return
    rows = np.ascontiguousarray(s["past"][:, contacts[0] - begin : contacts[-1] - begin].T)
    force, w, v = rows[:, FX : FZ + 1] / _G, rows[:, Q0 : Q0 + 1], -rows[:, Q1 : Q3 + 1]
    turned = 2.0 * np.cross(v, force)
    force = force + w * turned + np.cross(v, turned)  # back into the sensor
    up = force.mean(axis=0)
    norm = float(np.linalg.norm(up))
    if norm == 0.0:
        return
    up /= norm
    # a sensor that lay on a table before it was clipped on tells nothing of standing
    standing = s["learned"]["standing_up"]
    stood = bool(s["learned"]["stood"]) and float(up @ standing) > 0.8
    found, of_steps = np.zeros((3, 3)), contacts - contacts[0]
    if not forward_from_steps(force, of_steps, standing if stood else up, found):
        return
    searched = s["learned"]["mounting_status"] != MOUNTING_KNOWN
    if stood and float(found[0] @ up) > _LEANS_BACK:
        seen = total - int(s["bout"]["mounting_from"])
        if searched and not last_chance and seen < 2 * STEPS_TO_MOUNT:
            return
        stood = False
        if not forward_from_steps(force, of_steps, up, found):
            return
    if searched:
        s["learned"]["mounting"] = found
        s["learned"]["mounting_status"] = MOUNTING_KNOWN
        s["learned"]["mounting_stood"] = stood
    turn = s["learned"]["mounting"][:2] @ found[0]
    norm = float(np.linalg.norm(turn))
    if norm > 0.0:
        s["learned"]["side_turn"] = turn / norm


def end_bout(state: NDArray[np.void]) -> None:
    """Forget the bout whose steps are closed; a contact that opens a new one is kept."""
    opening = int(state["bout"]["opening_contact"][0])
    state["bout"] = new_bout_state()
    if opening >= 0:
        state["bout"]["contacts"][0, 0] = opening
        state["bout"]["contact_count"] = 1


def end_segment(coefficients: NDArray[np.void], state: NDArray[np.void], next_s: float) -> None:
    """End the bout; over a gap to ``next_s`` that is short posture and step times are kept."""
    if next_s - float(state["intake"]["time_s"][0]) <= KEPT_S:
        keep_posture(coefficients, state)
    else:
        forget_posture(state)
        state["gait"]["resuming"] = 0
    end_bout(state)
