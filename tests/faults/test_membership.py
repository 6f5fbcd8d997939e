"""Members join, leave and return after a timeout: each partition has one writer at a time."""

import signal

from tests.faults.scene import TIMEOUT, Scene
from tests.waiting import until

POINTS = ("before the fence", "inside COPY", "before COMMIT")


def test_a_stopped_member_comes_back_as_a_zombie(scene: Scene) -> None:
    """A member is stopped while it holds or writes a batch, and continued too late.

    Either it is refused, or it rejoins before its next check and finds the batch stored. Which of them
    happens is a race; the ledger shows that neither loses or duplicates a trade.
    """
    point, times = scene.random.choice(POINTS), str(scene.random.randint(5, 12))
    zombie = scene.begin("-m", "tests.faults.halting_consumer", point, times, "--signal", "SIGSTOP")
    until(lambda: zombie.is_stopped, TIMEOUT)
    heir = scene.consumer()
    scene.recover()
    zombie.process.send_signal(signal.SIGCONT)
    scene.recover()
    scene.end()
    assert heir.process.returncode == 0


def test_members_join_and_leave(scene: Scene) -> None:
    members = [scene.begin()]
    for _ in range(2):
        members.append(scene.consumer())
        scene.linger(0.5, 2.5)
    while len(members) > 1:
        members.pop(scene.random.randrange(len(members))).leave()
        scene.linger(0.2, 1.5)
    scene.recover()
    scene.end()
