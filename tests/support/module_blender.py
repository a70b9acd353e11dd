"""Blender as a Python module (bpy), in a virtual environment."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.artifacts import BLENDERS, FRAMES, PYTEST_OPTIONS, SUPPORT, TESTS, Artifacts
from tests.support.paths import REPOSITORY
from tests.support.steps import (
    SET_UP_SECONDS,
    TESTS_SECONDS,
    StepFailed,
    fill_once,
    offline,
    pinned_packages,
    pytest_processes,
    run,
)


class ModuleBlender:
    """A version of bpy.

    Args:
        version: of bpy.
        python: version of Python that this bpy needs, e.g. "3.11".
        numpy: requirement for numpy, e.g. "numpy<2".
        unreliable: whether a process whose tests fail is repeated once.
    """

    def __init__(self, version: str, python: str, numpy: str, unreliable: bool = False) -> None:
        self.name, self._unreliable = version, unreliable
        self._python_version, self._numpy = python, numpy
        self._folder = BLENDERS / f"bpy-{version}"
        self._python = self._folder / "bin" / "python"

    def set_up(self) -> None:
        """Create the virtual environment and install bpy and the test packages, unless that has been done."""
        with fill_once(self._folder) as needed:
            if needed:
                run([find_python(self._python_version), "-m", "venv", "--clear", str(self._folder)])
                packages = [f"bpy=={self.name}", self._numpy, *pinned_packages()]
                install = [str(self._python), "-m", "pip", "install", "--quiet", "--only-binary=:all:", *packages]
                run(install, seconds=SET_UP_SECONDS)

    def test(self, artifacts: Artifacts) -> str:
        """Run the tests in this Blender, in several processes, and return pytest's output."""
        variables = {"TAR_SMPLX_POINTS": str(artifacts.smplx_points)}
        outputs = []
        for tests in pytest_processes(TESTS):
            command = [str(self._python), "-m", "pytest", *PYTEST_OPTIONS, *map(str, tests)]
            try:
                outputs.append(run(command, variables, cwd=REPOSITORY, seconds=TESTS_SECONDS))
            except StepFailed as error:
                if not self._unreliable:
                    raise
                print(f"    {self.name}: {error}; the tests of this process are repeated", flush=True)
                outputs.append(run(command, variables, cwd=REPOSITORY, seconds=TESTS_SECONDS))
        return "".join(outputs)

    @contextmanager
    def new_user(self) -> Iterator[dict[str, str]]:
        """Yield the environment variables of a user with an empty folder of settings and extensions."""
        with tempfile.TemporaryDirectory() as folder:
            yield {"BLENDER_USER_RESOURCES": folder, "TAR_ENGINE_PYTHON": ""}

    def install(self, artifacts: Artifacts, user: dict[str, str]) -> None:
        """Install the extensions' zips for the user."""
        self._run_installed(user, "install", str(artifacts.neighbor), str(artifacts.extension))

    def capture(self, video: Path, output: Path, user: dict[str, str], exit_code: int = 0) -> str:
        """Capture the first frames of a video with the installed extension and return the command's output."""
        arguments = [str(video), "-o", str(output), "--end", str(FRAMES - 1)]
        return self._run_installed(user, "command", *arguments, exit_code=exit_code)

    def check(self, output: Path, user: dict[str, str]) -> None:
        """Check the Blender file that `capture` wrote."""
        self._run_installed(user, "check", str(output), str(FRAMES))

    def _run_installed(self, user: dict[str, str], *arguments: str, exit_code: int = 0) -> str:
        # -I keeps the script's folder and PYTHONPATH off Python's path: the installed files run, not the repository's.
        command = [str(self._python), "-I", str(SUPPORT / "installed.py"), *arguments]
        return run(offline(command), user, exit_code=exit_code)


def find_python(version: str) -> str:
    """Find the path of a Python of the given version that can create virtual environments."""
    return run([str(REPOSITORY / "scripts" / "find_python.sh"), version]).strip().splitlines()[-1]
