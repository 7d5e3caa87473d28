"""A tab without a browser: it speaks to the page over sockets, and leaves as rudely as one can."""

from __future__ import annotations

import base64
import os
import re
import socket
import struct
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from tests.patience import HANG_S

_CLIENT = re.compile(rb"client_id.{0,40}?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22})")


@dataclass(frozen=True, slots=True)
class RawPage:
    """The page at an address."""

    address: str

    def line(self) -> socket.socket:
        """A new line to the program; the kernel keeps little of what is not read."""
        place = urlsplit(self.address)
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.settimeout(HANG_S)
        line.connect((place.hostname or "", place.port or 0))
        return line

    def ask(
        self, path: str = "", body: bytes = b"", *, promised: int | None = None
    ) -> socket.socket:
        """Ask for something, and leave the answer on the line."""
        place = urlsplit(self.address)
        line = self.line()
        length = len(body) if promised is None else promised
        method = "POST" if length else "GET"
        line.sendall(
            f"{method} {place.path}{path} HTTP/1.1\r\nHost: {place.netloc}\r\n"
            f"Origin: http://{place.netloc}\r\n"
            f"Connection: close\r\nContent-Length: {length}\r\n\r\n".encode()
            + body
        )
        return line

    def get(self, path: str = "", body: bytes = b"") -> bytes:
        """Ask for something, and read all of the answer."""
        answer = b""
        with self.ask(path, body) as line:
            while chunk := line.recv(65536):
                answer += chunk
        return answer

    def load(self) -> str:
        """Load the page; gives the number it has got from the program."""
        found = _CLIENT.search(self.get())
        assert found is not None
        return found[1].decode()

    def sockets(self, client: str, transport: str, **more: str) -> str:
        """Where the page of that number is kept up to date."""
        asked = {
            "client_id": client,
            "next_message_id": "0",
            "implicit_handshake": "true",
            "tab_id": f"tab-{client}",
            "document_id": f"document-{client}",
            "EIO": "4",
            "transport": transport,
        }
        return f"_nicegui_ws/socket.io/?{urlencode(asked | more)}"

    def watch(self, client: str) -> socket.socket:
        """Open the line over which updates come."""
        place = urlsplit(self.address)
        line = self.line()
        line.sendall(
            f"GET {place.path}{self.sockets(client, 'websocket')} HTTP/1.1\r\n"
            f"Host: {place.netloc}\r\nOrigin: http://{place.netloc}\r\n"
            "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n".encode()
        )
        assert b" 101 " in line.recv(2048)
        self.say(line, "40")
        return line

    @staticmethod
    def say(line: socket.socket, text: str) -> None:
        """Send one message, up to 64 kB, over that line."""
        mask, words = os.urandom(4), text.encode()
        length = len(words)
        size = bytes([0x80 | length]) if length < 126 else struct.pack(">BH", 0xFE, length)
        masked = bytes(sign ^ mask[at % 4] for at, sign in enumerate(words))
        line.sendall(b"\x81" + size + mask + masked)

    @staticmethod
    def vanish(line: socket.socket) -> None:
        """Be gone without a word, as a process that was killed."""
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
