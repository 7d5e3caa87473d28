"""The one compiled entry of the chain: samples in, finished steps out.

Samples run until a step can be closed; it is closed at once, and they run on. Python is asked
where anything else is due: axes that are to be found, up before a bout's first step or after a
gap, the end of a bout, and whatever is to be told.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from imu.chain.intake import (
    BRIEF_HOLE,
    BRIEF_HOLE_S,
    DROP,
    RESTART,
    TURN_UNKNOWN,
    accept_sample,
    check_sample,
    first_disorder,
    has_no_turn,
    kinds_left_out,
)
from imu.chain.loop import (
    ALIGN,
    CHAIN_COEFFICIENTS,
    CHAIN_STATE,
    CLOSE,
    DISORDER,
    DONE,
    GAP_BEFORE,
    MOUNTING_KNOWN,
    NOTED,
    STEPS_TO_MOUNT,
    WITH_GYRO,
    fall_silent,
    take_sample,
)
from imu.compiled import Record, kernel
from imu.samples import Quality
from imu.step.finished_step import FINISHED_STEPS, close_step, has_room
from imu.step.ringing import tells_loose_clip

_GAP: Final = int(Quality.GAP)

#: Another reason why the chain stops: up is to be found before the next step.
UP_WANTED: Final = 7

#: What :func:`run_chain` is asked for: samples with the steps that they close; samples alone; the
#: steps that can be closed; all steps, since nothing follows.
RUN, RELEASE, CLOSE_DUE, CLOSE_ALL = range(4)
#: Added to the last two: up has been found for the next step.
UP_FOUND: Final = 4

#: What :func:`look_at_closing` tells, together.
CLOSE_STEP, SEEK_AXES, FIND_UP, NO_AXES, LOOSE_CLIP = 1, 2, 4, 8, 16


#: All that the chain works with, as one: to hand over three takes longer than a packet's samples.
CHAIN: Final = np.dtype(
    [
        ("coefficients", CHAIN_COEFFICIENTS),
        ("state", CHAIN_STATE),
        ("finished", FINISHED_STEPS),
    ],
    align=True,
)


@kernel
def look_at_closing(s: Record, finish: bool) -> tuple[int, int]:
    """What is to be done before and about the next step, and a number for what is to be told.

    With ``finish`` nothing more comes; otherwise a step is closed once its pad has arrived. The
    number is another one once the gait, the troubles found or a loose clip are others.
    """
    what, loose = 0, 0
    if tells_loose_clip(s):
        what = loose = LOOSE_CLIP
    if s.learned.mounting_status != MOUNTING_KNOWN:
        what |= NO_AXES
    if s.bout.closed == 0 or s.segment.shaken == 1:
        what |= FIND_UP
    if s.bout.running == 1:
        turn = s.learned.side_turn
        wanted = what & NO_AXES or (turn[0] == 0.0 and turn[1] == 0.0)
        if wanted and (finish or s.bout.contact_count - s.bout.mounting_tried > STEPS_TO_MOUNT):
            what |= SEEK_AXES
        if s.bout.closed + 1 < s.bout.contact_count and (finish or s.segment.samples >= s.bout.due):
            what |= CLOSE_STEP
    return what, (s.sanity.found << 8) | s.gait.gait | loose


@kernel
def run_chain(
    chain: NDArray[np.void],
    time_s: NDArray[np.float64],
    acceleration: NDArray[np.float64],
    angular_velocity: NDArray[np.float64],
    quality: NDArray[np.uint8],
    start: int,
    stop: int,
    task: int,
) -> tuple[int, int, int]:
    """Run a block from sample ``start`` to before ``stop``, or close steps.

    Returns why it stopped, the sample to go on with, and how many steps wait to be taken.
    :data:`CLOSE` says that more than closing steps is due, or that there is no room for them,
    :data:`NOTED` that another gait, the first of a trouble or a loose clip is to be told,
    :data:`UP_WANTED` that up is to be found before the next step is closed.
    """
    c, s, f = chain[0].coefficients, chain[0].state, chain[0].finished
    door = s.intake
    if start == 0 and s.segment.filling < 0 and task == RUN:
        bad = first_disorder(door, time_s)
        if bad >= 0:
            return DISORDER, bad, f.count
    gyro = s.kind == WITH_GYRO
    i, up_found, finish = start, task >= UP_FOUND, task & CLOSE_ALL == CLOSE_ALL
    gait, found, left_out = s.gait.gait, s.sanity.found, kinds_left_out(door)
    while True:
        if task <= RELEASE:
            if s.segment.aligned == 1 and s.segment.released < s.segment.held:
                h = s.hold[s.segment.released]
                s.segment.released += 1
                t, ax, ay, az, gx, gy, gz = h[0], h[1], h[2], h[3], h[4], h[5], h[6]
                flags = int(h[7])
                if s.segment.released == s.segment.held:
                    s.segment.held = 0
                    s.segment.released = 0
            else:
                if i == stop:
                    return DONE, i, f.count
                t, ax, ay, az = (
                    time_s[i],
                    acceleration[i, 0],
                    acceleration[i, 1],
                    acceleration[i, 2],
                )
                gx, gy, gz = 0.0, 0.0, 0.0
                if gyro:
                    w = angular_velocity[i]
                    gx, gy, gz = w[0], w[1], w[2]
                    if has_no_turn(c.intake, door, s.segment.filling < 0, gx, gy, gz):
                        fall_silent(s)
                        gx, gy, gz = 0.0, 0.0, 0.0
                    elif s.silent == 1:
                        return GAP_BEFORE, i, f.count
                if s.segment.filling < 0:
                    verdict = check_sample(c.intake, door, t, ax, ay, az, gx, gy, gz)
                    if verdict == DROP:
                        i += 1
                        if left_out != kinds_left_out(door):
                            return NOTED, i, f.count
                        continue
                    if verdict == RESTART:
                        return GAP_BEFORE, i, f.count
                    s.segment.filling = verdict
                    s.segment.filled = 0
                if s.segment.filled < s.segment.filling:
                    s.segment.filled += 1
                    k = s.segment.filled / (s.segment.filling + 1)
                    p, o = door.acceleration, door.angular_velocity
                    brief = t - door.time_s <= BRIEF_HOLE_S
                    t = door.time_s + (t - door.time_s) * k
                    ax, gx = p[0] + (ax - p[0]) * k, o[0] + (gx - o[0]) * k
                    ay, gy = p[1] + (ay - p[1]) * k, o[1] + (gy - o[1]) * k
                    az, gz = p[2] + (az - p[2]) * k, o[2] + (gz - o[2]) * k
                    flags = (BRIEF_HOLE if brief else _GAP) | TURN_UNKNOWN
                else:
                    flags = accept_sample(
                        c.intake,
                        door,
                        t,
                        ax,
                        ay,
                        az,
                        gx,
                        gy,
                        gz,
                        int(quality[i]),
                        s.segment.filling,
                    )
                    s.segment.filling = -1
                    s.turns = 1 if gyro and door.gyro_zeros < c.intake.zeros else 0
                    i += 1
                if s.segment.aligned == 0:
                    h = s.hold[s.segment.held]
                    h[0], h[1], h[2], h[3], h[4], h[5], h[6] = t, ax, ay, az, gx, gy, gz
                    h[7] = flags
                    s.segment.held += 1
                    if s.segment.held == c.alignment_samples:
                        return ALIGN, i, f.count
                    continue
            why = take_sample(c, s, t, ax, ay, az, gx, gy, gz, flags)
            if why == DONE:
                if s.gait.gait != gait or s.sanity.found != found:
                    return NOTED, i, f.count
                continue
            if why != CLOSE or task == RELEASE:
                return why, i, f.count
        what, noted = look_at_closing(s, finish)
        if task == RUN and what & (NO_AXES | SEEK_AXES):
            return CLOSE, i, f.count
        while what & CLOSE_STEP:
            if what & FIND_UP and not up_found:
                return (CLOSE if task == RUN else UP_WANTED), i, f.count
            if not has_room(f):
                return CLOSE, i, f.count
            f.places[f.count] = i + (1 if s.segment.filling >= 0 else 0)
            close_step(c, s, f)
            up_found = False
            what, noted = look_at_closing(s, finish)
        before, f.noted = f.noted, noted
        if noted != before:
            return NOTED, i, f.count
        if task != RUN:
            return DONE, i, f.count
        gait, found, left_out = s.gait.gait, s.sanity.found, kinds_left_out(door)
