import threading
import time

import pytest

from tar_blender.util.incremental import Steps, finish, in_thread, run_for


def counting(count: int, done: list[int]) -> Steps[str]:
    for number in range(count):
        time.sleep(0.002)
        done.append(number)
        yield
    return "ready"


def test_finish_takes_all_steps() -> None:
    done: list[int] = []
    assert finish(counting(3, done)) == "ready" and done == [0, 1, 2]


def test_run_for_pauses_when_the_time_is_up_and_goes_on() -> None:
    done: list[int] = []
    steps = counting(5, done)
    run_for(steps, 0)
    assert done == [0]
    with pytest.raises(StopIteration) as end:
        run_for(steps, 10)
    assert done == [0, 1, 2, 3, 4] and end.value.value == "ready"


def test_a_thread_does_not_hold_up_the_others() -> None:
    free = threading.Event()
    steps = in_thread(lambda: free.wait(10) and "result")
    for _ in range(3):
        begin = time.perf_counter()
        next(steps)
        assert time.perf_counter() - begin < 0.1
    free.set()
    assert finish(steps) == "result"


def test_errors_come_out_of_the_thread() -> None:
    with pytest.raises(ZeroDivisionError):
        finish(in_thread(lambda: 1 / 0))


def test_closing_does_not_wait() -> None:
    free = threading.Event()
    steps = in_thread(lambda: free.wait(10))
    next(steps)
    begin = time.perf_counter()
    steps.close()
    assert time.perf_counter() - begin < 1
    free.set()
