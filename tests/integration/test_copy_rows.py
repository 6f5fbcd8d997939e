"""What COPY brings into the table is what the message said, to the last digit."""

from datetime import UTC, datetime
from decimal import Decimal

from stockstream.connectors.postgres.connection import Address, Connection
from stockstream.connectors.postgres.store import encoded_batch
from stockstream.connectors.postgres.store.trades import Stored, Tape
from stockstream.market.trade.arrivals import Messages, sort
from stockstream.market.trade.codec import decode, encode
from stockstream.market.trade.schema import Trade
from stockstream.settings import Settings

AMOUNTS = [
    *("0.00000001", "0.0001", "0.00010001", "0.1", "0.99999999", "1", "9.5", "187.12", "9999", "9999.9999"),
    *("10000", "10000.0001", "10001", "99999999", "100000000", "12345678.12345678", "9999999999.99999999"),
    *("10000000000", "92233720368.547758", "92233720368.5477581", "184467440737.095516"),
    *("123456789012345678", "999999999999999999", "100000000000000000", "100000000000.000001"),
]
TIMES = [
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
    datetime(2199, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
]
NAMES = ["7", 'with "quotes" and \\', "naïve ☃", "x" * 64, "a\u2028b", "tab\\t"]


def test_every_amount_time_and_name_is_stored_as_it_was_sent(
    address: Address, settings: Settings, connection: Connection
) -> None:
    sent = [
        Trade(
            trade_id=f"{number}",
            timestamp=TIMES[number % len(TIMES)],
            symbol="AAPL",
            price=Decimal(amount),
            volume=Decimal(AMOUNTS[-number]),
            trade_type="BUY" if number % 2 else "SELL",
            source=NAMES[number % len(NAMES)],
            anomaly=NAMES[number % len(NAMES)] if number % 3 else None,
        )
        for number, amount in enumerate(AMOUNTS)
    ]
    values = [encode(trade) for trade in sent]
    assert [decode(value) for value in values] == sent
    tape = Tape(address, settings.kafka_topic)
    tape.acquire([0])
    messages = Messages(values, [None] * len(values), [0] * len(values), range(len(values)))
    assert tape.append(encoded_batch.encode(sort(messages, {0: (0, len(values))}))) == Stored(
        trades=len(sent)
    )
    tape.close()
    names = ", ".join(f'"{name}"' for name in Trade.__struct_fields__)
    with connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT {names}, price::text FROM trades ORDER BY kafka_offset")  # noqa: S608 - our own names
        rows = cursor.fetchall()
    assert [Trade(**dict(zip(Trade.__struct_fields__, row, strict=False))) for row in rows] == sent
    assert [row[-1] for row in rows] == AMOUNTS
