"""What the setup of the engine downloads: the files and their sizes, and how much of it is done. Needs no bpy."""

import json
import re
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_REPORT = "tar_downloads.json"  # in the folder of the environment; pip writes it
_TIMEOUT_SECONDS = 10.0
_UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}  # of pip's messages


def plan_command(pip: Sequence[str], folder: Path, requirements: Sequence[str]) -> list[str]:
    """Return the command that lists the files which pip would download.

    Args:
        pip: the command `pip install` with its options.
        folder: of the environment.
        requirements: of pip, without hashes: to check them, pip would download the files.
    """
    return [*pip, "--dry-run", "--report", str(folder / _REPORT), *requirements]


def pinned_requirements(path: Path) -> list[str]:
    """The requirements in a file of scripts/pin_engine.py, without hashes."""
    lines = (line.removesuffix("\\").strip() for line in path.read_text().splitlines())
    return [line for line in lines if line and not line.startswith(("#", "--"))]


class Downloads:
    """The downloads that a report of pip lists, and their progress.

    Attributes:
        text: number and total size of the files, for the user; empty if there are none or the server does not tell.
    """

    def __init__(self, sizes: Sequence[int]) -> None:
        self._total = sum(sizes)
        self._done = self._current = self._size = 0.0
        self.text = f"{len(sizes)} file{'s' if len(sizes) > 1 else ''}, {format_size(self._total)}" if sizes else ""

    @classmethod
    def planned_by(cls, command: Sequence[str]) -> "Downloads":
        """Read the report of a finished `plan_command`, and ask the server for the sizes of the files."""
        try:
            report = Path(command[command.index("--report") + 1])
            urls = [str(item["download_info"]["url"]) for item in json.loads(report.read_text())["install"]]
            return cls([_size_of(url) for url in urls if url.startswith(("https:", "http:"))])
        except (OSError, ValueError, KeyError, TypeError):
            return cls([])

    def fraction(self, line: str) -> float | None:
        """Read a line of pip's output; return the share of all bytes that is downloaded, None if it is unknown."""
        if match := re.match(r"Progress (\d+) of (\d+)", line):
            self._current, self._size = map(float, match.groups())
        elif match := re.match(r"\s*(Downloading|Using cached) \S+(?<!\.metadata) \(([\d.]+) (\w+)\)", line):
            self._done += self._size
            self._current, self._size = 0.0, float(match[2]) * _UNITS.get(match[3], 1)
            if match[1] == "Using cached":
                self._current = self._size
        return min((self._done + self._current) / self._total, 1.0) if self._total else None


def format_size(size: float) -> str:
    """A size in bytes for the user, such as 143 MB."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):.3g} MB"


def _size_of(url: str) -> int:
    """The size of a file on a server, bytes.

    Raises:
        OSError, ValueError: the server does not tell it.
    """
    request = urllib.request.Request(url, method="HEAD")
    answer: Any
    with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as answer:
        return int(answer.headers["Content-Length"])
