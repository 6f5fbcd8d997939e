"""The ledger of sent messages and the broker's acknowledgements; the tables must equal it."""

from threading import Lock


class Ledger:
    """Every message of one run by the place it carries: run, number and symbol."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sent: set[str] = set()
        self._acknowledged: set[str] = set()

    def send(self, place: str) -> None:
        """Record that a message is about to be sent."""
        with self._lock:
            self._sent.add(place)

    def acknowledge(self, place: str) -> None:
        """Record that the broker has it."""
        with self._lock:
            self._acknowledged.add(place)

    @property
    def sent(self) -> frozenset[str]:
        """The places of all messages that may be in the topic."""
        with self._lock:
            return frozenset(self._sent)

    @property
    def acknowledged(self) -> frozenset[str]:
        """The places of all messages that must be in the tables."""
        with self._lock:
            return frozenset(self._acknowledged)
