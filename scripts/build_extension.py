"""Build the Blender extension: tar_core's wheel, then the zip with the extension.

    python -m scripts.build_extension                prints the path of the zip
    python -m scripts.build_extension --offline      also builds a zip for this platform with all wheels of the engine

Needs setuptools, and bpy, which contains Blender's extension builder.
"""

import argparse
import importlib.util
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from scripts.paths import REPOSITORY
from tar_core.errors import TarError

ENGINE_WHEELS = "engine_wheels"  # see tar_core/engine/client.py


def build_extension(output: Path) -> Path:
    """Build and validate the zip.

    Args:
        output: folder for the zip, created if missing.

    Returns:
        the path of the zip.

    Raises:
        TarError: bpy is missing, or a step failed; the output of the step has been printed.
    """
    manifest = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text())
    build_wheel(REPOSITORY / manifest["wheels"][0])
    output.mkdir(parents=True, exist_ok=True)
    zip_file = output / f"{manifest['id']}-{manifest['version']}.zip"
    builder = extension_builder()
    _run([sys.executable, str(builder), "build", "--source-dir", str(REPOSITORY), "--output-filepath", str(zip_file)])
    _run([sys.executable, str(builder), "validate", str(zip_file)])
    return zip_file


def build_offline(zip_file: Path, pythons: list[str], pip_options: list[str]) -> Path:
    """Build a zip for this platform whose engine can be set up without network access.

    Args:
        zip_file: the zip from `build_extension`; the new zip goes to the same folder.
        pythons: versions of Python that the engine may run on: Blender's own is 3.11, or 3.13 from Blender 5.1 on.
        pip_options: additional options of `pip download`.

    Returns:
        the path of the zip.

    Raises:
        TarError: a wheel cannot be downloaded, or a step failed.
    """
    system = blender_platform()
    offline = zip_file.with_name(f"{zip_file.stem}-{system.replace('-', '_')}.zip")
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        with zipfile.ZipFile(zip_file) as archive:
            archive.extractall(stage)
        wheels = stage / ENGINE_WHEELS
        (tar_core_wheel,) = stage.glob("wheels/tar_core-*.whl")
        for version in pythons:
            download = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"]
            download += ["--python-version", version, "--dest", str(wheels)]
            _run([*download, str(tar_core_wheel), f"onnxruntime=={pinned('onnxruntime')}", *pip_options])
        for copy in wheels.glob("tar_core-*.whl"):  # the zip has it in wheels/ already
            copy.unlink()
        manifest = stage / "blender_manifest.toml"
        text = manifest.read_text()
        manifest.write_text(text.replace("\nwheels =", f'\nplatforms = ["{system}"]\nwheels =', 1))
        builder = extension_builder()
        _run([sys.executable, str(builder), "build", "--source-dir", str(stage), "--output-filepath", str(offline)])
        _run([sys.executable, str(builder), "validate", str(offline)])
    return offline


def blender_platform() -> str:
    """The name of this platform in Blender's manifests, e.g. linux-x64.

    Raises:
        TarError: Blender has no name for it.
    """
    systems = {"Linux": "linux", "Windows": "windows", "Darwin": "macos"}
    machines = {"x86_64": "x64", "AMD64": "x64", "arm64": "arm64", "aarch64": "arm64"}
    try:
        return f"{systems[platform.system()]}-{machines[platform.machine()]}"
    except KeyError as missing:
        raise TarError(f"Blender has no extensions for {missing}; build on the platform of the extension") from None


def pinned(package: str) -> str:
    """The version of a package in requirements/test.txt."""
    found = re.search(rf"^{package}==(\S+)", (REPOSITORY / "requirements" / "test.txt").read_text(), re.MULTILINE)
    assert found is not None
    return found[1]


def build_wheel(wheel: Path) -> None:
    """Build tar_core's wheel with the name that the manifest expects.

    Raises:
        TarError: pip failed, or the wheel has another name because its version or tags differ from the manifest.
    """
    wheel.unlink(missing_ok=True)
    # setuptools would add modules from earlier builds that no longer exist.
    shutil.rmtree(REPOSITORY / "build" / "lib", ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    _run([*pip, "--wheel-dir", str(wheel.parent), str(REPOSITORY)])
    if not wheel.is_file():
        built = ", ".join(sorted(path.name for path in wheel.parent.glob("*.whl")))
        raise TarError(f"the manifest expects {wheel.name}, but pip built {built}; make the versions agree")


def extension_builder() -> Path:
    """Find Blender's extension builder, a script that runs without Blender.

    Raises:
        TarError: this Python has no bpy, or bpy is too old.
    """
    spec = importlib.util.find_spec("bpy")
    if spec is None or spec.origin is None:
        raise TarError("building the extension needs Blender's Python module; run pip install bpy")
    found = sorted(Path(spec.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if not found:
        raise TarError(f"{spec.origin}: this bpy has no extension builder; install bpy 4.2 or newer")
    return found[-1]


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if finished.returncode != 0:
        print(finished.stdout, finished.stderr, sep="\n", file=sys.stderr)
        raise TarError(f"{' '.join(command[:4])} failed with exit code {finished.returncode}; its output is above")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the Blender extension, a zip in dist/.")
    parser.add_argument("--offline", action="store_true", help="also build a zip with all wheels, for this platform")
    parser.add_argument(
        "--pythons",
        nargs="+",
        default=[f"{sys.version_info.major}.{sys.version_info.minor}"],
        help="versions of Python to add wheels for: 3.11 for Blender up to 5.0, 3.13 from 5.1 on (default: this one)",
    )
    parser.add_argument("--pip-options", type=shlex.split, default=[], help="more options of pip download")
    options = parser.parse_args(arguments)
    try:
        zip_file = build_extension(REPOSITORY / "dist")
        print(zip_file)
        if options.offline:
            print(build_offline(zip_file, options.pythons, options.pip_options))
    except TarError as error:
        print(f"build_extension: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
