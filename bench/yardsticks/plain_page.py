"""The yardstick for the dashboard's first view: a Streamlit page with one number and one Plotly chart."""

import streamlit as st
from plotly import graph_objects  # type: ignore[import-untyped]  # plotly ships no types

CANDLES = 30

st.metric("Trades", "1")
places = list(range(CANDLES))
figure = graph_objects.Figure(
    graph_objects.Candlestick(
        x=places,
        open=[100 + place % 7 for place in places],
        high=[110 + place % 7 for place in places],
        low=[95 + place % 7 for place in places],
        close=[101 + place % 5 for place in places],
    )
)
st.plotly_chart(figure)
