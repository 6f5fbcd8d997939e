"""What the documents say exists: scripts, their options, files and settings."""

import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from stockstream.market.files.formats import FORMATS
from stockstream.settings import PROJECT
from tests.documented import DOCUMENTS, commands, typed

SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def spans() -> list[str]:
    """Every command within the text of the documents that runs a script; those in blocks are run for real."""
    found = {
        typed(span).split(" |")[0]
        for document in DOCUMENTS
        for span in SPAN.findall(document.read_text("utf-8"))
    }
    return sorted(each for each in found - set(commands()) if each.startswith(("python ", "./")))


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


@pytest.mark.parametrize("command", spans())
def test_a_command_of_the_documents_exists(command: str) -> None:
    words = shlex.split(command)
    script = words[1] if words[0] == "python" else words[0]
    if script == "-m":
        return
    assert (PROJECT / script).is_file(), command
    options = [word.split("=")[0] for word in words if word.startswith("--")]
    if script.endswith(".py") and options:
        told = help_of(script, words[2])
        assert [option for option in options if option not in told] == []


def test_the_formats_of_vendors_are_in_the_table_of_files() -> None:
    text = (PROJECT / "docs" / "files.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| \[(.*)\]\((.*)\) \|.*\|.*\|$", text, re.MULTILINE)
    assert rows == [(each.name, each.title, each.source) for each in FORMATS]


def anchors(document: Path) -> set[str]:
    """Return what a link to a heading may name, as GitHub makes it."""
    headings = HEADING.findall(document.read_text("utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_what_a_document_links_to_is_there(document: Path) -> None:
    links = LINK.findall(document.read_text("utf-8"))
    targets = [(document.parent / path if path else document, anchor) for path, anchor in links]
    assert [str(path) for path, _ in targets if not path.exists()] == []
    assert [anchor for path, anchor in targets if anchor and anchor not in anchors(path)] == []


def test_the_documents_have_commands() -> None:
    assert len(commands()) > len(DOCUMENTS)
    assert spans()
