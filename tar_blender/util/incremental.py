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

_PERIOD_SECONDS = 0.1  # the least time from one drawing of the window to the next
_LONGEST_SECONDS = 0.25  # of work without events
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


class Pace:
    """How long to work on a task in each timer event of a window.

    Drawing the window may take longer than a step of the task. So the work takes as long as the events and the drawing
    since it was paused, and together with these at least a tenth of a second.
    """

    def __init__(self) -> None:
        self._paused = time.perf_counter()

    def seconds(self) -> float:
        """How long to work now."""
        pause = time.perf_counter() - self._paused
        return min(max(_PERIOD_SECONDS - pause, pause), _LONGEST_SECONDS)

    def pause(self) -> None:
        """Take note that the work is paused."""
        self._paused = time.perf_counter()


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
