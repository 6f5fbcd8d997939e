"""The supervisor of one DATA_DIR: it runs the processes and restarts those that end."""

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from http.client import HTTPException
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil
from supervisor.xmlrpc import Faults, SupervisorTransport  # type: ignore[import-untyped]

from stockstream.errors import ServiceError
from stockstream.services.servers.program import Program
from stockstream.services.servers.readiness import last_line
from stockstream.services.supervision.run_folder import MARK, PART, RunFolder
from stockstream.services.supervision.supervisor_config import HOME, rendered
from stockstream.settings import PROJECT

TIMEOUT = 20.0
LOOK_EVERY = 0.1

# Opens the working directory as file descriptor 3: the supervisor closes all descriptors from 5 on.
HOLDING_FOLDER = ("/bin/sh", "-c", 'exec "$@" 3<.', "sh")
ENDED = ("STOPPED", "EXITED", "FATAL", "UNKNOWN")


class Supervisor:
    """Control of the supervisor, running or not."""

    def __init__(self, folder: RunFolder) -> None:
        """Set the folder without starting anything."""
        self._folder = folder

    def is_alive(self) -> bool:
        """Return whether it answers."""
        try:
            self._ask("getState")
        except ServiceError:
            return False
        return True

    def launch(self, programs: Iterable[Program]) -> None:
        """Start the supervisor with `programs`, none of them running yet.

        Raises:
            ServiceError: it does not come up.
        """
        self._write(programs)
        log = self._folder.logs / "supervisord.out"
        with log.open("wb") as out:
            child = subprocess.Popen(
                [
                    *HOLDING_FOLDER,
                    sys.executable,
                    "-m",
                    "supervisor.supervisord",
                    "-c",
                    self._folder.config.name,
                ],
                cwd=self._folder.path,
                env=os.environ | {MARK: str(self._folder.path), PART: "supervisor", HOME: str(PROJECT)},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        deadline = time.monotonic() + TIMEOUT
        while not self.is_alive():
            if child.poll() is not None or time.monotonic() > deadline:
                raise ServiceError(what=f"the supervisor does not start ({last_line(log)}); see {log}")
            time.sleep(LOOK_EVERY)

    def update(self, programs: Iterable[Program]) -> None:
        """Update a running supervisor with programs that are new, or changed and not running."""
        self._write(programs)
        ((added, changed, _removed),) = self._ask("reloadConfig")
        running = {info["name"] for info in self.infos() if info["statename"] not in ENDED}
        for name in changed:
            if name not in running:
                self._ask("removeProcessGroup", name)
                added.append(name)
        for name in added:
            self._ask("addProcessGroup", name)

    def infos(self) -> list[dict[str, Any]]:
        """Return the supervisor's information on each process; empty if it does not run."""
        try:
            return list(self._ask("getAllProcessInfo"))
        except ServiceError:
            return []

    def start(self, names: Iterable[str]) -> list[str]:
        """Start the named processes that do not run, and return those that were started."""
        states = {info["name"]: info["statename"] for info in self.infos()}
        started = []
        for name in names:
            if states[name] == "BACKOFF":
                # It waits between two tries; a new start tries at once.
                self.stop([name])
            if states[name] not in ("RUNNING", "STARTING"):
                self._ask("startProcess", name, False)  # noqa: FBT003 - the protocol has no keyword arguments
                started.append(name)
        return started

    def stop(self, names: Iterable[str]) -> None:
        """Stop the named processes together, and wait until they have ended."""
        names = set(names)
        for name in names:
            self._ask("stopProcess", name, False, forgiving=Faults.NOT_RUNNING)  # noqa: FBT003 - the same
        while any(info["name"] in names and info["statename"] not in ENDED for info in self.infos()):
            time.sleep(LOOK_EVERY)

    def shutdown(self) -> None:
        """End the supervisor itself, and wait until it has ended."""
        pid = self._ask("getPID")
        self._ask("shutdown")
        with suppress(psutil.NoSuchProcess):
            psutil.Process(pid).wait(TIMEOUT)

    def _write(self, programs: Iterable[Program]) -> None:
        self._folder.config.write_text(rendered(self._folder, programs), "utf-8")

    def _ask(self, method: str, *arguments: object, forgiving: int | None = None) -> Any:  # noqa: ANN401
        """Call a method of the supervisor's protocol; a fault with the code `forgiving` returns None."""
        try:
            with (
                self._folder.short_socket() as socket,
                closing(SupervisorTransport(None, None, f"unix://{socket}")) as transport,
            ):
                proxy = ServerProxy("http://localhost", transport)
                return getattr(proxy.supervisor, method)(*arguments)
        except Fault as exc:
            if exc.faultCode == forgiving:
                return None
            what = f"the supervisor refuses {method} {arguments} ({exc.faultString})"
            raise ServiceError(what=what) from exc
        except (OSError, HTTPException) as exc:
            raise ServiceError(what=f"the supervisor does not answer ({exc})") from exc
