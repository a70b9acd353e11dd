"""Clips that are rendered while they are used, in processes of their own: no clip is seen twice, and none is stored."""

import multiprocessing
import queue
from collections.abc import Callable
from typing import Any

import numpy as np

from tar_core.datasets.shards import Clip
from tar_core.errors import TarError
from tar_core.synthetic.generate import Generator
from tar_core.workers import end_with_parent

AHEAD = 8  # clips that wait, for each process
POLL = 1.0  # seconds between checks that the processes live


class LiveClips:
    """Renders random clips.

    Args:
        make: makes the renderer in each process; must be picklable. An OpenGL context belongs to one process.
        seed: of the clips. With several processes, their order depends on which is faster.
        workers: number of processes; 0 renders in this one, when clips are taken.
    """

    def __init__(self, make: Callable[[], Generator], seed: int, workers: int) -> None:
        self._processes: list[Any] = []
        self._random = np.random.default_rng(seed)
        self._generator = make() if workers == 0 else None
        context = multiprocessing.get_context("spawn")
        self._clips: Any = context.Queue(max(1, AHEAD * workers))
        for number in range(workers):
            process = context.Process(target=_render, args=(make, [seed, number], self._clips), daemon=True)
            process.start()
            self._processes.append(process)

    def take(self, count: int) -> list[Clip]:
        """Take new clips, as soon as they are rendered.

        Raises:
            TarError: a process cannot render.
        """
        if self._generator is not None:
            return [self._generator.clip(self._random) for _ in range(count)]
        return [self._next() for _ in range(count)]

    def _next(self) -> Clip:
        clip = None
        while clip is None:
            try:
                clip = self._clips.get(timeout=POLL)
            except queue.Empty:
                if not any(process.is_alive() for process in self._processes):
                    raise TarError("the processes that render have ended; use fewer of them") from None
        if isinstance(clip, TarError):
            raise clip
        assert isinstance(clip, Clip)
        return clip

    def close(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.join()


def _render(make: Callable[[], Generator], seed: list[int], clips: Any) -> None:
    end_with_parent()
    random = np.random.default_rng(seed)
    try:
        generator = make()
        while True:
            clips.put(generator.clip(random))
    except TarError as error:
        clips.put(error)
