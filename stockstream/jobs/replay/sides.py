"""Sides that a file does not say, inferred where that is asked for."""

from array import array
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
from stockstream.market.files.columns import DATE_NAMES, NAMES, bare
from stockstream.market.files.rows import symbol_of
from stockstream.market.files.sides import Midpoints, SideInference
from stockstream.market.files.times import EPOCH, MICRO, YEAR, TimeReader, clock_of, number_of
from stockstream.market.trade.schema import SIDES

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
        for side in ("BUY", "SELL"):
            inferred = pc.replace_substring(
                pc.replace_substring(rest, _FALSE, ""),
                _UNKNOWN,
                f'"trade_type":"{side}","side_inferred":true',
            )
            unknown = pc.match_substring(rest, _UNKNOWN)
            rest = pc.if_else(pc.and_(unknown, pa.array(sides == SIDES[side])), inferred, rest)
        position = trades.schema.get_field_index("rest")
        return Portion(trades.set_column(position, "rest", rest), portion.bad)


def quotes_of(options: ReplayOptions, spool: Path, stop: Event) -> dict[str, Midpoints]:
    """Return the quotes of each symbol in the files that were named.

    Raises:
        UsageError: a file of quotes lacks a column.
        TradeFileError: it cannot be read.
    """
    times: dict[str, array[int]] = defaultdict(_times)
    prices: dict[str, array[float]] = defaultdict(_prices)
    for file in files_of(options.quotes, spool, stop):
        count = 0
        for count, (symbol, at, midpoint) in enumerate(_midpoints(file, options), 1):  # noqa: B007 - used below
            times[symbol].append(at)
            prices[symbol].append(midpoint)
        if not count and not stop.is_set():
            raise UsageError(what=f"--quotes {file.name}: none of its rows has a time, a bid and an ask")
    return {symbol: _in_order(times[symbol], prices[symbol]) for symbol in times}


def _times() -> "array[int]":
    return array("q")


def _prices() -> "array[float]":
    return array("d")


def _in_order(times: "array[int]", prices: "array[float]") -> Midpoints:
    at = np.array(times, np.int64)
    order = np.argsort(at, kind="stable")
    return Midpoints(at[order], np.array(prices)[order])


def _midpoints(file: TradeFile, options: ReplayOptions) -> Iterator[tuple[str, int, float]]:
    times = TimeReader(options.time_rule(datetime.now(UTC) + YEAR))
    spelt = {bare(name): number for number, name in enumerate(file.header)}
    of = {
        field: next((spelt[bare(name)] for name in names if bare(name) in spelt), None)
        for field, names in {**NAMES, "date": DATE_NAMES, "bid": BIDS, "ask": ASKS}.items()
        if field in ("timestamp", "date", "symbol", "bid", "ask")
    }
    symbol = options.symbol or file.partition.get("symbol")
    optional = ("date", "symbol") if symbol else ("date",)
    missing = [field for field, number in of.items() if number is None and field not in optional]
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
        day = cell.get("date") if clock_of(cell["timestamp"]) else None
        at = (times.read(cell["timestamp"], day) - EPOCH) // MICRO
        yield symbol_of(cell) or symbol or "", at, float((bid + ask) / 2)
