"""Steps of the Blender matrix: programs with a time limit, and folders that are filled once."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.paths import REPOSITORY

# Time limits leave room for a machine that is three times as busy as usual.
STEP_SECONDS = 600
SET_UP_SECONDS = 1200  # downloads included
TESTS_SECONDS = 1800
FILES_PER_PROCESS = 5  # of tests in a Blender program
OUTPUT_LINES = 60  # of a failed step that are printed
TEST_PACKAGES = ("pytest", "pytest-timeout", "hypothesis")  # of requirements/test.txt


class StepFailed(Exception):
    """A step failed. The message goes into the table of results; the step's output has been printed."""


class RuntimeUnavailable(Exception):
    """A runtime from a rolling suite cannot be installed at the moment. This is a warning, not a failure."""


def run(
    command: list[str],
    variables: dict[str, str] | None = None,
    cwd: Path | None = None,
    exit_code: int = 0,
    seconds: float = STEP_SECONDS,
) -> str:
    """Run a program and return its output, standard error included.

    Args:
        variables: environment variables in addition to this process's.
        cwd: working directory; by default the folder for temporary files.
        exit_code: the expected exit code.
        seconds: time limit.

    Raises:
        StepFailed: the program ended with another exit code, by a signal, or ran into the time limit.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "2"} | (variables or {})
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=cwd or tempfile.gettempdir(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        errors="replace",
        start_new_session=True,  # whose processes can be ended together
    )
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        _end_session(process)
        _print_end(process.communicate()[0])
        raise StepFailed(f"not finished after {seconds:g} s") from error
    except BaseException:  # such as Ctrl-C, which the processes of another session do not receive
        _end_session(process)
        raise
    if process.returncode != exit_code:
        _print_end(output)
        if process.returncode < 0:
            raise StepFailed(f"ended by {signal.Signals(-process.returncode).name}")
        raise StepFailed(f"exit code {process.returncode}, expected {exit_code}")
    return output


def offline(command: list[str]) -> list[str]:
    """A command that runs a command without network: in a namespace of its own, or with proxies that do not exist."""
    unshare = ["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if shutil.which("unshare") and subprocess.run([*unshare, "true"], capture_output=True).returncode == 0:
        return [*unshare, *command]
    return ["env", *(f"{name}=http://127.0.0.1:9" for name in ("http_proxy", "https_proxy")), *command]


def _end_session(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that it has started: otherwise, Blender would go on without xvfb-run."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _print_end(output: str) -> None:
    print("\n".join(output.splitlines()[-OUTPUT_LINES:]), file=sys.stderr)


def last_match(pattern: str, text: str) -> str:
    """Find the last match of a pattern in a step's output.

    Raises:
        StepFailed: there is no match.
    """
    matches = re.findall(pattern, text)
    if not matches:
        print(text, file=sys.stderr)
        raise StepFailed(f"no output matches {pattern}")
    return matches[-1]


@contextmanager
def fill_once(folder: Path) -> Iterator[bool]:
    """Yield whether the folder has still to be filled, under a lock that other processes wait for.

    A folder whose filling failed or was interrupted is filled again by the next caller.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = folder / ".ready"
        needed = not ready.exists()
        yield needed
        if needed:
            ready.touch()


def pinned_packages() -> list[str]:
    """The packages that run the tests inside Blender, as requirements/test.txt pins them."""
    lines = (REPOSITORY / "requirements" / "test.txt").read_text().splitlines()
    return [line for line in lines if line.partition("==")[0] in TEST_PACKAGES]


def pytest_totals(output: str) -> str:
    """Add up the closing lines of one or more pytest runs, e.g. "387 passed, 15 skipped".

    Raises:
        StepFailed: there is no closing line.
    """
    totals: Counter[str] = Counter()
    for line in re.findall(r"(?m)^.*\d+ (?:passed|failed|skipped).* in [\d.]+s", output):
        for count, outcome in re.findall(r"(\d+) (passed|failed|skipped)", line):
            totals[outcome] += int(count)
    if not totals:
        raise StepFailed(f"no closing line of pytest in {output[-200:]!r}")
    return ", ".join(f"{count} {outcome}" for outcome, count in totals.items())


def pytest_processes(tests: Sequence[Path]) -> list[list[Path]]:
    """Distribute tests to processes: a few files of a subfolder for each, and one for all other files.

    Debian's Blender 4.3 and bpy 4.2.23 sometimes crash late in a long session.
    """
    folders = [sorted(folder.glob("test_*.py")) for path in tests for folder in sorted(path.glob("*/"))]
    files = [file for path in tests for file in ([path] if path.is_file() else sorted(path.glob("test_*.py")))]
    parts = [inside[k : k + FILES_PER_PROCESS] for inside in folders for k in range(0, len(inside), FILES_PER_PROCESS)]
    return [files, *parts]
