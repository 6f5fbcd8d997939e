-- One trade, as a program that knows no better stores it.
INSERT INTO trades
    (trade_id, "timestamp", symbol, price, volume, trade_type, source, anomaly, kafka_partition, kafka_offset)
VALUES
    (%(trade_id)s, %(timestamp)s, %(symbol)s, %(price)s, %(volume)s, %(trade_type)s, %(source)s, %(anomaly)s,
     %(partition)s, %(offset)s)
