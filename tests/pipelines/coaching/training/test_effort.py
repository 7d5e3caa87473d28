"""How hard it is: by the heart where that is known, and always in words that can be checked."""

from __future__ import annotations

import pytest

from pipelines.coaching.training.effort import effort_of, perceived_cue


@pytest.mark.parametrize(
    ("share", "level"), [(0.5, "light"), (0.639, "light"), (0.64, "moderate"), (0.77, "vigorous")]
)
def test_the_zones_of_the_heart_are_those_of_the_position_stand(share: float, level: str) -> None:
    effort = effort_of(None, 200.0 * share, 200.0)
    assert effort is not None
    assert (effort.level, effort.by) == (level, "heart")


@pytest.mark.parametrize(
    ("intensity", "level"),
    [(0.8, "light"), (0.81, "moderate"), (1.1, "moderate"), (1.2, "vigorous")],
)
def test_without_a_strap_the_running_tells_it(intensity: float, level: str) -> None:
    effort = effort_of(intensity, 150.0, None)
    assert effort is not None
    assert (effort.level, effort.by) == (level, "running")


def test_the_talk_test_goes_with_each_level() -> None:
    told = [effort_of(one) for one in (0.5, 1.0, 1.5)]
    assert [one.cue.message for one in told if one is not None] == [
        "Light: you can talk in whole sentences.",
        "Moderate: you can talk, a few words at a time.",
        "Vigorous: more than a word at a time is hard.",
    ]


def test_every_rating_of_the_whole_run_has_its_sentence() -> None:
    told = [perceived_cue(rating).message for rating in range(11)]
    assert told[2] == "Effort 2 of 10: an easy run."
    assert told[5] == "Effort 5 of 10: a steady run."
    assert told[9].startswith("Effort 9 of 10: a hard run. Make the next one easy")
