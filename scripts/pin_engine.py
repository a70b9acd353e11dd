"""Write the list of the packages that Set Up Engine installs, with their hashes, to tar_blender/engine/requirements.

    python -m pip install uv
    python -m scripts.pin_engine

They are the packages in the zip files (scripts/engine_wheels.py), NumPy, and what these depend on. uv resolves them for
all platforms and all Pythons of the engine, and takes the hashes of the wheels from PyPI. Run it after a change of a
version.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from scripts.engine_wheels import PACKAGES, PLATFORMS
from scripts.paths import REPOSITORY
from tar_core.engine.python import OLDEST
from tar_core.errors import TarError
from tar_core.files import atomic_path

FOLDER = REPOSITORY / "tar_blender" / "engine" / "requirements"
PIP = "pip==26.3"
NUMPY = "numpy==2.4.6"  # as in requirements/newest.txt, which the tests run with
INTEL_MAC = "sys_platform == 'darwin' and platform_machine == 'x86_64'"
NO_INTEL_MAC = "(sys_platform != 'darwin' or platform_machine != 'x86_64')"


def engine_requirements() -> list[str]:
    """The versions that uv starts from. Only macOS-x64 has packages of other versions."""
    (others,) = (dict(platform.versions) for platform in PLATFORMS if platform.versions)
    lines = [NUMPY]
    for package in PACKAGES:
        if package.name in others:
            lines.append(f"{package.name}=={others[package.name]} ; {INTEL_MAC}")
            lines.append(f"{package.name}=={package.version} ; {NO_INTEL_MAC}")
        else:
            lines.append(f"{package.name}=={package.version}")
    return lines


def pin(requirements: Sequence[str], path: Path) -> None:
    """Write requirements and their dependencies, each with the version and the hashes of all its wheels.

    Raises:
        TarError: uv is missing, or cannot resolve them.
    """
    command = [sys.executable, "-m", "uv", "pip", "compile", "-", "--quiet", "--universal", "--generate-hashes"]
    command += ["--only-binary", ":all:", "--no-annotate", "--no-header", "--no-config"]
    command += ["--python-version", ".".join(map(str, OLDEST))]
    finished = subprocess.run(command, input="\n".join(requirements), capture_output=True, text=True)
    if finished.returncode != 0:
        raise TarError(f"uv cannot pin the packages: {finished.stderr.strip() or 'it printed nothing'}")
    with atomic_path(path) as temporary:
        temporary.write_text(f"# Written by scripts/pin_engine.py.\n{finished.stdout}")


def main() -> int:
    try:
        pin([PIP], FOLDER / "pip.txt")
        pin(engine_requirements(), FOLDER / "engine.txt")
    except TarError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
