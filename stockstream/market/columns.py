"""Many messages at once: what is plainly a trade, read and checked as Arrow columns.

`trade.decode` is the contract, message by message. This is its fast half: it takes only messages
that are plainly good and leaves all others to `decode`, so both together give the same answer,
and no message can smuggle in two rows or half of one:

- the messages are joined by newlines, and no message may contain one;
- each begins with a `{` and ends with a `}`, and no brace or bracket is anywhere else: the objects
  are flat, and as many as the messages;
- no price and no volume stands in quotes, because the reader would take that for a number.

A row that breaks a rule, or merely uses a rarer spelling (an offset other than UTC, an amount of
eleven digits before the point), is not plain.
"""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pj

from stockstream.market.trade import EARLIEST, LATEST, MAX_MESSAGE_BYTES

AMOUNT = pa.decimal128(26, 8)
TIME = pa.timestamp("us", "UTC")
SCHEMA = pa.schema(
    [
        ("trade_id", pa.string()),
        ("timestamp", TIME),
        ("symbol", pa.string()),
        ("price", AMOUNT),
        ("volume", AMOUNT),
        ("trade_type", pa.string()),
        ("source", pa.string()),
        ("anomaly", pa.string()),
    ]
)

# Times stay text until their spelling is checked: the reader's own parser takes more than the contract.
_AS_WRITTEN = SCHEMA.set(1, pa.field("timestamp", pa.string()))
_PARSE = pj.ParseOptions(explicit_schema=_AS_WRITTEN, unexpected_field_behavior="ignore")
_PLAIN = {
    "trade_id": r"^[^\x00-\x1f\x7f]{1,64}$",
    "timestamp": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(\.\d{1,6})?(Z|\+00:00)$",
    "symbol": r"^[A-Z0-9./_-]{1,20}$",
    "trade_type": r"^(BUY|SELL)$",
    "source": r"^[^\x00-\x1f\x7f]{1,64}$",
}
AMOUNTS = (b"price", b"volume")
_LABEL = r"^[^\x00-\x1f\x7f]{1,64}$"
_NOTHING, _TEN_DIGITS = pa.scalar(0, AMOUNT), pa.scalar(10**10, AMOUNT)
_FIRST, _END = pa.scalar(EARLIEST, TIME), pa.scalar(LATEST, TIME)


def read(values: Sequence[bytes]) -> tuple[pa.Table, pa.Array] | None:
    """Return a row for each message, in `SCHEMA`, and which rows are plainly good trades.

    None where the messages cannot be read as one: some of them is no JSON object, or is spelled in
    a way that this reader might misunderstand.
    """
    text = b"\n".join(values)
    if max(map(len, values)) > MAX_MESSAGE_BYTES or not _is_readable(text, values):
        return None
    try:
        written = pj.read_json(
            pa.py_buffer(text), pj.ReadOptions(use_threads=False, block_size=len(text) + 1), _PARSE
        )
        if written.num_rows != len(values):
            return None
        written = written.select(_AS_WRITTEN.names)
        plain = _plain(written)
        # A time that is spelled well may still be none, such as the 30th of February.
        moments = pc.cast(pc.if_else(plain, written["timestamp"], None), TIME)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return None
    plain = pc.and_(plain, _within(moments, _FIRST, _END))
    return written.set_column(1, SCHEMA.field(1), moments).combine_chunks(), plain.combine_chunks()


def _is_readable(text: bytes, values: Sequence[bytes]) -> bool:
    count = len(values)
    if text.count(b"{") != count or text.count(b"}") != count or b"[" in text:
        return False
    return (
        text.count(b"\n") == count - 1
        and _each_is_an_object(text, values)
        and _no_amount_is_quoted(text, count)
        and _is_utf8(text)
    )


def _each_is_an_object(text: bytes, values: Sequence[bytes]) -> bool:
    """Tell whether every message begins with its brace and ends with it."""
    ends = np.cumsum(np.fromiter(map(len, values), np.int64, len(values)) + 1) - 1
    characters = np.frombuffer(text, np.uint8)
    starts = np.concatenate(([0], ends[:-1] + 1))
    return bool((characters[starts] == ord("{")).all() and (characters[ends - 1] == ord("}")).all())


def _no_amount_is_quoted(text: bytes, count: int) -> bool:
    """Tell whether no price and no volume stands in quotes.

    Without white space and escapes there is one way to write that. With them each name must stand
    once in each message, as it is, with a colon and at most one space behind it.
    """
    if any(b'"%b":"' % name in text for name in AMOUNTS):
        return False
    if not any(character in text for character in (b" ", b"\t", b"\r", b"\\")):
        return True
    if b"\t" in text or b"\r" in text or b":  " in text:
        return False
    return all(text.count(b'"%b":' % name) == count and b'"%b": "' % name not in text for name in AMOUNTS)


def _is_utf8(text: bytes) -> bool:
    try:
        return text.isascii() or bool(text.decode())
    except UnicodeDecodeError:
        return False


def _plain(written: pa.Table) -> pa.ChunkedArray:
    """Tell of each row whether every field is plainly as the contract wants it; a null never is."""
    plain = pc.or_kleene(pc.is_null(written["anomaly"]), pc.match_substring_regex(written["anomaly"], _LABEL))
    for name, pattern in _PLAIN.items():
        plain = pc.and_(plain, pc.match_substring_regex(written[name], pattern))
    for name in ("price", "volume"):
        above = pc.greater(written[name], _NOTHING)
        plain = pc.and_(plain, pc.and_(above, pc.less(written[name], _TEN_DIGITS)))
    return pc.fill_null(plain, False)  # noqa: FBT003 - Arrow's own signature


def _within(moments: pa.ChunkedArray, first: pa.Scalar, end: pa.Scalar) -> pa.ChunkedArray:
    inside = pc.and_(pc.greater_equal(moments, first), pc.less(moments, end))
    return pc.fill_null(inside, False)  # noqa: FBT003 - Arrow's own signature
