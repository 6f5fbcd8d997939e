"""Certificates of authorities that a test makes up: for 127.0.0.1, which is not localhost by name."""

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
    """Files of PEM: the servers' key and certificate, who vouches for it, and one who does not."""

    identity: Path
    authority: Path
    stranger: Path


def made(folder: Path) -> Certificates:
    """Make them in a folder."""
    found = Certificates(*(folder / f"{name}.pem" for name in ("identity", "authority", "stranger")))
    authority = trustme.CA()
    authority.cert_pem.write_to_path(found.authority)
    trustme.CA().cert_pem.write_to_path(found.stranger)
    leaf = authority.issue_cert(HOST)
    # Java reads a key in this form alone.
    key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    found.identity.write_bytes(pem + b"".join(each.bytes() for each in leaf.cert_chain_pems))
    return found
