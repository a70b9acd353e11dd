"""A current folder with modules that Python must not import, e.g. a folder of downloads with a .blend file."""

import os
from pathlib import Path

import pytest

_NAMES = ("venv", "pip", "ensurepip", "numpy", "json", "subprocess", "sitecustomize", "usercustomize", "tar_core")


class HostileFolder:
    """The folder becomes the current folder, and Python's environment variables point to it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._marks = folder / "marks"
        self._marks.mkdir(parents=True)
        for name in _NAMES:
            self._add(folder / f"{name}.py", name)
            self._add(folder / name / "__init__.py", name)
            self._add(folder / name / "__main__.py", name)
        monkeypatch.chdir(folder)
        for variable in ("PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE"):
            monkeypatch.setenv(variable, str(folder))
        monkeypatch.setenv("PYTHONSTARTUP", str(folder / "pip.py"))
        monkeypatch.setenv("PYTHONINSPECT", "1")

    def imported(self) -> list[str]:
        """Return the names of the modules that some Python has imported from the folder."""
        return sorted(os.listdir(self._marks))

    def _add(self, path: Path, name: str) -> None:
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"open({str(self._marks / name)!r}, 'w').close()\n")
