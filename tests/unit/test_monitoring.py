"""What the documents, the dashboard and the alert rules name is what the processes serve."""

import json
import re
from typing import Any

import promql_parser
import yaml

from stockstream.connectors.metrics.server import PROCESSES, port_of
from stockstream.settings import PROJECT, Settings
from tests import catalogue

FOLDER = PROJECT / "docker/observability"
# What Prometheus makes itself.
OF_PROMETHEUS = {"up", "ALERTS"}
PAGE = (PROJECT / "docs/monitoring.md").read_text("utf-8")


def test_the_tables_of_the_page_are_the_registries() -> None:
    told = dict(re.findall(r"^\| `(stockstream_\w+)` \| (\w+) \|", PAGE, re.MULTILINE))
    assert told == {name: metric.type for name, metric in catalogue.ours().items()}


def names_in(query: str) -> set[str]:
    """Return the metrics that a query asks for."""
    found: set[str] = set()
    todo: list[object] = [promql_parser.parse(query)]
    while todo:
        node = todo.pop()
        if isinstance(node, promql_parser.VectorSelector) and node.name:
            found.add(node.name)
        parts = (getattr(node, part, None) for part in ("expr", "lhs", "rhs", "vector_selector", "args"))
        todo += [
            each
            for part in parts
            if part is not None
            for each in (part if isinstance(part, list) else [part])
        ]
    return found


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    dashboard = json.loads((FOLDER / "grafana/dashboards/stockstream.json").read_text("utf-8"))
    found: list[dict[str, Any]] = dashboard["panels"]
    return found


def test_the_dashboard_asks_for_what_is_served_and_leaves_nothing_out() -> None:
    asked = set().union(*(names_in(target["expr"]) for panel in panels() for target in panel["targets"]))
    assert asked - catalogue.series() == OF_PROMETHEUS
    unseen = {name for name in catalogue.ours() if not {name, f"{name}_bucket"} & asked}
    assert unseen == {"stockstream_last_commit_timestamp_seconds"}, "which the alert rules ask for"


def test_every_panel_of_the_dashboard_asks_the_datasource_that_is_provisioned() -> None:
    (source,) = yaml.safe_load(
        (FOLDER / "grafana/provisioning/datasources/prometheus.yml").read_text("utf-8")
    )["datasources"]
    asked = [each["datasource"] for panel in panels() for each in (panel, *panel["targets"])]
    assert {each["uid"] for each in asked} == {source["uid"]}
    assert len({panel["id"] for panel in panels()}) == len(panels())


def test_the_alert_rules_ask_for_what_is_served() -> None:
    asked = set().union(*(names_in(rule["expr"]) for rule in rules()))
    assert asked - catalogue.series() == {"up"}


def test_every_alert_says_what_happened_and_the_page_what_to_do() -> None:
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in rules())
    assert re.findall(r"^\| `(\w+)` \| (?:critical|warning) \|", PAGE, re.MULTILINE) == [
        rule["alert"] for rule in rules()
    ]


def test_what_prometheus_looks_at_is_where_the_processes_serve() -> None:
    settings = Settings(metrics_port=Settings.model_fields["metrics_port"].default)
    expected = {name: port_of(name, settings) for name in PROCESSES} | {
        "dashboard": Settings.model_fields["dashboard_port"].default
    }
    assert {job["job_name"]: job["dns_sd_configs"][0]["port"] for job in jobs("prometheus.yml")} == expected
    on_host = {job["job_name"]: job["static_configs"][0]["targets"][0] for job in jobs("prometheus.host.yml")}
    assert on_host == {name: f"127.0.0.1:{port}" for name, port in expected.items()}


def jobs(file: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((FOLDER / file).read_text("utf-8"))["scrape_configs"]
    return found
