"""What every command-line program does around its commands: signals, and closed or full standard streams."""

import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EXIT_ERROR = 2
EXIT_INTERRUPTED = 130
EXIT_TERMINATED = 143


def run_program(name: str, run: Callable[[], int]) -> int:
    """Run a program and return its exit code.

    SIGTERM ends it as an exception would, so that temporary files are deleted.

    Args:
        name: of the program, for messages.
        run: the program; returns its exit code.
    """
    _open_standard_streams()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files need not be text
    try:
        with _exit_on_sigterm():
            code = run()
        if sys.stdout is not None:  # None if it was closed from the beginning
            sys.stdout.flush()
        return code
    except OSError as error:
        if error.filename is not None:
            raise
        # A standard stream, as only these have no name. Python would report what is left of it again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if not isinstance(error, BrokenPipeError):  # a reader such as `head` has seen enough
            print(f"{name}: cannot write to standard output: {error.strerror}", file=sys.stderr)
        return EXIT_ERROR


@contextmanager
def _exit_on_sigterm() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread can handle signals
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_TERMINATED))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def stopped_by_ctrl_c() -> Iterator[Callable[[], bool]]:
    """Provide a function that says whether Ctrl-C was pressed, which does not interrupt the block otherwise."""
    stopped = threading.Event()
    before = signal.signal(signal.SIGINT, lambda *_: stopped.set())
    try:
        yield stopped.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def _open_standard_streams() -> None:
    """Open closed standard streams. Otherwise the next opened file gets their numbers, and messages go into it."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest free number
