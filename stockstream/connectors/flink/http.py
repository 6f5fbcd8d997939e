"""JSON over HTTP, for Flink's REST API and its SQL gateway."""

import json
from typing import Any

import httpx

from stockstream.connectors.web import reason_of
from stockstream.errors import FlinkError, FlinkUnreachableError

TIMEOUT = 30.0


def ask(url: str, body: object = None, *, method: str = "", name: str = "Flink") -> Any:  # noqa: ANN401 - JSON
    """Return the answer to a GET, or to a POST if there is a body.

    Raises:
        FlinkUnreachableError: nothing answers there, or something other than Flink.
        FlinkError: it answers with an error.
    """
    try:
        answer = httpx.request(method or ("GET" if body is None else "POST"), url, json=body, timeout=TIMEOUT)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise FlinkUnreachableError(name=name, url=url, reason=reason_of(exc)) from exc
    if answer.is_error:
        raise FlinkError(what=f"{name} at {url} refuses: {_reason(answer)}")
    try:
        return json.loads(answer.content or b"null")
    except ValueError as exc:
        raise FlinkUnreachableError(name=name, url=url, reason="what answers is not Flink") from exc


def _reason(answer: httpx.Response) -> str:
    try:
        errors = json.loads(answer.content)["errors"]
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
    return root_cause("\n".join(map(str, errors)))


def root_cause(trace: str) -> str:
    """Return the most informative line of a Java stack trace: the last cause, without its class."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    last = (causes or lines or ["no reason given"])[-1] if causes else (lines or ["no reason given"])[0]
    head, colon, rest = last.partition(": ")
    return rest if colon and " " not in head and "." in head else last
