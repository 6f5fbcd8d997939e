"""The project's scripts as processes of a test; they end with the test, however it ends."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from stockstream.settings import PROJECT


@contextmanager
def running(environment: Mapping[str, str], script: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a script; its standard error can be read, and it is killed at the end.

    If the test fails, the standard error that was not read is printed.
    """
    with subprocess.Popen(
        [sys.executable, script, *arguments],
        cwd=PROJECT,
        env=dict(environment),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            if process.stderr:
                print(process.stderr.read(), file=sys.stderr)  # noqa: T201 - pytest shows it
            raise
        finally:
            process.kill()


def ran(environment: Mapping[str, str], script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end, at most two minutes, and return the result with its output."""
    return subprocess.run(
        [sys.executable, script, *arguments],
        cwd=PROJECT,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
