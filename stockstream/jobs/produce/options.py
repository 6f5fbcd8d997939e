"""Options of the simulated market."""

import re
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from stockstream.errors import UsageError
from stockstream.jobs.produce.validation import between, number, refuse, whole
from stockstream.market.simulator import Factors, Injection, Listing, known, listed
from stockstream.market.trade.schema import SYMBOL

HIGHEST_RATE = 1_000_000.0
LOWEST_RATE = 1 / 86_400
MOST_SYMBOLS = 10_000
USUAL_SYMBOLS = 10
USUAL_ANOMALY_RATE = 0.01
LEAST_MAGNITUDE, MOST_MAGNITUDE = 0.1, 10.0

NAME = re.compile(SYMBOL.pattern)


@dataclass(frozen=True)
class SyntheticOptions:
    """Options of a simulated market.

    Args:
        rate: trades a second; None is as fast as possible.
        session: seconds from opening to closing, each with a burst; None for no session.
    """

    rate: float | None
    seed: int | None
    listings: tuple[Listing, ...]
    injection: Injection
    factors: Factors
    session: float | None

    @classmethod
    def of(cls, arguments: Namespace, usual_interval: float) -> Self:
        """Return the options on the command line.

        Args:
            arguments: the parsed command line.
            usual_interval: seconds between trades if no rate is given.

        Raises:
            UsageError: an option is invalid; the error names it and the allowed values.
        """
        return cls(
            rate=_rate(arguments.rate) if arguments.rate is not None else 1 / usual_interval,
            seed=whole("--seed", arguments.seed, least=0),
            listings=_listings(arguments.symbols),
            injection=_injection(arguments),
            factors=_factors(arguments.correlation),
            session=arguments.bursts and arguments.bursts.total_seconds(),
        )


def _injection(arguments: Namespace) -> Injection:
    bounds = LEAST_MAGNITUDE, MOST_MAGNITUDE
    return Injection(
        between("--anomaly-rate", arguments.anomaly_rate, USUAL_ANOMALY_RATE, (0, 1), "a share of trades"),
        magnitude=between("--anomaly-magnitude", arguments.anomaly_magnitude, 1.0, bounds, "a factor"),
    )


def _factors(text: str | None) -> Factors:
    usual = Factors()
    market = between("--correlation", text, usual.market, (0, 1), "a correlation")
    return Factors(market, min(usual.sector, 1 - market))


def _rate(text: str) -> float | None:
    if text == "max":
        return None
    allowed = f"a number of trades a second above 0, at most {HIGHEST_RATE:,.0f}, or max"
    rate = number("--rate", text, float, allowed)
    if not LOWEST_RATE <= rate <= HIGHEST_RATE:
        refuse("--rate", text, allowed)
    return rate


def _listings(text: str | None) -> tuple[Listing, ...]:
    """Parse symbols, their number, or the name of a file that lists them."""
    if text is None:
        return listed(USUAL_SYMBOLS)
    allowed = (
        f"symbols ({SYMBOL.rule}) separated by commas, a number from 1 to {MOST_SYMBOLS:,}, "
        "or an existing file of symbols"
    )
    if re.fullmatch(r"[+-]?\d{1,9}", text):
        if not 1 <= int(text) <= MOST_SYMBOLS:
            refuse("--symbols", text, allowed)
        return listed(int(text))
    return tuple(map(known, symbols_of(text, allowed)))


def symbols_of(text: str, allowed: str) -> tuple[str, ...]:
    """Return the symbols that a text lists, or that the file it names lists."""
    words = [word for word in re.split(r"[\s,]+", _content(text)) if word]
    symbols = tuple(dict.fromkeys(words))
    wrong = next((symbol for symbol in symbols if not NAME.fullmatch(symbol)), None)
    if wrong is not None or not 1 <= len(symbols) <= MOST_SYMBOLS:
        shown = text if wrong in (None, text) else f"{text} ({wrong})"
        refuse("--symbols", shown, allowed)
    return symbols


def _content(text: str) -> str:
    """Return the content of the file with this name, or the text itself if there is no such file."""
    try:
        if not Path(text).is_file():
            return text
        return re.sub(r"#.*", "", Path(text).read_text("utf-8"))
    except (OSError, ValueError) as exc:
        raise UsageError(what=f"--symbols {text}: cannot read this file ({type(exc).__name__})") from exc
