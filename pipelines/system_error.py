"""What the operating system refused, in words a user can act on."""

from __future__ import annotations

import errno
from typing import Final

_WORDS: Final = {
    errno.ENOENT: "there is no such file or folder: check the path",
    errno.ENOTDIR: "a part of the path is a file where a folder is needed: check the path",
    errno.EEXIST: "something of this name is in the way: choose another name",
    errno.EISDIR: "this is a folder: give the name of a file",
    errno.EACCES: "permission is denied: change the permissions, close programs that use the file, "
    "or choose another place",
    errno.EPERM: "permission is denied: change the permissions or choose another place",
    errno.EROFS: "the disk is write-protected: choose another place",
    errno.ENOSPC: "the disk is full: free some space and try again",
    errno.EFBIG: "the file grows larger than this disk or account allows: choose another place",
    errno.ELOOP: "its links lead in a circle: give the file itself",
    errno.ENAMETOOLONG: "the name is too long: give a shorter one",
    errno.EADDRINUSE: "another program uses this port: end it or choose another port",
    errno.EPIPE: "the program reading this output has ended: start it again, or write to a file",
}
if hasattr(errno, "EDQUOT"):  # Windows before Python 3.12 has no quota error
    _WORDS[errno.EDQUOT] = "your disk quota is used up: free some space and try again"


def explain(error: OSError) -> str:
    """Say what the system refused and what to do, without a full stop.

    Examples
    --------
    >>> explain(OSError(28, "No space left on device"))
    'the disk is full: free some space and try again'
    """
    if error.errno in _WORDS:
        return _WORDS[error.errno]
    reason = (error.strerror or type(error).__name__).rstrip(".")
    return f"the system says {reason!r}: check the disk and try again"
