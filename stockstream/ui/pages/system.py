"""The page of the system itself: its latency, its lag, and its dead letters."""

from collections.abc import Callable
from itertools import starmap
from pathlib import Path

import streamlit as st

from stockstream.errors import StockstreamError
from stockstream.ui.charts.plot import Figure, plot
from stockstream.ui.charts.style import axis, layout_of, time_axis
from stockstream.ui.controls import Controls
from stockstream.ui.data import live
from stockstream.ui.data.system_status import Condition, Minute, Process, SystemStatus
from stockstream.ui.html import elements, formatting, tables
from stockstream.ui.pages import dead_letters
from stockstream.ui.pages.base import Page

MOST_MODELS = 30
COUNTED = 10_000
MODEL_PACE = 60
NO_BROKER = "No broker answers: how far the jobs are behind is not known."


class System(Page[SystemStatus]):
    """The page of the system."""

    title, path, icon = "System", "system", ":material/settings_heart:"

    def __init__(self, processes: Callable[[], list[Process]], replay: Callable[[], str]) -> None:
        """Take functions that return the processes start.sh keeps running and that replay dead letters."""
        self._processes, self._replay = processes, replay

    def ask(self, controls: Controls, known: set[str], seen: SystemStatus | None) -> Callable[[], Condition]:
        """Show no controls: the question is always the same."""
        del controls, known, seen
        return Condition

    def draw(self, answer: SystemStatus) -> None:
        """Draw the numbers, then each part of the system."""
        status, processes = answer, live.processes(self._processes)
        st.html(_numbers(status))
        said = f"Trades in each of the last {len(status.minutes)} minutes, and those that came late"
        plot(lambda: flow(status.minutes), "flow_plot", "Trades a minute", said, lambda _name, make: make())
        with st.container(horizontal=True, key="row_jobs", gap="small"):
            with st.container(key="card_lag"):
                st.html(elements.titled("Jobs and their places", _offsets(status)))
            with st.container(key="card_processes"):
                kept = elements.titled("Processes", tables.processes(processes, status.read_at))
                st.html(kept + elements.titled("Connected to the database", tables.sessions(status.sessions)))
        with st.container(key="card_models"):
            st.html(elements.titled("Models", tables.models(_models(live.settings().models_dir))))
        with st.container(key="card_letters"):
            dead_letters.show(status)

    def aside(self, controls: Controls, shown: Callable[[], SystemStatus | None]) -> None:
        """Offer to download the dead letters and to replay them."""
        del controls, shown
        dead_letters.draw(self._replay)


def _offsets(status: SystemStatus) -> str:
    ends = live.ends()
    unknown = f'<p class="caption">{NO_BROKER}</p>' if ends is None else ""
    return unknown + tables.offsets(status.offsets, ends, live.settings().kafka_topic)


def flow(minutes: list[Minute]) -> Figure:
    """Return the trades of each minute, with the late ones stacked on top."""
    x = [each.start.strftime("%Y-%m-%d %H:%M:%S") for each in minutes]
    bars = {"type": "bar", "xperiod": 60_000, "xperiodalignment": "middle", "x": x}
    layout = layout_of("flow", 240)
    layout |= {
        "barmode": "stack",
        "xaxis": time_axis(),
        "yaxis": axis() | {"side": "right", "rangemode": "tozero"},
        "legend": {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0},
    }
    on_time = bars | {
        "name": "in candles",
        "y": [each.trades for each in minutes],
        "marker": {"color": "var(--up)"},
    }
    late = bars | {
        "name": "late",
        "y": [each.late for each in minutes],
        "marker": {"color": "var(--down)", "pattern": {"shape": "/"}},
    }
    return {"data": [on_time, late], "layout": layout}


def _numbers(status: SystemStatus) -> str:
    whole = [each for each in status.minutes if status.newest and (status.newest - each.start).seconds >= 60]  # noqa: PLR2004
    pace = f"{whole[-1].trades / 60:,.1f} / s" if whole else formatting.NOTHING
    late = sum(each.late for each in status.minutes)
    trades = sum(each.trades for each in status.minutes)
    columns = (
        ("Throughput", pace, "in the last whole minute"),
        ("Trade to table", *_latency(status.latency)),
        ("Candles written", _ago(status.candle_idle), _waiting(*status.waiting)),
        ("Late trades", f"{late:,}", f"of {trades + late:,} in an hour"),
        ("Dead letters", formatting.at_most(status.letter_count, COUNTED), "of all time"),
    )
    return elements.totals(starmap(elements.Total, columns))


def _latency(seconds: tuple[float, float] | None) -> tuple[str, str]:
    """Return how long a trade takes to be stored, and a note for the line below."""
    if seconds is None:
        return formatting.NOTHING, "no newest trade to tell by"
    middle, slowest = seconds
    return formatting.duration(middle), f"slowest partition {formatting.duration(slowest)}"


def _waiting(minutes: int, seconds: float) -> str:
    """Return in words how many minutes wait to be reconciled."""
    if not minutes:
        return "all reconciled"
    return f"{minutes:,} wait to be reconciled, for {formatting.duration(seconds)}"


def _ago(seconds: float | None) -> str:
    return formatting.NOTHING if seconds is None else formatting.age(seconds)


@st.cache_data(show_spinner=False, max_entries=1, ttl=MODEL_PACE)
def _models(folder: Path) -> list[tuple[str, ...]]:
    """Return each model's card: symbol, version, trades, their span, false alerts allowed per day."""
    # The import loads the detector's compiler, which the first page load need not wait for.
    from stockstream.connectors.models.registry import ModelStore  # noqa: PLC0415

    store = ModelStore(folder)
    cards: list[tuple[str, ...]] = []
    for symbol in sorted(store.stamps())[:MOST_MODELS]:
        try:
            model = store.load(symbol)
        except StockstreamError as exc:
            cards.append((symbol, str(exc), "", "", ""))
            continue
        if model is not None:
            card = model.card
            span = f"{card.first:%d %b %Y %H:%M} to {card.last:%d %b %Y %H:%M} UTC"
            cards.append((symbol, model.version, f"{card.trades:,}", span, f"{card.budget:g}"))
    return cards
