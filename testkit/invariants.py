"""The invariants of the tables as plain SQL: each statement counts the rows that violate one.

Invariant 3 (what was acknowledged is in `trades`) needs the ledger, and checking that `next_offset` never
decreases needs more than one look: both are checked where the data is available.
"""

from stockstream.connectors.postgres.connection import Connection

OF_THE_TAPE = {
    "1: stored + dead letters + duplicates + absent = consumed, per partition": """
        SELECT count(*)
        FROM ingest_offsets AS place
        WHERE job = 'consumer' AND next_offset <> duplicates + absent
            + (SELECT count(*) FROM trades WHERE kafka_partition = place.kafka_partition)
            + (SELECT count(*) FROM dead_letters
               WHERE topic = place.topic AND kafka_partition = place.kafka_partition)
    """,
    "2: a place is taken once over trades and dead letters": """
        SELECT count(*) FROM (
            SELECT FROM (
                SELECT kafka_partition, kafka_offset FROM trades
                UNION ALL
                SELECT kafka_partition, kafka_offset FROM dead_letters
            ) AS place
            GROUP BY kafka_partition, kafka_offset
            HAVING count(*) > 1
        ) AS taken_twice
    """,
    "a trade is stored once by source, symbol and trade_id": """
        SELECT count(*) FROM (
            SELECT FROM trades GROUP BY source, symbol, trade_id HAVING count(*) > 1
        ) AS stored_twice
    """,
    "4: no row lies at or above the next offset": """
        SELECT count(*) FROM (
            SELECT kafka_partition, kafka_offset FROM trades
            UNION ALL
            SELECT kafka_partition, kafka_offset FROM dead_letters
        ) AS stored
        LEFT JOIN ingest_offsets AS place
            ON place.kafka_partition = stored.kafka_partition AND place.job = 'consumer'
        WHERE place.next_offset IS NULL OR stored.kafka_offset >= place.next_offset
    """,
}

OF_THE_CANDLES = {
    "5: a reconciled candle equals SQL over trades": """
        SELECT count(*)
        FROM stock_metrics AS candle
        LEFT JOIN (
            SELECT
                symbol, date_trunc('minute', "timestamp", 'UTC') AS window_start, count(*) AS trade_count,
                avg(price) AS avg_price, min(price) FILTER (WHERE updates_last) AS min_price,
                max(price) FILTER (WHERE updates_last) AS max_price,
                sum(volume) AS total_volume, sum(price * volume) AS total_value,
                (array_agg(price ORDER BY "timestamp", kafka_offset) FILTER (WHERE updates_last))[1] AS open,
                (array_agg(price ORDER BY "timestamp" DESC, kafka_offset DESC)
                    FILTER (WHERE updates_last))[1] AS close,
                sum(price * volume) / sum(volume) AS vwap,
                coalesce(sum(volume) FILTER (WHERE trade_type = 'BUY'), 0) AS buy_volume,
                coalesce(sum(volume) FILTER (WHERE trade_type = 'SELL'), 0) AS sell_volume
            FROM trades WHERE corrected_at IS NULL
            GROUP BY 1, 2
        ) AS truth USING (symbol, window_start)
        WHERE candle.reconciled_at IS NOT NULL AND (
            candle.trade_count, candle.avg_price, candle.min_price, candle.max_price, candle.total_volume,
            candle.total_value, candle.open, candle.close, candle.vwap, candle.buy_volume, candle.sell_volume
        ) IS DISTINCT FROM (
            truth.trade_count, truth.avg_price, truth.min_price, truth.max_price, truth.total_volume,
            truth.total_value, truth.open, truth.close, truth.vwap, truth.buy_volume, truth.sell_volume
        )
    """,
    "5: the trades of each minute that is over are in its candle": """
        SELECT count(*)
        FROM (SELECT * FROM stock_metrics WHERE window_end <= now()) AS candle
        FULL JOIN (
            SELECT symbol, date_trunc('minute', "timestamp", 'UTC') AS window_start, count(*) AS trade_count
            FROM trades
            WHERE "timestamp" < date_trunc('minute', now())
            GROUP BY 1, 2
        ) AS truth USING (symbol, window_start)
        WHERE candle.trade_count IS DISTINCT FROM truth.trade_count
    """,
}


def broken(connection: Connection, *, with_candles: bool) -> dict[str, int]:
    """Return the violated invariants, with the number of rows that violate each."""
    statements = OF_THE_TAPE | OF_THE_CANDLES if with_candles else OF_THE_TAPE
    found = {}
    with connection, connection.cursor() as cursor:
        for name, statement in statements.items():
            cursor.execute(statement)
            (count,) = cursor.fetchone() or (0,)
            if count:
                found[name] = int(count)
    return found
