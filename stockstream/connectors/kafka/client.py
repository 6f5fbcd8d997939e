"""Where Kafka is and who asks: what every client of it is made with."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer

from stockstream.errors import KafkaSettingsError
from stockstream.settings import Settings


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
        return Consumer(as_cluster(where).options() | options, **rest)
    except KafkaException as exc:
        raise KafkaSettingsError(reason=exc.args[0].str()) from exc


def producer(where: Where, options: dict[str, Any]) -> Producer:
    """Return a producer; raises KafkaSettingsError where the client cannot use what it is given."""
    try:
        return Producer(as_cluster(where).options() | options)
    except KafkaException as exc:
        raise KafkaSettingsError(reason=exc.args[0].str()) from exc


def as_cluster(where: Where) -> Cluster:
    """Return the cluster at a plain address, too."""
    return where if isinstance(where, Cluster) else Cluster(where)
