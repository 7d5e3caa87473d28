"""The one rule of whatever comes from outside: a result, or an error of ours in a sentence."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Final

from imu.errors import BackstrideError

#: What one input may take of a processor, s.
LONGEST_S: Final = 10.0

_ROOT: Final = Path(__file__).parents[2]
#: More than any sentence that a person reads.
_LONGEST_SENTENCE: Final = 3000


def trouble_of(run: Callable[[bytes], None], data: bytes) -> str:
    """Give a target its bytes; what is wrong with how it took them, empty when nothing is.

    Parameters
    ----------
    run : callable
        Takes the bytes.
    data : bytes
        Of whatever kind.
    """
    began_s = time.process_time()
    try:
        run(data)
    except BackstrideError as error:
        text = str(error)
        if not text.endswith("."):
            return f"no sentence: {text[-100:]!r}"
        if len(text) > _LONGEST_SENTENCE:
            return "an error longer than anybody reads"
    except Exception as error:
        return f"{type(error).__name__} {_place(error)}: {str(error)[:150]}"
    took_s = time.process_time() - began_s
    return f"longer than {LONGEST_S:g} s: {took_s:.0f} s" if took_s > LONGEST_S else ""


def _place(error: Exception) -> str:
    """The innermost line of ours."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if Path(each.filename).is_relative_to(_ROOT)]
    last = (ours or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"
