"""A member whose database is away stays in its group, gives up what it must, and skips nothing."""

from contextlib import closing

from stockstream.connectors.kafka.batch import Batch
from stockstream.connectors.kafka.source import KafkaSource
from stockstream.errors import PostgresBusyError
from stockstream.settings import Settings
from tests.integration.topics import produce
from tests.waiting import until

EACH = 500


class FencedTape:
    """Places of one group, as the database keeps them; it may be away."""

    def __init__(self) -> None:
        self.places = dict.fromkeys(range(4), 0)
        self.is_away = False

    def acquire(self, partitions: list[int]) -> dict[int, int]:
        """Return where to read on, unless the database is away."""
        if self.is_away:
            raise PostgresBusyError(reason="restarting")
        return {partition: self.places[partition] for partition in partitions}

    def append(self, batch: Batch) -> None:
        """Store a batch that goes on where the last one ended, without a gap."""
        read: dict[int, list[int]] = {partition: [] for partition in batch.spans}
        for partition, offset in zip(batch.partitions, batch.offsets, strict=True):
            read[partition].append(offset)
        for partition, (start, end) in batch.spans.items():
            assert start == self.places[partition]
            assert read[partition] == list(range(start, end))
            self.places[partition] = end


def step(source: KafkaSource, tape: FencedTape) -> None:
    """Do what a consumer does: read and store, or stay in the group."""
    if tape.is_away:
        source.keep_alive()
        return
    try:
        tape.append(source.next_batch(50))
    except PostgresBusyError:
        source.keep_alive()


def test_partitions_change_hands_in_an_outage_and_no_message_is_skipped(settings: Settings) -> None:
    servers, topic, tape = settings.kafka_bootstrap_servers, settings.kafka_topic, FencedTape()
    for partition in range(4):
        produce(settings, range(EACH), partition)
    with closing(KafkaSource(servers, topic, topic, tape.acquire)) as first:

        def begun() -> bool:
            step(first, tape)
            return sum(tape.places.values()) >= 50

        until(begun, timeout=90)
        with closing(KafkaSource(servers, topic, topic, tape.acquire)) as second:
            _hand_over_in_an_outage(settings, tape, first, second)


def _hand_over_in_an_outage(
    settings: Settings, tape: FencedTape, first: KafkaSource, second: KafkaSource
) -> None:
    def both() -> None:
        step(first, tape)
        step(second, tape)

    def stored(least: int) -> bool:
        both()
        return sum(tape.places.values()) >= least

    def handed_over() -> bool:
        both()
        return len(first.partitions) == 2

    tape.is_away = True
    until(handed_over, timeout=90)
    before = dict(tape.places)
    for partition in range(4):
        produce(settings, range(EACH, 2 * EACH), partition)
    both()
    assert tape.places == before
    tape.is_away = False
    until(lambda: stored(4 * 2 * EACH), timeout=90)
    assert first.partitions | second.partitions == set(range(4))
    assert not first.partitions & second.partitions
