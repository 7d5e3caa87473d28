"""Words of a pain's description that call for the questions about red flags, at any level but 0.

They are the words of the questions themselves as people write them, in English. Where a word has an
everyday sense beside, what tells that sense stands with it; in doubt it calls, since a question too
many costs a minute.
"""

from __future__ import annotations

import re
from typing import Final

#: By question; the rows are read together.
_CALLING: Final = {
    "sciatica": (r"sciatic\w*", r"electric (?:shocks?|jolts?)"),
    "weakness": (
        r"weak\w*|paraly[sz]\w*|buckl(?:es|ed|ing)(?! (?:the|my)\b)",
        r"(?:gives?|gave|giving) (?:way(?! to\b)|out(?! at\b))",
    ),
    "numbness": (
        r"numb\w*|tingl\w*|pins and needles|no feeling",
        r"(?<!fell )(?<!fall )(?<!falling )(?<!fast )(?<!half )asleep(?! (?:on|in)\b)",
        r"(?:can(?:.?t| ?not)|could(?:n.?t| not)) (?:really )?"
        r"feel(?! (?:it|pain|any|anything|much|a thing|the (?:pain|ache|difference)|"
        r"better|worse|good|great|fine|well|fresher|happier|stronger)\b)",
        r"(?:loss of|lost|losing) (?:all |the |my |any )?(?:feeling|sensation)",
    ),
    "foot_drop": (r"stumbl\w*",),
    "saddle": (
        r"saddle|groins?|genitals?|genitalia|perine(?:um|al)|crotch|private parts?|privates|bum",
        r"(?<!at the )(?<!near the )(?<!to the )(?<!top to )"
        r"bottom(?! (?:of|half|part|lower|back|ribs?|right|left|edge|end|vertebra|disc|spine)\b)",
        r"vagina\w*|vulva|labia|penis|testic\w*|scrotum|anus|anal|rect(?:um|al)",
        r"erections?|erectile|sexual\w*",
    ),
    "bladder": (
        r"bladder|bowels?|incontinen(?:t|ce)|urin(?:e|ary|at(?:e|es|ed|ing|ion))|constipat\w*",
        r"pee(?:s|d|ing)?|poo(?:s|ed|ing)?|poop(?:s|ed|ing)?|piss(?:es|ed|ing)?(?! off)",
        r"(?<!\ba )wee(?:s|d|ing)?(?! (?:bit|while|niggle|ache|twinge|sore)\b)",
        r"(?:have|having|do|doing|need|for) a wee",
        r"toilet|loo|lavatory|restroom|f(?:a)?eces|fa?ecal|diarrh\w*",
        r"(?<!bar )(?<!on a )(?<!step )stools?",
        r"(?:hold\w*(?! on\b)|held|pass\w*|mak(?:e|ing)|los(?:e|ing|t)|leak\w*) (?:\w+ ){0,2}"
        r"water(?! (?:station|fountain|stop|point|tower|tank|bottle|break|jump))",
        r"(?:wet|wetting|soil\w*) (?:myself|my (?:self|pants|bed|trousers|shorts|underwear))",
    ),
    "accident": (
        r"(?<!by )accidents?|crash(?:ed|es)?(?! (?:diet|on the (?:sofa|couch|bed)))|collided|"
        r"collision|trip(?:ped(?! up)|ping| over)",
        r"fell(?! (?:asleep|short|behind|back|into|in love|to \d|from \d|away|silent)\b)",
        r"(?<!last )(?<!this )(?<!in )(?<!in the )(?<!every )"
        r"falls?(?! (?:asleep|race|season|off|early|behind|short)\b)",
        r"falling(?! (?:asleep|pain))|fallen(?! (?:asleep|arch))",
        r"hit by an? (?:car|bike|bicycle|bus|van|lorry|truck|cyclist|scooter)",
        r"knocked (?:down|over)|slipped (?:on|over|off|down)",
    ),
    "unwell": (
        r"fever\w*|chills|shivering|night sweats|ill(?!-)|illness|unwell|flu(?! (?:shot|jab))",
        r"infect\w*",
        r"sick(?! of\b)|nause\w*|vomit\w*|(?:have|had|having|running|got|with) a temperature",
        r"weight[ -]loss|(?:lose|losing|lost|loss of) (?:\w+ ){0,3}weight",
    ),
}
_ANYWHERE: Final = "|".join(row for rows in _CALLING.values() for row in rows)
#: They call as where or how it hurts; what one does is often named by them.
_BELOW_THE_HIP: Final = r"legs?|knees?|cal(?:f|ves)|shins?|ankles?|foot|feet|toes?"
_SIGNS: Final = re.compile(rf"\b(?:{_ANYWHERE}|{_BELOW_THE_HIP})\b", re.IGNORECASE)
_SIGNS_BESIDE: Final = re.compile(rf"\b(?:{_ANYWHERE})\b", re.IGNORECASE)
#: What is a place of pain where the place is asked for, and elsewhere where pain goes into it.
_THIGH_OR_HEEL: Final = (
    r"(?<!\bachilles )(thighs?|hamstrings?|heels?)\b(?![ -]?(strik|lift|drop|tab|counter))"
)
_PLACE: Final = re.compile(rf"^(?!.*\bshoes?\b).*\b{_THIGH_OR_HEEL}", re.IGNORECASE)
_PAIN_IN: Final = re.compile(
    r"\b(pain\w*|aches?|aching|shoot\w*|burn\w*|stabb?\w*|radiat\w*)\b[^.;,]*"
    rf"\b(in|into|down|to|through) (\w+ ){{0,4}}{_THIGH_OR_HEEL}",
    re.IGNORECASE,
)


def call_for_questions(place: str = "", feeling: str = "", beside: str = "") -> bool:
    """Whether the words for a pain's place and feeling are among those of the questions.

    ``beside``: what else was said with it, as the activity that it came with.

    Examples
    --------
    >>> call_for_questions("thigh"), call_for_questions("", "bowels feel odd")
    (True, True)
    >>> call_for_questions("", "I can't hold my water"), call_for_questions("private parts")
    (True, True)
    >>> call_for_questions("", "new shoes, heel-strike"), call_for_questions("", "fell asleep")
    (False, False)
    >>> [call_for_questions(beside=words) for words in ("lifting, then numb", "calf raises")]
    [True, False]
    """
    place, feeling, beside = (" ".join(words.split()) for words in (place, feeling, beside))
    said = f"{place}; {feeling}"
    found = _SIGNS.search(said) or _PLACE.search(place) or _PAIN_IN.search(said)
    found = found or _SIGNS_BESIDE.search(beside) or _PAIN_IN.search(beside)
    return found is not None
