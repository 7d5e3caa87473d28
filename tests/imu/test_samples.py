"""The block of samples: shapes, refusals, slices and joins."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imu.errors import InputError
from imu.samples import Quality, Samples


def block(n: int, *, gyro: bool = True, seed: int = 0) -> Samples:
    random = np.random.default_rng(seed)
    return Samples(
        np.arange(n) / 100.0,
        random.normal(size=(n, 3)),
        random.normal(size=(n, 3)) if gyro else None,
        random.integers(0, 64, n).astype(np.uint8),
    )


@given(st.integers(0, 50), st.lists(st.integers(0, 50), max_size=6), st.booleans())
def test_slices_joined_are_the_whole(n: int, cuts: list[int], gyro: bool) -> None:
    whole = block(n, gyro=gyro)
    edges = [0, *sorted(min(cut, n) for cut in cuts), n]
    joined = Samples.concatenate([whole[a:b] for a, b in itertools.pairwise(edges)])
    assert len(joined) == n
    assert joined.has_gyro == gyro
    for name in ("time_s", "acceleration_m_s2", "angular_velocity_rad_s", "quality"):
        np.testing.assert_array_equal(getattr(joined, name), getattr(whole, name))


@pytest.mark.parametrize("step", [2, -1])
@pytest.mark.parametrize("gyro", [True, False])
def test_a_slice_with_a_step_is_laid_out_as_what_the_chain_is_compiled_for(
    step: int, gyro: bool
) -> None:
    whole = block(20, gyro=gyro)
    part = whole[::step]
    for name in ("time_s", "acceleration_m_s2", "angular_velocity_rad_s", "quality"):
        found = getattr(part, name)
        if found is None:
            assert not gyro
            continue
        np.testing.assert_array_equal(found, getattr(whole, name)[::step])
        assert found.flags.c_contiguous


def test_what_cannot_be_written_to_is_copied_as_the_chain_is_compiled_for_nothing_else() -> None:
    """As data frames and files that are mapped give it; to compile anew takes half a minute."""
    given = block(20)
    arrays = [given.time_s, given.acceleration_m_s2, given.angular_velocity_rad_s, given.quality]
    odd = np.zeros(8 * 20 + 1, np.uint8)[1:].view(np.float64)  # of a packed file
    for array in arrays:
        assert array is not None
        array.flags.writeable = False
    for time_s in (given.time_s, odd):
        taken = Samples(time_s, *arrays[1:])  # type: ignore[arg-type]
        for name in ("time_s", "acceleration_m_s2", "angular_velocity_rad_s", "quality"):
            found = getattr(taken, name)
            assert found.flags.carray
            expected = time_s if name == "time_s" else getattr(given, name)
            np.testing.assert_array_equal(found, expected)
    ready = block(20)
    assert Samples(ready.time_s, ready.acceleration_m_s2).time_s is ready.time_s  # no copy


def test_whatever_numpy_understands_is_taken_as_numbers() -> None:
    samples = Samples([0, 1], [[0, 0, 9], [0, 0, 9]], quality=[0, 2])
    assert samples.time_s.dtype == samples.acceleration_m_s2.dtype == np.float64
    assert samples.quality.dtype == np.uint8
    assert samples.acceleration_m_s2.flags.c_contiguous
    assert Samples(np.zeros(2), np.zeros((3, 2)).T).acceleration_m_s2.flags.c_contiguous


def test_what_is_masked_was_not_measured() -> None:
    force = np.ma.masked_greater([[0.0, 0.0, 9.0], [0.0, 0.0, 99.0]], 50.0)
    np.testing.assert_array_equal(
        Samples([0, 1], force).acceleration_m_s2, [[0.0, 0.0, 9.0], [0.0, 0.0, np.nan]]
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((np.zeros(2), np.zeros((2, 3), complex)), "acceleration_m_s2 holds complex numbers"),
        ((np.zeros((2, 1)), np.zeros((2, 3))), "time_s has shape"),
        ((np.zeros(2), np.zeros((3, 3))), r"acceleration_m_s2 has shape \(3, 3\)"),
        ((np.zeros(2), np.zeros((2, 2))), r"acceleration_m_s2 has shape \(2, 2\)"),
        ((np.zeros(3), np.zeros(3)), "acceleration_m_s2 has shape"),
        ((np.zeros(2), np.zeros((2, 3)), np.zeros((1, 3))), "angular_velocity_rad_s has shape"),
        ((np.zeros(2), np.zeros((2, 3)), None, [0]), "quality has shape"),
        ((["soon", "later"], np.zeros((2, 3))), "time_s is not an array of numbers"),
        (([0, 1], [[0, 0, 1], [0, 0]]), "acceleration_m_s2 is not an array of numbers"),
        (([0, 1], [[0, 0, None], [0, 0, "x"]]), "acceleration_m_s2 is not an array of numbers"),
        (([0], np.zeros((1, 3)), None, ["gap"]), "quality"),
        (([0], np.zeros((1, 3)), None, [300]), "quality"),
        (([0], np.zeros((1, 3)), None, np.array([-1])), "quality"),
    ],
)
def test_what_is_no_motion_data_is_refused_by_name(arguments: Any, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        Samples(*arguments)


def test_blocks_of_two_kinds_do_not_join() -> None:
    with pytest.raises(InputError, match="angular velocity"):
        Samples.concatenate([block(2), block(2, gyro=False)])
    with pytest.raises(InputError, match="no blocks"):
        Samples.concatenate([])


def test_a_block_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        block(1).time_s = np.zeros(1)  # type: ignore[misc]


def test_quality_reads_as_the_tokens_of_the_table() -> None:
    assert Quality(0).tokens == ""
    assert Quality(63).tokens == "gap;clipped;no_gyro;settling;slip;bend"
    assert Quality(255).tokens == "gap;clipped;no_gyro;settling;slip;bend;edge;loose"
    assert (Quality.EDGE | Quality.GAP).tokens == "gap;edge"


def test_an_accelerometer_that_froze_in_flight_is_in_no_other_unit() -> None:
    time = np.arange(1000) / 100.0
    force = np.array([0.0, 0.0, 9.81]) + np.random.default_rng(1).normal(0.0, 1.0, (1000, 3))
    force[300:] = [0.5, 0.5, 0.7]
    Samples(time, force)
    with pytest.raises(InputError, match="in g"):
        Samples(time, force / 9.80665)
