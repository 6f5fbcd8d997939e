"""Kafka and PostgreSQL that let in only who logs in, over TLS: SASL_SSL with SCRAM, and `hostssl` alone."""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from signal import SIGINT

from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._scram import ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion
from pydantic import SecretStr

from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.postgres.connection import address_of
from stockstream.services import ports
from stockstream.services.servers import kafka, system_user
from stockstream.services.servers.program import Program
from stockstream.services.servers.readiness import await_kafka, await_postgres
from stockstream.services.servers.scratch import ScratchServer
from stockstream.settings import Settings
from tests.certificates import HOST, Certificates

USER, PASSWORD = "tess", 'it\'s a "s3cret"'
MECHANISM = "SCRAM-SHA-512"
LISTENER = """
listener.name.safe.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.safe.scram-sha-512.sasl.jaas.config=\
org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.safe.ssl.keystore.type=PEM
listener.name.safe.ssl.keystore.location={identity}
"""
POSTGRES = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
fsync = off
ssl = on
ssl_cert_file = 'identity.pem'
ssl_key_file = 'identity.pem'
"""


@contextmanager
def safe_servers(folder: Path, certificates: Certificates) -> Iterator[Settings]:
    """Bring both up; yields settings that get in, as a superuser of PostgreSQL."""
    settings = _settings(folder, certificates)
    servers = [_kafka(settings, folder, certificates), _postgres(settings, folder, certificates)]
    try:
        for server in servers:
            server.start()
        yield settings
    finally:
        for server in servers:
            server.stop()


def _settings(folder: Path, certificates: Certificates) -> Settings:
    return Settings(
        kafka_bootstrap_servers=f"{HOST}:{ports.free_port()}",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_username=USER,
        kafka_sasl_password=SecretStr(PASSWORD),
        kafka_ssl_ca=certificates.authority,
        postgres_host=HOST,
        postgres_port=ports.free_port(),
        postgres_db="postgres",
        postgres_user=USER,
        postgres_password=SecretStr(PASSWORD),
        postgres_sslmode="verify-full",
        postgres_sslrootcert=certificates.authority,
        services="external",
        data_dir=folder / "run",
        models_dir=folder / "models",
    )


def _kafka(settings: Settings, folder: Path, certificates: Certificates) -> ScratchServer:
    """Return a broker with a listener for itself, and a safe one beside it."""
    inside = f"{HOST}:{ports.free_port()}"
    program = kafka.prepare(inside, folder)
    properties = folder / "kafka.properties"
    text = properties.read_text("utf-8").replace(
        f"LOCAL0://{inside}", f"LOCAL0://{inside},SAFE://{settings.kafka_bootstrap_servers}"
    )
    text = text.replace("LOCAL0:PLAINTEXT", "LOCAL0:PLAINTEXT,SAFE:SASL_SSL")
    properties.write_text(text + LISTENER.format(identity=certificates.identity), "utf-8")

    def stands(*rest: object) -> None:
        await_kafka(inside, *rest)  # type: ignore[arg-type]
        credential = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
        wish = UserScramCredentialUpsertion(USER, credential, PASSWORD.encode())
        admin = AdminClient({"bootstrap.servers": inside})
        admin.alter_user_scram_credentials([wish])[USER].result()
        await_kafka(cluster_of(settings), *rest)  # type: ignore[arg-type]

    return ScratchServer(program, folder / "kafka.log", stands)


def _postgres(settings: Settings, folder: Path, certificates: Certificates) -> ScratchServer:
    """Return a server of the system's own PostgreSQL: the one that pip brings speaks no TLS."""
    binaries, user, data = newest_binaries(), system_user.server_user(), folder / "safe"
    system_user.let_through(data, user)
    data.mkdir()
    secret = folder / "password"
    secret.write_text(PASSWORD, "utf-8")
    for owned in (data, secret):
        system_user.give(owned, user)
    initdb = [binaries / "initdb", "-D", data, "-U", USER, "--pwfile", secret, "--auth=scram-sha-256"]
    subprocess.run(
        [*map(str, initdb), "--no-sync"], cwd="/", check=True, capture_output=True, **system_user.run_as(user)
    )
    with (data / "postgresql.conf").open("a", encoding="utf-8") as conf:
        conf.write(POSTGRES.format(port=settings.postgres_port))
    (data / "pg_hba.conf").write_text("hostssl all all 127.0.0.1/32 scram-sha-256\n", "utf-8")
    key = data / "identity.pem"
    key.touch(mode=0o600)
    key.write_bytes(certificates.identity.read_bytes())
    system_user.give(key, user)
    command = (str(binaries / "postgres"), "-D", str(data))
    program = Program("postgres", command, data, user=user, stop_signal=SIGINT, timeout=60, part="server")
    return ScratchServer(program, folder / "postgres.log", partial(await_postgres, address_of(settings)))


def newest_binaries() -> Path:
    """Return where the system's newest PostgreSQL has its programs: beside those on the path, or Debian's."""
    found = [Path(folder) for folder in os.environ["PATH"].split(":") if (Path(folder) / "initdb").exists()]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    assert found, "no PostgreSQL that speaks TLS: install one, such as the package postgresql"
    return found[0]


def _version(path: Path) -> int:
    return int(re.sub(r"\D", "", path.parent.name) or 0)
