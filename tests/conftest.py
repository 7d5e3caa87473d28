"""What all tests share: how hypothesis looks for examples.

No deadlines, since the first call of a kernel compiles it. The same examples every time, so that a
suite that passed passes again, here and elsewhere; ``--hypothesis-profile=random`` looks for new
ones.
"""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("random", deadline=None, print_blob=True)
settings.load_profile("same")
