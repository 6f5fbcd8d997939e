"""The parameters of an address: the values that each takes, and how a value is read.

A value is returned as the page itself writes it: the label of an older version as today's value, a time in
any zone as UTC. For a value that cannot be used, a text about it is returned.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from stockstream.market.trade.schema import SYMBOL
from stockstream.ui.data.hours import EVERY, REGULAR
from stockstream.ui.data.window import DEFAULT, RANGE, WIDTHS, WORDS
from stockstream.ui.html.ranking_columns import COLUMN_OF, USUAL

Query = dict[str, list[str]]

LEAST_PRINTS, MOST_PRINTS, USUAL_PRINTS = 10, 200, 30
LEAST_REFRESH, MOST_REFRESH = 1, 10
LEAST_SCORE, MOST_SCORE = 1.0, 10.0
TIMES = MINE, OF_THE_WORLD, OF_THE_EXCHANGE = "mine", "UTC", "exchange"
HOURS = EVERY, REGULAR
THEMES = AS_THE_BROWSER, LIGHT, DARK = "browser", "light", "dark"
PRICES = CHANGE, PRICE = "change", "price"
MOST_VALUE = "most value"
AUTO = "auto"
FIRST, LAST = datetime(1970, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - in UTC, as in the trade contract
MOST_SHOWN = 40  # characters of a value that cannot be used

NAME = re.compile(r"[\w-]{1,40}", re.ASCII)


@dataclass(frozen=True)
class Parameter:
    """One parameter of the address.

    Attributes:
        takes: a description of its values.
        read: returns a value as the page writes it, or None if it cannot be used.
        usual: the control's value if the address has none.
        labels: what older versions wrote in place of some values.
        is_list: whether it may occur several times in the address.
    """

    takes: str
    read: Callable[[str], str | None]
    usual: object = None
    labels: Mapping[str, str] = field(default_factory=dict)
    is_list: bool = False


def read(query: Mapping[str, Sequence[str]]) -> tuple[Query, list[str]]:
    """Return the usable part of an address, as the page writes it, and a short text on each other part.

    >>> read({"window": ["5m"], "refresh": ["99"], "theme": ["auto"]})
    ({'window': ['5m'], 'theme': ['browser']}, ['refresh=99 (takes 1 to 10)'])
    """
    usable: Query = {}
    problems: list[str] = []
    for name, values in query.items():
        kept = [_read(name, value, problems) for value in values]
        good = [value for value in kept if value is not None]
        if len(good) > 1 and name in PARAMETERS and not PARAMETERS[name].is_list:
            problems.append(f"{name} more than once (the last one counts)")
            good = good[-1:]
        if good:
            usable[name] = good
    return _without_stray_range(usable, problems), problems


def is_on(page: str, name: str) -> bool:
    """Return whether a page, named by its path, has a parameter.

    >>> is_on("symbol", "width"), is_on("system", "width"), is_on("system", "window")
    (True, False, True)
    """
    return page in PAGES_OF.get(name, (page,))


def texts(value: object) -> list[str]:
    """Return a control's value as it is written in the address.

    >>> texts(True), texts(1.5), texts(datetime(2026, 11, 23, 10)), texts(["A", "B"]), texts(None)
    (['true'], ['1.5'], ['2026-11-23T10:00'], ['A', 'B'], [])
    """
    if value is None:
        return []
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    if isinstance(value, datetime):
        return [value.isoformat(timespec="minutes")]
    if isinstance(value, float):
        return [f"{value:g}"]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _read(name: str, value: str, problems: list[str]) -> str | None:
    parameter = PARAMETERS.get(name)
    if parameter is None:
        return value
    kept = parameter.read(parameter.labels.get(value, value))
    if kept is None:
        short = value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}…"
        problems.append(f"{name}={short} (takes {parameter.takes})")
    return kept


def _without_stray_range(usable: Query, problems: list[str]) -> Query:
    stray = {"from", "to"} & usable.keys() if usable.get("window") != [RANGE] else set()
    problems += [f"{name} (counts with window=range alone)" for name in sorted(stray)]
    return {name: values for name, values in usable.items() if name not in stray}


def _one_of(
    values: Collection[str], usual: str, labels: Mapping[str, str] | None = None, takes: str = ""
) -> Parameter:
    return Parameter(takes or ", ".join(values), lambda value: _among(value, values), usual, labels or {})


def _flag() -> Parameter:
    return Parameter("true or false", lambda value: _among(value.lower(), ("true", "false")), usual=False)


def _number(least: float, most: float, usual: float | None) -> Parameter:
    def number(value: str) -> str | None:
        try:
            found = type(least)(value)
        except ValueError:
            return None
        return f"{found:g}" if least <= found <= most else None

    return Parameter(f"{least:g} to {most:g}", number, usual)


def _minute() -> Parameter:
    return Parameter("a time such as 2026-11-23T10:00, in UTC or with its zone", _minute_of)


def _minute_of(value: str) -> str | None:
    try:
        # An unescaped plus sign in an address arrives here as a space.
        moment = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", value))
        moment = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
    return moment.isoformat(timespec="minutes") if FIRST <= moment <= LAST else None


def _symbol(value: str) -> str | None:
    return value.upper() if re.match(SYMBOL.pattern, value.upper()) else None


def _name(value: str) -> str | None:
    return value if NAME.fullmatch(value) else None


def _among(value: str, values: Collection[str]) -> str | None:
    return value if value in values else None


A_SYMBOL = "a symbol"
# The parameters that not all pages have, and the paths of the pages that have them.
PAGES_OF = {
    "prices": ("", "symbol"),
    "candles": ("",),
    "order": ("",),
    "symbol": ("symbol",),
    "width": ("symbol",),
    "kind": ("anomalies",),
    "method": ("anomalies",),
    "score": ("anomalies",),
}
PARAMETERS: dict[str, Parameter] = {
    "window": _one_of(WORDS, DEFAULT, {"from\u2013to": RANGE}),
    "from": _minute(),
    "to": _minute(),
    "symbols": Parameter(A_SYMBOL, _symbol, [], is_list=True),
    "anomalies": _flag(),
    "hours": _one_of(HOURS, EVERY),
    "trades": _number(LEAST_PRINTS, MOST_PRINTS, USUAL_PRINTS),
    "refresh": _number(LEAST_REFRESH, MOST_REFRESH, None),
    "paused": _flag(),
    "times": _one_of(TIMES, MINE, {"my time zone": MINE}),
    "theme": _one_of(THEMES, AS_THE_BROWSER, {"auto": AS_THE_BROWSER}),
    "prices": _one_of(PRICES, CHANGE, {"Change": CHANGE, "Price": PRICE}),
    "candles": Parameter(
        A_SYMBOL, lambda value: value if value == MOST_VALUE else _symbol(value), MOST_VALUE
    ),
    "order": _one_of(COLUMN_OF, USUAL, takes="a column, as symbol, last or gainers"),
    "symbol": Parameter(A_SYMBOL, _symbol),
    "width": _one_of(WIDTHS, AUTO),
    "kind": Parameter("a kind of finding", _name, [], is_list=True),
    "method": Parameter("a method", _name, [], is_list=True),
    "score": _number(LEAST_SCORE, MOST_SCORE, LEAST_SCORE),
}
