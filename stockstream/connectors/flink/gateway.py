"""Flink's SQL gateway, which runs statements and returns the id of the job."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from stockstream.connectors.flink.http import ask, root_cause
from stockstream.errors import FlinkError

LOOK_EVERY = 0.1
NAME = "Flink's SQL gateway"

# Quoted text and comments may contain semicolons; a statement set contains some that do not end it.
TOKEN = re.compile(
    r"'(?:[^']|'')*'|`[^`]*`|--[^\n]*|EXECUTE\s+STATEMENT\s+SET\s+BEGIN\b|\bEND\s*;|;", re.IGNORECASE
)


def statements(script: str) -> list[str]:
    r"""Return the statements of a script, without the comments between them.

    >>> statements("SET 'a' = ';'; -- one; two\nEXECUTE STATEMENT SET BEGIN INSERT x; INSERT y; END;")
    ["SET 'a' = ';'", 'EXECUTE STATEMENT SET BEGIN INSERT x; INSERT y; END']
    """
    found, begin, in_set = [""], 0, False
    for token in TOKEN.finditer(script):
        found[-1] += script[begin : token.start()]
        begin, text = token.end(), token[0]
        if text.upper().startswith("EXECUTE"):
            in_set = True
        ends = (text == ";" and not in_set) or (in_set and text.upper().startswith("END"))
        if not text.startswith("--") and not ends:
            found[-1] += text
        if ends:
            found[-1] += text.rstrip("; \n\t")
            found.append("")
            in_set = False
    found[-1] += script[begin:]
    return [each.strip() for each in found if each.strip()]


class Gateway:
    """A SQL gateway at an address such as http://localhost:8083."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def check(self) -> None:
        """Raise FlinkUnreachableError unless a SQL gateway answers."""
        ask(f"{self._url}/v1/info", name=NAME)

    def run(self, script: str) -> str:
        """Run the statements of a script in order and return the id of the job they started.

        Raises:
            FlinkError: a statement is refused; the error has the reason.
        """
        job = ""
        with self._session() as session:
            for statement in statements(script):
                job = self._job(self._done(session, statement)) or job
        if not job:
            raise FlinkError(what="the statements have begun no job")
        return job

    @contextmanager
    def _session(self) -> Iterator[str]:
        handle = ask(f"{self._url}/v1/sessions", {"sessionName": "stockstream"}, name=NAME)["sessionHandle"]
        session = f"{self._url}/v1/sessions/{handle}"
        try:
            yield session
        finally:
            ask(session, method="DELETE", name=NAME)

    def _done(self, session: str, statement: str) -> dict[str, Any]:
        """Run a statement to its end and return the first page of its result."""
        handle = ask(f"{session}/statements", {"statement": statement}, name=NAME)["operationHandle"]
        operation = f"{session}/operations/{handle}"
        while (status := ask(f"{operation}/status", name=NAME)["status"]) in {"PENDING", "RUNNING"}:
            time.sleep(LOOK_EVERY)
        page: dict[str, Any] = {}
        try:
            page = ask(f"{operation}/result/0", name=NAME)
        except FlinkError as exc:
            head = " ".join(statement.split())[:60]
            raise FlinkError(what=f"Flink refuses the statement {head!r}…: {exc.facts['what']}") from exc
        if status != "FINISHED":
            raise FlinkError(what=f"a statement ended {status}: {root_cause(str(page))}")
        return page

    @staticmethod
    def _job(page: dict[str, Any]) -> str:
        return str(page.get("jobID") or "")
