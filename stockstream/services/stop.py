"""End what start began, and nothing else."""

from stockstream.services.console import StartConsole
from stockstream.services.servers import docker
from stockstream.services.supervision import orphans
from stockstream.services.supervision.programs import BASE, SERVERS
from stockstream.services.supervision.run_folder import RunFolder
from stockstream.services.supervision.supervisor import Supervisor
from stockstream.settings import Settings


def stop(settings: Settings, output: StartConsole, *, wipe: bool) -> None:
    """End every process that a start with this DATA_DIR began; with `wipe`, delete their data too.

    Raises:
        ServiceError: Docker does not end a server.
    """
    folder = RunFolder(settings.data_dir.resolve())
    if not folder.path.exists() and not orphans.find(folder.path):
        output.say("stop", "nothing runs")
        return
    with folder.alone(output.wait_for):
        output.wait_for("the processes to finish")
        ended = stop_all(settings, folder)
        output.say("stop", f"ended {', '.join(ended)}" if ended else "nothing runs")
        if wipe:
            _wipe(settings, folder, output)


def stop_all(settings: Settings, folder: RunFolder) -> list[str]:
    """End the processes, then the servers they use, and return what was ended.

    Order of effects: producer, consumer and the others flush and commit as they end; then Kafka and
    PostgreSQL; then ZooKeeper, from which Kafka deregisters; then the supervisor; then whatever one of them
    left behind; then Docker's.
    """
    ended = _stop_supervised(Supervisor(folder))
    if left := orphans.find(folder.path):
        orphans.end(left)
        ended.append(f"{len(left)} left without their supervisor")
    if services := folder.docker_services:
        docker.stop(settings, services)
        folder.forget_docker()
        ended += [f"{service} in Docker" for service in services]
    folder.sweep()
    return ended


def _stop_supervised(supervisor: Supervisor) -> list[str]:
    names = [info["name"] for info in supervisor.infos()]
    running = [info["name"] for info in supervisor.infos() if info["pid"]]
    if not supervisor.is_alive():
        return []
    supervisor.stop(name for name in names if name not in (*SERVERS, *BASE))
    supervisor.stop(name for name in names if name in SERVERS)
    supervisor.stop(name for name in names if name in BASE)
    supervisor.shutdown()
    return running


def _wipe(settings: Settings, folder: RunFolder, output: StartConsole) -> None:
    if settings.services in ("auto", "docker") and folder.used_docker and docker.works():
        docker.wipe(settings)
        output.say("wipe", "deleted the containers and volumes in Docker")
    gone = folder.wipe()
    output.say("wipe", f"deleted {', '.join(map(str, gone))}" if gone else "there was nothing to delete")
