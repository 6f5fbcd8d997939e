"""What a process serves to Prometheus, read as Prometheus reads it."""

from collections.abc import Callable
from http.client import HTTPConnection

from prometheus_client.parser import text_string_to_metric_families

from stockstream.connectors.metrics.server import PROCESSES
from stockstream.services import ports


class Scrape:
    """The samples of one scrape."""

    def __init__(self, text: str) -> None:
        self._samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float | None:
        """Return a sample by its name and labels, or None if there is none."""
        return next(
            (each.value for each in self._samples if (each.name, each.labels) == (name, labels)), None
        )

    def by(self, name: str, label: str) -> dict[str, float]:
        """Return the samples with a name by the value of a label."""
        return {each.labels[label]: each.value for each in self._samples if each.name == name}


def page(port: int, path: str = "/metrics") -> tuple[int, str]:
    """Return the status and the text of a page; status 0 if nothing answers yet."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def scraper(port: int) -> Callable[[], Scrape]:
    """Return a function that scrapes a process; before the process answers there are no samples."""
    return lambda: Scrape(page(port)[1])


def free_base() -> int:
    """Return a base port that begins enough free consecutive ports."""
    while True:
        base = ports.free_port()
        if not any(ports.is_taken(base + number) for number in range(len(PROCESSES))):
            return base
