import multiprocessing
import time
from multiprocessing.connection import Connection

import pytest

from tar_core import workers
from tar_core.options import CaptureOptions
from tar_core.workers import WORKER_MEMORY, end_with_parent, machine_memory, number_of_workers, threads_of_one


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with 16 CPU threads and 32 GB, without a GPU."""
    monkeypatch.setattr(workers, "cores", lambda: 16)
    monkeypatch.setattr(workers, "machine_memory", lambda: 32.0)
    monkeypatch.setattr(workers, "may_have_gpu", lambda: False)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, 13),  # half of the memory
        ({"memory": 64.0}, 16),
        ({"memory": 4.0}, 3),
        ({"memory": 0.5}, 1),
        ({"workers": 4}, 4),
        ({"workers": 4, "memory": 2.5}, 2),
        ({"device": "cuda"}, 1),
        ({"device": "cuda", "workers": 2}, 2),
    ],
)
def test_workers_follow_from_the_options_and_the_machine(
    options: dict[str, object], expected: int, machine: None
) -> None:
    assert number_of_workers(CaptureOptions(**options)) == expected


def test_one_worker_by_default_on_a_gpu(machine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "may_have_gpu", lambda: True)
    assert number_of_workers(CaptureOptions()) == 1
    assert number_of_workers(CaptureOptions(device="cpu")) == 13


def test_workers_share_the_threads(machine: None) -> None:
    assert threads_of_one(1) is None and threads_of_one(4) == 4 and threads_of_one(32) == 1


def test_this_machine_has_memory_for_a_worker() -> None:
    assert WORKER_MEMORY < machine_memory() < 1e5


def work_for_long(open_end: Connection) -> None:
    end_with_parent()
    open_end.send("begun")
    time.sleep(600)


def start_worker(open_end: Connection) -> None:
    multiprocessing.get_context("spawn").Process(target=work_for_long, args=(open_end,)).start()
    open_end.close()
    time.sleep(600)


def test_a_process_ends_when_its_parent_is_killed() -> None:
    context = multiprocessing.get_context("spawn")
    end, open_end = context.Pipe(duplex=False)
    parent = context.Process(target=start_worker, args=(open_end,))
    parent.start()
    open_end.close()
    assert end.poll(60) and end.recv() == "begun"
    parent.kill()
    parent.join()
    assert end.poll(60), "the worker lives"
    with pytest.raises(EOFError):
        end.recv()
