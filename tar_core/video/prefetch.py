"""Decoding ahead in a separate thread."""

import queue
import threading
from collections.abc import Generator, Iterator
from typing import TypeVar

Item = TypeVar("Item")


def prefetch(items: Iterator[Item], depth: int = 8) -> Generator[Item]:
    """Produce `items` in a separate thread, at most `depth` ahead, so that decoding overlaps with the network."""
    done = object()
    ready: queue.Queue[object] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def put(item: object) -> bool:
        while not stopped.is_set():
            try:
                ready.put(item, timeout=0.1)
                return True
            except queue.Full:
                continue
        return False

    def produce() -> None:
        try:
            for item in items:
                if not put(item):
                    return
            put(done)
        except BaseException as error:  # raised in the consumer
            put(error)

    producer = threading.Thread(target=produce, name="decode", daemon=True)
    producer.start()
    try:
        while (item := ready.get()) is not done:
            if isinstance(item, BaseException):
                raise item
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        producer.join()
