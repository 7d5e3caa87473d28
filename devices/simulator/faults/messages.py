"""Faults of messages: what a sensor's firmware, or the line, makes of what it sends."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

from devices.simulator.faults.plan import Fault

#: An overflow of the sensor's queue loses this many messages in a row, fewest and most; the next
#: overflow may follow at once.
LOSS_RUN_MESSAGES: Final = (1, 10)

_SHORTEST_TO_CUT: Final = 2


class Message(NamedTuple):
    """Something to be sent, and how many samples are in it, where anyone counts them."""

    payload: bytes
    samples: int = 0
    is_damaged: bool = False


class MessageFaults:
    """What becomes of messages on one channel, in order.

    Parameters
    ----------
    faults : sequence of Fault
        Those that are of messages count.
    seed : int
        Of all chance.
    changes_bytes : bool
        Damage changes a byte, as on a serial line, where a checksum may find it. Otherwise it adds
        or takes away an odd number of bytes, since nothing that has a wrong byte gets through a
        radio.
    """

    def __init__(self, faults: Sequence[Fault], seed: int, *, changes_bytes: bool) -> None:
        def of(kind: str) -> list[Fault]:
            return [fault for fault in faults if fault.kind == kind]

        self._random = Random(f"{seed}/messages")
        self._queues = [_Overflowing(fault, Random(f"{seed}/loss")) for fault in of("loss")]
        self._corrupt, self._truncate, self._split = of("corrupt"), of("truncate"), of("split")
        self._duplicate, self._reorder = of("duplicate"), of("reorder")
        self._delays = of("delay_ms")
        self._changes_bytes = changes_bytes
        self._held: Message | None = None

    def is_lost(self, time_s: float) -> bool:
        """Whether the next message, at this time, does not leave the sensor's queue."""
        lost = [queue.loses_next(time_s) for queue in self._queues]  # each has its own chance
        return any(lost)

    def sent(self, time_s: float, message: Message) -> list[Message]:
        """What goes out instead of a message at this time, in order."""
        if self._hits(self._corrupt, time_s):
            damaged = self._damaged(message.payload)
            message = message._replace(payload=damaged, is_damaged=True)
        if self._hits(self._truncate, time_s) and len(message.payload) >= _SHORTEST_TO_CUT:
            cut = self._random.randrange(1, len(message.payload))
            message = message._replace(payload=message.payload[:cut], is_damaged=True)
        held, self._held = self._held, None
        if held is None and self._hits(self._reorder, time_s):
            self._held = message
            return []
        sent = [message] * (2 if self._hits(self._duplicate, time_s) else 1)
        sent += [] if held is None else [held]
        return [part for each in sent for part in self._parts(time_s, each)]

    def _parts(self, time_s: float, message: Message) -> list[Message]:
        """A message, or the two that it is cut into; its samples count for the first."""
        payload = message.payload
        if len(payload) < _SHORTEST_TO_CUT or not self._hits(self._split, time_s):
            return [message]
        cut = self._random.randrange(1, len(payload))
        first = message._replace(payload=payload[:cut], is_damaged=True)
        return [first, Message(payload[cut:], is_damaged=True)]

    def delay_s(self, time_s: float) -> float:
        """How long the next message is held back, s."""
        return sum(
            self._random.random() * fault.amount * 1e-3
            for fault in self._delays
            if fault.is_on(time_s)
        )

    def _hits(self, faults: list[Fault], time_s: float) -> bool:
        for fault in faults:
            if fault.is_on(time_s) and self._random.random() * 100 < fault.amount:
                return True
        return False

    def _damaged(self, payload: bytes) -> bytes:
        random = self._random
        if not payload:
            return payload
        if self._changes_bytes:
            at = random.randrange(len(payload))
            changed = payload[at] ^ random.randrange(1, 256)
            return payload[:at] + bytes((changed,)) + payload[at + 1 :]
        if random.random() < 0.5:
            return payload[: -random.randrange(1, len(payload) + 1, 2)]
        return payload + random.randbytes(random.randrange(1, 8, 2))


class _Overflowing:
    """Which messages a queue loses: runs, at a given share of all."""

    def __init__(self, fault: Fault, random: Random) -> None:
        share, mean_run = fault.amount / 100, sum(LOSS_RUN_MESSAGES) / 2
        self._begins = share / (share + mean_run * (1 - share)) if share else 0.0
        self._fault, self._random, self._left = fault, random, 0

    def loses_next(self, time_s: float) -> bool:
        """Whether the next message is lost."""
        if not self._fault.is_on(time_s):
            self._left = 0
            return False
        if self._left:
            self._left -= 1
            return True
        if not self._begins or self._random.random() >= self._begins:
            return False
        self._left = self._random.randint(LOSS_RUN_MESSAGES[0] - 1, LOSS_RUN_MESSAGES[1] - 1)
        return True
