"""Decoding ahead in a separate thread."""

import threading
import time

import pytest

from tar_core.errors import TarError
from tar_core.video.prefetch import prefetch


def test_prefetch_keeps_the_order_and_passes_errors_on() -> None:
    def numbers():
        yield from range(20)
        raise TarError("broken")

    received = []
    with pytest.raises(TarError, match="broken"):
        for number in prefetch(numbers(), depth=3):
            received.append(number)
    assert received == list(range(20))


def test_prefetch_stops_its_thread_when_closed_early() -> None:
    closed = threading.Event()

    def endless():
        try:
            k = 0
            while True:
                yield (k := k + 1)
        finally:
            closed.set()

    items = prefetch(endless(), depth=2)
    assert next(items) == 1
    items.close()
    for _ in range(50):
        if "decode" not in [thread.name for thread in threading.enumerate()]:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the thread is still running")
