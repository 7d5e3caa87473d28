"""Packets run through the chain together: told of where something is, and just as one by one."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from numpy.lib.recfunctions import repack_fields

from imu.analyzer import StepAnalyzer
from imu.samples import Samples
from imu.steps import concatenate
from tests.imu.synthetic import running, spoiled


def cut(samples: Samples, seed: int) -> list[int]:
    """Ends of packets of odd lengths, some of which are empty; one before each gap."""
    random = Random(seed)
    ends = [0]
    while ends[-1] < len(samples):
        ends.append(min(ends[-1] + random.choice([0, 1, 7, 10, 31]), len(samples)))
    before_gaps = np.flatnonzero(np.diff(samples.time_s) > 0.1) + 1
    return sorted([*ends, *before_gaps.tolist()])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_packets_together_are_packets_one_by_one(seed: int) -> None:
    """Steps and state are the same to the bit, and nobody is passed over who has something."""
    samples = spoiled(running().samples, seed)
    assert alike(samples, cut(samples, seed)) > 10


@pytest.mark.parametrize("first_s", [3.0, 3.3, 3.7, 5.0])
def test_steps_that_a_gap_ends_are_of_the_packet_after_it(first_s: float) -> None:
    samples = running().samples
    first = samples.time_s < samples.time_s[0] + first_s
    parts = [samples[: int(first.sum())], samples[int(first.sum()) + 200 : 2000]]
    gapped = Samples.concatenate(parts)
    assert alike(gapped, cut(gapped, 4)) > 0


def alike(samples: Samples, ends: list[int]) -> int:
    """Hold packets together to those one by one; returns the number of steps."""
    one, many = StepAnalyzer(200.0, axes="+x+y+z"), StepAnalyzer(200.0, axes="+x+y+z")
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
    # what lies between the fields is no state
    kept, taken = (repack_fields(each.state, recurse=True) for each in (one, many))
    assert kept.tobytes() == taken.tobytes()
    return len(concatenate(parts))
