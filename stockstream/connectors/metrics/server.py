"""The HTTP server of a process, with one page for Prometheus and one for health checks."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from prometheus_client import start_http_server

from stockstream.connectors.metrics.process import ProcessMetrics
from stockstream.settings import Settings

# The port of each is METRICS_PORT plus its index.
PROCESSES = ("producer", "consumer", "aggregator", "detector")
HEALTH = "/healthz"
# A loop turns several times a second, or retries every few seconds; model training is its longest pause.
LONGEST_SILENCE = 120.0

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def port_of(process: str, settings: Settings) -> int:
    """Return the port of a process, or 0 for none.

    >>> port_of("aggregator", Settings(metrics_port=9000))
    9002
    """
    return settings.metrics_port and settings.metrics_port + PROCESSES.index(process)


def serve(process: str, settings: Settings, metrics: ProcessMetrics, log: logging.Logger) -> None:
    """Serve `/metrics` and `/healthz` from their own threads, until the process ends.

    If the port is not available, this is logged and the process continues without the server.
    """
    host, port = settings.metrics_host, port_of(process, settings)
    if not port:
        return
    try:
        server, _ = start_http_server(port, host, metrics.registry)
    except OSError as exc:
        log.warning(
            "no metrics, cannot listen on port %s of %s (%s): set METRICS_PORT to another base port, or to 0 "
            "for none; all else goes on",
            *(port, host, exc.strerror or exc),
        )
        return
    server.set_app(partial(_answer, metrics, server.get_app()))  # type: ignore[arg-type]
    log.info("metrics at http://%s:%s/metrics", host, port)


def _answer(
    metrics: ProcessMetrics, page: App, environ: dict[str, Any], start_response: Callable[..., Any]
) -> Iterable[bytes]:
    if environ["PATH_INFO"] != HEALTH:
        return page(environ, start_response)
    silence = metrics.silence()
    is_well = silence < LONGEST_SILENCE
    words = "ok" if is_well else f"the loop has not turned for {silence:.0f} s"
    start_response("200 OK" if is_well else "503 Service Unavailable", [("Content-Type", "text/plain")])
    return [f"{words}\n".encode()]
