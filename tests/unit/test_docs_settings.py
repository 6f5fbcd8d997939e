"""The page of the settings, `.env` and the program say the same."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest
from dotenv import dotenv_values
from pydantic import SecretStr, ValidationError

from stockstream.settings import PROJECT, Settings

ROW = re.compile(r"^\| `([A-Z_]+)` \| `([^`]*)` \| (.+?) \| (.+) \|$", re.MULTILINE)
TOLD = {key: rest for key, *rest in ROW.findall((PROJECT / "docs" / "settings.md").read_text("utf-8"))}
BOUNDS = re.compile(r"(above )?([\d,.]+)(?:,? up)? to ([\d,]+)")


def default(key: str) -> str:
    """Return a default as it is written."""
    value: Any = Settings.model_fields[key.lower()].default
    if isinstance(value, Path):
        return str(value.relative_to(PROJECT))
    if value is None:
        return ""
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def is_taken(key: str, value: float) -> bool:
    """Whether a value is allowed."""
    try:
        Settings(**{key.lower(): value})  # type: ignore[arg-type]
    except ValidationError:
        return False
    return True


def test_the_page_has_every_key_with_its_default() -> None:
    assert {key: told for key, (told, *_) in TOLD.items()} == {
        key.upper(): default(key) for key in Settings.model_fields
    }


def test_the_file_has_every_key_with_its_default() -> None:
    assert dotenv_values(PROJECT / ".env") == {key.upper(): default(key) for key in Settings.model_fields}


@pytest.mark.parametrize("key", [key for key, (_, allowed, _) in TOLD.items() if BOUNDS.fullmatch(allowed)])
def test_the_bounds_are_those_that_are_told(key: str) -> None:
    found = BOUNDS.match(TOLD[key][1])
    assert found
    low, high = (float(bound.replace(",", "")) for bound in found.groups()[1:])
    assert is_taken(key, high)
    assert not is_taken(key, high + 1)
    assert is_taken(key, low) == (not found[1])
    assert not is_taken(key, low - 1)


def test_every_choice_is_told() -> None:
    choices = get_args(Settings.model_fields["services"].annotation)
    assert re.findall(r"`(\w+)`", TOLD["SERVICES"][1]) == list(choices)
