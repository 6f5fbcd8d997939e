"""Names use the words of the glossary: one word for one thing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from stockstream.settings import PROJECT

ROOMS = ("stockstream", "bench")
GLOSSARY = (PROJECT / "docs" / "glossary.md").read_text("utf-8")
ROW = re.compile(r"^\| (?P<term>[a-z -]+?) \| (?P<meaning>.+?) \| (?P<refused>[a-z, ]*?) ?\|$", re.MULTILINE)
ROWS = [row for row in ROW.finditer(GLOSSARY) if row["term"] != "term"]
REFUSED = {word: row["term"] for row in ROWS for word in re.split(r", ", row["refused"]) if word}


def sources() -> list[Path]:
    """Return our own Python files: scripts, package and benches."""
    return sorted(
        [*PROJECT.glob("*.py"), *(path for room in ROOMS for path in (PROJECT / room).rglob("*.py"))]
    )


def words(name: str) -> list[str]:
    """Return the words of a name in snake or camel case."""
    return [word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]


def public_names(path: Path) -> Iterator[str]:
    """Yield the names of public classes, functions and their parameters."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(
            node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        ) or node.name.startswith("_"):
            continue
        yield node.name
        if not isinstance(node, ast.ClassDef):
            yield from (each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs))


def refused_words(names: Iterator[str]) -> dict[str, str]:
    """Return the names that use a refused word, and the term to use."""
    return {name: REFUSED[word] for name in names for word in words(name) if word in REFUSED}


def test_the_glossary_has_about_fifty_terms_in_order_each_once() -> None:
    terms = [row["term"] for row in ROWS]
    assert len(terms) == GLOSSARY.count("\n| ") - 2
    assert terms == sorted(set(terms))


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PROJECT)))
def test_public_names_use_no_refused_word(path: Path) -> None:
    assert not refused_words(public_names(path))


def test_file_names_use_no_refused_word() -> None:
    named = [*sources(), *(PROJECT / "stockstream").rglob("*.sql")]
    assert not refused_words(path.stem for path in named if "migrations" not in path.parts)
