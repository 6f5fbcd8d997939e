"""Auctions by the codes of each vendor."""

import pytest

from stockstream.market.trade.auctions import Auction, auction_of


@pytest.mark.parametrize(
    ("conditions", "auction"),
    [
        # The tape, in the columns of TAQ, and as Alpaca lists its codes.
        ("@O X", Auction.OPENING),
        ("@6 X", Auction.CLOSING),
        ("  5 ", Auction.REOPENING),
        ("Q", Auction.OFFICIAL_OPEN),
        ("@ M", Auction.OFFICIAL_CLOSE),
        ('["@","6"]', Auction.CLOSING),
        ("@FTI", None),
        ("4", None),
        ("7", None),
        # Massive.
        ("25", Auction.OPENING),
        ("17,41", Auction.OPENING),
        ("8,9", Auction.CLOSING),
        ("8", Auction.CLOSING),
        ("[9, 19, 41]", Auction.CLOSING),
        ("15", Auction.OFFICIAL_CLOSE),
        ("16", Auction.OFFICIAL_OPEN),
        ("28", Auction.REOPENING),
        ("5,6", None),  # bunched sold, and cap election: codes of the tape mean something else
        ("12,37", None),
        # AlgoSeek.
        ("00000041", Auction.OPENING),
        ("00000081", Auction.CLOSING),
        ("00000100", Auction.REOPENING),
        ("01000000", Auction.OFFICIAL_CLOSE),
        ("04000000", Auction.OFFICIAL_OPEN),
        ("00002001", None),
        ("80000000", None),
        # What is both is the auction itself.
        ("01000080", Auction.CLOSING),
        ("@6M", Auction.CLOSING),
        ("", None),
        (None, None),
    ],
)
def test_an_auction_is_known_by_the_codes_of_its_vendor(
    conditions: str | None, auction: Auction | None
) -> None:
    assert auction_of(conditions) == auction
