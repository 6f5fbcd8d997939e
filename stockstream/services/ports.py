"""Ports of this machine: a free one, whether one is taken, and who holds it."""

import random
import socket

import psutil

from stockstream.errors import ServiceError

# Below the ports that the kernel hands to outgoing connections, which could take ours meanwhile.
FREE_RANGE = (20_000, 32_000)


def addresses(host: str) -> list[str]:
    """Return the loopback addresses to listen on: for `localhost` both, IPv6 where there is one."""
    if host != "localhost":
        return [host]
    return ["127.0.0.1"] + (["::1"] if _can_bind("::1", 0) else [])


def listeners(host: str, port: int) -> dict[str, str]:
    """Return Kafka's listeners by name, each as the address and port that it advertises itself.

    One for each address: a client that resolved `localhost` to IPv6 is sent on to IPv6, one that took
    IPv4 to IPv4.
    """
    return {f"LOCAL{at}": f"{_bracketed(address)}:{port}" for at, address in enumerate(addresses(host))}


def is_taken(port: int, host: str = "localhost") -> bool:
    """Return whether something listens on the port already."""
    return not all(_can_bind(address, port) for address in addresses(host))


def free_port() -> int:
    """Return a port that nothing listens on; a random one, so that two that ask rarely meet."""
    chooser = random.SystemRandom()
    for _ in range(1_000):
        port = chooser.randint(*FREE_RANGE)
        if not is_taken(port):
            return port
    raise ServiceError(what="no free port between {} and {}".format(*FREE_RANGE))


def holder(port: int) -> str:
    """Tell who listens on a port, as far as this user may know: a name and a process id."""
    try:
        for connection in psutil.net_connections("tcp"):
            local = connection.laddr
            if connection.status == psutil.CONN_LISTEN and local and local.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, process {connection.pid}"
    except psutil.Error:
        # Another user's process: that it is there is all that can be known.
        pass
    return "another program"


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _can_bind(address: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As the servers do: a port whose last connections linger in TIME_WAIT is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError:
        return False
    return True
