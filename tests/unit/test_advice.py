"""What the system advises exists: each command and option in a line that it says."""

import ast
import io
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

from stockstream.settings import PROJECT

SOURCES = sorted([*PROJECT.glob("*.py"), *(PROJECT / "stockstream").rglob("*.py")])
COMMAND = re.compile(r"python ([a-z_]+\.py)((?: [a-z]+)?)((?: --[a-z-]+)*)")
SHELL = re.compile(r"\./([a-z]+\.sh)")
OPTION = re.compile(r"(?<![\w-])(--[a-z]+(?:-[a-z]+)*)")
SCRIPTS = (
    *("producer", "consumer", "aggregator", "anomaly_detector"),
    *("database", "flink_processor", "test_system"),
)
# What follows the name of a script in a sentence, and is no command of it.
WORDS = ("and", "python", "bring", "ends", "is", "starts", "shows", "tells", "looks", "made", "makes")
# What other programs have: their options stand in the lines that start them.
OF_OTHERS = ("services", "ui", "dashboard_page.py")


COMMANDS = (
    "train",
    "analyze",
    "watch",
    "evaluate",
    "init",
    "status",
    "export",
    "import",
    "prune",
    "run",
    "submit",
)


@cache
def help_of(script: str, *command: str) -> str:
    """Return what `--help` of a script or of one of its commands says, nothing where there is none."""
    module = import_module(f"stockstream.commands.{'health' if script == 'test_system' else script}")
    with redirect_stdout(io.StringIO()) as said, redirect_stderr(io.StringIO()), suppress(SystemExit):
        module.parser().parse_args([*command, "--help"])
    return said.getvalue() if len(command) == said.getvalue().partition(" [-h]")[0].count(" ") - 1 else ""


def strings(path: Path) -> Iterator[str]:
    """Yield the texts of a source, the docstrings of exceptions among them."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield " ".join(node.value.split())


def advice() -> list[tuple[str, str, str]]:
    found = {match for path in SOURCES for text in strings(path) for match in COMMAND.findall(text)}
    return sorted((script, command.strip(), options.strip()) for script, command, options in found)


@pytest.mark.parametrize(("script", "word", "options"), advice())
def test_a_command_that_is_advised_exists(script: str, word: str, options: str) -> None:
    assert (PROJECT / script).is_file()
    name, commands = script.removesuffix(".py"), [word] if word and word not in WORDS else []
    known = help_of(name, *commands)
    assert known
    assert [option for option in options.split() if option not in known] == []


def test_options_that_are_named_in_a_line_exist() -> None:
    known = "".join(help_of(script) for script in SCRIPTS)
    known += "".join(help_of(script, command) for script in SCRIPTS for command in COMMANDS)
    ours = [path for path in SOURCES if not set(OF_OTHERS) & set(path.relative_to(PROJECT).parts)]
    named = {option for path in ours for text in strings(path) for option in OPTION.findall(text)}
    assert sorted(option for option in named - {"--wait"} if option not in known) == []  # that of Compose


def test_shell_scripts_that_are_advised_exist() -> None:
    named = {name for path in SOURCES for text in strings(path) for name in SHELL.findall(text)}
    assert sorted(name for name in named if not (PROJECT / name).is_file()) == []
    assert "start.sh" in named
