"""A sink for one topic that loses nothing it has accepted.

The client's queue holds messages that are accepted and not yet acknowledged; it sends them again for as long
as an outage takes, in order and without duplicates (the idempotent producer). `send` blocks while the queue
is full. Only failures are reported per message: acknowledged messages are the accepted ones minus those
queued and failed, so counting costs nothing.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any, Self

from confluent_kafka import KafkaError, KafkaException, Message

from stockstream.connectors.kafka.client import Where, producer
from stockstream.connectors.kafka.errors import LOGIN_REFUSED, outage
from stockstream.errors import DeliveryError, RecoverableError

QUEUE = 200_000
SLICE = 10_000
BLINK = 0.005  # seconds between two checks of a full queue
GLANCE = 0.1
FLUSH_TIMEOUT = 8.0  # below the ten seconds after which supervisors kill
OUTAGES = (KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, *LOGIN_REFUSED)  # noqa: SLF001 - the client's own names

PRODUCER_SETTINGS: dict[str, str | int | bool] = {
    "acks": "all",
    "enable.idempotence": True,
    "delivery.timeout.ms": 0,  # none: an outage may take as long as it takes
    "delivery.report.only.error": True,
    "queue.buffering.max.messages": QUEUE,
    "queue.buffering.max.kbytes": 262_144,
    "linger.ms": 5,
    "batch.num.messages": 20_000,
    "compression.type": "lz4",
    # The default of the Java clients: a key goes to the same partition whichever client sends it.
    "partitioner": "murmur2_random",
    "reconnect.backoff.max.ms": 2_000,
    "log_level": 0,
}


@dataclass(frozen=True)
class Messages:
    """Messages to send, in order, each with a key and a value."""

    keys: Sequence[bytes]
    values: Sequence[bytes]

    def __len__(self) -> int:
        """Return the number of messages."""
        return len(self.values)

    def __getitem__(self, rows: slice) -> Self:
        return type(self)(self.keys[rows], self.values[rows])


class KafkaSink:
    """Sends to one topic, and counts what the broker has acknowledged."""

    def __init__(self, servers: Where, topic: str, polled: Callable[["KafkaSink"], object] = bool) -> None:
        """Start to connect; no broker needs to answer yet.

        Args:
            servers: the Kafka brokers.
            topic: the topic to write.
            polled: called each time reports were processed, also during a wait for a full queue.
        """
        self._polled = polled
        self._servers = servers
        self._topic = topic
        self._outage: KafkaError | None = None
        self._told: RecoverableError | None = None
        self._fatal: KafkaError | None = None
        self._acknowledged = 0
        # Reused: ten thousand new dictionaries per batch would cost as much as the encoding.
        self._slots: list[dict[str, Any]] = [{} for _ in range(SLICE)]
        self.accepted = 0
        self.failed = 0
        self.failure = ""
        self._producer = producer(servers, PRODUCER_SETTINGS | {"error_cb": self._note_trouble})

    @property
    def acknowledged(self) -> int:
        """The number of messages that the broker certainly has; it may lag behind by a few."""
        settled = self.accepted - len(self._producer) - self.failed
        if settled > self._acknowledged:
            self._acknowledged, self._outage, self._told = settled, None, None
        return self._acknowledged

    @property
    def unsettled(self) -> int:
        """The number of accepted messages that are neither acknowledged nor failed."""
        return self.accepted - self.acknowledged - self.failed

    @property
    def outage(self) -> RecoverableError | None:
        """Why nothing is being acknowledged now, if so; the client recovers by itself."""
        # `unsettled` checks whether an acknowledgement has arrived since, which ends an outage.
        if not self.unsettled or not self._outage:
            return None
        # Determined once per outage, because it may connect to the server.
        self._told = self._told or outage(self._servers, self._outage)
        return self._told

    def send(self, messages: Messages, stop: Event) -> int:
        """Accept messages in order, waiting while the queue is full, and return how many were accepted.

        All are accepted unless `stop` is set during the wait.

        Raises:
            DeliveryError: the client can send no more.
        """
        accepted = 0
        while accepted < len(messages):
            part = messages[accepted : accepted + SLICE]
            if not self._wait_for_room(len(part), stop):
                break
            self._accept(part)
            accepted += len(part)
        self.poll()
        return accepted

    def poll(self, seconds: float = 0.0) -> None:
        """Process the broker's reports, waiting for them up to `seconds`.

        Raises:
            DeliveryError: the client can send no more.
        """
        self._producer.poll(seconds)
        self._polled(self)
        if self._fatal:
            raise DeliveryError(
                count=self.accepted - self.acknowledged, topic=self._topic, reason=self._fatal.str()
            )

    def flush(self) -> None:
        """Wait until all accepted messages are acknowledged or failed.

        It gives up when nothing has changed for `FLUSH_TIMEOUT` seconds; `unsettled` is the rest.

        Raises:
            DeliveryError: the client can send no more.
        """
        queued, moved = self.unsettled, time.monotonic()
        while queued and time.monotonic() - moved < FLUSH_TIMEOUT:
            # Short waits, so that a second Ctrl-C ends the process at once.
            self._producer.flush(GLANCE)
            self.poll()
            if self.unsettled < queued:
                queued, moved = self.unsettled, time.monotonic()

    def _wait_for_room(self, size: int, stop: Event) -> bool:
        while QUEUE - len(self._producer) < size:
            if stop.is_set():
                return False
            self.poll(BLINK)
        return True

    def _accept(self, part: Messages) -> None:
        batch = self._slots[: len(part)]
        for slot, key, value in zip(batch, part.keys, part.values, strict=True):
            slot["key"] = key
            slot["value"] = value
        # The client copies the messages, so the slots are free again at once.
        self._producer.produce_batch(self._topic, batch, on_delivery=self._note_failure)
        for refused in [message for message in batch if "_error" in message]:
            del refused["_error"]
            self._insist(refused["key"], refused["value"])
        self.accepted += len(part)

    def _insist(self, key: bytes, value: bytes) -> None:
        """Enqueue a message that was refused because the queue has too many bytes."""
        while True:
            try:
                return self._producer.produce(self._topic, value, key, on_delivery=self._note_failure)
            except BufferError:
                self.poll(BLINK)
            except KafkaException as exc:
                raise DeliveryError(count=1, topic=self._topic, reason=exc.args[0].str()) from exc

    def _note_failure(self, error: KafkaError | None, _message: Message) -> None:
        if error:
            self.failed += 1
            self.failure = error.str()

    def _note_trouble(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error
        elif error.code() in OUTAGES:
            self._outage = error
