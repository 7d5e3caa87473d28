"""Words that call for the questions about red flags, and everyday ones that do not."""

from __future__ import annotations

import pytest

from pipelines.coaching.training.calling_words import call_for_questions


@pytest.mark.parametrize(
    "said",
    [
        "I cannot pee",
        "cannot feel my bottom",
        "my knee buckles, gives out",
        "had a bad fall",
        "can't poo, stool is hard",
        "going to the toilet all the time",
        "need a wee and it won't come",
        "I can’t hold my water",
        "trouble passing  water",
        "wet myself",
        "bottom feels asleep",
        "my bum is dead",
        "can't feel my private parts",
        "burning in the perineum",
        "bowels feel odd",
        "pins and needles",
        "no feeling on one side",
        "keep stumbling",
        "it gives way",
        "electric shock down the back of thigh",
        "pain down the back of my hamstring",
        "fell down the stairs",
        "fell off my bike",
        "since a fall on ice",
        "began with an accident",
        "tripped over a root",
        "with fever",
        "I feel ill",
        "losing weight",
        "have lost a lot of weight",
    ],
)
def test_a_sign_calls(said: str) -> None:
    assert call_for_questions("", said)


@pytest.mark.parametrize(
    "said",
    [
        "dull ache, low back",
        "after heel-strike, in new shoes",
        "bottom of the spine",
        "at the bottom",
        "a wee bit sore",
        "sat on a stool all day",
        "drank too little water",
        "stopped at the water station",
        "fell asleep on the sofa",
        "pace fell to 6",
        "since last fall",
        "wore the old shoes by accident",
        "on the treadmill, uphill",
        "ill-fitting waistband",
        "sick of it",
        "weight on the other side",
        "sharp when I cannot feel any rhythm",
        "stiff, better once warm",
        "hamstring stretch helps",
        "shock of the landing",
        "could not feel better",
        "falls off after ten minutes",
        "I fall behind my plan",
        "tripped up my schedule",
        "gave way to a car",
        "gave out at km 8",
        "top to bottom",
        "flu shot yesterday",
        "asleep on the sofa, woke stiff",
        "crashed on the sofa",
        "wee niggle",
        "passed the water point",
        "buckling the belt",
    ],
)
def test_an_everyday_word_does_not(said: str) -> None:
    assert not call_for_questions("", said)
