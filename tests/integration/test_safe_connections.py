"""Kafka by SASL_SSL and PostgreSQL by verified TLS: who fits gets in, and who does not is told why."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stockstream.connectors.kafka.client import Cluster, cluster_of
from stockstream.connectors.kafka.topic import partition_counts
from stockstream.connectors.postgres.connection import Address, Tls, address_of, connect
from stockstream.errors import RecoverableError
from stockstream.settings import Settings
from tests.certificates import Certificates, made
from tests.fresh import environment_of, open_folder
from tests.integration.safe_servers import safe_servers
from tests.integration.safe_story import COUNT, Story, play
from tests.scripts import ran

TIMEOUT = 2.0
WRONG = "wrong"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with open_folder() as opened:
        yield opened


@pytest.fixture(scope="module")
def certificates(folder: Path) -> Certificates:
    return made(folder)


@pytest.fixture(scope="module")
def safe(folder: Path, certificates: Certificates) -> Iterator[Settings]:
    with safe_servers(folder, certificates) as settings:
        yield settings


def _elsewhere(servers: str) -> str:
    return servers.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize(
    ("spoil", "what", "remedy"),
    [
        (
            lambda it, _: replace(it, password=WRONG),
            "refuses user tess by SCRAM-SHA-512",
            "KAFKA_SASL_PASSWORD",
        ),
        (lambda it, files: replace(it, authority=files.stranger), "local issuer certificate", "KAFKA_SSL_CA"),
        (lambda it, _: replace(it, servers=_elsewhere(it.servers)), "Hostname mismatch", "BOOTSTRAP_SERVERS"),
        (lambda it, _: Cluster(it.servers), "it speaks TLS", "set KAFKA_SECURITY_PROTOCOL"),
    ],
    ids=["password", "authority", "host", "in the clear"],
)
def test_what_keeps_kafka_shut_is_one_line(
    safe: Settings,
    certificates: Certificates,
    spoil: Callable[[Cluster, Certificates], Cluster],
    what: str,
    remedy: str,
) -> None:
    spoilt = spoil(cluster_of(safe), certificates)
    with pytest.raises(RecoverableError) as refusal:
        partition_counts(spoilt, TIMEOUT)
    said = str(refusal.value)
    assert what in said
    assert spoilt.servers in said
    assert remedy in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("spoil", "what", "remedy"),
    [
        (lambda it, _: replace(it, password=WRONG), "password authentication failed", "create them there"),
        (
            lambda it, files: replace(it, tls=replace(it.tls, authority=files.stranger)),
            "local issuer certificate",
            "POSTGRES_SSLROOTCERT",
        ),
        (lambda it, _: replace(it, host="localhost"), "Hostname mismatch", "check POSTGRES_SSLROOTCERT"),
        (lambda it, _: replace(it, tls=Tls("disable")), "it speaks TLS", "set POSTGRES_SSLMODE"),
    ],
    ids=["password", "authority", "host", "in the clear"],
)
def test_what_keeps_postgresql_shut_is_one_line(
    safe: Settings,
    certificates: Certificates,
    spoil: Callable[[Address, Certificates], Address],
    what: str,
    remedy: str,
) -> None:
    spoilt = spoil(address_of(safe), certificates)
    with pytest.raises(RecoverableError) as refusal:
        connect(spoilt, "test")
    said = str(refusal.value)
    assert what in said
    assert f"{spoilt.host}:{spoilt.port}" in said
    assert remedy in said
    assert "\n" not in said


@pytest.fixture(scope="module")
def story(safe: Settings) -> Story:
    """The whole way of trades, each process as a user of its own, on tables of one who may make no roles."""
    return play(safe)


def test_an_owner_who_may_make_no_roles_is_told_what_is_to_be_run(story: Story) -> None:
    assert "took steps" in story.first.stdout
    assert "CREATE ROLE stockstream_writer NOLOGIN;" in story.first.stdout
    assert "roles:" not in story.second.stdout


def test_trades_go_the_whole_way_over_tls_each_process_in_its_role(story: Story) -> None:
    for name, done in story.processes.items():
        assert done.returncode == 0, f"{name}: {done.stderr}"
    assert story.counted == (COUNT, COUNT, COUNT)
    assert story.unencrypted == 0


def test_what_a_role_may_not_do_a_script_says_in_one_line(story: Story) -> None:
    assert story.refused.returncode == 1
    last = story.refused.stderr.splitlines()[-1]
    assert last.startswith("aggregator: PostgreSQL refuses the statement (")
    assert "has this user the right" in last
    assert "Traceback" not in story.refused.stderr


def test_a_script_that_is_refused_says_so(safe: Settings) -> None:
    environment = environment_of(safe) | {"KAFKA_SASL_PASSWORD": "wrong"}
    done = ran(environment, "test_system.py")
    assert done.returncode == 1
    assert "refuses user tess" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
