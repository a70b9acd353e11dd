"""`make test-blenders`: the tests, and the extension as a user has it, in every supported Blender.

    python -m tests.support.matrix

BLENDERS in the environment chooses, by name or as `oldest` and `newest`; by default all. The first run downloads some
gigabytes into .cache/blenders: bpy as a Python module in environments of their own, and the real Blender of Debian
trixie and of sid in folders made by mmdebstrap (as root, by chroot; nothing is mounted). sid moves: on a day on which
it cannot be installed that is a warning. Each runtime
    runs tests/tar_blender,
    installs the extension's zip in an empty user folder,
    captures some frames of the demo video by the installed command, with the engine in a Python outside Blender,
    opens the result,
    and refuses a video without people in one line with exit code 2.
"""

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.build_extension import build_extension
from scripts.fetch.demo_video import fetch_demo_video
from tar_core.errors import TarError
from tests.support.paths import REPOSITORY

ROOT = REPOSITORY
CACHE = ROOT / ".cache" / "blenders"
TESTS = ROOT / "tests" / "tar_blender"
SUPPORT = ROOT / "tests" / "support"
TEST_PACKAGES = ("pytest", "pytest-timeout", "hypothesis")  # of requirements/test.txt
NOBODY = ROOT / "tests" / "data" / "twelve_greys.mp4"  # a video without people
FRAMES = 8  # of the demo video
STEP_SECONDS = 600
TAIL = 60  # lines of a failed step's output that are printed


class StepFailed(Exception):
    """A step of a runtime failed; its text is for the table, what it printed stands above."""


class NotToday(Exception):
    """A runtime that moves cannot be installed at the moment, which is nobody's fault here; the text says why."""


@dataclass(frozen=True)
class Material:
    """What every runtime is given, made once."""

    extension: Path
    smplx_points: Path
    video: Path


class ModuleBlender:
    """Blender as a Python module, in a virtual environment of its own."""

    def __init__(self, version: str, python: str, numpy: str) -> None:
        self.name = version
        self._python_version, self._numpy = python, numpy
        self._folder = CACHE / f"bpy-{version}"
        self._python = self._folder / "bin" / "python"

    def set_up(self) -> None:
        with once(self._folder) as needed:
            if needed:
                run([find_python(self._python_version), "-m", "venv", "--clear", str(self._folder)])
                packages = [f"bpy=={self.name}", self._numpy, *pinned_packages()]
                run([str(self._python), "-m", "pip", "install", "--quiet", "--only-binary=:all:", *packages])

    def test(self, material: Material) -> str:
        variables = {"TAR_SMPLX_POINTS": str(material.smplx_points)}
        return run([str(self._python), "-m", "pytest", "-q", str(TESTS)], variables, cwd=ROOT)

    @contextmanager
    def user(self) -> Iterator[dict[str, str]]:
        """A new user's settings, as environment variables."""
        with tempfile.TemporaryDirectory() as folder:
            yield {"BLENDER_USER_RESOURCES": folder, "TAR_ENGINE_PYTHON": sys.executable}

    def install(self, material: Material, user: dict[str, str]) -> None:
        self._run_installed(user, "install", str(material.extension))

    def capture(self, video: Path, output: Path, user: dict[str, str], exit_code: int = 0) -> str:
        arguments = [str(video), "-o", str(output), "--end", str(FRAMES - 1)]
        return self._run_installed(user, "command", *arguments, exit_code=exit_code)

    def check(self, output: Path, user: dict[str, str]) -> None:
        self._run_installed(user, "check", str(output), str(FRAMES))

    def _run_installed(self, user: dict[str, str], *arguments: str, exit_code: int = 0) -> str:
        # -P: the script's folder, and with it the repository, stays off Python's path.
        return run([str(self._python), "-P", str(SUPPORT / "installed.py"), *arguments], user, exit_code=exit_code)


_DEBIAN_PACKAGES = (
    *("blender", "python3-numpy", "libgl1", "libegl1", "libgl1-mesa-dri"),
    *("xvfb", "xauth", "xdotool", "imagemagick"),
)


class DebianBlender:
    """A Debian's own Blender in a folder that chroot enters.

    The repository, and this Python with its packages as the engine, are linked into the folder under the paths that
    they have outside, so that a path means the same on both sides.
    """

    def __init__(
        self, suite: str, needs: tuple[str, ...] = (), options: tuple[str, ...] = (), moves: bool = False
    ) -> None:
        """Args:
        needs: packages that its blender package forgot.
        options: for a Blender with a window.
        moves: it is another one every day, and may not be installable on some.
        """
        self.name = suite
        self._needs, self._options, self._moves = needs, options, moves
        self._root = CACHE / suite

    def set_up(self) -> None:
        """Raises NotToday beside StepFailed, see there."""
        with once(self._root) as needed:
            if needed:
                try:
                    self._install_debian()
                except StepFailed as error:
                    if self._moves:
                        raise NotToday(f"cannot be installed today: {error}") from error
                    raise
                self._install_pytest()
        for folder in map(Path, {sys.prefix, sys.base_prefix}):
            if not self.inside(folder).exists():  # another checkout's Python may be there
                link_tree(folder, self.inside(folder), skip=("bpy", "test", "__pycache__"))
        self._show_processor()
        self._link_repository()

    def test(self, material: Material) -> str:
        points = self._bring(material.smplx_points)
        variables = {"TAR_SMPLX_POINTS": str(points), "PYTEST_SITE": "/pytest"}
        script = str(SUPPORT / "run_in_blender.py")
        options = ["--factory-startup", "--python-exit-code", "3", "--python", script, "--", "-q", str(TESTS)]
        return self._blender(variables, *options)

    @contextmanager
    def user(self) -> Iterator[dict[str, str]]:
        folder = Path(tempfile.mkdtemp(dir=self._root / "tmp"))
        try:
            inside = f"/tmp/{folder.name}"
            yield {"BLENDER_USER_RESOURCES": inside, "TAR_ENGINE_PYTHON": sys.executable}
        finally:
            shutil.rmtree(folder)

    def install(self, material: Material, user: dict[str, str]) -> None:
        extension = str(self._bring(material.extension))
        self._blender(user, "--command", "extension", "install-file", "-r", "user_default", "--enable", extension)

    def capture(self, video: Path, output: Path, user: dict[str, str], exit_code: int = 0) -> str:
        arguments = [str(self._bring(video)), "-o", str(output), "--end", str(FRAMES - 1)]
        self.inside(output.parent).mkdir(parents=True, exist_ok=True)
        return self._blender(user, "--command", "tar_capture", *arguments, exit_code=exit_code)

    def check(self, output: Path, user: dict[str, str]) -> None:
        script = str(SUPPORT / "installed.py")
        self._blender(user, "--python-exit-code", "3", "--python", script, "--", "check", str(output), str(FRAMES))

    def _install_debian(self) -> None:
        if os.geteuid() != 0 or shutil.which("mmdebstrap") is None:
            raise StepFailed("needs root and mmdebstrap (apt-get install mmdebstrap)")
        packages = ",".join((*_DEBIAN_PACKAGES, *self._needs))
        shutil.rmtree(self._root, ignore_errors=True)
        run(
            [
                *("mmdebstrap", "--mode=root", "--variant=apt", "--components=main", f"--include={packages}"),
                *('--aptopt=Acquire::Check-Valid-Until "false"', '--aptopt=APT::Install-Recommends "false"'),
                *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")),
                *("--dpkgopt=force-unsafe-io", self.name, str(self._root), debian_mirror()),
            ]
        )

    def _install_pytest(self) -> None:
        """For Blender's own Python, which is Debian's and has no pip."""
        tell = "import sys; print('python=%d.%d' % sys.version_info[:2])"
        version = last_match(r"python=(\S+)", self._blender({}, "--factory-startup", "--python-expr", tell))
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--only-binary=:all:", "--python-version", version]
        run([*pip, "--target", str(self._root / "pytest"), *pinned_packages()])

    def _show_processor(self) -> None:
        """torch asks the kernel about the processor, and /proc and /sys are not mounted."""
        cpu = Path("/sys/devices/system/cpu")
        for file in (Path("/proc/cpuinfo"), cpu / "possible", cpu / "present"):
            target = self.inside(file)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())

    def _link_repository(self) -> None:
        listing = run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT)
        for name in filter(None, listing.split("\0")):
            self._bring(ROOT / name)

    def inside(self, path: Path) -> Path:
        """Where a path of the folder is from outside."""
        return self._root / path.relative_to("/")

    def _bring(self, path: Path) -> Path:
        """Links a file into the folder; its path stays the same."""
        target = self.inside(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            target.unlink(missing_ok=True)
            link(path, target)
        return path

    def window(self, script: Path, screen: str, variables: dict[str, str], exit_code: int = 0) -> str:
        """Runs a script in a Blender with a window, on a virtual screen of a size such as 1280x800x24."""
        width, height, _ = screen.split("x")
        xvfb = ["xvfb-run", "-a", "-s", f"-screen 0 {screen}"]
        blender = ["blender", *self._options, "--no-window-focus", "-p", "0", "0", width, height]
        return self._enter(variables, [*xvfb, *blender, "--python", str(self._bring(script))], exit_code)

    def _blender(self, variables: dict[str, str], *arguments: str, exit_code: int = 0) -> str:
        return self._enter(variables, ["blender", "-b", *arguments], exit_code)

    def _enter(self, variables: dict[str, str], command: list[str], exit_code: int = 0) -> str:
        environment = {"HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", **variables}
        clean = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
        return run(["chroot", str(self._root), *clean, *command], exit_code=exit_code)


RUNTIMES = (
    ModuleBlender("4.2.23", python="3.11", numpy="numpy<2"),
    DebianBlender("trixie"),
    ModuleBlender("4.5.15", python="3.11", numpy="numpy<2"),
    ModuleBlender("5.0.1", python="3.11", numpy="numpy<2"),
    DebianBlender(
        "sid",
        needs=("python3-cattr", "python3-requests", "python3-zstandard"),
        options=("--gpu-backend", "opengl"),
        moves=True,
    ),
    ModuleBlender("5.2.3", python="3.13", numpy="numpy>=2.2"),
)
OLDEST, NEWEST = RUNTIMES[0], RUNTIMES[-1]


def main() -> int:
    """Runs the chosen runtimes one after the other and prints a table; 1 if any step failed."""
    try:
        chosen = chosen_runtimes(os.environ.get("BLENDERS", ""))
        CACHE.mkdir(parents=True, exist_ok=True)
        material = make_material()
    except (TarError, StepFailed) as error:
        print(f"matrix: {error}", file=sys.stderr)
        return 1
    rows = [examine(runtime, material) for runtime in chosen]
    print(f"\n{'Blender':10}{'minutes':>8}  result")
    for name, seconds, result in rows:
        print(f"{name:10}{seconds / 60:8.1f}  {result}")
    return int(any("FAILED" in result for _, _, result in rows))


def chosen_runtimes(text: str) -> list[ModuleBlender | DebianBlender]:
    """The runtimes that the words name, in the table's order; all of them if there are no words.

    Raises:
        TarError: a word names none.
    """
    names = {runtime.name: runtime for runtime in RUNTIMES} | {"oldest": OLDEST, "newest": NEWEST}
    unknown = [word for word in text.split() if word not in names]
    if unknown:
        raise TarError(f"BLENDERS names {', '.join(unknown)}; there are {', '.join(names)}")
    wanted = {names[word].name for word in text.split()} or {runtime.name for runtime in RUNTIMES}
    return [runtime for runtime in RUNTIMES if runtime.name in wanted]


def make_material() -> Material:
    points = CACHE / "smplx_points.npz"
    run([sys.executable, "-m", "tests.support.smplx_points", str(points)], cwd=ROOT)
    return Material(build_extension(ROOT / "dist"), points, fetch_demo_video())


def examine(runtime: ModuleBlender | DebianBlender, material: Material) -> tuple[str, float, str]:
    """(name, seconds, what came out) of one runtime; it ends at the first step that fails."""
    begin = time.monotonic()
    done: list[str] = []
    step = ""

    def begin_step(name: str) -> None:
        nonlocal step
        step = name
        print(f"{runtime.name}: {name}", flush=True)

    try:
        begin_step("set up")
        runtime.set_up()
        begin_step("tests")
        done.append(last_match(r"\d+ (?:passed|failed).*? in [\d.]+s", runtime.test(material)))
        with runtime.user() as user:
            begin_step("install")
            runtime.install(material, user)
            done.append("installed")
            begin_step("capture")
            output = Path(user["BLENDER_USER_RESOURCES"]) / "out.blend"
            runtime.capture(material.video, output, user)
            runtime.check(output, user)
            done.append(f"captured {FRAMES} frames")
            begin_step("bad input")
            told = last_match(r"(?m)^tar_capture: .*$", runtime.capture(NOBODY, output, user, exit_code=2))
            print(f"    {told}")
            done.append("refused a video without people")
    except NotToday as error:
        done.append(f"warning: {error}")
    except StepFailed as error:
        done.append(f"{step} FAILED: {error}")
    return runtime.name, time.monotonic() - begin, ", ".join(done)


def run(
    command: list[str], variables: dict[str, str] | None = None, cwd: Path | None = None, exit_code: int = 0
) -> str:
    """What the command printed, standard error included.

    Raises:
        StepFailed: another exit code than expected, or no end in sight.
    """
    environment = os.environ | {"OMP_NUM_THREADS": "2"} | (variables or {})
    try:
        finished = subprocess.run(
            command,
            env=environment,
            cwd=cwd or tempfile.gettempdir(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            timeout=STEP_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise StepFailed(f"no end after {STEP_SECONDS} s") from error
    if finished.returncode != exit_code:
        print("\n".join(finished.stdout.splitlines()[-TAIL:]), file=sys.stderr)
        raise StepFailed(f"exit code {finished.returncode}, not {exit_code}")
    return finished.stdout


def last_match(pattern: str, text: str) -> str:
    """The last place in the text that matches.

    Raises:
        StepFailed: none does.
    """
    matches = re.findall(pattern, text)
    if not matches:
        print(text, file=sys.stderr)
        raise StepFailed(f"it printed nothing like {pattern}")
    return matches[-1]


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Tells whether the folder has still to be filled; an unfinished one is filled again. Others wait meanwhile."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ready = folder / ".ready"
        needed = not ready.exists()
        yield needed
        if needed:
            ready.touch()


def pinned_packages() -> list[str]:
    """What runs the tests inside Blender, as requirements/test.txt pins it."""
    lines = (ROOT / "requirements" / "test.txt").read_text().splitlines()
    return [line for line in lines if line.partition("==")[0] in TEST_PACKAGES]


def find_python(version: str) -> str:
    return run([str(ROOT / "scripts" / "find_python.sh"), version]).strip().splitlines()[-1]


def debian_mirror() -> str:
    """The Debian mirror of this machine's own apt sources.

    Raises:
        StepFailed: they name none.
    """
    apt = Path("/etc/apt")
    for file in [*sorted(apt.glob("sources.list.d/*.sources")), *sorted(apt.glob("**/*.list"))]:
        for word in file.read_text().split():
            if re.fullmatch(r"https?://\S+/debian/?", word):
                return word
    raise StepFailed("the apt sources of this machine name no Debian mirror")


def link_tree(source: Path, target: Path, skip: tuple[str, ...]) -> None:
    """The folder's files again under another path, without copying them if it can be."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, symlinks=True, copy_function=link, ignore=shutil.ignore_patterns(*skip))


def link(source: str | Path, target: str | Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system
        shutil.copy2(source, target, follow_symlinks=False)


if __name__ == "__main__":
    sys.exit(main())
