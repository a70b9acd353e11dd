"""Batches on a Ray cluster of two machines, which are processes on this one; `make test-cluster` installs Ray."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from tar_core.batch.inputs import BatchVideo
from tar_core.batch.ray_pool import MAX_LOSSES, OVERHEAD, RayPool, Resources, Task, connect, cost
from tar_core.batch.report import REPORT
from tar_core.errors import TarError
from tar_core.video.reader import VideoReader
from tar_core.video.writer import VideoWriter
from tests.support.paths import REPOSITORY
from tests.support.videos import FPS, write_images

SMALL = Resources(cpus=1, gpus=0, memory=0.1)
NUM_CLIPS = 40
LIMIT = 300.0  # seconds for whatever a test waits for


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster whose machines the test adds."""
    pytest.importorskip("ray", reason="Ray is not installed; `make test-cluster` installs it")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    monkeypatch.setenv("RAY_worker_niceness", "0")  # by default, workers give way to all other programs
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    yield cluster
    cluster.shutdown()


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_missing_ray_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(TarError, match="extra `cluster`"):
        connect("local")


@pytest.mark.parametrize("address", ["127.0.0.1:9", "nonsense"])
def test_missing_cluster_is_an_error(address: str) -> None:
    pytest.importorskip("ray", reason="Ray is not installed; `make test-cluster` installs it")
    with pytest.raises(TarError, match="start one"):
        connect(address)


def test_cost_is_the_duration_and_a_constant(tmp_path: Path) -> None:
    assert cost(write_images(tmp_path / "a.mp4", 45)) == pytest.approx(OVERHEAD + 45 / FPS, abs=1 / FPS)
    assert cost(tmp_path / "missing.mp4") == OVERHEAD


@pytest.mark.slow
def test_tasks_that_fail_are_not_repeated_for_ever(cluster: Any, tmp_path: Path) -> None:
    """Tasks that raise run once; one that ends its worker runs some times, and does not take others with it."""
    cluster.add_node(num_cpus=2)

    def task_of(video: BatchVideo) -> Task[str]:
        def task(*_: object) -> str:
            with (tmp_path / "log").open("a") as log:
                print(video.name, file=log, flush=True)
            time.sleep(0.5)  # so that the result of the last video has arrived
            if video.name == "deadly":
                os._exit(1)
            if video.name == "bad":
                raise TarError("nobody was found", "nobody_detected")
            if video.name == "bug":
                raise ZeroDivisionError
            return video.name

        return task

    names = ["deadly", "bad", "bug", *(f"good {k}" for k in range(12))]
    videos = [BatchVideo(tmp_path / name, name) for name in names]
    with RayPool(cluster.address, SMALL, len(videos), task_of, lambda video, notice: None) as pool:
        assert sorted(one.video.name for one in pool.finished(videos)) == sorted(names)
        with pytest.raises(TarError, match=f"{MAX_LOSSES} workers were lost"):
            pool.result(videos[0])
        with pytest.raises(TarError, match="nobody was found") as error:
            pool.result(videos[1])
        assert error.value.topic == "nobody_detected"
        with pytest.raises(ZeroDivisionError):
            pool.result(videos[2])
        assert [pool.result(video) for video in videos[3:]] == names[3:]
    runs = Counter((tmp_path / "log").read_text().splitlines())
    assert runs.pop("deadly") == MAX_LOSSES and set(runs.values()) == {1}


@pytest.mark.slow
def test_machines_that_join_take_part(cluster: Any, tmp_path: Path) -> None:
    cluster.add_node(num_cpus=1)

    def task_of(video: BatchVideo) -> Task[str]:
        def task(*_: object) -> str:
            import ray

            time.sleep(1)
            return ray.get_runtime_context().get_node_id()

        return task

    videos = [BatchVideo(tmp_path / str(k), str(k)) for k in range(60)]
    with RayPool(cluster.address, SMALL, len(videos), task_of, lambda video, notice: None) as pool:
        finished = pool.finished(videos)
        machines = [pool.result(next(finished).video) for _ in range(3)]
        cluster.add_node(num_cpus=1)
        machines += [pool.result(one.video) for one in finished]
    assert len(set(machines[:3])) == 1 and len(set(machines)) == 2


def rows(folder: Path) -> list[dict[str, Any]]:
    path = folder / REPORT
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def ended(folder: Path, status: str) -> list[str]:
    return [row["name"] for row in rows(folder) if row["status"] == status]


class Writes:
    """Counts how often each motion file in a folder is written, since each time it is another file."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._stopped = folder, threading.Event()
        self._seen: dict[str, set[tuple[int, int]]] = defaultdict(set)
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "Writes":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(0.01):
            for file in self._folder.glob("clip-*.npz"):
                about = file.stat()
                self._seen[file.name].add((about.st_ino, about.st_mtime_ns))

    def repeated(self) -> int:
        """Number of times that a file was written again."""
        return sum(len(files) - 1 for files in self._seen.values())


def write_clips(video: Path, folder: Path) -> None:
    """Write small clips of 2 to 5 frames, and a file that is not a video."""
    folder.mkdir()
    images = [
        cv2.resize(frame.image, (270, 480), interpolation=cv2.INTER_AREA) for frame in VideoReader(video).frames()
    ]
    for k in range(NUM_CLIPS):
        with VideoWriter(folder / f"clip-{k:02d}.mp4", 30.0, 270, 480) as writer:
            for image in images[2 * k : 2 * k + 2 + k % 4]:
                writer.write(image)
    (folder / "poison.mp4").write_bytes(b"not a video")


def hashes(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.npz")}


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_driver_and_machine_are_lost(cluster: Any, demo_video: Path, tmp_path: Path) -> None:
    """The driver is killed and started again, then a machine is; the result is that of a single process."""
    clips, serial, out = (tmp_path / name for name in ("clips", "serial", "out"))
    write_clips(demo_video, clips)
    command = [sys.executable, "-m", "tar_core", "batch", str(clips), "--threads", "1", "--device", "cpu", "--resume"]
    alone = subprocess.run([*command, "-o", str(serial), "--workers", "1"], cwd=REPOSITORY)
    assert alone.returncode == 2 and ended(serial, "failed") == ["poison"]
    machines = [cluster.add_node(num_cpus=1) for _ in range(2)]
    out.mkdir()
    command += ["-o", str(out), "--ray", cluster.address]
    with Writes(out) as writes:
        driver = subprocess.Popen(command, cwd=REPOSITORY)
        wait_until(lambda: len(ended(out, "done")) >= 8 or driver.poll() is not None)
        driver.send_signal(signal.SIGKILL)
        assert driver.wait() == -signal.SIGKILL
        before = len(rows(out))

        driver = subprocess.Popen(command, cwd=REPOSITORY)
        wait_until(lambda: len(ended(out, "done")) >= 20 or driver.poll() is not None)
        assert driver.poll() is None
        cluster.remove_node(machines[0], allow_graceful=False)
        assert driver.wait(LIMIT) == 2, "the poison"
        assert [row["name"] for row in rows(out)[before:] if row["status"] == "failed"] == ["poison"]
    assert sorted(ended(out, "done")) == [f"clip-{k:02d}" for k in range(NUM_CLIPS)], "each is reported once"
    assert len(hashes(out)) == NUM_CLIPS and hashes(out) == hashes(serial)
    assert writes.repeated() <= 3, "one clip of each worker that was lost"


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_workers_write_to_a_storage(cluster: Any, demo_video: Path, tmp_path: Path) -> None:
    clips, out, results = (tmp_path / name for name in ("clips", "out", "results"))
    images = [cv2.resize(frame.image, (270, 480)) for frame in VideoReader(demo_video).frames()][:16]
    clips.mkdir()
    for name in ("a", "b"):
        with VideoWriter(clips / f"{name}.mp4", 30.0, 270, 480) as writer:
            for image in images:
                writer.write(image)
    cluster.add_node(num_cpus=1)
    command = [sys.executable, "-m", "tar_core", "batch", str(clips), "-o", str(out), "--device", "cpu", "--resume"]
    command += ["--ray", cluster.address, "--results", f"file://{results}"]
    assert subprocess.run(command, cwd=REPOSITORY, timeout=LIMIT).returncode == 0
    assert sorted(file.name for file in results.iterdir()) == ["a.npz", "b.npz"]
    assert sorted(ended(out, "done")) == ["a", "b"] and not hashes(out)
    count = len(rows(out))
    assert subprocess.run(command, cwd=REPOSITORY, timeout=LIMIT).returncode == 0
    assert len(rows(out)) == count, "nothing is captured again"
