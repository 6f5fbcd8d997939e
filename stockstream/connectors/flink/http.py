"""JSON over HTTP, as Flink's two doors speak it."""

import json
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from stockstream.errors import FlinkError, FlinkUnreachableError

TIMEOUT = 30.0


def ask(url: str, body: object = None, *, method: str = "", name: str = "Flink") -> Any:  # noqa: ANN401 - JSON
    """Return the answer to a GET, or to a POST where there is a body.

    Raises:
        FlinkUnreachableError: nobody answers there, or somebody who is not Flink.
        FlinkError: it answers that it cannot.
    """
    data = None if body is None else json.dumps(body).encode()
    request = Request(url, data, {"Content-Type": "application/json"}, method=method or None)  # noqa: S310 - http
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - the same
            return json.loads(answer.read() or b"null")
    except HTTPError as exc:
        raise FlinkError(what=f"{name} at {url} refuses: {_reason(exc)}") from exc
    except (OSError, HTTPException) as exc:
        reason = getattr(exc, "reason", None) or exc
        raise FlinkUnreachableError(name=name, url=url, reason=reason) from exc
    except ValueError as exc:
        raise FlinkUnreachableError(name=name, url=url, reason="what answers is not Flink") from exc


def _reason(exc: HTTPError) -> str:
    try:
        errors = json.loads(exc.read())["errors"]
    except (OSError, ValueError, KeyError, TypeError):
        return f"HTTP {exc.code}"
    return root_cause("\n".join(map(str, errors)))


def root_cause(trace: str) -> str:
    """Return the line of a Java stack trace that tells most: the last cause, without its class."""
    lines = [line.strip() for line in trace.splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    last = (causes or lines or ["no reason given"])[-1] if causes else (lines or ["no reason given"])[0]
    head, colon, rest = last.partition(": ")
    return rest if colon and " " not in head and "." in head else last
