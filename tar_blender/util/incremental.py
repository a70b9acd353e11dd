"""Long work in short steps, so that Blender's window stays alive: generators that yield wherever they may be paused."""

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
Steps = Generator[None, None, T]

_LOOK_SECONDS = 0.005  # to wait for a thread before others may do something


def finish(steps: Steps[T]) -> T:
    """Takes all steps at once, and returns what the last one gives."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def run_for(steps: Steps[T], seconds: float) -> None:
    """Takes steps until the time is up.

    Raises:
        StopIteration: at the end; its value is the result.
    """
    deadline = time.perf_counter() + seconds
    while True:
        next(steps)
        if time.perf_counter() >= deadline:
            return


def in_thread(work: Callable[[], T]) -> Steps[T]:
    """Does work that leaves Blender's data alone beside everything else; a closed generator does not wait for it."""
    worker = ThreadPoolExecutor(max_workers=1)
    try:
        future = worker.submit(work)
        while not wait([future], _LOOK_SECONDS).done:
            yield
        return future.result()
    finally:
        worker.shutdown(wait=False)
