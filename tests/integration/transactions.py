"""A producer that writes in transactions, as a foreign one does; they leave offsets that hold no message."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

from confluent_kafka import KafkaException, Producer

from stockstream.settings import Settings
from tests.integration.tapes import trade_message

WAIT = 30.0


class Transactions:
    """Transactions on one partition, one after the other; each ends with a marker that takes an offset."""

    def __init__(self, settings: Settings, partition: int = 0) -> None:
        self._topic, self._partition = settings.kafka_topic, partition
        name = f"{settings.kafka_topic}-{partition}"
        servers = settings.kafka_bootstrap_servers
        self._producer = Producer({"bootstrap.servers": servers, "transactional.id": name, "log_level": 0})
        self._producer.init_transactions(WAIT)

    def commit(self, *messages: bytes) -> None:
        """Write messages that can be read."""
        self.write(*messages)
        self._producer.commit_transaction(WAIT)

    def abort(self, *messages: bytes) -> None:
        """Write messages that can never be read."""
        self.write(*messages)
        self._producer.abort_transaction(WAIT)

    def write(self, *messages: bytes) -> None:
        """Write messages that cannot be read yet: their transaction is open."""
        self._producer.begin_transaction()
        for message in messages:
            self._producer.produce(self._topic, message, partition=self._partition)
        assert self._producer.flush(WAIT) == 0

    def end(self) -> None:
        """Abort what is still open."""
        with suppress(KafkaException):
            self._producer.abort_transaction(WAIT)


@contextmanager
def transactions(settings: Settings, partition: int = 0) -> Iterator[Transactions]:
    """Yield transactions on a partition; one that is left open is aborted at the end."""
    opened = Transactions(settings, partition)
    try:
        yield opened
    finally:
        opened.end()


def messages(numbers: Iterable[int]) -> list[bytes]:
    """Return good messages of trades with these numbers."""
    return [trade_message(number) for number in numbers]
