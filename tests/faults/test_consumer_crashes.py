"""The consumer is killed: at any moment, and between any two of its effects."""

import pytest

from tests.faults.scene import Scene
from tests.waiting import until

POINTS = (
    "before the fence",
    "after the fence",
    "inside COPY",
    "before COMMIT",
    "after COMMIT",
    "before the group commit",
)


@pytest.mark.smoke
def test_kill_9_of_the_consumer_at_a_random_moment(scene: Scene) -> None:
    consumer = scene.begin()
    scene.aggregator()
    scene.linger(0.2, 1.5)
    consumer.kill()
    scene.consumer()
    scene.recover()
    scene.end()


@pytest.mark.parametrize("point", POINTS)
def test_kill_9_of_the_consumer(scene: Scene, point: str) -> None:
    """The killed consumer has its own group, so that the next need not wait for its timeout."""
    times = str(scene.random.randint(1, 12))
    consumer = scene.consumer(
        "-m",
        "tests.faults.halting_consumer",
        point,
        times,
        "--group",
        f"short-lived-{scene.settings.kafka_topic}",
    )
    scene.feed.start()
    until(lambda: not consumer.is_running, 60)
    assert consumer.process.returncode == -9, consumer.said
    scene.consumer()
    scene.recover()
    scene.end()
