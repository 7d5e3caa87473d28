"""``backstride journal sources``: what the advice stands on, in one place."""

from __future__ import annotations

from pipelines.coaching.catalogue import ARTICLES, SUBJECTS, texts_by_source
from pipelines.commands.messages import say


def sources() -> None:
    """List the studies and articles behind the advice."""
    articles_begun = False
    for source, names in texts_by_source().items():
        if source in ARTICLES and not articles_begun:
            say("Health articles on running with back pain, which this program was begun from:")
            articles_begun = True
        families = dict.fromkeys(name.split(".")[0] for name in names)
        say(f"{source}: {', '.join(SUBJECTS[family] for family in families)}")
