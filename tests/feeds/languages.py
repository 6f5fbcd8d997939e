"""How each venue says a trade, written by hand to its documentation; no parser has a part in it."""

import json
from decimal import Decimal

from tests.feeds.fact import Fact, Language, Open
from tests.feeds.stock_languages import Alpaca, Finnhub, Massive


def _clock(fact: Fact) -> str:
    return fact.at.isoformat(timespec="microseconds").replace("+00:00", "Z")


class Coinbase(Open):
    """`side` is the maker's."""

    symbols = ("BTC-USD", "ETH-USD")
    step = 1

    def trade(self, fact: Fact, kind: str = "match") -> str:
        """Say a match."""
        return json.dumps(
            {"type": kind, "trade_id": fact.number, "sequence": fact.number * 90, "product_id": fact.symbol}
            | {"maker_order_id": "ac928c66-ca53-498f-9c13-a110027a60e8"}
            | {"taker_order_id": "132fb6ae-456b-4654-b4e0-d681ac05cea1", "time": _clock(fact)}
            | {"size": str(fact.size), "price": str(fact.price), "side": self._maker(fact)}
        )

    def opening(self, told: list[Fact]) -> list[str]:
        """Say the subscriptions and the last match of each product."""
        last = {fact.symbol: fact for fact in told}
        channels = [{"name": "matches", "product_ids": list(self.symbols)}]
        said = json.dumps({"type": "subscriptions", "channels": channels})
        return [said, *(self.trade(fact, "last_match") for fact in last.values())]

    def beat(self, last: dict[str, int]) -> list[str]:
        """Say the last trade of each product."""
        return [
            json.dumps({"type": "heartbeat", "sequence": 90, "last_trade_id": number, "product_id": symbol})
            for symbol, number in last.items()
        ]

    def page(self, path: str, query: dict[str, str], told: list[Fact]) -> str:
        """Answer with the newest before a number, newest first."""
        symbol, before = path.split("/")[2], int(query["after"])
        mine = [fact for fact in told if fact.symbol == symbol and fact.number < before]
        newest = mine[-int(query["limit"]) :][::-1]
        return json.dumps(
            [
                {"trade_id": fact.number, "side": self._maker(fact), "size": str(fact.size)}
                | {"price": str(fact.price), "time": _clock(fact)}
                for fact in newest
            ]
        )

    def _maker(self, fact: Fact) -> str:
        return "sell" if fact.buyer_takes else "buy"


class Kraken(Open):
    """Amounts are JSON numbers; numbers of trades are left out now and then."""

    symbols = ("BTC/USD", "ETH/USD")
    step = 3

    def trade(self, fact: Fact) -> str:
        """Say an update of one trade."""
        return self._trades([fact], "update")

    def opening(self, told: list[Fact]) -> list[str]:
        """Say the state, the acknowledgements, and fifty trades of each symbol."""
        state = '{"channel":"status","type":"update","data":[{"system":"online","api_version":"v2"}]}'
        said = [state, '{"channel":"heartbeat"}']
        for symbol in self.symbols:
            wish = f'{{"channel":"trade","snapshot":true,"symbol":"{symbol}"}}'
            said.append(f'{{"method":"subscribe","result":{wish},"success":true}}')
            mine = [fact for fact in told if fact.symbol == symbol][-50:]
            said += [self._trades(mine, "snapshot")] if mine else []
        return said

    def beat(self, last: dict[str, int]) -> list[str]:
        """Say no more than that."""
        del last
        return ['{"channel":"heartbeat"}']

    def page(self, path: str, query: dict[str, str], told: list[Fact]) -> str:
        """Answer with the oldest after a moment, spelled the venue's other way."""
        assert path.endswith("/Trades")
        since = int(query["since"])
        mine = [fact for fact in told if fact.symbol == query["pair"] and fact.micros * 1000 > since]
        rows = ",".join(
            f'["{fact.price}","{fact.size}",{Decimal(fact.micros).scaleb(-6)},'
            f'"{"b" if fact.buyer_takes else "s"}","l","",{fact.number}]'
            for fact in mine[: int(query["count"])]
        )
        return f'{{"error":[],"result":{{"X{query["pair"]}":[{rows}],"last":"{since}"}}}}'

    def _trades(self, facts: list[Fact], kind: str) -> str:
        data = ",".join(
            f'{{"symbol":"{fact.symbol}","side":"{"buy" if fact.buyer_takes else "sell"}",'
            f'"price":{fact.price},"qty":{fact.size},"ord_type":"market","trade_id":{fact.number},'
            f'"timestamp":"{_clock(fact)}"}}'
            for fact in facts
        )
        return f'{{"channel":"trade","type":"{kind}","data":[{data}]}}'


class Binance(Open):
    """It says whether the buyer is the maker, and no heartbeats."""

    symbols = ("BTCUSDT", "ETHUSDT")
    step = 1

    def trade(self, fact: Fact) -> str:
        """Say a trade of a combined stream."""
        data = {"e": "trade", "E": fact.micros + 300, "s": fact.symbol, "t": fact.number}
        data |= {"p": f"{fact.price:.8f}", "q": f"{fact.size:.8f}", "T": fact.micros}
        data |= {"m": not fact.buyer_takes, "M": True}
        return json.dumps({"stream": f"{fact.symbol.lower()}@trade", "data": data})

    def opening(self, told: list[Fact]) -> list[str]:
        """Say nothing."""
        del told
        return []

    def beat(self, last: dict[str, int]) -> list[str]:
        """Say nothing."""
        del last
        return []

    def page(self, path: str, query: dict[str, str], told: list[Fact]) -> str:
        """Answer with the trades from a number on."""
        assert path == "/api/v3/historicalTrades"
        mine = [
            fact for fact in told if fact.symbol == query["symbol"] and fact.number >= int(query["fromId"])
        ]
        return json.dumps(
            [
                {"id": fact.number, "price": f"{fact.price:.8f}", "qty": f"{fact.size:.8f}"}
                | {"quoteQty": "48.000012", "time": fact.micros, "isBuyerMaker": not fact.buyer_takes}
                | {"isBestMatch": True}
                for fact in mine[: int(query["limit"])]
            ]
        )


LANGUAGES: dict[str, Language] = {
    "coinbase": Coinbase(),
    "kraken": Kraken(),
    "binance": Binance(),
    "alpaca": Alpaca(),
    "finnhub": Finnhub(),
    "massive": Massive(),
}
