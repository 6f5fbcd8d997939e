"""What a person may ask of a producer, checked: each wrong word gets one line that tells what is allowed."""

import math
import re
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self, TypeVar

from stockstream.errors import UsageError
from stockstream.market.simulator import Listing, known, listed

HIGHEST_RATE = 1_000_000.0
LOWEST_RATE = 1 / 86_400
MOST_SYMBOLS = 10_000
USUAL_SYMBOLS = 10
USUAL_ANOMALY_RATE = 0.01
Number = TypeVar("Number", int, float)

SYMBOL = re.compile(r"[A-Z0-9./_-]{1,20}")


@dataclass(frozen=True)
class ProduceOptions:
    """A producer's wishes.

    Args:
        rate: trades a second; None is as fast as it goes.
        count: how many trades in all; None is without end.
        anomaly_rate: the share of trades that are part of an injected anomaly.
    """

    rate: float | None
    count: int | None
    seed: int | None
    listings: tuple[Listing, ...]
    anomaly_rate: float

    @classmethod
    def of(cls, arguments: Namespace, usual_interval: float) -> Self:
        """Read the words of the command line.

        Args:
            usual_interval: seconds between trades where no rate is asked for.

        Raises:
            UsageError: a word cannot be meant; names it and what is allowed.
        """
        return cls(
            rate=_rate(arguments.rate) if arguments.rate is not None else 1 / usual_interval,
            count=_whole("--count", arguments.count, least=1),
            seed=_whole("--seed", arguments.seed, least=0),
            listings=_listings(arguments.symbols),
            anomaly_rate=_share(arguments.anomaly_rate),
        )


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    allowed = f"a number of trades a second above 0, at most {HIGHEST_RATE:,.0f}, or max"
    rate = _number("--rate", text, float, allowed)
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        _refuse("--rate", text, allowed)
    return rate


def _whole(option: str, text: str | None, least: int) -> int | None:
    if text is None:
        return None
    allowed = f"a whole number, {least} or more"
    number = _number(option, text, int, allowed)
    if number < least:
        _refuse(option, text, allowed)
    return number


def _share(text: str | None) -> float:
    if text is None:
        return USUAL_ANOMALY_RATE
    allowed = "a share of trades from 0 to 1"
    share = _number("--anomaly-rate", text, float, allowed)
    if not 0 <= share <= 1:
        _refuse("--anomaly-rate", text, allowed)
    return share


def _listings(text: str | None) -> tuple[Listing, ...]:
    """Read symbols, a number of them, or the name of a file of them."""
    if text is None:
        return listed(USUAL_SYMBOLS)
    allowed = (
        f"symbols (1 to 20 of A-Z 0-9 . - / _) separated by commas, a number from 1 to {MOST_SYMBOLS:,}, "
        "or an existing file of symbols"
    )
    if re.fullmatch(r"[+-]?\d{1,9}", text):
        if not 1 <= int(text) <= MOST_SYMBOLS:
            _refuse("--symbols", text, allowed)
        return listed(int(text))
    words = [word for word in re.split(r"[\s,]+", _content(text)) if word]
    symbols = tuple(dict.fromkeys(words))
    wrong = next((symbol for symbol in symbols if not SYMBOL.fullmatch(symbol)), None)
    if wrong is not None or not 1 <= len(symbols) <= MOST_SYMBOLS:
        shown = text if wrong in (None, text) else f"{text} ({wrong})"
        _refuse("--symbols", shown, allowed)
    return tuple(map(known, symbols))


def _content(text: str) -> str:
    """Return what the file of this name holds, or the text itself if there is no such file."""
    try:
        if not Path(text).is_file():
            return text
        return re.sub(r"#.*", "", Path(text).read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise UsageError(what=f"--symbols {text}: cannot read this file ({type(exc).__name__})") from exc


def _number(option: str, text: str, make: Callable[[str], Number], allowed: str) -> Number:
    try:
        number = make(text)
    except ValueError as exc:
        raise UsageError(what=_wrong(option, text, allowed)) from exc
    if not math.isfinite(number):
        _refuse(option, text, allowed)
    return number


def _refuse(option: str, text: str, allowed: str) -> NoReturn:
    raise UsageError(what=_wrong(option, text, allowed))


def _wrong(option: str, text: str, allowed: str) -> str:
    return f"{option} {text or repr(text)}: needs {allowed}"
