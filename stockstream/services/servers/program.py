"""What a process is: a command, the user that runs it, and the signal that ends it properly."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from signal import SIGTERM, Signals
from typing import Literal, Self

Part = Literal["page", "app", "server", "base"]


@dataclass(frozen=True)
class Program:
    """A process to run.

    `folder` is its working directory; `user` is a system user's name, or None for the current user; `timeout`
    is how many seconds it may take to end after `stop_signal`; `part` determines the order in which processes
    end: pages, which store nothing, then apps, then the servers that apps use, last the base that a server
    itself needs.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    stop_signal: Signals = SIGTERM
    timeout: int = 20
    part: Part = "app"

    def to_json(self) -> str:
        """Return the program as text, for another process to run."""
        return json.dumps(asdict(self) | {"folder": str(self.folder)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the program that `to_json` wrote."""
        facts = json.loads(text)
        facts["command"] = tuple(facts["command"])
        return cls(**facts | {"folder": Path(facts["folder"]), "stop_signal": Signals(facts["stop_signal"])})
