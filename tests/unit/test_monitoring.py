"""What the documents, the dashboard and the alert rules name is what the processes serve."""

import re

from stockstream.settings import PROJECT
from tests import catalogue

PAGE = (PROJECT / "docs/monitoring.md").read_text("utf-8")


def test_the_tables_of_the_page_are_the_registries() -> None:
    told = dict(re.findall(r"^\| `(stockstream_\w+)` \| (\w+) \|", PAGE, re.MULTILINE))
    assert told == {name: metric.type for name, metric in catalogue.ours().items()}
