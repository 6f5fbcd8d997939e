"""Where a partition ends is computed in one place, and offsets without a message are counted."""

from stockstream.connectors.kafka.batch import Batch
from stockstream.market.trade.spans import count_absent
from stockstream.settings import PROJECT

ONE_PLACE = {"stockstream/connectors/kafka/ends.py"}


def test_one_file_asks_kafka_where_a_partition_ends() -> None:
    scripts = [*PROJECT.glob("*.py"), *PROJECT.glob("stockstream/**/*.py"), *PROJECT.glob("bench/**/*.py")]
    asking = {
        str(script.relative_to(PROJECT))
        for script in scripts
        if "get_watermark_offsets" in script.read_text("utf-8") or "list_offsets" in script.read_text("utf-8")
    }
    assert asking == ONE_PLACE


def test_a_batch_that_moves_a_partition_is_one_though_it_has_no_message() -> None:
    assert not Batch()
    assert not Batch(spans={0: (5, 5)})
    assert Batch(spans={0: (5, 5), 1: (5, 6)})
    assert len(Batch(spans={1: (5, 6)})) == 0


def test_offsets_without_a_message_are_counted_by_partition() -> None:
    assert count_absent({0: (0, 2), 1: (4, 5)}, [0, 1, 0]) == {}
    assert count_absent({0: (0, 2), 1: (4, 9), 2: (0, 1)}, [0, 1, 0]) == {1: 4, 2: 1}
