"""Formats of venues and vendors of crypto currencies."""

from stockstream.market.files.formats.format import Format, Sides

_NUMBER = r"[\d.]+(?:[eE][+-]?\d+)?"
_FLAG = r"(?:[Tt]rue|[Ff]alse)"
_SYMBOL = r"(?P<symbol>[A-Z0-9]{4,32})"
# Who makes is the buyer: the taker sells.
_MAKER: Sides = {"true": "SELL", "false": "BUY"}
_BINANCE = "https://github.com/binance/binance-public-data"
# Files with and without the line of these names.
_SPOT = ("id", "price", "qty", "quoteQty", "time", "isBuyerMaker", "isBestMatch")
_FUTURES = ("id", "price", "qty", "quote_qty", "time", "is_buyer_maker")
_FUTURES_AGG = ("agg_trade_id", "price", "quantity", "first_trade_id", "last_trade_id", "transact_time")

BINANCE_TRADES = Format(
    name="binance-trades",
    title="Binance Vision trades",
    source=_BINANCE,
    header=_SPOT,
    marks=_SPOT,
    row=rf"\d+,{_NUMBER},{_NUMBER},{_NUMBER},(\d{{13}}|\d{{16}}),{_FLAG},{_FLAG}",
    path=rf"{_SYMBOL}-trades-.*",
    columns={
        "trade_id": "id",
        "timestamp": "time",
        "price": "price",
        "volume": "qty",
        "trade_type": "isBuyerMaker",
    },
    sides=_MAKER,
)
BINANCE_AGG = Format(
    name="binance-aggtrades",
    title="Binance Vision aggregate trades",
    source=_BINANCE,
    header=("id", "price", "qty", "firstId", "lastId", "time", "isBuyerMaker", "isBestMatch"),
    row=rf"\d+,{_NUMBER},{_NUMBER},\d+,\d+,(\d{{13}}|\d{{16}}),{_FLAG},{_FLAG}",
    path=rf"{_SYMBOL}-aggTrades-.*",
    columns=BINANCE_TRADES.columns,
    sides=_MAKER,
)
BINANCE_FUTURES = Format(
    name="binance-futures-trades",
    title="Binance Vision futures trades",
    source=_BINANCE,
    header=_FUTURES,
    marks=_FUTURES,
    row=rf"\d+,{_NUMBER},{_NUMBER},{_NUMBER},(\d{{13}}|\d{{16}}),{_FLAG}",
    path=BINANCE_TRADES.path,
    columns={**BINANCE_TRADES.columns, "trade_type": "is_buyer_maker"},
    sides=_MAKER,
)
BINANCE_FUTURES_AGG = Format(
    name="binance-futures-aggtrades",
    title="Binance Vision aggregate futures trades",
    source=_BINANCE,
    header=(*_FUTURES_AGG, "is_buyer_maker"),
    marks=_FUTURES_AGG,
    row=rf"\d+,{_NUMBER},{_NUMBER},\d+,\d+,(\d{{13}}|\d{{16}}),{_FLAG}",
    path=BINANCE_AGG.path,
    columns={
        "trade_id": "agg_trade_id",
        "timestamp": "transact_time",
        "price": "price",
        "volume": "quantity",
        "trade_type": "is_buyer_maker",
    },
    sides=_MAKER,
)
BINANCE_FRAMES = Format(
    name="binance-frames",
    title="recorded frames of Binance's stream",
    source="https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams",
    marks=("stream", "data.e", "data.s", "data.t", "data.p", "data.q", "data.m"),
    columns={
        "trade_id": "data.t",
        "timestamp": "data.T",
        "symbol": "data.s",
        "price": "data.p",
        "volume": "data.q",
        "trade_type": "data.m",
    },
    sides=_MAKER,
    only={"data.e": frozenset(["trade"])},
)
BYBIT = Format(
    name="bybit",
    title="Bybit public trades",
    source="https://public.bybit.com",
    marks=("timestamp", "symbol", "side", "size", "price", "trdMatchID", "foreignNotional"),
    row=rf"{_NUMBER},.*",
    columns={
        "trade_id": "trdMatchID",
        "timestamp": "timestamp",
        "symbol": "symbol",
        "price": "price",
        "volume": "size",
        "trade_type": "side",
    },
    unit="s",
)
BYBIT_SPOT = Format(
    name="bybit-spot",
    title="Bybit public spot trades",
    source=BYBIT.source,
    marks=("id", "timestamp", "price", "volume", "side"),
    path=r"(?P<symbol>[A-Z0-9]{4,32})_\d{4}-\d\d.*",
    row=rf"\d+,\d{{13}},{_NUMBER},{_NUMBER},(?i:buy|sell)(,[01])?",
    columns={
        "trade_id": "id",
        "timestamp": "timestamp",
        "price": "price",
        "volume": "volume",
        "trade_type": "side",
    },
    unit="ms",
    # Numbered from one in each file.
    id_parts=("day",),
)
BITMEX = Format(
    name="bitmex",
    title="BitMEX public trades",
    source="https://public.bitmex.com",
    marks=BYBIT.marks,
    columns=BYBIT.columns,
)
OKX = Format(
    name="okx",
    title="OKX historical trades",
    source="https://www.okx.com/historical-data",
    marks=("trade_id", "side", "price", "size", "created_time"),
    # Former files have the instrument in their name alone.
    path=r"(?P<symbol>[A-Z0-9-]+?)-(agg)?trades-.*",
    columns={
        "trade_id": "trade_id",
        "timestamp": "created_time",
        "symbol": "instrument_name",
        "price": "price",
        "volume": "size",
        "trade_type": "side",
    },
    unit="ms",
)
TARDIS = Format(
    name="tardis",
    title="Tardis trades",
    source="https://docs.tardis.dev/downloadable-csv-files/data-types#trades",
    marks=("exchange", "symbol", "timestamp", "local_timestamp", "id", "side", "price", "amount"),
    columns={
        "trade_id": "id",
        "timestamp": "timestamp",
        "symbol": "symbol",
        "price": "price",
        "volume": "amount",
        "trade_type": "side",
        "venue": "exchange",
    },
    unit="us",
)
COINBASE = Format(
    name="coinbase",
    title="Coinbase trades",
    source="https://docs.cdp.coinbase.com/exchange/reference/exchangerestapi_getproducttrades",
    marks=("trade_id", "side", "size", "price", "time"),
    is_plain=True,
    path=r"(?P<symbol>[A-Z0-9]+-[A-Z0-9]+)\b.*",
    columns={
        "trade_id": "trade_id",
        "timestamp": "time",
        "price": "price",
        "volume": "size",
        "trade_type": "side",
    },
    # Of the resting order.
    sides={"buy": "SELL", "sell": "BUY"},
)
CRYPTODATADOWNLOAD = Format(
    name="cryptodatadownload",
    title="CryptoDataDownload trades",
    source="https://www.cryptodatadownload.com/data/",
    marks=("unix", "date", "symbol", "price", "amount", "side"),
    is_plain=True,
    columns={
        "timestamp": "unix",
        "symbol": "symbol",
        "price": "price",
        "volume": "amount",
        "trade_type": "side",
    },
)
QUESTDB = Format(
    name="questdb",
    title="QuestDB's table of trades",
    source="https://questdb.com/docs/reference/sql/show/",
    marks=("symbol", "side", "price", "amount", "timestamp"),
    is_plain=True,
    columns={
        "timestamp": "timestamp",
        "symbol": "symbol",
        "price": "price",
        "volume": "amount",
        "trade_type": "side",
    },
)
BITSTAMP = Format(
    name="bitstamp",
    title="Bitstamp transactions",
    source="https://www.bitstamp.net/api/#tag/Transactions-public",
    marks=("date", "tid", "price", "amount", "type"),
    path=r"(?P<symbol>[A-Za-z0-9]{5,32})\b.*",
    row=r"(.*,)?\d{10}(,.*)?",
    columns={
        "trade_id": "tid",
        "timestamp": "date",
        "price": "price",
        "volume": "amount",
        "trade_type": "type",
    },
    unit="s",
    sides={"0": "BUY", "1": "SELL"},
)
KRAKEN = Format(
    name="kraken",
    title="Kraken's history of trades, or bitcoincharts'",
    source="https://support.kraken.com/articles/360047543791-downloadable-historical-market-data-time-and-sales-",
    header=("time", "price", "volume"),
    row=rf"\d{{10}}(\.\d+)?,{_NUMBER},{_NUMBER}",
    path=r"(?P<symbol>[A-Za-z0-9]{5,32})\.csv.*",
    columns={"timestamp": "time", "price": "price", "volume": "volume"},
    unit="s",
)
FORMATS = (
    *(BINANCE_TRADES, BINANCE_AGG, BINANCE_FUTURES, BINANCE_FUTURES_AGG, BINANCE_FRAMES),
    *(BYBIT, BYBIT_SPOT, BITMEX, OKX, TARDIS, COINBASE, BITSTAMP, CRYPTODATADOWNLOAD, QUESTDB, KRAKEN),
)
