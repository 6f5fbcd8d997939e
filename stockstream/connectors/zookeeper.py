"""Whether a ZooKeeper server on this machine answers."""

import socket

from stockstream.errors import ZooKeeperUnreachableError

ASKED, WELL = b"ruok", b"imok"


def require_answer(port: int, timeout: float = 2.0) -> None:
    """Query the server at 127.0.0.1 with its four-letter command.

    Raises:
        ZooKeeperUnreachableError: it does not answer within `timeout` seconds, or is not healthy.
    """
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as there:
            there.sendall(ASKED)
            answer = there.recv(len(WELL))
    except OSError as exc:
        raise ZooKeeperUnreachableError(port=port, reason=exc.strerror or exc) from exc
    if answer != WELL:
        raise ZooKeeperUnreachableError(port=port, reason="what answers is no ZooKeeper that is well")
