"""The compose file as Docker Compose itself reads it, and the Dockerfiles as far as no engine is needed."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from stockstream.settings import PROJECT, Settings
from tests.documented import commands
from tests.integration.compose_cli import Composed, compose_command, config, published

# A cold build of Compose takes about a minute on two free cores, longer beside other tests.
pytestmark = pytest.mark.timeout(1800)

SERVERS = {"kafka", "postgres", "flink-jobmanager", "flink-taskmanager", "flink-sql-gateway"}
PROCESSES = {"producer", "consumer", "aggregator", "detector", "dashboard"}
DOCKERFILES = sorted((PROJECT / "docker").glob("*.Dockerfile"))


@pytest.fixture(scope="module")
def compose() -> list[str]:
    return compose_command()


@pytest.fixture(scope="module")
def everything(compose: list[str]) -> Composed:
    return config(compose, profile="app")


@pytest.fixture(scope="module")
def services(everything: Composed) -> Composed:
    result: Composed = everything["services"]
    return result


def mounts(service: Composed) -> dict[str, str]:
    assert all(each["type"] == "volume" for each in service.get("volumes", []))
    return {each["source"]: each["target"] for each in service.get("volumes", [])}


def conditions(service: Composed) -> dict[str, str]:
    return {name: each["condition"] for name, each in service.get("depends_on", {}).items()}


def test_a_plain_up_brings_the_servers_and_the_app_profile_the_processes(compose: list[str]) -> None:
    assert set(config(compose)["services"]) == SERVERS
    assert set(config(compose, profile="app")["services"]) == SERVERS | PROCESSES | {"init"}


def test_every_published_port_is_on_loopback_with_the_defaults_of_the_settings(services: Composed) -> None:
    ports = {name: published(service) for name, service in services.items() if published(service)}
    assert ports == {
        "kafka": [("127.0.0.1", "9092", 9092)],
        "postgres": [("127.0.0.1", "5432", 5432)],
        "flink-jobmanager": [("127.0.0.1", "8081", 8081)],
        "flink-sql-gateway": [("127.0.0.1", "8083", 8083)],
        "dashboard": [("127.0.0.1", "8501", 8501)],
    }


def test_ports_follow_the_environment(compose: list[str]) -> None:
    moved = config(
        compose,
        profile="app",
        KAFKA_PORT="1092",
        POSTGRES_PORT="1432",
        FLINK_PORT="1081",
        FLINK_GATEWAY_PORT="1083",
        DASHBOARD_PORT="1501",
    )["services"]
    ports = [port for service in moved.values() for _, port, _ in published(service)]
    assert sorted(ports) == ["1081", "1083", "1092", "1432", "1501"]
    assert "HOST://127.0.0.1:1092," in moved["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert moved["consumer"]["environment"]["POSTGRES_PORT"] == "5432", "inside nothing moves"


def test_the_data_of_the_servers_outlives_their_containers(everything: Composed) -> None:
    services = everything["services"]
    assert mounts(services["kafka"]) == {"kafka-data": "/var/lib/kafka/data"}
    assert services["kafka"]["environment"]["KAFKA_LOG_DIRS"] == "/var/lib/kafka/data"
    assert mounts(services["postgres"]) == {"postgres-data": "/var/lib/postgresql"}
    assert mounts(services["flink-jobmanager"]) == mounts(services["flink-taskmanager"])
    assert set(everything["volumes"]) == {"kafka-data", "postgres-data", "flink-state", "models"}


def test_the_detector_and_the_dashboard_share_the_models(services: Composed) -> None:
    assert mounts(services["detector"]) == mounts(services["dashboard"]) == {"models": "/app/models"}


def test_images_are_pinned(services: Composed) -> None:
    assert services["kafka"]["image"] == "apache/kafka:4.3.1"
    assert services["postgres"]["image"] == "postgres:18"
    built = {service["build"]["dockerfile"] for name, service in services.items() if name in PROCESSES}
    assert built == {"docker/app.Dockerfile"}
    for dockerfile in DOCKERFILES:
        bases = re.findall(r"^FROM (\S+)", dockerfile.read_text("utf-8"), re.MULTILINE)
        assert bases
        assert all(re.search(r":\d+\.\d+", base) for base in bases)


def test_what_runs_for_ever_comes_back_and_what_runs_once_does_not(services: Composed) -> None:
    policies = {name: service["restart"] for name, service in services.items()}
    assert policies == dict.fromkeys(SERVERS | PROCESSES, "unless-stopped") | {"init": "no"}


def test_a_process_starts_once_the_servers_answer_and_the_schema_stands(services: Composed) -> None:
    servers = {"kafka": "service_healthy", "postgres": "service_healthy"}
    assert conditions(services["init"]) == servers
    assert services["init"]["command"] == ["python", "database.py", "init"]
    for name in PROCESSES:
        assert conditions(services[name]) == servers | {"init": "service_completed_successfully"}


def test_whatever_can_be_asked_has_a_health_check(services: Composed) -> None:
    checked = {name: service["healthcheck"] for name, service in services.items() if "healthcheck" in service}
    assert set(checked) == SERVERS | PROCESSES
    for number, name in enumerate(("producer", "consumer", "aggregator", "detector")):
        base = int(services[name]["environment"]["METRICS_PORT"])
        assert f"127.0.0.1:{base + number}/healthz" in checked[name]["test"][-1]
    assert "pg_isready" in checked["postgres"]["test"][1]
    assert "kafka:19092" in checked["kafka"]["test"]
    assert "_stcore/health" in checked["dashboard"]["test"][-1]
    assert all(check["retries"] >= 3 and check["timeout"] for check in checked.values())


def test_metrics_are_served_within_the_network_alone(services: Composed) -> None:
    assert {services[name]["environment"]["METRICS_HOST"] for name in PROCESSES} == {"0.0.0.0"}  # noqa: S104 - a container's own
    assert not any(9480 <= target < 9484 for name in services for _, _, target in published(services[name]))


def test_inside_the_network_a_process_asks_the_servers_by_their_names(services: Composed) -> None:
    for name in PROCESSES | {"init"}:
        environment = services[name]["environment"]
        assert environment["KAFKA_BOOTSTRAP_SERVERS"] == "kafka:19092"
        assert (environment["POSTGRES_HOST"], environment["POSTGRES_PORT"]) == ("postgres", "5432")
    assert "NETWORK://kafka:19092" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]


def test_the_defaults_are_those_of_the_settings(compose: list[str], tmp_path: Path) -> None:
    empty = tmp_path / "empty.env"
    empty.touch()
    bare = config(compose, profile="app", COMPOSE_ENV_FILES=str(empty))["services"]
    environment = bare["producer"]["environment"]
    defaults = {name: field.default for name, field in Settings.model_fields.items()}
    for key in set(environment) - {
        "KAFKA_BOOTSTRAP_SERVERS",
        "POSTGRES_HOST",
        "POSTGRES_PASSWORD",
        "SERVICES",
        "METRICS_HOST",
    }:
        assert environment[key] == str(defaults[key.lower()]), key
    assert environment["POSTGRES_PASSWORD"] == defaults["postgres_password"].get_secret_value()
    server = bare["postgres"]["environment"]
    assert {key: environment[key] for key in server} == server


def test_values_reach_server_and_process_alike(compose: list[str]) -> None:
    given = config(compose, profile="app", POSTGRES_PASSWORD="another", KAFKA_TOPIC="ticks")["services"]  # noqa: S106 - a value of this test
    for name in ("postgres", "consumer", "dashboard", "flink-jobmanager"):
        assert given[name]["environment"]["POSTGRES_PASSWORD"] == "another"  # noqa: S105 - the same
    assert given["producer"]["environment"]["KAFKA_TOPIC"] == "ticks"


@pytest.mark.parametrize("command", [each for each in commands() if each.startswith("docker compose ")])
def test_a_documented_command_is_one_that_compose_takes(command: str, compose: list[str]) -> None:
    """Without an engine nothing comes up: the files, the services and the options are what can be asked."""
    words = shlex.split(command)[2:]
    at = next(index for index, word in enumerate(words) if word in {"up", "run", "down"})
    doing, rest = words[at], words[at + 1 :]
    options = [word for word in rest if word.startswith("-")]
    named = [word for word in rest if not word.startswith("-")]
    # `run` takes one service, and then what runs in it.
    services, options = (named[:1], options[:1]) if doing == "run" else (named, options)
    read, helped = (
        subprocess.run([*compose, *asked], cwd=PROJECT, capture_output=True, text=True, check=False)
        for asked in ([*words[:at], "config", "--services", *services], [doing, "--help"])
    )
    assert (read.returncode, read.stderr) == (0, "")
    assert set(services) <= set(read.stdout.split())
    assert [option for option in options if not re.search(rf"{option}\b", helped.stdout)] == []


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_is_clean(dockerfile: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    ran = subprocess.run([linter, dockerfile], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_every_file_that_an_image_copies_is_there(services: Composed) -> None:
    builds = [service["build"] for service in services.values() if "build" in service]
    for context, name in {(build["context"], build["dockerfile"]) for build in builds}:
        text = (Path(context) / name).read_text("utf-8")
        copies = re.findall(r"^COPY (?!--from)(.+) \S+$", text, re.MULTILINE)
        assert copies
        for source in " ".join(copies).split():
            assert list(Path(context).glob(source.rstrip("/"))), f"{name} copies {source}"


def test_no_image_holds_a_secret_and_none_runs_as_root() -> None:
    lines = (PROJECT / ".dockerignore").read_text("utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "nothing goes in but what is named"
    named = {rule for rule in rules if rule.startswith("!")}
    assert named == {"!requirements.txt", "!*.py", "!flink_*.sql", "!.streamlit", "!stockstream"}
    assert rules.index(".streamlit/secrets.toml") > rules.index("!.streamlit")
    for dockerfile in DOCKERFILES:
        users = re.findall(r"^USER (.+)$", dockerfile.read_text("utf-8"), re.MULTILINE)
        assert users[-1:] in (["10001"], ["9999"]), dockerfile.name


def test_every_jar_of_the_flink_image_has_a_checksum() -> None:
    jars = (PROJECT / "docker/flink-jars.txt").read_text("utf-8").split()
    files = ["{1}-{2}.jar".format(*jar.split(":")) for jar in jars]
    sums = [line.split() for line in (PROJECT / "docker/flink-jars.sha256").read_text("utf-8").splitlines()]
    assert [name for _, name in sums] == files
    assert all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest, _ in sums)
