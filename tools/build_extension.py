"""Builds the Blender extension from the repository's root: tar_core's wheel, then the zip.

    python -m tools.build_extension      prints the zip's path

Needs bpy, whose own extension builder makes and checks the zip, and setuptools.
"""

import importlib.util
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from tar_core.errors import TarError

ROOT = Path(__file__).resolve().parent.parent


def build_extension(output: Path) -> Path:
    """Builds and validates the zip.

    Args:
        output: the folder for it, made if need be.

    Returns:
        The zip's path.

    Raises:
        TarError: bpy is missing, or a step failed; what it printed stands above.
    """
    manifest = tomllib.loads((ROOT / "blender_manifest.toml").read_text())
    build_wheel(ROOT / manifest["wheels"][0])
    output.mkdir(parents=True, exist_ok=True)
    zip_file = output / f"{manifest['id']}-{manifest['version']}.zip"
    builder = extension_builder()
    _run([sys.executable, str(builder), "build", "--source-dir", str(ROOT), "--output-filepath", str(zip_file)])
    _run([sys.executable, str(builder), "validate", str(zip_file)])
    return zip_file


def build_wheel(wheel: Path) -> None:
    """Builds tar_core's wheel under the name that the manifest gives it.

    Raises:
        TarError: pip failed, or the wheel has another name: version or tags do not agree with the manifest.
    """
    wheel.unlink(missing_ok=True)
    # setuptools keeps what it copied last time, modules that are gone by now included.
    shutil.rmtree(ROOT / "build" / "lib", ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    _run([*pip, "--wheel-dir", str(wheel.parent), str(ROOT)])
    if not wheel.is_file():
        built = ", ".join(sorted(path.name for path in wheel.parent.glob("*.whl")))
        raise TarError(f"the manifest names {wheel.name} but pip built {built}; make the versions agree")


def extension_builder() -> Path:
    """Blender's own tool for extensions, which runs without Blender.

    Raises:
        TarError: there is no bpy in this Python.
    """
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        raise TarError("building the extension needs Blender's module: pip install bpy")
    found = sorted(Path(spec.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if not found:
        raise TarError(f"{spec.origin}: this bpy has no extension builder; install bpy 4.2 or newer")
    return found[-1]


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if finished.returncode != 0:
        print(finished.stdout, finished.stderr, sep="\n", file=sys.stderr)
        raise TarError(f"{' '.join(command[:4])} failed with exit code {finished.returncode}; its output is above")


def main() -> int:
    try:
        print(build_extension(ROOT / "dist"))
    except TarError as error:
        print(f"build_extension: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
