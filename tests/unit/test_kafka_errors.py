"""What a failed request to Kafka means is decided by the error's code."""

import pytest
from confluent_kafka import KafkaError

from stockstream.connectors.kafka.errors import own_error
from stockstream.errors import (
    KafkaBusyError,
    KafkaLoginRefusedError,
    KafkaRefusedError,
    KafkaUnreachableError,
    RecoverableError,
)

# ruff: noqa: SLF001 - the client's own names
NOWHERE = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (KafkaError._TRANSPORT, KafkaUnreachableError),
        (KafkaError._RESOLVE, KafkaUnreachableError),
        (KafkaError._TIMED_OUT, KafkaUnreachableError),
        (KafkaError._ALL_BROKERS_DOWN, KafkaUnreachableError),
        (KafkaError._AUTHENTICATION, KafkaLoginRefusedError),
        (KafkaError.COORDINATOR_LOAD_IN_PROGRESS, KafkaBusyError),
        (KafkaError.NOT_COORDINATOR, KafkaBusyError),
        (KafkaError.LEADER_NOT_AVAILABLE, KafkaBusyError),
        (KafkaError.OFFSET_NOT_AVAILABLE, KafkaBusyError),
        (KafkaError.REQUEST_TIMED_OUT, KafkaBusyError),
        (KafkaError.INVALID_REPLICATION_FACTOR, KafkaBusyError),
        (KafkaError.TOPIC_EXCEPTION, KafkaRefusedError),
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaRefusedError),
        (KafkaError.INVALID_CONFIG, KafkaRefusedError),
    ],
)
def test_an_error_is_an_outage_or_a_delay_or_a_refusal(code: int, kind: type[Exception]) -> None:
    error = own_error(NOWHERE, KafkaError(code))
    assert type(error) is kind
    assert isinstance(error, RecoverableError) == (kind is not KafkaRefusedError)
    assert str(error).startswith("cannot reach") == (kind is KafkaUnreachableError)


def test_a_refused_login_is_named_though_another_error_follows_it() -> None:
    heard = [KafkaError(KafkaError._AUTHENTICATION)]
    assert type(own_error(NOWHERE, KafkaError(KafkaError._TRANSPORT), heard)) is KafkaLoginRefusedError
