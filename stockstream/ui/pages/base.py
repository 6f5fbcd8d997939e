"""What a page is: how it asks its question, how it draws the answer, and what else it offers."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar

from stockstream.ui.controls import Controls
from stockstream.ui.data.live import Answer, Asked

Shown = TypeVar("Shown", bound=Answer)


class Page(ABC, Generic[Shown]):
    """One page of the dashboard."""

    title: ClassVar[str]
    # The path in the address; empty for the first page.
    path: ClassVar[str]
    icon: ClassVar[str]

    @abstractmethod
    def ask(self, controls: Controls, known: set[str], seen: Shown | None) -> Callable[[], Asked]:
        """Show the page's own controls.

        Args:
            known: the symbols that can be chosen.
            seen: the last answer, if there is one.

        Returns:
            A function that returns the question; it is called at each refresh.
        """

    @abstractmethod
    def draw(self, answer: Shown) -> None:
        """Draw the answer, from top to bottom."""

    def offers(self, answer: Shown) -> set[str]:
        """Return the names in an answer that the controls should offer."""
        del answer
        return set()

    @abstractmethod
    def aside(self, controls: Controls, shown: Callable[[], Shown | None]) -> None:
        """Draw the downloads and background tasks below; they do not refresh with the rest.

        Args:
            shown: returns the last answer.
        """
