"""Output of health checks: text for people, JSON for programs."""

from collections.abc import Sequence

import msgspec
from rich.text import Text

from stockstream.jobs.health.check_result import Check, State, is_healthy

STYLES = {State.OK: "green", State.WAITING: "yellow", State.FAILED: "bold red"}


def lines(checks: Sequence[Check]) -> list[Text]:
    """Return one aligned line per check, and a summary line at the end."""
    width = max(len(check.name) for check in checks)
    return [*(_line(check, width) for check in checks), _sum(checks)]


def document(checks: Sequence[Check]) -> str:
    """Return the checks as JSON: {"healthy": bool, "checks": [{name, state, detail, remedy}]}."""
    return msgspec.json.encode({"healthy": is_healthy(checks), "checks": checks}).decode()


def _line(check: Check, width: int) -> Text:
    line = Text.assemble(
        (f"{check.state:<9}", STYLES[check.state]), (f"{check.name:<{width + 2}}", "bold"), check.detail
    )
    return line.append(f" → {check.remedy}", "dim") if check.remedy else line


def _sum(checks: Sequence[Check]) -> Text:
    if is_healthy(checks):
        return Text("healthy", STYLES[State.OK])
    names = ", ".join(check.name for check in checks if check.state is State.FAILED)
    return Text.assemble(("not healthy", STYLES[State.FAILED]), f": {names}")
