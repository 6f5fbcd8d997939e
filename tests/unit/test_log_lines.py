"""Log lines: plain as a person reads them, or one JSON object each."""

import json
import logging
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Event

import pytest

from stockstream import cli, log_lines
from stockstream.errors import UsageError
from stockstream.settings import Settings


@pytest.fixture(autouse=True)
def left_as_it_was() -> Iterator[None]:
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], sys.excepthook = handlers, hook
    root.setLevel(level)


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_of_json_carries_what_a_collector_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    begun = datetime.now(UTC)
    log_lines.begin("consumer", "json")
    logging.getLogger("kafka").warning('a "quoted" line\nof two', extra={"partition": 3})
    (line,) = said(capsys)
    told = datetime.fromisoformat(str(line.pop("timestamp")))
    assert begun <= told <= datetime.now(UTC)
    assert str(told.tzinfo) == "UTC"
    assert line == {
        "level": "WARNING",
        "logger": "kafka",
        "process": "consumer",
        "message": 'a "quoted" line\nof two',
        "partition": 3,
    }


def test_a_plain_line_is_as_it_always_was(capsys: pytest.CaptureFixture[str]) -> None:
    log_lines.begin("consumer")
    logging.getLogger("consumer").info("reading", extra={"partition": 3})
    assert capsys.readouterr().err[8:] == " consumer: reading\n"


def test_a_fault_of_the_program_is_one_object_with_its_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    log_lines.begin("consumer", "json")
    try:
        _ = 1 / 0
    except ZeroDivisionError as exc:
        sys.excepthook(type(exc), exc, exc.__traceback__)
    (line,) = said(capsys)
    assert line["level"] == "CRITICAL"
    assert "ZeroDivisionError" in str(line["exc_info"])


@pytest.mark.parametrize("style", ["plain", "json"])
def test_the_error_that_ends_a_script_is_one_line_in_the_style_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], style: str
) -> None:
    def main(_arguments: Namespace, _settings: Settings, _stop: Event) -> int:
        raise UsageError(what="--rate 0: needs more")

    monkeypatch.setenv("LOG_FORMAT", style)
    for settle in ("_stop_on_signals", "_collect_seldom", "_give_memory_back"):
        monkeypatch.setattr(cli, settle, lambda *_: None)
    with pytest.raises(SystemExit) as ended:
        cli.run(ArgumentParser(prog="producer.py"), main, [])
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    if style == "plain":
        assert line == "producer: --rate 0: needs more; see --help"
    else:
        told = json.loads(line)
        assert (told["level"], told["message"]) == ("ERROR", "--rate 0: needs more; see --help")
        assert (told["process"], told["error"]) == ("producer", "UsageError")
