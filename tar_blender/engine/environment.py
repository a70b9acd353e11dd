"""The Python environment in which the engine runs: where it is, how it is created, and how it is removed.

Needs no bpy.
"""

import json
import math
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tar_core.engine.protocol import PROTOCOL, known_options
from tar_core.engine.python import ISOLATED, NEWEST, OLDEST, SUPPORTED, clean_variables, find_program
from tar_core.errors import TarError

from .downloads import pinned_requirements, plan_command

READY_FILE = "tar_engine.json"  # in the folder of an environment once it is complete
REQUIREMENTS = Path(__file__).parent / "requirements"  # written by scripts/pin_engine.py

_CHECK_SECONDS = 30.0
_CHECK = f"import sys, venv, ensurepip; sys.exit(not {OLDEST} <= sys.version_info[:2] <= {NEWEST})"


@dataclass(frozen=True)
class EngineInfo:
    """The result of the engine's self-test.

    Attributes:
        tar_core: version of tar_core.
        runtime: name and version of the library that runs the networks.
        device: the device that the network runs on.
        seconds: duration of the self-test.
        unused_card: the maker of a graphics card that the engine does not use; empty if there is none.
        protocol: number of the protocol that the engine speaks (tar_core/engine/protocol.py).
        options: the options of a job that the engine knows.
    """

    tar_core: str
    runtime: str
    device: str
    seconds: float
    unused_card: str = ""
    protocol: int = 1
    options: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, fields: dict[str, Any]) -> "EngineInfo":
        """Create from the fields of the self-test event.

        Raises:
            TypeError: the fields are not those of a self-test.
        """
        if not isinstance(fields, dict):
            raise TypeError("not an object")
        info = cls(**fields | {"options": tuple(fields.get("options", ()))})
        texts = (info.tar_core, info.runtime, info.device, info.unused_card, *info.options)
        is_valid = all(isinstance(text, str) for text in texts) and isinstance(info.protocol, int)
        if not (is_valid and isinstance(info.seconds, (int, float)) and math.isfinite(info.seconds)):
            raise TypeError("a value has another type")
        return info

    def __str__(self) -> str:
        device = f"{self.device} (not the {self.unused_card} card)" if self.unused_card else self.device
        return f"tar_core {self.tar_core}, {self.runtime}, {device}, tested in {self.seconds:.1f} s"


def environment_python(folder: Path) -> Path:
    """Return the path of an environment's Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def set_up_info(folder: Path) -> EngineInfo | None:
    """Return the result of the self-test of a complete environment; None if the environment is not complete."""
    try:
        return EngineInfo.from_json(json.loads((folder / READY_FILE).read_text()))
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def update_reason(info: EngineInfo | None) -> str:
    """Return what an engine lacks that the add-on needs; "" if it lacks nothing or is not set up.

    Capabilities count, not versions: an older engine that knows every option is good enough.
    """
    if info is None:
        return ""
    if info.protocol < PROTOCOL:
        return "the engine is older than the add-on; update it"
    missing = sorted(set(known_options()) - set(info.options))
    return f"the engine does not support {', '.join(missing)}; update it" if missing else ""


def find_base_python(candidates: Iterable[str | None] = ()) -> Path:
    """Find a Python that can create the environment.

    Args:
        candidates: programs to try. Default: Blender's Python, then the usual names on this system, because Blender's
            Python may lack venv or pip.

    Raises:
        TarError: there is no such Python.
    """
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    tried = list(candidates) or [sys.executable, *map(find_program, [*names, "python3", "python"])]
    for candidate in filter(None, tried):
        if "python" in Path(candidate).name.lower() and _can_create_environments(candidate):
            return Path(candidate)
    raise TarError(
        f"no Python {SUPPORTED} with venv was found; install one (on Debian and Ubuntu also "
        "the package python3-venv), or enter a Python that has tar_core in the preferences"
    )


def set_up_commands(
    folder: Path, base: Path, requirement: str, options: Sequence[str] = (), pinned: bool = False
) -> list[list[str]]:
    """Return the commands that create an environment, or complete one whose setup was interrupted.

    Args:
        folder: of the environment.
        base: the Python to create it with.
        requirement: what pip installs: the wheel of tar_core, or its source folder, with extras in brackets.
        options: more options for pip, e.g. for another build of PyTorch.
        pinned: install the versions in REQUIREMENTS, and of these only wheels with the hashes there. Otherwise, pip
            chooses the newest ones.
    """
    python = environment_python(folder)
    pip = [str(python), *ISOLATED, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", *options]
    exists = python.exists() and _can_create_environments(str(python))
    commands = [] if exists else [[str(base), *ISOLATED, "-m", "venv", "--clear", str(folder)]]
    checked = ["--require-hashes", "--only-binary=:all:", "--requirement"]
    if "--no-index" not in options and not os.environ.get("PIP_NO_INDEX"):
        newer_pip = [*checked, str(REQUIREMENTS / "pip.txt")] if pinned else ["--upgrade", "pip>=24.1"]
        commands.append([*pip, *newer_pip])
        pip.append("--progress-bar=raw")  # since pip 24.1
        wanted = ["--no-deps", *pinned_requirements(REQUIREMENTS / "engine.txt")] if pinned else [requirement]
        commands.append(plan_command(pip, folder, wanted))
    packages = [*checked, str(REQUIREMENTS / "engine.txt")] if pinned else ["--upgrade", requirement]
    # pip does not install another build of the installed version unless it is forced to.
    again = [*pip, "--no-deps", "--force-reinstall", requirement]
    return [*commands, [*pip, *packages], again]


def unused_card(device: str) -> str:
    """Return the maker of a graphics card that the engine does not use although it runs on the CPU; "" if none."""
    if device != "cpu":
        return ""
    tools = (("NVIDIA", "nvidia-smi", "-L"), ("AMD", "rocminfo"))
    found = ((maker, find_program(name), options) for maker, name, *options in tools)
    return next((maker for maker, program, options in found if program and _succeeds([program, *options])), "")


def remove_environment(folder: Path) -> None:
    """Delete an environment.

    Raises:
        TarError: a part of it cannot be deleted.
    """
    (folder / READY_FILE).unlink(missing_ok=True)
    try:
        shutil.rmtree(folder)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise TarError(
            f"{folder}: cannot be deleted completely ({error.strerror}); close the programs that use it"
        ) from error


def _can_create_environments(python: str) -> bool:
    return _succeeds([python, *ISOLATED, "-c", _CHECK])


def _succeeds(command: Sequence[str]) -> bool:
    try:
        checked = subprocess.run(
            command,
            cwd=Path(command[0]).parent,
            env=clean_variables(),
            capture_output=True,
            timeout=_CHECK_SECONDS,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return checked.returncode == 0
