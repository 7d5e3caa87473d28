"""Packets run through the chain together: told of where something is, and just as one by one."""

from __future__ import annotations

from random import Random

import pytest
from numpy.lib.recfunctions import repack_fields

from imu.analyzer import StepAnalyzer
from imu.samples import Samples
from imu.steps import concatenate
from tests.imu.synthetic import running, spoiled


def cut(samples: Samples, seed: int) -> list[int]:
    """Ends of packets of odd lengths, some of which are empty."""
    random = Random(seed)
    ends = [0]
    while ends[-1] < len(samples):
        ends.append(min(ends[-1] + random.choice([0, 1, 7, 10, 31]), len(samples)))
    return ends


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_packets_together_are_packets_one_by_one(seed: int) -> None:
    """Steps and state are the same to the bit, and nobody is passed over who has something."""
    samples = spoiled(running().samples, seed)
    one, many = StepAnalyzer(200.0, axes="+x+y+z"), StepAnalyzer(200.0, axes="+x+y+z")
    ends = cut(samples, seed)
    told = {
        packet: (steps.rows.tobytes(), many.gait, many.lost_samples[2], many.troubles)
        for packet, steps in many.push_packets(samples, ends)
    }
    begin, gait, restarts, troubles = 0, one.gait, 0, one.troubles
    parts = []
    for packet, end in enumerate(ends):
        steps = one.push(samples[begin:end])
        parts.append(steps)
        begin = end
        now = one.gait, one.lost_samples[2], one.troubles
        if len(steps) or now != (gait, restarts, troubles):
            assert told.pop(packet) == (steps.rows.tobytes(), *now)
        gait, restarts, troubles = now
    # what was told besides holds nothing
    assert all(rows == b"" for rows, *_ in told.values())
    assert len(concatenate(parts)) > 10
    # what lies between the fields is no state
    kept, taken = (repack_fields(each.state, recurse=True) for each in (one, many))
    assert kept.tobytes() == taken.tobytes()
