"""The naive way to store trades: one INSERT and one COMMIT each."""

import time
from contextlib import closing
from uuid import uuid4

import msgspec
from confluent_kafka import Consumer

from bench.sql import query
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.errors import ServiceError
from stockstream.market.trade.codec import decode
from stockstream.settings import Settings

TIMEOUT = 10.0


def insert_rate(settings: Settings, trades: int) -> float:
    """Return trades a second, from the first message to the last COMMIT."""
    reader = Consumer(
        {"bootstrap.servers": settings.kafka_bootstrap_servers, "group.id": f"bench-{uuid4()}"}
        | {"auto.offset.reset": "earliest", "enable.auto.commit": False}
        | {"log_level": 0, "error_cb": lambda _error: None}
    )
    reader.subscribe([settings.kafka_topic])
    try:
        return _stored(reader, settings, trades)
    finally:
        reader.close()


def _stored(reader: Consumer, settings: Settings, trades: int) -> float:
    statement = query("insert_trade")
    began = 0.0
    with closing(connect(address_of(settings), "bench")) as connection, connection.cursor() as cursor:
        for _ in range(trades):
            message = reader.poll(TIMEOUT)
            if message is None or message.error():
                raise ServiceError(what=f"the topic {settings.kafka_topic} gives no message to insert")
            began = began or time.perf_counter()
            place = {"partition": message.partition(), "offset": message.offset()}
            cursor.execute(statement, msgspec.structs.asdict(decode(message.value())) | place)
            connection.commit()
    return trades / (time.perf_counter() - began)
