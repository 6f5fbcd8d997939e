"""Ports of this machine: find a free one, check whether one is taken, and find who holds it."""

import random
import socket

import psutil

from stockstream.errors import ServiceError

# Below the kernel's ports for outgoing connections, which could take one in the meantime.
FREE_RANGE = (20_000, 32_000)


def addresses(host: str) -> list[str]:
    """Return the loopback addresses to listen on; for `localhost` also IPv6 if it is available."""
    if host != "localhost":
        return [host]
    return ["127.0.0.1"] + (["::1"] if _can_bind("::1", 0) else [])


def listeners(host: str, port: int) -> dict[str, str]:
    """Return Kafka's listeners by name, each as the address and port that it advertises.

    There is one per address: a client that resolved `localhost` to IPv6 is redirected to IPv6, one that used
    IPv4 to IPv4.
    """
    return {f"LOCAL{at}": f"{_bracketed(address)}:{port}" for at, address in enumerate(addresses(host))}


def is_taken(port: int, host: str = "localhost") -> bool:
    """Return whether something already listens on the port."""
    return not all(_can_bind(address, port) for address in addresses(host))


def free_port() -> int:
    """Return a random port that nothing listens on, so that concurrent callers rarely get the same one."""
    chooser = random.SystemRandom()
    for _ in range(1_000):
        port = chooser.randint(*FREE_RANGE)
        if not is_taken(port):
            return port
    raise ServiceError(what="no free port between {} and {}".format(*FREE_RANGE))


def holder(port: int) -> str:
    """Return the name and process id of the process that listens on a port, as far as they are visible."""
    try:
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and local and local.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, process {connection.pid}"
    except psutil.Error:
        # Another user's process: its existence is all that can be known.
        pass
    return "another program"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _can_bind(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # Like the servers: a port whose last connections linger in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True
