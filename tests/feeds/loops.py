"""A loop of its own for a test: tests of a browser leave theirs running in the main thread."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

Outcome = TypeVar("Outcome")


def ran_alone(scene: Coroutine[Any, Any, Outcome]) -> Outcome:
    """Run a coroutine to its end in a thread that has no loop yet."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, scene).result()
