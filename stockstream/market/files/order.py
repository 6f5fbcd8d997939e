"""Whether a file's trades are in order of time, and by how much they deviate."""

from datetime import datetime, timedelta


class Order:
    """The order of the trades so far.

    Attributes:
        seen: the number of trades.
        late: the number of trades that are older than one before them.
        furthest: by how much at most.

    >>> from datetime import UTC
    >>> order = Order()
    >>> [order.add(datetime(2026, 1, 5, 10, minute, tzinfo=UTC)).seconds for minute in (1, 3, 2, 3)]
    [0, 0, 60, 0]
    >>> order.seen, order.late, order.furthest.seconds
    (4, 1, 60)
    """

    def __init__(self) -> None:
        self.seen = self.late = 0
        self.furthest = timedelta()
        self._latest: datetime | None = None

    def add(self, moment: datetime) -> timedelta:
        """Add a trade's time and return by how much it is older than the newest before it."""
        self.seen += 1
        if self._latest is None or moment >= self._latest:
            self._latest = moment
            return timedelta()
        behind = self._latest - moment
        self.late += 1
        self.furthest = max(self.furthest, behind)
        return behind
