"""The result of a health check: the state of a part, what was measured, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from stockstream.errors import StockstreamError


class State(StrEnum):
    """State of a part; waiting is healthy: something is still to come, or to be done by hand."""

    OK = "ok"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """The check result of one part, in a line; `remedy` is empty if nothing is to be done."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Check:
    """Return the result for a healthy part."""
    return Check(name, State.OK, detail)


def waiting(name: str, detail: str, remedy: str = "") -> Check:
    """Return the result for a part that is not there yet, which is not a fault."""
    return Check(name, State.WAITING, detail, remedy)


def failed(name: str, detail: str, remedy: str) -> Check:
    """Return the result for a faulty part, with what is wrong and what to do."""
    return Check(name, State.FAILED, detail, remedy)


def unknown(name: str, without: str) -> Check:
    """Return the result for a part that cannot be judged because another one has failed."""
    return failed(name, f"cannot tell without {without}", f"mend {without} first")


def happened(fault: StockstreamError) -> str:
    """Return what happened according to a fault, without its remedy: the check has its own."""
    return str(fault).partition("; ")[0]


def is_healthy(checks: Iterable[Check]) -> bool:
    """Return whether no part has failed."""
    return all(check.state is not State.FAILED for check in checks)
