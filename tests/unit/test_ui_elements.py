"""The pieces of HTML: order, direction in words, and nothing from outside unescaped."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html.parser import HTMLParser

from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.records import Mark, ShownTrade, Standing
from stockstream.ui.html import elements

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PICTURE = MarketSnapshot(Question("15m"), NOON)
EVIL = "<script>alert(1)</script>"


def standing(symbol: str, last: str, value: str = "100", findings: int = 0) -> Standing:
    return Standing(
        symbol=symbol,
        last=Decimal(last),
        open=Decimal(100),
        high=Decimal(120),
        low=Decimal(90),
        volume=Decimal(10),
        buy_volume=Decimal(4),
        sell_volume=Decimal(6),
        value=Decimal(value),
        vwap=Decimal(10),
        trades=3,
        late=0,
        findings=findings,
    )


class Tags(HTMLParser):
    """The tags of a piece of HTML, to see that each is closed and none came from outside."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that opens."""
        del attrs
        self.open.append(tag)
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        """See that it is the last one opened."""
        assert self.open.pop() == tag


def test_a_symbol_without_a_trade_in_the_window_has_dashes_and_no_change() -> None:
    quiet = replace(standing("QUIET", "1"), open=None, high=None, low=None, vwap=None, volume=Decimal(0))
    text = elements.performance([quiet], {}, {})
    assert quiet.change is None
    assert text.count("—") == 4


# It updates the last price, its side is the venue's, and nothing corrects it.
STANDS = (True, False, None, False, None)


def test_direction_is_told_by_arrow_and_sign() -> None:
    rows = [standing("UP", "110"), standing("DOWN", "90")]
    text = elements.performance(rows, {}, {})
    assert "▲ +10.00 %" in text
    assert "▼ \N{MINUS SIGN}10.00 %" in text


def test_what_comes_from_outside_is_escaped() -> None:
    mark = Mark(NOON, NOON, EVIL, EVIL, [EVIL], 1.0, 0.5, EVIL, is_span=False, price=None)
    trade = ShownTrade(
        EVIL, NOON, EVIL, Decimal(1), Decimal(1), "BUY", EVIL, *STANDS, EVIL, EVIL, Decimal(1), EVIL
    )
    drawn = [
        elements.findings([mark], NOON),
        elements.tape([trade], "$"),
        elements.performance([standing(EVIL, "1")], {}, {}),
    ]
    for text in drawn:
        tags = Tags(text)
        assert "script" not in tags.seen
        assert not tags.open


def test_a_sparkline_needs_two_points_and_keeps_the_last() -> None:
    line = [(NOON + timedelta(seconds=at), Decimal(at)) for at in range(1000)]
    assert elements.sparkline(line[:1]) == ""
    drawn = elements.sparkline(line)
    assert 'class="up"' in drawn
    assert drawn.count("%2C") < 3 * elements.SPARK_POINTS
    assert 'class="flat"' in elements.sparkline([(NOON, Decimal(5)), (NOON, Decimal(5))])


def test_prices_below_zero_have_changes_and_a_side_may_be_unknown() -> None:
    oil = replace(standing("CL=F", "-30"), open=Decimal(-40))
    assert oil.change == 25
    assert replace(oil, open=Decimal(0)).change is None
    trade = ShownTrade(
        "1",
        NOON,
        "CL=F",
        Decimal("-37.63"),
        Decimal(1),
        None,
        None,
        *STANDS,
        "x",
        None,
        Decimal(1),
        None,
    )
    row = elements.tape([trade], "$")
    assert "-37.63" in row
    assert "BUY" not in row
    assert "SELL" not in row


def test_a_trade_that_counts_no_more_says_so() -> None:
    stands = ShownTrade(
        "1", NOON, "X", Decimal(1), Decimal(1), "BUY", None, *STANDS, "x", None, Decimal(1), "price_spike"
    )
    corrected = replace(stands, corrected_at=NOON)
    cancelled = replace(stands, corrects="1", cancels=True, corrected_at=NOON)
    drawn = [elements.tape([trade], "$") for trade in (corrected, cancelled, stands)]
    assert ["void" in row for row in drawn] == [True, True, False]
    assert ["corrected" in drawn[0], "cancelled" in drawn[1], "price spike" in drawn[2]] == [True] * 3
