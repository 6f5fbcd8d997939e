"""What is said of a part: how it is, what was seen, and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from stockstream.errors import StockstreamError


class State(StrEnum):
    """How a part is. Waiting is healthy: something is still to come, or to be done by hand."""

    OK = "ok"
    WAITING = "waiting"
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One part, in a line; `remedy` is empty where nothing is to be done."""

    name: str
    state: State
    detail: str
    remedy: str = ""


def ok(name: str, detail: str) -> Check:
    """Say that a part is well."""
    return Check(name, State.OK, detail)


def waiting(name: str, detail: str, remedy: str = "") -> Check:
    """Say that a part is not there yet, which is no fault."""
    return Check(name, State.WAITING, detail, remedy)


def failed(name: str, detail: str, remedy: str) -> Check:
    """Say what is wrong with a part and what to do."""
    return Check(name, State.FAILED, detail, remedy)


def unknown(name: str, without: str) -> Check:
    """Say that a part cannot be judged, because another one has failed."""
    return failed(name, f"cannot tell without {without}", f"mend {without} first")


def happened(fault: StockstreamError) -> str:
    """Return what a fault says has happened, without what to do: the check has its own remedy."""
    return str(fault).partition("; ")[0]


def is_healthy(checks: Iterable[Check]) -> bool:
    """Return whether no part has failed."""
    return all(check.state is not State.FAILED for check in checks)
