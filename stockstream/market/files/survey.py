"""A survey of a whole file before any of it is sent: what its numbers mean, and what they cannot mean.

What a single row does not show, the rows together do: the form of the times, which of them are plausible,
whether prices are in other units, and whether ids are reused.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Generic, TypeVar

import numpy as np
import pyarrow as pa

from stockstream.errors import BadTradeError, UsageError
from stockstream.market.files.identity import Ints, Keys, Reading, key_of, plain
from stockstream.market.files.rows import RowReader
from stockstream.market.files.times import (
    COUNT,
    DATE,
    DAYS,
    EPOCH,
    MICRO,
    TEXT,
    YEAR,
    TimeRule,
    clock_of,
    number_of,
)
from stockstream.market.files.trade_columns import TradeColumns
from stockstream.market.trade.schema import Trade

Value = TypeVar("Value")

# More than a share, or a coin in any currency, has ever cost.
HIGHEST_PRICE = 10**10
FURTHEST_NEIGHBOUR = 10**6
MOST_TIMES = 10_000
MOST_SAMPLES = 500
SECOND = 1e6  # microseconds
NEVER = 1 << 62
# A time given as a number may lie this many times the span of the middle four fifths of a file's times beyond
# them.
REACH = 3
FEWEST_TIMES = 3
# One row in ten may be broken before its number contradicts the form of the others.
MOST_BROKEN = 10

ANSWER_PRICE = "--price-scale N divides all prices by N, --price-scale 1 takes them as they are"
ANSWER_UNIT = "name it: --time-unit s, ms, us, ns, days (as Excel counts) or date (YYYYMMDD)"
ANSWER_DATE = "name the column of its date, --columns timestamp=DATE+TIME, or its day, --date 2026-01-31"


class Thinned(Generic[Value]):
    """Every n-th value of a sequence: keeps at most `most` of them."""

    def __init__(self, most: int) -> None:
        self.values: list[Value] = []
        self._most, self._step, self._seen = most, 1, 0

    def add(self, count: int, value: Callable[[int], Value]) -> None:
        """Add values, of which those that are kept are asked for by their index."""
        index = -self._seen % self._step
        while index < count:
            self.values.append(value(index))
            if len(self.values) > self._most:
                del self.values[1::2]
                self._step *= 2
            index += self._step - (self._seen + index) % self._step
        self._seen += count


class Survey:
    """The results from the rows so far.

    Attributes:
        good: the number of rows that are trades.
        bad: the number of rows that are not.
        example: a description of the first bad row.
        earliest: the earliest time in microseconds since 1970.
        latest: the latest time and its line.
        keys: what is equal for rows that would be one trade on the tape.
    """

    def __init__(
        self, reader: RowReader, id_parts: Sequence[str] = (), *, doubts_prices: bool = True
    ) -> None:
        """Start before the first row.

        Args:
            reader: makes trades from rows.
            id_parts: within what ids are unique, of ID_PARTS.
            doubts_prices: whether an implausible price is rejected.
        """
        self._doubts_prices = doubts_prices
        self.good, self.bad, self.example = 0, 0, ""
        self.earliest, self.latest = NEVER, (EPOCH, 0)
        self._sample = Thinned[tuple[Reading, int]](MOST_SAMPLES)
        self._reader, self._id_parts = reader, id_parts
        self._forms = Counter[str]()
        self._times = Thinned[float](MOST_TIMES)
        self._odd_number: tuple[str, int] | None = None
        self._odd_numbers = 0
        self._clock: tuple[str, int] | None = None
        self.keys = Keys()
        self._prices: dict[str, tuple[Decimal, int]] = {}

    def add(self, line: int, row: Sequence[object]) -> None:
        """Add a row.

        Raises:
            UsageError: its price is implausible.
        """
        try:
            reading = self._reader.read(row)
        except BadTradeError as exc:
            self.add_bad(line, str(exc))
            self._note_odd_time(line, row)
            return
        self.good += 1
        self._note_time(line, reading)
        if self._doubts_prices:
            self._check_price(line, reading.trade)
        self.keys.add([key_of(reading, self._id_parts)])
        self._sample.add(1, lambda _: (reading, line))

    def add_columns(self, trades: TradeColumns, lines: Ints, reading: Callable[[int], Reading]) -> bool:
        """Add many trades; return False, and add none, if their prices have to be looked at one by one.

        Args:
            trades: the trades.
            lines: the line of each.
            reading: returns what one of them is alone.
        """
        if self._doubts_prices and not self._have_usual_prices(trades, lines):
            return False
        self.good += len(trades)
        self._forms[trades.form] += len(trades)
        self._times.add(len(trades), lambda index: trades.at[index] / SECOND)
        self.earliest = min(self.earliest, int(trades.at.min()))
        last = int(trades.at.argmax())
        if (moment := EPOCH + MICRO * int(trades.at[last])) > self.latest[0]:
            self.latest = moment, int(lines[last])
        self.keys.add(trades.keys(self._id_parts))
        self._sample.add(len(trades), lambda index: (reading(index), int(lines[index])))
        return True

    def _have_usual_prices(self, trades: TradeColumns, lines: Ints) -> bool:
        """Return whether all prices are near the ones before them, and if so, remember the last ones."""
        if np.abs(trades.values).max() >= HIGHEST_PRICE / 2:
            return False
        above = np.flatnonzero(trades.values > 0)
        if not above.size:
            return True
        names = trades.symbols.take(pa.array(above)).dictionary_encode()
        order = np.argsort(names.indices.to_numpy(), kind="stable")
        groups, prices = names.indices.to_numpy()[order], trades.values[above][order]
        begins = np.flatnonzero(np.diff(groups, prepend=-1))
        before = np.concatenate([[1.0], prices])[:-1]
        symbols = names.dictionary.take(pa.array(groups[begins])).to_pylist()
        known = [self._prices.get(symbol) for symbol in symbols]
        before[begins] = [
            float(former[0]) if former else own for former, own in zip(known, prices[begins], strict=True)
        ]
        if np.maximum(prices / before, before / prices).max() >= FURTHEST_NEIGHBOUR / 2:
            return False
        for symbol, end in zip(symbols, [*begins[1:].tolist(), len(order)], strict=True):
            last = int(above[order[end - 1]])
            self._prices[symbol] = Decimal(trades.prices[last].as_py()), int(lines[last])
        return True

    def add_bad(self, line: int, reason: str) -> None:
        """Add a row that is not a trade."""
        self.bad += 1
        self.example = self.example or f"line {line:,}: {reason}"

    @property
    def sample(self) -> list[tuple[Reading, int]]:
        """Some of the trades with their lines, from the first to the last."""
        return self._sample.values

    def repeated(self) -> Ints:
        """Return the hashes of the keys that occur more than once."""
        return self.keys.repeated()

    def time_rule(self, rule: TimeRule) -> TimeRule:
        """Return the rule by which the file's times are read, narrower than that of the survey.

        Raises:
            UsageError: no form fits all numbers that could be times, or they have no date.
        """
        if len(rule.forms) == 1:
            return rule
        if self._clock and not self.good:
            text, line = self._clock
            raise UsageError(what=f"line {line:,}: {text} is a time of day without a date; {ANSWER_DATE}")
        numbers = {form: self._forms[form] for form in (COUNT, DATE, DAYS) if self._forms[form]}
        form = max(numbers, key=lambda each: numbers[each], default="")
        is_doubtful = form == DAYS or not (numbers or self._forms[TEXT])
        # A column that counts days, or holds times of day, does so in all rows except broken ones.
        if self._odd_number and is_doubtful and self._odd_numbers * MOST_BROKEN >= self.good:
            number, line = self._odd_number
            raise UsageError(
                what=f"line {line:,}: timestamp {number} has no plausible meaning; {ANSWER_UNIT}"
            )
        low, high = self._bounds(rule)
        return replace(rule, forms=(form,) if form else rule.forms, low=low, high=high)

    def _bounds(self, rule: TimeRule) -> tuple[datetime, datetime]:
        """Return the times between which a number is accepted: where most of the file's times are."""
        times = np.array(self._times.values)
        if times.size < FEWEST_TIMES:
            return rule.low, rule.high
        first = float(np.quantile(times, 0.1, method="higher"))
        last = float(np.quantile(times, 0.9, method="lower"))
        reach = timedelta(seconds=REACH * abs(last - first)) + YEAR
        low, high = (EPOCH + timedelta(seconds=each) for each in sorted((first, last)))
        return max(rule.low, low - reach), min(rule.high, high + reach)

    def _note_time(self, line: int, reading: Reading) -> None:
        moment = reading.trade.timestamp
        self._forms[reading.form] += 1
        self._times.add(1, lambda _: moment.timestamp())
        self.earliest = min(self.earliest, (moment - EPOCH) // MICRO)
        if moment > self.latest[0]:
            self.latest = moment, line

    def _note_odd_time(self, line: int, row: Sequence[object]) -> None:
        cell, day = self._reader.time_cells(row)
        try:
            self._reader.times.read(cell, day)
        except BadTradeError:
            if clock_of(cell) is not None:
                self._clock = self._clock or (str(cell), line)
            if number_of(cell) is not None:
                self._odd_number = self._odd_number or (str(cell), line)
                self._odd_numbers += 1

    def _check_price(self, line: int, trade: Trade) -> None:
        price, symbol = trade.price, trade.symbol
        what = f"line {line:,}: price {plain(price)} of {symbol}"
        if abs(price) >= HIGHEST_PRICE:
            raise UsageError(what=f"{what} cannot be meant; is it in other units? {ANSWER_PRICE}")
        # Prices that go through zero have no ratio.
        if price <= 0:
            return
        neighbour, where = self._prices.get(symbol, (price, line))
        self._prices[symbol] = price, line
        ratio = max(price / neighbour, neighbour / price)
        if ratio >= FURTHEST_NEIGHBOUR:
            raise UsageError(
                what=f"{what} and {plain(neighbour)} of line {where:,} are {ratio:,.0f} times apart; "
                f"is one in other units? {ANSWER_PRICE}"
            )
