"""Long tasks in short steps, so that Blender's window stays responsive.

An incremental task is a generator. It yields wherever Blender may process events in between, and its return value is
the task's result.
"""

import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
Incremental = Generator[None, None, T]

_WAIT_SECONDS = 0.005  # for a thread, before control goes back to the caller


def finish(task: Incremental[T]) -> T:
    """Run a task to its end without pausing; return its result."""
    while True:
        try:
            next(task)
        except StopIteration as end:
            return end.value


def run_for(task: Incremental[T], seconds: float) -> None:
    """Run steps of a task until the time is up.

    Raises:
        StopIteration: the task has ended; its `value` is the result.
    """
    deadline = time.perf_counter() + seconds
    while True:
        next(task)
        if time.perf_counter() >= deadline:
            return


def in_thread(function: Callable[[], T]) -> Incremental[T]:
    """Run a function in a thread and yield until it has returned its result.

    The function must not access Blender's data. Closing the generator does not wait for the thread.
    """
    worker = ThreadPoolExecutor(max_workers=1)
    try:
        future = worker.submit(function)
        while not wait([future], _WAIT_SECONDS).done:
            yield
        return future.result()
    finally:
        worker.shutdown(wait=False)
