"""The files that stand on top of docker-compose.yml, as Docker Compose itself reads them together."""

import re
from pathlib import Path

import pytest
import yaml

from stockstream.settings import PROJECT
from tests.integration.compose_cli import Composed, compose_command, config, published

# A cold build of Compose takes about a minute on two free cores, longer beside other tests.
pytestmark = pytest.mark.timeout(1800)

BROKERS = ("kafka", "kafka-2", "kafka-3")
INSIDE = "kafka:19092,kafka-2:19092,kafka-3:19092"


@pytest.fixture(scope="module")
def compose() -> list[str]:
    return compose_command()


@pytest.fixture(scope="module")
def cluster(compose: list[str]) -> Composed:
    return config(compose, "docker-compose.yml", "docker-compose.cluster.yml", profile="app")


@pytest.fixture(scope="module")
def zookeeper(compose: list[str]) -> Composed:
    return config(compose, "docker-compose.yml", "docker-compose.zookeeper.yml", profile="app")


def volumes(service: Composed) -> list[str]:
    return [each["source"] for each in service["volumes"]]


def test_three_brokers_keep_three_copies_and_write_with_two(cluster: Composed) -> None:
    asked = [cluster["services"][name]["environment"] for name in BROKERS]
    assert [each["KAFKA_NODE_ID"] for each in asked] == ["1", "2", "3"]
    assert len({each["KAFKA_CONTROLLER_QUORUM_VOTERS"] for each in asked}) == 1
    for each in asked:
        assert each["KAFKA_DEFAULT_REPLICATION_FACTOR"] == "3"
        assert each["KAFKA_MIN_INSYNC_REPLICAS"] == "2"
        assert each["KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR"] == "3"


def test_each_broker_has_a_name_a_port_and_a_volume_of_its_own(cluster: Composed) -> None:
    services = cluster["services"]
    ports = [port for name in BROKERS for _, port, _ in published(services[name])]
    assert ports == ["9092", "9094", "9095"]
    for name, port in zip(BROKERS, ports, strict=True):
        advertised = services[name]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
        assert advertised == f"HOST://127.0.0.1:{port},NETWORK://{name}:19092"
        assert services[name]["hostname"] == name
        assert f"{name}:19092" in services[name]["healthcheck"]["test"]
    assert [volumes(services[name]) for name in BROKERS] == [
        ["kafka-1-data"],
        ["kafka-2-data"],
        ["kafka-3-data"],
    ]


def test_every_process_knows_all_brokers_and_waits_for_them(cluster: Composed) -> None:
    for name, service in cluster["services"].items():
        if name in {*BROKERS, "postgres"}:
            continue
        assert service["environment"]["KAFKA_BOOTSTRAP_SERVERS"] == INSIDE, name
        if name != "flink-sql-gateway":
            assert {"kafka-2", "kafka-3"} <= service["depends_on"].keys(), name


def test_what_scales_runs_several_times_and_publishes_no_port(cluster: Composed) -> None:
    many = {
        name: service["deploy"]["replicas"]
        for name, service in cluster["services"].items()
        if service.get("deploy", {}).get("replicas")
    }
    assert many == {"consumer": 4, "aggregator": 2, "flink-taskmanager": 2}
    assert not any(published(cluster["services"][name]) for name in many)


def test_all_of_flink_shares_the_volume_of_its_checkpoints(cluster: Composed) -> None:
    services = cluster["services"]
    for name in ("flink-jobmanager", "flink-taskmanager", "flink-sql-gateway"):
        assert volumes(services[name]) == ["flink-state"]
        assert "file:///opt/flink/state/checkpoints" in services[name]["environment"]["FLINK_PROPERTIES"]


def test_zookeeper_serves_a_broker_that_needs_it(zookeeper: Composed) -> None:
    services = zookeeper["services"]
    assert published(services["zookeeper"]) == [("127.0.0.1", "2181", 2181)]
    broker = services["kafka"]
    assert broker["environment"]["KAFKA_ZOOKEEPER_CONNECT"] == "zookeeper:2181"
    assert "KAFKA_PROCESS_ROLES" not in broker["environment"]
    assert broker["depends_on"]["zookeeper"]["condition"] == "service_healthy"
    assert volumes(broker) == ["kafka-zookeeper-data"]
    assert services["consumer"]["environment"]["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:19092"


@pytest.fixture(scope="module")
def observed(compose: list[str]) -> Composed:
    files = ("docker-compose.yml", "docker-compose.cluster.yml", "docker-compose.observability.yml")
    return config(compose, *files, profile="app")


def test_prometheus_and_grafana_stand_on_top_on_loopback_pinned_and_checked(observed: Composed) -> None:
    services = observed["services"]
    assert published(services["prometheus"]) == [("127.0.0.1", "9090", 9090)]
    assert published(services["grafana"]) == [("127.0.0.1", "3000", 3000)]
    for name in ("prometheus", "grafana"):
        assert re.fullmatch(r"\w+/\w+:v?\d+\.\d+\.\d+", services[name]["image"])
        assert services[name]["healthcheck"]["test"]
        assert services[name]["restart"] == "unless-stopped"


def test_every_file_that_they_read_is_there_and_cannot_be_written(observed: Composed) -> None:
    for name in ("prometheus", "grafana"):
        binds = [each for each in observed["services"][name]["volumes"] if each["type"] == "bind"]
        assert binds
        assert all(Path(each["source"]).exists() and each["read_only"] for each in binds)


def test_prometheus_looks_for_services_that_are_there_where_they_serve(observed: Composed) -> None:
    page = yaml.safe_load((PROJECT / "docker/observability/prometheus.yml").read_text("utf-8"))
    for job in page["scrape_configs"]:
        (looked,) = job["dns_sd_configs"]
        (name,) = looked["names"]
        check = " ".join(observed["services"][name]["healthcheck"]["test"])
        assert f"127.0.0.1:{looked['port']}/" in check
