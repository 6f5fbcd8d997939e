"""The page of the system itself: how quick, how far behind, and what it could not read."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from stockstream.connectors.models import ModelStore
from stockstream.errors import StockstreamError
from stockstream.ui import live, numerals, tables
from stockstream.ui.look import axis, layout_of, time_axis
from stockstream.ui.pages import letters
from stockstream.ui.plant import Minute, Plant, Process
from stockstream.ui.plot import Figure, plot

MOST_MODELS = 30
COUNTED = 10_000
MODEL_PACE = 60
NO_BROKER = "No broker answers: how far the jobs are behind is not known."


def draw(plant: Plant, processes: Sequence[Process]) -> None:
    """Draw the numbers, then each part of the system; `processes` are those that start.sh keeps up."""
    _numbers(plant)
    with st.container(key="card_flow"):
        st.markdown("### Trades a minute", anchors=False)
        said = f"Trades in each of the last {len(plant.minutes)} minutes, and those that came too late"
        plot(flow(plant.minutes), "flow_plot", said)
    left, right = st.columns([3, 2], gap="small")
    with left, st.container(key="card_lag"):
        st.markdown("### Jobs and their places", anchors=False)
        ends = live.ends()
        if ends is None:
            st.html(f'<p class="caption">{NO_BROKER}</p>')
        st.html(tables.places(plant.places, ends, live.settings().kafka_topic))
    with right, st.container(key="card_processes"):
        st.markdown("### Processes", anchors=False)
        st.html(tables.processes(processes, plant.read_at))
        st.markdown("### Connected to the database", anchors=False)
        st.html(tables.sessions(plant.sessions))
    with st.container(key="card_models"):
        st.markdown("### Models", anchors=False)
        st.html(tables.models(_models(live.settings().models_dir)))
    with st.container(key="card_letters"):
        letters.show(plant)


def flow(minutes: list[Minute]) -> Figure:
    """Return the trades of each minute, the late ones above them."""
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
        "name": "too late",
        "y": [each.late for each in minutes],
        "marker": {"color": "var(--down)", "pattern": {"shape": "/"}},
    }
    return {"data": [on_time, late], "layout": layout}


def _numbers(plant: Plant) -> None:
    whole = [each for each in plant.minutes if plant.newest and (plant.newest - each.start).seconds >= 60]  # noqa: PLR2004
    pace = f"{whole[-1].trades / 60:,.1f} / s" if whole else numerals.NOTHING
    late = sum(each.late for each in plant.minutes)
    trades = sum(each.trades for each in plant.minutes)
    with st.container(horizontal=True, key="totals", gap="small"):
        for label, value, beside in (
            ("Throughput", pace, "in the last whole minute"),
            ("Trade to table", *_latency(plant.latency)),
            ("Candles written", _ago(plant.candle_idle), "of the newest window"),
            ("Late trades", f"{late:,}", f"of {trades + late:,} in an hour"),
            ("Dead letters", numerals.at_most(plant.letter_count, COUNTED), "of all time"),
        ):
            st.metric(label, value, beside, delta_color="off", delta_arrow="off", border=False)


def _latency(seconds: tuple[float, float] | None) -> tuple[str, str]:
    """Return how long a trade takes to be stored, and how it was told."""
    if seconds is None:
        return numerals.NOTHING, "no newest trade to tell by"
    middle, slowest = seconds
    return numerals.duration(middle), f"slowest partition {numerals.duration(slowest)}"


def _ago(seconds: float | None) -> str:
    return numerals.NOTHING if seconds is None else numerals.age(seconds)


@st.cache_data(show_spinner=False, max_entries=1, ttl=MODEL_PACE)
def _models(folder: Path) -> list[tuple[str, ...]]:
    """Return what each model's card says: symbol, version, trades, their span, false alerts allowed a day."""
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
