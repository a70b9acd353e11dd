"""Pipes to processes that have ended."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from tar_core.engine.pipes import broken_pipe_is_an_error


@pytest.mark.skipif(not hasattr(signal, "SIGPIPE"), reason="Windows has no such signal")
@pytest.mark.parametrize("in_thread", [False, True])
def test_writing_to_a_closed_pipe_raises_an_error(in_thread: bool) -> None:
    """Blender keeps the default action of SIGPIPE, which ends the process. Batches write in threads."""
    before = signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    reading, writing = os.pipe()
    os.close(reading)

    def write() -> None:
        with pytest.raises(BrokenPipeError), broken_pipe_is_an_error():
            os.write(writing, b"job")
        assert signal.SIGPIPE not in signal.pthread_sigmask(signal.SIG_BLOCK, ())

    try:
        if in_thread:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(write).result()
        else:
            write()
        assert signal.getsignal(signal.SIGPIPE) == signal.SIG_DFL
    finally:
        os.close(writing)
        signal.signal(signal.SIGPIPE, before)
