"""The project's errors for failed Kafka requests, by error code.

There are three kinds: no broker answers (an outage, with the fault in login or TLS if that is the cause); a
broker answers and waiting can help; a broker answers and waiting cannot help. Unlisted codes count as the
second kind: a job that retries and says why does less harm than one that ends.
"""

from collections.abc import Iterable

from confluent_kafka import KafkaError

from stockstream.connectors import tls
from stockstream.connectors.kafka.client import Cluster, Where, as_cluster
from stockstream.errors import (
    KafkaBusyError,
    KafkaLoginRefusedError,
    KafkaRefusedError,
    KafkaTlsError,
    KafkaUnreachableError,
    RecoverableError,
    StockstreamError,
)

# ruff: noqa: SLF001 - the client's own names
LOGIN_REFUSED = (KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED)
UNREACHABLE = (
    KafkaError._ALL_BROKERS_DOWN,
    KafkaError._RESOLVE,
    KafkaError._SSL,
    KafkaError._TIMED_OUT,
    KafkaError._TIMED_OUT_QUEUE,
    KafkaError._TRANSPORT,
)
CHECK_TOPIC = "check KAFKA_TOPIC and KAFKA_PARTITIONS"
CHECK_RIGHTS = "grant this right to KAFKA_SASL_USERNAME, see docs/security.md"
CHECK_BROKER = "check the broker's version and settings"
# Codes that waiting cannot resolve, with what to do. Too few brokers for the replicas is not one of them.
REMEDIES = {
    KafkaError.TOPIC_EXCEPTION: CHECK_TOPIC,
    KafkaError.INVALID_PARTITIONS: CHECK_TOPIC,
    KafkaError.POLICY_VIOLATION: CHECK_TOPIC,
    KafkaError.TOPIC_AUTHORIZATION_FAILED: CHECK_RIGHTS,
    KafkaError.GROUP_AUTHORIZATION_FAILED: CHECK_RIGHTS,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: CHECK_RIGHTS,
    KafkaError.INVALID_CONFIG: CHECK_BROKER,
    KafkaError.INVALID_SESSION_TIMEOUT: CHECK_BROKER,
    KafkaError.UNSUPPORTED_VERSION: CHECK_BROKER,
    KafkaError._UNSUPPORTED_FEATURE: CHECK_BROKER,
}
CHECK_AUTHORITY = "check KAFKA_SSL_CA, and that KAFKA_BOOTSTRAP_SERVERS names the host of its certificate"
SPEAK_TLS = "set KAFKA_SECURITY_PROTOCOL to SASL_SSL or SSL"


def own_error(where: Where, error: KafkaError, heard: Iterable[KafkaError] = ()) -> StockstreamError:
    """Return the project's error for a failed request.

    Args:
        where: the cluster.
        error: the error of the request.
        heard: the client's earlier errors about its connections.
    """
    codes = {each.code() for each in (error, *heard)}
    if error.code() in UNREACHABLE or not codes.isdisjoint(LOGIN_REFUSED):
        return outage(where, error, heard)
    if error.code() in REMEDIES:
        return KafkaRefusedError(servers=where, reason=error.str(), remedy=REMEDIES[error.code()])
    return KafkaBusyError(servers=where, reason=error.str())


def outage(where: Where, error: KafkaError, heard: Iterable[KafkaError] = ()) -> RecoverableError:
    """Return the project's error for a connection that cannot be made.

    A refused login has its own code. The client does not distinguish TLS faults, so the server is examined.
    """
    cluster = as_cluster(where)
    if any(each.code() in LOGIN_REFUSED for each in (error, *heard)):
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
