"""Sides that are inferred: only where it is asked for, only where the file does not say, and kept as such."""

from pathlib import Path
from threading import Event

import pytest

from stockstream.connectors.files.resume import ResumePoints
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import UsageError
from stockstream.jobs.replay.file import ReplayedFile
from stockstream.jobs.replay.layout import layout_of
from stockstream.jobs.replay.portion import messages_of
from stockstream.jobs.replay.rows import Look
from stockstream.jobs.replay.sides import TICK_RULE, SideRule, quotes_of
from stockstream.market.trade.codec import decode
from stockstream.market.trade.schema import Trade
from tests.replayed_rows import one_by_one
from tests.unit.test_formats import options

HEADER = "id,time,symbol,price,size,side,cond"
# Price and side as the file says; the side that the tick gives.
PRINTS = [
    ("10", "", None),
    ("10", "", None),
    ("11", "", "BUY"),
    ("11", "", "BUY"),
    ("10.5", "buy", "BUY"),
    ("10.5", "", "SELL"),
    ("11", "sell", "SELL"),
    ("11", "", "BUY"),
]


def written(folder: Path) -> Path:
    path = folder / "trades.csv"
    # Symbols take turns, so that the tick of one is never that of the other.
    rows = [
        f"{number}{symbol},2024-01-02T14:30:{number:02}Z,{symbol},{price},1,{side},@ I"
        for number, (price, side, _) in enumerate(PRINTS)
        for symbol in "XY"
    ]
    path.write_text("\n".join([HEADER, *rows, ""]))
    return path


def trades(path: Path, quotes: Path | None = None, *, line: int = 0, **asked: object) -> list[Trade]:
    said = options(side=TICK_RULE, quotes=[str(quotes)] if quotes else None, **asked)
    file = TradeFile(path)
    chosen, columns, _ = layout_of(file, said)
    rows = Look(file, columns, chosen, Event()).through()
    points = ResumePoints(path.parent / "data", "t", file)
    points.write(points.read().__class__(points.read().fingerprint, line))
    replayed = ReplayedFile(rows, points, SideRule(quotes_of(said, path.parent, Event())))
    return [decode(value) for batch in replayed.portions(100) for value in messages_of(batch).values]


def test_the_tick_gives_the_sides_that_the_file_does_not(tmp_path: Path) -> None:
    found = trades(written(tmp_path))
    for symbol in "XY":
        own = [trade for trade in found if trade.symbol == symbol]
        assert [trade.trade_type for trade in own] == [side for *_, side in PRINTS]
        assert [trade.side_inferred for trade in own] == [
            not said and side is not None for _, said, side in PRINTS
        ]
    with one_by_one():
        assert trades(written(tmp_path)) == found
    assert trades(written(tmp_path), line=7) == found[6:]


def test_a_quote_before_the_trade_goes_before_the_tick(tmp_path: Path) -> None:
    quotes = tmp_path / "quotes.csv"
    quotes.write_text(
        "time,symbol,bid,ask\n"
        # At the time of the second print: it counts from the third on.
        "2024-01-02T14:30:01Z,X,11.5,11.7\n"
        "2024-01-02T14:30:04.5Z,X,10.4,10.6\nbroken,X,1,2\n2024-01-02T14:30:05Z,X,,\n"
    )
    found = trades(written(tmp_path), quotes)
    own = [trade.trade_type for trade in found if trade.symbol == "X"]
    # Below the midpoint; then at it, where the tick decides; then above it.
    assert own == [None, None, "SELL", "SELL", "BUY", "SELL", "SELL", "BUY"]
    assert [trade.trade_type for trade in found if trade.symbol == "Y"] == [side for *_, side in PRINTS]


def test_quotes_without_the_rule_or_without_their_columns_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--quotes"):
        options(quotes=["quotes.csv"])
    quotes = tmp_path / "quotes.csv"
    quotes.write_text("time,symbol,bid\n2024-01-02T14:30:01Z,X,11.5\n")
    with pytest.raises(UsageError, match=r"quotes\.csv: no column for ask"):
        trades(written(tmp_path), quotes)
