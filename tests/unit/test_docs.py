"""What the documents say exists: scripts, their options, files and settings."""

import re
import shlex
import subprocess
import sys
from functools import cache

import pytest

from stockstream.settings import PROJECT
from tests.documented import DOCUMENTS, fenced, typed

SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
INTERPRETERS = ("python", ".venv/bin/python")


def scripted() -> list[str]:
    """Every command line and span of the documents that runs a script of the project."""
    found = set()
    for document in DOCUMENTS:
        for line in [*fenced(document), *SPAN.findall(document.read_text("utf-8"))]:
            command = typed(line).split(" |")[0]
            if command.startswith((*(f"{name} " for name in INTERPRETERS), "./")):
                found.add(command)
    return sorted(found)


@cache
def help_of(script: str, command: str) -> str:
    """What `--help` of a script and of its sub-command say."""
    told = ""
    for words in ([script, "--help"], [script, command, "--help"]):
        run = subprocess.run(
            [sys.executable, *words], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=60
        )
        told += run.stdout
    return told


@pytest.mark.parametrize("command", scripted())
def test_a_command_of_the_documents_exists(command: str) -> None:
    words = shlex.split(command)
    script = words[1] if words[0] in INTERPRETERS else words[0]
    if script == "-m":
        return
    assert (PROJECT / script).is_file(), command
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    if script.endswith(".py") and options:
        told = help_of(script, words[2])
        assert [option for option in options if option not in told] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_a_document_links_to_is_there(document: object) -> None:
    path = PROJECT / str(document)
    links = LINK.findall(path.read_text("utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_the_documents_have_commands() -> None:
    assert len(scripted()) > len(DOCUMENTS)
