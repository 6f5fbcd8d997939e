"""Certificates from test authorities, for 127.0.0.1 but not for the name localhost."""

from dataclasses import dataclass
from pathlib import Path

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Certificates:
    """PEM files: the servers' key and certificate, the authority that signed it, and one that did not."""

    identity: Path
    authority: Path
    stranger: Path


def made(folder: Path) -> Certificates:
    """Make the certificates in a folder."""
    found = Certificates(*(folder / f"{name}.pem" for name in ("identity", "authority", "stranger")))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(found.authority)
    trustme.CA().cert_pem.write_to_path(found.stranger)
    leaf = authority.issue_cert(HOST)
    # Java reads a key in this format only.
    key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found.identity.write_bytes(pem + b"".join(each.bytes() for each in leaf.cert_chain_pems))
    return found
