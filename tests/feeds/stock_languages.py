"""How the venues of stocks say a trade and a login, written by hand to their documentation."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime

from tests.feeds.fact import Fact

KEY, SECRET = "PKTESTKEY0123456789", "s3cret/of+a_test"


class Alpaca:
    """A login in a message, then lists of messages; pages with tokens."""

    symbols = ("AAPL", "BRK.B")
    step = 1
    listens = True

    def trade(self, fact: Fact) -> str:
        """Say a list of one trade."""
        return json.dumps([{"T": "t", "S": fact.symbol} | self._row(fact)])

    def opening(self, told: list[Fact]) -> list[str]:
        """Say that somebody is there."""
        del told
        return ['[{"T":"success","msg":"connected"}]']

    def answer(self, said: str, told: list[Fact]) -> list[str]:
        """Answer a login or a subscription."""
        del told
        asked = json.loads(said)
        if asked == {"action": "auth", "key": KEY, "secret": SECRET}:
            return ['[{"T":"success","msg":"authenticated"}]']
        if asked["action"] == "subscribe":
            lists = {"trades": asked["trades"], "quotes": [], "bars": [], "corrections": asked["trades"]}
            return [json.dumps([{"T": "subscription"} | lists | {"cancelErrors": asked["trades"]}])]
        return ['[{"T":"error","code":402,"msg":"auth failed"}]']

    def beat(self, last: dict[str, int]) -> list[str]:
        """Say nothing."""
        del last
        return []

    def admits(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> bool:
        """Want the key in the headers of a request; a listener says it later."""
        del query
        keys = headers.get("APCA-API-KEY-ID"), headers.get("APCA-API-SECRET-KEY")
        return path == "/v2/iex" or keys == (KEY, SECRET)

    def page(self, path: str, query: dict[str, str], told: list[Fact]) -> str:
        """Answer with the oldest from a moment on, or from where the last page ended."""
        assert (path, query["feed"], query["sort"]) == ("/v2/stocks/trades", "iex", "asc")
        token = query.get("page_token")
        start, skipped = json.loads(urlsafe_b64decode(token)) if token else (query["start"], 0)
        symbol, limit = query["symbols"], int(query["limit"])
        since = datetime.fromisoformat(start)
        mine = [fact for fact in told if fact.symbol == symbol and fact.at >= since][skipped:]
        following = urlsafe_b64encode(json.dumps([start, skipped + limit]).encode()).decode()
        rows = [self._row(fact) for fact in mine[:limit]]
        return json.dumps(
            {"trades": {symbol: rows} if rows else {}}
            | {"next_page_token": following if len(mine) > limit else None}
        )

    def _row(self, fact: Fact) -> dict[str, object]:
        clock = f"{fact.at:%Y-%m-%dT%H:%M:%S}.{fact.at.microsecond:06}789Z"
        row = {"i": fact.number, "x": "V", "p": float(fact.price), "s": float(fact.size), "t": clock}
        return row | {"c": ["@", "I"] if fact.buyer_takes else ["@"], "z": "C"}


class Finnhub:
    """The key is in the URL; trades have no ids, and a connection may begin with one of before."""

    symbols = ("AAPL", "BRK.B")
    step = 1
    listens = True

    def trade(self, fact: Fact) -> str:
        """Say a list of one trade."""
        row = {"c": ["1", "12"] if fact.buyer_takes else ["1"], "p": float(fact.price), "s": fact.symbol}
        row |= {"t": fact.micros // 1000, "v": float(fact.size)}
        return json.dumps({"data": [row], "type": "trade"})

    def opening(self, told: list[Fact]) -> list[str]:
        """Say nothing."""
        del told
        return []

    def answer(self, said: str, told: list[Fact]) -> list[str]:
        """Answer a subscription with the last trade, whoever has heard it."""
        symbol = json.loads(said)["symbol"]
        return [self.trade(fact) for fact in [fact for fact in told if fact.symbol == symbol][-1:]]

    def beat(self, last: dict[str, int]) -> list[str]:
        """Say that the connection lives."""
        del last
        return ['{"type":"ping"}']

    def admits(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> bool:
        """Want the key in the query."""
        del path, headers
        return query.get("token") == KEY

    def page(self, path: str, query: dict[str, str], told: list[Fact]) -> str:
        """Have no pages."""
        raise AssertionError((path, query, told))


class Massive:
    """A login in a message, then lists of messages; pages that name the next one's URL."""

    symbols = ("AAPL", "BRK.B")
    step = 1
    listens = True

    def trade(self, fact: Fact) -> str:
        """Say a list of one trade, whose size has a fraction."""
        said = {"ev": "T", "sym": fact.symbol, "x": 4, "i": str(fact.number), "z": 3, "p": float(fact.price)}
        said |= {"s": int(fact.size), "ds": str(fact.size), "c": self._conditions(fact)}
        said |= {"t": fact.micros // 1000, "q": fact.number * 3, "trfi": 202, "trft": fact.micros // 1000}
        return json.dumps([said])

    def opening(self, told: list[Fact]) -> list[str]:
        """Say that somebody is there."""
        del told
        return ['[{"ev":"status","status":"connected","message":"Connected Successfully"}]']

    def answer(self, said: str, told: list[Fact]) -> list[str]:
        """Answer a login or a subscription."""
        del told
        asked = json.loads(said)
        if asked == {"action": "auth", "params": KEY}:
            return ['[{"ev":"status","status":"auth_success","message":"authenticated"}]']
        if asked["action"] == "subscribe":
            wishes = [f"subscribed to: {wish}" for wish in asked["params"].split(",")]
            return [json.dumps([{"ev": "status", "status": "success", "message": wish} for wish in wishes])]
        return ['[{"ev":"status","status":"auth_failed","message":"authentication failed"}]']

    def beat(self, last: dict[str, int]) -> list[str]:
        """Say nothing."""
        del last
        return []

    def admits(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> bool:
        """Want the key in the headers of a request; a listener says it later."""
        del query
        return not path.startswith("/v3") or headers.get("Authorization") == f"Bearer {KEY}"

    def page(self, path: str, query: dict[str, str], told: list[Fact]) -> str:
        """Answer with the oldest from a moment on, or from where the last page ended."""
        symbol = path.removeprefix("/v3/trades/")
        if "cursor" in query:
            since, skipped, limit = json.loads(urlsafe_b64decode(query["cursor"]))
        else:
            assert (query["order"], query["sort"]) == ("asc", "timestamp")
            since, skipped, limit = int(query["timestamp.gte"]), 0, int(query["limit"])
        mine = [fact for fact in told if fact.symbol == symbol and fact.micros * 1000 >= since][skipped:]
        cursor = urlsafe_b64encode(json.dumps([since, skipped + limit, limit]).encode()).decode()
        # Another host than the one that was asked: the key must not go there.
        following = {"next_url": f"https://elsewhere.invalid{path}?cursor={cursor}"}
        answer: dict[str, object] = {"results": [self._row(fact) for fact in mine[:limit]], "status": "OK"}
        return json.dumps(answer | (following if len(mine) > limit else {}))

    def _row(self, fact: Fact) -> dict[str, object]:
        nanos = fact.micros * 1000 + 456_789
        row: dict[str, object] = {"exchange": 4, "id": str(fact.number), "price": float(fact.price)}
        row |= {"sequence_number": fact.number * 3, "sip_timestamp": nanos, "size": int(fact.size)}
        row |= {"decimal_size": str(fact.size), "tape": 3, "trf_id": 202, "trf_timestamp": nanos}
        return row | {"conditions": self._conditions(fact), "participant_timestamp": nanos - 9}

    def _conditions(self, fact: Fact) -> list[int]:
        return [37, 41] if fact.buyer_takes else [41]
