"""Messages of one kind that follow one another in a log, to be taken together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle, islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from devices.records import Packet

#: With fewer than so many there is nothing gained over one after the other.
LEAST_ALIKE: Final = 4


def payloads_alike(
    packets: Sequence[Packet], start: int, channel: str, parts: int = 1
) -> list[bytes]:
    """Payloads of the packets from ``start`` on, while they are of this channel and one length.

    With several ``parts`` to a message there is one length for each of them, and the messages are
    whole.

    Examples
    --------
    >>> log = [Packet(0, "data", b"ab"), Packet(1, "data", b"cd"), Packet(2, "status", b"ef")]
    >>> payloads_alike(log, 0, "data")
    [b'ab', b'cd']
    """
    sizes = cycle([len(packet.payload) for packet in packets[start : start + parts]])
    payloads: list[bytes] = []
    for packet in islice(packets, start, None):
        if packet.channel != channel or len(packet.payload) != next(sizes):
            break
        payloads.append(packet.payload)
    return payloads[: len(payloads) // parts * parts]


def leading(right: NDArray[np.bool_]) -> int:
    """How many are right before the first that is not.

    Examples
    --------
    >>> leading(np.array([True, True, False, True])), leading(np.array([True]))
    (2, 1)
    """
    return len(right) if right.all() else int(np.argmin(right))
