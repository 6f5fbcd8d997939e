"""Where Kafka is and who asks: what every client of it is made with, and what it means that one fails."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from stockstream.connectors import tls
from stockstream.errors import (
    KafkaLoginRefusedError,
    KafkaSettingsError,
    KafkaTlsError,
    KafkaUnreachableError,
    RecoverableError,
)
from stockstream.settings import Settings

REFUSED = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED)  # noqa: SLF001
CHECK_AUTHORITY = "check KAFKA_SSL_CA, and that KAFKA_BOOTSTRAP_SERVERS names the host of its certificate"
SPEAK_TLS = "set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SSL"


@dataclass(frozen=True)
class Cluster:
    """Kafka's servers, and how they are spoken to.

    Attributes:
        servers: host:port, several separated by commas.
        protocol, mechanism: as Kafka names them.
        user, password: of SASL; empty without.
        authority: the file of the certificates that are trusted; None for those of this machine.
    """

    servers: str
    protocol: str = "PLAINTEXT"
    mechanism: str = "SCRAM-SHA-512"
    user: str = ""
    password: str = field(default="", repr=False)
    authority: Path | None = None

    def __str__(self) -> str:
        """Return the servers, as errors and logs name them."""
        return self.servers

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self.protocol.endswith("SSL")

    def options(self) -> dict[str, Any]:
        """Return the options that every client of librdkafka is made with."""
        found: dict[str, Any] = {"bootstrap.servers": self.servers, "security.protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            found |= {"sasl.mechanism": self.mechanism, "sasl.username": self.user}
            found |= {"sasl.password": self.password}
        if self.is_encrypted and self.authority:
            found |= {"ssl.ca.location": str(self.authority)}
        return found


# A plain address is a cluster that anyone may speak to.
Where = str | Cluster


def cluster_of(settings: Settings) -> Cluster:
    """Return the cluster that the settings name."""
    return Cluster(
        settings.kafka_bootstrap_servers,
        settings.kafka_security_protocol,
        settings.kafka_sasl_mechanism,
        settings.kafka_sasl_username,
        settings.kafka_sasl_password.get_secret_value(),
        settings.kafka_ssl_ca,
    )


def consumer(where: Where, options: dict[str, Any], **rest: Any) -> Consumer:  # noqa: ANN401 - the client's own
    """Return a consumer; raises KafkaSettingsError where the client cannot use what it is given."""
    try:
        return Consumer(_cluster(where).options() | options, **rest)
    except KafkaException as exc:
        raise KafkaSettingsError(reason=exc.args[0].str()) from exc


def producer(where: Where, options: dict[str, Any]) -> Producer:
    """Return a producer; raises KafkaSettingsError where the client cannot use what it is given."""
    try:
        return Producer(_cluster(where).options() | options)
    except KafkaException as exc:
        raise KafkaSettingsError(reason=exc.args[0].str()) from exc


class Admin(AdminClient):
    """A client that asks and manages, and prints nothing."""

    def __init__(self, where: Where) -> None:
        """Begin to connect; no broker needs to answer yet."""
        self._where = where
        self._heard: list[KafkaError] = []
        quiet = {"log_level": 0, "error_cb": self._heard.append}
        try:
            super().__init__(_cluster(where).options() | quiet)
        except KafkaException as exc:
            raise KafkaSettingsError(reason=exc.args[0].str()) from exc

    def outage(self, exc: KafkaException) -> RecoverableError:
        """Return why an answer failed to come."""
        self.poll(0)
        return outage(self._where, exc.args[0], self._heard)


def outage(where: Where, error: KafkaError, heard: Iterable[KafkaError] = ()) -> RecoverableError:
    """Return the project's error for what a client has said, and for what it said before.

    A refused login has a code of its own. What is wrong with TLS the client does not tell apart, so it is
    looked at.
    """
    cluster = _cluster(where)
    if any(each.code() in REFUSED for each in (error, *heard)):
        return KafkaLoginRefusedError(servers=where, user=cluster.user, mechanism=cluster.mechanism)
    return _tls_error(cluster) or KafkaUnreachableError(servers=where, reason=error.str())


def _tls_error(cluster: Cluster) -> KafkaTlsError | None:
    host, _, port = cluster.servers.partition(",")[0].rpartition(":")
    host = host.strip("[]")
    if cluster.is_encrypted:
        reason, remedy = tls.fault(host, int(port), cluster.authority), CHECK_AUTHORITY
    else:
        words = f"it speaks TLS, KAFKA_SECURITY_PROTOCOL={cluster.protocol} does not"
        reason, remedy = words if tls.is_spoken(host, int(port)) else None, SPEAK_TLS
    return KafkaTlsError(servers=cluster, reason=reason, remedy=remedy) if reason else None


def _cluster(where: Where) -> Cluster:
    return where if isinstance(where, Cluster) else Cluster(where)
