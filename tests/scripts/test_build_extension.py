"""The zip contains the files that Blender needs and nothing else from the repository."""

import importlib.util
import tomllib
import zipfile
from pathlib import Path

import pytest

from scripts import build_extension
from scripts.engine_wheels import PLATFORMS
from tar_core.errors import TarError

needs_bpy = pytest.mark.skipif(importlib.util.find_spec("bpy") is None, reason="bpy builds the extension")


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The zip without the packages of the engine."""
    return build_extension.build_extension(tmp_path_factory.mktemp("plain"))


@needs_bpy
def test_zip_contains_the_extension_and_the_wheel(plain: Path) -> None:
    with zipfile.ZipFile(plain) as extension:
        names = set(extension.namelist())
        manifest = tomllib.loads(extension.read("blender_manifest.toml").decode())
        (wheel_name,) = (name for name in names if name.endswith(".whl"))
        with extension.open(wheel_name) as file, zipfile.ZipFile(file) as wheel:
            wheel_names = set(wheel.namelist())
            assert wheel.testzip() is None
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
def test_zip_for_a_platform_contains_the_packages_of_the_engine(
    plain: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """All steps are real except for the download."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    (wheels / "onnxruntime-1.0-cp311-cp311-win_amd64.whl").write_bytes(b"wheel")
    monkeypatch.setattr(build_extension, "download", lambda platform: wheels)
    (windows,) = (platform for platform in PLATFORMS if platform.name == "windows-x64")
    zip_file = build_extension.build_for_platform(windows, plain, tmp_path)
    with zipfile.ZipFile(zip_file) as extension:
        names = extension.namelist()
        manifest = tomllib.loads(extension.read("blender_manifest.toml").decode())
    assert zip_file.name == f"{plain.stem}-windows_x64.zip"
    assert "wheels/engine/onnxruntime-1.0-cp311-cp311-win_amd64.whl" in names
    assert manifest["platforms"] == ["windows-x64"]
    assert manifest["wheels"] == ["./wheels/tar_core-0.1.0-py3-none-any.whl"], "Blender must not install the others"
    monkeypatch.setattr(build_extension, "LARGEST", 1_000_000)
    with pytest.raises(TarError, match="more than 1 MB"):
        build_extension.build_for_platform(windows, plain, tmp_path)
