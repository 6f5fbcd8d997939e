"""A trade as it happened, and what a venue has to be able to say of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Protocol

BEGIN = datetime(2026, 11, 23, 10, 0, 0, 123_000, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Fact:
    """A trade as it happened."""

    number: int
    symbol: str
    price: Decimal
    size: Decimal
    buyer_takes: bool

    @property
    def at(self) -> datetime:
        """When it happened: a millisecond, so that every venue's clock can say it."""
        return BEGIN + timedelta(milliseconds=37 * self.number)

    @property
    def micros(self) -> int:
        """The same in microseconds since 1970."""
        return (self.at - EPOCH) // timedelta(microseconds=1)


class Language(Protocol):
    """What a venue says."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """What it trades."""

    @property
    def step(self) -> int:
        """From one number to the next; above 1 numbers are left out."""

    def trade(self, fact: Fact) -> str:
        """Say a trade."""

    def opening(self, told: list[Fact]) -> list[str]:
        """Say what a new connection hears first, of the trades so far of all symbols."""

    def beat(self, last: dict[str, int]) -> list[str]:
        """Say that the connection lives."""

    def page(self, path: str, query: dict[str, str], told: list[Fact]) -> str:
        """Answer a request for trades of before."""

    @property
    def listens(self) -> bool:
        """Whether it waits for a subscription before it says trades."""

    def answer(self, said: str, told: list[Fact]) -> list[str]:
        """Answer what a listener says."""

    def admits(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> bool:
        """Return whether a request has the right key."""


class Open:
    """A venue that gives its trades to everybody."""

    listens = False

    def answer(self, said: str, told: list[Fact]) -> list[str]:
        """Say nothing."""
        del said, told
        return []

    def admits(self, path: str, query: dict[str, str], headers: Mapping[str, str]) -> bool:
        """Admit everybody."""
        del path, query, headers
        return True
