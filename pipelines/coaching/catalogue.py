"""Every text of the training rules, by name, read from ``catalogue.txt``, which tells its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Text:
    """Words in English and where the advice comes from.

    Attributes
    ----------
    words : str
        With fields in braces for :class:`~pipelines.coaching.training.cues.Cue`. A field such as
        ``{days:#day}`` is a whole number with its noun, in the plural where it is not one.
    sources : tuple of str
        Articles and studies, empty for plain wording.
    detail : str
        What follows the words where these are to stand out alone, with fields of its own.
    """

    words: str
    sources: tuple[str, ...] = ()
    detail: str = ""

    @property
    def whole(self) -> str:
        """Words and detail."""
        return f"{self.words} {self.detail}".rstrip()


def _read(lines: str) -> tuple[dict[str, str], dict[str, str], dict[str, Text]]:
    """Sources by their short names, what families are about, and texts by name."""
    sources, subjects, texts = dict[str, str](), dict[str, str](), dict[str, Text]()
    shared: dict[str, str] = {}
    for block in lines.replace("\n    ", "\t").splitlines():  # what is indented goes on
        head, *rest = block.split("\t")
        said = " ".join(rest)
        for name, words in shared.items():
            said = said.replace(name, words)
        if head.startswith(("@", "=")):
            name, _, title = head[1:].strip().partition(" ")
            (sources if head[0] == "@" else subjects)[name] = title
        elif head.startswith("$"):
            shared[head] = said
        elif head and not head.startswith("#"):
            name, *named = head.split()
            words, _, detail = said.partition(" | ")
            texts[name] = Text(words, tuple(sources[one] for one in named), detail)
    return sources, subjects, texts


_SOURCES, _SUBJECTS, _TEXTS = _read(Path(__file__).with_suffix(".txt").read_text("utf-8"))
#: Titles of the health articles, which have numbers for names.
ARTICLES: Final = tuple(title for name, title in _SOURCES.items() if name.isdigit())
#: What the families of texts are about, by what their names begin with.
SUBJECTS: Final[Mapping[str, str]] = MappingProxyType(_SUBJECTS)
CATALOGUE: Final[Mapping[str, Text]] = MappingProxyType(_TEXTS)


def texts_by_source() -> dict[str, list[str]]:
    """Names of the texts that stand on each source: studies first, the articles last."""
    found: dict[str, list[str]] = {}
    for name, entry in CATALOGUE.items():
        for source in entry.sources:
            found.setdefault(source, []).append(name)
    studies = sorted(found.keys() - set(ARTICLES))
    return {source: found[source] for source in (*studies, *ARTICLES)}
