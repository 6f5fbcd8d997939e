"""Formats of vendors of stocks and futures."""

from stockstream.market.files.formats.format import Format
from stockstream.market.trade.conditions import ALGOSEEK, IEX, MASSIVE, SIP, SIP_WORDS

NEW_YORK = "America/New_York"
_NUMBER = r"-?[\d.]+"
# Trades as they were, and those that were corrected later and have the corrected values: not what was
# cancelled or in error, and not the records of corrections themselves.
_STANDS = frozenset(["", "0", "00", "1", "01"])

MASSIVE_FLAT = Format(
    name="massive",
    title="Massive (Polygon) flat file of stock trades",
    source="https://massive.com/docs/flat-files/stocks/trades",
    marks=("ticker", "participant_timestamp", "sip_timestamp", "trf_id"),
    columns={
        "trade_id": "id",
        "timestamp": "participant_timestamp",
        "symbol": "ticker",
        "price": "price",
        "volume": "size",
        "conditions": "conditions",
        "venue": "exchange",
    },
    unit="ns",
    only={"correction": _STANDS},
    conditions=MASSIVE,
    id_parts=("day", "venue"),
    day_zone=NEW_YORK,
)
ALPACA = Format(
    name="alpaca",
    title="Alpaca trades",
    source="https://docs.alpaca.markets/reference/stocktrades",
    marks=("symbol", "timestamp", "exchange", "price", "size", "id", "conditions", "tape"),
    columns={
        "trade_id": "id",
        "timestamp": "timestamp",
        "symbol": "symbol",
        "price": "price",
        "volume": "size",
        "conditions": "conditions",
        "venue": "exchange",
    },
    conditions=SIP_WORDS,
    id_parts=("day", "venue"),
    day_zone=NEW_YORK,
)
TAQ = Format(
    name="taq",
    title="NYSE TAQ daily trades",
    source="https://www.nyse.com/publicdocs/nyse/data/Daily_TAQ_Client_Spec_v4.0.pdf",
    marks=("Time", "Exchange", "Symbol", "Sale Condition", "Trade Volume", "Trade Price"),
    columns={
        "trade_id": "Trade Id",
        "timestamp": "Time",
        "symbol": "Symbol",
        "price": "Trade Price",
        "volume": "Trade Volume",
        "conditions": "Sale Condition",
        "venue": "Exchange",
    },
    path=r".*_(?P<day>\d{8})\b.*",
    zone=NEW_YORK,
    only={"Trade Correction Indicator": _STANDS},
    conditions=SIP,
    id_parts=("day", "venue"),
    day_zone=NEW_YORK,
)
WRDS = Format(
    name="wrds",
    title="NYSE TAQ trades from WRDS",
    source="https://wrds-www.wharton.upenn.edu/pages/get-data/nyse-trade-and-quote/",
    marks=("DATE", "TIME_M", "EX", "SYM_ROOT", "SIZE", "PRICE"),
    columns={
        "date": "DATE",
        "timestamp": "TIME_M",
        "symbol": "SYM_ROOT",
        "suffix": "SYM_SUFFIX",
        "price": "PRICE",
        "volume": "SIZE",
        "conditions": "TR_SCOND",
        "venue": "EX",
    },
    zone=NEW_YORK,
    only={"TR_CORR": _STANDS},
    conditions=SIP,
)
DATABENTO_RAW = Format(
    name="databento-raw",
    title="Databento trades, with prices in billionths",
    source="https://databento.com/docs/schemas-and-data-formats/trades",
    marks=("ts_event", "rtype", "publisher_id", "instrument_id", "action", "side"),
    row=r"(\d*,)*\d{19},(\d+,){3}[A-Z],[ABN],\d+,-?\d+,.*",
    columns={
        "timestamp": "ts_event",
        "symbol": "symbol",
        "price": "price",
        "volume": "size",
        "trade_type": "side",
        "venue": "publisher_id",
    },
    unit="ns",
    price_scale=10**9,
    sides={"a": "SELL", "b": "BUY", "n": None},
    only={"action": frozenset("T")},
)
DATABENTO = Format(
    name="databento",
    title="Databento trades",
    source="https://databento.com/docs/schemas-and-data-formats/trades",
    marks=DATABENTO_RAW.marks,
    row=r".*,[A-Z],[ABN],\d+,-?\d+\.\d+,.*",
    columns=DATABENTO_RAW.columns,
    sides=DATABENTO_RAW.sides,
    only=DATABENTO_RAW.only,
)
LEAN = Format(
    name="lean",
    title="QuantConnect Lean (AlgoSeek) trade ticks",
    source="https://github.com/QuantConnect/Lean/blob/master/Data/equity/readme.md",
    header=("milliseconds", "price", "size", "exchange", "conditions", "suspicious"),
    row=rf"\d{{1,8}},\d+,{_NUMBER},\w*,[0-9A-Fa-f]*,[01]",
    path=r"(?P<day>\d{8})_(?P<symbol>[^/_]+)_trade_tick.*",
    columns={
        "timestamp": "milliseconds",
        "price": "price",
        "volume": "size",
        "conditions": "conditions",
        "venue": "exchange",
    },
    unit="day-ms",
    zone=NEW_YORK,
    price_scale=10_000,
    conditions=ALGOSEEK,
)
LOBSTER = Format(
    name="lobster",
    title="LOBSTER messages, executions",
    source="https://lobsterdata.com/info/DataStructure.php",
    header=("time", "type", "order", "size", "price", "direction"),
    row=r"\d{5}\.\d+,[1-7],\d+,\d+,-?\d+,-?1",
    path=r"(?P<symbol>[^/_]+)_(?P<day>\d{4}-\d\d-\d\d)_\d+_\d+_message.*",
    columns={"timestamp": "time", "price": "price", "volume": "size", "trade_type": "direction"},
    unit="day-s",
    zone=NEW_YORK,
    price_scale=10_000,
    # Of the resting order: who takes is on the other side.
    sides={"1": "SELL", "-1": "BUY"},
    only={"type": frozenset("45")},
)
IEX_REPORTS = Format(
    name="iex",
    title="IEX trade reports",
    source="https://www.iexexchange.io/documents/tops-v1-66",
    marks=("Sale Condition Flags", "Timestamp", "Symbol", "Size", "Price", "Trade ID"),
    columns={
        "trade_id": "Trade ID",
        "timestamp": "Timestamp",
        "symbol": "Symbol",
        "price": "Price",
        "volume": "Size",
        "conditions": "Sale Condition Flags",
    },
    conditions=IEX,
    id_parts=("day",),
    day_zone=NEW_YORK,
)
KIBOT = Format(
    name="kibot",
    title="Kibot ticks",
    source="https://www.kibot.com/support.aspx#tick_data_format",
    header=("date", "time", "price", "bid", "ask", "size"),
    row=rf"\d\d/\d\d/\d{{4}},\d\d:\d\d:\d\d(\.\d+)?,{_NUMBER},{_NUMBER},{_NUMBER},\d+",
    path=r"(?P<symbol>[A-Z][^/_.]*)[_.].*",
    columns={"date": "date", "timestamp": "time", "price": "price", "volume": "size"},
    pattern="%m/%d/%Y",
    zone=NEW_YORK,
)
KIBOT_PLAIN = Format(
    name="kibot-plain",
    title="Kibot ticks without quotes",
    source=KIBOT.source,
    header=("date", "time", "price", "size"),
    row=rf"\d\d/\d\d/\d{{4}},\d\d:\d\d:\d\d(\.\d+)?,{_NUMBER},\d+",
    path=KIBOT.path,
    columns=KIBOT.columns,
    pattern=KIBOT.pattern,
    zone=KIBOT.zone,
)
FIRSTRATE = Format(
    name="firstrate",
    title="FirstRate ticks",
    source="https://firstratedata.com/about/tick-data",
    header=("time", "price", "size"),
    row=rf"\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?,{_NUMBER},\d+",
    path=r"(?P<symbol>[A-Z][^/_.]*)[_.].*",
    columns={"timestamp": "time", "price": "price", "volume": "size"},
    zone=NEW_YORK,
)
FORMATS = (
    *(MASSIVE_FLAT, ALPACA, TAQ, WRDS, DATABENTO_RAW, DATABENTO),
    *(LEAN, LOBSTER, IEX_REPORTS, KIBOT, KIBOT_PLAIN, FIRSTRATE),
)
