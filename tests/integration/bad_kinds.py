"""Every way we know in which a message can be bad, written by hand; and odd ones that are good.

A kind is one message, or two that follow each other in a partition and are JSON only together. With
each goes what its reason has to name.
"""

import json

Kind = tuple[tuple[bytes | None, ...], str]

GOOD: dict[str, object] = {
    "trade_id": "x",
    "timestamp": "2026-11-23T10:00:00.123456Z",
    "symbol": "AAPL",
    "price": 187.12,
    "volume": 120,
    "trade_type": "BUY",
    "source": "test",
    "anomaly": None,
}
REQUIRED = ("trade_id", "timestamp", "symbol", "price", "volume", "trade_type")
MOST_BYTES = 65_536


def message(**changes: object) -> bytes:
    """A good message but for the changes."""
    return json.dumps(GOOD | changes).encode()


def raw(field: str, text: bytes) -> bytes:
    """A message whose field has just this text, which no JSON writer would make."""
    return message(**{field: "@@"}).replace(b'"@@"', text)


def without(field: str) -> bytes:
    """A message that lacks a field."""
    return json.dumps({name: value for name, value in GOOD.items() if name != field}).encode()


def with_more(text: bytes) -> bytes:
    """A message with more at its end, inside the object."""
    return message()[:-1] + b"," + text + b"}"


def nested(depth: int) -> bytes:
    """A message with an unknown field that is nested so deep."""
    return with_more(b'"x":' + b"[" * depth + b"]" * depth)


def of_size(size: int, trade_id: str = "x") -> bytes:
    """A message of so many bytes."""
    text = message(trade_id=trade_id, filling="")
    return text.replace(b'"filling": ""', b'"filling": "' + b"y" * (size - len(text)) + b'"')


def _one(text: bytes | None, names: str) -> Kind:
    return (text,), names


def _numbers() -> dict[str, Kind]:
    texts: dict[str, tuple[bytes, str]] = {
        "NaN": (b"NaN", "not JSON"),
        "Infinity": (b"Infinity", "not JSON"),
        "minus Infinity": (b"-Infinity", "not JSON"),
        "a number with a plus": (b"+1", "not JSON"),
        "a number in hex": (b"0x10", "not JSON"),
        "a point without digits": (b"1.", ""),
        "leading zeros": (b"007", ""),
        "1e400": (b"1e400", "{}"),
        "an exponent without end": (b"1e99999999999", "{}"),
        "19 digits": (b"1234567890123456789", "{}"),
        "thirteen decimals": (b"0.1234567890123", "{}"),
        "a string": (b'"187.12"', "{}"),
        "null": (b"null", "{}"),
        "true": (b"true", "{}"),
        "an object": (b'{"value":1}', "{}"),
        "a list": (b"[1]", "{}"),
        "a comma in it": (b"1,5", "not JSON"),
    }
    return {
        f"{field}: {kind}": _one(raw(field, text), names.format(field))
        for field in ("price", "volume")
        for kind, (text, names) in texts.items()
    } | {
        f"volume: {kind}": _one(raw("volume", text), "volume")
        for kind, text in {"zero": b"0", "minus zero": b"-0.0", "negative": b"-5"}.items()
    }


def _texts() -> dict[str, Kind]:
    values: dict[str, tuple[str, object]] = {
        "an empty trade_id": ("trade_id", ""),
        "a long trade_id": ("trade_id", "x" * 65),
        "a number as trade_id": ("trade_id", 7),
        "a NUL in trade_id": ("trade_id", "a\0b"),
        "a newline in trade_id": ("trade_id", "a\nb"),
        "a local time": ("timestamp", "2026-11-23T10:00:00"),
        "seconds since 1970": ("timestamp", 1764000000),
        "a day that is not": ("timestamp", "2026-02-30T10:00:00Z"),
        "an hour that is not": ("timestamp", "2026-02-03T25:00:00Z"),
        "a far past": ("timestamp", "1969-12-31T23:59:59Z"),
        "a far future": ("timestamp", "2200-01-01T00:00:00Z"),
        "the year 10000": ("timestamp", "10000-01-01T00:00:00Z"),
        "the edge of the calendar": ("timestamp", "0001-01-01T00:00:00+14:00"),
        "now": ("timestamp", "now"),
        "SQL as symbol": ("symbol", "'; DROP TABLE trades; --"),
        "HTML as symbol": ("symbol", "<script>alert(1)</script>"),
        "small letters": ("symbol", "aapl"),
        "an empty symbol": ("symbol", ""),
        "a long symbol": ("symbol", "A" * 33),
        "a look-alike symbol": ("symbol", "\u0410APL"),
        "a wide symbol": ("symbol", "\uff21\uff21\uff30\uff2c"),
        "an emoji as symbol": ("symbol", "\U0001f4c8"),
        "a turned symbol": ("symbol", "\u202eAAPL"),
        "a symbol with a space of no width": ("symbol", "AA\u200bPL"),
        "a symbol with a newline": ("symbol", "AAPL\n"),
        "a list as symbol": ("symbol", ["AAPL"]),
        "a small side": ("trade_type", "buy"),
        "no such side": ("trade_type", "HOLD"),
        "true as side": ("trade_type", True),
        "empty conditions": ("conditions", ""),
        "a list as conditions": ("conditions", ["@", "I"]),
        "a word as flag": ("updates_last", "false"),
        "a number as flag": ("side_inferred", 1),
        "a number as source": ("source", 1),
        "a NUL in source": ("source", "a\0"),
        "an empty source": ("source", ""),
        "a list as anomaly": ("anomaly", ["price_spike"]),
        "a long anomaly": ("anomaly", "x" * 65),
    }
    return {kind: _one(message(**{field: value}), field) for kind, (field, value) in values.items()}


def _shapes() -> dict[str, Kind]:
    text = message()
    return {
        "nothing": _one(b"", "empty"),
        "a tombstone": _one(None, "empty"),
        "blanks": _one(b" \n\t ", "not JSON"),
        "a NUL alone": _one(b"\0", "not JSON"),
        "a mark of byte order": _one(b"\xef\xbb\xbf" + text, "not JSON"),
        "UTF-16": _one(text.decode().encode("utf-16"), "not UTF-8"),
        "cut at its end": _one(text[:-9], "not JSON"),
        "cut at its begin": _one(text[9:], ""),
        "the last brace is gone": _one(text[:-1], "not JSON"),
        "a comma too many": _one(text[:-1] + b",}", "not JSON"),
        "more behind it": _one(text + b" x", "not JSON"),
        "a NUL behind it": _one(text + b"\0", "not JSON"),
        "two objects": _one(text + text, "not JSON"),
        "two objects and a comma": _one(text + b"," + text, "not JSON"),
        "two objects on two lines": _one(text + b"\n" + text, "not JSON"),
        "an array": _one(b"[" + text + b"]", "object"),
        "an empty array": _one(b"[]", "object"),
        "an empty object": _one(b"{}", "trade_id"),
        "a string": _one(b'"AAPL"', "object"),
        "a number": _one(b"7", "object"),
        "null": _one(b"null", "object"),
        "a message in a string": _one(json.dumps(text.decode()).encode(), "object"),
        "no JSON": _one(b"AAPL,187.12,120", "not JSON"),
        "XML": _one(b"<trade/>", "not JSON"),
        "single quotes": _one(text.replace(b'"', b"'"), "not JSON"),
        "a comment": _one(b"/* a */" + text, "not JSON"),
        "broken UTF-8": _one(text.replace(b"AAPL", b"\xff\xfe"), "not UTF-8"),
        "broken UTF-8 in an unknown field": _one(with_more(b'"x":"\xc3("'), "not UTF-8"),
        "a surrogate in UTF-8": _one(with_more(b'"x":"\xed\xa0\x80"'), "not UTF-8"),
        "half a surrogate pair": _one(message(trade_id="\ud800"), "not JSON"),
        "a newline inside a string": _one(text.replace(b"AAPL", b"AA\nPL"), ""),
        "100,000 deep": _one(nested(100_000), "bytes"),
        "one byte too large": _one(of_size(MOST_BYTES + 1), "bytes"),
        "large": _one(of_size(500_000), "bytes"),
        "a field twice": _one(with_more(b'"price":1'), "price"),
        "a field twice, the same": _one(with_more(b'"symbol":"AAPL"'), "symbol"),
        "a field twice, once in disguise": _one(with_more(rb'"pric\u0065":1'), "price"),
        "an optional field twice": _one(with_more(b'"source":"other"'), "source"),
        "two that are one": ((text[:40], text[40:]), ""),
        "two that are one at a comma": ((text[: text.index(b", ")], text[text.index(b", ") + 2 :]), ""),
        "two with a string over both": ((text[:-1] + b',"x":"', b'","y":1}'), ""),
        "two with an object over both": ((text[:-1] + b',"x":{"a":1', b'"b":1}}'), ""),
        **{f"no {field}": _one(without(field), field) for field in REQUIRED},
    }


BAD: dict[str, Kind] = _shapes() | _numbers() | _texts()


def odd_but_good(trade_id: str) -> dict[str, bytes]:
    """Messages that look bad and are not, each with the id given and a letter of its own."""

    def text(letter: str, **changes: object) -> bytes:
        return message(trade_id=f"{trade_id}{letter}", **changes)

    return {
        "blanks everywhere": b" \r\n\t" + text("a").replace(b": ", b" :\t").replace(b", ", b"\n,\r ") + b"\n",
        "a name in disguise": text("b").replace(b'"price"', rb'"pric\u0065"'),
        "exactly as large as allowed": of_size(MOST_BYTES, f"{trade_id}c"),
        "idle zeros": text("d").replace(b"187.12", b"187.1200000000000"),
        "an exponent": text("e").replace(b"187.12", b"18712e-2"),
        "unknown fields twice": text("f")[:-1] + b',"venue":1,"venue":2}',
        "a contract's name inside another object": text("g")[:-1] + b',"venue":{"price":1,"price":"x"}}',
        "quotes in a name": text('h"'),
        "a backslash in a name": text("i\\"),
        "SQL in a free text": text("j", source="'); DROP TABLE trades; --"),
        "HTML in a free text": text("k", source="<b>&amp;</b>"),
        "another offset": text("l", timestamp="2026-11-23T15:30:00+05:30"),
        "the earliest time": text("m", timestamp="1970-01-01T00:00:00Z"),
        "the latest time": text("n", timestamp="2199-12-31T23:59:59.999999Z"),
        "the largest number": text("o").replace(b"187.12", b"9" * 18),
        "the smallest number": text("p").replace(b"187.12", b"0.000000000001"),
        "a price of zero": text("u", price=0),
        "a price below zero": text("v", price=-37.63),
        "no known side": text("w", trade_type=None),
        "conditions": text("x", conditions="@ I", updates_last=False),
        "no optional field": json.dumps(
            {name: GOOD[name] for name in REQUIRED} | {"trade_id": f"{trade_id}q"}
        ).encode(),
        "letters of all the world": text("r", source="\u0442\u0435\u0441\u0442 \U0001f4c8"),
        "fields in another order": json.dumps(
            dict(reversed(GOOD.items())) | {"trade_id": f"{trade_id}s"}
        ).encode(),
        "an unknown number without end": text("t")[:-1] + b',"x":' + b"7" * 5_000 + b"}",
    }
