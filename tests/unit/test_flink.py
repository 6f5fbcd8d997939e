"""Flink's archives and statements, as far as no Flink is needed."""

from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest
from pydantic import SecretStr

from stockstream.connectors.flink.gateway import statements
from stockstream.connectors.flink.http import root_cause
from stockstream.connectors.flink.rest import Flink
from stockstream.errors import FlinkUnreachableError
from stockstream.jobs.flink.lifecycle import end, newest_state
from stockstream.jobs.flink.script import CANDLES, PATTERNS, Job, Options, identity, restoring, script
from stockstream.services import ports
from stockstream.services.servers.jvm import flink_archives
from stockstream.services.servers.jvm.jars import locked
from stockstream.settings import PROJECT, Settings

SETTINGS = Settings(postgres_password=SecretStr("it's"))


def test_the_image_and_the_local_flink_have_the_same_archives() -> None:
    lock = {f"{jar.group}:{jar.name}:{jar.version}": jar.sha256 for jar in locked(flink_archives.LOCK)}
    image = (PROJECT / "docker/flink-jars.txt").read_text("utf-8").split()
    sums = (PROJECT / "docker/flink-jars.sha256").read_text("utf-8").split()[::2]
    assert dict(zip(image, sums, strict=True)).items() <= lock.items()
    base = (PROJECT / "docker/flink.Dockerfile").read_text("utf-8")
    assert f"FROM flink:{flink_archives.VERSION}-" in base
    assert f"=={flink_archives.VERSION} " in flink_archives.REQUIREMENTS.read_text("utf-8")


def test_the_settings_are_filled_in_and_quoted() -> None:
    text = script(SETTINGS.model_copy(update={"allowed_lateness": 2.5}), Options(PATTERNS))
    assert "${" not in text
    assert "'password' = 'it''s'" in text
    assert "INTERVAL '2.500' SECOND" in text
    assert "'jdbc:postgresql://localhost:5432/stock_market_db?" in text


@pytest.mark.parametrize(("job", "inserts"), [(CANDLES, 1), (PATTERNS, 2)])
def test_a_whole_job_is_one_statement(job: Job, inserts: int) -> None:
    found = statements(script(SETTINGS, Options(job)))
    assert [each.split()[0] for each in found[:3]] == ["SET", "SET", "SET"]
    assert [each.count("INSERT INTO") for each in found if "INSERT INTO" in each] == [inserts]


def test_the_tables_can_tell_which_job_writes() -> None:
    assert "ApplicationName=stockstream%20flink&" in script(SETTINGS, Options())
    assert "ApplicationName=stockstream%20flink&" not in script(SETTINGS, Options(PATTERNS))


def test_another_job_does_not_go_on_from_this_ones_state() -> None:
    own = identity(SETTINGS, Options())
    assert identity(SETTINGS, Options(checkpoint_interval=1)) == own
    assert identity(SETTINGS, Options(parallelism=2)) != own
    patterns = identity(SETTINGS, Options(PATTERNS))
    assert patterns != own
    patient = SETTINGS.model_copy(update={"allowed_lateness": 1})
    assert identity(patient, Options(PATTERNS)) != patterns
    assert identity(SETTINGS.model_copy(update={"kafka_topic": "other"}), Options()) != own


def test_the_newest_whole_state_is_taken(tmp_path: Path) -> None:
    assert newest_state(tmp_path) is None
    assert not restoring(None)
    whole, broken = tmp_path / "checkpoints/1/chk-7", tmp_path / "savepoints/s"
    for folder, text in ((whole, "state"), (broken, "")):
        folder.mkdir(parents=True)
        (folder / "_metadata").write_text(text)
    assert newest_state(tmp_path) == whole
    assert str(whole) in restoring(whole)


def test_the_cause_of_a_java_trace_is_one_line() -> None:
    trace = "java.lang.RuntimeException: outer\n\tat a.b(C.java:1)\n"
    trace += "Caused by: org.x.ValidationException: No column 'x'\n\tat d"
    assert root_cause(trace) == "No column 'x'"


def test_where_no_flink_is_the_error_names_the_place() -> None:
    url = f"http://127.0.0.1:{ports.free_port()}"
    with pytest.raises(FlinkUnreachableError, match=url):
        Flink(url).running("job")


class Parting(Flink):
    """A Flink whose page goes before it has told where its savepoint is."""

    def __init__(self, state: Path, made: str) -> None:
        super().__init__("http://127.0.0.1")
        self._made = state / made

    def stop(self, _job: str, _goes_on: Callable[[], bool]) -> str:
        """Make it, and go."""
        self._made.mkdir(parents=True)
        (self._made / "_metadata").write_text("state")
        raise FlinkUnreachableError(name="Flink", url=self.url, reason="gone")


def test_a_savepoint_that_nobody_told_of_is_found_in_its_folder(tmp_path: Path) -> None:
    made = tmp_path / "1/savepoints/savepoint-2"
    assert end(Parting(tmp_path, "1/savepoints/savepoint-2"), "job", tmp_path, Event()) == str(made)


def test_a_checkpoint_is_no_savepoint(tmp_path: Path) -> None:
    with pytest.raises(FlinkUnreachableError):
        end(Parting(tmp_path, "1/checkpoints/chk-2"), "job", tmp_path, Event())


def test_a_safe_connection_is_asked_for_where_the_settings_do(tmp_path: Path) -> None:
    authority = tmp_path / "ca.pem"
    authority.write_text("-----BEGIN CERTIFICATE-----\n", "utf-8")
    safe = SETTINGS.model_copy(
        update={
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_username": "tess",
            "kafka_sasl_password": SecretStr('it\'s "odd"'),
            "kafka_ssl_ca": authority,
            "postgres_sslmode": "verify-full",
            "postgres_sslrootcert": authority,
        }
    )
    text = script(safe, Options())
    assert "'properties.security.protocol' = 'SASL_SSL'" in text
    assert 'ScramLoginModule required username="tess" password="it\'\'s \\"odd\\"";' in text
    assert "'properties.ssl.truststore.certificates' = '-----BEGIN CERTIFICATE-----\n'" in text
    assert f"&sslmode=verify-full&sslrootcert={authority}'" in text
    assert "security" not in script(SETTINGS, Options())


def test_another_way_to_the_servers_makes_no_other_job() -> None:
    other = SETTINGS.model_copy(update={"postgres_sslmode": "require", "kafka_security_protocol": "SSL"})
    assert identity(other, Options()) == identity(SETTINGS, Options())
