"""The engine with the packages in the extension, in a process as Blender starts it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tar_core.engine import launch
from tar_core.engine.python import ISOLATED
from tests.tar_core.engine.test_bundled import make_wheel

PYTHON_TAG = f"cp{sys.version_info[0]}{sys.version_info[1]}"


def events(
    wheels: Path, folder: Path, *arguments: str
) -> tuple[list[dict[str, Any]], subprocess.CompletedProcess[str]]:
    command = [sys.executable, *ISOLATED, launch.__file__, str(wheels), str(folder), *arguments]
    done = subprocess.run(command, input="", capture_output=True, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()], done


def test_packages_of_the_wheels_come_first(tmp_path: Path) -> None:
    """Before those of the Python itself: the wheels hold a library that says so."""
    make_wheel(tmp_path, f"onnxruntime-9.9-{PYTHON_TAG}-{PYTHON_TAG}-any", "raise ValueError('from the wheel')\n")
    (unpack, error), done = events(tmp_path, tmp_path / "packages", "--self-test")
    assert unpack["stage"] == "unpack" and error["event"] == "error" and "from the wheel" in error["message"]
    assert done.returncode != 0


def test_other_packages_beside_tar_core_are_not_found(tmp_path: Path) -> None:
    """Blender installs the packages of all extensions in one folder, that of tar_core."""
    site = tmp_path / "site"
    shutil.copytree(Path(launch.__file__).parents[1], site / "tar_core", ignore=shutil.ignore_patterns("assets"))
    (site / "neighbor.py").touch()
    make_wheel(tmp_path, "bar-1.0-py3-none-any")
    program = (
        "import importlib.util, runpy, sys\n"
        f"sys.argv = ['launch.py', {str(tmp_path)!r}, {str(tmp_path / 'packages')!r}]\n"
        f"main = runpy.run_path({str(site / 'tar_core' / 'engine' / 'launch.py')!r})['main']\n"
        "main()\n"
        "assert importlib.util.find_spec('neighbor') is None and importlib.util.find_spec('bar') is not None\n"
    )
    done = subprocess.run([sys.executable, *ISOLATED, "-c", program], input="", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_wheels_that_do_not_fit_are_reported(tmp_path: Path) -> None:
    make_wheel(tmp_path, "runtime-1.0-cp37-cp37m-any")
    (_, error), done = events(tmp_path, tmp_path / "packages")
    assert error["event"] == "error" and "no runtime for Python" in error["message"] and done.returncode == 2
