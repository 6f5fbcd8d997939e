"""A proxy to PostgreSQL that cuts connections at a COMMIT: before it, during it, or before its answer.

It reads the client's side of the wire protocol message by message, and cuts only at the COMMIT of a
transaction that has copied rows, because its outcome is the one that matters.
"""

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum
from threading import Event, Lock, Thread

# Requests that a client may send before its startup message; the answer is a single byte.
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
CHUNK = 65_536


class Moment(Enum):
    """When the connection is cut."""

    BEFORE = "before COMMIT is passed on"
    UNDER_WAY = "as soon as COMMIT is passed on"
    ANSWERED = "when COMMIT has been answered, before the client hears of it"


class CommitCutter:
    """Listens on its own port and connects its clients to PostgreSQL."""

    def __init__(self, host: str, port: int, moment: Moment) -> None:
        """Start listening; nothing is cut before `arm`."""
        self._target = (host, port)
        self._moment = moment
        self._lock = Lock()
        self._left = 0
        self.has_cut = Event()
        self._roads: list[_Road] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        Thread(target=self._listen, daemon=True).start()

    def arm(self, commits: int) -> None:
        """Cut at the n-th COMMIT of rows from now on, once."""
        with self._lock:
            self.has_cut.clear()
            self._left = commits

    def close(self) -> None:
        """Stop listening, and cut all open connections."""
        # Only a shutdown wakes a thread that waits in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for road in self._roads:
            road.cut()

    def is_cut_due(self) -> bool:
        """Count one COMMIT and return whether it is the one to cut at."""
        with self._lock:
            was_left, self._left = self._left, max(self._left - 1, 0)
        return was_left == 1

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._roads.append(_Road(self, client, socket.create_connection(self._target), self._moment))


class _Road:
    """One client's connection to the server."""

    def __init__(
        self, cutter: CommitCutter, client: socket.socket, server: socket.socket, moment: Moment
    ) -> None:
        self._cutter = cutter
        self._client, self._server = client, server
        self._moment = moment
        self._is_deaf = self._awaits_answer = False
        for pump in (self._to_server, self._to_client):
            Thread(target=pump, daemon=True).start()

    def cut(self) -> None:
        for end in (self._client, self._server):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _to_server(self) -> None:
        has_rows = False
        with suppress(OSError):
            for kind, message in _messages(self._client):
                has_rows = has_rows or kind == b"d"
                is_commit = kind in b"QP" and b"COMMIT" in message[5:64].upper()
                if is_commit and has_rows and self._cutter.is_cut_due():
                    self._break_at(message)
                    return
                has_rows = has_rows and not is_commit
                self._server.sendall(message)
        if not self._awaits_answer:
            self.cut()

    def _break_at(self, commit: bytes) -> None:
        # A quick server answers before the connection is cut, and the client must not hear of it.
        self._is_deaf = True
        self._awaits_answer = self._moment is Moment.ANSWERED
        if self._moment is not Moment.BEFORE:
            self._server.sendall(commit)
        if not self._awaits_answer:
            self._end()

    def _to_client(self) -> None:
        with suppress(OSError):
            while told := self._server.recv(CHUNK):
                if self._awaits_answer:
                    self._end()
                    return
                if not self._is_deaf:
                    self._client.sendall(told)
        self.cut()

    def _end(self) -> None:
        self.cut()
        self._cutter.has_cut.set()


def _messages(client: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    """Yield the client's messages, each with its type; the first ones have none and get type 0."""
    stream = client.makefile("rb")
    code = SSL_REQUEST
    while code in (SSL_REQUEST, GSS_REQUEST):
        head = stream.read(8)
        if len(head) < 8:
            return
        length, code = struct.unpack("!ii", head)
        yield b"0", head + stream.read(length - 8)
    while len(head := stream.read(5)) == 5:
        yield head[:1], head + stream.read(struct.unpack("!i", head[1:])[0] - 4)
