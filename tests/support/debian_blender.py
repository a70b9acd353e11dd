"""Debian's own Blender, in a folder that chroot enters."""

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.artifacts import BLENDERS, FRAMES, PYTEST_OPTIONS, SUPPORT, TESTS, Artifacts
from tests.support.paths import REPOSITORY
from tests.support.steps import (
    SET_UP_SECONDS,
    STEP_SECONDS,
    TESTS_SECONDS,
    RuntimeUnavailable,
    StepFailed,
    fill_once,
    last_match,
    offline,
    pinned_packages,
    pytest_processes,
    run,
)

PACKAGES = (
    *("blender", "python3-numpy", "libgl1", "libegl1", "libgl1-mesa-dri"),
    *("xvfb", "xauth", "xdotool", "imagemagick"),
)


class DebianBlender:
    """The Blender of a Debian suite.

    The repository is linked into the folder under the path that it has outside, so that a path is the same inside and
    outside. Blender runs without network.

    Args:
        suite: of Debian, e.g. "trixie".
        extra_packages: packages that the suite's blender package needs but does not depend on.
        window_options: options of Blender when it opens a window.
        rolling: the suite changes from day to day, so a failing installation is no failure of the tests.
    """

    def __init__(
        self,
        suite: str,
        extra_packages: tuple[str, ...] = (),
        window_options: tuple[str, ...] = (),
        rolling: bool = False,
    ) -> None:
        self.name = suite
        self._extra_packages, self._window_options, self._rolling = extra_packages, window_options, rolling
        self._root = BLENDERS / suite

    def set_up(self) -> None:
        """Install the suite and the test packages unless that has been done, and link the repository.

        Raises:
            RuntimeUnavailable: the installation of a rolling suite failed.
            StepFailed: another step failed.
        """
        with fill_once(self._root) as needed:
            if needed:
                try:
                    self._install_debian()
                except StepFailed as error:
                    if self._rolling:
                        raise RuntimeUnavailable(f"cannot be installed today: {error}") from error
                    raise
                self._install_pytest()
        self._copy_processor_files()
        self._link_repository()

    def test(self, artifacts: Artifacts) -> str:
        """Run the tests in this Blender, in several processes, and return pytest's output."""
        points = self._link_file(artifacts.smplx_points)
        variables = {"TAR_SMPLX_POINTS": str(points), "PYTEST_SITE": "/pytest"}
        script = str(SUPPORT / "run_in_blender.py")
        options = ["--factory-startup", "--python-exit-code", "3", "--python", script, "--", *PYTEST_OPTIONS]
        return "".join(
            self._background(variables, *options, *map(str, tests), seconds=TESTS_SECONDS)
            for tests in pytest_processes(TESTS)
        )

    @contextmanager
    def new_user(self) -> Iterator[dict[str, str]]:
        """Yield the environment variables of a user with an empty folder of settings and extensions."""
        folder = Path(tempfile.mkdtemp(dir=self._root / "tmp"))
        try:
            yield {"BLENDER_USER_RESOURCES": f"/tmp/{folder.name}"}
        finally:
            shutil.rmtree(folder)

    def install(self, artifacts: Artifacts, user: dict[str, str]) -> None:
        """Validate and install the extensions' zips for the user."""
        for zip_file in (artifacts.neighbor, artifacts.extension):
            extension, command = str(self._link_file(zip_file)), ("--command", "extension")
            self._background(user, *command, "validate", extension)
            self._background(user, *command, "install-file", "-r", "user_default", "--enable", extension)

    def capture(self, video: Path, output: Path, user: dict[str, str], exit_code: int = 0) -> str:
        """Capture the first frames of a video with the installed extension and return the command's output."""
        arguments = [str(self._link_file(video)), "-o", str(output), "--end", str(FRAMES - 1)]
        self.host_path(output.parent).mkdir(parents=True, exist_ok=True)
        return self._background(user, "--command", "tar_capture", *arguments, exit_code=exit_code)

    def check(self, output: Path, user: dict[str, str]) -> None:
        """Check the Blender file that `capture` wrote."""
        script = str(SUPPORT / "installed.py")
        arguments = ["--python-exit-code", "3", "--python", script, "--", "check", str(output), str(FRAMES)]
        self._background(user, *arguments)

    def run_window(
        self,
        script: Path,
        screen: str,
        variables: dict[str, str],
        *,
        opened: Path | None = None,
        exit_code: int = 0,
    ) -> str:
        """Run a script in a Blender with a window and return the output.

        Args:
            screen: size and color depth of the virtual screen, e.g. "1280x800x24".
            opened: the file that is opened (default: none).
        """
        width, height, _ = screen.split("x")
        xvfb = ["xvfb-run", "-a", "-s", f"-screen 0 {screen}"]
        blender = ["blender", *self._window_options, "--no-window-focus", "-p", "0", "0", width, height]
        files = [] if opened is None else [str(opened)]
        command = with_exit_code_of(xvfb, [*blender, *files, "--python", str(self._link_file(script))])
        return self._enter(variables, command, exit_code)

    def host_path(self, path: Path) -> Path:
        """The path outside the chroot of a path inside it."""
        return self._root / path.relative_to("/")

    def _install_debian(self) -> None:
        if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
            raise StepFailed("needs root and mmdebstrap; run as root after apt-get install mmdebstrap")
        packages = ",".join((*PACKAGES, *self._extra_packages))
        shutil.rmtree(self._root, ignore_errors=True)
        command = [
            *("mmdebstrap", "--mode=root", "--variant=apt", "--components=main", f"--include={packages}"),
            *('--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=APT::Install-Recommends "false"'),
            *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")),
            *("--dpkgopt=force-unsafe-io", self.name, str(self._root), debian_mirror()),
        ]
        run(command, seconds=SET_UP_SECONDS)

    def _install_pytest(self) -> None:
        """Install the test packages for Blender's Python, which is Debian's and has no pip."""
        print_version = "import sys; print('python=%d.%d' % sys.version_info[:2])"
        version = last_match(r"python=(\S+)", self._background({}, "--factory-startup", "--python-expr", print_version))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--python-version", version]
        run([*pip, "--target", str(self._root / "pytest"), *pinned_packages()], seconds=SET_UP_SECONDS)

    def _copy_processor_files(self) -> None:
        """Copy what ONNX Runtime reads about the processor: /proc and /sys are not mounted in the chroot."""
        cpu = Path("/sys/devices/system/cpu")
        for file in (Path("/proc/cpuinfo"), cpu / "possible", cpu / "present"):
            target = self.host_path(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())

    def _link_repository(self) -> None:
        """Link the repository's files, and remove the links of files that it no longer has."""
        listing = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY)
        files = [Path(name) for name in listing.split("\0") if name]
        for folder in {file.parts[0] for file in files if len(file.parts) > 1}:
            shutil.rmtree(self.host_path(REPOSITORY / folder), ignore_errors=True)
        for file in files:
            self._link_file(REPOSITORY / file)

    def _link_file(self, path: Path) -> Path:
        """Link a file into the chroot under the same path and return that path."""
        target = self.host_path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            target.unlink(missing_ok=True)
            link(path, target)
        return path

    def _background(
        self, variables: dict[str, str], *arguments: str, exit_code: int = 0, seconds: float = STEP_SECONDS
    ) -> str:
        return self._enter(variables, ["blender", "-b", *arguments], exit_code, seconds)

    def _enter(
        self, variables: dict[str, str], command: list[str], exit_code: int = 0, seconds: float = STEP_SECONDS
    ) -> str:
        environment = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **variables}
        clean = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
        return run(offline(["chroot", str(self._root), *clean, *command]), exit_code=exit_code, seconds=seconds)


def debian_mirror() -> str:
    """Find the Debian mirror of this machine's own apt sources.

    Raises:
        StepFailed: the apt sources name no Debian mirror.
    """
    apt = Path("/etc/apt")
    for file in [*sorted(apt.glob("sources.list.d/*.sources")), *sorted(apt.glob("**/*.list"))]:
        for word in file.read_text().split():
            if re.fullmatch(r"https?://\S+/debian/?", word):
                return word
    raise StepFailed("the apt sources of this machine name no Debian mirror")


def with_exit_code_of(wrapper: list[str], command: list[str]) -> list[str]:
    """A command that runs a command in a wrapper and ends with the exit code of the command.

    The wrapper's own exit code may be another one: xvfb-run also reports trouble when it cleans up.
    """
    noted = ["sh", "-c", '"$@"; echo $? >"$CODE"', "sh", *command]
    outer = 'export CODE=$(mktemp); "$@"; code=$?; read noted <"$CODE" && code=$noted; rm "$CODE"; exit $code'
    return ["sh", "-c", outer, "sh", *wrapper, *noted]


def link(source: str | Path, target: str | Path) -> None:
    """Hard-link a file, or copy it to another file system."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)
