"""Frames on a serial line: consistent overhead byte stuffing (COBS) with a CRC-16.

A frame is ``COBS(content, CRC-16 of the content in little-endian) 00``. Stuffed bytes hold no zero,
so that a zero always ends a frame and a reader finds its place again at the next one, whatever came
before. The checksum is CRC-16/IBM-3740: polynomial 0x1021, start 0xFFFF, not reflected.

COBS: Cheshire & Baker 1999, IEEE/ACM Transactions on Networking 7(2):159, DOI 10.1109/90.769765.
"""

from __future__ import annotations

from binascii import crc_hqx
from typing import Final

from imu.errors import ProtocolError

#: Longest stuffed frame that is accepted; what is longer is noise.
FRAME_BYTES_MAX: Final = 4096

_RUN: Final = 254  # most bytes other than zero behind one code
_CODES: Final = tuple(bytes([code]) for code in range(1, 256))  # by the length of the block


def crc16(content: bytes) -> int:
    """CRC-16/IBM-3740 of bytes.

    Examples
    --------
    >>> hex(crc16(b"123456789"))
    '0x29b1'
    """
    return crc_hqx(content, 0xFFFF)


def cobs_encoded(content: bytes) -> bytes:
    """Bytes stuffed so that none is zero; the ending zero is not added.

    Examples
    --------
    >>> cobs_encoded(bytes.fromhex("11 22 00 33")).hex(" ")
    '03 11 22 02 33'
    """
    blocks = content.split(b"\0")
    if len(content) < _RUN or max(map(len, blocks)) < _RUN:
        return b"".join([_CODES[len(block)] + block for block in blocks])
    parts: list[bytes] = []
    for block in blocks:
        whole = len(block) - len(block) % _RUN
        parts += [b"\xff" + block[at : at + _RUN] for at in range(0, whole, _RUN)]
        parts.append(_CODES[len(block) - whole] + block[whole:])
    if blocks[-1] and len(blocks[-1]) % _RUN == 0:
        parts.pop()  # after a full block at the end nothing needs to be said
    return b"".join(parts)


def cobs_decoded(stuffed: bytes) -> bytes:
    """The inverse of :func:`cobs_encoded`.

    Raises
    ------
    ProtocolError
        When there is a zero in it, or a code points beyond the end.

    Examples
    --------
    >>> cobs_decoded(bytes.fromhex("03 11 22 02 33")).hex(" ")
    '11 22 00 33'
    """
    content = None if b"\0" in stuffed else _unstuffed(stuffed)
    if content is None:
        raise ProtocolError(
            f"{len(stuffed)} bytes are no COBS frame: the line has damaged them.", payload=stuffed
        )
    return content


def encode_frame(content: bytes) -> bytes:
    """A whole frame: content and checksum, stuffed, and the zero that ends it.

    Examples
    --------
    >>> encode_frame(bytes.fromhex("01 01 00 34 12")).hex(" ")
    '03 01 01 05 34 12 cb 36 00'
    """
    return cobs_encoded(content + crc16(content).to_bytes(2, "little")) + b"\0"


class Deframer:
    r"""Finds the intact frames in a stream of bytes, however it is cut into chunks.

    After any damage it is in step again at the next zero. What lies before the first zero is not
    counted when it makes no sense: it is the rest of a frame that began before anyone listened.

    Examples
    --------
    >>> deframer = Deframer()
    >>> frame = encode_frame(b"hello")
    >>> deframer.push(frame[:3]), deframer.push(frame[3:] + b"noise\0" + frame)
    ([], [b'hello', b'hello'])
    >>> deframer.rejected
    1
    """

    def __init__(self) -> None:
        self.rejected = 0  # frames whose stuffing or checksum is wrong, or that are too long
        self._rest = b""
        self._in_step = False

    def push(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes of the line; returns the contents of the frames they complete."""
        *pieces, rest = (self._rest + chunk).split(b"\0")
        self._rest = rest[: FRAME_BYTES_MAX + 1]  # one byte too many is enough to refuse it
        contents: list[bytes] = []
        for piece in pieces:
            if piece:
                content = _checked(piece)
                if content is not None:
                    contents.append(content)
                elif self._in_step:
                    self.rejected += 1
            self._in_step = True
        return contents

    def reset(self) -> None:
        """Forget half a frame; the count stays."""
        self._rest = b""
        self._in_step = False


def _checked(piece: bytes) -> bytes | None:
    """Content of a stuffed frame; None when it is damaged."""
    if len(piece) > FRAME_BYTES_MAX:
        return None
    body = _unstuffed(piece)
    if body is None or len(body) < 3:
        return None
    content = body[:-2]
    return content if crc_hqx(content, 0xFFFF) == body[-2] | body[-1] << 8 else None


def _unstuffed(stuffed: bytes) -> bytes | None:
    """Content of bytes without a zero; None when a code points beyond the end."""
    size = len(stuffed)
    if size > _RUN and b"\xff" in stuffed:  # perhaps a full block: no zero follows it
        return _unstuffed_with_full_blocks(stuffed)
    content = bytearray(stuffed)
    at = 0
    while at < size:  # each code becomes the zero that it stands for
        code = content[at]
        content[at] = 0
        at += code
    return bytes(content[1:]) if at == size else None


def _unstuffed_with_full_blocks(stuffed: bytes) -> bytes | None:
    size, at = len(stuffed), 0
    parts: list[bytes] = []
    while at < size:
        code = stuffed[at]
        parts.append(stuffed[at + 1 : at + code])
        at += code
        if code < 255 and at < size:
            parts.append(b"\0")
    return b"".join(parts) if at == size and size else None
