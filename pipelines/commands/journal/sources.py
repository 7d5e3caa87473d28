"""``backstride journal sources``: what the advice stands on, in one place."""

from __future__ import annotations

from pipelines.coaching.texts import is_article, texts_by_source
from pipelines.commands.messages import say

#: What the families of texts are about; plain wording has no sources and is not among them.
_SUBJECTS = {
    "warm_up": "warm-up",
    "cool_down": "cool-down",
    "session": "length of a run",
    "weekly": "weekly distance",
    "chart": "charts",
    "pain": "pain",
    "red_flags": "red flags",
    "return": "return to running",
    "intervals": "run and walk",
    "bends": "straights and bends",
    "strength": "strength",
    "stretch": "stretching",
    "desk": "desk",
    "twisting": "twisting",
    "shoes": "shoes",
    "compare": "comparisons",
    "metronome": "cadence",
    "routine": "guided exercises",
    "core": "core work",
    "review": "after a run",
    "words": "how to run, fit of a shoe",
    "effort": "effort",
    "cross": "cross-training",
}


def sources() -> None:
    """List the studies and articles behind the advice."""
    articles_begun = False
    for source, names in texts_by_source().items():
        if is_article(source) and not articles_begun:
            say("Health articles on running with back pain, which this program was begun from:")
            articles_begun = True
        families = dict.fromkeys(name.split(".")[0] for name in names)
        say(f"{source}: {', '.join(_SUBJECTS[family] for family in families)}")
