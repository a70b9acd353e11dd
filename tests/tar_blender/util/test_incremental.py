"""Incremental tasks: run to the end, for a time, and in a thread."""

import threading
import time

import pytest

from tar_blender.util.incremental import Incremental, Pace, finish, in_thread, run_for


def counting(count: int, done: list[int]) -> Incremental[str]:
    for number in range(count):
        time.sleep(0.002)
        done.append(number)
        yield
    return "ready"


def test_finish_runs_all_steps() -> None:
    done: list[int] = []
    assert finish(counting(3, done)) == "ready" and done == [0, 1, 2]


def test_run_for_pauses_when_the_time_is_up_and_continues() -> None:
    done: list[int] = []
    task = counting(5, done)
    run_for(task, 0)
    assert done == [0]
    with pytest.raises(StopIteration) as end:
        run_for(task, 10)
    assert done == [0, 1, 2, 3, 4] and end.value.value == "ready"


def test_work_takes_as_long_as_the_drawing_in_between(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "perf_counter", lambda: now)
    pace = Pace()
    seconds = {}
    for drawing in (0.01, 0.05, 0.2, 3.0):
        pace.pause()
        now += drawing
        seconds[drawing] = pace.seconds()
    assert seconds == pytest.approx({0.01: 0.09, 0.05: 0.05, 0.2: 0.2, 3.0: 0.25})


def test_in_thread_yields_while_the_thread_works() -> None:
    free = threading.Event()
    task = in_thread(lambda: free.wait(10) and "result")
    for _ in range(3):
        begin = time.perf_counter()
        next(task)
        assert time.perf_counter() - begin < 0.1
    free.set()
    assert finish(task) == "result"


def test_in_thread_raises_the_errors_of_the_function() -> None:
    with pytest.raises(ZeroDivisionError):
        finish(in_thread(lambda: 1 / 0))


def test_closing_does_not_wait_for_the_thread() -> None:
    free = threading.Event()
    task = in_thread(lambda: free.wait(10))
    next(task)
    begin = time.perf_counter()
    task.close()
    assert time.perf_counter() - begin < 1
    free.set()
