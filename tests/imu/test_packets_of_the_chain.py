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
    told, finished = {}, dict[int, list[bytes]]()
    for packet, found, places in many.push_packets(samples, ends):
        told[packet] = (many.gait, many.lost_samples[2], many.troubles, many.loose_clip)
        assert list(places) == sorted(places)
        assert len(places) == len(found)
        assert not places or places[-1] <= packet
        for place, row in zip(places, found.rows, strict=True):
            finished.setdefault(place, []).append(row.tobytes())
    begin, before = 0, (one.gait, 0, one.troubles, False)
    parts = []
    for packet, end in enumerate(ends):
        steps = one.push(samples[begin:end])
        parts.append(steps)
        begin = end
        now = one.gait, one.lost_samples[2], one.troubles, one.loose_clip
        assert finished.pop(packet, []) == [row.tobytes() for row in steps.rows]
        if now != before or packet in told:
            assert told[packet] == now
        before = now
    assert not finished
    assert len(concatenate(parts)) > 10
    # what lies between the fields is no state
    kept, taken = (repack_fields(each.state, recurse=True) for each in (one, many))
    assert kept.tobytes() == taken.tobytes()
