"""The zip contains the files that Blender needs and nothing else from the repository."""

import importlib.util
import tomllib
import zipfile
from pathlib import Path

import pytest

from scripts import build_extension
from tar_core.errors import TarError

needs_bpy = pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy builds the extension")


@needs_bpy
def test_zip_contains_the_extension_and_the_wheel(tmp_path: Path) -> None:
    with zipfile.ZipFile(build_extension.build_extension(tmp_path)) as extension:
        names = set(extension.namelist())
        manifest = tomllib.loads(extension.read("blender_manifest.toml").decode())
        (wheel_name,) = (name for name in names if name.endswith(".whl"))
        with extension.open(wheel_name) as file, zipfile.ZipFile(file) as wheel:
            wheel_names = set(wheel.namelist())
    assert f"./{wheel_name}" in manifest["wheels"]
    folders = {name.split("/")[0] for name in names if "/" in name}
    assert folders == {"tar_blender", "wheels"}
    assert {"__init__.py", "COPYING", "tar_blender/panels/sidebar.py"} <= names
    assert {"tar_core/motion.py", "tar_core/assets/free_body.npz"} <= wheel_names
    assert not any(name.startswith(("tests/", "scripts/", "benchmarks/", "tar_blender/")) for name in wheel_names)


@needs_bpy
def test_wheel_of_another_version_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def build_another(command: list[str]) -> None:
        (tmp_path / "tar_core-9.9.9-py3-none-any.whl").touch()

    monkeypatch.setattr(build_extension, "_run", build_another)
    with pytest.raises(TarError, match=r"pip built tar_core-9\.9\.9"):
        build_extension.build_wheel(tmp_path / "tar_core-0.1.0-py3-none-any.whl")


def test_failed_step_is_an_error() -> None:
    with pytest.raises(TarError, match="exit code 3"):
        build_extension._run(["sh", "-c", "exit 3"])


@needs_bpy
def test_offline_zip_contains_the_wheels_of_the_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All steps are real except for the download of hundreds of megabytes."""
    real = build_extension._run
    downloads: list[list[str]] = []

    def run(command: list[str]) -> None:
        if "download" not in command:
            return real(command)
        downloads.append(command)
        wheels = Path(command[command.index("--dest") + 1])
        wheels.mkdir(exist_ok=True)
        for name in ("onnxruntime-1.32.0-cp311-cp311-linux.whl", "tar_core-0.1.0-py3-none-any.whl"):
            (wheels / name).write_bytes(b"wheel")

    zip_file = build_extension.build_extension(tmp_path)
    monkeypatch.setattr(build_extension, "_run", run)
    with zipfile.ZipFile(build_extension.build_offline(zip_file, ["3.11", "3.13"], ["--pre"])) as extension:
        names = extension.namelist()
        manifest = tomllib.loads(extension.read("blender_manifest.toml").decode())
    assert "engine_wheels/onnxruntime-1.32.0-cp311-cp311-linux.whl" in names
    assert [name for name in names if "tar_core-" in name] == ["wheels/tar_core-0.1.0-py3-none-any.whl"]
    assert manifest["platforms"] == [build_extension.blender_platform()]
    assert [command[command.index("--python-version") + 1] for command in downloads] == ["3.11", "3.13"]
    assert all(command[-1] == "--pre" and "onnxruntime==1.32.0" in command for command in downloads)
