"""Process many videos on the machines of a Ray cluster.

A worker is a Ray actor with an engine, whose networks stay loaded. A video that crashes the engine fails by itself, and
only the loss of a worker makes others process its videos again. Workers start as machines join the cluster.
"""

import logging
import os
import platform
import signal
import socket
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

import tar_core
from tar_core.batch.inputs import BatchVideo
from tar_core.batch.runner import Ready
from tar_core.engine.blocking_client import BlockingEngine
from tar_core.engine.protocol import Event, Notice
from tar_core.errors import TarError, one_line
from tar_core.options import CaptureOptions
from tar_core.video.container import open_video
from tar_core.workers import WORKER_MEMORY

logger = logging.getLogger(__name__)

AHEAD = 20.0  # seconds of video that a worker holds at most, unless a single one is longer
OVERHEAD = 2.0  # seconds of video whose capture takes as long as opening any video
MAX_LOSSES = 3  # of workers that hold the same video
MAX_FAILED_STARTS = 3  # of workers, one after the other
PATIENCE = 60.0  # seconds without any worker before a warning
CONNECT_TIMEOUT = 10.0  # seconds

Result = TypeVar("Result")
Task = Callable[[BlockingEngine, Callable[[Event], None]], Result]  # pickled, so that it can run on another machine


@dataclass(frozen=True)
class Resources:
    """What a worker needs: CPU threads, GPUs and memory in GB."""

    cpus: int
    gpus: int
    memory: float

    @classmethod
    def of(cls, options: CaptureOptions) -> "Resources":
        """A process with the threads that the options ask for, and a GPU if they ask for one."""
        return cls(options.threads or 1, int(options.device == "cuda"), WORKER_MEMORY)


@dataclass(frozen=True)
class Answer(Generic[Result]):
    """What has become of a task: its result or its error, its warnings, the seconds that it took, and where it ran."""

    result: Result | None
    error: TarError | None
    notices: Sequence[Notice]
    seconds: float
    machine: str


class Worker:
    """Runs tasks one after the other. Ray makes actors of it."""

    def __init__(self) -> None:
        self._engine = BlockingEngine(lambda: Path(sys.executable))

    def version(self) -> str:
        """The version of TAR on this machine."""
        return tar_core.__version__

    def run(self, task: Task[Result]) -> Answer[Result]:
        """Run a task."""
        began, notices = time.monotonic(), list[Notice]()
        result = error = None
        try:
            result = task(self._engine, lambda event: notices.append(event) if isinstance(event, Notice) else None)
        except TarError as failure:
            error = failure
        return Answer(result, error, notices, time.monotonic() - began, platform.node())


@dataclass(eq=False)
class _Member:
    """A worker, as the driver knows it.

    Attributes:
        actor: its handle.
        is_ready: whether it has a place on a machine.
        held: the videos that it was given and has not returned, by name.
    """

    actor: Any
    is_ready: bool = False
    held: dict[str, BatchVideo] = field(default_factory=dict)


class RayPool(Generic[Result]):
    """Processes videos on a cluster; otherwise like `EnginePool`.

    Args:
        address: of the cluster, as for `ray.init`; "local" starts one on this machine.
        resources: of each worker.
        limit: maximum number of workers.
        task_of: makes the task of a video.
        on_notice: called with the warnings about a video.

    Raises:
        TarError: Ray is not installed, or there is no cluster at the address.
    """

    def __init__(
        self,
        address: str,
        resources: Resources,
        limit: int,
        task_of: Callable[[BatchVideo], Task[Result]],
        on_notice: Callable[[BatchVideo, Notice], None],
    ) -> None:
        self._ray = connect(address)
        self._actor = self._ray.remote(Worker).options(
            num_cpus=resources.cpus, num_gpus=resources.gpus, memory=int(resources.memory * 1e9)
        )
        self._limit, self._task_of, self._on_notice = limit, task_of, on_notice
        self._members: list[_Member] = []
        self._starting: dict[Any, _Member] = {}
        self._calls: dict[Any, tuple[_Member, BatchVideo]] = {}
        self._waiting: deque[BatchVideo] = deque()
        self._costs: dict[str, float] = {}
        self._losses: Counter[str] = Counter()
        self._failed_starts = 0
        self._results: dict[str, Result | Exception] = {}

    def __enter__(self) -> "RayPool[Result]":
        return self

    def __exit__(self, *_: object) -> None:
        self._ray.shutdown()  # ends the workers, and they their engines

    def finished(self, videos: Sequence[BatchVideo]) -> Iterator[Ready]:
        """Process all videos, long ones first; yield each once it is done or has failed.

        Raises:
            TarError: no worker can be started.
        """
        with ThreadPoolExecutor(16) as threads:
            self._costs = dict(zip((v.name for v in videos), threads.map(cost, (v.path for v in videos)), strict=True))
        self._waiting.extend(sorted(videos, key=lambda video: -self._costs[video.name]))
        while self._waiting or self._calls:
            self._start_workers()
            self._hand_out()
            timeout = None if any(member.is_ready for member in self._members) else PATIENCE
            done, _ = self._ray.wait([*self._starting, *self._calls], timeout=timeout)
            if not done:
                logger.warning("no worker has started yet; perhaps the cluster has no room for one. Still waiting")
            for ref in done:
                if ref in self._starting:
                    self._has_started(ref)
                else:
                    yield from self._has_ended(ref)

    def result(self, video: BatchVideo) -> Result:
        """Return the result of a finished video. It can be called once for each video.

        Raises:
            TarError: the processing failed.
        """
        result = self._results.pop(video.name)
        if isinstance(result, Exception):
            raise result
        return result

    def _start_workers(self) -> None:
        """Ask for as many workers as there are, so that the cluster is soon full; they start when there is room."""
        ready = len(self._members) - len(self._starting)
        wanted = min(self._limit, len(self._waiting) + ready, max(1, 2 * ready))
        for _ in range(wanted - len(self._members)):
            member = _Member(self._actor.remote())
            self._members.append(member)
            self._starting[member.actor.version.remote()] = member

    def _has_started(self, ref: Any) -> None:
        member = self._starting.pop(ref)
        try:
            version = self._ray.get(ref)
        except self._ray.exceptions.RayError as error:
            self._members.remove(member)
            self._failed_starts += 1
            if self._failed_starts >= MAX_FAILED_STARTS:
                reason = str(error).strip().splitlines()[-1]
                raise TarError(
                    f"workers cannot be started ({one_line(reason)}); install TAR on all machines of the cluster"
                ) from error
            return
        if version != tar_core.__version__:
            raise TarError(
                f"a machine of the cluster has version {version} of TAR, this one {tar_core.__version__}; install the "
                "same version on all"
            )
        member.is_ready, self._failed_starts = True, 0

    def _hand_out(self) -> None:
        """Give videos to the workers, fewer at a time towards the end, so that all end at about the same time.

        A video that a lost worker held, which may be the reason, is given alone.
        """
        ready = [member for member in self._members if member.is_ready]
        for member in sorted(ready, key=lambda member: len(member.held)):
            left = sum(self._costs[video.name] for video in self._waiting)
            share = min(AHEAD, left / (2 * len(ready)))
            while self._waiting:
                names = [*member.held, self._waiting[0].name]
                is_suspected = any(self._losses[name] for name in names)
                if member.held and (is_suspected or sum(self._costs[name] for name in names) > share):
                    break
                video = self._waiting.popleft()
                member.held[video.name] = video
                self._calls[member.actor.run.remote(self._task_of(video))] = member, video

    def _has_ended(self, ref: Any) -> Iterator[Ready]:
        """Keep the result of a call and yield its video, unless its worker was lost and another one shall repeat it."""
        member, video = self._calls.pop(ref)
        where, seconds = platform.node(), 0.0
        try:
            answer = self._ray.get(ref)
        except self._ray.exceptions.RayActorError:
            self._lose(member)
            self._losses[video.name] += 1
            if self._losses[video.name] < MAX_LOSSES:
                self._waiting.appendleft(video)
                return
            reason = f"{MAX_LOSSES} workers were lost while they held it, perhaps for lack of memory"
            self._results[video.name] = TarError(f"{video}: {reason}; capture it alone")
        except self._ray.exceptions.RayTaskError as error:
            self._results[video.name] = error.cause
        else:
            for notice in answer.notices:
                self._on_notice(video, notice)
            self._results[video.name] = answer.error or answer.result
            where, seconds = answer.machine, answer.seconds
        member.held.pop(video.name)
        yield Ready(video, time.monotonic() - seconds, where)

    def _lose(self, member: _Member) -> None:
        """Take leave of a worker whose machine does not answer. All of its calls will fail."""
        if member in self._members:
            self._members.remove(member)
            self._ray.kill(member.actor)


def cost(path: Path) -> float:
    """What processing a file takes, in seconds of video; the duration is the one that the file states."""
    try:
        with open_video(path) as video:
            return OVERHEAD + (video.container.duration or 0) / 1e6
    except TarError:  # a motion file, or one that will fail
        return OVERHEAD


def connect(address: str) -> Any:
    """Connect this process to a cluster, and return the module `ray`.

    Raises:
        TarError: Ray is not installed, or there is no cluster at the address.
    """
    try:
        import ray
    except ImportError as error:
        raise TarError("Ray is not installed; install tar_core with the extra `cluster`") from error
    _check_port(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    options = {"include_dashboard": False} if address == "local" else {}
    on_sigterm = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise TarError(f"{address}: no Ray cluster can be used there ({one_line(str(error))}); start one") from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, on_sigterm)  # Ray replaces the handler
    return ray


def _check_port(address: str) -> None:
    """Check that something listens at an address of the form HOST:PORT; Ray itself would try for minutes.

    Raises:
        TarError: nothing listens there.
    """
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not (host and port.isdecimal()):
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_TIMEOUT).close()
    except (OSError, OverflowError) as error:
        raise TarError(f"{address}: no Ray cluster answers there ({error}); start one, or check the address") from error
