"""Start the whole system, or the parts of it that are down."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from threading import Event

from stockstream.connectors.kafka.client import cluster_of
from stockstream.connectors.kafka.topic import ensure_topic
from stockstream.connectors.postgres.connection import address_of, connect
from stockstream.connectors.postgres.schema import migrate
from stockstream.errors import ServiceError
from stockstream.services import ports
from stockstream.services.bind_check import require_safe
from stockstream.services.console import StartConsole
from stockstream.services.servers import docker
from stockstream.services.servers.kafka_metadata import require_unmixed
from stockstream.services.servers.readiness import await_answer
from stockstream.services.servers.selection import Kafka, Origin, Postgres, Server, origins
from stockstream.services.servers.zookeeper_server import ZooKeeper
from stockstream.services.stop import stop_all
from stockstream.services.supervision import orphans
from stockstream.services.supervision.health import await_flow
from stockstream.services.supervision.programs import BASE, apps
from stockstream.services.supervision.run_folder import RunFolder
from stockstream.services.supervision.supervisor import Supervisor
from stockstream.settings import Settings


def start(settings: Settings, stop: Event, output: StartConsole, *, servers_alone: bool = False) -> None:
    """Start servers, topic, schema and processes; what already runs is left alone.

    With `servers_alone` no process is started: each then runs in its own terminal.

    Order of effects: possible obstacles are checked first; then come the servers, in parallel; then topic and
    schema; then the processes. If any of this fails, everything that this start began is ended again. Last,
    it waits for the first trades; if they do not arrive, what runs is left for inspection.

    Raises:
        StockstreamError: the obstacle, in one line.
    """
    require_safe(settings)
    folder = RunFolder(settings.data_dir.resolve())
    with folder.alone(output.wait_for):
        launch = _Launch(settings, folder, stop, output)
        launch.end_orphans()
        with launch.undone_on_failure():
            if not servers_alone:
                launch.require_dashboard_port()
            launch.servers_up()
            launch.topic_and_schema()
            if servers_alone:
                return
            launch.processes_up()
        await_flow(settings, [program.name for program in apps(settings)], stop, output.wait_for)


class _Launch:
    """One run of start."""

    def __init__(self, settings: Settings, folder: RunFolder, stop: Event, output: StartConsole) -> None:
        self._settings = settings
        self._folder = folder
        self._stop = stop
        self._voice = output
        self._supervisor = Supervisor(folder)

    def end_orphans(self) -> None:
        """End what a killed supervisor has left behind: nothing would restart it any more."""
        if not self._supervisor.is_alive() and (left := orphans.find(self._folder.path)):
            self._voice.say("left over", f"{len(left)} processes without their supervisor; ending them")
            orphans.end(left)

    @contextmanager
    def undone_on_failure(self) -> Iterator[None]:
        """End what this run began if the block fails."""
        fresh = not self._supervisor.is_alive()
        try:
            yield
        except BaseException:
            if fresh:
                stop_all(self._settings, self._folder)
            raise

    def require_dashboard_port(self) -> None:
        """Raise ServiceError if another program has the dashboard's port."""
        port = self._settings.dashboard_port
        if "dashboard" not in self._running() and ports.is_taken(port, self._settings.dashboard_host):
            raise ServiceError(
                what=f"port {port}, the dashboard's, is taken by {ports.holder(port)}; "
                "end it, or set DASHBOARD_PORT to a free port"
            )

    def servers_up(self) -> None:
        """Make sure that all servers answer, each from its origin."""
        servers: list[Server] = [Kafka(self._settings), Postgres(self._settings)]
        running = self._running()
        down = [server for server in servers if server.name not in running]
        decided = self._docker_up(down, origins(down, self._settings.services))
        embedded = [server for server in down if decided[server.name] == "embedded"]
        if decided.get("kafka", "embedded") == "embedded":
            base = self._base()
            servers[:0] = base
            embedded[:0] = [server for server in base if server.name not in running]
        self._embedded_up(embedded)
        with ThreadPoolExecutor() as pool:
            list(pool.map(self._await, servers))
        for server in servers:
            self._voice.say(server.title, f"{server.endpoint} ({decided.get(server.name, 'embedded')})")

    def _base(self) -> list[Server]:
        """Return the servers that an embedded Kafka needs according to the settings."""
        require_unmixed(self._settings)
        if self._settings.kafka_metadata == "kraft":
            return []
        zookeeper = ZooKeeper(self._settings)
        if zookeeper.name not in self._running():
            zookeeper.require_free_port()
        return [zookeeper]

    def topic_and_schema(self) -> None:
        """Create the topic if needed, and migrate the tables to their newest version."""
        self._voice.wait_for("topic and tables")
        made = ensure_topic(
            cluster_of(self._settings),
            self._settings.kafka_topic,
            self._settings.kafka_partitions,
        )
        address = address_of(self._settings)
        with closing(connect(address, "start")) as connection:
            steps = migrate(connection, address)
        self._voice.say("topic", f"{self._settings.kafka_topic} ({'made' if made else 'there'})")
        self._voice.say(
            "tables", f"{address.database} ({f'{len(steps)} steps forward' if steps else 'up to date'})"
        )

    def processes_up(self) -> None:
        """Make sure that every process of the system runs."""
        programs = apps(self._settings)
        if {program.name for program in programs} - self._running():
            self._supervisor.update(programs)
        started = self._supervisor.start(program.name for program in programs)
        self._voice.say("processes", f"{', '.join(started)} started" if started else "all run already")

    def _running(self) -> set[str]:
        return {
            info["name"] for info in self._supervisor.infos() if info["statename"] in ("RUNNING", "STARTING")
        }

    def _docker_up(self, down: list[Server], decided: dict[str, Origin]) -> dict[str, Origin]:
        wanted = [server.name for server in down if decided[server.name] == "docker"]
        ours = [name for name in wanted if name not in docker.running(self._settings)] if wanted else []
        if not ours:
            return decided
        self._voice.wait_for(f"Docker to bring up {' and '.join(ours)}")
        self._folder.remember_docker({*self._folder.docker_services, *ours, *self._beneath(ours)})
        docker.up(self._settings, ours)
        return decided

    def _beneath(self, services: list[str]) -> tuple[str, ...]:
        """Return what Compose starts with these services by itself."""
        return BASE if "kafka" in services and self._settings.kafka_metadata == "zookeeper" else ()

    def _embedded_up(self, embedded: list[Server]) -> None:
        if embedded:
            self._voice.wait_for(" and ".join(server.title for server in embedded))
        with ThreadPoolExecutor() as pool:
            programs = list(pool.map(lambda server: server.prepared(self._folder.path), embedded))
        programs += apps(self._settings)
        if not self._supervisor.is_alive():
            self._supervisor.launch(programs)
        elif embedded:
            self._supervisor.update(programs)
        self._supervisor.start(server.name for server in embedded)

    def _await(self, server: Server) -> None:
        def may_come() -> bool:
            if self._stop.is_set():
                raise ServiceError(what="interrupted before all was up")
            states = {info["name"]: info["statename"] for info in self._supervisor.infos()}
            return states.get(server.name, "RUNNING") in ("RUNNING", "STARTING")

        await_answer(server.title, server.check, may_come, self._folder.logs / f"{server.name}.log")
