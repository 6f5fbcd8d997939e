"""Files with a JSON object in each line are replayed as exactly as others."""

from pathlib import Path

from stockstream.connectors.files.trade_file import TradeFile
from stockstream.market.files.identity import plain
from stockstream.market.trade.codec import decode
from tests.unit.test_formats import trades
from tests.unit.test_trade import message


def test_messages_of_the_topic_are_the_same_trades_again(tmp_path: Path) -> None:
    path = tmp_path / "tape.jsonl"
    messages = [
        message(trade_id="1", source="kraken", anomaly="burst"),
        message(trade_id="2", source="kraken", trade_type=None, conditions="@ I", updates_last=False),
        message(trade_id="3", source="kraken", corrects="1", cancels=True),
    ]
    path.write_bytes(b"\n".join([*messages, b""]))
    assert trades(path) == [decode(each) for each in messages]


def test_numbers_are_exact_and_a_broken_line_costs_itself(tmp_path: Path) -> None:
    path = tmp_path / "ticks.json"
    good = '{"time": "2024-01-02T00:00:%02d.5Z", "symbol": "A", "price": 123456.123456789012, "size": 1e-3}\n'
    lines = [good % second for second in range(20)]
    path.write_text("".join([*lines[:7], '{"time": "2024\n', "\n", *lines[7:]]))
    found = trades(path)
    assert [trade.timestamp.second for trade in found] == [*range(20)]
    assert {(plain(trade.price), plain(trade.volume)) for trade in found} == {
        ("123456.123456789012", "0.001")
    }
    rows = TradeFile(path).rows(range(4))
    assert [(row.line, row.fault) for row in rows if row.fault] == [(8, "it is not a JSON object")]
