"""Why a TLS connection does not come about: drivers tell it in many words, or not at all.

A look of our own, made only after a driver has failed, tells a certificate that nobody trusts from one of
another host, and a server that speaks TLS from one that does not.
"""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

TIMEOUT = 1.0

Greet = Callable[[socket.socket], bool]


def at_once(_line: socket.socket) -> bool:
    """Begin with TLS: the port speaks nothing else."""
    return True


def fault(
    host: str, port: int, authority: Path | None, *, greet: Greet = at_once, checks_host: bool = True
) -> str | None:
    """Return what is wrong with TLS at a place, None where it is well, or where nothing is to be learnt.

    Args:
        authority: the file of the certificates that are trusted; None for those of this machine.
        greet: asks for TLS first, where the protocol does; False is the server's no.
        checks_host: whether the certificate has to name the host.
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
    """Return whether a port speaks TLS, whoever it is."""
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
