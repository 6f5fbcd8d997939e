"""Sides that a file does not say, inferred where that is asked for."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stockstream.connectors.files.block import Row
from stockstream.connectors.files.named_files import files_of
from stockstream.connectors.files.trade_file import TradeFile
from stockstream.errors import BadTradeError, UsageError
from stockstream.jobs.replay.options import ReplayOptions
from stockstream.jobs.replay.portion import Portion, column
from stockstream.market.files.columns import NAMES, bare
from stockstream.market.files.sides import Midpoints, SideInference
from stockstream.market.files.times import EPOCH, MICRO, YEAR, TimeReader, number_of

TICK_RULE = "tick-rule"
BIDS = ("bid", "bid_price", "best_bid", "bid_px_00", "bp")
ASKS = ("ask", "ask_price", "best_ask", "offer", "offer_price", "ofr", "ask_px_00", "ap")
_PRICE = r'^","price":(?P<price>[^,]*),'
_UNKNOWN, _FALSE = '"trade_type":null', ',"side_inferred":false'


class SideRule:
    """Gives a side to the trades of a portion that have none."""

    def __init__(self, quotes: Mapping[str, Midpoints]) -> None:
        self._rule = SideInference(quotes)

    def of(self, portion: Portion) -> Portion:
        """Return the portion with inferred sides; portions come in the order of their file."""
        trades = portion.trades
        if not trades.num_rows:
            return portion
        prices = pc.extract_regex(trades["rest"], _PRICE).field("price").cast(pa.float64()).to_numpy()
        sides = self._rule.sides(trades["symbol"].to_pylist(), column(trades, "at"), prices)
        rest = trades["rest"]
        for number, side in ((1, "BUY"), (-1, "SELL")):
            inferred = pc.replace_substring(
                pc.replace_substring(rest, _FALSE, ""),
                _UNKNOWN,
                f'"trade_type":"{side}","side_inferred":true',
            )
            unknown = pc.match_substring(rest, _UNKNOWN)
            rest = pc.if_else(pc.and_(unknown, pa.array(sides == number)), inferred, rest)
        position = trades.schema.get_field_index("rest")
        return Portion(trades.set_column(position, "rest", rest), portion.bad)


def quotes_of(options: ReplayOptions, spool: Path, stop: Event) -> dict[str, Midpoints]:
    """Return the quotes of each symbol in the files that were named.

    Raises:
        UsageError: a file of quotes lacks a column.
        TradeFileError: it cannot be read.
    """
    quotes: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for file in files_of(options.quotes, spool, stop):
        for symbol, at, midpoint in _midpoints(file, options):
            quotes[symbol].append((at, midpoint))
    return {symbol: _in_order(own) for symbol, own in quotes.items()}


def _in_order(quotes: list[tuple[int, float]]) -> Midpoints:
    at = np.array([each[0] for each in quotes], np.int64)
    order = np.argsort(at, kind="stable")
    return Midpoints(at[order], np.array([each[1] for each in quotes])[order])


def _midpoints(file: TradeFile, options: ReplayOptions) -> Iterator[tuple[str, int, float]]:
    times = TimeReader(options.time_rule(datetime.now(UTC) + YEAR))
    spelt = {bare(name): number for number, name in enumerate(file.header)}
    of = {
        field: next((spelt[bare(name)] for name in names if bare(name) in spelt), None)
        for field, names in {**NAMES, "bid": BIDS, "ask": ASKS}.items()
        if field in ("timestamp", "symbol", "bid", "ask")
    }
    symbol = options.symbol or file.partition.get("symbol")
    missing = [field for field, number in of.items() if number is None and (field != "symbol" or not symbol)]
    if missing:
        raise UsageError(what=f"--quotes {file.name}: no column for {', '.join(missing)} among {file.header}")
    for row in file.rows(sorted(number for number in of.values() if number is not None)):
        with suppress(BadTradeError):
            yield from _midpoint(row, of, times, symbol)


def _midpoint(
    row: Row, of: Mapping[str, int | None], times: TimeReader, symbol: str | None
) -> Iterator[tuple[str, int, float]]:
    """Yield what a row says, if it has both prices."""
    if row.fault:
        return
    cell = {field: row.cells[number] for field, number in of.items() if number is not None}
    bid, ask = number_of(cell["bid"]), number_of(cell["ask"])
    if bid and ask:
        at = (times.read(cell["timestamp"]) - EPOCH) // MICRO
        yield str(cell.get("symbol") or symbol), at, float((bid + ask) / 2)
