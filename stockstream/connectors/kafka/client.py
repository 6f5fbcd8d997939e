"""Kafka's address, security and user, from which all its clients are made."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer

from stockstream.errors import KafkaSettingsError
from stockstream.settings import Settings


@dataclass(frozen=True)
class Cluster:
    """A Kafka cluster, and how to connect to it.

    Attributes:
        servers: host:port, separated by commas.
        protocol: the security protocol, as Kafka names it.
        mechanism: the SASL mechanism, as Kafka names it.
        user: the SASL user; empty without SASL.
        password: the SASL password; empty without SASL.
        authority: the file of the trusted certificates; None for those of the machine.
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
        """Whether the connection uses TLS."""
        return self.protocol.endswith("SSL")

    def options(self) -> dict[str, Any]:
        """Return the options that all clients of librdkafka share."""
        found: dict[str, Any] = {"bootstrap.servers": self.servers, "security.protocol": self.protocol}
        if self.protocol.startswith("SASL"):
            found |= {"sasl.mechanism": self.mechanism, "sasl.username": self.user}
            found |= {"sasl.password": self.password}
        if self.is_encrypted and self.authority:
            found |= {"ssl.ca.location": str(self.authority)}
        return found


# A plain address is a cluster without login or encryption.
Where = str | Cluster


def cluster_of(settings: Settings) -> Cluster:
    """Return the cluster in the settings."""
    return Cluster(
        settings.kafka_bootstrap_servers,
        settings.kafka_security_protocol,
        settings.kafka_sasl_mechanism,
        settings.kafka_sasl_username,
        settings.kafka_sasl_password.get_secret_value(),
        settings.kafka_ssl_ca,
    )


def consumer(where: Where, options: dict[str, Any], **rest: Any) -> Consumer:  # noqa: ANN401 - the client's options
    """Return a consumer, or raise KafkaSettingsError if the client rejects its options."""
    try:
        return Consumer(as_cluster(where).options() | options, **rest)
    except KafkaException as exc:
        raise KafkaSettingsError(reason=exc.args[0].str()) from exc


def producer(where: Where, options: dict[str, Any]) -> Producer:
    """Return a producer, or raise KafkaSettingsError if the client rejects its options."""
    try:
        return Producer(as_cluster(where).options() | options)
    except KafkaException as exc:
        raise KafkaSettingsError(reason=exc.args[0].str()) from exc


def as_cluster(where: Where) -> Cluster:
    """Return a cluster, also for a plain address."""
    return where if isinstance(where, Cluster) else Cluster(where)
