"""Set up the engine: run venv and pip, and test the result.

The commands run in processes that a thread follows, so that Blender stays responsive. Needs no bpy.
"""

import contextlib
import json
import queue
import re
import subprocess
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tar_core.engine.client import ENGINE_COMMAND
from tar_core.engine.python import clean_variables
from tar_core.errors import TarError
from tar_core.files import atomic_path

from .downloads import Downloads
from .environment import READY_FILE, EngineInfo, unused_card

_KEPT_LINES = 40
# What pip prints, and what it means. It reports most of these as "No matching distribution found". The first match
# counts: a proxy that does not answer is also a connection that fails.
_CAUSES = (
    (
        "No space left",
        "the disk is full; free some space (the engine needs 0.5 GB, with CUDA 6 GB) and set up again",
    ),
    (
        "ProxyError|Tunnel connection failed|407 Proxy",
        "the proxy does not connect; check its address and password in the environment variable HTTPS_PROXY, or give "
        "them with --proxy in Pip Options, and set up again",
    ),
    (
        "CERTIFICATE_VERIFY_FAILED|SSLError|confirming the ssl certificate",
        "the certificate of the server cannot be verified, as in networks that inspect traffic; give the file of "
        "their certificate with --cert in Pip Options, and set up again",
    ),
    (
        "NewConnectionError|NameResolutionError|name resolution|getaddrinfo failed",
        "there is no network connection; set up again when there is one (downloaded files are kept)",
    ),
    (
        "TimeoutError|timed out|ConnectionResetError|Connection aborted",
        "the server does not answer, or the connection broke; set up again later (downloaded files are kept)",
    ),
)


@dataclass(frozen=True)
class Stage:
    """What is being done.

    Attributes:
        text: for the user.
        fraction: 0 to 1, the share that is done; None if unknown.
    """

    text: str
    fraction: float | None = None


@dataclass(frozen=True)
class Ready:
    """The engine works."""

    info: EngineInfo


@dataclass(frozen=True)
class Failed:
    """The setup failed; the message is for the user."""

    message: str


@dataclass(frozen=True)
class Stopped:
    """The setup was cancelled. Downloaded files are kept, so that setup resumes next time."""


Event = Stage | Ready | Failed | Stopped


class EngineSetup:
    """Run commands one after another, then the engine's self-test. Call `poll` regularly.

    Attributes:
        finished: `poll` has returned the last event.
        lines: the last lines of the commands' output, for a bug report.
    """

    def __init__(
        self,
        python: Path,
        commands: Sequence[Sequence[str]] = (),
        folder: Path | None = None,
        engine: Sequence[str] = ENGINE_COMMAND,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Start.

        Args:
            python: the engine's Python, which runs the self-test.
            commands: commands to run before the self-test.
            folder: of the environment, which is marked as complete after the self-test.
            engine: the arguments of Python that run the engine.
            variables: environment variables of the commands. Default: all but Python's own.
        """
        self.finished = False
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._downloads = Downloads([])
        self._variables = clean_variables() if variables is None else variables
        self._cancelled = threading.Event()
        self._lock = threading.Lock()  # `cancel` must not miss a process that is just being started
        thread = threading.Thread(
            target=self._run, args=([str(python), *engine, "--self-test"], commands, folder), daemon=True
        )
        thread.start()

    def poll(self) -> list[Event]:
        """Return the events since the last call, without waiting."""
        events: list[Event] = []
        while not self._events.empty():
            events.append(self._events.get())
        self.finished = self.finished or any(not isinstance(event, Stage) for event in events)
        return events

    def cancel(self) -> None:
        """Request cancellation; `poll` returns `Stopped` when it is done."""
        self._cancelled.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()

    def _run(self, self_test: Sequence[str], commands: Sequence[Sequence[str]], folder: Path | None) -> None:
        """Run everything, in the thread."""
        try:
            if folder is not None:
                (folder / READY_FILE).unlink(missing_ok=True)
            for command in commands:
                self._follow(command, Stage("Creating the environment" if "venv" in command else "Finding packages"))
                if "--dry-run" in command:
                    self._events.put(Stage("Asking for the sizes of the packages"))
                    self._downloads = Downloads.planned_by(command)
            answer = self._follow(self_test, Stage("Testing the engine"))
            info = read_self_test(answer)
            info = replace(info, unused_card=unused_card(info.device))
            if folder is not None:
                with atomic_path(folder / READY_FILE) as temporary:
                    temporary.write_text(json.dumps(asdict(info)))
            last: Event = Ready(info)
        except TarError as error:
            last = Stopped() if self._cancelled.is_set() else Failed(str(error))
        except Exception as error:  # a bug, which the user should see
            last = Failed(f"unexpected {type(error).__name__}: {error}")
        self._events.put(last)

    def _follow(self, command: Sequence[str], stage: Stage) -> str:
        """Run a command and report its stages, starting with `stage`; return its last line of output.

        Raises:
            TarError: the command failed or was cancelled.
        """
        process = self._start(command)
        self._events.put(stage)
        last = ""
        assert process.stdout is not None
        for line in process.stdout:
            stage, before = read_stage(line, stage, self._downloads), stage
            if stage != before:
                self._events.put(stage)
            if line.strip() and not line.startswith("Progress "):
                last = line.strip()
                self.lines.append(last)
        if process.wait() != 0:
            raise TarError(self._reason(last))
        return last

    def _start(self, command: Sequence[str]) -> "subprocess.Popen[str]":
        with self._lock:
            if self._cancelled.is_set():
                raise TarError("cancelled")
            try:
                self._process = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    encoding="utf-8",
                    errors="replace",
                    cwd=Path(command[0]).parent,  # not Blender's, which may be a folder of downloads
                    env=self._variables,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            except OSError as error:
                raise TarError(f"{command[0]}: cannot be started ({error.strerror}); set up again") from error
            return self._process

    def _reason(self, last: str) -> str:
        """Return in one line why a command failed, and what to do about it."""
        with contextlib.suppress(ValueError, AttributeError, RecursionError):  # the engine prints JSON
            return str(json.loads(last).get("message", last))
        errors = [line for line in self.lines if line.startswith(("ERROR:", "error:"))]
        reason = (errors or [last or "it printed nothing"])[-1].removeprefix("ERROR:").strip()
        output = " ".join(self.lines)
        if match := re.search(r"DO NOT MATCH THE HASHES.*? (\S+==\S+|\S+) from ", output):
            return (
                f"the download of {match[1]} is not the tested file (its SHA-256 hash differs), so nothing of it was "
                "installed; set up again, with another network or mirror if this is repeated"
            )
        for pattern, cause in _CAUSES:
            if re.search(pattern, output):
                return cause
        return f"{reason}; set up again (downloaded files are kept)"


def read_stage(line: str, before: Stage, downloads: Downloads) -> Stage:
    """Parse a line of pip's output; return the new stage, or `before` if the line says nothing about it.

    Args:
        downloads: what is downloaded in all; of unknown size before it was planned.
    """
    fraction = downloads.fraction(line)
    if match := re.match(r"Progress (\d+) of (\d+)", line):
        done, total = map(int, match.groups())
        if fraction is None and total:
            fraction = done / total
        return Stage(before.text, None if fraction is None else round(fraction, 2))
    if match := re.match(r"\s*Downloading (\S+?)-[\d.]\S*(?<!\.metadata) \(([^)]+)\)", line):
        text = f"Downloading {downloads.text}: {match[1]}" if downloads.text else f"Downloading {match[1]} ({match[2]})"
        return Stage(text, round(fraction or 0.0, 2))
    if match := re.match(r"Collecting ([\w.-]+)", line):
        return Stage(before.text if downloads.text else f"Finding {match[1]}", fraction)
    if line.startswith("Installing collected packages: "):
        return Stage(f"Installing {line.count(',') + 1} packages")
    return before


def read_self_test(answer: str) -> EngineInfo:
    """Parse the engine's answer to the self-test, a line of JSON.

    Raises:
        TarError: the engine answered something else.
    """
    try:
        fields = json.loads(answer)
        if fields.pop("event") != "self_test":
            raise TarError(str(fields.get("message", answer)))
        return EngineInfo.from_json(fields)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        raise TarError(f"the engine's self-test returned {answer[:200]!r}; set up again") from None
