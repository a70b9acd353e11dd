"""`make test-blenders`: run the tests and the installed extension in every supported Blender.

    python -m tests.support.matrix

The environment variable BLENDERS selects runtimes by name, or by `oldest` and `newest`; the default is all of them.
UNTESTED names those in which the tests are left out, because another Blender of the same version runs them.
The first run downloads some gigabytes into .cache/blenders: bpy as a Python module in virtual environments, and the
Blender programs of Debian trixie and sid in folders made by mmdebstrap (needs root; entered by chroot, nothing is
mounted). sid changes daily, so a failed installation of it is a warning. For each runtime, the steps are:
    run tests/tar_blender and the tests of the tar_core modules that run inside Blender,
    install the extension's zip in an empty user folder, beside an extension with other versions of its packages,
    capture some frames of the demo video with the installed command, without network: the engine is the one in the zip,
    open the resulting Blender file,
    check that a video without people is refused in one line with exit code 2.
"""

import os
import sys
import time
from pathlib import Path

from tar_core.errors import TarError
from tar_core.program import run_program
from tests.support.artifacts import FRAMES, Artifacts, make_artifacts
from tests.support.debian_blender import DebianBlender
from tests.support.module_blender import ModuleBlender
from tests.support.paths import DATA
from tests.support.steps import RuntimeUnavailable, StepFailed, last_match, pytest_totals

Runtime = ModuleBlender | DebianBlender

VIDEO_WITHOUT_PEOPLE = DATA / "twelve_greys.mp4"

RUNTIMES = (
    # It crashed once when Python freed its objects, and once a vertex of the evaluated body was wrong. Neither happened
    # again in 75 repetitions, and memcheck found no invalid write and no use of uninitialized memory.
    ModuleBlender("4.2.23", python="3.11", numpy="numpy<2", unreliable=True),
    DebianBlender("trixie"),
    ModuleBlender("4.5.15", python="3.11", numpy="numpy<2"),
    ModuleBlender("5.0.1", python="3.11", numpy="numpy<2"),
    DebianBlender(
        "sid",
        extra_packages=("python3-cattr", "python3-requests", "python3-zstandard"),
        window_options=("--gpu-backend", "opengl"),
        rolling=True,
    ),
    ModuleBlender("5.2.3", python="3.13", numpy="numpy>=2.2"),
)
OLDEST, NEWEST = RUNTIMES[0], RUNTIMES[-1]


def main() -> int:
    """Check the selected runtimes one after the other and print a table; returns 1 if any step failed."""
    try:
        runtimes = selected_runtimes(os.environ.get("BLENDERS", "")) or RUNTIMES
        untested = selected_runtimes(os.environ.get("UNTESTED", ""))
        artifacts = make_artifacts()
    except (TarError, StepFailed) as error:
        print(f"matrix: {error}", file=sys.stderr)
        return 1
    rows = [check_runtime(runtime, artifacts, runtime not in untested) for runtime in runtimes]
    print(f"\n{'Blender':10}{'minutes':>8}  result")
    for name, seconds, result in rows:
        print(f"{name:10}{seconds / 60:8.1f}  {result}")
    return int(any("FAILED" in result for _, _, result in rows))


def selected_runtimes(text: str) -> list[Runtime]:
    """The runtimes that the words of a text name, in the order of RUNTIMES.

    Raises:
        TarError: a word is not the name of a runtime.
    """
    names = {runtime.name: runtime for runtime in RUNTIMES} | {"oldest": OLDEST, "newest": NEWEST}
    unknown = [word for word in text.split() if word not in names]
    if unknown:
        raise TarError(f"unknown runtime {', '.join(unknown)}; choose from {', '.join(names)}")
    wanted = {names[word].name for word in text.split()}
    return [runtime for runtime in RUNTIMES if runtime.name in wanted]


def check_runtime(runtime: Runtime, artifacts: Artifacts, with_tests: bool = True) -> tuple[str, float, str]:
    """Run the steps of a runtime, up to the first one that fails; returns (name, seconds, result)."""
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
        if with_tests:
            begin_step("tests")
            done.append(pytest_totals(runtime.test(artifacts)))
        with runtime.new_user() as user:
            begin_step("install")
            runtime.install(artifacts, user)
            done.append("installed")
            begin_step("capture")
            output = Path(user["BLENDER_USER_RESOURCES"]) / "out.blend"
            runtime.capture(artifacts.video, output, user)
            runtime.check(output, user)
            done.append(f"captured {FRAMES} frames")
            begin_step("bad input")
            printed = runtime.capture(VIDEO_WITHOUT_PEOPLE, output, user, exit_code=2)
            print(f"    {last_match(r'(?m)^tar_capture: .*$', printed)}")
            done.append("refused a video without people")
    except RuntimeUnavailable as error:
        done.append(f"warning: {error}")
    except StepFailed as error:
        done.append(f"{step} FAILED: {error}")
    return runtime.name, time.monotonic() - begin, ", ".join(done)


if __name__ == "__main__":
    sys.exit(run_program("matrix", main))
