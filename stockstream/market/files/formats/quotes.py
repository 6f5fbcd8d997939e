"""Formats of quotes: no trade is in them, and the refusal says so."""

from stockstream.market.files.formats.format import Format

_QUOTES = "these are quotes of a dealer, not trades: nobody traded at them, and they have no volume"

HISTDATA = Format(
    name="histdata",
    title="HistData ticks",
    source="https://www.histdata.com/f-a-q/data-files-detailed-specification/",
    header=("time", "bid", "ask", "volume"),
    row=r"\d{8} \d{9},[\d.]+,[\d.]+,\d+",
    refusal=_QUOTES,
)
DUKASCOPY = Format(
    name="dukascopy",
    title="Dukascopy ticks",
    source="https://www.dukascopy.com/swiss/english/marketwatch/historical/",
    marks=("Ask", "Bid", "AskVolume", "BidVolume"),
    refusal=_QUOTES,
)
FORMATS = (HISTDATA, DUKASCOPY)
