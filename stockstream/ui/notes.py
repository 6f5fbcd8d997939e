"""Notes on the page about what cannot be shown exactly as requested."""

from collections.abc import Sequence

from stockstream.ui.controls import Controls
from stockstream.ui.data.live import Answer
from stockstream.ui.data.market_snapshot import MarketSnapshot, Question
from stockstream.ui.data.search import Found
from stockstream.ui.data.system_status import SystemStatus
from stockstream.ui.data.window import RANGE
from stockstream.ui.data.zones import zone_name
from stockstream.ui.html import formatting

REVERSED = "the range ends before it begins: shown is the time between the two"


def notes(controls: Controls, problems: Sequence[str], answer: Answer | None) -> list[str]:
    """Return one line for each thing that is not shown as requested.

    Args:
        controls: the current controls.
        problems: the values of the address that cannot be used.
        answer: the last answer.
    """
    lines = [f"cannot be used: {'; '.join(problems)}"] if problems else []
    if controls.is_reversed:
        lines.append(REVERSED)
    if answer is not None and not isinstance(answer, SystemStatus) and answer.newest is not None:
        lines += _unknown(answer, answer.question.of if isinstance(answer, Found) else answer.question)
    if isinstance(answer, MarketSnapshot) and answer.newest is not None and _is_empty(answer):
        lines.append(_reach(answer))
    return lines


def _is_empty(snapshot: MarketSnapshot) -> bool:
    asked = snapshot.question
    return asked.window == RANGE and not (asked.only_anomalies or snapshot.tape or snapshot.elsewhere)


def _reach(snapshot: MarketSnapshot) -> str:
    first, newest = (
        formatting.moment(moment, snapshot.read_at) for moment in (snapshot.first, snapshot.newest) if moment
    )
    return f"no trade in this range; trades are stored from {first} to {newest} {zone_name(snapshot.read_at)}"


def _unknown(answer: MarketSnapshot | Found, question: Question) -> list[str]:
    asked = {*question.symbols, *filter(None, (question.focus,))}
    unknown = asked.difference(answer.symbols)
    if not unknown:
        return []
    said = f"no trade of {', '.join(sorted(unknown))} is stored"
    are_all_shown = unknown.issuperset(question.symbols) and question.focus not in question.symbols
    return [f"{said}: all symbols are shown" if are_all_shown and question.symbols else said]
