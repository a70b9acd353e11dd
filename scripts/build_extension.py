"""Build the Blender extension: tar_core's wheel, then a zip for a platform with all packages of the engine.

    python -m scripts.build_extension                          for this machine's platform; prints the path and size
    python -m scripts.build_extension --platforms all          for all platforms
    python -m scripts.build_extension --platforms windows-x64

Needs setuptools, bpy, which contains Blender's extension builder, and the first time network access for the wheels
(scripts/engine_wheels.py), which stay in .cache.
"""

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

from scripts.engine_wheels import PLATFORMS, Platform, download, this_platform
from scripts.paths import REPOSITORY
from tar_core.errors import TarError

LARGEST = 200_000_000  # bytes of a zip


def build_extension(output: Path) -> Path:
    """Build and validate a zip without the packages of the engine, which fits every platform.

    Args:
        output: folder for the zip, created if missing.

    Returns:
        the path of the zip.

    Raises:
        TarError: bpy is missing, or a step failed; the output of the step has been printed.
    """
    manifest = tomllib.loads((REPOSITORY / "blender_manifest.toml").read_text())
    build_wheel(REPOSITORY / manifest["wheels"][0])
    return _build_zip(REPOSITORY, output / f"{manifest['id']}-{manifest['version']}.zip")


def build_for_platform(platform: Platform, plain: Path, output: Path) -> Path:
    """Build and validate the zip for a platform.

    Args:
        platform: the platform.
        plain: the zip without packages (`build_extension`).
        output: folder for the zip, created if missing.

    Returns:
        the path of the zip.

    Raises:
        TarError: the wheels cannot be downloaded, the zip is too large, or a step failed.
    """
    wheels = download(platform)
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        with zipfile.ZipFile(plain) as archive:
            archive.extractall(stage)
        shutil.copytree(wheels, stage / "wheels" / "engine")
        manifest = stage / "blender_manifest.toml"
        text = manifest.read_text()
        manifest.write_text(text.replace("\nwheels =", f'\nplatforms = ["{platform.name}"]\nwheels =', 1))
        zip_file = _build_zip(stage, output / f"{plain.stem}-{platform.name.replace('-', '_')}.zip")
    if zip_file.stat().st_size > LARGEST:
        raise TarError(
            f"{zip_file}: has {megabytes(zip_file)}, more than {LARGEST / 1e6:.0f} MB; leave out a version of Python"
        )
    return zip_file


def megabytes(file: Path) -> str:
    """The size of a file, in words."""
    return f"{file.stat().st_size / 1e6:.1f} MB"


def build_wheel(wheel: Path) -> None:
    """Build tar_core's wheel with the name that the manifest expects.

    Raises:
        TarError: pip failed, or the wheel has another name because its version or tags differ from the manifest.
    """
    wheel.unlink(missing_ok=True)
    # setuptools would add modules from earlier builds that no longer exist.
    shutil.rmtree(REPOSITORY / "build" / "lib", ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    stored = "--config-settings=--build-option=--compression=stored"  # `_compress` does it better
    _run([*pip, stored, "--wheel-dir", str(wheel.parent), str(REPOSITORY)])
    if not wheel.is_file():
        built = ", ".join(sorted(path.name for path in wheel.parent.glob("*.whl")))
        raise TarError(f"the manifest expects {wheel.name}, but pip built {built}; make the versions agree")
    _compress(wheel)


def _compress(wheel: Path) -> None:
    """Compress the files of a wheel more than pip does, since the largest zip is close to the limit."""
    smaller = wheel.with_suffix(".smaller")
    with (
        zipfile.ZipFile(wheel) as source,
        zipfile.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as target,
    ):
        for member in source.infolist():
            target.writestr(member, source.read(member), zipfile.ZIP_DEFLATED, 9)
    smaller.replace(wheel)


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


def _build_zip(source: Path, zip_file: Path) -> Path:
    """Build and validate the zip of an extension's source folder."""
    zip_file.parent.mkdir(parents=True, exist_ok=True)
    builder = [sys.executable, str(extension_builder())]
    _run([*builder, "build", "--source-dir", str(source), "--output-filepath", str(zip_file)])
    _run([*builder, "validate", str(zip_file)])
    return zip_file


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    if finished.returncode != 0:
        print(finished.stdout, finished.stderr, sep="\n", file=sys.stderr)
        raise TarError(f"{' '.join(command[:4])} failed with exit code {finished.returncode}; its output is above")


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Build the Blender extension: a zip file in dist/ for each platform.")
    names = [platform.name for platform in PLATFORMS]
    parser.add_argument("--platforms", nargs="+", choices=[*names, "all"], help="default: this machine's platform")
    wanted = parser.parse_args(arguments).platforms
    try:
        platforms = [platform for platform in PLATFORMS if platform.name in (wanted or ()) or "all" in (wanted or ())]
        with tempfile.TemporaryDirectory() as folder:
            plain = build_extension(Path(folder))
            for platform in platforms or [this_platform()]:
                zip_file = build_for_platform(platform, plain, REPOSITORY / "dist")
                print(f"{zip_file}  {megabytes(zip_file)}", flush=True)
    except TarError as error:
        print(f"build_extension: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
