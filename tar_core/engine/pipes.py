"""Pipes to a process that may have ended."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def broken_pipe_is_an_error() -> Iterator[None]:
    """Make writing to a process that has ended raise BrokenPipeError instead of ending Blender by SIGPIPE.

    Python ignores SIGPIPE, but Blender does not. The signal is sent to the thread that writes, so it is blocked in this
    thread, and a pending one is removed before it is unblocked.
    """
    if not hasattr(signal, "SIGPIPE"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGPIPE})
    try:
        yield
    finally:
        if signal.SIGPIPE not in before:
            if signal.SIGPIPE in signal.sigpending():
                signal.sigwait({signal.SIGPIPE})
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
