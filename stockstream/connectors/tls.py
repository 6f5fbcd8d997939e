"""Diagnosis of failed TLS connections, which drivers report in many different ways or not at all.

After a driver has failed, a separate connection distinguishes an untrusted certificate from one of another
host, and a server that speaks TLS from one that does not.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TIMEOUT = 1.0

Greet = Callable[[socket.socket], bool]


def at_once(_line: socket.socket) -> bool:
    """Start TLS immediately: the port speaks nothing else."""
    return True


def fault(
    host: str, port: int, authority: Path | None, *, greet: Greet = at_once, checks_host: bool = True
) -> str | None:
    """Return what is wrong with TLS at an endpoint, or None if nothing is wrong or can be learned.

    Args:
        host: the host to connect to.
        port: the port to connect to.
        authority: the file of the trusted certificates; None for those of the machine.
        greet: asks for TLS first, if the protocol requires it; False is the server's no.
        checks_host: whether the certificate must name the host.
    """
    try:
        context = ssl.create_default_context(cafile=authority)
        context.check_hostname = checks_host
        return _shaken(context, host, port, greet)
    except ssl.SSLCertVerificationError as exc:
        return exc.verify_message.rstrip(".")
    except ssl.SSLError as exc:
        return f"TLS: {(exc.reason or 'no handshake').replace('_', ' ').lower()}"
    except OSError:
        return None


def is_spoken(host: str, port: int) -> bool:
    """Return whether a port speaks TLS, without verifying the server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with suppress(OSError):
        return _shaken(context, host, port, at_once) is None
    return False


def _shaken(context: ssl.SSLContext, host: str, port: int, greet: Greet) -> str | None:
    with socket.create_connection((host, port), TIMEOUT) as line:
        if not greet(line):
            return "it speaks no TLS"
        with context.wrap_socket(line, server_hostname=host):
            return None
