"""The commands that the documents ask a reader to type."""

import re
from pathlib import Path

from stockstream.settings import PROJECT

DOCUMENTS = sorted([*PROJECT.glob("*.md"), *PROJECT.glob("docs/*.md"), *PROJECT.glob("bench/*.md")])
# A block includes both its fences, so that the end of one is not taken for the beginning of the next.
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELLS = ("", "sh", "bash", "console")


def typed(line: str) -> str:
    """Return the part of a line that is typed: no prompt, no comment, `python` for the one in .venv.

    >>> typed("$ .venv/bin/python database.py status      # sizes")
    'python database.py status'
    """
    return line.partition(" #")[0].strip().removeprefix("$ ").removeprefix(".venv/bin/")


def fenced(document: Path) -> list[str]:
    """Return the commands in a document's shell blocks, in order; a backslash continues a line."""
    text = document.read_text("utf-8")
    blocks = (block.replace("\\\n", " ") for language, block in BLOCK.findall(text) if language in SHELLS)
    lines = (typed(line) for block in blocks for line in block.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def commands() -> list[str]:
    """Return every command of all documents once, in reading order."""
    return list(dict.fromkeys(command for document in DOCUMENTS for command in fenced(document)))
