"""Makes the Python environment that the engine runs in: finds a Python, runs venv and pip, tests the result.

Nothing here needs bpy. The work happens in processes that a thread follows, so that Blender stays free.
"""

import contextlib
import json
import os
import queue
import re
import shutil
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from tar_core.engine.client import ENGINE_COMMAND
from tar_core.errors import TarError
from tar_core.files import atomic_path

OLDEST, NEWEST = (3, 11), (3, 13)  # Pythons that the engine runs on
READY = "tar_engine.json"  # in an environment's folder once it is complete

_CHECK_SECONDS = 30.0
_KEPT_LINES = 40
_CHECK = f"import sys, venv, ensurepip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"
_NOT_FOR_OTHERS = ("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP")  # Blender's own would lead another Python astray


@dataclass(frozen=True)
class EngineInfo:
    """What an engine says of itself; `seconds` is what its test took.

    Attributes:
        unused_card: the maker of a graphics card that is there, but not for this PyTorch; empty if none is.
    """

    tar_core: str
    torch: str
    device: str
    seconds: float
    unused_card: str = ""

    def __str__(self) -> str:
        device = f"{self.device} (no PyTorch for the {self.unused_card} card)" if self.unused_card else self.device
        return f"tar_core {self.tar_core}, torch {self.torch}, {device}, tested in {self.seconds:.1f} s"


@dataclass(frozen=True)
class Stage:
    """What is being done; `fraction` is None where nobody knows how much of it is left."""

    text: str
    fraction: float | None = None


@dataclass(frozen=True)
class Ready:
    """The engine works."""

    info: EngineInfo


@dataclass(frozen=True)
class Failed:
    """The message is for the user."""

    message: str


@dataclass(frozen=True)
class Stopped:
    """It was cancelled; what was downloaded is kept for the next time."""


Event = Stage | Ready | Failed | Stopped


def environment_python(folder: Path) -> Path:
    """The Python of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def set_up_info(folder: Path) -> EngineInfo | None:
    """What the finished environment in a folder said of itself; None if there is none."""
    try:
        return EngineInfo(**json.loads((folder / READY).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def is_older(version: str, other: str) -> bool:
    """Whether a version such as 0.9.1 comes before another."""
    numbers = [[int(number) for number in re.findall(r"\d+", text)[:3]] for text in (version, other)]
    return numbers[0] < numbers[1]


def find_base_python(candidates: Iterable[str | None] = ()) -> Path:
    """A Python that can make the environment: Blender's own, or one of the system where that lacks venv or pip.

    Args:
        candidates: what to try; by default this Python, then the names that systems use.

    Raises:
        TarError: none is fit.
    """
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    tried = list(candidates) or [sys.executable, *map(shutil.which, [*names, "python3", "python"])]
    for candidate in filter(None, tried):
        if "python" in Path(candidate).name.lower() and _is_fit(candidate):
            return Path(candidate)
    raise TarError(
        f"no Python {_dotted(OLDEST)} to {_dotted(NEWEST)} with venv was found: install one (on Debian and Ubuntu also "
        "the package python3-venv), or name a Python that has tar_core in the preferences"
    )


def set_up_commands(folder: Path, base: Path, requirement: str, options: Sequence[str] = ()) -> list[list[str]]:
    """What makes the environment, and what continues one that was left unfinished.

    Args:
        folder: of the environment.
        base: the Python to make it with.
        requirement: what pip is to install: tar_core's wheel.
        options: more options for pip, e.g. for another build of torch.
    """
    python = environment_python(folder)
    pip = [str(python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *options]
    commands = [] if python.exists() and _is_fit(str(python)) else [[str(base), "-m", "venv", "--clear", str(folder)]]
    if "--no-index" not in options:
        commands.append([*pip, "--upgrade", "pip>=24.1"])  # the first that tells how far a download is
        pip.append("--progress-bar=raw")
    # Once more by itself: pip takes another build of the same version for the one that is there.
    again = [*pip, "--no-deps", "--force-reinstall", requirement]
    return [*commands, [*pip, "--upgrade", requirement], again]


def unused_card(device: str) -> str:
    """The maker of the machine's graphics card, where the engine runs on the processor all the same; "" without one.

    pip's own choice of PyTorch is for NVIDIA's cards on Linux, for Apple's on macOS, and for none on Windows.
    """
    if device != "cpu":
        return ""
    tools = (("NVIDIA", ["nvidia-smi", "-L"]), ("AMD", ["rocminfo"]))
    return next((maker for maker, command in tools if _succeeds(command)), "")


def remove_environment(folder: Path) -> None:
    """Deletes an environment that `set_up_commands` made.

    Raises:
        TarError: some of it cannot be deleted.
    """
    (folder / READY).unlink(missing_ok=True)
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise TarError(f"{folder}: cannot be deleted whole ({error.strerror}); close what uses it") from error


class EngineSetup:
    """Commands that run one after the other, and the engine's test at their end. Call `poll` from time to time.

    Attributes:
        finished: the last event has been given out.
        lines: the last lines that the commands wrote, for a report.
    """

    def __init__(self, python: Path, commands: Sequence[Sequence[str]] = (), folder: Path | None = None) -> None:
        """Begins.

        Args:
            python: of the engine; it is tested when the commands are done.
            commands: what to run before.
            folder: of the environment, to be marked as ready.
        """
        self.finished = False
        self.lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._process: subprocess.Popen[str] | None = None
        self._cancelled = threading.Event()
        self._lock = threading.Lock()  # nobody starts a process between a cancellation and its effect
        thread = threading.Thread(target=self._run, args=(python, commands, folder), daemon=True)
        thread.start()

    def poll(self) -> list[Event]:
        """What happened since the last call; returns at once."""
        events: list[Event] = []
        while not self._events.empty():
            events.append(self._events.get())
        self.finished = self.finished or any(not isinstance(event, Stage) for event in events)
        return events

    def cancel(self) -> None:
        """Ends it; `poll` tells when that has happened."""
        self._cancelled.set()
        with self._lock:
            if self._process is not None:
                self._process.terminate()

    def _run(self, python: Path, commands: Sequence[Sequence[str]], folder: Path | None) -> None:
        try:
            if folder is not None:
                (folder / READY).unlink(missing_ok=True)
            for command in commands:
                self._follow(command, Stage("Making the environment" if "venv" in command else "Asking for packages"))
            answer = self._follow([str(python), *ENGINE_COMMAND, "--self-test"], Stage("Testing the engine"))
            info = read_self_test(answer)
            info = replace(info, unused_card=unused_card(info.device))
            if folder is not None:
                with atomic_path(folder / READY) as temporary:
                    temporary.write_text(json.dumps(asdict(info)))
            last: Event = Ready(info)
        except TarError as error:
            last = Stopped() if self._cancelled.is_set() else Failed(str(error))
        except Exception as error:  # a bug; without this nobody would hear of it
            last = Failed(f"unexpected {type(error).__name__}: {error}")
        self._events.put(last)

    def _follow(self, command: Sequence[str], stage: Stage) -> str:
        """Runs a command and tells how it goes from its first stage on; returns its last line.

        Raises:
            TarError: it failed or was cancelled.
        """
        environment = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_OTHERS}
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
                    env=environment | {"PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            except OSError as error:
                raise TarError(f"{command[0]}: cannot be started ({error.strerror})") from error
        self._events.put(stage)
        last = ""
        for line in self._process.stdout:
            stage, before = read_stage(line, stage), stage
            if stage != before:
                self._events.put(stage)
            if line.strip() and not line.startswith("Progress "):
                last = line.strip()
                self.lines.append(last)
        if self._process.wait() != 0:
            raise TarError(self._reason(last))
        return last

    def _reason(self, last: str) -> str:
        """Why a command failed, in one line."""
        with contextlib.suppress(ValueError, AttributeError):  # the engine's own words
            return str(json.loads(last).get("message", last))
        errors = [line for line in self.lines if line.startswith(("ERROR:", "error:"))]
        told = (errors or [last or "it said nothing"])[-1].removeprefix("ERROR:").strip()
        everything = " ".join(self.lines)
        if "No space left" in everything:
            return "the disk is full; make room (the engine takes 1 GB, with CUDA 6 GB) and set up again"
        if "NewConnectionError" in everything or "Temporary failure in name resolution" in everything:
            return "the network cannot be reached; set up again when it can, what was downloaded is kept"
        return f"{told}; set up again, what was downloaded is kept"


def read_stage(line: str, before: Stage) -> Stage:
    """What a line of pip's output says of how far it is."""
    if match := re.match(r"Progress (\d+) of (\d+)", line):
        done, total = map(int, match.groups())
        return Stage(before.text, round(done / total, 2) if total else None)
    if match := re.match(r"\s*Downloading (\S+?)-[\d.]\S* \(([^)]+)\)", line):
        return Stage(f"Downloading {match[1]} ({match[2]})", 0.0)
    if match := re.match(r"Collecting ([\w.-]+)", line):
        return Stage(f"Looking for {match[1]}")
    if line.startswith("Installing collected packages: "):
        return Stage(f"Installing {line.count(',') + 1} packages")
    return before


def read_self_test(answer: str) -> EngineInfo:
    """The engine's line of JSON.

    Raises:
        TarError: it says something else.
    """
    try:
        fields = json.loads(answer)
        if fields.pop("event") != "self_test":
            raise TarError(str(fields.get("message", answer)))
        return EngineInfo(**fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise TarError(f"the engine's test said {answer[:200]!r}; set up again") from None


def _is_fit(python: str) -> bool:
    return _succeeds([python, "-I", "-c", _CHECK])


def _succeeds(command: Sequence[str]) -> bool:
    environment = {key: value for key, value in os.environ.items() if key not in _NOT_FOR_OTHERS}
    try:
        checked = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            timeout=_CHECK_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return checked.returncode == 0


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))
