"""Analysis: find what stands out among stored trades."""

from collections.abc import Callable
from datetime import UTC, datetime

from stockstream.connectors.models.registry import ModelStore
from stockstream.connectors.postgres.read.trade_reader import ALL, BEGINNING, Span, TradeReader
from stockstream.errors import ModelRefusedError
from stockstream.market.anomalies.detector import Detector
from stockstream.market.anomalies.ensemble import Ensemble
from stockstream.market.anomalies.features.market_context import Market, MarketContext
from stockstream.market.anomalies.features.table import CONTEXT
from stockstream.market.anomalies.finding import Finding

NEWEST = 20_000


def analyze(
    history: TradeReader, store: ModelStore, symbol: str, span: Span, on_progress: Callable[[str], None]
) -> list[Finding]:
    """Return the findings of a symbol's trades in a span, in order of time.

    The trades just before the span are the context of its first ones. If the span has no bounds, only the
    newest NEWEST trades are examined: years of trades do not help with a question about the present.

    Args:
        history: reads the stored trades.
        store: holds the models.
        symbol: the symbol to examine.
        span: the time span to examine.
        on_progress: called with a line when the result is limited: no trades, too few trades, no model.
    """
    ensemble, found = _ensemble(store, symbol, on_progress), list[Finding]()
    market = _told_if_unknown(history.market, symbol, on_progress)
    if span == ALL:
        newest = history.newest(symbol, CONTEXT + NEWEST, ALL)
        if len(newest) == CONTEXT + NEWEST:
            on_progress(f"{symbol}: the newest {NEWEST:,} trades; --since, --until or --last look at others")
            return Detector(newest[:CONTEXT], ensemble).examine(newest[CONTEXT:], market)
    context = history.newest(symbol, CONTEXT, Span(BEGINNING, span.since))
    detector = Detector(context, ensemble)
    trades = 0
    for portion in history.portions(symbol, span):
        trades += len(portion)
        found += detector.examine(portion, market)
    if not trades:
        on_progress(_nothing(symbol, history.newest_moment(symbol)))
    elif len(context) + trades <= CONTEXT:
        known = len(context) + trades
        on_progress(
            f"{symbol}: only {known:,} trades up to there, and the first {CONTEXT} are the warm-up; "
            "none was examined"
        )
    return found


def _ensemble(store: ModelStore, symbol: str, on_progress: Callable[[str], None]) -> Ensemble:
    try:
        model = store.load_for(symbol)
    except ModelRefusedError as exc:
        on_progress(f"{exc}; until then z-score and sequence rules alone")
        return Ensemble()
    if model is None:
        on_progress(
            f"{symbol}: no model yet, z-score and sequence rules alone; "
            f"run: python anomaly_detector.py train {symbol}"
        )
    return Ensemble(model)


def _told_if_unknown(market: Market, symbol: str, on_progress: Callable[[str], None]) -> Market:
    warned = list[bool]()

    def around(first: int, last: int) -> MarketContext:
        known = market(first, last)
        if not len(known) and not warned:
            warned.append(True)
            on_progress(
                f"{symbol}: the market has too many trades in that time; bursts are judged by {symbol} alone"
            )
        return known

    return around


def _nothing(symbol: str, newest: datetime | None) -> str:
    if newest is None:
        return f"{symbol}: no trades stored"
    return (
        f"{symbol}: no trades in that span; the newest is of {newest.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    )
